//! Texts that stand for classes or sequences, numbered as they appear.

use super::error::{DataError, Problem, cell};
use crate::text::clean;
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

    /// Numbers the classes in order, of numbers by their value, of texts by their letters, and gives their names, clean.
    pub fn sorted(self, of_row: &mut [u32]) -> Vec<String> {
        let mut labels: Vec<(Box<[u8]>, u32)> = self.numbers.into_iter().collect();
        let value = |text: &[u8]| {
            std::str::from_utf8(text)
                .ok()
                .and_then(|t| t.parse::<f64>().ok())
        };
        let figures = labels.iter().all(|(text, _)| value(text).is_some());
        labels.sort_by(|(a, _), (b, _)| {
            let by_value = match (figures, value(a), value(b)) {
                (true, Some(a), Some(b)) => a.total_cmp(&b),
                _ => std::cmp::Ordering::Equal,
            };
            by_value.then_with(|| a.cmp(b))
        });
        let mut rank = vec![0; labels.len()];
        for (place, (_, number)) in labels.iter().enumerate() {
            rank[*number as usize] = place as u32;
        }
        of_row
            .iter_mut()
            .for_each(|class| *class = rank[*class as usize]);
        labels
            .iter()
            .map(|(text, _)| clean(&String::from_utf8_lossy(text), NAME))
            .collect()
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
