//! The layers as a list, from the input down to the output, and what holds for all of them.

use super::verdict::wrap;
use super::{fit, framed, mark_row, write_line};
use crate::experiment::{Layer, LayerKind};
use crate::nn::init::Initializer;
use crate::nn::spec::{Bias, Norm};
use crate::nn::vocabulary::Vocabulary;
use crate::telemetry::ZeroWeights;
use crate::text::number;
use crate::tui::app::{App, NetworkRow};
use crate::tui::layout::{Pane, first_shown};
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

impl Cells {
    /// What comes after the activation.
    fn more(&self) -> String {
        format!("{} {}", self.init, self.marks).trim().to_string()
    }
}

/// How many parameters there are; under an L1 penalty, how many weights of all it has made exactly 0.
fn size(app: &App, width: u16) -> String {
    let layers = app.record_shown().layers();
    if app.experiment.training.regularize.l1 > 0.0 && !layers.is_empty() {
        let all: ZeroWeights = layers.iter().filter_map(|s| s.zeros).sum();
        let [zero, weights] = [all.zero_weights, all.weights].map(|n| super::short(n as f64));
        let whole = format!("{zero} of {weights} weights are 0");
        let is_wide = usize::from(width) >= whole.chars().count() + "Network".len() + 9;
        return if is_wide {
            whole
        } else {
            format!("{zero} weights are 0")
        };
    }
    match &app.run.info {
        Some(info) if info.parameters > 0 => {
            format!("{} parameters", super::short(info.parameters as f64))
        }
        _ => String::new(),
    }
}

pub(super) fn heading(app: &App, area: Rect) -> (String, String) {
    ("Network".into(), size(app, area.width))
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (title, note) = heading(app, area);
    let inner = framed(app, Pane::Network, &title, &note, area, buf);
    let list = Lines::new(app, inner.width);
    about(app, inner, list.lines.len(), buf);
    let first = list.first(app, inner.height);
    for (y, line) in (0..inner.height).zip(list.lines.iter().skip(first)) {
        let selected = line.row == app.network_row;
        let Some(cells) = list.cells.get(line.row) else {
            continue;
        };
        match &line.more {
            None => write_line(buf, inner, y, spans(app, cells, &list.widths, selected)),
            Some(more) => {
                let style = app.manner.theme.style(Role::Dim);
                write_line(
                    buf,
                    inner,
                    y,
                    vec![Span::styled(format!("    {more}"), style)],
                );
            }
        }
        let mark = list.marks.get(line.row).copied().flatten();
        if let Some(mark) = mark.filter(|_| line.more.is_none()) {
            let x = inner.right().saturating_sub(1);
            buf.set_string(x, inner.y + y, mark, app.manner.theme.style(Role::Warning));
        }
        if selected {
            mark_row(app, Pane::Network, buf, inner, y);
        }
    }
}

/// The list's lines: a row whose initializer and marks do not fit behind its activation has them
/// on lines of their own.
struct Lines {
    cells: Vec<Cells>,
    marks: Vec<Option<&'static str>>,
    widths: Widths,
    lines: Vec<ListLine>,
}

struct ListLine {
    /// Which of the pane's rows it belongs to.
    row: usize,
    /// What the row's first line has no room for.
    more: Option<String>,
}

impl Lines {
    fn new(app: &App, width: u16) -> Self {
        let rows = app.network_rows();
        let cells: Vec<Cells> = rows.iter().map(|row| cells(app, *row)).collect();
        let marks: Vec<_> = rows.iter().map(|row| warning(app, *row)).collect();
        // The mark at the right edge has a gap before it.
        let gap = if marks.iter().any(Option::is_some) {
            2
        } else {
            0
        };
        let widths = Widths::of(&cells, usize::from(width).saturating_sub(gap));
        let room = usize::from(width).saturating_sub(4);
        let mut lines = Vec::new();
        for (row, cells) in cells.iter().enumerate() {
            lines.push(ListLine { row, more: None });
            let more = cells.more();
            if more.chars().count() > widths.init {
                let more = wrap(&more, room).into_iter().map(Some);
                lines.extend(more.map(|more| ListLine { row, more }));
            }
        }
        Self {
            cells,
            marks,
            widths,
            lines,
        }
    }

    /// The first line shown in so many rows.
    fn first(&self, app: &App, height: u16) -> usize {
        let selected = self.lines.iter().position(|l| l.row == app.network_row);
        let selected = selected.unwrap_or(0);
        first_shown(app.network_first, selected, self.lines.len(), height)
    }
}

/// The first line that is shown, and the pane's row that is on a line of its inside.
pub fn row_at(app: &App, inner: Rect, line: u16) -> Option<(usize, usize)> {
    let list = Lines::new(app, inner.width);
    let first = list.first(app, inner.height);
    let line = list.lines.get(first + usize::from(line))?;
    Some((first, line.row))
}

/// Lines that the list takes in a pane of this inner width; of one that is longer than the window, fewer.
pub fn list_height(app: &App, width: u16) -> usize {
    let rows = app.network_rows().len();
    if rows > usize::from(app.size.height) {
        return rows;
    }
    Lines::new(app, width).lines.len()
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
    if inner.height <= skipped {
        return;
    }
    let area = Rect {
        y: inner.y + skipped,
        height: inner.height - skipped,
        ..inner
    };
    // The tour says what there is to see.
    if app.tour.is_some() {
        return;
    }
    let theme = &app.manner.theme;
    let width = usize::from(area.width.saturating_sub(2));
    let mut lines = wrap(&about_text(app), width);
    let most = usize::from(area.height);
    let cut = lines.len() > most;
    lines.truncate(most);
    let last = lines.len().saturating_sub(1);
    for (y, line) in lines.into_iter().enumerate() {
        if !(cut && y == last) {
            let span = Span::styled(format!(" {line}"), theme.style(Role::Dim));
            write_line(buf, area, y as u16, vec![span]);
            continue;
        }
        // Where it is not all, the key that shows it whole.
        let more = format!("… {}", app.key_of("explain"));
        let room = width.saturating_sub(more.chars().count() + 1);
        let kept = wrap(&line, room).swap_remove(0);
        let spans = vec![
            Span::styled(format!(" {kept} "), theme.style(Role::Dim)),
            Span::styled(more, theme.style(Role::Accent)),
        ];
        write_line(buf, area, y as u16, spans);
    }
}

/// What the experiment is about: of what was opened, which may not hold of what became of it.
pub fn about_text(app: &App) -> String {
    let text = crate::text::clean(&app.experiment.description, 1000);
    let (now, of) = (&app.experiment, &app.origin.described);
    match now.description == of.description && now != of && !text.is_empty() {
        true => format!("(before the edits) {text}"),
        false => text,
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
        let room = width.saturating_sub(1 + kind + units + 3);
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
        (true, true) => ">",
        (true, false) => "▸",
        _ => " ",
    };
    let kind = fit(&cells.kind, widths.kind);
    let units = fit(&cells.units, widths.units);
    let activation = fit(&cells.activation, widths.activation);
    let init = Some(cells.more()).filter(|more| more.chars().count() <= widths.init);
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
        Span::styled(init.unwrap_or_default(), theme.style(Role::Dim)),
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
        activation: layer.activation(network).name().into(),
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
