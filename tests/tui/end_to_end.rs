//! The program itself in a pseudo-terminal, seen through an emulated screen.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use vt100::Parser;

fn size(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("not zero")
}

pub struct Terminal {
    pub parser: Parser,
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    raw: Vec<u8>,
}

impl Terminal {
    fn open(arguments: &[&str]) -> Self {
        Self::start(env!("CARGO_BIN_EXE_gradlab").as_ref(), arguments)
    }

    fn start(program: &OsStr, arguments: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("gradlab-test-{}", std::process::id()));
        Self::start_with(program, arguments, &folder.join("state"))
    }

    /// `state`: where the program keeps its runs.
    pub fn start_with(program: &OsStr, arguments: &[&str], state: &Path) -> Self {
        let window = PtySize {
            rows: 36,
            cols: 120,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(window).expect("a pty");
        let folder = std::env::temp_dir().join(format!("gradlab-test-{}", std::process::id()));
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        // No configuration of whoever runs the test.
        command.env("XDG_CONFIG_HOME", folder.join("config"));
        command.env("XDG_STATE_HOME", state);
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).expect("the program");
        drop(pair.slave);
        Self {
            parser: Parser::new(size(36), size(120), 0),
            reader: pair.master.try_clone_reader().expect("a reader"),
            writer: pair.master.take_writer().expect("a writer"),
            child,
            master: pair.master,
            raw: Vec::new(),
        }
    }

    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Reads until the screen is as wanted; the program's end is a failure.
    pub fn wait(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let mut bytes = [0; 8192];
        while !wanted(&self.screen()) {
            match self.reader.read(&mut bytes) {
                Ok(count) if count > 0 => {
                    self.parser.process(&bytes[..count]);
                    self.raw.extend_from_slice(&bytes[..count]);
                }
                _ => panic!("the program ended before {what}:\n{}", self.screen()),
            }
        }
    }

    pub fn keys(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).expect("keys");
        self.writer.flush().expect("keys");
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().expect("alive").to_string();
        let sent = std::process::Command::new("kill")
            .args([name, &pid])
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Waits until the program has been stopped.
    fn wait_for_stop(&self) {
        let pid = self.child.process_id().expect("alive").to_string();
        let state = || {
            let ps = std::process::Command::new("ps")
                .args(["-o", "state=", "-p", &pid])
                .output();
            String::from_utf8(ps.expect("ps").stdout).expect("text")
        };
        while !state().contains('T') {
            std::thread::yield_now();
        }
    }

    pub fn process(&self) -> u32 {
        self.child.process_id().expect("alive")
    }

    /// Whether the terminal's driver is in the shell's mode: whole lines, echoed.
    fn is_cooked(&self) -> bool {
        let modes = self.master.get_termios().expect("modes");
        let flags = format!("{:?}", modes.local_flags);
        flags.contains("ICANON") && flags.contains("ECHO")
    }

    /// Reads to the end, sees that the terminal was given back, and returns the status and the shell's screen.
    pub fn end_given_back(mut self) -> (u32, String) {
        let mut bytes = [0; 8192];
        while let Ok(count) = self.reader.read(&mut bytes) {
            if count == 0 {
                break;
            }
            self.parser.process(&bytes[..count]);
        }
        let status = self.child.wait().expect("a status").exit_code();
        assert!(self.is_cooked());
        given_back(&self.parser);
        (status, self.screen())
    }

    /// Reads to the end and returns whether it ended well.
    fn end(mut self) -> (bool, Parser) {
        let mut bytes = [0; 8192];
        while let Ok(count) = self.reader.read(&mut bytes) {
            if count == 0 {
                break;
            }
            self.parser.process(&bytes[..count]);
        }
        let status = self.child.wait().expect("a status");
        (status.success(), self.parser)
    }
}

/// The header's step count.
pub fn step(screen: &str) -> Option<u64> {
    let after = screen.lines().next()?.split("step ").nth(1)?;
    let digits: String = after
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .collect();
    digits.replace(',', "").parse().ok()
}

#[test]
fn it_opens_trains_answers_and_gives_the_terminal_back() {
    let mut terminal = Terminal::open(&["spiral"]);
    terminal.wait("the first step", |s| step(s).is_some_and(|n| n > 0));
    terminal.wait("a verdict", |s| {
        ["HEALTHY", "VANISHING", "EXPLODING"]
            .iter()
            .any(|w| s.contains(w))
    });
    assert!(terminal.parser.screen().alternate_screen());
    terminal.keys(" ");
    terminal.wait("a pause", |s| s.contains("paused"));
    terminal.keys("?");
    terminal.wait("the help", |s| s.contains("type to filter"));
    terminal.keys("\x1b");
    terminal.wait("the help's end", |s| !s.contains("type to filter"));
    terminal.keys("n");
    terminal.wait("the mark of a change", |s| s.contains("spiral*"));
    terminal.keys("q");
    terminal.wait("the question", |s| s.contains("not saved"));
    terminal.keys("q");
    let (well, parser) = terminal.end();
    assert!(well);
    given_back(&parser);
}

fn given_back(parser: &Parser) {
    let screen = parser.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
}

#[test]
fn every_signal_gives_the_terminal_back_even_while_a_dialog_is_open() {
    for name in ["-TERM", "-HUP", "-INT"] {
        let mut terminal = Terminal::open(&["moons"]);
        terminal.wait("the first step", |s| step(s).is_some_and(|n| n > 0));
        terminal.keys("?");
        terminal.wait("the help", |s| s.contains("type to filter"));
        assert!(!terminal.is_cooked());
        terminal.signal(name);
        assert_eq!(terminal.end_given_back().0, 75, "{name}");
    }
}

#[test]
fn stopped_and_gone_on_with_it_has_the_terminal_again() {
    for (name, heard) in [("-TSTP", true), ("-STOP", false), ("ctrl-z", true)] {
        let mut terminal = Terminal::open(&["moons"]);
        terminal.wait("the first step", |s| step(s).is_some_and(|n| n > 0));
        match name {
            "ctrl-z" => terminal.keys("\x1a"),
            _ => terminal.signal(name),
        }
        terminal.wait_for_stop();
        if heard {
            assert!(terminal.is_cooked(), "{name}");
        }
        // What a shell prints meanwhile.
        terminal.parser.process(b"\x1b[?1049l\x1b[2J\x1b[?25h$ ");
        terminal.signal("-CONT");
        terminal.wait("the workbench", |s| step(s).is_some());
        terminal.keys("?");
        terminal.wait("the help", |s| s.contains("type to filter"));
        assert!(terminal.parser.screen().alternate_screen() && !terminal.is_cooked());
        terminal.signal("-TERM");
        assert_eq!(terminal.end_given_back().0, 75, "{name}");
    }
}

/// An experiment through a pipe leaves the keys to the terminal.
#[cfg(target_os = "linux")]
#[test]
fn an_experiment_from_standard_input_has_the_terminals_keys() {
    let line = "\"$0\" show moons | \"$0\" -";
    let program = env!("CARGO_BIN_EXE_gradlab");
    let mut terminal = Terminal::start("sh".as_ref(), &["-c", line, program]);
    terminal.wait("the first step", |s| {
        s.contains("moons") && step(s).is_some_and(|n| n > 0)
    });
    terminal.keys("q");
    assert_eq!(terminal.end_given_back().0, 0);
}

#[test]
fn an_error_before_the_first_frame_leaves_the_terminal_as_it_is() {
    let terminal = Terminal::open(&["no-such-preset"]);
    let (status, screen) = terminal.end_given_back();
    assert_eq!(status, 2);
    assert!(screen.contains("no-such-preset"), "{screen}");
}

#[test]
fn a_panic_gives_the_terminal_back_and_one_beside_the_screen_does_not_touch_it() {
    let this = std::env::current_exe().expect("this test");
    let victim = "end_to_end::panic_with_the_terminal";
    let arguments = ["--ignored", "--exact", "--nocapture", victim];
    let mut terminal = Terminal::start(this.as_os_str(), &arguments);
    terminal.wait("the end of the thread", |s| s.contains("still taken"));
    assert!(terminal.parser.screen().alternate_screen() && !terminal.is_cooked());
    assert!(!terminal.screen().contains("beside"));
    terminal.keys("x");
    let (status, screen) = terminal.end_given_back();
    assert_ne!(status, 0);
    assert!(screen.contains("on the screen's thread"), "{screen}");
}

/// Not a test: the victim of the one above.
#[test]
#[ignore = "panics; started by a_panic_gives_the_terminal_back_and_one_beside_the_screen_does_not_touch_it"]
fn panic_with_the_terminal() {
    use gradlab::tui::terminal::{Guard, hook_panics};
    hook_panics();
    let _guard = Guard::enter(true).expect("a terminal");
    let beside = std::thread::spawn(|| panic!("beside"));
    assert!(beside.join().is_err());
    println!("still taken\r");
    let mut key = [0];
    std::io::Read::read_exact(&mut std::io::stdin(), &mut key).expect("a key");
    panic!("on the screen's thread");
}
