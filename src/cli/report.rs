//! What `run` prints: text, one JSON object a line, or CSV, and how it ended.

use super::args::ReportFormat;
use crate::export::curves::{Curves, Format};
use crate::telemetry::Score;
use crate::training::Point;
use serde::Serialize;
use std::io::{self, Write};

/// The words for how a run ended.
pub const STATUSES: [&str; 4] = ["finished", "diverged", "failed", "stopped"];

/// The weights that patience went back to, and that are saved.
#[derive(Clone, Debug, Serialize)]
pub struct Restored {
    /// After which they were reached.
    pub step: u64,
    pub test_loss: Option<f64>,
    pub test_accuracy: Option<f64>,
}

/// How a run ended, with the scores and the verdict of its last step, of that step's own weights.
#[derive(Clone, Debug, Serialize)]
pub struct Done<V> {
    /// One of [`STATUSES`].
    pub status: &'static str,
    pub reason: String,
    pub step: u64,
    pub epoch: f64,
    pub loss: Option<f64>,
    pub accuracy: Option<f64>,
    pub test_loss: Option<f64>,
    pub test_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    pub verdict: Option<V>,
    /// The verdict in plain words.
    #[serde(skip)]
    pub sentence: String,
}

/// Writes points as they come, and how it ended.
pub struct Report<W> {
    format: ReportFormat,
    curves: Curves<W>,
}

impl<W: Write> Report<W> {
    pub fn new(format: ReportFormat, out: W) -> Report<W> {
        let curves = match format {
            ReportFormat::Csv => Format::Csv,
            ReportFormat::Text | ReportFormat::Jsonl => Format::Jsonl,
        };
        Report {
            format,
            curves: Curves::new(curves, out),
        }
    }

    /// Goes on behind a report of so many layers.
    pub fn going_on(self, layers: usize) -> Report<W> {
        Report {
            curves: self.curves.going_on(layers),
            ..self
        }
    }

    /// What stands above the points, if anything does and is not there: a run of no step has it, too.
    pub fn begin_points(&mut self, layers: usize) -> io::Result<()> {
        self.curves.begin(layers)
    }

    pub fn point(&mut self, point: &Point) -> io::Result<()> {
        match self.format {
            ReportFormat::Text => writeln!(self.curves.out, "{}", text_line(point)),
            ReportFormat::Jsonl | ReportFormat::Csv => self.curves.point(point),
        }
    }

    /// CSV has rows alone: how it ended goes to standard error there, which is the caller's.
    pub fn done<V: Serialize>(&mut self, done: &Done<V>) -> io::Result<()> {
        #[derive(Serialize)]
        struct Last<'a, V> {
            done: &'a Done<V>,
        }
        match self.format {
            ReportFormat::Text => {
                writeln!(self.curves.out, "{}: {}", done.status, done.reason)?;
                match done.sentence.as_str() {
                    "" => Ok(()),
                    sentence => writeln!(self.curves.out, "{sentence}"),
                }
            }
            ReportFormat::Jsonl => self.json(&Last { done }),
            ReportFormat::Csv => Ok(()),
        }?;
        self.curves.out.flush()
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.curves.out.flush()
    }

    fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.curves.out, value).map_err(io::Error::from)?;
        self.curves.out.write_all(b"\n")
    }
}

/// A loss as people read it: with an exponent where its digits would say nothing, or be hundreds.
pub fn loss_text(loss: f64) -> String {
    match loss == 0.0 || !loss.is_finite() || (1e-3..1e6).contains(&loss.abs()) {
        true => format!("{loss:.5}"),
        false => format!("{loss:.4e}"),
    }
}

fn score(score: Score) -> String {
    let loss = loss_text(score.loss);
    match score.accuracy {
        Some(accuracy) => format!("{loss} ({:.2} %)", 100.0 * accuracy),
        None => loss,
    }
}

/// A point on one line, as people read it.
pub fn text_line(point: &Point) -> String {
    let test = point
        .test
        .map_or(String::new(), |t| format!("  test {}", score(t)));
    format!(
        "step {:>8}  epoch {:>8.2}  train {}{test}  rate {:.3e}  |g| {:.3e}",
        point.step,
        point.epoch,
        score(point.train),
        point.learning_rate,
        point.global_grad_norm
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_has_its_digits_whatever_its_size() {
        let said = [0.0, 2.5125678, 1.5e-6, -1.5e-6, 1e300, f64::INFINITY].map(loss_text);
        let expected = [
            "0.00000",
            "2.51257",
            "1.5000e-6",
            "-1.5000e-6",
            "1.0000e300",
            "inf",
        ];
        assert_eq!(said, expected);
    }
}
