//! The training thread with real runs, by messages.

use super::{bits, experiment, session_of, step};
use gradlab::experiment::{Experiment, apply_set};
use gradlab::training::{
    Autosave, Checkpoint, Command, Detail, Frame, Handle, Options, Point, Status, TensorFile,
};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::tempdir;

struct Bench {
    handle: Handle,
    told: Receiver<()>,
    points: Vec<Point>,
}

impl Bench {
    fn start(experiment: &Experiment, options: Options) -> Bench {
        let (tell, told) = channel();
        let notify = move || {
            let _ = tell.send(());
        };
        let handle = Handle::start(experiment.clone(), Path::new("."), options, notify);
        Bench {
            handle: handle.expect("a thread"),
            told,
            points: vec![],
        }
    }

    fn until(&mut self, wanted: impl Fn(&Frame) -> bool) -> Frame {
        loop {
            match self.handle.take() {
                Some(frame) => {
                    self.points.extend(frame.points.iter().cloned());
                    if wanted(&frame) {
                        return frame;
                    }
                }
                None => self.told.recv().expect("the thread lives"),
            }
        }
    }
}

#[test]
fn loads_waits_steps_and_tells_the_facts() {
    let mut bench = Bench::start(&experiment(""), Options::default());
    let frame = bench.until(|f| f.status == Status::Paused);
    let info = &frame.info;
    assert_eq!(
        (info.run, info.features, info.outputs, info.layers),
        (1, 13, 3, 3)
    );
    assert_eq!(info.train_rows + info.test_rows, 178);
    assert_eq!(info.parameters, 13 * 12 + 12 + 12 * 12 + 12 + 12 * 3 + 3);
    bench.handle.send(Command::Step(3));
    let frame = bench.until(|f| f.points.last().is_some_and(|p| p.step == 3));
    assert_eq!(
        frame.histograms.as_ref().map(|h| (h.step, h.layers.len())),
        Some((3, 3))
    );
    assert!(frame.points.last().is_some_and(|p| p.test.is_some()));
}

#[test]
fn a_run_that_begins_at_once_is_never_said_to_be_paused() {
    for (begin, status) in [
        (None, Status::Paused),
        (Some(Command::Run), Status::Running),
        (Some(Command::Step(1_000_000)), Status::Running),
    ] {
        let options = Options {
            begin,
            ..Options::default()
        };
        let mut bench = Bench::start(&experiment(""), options);
        let frame = bench.until(|f| !matches!(f.status, Status::Loading(_)));
        assert_eq!(frame.status, status);
    }
}

/// Paused and resumed, stepped and watched, in the thread: the same bits as a session stepped by hand.
#[test]
fn the_thread_changes_no_bit() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("w");
    let experiment = experiment("[training.stop]\nsteps = 500\n");
    let mut bench = Bench::start(&experiment, Options::default());
    for _ in 0..5 {
        bench.handle.send(Command::Step(7));
        bench.handle.send(Command::Pause);
        bench.handle.send(Command::Run);
        bench.handle.send(Command::Pause);
    }
    bench.handle.send(Command::Run);
    bench.until(|f| matches!(f.status, Status::Finished(_)));
    bench.handle.send(Command::SaveWeights(path.clone()));
    bench.until(|f| !f.notices.is_empty());
    let mut own = session_of(&experiment);
    step(&mut own, 500);
    assert_eq!(TensorFile::read(&path).expect("weights"), own.weights());
}

#[test]
fn a_restart_repeats_and_a_live_change_does_not_restart() {
    let mut bench = Bench::start(&experiment(""), Options::default());
    bench.handle.send(Command::Step(4));
    let first = bench.until(|f| f.points.last().is_some_and(|p| p.step == 4));
    bench.handle.send(Command::Restart);
    bench.handle.send(Command::Step(4));
    let again = bench.until(|f| f.info.run == 2 && f.points.last().is_some_and(|p| p.step == 4));
    assert_eq!(first.points.last(), again.points.last());
    let mut slower = experiment("");
    slower.training.optimizer = slower.training.optimizer.with_learning_rate(1e-4);
    bench.handle.send(Command::Replace(Box::new(slower)));
    bench.handle.send(Command::Step(1));
    let frame = bench.until(|f| f.points.last().is_some_and(|p| p.step == 5));
    assert_eq!(
        (frame.info.run, frame.points.last().map(|p| p.learning_rate)),
        (2, Some(1e-4))
    );
}

#[test]
fn a_network_too_large_fails_with_the_figure_and_an_edit_mends_it() {
    let mut large = experiment("");
    large.network.layers[0].units = 1_000_000_000;
    let mut bench = Bench::start(&large, Options::default());
    bench.until(|f| matches!(&f.status, Status::Failed(why) if !why.is_empty()));
    bench
        .handle
        .send(Command::Replace(Box::new(experiment(""))));
    bench.until(|f| f.status == Status::Paused && f.info.run == 2);
}

#[test]
fn autosaves_when_it_stops_and_resumes_from_there() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("auto");
    let experiment = experiment("[training.stop]\nsteps = 60\n");
    let options = Options {
        autosave: Some(Autosave {
            path: Some(path.clone()),
            every: Duration::MAX,
        }),
        ..Options::default()
    };
    let mut bench = Bench::start(&experiment, options);
    bench.handle.send(Command::Step(40));
    bench.until(|f| f.points.last().is_some_and(|p| p.step == 40));
    bench.handle.join();
    assert_eq!(Checkpoint::read(&path).expect("autosave").step, 40);
    let options = Options {
        resume: Some(path.clone()),
        ..Options::default()
    };
    let mut bench = Bench::start(&experiment, options);
    let frame = bench.until(|f| f.status == Status::Paused);
    assert_eq!(frame.points.last().map(|p| p.step), Some(40));
    bench.handle.send(Command::Run);
    bench.handle.send(Command::Checkpoint(path.clone()));
    bench.until(|f| matches!(f.status, Status::Finished(_)));
    bench.handle.send(Command::Checkpoint(path.clone()));
    bench.until(|f| !f.notices.is_empty());
    bench.handle.join();
    let mut whole = session_of(&experiment);
    step(&mut whole, 60);
    let options = gradlab::training::Start {
        resume: Some(path),
        ..Default::default()
    };
    assert_eq!(
        bits(&super::session_from(&experiment, &options)),
        bits(&whole)
    );
}

/// Its data is on a drive that is not there yet: once it is, the run goes on instead of starting anew.
#[test]
fn a_run_whose_data_was_missing_goes_on_once_it_is_there() {
    let folder = tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    let rows: String = (0..60)
        .map(|i| format!("{i},{},{}\n", i * i % 7, i % 2))
        .collect();
    std::fs::write(at("rows.csv"), format!("a,b,class\n{rows}")).expect("written");
    let experiment = experiment(&format!(
        "[data]\nkind = \"csv\"\npath = {:?}\ntarget = [\"class\"]\ntask = \"classification\"\n",
        at("rows.csv")
    ));
    let mut long = session_of(&experiment);
    long.advance(30, Detail::Stats);
    long.save(&at("c")).expect("saved");
    std::fs::rename(at("rows.csv"), at("away")).expect("moved");
    let options = Options {
        resume: Some(at("c")),
        ..Options::default()
    };
    let mut bench = Bench::start(&experiment, options);
    bench.until(|f| matches!(f.status, Status::Failed(_)));
    std::fs::rename(at("away"), at("rows.csv")).expect("moved");
    bench.handle.send(Command::Restart);
    bench.until(|f| f.status == Status::Paused);
    assert_eq!(bench.points.last().map(|p| p.step), Some(30));
    bench.handle.send(Command::Restart);
    bench.handle.send(Command::Step(1));
    bench.until(|f| f.points.last().is_some_and(|p| p.step == 1));
}

/// Once, not with every run that starts again.
#[test]
fn what_is_used_instead_of_what_was_asked_for_is_said_when_the_data_are_there() {
    let few = apply_set(&experiment(""), "data.train_rows=5000").expect("a change");
    let mut bench = Bench::start(&few, Options::default());
    let frame = bench.until(|f| f.status == Status::Paused);
    assert_eq!(frame.notices.len(), 1, "{:?}", frame.notices);
    assert!(frame.notices[0].starts_with("train_rows asks for 5,000 rows"));
    bench.handle.send(Command::Restart);
    let frame = bench.until(|f| f.status == Status::Paused && f.info.run == 2);
    assert!(frame.notices.is_empty(), "{:?}", frame.notices);
    let large = apply_set(&few, "training.batch_size=4096").expect("a change");
    bench.handle.send(Command::Replace(Box::new(large)));
    let frame = bench.until(|f| !f.notices.is_empty());
    let both = frame.notices[0].contains("train_rows asks")
        && frame.notices[0].contains("; batch_size asks");
    assert!(both, "{:?}", frame.notices);
}

#[test]
fn files_that_cannot_be_written_are_said_and_training_goes_on() {
    let folder = tempdir().expect("folder");
    let mut bench = Bench::start(&experiment(""), Options::default());
    let nowhere = folder.path().join("not there").join("c");
    bench.handle.send(Command::Checkpoint(nowhere.clone()));
    bench.handle.send(Command::Step(2));
    let frame = bench.until(|f| !f.notices.is_empty());
    assert!(
        frame.notices[0].contains("not written"),
        "{:?}",
        frame.notices
    );
    assert!(!nowhere.exists());
    if bench.points.last().is_none_or(|p| p.step < 2) {
        bench.until(|f| f.points.last().is_some_and(|p| p.step == 2));
    }
}

/// Stop rules and schedules that evaluate the test rows themselves leave the comparison with training rows to the screen; a run
/// that is opened again, finished, has it too.
#[test]
fn test_rows_are_compared_with_training_rows_whatever_ends_the_run() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    for rest in [
        "[training.stop]\nepochs = 30\n",
        "[training.stop]\nepochs = 30\npatience = 1000\n",
        "[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.1\n[training.stop]\npatience = 2\n",
        "[training.schedule]\nkind = \"plateau\"\n[training.stop]\nepochs = 30\n",
    ] {
        let experiment = experiment(rest);
        let mut bench = Bench::start(&experiment, Options::default());
        bench.handle.send(Command::Run);
        bench.until(|f| matches!(f.status, Status::Finished(_)));
        let last = bench.points.pop().expect("points");
        assert!(last.test.is_some() && last.fitted.is_some(), "{rest}");
        bench.handle.send(Command::Checkpoint(path.clone()));
        bench.until(|f| !f.notices.is_empty());
        let options = Options {
            resume: Some(path.clone()),
            ..Options::default()
        };
        let mut again = Bench::start(&experiment, options);
        again.until(|f| matches!(f.status, Status::Finished(_)));
        let seen = again.points.pop().expect("points");
        let figures = |p: &Point| (p.step, p.test, p.fitted);
        assert_eq!(figures(&seen), figures(&last), "{rest}");
    }
}
