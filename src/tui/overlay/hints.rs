//! The keys that an overlay answers, with what they do: in the footer while it is there, and in a question's own box. A click on
//! one presses it.

use super::Overlay;
use crate::tui::app::App;
use crossterm::event::KeyCode;
use unicode_width::UnicodeWidthStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    pub key: &'static str,
    pub word: &'static str,
    /// What a click presses; `None` where several keys are meant.
    pub press: Option<KeyCode>,
}

impl Hint {
    const fn of(key: &'static str, word: &'static str, press: KeyCode) -> Self {
        Self {
            press: Some(press),
            ..Self::of_several(key, word)
        }
    }

    const fn of_several(key: &'static str, word: &'static str) -> Self {
        Self {
            key,
            word,
            press: None,
        }
    }

    /// With the space between key and word.
    pub fn width(&self) -> usize {
        self.key.width() + 1 + self.word.width()
    }
}

pub fn of(overlay: &Overlay, app: &App) -> &'static [Hint] {
    const LEAVE: Hint = Hint::of("esc", "leave it", KeyCode::Esc);
    const STAY: Hint = Hint::of("esc", "stay", KeyCode::Esc);
    const CLOSE: Hint = Hint::of("esc", "close", KeyCode::Esc);
    const SELECT: Hint = Hint::of_several("↑ ↓", "select");
    match overlay {
        Overlay::List(_) => {
            const {
                &[
                    Hint::of_several("type", "to filter"),
                    SELECT,
                    Hint::of("enter", "choose", KeyCode::Enter),
                    CLOSE,
                ]
            }
        }
        Overlay::Form(_) => {
            const {
                &[
                    SELECT,
                    Hint::of("enter", "change", KeyCode::Enter),
                    Hint::of_several("+ -", "more, less"),
                    Hint::of("u", "undo", KeyCode::Char('u')),
                    CLOSE,
                ]
            }
        }
        Overlay::Prompt(prompt) if app.names_a_file(&prompt.goal) => {
            const {
                &[
                    Hint::of("enter", "take it", KeyCode::Enter),
                    Hint::of("tab", "complete", KeyCode::Tab),
                    LEAVE,
                ]
            }
        }
        Overlay::Prompt(_) => const { &[Hint::of("enter", "take it", KeyCode::Enter), LEAVE] },
        Overlay::Awaiting(_) => const { &[LEAVE] },
        Overlay::ConfirmQuit => {
            const {
                &[
                    Hint::of("s", "save and quit", KeyCode::Char('s')),
                    Hint::of("q", "quit without saving", KeyCode::Char('q')),
                    STAY,
                ]
            }
        }
        Overlay::ConfirmOpen(..) => const { &[Hint::of("o", "open it", KeyCode::Char('o')), STAY] },
        Overlay::Text { .. } => {
            const {
                &[
                    Hint::of_several("↑ ↓", "scroll"),
                    Hint::of("any other key", "close", KeyCode::Esc),
                ]
            }
        }
    }
}

/// Those that one row has room for, with two columns after each, and the column of each: the last, which leads out, comes
/// before the others.
pub fn in_row(
    hints: &'static [Hint],
    width: usize,
) -> impl Iterator<Item = (usize, &'static Hint)> {
    const GAP: usize = 2;
    let size = |hint: &Hint| hint.width() + GAP;
    let mut room = width.saturating_sub(hints.last().map_or(0, size));
    let last = hints.len().saturating_sub(1);
    let mut x = 0;
    hints.iter().enumerate().filter_map(move |(i, hint)| {
        if i < last && size(hint) > room {
            return None;
        }
        if i < last {
            room -= size(hint);
        }
        let at = x;
        x += size(hint);
        Some((at, hint))
    })
}

/// All of them with the row and the column of each: none is broken, and what has no room goes to the next row.
pub fn in_rows(hints: &'static [Hint], width: usize) -> Vec<(usize, usize, &'static Hint)> {
    const GAP: usize = 3;
    let (mut row, mut x) = (0, 0);
    let place = |hint: &'static Hint| {
        if x > 0 && x + hint.width() > width {
            (row, x) = (row + 1, 0);
        }
        let at = (row, x, hint);
        x += hint.width() + GAP;
        at
    };
    hints.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HINTS: &[Hint] = &[
        Hint::of_several("type", "to filter"),
        Hint::of("enter", "choose", KeyCode::Enter),
        Hint::of("esc", "close", KeyCode::Esc),
    ];

    #[test]
    fn of_an_overlays_keys_the_way_out_is_shown_first() {
        let shown = |width| {
            let hints = in_row(HINTS, width);
            hints.map(|(x, hint)| (x, hint.key)).collect::<Vec<_>>()
        };
        assert_eq!(shown(80), [(0, "type"), (16, "enter"), (30, "esc")]);
        assert_eq!(shown(30), [(0, "type"), (16, "esc")]);
        assert_eq!(shown(5), [(0, "esc")]);
    }

    #[test]
    fn a_questions_answers_are_broken_between_two_of_them() {
        let places = |width| {
            let hints = in_rows(HINTS, width).into_iter();
            hints.map(|(y, x, _)| (y, x)).collect::<Vec<_>>()
        };
        assert_eq!(places(80), [(0, 0), (0, 17), (0, 32)]);
        assert_eq!(places(30), [(0, 0), (0, 17), (1, 0)]);
        assert_eq!(places(3), [(0, 0), (1, 0), (2, 0)]);
    }
}
