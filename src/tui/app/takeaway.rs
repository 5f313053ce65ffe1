//! What is on screen to take away: the curves as numbers, the screen as a picture, the figures for the clipboard.

use super::App;
use super::run::Record;
use crate::export::curves::{self, Format};
use crate::telemetry::LayerStats;
use crate::text::clean;
use crate::training::Point;
use crate::tui::layout::Pane;
use crate::tui::measure::Measure;
use crate::tui::message::Effect;
use crate::tui::overlay::{Goal, Line, Overlay, Prompt};
use crate::tui::picture::picture;
use crate::tui::race::{Lane, Race};
use crate::tui::world::file_stem;
use std::path::{Path, PathBuf};

impl App {
    pub fn ask_where_to_save_curves(&mut self) {
        self.ask_where(
            "Save the curves",
            "every measure of the runs on the screen: .csv, or .jsonl for JSON lines",
            "csv",
            Goal::SaveCurves,
        );
    }

    pub fn ask_where_to_save_picture(&mut self) {
        self.ask_where(
            "Save the screen as a picture",
            "an SVG file, which browsers and documents show",
            "svg",
            Goal::SavePicture,
        );
    }

    fn ask_where(&mut self, title: &str, help: &str, extension: &str, goal: Goal) {
        let stem = file_stem(&self.experiment.name);
        let step = self.steps_taken();
        self.overlays.push(Overlay::Prompt(Prompt {
            title: title.into(),
            help: help.into(),
            line: Line::new(&format!("{stem}-step-{step}.{extension}")),
            error: None,
            goal,
        }));
    }

    pub(super) fn save_curves(&mut self, path: PathBuf, ask: Option<Goal>) -> Result<(), String> {
        let format = match extension(&path).as_str() {
            "csv" => Format::Csv,
            "jsonl" | "ndjson" | "json" => Format::Jsonl,
            _ => return Err("the name's end says the format: .csv or .jsonl".into()),
        };
        let shown = self.runs_shown();
        let runs: Vec<(&str, Vec<&Point>)> = shown
            .iter()
            .map(|(name, record)| (name.as_str(), record.kept().collect()))
            .collect();
        let bytes = curves::of_runs(format, &runs).map_err(|e| e.to_string())?;
        let points: usize = runs.iter().map(|(_, points)| points.len()).sum();
        let what = match runs.len() {
            1 => format!("{points} points"),
            runs => format!("{points} points of {runs} runs"),
        };
        self.effect(Effect::Write {
            path,
            bytes,
            what,
            ask,
        });
        Ok(())
    }

    /// The figures on the screen as rows of values between tabs, which spreadsheets take.
    pub fn copy_figures(&mut self) {
        let (what, rows) = match (&self.race, self.focus) {
            (Some(race), _) => ("the race's figures", of_variants(race)),
            (None, Pane::Loss) => ("the curves' figures", self.curves_shown()),
            (None, _) => ("the layers' figures", of_layers(self.layers_shown())),
        };
        self.notice(format!(
            "sent {what} in {} rows to the terminal's clipboard",
            rows.len().saturating_sub(1)
        ));
        let lines: Vec<String> = rows.iter().map(|row| row.join("\t")).collect();
        self.effect(Effect::Copy(lines.join("\n") + "\n"));
    }

    /// Of this run, where the charts show it.
    fn curves_shown(&self) -> Vec<Vec<String>> {
        let (first, last) = self.steps_shown();
        let points = self.run.record.kept();
        let shown = points.filter(|p| (first..=last).contains(&p.step));
        let row = |p: &Point| {
            let mut row = vec![p.step.to_string(), p.learning_rate.to_string()];
            row.extend(of_scores(Some(p)));
            row
        };
        let head = ["step", "learning_rate"].into_iter().chain(SCORES);
        std::iter::once(head.map(String::from).collect())
            .chain(shown.map(row))
            .collect()
    }

    /// The runs on the screen by their names: of a race its variants, else the present run and the pinned ones.
    pub fn runs_shown(&self) -> Vec<(String, &Record)> {
        if let Some(race) = &self.race {
            let lanes = race.lanes.iter();
            return lanes.map(|l| (l.label.clone(), &l.run.record)).collect();
        }
        let present = format!("{} (now)", clean(&self.experiment.name, 80));
        let pinned = self.pinned.iter().map(|p| (p.name.clone(), &p.record));
        std::iter::once((present, &self.live().record))
            .chain(pinned)
            .collect()
    }

    /// Steps that were taken of what is on the screen.
    fn steps_taken(&self) -> u64 {
        match &self.race {
            Some(race) => race.newest(),
            None => self.run.record.step(),
        }
    }

    /// The prompt is closed by now: the picture is of what lay beneath it.
    pub(super) fn save_picture(&mut self, path: PathBuf, ask: Option<Goal>) -> Result<(), String> {
        if extension(&path) != "svg" {
            return Err("the picture is an SVG: end the name in .svg".into());
        }
        let name = clean(&self.experiment.name, 80);
        let title = format!("gradlab {name} after {} steps", self.steps_taken());
        let bytes = picture(self, &title)?.into_bytes();
        self.effect(Effect::Write {
            path,
            bytes,
            what: "the screen".into(),
            ask,
        });
        Ok(())
    }
}

const SCORES: [&str; 4] = ["loss", "test_loss", "accuracy", "test_accuracy"];

fn of_scores(point: Option<&Point>) -> [String; 4] {
    let (train, test) = (point.map(|p| p.train), point.and_then(|p| p.test));
    [
        train.map(|s| s.loss),
        test.map(|s| s.loss),
        train.and_then(|s| s.accuracy),
        test.and_then(|s| s.accuracy),
    ]
    .map(|value| value.map_or(String::new(), |v| v.to_string()))
}

fn of_variants(race: &Race) -> Vec<Vec<String>> {
    let row = |lane: &Lane| {
        let mut row = vec![clean(&lane.label, 80)];
        row.extend(of_scores(lane.point(race.cursor)));
        row
    };
    let head = std::iter::once("variant").chain(SCORES);
    std::iter::once(head.map(String::from).collect())
        .chain(race.lanes.iter().map(row))
        .collect()
}

/// Counted from 1, as on the screen.
fn of_layers(layers: &[LayerStats]) -> Vec<Vec<String>> {
    let row = |(layer, stats): (usize, &LayerStats)| {
        let values = Measure::ALL.iter().map(|m| m.of(stats).to_string());
        std::iter::once((layer + 1).to_string())
            .chain(values)
            .collect()
    };
    let names = Measure::ALL.iter().map(|m| m.name());
    let head = std::iter::once("layer").chain(names);
    std::iter::once(head.map(String::from).collect())
        .chain(layers.iter().enumerate().map(row))
        .collect()
}

fn extension(path: &Path) -> String {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.unwrap_or_default().to_ascii_lowercase()
}
