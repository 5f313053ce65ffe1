//! What is asked before something is lost, and what is typed where a file is named: all of it can be read, and nothing typed is
//! lost.

use super::bench::{Bench, running};
use gradlab::experiment::{self, Experiment};
use gradlab::tui::message::{Effect, Errand, Message, Obstacle};
use gradlab::tui::overlay::{Goal, Overlay, Prompt};
use gradlab::tui::paths::Completed;
use std::path::{Path, PathBuf};

fn named(name: &str) -> Experiment {
    let mut experiment = Bench::new().app.experiment;
    experiment.name = name.into();
    experiment
}

/// What the box of that title says, its lines joined.
#[track_caller]
fn said(bench: &Bench, title: &str) -> String {
    let screen = bench.text();
    let rows: Vec<Vec<char>> = screen.lines().map(|l| l.chars().collect()).collect();
    let head = format!("╭ {title} ").chars().collect::<Vec<char>>();
    let find = |row: &Vec<char>| row.windows(head.len()).position(|w| w == head);
    let top = rows.iter().position(|row| find(row).is_some());
    let top = top.unwrap_or_else(|| panic!("no box: {screen}"));
    let left = find(&rows[top]).expect("it is there");
    let inside = |row: &Vec<char>| {
        let row = row.get(left + 1..)?;
        let right = row.iter().position(|c| *c == '│')?;
        Some(row[..right].iter().collect::<String>())
    };
    let within = rows[top + 1..]
        .iter()
        .take_while(|row| row.get(left) == Some(&'│'));
    let words: Vec<String> = within.filter_map(inside).collect();
    let words = words.join(" ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn questions_are_read_whole_whatever_the_name_and_the_window() {
    let long = "a-name-of-many-letters ".repeat(10);
    let names = [
        "vanishing-logistic-normal",
        "\u{6f22}\u{5b57}".repeat(40).leak(),
        long.trim(),
    ];
    for (width, height) in [(120, 36), (80, 24), (40, 12)] {
        for name in names {
            let mut bench = Bench::on(named(name));
            bench.resize(width, height);
            bench.keys("n q");
            let text = said(&bench, "Quit");
            let is_short = name.len() < 30;
            assert!(!is_short || text.contains(name), "{text}");
            assert!(is_short || text.contains('…'), "{text}");
            assert!(text.contains("has changes that are not saved."), "{text}");
            for answer in ["s save and quit", "q quit without saving", "esc stay"] {
                assert!(text.contains(answer), "{text}");
            }
            let screen = bench.text();
            let footer = screen.lines().last().unwrap_or_default();
            assert!(footer.contains("esc stay"), "{screen}");
            // Another one in its place.
            let link = experiment::link::encode(&named(name));
            bench.keys("esc").tell(Message::Paste(link));
            let text = said(&bench, "Open another experiment");
            assert!(
                text.contains("are not saved") && text.contains("comes back"),
                "{text}"
            );
            assert!(
                text.contains("o open it") && text.contains("esc stay"),
                "{text}"
            );
        }
    }
}

#[test]
fn a_name_that_is_no_files_is_not_proposed_as_a_path() {
    for name in [
        "../../.config/x",
        "/etc/passwd",
        "na\u{ef}ve \u{6f22}\u{5b57} \u{1f642}/../x.toml",
    ] {
        let mut bench = Bench::on(named(name));
        bench.keys("s");
        let path = PathBuf::from(prompt(&bench).line.text());
        assert_eq!(path.components().count(), 1, "{path:?}");
        assert_eq!(path.extension().and_then(|e| e.to_str()), Some("toml"));
    }
}

#[track_caller]
fn prompt(bench: &Bench) -> &Prompt {
    match bench.app.overlays.last() {
        Some(Overlay::Prompt(prompt)) => prompt,
        other => panic!("no line to type: {other:?}"),
    }
}

fn types(bench: &mut Bench, text: &str) {
    for c in text.chars() {
        bench.keys(&c.to_string());
    }
}

/// The path that was asked for.
fn asked(bench: &mut Bench) -> Option<PathBuf> {
    let mut paths = bench.effects.drain(..).filter_map(|e| match e {
        Effect::Open(path) | Effect::Write { path, .. } => Some(path),
        Effect::Save(saving) => Some(saving.path),
        _ => None,
    });
    paths.next_back()
}

#[test]
fn a_tilde_is_the_home_folder_wherever_a_file_is_named() {
    let home = etcetera::home_dir().expect("a home");
    for (key, name) in [
        ("O", "t.toml"),
        ("S", "t.toml"),
        ("w", "t.csv"),
        ("W", "t.svg"),
    ] {
        let mut bench = running(120, 36);
        bench.keys(key).keys("ctrl-u");
        types(&mut bench, &format!("~/{name}"));
        bench.effects.clear();
        bench.keys("enter");
        assert_eq!(asked(&mut bench), Some(home.join(name)));
    }
    for (typed, path) in [
        ("~", home.as_path()),
        ("~x", Path::new("~x")),
        ("a/~", Path::new("a/~")),
    ] {
        let mut bench = running(120, 36);
        bench.keys("O");
        types(&mut bench, typed);
        bench.effects.clear();
        bench.keys("enter");
        assert_eq!(asked(&mut bench).as_deref(), Some(path));
    }
}

/// What was typed can be mended.
#[test]
fn a_path_that_cannot_be_opened_comes_back_with_what_is_wrong() {
    let mut bench = running(120, 36);
    bench.keys("O");
    types(&mut bench, "nope.toml");
    bench.keys("enter x");
    let fault = "nope.toml: No such file or directory";
    bench.tell(Message::Opened("nope.toml".into(), Err(fault.into())));
    // What was typed before anybody could know would take the fault away unseen.
    assert_eq!(prompt(&bench).line.text(), "nope.toml");
    assert!(bench.text().contains("No such file"), "{}", bench.text());
    // Faults that fill more than a line lie over it.
    bench.keys("enter");
    bench.tell(Message::Opened(
        "nope.toml".into(),
        Err("one\ntwo\nthree".into()),
    ));
    assert!(matches!(
        bench.app.overlays[..],
        [Overlay::Prompt(_), Overlay::Text { .. }]
    ));
    bench.keys("esc");
    assert_eq!(prompt(&bench).line.text(), "nope.toml");
    // A link that is none is mended in the same way.
    bench.keys("ctrl-u");
    types(&mut bench, "gl1:nonsense");
    bench.keys("enter");
    assert!(prompt(&bench).error.is_some());
    // What opens leaves nothing behind.
    bench.keys("ctrl-u");
    types(&mut bench, "a.toml");
    bench.keys("enter");
    let experiment = Box::new(named("a"));
    bench.tell(Message::Opened("a.toml".into(), Ok(experiment)));
    assert!(bench.app.overlays.is_empty());
    assert_eq!(bench.app.experiment.name, "a");
    // A path typed into the list of what can be opened is one, too.
    bench.keys("o").tell(Message::Listed(Vec::new()));
    types(&mut bench, "b.toml");
    bench.keys("enter");
    bench.tell(Message::Opened("b.toml".into(), Err(fault.into())));
    bench.keys("esc");
    assert!(
        matches!(&bench.app.overlays[..], [Overlay::List(list)] if list.line.text() == "b.toml")
    );
}

/// The folder and the path whose entries are asked for.
fn entries_asked(bench: &mut Bench) -> Option<(PathBuf, String)> {
    bench.effects.drain(..).find_map(|e| match e {
        Effect::Complete(base, typed) => Some((base, typed)),
        _ => None,
    })
}

fn completed(text: &str, names: &[&str]) -> Result<Completed, String> {
    let names = names.iter().map(|name| name.to_string()).collect();
    let text = text.into();
    Ok(Completed { text, names })
}

#[test]
fn tab_completes_a_path_and_shows_what_it_could_go_on_as() {
    let mut bench = running(120, 36);
    bench.keys("O");
    assert!(bench.text().contains("tab complete"), "{}", bench.text());
    types(&mut bench, "wi");
    bench.keys("tab x");
    assert_eq!(entries_asked(&mut bench), Some((".".into(), "wi".into())));
    let found = completed("win", &["window.csv", "wine.toml"]);
    bench.tell(Message::Entries("wi".into(), found.clone()));
    // What was typed meanwhile is typed behind it.
    assert_eq!(prompt(&bench).line.text(), "winx");
    bench.keys("backspace tab");
    bench.tell(Message::Entries("win".into(), found));
    let screen = bench.text();
    assert!(screen.contains("window.csv · wine.toml"), "{screen}");
    bench.keys("e");
    assert!(!bench.text().contains("window.csv"), "{}", bench.text());
    bench.keys("tab");
    bench.tell(Message::Entries("wine".into(), completed("wine.toml", &[])));
    assert_eq!(prompt(&bench).line.text(), "wine.toml");
    // Why there is nothing, and that a drive hangs, is said and holds up nothing.
    for say in [
        Message::Entries("wine.toml".into(), Err("nothing here".into())),
        Message::Late(Errand::Entries("wine.toml".into())),
    ] {
        bench.keys("tab").tell(say);
        assert!(prompt(&bench).error.is_some());
        assert_eq!(prompt(&bench).line.text(), "wine.toml");
    }
    // An answer that nobody waits for any more.
    bench.keys("tab esc");
    bench.tell(Message::Entries("wine.toml".into(), completed("x", &[])));
    assert_eq!(prompt(&bench).line.text(), "wine.toml");
}

#[test]
fn tab_completes_where_a_file_is_named_and_nowhere_else() {
    for key in ["O", "S", "w", "W"] {
        let mut bench = running(120, 36);
        bench.keys(key).keys("tab");
        assert!(entries_asked(&mut bench).is_some(), "{key}");
    }
    let mut bench = running(120, 36);
    bench.keys("b N tab");
    assert_eq!(entries_asked(&mut bench), None);
    assert!(!bench.text().contains("tab complete"));
    // An experiment's data are looked for where its file is.
    let csv = "format = 1\n[data]\nkind = \"csv\"\npath = \"d.csv\"\ntarget = \"y\"\ntask = \"regression\"\n";
    let experiment = experiment::parse(csv, "e.toml").expect("valid");
    let mut bench = Bench::on(experiment);
    bench.app.origin.base = "a".into();
    bench.resize(120, 36);
    bench.keys("4").down_to("path").keys("enter tab");
    assert_eq!(
        entries_asked(&mut bench),
        Some(("a".into(), "d.csv".into()))
    );
}

#[test]
fn a_file_of_a_long_path_is_the_one_that_is_replaced() {
    let path = format!("{}e.toml", "a-long-name/".repeat(20));
    let mut bench = running(120, 36);
    bench.keys("S ctrl-u");
    types(&mut bench, &path);
    bench.keys("enter");
    let there = Message::Exists(path.clone().into(), Goal::SaveAs, Obstacle::There);
    bench.tell(there);
    assert_eq!(prompt(&bench).line.text(), path);
    bench.effects.clear();
    bench.keys("enter");
    assert_eq!(asked(&mut bench), Some(path.into()));
    assert!(bench.app.overlays.is_empty(), "{}", bench.text());
}

#[test]
fn names_of_two_columns_a_character_are_wrapped_by_columns() {
    let names: Vec<String> = (10..14)
        .map(|n| format!("{}{n}", "\u{6f22}".repeat(20)))
        .collect();
    let mut bench = running(120, 36);
    bench.keys("O tab");
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    bench.tell(Message::Entries(String::new(), completed("", &names)));
    let screen = bench.text();
    for n in [10, 11] {
        assert!(screen.contains(&format!("{n} \u{b7}")), "{screen}");
    }
}

#[test]
fn a_file_that_cannot_be_written_comes_back_with_what_is_wrong() {
    for (key, name) in [
        ("S", "nope/t.toml"),
        ("w", "nope/t.csv"),
        ("W", "nope/t.svg"),
    ] {
        let mut bench = running(120, 36);
        bench.keys(key).keys("ctrl-u");
        types(&mut bench, name);
        let title = prompt(&bench).title.clone();
        bench.effects.clear();
        bench.keys("enter x");
        let saving = bench.effects.drain(..).find_map(|e| match e {
            Effect::Save(saving) => Some(saving),
            _ => None,
        });
        let fault = "No such file or directory".to_string();
        bench.tell(match saving {
            Some(saving) => Message::Saved(saving, Err(fault)),
            None => Message::Written(name.into(), Err(fault)),
        });
        assert_eq!(prompt(&bench).line.text(), name);
        assert!(said(&bench, &title).contains("No such file"));
        bench.effects.clear();
        bench.keys("enter");
        assert_eq!(asked(&mut bench), Some(name.into()));
    }
}

#[test]
fn what_is_wrong_with_a_long_path_names_the_file() {
    for (width, height) in [(120, 36), (80, 24), (40, 12)] {
        for folder in ["folder/", "a", "\u{6f22}\u{5b57}/"] {
            let path = format!("/{}/e.toml", folder.repeat(100));
            let mut bench = running(width, height);
            bench.keys("O").tell(Message::Paste(path.clone()));
            bench.keys("enter");
            let fault = format!("{path}: No such file or directory");
            bench.tell(Message::Opened(path.into(), Err(fault)));
            let text = said(&bench, &prompt(&bench).title);
            assert!(text.contains('\u{2026}'), "{text}");
            assert!(text.contains("/e.toml: No such file"), "{text}");
        }
    }
}

#[test]
fn what_is_pasted_mends_what_was_wrong() {
    let mut bench = running(120, 36);
    bench.keys("O");
    types(&mut bench, "nope");
    bench.keys("enter");
    bench.tell(Message::Opened("nope".into(), Err("no such file".into())));
    assert!(prompt(&bench).error.is_some());
    bench.tell(Message::Paste(".toml".into()));
    assert_eq!(prompt(&bench).line.text(), "nope.toml");
    assert_eq!(prompt(&bench).error, None);
}
