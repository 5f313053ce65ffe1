//! Moving the borders between panes: dragged by the mouse, or by keys that make the focused pane larger or smaller.

use super::App;
use crate::tui::splits::{Divider, Drag, Run, Splits};
use ratatui::layout::{Position, Rect};

impl App {
    /// Takes hold of the border under the pointer; false where there is none.
    pub(super) fn grab(&mut self, at: Position) -> bool {
        let layout = self.layout();
        // A pane's corner lies on two borders: the one across is meant less often.
        let found = layout
            .dividers
            .iter()
            .filter(|d| d.cells().contains(at))
            .min_by_key(|d| d.run == Run::Across);
        self.drag = found.map(|divider| Drag {
            border: divider.border,
            offset: divider.place() - divider.along(at),
        });
        self.drag.is_some()
    }

    /// The border follows the pointer.
    pub(super) fn drag_to(&mut self, at: Position) {
        let Some(drag) = self.drag else {
            return;
        };
        let divider = self.layout().dividers.into_iter();
        if let Some(divider) = divider.into_iter().find(|d| d.border == drag.border) {
            let place = divider.along(at) + drag.offset;
            self.splits.set(drag.border, divider.share_at(place));
        }
    }

    /// The border at the focused pane's right or lower edge, else at its left or upper one, and the way in which it grows.
    fn movable(&self, run: Run) -> Option<(Divider, i32)> {
        let layout = self.layout();
        let area = layout.area(self.focus)?;
        let (start, end) = match run {
            Run::Down => (area.left(), area.right()),
            Run::Across => (area.top(), area.bottom()),
        };
        let at = |edge: u16| {
            let mut dividers = layout.dividers.iter();
            dividers
                .find(|d| d.run == run && d.place() == i32::from(edge) && touches(d, area))
                .copied()
        };
        match (at(end), at(start)) {
            (Some(divider), _) => Some((divider, 1)),
            (None, Some(divider)) => Some((divider, -1)),
            (None, None) => None,
        }
    }

    pub fn can_resize(&self, run: Run) -> bool {
        self.movable(run).is_some()
    }

    /// Makes the focused pane larger, or smaller, by so many columns or rows.
    pub fn resize_pane(&mut self, run: Run, by: i32) {
        if let Some((divider, way)) = self.movable(run) {
            let share = divider.share_at(divider.place() + way * by);
            self.splits.set(divider.border, share);
        }
    }

    pub fn even_panes(&mut self) {
        self.splits = Splits::default();
    }
}

/// Whether a border runs along this pane, and not only beside others.
fn touches(divider: &Divider, area: Rect) -> bool {
    let cells = divider.cells();
    match divider.run {
        Run::Down => cells.top() < area.bottom() && area.top() < cells.bottom(),
        Run::Across => cells.left() < area.right() && area.left() < cells.right(),
    }
}
