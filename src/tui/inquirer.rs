//! The threads that answer the screen's questions: one for what the person is looking at, one for searches, which take as long
//! as many of the others. Of each kind the newest question waits, and what it takes the place of is never looked at.

use super::event_loop::{Bell, Event};
use super::inquiry::{Found, Question};
use crate::insight::cutoff;
use crate::training::guard::guarded;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// What waits for a thread.
#[derive(Default)]
struct Desk {
    waiting: Mutex<Waiting>,
    bell: Condvar,
    /// Looked at without the lock, in the middle of an answer too.
    closed: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    /// At most one of each kind, the oldest first.
    questions: Vec<Question>,
}

impl Waiting {
    fn put(&mut self, question: Question) {
        let like = |q: &Question| q.about.is_like(&question.about);
        match self.questions.iter().position(like) {
            Some(place) => self.questions[place] = question,
            None => self.questions.push(question),
        }
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // What is in it is whole after every statement.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, question: Question) {
        self.lock().put(question);
        self.bell.notify_one();
    }

    /// Sleeps until there is something to find out; `None` at the end.
    fn next(&self) -> Option<Question> {
        let mut waiting = self.lock();
        loop {
            if self.is_closed() {
                return None;
            }
            if !waiting.questions.is_empty() {
                return Some(waiting.questions.remove(0));
            }
            waiting = self
                .bell
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn close(&self) {
        // Under the lock, so that nobody goes to sleep between the look and the bell.
        let _waiting = self.lock();
        self.closed.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// A question with more to answer goes on, unless a newer one of its kind has come.
    fn put_back(&self, question: Question) {
        let mut waiting = self.lock();
        let newer = waiting
            .questions
            .iter()
            .any(|q| q.about.is_like(&question.about));
        if !newer {
            waiting.questions.push(question);
        }
    }
}

/// A thread and its desk.
struct Clerk {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

/// Dropping it ends the threads in the middle of what they are at, and waits for that.
pub struct Inquirer {
    looks: Clerk,
    searches: Clerk,
}

impl Inquirer {
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(bell: &Bell) -> io::Result<Self> {
        Ok(Self {
            looks: begin("gradlab-theory", bell.clone())?,
            searches: begin("gradlab-search", bell.clone())?,
        })
    }

    pub fn ask(&self, question: Question) {
        if question.about.is_search() {
            self.searches.desk.ask(question);
        } else {
            self.looks.desk.ask(question);
        }
    }
}

impl Drop for Inquirer {
    fn drop(&mut self) {
        self.looks.desk.close();
        self.searches.desk.close();
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.desk.close();
        if let Some(thread) = self.thread.take() {
            // A panic in it was an answer.
            let _ = thread.join();
        }
    }
}

fn begin(name: &str, bell: Bell) -> io::Result<Clerk> {
    let desk = Arc::new(Desk::default());
    let of_thread = Arc::clone(&desk);
    let thread = Builder::new()
        .name(name.into())
        .spawn(move || work(&of_thread, &bell))?;
    let thread = Some(thread);
    Ok(Clerk { desk, thread })
}

fn work(desk: &Arc<Desk>, bell: &Bell) {
    while let Some(mut question) = desk.next() {
        let (of_thread, wanted) = (Arc::clone(desk), question.wanted());
        let unwanted = move || of_thread.is_closed() || !wanted();
        let found = guarded(|| cutoff::until(unwanted, || question.answer()));
        if desk.is_closed() || !question.is_wanted() {
            // What it was cut off at is no answer.
            continue;
        }
        let answer = match found {
            Ok((answer, more)) => {
                if more {
                    desk.put_back(question);
                }
                answer
            }
            Err(why) => question.say(Found::Nothing(why)),
        };
        bell.ring(Event::Answered(Box::new(answer)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{self, DataKind, Dataset, Request};
    use crate::experiment::resolve;
    use crate::nn::vocabulary::Vocabulary;
    use crate::tui::inquiry::{About, Ticket};
    use crate::tui::samples;
    use std::path::Path;
    use std::sync::mpsc::TryRecvError;

    fn digits() -> Arc<Dataset> {
        let request = Request {
            kind: DataKind::named("digits").unwrap(),
            test_fraction: 0.2,
            standardize: true,
            train_rows: None,
            seed: 1,
        };
        Arc::new(data::load(&request, Path::new("."), &|_| {}).unwrap())
    }

    /// Whatever of the older ones was looked at, the newest is answered, and it is the last.
    #[test]
    fn the_newest_question_is_answered_last_and_the_threads_end() {
        let (experiment, data) = (samples::experiment(), digits());
        let spec = resolve::for_data(&experiment, &data).unwrap();
        let (bell, events) = Bell::new();
        let inquirer = Inquirer::start(&bell).unwrap();
        let tickets: Vec<Ticket> = (0..50).map(|_| Ticket::default()).collect();
        for ticket in &tickets {
            let about = About::Theory(spec.clone());
            inquirer.ask(Question::new(ticket, &experiment, &data, None, about));
        }
        loop {
            let Event::Answered(answer) = events.recv().unwrap() else {
                panic!("another event");
            };
            assert!(
                matches!(&answer.found, Found::Theory { theory: Some(theory), .. } if theory.layers.len() == 11)
            );
            if tickets[49].is_of(&answer) {
                break;
            }
        }
        drop((inquirer, bell));
        // The threads held the other ends.
        assert!(events.recv().is_err());
    }

    /// Whatever they are in the middle of: when the inquirer has gone, so have they.
    #[test]
    fn no_thread_outlives_the_inquirer() {
        let (mut experiment, data) = (samples::experiment(), digits());
        for layer in &mut experiment.network.layers {
            layer.repeat = 10_000;
        }
        let spec = resolve::for_data(&experiment, &data).unwrap();
        let ticket = Ticket::default();
        let (bell, events) = Bell::new();
        let inquirer = Inquirer::start(&bell).unwrap();
        for about in [
            About::Theory(spec.clone()),
            About::Advice(spec.clone(), None),
        ] {
            let question = Question::new(&ticket, &experiment, &data, None, about);
            inquirer.ask(question);
        }
        for clerk in [&inquirer.looks, &inquirer.searches] {
            while !clerk.desk.lock().questions.is_empty() {
                std::thread::yield_now();
            }
        }
        drop((inquirer, bell));
        // What they had found out before.
        events.try_iter().for_each(drop);
        assert_eq!(events.try_recv().err(), Some(TryRecvError::Disconnected));
    }

    #[test]
    fn of_each_kind_one_question_waits_and_unwanted_ones_are_passed_over() {
        let (experiment, data) = (samples::experiment(), digits());
        let spec = resolve::for_data(&experiment, &data).unwrap();
        let ticket = Ticket::default();
        let ask = |ticket: &Ticket, about| Question::new(ticket, &experiment, &data, None, about);
        let mut waiting = Waiting::default();
        waiting.put(ask(&ticket, About::Theory(spec.clone())));
        waiting.put(ask(&ticket, About::Advice(spec.clone(), None)));
        waiting.put(ask(&Ticket::default(), About::Theory(spec)));
        assert_eq!(waiting.questions.len(), 2);
        assert!(!waiting.questions[0].is_wanted() && waiting.questions[1].is_wanted());
    }
}
