//! The learning rate of a step. Steps count from 0 here: the rate of the first update is that of t = 0.

use super::{Plateau, Schedule};
use crate::nn::optimizer::Optimizer;
use crate::nn::vocabulary::Misfit;
use std::f64::consts::PI;

/// One-cycle's constants, PyTorch's defaults (Smith & Topin 2018): the share of the cycle in which the rate rises, how far
/// below the maximum it starts, how far below its start it ends, and the ends between which momentum runs.
const RISE: f64 = 0.3;
const START_DIVISOR: f64 = 25.0;
const END_DIVISOR: f64 = 1e4;
const LOW_MOMENTUM: f64 = 0.85;
const HIGH_MOMENTUM: f64 = 0.95;

impl Schedule {
    /// The rate of update `t` (from 0) where the optimizer's own rate is `base`. `plateau` leaves it as it is: its cuts
    /// depend on what was measured, see [`Plateau::scale`]. `one-cycle` takes its own `max` in place of `base`.
    pub fn rate(&self, base: f64, t: u64) -> f64 {
        let t = t as f64;
        match *self {
            Schedule::Constant | Schedule::Plateau { .. } => base,
            Schedule::Step { every, factor } => base * factor.powf((t / every as f64).floor()),
            Schedule::Exponential { factor } => base * factor.powf(t),
            Schedule::Power { steps, power } => base / (1.0 + t / steps as f64).powf(power),
            Schedule::Cosine { warmup, .. } if t < warmup as f64 => base * t / warmup as f64,
            Schedule::Cosine {
                steps,
                warmup,
                floor,
            } => {
                let length = steps.saturating_sub(warmup) as f64;
                let done = if length > 0.0 {
                    ((t - warmup as f64) / length).min(1.0)
                } else {
                    1.0
                };
                half_cosine(base, floor, done)
            }
            Schedule::OneCycle { steps, max } => {
                let start = max / START_DIVISOR;
                cycle(steps as f64, t, start, max, start / END_DIVISOR)
            }
        }
    }

    /// The update up to which the rate rises, where it rises and falls.
    pub fn turn(&self) -> Option<u64> {
        match *self {
            Schedule::Cosine { warmup, .. } => Some(warmup as u64),
            Schedule::OneCycle { steps, .. } => Some(turn(steps as f64).max(0.0) as u64),
            _ => None,
        }
    }

    /// The momentum of update `t`, where the schedule moves it (`one-cycle`).
    pub fn momentum(&self, t: u64) -> Option<f64> {
        match *self {
            Schedule::OneCycle { steps, .. } => Some(cycle(
                steps as f64,
                t as f64,
                HIGH_MOMENTUM,
                LOW_MOMENTUM,
                HIGH_MOMENTUM,
            )),
            _ => None,
        }
    }

    /// The optimizer as it is at update `t`: its rate, and its momentum where the schedule moves it. Its slots are those
    /// that a run under this schedule needs.
    pub fn drive(&self, optimizer: &Optimizer, t: u64, plateau: &Plateau) -> Optimizer {
        let rate = self.rate(optimizer.learning_rate(), t) * plateau.scale;
        let driven = optimizer.with_learning_rate(rate);
        match self.momentum(t) {
            Some(momentum) => driven.with_momentum(momentum),
            None => driven,
        }
    }

    /// What is wrong with the settings together.
    pub fn misfits(&self) -> Vec<Misfit> {
        match self {
            Schedule::Cosine { steps, warmup, .. } if warmup >= steps => vec![Misfit {
                keys: ["warmup", "steps"],
                message: format!(
                    "`warmup` is part of `steps` and must be shorter: {warmup} of {steps} steps"
                ),
            }],
            _ => Vec::new(),
        }
    }
}

/// From `start` (done = 0) to `end` (done = 1) along half a cosine.
fn half_cosine(start: f64, end: f64, done: f64) -> f64 {
    end + (start - end) * (1.0 + (PI * done).cos()) / 2.0
}

/// Where a cycle's rate is highest.
fn turn(steps: f64) -> f64 {
    RISE * steps - 1.0
}

/// Two half cosines, start -> top -> end, the first over [`RISE`] of the steps; `end` for good after the last.
fn cycle(steps: f64, t: f64, start: f64, top: f64, end: f64) -> f64 {
    let (turn, last) = (turn(steps), steps - 1.0);
    if t <= turn {
        half_cosine(start, top, if turn > 0.0 { t / turn } else { 1.0 })
    } else {
        half_cosine(top, end, ((t - turn) / (last - turn)).min(1.0))
    }
}
