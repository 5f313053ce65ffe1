//! Texts that stand for classes or sequences, numbered as they appear.

use super::error::{DataError, Problem, cell};
use crate::text::clean;
use std::cmp::Ordering;
use std::collections::HashMap;

/// A column with more different texts is hardly one of classes.
const MOST_CLASSES: usize = 10_000;
/// Characters of a label that are kept for the screen.
const NAME: usize = 60;

#[derive(Debug, Default)]
pub(super) struct Labels {
    numbers: HashMap<Box<[u8]>, u32>,
    most: usize,
}

impl Labels {
    /// For classes.
    pub fn classes() -> Self {
        Self {
            numbers: HashMap::new(),
            most: MOST_CLASSES,
        }
    }

    /// For sequences, of which a file may hold as many as it has rows.
    pub fn sequences() -> Self {
        Self {
            numbers: HashMap::new(),
            most: u32::MAX as usize,
        }
    }

    /// The number of this label, blanks around it aside; a new one where it is new.
    pub fn number(&mut self, text: &[u8]) -> Result<u32, DataError> {
        let text = text.trim_ascii();
        if let Some(&number) = self.numbers.get(text) {
            return Ok(number);
        }
        if text.is_empty() {
            return Err(Problem::EmptyCell.into());
        }
        if text.eq_ignore_ascii_case(b"nan") {
            return Err(Problem::NotFinite(cell(text)).into());
        }
        if text.contains(&b'\n') {
            // What a quote swallowed that the next one closed.
            let sentence = format!("{} over several lines: is a quote left open?", cell(text));
            return Err(DataError::other(sentence));
        }
        if self.numbers.len() == self.most {
            let sentence = format!(
                "more than {} different classes: is this a number to predict (task = \"regression\")?",
                self.most
            );
            return Err(DataError::other(sentence));
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(text.into(), number);
        Ok(number)
    }

    /// The label of that number, clean.
    pub fn name(&self, number: u32) -> String {
        let text = self
            .numbers
            .iter()
            .find(|&(_, &n)| n == number)
            .map_or(&b""[..], |(text, _)| text);
        clean(&String::from_utf8_lossy(text), NAME)
    }

    /// Numbers the classes in order, of numbers by their value, of texts by their letters, and gives their names, clean. Where
    /// all are numbers, one number is one class, however it is written; its shortest writing names it.
    pub fn sorted(self, of_row: &mut [u32]) -> Vec<String> {
        let mut labels: Vec<Label> = self.numbers.into_iter().map(Label::from).collect();
        let figures = labels.iter().all(|label| label.value.is_some());
        labels.sort_by(|a, b| match figures {
            true => a.by_value(b),
            false => a.text.cmp(&b.text),
        });
        let mut rank = vec![0; labels.len()];
        let mut names = Vec::new();
        for class in labels.chunk_by(|a, b| figures && a.is_same_number(b)) {
            for label in class {
                rank[label.number as usize] = names.len() as u32;
            }
            let named = class.first().map_or(&b""[..], |label| &label.text);
            names.push(clean(&String::from_utf8_lossy(named), NAME));
        }
        of_row
            .iter_mut()
            .for_each(|class| *class = rank[*class as usize]);
        names
    }
}

/// A text as it was numbered, and what it is as a number.
struct Label {
    text: Box<[u8]>,
    number: u32,
    value: Option<f64>,
    decimal: Option<Decimal>,
}

impl From<(Box<[u8]>, u32)> for Label {
    fn from((text, number): (Box<[u8]>, u32)) -> Self {
        let read = std::str::from_utf8(&text).ok();
        Self {
            value: read.and_then(|t| t.parse().ok()),
            decimal: read.and_then(Decimal::read),
            text,
            number,
        }
    }
}

impl Label {
    /// Writings of one number side by side, the shortest first.
    fn by_value(&self, other: &Self) -> Ordering {
        // + 0.0: -0 lies where 0 does
        let by_value = match (self.value, other.value) {
            (Some(a), Some(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            _ => Ordering::Equal,
        };
        by_value
            .then_with(|| self.decimal.cmp(&other.decimal))
            .then_with(|| self.text.len().cmp(&other.text.len()))
            .then_with(|| self.text.cmp(&other.text))
    }

    fn is_same_number(&self, other: &Self) -> bool {
        self.decimal.is_some() && self.decimal == other.decimal
    }
}

/// A finite number exactly, as no float holds it: a long number of an account is not the next one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Decimal {
    negative: bool,
    /// Of ten; what it is multiplied with is 0.digits.
    power: i64,
    /// From the first to the last that is not 0.
    digits: Box<[u8]>,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, part].concat();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let from_first = digits.trim_start_matches('0');
        let significant = from_first.trim_end_matches('0');
        if significant.is_empty() {
            return Some(Self {
                negative: false,
                power: 0,
                digits: Box::default(),
            });
        }
        let places = whole.len() as i64 - (digits.len() - from_first.len()) as i64;
        Some(Self {
            negative,
            power: power.checked_add(places)?,
            digits: significant.as_bytes().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(texts: &[&str]) -> (Vec<u32>, Vec<String>) {
        let mut labels = Labels::classes();
        let mut rows: Vec<u32> = texts
            .iter()
            .map(|t| labels.number(t.as_bytes()).unwrap())
            .collect();
        let names = labels.sorted(&mut rows);
        (rows, names)
    }

    #[test]
    fn classes_are_sorted_by_value_or_letters() {
        assert_eq!(
            numbered(&["10", " 9", "-1", "10 "]),
            (
                vec![2, 1, 0, 2],
                ["-1", "9", "10"].map(String::from).to_vec()
            )
        );
        assert_eq!(numbered(&["b", "10", "9"]).1, ["10", "9", "b"]);
    }

    #[test]
    fn a_number_is_one_class_however_it_is_written() {
        let one = |texts: &[&str], named: &str| {
            let (rows, names) = numbered(texts);
            assert_eq!(
                (names, rows),
                (vec![named.to_string()], vec![0; texts.len()])
            );
        };
        one(&["1.0", "01", "+1", "1", "10e-1", ".1E+1", "1."], "1");
        one(&["-0.0", "0", "-0", "0e7"], "0");
        one(&["+5", "05"], "+5");
        one(&["05", "+5"], "+5");
        one(&["-2.50", "-25e-1", "-2.5"], "-2.5");
    }

    #[test]
    fn numbers_that_differ_beyond_what_a_float_holds_are_two_classes() {
        let (first, second) = ("9007199254740993", "9007199254740992");
        let (rows, names) = numbered(&[first, second, "+9007199254740993"]);
        assert_eq!(names, [second, first]);
        assert_eq!(rows, [1, 0, 1]);
        assert_eq!(numbered(&["1e999", "2e999", "inf"]).1.len(), 3);
    }

    #[test]
    fn beside_a_text_numbers_are_texts() {
        assert_eq!(numbered(&["1", "01", "x"]).1, ["01", "1", "x"]);
    }

    #[test]
    fn too_many_classes_are_taken_for_numbers() {
        let mut labels = Labels::classes();
        for i in 0..MOST_CLASSES {
            labels.number(i.to_string().as_bytes()).unwrap();
        }
        assert!(labels.number(b"7").is_ok());
        assert!(
            labels
                .number(b"x")
                .unwrap_err()
                .to_string()
                .contains("regression")
        );
    }
}
