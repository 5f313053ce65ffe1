//! Curves and pictures as files.

use super::bench::{Bench, frame, points, running};
use gradlab::training::Status;
use gradlab::tui::message::{Effect, Message};
use gradlab::tui::overlay::Overlay;
use std::path::Path;

/// The file that was asked for, which is written.
fn written(bench: &mut Bench) -> Option<(std::path::PathBuf, String)> {
    let (path, bytes, what) = bench.effects.drain(..).find_map(|e| match e {
        Effect::Write {
            path, bytes, what, ..
        } => Some((path, bytes, what)),
        _ => None,
    })?;
    bench.tell(Message::Written(path.clone(), Ok(what)));
    Some((path, String::from_utf8(bytes).expect("text")))
}

#[test]
fn curves_of_this_run_and_the_pinned_ones_are_saved_as_csv_or_json_lines() {
    let mut bench = running(120, 36);
    bench.keys("b");
    bench.tell(Message::Frame(frame(
        2,
        Status::Running,
        11,
        points(11, 0..50),
    )));
    bench.keys("w enter");
    let (path, csv) = written(&mut bench).expect("a file");
    assert_eq!(path, Path::new("vanishing-step-49.csv"));
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    assert_eq!((names[0], names[1]), ("run", "step"));
    assert_eq!(names.len(), 10 + 11 * 11);
    let rows: Vec<&str> = lines.collect();
    assert_eq!(rows.iter().filter(|r| r.contains("(now)")).count(), 50);
    assert!(rows.iter().any(|r| r.starts_with("\"vanishing\",399,")));

    bench.keys("w ctrl-u x . j s o n l enter");
    let (_, jsonl) = written(&mut bench).expect("a file");
    let first: serde_json::Value =
        serde_json::from_str(jsonl.lines().next().expect("a line")).expect("json");
    assert_eq!(first["layers"].as_array().map(Vec::len), Some(11));

    bench.keys("w ctrl-u x . x l s enter");
    assert!(bench.text().contains(".csv or .jsonl"));
    assert!(written(&mut bench).is_none());
}

#[test]
fn the_picture_is_of_the_screen_without_the_question() {
    let mut bench = running(120, 36);
    bench.keys("W enter");
    let (path, svg) = written(&mut bench).expect("a file");
    assert_eq!(path, Path::new("vanishing-step-399.svg"));
    assert!(svg.starts_with("<svg") && svg.contains("Gradient flow"));
    assert!(!svg.contains("Save the screen"));
}

#[test]
fn a_link_is_opened_where_one_opens_things() {
    let preset = gradlab::experiment::presets::find("moons").expect("a preset");
    let moons = preset.experiment().expect("valid");
    let link = gradlab::experiment::link::encode(&moons);
    for keys in ["O", "o"] {
        let mut bench = running(120, 36);
        bench.keys(keys);
        if keys == "o" {
            bench.tell(Message::Listed(Vec::new()));
        }
        bench.tell(Message::Paste(format!(" {link}\n")));
        bench.keys("enter");
        assert_eq!(bench.app.experiment, moons, "{keys}");
        assert!(bench.app.overlays.is_empty(), "{keys}");
    }
    let mut bench = running(120, 36);
    bench.keys("O");
    bench.tell(Message::Paste(link[..link.len() / 2].into()));
    bench.keys("enter");
    // It can be mended where it stands.
    let Some(Overlay::Prompt(prompt)) = bench.app.overlays.last() else {
        panic!("{}", bench.text());
    };
    assert!(prompt.error.is_some() && link.starts_with(prompt.line.text()));
}

#[test]
fn the_figures_on_the_screen_are_copied_as_a_table() {
    let copied = |bench: &mut Bench| {
        let text = bench.effects.drain(..).find_map(|e| match e {
            Effect::Copy(text) => Some(text),
            _ => None,
        });
        let text = text.expect("a copy");
        let rows = text.lines();
        rows.map(|row| row.split('\t').map(String::from).collect())
            .collect::<Vec<Vec<String>>>()
    };
    let mut bench = running(120, 36);
    bench.keys("2 c");
    let rows = copied(&mut bench);
    assert_eq!(rows.len(), 12);
    assert_eq!(rows[0][..2], ["layer", "grad_rms"]);
    assert_eq!(rows[11][0], "11");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    bench.keys("3 c");
    let rows = copied(&mut bench);
    assert_eq!(
        rows[0],
        [
            "step",
            "learning_rate",
            "loss",
            "test_loss",
            "accuracy",
            "test_accuracy"
        ]
    );
    assert_eq!(rows.last().expect("rows")[0], "399");
    bench.keys("R enter c");
    assert!(bench.text().contains("nothing was measured yet"));
    bench.tell(Message::Lap(
        0,
        frame(1, Status::Paused, 11, points(11, 1..6)),
    ));
    bench.keys("c");
    let rows = copied(&mut bench);
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[0][..2], ["variant", "loss"]);
    assert!(!rows[1][1].is_empty() && rows[2][1].is_empty());
}
