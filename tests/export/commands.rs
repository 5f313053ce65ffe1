//! The commands that take things away.

use safetensors::SafeTensors;
use std::path::Path;
use std::process::{Command, Output};

fn gradlab(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gradlab"))
        .current_dir(folder)
        .args(args)
        .output()
        .expect("gradlab runs")
}

pub fn done(folder: &Path, args: &[&str]) -> String {
    let out = gradlab(folder, args);
    assert!(
        out.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).expect("text")
}

#[test]
fn a_network_of_frozen_layers_has_no_script() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = "format = 1\n[data]\nkind = \"wine\"\n[[network.layers]]\nunits = 4\nfrozen = true\n[network.output]\nfrozen = true\n";
    std::fs::write(folder.path().join("e.toml"), all).expect("written");
    for format in ["pytorch", "keras"] {
        let out = gradlab(folder.path(), &["export", format, "e.toml"]);
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("every layer is frozen"), "{said}");
        assert_eq!(String::from_utf8_lossy(&out.stdout), "");
        let learns = [
            "export",
            format,
            "e.toml",
            "--set",
            "network.output.frozen=false",
        ];
        done(folder.path(), &learns);
    }
}

#[test]
fn a_script_goes_to_standard_output_or_a_file_with_its_rows_beside() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = done(folder.path(), &["export", "pytorch", "textbook-digits"]);
    assert!(
        script.contains("import torch") && script.contains("load_digits"),
        "{script}"
    );
    let more = [
        "export",
        "keras",
        "spiral",
        "--out",
        "s.py",
        "--data",
        "rows.safetensors",
    ];
    assert_eq!(done(folder.path(), &more), "");
    let script = std::fs::read_to_string(folder.path().join("s.py")).expect("written");
    assert!(
        script.contains("import keras") && script.contains("--data"),
        "{script}"
    );
    let bytes = std::fs::read(folder.path().join("rows.safetensors")).expect("written");
    let rows = SafeTensors::deserialize(&bytes).expect("tensors");
    let shape = |name: &str| {
        rows.tensor(name)
            .map(|t| t.shape().to_vec())
            .expect("there")
    };
    assert_eq!((shape("x"), shape("y")), (vec![800, 2], vec![800]));
    assert_eq!(
        (shape("x_test"), shape("y_test")),
        (vec![200, 2], vec![200])
    );
}

#[test]
fn a_picture_is_the_same_every_time_and_follows_its_theme() {
    let folder = tempfile::tempdir().expect("a folder");
    let shot = |more: &[&str], to: &str| {
        let mut args = vec![
            "shot", "spiral", "--steps", "30", "--size", "100x30", "-o", to,
        ];
        args.extend(more);
        done(folder.path(), &args);
        std::fs::read_to_string(folder.path().join(to)).expect("written")
    };
    let dark = shot(&[], "a.svg");
    assert!(
        dark.starts_with("<svg") && dark.contains("Gradient flow"),
        "{dark}"
    );
    assert_eq!(
        dark,
        shot(&["--threads", "1"], "b.svg"),
        "no clock is in it"
    );
    assert_ne!(dark, shot(&["--theme", "light"], "c.svg"));
    assert_ne!(dark, shot(&["--keys", "v"], "d.svg"), "keys are pressed");
    let bad = gradlab(
        folder.path(),
        &["shot", "spiral", "--size", "0x9", "-o", "e.svg"],
    );
    assert_eq!(bad.status.code(), Some(2));
}

#[test]
fn a_run_writes_event_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = [
        "run",
        "spiral",
        "--steps",
        "6",
        "--every",
        "2",
        "--quiet",
        "--tensorboard",
        "events/one",
    ];
    done(folder.path(), &args);
    let files: Vec<_> = std::fs::read_dir(folder.path().join("events/one"))
        .expect("a folder")
        .map(|f| f.expect("a file").path())
        .collect();
    assert_eq!(files.len(), 1);
    let bytes = std::fs::read(&files[0]).expect("readable");
    // Length, its checksum, the data, their checksum: the version, then steps 2, 4 and 6.
    let (mut at, mut records) = (0, 0);
    while at < bytes.len() {
        let length: [u8; 8] = bytes[at..at + 8].try_into().expect("eight bytes");
        at += 16 + u64::from_le_bytes(length) as usize;
        records += 1;
    }
    assert_eq!((at, records), (bytes.len(), 4));
    assert!(bytes.windows(10).any(|w| w == b"loss/train"));
}
