//! The loop: takes all that happened, then draws once, when something visible changed. It sleeps on one channel; there
//! are no ticks, so that an idle workbench uses no processor and sends no bytes.

use super::app::App;
use super::budget::{Budget, Cause, Due};
use super::draw::draw;
use super::farewell::Farewell;
use super::inquiry::Answer;
use super::message::{Effect, Message};
use super::screen::Screen;
use super::terminal::Guard;
use super::world::World;
use crate::training::Status;
use crossterm::event::Event as Input;
use ratatui::Terminal;
use std::io::{self, Write};
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Instant;

/// What wakes the loop.
#[derive(Debug)]
pub enum Event {
    Input(Input),
    /// Training left a frame.
    Trained,
    /// A race's lane left a frame.
    Lapped(usize),
    /// The learning-rate finder left a state.
    Swept,
    /// Something that the screen had asked was found out.
    Answered(Box<Answer>),
    /// Something that a drive was asked for has come.
    Filed,
    /// A run that was left for another had something to say at its end.
    Left(String),
    /// The system asks to end: hang-up, terminate, interrupt.
    Signal(i32),
    /// The system asks to stop until it says go on.
    Stop,
    /// The system said go on.
    GoOn,
    /// The terminal cannot be read any more.
    InputLost(String),
}

/// The sending side of the loop's channel. Frames are announced at most once until one is taken.
#[derive(Clone)]
pub struct Bell {
    sender: Sender<Event>,
    announced: Arc<AtomicBool>,
}

impl Bell {
    pub fn new() -> (Self, Receiver<Event>) {
        let (sender, receiver) = mpsc::channel();
        let bell = Self {
            sender,
            announced: Arc::default(),
        };
        (bell, receiver)
    }

    /// Training calls this, from its own thread; it never waits.
    pub fn trained(&self) {
        if !self.announced.swap(true, Ordering::AcqRel) {
            self.ring(Event::Trained);
        }
    }

    /// The loop is gone when this fails, and with it whoever would listen.
    pub fn ring(&self, event: Event) {
        let _ = self.sender.send(event);
    }
}

/// Reads the terminal on a thread of its own: reading blocks, and the loop must not.
pub fn read_input(bell: Bell) -> io::Result<()> {
    std::thread::Builder::new()
        .name("gradlab-input".into())
        .spawn(move || {
            loop {
                match crossterm::event::read() {
                    Ok(input) => bell.ring(Event::Input(input)),
                    Err(error) => return bell.ring(Event::InputLost(error.to_string())),
                }
            }
        })
        .map(|_| ())
}

/// Listens for the signals that end the program or stop it, and obeys at once what must not wait for the run to be saved (see
/// [`Farewell`]).
#[cfg(unix)]
pub fn read_signals(bell: Bell, farewell: Arc<Farewell>) -> io::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
    let mut signals =
        signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGCONT])?;
    std::thread::Builder::new()
        .name("gradlab-signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGTSTP => bell.ring(Event::Stop),
                    SIGCONT => bell.ring(Event::GoOn),
                    _ if farewell.is_at_once(signal) => {
                        super::terminal::give_back();
                        std::process::exit(128 + signal);
                    }
                    _ => bell.ring(Event::Signal(signal)),
                }
            }
        })
        .map(|_| ())
}

#[cfg(not(unix))]
pub fn read_signals(_: Bell, _: Arc<Farewell>) -> io::Result<()> {
    Ok(())
}

/// What an event's frame is drawn for.
fn cause_of(event: &Event) -> Cause {
    match event {
        Event::Input(_) => Cause::Hand,
        Event::Trained | Event::Lapped(_) | Event::Swept => Cause::Training,
        _ => Cause::Outcome,
    }
}

fn earlier(frame: Option<Instant>, due: Instant) -> Option<Instant> {
    frame.into_iter().chain([due]).min()
}

/// How the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Quit,
    Signal(i32),
}

pub struct Loop<W: Write> {
    pub app: App,
    pub world: World,
    pub terminal: Terminal<Screen<W>>,
    pub events: Receiver<Event>,
    pub bell: Bell,
    /// `None` in tests, which have no terminal to give back.
    pub guard: Option<Guard>,
}

impl<W: Write> Loop<W> {
    pub fn run(&mut self) -> io::Result<Ended> {
        let size = self.terminal.size()?;
        self.tell(Message::Resize(size.width, size.height))?;
        let now = Instant::now();
        let mut budget = Budget::new(now);
        let mut due = Due::at(now);
        // When the next frame begins; `None` while nothing has changed.
        let mut frame = Some(now);
        loop {
            if frame.is_some_and(|begins| Instant::now() >= begins) {
                due = self.draw(&mut budget)?;
                frame = None;
            }
            let word = self.world.files.next_late();
            let until = frame.into_iter().chain(word).min();
            let mut next = match self.next(until) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Quit),
            };
            for late in self.world.files.late(Instant::now()) {
                frame = earlier(frame, due.of(Cause::Outcome));
                if let Some(ended) = self.tell(late)? {
                    return Ok(ended);
                }
            }
            while let Some(event) = next {
                let (mut cause, before) = (cause_of(&event), self.standing());
                if let Some(ended) = self.handle(event)? {
                    return Ok(ended);
                }
                if cause == Cause::Training && self.standing() != before {
                    cause = Cause::Outcome;
                }
                frame = earlier(frame, due.of(cause));
                next = self.events.try_recv().ok();
            }
        }
    }

    /// Sleeps until something happens, or until then.
    fn next(&self, until: Option<Instant>) -> Result<Event, RecvTimeoutError> {
        match until {
            Some(until) => self
                .events
                .recv_timeout(until.saturating_duration_since(Instant::now())),
            None => self.events.recv().map_err(RecvTimeoutError::from),
        }
    }

    /// Which run it is, and whether it moves: what a command changes, though it is training that says so.
    fn standing(&self) -> (Discriminant<Status>, Option<u64>) {
        let run = self.app.live();
        let number = run.info.as_ref().map(|info| info.run);
        (discriminant(&run.status), number)
    }

    /// Draws and sends one frame. Returns when the next may begin.
    fn draw(&mut self, budget: &mut Budget) -> io::Result<Due> {
        let start = Instant::now();
        let app = &self.app;
        self.terminal.draw(|frame| draw(app, frame))?;
        let bytes = self.terminal.backend_mut().present()?;
        Ok(budget.spend(bytes, start, Instant::now()))
    }

    fn handle(&mut self, event: Event) -> io::Result<Option<Ended>> {
        let message = match event {
            Event::Input(Input::Key(key)) => Message::Key(key),
            Event::Input(Input::Mouse(mouse)) => Message::Mouse(mouse),
            Event::Input(Input::Paste(text)) => Message::Paste(text),
            // Of a window that was smaller for a moment the rest is gone, and its size tells nothing of that.
            Event::Input(Input::Resize(..)) => {
                self.draw_anew()?;
                return Ok(None);
            }
            Event::Input(_) => return Ok(None),
            Event::Trained => {
                self.bell.announced.store(false, Ordering::Release);
                match self.world.take() {
                    Some(frame) => Message::Frame(Box::new(frame)),
                    None => return Ok(None),
                }
            }
            Event::Lapped(lane) => match self.world.take_lap(lane) {
                Some(frame) => Message::Lap(lane, Box::new(frame)),
                None => return Ok(None),
            },
            Event::Swept => match self.world.take_sweep() {
                Some(sweep) => Message::Swept(Box::new(sweep)),
                None => return Ok(None),
            },
            Event::Answered(answer) => Message::Answered(answer),
            Event::Filed => {
                for message in self.world.files.outcomes() {
                    if let Some(ended) = self.tell(message)? {
                        return Ok(Some(ended));
                    }
                }
                return Ok(None);
            }
            Event::Left(notice) => Message::Trouble(notice),
            Event::Stop => {
                self.suspend()?;
                return Ok(None);
            }
            Event::GoOn => {
                if let Some(guard) = &self.guard {
                    guard.take_again()?;
                }
                self.draw_anew()?;
                return Ok(None);
            }
            Event::Signal(signal) => {
                self.world.hang_up(&self.app);
                return Ok(Some(Ended::Signal(signal)));
            }
            Event::InputLost(_) => {
                self.world.hang_up(&self.app);
                return Ok(Some(Ended::Quit));
            }
        };
        self.tell(message)
    }

    /// Tells the state, and does what it asks for.
    fn tell(&mut self, message: Message) -> io::Result<Option<Ended>> {
        let mut effects = self.app.update(message);
        while !effects.is_empty() {
            let mut messages = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Quit => return Ok(Some(Ended::Quit)),
                    Effect::Suspend => self.suspend()?,
                    Effect::Redraw => self.draw_anew()?,
                    Effect::Copy(text) => {
                        let sequence = super::world::clipboard(&text);
                        self.terminal.backend_mut().send(&sequence)?;
                    }
                    other => messages.extend(self.world.perform(other)),
                }
            }
            effects = messages
                .into_iter()
                .flat_map(|m| self.app.update(m))
                .collect();
        }
        Ok(None)
    }

    fn suspend(&mut self) -> io::Result<()> {
        if let Some(guard) = &self.guard {
            guard.suspend()?;
        }
        self.draw_anew()
    }

    /// Of what is on the screen nothing is believed: all of it is drawn again. (`Terminal::clear` would ask for the cursor.)
    fn draw_anew(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.tell(Message::Resize(size.width, size.height))?;
        self.terminal
            .resize(ratatui::layout::Rect::new(0, 0, size.width, size.height))
    }
}

#[cfg(test)]
#[path = "event_loop_tests.rs"]
mod tests;
