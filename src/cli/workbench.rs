//! `gradlab [EXPERIMENT]`: the workbench.

use super::args::{Common, WorkbenchArgs};
use super::failure::{Failure, Status};
use super::source::{self, Loaded};
use crate::experiment::presets;
use crate::tui::glyphs::Glyphs;
use crate::tui::theme::{ColourDepth, Theme};
use crate::tui::{self, config};
use std::path::PathBuf;

pub fn run(
    experiment: Option<&str>,
    args: &WorkbenchArgs,
    common: &Common,
) -> Result<Status, Failure> {
    let named = experiment.unwrap_or(presets::DEFAULT);
    let loaded = source::load_beside_commands(named, common)?;
    open(loaded, None, args, common)
}

/// The workbench on the first stop of the tour.
pub fn tour(args: &WorkbenchArgs, common: &Common) -> Result<Status, Failure> {
    let first = tui::tour::STOPS
        .first()
        .map_or(presets::DEFAULT, |s| s.preset);
    begin(source::load(first, common)?, None, true, args, common)
}

/// Opens the workbench, on a run that goes on from `resume` if one is given.
pub fn open(
    loaded: Loaded,
    resume: Option<PathBuf>,
    args: &WorkbenchArgs,
    common: &Common,
) -> Result<Status, Failure> {
    begin(loaded, resume, false, args, common)
}

fn begin(
    loaded: Loaded,
    resume: Option<PathBuf>,
    tour: bool,
    args: &WorkbenchArgs,
    common: &Common,
) -> Result<Status, Failure> {
    let config = match config::path() {
        Some(path) => config::load(&path).map_err(Failure::Misused)?,
        None => config::Config::default(),
    };
    let name = args.theme.or(config.theme).unwrap_or_default();
    let colours = colours(common.color);
    let options = tui::Options {
        threads: common.threads,
        resume,
        tour,
        mouse: !args.no_mouse && config.mouse.unwrap_or(true),
        manner: tui::app::Manner {
            theme: Theme::new(name, colours),
            colours,
            glyphs: args
                .glyphs
                .or(config.glyphs)
                .unwrap_or_else(|| Glyphs::detect(|name| std::env::var(name).ok())),
            keymap: config.keymap,
        },
    };
    let file = loaded.path.map(|path| (path, loaded.text));
    match tui::run(loaded.experiment, file, loaded.base_dir, options) {
        Ok(None) => Ok(Status::Done),
        Ok(Some(_)) => Ok(Status::Stopped),
        Err(error) => Err(Failure::Failed(error.to_string())),
    }
}

/// The colours that the terminal may be sent. Asked for always, they come whatever NO_COLOR says.
fn colours(choice: super::ColorChoice) -> ColourDepth {
    let variable = |name: &str| std::env::var(name).ok();
    match choice {
        super::ColorChoice::Never => ColourDepth::None,
        super::ColorChoice::Auto => ColourDepth::detect(variable),
        super::ColorChoice::Always => {
            ColourDepth::detect(|name| variable(name).filter(|_| name != "NO_COLOR"))
                .max(ColourDepth::Sixteen)
        }
    }
}
