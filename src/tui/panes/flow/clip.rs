//! What clipping cut: on the pane's lower border, in every view.

use super::super::fit;
use crate::nn::spec::Clip;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widgets::format_value;

/// Over so many points back "lately" goes.
const LATELY: usize = 100;

/// `clipped to 1: ×0.031, cut 97 % of the norm · cut in 38 of the last 40 points` and what is left of it where there is less
/// room, the longest first, and whether anything was cut; `None` where nothing clips or nothing was measured.
fn line(app: &App) -> Option<([String; 3], bool)> {
    let record = &app.run.record;
    let bound = match app.experiment.training.clip {
        Clip::None => return unclipped(app),
        Clip::Norm { max } => format!("{max}"),
        Clip::Value { max } => format!("±{max}"),
    };
    let point = match app.cursor {
        Some(step) => record.at(step)?,
        None => record.latest.as_ref()?,
    };
    let before = record.kept().filter(|p| p.step <= point.step);
    let factors: Vec<f64> = before.map(|p| p.clip_factor).collect();
    let lately = &factors[factors.len().saturating_sub(LATELY)..];
    let cut = lately.iter().filter(|f| **f < 1.0).count();
    let factor = point.clip_factor;
    let (least, of) = if factor < 1.0 {
        let (factor, share) = (factor_text(factor), share_text(1.0 - factor));
        let least = format!("clipped to {bound}: ×{factor}, cut {share}");
        (least, "of the norm".to_string())
    } else {
        let norm = format_value(point.global_grad_norm);
        let least = format!("clip at {bound} cuts nothing");
        (least, format!("of norm {norm}"))
    };
    let now = format!("{least} {of}");
    let whole = format!("{now} · cut in {cut} of the last {} points", lately.len());
    Some(([whole, now, least], factor < 1.0))
}

/// What a bound would be on, where gradients through time may want one.
fn unclipped(app: &App) -> Option<([String; 3], bool)> {
    let point = match app.cursor {
        Some(step) => app.run.record.at(step)?,
        None => app.run.record.latest.as_ref()?,
    };
    let norm = format_value(point.global_grad_norm);
    let least = format!("norm {norm}, not clipped");
    let whole = format!("norm of all gradients {norm}, not clipped");
    (!point.time.is_empty()).then(|| ([whole, least.clone(), least], false))
}

/// Two digits.
fn factor_text(factor: f64) -> String {
    if factor < 1e-3 {
        format!("{factor:.0e}")
    } else if factor < 0.1 {
        format!("{factor:.3}")
    } else {
        format!("{factor:.2}")
    }
}

/// Never 100 %, which would leave nothing.
fn share_text(share: f64) -> String {
    match 100.0 * share {
        percent if percent > 99.9 => ">99.9 %".to_string(),
        percent if percent > 99.5 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// What to write in `room` columns, and how grave it is.
pub fn words(app: &App, room: usize) -> Option<(String, Role)> {
    let (texts, cuts) = line(app)?;
    let role = if cuts { Role::Warning } else { Role::Dim };
    // What there is no room for is dropped whole.
    let fits = |text: &&String| text.chars().count() <= room;
    let [.., least] = &texts;
    let shown = texts.iter().find(fits).unwrap_or(least);
    Some((fit(shown, room), role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(share_text(0.969), "97 %");
        assert_eq!(share_text(0.996), "99.6 %");
        assert_eq!(share_text(1.0 - 1e-6), ">99.9 %");
        assert_eq!(factor_text(9.98e-7), "1e-6");
        assert_eq!(factor_text(0.0312), "0.031");
        assert_eq!(factor_text(0.5), "0.50");
    }
}
