//! What takes longer than a frame is asked and comes back as a message; what has changed since is not believed.

use super::bench::{Bench, VANISHING, frame, points, running};
use crossterm::event::KeyEvent;
use gradlab::experiment;
use gradlab::training::Status;
use gradlab::tui::inquiry::{About, Question};
use gradlab::tui::key::Key;
use gradlab::tui::message::Message;
use gradlab::tui::overlay::Overlay;
use gradlab::tui::overlay::preview::Foreseen;

fn press(bench: &mut Bench, name: &str) {
    let key: Key = name.parse().expect("a key");
    bench.tell_alone(Message::Key(KeyEvent::new(key.code, key.modifiers)));
}

fn answer(bench: &mut Bench, mut question: Question) {
    let (answer, _) = question.answer();
    bench.tell_alone(Message::Answered(Box::new(answer)));
}

fn theory_of(questions: Vec<Question>) -> Question {
    let mut questions = questions.into_iter();
    let found = questions.find(|q| matches!(q.about, About::Theory(_)));
    found.expect("theory was asked for")
}

/// The update makes no theory itself, however deep the network: not for an edit, and not for a frame.
#[test]
fn an_edit_of_a_deep_network_is_answered_before_its_theory_is_known() {
    let text = VANISHING.replace("repeat = 10", "repeat = 1000");
    let mut bench = Bench::on(experiment::parse(&text, "deep.toml").expect("valid"));
    bench.resize(120, 36);
    let frame = frame(1, Status::Running, 1001, points(1001, 0..2));
    bench.tell_alone(Message::Frame(frame));
    let first = bench.questions();
    assert!(bench.app.insight.theory.is_none());
    assert!(bench.app.insight.verdict.is_some());
    assert!(first.iter().any(|q| matches!(q.about, About::Fix(..))));
    press(&mut bench, "a");
    assert_eq!(bench.app.layer_count(), 1002);
    assert!(!bench.text().is_empty() && bench.app.insight.theory.is_none());
    let second = theory_of(bench.questions());
    assert!(first.iter().all(|q| !q.is_wanted()));
    answer(&mut bench, second);
    let theory = bench.app.insight.theory.as_ref().expect("theory");
    assert_eq!(theory.layers.len(), 1002);
}

#[test]
fn an_answer_that_comes_after_the_next_edit_is_dropped() {
    let mut bench = running(120, 36);
    let before = bench.app.insight.theory.clone().expect("theory");
    press(&mut bench, "+");
    let late = theory_of(bench.questions());
    press(&mut bench, "+");
    let current = theory_of(bench.questions());
    answer(&mut bench, late);
    // The layers are as many as before: the former theory stays until the new one is there.
    assert_eq!(bench.app.insight.theory.as_ref(), Some(&before));
    answer(&mut bench, current);
    let after = bench.app.insight.theory.clone().expect("theory");
    bench.keys("u u U U");
    assert_eq!(bench.app.insight.theory, Some(after.clone()));
    assert_ne!(after, before);
}

#[test]
fn a_fix_is_taken_when_it_is_found_and_never_after_an_edit() {
    let mut bench = Bench::new();
    bench.resize(120, 36);
    let seen = frame(1, Status::Running, 11, points(11, 0..40));
    bench.tell_alone(Message::Frame(seen));
    let fix = |questions: Vec<Question>| {
        let mut questions = questions.into_iter();
        questions.find(|q| matches!(q.about, About::Fix(..)))
    };
    let question = fix(bench.questions()).expect("a fix is looked for");
    press(&mut bench, "f");
    assert!(bench.text().contains("still being looked for"));
    // One search is enough, whatever frames come meanwhile.
    let next = frame(1, Status::Running, 11, points(11, 40..80));
    bench.tell_alone(Message::Frame(next));
    assert!(fix(bench.questions()).is_none());
    answer(&mut bench, question);
    let label = bench.app.fix().expect("a fix").label.clone();
    assert!(bench.text().contains(&format!("f {label}")));

    press(&mut bench, "+");
    assert!(bench.app.fix().is_none());
    assert!(bench.text().contains(&format!("… {label}")));
    let before = bench.app.experiment.clone();
    press(&mut bench, "f");
    assert_eq!(bench.app.experiment, before);
}

#[test]
fn a_pickers_entries_are_asked_for_from_the_selected_one_until_it_is_closed() {
    let mut bench = running(120, 36);
    press(&mut bench, "A");
    let entries = |questions: Vec<Question>| {
        let mut questions = questions.into_iter();
        questions.find_map(|q| match q.about.clone() {
            About::Entries(_, left) => Some((q, left)),
            _ => None,
        })
    };
    let selected = |bench: &Bench| match bench.app.overlays.last() {
        Some(Overlay::List(list)) => list.current().expect("an item").0,
        _ => panic!("no list"),
    };
    let (question, left) = entries(bench.questions()).expect("entries are asked for");
    assert_eq!(left[0].0, selected(&bench));
    let count = left.len();
    answer(&mut bench, question.clone());
    press(&mut bench, "down");
    let (next, left) = entries(bench.questions()).expect("asked again from here");
    assert_eq!((left[0].0, left.len()), (selected(&bench), count - 1));
    // What the older question finds is as good: it is the same list.
    let mut older = question.clone();
    older.answer();
    answer(&mut bench, older);
    let Some(Overlay::List(list)) = bench.app.overlays.last() else {
        panic!("no list");
    };
    let unknown = list.foreseen.iter().filter(|f| **f == Foreseen::NotYet);
    assert_eq!(unknown.count(), count - 2);
    press(&mut bench, "esc");
    assert!(!next.is_wanted() && !question.is_wanted());
}

#[test]
fn advice_comes_as_a_list_unless_something_else_was_opened() {
    let mut bench = running(120, 36);
    press(&mut bench, "i");
    assert!(bench.text().contains("looking for advice"));
    let question = bench.questions().remove(0);
    press(&mut bench, "?");
    answer(&mut bench, question);
    assert_eq!(bench.app.overlays.len(), 1);
    press(&mut bench, "esc");
    press(&mut bench, "i");
    let question = bench.questions().remove(0);
    answer(&mut bench, question);
    assert!(bench.text().contains("Advice"));
}

/// Escape takes the question back first; what the charts mark waits for the next one.
#[test]
fn advice_that_is_looked_for_is_withdrawn_by_escape() {
    let mut bench = running(120, 36);
    press(&mut bench, "left");
    let marked = bench.app.cursor;
    press(&mut bench, "i");
    let question = bench.questions().remove(0);
    press(&mut bench, "esc");
    assert!(!question.is_wanted() && bench.app.toast.is_none());
    assert!(marked.is_some() && bench.app.cursor == marked);
    answer(&mut bench, question);
    assert!(bench.app.overlays.is_empty() && bench.app.toast.is_none());
    press(&mut bench, "esc");
    assert_eq!(bench.app.cursor, None);
    // Once it has been answered there is nothing to withdraw.
    press(&mut bench, "left");
    press(&mut bench, "i");
    let question = bench.questions().remove(0);
    press(&mut bench, "?");
    answer(&mut bench, question);
    press(&mut bench, "esc");
    press(&mut bench, "esc");
    assert!(bench.app.overlays.is_empty() && bench.app.cursor.is_none());
}

/// Other rows make another question of it: nobody is told that this one is still looked for.
#[test]
fn advice_on_rows_that_have_been_replaced_is_no_longer_announced() {
    let mut bench = running(120, 36);
    press(&mut bench, "i");
    let question = bench.questions().remove(0);
    let mut frame = frame(2, Status::Running, 11, points(11, 0..2));
    let info = std::sync::Arc::make_mut(&mut frame.info);
    let data = info.dataset.as_deref().cloned().expect("rows");
    info.dataset = Some(std::sync::Arc::new(data));
    bench.tell_alone(Message::Frame(frame));
    assert!(!question.is_wanted() && bench.app.toast.is_none());
}

#[test]
fn a_change_that_several_observations_call_for_is_offered_once() {
    let mut bench = Bench::new();
    bench.resize(120, 36);
    let mut seen = points(11, 0..40);
    let layers = seen.iter_mut().flat_map(|p| &mut p.layers);
    layers.for_each(|layer| layer.saturated = 0.9);
    bench.tell(Message::Frame(frame(1, Status::Running, 11, seen)));
    bench.keys("i");
    let Some(Overlay::List(list)) = bench.app.overlays.last() else {
        panic!("no list: {}", bench.text());
    };
    let names: Vec<&str> = list.items.iter().map(|item| item.name.as_str()).collect();
    for (i, name) in names.iter().enumerate() {
        assert!(!names[..i].contains(name), "{names:?}");
    }
    let flat = |item: &&gradlab::tui::overlay::Item| item.help.contains("where logistic is flat");
    assert_eq!(list.items.iter().filter(flat).count(), 1);
}

/// A build that was refused leaves nothing that advice could be looked for on.
#[test]
fn advice_on_what_is_not_built_says_so_and_does_not_look_for_ever() {
    let not_built = |status: Status| {
        let mut bench = running(120, 36);
        let mut frame = frame(2, status, 0, Vec::new());
        let info = std::sync::Arc::make_mut(&mut frame.info);
        info.dataset = None;
        bench.tell(Message::Frame(frame)).keys("i");
        bench.app.toast.as_ref().expect("a reason").text.clone()
    };
    let failed = not_built(Status::Failed("too large".into()));
    assert!(failed.contains("could not be built"), "{failed}");
    let loading = not_built(Status::Loading("data".into()));
    assert!(loading.contains("not built yet"), "{loading}");
}
