//! `gradlab completions`: for the person's shell.

use super::args::{Cli, CompletionsArgs};
use super::failure::{Failure, Status};
use super::output::Output;
use clap::CommandFactory;

pub fn run(args: &CompletionsArgs, output: &mut Output) -> Result<Status, Failure> {
    // Into memory first: the generator takes a closed pipe for a panic.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gradlab", &mut script);
    output.text(script)?;
    Ok(Status::Done)
}
