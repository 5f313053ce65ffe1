//! Threads that share the work of a step.
//!
//! A piece of work is cut into shares, and a share belongs to whoever claims it first: a member tries its own (whose
//! weights lie in its core's cache) and then any other that nobody has begun. So the caller never waits for a thread that
//! the system has not let run; where all others are late it does everything itself. Members spin while the next piece is
//! near and then sleep, as the caller does where somebody else holds a share for long.

use crate::nn::kernel::team::{MAX_MEMBERS, Team};
use std::any::Any;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

type Work = &'static (dyn Fn(usize) + Sync);

/// How long a member spins before it sleeps: longer than what a step does between two shared pieces.
const SPIN: Duration = Duration::from_micros(60);
/// Rounds of spinning between two looks at the clock.
const ROUNDS: u32 = 64;

/// Threads kept for a run; they end with it.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// Held by the call of [`Team::run`] under way.
    running: Mutex<()>,
}

#[derive(Default)]
struct Shared {
    /// See [`State`].
    state: AtomicU64,
    /// Of the present piece; looked at by members that have claimed a share of it, and by no other.
    work: Mutex<Option<Work>>,
    /// Members asleep.
    sleeping: AtomicUsize,
    /// The caller, where it sleeps until the last share is done.
    waiting: AtomicBool,
    caller: Mutex<Option<Thread>>,
    stop: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The number of the piece of work, and a bit for every share that is claimed and for every one that is done. As all of it is
/// one word, a share can be claimed of the present piece only.
#[derive(Clone, Copy, PartialEq)]
struct State(u64);

const SHARES: u32 = MAX_MEMBERS as u32;
const ALL: u64 = (1 << SHARES) - 1;

impl State {
    fn new(turn: u64, shares: usize) -> State {
        // those past the last count as done
        let done = ALL << shares & ALL;
        State(turn << (2 * SHARES) | done << SHARES | done)
    }
    fn turn(self) -> u64 {
        self.0 >> (2 * SHARES)
    }
    fn claimed(self, share: usize) -> bool {
        self.0 & State::claim(share) != 0
    }
    fn all_claimed(self) -> bool {
        self.0 >> SHARES & ALL == ALL
    }
    fn all_done(self) -> bool {
        self.0 & ALL == ALL
    }
    fn claim(share: usize) -> u64 {
        1 << (share as u32 + SHARES)
    }
    fn done(share: usize) -> u64 {
        1 << share
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Pool {
    /// `members` counts the caller's own thread. Fewer where the system gives no more threads.
    pub fn new(members: usize) -> Pool {
        let shared = Arc::new(Shared {
            state: AtomicU64::new(State::new(0, 0).0),
            ..Shared::default()
        });
        let mut threads = Vec::new();
        for member in 1..members.min(MAX_MEMBERS) {
            let shared = Arc::clone(&shared);
            let thread = thread::Builder::new()
                .name(format!("training-{member}"))
                .spawn(move || shared.serve(member));
            match thread {
                Ok(thread) => threads.push(thread),
                Err(_) => break,
            }
        }
        Pool {
            shared,
            threads,
            running: Mutex::new(()),
        }
    }
}

impl Team for Pool {
    fn members(&self) -> usize {
        self.threads.len() + 1
    }

    #[allow(unsafe_code)]
    fn run(&self, shares: usize, work: &(dyn Fn(usize) + Sync)) {
        let shared = &*self.shared;
        let running = match self.running.try_lock() {
            Ok(running) => Some(running),
            Err(TryLockError::Poisoned(left)) => Some(left.into_inner()),
            // somebody else, or the caller itself, has the members at work
            Err(TryLockError::WouldBlock) => None,
        };
        if running.is_none() || shares > MAX_MEMBERS {
            return (0..shares).for_each(work);
        }
        *lock(&shared.panic) = None;
        // SAFETY: only the lifetime is lengthened. `work` is called by those who have claimed a share of this piece, and
        // nobody can once all are claimed; `Finish` claims what nobody has begun and waits until all shares are done, on a
        // panic too, before this call returns, and takes `work` out of reach. Whoever is late finds another turn, or no
        // share left, and does not look at `work`.
        let lasting: Work = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Work>(work) };
        *lock(&shared.work) = Some(lasting);
        let turn = State(shared.state.load(Ordering::Relaxed)).turn() + 1;
        shared
            .state
            .store(State::new(turn, shares).0, Ordering::SeqCst);
        let finish = Finish(shared);
        if shares > 1 && shared.sleeping.load(Ordering::SeqCst) > 0 {
            self.threads
                .iter()
                .for_each(|thread| thread.thread().unpark());
        }
        while let Some(share) = shared.claim(turn, 0) {
            let done = Done(shared, share);
            work(share);
            drop(done);
        }
        drop(finish);
        if let Some(panic) = lock(&shared.panic).take() {
            resume_unwind(panic);
        }
    }
}

/// Marks a share as done when it is dropped, on a panic too.
struct Done<'a>(&'a Shared, usize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        let Done(shared, share) = *self;
        let before = shared.state.fetch_or(State::done(share), Ordering::SeqCst);
        let last = State(before | State::done(share)).all_done();
        if last
            && shared.waiting.load(Ordering::SeqCst)
            && let Some(caller) = lock(&shared.caller).as_ref()
        {
            caller.unpark();
        }
    }
}

/// Waits for all shares when it is dropped.
struct Finish<'a>(&'a Shared);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        let shared = self.0;
        let turn = shared.now().turn();
        // after a panic of the caller's own share there may be some
        while let Some(share) = shared.claim(turn, 0) {
            drop(Done(shared, share));
        }
        let done = || shared.now().all_done();
        if !spin_until(done) {
            *lock(&shared.caller) = Some(thread::current());
            shared.waiting.store(true, Ordering::SeqCst);
            // looked at after the flag is up: who finishes later sees the flag and wakes this thread
            while !done() {
                thread::park();
            }
            shared.waiting.store(false, Ordering::SeqCst);
        }
        *lock(&shared.work) = None;
    }
}

/// Spins until `ready` or for as long as that is thought to pay; whether it is.
fn spin_until(ready: impl Fn() -> bool) -> bool {
    let mut began = None;
    loop {
        for _ in 0..ROUNDS {
            if ready() {
                return true;
            }
            spin_loop();
        }
        if began.get_or_insert_with(Instant::now).elapsed() > SPIN {
            return false;
        }
    }
}

impl Shared {
    fn now(&self) -> State {
        State(self.state.load(Ordering::SeqCst))
    }
    /// A share of piece `turn` that nobody has begun, `member`'s own if it can be.
    fn claim(&self, turn: u64, member: usize) -> Option<usize> {
        let mut now = self.now();
        loop {
            let mut open = (member..MAX_MEMBERS)
                .chain(0..member)
                .filter(|share| !now.claimed(*share));
            let share = open.next().filter(|_| now.turn() == turn)?;
            let claimed = now.0 | State::claim(share);
            match self.state.compare_exchange_weak(
                now.0,
                claimed,
                Ordering::SeqCst,
                Ordering::SeqCst,
            ) {
                Ok(_) => return Some(share),
                Err(other) => now = State(other),
            }
        }
    }
    fn serve(&self, member: usize) {
        while let Some(turn) = self.next() {
            while let Some(share) = self.claim(turn, member) {
                let done = Done(self, share);
                let work = *lock(&self.work);
                if let Some(work) = work
                    && let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(share)))
                {
                    *lock(&self.panic) = Some(panic);
                }
                drop(done);
            }
        }
    }
    /// Waits for a piece with a share that nobody has begun; `None` at the end.
    fn next(&self) -> Option<u64> {
        let ready = || !self.now().all_claimed() || self.stop.load(Ordering::SeqCst);
        while !spin_until(ready) {
            self.sleeping.fetch_add(1, Ordering::SeqCst);
            // looked at after the count is up: whoever has work later sees the count and wakes this thread
            if !ready() {
                thread::park();
            }
            self.sleeping.fetch_sub(1, Ordering::SeqCst);
        }
        (!self.stop.load(Ordering::SeqCst)).then(|| self.now().turn())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // a panic in there has been handed on by `run`
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUNDS: usize = if cfg!(miri) { 20 } else { 2000 };

    #[test]
    fn every_share_is_done_once() {
        let pool = Pool::new(3);
        let done: [AtomicUsize; 5] = std::array::from_fn(|_| AtomicUsize::new(0));
        for round in 1..=ROUNDS {
            for shares in [5, 1, 3] {
                pool.run(shares, &|share| {
                    done[share].fetch_add(1, Ordering::Relaxed);
                });
            }
            let each = done.each_ref().map(|d| d.load(Ordering::Relaxed));
            assert_eq!(each, [3, 2, 2, 1, 1].map(|times| times * round));
        }
    }

    #[test]
    fn sleepers_come_back_and_borrowed_work_is_over_when_the_call_returns() {
        let pool = Pool::new(2);
        for round in 0..3usize {
            thread::sleep(SPIN * 20);
            let mut pieces = [0usize; 2];
            {
                let pieces: Vec<Mutex<&mut usize>> = pieces.iter_mut().map(Mutex::new).collect();
                pool.run(2, &|share| **lock(&pieces[share]) = round + share);
            }
            assert_eq!(pieces, [round, round + 1]);
        }
    }

    #[test]
    fn who_holds_a_share_for_long_is_waited_for() {
        let pool = Pool::new(2);
        let sum = AtomicUsize::new(0);
        pool.run(2, &|share| {
            // whoever has the last share, the caller may have to sleep
            thread::sleep(SPIN * (1 + 10 * share as u32));
            sum.fetch_add(share + 1, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 3);
    }

    #[test]
    fn a_panic_in_a_share_is_the_callers() {
        let pool = Pool::new(2);
        for bad in 0..2 {
            let fails = AssertUnwindSafe(|| pool.run(2, &|share| assert!(share != bad)));
            assert!(catch_unwind(fails).is_err());
        }
        // and the pool goes on
        let sum = AtomicUsize::new(0);
        pool.run(2, &|share| {
            sum.fetch_add(share + 1, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 3);
    }

    #[test]
    fn work_within_work_is_done_by_whoever_asks() {
        let pool = Pool::new(2);
        let sum = AtomicUsize::new(0);
        pool.run(2, &|_| {
            pool.run(3, &|share| {
                sum.fetch_add(share, Ordering::Relaxed);
            });
        });
        assert_eq!(sum.into_inner(), 6);
    }
}
