//! What a run would refuse is told beforehand, with its place and a figure, and without harm.

use super::program::{said};
use std::fs;
use std::path::Path;
use std::process::Command;

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("file");
    path.to_string_lossy().into_owned()
}

/// Within a limit of 2 GB of address space, as `ulimit -v` sets it.
#[cfg(target_os = "linux")]
#[test]
fn what_the_process_has_no_memory_for_is_refused_with_a_figure() {
    for args in [
        &[
            "run",
            "moons",
            "--set",
            "data.rows=100000000",
            "--steps",
            "1",
        ][..],
        &["check", "moons", "--set", "data.rows=100000000"],
        &["run", "echo.toml", "--steps", "1"],
        &[
            "run",
            "moons",
            "--set",
            "network.layers.0.units=20000",
            "--set",
            "network.layers.0.repeat=2",
            "--steps",
            "1",
        ],
        // it would be trained, and not be saved
        &[
            "run",
            "moons",
            "--set",
            "network.layers.0.units=8000",
            "--set",
            "network.layers.0.repeat=2",
            "--set",
            "training.optimizer=adam",
            "--steps",
            "1",
        ],
    ] {
        let folder = tempfile::tempdir().expect("folder");
        write(
            folder.path(),
            "echo.toml",
            "format = 1\n[data]\nkind = \"echo\"\nlength = 1000\nrows = 1000000\n[[network.layers]]\nkind = \"recurrent\"\nunits = 3\n",
        );
        let mut limited = Command::new("sh");
        limited
            .args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_gradlab"))
            .args(args)
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .current_dir(folder.path());
        let said = said(&mut limited);
        assert_eq!(said.status, 2, "{args:?}: {}", said.err);
        assert!(said.err.contains("memory"), "{args:?}: {}", said.err);
    }
}
