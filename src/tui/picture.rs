//! The screen as a picture (SVG), drawn as the terminal would.

use super::app::App;
use super::draw::draw;
use super::theme::ThemeName;
use crate::export::palette::Palette;
use crate::export::svg;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The state at its own size; `title` is what a screen reader says.
///
/// # Errors
/// Why the screen was not drawn.
pub fn picture(app: &App, title: &str) -> Result<String, String> {
    let palette = match app.manner.theme.name {
        ThemeName::Light => Palette::light(),
        _ => Palette::dark(),
    };
    let failed = |e: &dyn std::fmt::Display| format!("the screen was not drawn: {e}");
    let mut terminal =
        Terminal::new(TestBackend::new(app.size.width, app.size.height)).map_err(|e| failed(&e))?;
    terminal
        .draw(|frame| draw(app, frame))
        .map_err(|e| failed(&e))?;
    Ok(svg::render(terminal.backend().buffer(), &palette, title))
}
