//! The program itself in a pseudo-terminal, seen through an emulated screen.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use vt100::Parser;

fn size(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("not zero")
}

struct Terminal {
    parser: Parser,
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    raw: Vec<u8>,
}

impl Terminal {
    fn open(arguments: &[&str]) -> Self {
        let window = PtySize {
            rows: 36,
            cols: 120,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(window).expect("a pty");
        let folder = std::env::temp_dir().join(format!("gradlab-test-{}", std::process::id()));
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_gradlab"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        // No configuration of whoever runs the test.
        command.env("XDG_CONFIG_HOME", folder.join("config"));
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).expect("the program");
        drop(pair.slave);
        Self {
            parser: Parser::new(size(36), size(120), 0),
            reader: pair.master.try_clone_reader().expect("a reader"),
            writer: pair.master.take_writer().expect("a writer"),
            child,
            _master: pair.master,
            raw: Vec::new(),
        }
    }

    fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Reads until the screen is as wanted; the program's end is a failure.
    fn wait(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
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

    fn keys(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).expect("keys");
        self.writer.flush().expect("keys");
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
fn step(screen: &str) -> Option<u64> {
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
    assert!(!parser.screen().alternate_screen() && !parser.screen().hide_cursor());
    assert_eq!(
        parser.screen().mouse_protocol_mode(),
        vt100::MouseProtocolMode::None
    );
    assert!(!parser.screen().bracketed_paste());
}
