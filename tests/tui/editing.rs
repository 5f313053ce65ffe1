//! Edits by keys and mouse: what they make of the experiment, and what training is told.

use super::bench::{Bench, frame, points, running};
use gradlab::data::DataKind;
use gradlab::experiment::{self, BatchSize, Experiment};
use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::schedule::Schedule;
use gradlab::nn::vocabulary::Vocabulary;
use gradlab::training::{Command, Status};
use gradlab::tui::app::{NetworkRow, Tone};
use gradlab::tui::layout::Pane;
use gradlab::tui::message::{Effect, Message, Obstacle, Openable, Saving, Source};
use gradlab::tui::overlay::{Completion, Overlay, Subject};
use std::path::{Path, PathBuf};

const TWO_LAYERS: &str = r#"
format = 1
[data]
kind = "digits"
[network]
activation = "relu"
init = "he-normal"
[[network.layers]]
units = 30
[[network.layers]]
units = 20
"#;

/// The experiment that training was last told to train.
fn replaced(bench: &mut Bench) -> Option<Experiment> {
    bench.sent().into_iter().rev().find_map(|c| match c {
        Command::Replace(e) => Some(*e),
        _ => None,
    })
}

/// Where the Network pane's row is none of a layer, the flow and the Layer pane mark one nevertheless.
#[test]
fn keys_in_the_flow_and_its_layer_are_of_the_layer_that_is_marked_there() {
    for pane in ["2", "5"] {
        for (row, marked) in [("end", NetworkRow::Output), ("home", NetworkRow::Layer(0))] {
            let mut bench = running(120, 36);
            bench.keys(&format!("1 down {row} {pane}"));
            assert_eq!(bench.app.network_selection(), marked, "{row} {pane}");
            bench.keys("x");
            let network = &bench.app.experiment.network;
            let frozen = (network.layers[0].frozen, network.output.frozen);
            let is_output = marked == NetworkRow::Output;
            assert_eq!(frozen, (!is_output, is_output), "{row} {pane}");
            bench.keys("1 enter");
            let text = bench.text();
            assert!(
                !text.contains("Output layer") && !text.contains("Layer entry"),
                "{text}"
            );
        }
    }
}

/// Until the new run reports, the figures are of the layers that the old one had.
#[test]
fn no_figure_stands_at_a_layer_that_it_is_not_of() {
    for (edit, layers) in [("a", 4), ("d", 2), ("J", 3), ("u", 3)] {
        let mut bench = Bench::on(experiment::parse(TWO_LAYERS, "two").expect("valid"));
        bench.resize(120, 36);
        bench.tell(Message::Frame(frame(
            1,
            Status::Running,
            3,
            points(3, 0..400),
        )));
        let without = |bench: &Bench| {
            let text = bench.text();
            text.lines().filter(|l| l.contains("     -      -")).count()
        };
        bench.keys("x +");
        assert_eq!(without(&bench), 3, "{}", bench.text());
        bench.keys(&format!("u {edit}"));
        let is_back = edit == "u";
        let dashes = if is_back { 0 } else { layers };
        assert_eq!(without(&bench), dashes, "{edit}: {}", bench.text());
        assert_eq!(bench.app.histograms_shown().is_some(), is_back, "{edit}");
        let next = frame(2, Status::Running, layers, points(layers, 0..2));
        bench.tell(Message::Frame(next));
        assert_eq!(without(&bench), 0, "{edit}: {}", bench.text());
        assert_eq!(bench.app.layers_shown().len(), layers, "{edit}");
    }
}

/// An activation that is written out is the one that was meant before.
#[test]
fn figures_stay_where_the_layers_are_the_same_in_other_words() {
    let mut bench = Bench::on(experiment::parse(TWO_LAYERS, "two").expect("valid"));
    bench.resize(120, 36);
    let first = frame(1, Status::Running, 3, points(3, 0..400));
    bench.tell(Message::Frame(first));
    let mut next = bench.app.experiment.clone();
    next.network.layers[0].activation = Some(Activation::Relu);
    assert_ne!(next.network, bench.app.experiment.network);
    bench.app.replace(next);
    assert_eq!(bench.app.layers_shown().len(), 3);
}

#[test]
fn an_edit_reaches_training_at_once_and_can_be_taken_back() {
    let mut bench = running(120, 36);
    bench.keys("a");
    assert_eq!(bench.app.experiment.network.layers.len(), 2);
    assert!(bench.app.is_changed());
    let told = replaced(&mut bench).expect("a replacement");
    assert_eq!(told, bench.app.experiment);
    bench.keys("u");
    assert_eq!(bench.app.experiment.network.layers.len(), 1);
    assert!(!bench.app.is_changed());
    assert_eq!(replaced(&mut bench), Some(bench.app.experiment.clone()));
    bench.keys("ctrl-r");
    assert_eq!(bench.app.experiment, told);
}

#[test]
fn layers_are_added_doubled_moved_resized_and_deleted() {
    let mut bench = running(120, 36);
    bench.keys("a + + K");
    let units = |b: &Bench| {
        b.app
            .experiment
            .network
            .layers
            .iter()
            .map(|l| l.units)
            .collect::<Vec<_>>()
    };
    assert_eq!(units(&bench), [121, 100]);
    bench.keys("D J d");
    assert_eq!(units(&bench), [121, 100]);
    bench.keys("1 g j d d");
    assert_eq!(units(&bench), [] as [usize; 0]);
    bench.keys("d");
    let toast = bench.app.toast.as_ref().expect("a reason");
    assert!(toast.tone == Tone::Trouble && toast.text.contains("select a hidden layer"));
}

#[test]
fn a_picker_filters_and_sets_the_layer_of_the_selection() {
    let mut bench = running(120, 36);
    bench.keys("A t a n h enter");
    assert_eq!(
        bench.app.experiment.network.layers[0].activation,
        Some(Activation::Tanh {})
    );
    assert!(bench.text().contains("tanh"));
    bench.keys("I h e - u enter");
    assert_eq!(
        bench.app.experiment.network.layers[0].init,
        Some(Initializer::HeUniform {})
    );
    // The output layer's own.
    bench.keys("j I z e r o s enter");
    assert_eq!(
        bench.app.experiment.network.output.init,
        Some(Initializer::Zeros {})
    );
}

#[test]
fn an_entry_without_defaults_asks_for_what_it_needs() {
    let mut bench = running(120, 36);
    bench.keys("4 g");
    bench.down_to("schedule");
    bench.keys("enter s t e p enter x enter");
    assert!(bench.text().contains("no whole number"), "{}", bench.text());
    bench.keys("backspace 5 0 0 enter");
    assert_eq!(
        bench.app.experiment.training.schedule,
        Schedule::Step {
            every: 500,
            factor: 0.1
        }
    );
}

#[test]
fn the_training_pane_edits_numbers_by_typing_and_by_plus() {
    let mut bench = running(120, 36);
    bench.keys("4 g");
    bench.down_to("learning_rate");
    bench.keys("+");
    assert_eq!(bench.app.experiment.training.optimizer, sgd(0.2));
    bench.keys("enter ctrl-u 3 e - 2 enter");
    assert_eq!(bench.app.experiment.training.optimizer, sgd(0.03));
    // What does not fit is refused where it is typed, and the value stays.
    bench.keys("enter ctrl-u - 1 enter");
    assert!(bench.text().contains("out of range"));
    bench.keys("esc");
    assert_eq!(bench.app.experiment.training.optimizer, sgd(0.03));
}

fn sgd(learning_rate: f64) -> Optimizer {
    Optimizer::Sgd {
        learning_rate,
        momentum: 0.0,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 0.0,
    }
}

#[test]
fn batch_size_takes_the_word_full() {
    let mut bench = running(120, 36);
    bench.keys("4 g");
    bench.down_to("batch_size");
    bench.keys("enter ctrl-u f u l l enter");
    assert_eq!(bench.app.experiment.training.batch_size, BatchSize::Full);
}

#[test]
fn the_files_rules_refuse_an_edit_and_say_why() {
    let mut bench = running(120, 36);
    bench.keys("a +");
    let before = bench.app.experiment.clone();
    // A skip over unequal widths.
    bench.keys("enter");
    bench.down_to("skip");
    bench.keys("enter");
    assert_eq!(bench.app.experiment, before);
    assert!(
        bench
            .app
            .toast
            .as_ref()
            .is_some_and(|t| t.text.contains("skip")),
        "{:?}",
        bench.app.toast
    );
}

#[test]
fn space_pauses_and_runs() {
    let mut bench = running(120, 36);
    bench.keys("space");
    assert!(matches!(bench.sent()[..], [Command::Pause]));
    bench.tell(Message::Frame(frame(1, Status::Paused, 11, vec![])));
    assert!(bench.text().contains("paused"));
    bench.keys(".");
    assert!(matches!(bench.sent()[..], [Command::Step(1)]));
    bench.keys("space");
    assert!(matches!(bench.sent()[..], [Command::Run]));
}

#[test]
fn a_run_that_is_replaced_stays_on_the_charts() {
    let mut bench = running(120, 36);
    bench.keys("n");
    bench.tell(Message::Frame(frame(
        2,
        Status::Running,
        11,
        points(11, 0..3),
    )));
    let pinned = bench.app.baseline().expect("the run before");
    assert_eq!(pinned.record.step(), 399);
    assert_eq!(pinned.experiment.seed, 42);
    assert_eq!(bench.app.run.record.step(), 2);
}

/// The save that was asked for last.
fn saving(bench: &mut Bench) -> Saving {
    match bench.effects.pop() {
        Some(Effect::Save(saving)) => saving,
        other => panic!("no save: {other:?}"),
    }
}

#[test]
fn quitting_asks_only_when_something_is_unsaved() {
    let mut bench = running(80, 24);
    bench.keys("q");
    assert!(matches!(bench.effects[..], [Effect::Quit]));
    let mut bench = running(80, 24);
    bench.keys("n q");
    assert!(bench.text().contains("not saved"));
    bench.keys("esc");
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Quit)));
    bench.keys("q q");
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Quit)));
}

/// No file is replaced before the person has said so, and no quit is left hanging by a question that is not answered.
#[test]
fn a_file_that_is_there_is_replaced_only_after_a_second_enter() {
    let mut bench = running(120, 36);
    bench.keys("n S ctrl-u x . t o m l enter");
    let saving = saving(&mut bench);
    let path = saving.path.clone();
    let goal = saving.ask.clone().expect("a question");
    bench.tell(Message::Exists(path.clone(), goal.clone(), Obstacle::There));
    assert!(
        bench.text().contains("x.toml is there already"),
        "{}",
        bench.text()
    );
    bench.keys("enter");
    let replaced = self::saving(&mut bench);
    assert!(replaced.ask.is_none(), "{replaced:?}");
    // Another name is asked about again.
    bench.keys("S ctrl-u x . t o m l enter");
    bench.tell(Message::Exists(path.clone(), goal.clone(), Obstacle::There));
    bench.keys("ctrl-u y . t o m l enter");
    let other = self::saving(&mut bench);
    assert!(other.ask.is_some(), "{other:?}");
    bench.tell(Message::Saved(other, Err("full".into())));
    // Left alone, nothing is written and nothing ends.
    bench.keys("q s ctrl-u x . t o m l enter");
    bench.tell(Message::Exists(path, goal, Obstacle::There));
    bench.keys("esc").tell(Message::Saved(saving, Ok(())));
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Quit)));
    for key in ["w", "W"] {
        bench.effects.clear();
        bench.keys("esc").keys(key).keys("enter");
        let asks = |e: &Effect| matches!(e, Effect::Write { ask: Some(_), .. });
        let asked = bench.effects.iter().any(asks);
        assert!(asked, "{key} {:?}", bench.effects);
    }
}

#[test]
fn what_waits_for_a_restart_and_what_begins_now_is_said() {
    let mut bench = running(120, 36);
    bench.tell(Message::Frame(frame(
        1,
        Status::Finished("400 steps".into()),
        11,
        points(11, 400..401),
    )));
    bench.keys("4 j j j +");
    assert!(
        bench.text().contains("r starts it again with the change"),
        "{}",
        bench.text()
    );
}

#[test]
fn an_edit_taken_back_while_paused_says_that_the_run_waits() {
    let said = |keys: &str| {
        let mut bench = running(200, 36);
        bench.keys(keys);
        bench.keys("n");
        let again = |run| Message::Frame(frame(run, Status::Paused, 11, points(11, 0..1)));
        bench.tell(again(2)).keys("u").tell(again(3));
        bench.text()
    };
    let text = said("");
    assert!(
        text.contains("begins anew and takes the same 399 steps again"),
        "{text}"
    );
    let text = said("space");
    assert!(
        text.contains("the run waits at its start; space takes the same 399 steps again"),
        "{text}"
    );
}

#[test]
fn a_failed_save_says_why_and_keeps_the_edit() {
    let mut bench = running(120, 36);
    bench.keys("n S ctrl-u x . t o m l enter");
    let saving = saving(&mut bench);
    assert_eq!(*saving.experiment, bench.app.experiment);
    bench.tell(Message::Saved(saving.clone(), Err("disk full".into())));
    assert!(bench.app.is_changed() && bench.text().contains("disk full"));
    // What was typed is there to be mended.
    let typed = match bench.app.overlays.last() {
        Some(Overlay::Prompt(prompt)) => prompt.line.text(),
        other => panic!("{other:?}"),
    };
    assert_eq!(typed, "x.toml");
    bench.tell(Message::Saved(saving, Ok(())));
    assert!(!bench.app.is_changed());
    assert_eq!(bench.app.origin.path, Some(PathBuf::from("x.toml")));
}

#[test]
fn a_faulty_preset_is_shown_with_its_fault_and_the_others_open() {
    let mut bench = running(120, 36);
    let good = experiment::parse(
        "format = 1\nname = \"good\"\n[data]\nkind = \"moons\"\n",
        "good.toml",
    )
    .expect("valid");
    let openable = |name: &str, source| Openable {
        name: name.into(),
        note: "preset".into(),
        description: String::new(),
        source,
    };
    bench.keys("o");
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::List)));
    let list = || {
        Message::Listed(vec![
            openable(
                "bad",
                Source::Preset(Err("bad.toml:3:1: unknown activation `rleu`".into())),
            ),
            openable("good", Source::Preset(Ok(Box::new(good.clone())))),
        ])
    };
    bench.tell(list());
    assert!(bench.text().contains("rleu"));
    bench.keys("enter");
    assert!(bench.text().contains("cannot be opened"));
    bench.keys("esc o").tell(list()).keys("down enter");
    assert_eq!(bench.app.experiment.name, "good");
    assert!(matches!(
        bench.app.experiment.data.kind,
        DataKind::Moons { .. }
    ));
    assert!(
        bench
            .effects
            .iter()
            .any(|e| matches!(e, Effect::Start { .. }))
    );
}

#[test]
fn help_finds_an_action_and_does_it() {
    let mut bench = running(120, 36);
    bench.keys("? z o o m enter");
    assert!(bench.app.zoomed && bench.app.overlays.is_empty());
    bench.keys(": d u p l i enter");
    assert_eq!(bench.app.experiment.network.layers.len(), 2);
}

#[test]
fn a_click_focuses_and_selects_and_a_second_one_edits() {
    let mut bench = running(120, 36);
    let row = bench
        .text()
        .lines()
        .position(|l| l.contains("optimizer"))
        .expect("a row") as u16;
    bench.click(5, row);
    assert_eq!(bench.app.focus, gradlab::tui::layout::Pane::Training);
    bench.click(5, row);
    assert!(matches!(bench.app.overlays.last(), Some(Overlay::List(_))));
    bench.click(0, 0);
    assert!(bench.app.overlays.is_empty());
}

#[test]
fn the_selected_layer_is_the_same_in_both_lists() {
    let mut bench = running(120, 36);
    bench.keys("2 G");
    assert_eq!((bench.app.layer, bench.app.network_row), (0, 1));
    bench.keys("g");
    assert_eq!((bench.app.layer, bench.app.network_row), (10, 2));
    bench.keys("1 k");
    assert_eq!(bench.app.layer, 0);
}

#[test]
fn what_is_pasted_is_cleaned() {
    let mut bench = running(120, 36);
    bench
        .keys("S ctrl-u")
        .tell(Message::Paste("a\u{1b}[31m\nb.toml".into()));
    assert!(bench.text().contains("> a[31m b.toml"));
}

#[test]
fn the_cursor_reads_earlier_steps_off_the_charts() {
    let mut bench = running(120, 36);
    bench.keys("left left");
    assert_eq!(bench.app.cursor, Some(385));
    assert!(bench.text().contains("at step 385"));
    bench.keys("right right");
    assert_eq!(bench.app.cursor, None);
    bench.keys("left esc");
    assert_eq!(bench.app.cursor, None);
}

#[test]
fn a_copied_link_opens_when_it_is_pasted_and_asks_before_it_hides_changes() {
    let mut bench = running(120, 36);
    bench.keys("a A t a n h enter");
    let edited = bench.app.experiment.clone();
    bench.effects.clear();
    bench.keys("Y");
    let link = bench
        .effects
        .drain(..)
        .find_map(|e| match e {
            Effect::Copy(text) => Some(text),
            _ => None,
        })
        .expect("a link on the clipboard");
    assert!(link.starts_with("gl1:"));

    let mut other = running(120, 36);
    other.tell(Message::Paste(format!(
        "{}\n{}\n",
        &link[..40],
        &link[40..]
    )));
    assert_eq!(other.app.experiment, edited);
    assert!(!other.app.is_changed());
    assert!(other.effects.iter().any(
        |e| matches!(e, Effect::Start { experiment, resume: None, .. } if **experiment == edited)
    ));

    // Unsaved changes are asked about first, and the old experiment comes back.
    let mut changed = running(120, 36);
    changed.keys("a");
    let mine = changed.app.experiment.clone();
    let toml = experiment::to_toml(&edited);
    changed.tell(Message::Paste(toml.clone()));
    assert!(changed.text().contains("not saved"));
    changed.keys("esc");
    assert_eq!(changed.app.experiment, mine);
    changed.tell(Message::Paste(toml)).keys("o");
    assert_eq!(changed.app.experiment, edited);
    changed.keys("u");
    assert_eq!(changed.app.experiment, mine);
}

#[test]
fn what_is_no_experiment_is_not_opened_when_pasted() {
    let mut bench = running(120, 36);
    let before = bench.app.experiment.clone();
    bench.tell(Message::Paste("rm -rf".into()));
    let toast = bench.app.toast.as_ref().expect("a reason");
    assert!(toast.text.contains("no experiment"), "{}", toast.text);
    bench.tell(Message::Paste(
        "format = 1\n[network]\nactivation = \"rleu\"".into(),
    ));
    assert!(bench.text().contains("relu"), "{}", bench.text());
    bench.keys("esc").tell(Message::Paste("gl1:????".into()));
    assert!(bench.text().contains("damaged"));
    assert_eq!(bench.app.experiment, before);
}

#[test]
fn a_slash_finds_a_layer_or_a_setting_by_its_name() {
    let mut bench = running(120, 36);
    bench.keys("/ o u t p u t enter");
    assert_eq!(bench.app.focus, Pane::Network);
    assert_eq!(bench.app.network_selection(), NetworkRow::Output);
    assert_eq!(bench.app.layer, 10);
    bench.keys("/ l e a r n i n g _ r a t e enter");
    assert_eq!(bench.app.focus, Pane::Training);
    let field = bench.app.selected_field().expect("a field");
    assert_eq!(field.label(&bench.app.experiment), "learning_rate");
    // Nothing but the selection has changed.
    assert!(!bench.app.is_changed());
}

#[test]
fn another_experiment_is_opened_over_unsaved_changes_only_after_a_question() {
    let mut bench = running(120, 36);
    bench.keys("+");
    let edited = bench.app.experiment.clone();
    let other = experiment::presets::find("spiral").expect("a preset");
    let other = other.experiment().expect("valid");
    let opened = Message::Opened("spiral.toml".into(), Ok(Box::new(other.clone())));
    bench.keys("O s p i r a l . t o m l enter").tell(opened);
    assert_eq!(bench.app.experiment, edited);
    assert!(bench.text().contains("changes that are not saved"));
    bench.keys("o");
    assert_eq!(bench.app.experiment, other);
    assert_eq!(
        bench.app.origin.path.as_deref(),
        Some(Path::new("spiral.toml"))
    );
    bench.keys("u");
    assert_eq!(bench.app.experiment, edited);
}

#[test]
fn of_a_run_that_diverged_a_step_is_its_first() {
    let mut bench = running(120, 36);
    let diverged = Status::Diverged("layer 3, forward".into());
    bench.tell(Message::Frame(frame(1, diverged, 11, points(11, 400..401))));
    bench.sent();
    bench.keys(".");
    let sent = bench.sent();
    assert!(
        matches!(sent[..], [Command::Restart, Command::Step(1)]),
        "{sent:?}"
    );
}

/// The question for a table's columns that the screen asked last.
fn columns_asked(bench: &mut Bench) -> Completion {
    let asked = bench.effects.drain(..).find_map(|effect| match effect {
        Effect::Columns(path, completion) => Some((path, completion)),
        _ => None,
    });
    let (path, completion) = asked.expect("the columns are asked for");
    assert_eq!(path, Path::new("t.csv"));
    completion
}

#[test]
fn a_tables_columns_and_its_task_are_lists_and_esc_goes_a_step_back() {
    let mut bench = running(120, 36);
    bench.keys("4 enter c s v enter t . c s v enter");
    let completion = columns_asked(&mut bench);
    bench.tell(Message::Columns(completion, Err("no such file".into())));
    let text = bench.text();
    assert!(
        text.contains("no such file") && text.contains("t.csv"),
        "{text}"
    );
    bench.keys("enter");
    let names = || Ok(vec!["width".to_string(), "sort".to_string()]);
    let completion = columns_asked(&mut bench);
    bench.tell(Message::Columns(completion, names()));
    assert!(bench.text().contains("width"), "{}", bench.text());
    bench.keys("down enter");
    assert!(bench.text().contains("regression"), "{}", bench.text());
    bench.keys("esc");
    let completion = columns_asked(&mut bench);
    bench.tell(Message::Columns(completion, names()));
    bench.keys("down enter enter");
    match &bench.app.experiment.data.kind {
        DataKind::Csv {
            path, target, task, ..
        } => {
            assert_eq!(
                (path.as_str(), target.as_slice()),
                ("t.csv", &["sort".to_string()][..])
            );
            assert_eq!(task, "classification");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_opened_while_paused_stays_paused() {
    let mut bench = running(80, 24);
    bench.app.wants_run = false;
    let other = bench.app.experiment.clone();
    let openable = Openable {
        name: "other".into(),
        note: String::new(),
        description: String::new(),
        source: Source::Preset(Ok(Box::new(other))),
    };
    bench.keys("o").tell(Message::Listed(vec![openable]));
    bench.keys("enter");
    let starts = |effect: &Effect| match effect {
        Effect::Start { runs, .. } => Some(*runs),
        _ => None,
    };
    let effects = &bench.effects;
    let started: Vec<bool> = effects.iter().filter_map(starts).collect();
    assert_eq!(started, [false], "{effects:?}");
}

/// The run before is listed with the settings that its steps were taken with: those that were changed under way, and none
/// that only the run after it has.
#[test]
fn the_run_before_is_that_of_its_last_steps() {
    let rates = |change: fn(&mut Bench)| {
        let mut bench = running(120, 36);
        bench.keys("4 g");
        bench.down_to("learning_rate").keys("+");
        change(&mut bench);
        bench.tell(Message::Frame(frame(
            2,
            Status::Running,
            11,
            points(11, 0..3),
        )));
        let before = bench.app.baseline().expect("the run before");
        let rate = before.experiment.training.optimizer.learning_rate();
        (rate, before.name.clone())
    };
    let (rate, name) = rates(|bench| {
        let later = frame(1, Status::Running, 11, points(11, 400..500));
        bench.tell(Message::Frame(later)).keys("n");
    });
    assert_eq!(rate, 0.2);
    assert!(
        name.starts_with("seed ") && !name.contains("rate"),
        "{name}"
    );
    let (rate, name) = rates(|bench| {
        bench.keys("r");
    });
    assert_eq!(
        (rate, name.as_str()),
        (0.1, "learning_rate 0.1 (the run before)")
    );
}

/// Pretraining itself is not stopped; what comes after it is.
#[test]
fn a_run_is_paused_while_it_is_being_made() {
    let mut bench = Bench::new();
    bench.resize(120, 36);
    let loading = || Status::Loading("pretraining layer 2 of 3".into());
    bench.tell(Message::Frame(frame(1, loading(), 0, Vec::new())));
    assert!(bench.text().contains("space pause"), "{}", bench.text());
    bench.keys("space");
    assert!(matches!(bench.sent()[..], [.., Command::Pause]));
    assert!(bench.text().contains("wait at its first step"));
    bench.tell(Message::Frame(frame(1, loading(), 0, Vec::new())));
    bench.keys("space");
    assert!(matches!(bench.sent()[..], [.., Command::Run]));
    assert!(bench.app.wants_run);
}

#[test]
fn a_slash_finds_a_layer_by_its_number() {
    let mut bench = running(120, 36);
    bench.keys("/ 7 enter");
    assert_eq!((bench.app.focus, bench.app.layer), (Pane::Flow, 6));
    bench.keys("/ l a y e r space 1 1 enter");
    assert_eq!(bench.app.layer, 10);
    assert_eq!(bench.app.network_selection(), NetworkRow::Output);
}

#[test]
fn plus_on_the_seed_is_the_next_seed() {
    let mut bench = running(120, 36);
    bench.keys("4 g");
    bench.down_to("seed").keys("+");
    assert_eq!(bench.app.experiment.seed, 43);
    bench.keys("- -");
    assert_eq!(bench.app.experiment.seed, 41);
    // As far as the file and --seed go.
    bench.app.experiment.seed = u64::MAX - 1;
    bench.keys("+ +");
    assert_eq!(bench.app.experiment.seed, u64::MAX);
    bench.keys("- n");
    assert_eq!(bench.app.experiment.seed, u64::MAX);
    bench.keys("n");
    assert_eq!(bench.app.experiment.seed, 0);
}

/// The loss follows from the data where those have other targets; a parameter of the same data leaves a chosen one.
#[test]
fn a_chosen_loss_stays_while_the_data_have_the_same_targets() {
    let on = |data: &str, loss: &str| {
        let text = format!(
            "format = 1\n[data]\n{data}\n[training]\nloss = \"{loss}\"\n[[network.layers]]\nunits = 4\n"
        );
        Bench::on(experiment::parse(&text, "chosen.toml").expect("valid"))
    };
    let mut bench = on("kind = \"moons\"", "binary-cross-entropy");
    bench.resize(120, 36);
    bench.keys("4 g").down_to("noise").keys("+");
    let loss = |bench: &Bench| {
        bench
            .app
            .experiment
            .training
            .loss
            .as_ref()
            .map(Vocabulary::name)
    };
    assert_eq!(loss(&bench), Some("binary-cross-entropy"));
    bench.keys("g enter c i r c l e s enter");
    assert_eq!(loss(&bench), None);
    let csv = "kind = \"csv\"\npath = \"t.csv\"\ntarget = \"y\"\ntask = \"classification\"";
    let mut bench = on(csv, "cross-entropy");
    bench.resize(120, 36);
    bench.keys("4 g").down_to("header").keys("enter");
    assert_eq!(loss(&bench), Some("cross-entropy"));
    bench
        .keys("g")
        .down_to("task")
        .keys("enter r e g r e s s i o n enter");
    assert_eq!(loss(&bench), None);
}

/// The thing stays selected, not the place in the list.
#[test]
fn what_is_selected_stays_so_when_edits_are_taken_back() {
    let mut bench = running(120, 36);
    let selected = |bench: &mut Bench, keys: &str| {
        bench.keys(keys);
        (bench.app.network_selection(), bench.app.layer)
    };
    assert_eq!(selected(&mut bench, "a a a G k"), (NetworkRow::Output, 13));
    assert_eq!(selected(&mut bench, "u u u"), (NetworkRow::Output, 10));
    let redone = selected(&mut bench, "ctrl-r ctrl-r ctrl-r");
    assert_eq!(redone, (NetworkRow::Output, 13));
    assert_eq!(selected(&mut bench, "u u u G"), (NetworkRow::Defaults, 10));
    let redone = selected(&mut bench, "ctrl-r ctrl-r ctrl-r");
    assert_eq!(redone, (NetworkRow::Defaults, 13));
    assert_eq!(selected(&mut bench, "u u u g"), (NetworkRow::Input, 0));
    // A layer above the one that is gone.
    selected(&mut bench, "j a + a - g a");
    assert_eq!(bench.app.experiment.network.layers.len(), 4);
    assert_eq!(selected(&mut bench, "G k k"), (NetworkRow::Layer(3), 12));
    assert_eq!(selected(&mut bench, "u"), (NetworkRow::Layer(2), 11));
    // What is gone itself leaves a layer selected.
    selected(&mut bench, "u");
    assert_eq!(selected(&mut bench, "u"), (NetworkRow::Layer(1), 10));
    // One that was moved.
    assert_eq!(selected(&mut bench, "K"), (NetworkRow::Layer(0), 0));
    assert_eq!(selected(&mut bench, "u"), (NetworkRow::Layer(1), 10));
    assert_eq!(selected(&mut bench, "ctrl-r"), (NetworkRow::Layer(0), 0));
}

/// Of many layers in one entry the one that is marked in the flow, too.
#[test]
fn the_layer_that_is_marked_stays_so_when_an_edit_is_taken_back() {
    let mut bench = running(120, 36);
    bench.keys("g a 2 k k k k");
    let marked = bench.app.layer;
    bench.keys("u");
    assert_eq!(bench.app.layer, marked - 1);
    assert_eq!(bench.app.network_selection(), NetworkRow::Layer(0));
    bench.keys("ctrl-r");
    assert_eq!(bench.app.layer, marked);
}

#[test]
fn what_is_selected_stays_so_when_a_pinned_run_is_brought_back() {
    let mut bench = running(120, 36);
    bench.keys("b g a a G k P enter");
    assert_eq!(bench.app.experiment.network.layers.len(), 1);
    assert_eq!(bench.app.network_selection(), NetworkRow::Output);
    assert_eq!(bench.app.layer, 10);
}

/// A form stays at its own layer.
#[test]
fn a_form_stays_with_its_layer_when_an_edit_is_taken_back() {
    let mut bench = running(120, 36);
    bench.keys("g a j enter u");
    let Some(Overlay::Form(form)) = bench.app.overlays.last() else {
        panic!("no form: {}", bench.text());
    };
    assert!(matches!(form.subject, Subject::Layer(0)));
}
