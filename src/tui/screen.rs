//! What is drawn, gathered and sent as one write a frame inside a synchronized update (DEC private mode 2026), and nothing
//! at all where nothing changed.

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

/// A frame's bytes on their way out. Cloned: the backend writes into it, the screen empties it.
#[derive(Clone, Default)]
struct Pending(Rc<RefCell<Vec<u8>>>);

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    /// crossterm flushes after every cursor command; the frame goes out whole, in [`Screen::present`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// ratatui's crossterm backend behind a buffer. It keeps the cursor's state itself: an unchanged cursor costs no bytes, and
/// its position is never asked from the terminal, whose answer would race the input thread.
pub struct Screen<W: Write> {
    inner: CrosstermBackend<Pending>,
    pending: Pending,
    out: W,
    cursor: Position,
    cursor_shown: bool,
    /// Kept here so that a test can set it; `None`: the terminal's own.
    fixed_size: Option<Size>,
    /// Bytes sent in all.
    pub sent: u64,
}

impl<W: Write> Screen<W> {
    pub fn new(out: W) -> Self {
        let pending = Pending::default();
        Self {
            inner: CrosstermBackend::new(pending.clone()),
            pending,
            out,
            cursor: Position::ORIGIN,
            cursor_shown: false,
            fixed_size: None,
            sent: 0,
        }
    }

    /// A screen of this size whatever the terminal says.
    pub fn with_size(out: W, size: Size) -> Self {
        Self {
            fixed_size: Some(size),
            ..Self::new(out)
        }
    }

    /// Sends what was drawn, as one write. Returns the number of bytes; 0 where nothing had changed.
    pub fn present(&mut self) -> io::Result<usize> {
        let drawn = std::mem::take(&mut *self.pending.0.borrow_mut());
        if drawn.is_empty() {
            return Ok(0);
        }
        let mut bytes = Vec::with_capacity(drawn.len() + 16);
        queue!(bytes, BeginSynchronizedUpdate)?;
        bytes.extend_from_slice(&drawn);
        queue!(bytes, EndSynchronizedUpdate)?;
        self.out.write_all(&bytes)?;
        self.out.flush()?;
        self.sent += bytes.len() as u64;
        Ok(bytes.len())
    }

    /// Sends an escape sequence that is no part of the picture (the clipboard's).
    pub fn send(&mut self, sequence: &str) -> io::Result<()> {
        self.out.write_all(sequence.as_bytes())?;
        self.out.flush()
    }
}

impl<W: Write> Backend for Screen<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.inner.draw(content)?;
        if self.cursor_shown {
            let Position { x, y } = self.cursor;
            queue!(self.pending, MoveTo(x, y))?;
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.cursor_shown, false) {
            queue!(self.pending, Hide)?;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.cursor_shown, true) {
            queue!(self.pending, Show)?;
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if position != self.cursor {
            self.cursor = position;
            queue!(self.pending, MoveTo(position.x, position.y))?;
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        match self.fixed_size {
            Some(size) => Ok(size),
            None => self.inner.size(),
        }
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::widgets::Paragraph;

    #[test]
    fn an_unchanged_frame_sends_nothing_and_a_changed_one_is_one_synchronized_write() {
        let size = Size::new(20, 3);
        let mut terminal = Terminal::new(Screen::with_size(Vec::new(), size)).unwrap();
        let draw = |terminal: &mut Terminal<Screen<Vec<u8>>>, text: &str| {
            terminal
                .draw(|frame| frame.render_widget(Paragraph::new(text), frame.area()))
                .unwrap();
            terminal.backend_mut().present().unwrap()
        };
        assert!(draw(&mut terminal, "loss 1") > 0);
        assert_eq!(draw(&mut terminal, "loss 1"), 0);
        let before = terminal.backend().out.len();
        assert!(draw(&mut terminal, "loss 2") > 0);
        let frame = String::from_utf8(terminal.backend().out[before..].to_vec()).unwrap();
        assert!(frame.starts_with("\x1b[?2026h") && frame.ends_with("\x1b[?2026l"));
        assert!(frame.contains('2') && !frame.contains("loss"));
    }
}
