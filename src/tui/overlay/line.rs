//! One line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

#[derive(Clone, Debug, Default)]
pub struct Line {
    input: Input,
    /// What a path that stands here could go on as, as long as nothing else is typed.
    names: Vec<String>,
}

impl Line {
    pub fn new(text: &str) -> Self {
        Self {
            input: Input::new(clean(text)),
            names: Vec::new(),
        }
    }

    /// A path that was completed, and the names that begin like it.
    pub fn completed(text: &str, names: Vec<String>) -> Self {
        Self {
            names,
            ..Self::new(text)
        }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// The cursor's column.
    pub fn cursor(&self) -> usize {
        self.input.visual_cursor()
    }

    pub fn paste(&mut self, text: &str) {
        self.names.clear();
        for c in clean(text).chars() {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// Takes an editing key. `None`: not an editing key; else whether the text changed.
    pub fn key(&mut self, key: KeyEvent) -> Option<bool> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let request = match key.code {
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char('e') if control => InputRequest::GoToEnd,
            KeyCode::Char('u') if control => InputRequest::DeleteFromStart,
            KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Char('h') if control => InputRequest::DeletePrevChar,
            KeyCode::Char('b') if alt => InputRequest::GoToPrevWord,
            KeyCode::Char('f') if alt => InputRequest::GoToNextWord,
            KeyCode::Char(_) if control || alt => return None,
            KeyCode::Char(c) if c.is_control() => return None,
            KeyCode::Char(c) => InputRequest::InsertChar(c),
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left if control => InputRequest::GoToPrevWord,
            KeyCode::Right if control => InputRequest::GoToNextWord,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return None,
        };
        let change = self.input.handle(request);
        let is_changed = change.is_some_and(|change| change.value);
        if is_changed {
            self.names.clear();
        }
        Some(is_changed)
    }
}

/// Characters of a line.
pub const LONGEST: usize = 4096;

/// One line without control characters: what is pasted may hold anything.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect()
}
