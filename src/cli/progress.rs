//! How a command goes on, on one line of a terminal that the next one takes the place of.

use std::io::{self, IsTerminal, Write};
use unicode_width::UnicodeWidthChar;

const CLEARED: &str = "\r\x1b[2K";
/// Where the terminal does not say.
const COLUMNS: u16 = 80;

#[derive(Clone, Copy, Debug)]
pub struct Progress {
    is_shown: bool,
}

impl Progress {
    /// Shown where standard error is a terminal.
    pub fn new(quiet: bool) -> Self {
        Self {
            is_shown: !quiet && io::stderr().is_terminal(),
        }
    }

    pub fn is_shown(self) -> bool {
        self.is_shown
    }

    pub fn show(self, text: &str) {
        if self.is_shown {
            let size = crossterm::terminal::size();
            let columns = size.map_or(COLUMNS, |(columns, _)| columns);
            // A terminal that has gone away must not end the run.
            let _ = write!(io::stderr(), "{CLEARED}{}", within(text, columns));
        }
    }

    pub fn clear(self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "{CLEARED}");
        }
    }
}

/// As much of the text as stays on one line: only the line that the cursor is on can be cleared.
fn within(text: &str, columns: u16) -> String {
    let most = usize::from(if columns == 0 { COLUMNS } else { columns }) - 1;
    let mut width = 0;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width <= most
    };
    crate::text::clean(text, usize::MAX)
        .chars()
        .take_while(fits)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_on_one_row_of_the_terminal() {
        let line = "step 1  epoch 1.00  train 0.5";
        assert_eq!(within(line, 200), line);
        assert_eq!(within(line, 8), "step 1 ");
        assert_eq!(within("数据数据", 6), "数据", "5 columns hold two of them");
        assert_eq!(within(line, 1), "");
        assert_eq!(within(line, 0), line, "its size is not known");
    }
}
