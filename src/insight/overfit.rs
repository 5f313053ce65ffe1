//! How much better a network does on rows that it has seen than on rows that it has not, and since when that grows.

use super::advice::{Advice, Severity, Topic};
use super::remedy::Fix;
use crate::experiment::{Experiment, Layer, LayerKind};
use crate::text::thousands;

/// A test loss has turned once it is above its lowest by this share.
const TURNED: f64 = 0.05;
/// A gap that is less than this share of the highest test loss is none that a person could see.
const NEGLIGIBLE: f64 = 0.01;
/// Newest test losses that are averaged: one evaluation more or less is chance.
const NEWEST: usize = 3;
/// Test losses from which a turn can be told.
const FEWEST: usize = 6;

/// Test loss over training loss, both as in evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Test loss minus training loss.
    pub gap: f64,
    /// Loss of the training rows, as the test rows' is taken: not of a mini-batch.
    pub train: f64,
    /// The step of the lowest test loss, where it has risen since while the rows that are trained on fare better.
    pub since: Option<u64>,
}

/// `tests`: (step, test loss), ascending; `trains` the same of training rows, looked at only where the test loss has turned; `train`
/// and `test` the newest losses.
pub fn gap(
    tests: &[(u64, f64)],
    trains: impl IntoIterator<Item = (u64, f64)>,
    train: f64,
    test: f64,
) -> Option<Gap> {
    let gap = test - train;
    if !gap.is_finite() {
        return None;
    }
    let opens = gap > 0.0 && gap >= NEGLIGIBLE * highest(tests);
    // a run that gets worse on both is shaken, not overfitted
    let fares_better = |since: &u64| {
        let then = trains.into_iter().find(|(step, _)| step >= since);
        then.is_none_or(|(_, then)| train < then)
    };
    Some(Gap {
        gap,
        train,
        since: turn(tests).filter(|_| opens).filter(fares_better),
    })
}

fn highest(tests: &[(u64, f64)]) -> f64 {
    let finite = tests.iter().map(|t| t.1).filter(|loss| loss.is_finite());
    finite.fold(0.0, f64::max)
}

fn turn(tests: &[(u64, f64)]) -> Option<u64> {
    if tests.len() < FEWEST {
        return None;
    }
    let (before, newest) = tests.split_at(tests.len() - NEWEST);
    let finite = before.iter().filter(|t| t.1.is_finite());
    let (step, lowest) = finite.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let now = newest.iter().map(|t| t.1).sum::<f64>() / NEWEST as f64;
    // what has just come down to its lowest has not turned, however far above it has been on the way
    let falls = newest.iter().any(|t| t.1 < *lowest);
    (!falls && now > lowest * (1.0 + TURNED)).then_some(*step)
}

impl Gap {
    /// `gap 0.71`
    pub fn figure(&self) -> String {
        format!("gap {}", figure(self.gap))
    }

    /// Of which training loss the gap is, since the one beside the curves is a mini-batch's.
    pub fn figures(&self) -> String {
        format!("{} (train rows {})", self.figure(), figure(self.train))
    }

    /// Since when it grows, where it does.
    pub fn turned(&self) -> Option<String> {
        let step = thousands(self.since?.into());
        Some(format!("overfits since step {step}"))
    }

    /// A line.
    pub fn sentence(&self) -> String {
        match self.turned() {
            Some(turned) => format!("{}: {turned}", self.figures()),
            None => self.figures(),
        }
    }

    /// The cures as advice, where the test loss has turned.
    pub fn advice(&self, e: &Experiment, classes: bool) -> Vec<Advice> {
        if self.since.is_none() {
            return Vec::new();
        }
        cures(e, classes)
            .into_iter()
            .map(|cure| Advice {
                topic: Topic::Overfitting,
                severity: Severity::Warning,
                layers: Vec::new(),
                // What it does comes first: a list shows the beginning.
                sentence: format!("{}: {} ({})", cure.fix.label, cure.why, self.sentence()),
                fix: Some(cure.fix),
            })
            .collect()
    }
}

/// What narrows the gap, each as one change, and where it is from; what is in place already is left out.
pub fn cures(e: &Experiment, classes: bool) -> Vec<Cure> {
    let of = |why, label: &str, change: &dyn Fn(&mut Experiment)| {
        let mut changed = e.clone();
        change(&mut changed);
        Cure {
            why,
            fix: Fix::new(label, changed),
        }
    };
    let training = &e.training;
    let dropped = e.network.layers.iter().any(|l| l.dropout > 0.0);
    let dense = |l: &&mut Layer| l.kind == LayerKind::Dense;
    let mut cures = Vec::new();
    if !dropped && e.network.layers.iter().any(|l| l.kind == LayerKind::Dense) {
        cures.push(of(
            "no unit can lean on another that may be missing (Srivastava et al. 2014)",
            "drop half of each hidden layer's outputs",
            &|e| {
                let layers = e.network.layers.iter_mut();
                layers.filter(dense).for_each(|l| l.dropout = 0.5);
            },
        ));
    }
    if training.regularize.l2 == 0.0 {
        cures.push(of(
            "large weights cost: the function bends less",
            "penalize squared weights, l2 = 0.003",
            &|e| e.training.regularize.l2 = 0.003,
        ));
    }
    if training.regularize.l1 == 0.0 {
        cures.push(of(
            "every weight costs alike: those of little use become exactly 0",
            "penalize weights, l1 = 0.001",
            &|e| e.training.regularize.l1 = 0.001,
        ));
    }
    if training.regularize.max_norm == 0.0 {
        cures.push(of(
            "no unit's incoming weights grow beyond a bound (Srebro et al. 2005)",
            "bound each unit's incoming weights, max_norm = 0.7",
            &|e| e.training.regularize.max_norm = 0.7,
        ));
    }
    if classes && training.label_smoothing == 0.0 {
        cures.push(of(
            "certainty is not rewarded without end (Szegedy et al. 2016)",
            "smooth the labels by a tenth",
            &|e| e.training.label_smoothing = 0.1,
        ));
    }
    if training.stop.patience.is_none() {
        cures.push(of(
            "the run ends once the test loss has turned, and returns to the weights of its lowest",
            "stop early, patience = 20",
            &|e| e.training.stop.patience = Some(20),
        ));
    }
    cures
}

/// A change against overfitting, and why it helps.
#[derive(Clone, Debug, PartialEq)]
pub struct Cure {
    pub why: &'static str,
    pub fix: Fix,
}

fn figure(loss: f64) -> String {
    // no -0.00
    let loss = if loss.abs() < 0.005 { 0.0 } else { loss };
    if loss.abs() < 100.0 {
        format!("{loss:.2}")
    } else {
        format!("{loss:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_loss_that_turns_overfits_since_its_lowest() {
        let tests: Vec<(u64, f64)> = (0..20)
            .map(|i| (i * 100, 1.0 + (i as f64 - 4.0).abs() / 10.0))
            .collect();
        let found = gap(&tests, [], 0.2, 2.5).expect("finite");
        assert_eq!(found.since, Some(400));
        assert_eq!(
            found.sentence(),
            "gap 2.30 (train rows 0.20): overfits since step 400"
        );
        let late = Gap {
            since: Some(9377),
            ..found
        };
        assert_eq!(late.turned().expect("it has"), "overfits since step 9,377");
    }

    #[test]
    fn a_falling_test_loss_and_a_level_one_do_not() {
        let falling: Vec<(u64, f64)> = (0..20).map(|i| (i, 2.0 - i as f64 / 20.0)).collect();
        assert_eq!(gap(&falling, [], 0.9, 1.0).expect("finite").since, None);
        let level: Vec<(u64, f64)> = (0..20).map(|i| (i, 1.0 + 0.01 * (i % 2) as f64)).collect();
        assert_eq!(gap(&level, [], 0.9, 1.0).expect("finite").since, None);
        assert_eq!(gap(&falling, [], f64::NAN, 1.0), None);
    }

    #[test]
    fn a_test_loss_at_its_lowest_has_not_turned_however_steeply_it_fell() {
        let mut steep: Vec<(u64, f64)> = (0..8).map(|i| (i, 2f64.powi(-(i as i32)))).collect();
        assert_eq!(gap(&steep, [], 0.001, 0.0078).expect("finite").since, None);
        steep.extend([(8, 0.1), (9, 0.2), (10, 0.3)]);
        assert_eq!(gap(&steep, [], 0.001, 0.3).expect("finite").since, Some(7));
    }

    #[test]
    fn a_gap_names_the_training_loss_that_it_is_of() {
        let found = gap(&[], [], 2.411, 2.409).expect("finite");
        assert_eq!(found.sentence(), "gap 0.00 (train rows 2.41)");
    }

    /// Once a problem is solved its losses still differ from row to row.
    #[test]
    fn a_gap_that_is_nothing_beside_what_was_learnt_does_not_overfit() {
        let solved: Vec<(u64, f64)> = (0..20)
            .map(|i| (i, [1.0, 1e-4][usize::from(i > 0)]))
            .collect();
        let mut risen = solved.clone();
        risen.extend((20..30).map(|i| (i, 3e-4)));
        assert_eq!(gap(&risen, [], 1e-4, 3e-4).expect("finite").since, None);
        risen.extend((30..40).map(|i| (i, 0.3)));
        assert_eq!(gap(&risen, [], 1e-4, 0.3).expect("finite").since, Some(1));
    }

    #[test]
    fn the_bounds() {
        let turned = |newest: f64, train: f64, count: u64| {
            let lowest = (0..count - 3).map(|i| (i, 1.0));
            let tests: Vec<(u64, f64)> =
                lowest.chain((0..3).map(|i| (count + i, newest))).collect();
            gap(&tests, [], train, newest)
                .expect("finite")
                .since
                .is_some()
        };
        assert!(turned(1.06, 0.5, 20) && !turned(1.04, 0.5, 20));
        assert!(turned(1.06, 1.06 * 0.98, 20) && !turned(1.06, 1.06 * 0.995, 20));
        assert!(turned(1.06, 0.5, 6) && !turned(1.06, 0.5, 5));
    }

    /// A rate too high shakes a run: its test loss rises, and so does that of the rows that it learns from.
    #[test]
    fn a_run_that_is_shaken_does_not_overfit() {
        let tests: Vec<(u64, f64)> = (0..20)
            .map(|i| (i * 100, 1.0 + (i as f64 - 4.0).abs() / 10.0))
            .collect();
        let since = |then: f64, train: f64| {
            let trains: Vec<(u64, f64)> = (0..20).map(|i| (i * 100, then)).collect();
            gap(&tests, trains, train, 2.5).expect("finite").since
        };
        assert_eq!(since(0.9, 2.4), None);
        assert_eq!(since(0.9, 0.8), Some(400));
    }

    /// What rises for training rows too is no overfitting.
    #[test]
    fn a_run_that_gets_worse_on_both_does_not_overfit() {
        let rising: Vec<(u64, f64)> = (0..20).map(|i| (i, 1.0 + i as f64)).collect();
        assert_eq!(gap(&rising, [], 25.0, 20.0).expect("finite").since, None);
    }
}
