//! `gradlab [EXPERIMENT]`: the workbench.

use super::args::{Common, WorkbenchArgs};
use super::failure::{Failure, Status};
use super::source;
use crate::experiment::presets;
use crate::tui;
use crate::tui::theme::{ColourDepth, Theme, ThemeName};

pub fn run(
    experiment: Option<&str>,
    args: &WorkbenchArgs,
    common: &Common,
) -> Result<Status, Failure> {
    let loaded = source::load(experiment.unwrap_or(presets::DEFAULT), common)?;
    let name = args.theme.unwrap_or_default();
    let theme = match common.color {
        super::ColorChoice::Never => Theme::new(ThemeName::Mono, ColourDepth::None),
        _ => Theme::from_env(name),
    };
    let options = tui::Options {
        threads: common.threads,
        mouse: !args.no_mouse,
        manner: tui::app::Manner {
            theme,
            glyphs: args.glyphs.unwrap_or_default(),
            ..tui::app::Manner::default()
        },
    };
    match tui::run(loaded.experiment, loaded.path, loaded.base_dir, options) {
        Ok(None) => Ok(Status::Done),
        Ok(Some(_)) => Ok(Status::Stopped),
        Err(error) => Err(Failure::Failed(error.to_string())),
    }
}
