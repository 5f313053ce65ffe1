//! The curves of a run as numbers: CSV, or one JSON object a line. Numbers that are not finite are `null` in JSON and empty
//! in CSV.

use crate::telemetry::{LayerStats, ThroughTime};
use crate::training::Point;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// One layer's line in JSON: its number from 0, then its measures.
#[derive(Serialize)]
pub struct LayerLine<'a> {
    pub layer: usize,
    #[serde(flatten)]
    pub stats: &'a LayerStats,
}

pub fn layer_lines(layers: &[LayerStats]) -> Vec<LayerLine<'_>> {
    let line = |(layer, stats)| LayerLine { layer, stats };
    layers.iter().enumerate().map(line).collect()
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
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
    /// Recurrent layers over the steps of their sequences.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    time: &'a [ThroughTime],
}

impl<'a> Line<'a> {
    fn new(run: Option<&'a str>, point: &'a Point) -> Line<'a> {
        Line {
            run,
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
            time: &point.time,
        }
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

/// The first line of CSV: the names of its columns, with those of so many layers.
pub fn csv_header(with_run: bool, layers: usize) -> String {
    let run = if with_run { "run," } else { "" };
    let measures = (0..layers).flat_map(|layer| {
        let name = move |(name, _): &Measure| format!(",layers.{layer}.{name}");
        MEASURES.iter().map(name)
    });
    format!(
        "{run}step,epoch,loss,accuracy,test_loss,test_accuracy,learning_rate,global_grad_norm,clip_factor{}",
        measures.collect::<String>()
    )
}

/// Writes points as they come.
pub struct Curves<W> {
    format: Format,
    pub out: W,
    /// Layers that have columns in CSV; `None` before the header was written.
    columns: Option<usize>,
}

impl<W: Write> Curves<W> {
    pub fn new(format: Format, out: W) -> Curves<W> {
        Curves {
            format,
            out,
            columns: None,
        }
    }

    /// Goes on behind what is there already, in CSV with a header of so many layers.
    pub fn going_on(self, layers: usize) -> Curves<W> {
        Curves {
            columns: Some(layers),
            ..self
        }
    }

    /// The header of one run's points, in CSV.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(&mut self, layers: usize) -> io::Result<()> {
        match self.format {
            Format::Csv => self.columns(false, layers).map(|_| ()),
            Format::Jsonl => Ok(()),
        }
    }

    /// One run: in CSV the first point's layers make the columns.
    ///
    /// # Errors
    /// The writer's.
    pub fn point(&mut self, point: &Point) -> io::Result<()> {
        self.write(None, point, point.layers.len())
    }

    fn write(&mut self, run: Option<&str>, point: &Point, layers: usize) -> io::Result<()> {
        let line = Line::new(run, point);
        match self.format {
            Format::Jsonl => {
                serde_json::to_writer(&mut self.out, &line).map_err(io::Error::from)?;
                self.out.write_all(b"\n")
            }
            Format::Csv => self.csv(&line, layers),
        }
    }

    /// Layers that have columns, from here on at the latest.
    fn columns(&mut self, with_run: bool, layers: usize) -> io::Result<usize> {
        match self.columns {
            Some(columns) => Ok(columns),
            None => {
                writeln!(self.out, "{}", csv_header(with_run, layers))?;
                Ok(*self.columns.insert(layers))
            }
        }
    }

    fn csv(&mut self, line: &Line, layers: usize) -> io::Result<()> {
        let columns = self.columns(line.run.is_some(), layers)?;
        if let Some(run) = line.run {
            // A name in quotes may hold commas; quotes within are doubled (RFC 4180).
            write!(self.out, "\"{}\",", run.replace('"', "\"\""))?;
        }
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
        let measures = (0..columns).flat_map(|layer| {
            let stats = line.layers.get(layer).map(|l| l.stats);
            MEASURES.iter().map(move |(_, get)| stats.map(get))
        });
        for number in scalars.into_iter().chain(measures) {
            match number.filter(|n| n.is_finite()) {
                Some(number) => write!(self.out, ",{number:e}")?,
                None => write!(self.out, ",")?,
            }
        }
        writeln!(self.out)
    }
}

/// Several runs in one text, each line with its run's name; in CSV with the columns of the deepest.
pub fn of_runs(format: Format, runs: &[(&str, Vec<&Point>)]) -> io::Result<Vec<u8>> {
    let points = || runs.iter().flat_map(|(_, points)| points);
    let layers = points().map(|p| p.layers.len()).max().unwrap_or(0);
    let mut curves = Curves::new(format, Vec::new());
    for (name, points) in runs {
        for point in points {
            curves.write(Some(name), point, layers)?;
        }
    }
    Ok(curves.out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Score;

    fn point(loss: f64, layers: usize) -> Point {
        let stats = LayerStats {
            grad_norm: 1e-300,
            ..LayerStats::default()
        };
        Point {
            step: 3,
            epoch: 0.5,
            train: Score {
                loss,
                accuracy: Some(0.25),
            },
            layers: vec![stats; layers],
            ..Point::default()
        }
    }

    fn written(format: Format, point: &Point) -> String {
        let mut curves = Curves::new(format, Vec::new());
        curves.point(point).expect("memory");
        String::from_utf8(curves.out).expect("text")
    }

    #[test]
    fn json_names_layers_from_0_and_writes_what_is_not_finite_as_null() {
        let line: serde_json::Value =
            serde_json::from_str(&written(Format::Jsonl, &point(f64::NAN, 1))).expect("json");
        assert!(line["loss"].is_null());
        assert_eq!(line["layers"][0]["layer"], 0);
        assert_eq!(line["layers"][0]["grad_norm"], 1e-300);
        assert!(line["test_loss"].is_null());
        assert!(line.get("run").is_none());
    }

    #[test]
    fn csv_has_as_many_cells_as_names() {
        let text = written(Format::Csv, &point(f64::INFINITY, 1));
        let cells: Vec<usize> = text.lines().map(|l| l.split(',').count()).collect();
        assert_eq!(cells, [20, 20]);
    }

    #[test]
    fn runs_of_unequal_depth_share_the_deepest_ones_columns() {
        let (shallow, deep) = (point(1.0, 1), point(0.5, 3));
        let runs = [("a \"b\"", vec![&shallow]), ("deep", vec![&deep])];
        let csv = String::from_utf8(of_runs(Format::Csv, &runs).expect("memory")).expect("text");
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[0].starts_with("run,step,"));
        assert!(lines[1].starts_with("\"a \"\"b\"\"\",3,"));
        let cells: Vec<usize> = lines.iter().map(|l| l.split(',').count()).collect();
        assert_eq!(cells, [43, 43, 43]);
        let jsonl = of_runs(Format::Jsonl, &runs).expect("memory");
        let last = jsonl.trim_ascii_end().rsplit(|b| *b == b'\n').next();
        let last: serde_json::Value = serde_json::from_slice(last.expect("a line")).expect("json");
        assert_eq!(last["run"], "deep");
        assert_eq!(last["layers"].as_array().map(Vec::len), Some(3));
    }
}
