//! What is said on the screen can be read: in sentences, in full, at every size.

use super::bench::{Bench, frame, points, running};
use gradlab::experiment;
use gradlab::telemetry::ZeroWeights;
use gradlab::training::Status;
use gradlab::tui::message::{Effect, Message};
use gradlab::tui::overlay::Overlay;

/// Words in their order, whatever lines and borders they are broken by.
fn flat(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|c| {
            if "│╭╮╰╯─".contains(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_verdict_that_is_cut_names_the_key_that_reads_it_whole() {
    for (width, height) in [(40, 12), (60, 14), (80, 24), (120, 36)] {
        let mut bench = running(width, height);
        let fix = bench.app.fix().expect("a fix").label.clone();
        let screen = bench.text();
        assert!(screen.contains(&format!("f {fix}")), "{screen}");
        assert!(screen.contains("0.70 decades"), "{screen}");
        let whole = flat(&screen).contains("δ 10^-7.3 and 10^-0.3");
        assert!(whole || screen.contains("… E"), "{screen}");
        bench.keys("E");
        let Some(Overlay::Text { text, .. }) = bench.app.overlays.last() else {
            panic!("no text");
        };
        for part in [
            "0.70 decades",
            "δ 10^-7.3 and 10^-0.3",
            &fix,
            "Ten logistic layers",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        // All of it comes by as one scrolls.
        let mut seen = flat(&bench.text());
        for _ in 0..40 {
            bench.keys("down");
            seen += &flat(&bench.text());
        }
        assert!(seen.contains("hardly learn"), "{seen}");
        bench.keys("esc");
        assert!(bench.app.overlays.is_empty());
    }
}

const MARKED: &str = r#"
format = 1
name = "marked"
[data]
kind = "digits"
[network]
activation = "relu"
init = "he-normal"
[[network.layers]]
units = 50
[[network.layers]]
units = 50
norm = "batch"
dropout = 0.5
skip = true
"#;

#[test]
fn a_layers_initializer_and_marks_are_never_cut() {
    let marked = experiment::parse(MARKED, "marked.toml").expect("a valid experiment");
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut bench = Bench::on(marked.clone());
        bench.resize(width, height);
        bench.tell(Message::Frame(frame(
            1,
            Status::Running,
            3,
            points(3, 0..9),
        )));
        let screen = bench.text();
        // Of the first columns alone: the panes beside are between their lines.
        let left: String = screen
            .lines()
            .flat_map(|l| l.chars().skip(1).take(28).chain([' ']))
            .collect();
        let said = ["he-normal", "batch norm", "drop", "0.5", "skip"];
        let whole = if width == 80 {
            flat(&left)
        } else {
            flat(&screen)
        };
        for part in said {
            assert!(whole.contains(part), "{part} at {width}x{height}\n{screen}");
        }
        // All lines of a layer are its own to the mouse.
        let last_line = |bench: &Bench| {
            let screen = bench.text();
            let line = screen.lines().position(|l| l.contains("skip"));
            line.expect("the layer's last line") as u16
        };
        let at = last_line(&bench);
        assert_eq!(bench.click(6, at).app.network_row, 2, "{width}x{height}");
        let at = last_line(&bench);
        assert_eq!(
            bench.click(6, at + 1).app.network_row,
            3,
            "{width}x{height}"
        );
    }
}

#[test]
fn the_help_begins_with_the_signs_and_shows_actions_in_sentences() {
    let mut bench = running(120, 36);
    bench.keys("?");
    let screen = bench.text();
    assert!(screen.contains("signs    δ "), "{screen}");
    for sign in ["≈ ", "@1,200 ", "╎ ", "▲ ", "↑2 ↓7 ", "★ ", "… "] {
        assert!(
            screen.contains(&format!("         {sign}")),
            "{sign}: {screen}"
        );
    }
    assert!(screen.contains("no room for more: E reads"), "{screen}");
    assert!(screen.contains("run      space "), "{screen}");
    assert!(screen.contains("↓"), "{screen}");
    // A sign is read, not done.
    bench.keys("enter");
    assert!(bench.app.overlays.is_empty() && bench.app.toast.is_none());
    // By its name an action comes first.
    bench.keys("? f r e e z e enter");
    assert!(bench.app.is_frozen());
}

#[test]
fn a_run_that_diverged_shows_its_last_finite_figures() {
    let mut bench = running(120, 36);
    let mut last = points(11, 400..402);
    for layer in &mut last[1].layers {
        layer.grad_rms = f64::NAN;
        layer.delta_rms = f64::NAN;
    }
    let why = "a value is not finite at step 401: first in layers.0, forward";
    let diverged = Status::Diverged(why.into());
    bench.tell(Message::Frame(frame(1, diverged, 11, last)));
    assert_eq!(bench.app.cursor, Some(400));
    let screen = bench.text();
    assert!(!screen.contains("NaN"), "{screen}");
    let said = flat(&screen);
    assert!(said.contains("At step 401"), "{screen}");
    assert!(said.contains("the panes show step 400"), "{screen}");
    assert!(!said.contains("layers.0"), "{screen}");
    bench.keys("esc");
    assert!(bench.text().contains("NaN"));
}

#[test]
fn what_ended_a_run_is_said_first() {
    let mut bench = running(80, 24);
    let why = "no better test loss for 30 epochs: back to the weights of step 480";
    let finished = Status::Finished(why.into());
    bench.tell(Message::Frame(frame(1, finished, 11, points(11, 400..401))));
    let screen = bench.text();
    assert!(
        flat(&screen).contains(&format!("Finished: {why}; r starts again")),
        "{screen}"
    );
}

#[test]
fn what_is_no_name_in_the_list_is_opened_as_a_path() {
    let mut bench = running(80, 24);
    bench.keys("o").tell(Message::Listed(Vec::new()));
    bench.keys("m i n e . t o m l enter");
    let opened = bench
        .effects
        .iter()
        .any(|e| matches!(e, Effect::Open(p) if p.ends_with("mine.toml")));
    assert!(opened && !bench.app.overlays.iter().any(Overlay::is_seen));
}

/// Beside the curves stands a mini-batch's loss: the gap is another one's, and says which.
#[test]
fn a_gap_that_grows_says_of_which_loss_it_is_and_since_which_step() {
    let mut seen = points(11, 1000..1400);
    for (i, point) in seen.iter_mut().enumerate() {
        let test = point.test.as_mut().expect("a score");
        test.loss = 1.0 + (i as f64 - 100.0).abs() / 100.0;
        point.fitted = Some(gradlab::telemetry::Score {
            loss: 0.25,
            accuracy: None,
        });
    }
    for (width, height) in [(120, 36), (200, 60)] {
        let mut bench = Bench::new();
        bench.resize(width, height);
        bench.tell(Message::Frame(frame(1, Status::Running, 11, seen.clone())));
        let text = bench.text();
        assert!(text.contains("gap 3.74 (train rows 0.25)"), "{text}");
        assert!(text.contains("overfits since step 1,100"), "{text}");
    }
    // A figure that is cut would be read as another.
    let mut bench = Bench::new();
    bench.tell(Message::Frame(frame(1, Status::Running, 11, seen)));
    bench.keys("b");
    for (width, height) in (60..170).step_by(3).flat_map(|w| [(w, 24), (w, 36)]) {
        let text = bench.resize(width, height).text();
        let whole = ["gap 3.74", "(train rows 0.25)", "pinned 0.", "test 3.99"];
        let begun = ["gap", "(train", "pinned ", "test 3"];
        for (begun, whole) in begun.into_iter().zip(whole) {
            let cut = |line: &&str| line.matches(begun).count() > line.matches(whole).count();
            let found = text.lines().filter(|l| l.contains("gap")).find(cut);
            assert_eq!(found, None, "{begun} at {width}x{height}\n{text}");
        }
        assert!(
            !text.contains("pin│") && !text.contains("pinned│"),
            "{text}"
        );
    }
}

/// A mini-batch's share of right rows jumps: the pinned run's is smoothed as the live one's is, and says so.
#[test]
fn the_pinned_accuracy_is_smoothed_as_the_live_one_is() {
    let mut seen = points(11, 1000..1400);
    for (i, point) in seen.iter_mut().enumerate() {
        point.train.accuracy = Some([0.4, 0.0][i % 2]);
    }
    let untested = |point: &mut gradlab::training::Point| point.test = None;
    for has_tests in [true, false] {
        if !has_tests {
            seen.iter_mut().for_each(untested);
        }
        for (width, height) in [(200, 60), (120, 36), (80, 24)] {
            let mut bench = Bench::new();
            bench.resize(width, height);
            bench.tell(Message::Frame(frame(1, Status::Paused, 11, seen.clone())));
            let text = flat(&bench.keys("b 3 z").text());
            assert!(text.contains("train ≈18.8 %"), "{text}");
            assert!(text.contains("pinned ≈18.8 %"), "{text}");
        }
        // Where there are no rows for it the pinned run has one figure, behind the others.
        let mut bench = Bench::new();
        bench.resize(200, 60);
        bench.tell(Message::Frame(frame(1, Status::Paused, 11, seen.clone())));
        bench.keys("b 3");
        for _ in 0..20 {
            bench.keys("ctrl-up");
        }
        let text = flat(&bench.keys("v").text());
        assert!(text.contains("accuracy train ≈18.8 %"), "{text}");
        assert_eq!(text.contains("pinned ≈18.8 %"), !has_tests, "{text}");
    }
}

/// The pinned run's figures and since when it overfits leave the loss an axis.
#[test]
fn the_loss_has_an_axis_beneath_all_its_figures() {
    let mut seen = points(11, 1000..1400);
    for (i, point) in seen.iter_mut().enumerate() {
        let test = point.test.as_mut().expect("a score");
        test.loss = 1.0 + (i as f64 - 100.0).abs() / 100.0;
        point.fitted = Some(point.train);
    }
    let mut bench = Bench::new();
    bench.resize(120, 36);
    bench.tell(Message::Frame(frame(1, Status::Paused, 11, seen)));
    bench.keys("b");
    let text = bench.text();
    let side: Vec<String> = text.lines().map(|l| l.chars().skip(88).collect()).collect();
    let half = side.iter().position(|l| l.contains("≈")).expect("both");
    let axis = |l: &&String| l.contains('┤');
    assert!(
        side[..half].iter().any(|l| l.contains("overfits")),
        "{text}"
    );
    assert!(side[..half].iter().filter(axis).count() >= 2, "{text}");
    assert!(
        side[half..half + 6].iter().filter(axis).count() >= 2,
        "{text}"
    );
}

/// At the cursor the panes and the verdict are of its step; what is of the newest all the same says of which it is.
#[test]
fn the_verdict_is_of_the_step_that_the_cursor_is_at() {
    let mut seen = points(11, 0..400);
    for point in &mut seen[..390] {
        for layer in &mut point.layers {
            (layer.grad_rms, layer.delta_rms) = (1e-3, 1e-3);
        }
    }
    let mut bench = Bench::new();
    bench.resize(120, 36);
    bench.tell(Message::Frame(frame(1, Status::Running, 11, seen)));
    assert!(bench.text().contains(" VANISHING "), "{}", bench.text());
    assert!(!bench.text().contains("the newest)"), "{}", bench.text());
    bench.keys("5 left left");
    let cursor = bench.app.cursor.expect("a cursor");
    let screen = bench.text();
    let said = flat(&screen);
    let whose = format!("At step {cursor} (VANISHING at 399, the newest): ∂W");
    assert!(said.contains(&whose), "{screen}");
    assert!(screen.contains(" HEALTHY "), "{screen}");
    assert!(screen.contains("histograms: step 399"), "{screen}");
    assert!(bench.app.fix().is_some(), "of the newest");
}

/// Histograms are of the last step that had any: the figures of the step that diverged are others.
#[test]
fn histograms_beside_figures_of_another_step_say_of_which_step_they_are() {
    let mut bench = running(120, 36);
    assert!(!bench.text().contains("histograms:"), "both are the newest");
    let status = Status::Diverged("layer 3: NaN".into());
    let mut last = frame(1, status, 11, points(11, 400..401));
    last.histograms = None;
    bench.tell(Message::Frame(last));
    bench.keys("5 esc");
    assert_eq!(bench.app.cursor, None);
    let screen = bench.text();
    assert!(screen.contains("histograms: step 399"), "{screen}");
}

/// A layer's own curves and its activation's, as far as there is room.
#[test]
fn the_layer_pane_has_the_layers_curves_and_its_activations() {
    let small = running(120, 36).text();
    assert!(small.contains("δ ▆"), "{small}");
    for (width, height) in [(120, 36), (200, 60)] {
        let screen = running(width, height).keys("5 z").text();
        for name in [
            "pre · logistic",
            "rms error signal δ  ",
            "rms ∂L/∂W  ",
            "‖ΔW‖/‖W‖  ",
            "‖W‖  10.0",
        ] {
            assert!(screen.contains(name), "{name}\n{screen}");
        }
    }
    // The output layer's softmax has no curve of one number.
    let output = running(120, 36).keys("G 5").text();
    assert!(!output.contains("pre · "), "{output}");
}

/// A description is of what it was written of, also once something else was saved with it.
#[test]
fn a_presets_description_stays_one_of_the_preset() {
    let preset = experiment::presets::find("vanishing-logistic").expect("a preset");
    let preset = preset.experiment().expect("valid");
    let marked = |bench: &Bench| flat(&bench.text()).contains("(before the edits)");
    let mut bench = Bench::on(preset.clone());
    bench.resize(120, 36);
    assert!(!marked(&bench));
    bench.keys("A s e l u enter");
    assert!(marked(&bench), "{}", bench.text());
    bench.app.origin.saved = bench.app.experiment.clone();
    assert!(!bench.app.is_changed() && marked(&bench));
    // A saved run's experiment is opened as it is.
    let mut resumed = Bench::on(bench.app.experiment.clone());
    resumed.resize(120, 36);
    assert!(marked(&resumed));
    resumed.app.experiment.description = "Ten selu layers.".into();
    assert!(!marked(&resumed));
}

#[test]
fn what_is_loading_is_said_whole_where_there_is_room() {
    let mut bench = Bench::new();
    bench.resize(130, 36);
    let what = "pretraining layer 2 of 10: epoch 3";
    let loading = frame(1, Status::Loading(what.into()), 0, Vec::new());
    bench.tell(Message::Frame(loading));
    let text = bench.text();
    let header = text.lines().next().expect("a header");
    assert!(
        header.contains(what) && header.contains("seed 42"),
        "{header}"
    );
}

#[test]
fn a_pinned_run_without_a_difference_is_called_the_same_where_there_is_little_room() {
    let mut bench = running(120, 36);
    bench.keys("b esc");
    let text = bench.text();
    assert!(
        text.contains(" pinned: the same ") && !text.contains("no differenc…"),
        "{text}"
    );
}

#[test]
fn weights_that_a_penalty_made_0_are_counted_in_words() {
    let mut bench = Bench::new();
    bench.app.experiment.training.regularize.l1 = 0.001;
    bench.resize(120, 36);
    let mut seen = points(11, 0..9);
    for layer in seen.iter_mut().flat_map(|p| &mut p.layers) {
        layer.zeros = Some(ZeroWeights {
            zero_weights: 400,
            weights: 1000,
        });
    }
    bench.tell(Message::Frame(frame(1, Status::Running, 11, seen)));
    let text = bench.text();
    assert!(text.contains("4.4k weights are 0"), "{text}");
}

/// Before a run's first step the pinned run's lines are there already: what is said over one of them takes all of its room.
#[test]
fn no_step_yet_is_not_said_amid_the_pinned_runs_line() {
    let mut bench = running(120, 36);
    bench.keys("b n esc");
    bench.tell(Message::Frame(frame(2, Status::Running, 11, Vec::new())));
    let text = bench.text();
    let line = text.lines().find(|l| l.contains("no step yet"));
    let line = line.unwrap_or_else(|| panic!("not said: {text}"));
    let (_, after) = line.split_once("no step yet").expect("it is said");
    let rest: String = after.chars().take_while(|c| *c != '│').collect();
    assert_eq!(rest.trim(), "", "{line}");
}
