//! What each class was taken for.

use super::{Look, put, put_text};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;

/// ```text
///     0  1  2
///  0 35  .  1
///  1  . 33  .
/// ```
/// A row a true class, a column a predicted one.
#[derive(Clone, Debug)]
pub struct ConfusionMatrix<'a> {
    look: Look<'a>,
    /// [classes x classes], row by row.
    counts: &'a [u32],
    names: &'a [String],
}

impl<'a> ConfusionMatrix<'a> {
    /// `counts[t * classes + p]`: rows of class t that were taken for p; one name a class.
    pub fn new(look: Look<'a>, counts: &'a [u32], names: &'a [String]) -> Self {
        Self {
            look,
            counts,
            names,
        }
    }

    /// Characters that all names begin with, and none of them ends with.
    fn common(&self) -> usize {
        let Some((first, rest)) = self.names.split_first() else {
            return 0;
        };
        let shared = rest.iter().map(|name| {
            let both = name.chars().zip(first.chars());
            both.take_while(|(a, b)| a == b).count()
        });
        let least = self.names.iter().map(|n| n.chars().count()).min();
        let most = least.unwrap_or(0).saturating_sub(1);
        shared.min().map_or(0, |shared| shared.min(most))
    }

    fn style(&self, share: f64, right: bool) -> Style {
        let theme = self.look.theme;
        if right {
            theme.style(Role::Good)
        } else if share >= 0.1 {
            theme.style(Role::Error)
        } else {
            theme.style(Role::Warning)
        }
    }
}

impl Widget for ConfusionMatrix<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let classes = self.names.len();
        if area.is_empty() || classes == 0 {
            return;
        }
        let digits = self.counts.iter().max().map_or(1, |m| m.to_string().len());
        let label = self
            .names
            .iter()
            .map(|n| n.chars().count())
            .max()
            .unwrap_or(1)
            .min(8);
        let room = usize::from(area.width).saturating_sub(label + 1);
        // Numbers where they fit, else one shade a cell.
        let numbers = room >= classes * (digits + 1);
        let cell = if numbers {
            (room / classes).min(digits.max(label.min(5)) + 2)
        } else {
            1
        };
        let dim = self.look.theme.style(Role::Dim);
        if numbers {
            // What all names begin with tells no column from another.
            let skip = if label >= cell { self.common() } else { 0 };
            for (column, name) in self.names.iter().enumerate() {
                let short: String = name.chars().skip(skip).take(cell - 1).collect();
                let x = label + 1 + column * cell + (cell - short.chars().count());
                put_text(buf, area, clamp(x), 0, &short, dim);
            }
        }
        let top = u16::from(numbers);
        for (row, name) in self.names.iter().enumerate() {
            let y = clamp(row).saturating_add(top);
            let short: String = name.chars().take(label).collect();
            put_text(buf, area, 0, y, &short, dim);
            let counts = self.counts.iter().skip(row * classes).take(classes);
            let total: f64 = counts.clone().map(|c| f64::from(*c)).sum();
            for (column, count) in counts.enumerate() {
                let share = if total > 0.0 {
                    f64::from(*count) / total
                } else {
                    0.0
                };
                let mut style = self.style(share, row == column);
                let x = label + 1 + column * cell;
                if !numbers {
                    put(buf, area, clamp(x), y, self.look.glyphs.shade(share), style);
                    continue;
                }
                let text = if *count == 0 {
                    ".".to_string()
                } else {
                    count.to_string()
                };
                if *count == 0 {
                    style = dim;
                } else if row == column {
                    style = style.add_modifier(Modifier::BOLD);
                }
                put_text(buf, area, clamp(x + cell - text.len()), y, &text, style);
            }
        }
    }
}

fn clamp(v: usize) -> u16 {
    u16::try_from(v).unwrap_or(u16::MAX)
}
