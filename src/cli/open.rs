//! `gradlab open`: the workbench on a pasted link.

use super::args::{Common, OpenArgs, WorkbenchArgs};
use super::failure::{Failure, Status};
use super::{source, workbench};
use crate::experiment::link;

pub fn run(args: &OpenArgs, workbench: &WorkbenchArgs, common: &Common) -> Result<Status, Failure> {
    let pasted = args.link.trim();
    if !pasted.starts_with(link::PREFIX) {
        // Says whether it is a link of another version or none at all.
        let why = link::text_of(pasted).err();
        return Err(Failure::Misused(why.map_or_else(
            || "that is no link".to_string(),
            |why| format!("{why} (`gradlab EXPERIMENT` opens a file or a preset)"),
        )));
    }
    workbench::open(source::load(pasted, common)?, None, workbench, common)
}
