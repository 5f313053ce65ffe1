//! Results to standard output, errors to standard error, with colour where it is wanted.

use super::args::ColorChoice;
use super::failure::Failure;
use std::io::{BufWriter, IsTerminal, Stdout, Write};

/// Where a command's results go.
pub struct Output {
    out: BufWriter<Stdout>,
    /// Colour on standard output, on standard error.
    color: (bool, bool),
}

impl Output {
    pub fn new(choice: ColorChoice) -> Self {
        let color = (
            choice.on(std::io::stdout().is_terminal()),
            choice.on(std::io::stderr().is_terminal()),
        );
        Self {
            out: BufWriter::new(std::io::stdout()),
            color,
        }
    }

    /// One line of results.
    ///
    /// # Errors
    /// [`Failure::Closed`] where the reader has gone away.
    pub fn line(&mut self, line: impl AsRef<str>) -> Result<(), Failure> {
        writeln!(self.out, "{}", line.as_ref()).map_err(|e| Failure::of_output(&e))
    }

    /// Results as they stand.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn text(&mut self, text: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.out
            .write_all(text.as_ref())
            .map_err(|e| Failure::of_output(&e))
    }

    /// # Errors
    /// As [`Output::line`].
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|e| Failure::of_output(&e))
    }

    /// `text` in bold, where colour is wanted.
    pub fn bold(&self, text: &str) -> String {
        paint(text, "1", self.color.0)
    }

    /// `text` dimmed, where colour is wanted.
    pub fn dim(&self, text: &str) -> String {
        paint(text, "2", self.color.0)
    }

    /// An error or a fault, to standard error, which may be closed too.
    pub fn error(&mut self, message: impl std::fmt::Display) {
        let mark = paint("error", "1;31", self.color.1);
        // Paths and what systems say of them are not all this program's own words.
        let message = crate::text::printable(&message.to_string());
        let _ = writeln!(std::io::stderr(), "{mark}: {message}");
    }

    /// A file's faults, to standard error as they stand: where one is, up to the first colon with a space, is marked.
    pub fn fault(&mut self, message: impl std::fmt::Display) {
        let painted = |line: &str| match line.split_once(": ") {
            Some((place, what)) if !line.starts_with(' ') => {
                format!("{}: {what}\n", paint(place, "1;31", self.color.1))
            }
            _ => format!("{line}\n"),
        };
        let text: String = message.to_string().lines().map(painted).collect();
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

fn paint(text: &str, code: &str, on: bool) -> String {
    if on {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_string()
    }
}
