//! Paths as they are typed.

use std::path::PathBuf;

/// The path of what was typed: a leading `~` is the home folder, as in a shell.
pub fn of(typed: &str) -> PathBuf {
    let below = typed
        .strip_prefix('~')
        .map(|rest| (rest, rest.strip_prefix('/')));
    match (below, etcetera::home_dir()) {
        (Some(("", _)), Ok(home)) => home,
        (Some((_, Some(rest))), Ok(home)) => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    }
}
