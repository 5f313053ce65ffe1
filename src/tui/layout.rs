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

use super::splits::{Border, Divider, Run, Splits};
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
    /// Borders that can be moved.
    pub dividers: Vec<Divider>,
    pub verdict: Rect,
    pub footer: Rect,
    /// The window is too small for any pane.
    pub too_small: bool,
}

impl Layout {
    /// `splits` is where borders were moved to; `network_rows` is how many the Network pane has: what it does not need is the Training pane's. `lower` is which of
    /// Layer and Data is there where there is room for one.
    pub fn new(
        area: Rect,
        focus: Pane,
        zoomed: bool,
        network_rows: usize,
        lower: Pane,
        splits: &Splits,
    ) -> Self {
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
            24.. if width < 60 => 5,
            0..20 if width >= 60 => 2,
            _ => 3,
        };
        let (header, rest) = cut_top(area, 1);
        let (body, bottom) = cut_bottom(rest, verdict_rows + 1);
        let (verdict, footer) = cut_bottom(bottom, 1);
        let mut cuts = Cuts {
            splits,
            dividers: Vec::new(),
        };
        let panes = if !zoomed && width < 60 && height >= 24 {
            stacked(body, focus, &mut cuts)
        } else if zoomed || width < 60 {
            vec![(focus, body)]
        } else if width >= 108 && height >= 24 {
            wide(body, network_rows, lower, &mut cuts)
        } else if width >= 108 {
            side_by_side(body, focus, &mut cuts)
        } else if width >= 76 && height >= 22 {
            medium(body, network_rows, lower, &mut cuts)
        } else {
            narrow(body, focus, &mut cuts)
        };
        Self {
            header,
            panes,
            dividers: cuts.dividers,
            verdict,
            footer,
            too_small: false,
        }
    }

    /// All between header and footer.
    pub fn body(&self) -> Rect {
        Rect {
            y: self.header.bottom(),
            height: self.footer.y.saturating_sub(self.header.bottom()),
            ..self.header
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

/// The least that a pane is left with when borders are moved.
const LEAST_COLUMNS: u16 = 20;
const LEAST_ROWS: u16 = 5;
/// The flow shows figures beside one another.
const LEAST_FLOW: u16 = 26;

/// Cuts areas in two where the person wants it, else where the layout likes it, and keeps count of the borders.
struct Cuts<'a> {
    splits: &'a Splits,
    dividers: Vec<Divider>,
}

impl Cuts<'_> {
    /// The place of a border in `length`, within bounds where there is room for both sides.
    fn place(&self, border: Border, length: u16, liked: u16, least: (u16, u16)) -> u16 {
        match self.splits.share(border) {
            Some(share) if length >= least.0 + least.1 => {
                let at = (share * f64::from(length)).round() as u16;
                at.clamp(least.0, length - least.1)
            }
            _ => liked.min(length),
        }
    }

    fn note(&mut self, border: Border, run: Run, area: Rect, at: u16, bounds: (u16, u16)) {
        if bounds.0 < bounds.1 {
            self.dividers.push(Divider {
                border,
                run,
                area,
                at,
                bounds,
            });
        }
    }

    /// `liked` columns at the left, unless the border was moved.
    fn left(&mut self, border: Border, area: Rect, liked: u16, least: (u16, u16)) -> (Rect, Rect) {
        let at = self.place(border, area.width, liked, least);
        let bounds = (least.0, area.width.saturating_sub(least.1));
        self.note(border, Run::Down, area, at, bounds);
        cut_left(area, at)
    }

    /// `liked` rows at the top, unless the border was moved.
    fn top(&mut self, border: Border, area: Rect, liked: u16) -> (Rect, Rect) {
        // Loss is above that border, too.
        let above = if border == Border::Layer {
            2 * LEAST_ROWS
        } else {
            LEAST_ROWS
        };
        self.top_within(border, area, liked, (above, LEAST_ROWS))
    }

    /// As [`Cuts::top`], with so many rows at least on either side.
    fn top_within(
        &mut self,
        border: Border,
        area: Rect,
        liked: u16,
        least: (u16, u16),
    ) -> (Rect, Rect) {
        let at = self.place(border, area.height, liked, least);
        let bounds = (least.0, area.height.saturating_sub(least.1));
        self.note(border, Run::Across, area, at, bounds);
        cut_top(area, at)
    }

    /// Three columns, whose borders keep their places when the other one moves.
    fn columns(&mut self, body: Rect, left: u16, right: u16) -> (Rect, Rect, Rect) {
        let width = body.width;
        let beyond = LEAST_FLOW + LEAST_COLUMNS;
        let first = self.place(Border::Left, width, left, (LEAST_COLUMNS, beyond));
        let least = (first + LEAST_FLOW, LEAST_COLUMNS);
        let second = self.place(Border::Right, width, width - right, least);
        let bounds = (LEAST_COLUMNS, second.saturating_sub(LEAST_FLOW));
        self.note(Border::Left, Run::Down, body, first, bounds);
        let bounds = (least.0, width - LEAST_COLUMNS);
        self.note(Border::Right, Run::Down, body, second, bounds);
        let (network, rest) = cut_left(body, first);
        let (flow, side) = cut_left(rest, second - first);
        (network, flow, side)
    }
}

/// Columns of Network and Training, unless their border was moved.
pub fn left_column(width: u16) -> u16 {
    if width >= 108 {
        (width * 32 / 100).clamp(36, 52)
    } else {
        (width * 38 / 100).clamp(30, 42)
    }
}

fn wide(body: Rect, network_rows: usize, lower: Pane, cuts: &mut Cuts) -> Vec<(Pane, Rect)> {
    let left = left_column(body.width);
    let right = (body.width * 26 / 100).clamp(30, 60);
    let (network, flow, side) = cuts.columns(body, left, right);
    let (network, training) = stack(network, network_rows, cuts);
    let mut panes = vec![
        (Pane::Network, network),
        (Pane::Flow, flow),
        (Pane::Training, training),
    ];
    if body.height >= ROOM_FOR_THREE {
        let data = body.height * 36 / 100;
        let (rest, data) = cuts.top(Border::Layer, side, side.height - data);
        let (loss, layer) = cuts.top(Border::Loss, rest, rest.height - rest.height / 2);
        panes.extend([(Pane::Loss, loss), (Pane::Layer, layer), (Pane::Data, data)]);
    } else {
        let (loss, below) = cuts.top(Border::Loss, side, side.height - body.height / 2);
        panes.extend([(Pane::Loss, loss), (lower, below)]);
    }
    panes
}

fn medium(body: Rect, network_rows: usize, lower: Pane, cuts: &mut Cuts) -> Vec<(Pane, Rect)> {
    let least = (LEAST_COLUMNS, 2 * LEAST_COLUMNS);
    let liked = left_column(body.width);
    let (left, right) = cuts.left(Border::Left, body, liked, least);
    let (network, training) = stack(left, network_rows, cuts);
    let below = (body.height * 4 / 10).max(7);
    let (flow, below) = cuts.top(Border::Flow, right, right.height - below.min(right.height));
    let half = below.width - below.width / 2;
    let least = (LEAST_COLUMNS, LEAST_COLUMNS);
    let (loss, side) = cuts.left(Border::Loss, below, half, least);
    vec![
        (Pane::Network, network),
        (Pane::Flow, flow),
        (Pane::Loss, loss),
        (Pane::Training, training),
        (lower, side),
    ]
}

/// The Network pane as high as its rows, within a third and six tenths of the column; the Training pane beneath it.
fn stack(column: Rect, network_rows: usize, cuts: &mut Cuts) -> (Rect, Rect) {
    let wanted = u16::try_from(network_rows + 3).unwrap_or(u16::MAX);
    let height = wanted.clamp(column.height * 3 / 10, column.height * 6 / 10);
    cuts.top(Border::Network, column, height)
}

/// One side pane, the focused one if it is a side pane; the flow; and what is below it where there is room.
fn narrow(body: Rect, focus: Pane, cuts: &mut Cuts) -> Vec<(Pane, Rect)> {
    let liked = (body.width * 4 / 10).clamp(24, 34);
    let (side, right) = cuts.left(Border::Left, body, liked, (LEAST_COLUMNS, LEAST_FLOW));
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
        let below = body.height * 4 / 10;
        let (flow, below) = cuts.top(Border::Flow, right, right.height - below);
        vec![(side_pane, side), (Pane::Flow, flow), (lower, below)]
    } else if matches!(focus, Pane::Loss | Pane::Layer | Pane::Data) {
        vec![(side_pane, side), (focus, right)]
    } else {
        vec![(side_pane, side), (Pane::Flow, right)]
    }
}

/// Three columns where there is no height to stack panes: the flow between the list and the curves, each of which gives
/// way to the focused pane of its side.
fn side_by_side(body: Rect, focus: Pane, cuts: &mut Cuts) -> Vec<(Pane, Rect)> {
    let right = (body.width * 3 / 10).clamp(30, 60);
    let (left, flow, right) = cuts.columns(body, left_column(body.width), right);
    let at_left = match focus {
        Pane::Training => focus,
        _ => Pane::Network,
    };
    let at_right = match focus {
        Pane::Layer | Pane::Data => focus,
        _ => Pane::Loss,
    };
    vec![(at_left, left), (Pane::Flow, flow), (at_right, right)]
}

/// Rows from which three panes are stacked.
const ROOM_TO_STACK: u16 = 36;

/// The flow over the focused pane, where there are no columns for more; beneath them the loss where there is room.
fn stacked(body: Rect, focus: Pane, cuts: &mut Cuts) -> Vec<(Pane, Rect)> {
    let below = match focus {
        Pane::Flow | Pane::Loss => Pane::Network,
        other => other,
    };
    if body.height < ROOM_TO_STACK {
        let below = if focus == Pane::Loss { focus } else { below };
        let (flow, rest) = cuts.top(Border::Flow, body, body.height / 2);
        return vec![(Pane::Flow, flow), (below, rest)];
    }
    let least = (LEAST_ROWS, 2 * LEAST_ROWS);
    let (flow, rest) = cuts.top_within(Border::Flow, body, body.height * 4 / 10, least);
    let (middle, loss) = cuts.top(Border::Loss, rest, rest.height / 2);
    vec![(Pane::Flow, flow), (below, middle), (Pane::Loss, loss)]
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

/// The first row shown of a list of `count` rows in `height`, such that the selected one is in sight, in the middle where
/// the list is longer than its place.
pub fn first_row(selected: usize, count: usize, height: u16) -> usize {
    let height = usize::from(height);
    if count <= height {
        return 0;
    }
    selected.saturating_sub(height / 2).min(count - height)
}

/// The first row shown of a list: the selected one in the middle, until a click keeps the list where it is.
pub fn first_shown(kept: Option<usize>, selected: usize, count: usize, height: u16) -> usize {
    match kept {
        Some(first) => kept_first(first, selected, count, height),
        None => first_row(selected, count, height),
    }
}

/// The first row shown of a list that stays where it is as long as the selected one is in sight: what is clicked does not
/// move under the pointer.
pub fn kept_first(first: usize, selected: usize, count: usize, height: u16) -> usize {
    let height = usize::from(height).max(1);
    let last = count.saturating_sub(height);
    let least = (selected + 1).saturating_sub(height);
    first.clamp(least.min(last), selected.min(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Cells of all that is laid out.
    fn cells(layout: &Layout) -> u32 {
        let others = [layout.header, layout.verdict, layout.footer];
        let panes = layout.panes.iter().map(|(_, area)| *area);
        panes.chain(others).map(|area| area.area()).sum()
    }

    #[test]
    fn panes_tile_the_body_at_every_size() {
        for width in 1..220u16 {
            for height in 1..70u16 {
                for focus in Pane::ORDER {
                    let area = Rect::new(0, 0, width, height);
                    let splits = Splits::default();
                    let layout = Layout::new(area, focus, false, 9, Pane::Data, &splits);
                    if layout.too_small {
                        assert!(width < SMALLEST.0 || height < SMALLEST.1);
                        continue;
                    }
                    assert!(layout.area(focus).is_some(), "{width}x{height} {focus:?}");
                    assert_eq!(cells(&layout), area.area(), "{width}x{height} {focus:?}");
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

    proptest! {
        /// Wherever borders were dragged to, in whatever window: the panes tile the body, none is squeezed to nothing, and
        /// every border is where the panes meet.
        #[test]
        fn moved_borders_leave_every_pane_its_room(
            width in 40u16..260, height in 12u16..90, focus in 0usize..6, shares in vec(-1.0f64..2.0, 6),
        ) {
            let mut splits = Splits::default();
            let borders = [
                Border::Left, Border::Right, Border::Network, Border::Flow, Border::Loss, Border::Layer,
            ];
            for (border, share) in borders.into_iter().zip(shares) {
                splits.set(border, share);
            }
            let area = Rect::new(3, 2, width, height);
            let layout = Layout::new(area, Pane::ORDER[focus], false, 9, Pane::Data, &splits);
            prop_assert_eq!(cells(&layout), area.area());
            for (pane, a) in &layout.panes {
                prop_assert!(a.width >= 16 && a.height >= 5, "{:?} {:?}", pane, a);
            }
            for divider in &layout.dividers {
                prop_assert!(divider.bounds.0 <= divider.at && divider.at <= divider.bounds.1, "{:?}", divider);
                let meets = layout.panes.iter().any(|(_, a)| match divider.run {
                    Run::Down => i32::from(a.x) == divider.place(),
                    Run::Across => i32::from(a.y) == divider.place(),
                });
                prop_assert!(meets, "{:?}", divider);
            }
        }
    }

    #[test]
    fn a_kept_list_moves_no_further_than_it_must() {
        assert_eq!(kept_first(3, 5, 20, 6), 3);
        assert_eq!(kept_first(3, 9, 20, 6), 4);
        assert_eq!(kept_first(3, 1, 20, 6), 1);
        assert_eq!(kept_first(18, 19, 20, 6), 14);
        assert_eq!(kept_first(5, 2, 4, 6), 0);
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
