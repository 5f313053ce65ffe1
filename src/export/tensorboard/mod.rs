//! TensorBoard's event files: a run's curves and histograms, written as it goes on.

mod event;
mod record;

use crate::telemetry::{Histogram, LayerHistograms, LayerStats};
use crate::training::Point;
use event::Value;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// One event file, appended to.
pub struct EventWriter<W: Write> {
    out: W,
}

impl EventWriter<BufWriter<File>> {
    /// A new event file in `folder`, which is made if it is not there. Files of earlier runs stay: TensorBoard reads a
    /// folder's newest; give each run a folder of its own to compare them.
    ///
    /// # Errors
    /// Where the folder cannot be made or written to; the path is in the error.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let named = |path: &Path, e: io::Error| {
            io::Error::new(e.kind(), format!("{}: {e}", path.display()))
        };
        fs::create_dir_all(folder).map_err(|e| named(folder, e))?;
        let (path, file) = fresh(folder, now() as u64).map_err(|e| named(folder, e))?;
        Self::new(BufWriter::new(file), now()).map_err(|e| named(&path, e))
    }
}

/// Never an existing file: two runs may start in one second.
fn fresh(folder: &Path, seconds: u64) -> io::Result<(PathBuf, File)> {
    let mut again = 0;
    loop {
        // TensorBoard takes every file with `tfevents` in its name.
        let path = folder.join(format!("events.out.tfevents.{seconds}.gradlab.{again}"));
        match File::create_new(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && again < 10_000 => again += 1,
            Err(e) => return Err(e),
            Ok(file) => return Ok((path, file)),
        }
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}

impl<W: Write> EventWriter<W> {
    /// Begins a file; `wall_time` in seconds since 1970.
    ///
    /// # Errors
    /// Those of writing.
    pub fn new(out: W, wall_time: f64) -> io::Result<Self> {
        let mut writer = Self { out };
        record::write(&mut writer.out, &event::version(wall_time))?;
        Ok(writer)
    }

    /// Everything measured at one step: `loss/train`, `accuracy/test`, `grad_norm/layer_003`, ...
    ///
    /// # Errors
    /// Those of writing.
    pub fn point(&mut self, point: &Point) -> io::Result<()> {
        self.point_at(point, now())
    }

    /// As [`EventWriter::point`], with its time.
    ///
    /// # Errors
    /// Those of writing.
    pub fn point_at(&mut self, point: &Point, wall_time: f64) -> io::Result<()> {
        let mut values = vec![
            Value::scalar("loss/train", point.train.loss),
            Value::scalar("learning_rate", point.learning_rate),
            Value::scalar("gradient/global_norm", point.global_grad_norm),
            Value::scalar("gradient/clip_factor", point.clip_factor),
        ];
        values.extend(
            point
                .train
                .accuracy
                .map(|a| Value::scalar("accuracy/train", a)),
        );
        if let Some(test) = point.test {
            values.push(Value::scalar("loss/test", test.loss));
            values.extend(test.accuracy.map(|a| Value::scalar("accuracy/test", a)));
        }
        for (layer, stats) in point.layers.iter().enumerate() {
            for (measure, value) in measures(stats) {
                values.push(Value::scalar(&format!("{measure}/layer_{layer:03}"), value));
            }
        }
        record::write(
            &mut self.out,
            &event::summary(wall_time, point.step, &values),
        )
    }

    /// Every layer's histograms at one step.
    ///
    /// # Errors
    /// Those of writing.
    pub fn histograms(&mut self, step: u64, layers: &[LayerHistograms]) -> io::Result<()> {
        let mut values = Vec::new();
        for (layer, h) in layers.iter().enumerate() {
            let of = [
                ("weights", &h.weights),
                ("gradients", &h.gradients),
                ("pre", &h.pre),
                ("out", &h.out),
            ];
            for (name, histogram) in of {
                if total(histogram) > 0.0 {
                    values.push(Value::histogram(
                        &format!("{name}/layer_{layer:03}"),
                        histogram,
                    ));
                }
            }
        }
        record::write(&mut self.out, &event::summary(now(), step, &values))
    }

    /// Hands what was written to the file, so that a TensorBoard that is watching sees it.
    ///
    /// # Errors
    /// Those of writing.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn total(histogram: &Histogram) -> f64 {
    histogram.bins.iter().map(|c| f64::from(*c)).sum()
}

/// The measures by their names.
fn measures(s: &LayerStats) -> [(&'static str, f64); 11] {
    [
        ("grad_norm", s.grad_norm),
        ("grad_rms", s.grad_rms),
        ("grad_max", s.grad_max),
        ("delta_rms", s.delta_rms),
        ("out_mean", s.out_mean),
        ("out_std", s.out_std),
        ("pre_std", s.pre_std),
        ("saturated", s.saturated),
        ("dead", s.dead),
        ("weight_norm", s.weight_norm),
        ("update_ratio", s.update_ratio),
    ]
}
