//! Where a run reports to. What cannot be written any more is said once and left alone: training goes on.

use super::args::RunArgs;
use super::failure::{Failure, say};
use super::judged::Judged;
use super::report::{Done, Report};
use crate::export::tensorboard::EventWriter;
use crate::training::Point;
use std::fs::File;
use std::io::{self, BufWriter, Write};

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
    pub fn open(args: &RunArgs) -> Result<Self, Failure> {
        let report = open_report(args)?;
        let events = match &args.tensorboard {
            Some(folder) => {
                Some(EventWriter::create(folder).map_err(|e| Failure::Failed(e.to_string()))?)
            }
            None => None,
        };
        Ok(Self {
            report,
            events,
            failures: Vec::new(),
        })
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

/// `None` where nothing is to be reported.
fn open_report(args: &RunArgs) -> Result<Option<Out>, Failure> {
    let out: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(BufWriter::new(File::create(path).map_err(|e| {
            Failure::Failed(format!("{} cannot be written: {e}", path.display()))
        })?)),
        None if args.quiet => return Ok(None),
        None => Box::new(BufWriter::new(io::stdout())),
    };
    Ok(Some(Report::new(args.format, out)))
}
