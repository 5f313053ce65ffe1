//! One training step.

use super::backward::{self, Stage};
use super::batch::{Batch, BatchError};
use super::layer::{Layer, Mode};
use super::{Network, update};
use crate::nn::kernel::{Blocked, Crew, Holds, Real};
use crate::nn::optimizer::{Optimizer, Scalars};
use crate::nn::spec::{Clip, Hyper, Regularize};
use crate::nn::stats::{LayerHistograms, LayerStats, Score};
use serde::Serialize;
use thiserror::Error;

/// What is measured of a step, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observe {
    /// Loss, accuracy and the norm of all gradients.
    Loss,
    /// And every layer's statistics.
    Stats,
    /// And every layer's histograms.
    Full,
}

/// Which way a signal was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Forward,
    Backward,
}

/// Where a value first was not finite: forward, the lowest such layer; backward, the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NonFinite {
    pub layer: usize,
    pub direction: Direction,
}

#[derive(Clone, Debug, Error, PartialEq)]
pub enum StepError {
    #[error(transparent)]
    Batch(#[from] BatchError),
}

/// What a step measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepOutcome {
    /// Of the batch before the update, penalties included.
    pub score: Score,
    /// Norm of the gradients of all trained layers together, before clipping, penalties included.
    pub global_grad_norm: f64,
    /// Norm after clipping over norm before.
    pub clip_factor: f64,
    /// One a layer; empty under [`Observe::Loss`].
    pub stats: Vec<LayerStats>,
    /// One a layer under [`Observe::Full`].
    pub histograms: Option<Vec<LayerHistograms>>,
    /// If there is one, no parameter took up a value that is not finite: forward, none was updated; backward, none from that
    /// layer down.
    pub first_non_finite: Option<NonFinite>,
}

impl<T: Real> Network<T> {
    /// One step on `batch` at learning rate `lr` (after the schedule; the optimizer's own is not looked at).
    pub fn step(
        &mut self,
        batch: &Batch,
        hyper: &Hyper,
        lr: f64,
        observe: Observe,
    ) -> Result<StepOutcome, StepError> {
        let mut outcome = StepOutcome::default();
        self.step_into(batch, hyper, lr, observe, &mut outcome)?;
        Ok(outcome)
    }
    /// As [`Network::step`], into an outcome whose memory is used again.
    pub fn step_into(
        &mut self,
        batch: &Batch,
        hyper: &Hyper,
        lr: f64,
        observe: Observe,
        outcome: &mut StepOutcome,
    ) -> Result<(), StepError> {
        self.prepare_optimizer(&hyper.optimizer);
        let mode = Mode::Train { step: self.step };
        let sum = self.forward_and_loss(batch, mode, observe >= Observe::Stats)?;
        outcome.score = sum.score(&self.spec.loss, self.outputs_count());
        outcome.score.loss += update::penalty(&self.layers, &hyper.regularize);
        outcome.stats.clear();
        outcome.histograms = None;
        outcome.clip_factor = 1.0;
        let sound = T::from_f64(outcome.score.loss).is_finite();
        let apart = hyper.clip == Clip::None && self.tied.is_none();
        if sound && apart {
            self.learn_on_the_way(mode, hyper, lr, observe, outcome);
        } else {
            self.learn_after_looking(mode, hyper, lr, observe, outcome);
        }
        if observe >= Observe::Stats {
            outcome.stats.extend_from_slice(&self.stats);
        }
        outcome.global_grad_norm = update::global_norm(&self.norms);
        self.step += 1;
        self.whole = true;
        Ok(())
    }
    /// Each layer is measured and updated as soon as its gradient is there, while that is still in the caches. Where a gradient
    /// is not finite, that layer and those below it stay as they are.
    fn learn_on_the_way(
        &mut self,
        mode: Mode,
        hyper: &Hyper,
        lr: f64,
        observe: Observe,
        outcome: &mut StepOutcome,
    ) {
        self.whole = false;
        let watched = observe >= Observe::Stats;
        let mut histograms =
            (observe == Observe::Full).then(|| vec![LayerHistograms::default(); self.layers.len()]);
        let Self {
            layers,
            input,
            norms,
            stats,
            scratch,
            squares,
            team,
            threads,
            before,
            room,
            ..
        } = self;
        let crew = Crew::of(team.as_ref(), *threads);
        let mut sound = true;
        let Regularize { l1, l2, .. } = hyper.regularize;
        let by_itself = !watched && l1 == 0.0 && l2 == 0.0;
        let visit = |stage: Stage<'_, '_, T>| match stage {
            Stage::Signal(layer) if watched => {
                layer.look_at_signal(mode, scratch, &mut stats[layer.index]);
            }
            Stage::Signal(_) => {}
            Stage::Passing(descent) => {
                if sound && by_itself {
                    let by = (&hyper.optimizer, lr);
                    descent.go(by, &hyper.regularize, norms);
                }
            }
            Stage::Passed(layer, (input, bound)) => {
                let strips = sound && by_itself && !layer.spec.frozen;
                if strips && layer.learns_in_strips(input, bound) {
                    let rule = layer.next_rule(&hyper.optimizer, lr);
                    let regularize = &hyper.regularize;
                    norms[layer.index] =
                        layer.learn_in_strips(input, &rule, regularize, squares, crew);
                    return;
                }
                if watched || !layer.spec.frozen {
                    layer.gradients(input, crew);
                    layer.add_penalties(&hyper.regularize);
                }
                let mut stats = watched.then(|| &mut stats[layer.index]);
                if let Some(stats) = &mut stats {
                    layer.measure_weights(stats);
                }
                if let Some(histograms) = &mut histograms {
                    histograms[layer.index] = layer.histograms();
                }
                let norm = layer.trained_norm();
                norms[layer.index] = norm;
                sound &= T::from_f64(norm).is_finite();
                if sound {
                    layer.scale_gradients(1.0);
                    let rule = layer.next_rule(&hyper.optimizer, lr);
                    layer.learn_measured(&rule, &hyper.regularize, before, crew, stats);
                }
            }
        };
        // nobody asks for the signal below the lowest layer that learns, unless it is looked at
        let unasked = |layer: &&Layer<T>| layer.spec.frozen && !watched;
        let bottom = layers.iter().take_while(unasked).count();
        let (below, learning) = layers.split_at_mut(bottom);
        let input = below.last().map_or(&*input, Layer::out);
        backward::backward(learning, input, (mode, crew), None, room.as_mut(), visit);
        for layer in below {
            norms[layer.index] = 0.0;
            if sound {
                layer.learn_statistics();
            }
        }
        outcome.histograms = histograms;
        outcome.first_non_finite = self.first_non_finite(outcome.score.loss);
    }
    /// All gradients first, because they are to be measured or clipped together; nothing is learned where one is not finite.
    /// The numbers are those of [`Network::learn_on_the_way`].
    fn learn_after_looking(
        &mut self,
        mode: Mode,
        hyper: &Hyper,
        lr: f64,
        observe: Observe,
        outcome: &mut StepOutcome,
    ) {
        let watched = observe >= Observe::Stats;
        if watched {
            self.backward_measured(mode, None, |_| {});
        } else {
            let crew = Crew::of(self.team.as_ref(), self.threads);
            let all = self.tied.is_some();
            let visit = |stage: Stage<'_, '_, T>| match stage {
                Stage::Passed(layer, (input, _)) if all || !layer.spec.frozen => {
                    layer.gradients(input, crew);
                }
                _ => {}
            };
            let by = (mode, crew);
            backward::backward(&mut self.layers, &self.input, by, None, None, visit);
        }
        self.join_tied_gradients();
        self.layers
            .iter_mut()
            .filter(|layer| watched || !layer.spec.frozen)
            .for_each(|layer| layer.add_penalties(&hyper.regularize));
        if watched {
            self.measure_gradients();
        }
        if observe == Observe::Full {
            outcome.histograms = Some(self.layers.iter().map(Layer::histograms).collect());
        }
        self.take_norms();
        outcome.first_non_finite = self.first_non_finite(outcome.score.loss);
        if outcome.first_non_finite.is_none() {
            outcome.clip_factor = update::clip(
                &mut self.layers,
                &hyper.clip,
                update::global_norm(&self.norms),
            );
            let clipped = update::clipped(&hyper.regularize, &hyper.clip, outcome.clip_factor);
            self.update((&hyper.optimizer, lr), &clipped, watched);
        }
    }
    /// Every layer's norm over all of its parameters' gradients.
    pub(super) fn take_norms(&mut self) {
        self.layers
            .iter()
            .zip(&mut self.norms)
            .for_each(|(layer, norm)| *norm = layer.trained_norm());
    }
    /// `regularize`: with the penalties as they are in the gradients now.
    fn update(
        &mut self,
        (optimizer, lr): (&Optimizer, f64),
        regularize: &Regularize,
        measure: bool,
    ) {
        self.whole = false;
        let crew = Crew::of(self.team.as_ref(), self.threads);
        for (layer, stats) in self.layers.iter_mut().zip(&mut self.stats) {
            let rule = layer.next_rule(optimizer, lr);
            let stats = measure.then_some(stats);
            layer.learn_measured(&rule, regularize, &mut self.before, crew, stats);
        }
        self.copy_tied_weights();
    }
    /// Makes the state that `optimizer` keeps, where another was in use before. State of the same name goes on; a change of
    /// settings that keeps no other state (a rate, a decay) changes nothing.
    pub(super) fn prepare_optimizer(&mut self, optimizer: &Optimizer) {
        if self.optimizer.as_ref() == Some(optimizer) {
            return;
        }
        let old = self.optimizer.take();
        let same_kind = old
            .as_ref()
            .is_some_and(|o| std::mem::discriminant(o) == std::mem::discriminant(optimizer));
        if !same_kind {
            self.layers
                .iter_mut()
                .for_each(|layer| layer.scalars = Scalars::default());
        }
        let kept = old.as_ref().filter(|_| same_kind);
        if kept.map(Optimizer::slot_names) != Some(optimizer.slot_names()) {
            let parameters = self.layers.iter_mut().flat_map(Layer::parameters_mut);
            parameters.for_each(|p| p.prepare_slots(optimizer, kept));
        }
        self.optimizer = Some(optimizer.clone());
    }
    /// The backward pass with every layer's signal measured; `see` is shown each layer with `delta` = ∂loss/∂pre.
    pub(super) fn backward_measured(
        &mut self,
        mode: Mode,
        input_gradient: Option<&mut Blocked<T>>,
        mut see: impl FnMut(&Layer<T>),
    ) -> i32 {
        let Self {
            layers,
            input,
            stats,
            scratch,
            team,
            threads,
            ..
        } = self;
        let crew = Crew::of(team.as_ref(), *threads);
        let visit = |stage: Stage<'_, '_, T>| match stage {
            Stage::Signal(layer) => {
                see(layer);
                layer.look_at_signal(mode, scratch, &mut stats[layer.index]);
            }
            Stage::Passed(layer, (input, _)) => layer.gradients(input, crew),
            Stage::Passing(_) => {}
        };
        backward::backward(layers, input, (mode, crew), input_gradient, None, visit)
    }
    pub(super) fn measure_gradients(&mut self) {
        self.layers
            .iter()
            .zip(&mut self.stats)
            .for_each(|(layer, stats)| layer.measure_weights(stats));
    }
    /// Pre-activations that a step did not keep. Of layers that have learned since, by the weights that they have now.
    fn make_pre_again(&mut self) {
        let Self { layers, input, .. } = self;
        for at in 0..layers.len() {
            let (below, rest) = layers.split_at_mut(at);
            let layer = &mut rest[0];
            if std::mem::replace(&mut layer.pre_holds, Holds::All) != Holds::All {
                layer.affine(below.last().map_or(input, Layer::out), Crew::ALONE);
            }
        }
    }
    /// Looks for the culprit only where the loss or a layer's gradient is not finite, or does not fit `T`.
    pub(super) fn first_non_finite(&mut self, loss: f64) -> Option<NonFinite> {
        let fits = |v: f64| T::from_f64(v).is_finite();
        if fits(loss) && self.norms.iter().all(|norm| fits(*norm)) {
            return None;
        }
        self.make_pre_again();
        let found = |layer: &Layer<T>, direction| NonFinite {
            layer: layer.index,
            direction,
        };
        let forward = self.layers.iter().find(|l| l.overflowed_forward());
        if let Some(layer) = forward {
            return Some(found(layer, Direction::Forward));
        }
        if let Some(layer) = self.layers.iter().rev().find(|l| l.overflowed_backward()) {
            return Some(found(layer, Direction::Backward));
        }
        // the loss alone has overflowed: of finite outputs
        let top = self.layers.last()?;
        (!T::from_f64(loss).is_finite()).then(|| found(top, Direction::Forward))
    }
}
