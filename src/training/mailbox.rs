//! The one place where the training thread and the rest of the program meet: a queue of commands one way, one frame the
//! other way. Nobody waits for the screen: a frame that was not taken takes the next one in.

use super::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering, PoisonError};
use super::{Command, Frame, Point};
use std::collections::VecDeque;
use std::time::Duration;

/// Most points of a frame or of a run's log, of this [`Point::weight`]; beyond it neighbours are thinned. About 9 MB.
pub fn max_points(weight: usize) -> usize {
    (100_000 / weight.max(1)).clamp(64, 1024)
}

/// Most notices of a frame; the oldest go first.
pub const MAX_NOTICES: usize = 32;

#[derive(Default)]
struct Letters {
    commands: VecDeque<Command>,
    frame: Option<Frame>,
    /// The sender is gone: no command will come any more.
    closed: bool,
}

/// Shared by the two sides. The lock is held for a move of values only, never while anything is computed or written.
#[derive(Default)]
pub struct Mailbox {
    letters: Mutex<Letters>,
    arrived: Condvar,
    /// Whether commands wait: read between steps without taking the lock.
    pending: AtomicBool,
}

impl Mailbox {
    /// A poisoned lock is taken as it is: every change below leaves the letters whole.
    fn lock(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a command. Repeated ones are joined where the joined command does the same, so that a held key cannot fill
    /// the queue while data is loaded.
    pub fn send(&self, command: Command) {
        let mut letters = self.lock();
        if letters.closed {
            return;
        }
        join_command(&mut letters.commands, command);
        self.pending.store(true, Ordering::Release);
        drop(letters);
        self.arrived.notify_one();
    }

    /// No more commands will come; what is queued is still applied.
    pub fn close(&self) {
        self.lock().closed = true;
        self.pending.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Whether commands (or the end of all commands) wait.
    pub fn pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Whether what waits makes the run that is being built pointless: its end, a restart, another experiment.
    pub fn overtaken(&self) -> bool {
        let ends =
            |c: &Command| matches!(c, Command::Stop | Command::Restart | Command::Replace(_));
        self.pending() && {
            let letters = self.lock();
            letters.closed || letters.commands.iter().any(ends)
        }
    }

    /// All commands that wait, in order; ends with `Stop` once the sender is gone. Doesn't block.
    pub fn commands(&self) -> Vec<Command> {
        Self::drain(&mut self.lock(), &self.pending)
    }

    /// Of the commands that wait those at the front that leave the run the one that it is: to run, to pause, to look. Doesn't
    /// block.
    pub fn wishes(&self) -> Vec<Command> {
        let mut letters = self.lock();
        let is_wish = |c: &Command| {
            matches!(
                c,
                Command::Run | Command::Pause | Command::Step(_) | Command::Watch(_)
            )
        };
        let count = letters.commands.iter().take_while(|c| is_wish(c)).count();
        let wishes = letters.commands.drain(..count).collect();
        let waits = letters.closed || !letters.commands.is_empty();
        self.pending.store(waits, Ordering::Release);
        wishes
    }

    /// Sleeps until there is a command, at most about so long.
    pub fn wait(&self, most: Duration) -> Vec<Command> {
        let mut letters = self.lock();
        if letters.commands.is_empty() && !letters.closed {
            let waited = self.arrived.wait_timeout(letters, most);
            letters = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Self::drain(&mut letters, &self.pending)
    }

    fn drain(letters: &mut Letters, pending: &AtomicBool) -> Vec<Command> {
        let mut commands: Vec<Command> = letters.commands.drain(..).collect();
        if letters.closed {
            commands.push(Command::Stop);
        }
        pending.store(letters.closed, Ordering::Release);
        commands
    }

    /// Leaves a frame; true when there was none before, which is when the taker needs to be told.
    pub fn put(&self, frame: Frame) -> bool {
        let mut letters = self.lock();
        match &mut letters.frame {
            Some(kept) => {
                merge(kept, frame);
                false
            }
            empty => {
                *empty = Some(frame);
                true
            }
        }
    }

    /// Takes the frame, if there is one. Doesn't block.
    pub fn take(&self) -> Option<Frame> {
        self.lock().frame.take()
    }

    /// Whether the last frame was taken: only then is it worth to measure histograms for the next.
    pub fn taken(&self) -> bool {
        self.lock().frame.is_none()
    }
}

/// Adds a command to the queue, joined with the last one where that changes nothing.
fn join_command(queue: &mut VecDeque<Command>, command: Command) {
    match (queue.back_mut(), &command) {
        (Some(last @ (Command::Run | Command::Pause)), Command::Run | Command::Pause) => {
            *last = command;
        }
        (Some(Command::Step(steps)), Command::Step(more)) => *steps = steps.saturating_add(*more),
        (Some(last @ Command::Replace(_)), Command::Replace(_))
        | (Some(last @ Command::Watch(_)), Command::Watch(_)) => *last = command,
        (Some(Command::Restart), Command::Restart) | (Some(Command::Stop), Command::Stop) => {}
        (Some(Command::Checkpoint(a)), Command::Checkpoint(b)) if a == b => {}
        (Some(Command::SaveWeights(a)), Command::SaveWeights(b)) if a == b => {}
        _ => queue.push_back(command),
    }
}

/// Takes a newer frame into one that was not taken: points and notices are appended, all else is the newest. Points of a
/// run that a newer one has replaced are dropped.
pub fn merge(kept: &mut Frame, newer: Frame) {
    if kept.info.run == newer.info.run {
        // One that is told again has been evaluated since.
        let again = newer.points.first().map(|p| p.step);
        kept.points.pop_if(|last| Some(last.step) == again);
        kept.points.extend(newer.points);
        bound(&mut kept.points);
        kept.histograms = newer.histograms.or(kept.histograms.take());
        kept.view = newer.view.or(kept.view.take());
    } else {
        kept.points = newer.points;
        kept.histograms = newer.histograms;
        kept.view = newer.view;
    }
    kept.notices.extend(newer.notices);
    let surplus = kept.notices.len().saturating_sub(MAX_NOTICES);
    kept.notices.drain(..surplus);
    kept.status = newer.status;
    kept.info = newer.info;
    kept.rows_per_second = newer.rows_per_second;
}

/// Thins points until so many are left as a frame may have.
pub fn bound(points: &mut Vec<Point>) {
    let weight = points.last().map_or(0, Point::weight);
    while points.len() > max_points(weight) {
        thin(points);
    }
}

/// Halves the points: of two neighbours the later stays, unless the earlier one stands out. The last point always stays.
pub fn thin(points: &mut Vec<Point>) {
    let mut earlier: Option<Point> = None;
    let newest = points.pop();
    let all = std::mem::take(points);
    for (i, point) in all.into_iter().enumerate() {
        if i % 2 == 0 {
            earlier = Some(point);
            continue;
        }
        points.push(match earlier.take() {
            Some(spike) if stands_out(&spike, &point) => spike,
            _ => point,
        });
    }
    points.extend(earlier.into_iter().chain(newest));
}

/// A spike that charts must not lose: a value that is not finite, a loss twice or a gradient ten times the neighbour's.
pub fn stands_out(spike: &Point, beside: &Point) -> bool {
    let finite = |p: &Point| p.train.loss.is_finite() && p.global_grad_norm.is_finite();
    if !finite(spike) || !finite(beside) {
        return finite(beside) && !finite(spike);
    }
    spike.train.loss > 2.0 * beside.train.loss.abs()
        || spike.global_grad_norm > 10.0 * beside.global_grad_norm
}

#[cfg(test)]
#[path = "mailbox_tests.rs"]
mod tests;
