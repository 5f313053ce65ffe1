//! The picture of a state: a pure function, whatever the window's size.

use super::app::App;
use super::finder;
use super::footer;
use super::glyphs;
use super::layout::{Layout, SMALLEST};
use super::overlay::view;
use super::panes::{self, header, verdict};
use super::race;
use super::theme::Role;
use super::tour;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub fn draw(app: &App, frame: &mut Frame) {
    let screen = frame.area();
    let touring = tour::height(app, screen.height);
    let area = Rect {
        height: screen.height - touring,
        ..screen
    };
    let layout = app.layout_in(area);
    let buf = frame.buffer_mut();
    if layout.too_small {
        too_small(app, screen, buf);
        if app.manner.glyphs.is_ascii() {
            glyphs::to_ascii(buf);
        }
        return;
    }
    header::draw(app, layout.header, buf);
    if let Some(race) = &app.race {
        race::view::draw(app, race, layout.body(), buf);
    } else if let Some(finder) = &app.finder {
        finder::view::draw(app, finder, layout.body(), buf);
    } else {
        for (pane, area) in &layout.panes {
            panes::draw(app, *pane, *area, buf);
        }
        held_border(app, &layout, buf);
        verdict::draw(app, layout.verdict, buf);
    }
    footer::draw(app, layout.footer, buf);
    let below = Rect {
        y: area.bottom(),
        height: touring,
        ..screen
    };
    tour::draw(app, below, buf);
    let mut cursor = None;
    for overlay in &app.overlays {
        cursor = view::draw(overlay, app, screen, buf);
    }
    if app.manner.glyphs.is_ascii() {
        glyphs::to_ascii(frame.buffer_mut());
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// The border that the mouse holds is seen.
fn held_border(app: &App, layout: &Layout, buf: &mut Buffer) {
    let held = app.drag.map(|drag| drag.border);
    for divider in layout.dividers.iter().filter(|d| Some(d.border) == held) {
        let style = app.manner.theme.style(Role::FocusedBorder);
        buf.set_style(divider.cells().intersection(buf.area), style);
    }
}

fn too_small(app: &App, screen: Rect, buf: &mut Buffer) {
    let (width, height) = SMALLEST;
    let text = format!(
        "gradlab needs {width}x{height}, this is {}x{}",
        screen.width, screen.height
    );
    let style = app.manner.theme.style(Role::Warning);
    for (y, line) in
        (screen.y..screen.bottom()).zip(verdict::wrap(&text, usize::from(screen.width)))
    {
        buf.set_stringn(screen.x, y, line, usize::from(screen.width), style);
    }
}
