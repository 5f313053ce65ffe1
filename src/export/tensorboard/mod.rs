//! TensorBoard's event files: a run's curves, written as it goes on.

mod event;
mod record;

use super::curves::MEASURES;
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
            for (measure, get) in MEASURES {
                let tag = format!("{measure}/layer_{layer:03}");
                values.push(Value::scalar(&tag, get(stats)));
            }
        }
        record::write(
            &mut self.out,
            &event::summary(wall_time, point.step, &values),
        )
    }

    /// Hands what was written to the file, so that a TensorBoard that is watching sees it.
    ///
    /// # Errors
    /// Those of writing.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
