//! Paths as they are typed: `~` is the home folder, and tab completes them.

use crate::text::clean;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

/// Entries of a folder that are looked at.
const MOST: usize = 100_000;

/// Names that are kept to be shown: no screen shows more.
const SHOWN: usize = 100;

/// What a typed path goes on as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completed {
    /// As far as all that begin like it are the same.
    pub text: String,
    /// The first of those, where they are several: folders end in a slash.
    pub names: Vec<String>,
}

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

/// The folder that is looked into, as it is typed, and how what is meant in it begins.
fn parts(typed: &str) -> (&str, &str) {
    match typed {
        // Its entries are not those of the folder that it is in.
        "~" => ("~/", ""),
        typed => typed.split_at(typed.rfind('/').map_or(0, |at| at + 1)),
    }
}

/// The folder that a typed path is completed in.
pub fn folder(base: &Path, typed: &str) -> PathBuf {
    Path::new(".").join(base).join(of(parts(typed).0))
}

/// Looks into the folder that a typed path names; one that is not absolute starts from `base`. The error says why there is
/// nothing to go on with.
pub fn complete(base: &Path, typed: &str) -> Result<Completed, String> {
    let (folder, start) = parts(typed);
    let entries = fs::read_dir(self::folder(base, typed)).map_err(|e| format!("{folder}: {e}"))?;
    let entries = entries.take(MOST).flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| name(&entry, start)).collect();
    names.sort_unstable();
    let Some(shared) = shared(&names) else {
        return Err(match start {
            "" => "there is nothing in this folder".into(),
            start => format!("nothing here begins with {start}"),
        });
    };
    let text = format!("{folder}{shared}");
    match names.len() {
        1 => names.clear(),
        _ => names.truncate(SHOWN),
    }
    Ok(Completed { text, names })
}

/// An entry's name where it begins like this and can be typed; a hidden one where its dot was.
fn name(entry: &DirEntry, start: &str) -> Option<String> {
    let name = entry.file_name().into_string().ok()?;
    let is_meant = name.starts_with(start) && (!name.starts_with('.') || start.starts_with('.'));
    if !is_meant || clean(&name, usize::MAX) != name {
        return None;
    }
    // Of a link what it leads to.
    let is_folder = entry.path().is_dir();
    Some(if is_folder { name + "/" } else { name })
}

/// What all names begin with; none where there is no name.
fn shared(names: &[String]) -> Option<&str> {
    // In their order the first and the last differ the most.
    let (first, last) = (names.first()?, names.last()?);
    let same = |((_, a), b): &((usize, char), char)| a == b;
    let pairs = first.char_indices().zip(last.chars());
    let end = pairs.take_while(same).last();
    let end = end.map_or(0, |((at, c), _)| at + c.len_utf8());
    Some(&first[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_on_as_far_as_the_folders_entries_agree() {
        let folder = tempfile::tempdir().expect("folder");
        for name in [
            "wine.toml",
            "window.csv",
            "n\u{e4}h.csv",
            "n\u{e4}her.csv",
            ".hidden",
            "e\u{1b}[2J",
        ] {
            fs::write(folder.path().join(name), "").expect("written");
        }
        fs::create_dir(folder.path().join("runs")).expect("made");
        fs::write(folder.path().join("runs/a b.toml"), "").expect("written");
        let complete = |typed: &str| complete(folder.path(), typed);
        let some = |text: &str, names: &[&str]| {
            let names = names.iter().map(|name| name.to_string()).collect();
            Ok(Completed {
                text: text.into(),
                names,
            })
        };
        assert_eq!(complete("wi"), some("win", &["window.csv", "wine.toml"]));
        assert_eq!(complete("wine"), some("wine.toml", &[]));
        assert_eq!(
            complete("n"),
            some("n\u{e4}h", &["n\u{e4}h.csv", "n\u{e4}her.csv"])
        );
        assert_eq!(complete("r"), some("runs/", &[]));
        assert_eq!(complete("runs/"), some("runs/a b.toml", &[]));
        assert_eq!(complete("."), some(".hidden", &[]));
        let visible = [
            "n\u{e4}h.csv",
            "n\u{e4}her.csv",
            "runs/",
            "window.csv",
            "wine.toml",
        ];
        let mut visible = visible.to_vec();
        visible.sort_unstable();
        assert_eq!(complete(""), some("", &visible));
        let absolute = format!("{}/wine", folder.path().display());
        assert_eq!(complete(&absolute), some(&format!("{absolute}.toml"), &[]));
        for (typed, why) in [
            ("x", "nothing here begins with x"),
            ("no/", "no/: "),
            ("e", "nothing"),
        ] {
            let fault = complete(typed).expect_err(typed);
            assert!(fault.contains(why), "{fault}");
        }
    }

    #[test]
    fn of_many_names_the_first_are_kept_and_what_all_share_is_typed() {
        let folder = tempfile::tempdir().expect("folder");
        for n in 0..SHOWN {
            fs::write(folder.path().join(format!("long-{n:04}")), "").expect("written");
        }
        fs::write(folder.path().join("lot"), "").expect("written");
        let completed = complete(folder.path(), "l").expect("names");
        assert_eq!(completed.text, "lo");
        assert_eq!(completed.names.len(), SHOWN);
        assert_eq!(completed.names[0], "long-0000");
    }
}
