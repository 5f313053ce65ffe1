//! Starting the program and reading what it says.

use std::io::Write;
use std::process::{Command, Stdio};

pub struct Said {
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// The program with a folder of settings of its own, so that nobody's presets take part.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gradlab"));
    command
        .args(args)
        .env_remove("NO_COLOR")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("HOME", "/nonexistent");
    command
}

pub fn gradlab(args: &[&str]) -> Said {
    said(command(args).stdin(Stdio::null()))
}

pub fn gradlab_reading(args: &[&str], input: &str) -> Said {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(input.as_bytes())
        .expect("reads");
    of(child.wait_with_output().expect("ends"))
}

pub fn said(command: &mut Command) -> Said {
    of(command.output().expect("starts"))
}

fn of(output: std::process::Output) -> Said {
    Said {
        status: output.status.code().expect("ends by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}
