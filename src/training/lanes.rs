//! Work on many files beside whoever asks for it. What is asked of one file is done in the order in which it was asked; a drive
//! that hangs holds up no other file.

use super::saver::{Outcome, Saver};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What has no answer after that is worth a word.
pub const LONG: Duration = Duration::from_secs(1);

type Work<T> = Box<dyn FnOnce() -> Outcome<T> + Send>;
type Tell = Arc<dyn Fn() + Send + Sync>;

/// A piece of work on a file.
pub struct Job<T> {
    work: Work<T>,
    is_write: bool,
    /// It may ask before it writes, and leave the file as it is.
    may_ask: bool,
    /// What is told, once, when there is no answer for long.
    late: Option<T>,
    asked: Instant,
}

impl<T> Job<T> {
    /// Nobody waits for it at the end.
    pub fn read(late: T, work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Self {
        Self::new(false, late, Box::new(work))
    }

    /// It is waited for. Where it has not begun when the next one is asked for, that one takes its place: the file would
    /// be replaced at once.
    pub fn write(late: T, work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Self {
        Self::new(true, late, Box::new(work))
    }

    /// As [`Job::write`], but it may ask instead of writing: what is certain to be written is written before it.
    pub fn write_or_ask(late: T, work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Self {
        Self {
            may_ask: true,
            ..Self::write(late, work)
        }
    }

    fn new(is_write: bool, late: T, work: Work<T>) -> Self {
        Self {
            work,
            is_write,
            may_ask: false,
            late: Some(late),
            asked: Instant::now(),
        }
    }
}

/// What is left of a job that has begun.
struct Begun<T> {
    is_write: bool,
    late: Option<T>,
    asked: Instant,
}

/// What is asked of one file.
pub struct Lane<T> {
    of: PathBuf,
    saver: Saver<T>,
    begun: Option<Begun<T>>,
    waiting: VecDeque<Job<T>>,
}

impl<T: Send + 'static> Lane<T> {
    fn new(of: PathBuf) -> Self {
        Self {
            of,
            saver: Saver::default(),
            begun: None,
            waiting: VecDeque::new(),
        }
    }

    fn put(&mut self, job: Job<T>) {
        match self.waiting.back_mut() {
            Some(last) if last.is_write && job.is_write && (last.may_ask || !job.may_ask) => {
                *last = job;
            }
            _ => self.waiting.push_back(job),
        }
    }

    fn begin(&mut self, tell: &Tell) {
        if self.saver.is_busy() {
            return;
        }
        self.begun = self.waiting.pop_front().map(|job| {
            let tell = Arc::clone(tell);
            self.saver.start_telling(job.work, move || tell());
            Begun {
                is_write: job.is_write,
                late: job.late,
                asked: job.asked,
            }
        });
    }

    /// Waits for what is to be written, however long it takes; what is only read is given up.
    pub fn end(mut self) -> Vec<Outcome<T>> {
        self.waiting.retain(|job| job.is_write);
        self.give_up_reading();
        let nobody: Tell = Arc::new(|| ());
        let mut outcomes = Vec::new();
        while let Some(outcome) = self.saver.wait() {
            outcomes.push(outcome);
            self.begin(&nobody);
        }
        outcomes
    }

    /// When each that has no answer was asked for, and its word, while that has not been said.
    fn unsaid(&mut self) -> impl Iterator<Item = (Instant, &mut Option<T>)> {
        let begun = self.begun.iter_mut().map(|b| (b.asked, &mut b.late));
        let waiting = self
            .waiting
            .iter_mut()
            .map(|job| (job.asked, &mut job.late));
        begun.chain(waiting).filter(|(_, late)| late.is_some())
    }
}

impl<T> Lane<T> {
    /// Unless something is to be written after it.
    fn give_up_reading(&mut self) {
        let reads = self.begun.as_ref().is_some_and(|begun| !begun.is_write);
        if reads && self.waiting.is_empty() {
            self.saver.let_go();
        }
    }
}

impl<T> Drop for Lane<T> {
    fn drop(&mut self) {
        self.waiting.clear();
        self.give_up_reading();
    }
}

pub struct Lanes<T> {
    lanes: Vec<Lane<T>>,
    tell: Tell,
}

impl<T: Send + 'static> Lanes<T> {
    /// `tell` is called whenever there is an outcome to take, on the thread that it comes from.
    pub fn new(tell: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            lanes: Vec::new(),
            tell: Arc::new(tell),
        }
    }

    pub fn start(&mut self, of: &Path, job: Job<T>) {
        // Another way to write the same name, as far as that is known without asking the drive.
        let of = std::path::absolute(of).unwrap_or_else(|_| of.to_path_buf());
        let place = self.lanes.iter().position(|lane| lane.of == of);
        let place = place.unwrap_or_else(|| {
            self.lanes.push(Lane::new(of));
            self.lanes.len() - 1
        });
        self.lanes[place].put(job);
        self.lanes[place].begin(&self.tell);
    }

    pub fn is_busy(&self) -> bool {
        !self.lanes.is_empty()
    }

    /// What has come of what was asked, each told once.
    pub fn outcomes(&mut self) -> Vec<Outcome<T>> {
        let mut outcomes = Vec::new();
        for lane in &mut self.lanes {
            while let Some(outcome) = lane.saver.outcome() {
                outcomes.push(outcome);
                lane.begin(&self.tell);
            }
        }
        self.lanes.retain(|lane| lane.saver.is_busy());
        outcomes
    }

    /// The words on what has taken long by now, each told once.
    pub fn late(&mut self, now: Instant) -> Vec<T> {
        let unsaid = self.lanes.iter_mut().flat_map(Lane::unsaid);
        let late = unsaid.filter(|(asked, _)| now.saturating_duration_since(*asked) >= LONG);
        late.filter_map(|(_, late)| late.take()).collect()
    }

    /// When there may be such a word.
    pub fn next_late(&mut self) -> Option<Instant> {
        let unsaid = self.lanes.iter_mut().flat_map(Lane::unsaid);
        unsaid.map(|(asked, _)| asked + LONG).min()
    }

    /// All that is under way, each file's to be waited for by itself.
    pub fn take(&mut self) -> Vec<Lane<T>> {
        std::mem::take(&mut self.lanes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Lanes, and how they say that something has come.
    fn lanes() -> (Lanes<String>, Receiver<()>) {
        let (tell, told) = channel();
        let lanes = Lanes::new(move || {
            let _ = tell.send(());
        });
        (lanes, told)
    }

    /// A job that does not come to its end before it is let.
    fn hanging(
        job: fn(String, Work<String>) -> Job<String>,
        name: &str,
    ) -> (Job<String>, Sender<()>) {
        let (letting, wait) = channel::<()>();
        let said = name.to_string();
        let work = move || {
            wait.recv().map_err(|e| e.to_string())?;
            Ok(said)
        };
        (job(format!("{name} is late"), Box::new(work)), letting)
    }

    fn read(late: String, work: Work<String>) -> Job<String> {
        Job::read(late, work)
    }

    fn write(late: String, work: Work<String>) -> Job<String> {
        Job::write(late, work)
    }

    fn write_or_ask(late: String, work: Work<String>) -> Job<String> {
        Job::write_or_ask(late, work)
    }

    fn at_once(job: fn(String, Work<String>) -> Job<String>, name: &str) -> Job<String> {
        let said = name.to_string();
        job(format!("{name} is late"), Box::new(move || Ok(said)))
    }

    /// The outcomes, in their order, until there are so many.
    fn outcomes(lanes: &mut Lanes<String>, told: &Receiver<()>, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        while all.len() < count {
            told.recv().expect("a word");
            all.extend(lanes.outcomes().into_iter().map(|o| o.expect("an outcome")));
        }
        all
    }

    #[test]
    fn one_files_work_is_done_in_order_and_no_other_file_waits_for_it() {
        let (mut lanes, told) = lanes();
        let (first, letting) = hanging(write, "first");
        let (a, b) = (Path::new("a"), Path::new("b"));
        lanes.start(a, first);
        lanes.start(a, at_once(read, "read"));
        lanes.start(Path::new("./a"), at_once(write, "overtaken"));
        lanes.start(a, at_once(write, "last"));
        lanes.start(b, at_once(write, "other"));
        assert_eq!(outcomes(&mut lanes, &told, 1), ["other"]);
        letting.send(()).expect("it waits");
        assert_eq!(outcomes(&mut lanes, &told, 3), ["first", "read", "last"]);
        assert!(!lanes.is_busy() && lanes.next_late().is_none());
    }

    #[test]
    fn what_may_only_ask_takes_the_place_of_nothing_that_is_written() {
        let (mut lanes, told) = lanes();
        let (first, letting) = hanging(write, "first");
        let a = Path::new("a");
        lanes.start(a, first);
        lanes.start(a, at_once(write, "written"));
        lanes.start(a, at_once(write_or_ask, "overtaken"));
        lanes.start(a, at_once(write_or_ask, "asked"));
        letting.send(()).expect("it waits");
        assert_eq!(
            outcomes(&mut lanes, &told, 3),
            ["first", "written", "asked"]
        );
    }

    #[test]
    fn what_takes_long_is_told_once_whether_it_has_begun_or_not() {
        let (mut lanes, _told) = lanes();
        let (first, letting) = hanging(write, "first");
        lanes.start(Path::new("a"), first);
        let begun = lanes.next_late().expect("a word to come");
        assert!(lanes.late(begun - LONG).is_empty());
        assert_eq!(lanes.late(begun), ["first is late"]);
        lanes.start(Path::new("a"), at_once(read, "read"));
        let later = lanes.next_late().expect("a word to come");
        assert_eq!(lanes.late(later), ["read is late"]);
        assert!(lanes.next_late().is_none() && lanes.late(later).is_empty());
        drop(letting);
    }

    #[test]
    fn at_the_end_what_is_written_is_waited_for_and_what_is_read_is_given_up() {
        let (mut lanes, _told) = lanes();
        let (hung, _never) = hanging(read, "read");
        lanes.start(Path::new("a"), hung);
        let (first, letting) = hanging(write, "first");
        lanes.start(Path::new("b"), first);
        lanes.start(Path::new("b"), at_once(read, "not read"));
        lanes.start(Path::new("b"), at_once(write, "last"));
        let (hung, _never) = hanging(read, "read");
        lanes.start(Path::new("c"), hung);
        letting.send(()).expect("it waits");
        let taken = lanes.take();
        let ends: Vec<Vec<Outcome<String>>> = taken.into_iter().map(Lane::end).collect();
        let said = |name: &str| Ok(name.to_string());
        assert_eq!(ends, [vec![], vec![said("first"), said("last")], vec![]]);
    }

    #[test]
    fn a_panic_is_an_outcome() {
        let (mut lanes, told) = lanes();
        let work: Work<String> = Box::new(|| panic!("no"));
        lanes.start(Path::new("a"), Job::write("late".into(), work));
        told.recv().expect("a word");
        let said = "the thread that writes panicked: no";
        assert_eq!(lanes.outcomes(), [Err(said.to_string())]);
    }
}
