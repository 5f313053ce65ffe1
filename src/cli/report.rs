//! What `run` prints: text, one JSON object a line, or CSV. Numbers that are not finite are `null` in JSON and empty in CSV.

use super::args::ReportFormat;
use crate::telemetry::{LayerStats, Score};
use crate::training::Point;
use serde::Serialize;
use std::io::{self, Write};

/// One layer's line in JSON: its number from 0, then its measures.
#[derive(Serialize)]
pub struct LayerLine<'a> {
    pub layer: usize,
    #[serde(flatten)]
    pub stats: &'a LayerStats,
}

#[derive(Serialize)]
struct Line<'a> {
    step: u64,
    epoch: f64,
    loss: f64,
    accuracy: Option<f64>,
    test_loss: Option<f64>,
    test_accuracy: Option<f64>,
    learning_rate: f64,
    global_grad_norm: f64,
    clip_factor: f64,
    layers: Vec<LayerLine<'a>>,
}

impl<'a> From<&'a Point> for Line<'a> {
    fn from(point: &'a Point) -> Line<'a> {
        Line {
            step: point.step,
            epoch: point.epoch,
            loss: point.train.loss,
            accuracy: point.train.accuracy,
            test_loss: point.test.map(|t| t.loss),
            test_accuracy: point.test.and_then(|t| t.accuracy),
            learning_rate: point.learning_rate,
            global_grad_norm: point.global_grad_norm,
            clip_factor: point.clip_factor,
            layers: layer_lines(&point.layers),
        }
    }
}

pub fn layer_lines(layers: &[LayerStats]) -> Vec<LayerLine<'_>> {
    let line = |(layer, stats)| LayerLine { layer, stats };
    layers.iter().enumerate().map(line).collect()
}

/// How a run ended, with the verdict on its last measurements.
#[derive(Clone, Debug, Serialize)]
pub struct Done<V> {
    /// `finished`, `diverged`, `failed` or `stopped`
    pub status: &'static str,
    pub reason: String,
    pub step: u64,
    pub epoch: f64,
    pub loss: Option<f64>,
    pub accuracy: Option<f64>,
    pub test_loss: Option<f64>,
    pub test_accuracy: Option<f64>,
    pub verdict: Option<V>,
    /// The verdict in plain words.
    #[serde(skip)]
    pub sentence: String,
}

/// Writes points as they come, and how it ended.
pub struct Report<W> {
    format: ReportFormat,
    out: W,
    header: bool,
}

impl<W: Write> Report<W> {
    pub fn new(format: ReportFormat, out: W) -> Report<W> {
        Report {
            format,
            out,
            header: false,
        }
    }

    pub fn point(&mut self, point: &Point) -> io::Result<()> {
        match self.format {
            ReportFormat::Text => writeln!(self.out, "{}", text_line(point)),
            ReportFormat::Jsonl => self.json(&Line::from(point)),
            ReportFormat::Csv => self.csv(point),
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
                writeln!(self.out, "{}: {}", done.status, done.reason)?;
                writeln!(self.out, "{}", done.sentence)
            }
            ReportFormat::Jsonl => self.json(&Last { done }),
            ReportFormat::Csv => Ok(()),
        }?;
        self.out.flush()
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value).map_err(io::Error::from)?;
        self.out.write_all(b"\n")
    }

    fn csv(&mut self, point: &Point) -> io::Result<()> {
        if !self.header {
            self.header = true;
            let measures = (0..point.layers.len()).flat_map(|layer| {
                let name = move |(name, _): &Measure| format!(",layers.{layer}.{name}");
                MEASURES.iter().map(name)
            });
            writeln!(
                self.out,
                "step,epoch,loss,accuracy,test_loss,test_accuracy,learning_rate,global_grad_norm,clip_factor{}",
                measures.collect::<String>()
            )?;
        }
        let line = Line::from(point);
        write!(self.out, "{},{}", line.step, line.epoch)?;
        let scalars = [
            Some(line.loss),
            line.accuracy,
            line.test_loss,
            line.test_accuracy,
            Some(line.learning_rate),
            Some(line.global_grad_norm),
            Some(line.clip_factor),
        ];
        let measures = point
            .layers
            .iter()
            .flat_map(|stats| MEASURES.iter().map(move |(_, get)| Some(get(stats))));
        for number in scalars.into_iter().chain(measures) {
            match number.filter(|n| n.is_finite()) {
                Some(number) => write!(self.out, ",{number:e}")?,
                None => write!(self.out, ",")?,
            }
        }
        writeln!(self.out)
    }
}

type Measure = (&'static str, fn(&LayerStats) -> f64);

/// Every measure of a layer by its name.
pub const MEASURES: &[Measure] = &[
    ("grad_norm", |s| s.grad_norm),
    ("grad_rms", |s| s.grad_rms),
    ("grad_max", |s| s.grad_max),
    ("delta_rms", |s| s.delta_rms),
    ("out_mean", |s| s.out_mean),
    ("out_std", |s| s.out_std),
    ("pre_std", |s| s.pre_std),
    ("saturated", |s| s.saturated),
    ("dead", |s| s.dead),
    ("weight_norm", |s| s.weight_norm),
    ("update_ratio", |s| s.update_ratio),
];

fn score(score: Score) -> String {
    match score.accuracy {
        Some(accuracy) => format!("{:.5} ({:.2} %)", score.loss, 100.0 * accuracy),
        None => format!("{:.5}", score.loss),
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

    fn point(loss: f64) -> Point {
        Point {
            step: 3,
            epoch: 0.5,
            train: Score {
                loss,
                accuracy: Some(0.25),
            },
            layers: vec![LayerStats {
                grad_norm: 1e-300,
                ..LayerStats::default()
            }],
            ..Point::default()
        }
    }

    fn written(format: ReportFormat, point: &Point) -> String {
        let mut out = Vec::new();
        Report::new(format, &mut out).point(point).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn json_names_layers_from_0_and_writes_what_is_not_finite_as_null() {
        let line: serde_json::Value =
            serde_json::from_str(&written(ReportFormat::Jsonl, &point(f64::NAN))).expect("json");
        assert!(line["loss"].is_null());
        assert_eq!(line["layers"][0]["layer"], 0);
        assert_eq!(line["layers"][0]["grad_norm"], 1e-300);
        assert!(line["test_loss"].is_null());
    }

    #[test]
    fn csv_has_as_many_cells_as_names() {
        let text = written(ReportFormat::Csv, &point(f64::INFINITY));
        let cells: Vec<usize> = text.lines().map(|l| l.split(',').count()).collect();
        assert_eq!(cells, [20, 20]);
    }
}
