//! `gradlab export`: the same experiment as a script of another framework.

use super::apart::Apart;
use super::args::{Common, ExportArgs, ExportFormat};
use super::failure::{Failure, Status, say_unmet};
use super::output::Output;
use super::source;
use crate::data;
use crate::export::job::{ExportError, Job};
use crate::export::{keras, pytorch, rows};
use crate::text::clean;
use crate::training::file::write_whole;
use std::path::Path;

pub fn run(args: &ExportArgs, common: &Common, output: &mut Output) -> Result<Status, Failure> {
    let loaded = source::load(&args.experiment, common)?;
    let mut files = Apart::of(&loaded);
    files.written("--data", args.data.as_deref())?;
    files.written("--out", args.out.as_deref())?;
    let request = loaded.experiment.request();
    // How many features and classes there are is known when the data are there.
    let data = data::load(&request, &loaded.base_dir, &|_| {})
        .map_err(|e| Failure::Misused(loaded.without_data(&e)))?;
    let misused = |e: ExportError| {
        Failure::Misused(match e {
            ExportError::Refused(e) => loaded.refused_by_name(e),
            e => format!("{}: {e}", loaded.label),
        })
    };
    say_unmet(&loaded.experiment, &data);
    let job = Job::new(&loaded.experiment, &data, &loaded.base_dir).map_err(misused)?;
    let script = match args.format {
        ExportFormat::Pytorch => pytorch::script(&job),
        ExportFormat::Keras => keras::script(&job),
    }
    .map_err(misused)?;
    if let Some(path) = &args.data {
        let bytes = rows::to_safetensors(&data).map_err(|e| Failure::Failed(e.to_string()))?;
        write(path, &bytes)?;
    }
    match &args.out {
        Some(path) => write(path, script.as_bytes())?,
        None => output.text(script)?,
    }
    Ok(Status::Done)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(path, bytes)
        .map_err(|e| Failure::Failed(format!("{}: {e}", clean(&path.display().to_string(), 200))))
}
