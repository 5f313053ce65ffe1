//! What the gradient flow can show of a layer, and how it can be drawn.

use super::theme::Anchors;
use crate::telemetry::LayerStats;

/// A measure of a layer, named as the JSON output names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    #[default]
    GradRms,
    DeltaRms,
    GradNorm,
    GradMax,
    OutMean,
    OutStd,
    PreStd,
    Saturated,
    Dead,
    WeightNorm,
    UpdateRatio,
}

impl Measure {
    pub const ALL: [Measure; 11] = [
        Self::GradRms,
        Self::DeltaRms,
        Self::GradNorm,
        Self::GradMax,
        Self::OutMean,
        Self::OutStd,
        Self::PreStd,
        Self::Saturated,
        Self::Dead,
        Self::WeightNorm,
        Self::UpdateRatio,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::GradRms => "grad_rms",
            Self::DeltaRms => "delta_rms",
            Self::GradNorm => "grad_norm",
            Self::GradMax => "grad_max",
            Self::OutMean => "out_mean",
            Self::OutStd => "out_std",
            Self::PreStd => "pre_std",
            Self::Saturated => "saturated",
            Self::Dead => "dead",
            Self::WeightNorm => "weight_norm",
            Self::UpdateRatio => "update_ratio",
        }
    }

    /// In the field's notation.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::GradRms => "rms ∂L/∂W",
            Self::DeltaRms => "rms error signal δ",
            Self::GradNorm => "‖∂L/∂W‖",
            Self::GradMax => "max |∂L/∂W|",
            Self::OutMean => "mean of outputs",
            Self::OutStd => "spread of outputs",
            Self::PreStd => "spread of pre-activations",
            Self::Saturated => "saturated outputs",
            Self::Dead => "dead units",
            Self::WeightNorm => "‖W‖",
            Self::UpdateRatio => "‖ΔW‖/‖W‖",
        }
    }

    /// For a legend: what stands in a column head in short, and what it is.
    pub fn legend(self) -> &'static str {
        match self {
            Self::GradRms => "∂W weight gradient",
            Self::DeltaRms => "δ error signal",
            _ => self.symbol(),
        }
    }

    /// A column head of at most six columns.
    pub fn short(self) -> &'static str {
        match self {
            Self::GradRms => "∂W",
            Self::DeltaRms => "δ",
            Self::GradNorm => "‖∂W‖",
            Self::GradMax => "max∂W",
            Self::OutMean => "mean",
            Self::OutStd => "spread",
            Self::PreStd => "pre",
            Self::Saturated => "sat",
            Self::Dead => "dead",
            Self::WeightNorm => "‖W‖",
            Self::UpdateRatio => "ΔW/W",
        }
    }

    pub fn of(self, stats: &LayerStats) -> f64 {
        match self {
            Self::GradRms => stats.grad_rms,
            Self::DeltaRms => stats.delta_rms,
            Self::GradNorm => stats.grad_norm,
            Self::GradMax => stats.grad_max,
            Self::OutMean => stats.out_mean,
            Self::OutStd => stats.out_std,
            Self::PreStd => stats.pre_std,
            Self::Saturated => stats.saturated,
            Self::Dead => stats.dead,
            Self::WeightNorm => stats.weight_norm,
            Self::UpdateRatio => stats.update_ratio,
        }
    }

    /// Shown by its log10 (means have a sign and shares an upper end: they are shown as they are).
    pub fn is_logarithmic(self) -> bool {
        !matches!(self, Self::OutMean | Self::Saturated | Self::Dead)
    }

    pub fn is_share(self) -> bool {
        matches!(self, Self::Saturated | Self::Dead)
    }

    /// Whether it is made of the error, in whose unit it is.
    pub fn is_of_errors(self) -> bool {
        matches!(
            self,
            Self::GradRms | Self::DeltaRms | Self::GradNorm | Self::GradMax
        )
    }

    /// Whether theory foresees it.
    pub fn is_predicted(self) -> bool {
        matches!(
            self,
            Self::GradRms | Self::GradNorm | Self::DeltaRms | Self::PreStd
        )
    }

    /// A value that is about right, to be drawn as a line.
    pub fn reference(self) -> Option<f64> {
        // Updates of about a thousandth of the weights (Stanford's CS231n notes, "Ratio of weights:updates").
        (self == Self::UpdateRatio).then_some(1e-3)
    }

    /// Where its colours turn, in decades.
    pub fn anchors(self) -> Anchors {
        if self.is_of_errors() {
            return Anchors::default();
        }
        let (vanished, healthy, exploded) = match self {
            Self::OutMean | Self::OutStd | Self::PreStd => (-4.0, (-1.0, 0.5), 2.0),
            // Not in decades: a few in a hundred are no harm.
            Self::Saturated | Self::Dead => (-2.0, (-1.0, 0.05), 1.0),
            Self::WeightNorm => (-4.0, (-1.0, 2.0), 4.0),
            // A healthy update is about a thousandth of its weight.
            _ => (-7.0, (-4.0, -2.0), 0.0),
        };
        Anchors {
            vanished,
            healthy,
            exploded,
        }
    }

    pub fn next(self, forward: bool) -> Self {
        cycle(&Self::ALL, self, forward)
    }
}

/// How the gradient flow is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    Sparklines,
    Waterfall,
    Profile,
    Histograms,
    /// Through the steps of the sequences: of recurrent networks.
    Time,
}

impl View {
    pub const ALL: [View; 5] = [
        Self::Sparklines,
        Self::Waterfall,
        Self::Profile,
        Self::Histograms,
        Self::Time,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sparklines => "over steps",
            Self::Waterfall => "waterfall",
            Self::Profile => "over depth",
            Self::Histograms => "histograms",
            Self::Time => "through time",
        }
    }

    pub fn next(self, forward: bool) -> Self {
        cycle(&Self::ALL, self, forward)
    }
}

pub fn cycle<T: Copy + PartialEq>(all: &[T], now: T, forward: bool) -> T {
    let at = all.iter().position(|x| *x == now).unwrap_or(0);
    let step = if forward { 1 } else { all.len() - 1 };
    all[(at + step) % all.len()]
}

/// log10 of a magnitude for a narrow column: `-7.9`, `zero` for an exact 0, `NaN` and `inf` for what is not finite.
pub fn log10_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        "inf".into()
    } else if value == 0.0 {
        "zero".into()
    } else {
        let log = value.abs().log10();
        // Adding 0.0 turns -0 into 0.
        if log.abs() >= 99.95 {
            format!("{log:.0}")
        } else {
            format!("{:.1}", (log * 10.0).round() / 10.0 + 0.0)
        }
    }
}

/// A value of this measure for a narrow column.
pub fn value_text(measure: Measure, value: f64) -> String {
    if measure.is_logarithmic() || !value.is_finite() {
        log10_text(value)
    } else if measure.is_share() {
        format!("{:.0} %", value * 100.0)
    } else {
        match value.abs() {
            v if v >= 1000.0 => format!("{value:.0e}"),
            v if v >= 10.0 => format!("{value:.0}"),
            v if v >= 0.1 || v == 0.0 => format!("{value:.2}"),
            _ => format!("{value:.3}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_comes_by_in_turn() {
        let mut seen = vec![Measure::default()];
        while seen.len() < Measure::ALL.len() {
            seen.push(seen[seen.len() - 1].next(true));
        }
        assert_eq!(seen, Measure::ALL);
        assert_eq!(
            Measure::default().next(false).next(true),
            Measure::default()
        );
    }

    /// What the verdict calls healthy, the colours do: the measures of errors in a larger unit turn red later, by as much.
    #[test]
    fn colours_of_errors_turn_later_in_a_larger_unit() {
        let of = |measure: Measure| measure.anchors().raised(2.0);
        let errors = of(Measure::GradNorm);
        assert!(Measure::GradNorm.is_of_errors() && !Measure::WeightNorm.is_of_errors());
        assert_eq!((errors.healthy, errors.exploded), ((-2.5, 2.5), 5.0));
        assert_eq!(errors.vanished, Anchors::default().vanished);
    }

    #[test]
    fn magnitudes_fit_their_column() {
        let cases = [
            (1e-8, "-8.0"),
            (0.0, "zero"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (1e-250, "-250"),
            (1.0, "0.0"),
        ];
        for (value, text) in cases {
            assert_eq!(log10_text(value), text);
        }
    }
}
