//! `gradlab shot`: a picture of the workbench after so many steps, without a terminal.

use super::apart::Apart;
use super::args::{Common, ShotArgs};
use super::failure::{Failure, Status as Exit, say_unmet};
use super::source;
use crate::text::clean;
use crate::training::file::write_whole;
use crate::training::{Detail, Ended, Frame, Histograms, Point, Session, Start, Status, bound};
use crate::tui::app::{App, Manner};
use crate::tui::key::Key;
use crate::tui::layout::SMALLEST;
use crate::tui::message::{Effect, Message};
use crate::tui::picture::picture;
use crate::tui::theme::{ColourDepth, Theme};
use crossterm::event::KeyEvent;
use std::sync::Arc;

pub fn run(args: &ShotArgs, common: &Common) -> Result<Exit, Failure> {
    let file = clean(&args.out.display().to_string(), 200);
    let ending = args.out.extension().and_then(|e| e.to_str());
    if let Some(other) = ending.filter(|e| !e.eq_ignore_ascii_case("svg")) {
        return Err(Failure::Misused(format!(
            "{file}: the picture is an SVG, not {}: name it x.svg",
            clean(other, 20)
        )));
    }
    let (least_width, least_height) = SMALLEST;
    if args.size.0 < least_width || args.size.1 < least_height {
        return Err(Failure::Misused(format!(
            "--size {}x{}: the workbench needs {least_width}x{least_height}",
            args.size.0, args.size.1
        )));
    }
    let loaded = source::load(&args.experiment, common)?;
    Apart::of(&loaded).written("--out", Some(&args.out))?;
    let start = Start {
        threads: common.threads,
        ..Start::default()
    };
    let mut session = Session::build(&loaded.experiment, &loaded.base_dir, &start, None, &|_| {})
        .map_err(|e| loaded.failed(e))?;
    say_unmet(session.experiment(), session.data());
    let frame = train(&mut session, args.steps)?;
    let name = args.theme.unwrap_or_default();
    let manner = Manner {
        theme: Theme::new(name, ColourDepth::True),
        colours: ColourDepth::True,
        glyphs: args.glyphs.unwrap_or_default(),
        ..Manner::default()
    };
    let title = format!(
        "gradlab {} after {} steps",
        loaded.experiment.name,
        session.steps()
    );
    let mut app = App::new(loaded.experiment, loaded.path, manner);
    let (width, height) = args.size;
    tell(&mut app, Message::Resize(width, height));
    tell(&mut app, Message::Frame(Box::new(frame.clone())));
    let mut lanes = Vec::new();
    for Key { code, modifiers } in &args.keys {
        for effect in tell(&mut app, Message::Key(KeyEvent::new(*code, *modifiers))) {
            if let Effect::Race { experiments, steps } = effect {
                for experiment in &experiments {
                    let lane = Session::build(experiment, &loaded.base_dir, &start, None, &|_| {})
                        .map_err(|e| Failure::Misused(e.to_string()))?;
                    lanes.push(lane);
                }
                race(&mut app, &mut lanes, steps, args.steps)?;
            }
        }
    }
    // What the keys brought on the screen of the data is looked at as the training thread would.
    if let Some(lens) = app.lens() {
        let view = session
            .look(&lens)
            .map_err(|e| Failure::Failed(e.to_string()))?;
        let frame = Frame {
            points: Vec::new(),
            view: Some(Arc::new(view)),
            ..frame
        };
        tell(&mut app, Message::Frame(Box::new(frame)));
    }
    let picture = picture(&app, &title).map_err(Failure::Failed)?;
    write_whole(&args.out, picture.as_bytes()).map_err(|e| {
        Failure::Failed(format!(
            "{}: {e}",
            clean(&args.out.display().to_string(), 200)
        ))
    })?;
    Ok(Exit::Done)
}

/// Tells the workbench something; what it asks is answered at once.
fn tell(app: &mut App, message: Message) -> Vec<Effect> {
    let mut effects = app.update(message);
    let mut rest = Vec::new();
    while let Some(effect) = effects.pop() {
        match effect {
            Effect::Ask(question) => {
                for answer in question.answers() {
                    effects.extend(app.update(Message::Answered(Box::new(answer))));
                }
            }
            other => rest.push(other),
        }
    }
    rest.reverse();
    rest
}

/// Runs a race as the training threads would, lap by lap, until its lanes have taken so many steps.
fn race(app: &mut App, lanes: &mut [Session], lap: u64, most: u64) -> Result<(), Failure> {
    let mut next = Some(lap);
    while let Some(steps) = next.take() {
        for (i, lane) in lanes.iter_mut().enumerate() {
            let frame = train(lane, steps)?;
            for effect in tell(app, Message::Lap(i, Box::new(frame))) {
                if let Effect::Lap(steps) = effect {
                    next = Some(steps);
                }
            }
        }
        if lanes.iter().any(|lane| lane.steps() >= most) {
            break;
        }
    }
    Ok(())
}

/// Trains so many steps and tells it as the training thread would. No rate is shown, so that the same experiment makes
/// the same picture.
fn train(session: &mut Session, steps: u64) -> Result<Frame, Failure> {
    let mut points: Vec<Point> = Vec::new();
    let mut histograms = None;
    for step in 1..=steps {
        let detail = if step == steps {
            Detail::Histograms
        } else {
            Detail::Stats
        };
        let advance = session.advance(1, detail);
        let mut point = advance.point;
        let over = session.ended().is_some() || step == steps;
        if over || session.steps().is_multiple_of(session.steps_per_epoch()) {
            let scores = session
                .compare()
                .map_err(|e| Failure::Failed(e.to_string()))?;
            point = point.map(|point| point.scored(scores));
        }
        points.extend(point);
        bound(&mut points);
        let step = session.steps();
        let taken = advance.histograms;
        histograms = taken
            .map(|layers| Histograms { step, layers })
            .or(histograms);
        if over {
            break;
        }
    }
    Ok(Frame {
        status: match session.ended() {
            None => Status::Paused,
            Some(Ended::Finished(why)) => Status::Finished(why.clone()),
            Some(Ended::Diverged(why)) => Status::Diverged(why.clone()),
            Some(Ended::Failed(why)) => Status::Failed(why.clone()),
        },
        info: Arc::new(session.info()),
        points,
        rows_per_second: 0.0,
        histograms: histograms.map(Arc::new),
        view: None,
        notices: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::parse;
    use std::path::Path;

    /// However many steps, no more points are kept than a frame of the training thread has.
    #[test]
    fn a_long_run_keeps_no_more_points_than_a_frame_has() {
        let toml = "format = 1\n[data]\nkind = \"xor\"\nrows = 8\n[[network.layers]]\nunits = 2\n[training]\nbatch_size = \"full\"\n";
        let experiment = parse(toml, "xor.toml").expect("a good file");
        let start = Start::default();
        let mut session =
            Session::build(&experiment, Path::new("."), &start, None, &|_| {}).expect("a run");
        let frame = train(&mut session, 1500).unwrap_or_else(|_| panic!("it trains"));
        let mut merged = frame.points.clone();
        bound(&mut merged);
        assert_eq!(frame.points.len(), merged.len());
        assert!(frame.points.len() < 1500);
        let last = frame.points.last().expect("points");
        assert_eq!(last.step, 1500);
        assert!(last.test.is_some() && last.fitted.is_some());
    }
}
