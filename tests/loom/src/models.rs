//! What is checked of every order.

use std::time::Duration;
use crate::mailbox::Mailbox;
use crate::{Command, Frame, Point};
use loom::sync::{Arc, mpsc};
use loom::thread;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub fn all() {
    // Three threads meet in too many orders: there, all with at most so many switches that no thread asked for.
    let models: [(&str, Option<usize>, fn()); 4] = [
        ("a sender and the end of all commands", None, one_sender),
        ("commands between steps", None, between_steps),
        ("frames, each taken when it is told of", None, frames),
        ("two senders", Some(3), two_senders),
    ];
    for (name, switches, model) in models {
        let orders = std::sync::Arc::new(AtomicU64::new(0));
        let counted = std::sync::Arc::clone(&orders);
        let mut checker = loom::model::Builder::new();
        checker.preemption_bound = switches;
        checker.check(move || {
            counted.fetch_add(1, Relaxed);
            model();
        });
        println!(
            "{name}: {} orders, each as it should be",
            orders.load(Relaxed)
        );
    }
}

/// All commands up to the end, as a training thread that only rests hears them.
fn heard(mailbox: &Mailbox) -> Vec<Command> {
    let mut heard = Vec::new();
    loop {
        heard.extend(mailbox.wait(Duration::MAX));
        if heard.last() == Some(&Command::Stop) {
            return heard;
        }
    }
}

/// Nothing is lost but what a later command takes the place of, the last wish is the last sent, and the end is heard.
fn one_sender() {
    let mailbox = Arc::new(Mailbox::default());
    let sender = Arc::clone(&mailbox);
    let outside = thread::spawn(move || {
        sender.send(Command::Run);
        sender.send(Command::Checkpoint(1));
        sender.send(Command::Pause);
        sender.close();
        sender.send(Command::Run);
    });
    let heard = heard(&mailbox);
    let expected = [
        Command::Run,
        Command::Checkpoint(1),
        Command::Pause,
        Command::Stop,
    ];
    assert_eq!(heard, expected);
    outside.join().expect("no panic");
}

/// Each one's commands come in its order, all of them.
fn two_senders() {
    let mailbox = Arc::new(Mailbox::default());
    let (one, two) = (Arc::clone(&mailbox), Arc::clone(&mailbox));
    let other = thread::spawn(move || two.send(Command::SaveWeights(2)));
    let outside = thread::spawn(move || {
        one.send(Command::Checkpoint(1));
        one.send(Command::Restart);
        other.join().expect("no panic");
        one.close();
    });
    let mut heard = heard(&mailbox);
    assert_eq!(heard.pop(), Some(Command::Stop));
    assert_eq!(
        heard
            .iter()
            .filter(|c| **c == Command::SaveWeights(2))
            .count(),
        1
    );
    heard.retain(|c| *c != Command::SaveWeights(2));
    assert_eq!(heard, [Command::Checkpoint(1), Command::Restart]);
    outside.join().expect("no panic");
}

/// A thread that moves looks for commands between two steps without taking the lock; once it rests it waits. What was sent
/// before it looked at last is never missed.
fn between_steps() {
    let mailbox = Arc::new(Mailbox::default());
    let sender = Arc::clone(&mailbox);
    let outside = thread::spawn(move || {
        sender.send(Command::Step(2));
        sender.send(Command::Step(3));
        sender.close();
    });
    let mut steps = 0;
    let mut ended = false;
    let mut take = |commands: Vec<Command>| {
        for command in commands {
            match command {
                Command::Step(more) => steps += more,
                Command::Stop => ended = true,
                other => panic!("{other:?}"),
            }
        }
        ended
    };
    for _ in 0..2 {
        if mailbox.pending() {
            take(mailbox.commands());
        }
    }
    while !take(mailbox.wait(Duration::MAX)) {}
    assert_eq!(steps, 5);
    assert!(mailbox.pending(), "the end is not forgotten");
    outside.join().expect("no panic");
}

/// Whoever takes a frame only when told of one gets every point, in order.
fn frames() {
    const STEPS: u64 = 3;
    let mailbox = Arc::new(Mailbox::default());
    let trainer = Arc::clone(&mailbox);
    let (bell, rung) = mpsc::channel();
    let training = thread::spawn(move || {
        for step in 0..STEPS {
            let point = Point {
                step,
                ..Point::default()
            };
            let frame = Frame {
                points: vec![point],
                ..Frame::default()
            };
            if trainer.put(frame) {
                bell.send(Some(())).expect("somebody listens");
            }
        }
        bell.send(None).expect("somebody listens");
    });
    let mut steps = Vec::new();
    while let Some(()) = rung.recv().expect("somebody rings") {
        let frame = mailbox.take().expect("told of");
        steps.extend(frame.points.iter().map(|p| p.step));
    }
    assert_eq!(steps, (0..STEPS).collect::<Vec<_>>());
    training.join().expect("no panic");
}
