//! Signals that ask a run to stop: the first is heard between two steps, a second interrupt or terminate ends the program at
//! once. Hang-ups do not: a terminal that is closed brings several, and a session's end one behind its terminate. A signal that
//! whoever started the program had ignored (`nohup` does so with the hang-up) stays ignored.

use signal_hook::consts::{SIGINT, SIGTERM};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Those that hurry when they come again.
const HURRYING: &[i32] = &[SIGINT, SIGTERM];
#[cfg(unix)]
const OTHERS: &[i32] = &[signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const OTHERS: &[i32] = &[];

/// Whether a signal has asked to stop.
#[derive(Clone, Debug)]
pub struct Signals(Arc<AtomicBool>);

impl Signals {
    /// From here on the signals are heard instead of ending the program.
    pub fn listen() -> io::Result<Signals> {
        let (asked, hurried) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let ignored = ignored();
        let is_heard = |signal: &&i32| ignored >> (**signal - 1) & 1 == 0;
        for &signal in HURRYING.iter().filter(is_heard) {
            // Shells report 128 + the number for a program that a signal ended.
            signal_hook::flag::register_conditional_shutdown(
                signal,
                128 + signal,
                Arc::clone(&hurried),
            )?;
            signal_hook::flag::register(signal, Arc::clone(&hurried))?;
        }
        for &signal in HURRYING.iter().chain(OTHERS).filter(is_heard) {
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Signals(asked))
    }

    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The signals ignored from the start, a bit each from 1; none where the system does not say.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
