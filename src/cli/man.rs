//! `gradlab man`: the manual page, and every command's after it.

use super::args::Cli;
use super::failure::{Failure, Status};
use super::output::Output;
use clap::CommandFactory;
use clap_mangen::Man;

pub fn run(output: &mut Output) -> Result<Status, Failure> {
    let mut page = Vec::new();
    render(&mut page)
        .map_err(|e| Failure::Failed(format!("the manual page cannot be made: {e}")))?;
    output.text(page)?;
    Ok(Status::Done)
}

fn render(page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = Cli::command();
    command.build();
    Man::new(command.clone()).render(page)?;
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set()) {
        let name = format!("gradlab {}", sub.get_name());
        page.extend_from_slice(
            format!(".SH {}\n", name.to_uppercase().replace(' ', "\\ ")).as_bytes(),
        );
        let man = Man::new(sub.clone());
        let mut part = Vec::new();
        man.render_description_section(&mut part)?;
        man.render_synopsis_section(&mut part)?;
        man.render_options_section(&mut part)?;
        // Sections of a command are parts of the page's section about it.
        page.extend_from_slice(
            String::from_utf8_lossy(&part)
                .replace(".SH ", ".SS ")
                .as_bytes(),
        );
    }
    Ok(())
}
