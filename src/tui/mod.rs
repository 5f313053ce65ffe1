//! The workbench. `app` holds the state, `draw` its picture, `event_loop` joins both to the world.

pub mod actions;
pub mod app;
mod budget;
pub mod config;
mod differences;
pub mod draw;
pub mod edit;
pub mod event_loop;
mod farewell;
mod filing;
pub mod finder;
mod footer;
pub mod glyphs;
mod help;
mod inquirer;
pub mod inquiry;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod measure;
pub mod message;
pub mod overlay;
pub mod panes;
pub mod paths;
pub mod picture;
pub mod race;
#[cfg(test)]
mod samples;
mod saved_runs;
pub mod screen;
pub mod splits;
pub mod terminal;
pub mod theme;
pub mod tour;
pub mod widgets;
pub mod world;

use crate::experiment::Experiment;
use app::{App, Manner};
use event_loop::{Bell, Ended, Event, Loop};
use farewell::Farewell;
use ratatui::Terminal;
use screen::Screen;
use std::io::{self, IsTerminal, Write, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use terminal::Guard;
use world::World;

/// How the workbench is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads of the training; `None`: the program chooses.
    pub threads: Option<usize>,
    /// A checkpoint of the experiment to go on from.
    pub resume: Option<PathBuf>,
    pub mouse: bool,
    /// Begin with the tour.
    pub tour: bool,
    pub manner: Manner,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: None,
            resume: None,
            mouse: true,
            tour: false,
            manner: Manner::default(),
        }
    }
}

/// Opens the workbench on an experiment and trains it; `file` is where it was read, and its text; relative paths in it start from
/// `base_dir`. Returns the signal that ended it, if one did.
///
/// # Errors
/// Where there is no terminal, or it fails on the way; it is given back in any case.
pub fn run(
    experiment: Experiment,
    file: Option<(PathBuf, String)>,
    base_dir: PathBuf,
    options: Options,
) -> io::Result<Option<i32>> {
    if !stdout().is_terminal() || !terminal::has_keyboard() {
        return Err(io::Error::other(
            "the workbench needs a terminal; `gradlab run` trains without one",
        ));
    }
    let (bell, events) = Bell::new();
    let mut world = World::new(bell.clone(), options.threads);
    if options.resume.is_some() || !options.tour {
        world
            .files
            .look_back(&experiment, &base_dir, options.resume.clone());
    }
    world.start(&experiment, base_dir.clone(), options.resume, true)?;
    terminal::hook_panics();
    let farewell = Arc::new(Farewell::default());
    event_loop::read_signals(bell.clone(), Arc::clone(&farewell))?;
    let guard = Guard::enter(options.mouse)?;
    event_loop::read_input(bell.clone())?;
    let path = file.map(|(path, text)| {
        world.files.knows(&path, &text);
        path
    });
    let mut app = App::new(experiment, path, options.manner);
    app.origin.base = base_dir;
    let (width, height) = crossterm::terminal::size()?;
    app.begin(ratatui::layout::Size::new(width, height));
    if options.tour {
        app.begin_tour();
    }
    let mut event_loop = Loop {
        app,
        world,
        terminal: Terminal::new(Screen::new(stdout()))?,
        events,
        bell,
        guard: Some(guard),
    };
    let ended = event_loop.run();
    farewell.begin();
    // The terminal first: the last autosave can take its time, and what it says is for the shell's screen.
    event_loop.guard = None;
    let kept = farewell::while_said(|| {
        let kept = event_loop.world.end()?;
        let step = saved_runs::step_of(&kept)?;
        Some((step, saved_runs::resuming(&kept)))
    });
    while let Ok(event) = event_loop.events.try_recv() {
        if let Event::Left(notice) = event {
            // Nobody may be left to tell.
            let _ = writeln!(
                io::stderr(),
                "gradlab: {}",
                crate::text::clean(&notice, 1000)
            );
        }
    }
    let ended = ended?;
    if let Some((steps, command)) = kept {
        let steps = crate::text::thousands(steps.into());
        let _ = writeln!(
            io::stderr(),
            "gradlab: the run is kept at step {steps}; `{command}` goes on with it"
        );
    }
    match ended {
        Ended::Quit => Ok(None),
        Ended::Signal(signal) => Ok(Some(signal)),
    }
}
