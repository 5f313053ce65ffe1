//! The command line: what is asked, handed to one file a command.

pub mod args;
mod check;
mod completions;
mod export;
mod failure;
mod judged;
mod list;
mod man;
mod open;
mod output;
mod probe;
mod report;
mod reporting;
mod resume;
mod run;
mod shot;
mod show;
mod signals;
pub mod source;
mod workbench;

pub use args::{Cli, ColorChoice, Command, Common};
pub use failure::{Failure, Status};

use clap::{CommandFactory, FromArgMatches};
use output::Output;
use std::ffi::OsString;

/// Runs one command line to its end and says how it went.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Status {
    let args: Vec<OsString> = args.into_iter().collect();
    let color = ColorChoice::asked(&args);
    let command = Cli::command().color(color.for_clap());
    let parsed = command
        .try_get_matches_from(args)
        .and_then(|m| Cli::from_arg_matches(&m));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version arrive here too; a reader that has gone away is no fault.
            let _ = error.print();
            return if error.use_stderr() {
                Status::Misused
            } else {
                Status::Done
            };
        }
    };
    let mut output = Output::new(color);
    match dispatch(cli, &mut output).and_then(|status| output.flush().map(|()| status)) {
        Ok(status) => status,
        Err(Failure::Closed) => Status::Done,
        Err(failure) => {
            output.error(&failure);
            failure.status()
        }
    }
}

fn dispatch(cli: Cli, output: &mut Output) -> Result<Status, Failure> {
    if let (Some(experiment), Some(_)) = (&cli.experiment, &cli.command) {
        let name = crate::text::clean(experiment, 60);
        return Err(Failure::Misused(format!(
            "`{name}` stands before a command: name the experiment after it"
        )));
    }
    let common = &cli.common;
    match &cli.command {
        Some(Command::Check(args)) => check::run(args, common, output),
        Some(Command::List(args)) => list::run(args, output),
        Some(Command::Show(args)) => show::run(args, common, output),
        Some(Command::Run(args)) => run::run(args, common),
        Some(Command::Export(args)) => export::run(args, common, output),
        Some(Command::Shot(args)) => shot::run(args, common),
        Some(Command::Probe(args)) => probe::run(args, common, output),
        Some(Command::Tour(args)) => workbench::tour(&args.workbench.or(&cli.workbench), common),
        Some(Command::Open(args)) => open::run(args, &args.workbench.or(&cli.workbench), common),
        Some(Command::Resume(args)) => {
            resume::run(args, &args.workbench.or(&cli.workbench), common, output)
        }
        Some(Command::Completions(args)) => completions::run(args, output),
        Some(Command::Man) => man::run(output),
        None => workbench::run(cli.experiment.as_deref(), &cli.workbench, common),
    }
}
