//! Files written beside training, so that a disk that hangs holds no step up. One at a time: two writers of one path could
//! come to their ends in the wrong order.

use super::worker::guarded;
use std::io;
use std::path::PathBuf;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Writing that takes longer is worth a word.
const LONG: Duration = Duration::from_secs(2);

/// Where it was written, or why it was not.
pub type Written = Result<PathBuf, String>;

#[derive(Default)]
pub struct Saver {
    under_way: Option<UnderWay>,
}

struct UnderWay {
    thread: io::Result<JoinHandle<Written>>,
    since: Instant,
    said: bool,
}

impl Saver {
    /// Begins to write, after whatever is under way.
    pub fn start(&mut self, write: impl FnOnce() -> Written + Send + 'static) {
        self.wait();
        let work = || guarded(write).and_then(|written| written);
        self.under_way = Some(UnderWay {
            thread: Builder::new().name("gradlab-saving".into()).spawn(work),
            since: Instant::now(),
            said: false,
        });
    }

    pub fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// What became of the last one, told once; `None` while it is written.
    pub fn outcome(&mut self) -> Option<Written> {
        let thread = &self.under_way.as_ref()?.thread;
        let done = thread.as_ref().map_or(true, JoinHandle::is_finished);
        done.then(|| self.wait()).flatten()
    }

    /// The same, however long it takes.
    pub fn wait(&mut self) -> Option<Written> {
        let panicked = |_| Err("the thread that writes panicked".into());
        Some(match self.under_way.take()?.thread {
            Ok(thread) => thread.join().unwrap_or_else(panicked),
            Err(why) => Err(format!("no thread to write on: {why}")),
        })
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

impl Drop for Saver {
    fn drop(&mut self) {
        self.wait();
    }
}
