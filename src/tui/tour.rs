//! The tour: five presets, each with what to press and what to see. It is the workbench itself with a few lines beneath it;
//! every key does what it always does.

use super::app::App;
use super::panes::{fit, verdict::wrap};
use super::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

/// One stop. Keys are named in braces by the action they do, since a person's configuration may have moved them.
pub struct Stop {
    pub preset: &'static str,
    pub title: &'static str,
    pub see: &'static str,
    pub press: &'static str,
}

pub const STOPS: &[Stop] = &[
    Stop {
        preset: "vanishing-logistic",
        title: "The gradient vanishes",
        see: "In the gradient flow every row is a layer, the output on top. The error signal shrinks at each layer on its way down, and the verdict beneath says by how much; the loss hardly falls.",
        press: "{fix} makes the change that the verdict proposes: the run starts again from the same seed, the old one stays as a dim line. {undo} takes it back.",
    },
    Stop {
        preset: "vanishing-logistic-normal",
        title: "A draw that knows nothing of width",
        see: "Fifteen layers of ten units from N(0, 1), as was once the custom: the error signal loses two thirds of its variance at every layer. Beside what is measured stands what theory predicted before the first step.",
        press: "{more} makes the selected layer wider, {pick-init} draws it another way, and shows what theory predicts of each before it is chosen. {measure} goes through what is measured.",
    },
    Stop {
        preset: "exploding-relu",
        title: "The gradient explodes",
        see: "ReLU layers drawn too large: each multiplies the signal by about seven, up and down alike. The gradients of the first step are in the ten millions, and with the second no number is finite any more.",
        press: "{step} starts again and takes the first step alone: its gradients stand in the rows. {view} draws the flow another way: layers by time, the profile over depth beside theory's line, histograms.",
    },
    Stop {
        preset: "relu-he-30",
        title: "An initialization that fits",
        see: "Thirty ReLU layers, drawn by He's rule: each halving by ReLU is made up for, the rows are level, and it trains.",
        press: "{race} trains four initializers side by side, or a sweep of learning rates; enter takes one over. {pin} pins this run, {add-layer} adds a layer.",
    },
    Stop {
        preset: "overfit-moons",
        title: "Training and test part",
        see: "A wide network on few noisy rows: the training loss goes on falling while the test loss turns up.",
        press: "{advice} lists the cures, each one edit: dropout, a penalty, early stopping and more. {edit} on a layer, or in the Training pane ({training}), sets them by hand. {save} saves what you made, {help} shows every key.",
    },
];

/// Rows that the tour takes from the screen.
pub fn height(app: &App, rows: u16) -> u16 {
    match (app.tour, rows) {
        (None, _) => 0,
        // The stop's words are shown over the panes then; of the smallest screens it takes the footer's row.
        (Some(_), 0..SMALLER) => 0,
        (Some(_), SMALLER..SMALL) => 1,
        (Some(_), _) => 5,
    }
}

/// Rows from which the tour has one of its own, and those from which its words have a place beneath the panes.
const SMALLER: u16 = 20;
const SMALL: u16 = 30;

/// Whether the tour is where the footer would be.
pub fn takes_footer(app: &App) -> bool {
    let free = app.overlays.is_empty() && app.toast.is_none();
    app.tour.is_some() && free && app.size.height < SMALLER
}

/// A stop's words as a text over the panes, where the screen has no rows for them.
pub fn words(app: &App, at: usize) -> Option<String> {
    words_of(app, at).filter(|_| app.size.height < SMALL)
}

/// A stop's words, and how to go on.
pub fn words_of(app: &App, at: usize) -> Option<String> {
    let stop = STOPS.get(at)?;
    let keys = "{tour-next} goes to the next stop, {tour-back} to the one before, {tour} leaves; {explain} shows these words again.";
    let parts = [stop.see, stop.press, keys].map(|text| app.manner.keymap.in_text(text));
    Some(parts.join("\n\n"))
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some((at, stop)) = app.tour.and_then(|at| Some((at, STOPS.get(at)?))) else {
        return;
    };
    if area.is_empty() {
        return;
    }
    let theme = &app.manner.theme;
    let room = usize::from(area.width.saturating_sub(2));
    let bold = theme.style(Role::Accent).add_modifier(Modifier::BOLD);
    let keys = app
        .manner
        .keymap
        .in_text("{tour-next} next · {tour-back} back · {tour} leave");
    let left = room.saturating_sub(keys.chars().count() + 2);
    let titles = [
        format!(" Tour {} of {}: {}", at + 1, STOPS.len(), stop.title),
        format!(" Tour {}/{}", at + 1, STOPS.len()),
    ];
    let [_, least] = &titles;
    let title = titles.iter().find(|t| t.chars().count() <= left);
    let head = vec![
        Span::styled(fit(title.unwrap_or(least), room), bold),
        Span::styled(format!("  {keys}"), theme.style(Role::Dim)),
    ];
    let mut lines = vec![Line::from(head)];
    if area.height == 1 {
        buf.set_line(area.x, area.y, &lines[0], area.width);
        return;
    }
    let each = usize::from((area.height - 1) / 2).max(1);
    for (lead, text, role) in [
        ("see    ", stop.see, Role::Text),
        ("press  ", stop.press, Role::Good),
    ] {
        let width = room.saturating_sub(lead.len());
        let wrapped = wrap(&app.manner.keymap.in_text(text), width);
        for (row, text) in wrapped.chunks(1).take(each).flatten().enumerate() {
            let last = row + 1 == each && wrapped.len() > each;
            let text = if last {
                fit(&wrapped[row..].join(" "), width)
            } else {
                text.clone()
            };
            let lead = if row == 0 { lead } else { "       " };
            lines.push(Line::from(vec![
                Span::styled(format!(" {lead}"), theme.style(Role::Dim)),
                Span::styled(text, theme.style(role)),
            ]));
        }
    }
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        buf.set_line(area.x, y, line, area.width);
    }
}
