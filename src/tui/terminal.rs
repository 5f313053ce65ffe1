//! The terminal's modes, taken and given back as one: raw mode, alternate screen, mouse, bracketed paste, cursor. They are
//! given back on every way out: a return, an error, a panic, a signal.

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::force_color_output;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{Command, cursor, execute};
use std::fmt;
use std::io::{self, IsTerminal, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours now; the panic hook and the guard's drop both look here.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Buttons, wheel and drags. crossterm's own command also asks for every movement without a button, which over a slow
/// link is traffic for nothing.
struct MouseOn;
struct MouseOff;

impl Command for MouseOn {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
    }
    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        crossterm::event::EnableMouseCapture.execute_winapi()
    }
}

impl Command for MouseOff {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\x1b[?1006l\x1b[?1002l\x1b[?1000l")
    }
    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        crossterm::event::DisableMouseCapture.execute_winapi()
    }
}

/// Whether there are keys to be read: where the standard input is something else (`-`, an experiment through a pipe), crossterm
/// reads them from the program's terminal. (macOS's kqueue does not know `/dev/tty`.)
pub fn has_keyboard() -> bool {
    let of_program = || cfg!(target_os = "linux") && std::fs::File::open("/dev/tty").is_ok();
    io::stdin().is_terminal() || of_program()
}

/// The terminal is the workbench's as long as this lives.
pub struct Guard {
    mouse: bool,
}

impl Guard {
    pub fn enter(mouse: bool) -> io::Result<Self> {
        // NO_COLOR is the theme's to obey; crossterm's own way drops reverse video, too.
        force_color_output(true);
        let guard = Self { mouse };
        guard.take()?;
        Ok(guard)
    }

    fn take(&self) -> io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(
            stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            cursor::Hide
        )?;
        if self.mouse {
            execute!(stdout(), MouseOn)?;
        }
        Ok(())
    }

    /// Ctrl-Z, or a stop from outside: gives the terminal back, sleeps until the shell says go on, takes it again.
    #[cfg(unix)]
    pub fn suspend(&self) -> io::Result<()> {
        give_back();
        // The signal itself is listened to: raised again it would only be heard again.
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        self.take()
    }

    #[cfg(not(unix))]
    pub fn suspend(&self) -> io::Result<()> {
        Ok(())
    }

    /// Takes the terminal anew after a stop that could not be heard (SIGSTOP): the shell has set its own modes since.
    pub fn take_again(&self) -> io::Result<()> {
        // Else the library holds that the terminal is raw already.
        let _ = disable_raw_mode();
        self.take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back; harmless when it already was. Errors are passed over: the terminal may be gone.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        MouseOff,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// A panic gives the terminal back before its message is printed. A panic of another thread (training catches its own and
/// shows it as a frame) leaves the screen alone.
pub fn hook_panics() {
    let screen = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == screen {
            give_back();
            before(info);
        } else if !TAKEN.load(Ordering::SeqCst) {
            before(info);
        }
    }));
}
