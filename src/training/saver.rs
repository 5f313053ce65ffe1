//! Work on a file beside whoever asks for it, so that a disk that hangs holds neither a step nor the screen up. One piece at a
//! time: two writers of one path could come to their ends in the wrong order.

use super::guard;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Writing that takes longer is worth a word.
const LONG: Duration = Duration::from_secs(2);

/// What came of it, or why nothing did.
pub type Outcome<T> = Result<T, String>;

/// Where it was written, or why it was not.
pub type Written = Outcome<PathBuf>;

pub struct Saver<T = PathBuf> {
    under_way: Option<UnderWay<T>>,
}

struct UnderWay<T> {
    thread: io::Result<JoinHandle<()>>,
    outcome: Receiver<Outcome<T>>,
    since: Instant,
    said: bool,
}

impl<T> Default for Saver<T> {
    fn default() -> Self {
        Self { under_way: None }
    }
}

impl<T: Send + 'static> Saver<T> {
    /// Begins to write, after whatever is under way.
    pub fn start(&mut self, write: impl FnOnce() -> Outcome<T> + Send + 'static) {
        self.start_telling(write, || ());
    }

    /// The same; `tell` is called on the thread that writes as soon as there is an outcome.
    pub fn start_telling(
        &mut self,
        write: impl FnOnce() -> Outcome<T> + Send + 'static,
        tell: impl FnOnce() + Send + 'static,
    ) {
        self.wait();
        let (sender, outcome) = mpsc::channel();
        let work = move || {
            let panicked = |why| Err(format!("the thread that writes panicked: {why}"));
            // Where nobody takes it any more, nobody is told.
            if sender
                .send(guard::guarded(write).unwrap_or_else(panicked))
                .is_ok()
            {
                tell();
            }
        };
        self.under_way = Some(UnderWay {
            thread: Builder::new().name("gradlab-saving".into()).spawn(work),
            outcome,
            since: Instant::now(),
            said: false,
        });
    }

    pub fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// What became of the last one, told once; `None` while it is written.
    pub fn outcome(&mut self) -> Option<Outcome<T>> {
        match self.under_way.as_ref()?.outcome.try_recv() {
            Ok(outcome) => {
                self.end();
                Some(outcome)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => self.end(),
        }
    }

    /// The same, however long it takes.
    pub fn wait(&mut self) -> Option<Outcome<T>> {
        let outcome = self.under_way.as_ref()?.outcome.recv();
        let none = self.end();
        outcome.ok().or(none)
    }

    /// Whether it takes long, told once of each.
    pub fn takes_long(&mut self) -> bool {
        match &mut self.under_way {
            Some(one) if !one.said && one.since.elapsed() >= LONG => {
                one.said = true;
                true
            }
            _ => false,
        }
    }
}

impl<T> Saver<T> {
    /// Nobody waits for what is under way any more.
    pub fn let_go(&mut self) {
        self.under_way = None;
    }

    /// The thread has nothing more to do; why there is no outcome, where it left none.
    fn end(&mut self) -> Option<Outcome<T>> {
        Some(Err(match self.under_way.take()?.thread {
            Ok(thread) => match thread.join() {
                Ok(()) => "the thread that writes was lost".into(),
                Err(_) => "the thread that writes panicked".into(),
            },
            Err(why) => format!("no thread to write on: {why}"),
        }))
    }
}

impl<T> Drop for Saver<T> {
    fn drop(&mut self) {
        self.end();
    }
}
