//! What can be wrong with data, and where.

use crate::text::{bytes, clean, quote, thousands};
use std::fmt;
use std::path::Path;

/// The longest cell that an error shows: a slip in a number is short, and a stranger's experiment may name any file as its
/// table, which is then not to be read from the errors.
const CELL: usize = 12;

/// A fault in a data source.
#[derive(Clone, Debug, PartialEq)]
pub struct DataError {
    pub place: Box<Place>,
    pub problem: Problem,
}

/// Where a fault is, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The file, clean.
    pub file: Option<String>,
    /// The data row, from 1, a header not counted.
    pub row: Option<u64>,
    /// The line of a text file, from 1.
    pub line: Option<u64>,
    /// The column's name, or its number from 1; clean.
    pub column: Option<String>,
}

/// What is wrong. Texts from the file in it are clean and short.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The file is not here, or not to be opened: on another machine it may be.
    #[error("cannot be read: {0}")]
    Missing(String),
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("holds no rows")]
    Empty,
    #[error("{0} is not a number")]
    NotANumber(String),
    #[error("an empty cell")]
    EmptyCell,
    #[error("{0} is not finite: leave such rows out or fill them before training")]
    NotFinite(String),
    #[error("{found} {} where {expected} are expected", if *.found == 1 { "cell" } else { "cells" })]
    Ragged { expected: u64, found: u64 },
    #[error("no column {name}{}", did_you_mean(.suggestion))]
    UnknownColumn {
        name: String,
        suggestion: Option<String>,
    },
    #[error("no array {name}{}", did_you_mean(.suggestion))]
    UnknownArray {
        name: String,
        suggestion: Option<String>,
    },
    #[error("class {class} is in the test rows, but in no training row")]
    UnseenClass { class: String },
    #[error("the header promises {}, the file holds {}", apart(*.expected, *.found), apart(*.found, *.expected))]
    Truncated { expected: u128, found: u128 },
    #[error("needs {} of memory, {} are available", apart(*.needed, *.available), apart(*.available, *.needed))]
    TooLarge { needed: u128, available: u128 },
    #[error("the noise is too large for 32-bit numbers: choose less")]
    TooNoisy,
    /// A sentence of its own.
    #[error("{0}")]
    Other(String),
}

/// An amount of bytes beside another one, to the byte where rounding would make them the same.
fn apart(amount: u128, other: u128) -> String {
    match bytes(amount) == bytes(other) {
        true => format!("{} bytes", thousands(amount)),
        false => bytes(amount),
    }
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map_or(String::new(), |s| format!(": did you mean {s}?"))
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place {
            file,
            row,
            line,
            column,
        } = &*self.place;
        let mut parts = Vec::new();
        parts.extend(file.clone());
        match (row, line) {
            (Some(row), Some(line)) => parts.push(format!("row {row} (line {line})")),
            (Some(row), None) => parts.push(format!("row {row}")),
            (None, Some(line)) => parts.push(format!("line {line}")),
            (None, None) => {}
        }
        parts.extend(column.as_ref().map(|c| format!("column {c}")));
        match parts.is_empty() {
            true => write!(f, "{}", self.problem),
            false => write!(f, "{}: {}", parts.join(", "), self.problem),
        }
    }
}

impl std::error::Error for DataError {}

impl From<Problem> for DataError {
    fn from(problem: Problem) -> Self {
        Self {
            place: Box::default(),
            problem,
        }
    }
}

impl DataError {
    pub(super) fn other(sentence: impl Into<String>) -> Self {
        Problem::Other(sentence.into()).into()
    }
    /// Names the file, unless one is named already.
    pub(super) fn in_file(mut self, path: &Path) -> Self {
        self.place
            .file
            .get_or_insert_with(|| clean(&path.to_string_lossy(), 200));
        self
    }
    /// `row` counts from 0.
    pub(super) fn at_row(mut self, row: usize) -> Self {
        self.place.row = Some(row as u64 + 1);
        self
    }
    pub(super) fn at_line(mut self, line: u64) -> Self {
        self.place.line = Some(line);
        self
    }
    /// `index` counts from 0; `name` is empty where columns have none.
    pub(super) fn at_column(mut self, index: usize, name: &str) -> Self {
        let name = if name.is_empty() {
            (index + 1).to_string()
        } else {
            quote(name)
        };
        self.place.column = Some(name);
        self
    }
}

/// The one offending cell as an error shows it.
pub(super) fn cell(bytes: &[u8]) -> String {
    if bytes.len() > CELL {
        return format!("a text of {} bytes", bytes.len());
    }
    quote(&String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_and_what() {
        let error = DataError::from(Problem::NotANumber(cell(b"a\x1b[2Jb")))
            .in_file(Path::new("a.csv"))
            .at_row(2)
            .at_line(4)
            .at_column(1, "age");
        assert_eq!(
            error.to_string(),
            "a.csv, row 3 (line 4), column `age`: `a\\u{1b}[2Jb` is not a number"
        );
        assert_eq!(DataError::from(Problem::Empty).to_string(), "holds no rows");
    }

    #[test]
    fn two_amounts_that_are_not_the_same_do_not_look_it() {
        let said = |expected, found| Problem::Truncated { expected, found }.to_string();
        assert_eq!(
            said(1500, 1493),
            "the header promises 1,500 bytes, the file holds 1,493 bytes"
        );
        assert_eq!(
            said(2000, 1493),
            "the header promises 2.0 kB, the file holds 1.5 kB"
        );
    }

    #[test]
    fn a_long_cell_is_not_shown() {
        assert_eq!(cell(b"1,234.5"), "`1,234.5`");
        assert_eq!(cell(&[b'x'; 100_000]), "a text of 100000 bytes");
    }
}
