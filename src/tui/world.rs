//! Everything outside the state: the training threads, files, the clipboard.

use super::app::App;
use super::event_loop::{Bell, Event};
use super::filing::{self, Filing};
use super::inquirer::Inquirer;
use super::inquiry::Question;
use super::message::{Effect, Message};
use crate::experiment::Experiment;
use crate::training::{Autosave, Command, Frame, Handle, Options, Sweep, Sweeper};
use base64::Engine;
use std::io;
use std::path::PathBuf;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// A run is lost for at most so long; stopping saves it too.
const AUTOSAVE: Duration = Duration::from_secs(60);

pub struct World {
    handle: Option<Handle>,
    /// The lanes of a race.
    race: Vec<Handle>,
    sweeper: Option<Sweeper>,
    inquirer: Option<Inquirer>,
    pub files: Filing,
    /// Training threads that were told to end, and those who wait for them: a disk that hangs holds neither the screen up nor
    /// the next run.
    leaving: Vec<JoinHandle<()>>,
    bell: Bell,
    threads: Option<usize>,
    /// Where relative paths start.
    base: PathBuf,
}

impl World {
    pub fn new(bell: Bell, threads: Option<usize>) -> Self {
        Self {
            files: Filing::new(&bell),
            handle: None,
            race: Vec::new(),
            sweeper: None,
            inquirer: None,
            leaving: Vec::new(),
            bell,
            threads,
            base: PathBuf::from("."),
        }
    }

    /// A new training thread, which begins with what is asked of it: told a moment later to wait, it would have taken steps. The
    /// old one is told to end.
    pub fn start(
        &mut self,
        experiment: &Experiment,
        base_dir: PathBuf,
        resume: Option<PathBuf>,
        runs: bool,
    ) -> io::Result<()> {
        if let Some(old) = self.handle.take() {
            self.leave(old);
        }
        self.base = base_dir;
        let bell = self.bell.clone();
        let options = Options {
            threads: self.threads,
            begin: runs.then_some(Command::Run),
            resume,
            autosave: Some(Autosave {
                path: None,
                every: AUTOSAVE,
            }),
        };
        let notify = move || bell.trained();
        self.handle = Some(Handle::start(
            experiment.clone(),
            &self.base,
            options,
            notify,
        )?);
        Ok(())
    }

    /// Tells a training thread to end. What it has to say then, of its autosave, comes as [`Event::Left`].
    fn leave(&mut self, handle: Handle) {
        let bell = self.bell.clone();
        self.wait_beside(move || {
            end_of(handle, &bell);
        });
    }

    fn end_sweep(&mut self) {
        if let Some(sweeper) = self.sweeper.take() {
            self.wait_beside(move || drop(sweeper));
        }
    }

    fn wait_beside(&mut self, end: impl FnOnce() + Send + 'static) {
        self.leaving.retain(|thread| !thread.is_finished());
        let thread = Builder::new().name("gradlab-leaving".into()).spawn(end);
        // Where there is no thread to be had, it has been waited for here.
        self.leaving.extend(thread);
    }

    /// Stops training and waits for its end and its autosave, for those of the runs before, and for what is being written.
    /// Gives the autosave that holds the last run, if that was saved.
    pub fn end(&mut self) -> Option<PathBuf> {
        self.inquirer = None;
        self.end_sweep();
        for lane in self.files.take() {
            let bell = self.bell.clone();
            self.wait_beside(move || {
                for word in filing::last_words(lane) {
                    bell.ring(Event::Left(word));
                }
            });
        }
        self.end_race();
        let kept = self.handle.take().and_then(|last| end_of(last, &self.bell));
        for thread in self.leaving.drain(..) {
            // The training thread's panics are in its frames.
            let _ = thread.join();
        }
        kept
    }

    pub fn take(&self) -> Option<Frame> {
        self.handle.as_ref()?.take()
    }

    pub fn take_lap(&self, lane: usize) -> Option<Frame> {
        self.race.get(lane)?.take()
    }

    pub fn take_sweep(&self) -> Option<Sweep> {
        self.sweeper.as_ref()?.take()
    }

    fn sweep(&mut self, experiment: Experiment) -> io::Result<()> {
        self.end_sweep();
        let bell = self.bell.clone();
        let notify = move || bell.ring(Event::Swept);
        self.sweeper = Some(Sweeper::start(experiment, self.base.clone(), notify)?);
        Ok(())
    }

    /// The threads come with the first question.
    fn ask(&mut self, question: Question) -> io::Result<()> {
        if self.inquirer.is_none() {
            self.inquirer = Some(Inquirer::start(&self.bell)?);
        }
        if let Some(inquirer) = &self.inquirer {
            inquirer.ask(question);
        }
        Ok(())
    }

    /// One training thread a variant, each on one processor: they are many, and none is to be ahead by that.
    fn race(&mut self, experiments: &[Experiment], steps: u64) -> io::Result<()> {
        self.end_race();
        for (lane, experiment) in experiments.iter().enumerate() {
            let bell = self.bell.clone();
            let options = Options {
                threads: Some(1),
                begin: Some(Command::Step(steps)),
                ..Options::default()
            };
            let notify = move || bell.ring(Event::Lapped(lane));
            let handle = Handle::start(experiment.clone(), &self.base, options, notify)?;
            self.race.push(handle);
        }
        Ok(())
    }

    fn end_race(&mut self) {
        for lane in std::mem::take(&mut self.race) {
            self.leave(lane);
        }
    }

    /// Does what the state asked for; what came of it is told as messages.
    pub fn perform(&mut self, effect: Effect) -> Option<Message> {
        match effect {
            Effect::Send(command) => {
                if let Some(handle) = &self.handle {
                    handle.send(command);
                }
                None
            }
            Effect::Ask(question) => self
                .ask(*question)
                .err()
                .map(|error| Message::Trouble(format!("no thread for theory: {error}"))),
            Effect::Start {
                experiment,
                base,
                resume,
                runs,
            } => self
                .start(&experiment, base, resume, runs)
                .err()
                .map(|error| Message::Trouble(format!("no training thread: {error}"))),
            Effect::Race { experiments, steps } => self
                .race(&experiments, steps)
                .err()
                .map(|error| Message::Trouble(format!("no training thread: {error}"))),
            Effect::Lap(steps) => {
                for handle in &self.race {
                    handle.send(Command::Step(steps));
                }
                None
            }
            Effect::EndRace => {
                self.end_race();
                None
            }
            Effect::Sweep(experiment) => self
                .sweep(*experiment)
                .err()
                .map(|error| Message::Trouble(format!("no training thread: {error}"))),
            Effect::EndSweep => {
                self.end_sweep();
                None
            }
            Effect::List => {
                self.files.list(self.base.clone());
                None
            }
            Effect::Columns(path, completion) => {
                self.files.columns(&self.base, path, completion);
                None
            }
            Effect::Complete(base, typed) => {
                self.files.complete(&base, typed);
                None
            }
            Effect::Open(path) => {
                self.files.open(path);
                None
            }
            Effect::Save(saving) => {
                self.files.save(saving);
                None
            }
            Effect::Write {
                path,
                bytes,
                what,
                ask,
            } => {
                self.files.write(path, bytes, what, ask);
                None
            }
            Effect::Copy(_) | Effect::Suspend | Effect::Redraw | Effect::Quit => None,
        }
    }

    /// The terminal is gone or the system wants an end: what is not saved is kept beside the file.
    pub fn hang_up(&mut self, app: &App) {
        for (experiment, origin) in app.unsaved() {
            let path = match &origin.path {
                Some(path) => path.with_extension("recovered.toml"),
                None => origin
                    .base
                    .join(format!("{}.recovered.toml", file_stem(&experiment.name))),
            };
            self.files.recover(path, experiment, &origin.base);
        }
    }
}

/// Waits for a training thread's end, and gives the autosave that holds its run.
fn end_of(handle: Handle, bell: &Bell) -> Option<PathBuf> {
    let left = handle.join();
    for notice in left.frame.map_or_else(Vec::new, |last| last.notices) {
        bell.ring(Event::Left(notice));
    }
    left.kept
}

/// A name as a file's: letters, digits, - and _.
pub(super) fn file_stem(name: &str) -> String {
    let stem: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                '-'
            }
        })
        .take(100)
        .collect();
    if stem.is_empty() {
        "experiment".into()
    } else {
        stem
    }
}

/// OSC 52: the terminal puts the text on the clipboard, from the far side of an ssh link too.
pub fn clipboard(text: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    format!("\x1b]52;c;{encoded}\x07")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn no_name_leads_out_of_its_folder() {
        for name in [
            "../../etc/passwd",
            "/etc/passwd",
            "..",
            "a\\b",
            "c:d",
            "\u{1b}[2J\u{202e}",
            "",
            "\0",
        ] {
            let stem = file_stem(name);
            let path = Path::new(&stem);
            assert_eq!(path.components().count(), 1, "{stem}");
            assert!(
                path.is_relative() && !stem.contains(['.', '\\', ':', '\0']),
                "{stem}"
            );
            assert_eq!(crate::text::printable(&stem), stem);
        }
        assert_eq!(file_stem(&"x".repeat(1 << 20)).len(), 100);
    }

    #[test]
    fn the_clipboard_sequence_is_base64() {
        assert_eq!(clipboard("hi"), "\x1b]52;c;aGk=\x07");
    }
}
