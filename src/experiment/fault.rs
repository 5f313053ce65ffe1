//! What is wrong with an experiment file, and where.

use crate::text::clean;
use std::fmt;

/// More faults than anybody reads are counted, not kept.
const KEPT: usize = 100;
/// Characters of a source line that are shown around a fault.
const EXCERPT: usize = 100;

/// One fault: where it is, what is wrong, what would be right.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The file, or `--set` for an argument of the command line; clean.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
    /// The source line, clean and cut to what is near.
    pub excerpt: String,
    /// Where the fault is in `excerpt`, in characters from 0.
    pub mark: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
            ..
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")?;
        if self.excerpt.trim().is_empty() {
            return Ok(());
        }
        write!(
            f,
            "\n    {}\n    {:mark$}^",
            self.excerpt,
            "",
            mark = self.mark
        )
    }
}

/// Every fault of a file, in the order of its lines; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    pub list: Vec<Fault>,
    /// How many there are beyond `list`.
    pub more: usize,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// A byte range of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub source: usize,
    pub start: usize,
}

/// The texts that a document was read from, and the faults found in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    /// (label, text)
    sources: Vec<(String, String)>,
    faults: Vec<(Place, String)>,
    more: usize,
    /// Lines (source, line) whose syntax is broken: what follows from that is not said a second time.
    broken: Vec<(usize, usize)>,
}

impl Report {
    pub fn add_source(&mut self, label: &str, text: &str) -> usize {
        self.sources.push((clean(label, 200), text.to_string()));
        self.sources.len() - 1
    }

    pub fn fault(&mut self, place: Place, message: impl Into<String>) {
        if self.faults.len() >= KEPT {
            self.more += 1;
        } else if self.broken.is_empty()
            || !self
                .broken
                .contains(&(place.source, self.position(place).0))
        {
            self.faults.push((place, message.into()));
        }
    }

    /// A fault of the TOML syntax itself.
    pub fn syntax(&mut self, place: Place, message: impl Into<String>) {
        self.fault(place, message);
        if self.broken.len() < KEPT {
            let line = self.position(place).0;
            self.broken.push((place.source, line));
        }
    }

    /// What TOML's parser says of it.
    pub fn not_toml(&mut self, place: Place, why: &str) {
        self.syntax(place, format!("not TOML: {}", clean(why, 200)));
    }

    /// Something that is not there; with broken syntax it may well be there.
    pub fn missing(&mut self, place: Place, message: impl Into<String>) {
        if self.is_readable() {
            self.fault(place, message);
        }
    }

    /// Whether every line could be read.
    pub fn is_readable(&self) -> bool {
        self.broken.is_empty()
    }

    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Takes over those faults of another report on the same texts that lie within a part.
    pub fn adopt(&mut self, other: Self, within: impl Fn(Place) -> bool) {
        for (place, message) in other.faults {
            if within(place) {
                self.fault(place, message);
            }
        }
    }

    /// Where faults were found.
    pub fn places(&self) -> Vec<Place> {
        self.faults.iter().map(|(place, _)| *place).collect()
    }

    pub fn finish(mut self) -> Faults {
        self.faults.sort();
        self.faults.dedup();
        let list = self
            .faults
            .iter()
            .map(|(place, message)| self.locate(*place, message))
            .collect();
        Faults {
            list,
            more: self.more,
        }
    }

    /// Line and column from 1, and the byte where the line starts.
    fn position(&self, place: Place) -> (usize, usize, usize) {
        let Some((_, text)) = self.sources.get(place.source) else {
            return (1, 1, 0);
        };
        let mut at = place.start.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        (line, before[start..].chars().count() + 1, start)
    }

    fn locate(&self, place: Place, message: &str) -> Fault {
        let (line, column, start) = self.position(place);
        let (file, text) = match self.sources.get(place.source) {
            Some((label, text)) => (label.clone(), text.as_str()),
            None => (String::new(), ""),
        };
        let source_line = text[start..]
            .split('\n')
            .next()
            .unwrap_or("")
            .trim_end_matches('\r');
        let skipped = if column > EXCERPT * 3 / 4 {
            column - EXCERPT / 2
        } else {
            0
        };
        let shown: String = source_line
            .chars()
            .skip(skipped)
            .take(EXCERPT + 1)
            .collect();
        let mark = clean(
            &shown.chars().take(column - 1 - skipped).collect::<String>(),
            EXCERPT,
        )
        .chars()
        .count();
        Fault {
            file,
            line,
            column,
            message: message.to_string(),
            excerpt: clean(&shown, EXCERPT),
            mark,
        }
    }
}
