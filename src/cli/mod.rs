//! The command line: what is asked, handed to one file a command.

mod apart;
pub mod args;
mod check;
mod completions;
mod earlier_report;
mod export;
mod failure;
mod judged;
mod list;
mod man;
mod open;
mod origin;
mod output;
mod probe;
mod progress;
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
use std::io::{IsTerminal, Write};

/// Runs one command line to its end and says how it went.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Status {
    let args: Vec<OsString> = args.into_iter().collect();
    let color = ColorChoice::asked(&args);
    let parsed = Cli::command()
        .try_get_matches_from(args)
        .and_then(|m| Cli::from_arg_matches(&m));
    let mut output = Output::new(color);
    let ended = match parsed {
        Ok(cli) => dispatch(cli, &mut output).and_then(|status| output.flush().map(|()| status)),
        Err(error) => print(&error, color),
    };
    match ended {
        Ok(status) => status,
        Err(Failure::Closed) => Status::Done,
        Err(failure) => {
            output.error(&failure);
            failure.status()
        }
    }
}

/// What is wrong with the command line, to standard error; help and version, which arrive here too, are results.
fn print(error: &clap::Error, color: ColorChoice) -> Result<Status, Failure> {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let text = |terminal: bool| match color.on(terminal) {
        true => error.render().ansi().to_string(),
        false => error.render().to_string(),
    };
    if error.use_stderr() {
        let _ = err.write_all(text(err.is_terminal()).as_bytes());
        return Ok(Status::Misused);
    }
    out.write_all(text(out.is_terminal()).as_bytes())
        .and_then(|()| out.flush())
        .map(|()| Status::Done)
        .map_err(|e| Failure::of_output(&e))
}

/// The name of a command that takes no experiment.
fn without_experiment(command: &Command) -> Option<&'static str> {
    match command {
        Command::List(_) => Some("list"),
        Command::Completions(_) => Some("completions"),
        Command::Man => Some("man"),
        Command::Resume(args) if args.list => Some("resume --list"),
        _ => None,
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
    if let Some(name) = cli.command.as_ref().and_then(without_experiment)
        && (!common.set.is_empty() || common.seed.is_some())
    {
        return Err(Failure::Misused(format!(
            "`{name}` takes no experiment, which is what --set and --seed change"
        )));
    }
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
