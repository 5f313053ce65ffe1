//! The way out while the run is still being saved: on a disk that hangs that can take for ever, so it is said how to leave
//! without it, and who may cut it short.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Saving that takes no longer is not worth a word.
const UNREMARKABLE: Duration = Duration::from_secs(1);

/// What asked for the end so far.
#[derive(Debug, Default)]
pub struct Farewell(Mutex<Asked>);

#[derive(Debug, Default)]
struct Asked {
    /// The loop has ended, whyever.
    begun: bool,
    /// By an interrupt or a terminate.
    by_signal: bool,
}

impl Farewell {
    /// The loop has ended; the run is saved from here on.
    pub fn begin(&self) {
        self.asked(|asked| asked.begun = true);
    }

    /// Takes a signal that asks for the end, and tells whether it is obeyed before the run is saved: an interrupt once the end
    /// has been asked for, which is a person who does not want to wait, and a second terminate. A hang-up never: a terminal
    /// that is closed brings several, and a session's end one behind its terminate, and none of them gives the run up.
    #[cfg(unix)]
    pub fn is_at_once(&self, signal: i32) -> bool {
        use signal_hook::consts::{SIGHUP, SIGINT};
        self.asked(|asked| {
            let at_once = match signal {
                SIGHUP => return false,
                SIGINT => asked.begun || asked.by_signal,
                _ => asked.by_signal,
            };
            asked.by_signal = true;
            at_once
        })
    }

    fn asked<R>(&self, look: impl FnOnce(&mut Asked) -> R) -> R {
        look(
            &mut self
                .0
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }
}

/// Does the last work, which saves the run and what else is still to be written; where that takes long, says so on the shell's
/// screen.
pub fn while_said<R>(work: impl FnOnce() -> R) -> R {
    let (done, waiting) = mpsc::channel::<()>();
    let teller = std::thread::Builder::new()
        .name("gradlab-farewell".into())
        .spawn(move || {
            if waiting.recv_timeout(UNREMARKABLE) == Err(RecvTimeoutError::Timeout) {
                // Nobody may be left to tell.
                let _ = writeln!(
                    io::stderr(),
                    "gradlab: still saving; Ctrl-C leaves without it, what was saved before stays"
                );
            }
        });
    let result = work();
    drop(done);
    if let Ok(teller) = teller {
        // It cannot panic.
        let _ = teller.join();
    }
    result
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    /// After `q` (or not), the signals one after the other, and which of them ends the program at once.
    #[test]
    fn who_may_cut_the_saving_short() {
        let cases: [(bool, &[i32], Option<usize>); 10] = [
            (false, &[SIGINT, SIGINT], Some(1)),
            (false, &[SIGTERM, SIGTERM], Some(1)),
            (false, &[SIGTERM, SIGINT], Some(1)),
            (false, &[SIGTERM, SIGHUP, SIGHUP], None),
            (false, &[SIGHUP, SIGHUP, SIGHUP], None),
            (false, &[SIGHUP, SIGTERM], None),
            (true, &[SIGINT], Some(0)),
            (true, &[SIGTERM], None),
            (true, &[SIGHUP, SIGTERM, SIGTERM], Some(2)),
            (true, &[SIGHUP, SIGHUP], None),
        ];
        for (quit, signals, ends) in cases {
            let farewell = Farewell::default();
            if quit {
                farewell.begin();
            }
            let found = signals.iter().position(|s| farewell.is_at_once(*s));
            assert_eq!(found, ends, "{quit} {signals:?}");
        }
    }
}
