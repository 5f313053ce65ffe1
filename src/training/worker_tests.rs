//! The loop, driven by messages: every test waits for a state, none for a time.

use super::*;
use crate::data::DataKind;
use crate::telemetry::{LayerStats, Score};
use crate::training::trainee::{Advance, Age, Snapshot};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A run of as many steps as its script allows.
#[derive(Default)]
struct Script {
    step: u64,
    evaluated: Option<u64>,
    name: String,
    ended: Option<Ended>,
    /// A panic left it half changed.
    torn: bool,
}

fn view_at(step: u64) -> DataView {
    DataView {
        step,
        split: crate::training::look::Split::Test,
        seen: crate::training::look::Seen::Residuals(crate::training::look::Residuals {
            pairs: Vec::new(),
            rms: 0.0,
            explained: 0.0,
        }),
    }
}

const PANIC: u64 = 1000;
const EPOCH: u64 = 10;

impl Trainee for Script {
    fn info(&self) -> RunInfo {
        RunInfo {
            layers: 1,
            steps_per_epoch: EPOCH,
            ..RunInfo::default()
        }
    }
    fn advance(&mut self, steps: u64, last: Detail) -> Advance {
        let mut rows = 0;
        for _ in 0..steps {
            self.step += 1;
            rows += 1;
            let breaks = self.name == "panics" || self.name == "tears";
            if breaks && self.step == PANIC {
                self.torn = self.name == "tears";
                self.step -= u64::from(!self.torn);
                panic!("a bug");
            }
            if self.name == "diverges" && self.step == PANIC {
                self.ended = Some(Ended::Diverged("layers.0".into()));
                break;
            }
        }
        Advance {
            steps: rows,
            rows,
            point: Some(Point {
                step: self.step,
                layers: match last {
                    Detail::Loss if self.ended.is_none() => Vec::new(),
                    _ => vec![LayerStats::default()],
                },
                test: self.evaluated.map(|s| Score {
                    loss: s as f64,
                    accuracy: None,
                }),
                ..Point::default()
            }),
            histograms: (last == Detail::Histograms).then(Vec::new),
            ended: self.ended.clone(),
        }
    }
    fn ended(&self) -> Option<Ended> {
        self.ended.clone()
    }
    fn comparison_age(&self) -> Option<Age> {
        let then = self.evaluated.unwrap_or(0);
        Some(Age {
            steps: self.step - then,
            epochs: self.step / EPOCH - then / EPOCH,
        })
    }
    fn compare(&mut self) -> Result<Scores, String> {
        self.evaluated = Some(self.step);
        Ok(Scores {
            test: Some(Score {
                loss: self.step as f64,
                accuracy: None,
            }),
            fitted: None,
        })
    }
    fn look(&mut self, _: &Lens) -> Result<DataView, String> {
        match self.name.as_str() {
            "cannot be looked at" => Err("no rows".into()),
            _ => Ok(view_at(self.step)),
        }
    }
    fn log(&self) -> Vec<Point> {
        Vec::new()
    }
    fn replace(&mut self, experiment: &Experiment) -> Change {
        if experiment.seed == 1 {
            self.name.clone_from(&experiment.name);
            Change::InPlace
        } else {
            Change::Restart
        }
    }
    fn snapshot(&self) -> Snapshot {
        let (step, hangs) = (self.step, self.name == "saves for ever");
        Box::new(move |path| {
            if hangs {
                let begun = path.with_extension(format!("begun-{step}"));
                std::fs::write(begun, "").map_err(|e| e.to_string())?;
                while path.with_extension("hangs").exists() {
                    thread::yield_now();
                }
            }
            // Whole, as a checkpoint is: never into a file that has a second name.
            let half = path.with_extension("half");
            std::fs::write(&half, step.to_string())
                .and_then(|()| std::fs::rename(&half, path))
                .map_err(|e| e.to_string())
        })
    }
    fn is_whole(&self) -> bool {
        !self.torn
    }
    fn weights(&self) -> Snapshot {
        Box::new(|_| Err("the disk is full".into()))
    }
}

fn experiment(name: &str, seed: u64) -> Experiment {
    let mut experiment = Experiment::on(DataKind::Wine {});
    (experiment.name, experiment.seed) = (name.into(), seed);
    experiment
}

/// A thread with a scripted run, and everything it said so far.
struct Bench {
    mailbox: Arc<Mailbox>,
    told: Receiver<()>,
    thread: Option<thread::JoinHandle<()>>,
    points: Vec<Point>,
    notices: Vec<String>,
}

impl Bench {
    fn start(name: &str, autosave: Option<Autosave>) -> Bench {
        Self::of(name, autosave, None)
    }

    /// One that has gone on from what is at `path`.
    fn resuming(path: &Path, autosave: Autosave) -> Bench {
        Self::of("", Some(autosave), Some(path.to_path_buf()))
    }

    fn of(name: &str, autosave: Option<Autosave>, own: Option<PathBuf>) -> Bench {
        let mailbox = Arc::new(Mailbox::default());
        let (tell, told) = channel();
        let (shared, first) = (Arc::clone(&mailbox), experiment(name, 1));
        let thread = thread::spawn(move || {
            let notify = move || {
                let _ = tell.send(());
            };
            let build = |_: Option<Script>, e: &Experiment, say: &dyn Fn(&str)| {
                say("loading");
                if e.name == "cannot be built" {
                    return Err("units = 0".into());
                }
                Ok(Script {
                    name: e.name.clone(),
                    ..Script::default()
                })
            };
            let path = autosave.as_ref().and_then(|a| a.path.clone());
            let place = Place::new(path, own, Path::new("."));
            Worker::new(&shared, &notify, first, build, autosave, place).run();
        });
        Bench {
            mailbox,
            told,
            thread: Some(thread),
            points: vec![],
            notices: vec![],
        }
    }

    /// Takes frames until one is as wanted.
    fn until(&mut self, wanted: impl Fn(&Frame) -> bool) -> Frame {
        loop {
            if let Some(frame) = self.mailbox.take() {
                self.points.extend(frame.points.iter().cloned());
                self.notices.extend(frame.notices.iter().cloned());
                if wanted(&frame) {
                    return frame;
                }
            } else {
                self.told.recv().expect("the thread lives");
            }
        }
    }

    fn step(&self) -> u64 {
        self.points.last().map_or(0, |p| p.step)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.mailbox.close();
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || thread::panicking());
        }
    }
}

#[test]
fn starts_paused_steps_exactly_and_pauses_with_histograms_and_a_test_score() {
    let mut bench = Bench::start("", None);
    bench.until(|f| f.status == Status::Paused);
    bench.mailbox.send(Command::Step(3));
    bench.mailbox.send(Command::Step(4));
    let mut bench_step = 0;
    while bench_step < 7 {
        let frame = bench.until(|f| f.status == Status::Paused);
        bench_step = bench.step();
        if bench_step == 7 {
            assert!(frame.histograms.is_some());
        }
    }
    assert_eq!(bench.step(), 7);
    assert_eq!(
        bench.points.last().and_then(|p| p.test).map(|t| t.loss),
        Some(7.0)
    );
}

/// The test rows are evaluated when the run comes to rest; its last point may have gone out before that.
#[test]
fn a_point_that_was_sent_unevaluated_is_sent_again_at_rest() {
    let (mailbox, notify) = (Mailbox::default(), || {});
    let build = |_: Option<Script>, _: &Experiment, _: &dyn Fn(&str)| Ok(Script::default());
    let place = Place::new(None, None, Path::new("."));
    let mut worker = Worker::new(&mailbox, &notify, experiment("", 1), build, None, place);
    worker.restart();
    let trainee = worker.trainee.as_mut().expect("a run");
    let point = trainee.advance(3, Detail::Stats).point;
    worker.points.extend(point);
    worker.show();
    let test = || {
        let points = mailbox.take().map_or(Vec::new(), |frame| frame.points);
        points.last().and_then(|p| p.test).map(|t| t.loss)
    };
    assert_eq!(test(), Some(0.0), "of the draw");
    worker.rest();
    assert_eq!(test(), Some(3.0));
    worker.rest();
    assert_eq!(test(), None, "once");
}

/// A run that is about to start is not said to be paused, and one that is to wait is not said to run.
#[test]
fn what_was_asked_for_while_a_run_is_built_is_heard_before_its_first_frame() {
    let (mailbox, notify) = (Mailbox::default(), || {});
    let build = |_: Option<Script>, _: &Experiment, _: &dyn Fn(&str)| Ok(Script::default());
    let place = Place::new(None, None, Path::new("."));
    let mut worker = Worker::new(&mailbox, &notify, experiment("", 1), build, None, place);
    for (asked, status) in [
        (Command::Run, Status::Running),
        (Command::Pause, Status::Paused),
        (Command::Step(3), Status::Running),
    ] {
        mailbox.send(Command::Watch(None));
        mailbox.send(asked);
        worker.restart();
        assert_eq!(mailbox.take().map(|frame| frame.status), Some(status));
    }
    assert_eq!(worker.wish, Wish::Steps(3));
    // What is about another run, or a file, has its turn afterwards.
    mailbox.send(Command::Replace(Box::new(experiment("", 2))));
    mailbox.send(Command::Pause);
    worker.restart();
    assert_eq!(worker.wish, Wish::Steps(3));
    assert_eq!(mailbox.commands().len(), 2);
}

#[test]
fn runs_until_paused_and_goes_on() {
    let mut bench = Bench::start("", None);
    bench.mailbox.send(Command::Run);
    bench.until(|f| f.status == Status::Running && !f.points.is_empty());
    bench.mailbox.send(Command::Pause);
    bench.until(|f| f.status == Status::Paused);
    let paused_at = bench.step();
    bench.mailbox.send(Command::Run);
    bench.until(|f| f.points.last().is_some_and(|p| p.step > paused_at));
    assert!(bench.points.windows(2).all(|w| w[0].step <= w[1].step));
}

#[test]
fn a_panic_becomes_a_status_and_a_restart_helps() {
    let mut bench = Bench::start("panics", None);
    bench.mailbox.send(Command::Run);
    let failed = |f: &Frame| matches!(&f.status, Status::Failed(why) if why.contains("a bug"));
    bench.until(failed);
    bench
        .mailbox
        .send(Command::Replace(Box::new(experiment("", 1))));
    let frame = bench.until(|f| f.points.last().is_some_and(|p| p.step > PANIC));
    assert_eq!(
        (frame.status, frame.info.run),
        (Status::Running, 2),
        "the wish to run outlives the panic"
    );
}

/// The run as it was before the step that broke it is saved, and the screen says where; what is torn is not saved over what
/// is whole.
#[test]
fn a_panic_saves_what_is_whole() {
    for (name, left, said) in [
        ("panics", Some(PANIC - 1), "the run up to there is saved in"),
        ("tears", None, "the last autosave stays"),
    ] {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("auto");
        let autosave = Autosave {
            path: Some(path.clone()),
            every: Duration::MAX,
        };
        let mut bench = Bench::start(name, Some(autosave));
        bench.mailbox.send(Command::Run);
        let frame = bench.until(|f| matches!(f.status, Status::Failed(_)));
        assert!(
            matches!(&frame.status, Status::Failed(why) if why.contains(said)),
            "{:?}",
            frame.status
        );
        drop(bench);
        let saved = std::fs::read_to_string(path).ok();
        assert_eq!(saved, left.map(|step| step.to_string()));
    }
}

#[test]
fn what_cannot_be_built_says_so_and_waits_for_another() {
    let mut bench = Bench::start("cannot be built", None);
    bench.mailbox.send(Command::Step(2));
    bench.until(|f| f.status == Status::Failed("units = 0".into()));
    bench
        .mailbox
        .send(Command::Replace(Box::new(experiment("", 2))));
    bench.until(|f| f.status == Status::Paused && f.info.run == 2);
    assert!(bench.step() <= 2);
}

#[test]
fn a_divergence_stops_the_run_until_it_starts_again() {
    let mut bench = Bench::start("diverges", None);
    bench.mailbox.send(Command::Run);
    bench.until(|f| f.status == Status::Diverged("layers.0".into()));
    assert_eq!(bench.step(), PANIC);
    bench.mailbox.send(Command::Run);
    bench.mailbox.send(Command::Restart);
    bench.until(|f| f.info.run == 2 && f.status == Status::Diverged("layers.0".into()));
}

#[test]
fn a_live_change_keeps_the_run_and_another_starts_it_again() {
    let mut bench = Bench::start("", None);
    bench.mailbox.send(Command::Step(5));
    bench.until(|f| f.status == Status::Paused && f.points.last().is_some_and(|p| p.step == 5));
    bench
        .mailbox
        .send(Command::Replace(Box::new(experiment("renamed", 1))));
    bench.mailbox.send(Command::Step(1));
    let frame = bench.until(|f| f.points.last().is_some_and(|p| p.step == 6));
    assert_eq!(frame.info.run, 1);
    bench
        .mailbox
        .send(Command::Replace(Box::new(experiment("other", 2))));
    bench.mailbox.send(Command::Step(1));
    let frame = bench.until(|f| f.points.last().is_some_and(|p| p.step == 1));
    assert_eq!(frame.info.run, 2);
}

#[test]
fn files_are_written_between_steps_and_failures_said_while_training_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c");
    let mut bench = Bench::start("", None);
    bench.mailbox.send(Command::Step(3));
    bench.until(|f| f.points.last().is_some_and(|p| p.step == 3));
    bench.mailbox.send(Command::Checkpoint(path.clone()));
    bench.mailbox.send(Command::Pause);
    bench.mailbox.send(Command::SaveWeights("w".into()));
    bench.mailbox.send(Command::Run);
    bench.until(|f| f.points.last().is_some_and(|p| p.step > 5));
    let said = |bench: &Bench, words: &str| bench.notices.iter().any(|n| n.contains(words));
    while !(said(&bench, "the disk is full") && said(&bench, "checkpoint written")) {
        bench.until(|f| !f.notices.is_empty());
    }
    // As it was when that was asked for, whatever it has become.
    assert_eq!(std::fs::read_to_string(path).expect("a checkpoint"), "3");
}

/// A checkpoint asked for on a drive that hangs is said; steps, other files and later ones of that file do not wait for it,
/// and the last is what is there at the end.
#[test]
fn a_checkpoint_that_hangs_holds_no_step_up_and_the_last_one_wins() {
    let folder = tempfile::tempdir().expect("folder");
    let [hung, other] = ["hung", "other"].map(|name| folder.path().join(name));
    std::fs::write(hung.with_extension("hangs"), "").expect("written");
    let mut bench = Bench::start("saves for ever", None);
    bench.mailbox.send(Command::Checkpoint(hung.clone()));
    for (step, path) in [(2, &hung), (3, &other), (4, &hung)] {
        bench.mailbox.send(Command::Step(1));
        bench.until(|f| f.points.last().is_some_and(|p| p.step == step - 1));
        bench.mailbox.send(Command::Checkpoint(path.clone()));
    }
    let said = |bench: &Bench, words: &str| bench.notices.iter().any(|n| n.contains(words));
    while !(said(&bench, "other") && said(&bench, "does not answer; training goes on")) {
        bench.until(|f| !f.notices.is_empty());
    }
    let text = |path: &Path| std::fs::read_to_string(path).ok();
    assert_eq!((text(&hung), text(&other)), (None, Some("2".into())));
    std::fs::remove_file(hung.with_extension("hangs")).expect("removed");
    drop(bench);
    assert_eq!(text(&hung), Some("3".into()));
}

#[test]
fn what_was_done_is_saved_when_the_handle_goes() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("auto");
    let autosave = Autosave {
        path: Some(path.clone()),
        every: Duration::MAX,
    };
    let mut bench = Bench::start("", Some(autosave));
    bench.mailbox.send(Command::Step(12));
    bench.until(|f| f.points.last().is_some_and(|p| p.step == 12));
    drop(bench);
    assert_eq!(std::fs::read_to_string(path).expect("autosave"), "12");
}

/// What starts again from its seed takes nothing from the long run that it leaves.
#[test]
fn a_restart_saves_what_it_leaves_and_keeps_it_beside_its_own() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("auto.checkpoint");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).ok();
    let autosave = Autosave {
        path: Some(path.clone()),
        every: Duration::MAX,
    };
    std::fs::write(&path, "a long run").expect("written");
    let mut bench = Bench::resuming(&path, autosave);
    let mut run = |command: Command, steps: u64| {
        bench.mailbox.send(command);
        bench.mailbox.send(Command::Step(steps));
        bench.until(|f| f.points.last().is_some_and(|p| p.step == steps));
    };
    run(Command::Pause, 5);
    run(Command::Restart, 2);
    // Too young to have been saved: it goes, and what was there stays.
    run(Command::Replace(Box::new(experiment("", 2))), 3);
    drop(bench);
    assert_eq!(read("auto-before.checkpoint").as_deref(), Some("5"));
    assert_eq!(read("auto.checkpoint").as_deref(), Some("3"));
}

/// Nothing that can be changed under way mends numbers that are not finite: the change is seen from the start.
#[test]
fn a_change_of_a_run_that_diverged_starts_it_again() {
    let mut bench = Bench::start("diverges", None);
    bench.mailbox.send(Command::Run);
    bench.until(|frame| matches!(frame.status, Status::Diverged(_)));
    let calm = experiment("calm", 1);
    bench.mailbox.send(Command::Replace(Box::new(calm)));
    bench.until(|frame| frame.info.run == 2 && !matches!(frame.status, Status::Diverged(_)));
}

/// A drive that is gone or full: every autosave that fails is said, and the run goes on.
#[test]
fn an_autosave_that_fails_is_said_and_training_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let autosave = Autosave {
        path: Some(folder.path().join("gone").join("auto")),
        every: Duration::ZERO,
    };
    let mut bench = Bench::start("", Some(autosave));
    bench.mailbox.send(Command::Run);
    bench.until(|f| !f.notices.is_empty());
    let then = bench.step();
    bench.until(|f| f.points.last().is_some_and(|p| p.step > then + 10));
    let said = &bench.notices[0];
    assert!(
        said.starts_with("autosave failed, training goes on: No such file"),
        "{said}"
    );
}

/// A drive that hangs: said, and neither waited for nor written to a second time; the newest is what is there at the end.
#[test]
fn a_save_that_hangs_holds_no_step_up() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("auto");
    std::fs::write(path.with_extension("hangs"), "").expect("written");
    let autosave = Autosave {
        path: Some(path.clone()),
        every: Duration::ZERO,
    };
    let mut bench = Bench::start("saves for ever", Some(autosave));
    bench.mailbox.send(Command::Run);
    let begun = || {
        let names = std::fs::read_dir(folder.path()).expect("a folder");
        let names = names.map(|n| {
            n.expect("a name")
                .file_name()
                .to_string_lossy()
                .into_owned()
        });
        names.filter(|n| n.contains("begun")).collect::<Vec<_>>()
    };
    while begun().is_empty() {
        thread::yield_now();
    }
    bench.until(|f| {
        f.notices
            .iter()
            .any(|n| n.contains("takes long; training goes on"))
    });
    let then = bench.step();
    bench.until(|f| f.points.last().is_some_and(|p| p.step > then + 10));
    assert_eq!(begun().len(), 1);
    bench.mailbox.send(Command::Pause);
    bench.until(|f| f.status == Status::Paused);
    let last = bench.step();
    std::fs::remove_file(path.with_extension("hangs")).expect("removed");
    drop(bench);
    let saved = std::fs::read_to_string(path).expect("autosave");
    assert_eq!(saved, last.to_string());
}

/// What is unsaved when the run is paused is saved without waiting for its end.
#[test]
fn a_paused_run_is_saved_too() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("auto");
    let autosave = Autosave {
        path: Some(path.clone()),
        every: Duration::from_millis(1),
    };
    let bench = Bench::start("", Some(autosave));
    bench.mailbox.send(Command::Step(12));
    while std::fs::read_to_string(&path).ok().as_deref() != Some("12") {
        thread::yield_now();
    }
}

/// A screen that never takes a frame costs the run nothing and holds it up nowhere; one frame shows the present.
#[test]
fn nobody_looking_stops_nothing() {
    let mut bench = Bench::start("diverges", None);
    bench.mailbox.send(Command::Run);
    bench.told.recv().expect("the first frame");
    // The thread is the only one that moves: it ends by its own rule with all its frames merged into one.
    bench.mailbox.send(Command::Checkpoint("/".into()));
    let frame = bench.until(|f| matches!(f.status, Status::Diverged(_)));
    assert_eq!(frame.points.last().map(|p| p.step), Some(PANIC));
}

#[test]
fn the_data_is_looked_at_when_asked_for_and_no_longer() {
    let mut bench = Bench::start("", None);
    let frame = bench.until(|f| f.status == Status::Paused);
    assert!(frame.view.is_none());
    let lens = Lens {
        grid: (2, 2),
        pictures: 1,
        passes: 0,
    };
    bench.mailbox.send(Command::Watch(Some(lens)));
    let frame = bench.until(|f| f.view.is_some());
    assert_eq!(frame.view.as_deref(), Some(&view_at(0)));
    bench.mailbox.send(Command::Step(5));
    let frame = bench.until(|f| f.points.last().is_some_and(|p| p.step == 5));
    assert_eq!(
        frame.view.as_deref(),
        Some(&view_at(5)),
        "a run at rest is shown as it is"
    );
    bench.mailbox.send(Command::Watch(None));
    bench.mailbox.send(Command::Step(1));
    let frame = bench.until(|f| f.points.last().is_some_and(|p| p.step == 6));
    assert!(frame.view.is_none());
}

#[test]
fn data_that_cannot_be_looked_at_is_said_once_and_training_goes_on() {
    let mut bench = Bench::start("cannot be looked at", None);
    let lens = Lens {
        grid: (2, 2),
        pictures: 1,
        passes: 0,
    };
    bench.mailbox.send(Command::Watch(Some(lens)));
    bench.mailbox.send(Command::Step(3));
    bench.mailbox.send(Command::Step(3));
    bench.until(|f| f.points.last().is_some_and(|p| p.step == 6));
    assert_eq!(bench.notices, ["the data cannot be looked at: no rows"]);
}

/// Every sequence of up to four commands, sent as fast as they go and closed at once: the thread ends, and the last command
/// is obeyed whatever came before it.
#[test]
fn commands_in_any_order_are_obeyed_and_the_thread_ends() {
    let folder = tempfile::tempdir().expect("folder");
    let last = folder.path().join("last");
    let replace = |name: &str, seed| Command::Replace(Box::new(experiment(name, seed)));
    let commands = [
        Command::Run,
        Command::Pause,
        Command::Step(2),
        Command::Restart,
        replace("renamed", 1),
        replace("other", 2),
        replace("cannot be built", 2),
        Command::Watch(None),
    ];
    let mut sequences: Vec<Vec<usize>> = vec![vec![]];
    let mut all = sequences.clone();
    for _ in 0..4 {
        let longer = |s: &Vec<usize>| {
            let s = s.clone();
            (0..commands.len()).map(move |next| [s.clone(), vec![next]].concat())
        };
        sequences = sequences.iter().flat_map(longer).collect();
        all.extend(sequences.iter().cloned());
    }
    assert_eq!(all.len(), 1 + 8 + 64 + 512 + 4096);
    for sequence in all {
        let bench = Bench::start("", None);
        for &command in &sequence {
            bench.mailbox.send(commands[command].clone());
        }
        // Whatever cannot be built is mended first.
        bench.mailbox.send(replace("", 2));
        bench.mailbox.send(Command::Checkpoint(last.clone()));
        drop(bench);
        assert!(last.exists(), "{sequence:?}");
        std::fs::remove_file(&last).expect("removed");
    }
}
