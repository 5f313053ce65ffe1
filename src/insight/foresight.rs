//! What theory foresees of a network before the first step, in the verdict's terms.

use super::theory::{Predicted, Theory};
use super::verdict::{self, Kind};
use super::words;
use crate::nn::spec::NetworkSpec;
use crate::nn::stats::LayerStats;

/// The verdict on a network as theory sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Foresight {
    pub kind: Kind,
    /// Decades per layer by least squares; positive where the bottom gets less than the top.
    pub slope: f64,
    /// The bottom's magnitude over the top's; 0 where nothing reaches the bottom.
    pub ratio: f64,
}

impl Foresight {
    /// By the same bounds as the verdict on a run.
    pub fn of(theory: &Theory, spec: &NetworkSpec) -> Self {
        let stats: Vec<LayerStats> = theory.layers.iter().map(as_measured).collect();
        let verdict = verdict::without_fix(&stats, &[], None, spec);
        Self {
            kind: verdict.kind,
            slope: verdict.slope,
            ratio: verdict.ratio,
        }
    }

    /// In half a sentence: "vanishes, 0.64 decades lost per layer".
    pub fn words(&self) -> String {
        let slope = words::number(self.slope.abs());
        let way = if self.slope < 0.0 { "gained" } else { "lost" };
        match self.kind {
            Kind::Diverged => "overflows before the first step".into(),
            Kind::Vanishing if self.ratio == 0.0 => "nothing reaches the bottom layer".into(),
            Kind::Vanishing => format!("vanishes, {slope} decades lost per layer"),
            // A norm over the bound explodes, whatever the slope.
            Kind::Exploding if self.slope >= 0.0 => "explodes, gradients far too large".into(),
            Kind::Exploding => format!("explodes, {slope} decades gained per layer"),
            Kind::Healthy if slope == "0" || self.slope.abs() < 0.005 => "healthy".into(),
            Kind::Healthy => format!("healthy, {slope} decades {way} per layer"),
        }
    }

    /// For a column: "vanishing -0.64".
    pub fn brief(&self) -> String {
        match self.kind {
            Kind::Diverged => "overflows".into(),
            Kind::Vanishing if self.ratio == 0.0 => "no signal".into(),
            // Below the layer above it, a layer has so many decades more.
            kind => format!("{} {:+.2}", kind.name(), -self.slope + 0.0),
        }
    }
}

fn as_measured(layer: &Predicted) -> LayerStats {
    LayerStats {
        grad_norm: layer.grad_norm,
        grad_rms: layer.grad_rms,
        delta_rms: layer.delta_rms,
        pre_std: layer.q_pre.sqrt(),
        ..LayerStats::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Task;
    use crate::experiment::{self, resolve};
    use crate::insight::theory::{Setting, predict};

    fn foreseen(network: &str) -> Foresight {
        let text =
            format!("format = 1\nname = \"x\"\n[data]\nkind = \"digits\"\n[network]\n{network}\n");
        let experiment = experiment::parse(&text, "x.toml").unwrap();
        let spec =
            resolve::network_spec(&experiment, 64, Task::Classification { classes: 10 }).unwrap();
        let theory = predict(&spec, &Setting::standardized(32)).unwrap();
        Foresight::of(&theory, &spec)
    }

    fn network(activation: &str, init: &str, repeat: usize) -> String {
        format!(
            "activation = \"{activation}\"\ninit = {init}\n[[network.layers]]\nunits = 100\nrepeat = {repeat}"
        )
    }

    /// Glorot & Bengio 2010 and He et al. 2015: what vanishes ten deep and what does not.
    #[test]
    fn the_textbooks_cases_are_foreseen() {
        let logistic = foreseen(&network("logistic", "\"glorot-normal\"", 10));
        assert_eq!(logistic.kind, Kind::Vanishing);
        assert!((0.55..0.7).contains(&logistic.slope), "{logistic:?}");
        assert!(
            logistic.words().starts_with("vanishes, 0.6"),
            "{}",
            logistic.words()
        );
        assert_eq!(
            logistic.brief(),
            format!("vanishing -{:.2}", logistic.slope)
        );
        assert_eq!(
            foreseen(&network("relu", "\"he-normal\"", 10)).kind,
            Kind::Healthy
        );
        let loud = foreseen(&network("relu", "{ kind = \"normal\", std = 1.0 }", 20));
        assert_eq!(loud.kind, Kind::Exploding);
        assert!(loud.words().starts_with("explodes"), "{}", loud.words());
    }

    #[test]
    fn zeros_pass_nothing_on() {
        let silent = foreseen(&network("tanh", "\"zeros\"", 3));
        assert_eq!(silent.kind, Kind::Vanishing);
        assert_eq!(silent.words(), "nothing reaches the bottom layer");
        assert_eq!(silent.brief(), "no signal");
    }
}
