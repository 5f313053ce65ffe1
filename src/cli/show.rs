//! `gradlab show`: a preset's file.

use super::args::{Common, ShowArgs};
use super::failure::{Failure, Status};
use super::output::Output;
use super::source;
use crate::experiment::to_toml;

pub fn run(args: &ShowArgs, common: &Common, output: &mut Output) -> Result<Status, Failure> {
    let loaded = source::load_preset(&args.preset, common)?;
    let shipped = loaded.path.is_none() && crate::experiment::presets::find(&args.preset).is_some();
    if shipped && common.set.is_empty() && common.seed.is_none() {
        output.text(&loaded.text)?;
    } else {
        // Written anew, so that what a stranger's file holds reaches the terminal as text alone.
        output.text(to_toml(&loaded.experiment))?;
    }
    Ok(Status::Done)
}
