//! The layers' pretraining, stage by stage: the reconstruction error over the epochs of each.

use super::{split_rows, write_line};
use crate::training::Pretraining;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widgets::{LineChart, Series, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;

/// `stage 2 of 3`, or what is done.
pub fn title(pretraining: &Pretraining) -> String {
    let (stage, of) = (pretraining.errors.len(), pretraining.layers);
    let epochs = pretraining.errors.last().map_or(0, |e| e.len());
    if stage == of && epochs > pretraining.epochs {
        format!("Pretraining · {of} done")
    } else {
        format!("Pretraining · stage {stage} of {of}")
    }
}

pub fn draw(app: &App, pretraining: &Pretraining, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let colour = |stage: usize| Style::new().fg(theme.class(stage, 1.0));
    let errors = pretraining.errors.iter().enumerate();
    // From before to now, the newest stages where there is no room for all.
    let mut words: Vec<Span> = errors
        .clone()
        .rev()
        .filter_map(|(stage, errors)| {
            let (first, last) = (errors.first()?, errors.last()?);
            let text = format!(
                "{}: {}→{}  ",
                stage + 1,
                format_value(*first),
                format_value(*last)
            );
            Some(Span::styled(text, colour(stage)))
        })
        .collect();
    words.insert(0, Span::styled("layer ", theme.style(Role::Dim)));
    write_line(buf, area, 0, words);
    let length = pretraining.epochs as f64;
    let curves: Vec<(usize, Vec<f64>)> = errors
        .map(|(stage, errors)| {
            let start = stage as f64 * length;
            let x = (0..errors.len()).map(|epoch| start + epoch as f64);
            (stage, x.collect())
        })
        .collect();
    let series: Vec<Series> = curves
        .iter()
        .map(|(stage, x)| Series {
            name: "",
            x,
            y: &pretraining.errors[*stage],
            style: colour(*stage),
        })
        .collect();
    let below = split_rows(area, 1).1;
    LineChart::new(app.look(), &series)
        .legend(false)
        .log(true)
        .x_range((0.0, length * pretraining.layers as f64))
        .render(below, buf);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_counts_the_stages() {
        let mut p = Pretraining {
            layers: 3,
            epochs: 2,
            errors: vec![vec![1.0, 0.5, 0.4], vec![0.3]],
        };
        assert_eq!(title(&p), "Pretraining · stage 2 of 3");
        p.errors = vec![vec![1.0, 0.5, 0.4]; 3];
        assert_eq!(title(&p), "Pretraining · 3 done");
    }
}
