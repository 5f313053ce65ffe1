//! The borders between panes that can be moved, by mouse and by keys, and where the person has moved them.

use ratatui::layout::{Position, Rect};

/// A border between panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// At the right of Network and Training.
    Left,
    /// At the left of Loss, Layer and Data, where they have a column.
    Right,
    /// Between Network and Training.
    Network,
    /// Beneath the flow, where other panes are there.
    Flow,
    /// Beneath Loss, or at its right where it lies beside another.
    Loss,
    /// Between Layer and Data.
    Layer,
}

const BORDERS: usize = 6;

/// Which way a border runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It parts what is left from what is right.
    Down,
    /// It parts what is above from what is below.
    Across,
}

/// Where the borders were put, each as a share of what it divides; a border that was not moved is where the layout likes
/// it. A share holds when the window changes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Splits([Option<f64>; BORDERS]);

impl Splits {
    pub fn share(&self, border: Border) -> Option<f64> {
        self.0[border as usize]
    }

    pub fn set(&mut self, border: Border, share: f64) {
        self.0[border as usize] = Some(share);
    }

    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A border on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divider {
    pub border: Border,
    pub run: Run,
    /// What it divides.
    pub area: Rect,
    /// Columns or rows before it; and the fewest and most that there can be.
    pub at: u16,
    pub bounds: (u16, u16),
}

impl Divider {
    /// The cells of the frames that meet here.
    pub fn cells(&self) -> Rect {
        let Rect { x, y, .. } = self.area;
        let before = self.at.saturating_sub(1);
        match self.run {
            Run::Down => Rect {
                x: x + before,
                width: 2,
                ..self.area
            },
            Run::Across => Rect {
                y: y + before,
                height: 2,
                ..self.area
            },
        }
    }

    /// The share that puts it before a column or row of the screen.
    pub fn share_at(&self, place: i32) -> f64 {
        let (start, length) = match self.run {
            Run::Down => (self.area.x, self.area.width),
            Run::Across => (self.area.y, self.area.height),
        };
        let (least, most) = (i32::from(self.bounds.0), i32::from(self.bounds.1));
        let at = (place - i32::from(start)).clamp(least, most.max(least));
        f64::from(at) / f64::from(length.max(1))
    }

    /// The column or row of the screen before which it is.
    pub fn place(&self) -> i32 {
        i32::from(self.at)
            + i32::from(match self.run {
                Run::Down => self.area.x,
                Run::Across => self.area.y,
            })
    }

    /// How a pointer's place counts for this border.
    pub fn along(&self, at: Position) -> i32 {
        i32::from(match self.run {
            Run::Down => at.x,
            Run::Across => at.y,
        })
    }
}

/// A border that is being dragged, and how far from it it was grabbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drag {
    pub border: Border,
    pub offset: i32,
}
