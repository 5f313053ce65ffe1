//! Threads that share the work of a step.
//!
//! A piece of work is cut into shares, and a share belongs to whoever claims it first: a member tries its own (whose
//! weights lie in its core's cache) and then any other that nobody has begun. So the caller never waits for a thread that
//! the system has not let run; where all others are late it does everything itself. Members spin while the next piece is
//! near and then sleep, as the caller does where somebody else holds a share for long.

use crate::nn::kernel::team::{Apart, MAX_MEMBERS, Team};
use std::any::Any;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
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

/// What each side writes lies apart, since a line that two cores write goes from one to the other each time, and that is most of
/// what a piece of work costs beside the work.
#[derive(Default)]
struct Shared {
    offer: Apart<Offer>,
    /// Shares that members have done, of all pieces.
    finished: Apart<AtomicU64>,
    seldom: Apart<Seldom>,
}

#[derive(Default)]
struct Offer {
    /// See [`State`].
    state: AtomicU64,
    /// Of the present piece; looked at by members that have claimed a share of it, and by no other.
    work: AtomicPtr<Work>,
}

/// What is read often and written only where somebody sleeps or fails.
#[derive(Default)]
struct Seldom {
    /// Members asleep.
    sleeping: AtomicUsize,
    /// The caller sleeps until the last share is done.
    waiting: AtomicBool,
    stop: AtomicBool,
    panicked: AtomicBool,
    caller: Mutex<Option<Thread>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The number of the piece of work, and a bit for every share that nobody has claimed. As all of it is one word, a share can be
/// claimed of the present piece only.
#[derive(Clone, Copy, PartialEq)]
struct State(u64);

const SHARES: u32 = MAX_MEMBERS as u32;
const ALL: u64 = (1 << SHARES) - 1;

impl State {
    /// All but the first, which is the caller's.
    fn new(turn: u64, shares: usize) -> State {
        State(turn << SHARES | (ALL >> (MAX_MEMBERS - shares) & !1))
    }
    fn turn(self) -> u64 {
        self.0 >> SHARES
    }
    fn open(self) -> u64 {
        self.0 & ALL
    }
    /// The member's own share, or another that is open.
    fn next_of(self, member: usize) -> Option<usize> {
        let from_own = self.open() & (ALL << member);
        let open = if from_own != 0 { from_own } else { self.open() };
        (open != 0).then(|| open.trailing_zeros() as usize)
    }
    fn without(self, share: usize) -> State {
        State(self.0 & !(1 << share))
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
        let shared = Arc::new(Shared::default());
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
        if running.is_none() || !(2..=MAX_MEMBERS).contains(&shares) {
            return (0..shares).for_each(work);
        }
        // left by a piece in which the caller panicked too
        if shared.seldom.0.panicked.load(Ordering::SeqCst) {
            shared.take_panic();
        }
        // SAFETY: only the lifetime is lengthened. `work` is called by those who have claimed a share of this piece, and
        // nobody can once all are claimed; `Finish` claims what nobody has begun and waits until all shares are done, on a
        // panic too, before this call returns. Whoever is late finds another turn, or no share left, and does not look at
        // `work`.
        let mut lasting: Work =
            unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Work>(work) };
        let Offer { state, work: place } = &shared.offer.0;
        let turn = State(state.load(Ordering::Relaxed)).turn() + 1;
        let due = shared.finished.0.load(Ordering::SeqCst) + shares as u64 - 1;
        let mut finish = Finish { shared, turn, due };
        place.store(&raw mut lasting, Ordering::Relaxed);
        state.store(State::new(turn, shares).0, Ordering::SeqCst);
        if shared.seldom.0.sleeping.load(Ordering::SeqCst) > 0 {
            self.threads
                .iter()
                .for_each(|thread| thread.thread().unpark());
        }
        work(0);
        while let Some(share) = finish.claim() {
            work(share);
        }
        drop(finish);
        if shared.seldom.0.panicked.load(Ordering::SeqCst)
            && let Some(panic) = shared.take_panic()
        {
            resume_unwind(panic);
        }
    }
}

/// A piece of work under way, as its caller sees it; waits for all shares when it is dropped.
struct Finish<'a> {
    shared: &'a Shared,
    turn: u64,
    /// What [`Shared::finished`] comes to when all is done that the caller does not do itself.
    due: u64,
}

impl Finish<'_> {
    fn is_done(&self) -> bool {
        self.shared.finished.0.load(Ordering::SeqCst) == self.due
    }
    /// A share that the caller is to do, if members are late.
    fn claim(&mut self) -> Option<usize> {
        if self.is_done() {
            return None;
        }
        let share = self.shared.claim(self.turn, 0)?;
        self.due -= 1;
        Some(share)
    }
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        // after a panic of the caller's own share there may be some
        while self.claim().is_some() {}
        if spin_until(|| self.is_done()) {
            return;
        }
        let seldom = &self.shared.seldom.0;
        *lock(&seldom.caller) = Some(thread::current());
        seldom.waiting.store(true, Ordering::SeqCst);
        // looked at after the flag is up: who finishes later sees the flag and wakes this thread
        while !self.is_done() {
            thread::park();
        }
        seldom.waiting.store(false, Ordering::SeqCst);
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
        State(self.offer.0.state.load(Ordering::SeqCst))
    }
    /// A share of piece `turn` that nobody has begun, `member`'s own if it can be.
    fn claim(&self, turn: u64, member: usize) -> Option<usize> {
        let mut now = self.now();
        loop {
            let share = now.next_of(member).filter(|_| now.turn() == turn)?;
            let claimed = self.offer.0.state.compare_exchange_weak(
                now.0,
                now.without(share).0,
                Ordering::SeqCst,
                Ordering::SeqCst,
            );
            match claimed {
                Ok(_) => return Some(share),
                Err(other) => now = State(other),
            }
        }
    }
    fn serve(&self, member: usize) {
        while let Some(turn) = self.next() {
            while let Some(share) = self.claim(turn, member) {
                self.work_on(share);
            }
        }
    }
    /// Does a share that has been claimed.
    #[allow(unsafe_code)]
    fn work_on(&self, share: usize) {
        let seldom = &self.seldom.0;
        // SAFETY: the caller has stored this before the state of which the share was claimed, points to what it keeps until
        // the share is finished, below, and stores another only then.
        let work = unsafe { *self.offer.0.work.load(Ordering::Relaxed) };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(share))) {
            *lock(&seldom.panic) = Some(panic);
            seldom.panicked.store(true, Ordering::SeqCst);
        }
        self.finished.0.fetch_add(1, Ordering::SeqCst);
        if seldom.waiting.load(Ordering::SeqCst)
            && let Some(caller) = lock(&seldom.caller).as_ref()
        {
            caller.unpark();
        }
    }
    fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.seldom.0.panicked.store(false, Ordering::SeqCst);
        lock(&self.seldom.0.panic).take()
    }
    /// Waits for a piece with a share that nobody has begun; `None` at the end.
    fn next(&self) -> Option<u64> {
        let seldom = &self.seldom.0;
        let ready = || self.now().open() != 0 || seldom.stop.load(Ordering::SeqCst);
        while !spin_until(ready) {
            seldom.sleeping.fetch_add(1, Ordering::SeqCst);
            // looked at after the count is up: whoever has work later sees the count and wakes this thread
            if !ready() {
                thread::park();
            }
            seldom.sleeping.fetch_sub(1, Ordering::SeqCst);
        }
        (!seldom.stop.load(Ordering::SeqCst)).then(|| self.now().turn())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.seldom.0.stop.store(true, Ordering::SeqCst);
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
        let both = AssertUnwindSafe(|| pool.run(2, &|_| panic!("each")));
        assert!(catch_unwind(both).is_err());
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
