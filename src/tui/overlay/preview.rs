//! What would come of a picker's selected entry, and how it is shown beside the list: an activation with its derivative,
//! an initializer with its density, and in words what the table and theory say of it.

use crate::insight::Foresight;
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::schedule::Schedule;
use crate::nn::vocabulary::Vocabulary;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widgets::CurvePlot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

/// What theory says of the network with one of the entries in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Foreseen {
    /// Nobody has looked at this entry yet.
    NotYet,
    Network(Foresight),
    /// Why theory says nothing.
    Nothing(String),
}

impl Foreseen {
    /// For the list's column.
    pub fn brief(&self) -> String {
        match self {
            Foreseen::Network(foresight) => foresight.brief(),
            Foreseen::NotYet | Foreseen::Nothing(_) => String::new(),
        }
    }

    pub fn words(&self) -> String {
        match self {
            Foreseen::Network(foresight) => foresight.words(),
            Foreseen::Nothing(why) => why.clone(),
            Foreseen::NotYet => String::new(),
        }
    }

    pub fn role(&self) -> Role {
        use crate::insight::Kind;
        match self {
            Foreseen::Network(foresight) => match foresight.kind {
                Kind::Healthy => Role::Good,
                Kind::Vanishing => Role::Accent,
                Kind::Exploding | Kind::Diverged => Role::Error,
            },
            Foreseen::NotYet | Foreseen::Nothing(_) => Role::Dim,
        }
    }
}

/// The selected entry in a picture and in words.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    pub drawing: Option<Drawing>,
    /// Lines beneath the list, the most telling first.
    pub lines: Vec<(String, Role)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Drawing {
    /// The rate over so many steps.
    Rate {
        schedule: Schedule,
        base: f64,
        steps: u64,
    },
    Function(Activation),
    /// A weight's density in a layer, with the present one beneath it.
    Density {
        chosen: Initializer,
        now: Initializer,
        fan_in: usize,
        fan_out: usize,
    },
}

/// Points of a curve: two a column of the widest plot.
const POINTS: usize = 161;

impl Drawing {
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        Clear.render(area, buf);
        match self {
            Drawing::Rate {
                schedule,
                base,
                steps,
            } => {
                let range = (0.0, *steps as f64);
                let rates: Vec<f64> = spread(range)
                    .map(|t| schedule.rate(*base, t as u64))
                    .collect();
                CurvePlot::new(app.look(), range, &rates)
                    .names("rate", "")
                    .render(area, buf);
            }
            Drawing::Function(activation) => function(app, activation, area, buf),
            Drawing::Density {
                chosen,
                now,
                fan_in,
                fan_out,
            } => {
                let range = range(chosen, *fan_in, *fan_out);
                let values = density(chosen, *fan_in, *fan_out, range);
                let peak = values.iter().copied().fold(0.0, f64::max);
                // A narrow density beneath a wide one would press it flat: its top is cut away.
                let beneath: Vec<f64> = density(now, *fan_in, *fan_out, range)
                    .into_iter()
                    .map(|p| if p > 2.0 * peak { f64::NAN } else { p })
                    .collect();
                let plot = CurvePlot::new(app.look(), range, &values);
                if chosen == now {
                    plot.names("now", "").render(area, buf);
                } else {
                    plot.derivative(&beneath)
                        .names(chosen.name(), "now")
                        .render(area, buf);
                }
            }
        }
    }
}

fn spread(range: (f64, f64)) -> impl Iterator<Item = f64> {
    let last = (POINTS - 1) as f64;
    (0..POINTS).map(move |i| range.0 + (range.1 - range.0) * i as f64 / last)
}

fn function(app: &App, activation: &Activation, area: Rect, buf: &mut Buffer) {
    const ENDS: (f64, f64) = (-4.0, 4.0);
    let values: Vec<f64> = spread(ENDS).map(|z| activation.value_at(z)).collect();
    let slopes: Vec<f64> = spread(ENDS).map(|z| activation.derivative_at(z)).collect();
    CurvePlot::new(app.look(), ENDS, &values)
        .derivative(&slopes)
        .names("φ", "φ'")
        .render(area, buf);
}

/// From where to where a density is shown: a bit more than its support, or four standard deviations.
fn range(init: &Initializer, fan_in: usize, fan_out: usize) -> (f64, f64) {
    let mean = init.mean(fan_in, fan_out);
    let (low, high) = init.support(fan_in, fan_out);
    let reach = 4.0 * init.variance(fan_in, fan_out).sqrt();
    let reach = if init.density(fan_in, fan_out, mean).is_none() || reach == 0.0 {
        // All weights are at one or two places.
        1.2 * low.abs().max(high.abs()).max(1e-3)
    } else {
        reach.min(1.3 * (high - mean).abs().max((mean - low).abs()))
    };
    match (mean - reach, mean + reach) {
        (low, high) if low.is_finite() && high.is_finite() && low < high => (low, high),
        _ => (-1.0, 1.0),
    }
}

/// The density at [`POINTS`] places of a range. Where all weights take one value or two there is none: bars as high as the
/// values' shares stand for it.
fn density(init: &Initializer, fan_in: usize, fan_out: usize, range: (f64, f64)) -> Vec<f64> {
    if init.density(fan_in, fan_out, 0.0).is_some() {
        return spread(range)
            .map(|x| init.density(fan_in, fan_out, x).unwrap_or(0.0))
            .collect();
    }
    let mut bars = vec![0.0; POINTS];
    let mut bar = |x: f64, share: f64| {
        let at = ((x - range.0) / (range.1 - range.0) * (POINTS - 1) as f64).round();
        if (0.0..POINTS as f64).contains(&at) {
            bars[at as usize] = share;
        }
    };
    let (low, high) = init.support(fan_in, fan_out);
    if low == high {
        bar(low, 1.0);
    } else {
        // The mean says how the weights share themselves out between the two.
        let share = (init.mean(fan_in, fan_out) - low) / (high - low);
        bar(low, 1.0 - share);
        bar(high, share);
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_density_is_seen_whole_and_sums_to_one() {
        let inits = [
            Initializer::GlorotNormal,
            Initializer::HeUniform,
            Initializer::Orthogonal { gain: 1.0 },
            Initializer::Normal {
                mean: 0.5,
                std: 2.0,
            },
            Initializer::Lsuv,
        ];
        for init in inits {
            let range = range(&init, 50, 100);
            let values = density(&init, 50, 100, range);
            let step = (range.1 - range.0) / (POINTS - 1) as f64;
            let mass: f64 = values.iter().sum::<f64>() * step;
            assert!((mass - 1.0).abs() < 0.02, "{init:?}: {mass} over {range:?}");
        }
    }

    #[test]
    fn weights_of_one_or_two_values_are_bars() {
        let zeros = density(&Initializer::Zeros, 4, 4, (-1.0, 1.0));
        assert_eq!(zeros[80], 1.0);
        assert_eq!(zeros.iter().sum::<f64>(), 1.0);
        let identity = Initializer::Identity { gain: 2.0 };
        let bars = density(&identity, 4, 4, range(&identity, 4, 4));
        let there: Vec<f64> = bars.into_iter().filter(|p| *p > 0.0).collect();
        assert_eq!(there.len(), 2);
        assert!((there[0] - 0.75).abs() < 1e-9 && (there[1] - 0.25).abs() < 1e-9);
    }
}
