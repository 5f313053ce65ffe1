//! Where a run reports to. What cannot be written any more is said once and left alone: training goes on.

use super::args::{ReportFormat, RunArgs};
use super::earlier_report::kept;
use super::failure::{Failure, say};
use super::judged::Judged;
use super::report::{Done, Report};
use crate::export::tensorboard::EventWriter;
use crate::training::file::folder_of;
use crate::training::{Point, Session};
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

type Out = Report<Box<dyn Write>>;
type Events = EventWriter<BufWriter<File>>;

/// The report and TensorBoard's event file, as far as they are asked for.
pub struct Reporting {
    report: Option<Out>,
    events: Option<Events>,
    /// What could not be written.
    pub failures: Vec<String>,
}

impl Reporting {
    /// What could not be written in the end is refused before anything takes time; the report's file is left as it is until
    /// [`Reporting::begin`].
    pub fn open(args: &RunArgs) -> Result<Self, Failure> {
        if let Some(path) = &args.out {
            check(path).map_err(|e| unwritable(path, &e))?;
        }
        let events = match &args.tensorboard {
            Some(folder) => {
                Some(EventWriter::create(folder).map_err(|e| Failure::Failed(e.to_string()))?)
            }
            None => None,
        };
        Ok(Self {
            report: None,
            events,
            failures: Vec::new(),
        })
    }

    /// Begins the report of a run that is at its first step, or goes on with that of one that is resumed.
    pub fn begin(
        &mut self,
        args: &RunArgs,
        session: &Session,
        resumed: bool,
    ) -> Result<(), Failure> {
        let out: Box<dyn Write> = match &args.out {
            Some(path) if resumed && path.is_file() => {
                let layers = session.network().spec().layers.len();
                let earlier = goes_on(path, args.format, layers, session.steps())?;
                let report = Report::new(args.format, boxed(earlier.file));
                self.report = Some(match earlier.is_empty {
                    true => report,
                    false => report.going_on(layers),
                });
                return Ok(());
            }
            Some(path) => boxed(File::create(path).map_err(|e| unwritable(path, &e))?),
            None if args.quiet => return Ok(()),
            None => Box::new(BufWriter::new(io::stdout())),
        };
        self.report = Some(Report::new(args.format, out));
        Ok(())
    }

    /// Before the first point, of so many layers.
    pub fn begin_points(&mut self, layers: usize) -> Result<(), Failure> {
        self.with_report(|report| report.begin_points(layers))
    }

    /// Whether there is anybody to report to.
    pub fn is_wanted(&self) -> bool {
        self.report.is_some() || self.events.is_some()
    }

    /// # Errors
    /// [`Failure::Closed`] where the reader of the report has gone away; so of all below.
    pub fn point(&mut self, point: &Point) -> Result<(), Failure> {
        self.with_events(|events| events.point(point));
        self.with_report(|report| report.point(point))
    }

    pub fn flush(&mut self) -> Result<(), Failure> {
        self.with_events(EventWriter::flush);
        self.with_report(Report::flush)
    }

    pub fn done(&mut self, done: &Done<Judged>) -> Result<(), Failure> {
        self.with_events(EventWriter::flush);
        self.with_report(|report| report.done(done))
    }

    fn with_report(
        &mut self,
        write: impl FnOnce(&mut Out) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let Some(Err(error)) = self.report.as_mut().map(write) else {
            return Ok(());
        };
        let failure = Failure::of_output(&error);
        if matches!(failure, Failure::Closed) {
            return Err(failure);
        }
        self.report = None;
        self.lost(failure.to_string());
        Ok(())
    }

    fn with_events(&mut self, write: impl FnOnce(&mut Events) -> io::Result<()>) {
        if let Some(Err(error)) = self.events.as_mut().map(write) {
            self.events = None;
            self.lost(format!("the event file was not written: {error}"));
        }
    }

    fn lost(&mut self, what: String) {
        say(&format!("gradlab: {what}; training goes on without it"));
        self.failures.push(what);
    }
}

fn boxed(file: File) -> Box<dyn Write> {
    Box::new(BufWriter::new(file))
}

pub fn unwritable(path: &Path, why: &impl Display) -> Failure {
    Failure::Failed(format!("{} cannot be written: {why}", path.display()))
}

/// Whether the file can be written, as far as that can be asked without touching it. Opening a pipe would wait for its reader.
fn check(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() || found.is_dir() => {
            OpenOptions::new().write(true).open(path).map(drop)
        }
        Ok(_) => Ok(()),
        Err(_) => fs::metadata(folder_of(path)).map(drop),
    }
}

/// The report of a run that goes on, behind its last line that stays.
struct Earlier {
    file: File,
    is_empty: bool,
}

fn goes_on(
    path: &Path,
    format: ReportFormat,
    layers: usize,
    step: u64,
) -> Result<Earlier, Failure> {
    let unwritable = |e: io::Error| unwritable(path, &e);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(unwritable)?;
    let kept = kept(format, layers, BufReader::new(&file), step).map_err(unwritable)?;
    let Some(kept) = kept else {
        return Err(Failure::Misused(format!(
            "{} is not this run's report so far, which --out would go on with: name another file, or take it away",
            path.display()
        )));
    };
    file.set_len(kept).map_err(unwritable)?;
    file.seek(SeekFrom::End(0)).map_err(unwritable)?;
    Ok(Earlier {
        file,
        is_empty: kept == 0,
    })
}
