//! The command line, handed to a command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gradlab::cli::main(std::env::args_os()).into()
}
