//! The layers as a list, from the input down to the output, and what holds for all of them.

use super::verdict::wrap;
use super::{fit, framed, mark_row, write_line};
use crate::experiment::{Layer, LayerKind};
use crate::nn::init::Initializer;
use crate::nn::spec::{Bias, Norm};
use crate::nn::vocabulary::Vocabulary;
use crate::tui::app::{App, NetworkRow};
use crate::tui::edit::value::number;
use crate::tui::layout::{Pane, first_row};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

/// The cells of one row.
struct Cells {
    kind: String,
    units: String,
    activation: String,
    init: String,
    /// Norm, dropout, skip, frozen.
    marks: String,
    style: Style,
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let parameters = match &app.run.info {
        Some(info) if info.parameters > 0 => {
            format!("{} parameters", super::short(info.parameters as f64))
        }
        _ => String::new(),
    };
    let inner = framed(app, Pane::Network, "Network", &parameters, area, buf);
    let rows = app.network_rows();
    about(app, inner, rows.len(), buf);
    let first = first_row(app.network_row, rows.len(), inner.height);
    let all: Vec<Cells> = rows.iter().map(|row| cells(app, *row)).collect();
    let marked = rows.iter().any(|row| warning(app, *row).is_some());
    // The mark at the right edge has a gap before it.
    let width = usize::from(inner.width).saturating_sub(if marked { 2 } else { 0 });
    let widths = Widths::of(&all, width);
    let shown = rows.iter().zip(&all).enumerate().skip(first);
    for (y, (i, (row, cells))) in (0..inner.height).zip(shown) {
        write_line(
            buf,
            inner,
            y,
            spans(app, cells, &widths, i == app.network_row),
        );
        if let Some(mark) = warning(app, *row) {
            let x = inner.right().saturating_sub(1);
            buf.set_string(x, inner.y + y, mark, app.manner.theme.style(Role::Warning));
        }
        if i == app.network_row {
            mark_row(app, Pane::Network, buf, inner, y);
        }
    }
}

/// A row in one line, for a list.
pub fn row_text(app: &App, row: NetworkRow) -> String {
    let cells = cells(app, row);
    let words = [
        cells.kind,
        cells.units,
        cells.activation,
        cells.init,
        cells.marks,
    ];
    let said: Vec<String> = words.into_iter().filter(|w| !w.is_empty()).collect();
    said.join(" ")
}

/// What the experiment is about, beneath the list where there is room.
fn about(app: &App, inner: Rect, rows: usize, buf: &mut Buffer) {
    let skipped = u16::try_from(rows + 1).unwrap_or(u16::MAX);
    if inner.height < skipped.saturating_add(2) {
        return;
    }
    let area = Rect {
        y: inner.y + skipped,
        height: inner.height - skipped,
        ..inner
    };
    let width = usize::from(area.width.saturating_sub(2));
    let text = crate::text::clean(&app.experiment.description, 1000);
    // It is of what was opened, and may not hold of what became of it.
    let text = match app.is_changed() && !text.is_empty() {
        true => format!("(before the edits) {text}"),
        false => text,
    };
    let lines = wrap(&text, width);
    let last = usize::from(area.height) - 1;
    for (y, line) in lines.iter().enumerate().take(last + 1) {
        let cut = y == last && lines.len() > last + 1;
        let text = if cut {
            fit(&format!("{line} …"), width)
        } else {
            line.clone()
        };
        let span = Span::styled(format!(" {text}"), app.manner.theme.style(Role::Dim));
        write_line(buf, area, y as u16, vec![span]);
    }
}

fn warning(app: &App, row: NetworkRow) -> Option<&'static str> {
    app.departs(row).then_some(if app.manner.glyphs.is_ascii() {
        "!"
    } else {
        "⚠"
    })
}

/// How wide the columns are: as their longest cells, the initializers' getting what is left.
struct Widths {
    kind: usize,
    units: usize,
    activation: usize,
    init: usize,
}

impl Widths {
    fn of(rows: &[Cells], width: usize) -> Self {
        let longest = |cell: fn(&Cells) -> &str| {
            rows.iter()
                .map(|c| cell(c).chars().count())
                .max()
                .unwrap_or(0)
        };
        let kind = longest(|c| &c.kind).min(12);
        let units = longest(|c| &c.units).min(6);
        // The pointer and three gaps.
        let room = width.saturating_sub(2 + kind + units + 3);
        let activation = longest(|c| &c.activation).min(room);
        Self {
            kind,
            units,
            activation,
            init: room - activation,
        }
    }
}

fn spans(app: &App, cells: &Cells, widths: &Widths, selected: bool) -> Vec<Span<'static>> {
    let theme = &app.manner.theme;
    let pointer = match (selected, app.manner.glyphs.is_ascii()) {
        (true, true) => "> ",
        (true, false) => "▸ ",
        _ => "  ",
    };
    let kind = fit(&cells.kind, widths.kind);
    let units = fit(&cells.units, widths.units);
    let activation = fit(&cells.activation, widths.activation);
    let init = fit(
        format!("{} {}", cells.init, cells.marks).trim_end(),
        widths.init,
    );
    vec![
        Span::styled(pointer, theme.style(Role::Accent)),
        Span::styled(
            format!("{kind:<w$} ", w = widths.kind),
            theme.style(Role::Dim),
        ),
        Span::styled(format!("{units:>w$} ", w = widths.units), cells.style),
        Span::styled(
            format!("{activation:<w$} ", w = widths.activation),
            cells.style,
        ),
        Span::styled(init, theme.style(Role::Dim)),
    ]
}

fn cells(app: &App, row: NetworkRow) -> Cells {
    let network = &app.experiment.network;
    let theme = &app.manner.theme;
    let text = theme.style(Role::Text);
    let info = app.run.info.as_ref().filter(|info| info.features > 0);
    let count = |n: Option<usize>| n.map_or("?".into(), |n| n.to_string());
    match row {
        NetworkRow::Input => Cells {
            kind: "input".into(),
            units: count(info.map(|i| i.features)),
            activation: app.experiment.data.kind.name().into(),
            init: String::new(),
            marks: String::new(),
            style: theme.style(Role::Dim),
        },
        NetworkRow::Output => Cells {
            kind: "output".into(),
            units: count(info.map(|i| i.outputs)),
            activation: output_word(app).into(),
            init: init_word(network.output.init.as_ref().unwrap_or(&network.init)),
            marks: if network.output.frozen {
                "frozen".into()
            } else {
                String::new()
            },
            style: text,
        },
        NetworkRow::Defaults => Cells {
            kind: "default".into(),
            units: String::new(),
            activation: network.activation.name().into(),
            init: format!("{} {}", init_word(&network.init), bias_word(&network.bias)),
            marks: String::new(),
            style: theme.style(Role::Dim),
        },
        NetworkRow::Layer(i) => match network.layers.get(i) {
            Some(layer) => layer_cells(app, layer, fate(app, i), text),
            None => cells(app, NetworkRow::Output),
        },
    }
}

/// What sets an entry's layers apart in training: frozen, or taken over and learning more slowly.
fn fate(app: &App, i: usize) -> Option<&'static str> {
    let e = &app.experiment;
    let taken = e
        .network
        .transfer
        .as_ref()
        .filter(|t| crate::tui::edit::layers::first_of(e, i) < t.layers);
    let frozen = e.network.layers.get(i).is_some_and(|l| l.frozen);
    match taken {
        _ if frozen => Some("frozen"),
        Some(t) if t.frozen => Some("taken, frozen"),
        Some(t) if t.learning_rate_factor != 1.0 => Some("taken, slowed"),
        Some(_) => Some("taken over"),
        None => None,
    }
}

fn layer_cells(app: &App, layer: &Layer, fate: Option<&str>, style: Style) -> Cells {
    let network = &app.experiment.network;
    let kind = match &layer.kind {
        LayerKind::Dense => "dense",
        LayerKind::Recurrent { cell, .. } => cell.name(),
    };
    let kind = if layer.repeat == 1 {
        kind.to_string()
    } else {
        format!("{kind} x{}", layer.repeat)
    };
    let mut marks = Vec::new();
    if layer.norm != Norm::None {
        marks.push(format!("{} norm", layer.norm.name()));
    }
    if layer.dropout > 0.0 {
        marks.push(format!("drop {}", number(layer.dropout)));
    }
    if layer.skip {
        marks.push("skip".into());
    }
    marks.extend(fate.map(str::to_string));
    Cells {
        kind,
        units: layer.units.to_string(),
        activation: layer
            .activation
            .as_ref()
            .unwrap_or(&network.activation)
            .name()
            .into(),
        init: init_word(layer.init.as_ref().unwrap_or(&network.init)),
        marks: marks.join(" "),
        style,
    }
}

/// What the output layer's activation is, by the loss.
pub fn output_word(app: &App) -> &'static str {
    use crate::nn::loss::Loss;
    match &app.experiment.training.loss {
        Some(Loss::CrossEntropy) => "softmax",
        Some(Loss::BinaryCrossEntropy) => "logistic",
        Some(_) => "linear",
        None => match app
            .run
            .record
            .latest
            .as_ref()
            .map(|p| p.train.accuracy.is_some())
        {
            Some(false) => "linear",
            Some(true) => "softmax",
            None if is_regression(app) => "linear",
            None => "softmax",
        },
    }
}

fn is_regression(app: &App) -> bool {
    use crate::data::DataKind as D;
    match &app.experiment.data.kind {
        D::Plane { .. } | D::Waves { .. } | D::Friedman { .. } | D::Diabetes | D::Adding { .. } => {
            true
        }
        D::Csv { task, .. } => task == "regression",
        _ => false,
    }
}

/// An initializer with its parameters where the name alone does not say them.
pub fn init_word(init: &Initializer) -> String {
    match init {
        Initializer::Normal { mean, std } => format!("N({}, {})", number(*mean), number(*std)),
        Initializer::Uniform { min, max } => format!("U({}, {})", number(*min), number(*max)),
        other => other.name().into(),
    }
}

fn bias_word(bias: &Option<Bias>) -> String {
    match bias {
        Some(Bias::Off) => "no bias".into(),
        None | Some(Bias::Drawn(Initializer::Zeros)) => String::new(),
        Some(Bias::Drawn(init)) => format!("bias {}", init_word(init)),
    }
}
