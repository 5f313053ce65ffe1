//! The mailbox: every interleaving of a small model, and two threads at full speed.

use super::*;
use crate::training::{RunInfo, Status};
use proptest::prelude::*;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

fn point(step: u64, loss: f64) -> Point {
    Point {
        step,
        train: crate::telemetry::Score {
            loss,
            accuracy: None,
        },
        ..Point::default()
    }
}

fn frame(run: u64, points: Vec<Point>) -> Frame {
    Frame {
        status: Status::Running,
        info: Arc::new(RunInfo {
            run,
            layers: 1,
            ..RunInfo::default()
        }),
        points,
        rows_per_second: run as f64,
        histograms: None,
        view: None,
        notices: vec![],
    }
}

/// Every way to weave `left` and `right` (their own orders kept).
fn interleavings<T: Clone>(left: &[T], right: &[T]) -> Vec<Vec<T>> {
    match (left, right) {
        ([], rest) | (rest, []) => vec![rest.to_vec()],
        ([l, left_rest @ ..], [r, right_rest @ ..]) => {
            let mut all = Vec::new();
            for (head, tails) in [
                (l, interleavings(left_rest, right)),
                (r, interleavings(left, right_rest)),
            ] {
                all.extend(tails.into_iter().map(|mut tail| {
                    tail.insert(0, head.clone());
                    tail
                }));
            }
            all
        }
    }
}

/// The four operations are atomic (one lock each), so sequences of them are all that two threads can do.
#[test]
fn every_interleaving_of_frames_keeps_every_point_in_order_and_tells_the_taker() {
    #[derive(Clone, Copy)]
    enum Op {
        Put(u64),
        Take,
    }
    let puts: Vec<Op> = (0..6).map(Op::Put).collect();
    let all = interleavings(&puts, &[Op::Take; 5]);
    assert_eq!(all.len(), 462);
    for sequence in all {
        let mailbox = Mailbox::default();
        let (mut seen, mut told, mut waiting) = (Vec::new(), 0, false);
        for op in sequence {
            match op {
                Op::Put(step) => {
                    let tell = mailbox.put(frame(1, vec![point(step, 1.0)]));
                    assert_eq!(tell, !waiting);
                    (told, waiting) = (told + u32::from(tell), true);
                }
                Op::Take => {
                    let taken = mailbox.take();
                    assert_eq!(taken.is_some(), waiting);
                    waiting = false;
                    seen.extend(taken.into_iter().flat_map(|f| f.points));
                }
            }
        }
        seen.extend(mailbox.take().into_iter().flat_map(|f| f.points));
        let steps: Vec<u64> = seen.iter().map(|p| p.step).collect();
        assert_eq!(steps, (0..6).collect::<Vec<_>>());
        assert!(told >= 1);
    }
}

#[test]
fn every_interleaving_of_commands_ends_in_the_last_wish() {
    #[derive(Clone, Copy)]
    enum Op {
        Send(u8),
        Receive,
    }
    let command = |which| match which {
        0 => Command::Run,
        1 => Command::Step(3),
        2 => Command::Pause,
        3 => Command::Checkpoint("a".into()),
        4 => Command::Step(2),
        _ => Command::Step(2),
    };
    let sends: Vec<Op> = (0..6).map(Op::Send).collect();
    for sequence in interleavings(&sends, &[Op::Receive; 4]) {
        let mailbox = Mailbox::default();
        let mut got = Vec::new();
        for op in sequence {
            match op {
                Op::Send(which) => {
                    mailbox.send(command(which));
                    assert!(mailbox.pending());
                }
                Op::Receive => {
                    got.extend(mailbox.commands());
                    assert!(!mailbox.pending());
                }
            }
        }
        got.extend(mailbox.commands());
        let steps: u64 = got
            .iter()
            .skip_while(|c| !matches!(c, Command::Checkpoint(_)))
            .map(|c| if let Command::Step(n) = c { *n } else { 0 })
            .sum();
        assert_eq!(steps, 4);
        let kept = |wanted: fn(&Command) -> bool| got.iter().filter(|c| wanted(c)).count();
        assert_eq!(kept(|c| matches!(c, Command::Checkpoint(_))), 1);
        assert_eq!(kept(|c| matches!(c, Command::Pause)), 1);
    }
}

#[test]
fn a_held_key_does_not_fill_the_queue() {
    let mailbox = Mailbox::default();
    for _ in 0..10_000 {
        mailbox.send(Command::Run);
        mailbox.send(Command::Pause);
    }
    for _ in 0..10_000 {
        mailbox.send(Command::Restart);
    }
    let commands = mailbox.commands();
    assert!(matches!(commands[..], [Command::Pause, Command::Restart]));
}

#[test]
fn two_threads_at_full_speed_lose_nothing_and_end() {
    let mailbox = Arc::new(Mailbox::default());
    let theirs = Arc::clone(&mailbox);
    let worker = thread::spawn(move || {
        let (mut steps, mut saves) = (0, 0u32);
        for step in 0.. {
            theirs.put(frame(1, vec![point(step, 1.0)]));
            for command in theirs.wait(Duration::MAX) {
                match command {
                    Command::Step(n) => steps += n,
                    Command::SaveWeights(_) => saves += 1,
                    Command::Stop => return (steps, saves),
                    _ => {}
                }
            }
        }
        unreachable!("steps don't end")
    });
    let mut last = None;
    for i in 0..20_000u32 {
        mailbox.send(Command::Step(1));
        mailbox.send(Command::SaveWeights(i.to_string().into()));
        if let Some(frame) = mailbox.take() {
            let first = frame.points.first().map(|p| p.step);
            assert!(first > last);
            last = frame.points.last().map(|p| p.step);
        }
    }
    mailbox.close();
    mailbox.send(Command::Run);
    assert_eq!(worker.join().expect("worker"), (20_000, 20_000));
}

#[test]
fn a_new_run_drops_the_points_of_the_old() {
    let mailbox = Mailbox::default();
    mailbox.put(frame(1, vec![point(9, 1.0)]));
    mailbox.put(frame(2, vec![point(0, 1.0)]));
    let taken = mailbox.take().expect("a frame");
    assert_eq!((taken.info.run, taken.points.len()), (2, 1));
}

proptest! {
    #[test]
    fn merged_frames_are_bounded_ordered_and_keep_spikes(sizes in prop::collection::vec(0usize..200, 1..60), spike in 0u64..3000) {
        let mailbox = Mailbox::default();
        let mut step = 0;
        for size in sizes {
            let points = (0..size as u64).map(|i| point(step + i, if step + i == spike { 1e6 } else { 1.0 })).collect();
            step += size as u64;
            let mut new = frame(1, points);
            new.rows_per_second = step as f64;
            new.notices.push(step.to_string());
            mailbox.put(new);
        }
        let taken = mailbox.take().expect("a frame");
        prop_assert!(taken.points.len() <= max_points(1));
        prop_assert!(taken.points.windows(2).all(|w| w[0].step < w[1].step));
        prop_assert_eq!(taken.points.last().map_or(0, |p| p.step + 1), step);
        prop_assert_eq!(taken.rows_per_second, step as f64);
        prop_assert!(taken.notices.len() <= MAX_NOTICES);
        if spike < step {
            prop_assert!(taken.points.iter().any(|p| p.train.loss == 1e6));
        }
    }
}
