//! A session into a checkpoint, and back.

use super::{Best, Session, WayBack};
use crate::experiment::{self, Experiment};
use crate::nn::network::State;
use crate::nn::optimizer::{Optimizer, Scalars};
use crate::nn::schedule::Plateau;
use crate::training::Point;
use crate::training::checkpoint::{
    BEST, Checkpoint, CheckpointError, Counts, FITTED, FORMAT, LAST, LAYER, MU_PRODUCTS, POINT,
    ROWS, SCALARS, VERSION, score, write_dated, write_folder, write_point,
};
use crate::training::log::Log;
use crate::training::tensors::{Numbers, Tensor, TensorFile, TensorFileError};
use std::path::Path;

impl Session {
    /// The checkpoint of this moment.
    pub fn to_checkpoint(&self) -> TensorFile {
        let state = self.network.state();
        let mut file = TensorFile::of(state.tensors);
        let best = self.stopping.best.as_ref();
        for tensor in best.iter().flat_map(|b| &b.weights) {
            file.tensors
                .push((format!("{BEST}{}", tensor.name), tensor.clone().into()));
        }
        let layers = self.network.spec().layers.len();
        let steps = |p: &Point| -> Vec<(usize, usize)> {
            p.time.iter().map(|t| (t.layer, t.norms.len())).collect()
        };
        let log_time = self.log.points().last().map_or_else(Vec::new, steps);
        let whole = |p: &&Point| p.layers.len() == layers && steps(p) == log_time;
        let mut log = Vec::new();
        self.log
            .points()
            .iter()
            .filter(whole)
            .for_each(|p| write_point(p, &mut log));
        let of_time: usize = log_time.iter().map(|(_, steps)| steps + 1).sum();
        let width = POINT + LAYER * layers + of_time;
        let rows = log.len() / width;
        file.tensors
            .push(("log".into(), Tensor::f64(vec![rows, width], log)));
        // Whoever takes weights from the file, but this run, takes the best ones.
        let last = self.went_back.as_ref().and_then(|back| back.last.as_ref());
        for tensor in last.into_iter().flatten() {
            file.tensors
                .push((format!("{LAST}{}", tensor.name), tensor.clone().into()));
        }
        let test = self.test();
        if let Some((step, fitted)) = self.fitted {
            file.tensors
                .push((FITTED.into(), write_dated(step, fitted)));
        }
        let most = state.scalars.iter().max_by_key(|s| s.steps);
        let most = most.copied().unwrap_or_default();
        let scalars: [f64; SCALARS] = [
            self.plateau.scale,
            self.plateau.best,
            most.mu_product,
            best.map_or(f64::NAN, |b| b.loss),
            test.map_or(f64::NAN, |t| t.loss),
            test.and_then(|t| t.accuracy).unwrap_or(f64::NAN),
            self.rate,
        ];
        file.tensors.push((
            "scalars".into(),
            Tensor::f64(vec![SCALARS], scalars.to_vec()),
        ));
        let products: Vec<f64> = state.scalars.iter().map(|s| s.mu_product).collect();
        file.tensors
            .push((MU_PRODUCTS.into(), Tensor::f64(vec![layers], products)));
        let counts = Counts {
            step: state.step,
            optimizer_step: most.steps,
            layer_steps: state.scalars.iter().map(|s| s.steps).collect(),
            plateau_bad: self.plateau.bad,
            waited: self.stopping.waited,
            best_step: best.map(|b| b.step),
            test_step: self.test.map(|(step, _)| step),
            log_span: self.log.span(),
            log_layers: layers,
            log_time,
            interrupted: self.ended.is_none(),
        };
        let base_dir = std::path::absolute(&self.base_dir).unwrap_or(self.base_dir.clone());
        file.texts = write_folder(&base_dir);
        file.texts.extend(
            [
                ("format", FORMAT.to_string()),
                ("version", VERSION.to_string()),
                ("experiment", experiment::to_toml(&self.experiment)),
                ("counts", serde_json::to_string(&counts).unwrap_or_default()),
            ]
            .map(|(key, text)| (key.to_string(), text)),
        );
        if let Some(rows) = self.rows() {
            file.texts.insert(ROWS.into(), rows);
        }
        if let Some(optimizer) = self.network.optimizer() {
            file.texts
                .insert("optimizer".into(), experiment::inline(optimizer));
        }
        file
    }

    /// What tells these rows from others, where files hold them.
    fn rows(&self) -> Option<String> {
        let print = || self.data.fingerprint();
        let of_files = self.request.kind.is_of_files();
        of_files.then(|| format!("{:016x}", self.fingerprint.get_or_init(print)))
    }

    /// Writes a checkpoint whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), TensorFileError> {
        self.to_checkpoint().write(path)
    }

    /// Goes on where the checkpoint was written.
    pub(super) fn restore(&mut self, checkpoint: Checkpoint) -> Result<(), CheckpointError> {
        let Checkpoint {
            ref file,
            ref counts,
            ref optimizer,
            ..
        } = checkpoint;
        if !self.is_same_run(&checkpoint.experiment) {
            let what = difference(&checkpoint.experiment, &self.experiment);
            return Err(CheckpointError::OtherExperiment {
                file: file.clone(),
                what: what.into(),
            });
        }
        // Older files do not say.
        let theirs = checkpoint.tensors.texts.get(ROWS);
        if theirs.is_some_and(|rows| self.rows().is_some_and(|ours| ours != *rows)) {
            return Err(CheckpointError::OtherData { file: file.clone() });
        }
        let scalars = checkpoint
            .scalars()
            .ok_or_else(|| CheckpointError::Damaged {
                file: file.clone(),
                what: "its scalars cannot be read".into(),
            })?;
        let [
            scale,
            plateau_best,
            mu_product,
            best_loss,
            test_loss,
            test_accuracy,
            rate,
        ] = scalars;
        let mut tensors = checkpoint.tensors.parameters("");
        // Where patience had gone back to the best weights, the run is still the last step's: it goes back again where its end
        // is still met.
        let last = checkpoint.tensors.parameters(LAST);
        let has_last = !last.is_empty();
        tensors.retain(|t| {
            t.name.starts_with("optimizer.") || (!has_last && t.name.starts_with("layers."))
        });
        tensors.extend(last);
        let layers = self.network.spec().layers.len();
        let state = State {
            tensors,
            step: counts.step,
            scalars: scalars_of_layers(&checkpoint, layers, mu_product).ok_or_else(|| {
                CheckpointError::Damaged {
                    file: file.clone(),
                    what: "the steps of its layers are not those of such a run".into(),
                }
            })?,
        };
        // A changed optimizer takes over at the next step.
        let optimizer = match optimizer {
            Some(optimizer) => optimizer.clone(),
            None => driven(&checkpoint.experiment, counts.step),
        };
        self.network
            .restore(&state, &optimizer)
            .map_err(|source| CheckpointError::Tensors {
                file: file.clone(),
                source,
            })?;
        self.plateau = Plateau {
            scale,
            best: plateau_best,
            bad: counts.plateau_bad,
        };
        self.stopping.waited = counts.waited;
        self.stopping.best = counts.best_step.map(|step| Best {
            step,
            loss: best_loss,
            weights: checkpoint.tensors.parameters(BEST),
        });
        let old = &checkpoint.experiment.training;
        if self.stopping.is_out_of_patience(&old.stop) && !has_last {
            self.went_back = Some(WayBack {
                step: counts.step,
                last: None,
            });
        }
        self.forget_what_is_left(old);
        self.test = counts
            .test_step
            .map(|step| (step, score(test_loss, test_accuracy)));
        self.fitted = checkpoint.fitted;
        self.rate = rate;
        self.log = Log::of(checkpoint.points, counts.log_span);
        Ok(())
    }

    /// What is to be said where the run goes on from an older file, which has the best weights alone.
    pub(super) fn goes_on_from_best(&self) -> Option<String> {
        let goes_on = self.ended.is_none() && self.is_back();
        goes_on.then(|| {
            format!(
                "the checkpoint is of an older gradlab, which kept the best weights alone of a run that patience had ended: it goes \
                 on from those, with the optimizer's state of step {}",
                self.steps()
            )
        })
    }
}

/// The optimizer's scalars of so many layers, `mu_product` where the file has one for all; `None` where they cannot be.
fn scalars_of_layers(
    checkpoint: &Checkpoint,
    layers: usize,
    mu_product: f64,
) -> Option<Vec<Scalars>> {
    let Checkpoint {
        counts, tensors, ..
    } = checkpoint;
    let of = |(&steps, &mu_product): (&u64, &f64)| Scalars { steps, mu_product };
    let scalars = match (&counts.layer_steps[..], tensors.get(MU_PRODUCTS)) {
        ([], _) => vec![of((&counts.optimizer_step, &mu_product)); layers],
        (steps, Some(products)) => match &products.numbers {
            Numbers::F64(products) if products.len() == steps.len() => {
                steps.iter().zip(products).map(of).collect()
            }
            _ => return None,
        },
        (_, None) => return None,
    };
    let fits = |s: &Scalars| s.steps <= counts.step;
    (scalars.len() == layers && scalars.iter().all(fits)).then_some(scalars)
}

/// The optimizer of the last of so many steps, as the experiment says.
fn driven(experiment: &Experiment, steps: u64) -> Optimizer {
    let optimizer = experiment::resolve::hyper(experiment).optimizer;
    let schedule = &experiment.training.schedule;
    schedule.drive(&optimizer, steps.saturating_sub(1), &Plateau::default())
}

/// Which part makes `ours` another run than the checkpoint's.
fn difference(theirs: &Experiment, ours: &Experiment) -> &'static str {
    if theirs.seed != ours.seed {
        "the seed"
    } else if theirs.data != ours.data {
        "the data"
    } else if theirs.training.batch_size != ours.training.batch_size {
        "the batch size"
    } else if theirs.training.loss != ours.training.loss {
        "the loss"
    } else if theirs.training.label_smoothing != ours.training.label_smoothing {
        "training.label_smoothing"
    } else if theirs.pretrain != ours.pretrain {
        "pretraining"
    } else {
        "the network"
    }
}
