//! Streams, statuses and colours.

use super::program::{command, gradlab, said};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

#[test]
fn help_and_version_are_results() {
    for args in [&["--help"][..], &["--version"], &["check", "--help"]] {
        let said = gradlab(args);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{args:?}");
        assert!(said.out.contains("gradlab"));
    }
}

#[test]
fn a_wrong_command_line_is_status_2_on_standard_error() {
    for args in [
        &["--nonsense"][..],
        &["check"],
        &["spiral", "list"],
        &["check", "spiral", "--threads", "0"],
        &["nonsuch", "--seed", "x"],
        &["list", "--set", "foo=3"],
        &["man", "--seed", "3"],
    ] {
        let said = gradlab(args);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{args:?}");
        assert!(!said.err.is_empty(), "{args:?}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = command(&["list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_a_failure_as_any_result_is() {
    for args in [
        &["--help"][..],
        &["list", "--help"],
        &["--version"],
        &["list"],
    ] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let said = said(command(args).stdout(full));
        assert_eq!(said.status, 1, "{args:?}");
        assert!(said.err.contains("cannot be written"), "{}", said.err);
    }
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let colored = |args: &[&str]| gradlab(args).out.contains('\u{1b}');
    assert!(!colored(&["list", "clips"]));
    assert!(colored(&["list", "clips", "--color", "always"]));
    assert!(!colored(&["list", "clips", "--color=never"]));
    assert!(colored(&["--help", "--color=always"]));
    let no_color = said(command(&["list", "clips"]).env("NO_COLOR", "1"));
    assert!(!no_color.out.contains('\u{1b}'));
    // One rule for everything that is said, the parser's own words among it.
    for args in [&["--bogus"][..], &["--help"], &["check", "nosuch"]] {
        let said = said(command(args).env("CLICOLOR_FORCE", "1"));
        assert!(!(said.out + &said.err).contains('\u{1b}'), "{args:?}");
    }
    for args in [&["--bogus"][..], &["run", "nosuch"], &["check", "nosuch"]] {
        let said = gradlab(&[args, &["--color", "always"]].concat());
        assert!(said.err.contains('\u{1b}'), "{args:?}: {}", said.err);
    }
}

#[test]
fn what_the_workbench_takes_may_stand_after_a_command_that_opens_it() {
    for command in ["tour", "open", "resume"] {
        let said = gradlab(&[command, "--theme", "nonsuch"]);
        assert_eq!(said.status, 2);
        assert!(said.err.contains("colour-blind"), "{}", said.err);
    }
    let said = gradlab(&["check", "spiral", "--theme", "light"]);
    assert!(
        said.status == 2 && said.err.contains("unexpected"),
        "{}",
        said.err
    );
}

#[test]
fn open_takes_a_link_alone_and_says_what_is_wrong_with_it() {
    let said = gradlab(&["open", "spiral"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("gl1:"), "{}", said.err);
    let said = gradlab(&["open", "gl1:????"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("damaged"), "{}", said.err);
}
