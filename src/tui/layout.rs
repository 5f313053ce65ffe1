//! Where the panes are: arithmetic on rectangles, nothing else.
//!
//! ```text
//! wide                          medium                  narrow        smallest
//! header                        header                  header        header
//! Network │ Flow      │ Loss    Network  │ Flow         side │ Flow   the focused
//! ────────┤           ├─────    ─────────┼──────┬───    pane │ ────   pane
//! Training│           │ Layer   Training │ Loss │ Lay        │ Loss
//! verdict                       verdict                 verdict       verdict
//! footer                        footer                  footer        footer
//! ```

use ratatui::layout::Rect;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Network,
    Flow,
    Loss,
    Training,
    Layer,
    Data,
}

impl Pane {
    /// In the order of their numbers.
    pub const ORDER: [Pane; 6] = [
        Self::Network,
        Self::Flow,
        Self::Loss,
        Self::Training,
        Self::Layer,
        Self::Data,
    ];

    pub fn number(self) -> usize {
        Self::ORDER.iter().position(|p| *p == self).unwrap_or(0) + 1
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "Network",
            Self::Flow => "Gradient flow",
            Self::Loss => "Loss",
            Self::Training => "Training",
            Self::Layer => "Layer",
            Self::Data => "Data",
        }
    }
}

/// Below this a message is shown instead of the panes.
pub const SMALLEST: (u16, u16) = (40, 12);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub header: Rect,
    pub panes: Vec<(Pane, Rect)>,
    pub verdict: Rect,
    pub footer: Rect,
    /// The window is too small for any pane.
    pub too_small: bool,
}

impl Layout {
    /// `network_rows` is how many the Network pane has: what it does not need is the Training pane's. `lower` is which of
    /// Layer and Data is there where there is room for one.
    pub fn new(area: Rect, focus: Pane, zoomed: bool, network_rows: usize, lower: Pane) -> Self {
        let lower = match focus {
            Pane::Layer | Pane::Data => focus,
            _ => lower,
        };
        let (width, height) = (area.width, area.height);
        if width < SMALLEST.0 || height < SMALLEST.1 {
            return Self {
                too_small: true,
                ..Self::default()
            };
        }
        // A long sentence takes two rows, the fix one.
        let verdict_rows = match height {
            0..20 => 1,
            20..24 => 2,
            _ => 3,
        };
        let (header, rest) = cut_top(area, 1);
        let (body, bottom) = cut_bottom(rest, verdict_rows + 1);
        let (verdict, footer) = cut_bottom(bottom, 1);
        let panes = if zoomed || width < 60 || height < 16 {
            vec![(focus, body)]
        } else if width >= 108 && height >= 24 {
            wide(body, network_rows, lower)
        } else if width >= 76 && height >= 22 {
            medium(body, network_rows, lower)
        } else {
            narrow(body, focus)
        };
        Self {
            header,
            panes,
            verdict,
            footer,
            too_small: false,
        }
    }

    pub fn area(&self, pane: Pane) -> Option<Rect> {
        self.panes
            .iter()
            .find(|(p, _)| *p == pane)
            .map(|(_, area)| *area)
    }
}

/// Rows from which Loss, Layer and Data are all there.
const ROOM_FOR_THREE: u16 = 42;

fn wide(body: Rect, network_rows: usize, lower: Pane) -> Vec<(Pane, Rect)> {
    let left = (body.width * 32 / 100).clamp(36, 52);
    let right = (body.width * 26 / 100).clamp(30, 60);
    let (network, rest) = cut_left(body, left);
    let (flow, side) = cut_right(rest, right);
    let (network, training) = stack(network, network_rows);
    let mut panes = vec![
        (Pane::Network, network),
        (Pane::Flow, flow),
        (Pane::Training, training),
    ];
    if body.height >= ROOM_FOR_THREE {
        let (rest, data) = cut_bottom(side, body.height * 36 / 100);
        let (loss, layer) = cut_bottom(rest, rest.height / 2);
        panes.extend([(Pane::Loss, loss), (Pane::Layer, layer), (Pane::Data, data)]);
    } else {
        let (loss, below) = cut_bottom(side, body.height / 2);
        panes.extend([(Pane::Loss, loss), (lower, below)]);
    }
    panes
}

fn medium(body: Rect, network_rows: usize, lower: Pane) -> Vec<(Pane, Rect)> {
    let (left, right) = cut_left(body, (body.width * 38 / 100).clamp(30, 42));
    let (network, training) = stack(left, network_rows);
    let (flow, below) = cut_bottom(right, (body.height * 4 / 10).max(7));
    let (loss, side) = cut_right(below, below.width / 2);
    vec![
        (Pane::Network, network),
        (Pane::Flow, flow),
        (Pane::Loss, loss),
        (Pane::Training, training),
        (lower, side),
    ]
}

/// The Network pane as high as its rows, within a third and six tenths of the column; the Training pane beneath it.
fn stack(column: Rect, network_rows: usize) -> (Rect, Rect) {
    let wanted = u16::try_from(network_rows + 3).unwrap_or(u16::MAX);
    let height = wanted.clamp(column.height * 3 / 10, column.height * 6 / 10);
    cut_top(column, height)
}

/// One side pane, the focused one if it is a side pane; the flow; and what is below it where there is room.
fn narrow(body: Rect, focus: Pane) -> Vec<(Pane, Rect)> {
    let (side, right) = cut_left(body, (body.width * 4 / 10).clamp(24, 34));
    let side_pane = if focus == Pane::Training {
        Pane::Training
    } else {
        Pane::Network
    };
    let lower = match focus {
        Pane::Layer | Pane::Data => focus,
        _ => Pane::Loss,
    };
    if body.height >= 18 {
        let (flow, below) = cut_bottom(right, body.height * 4 / 10);
        vec![(side_pane, side), (Pane::Flow, flow), (lower, below)]
    } else if matches!(focus, Pane::Loss | Pane::Layer | Pane::Data) {
        vec![(side_pane, side), (focus, right)]
    } else {
        vec![(side_pane, side), (Pane::Flow, right)]
    }
}

fn cut_top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (
        Rect {
            height: rows,
            ..area
        },
        Rect {
            y: area.y + rows,
            height: area.height - rows,
            ..area
        },
    )
}

/// What is left above, and the bottom `rows`.
fn cut_bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    cut_top(area, area.height - rows.min(area.height))
}

fn cut_left(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    (
        Rect {
            width: columns,
            ..area
        },
        Rect {
            x: area.x + columns,
            width: area.width - columns,
            ..area
        },
    )
}

fn cut_right(area: Rect, columns: u16) -> (Rect, Rect) {
    cut_left(area, area.width - columns.min(area.width))
}

/// The first row shown of a list of `count` rows in `height`, such that the selected one is in sight, in the middle where
/// the list is longer than its place.
pub fn first_row(selected: usize, count: usize, height: u16) -> usize {
    let height = usize::from(height);
    if count <= height {
        return 0;
    }
    selected.saturating_sub(height / 2).min(count - height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_tile_the_body_at_every_size() {
        for width in 1..220u16 {
            for height in 1..70u16 {
                for focus in Pane::ORDER {
                    let area = Rect::new(0, 0, width, height);
                    let layout = Layout::new(area, focus, false, 9, Pane::Data);
                    if layout.too_small {
                        assert!(width < SMALLEST.0 || height < SMALLEST.1);
                        continue;
                    }
                    assert!(layout.area(focus).is_some(), "{width}x{height} {focus:?}");
                    let cells: u32 = layout
                        .panes
                        .iter()
                        .map(|(_, a)| *a)
                        .chain([layout.header, layout.verdict, layout.footer])
                        .map(|a| a.area())
                        .sum();
                    assert_eq!(cells, area.area(), "{width}x{height} {focus:?}");
                    for (pane, a) in &layout.panes {
                        assert!(
                            a.width >= 16 && a.height >= 5,
                            "{width}x{height} {pane:?} {a:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_selected_row_is_in_sight() {
        for (selected, count, height) in [(0, 10, 4), (9, 10, 4), (5, 10, 4), (3, 3, 10), (0, 0, 0)]
        {
            let first = first_row(selected, count, height);
            assert!(first <= selected && (selected < first + usize::from(height) || height == 0));
        }
    }
}
