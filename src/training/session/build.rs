//! From an experiment to a run at its first step.

use super::classes;
use super::stopping::Stopping;
use super::{Choice, Gathered, Log, RowOrder, Session, TensorFile};
use crate::data::{self, DataError, Dataset, Progress, Request, Rows, Targets};
use crate::experiment::resolve::{self, ResolveError};
use crate::experiment::{Experiment, Transfer};
use crate::memory;
use crate::nn::network::{
    self, BatchError, BuildError, BuildOptions, MEMORY_LIMIT, NamedTensor, Network, StepOutcome,
    TensorError, Time,
};
use crate::nn::schedule::Plateau;
use crate::nn::spec::NetworkSpec;
use crate::training::checkpoint::{Checkpoint, CheckpointError};
use crate::training::pretrain::{self, Ear, PretrainError};
use crate::training::tensors::{TensorFileError, all_finite};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use thiserror::Error;

/// Where a run starts from, beside its experiment.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// `None`: the program chooses.
    pub threads: Option<usize>,
    /// A checkpoint of the same experiment to go on from.
    pub resume: Option<PathBuf>,
    /// Weights instead of drawn ones.
    pub weights: Option<PathBuf>,
    /// Where the stages of pretraining are kept until all are done; what is there already is gone on with.
    pub stages: Option<PathBuf>,
    /// Room for batches of so many rows, where more than training's are to be looked at.
    pub rows: Option<usize>,
}

/// Why there is no run.
#[derive(Debug, Error)]
pub enum SessionError {
    #[error("{0}")]
    Data(#[from] DataError),
    #[error("{0}")]
    Experiment(String),
    #[error("{0}")]
    Misfit(#[from] ResolveError),
    #[error("{0}")]
    Network(#[from] BuildError),
    #[error("{0}")]
    Batch(#[from] BatchError),
    #[error("{0}")]
    File(#[from] TensorFileError),
    #[error("{file}: {source}")]
    Weights { file: String, source: TensorError },
    #[error(
        "{error}; network.transfer takes its layers from there: train the network they are from and save its weights, \
         gradlab run EXPERIMENT --save-weights {from}, or take [network.transfer] out"
    )]
    Transfer {
        from: String,
        error: TensorFileError,
    },
    #[error(
        "{file}: {source}; network.transfer takes whole layers: describe layer {layer} as it was trained (its kind, units, \
         bias, norm and activation), or {}", without_layer(*layer)
    )]
    Layer {
        file: String,
        source: TensorError,
        /// From 1.
        layer: usize,
    },
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Pretrain(#[from] PretrainError),
}

impl Session {
    /// Loads the data (or takes it over from `old`, a run on the same data), builds the network and draws its weights.
    /// `say` is told what takes time.
    pub fn build(
        experiment: &Experiment,
        base_dir: &Path,
        start: &Start,
        old: Option<Session>,
        say: &dyn Fn(&str),
    ) -> Result<Session, SessionError> {
        let ear = Ear {
            say,
            stopped: &|| false,
            heard: &|_| {},
            warn: &|_| {},
        };
        Self::build_heard(experiment, base_dir, start, old, &ear)
    }

    /// As [`Session::build`]; pretraining, which can take long, ends with [`PretrainError::Stopped`] where it is to stop.
    pub fn build_heard(
        experiment: &Experiment,
        base_dir: &Path,
        start: &Start,
        old: Option<Session>,
        ear: &Ear,
    ) -> Result<Session, SessionError> {
        let say = ear.say;
        let request = experiment.request();
        let kept = old
            .filter(|old| old.request == request && old.base_dir == base_dir && !old.of_weights)
            .map(|old| old.data);
        let data = match kept {
            Some(data) => data,
            None => Arc::new(load(&request, base_dir, say)?),
        };
        let shown = data.task;
        let weights = start.weights.as_deref().map(read_weights).transpose()?;
        let checkpoint = start.resume.as_deref().map(Checkpoint::read);
        let data = match &weights {
            Some(file) => classes::as_weights_have_them(data, experiment, file),
            // What cannot be read of a checkpoint is said where it is taken over.
            None => match &checkpoint {
                Some(Ok(run)) => classes::as_weights_have_them(data, experiment, &run.tensors),
                _ => data,
            },
        };
        say("building the network");
        let mut spec = network_of(experiment, &data)?;
        if weights.is_some() {
            spec.layers.iter_mut().for_each(|l| l.given = true);
        }
        let batch_rows = batch_rows(experiment, &data);
        // forward, backward and the weights' gradient
        let products: usize = spec.layers.iter().map(|l| l.units * l.inputs).sum();
        let work = products.saturating_mul(batch_rows).saturating_mul(3);
        let threads = Choice::new(start.threads, work);
        let options = BuildOptions {
            batch_rows: batch_rows.max(start.rows.unwrap_or(0).min(data.train.len())),
            threads: threads.most(),
            ..options(experiment, &data)
        };
        let mut network = Network::within(room(), &spec, &options)?;
        network.set_team(threads.team());
        let mut order = RowOrder::new(
            experiment.seed,
            data.train.len(),
            batch_rows,
            experiment.data.shuffle,
        )
        .of(&spec);
        let mut gathered = Gathered::new(&data, batch_rows);
        gathered.fill(&data.train, order.rows(0));
        network.initialize(gathered.batch(&data.train).x)?;
        if let Some(transfer) = &experiment.network.transfer {
            // A checkpoint brings its own weights: the file that they were from may be gone.
            if start.resume.is_none() {
                take_over(&mut network, &spec, transfer, base_dir)?;
                network.scale_to_unit_variance(gathered.batch(&data.train).x, transfer.layers)?;
            }
            set_transferred(&mut network, &spec, transfer);
        }
        if let (Some(path), Some(file)) = (&start.weights, &weights) {
            load_weights(&mut network, path, file)?;
        }
        // Weights from a file, or a checkpoint's, come after pretraining: it would be lost under them.
        let pretrained = match start.weights.is_none() && start.resume.is_none() {
            true => {
                let kept = start.stages.as_deref();
                let stages =
                    pretrain::pretrain(&mut network, experiment, &data, batch_rows, kept, ear)?;
                if !stages.is_empty() {
                    let first_batch = gathered.batch(&data.train).x;
                    network.scale_to_unit_variance(first_batch, stages.len())?;
                }
                stages
            }
            false => Vec::new(),
        };
        let mut session = Session {
            stopping: Stopping::default(),
            experiment: experiment.clone(),
            base_dir: base_dir.to_path_buf(),
            request,
            of_weights: data.task != shown,
            data,
            fingerprint: OnceLock::new(),
            network,
            hyper: resolve::hyper(experiment),
            threads,
            order,
            gathered,
            plateau: Plateau::default(),
            test: None,
            fitted: None,
            went_back: None,
            rate: 0.0,
            outcome: StepOutcome::default(),
            radii: Vec::new(),
            time: Vec::new(),
            log: Log::default(),
            ended: None,
            begun: None,
            pretrained,
            is_watched: false,
        };
        if let Some(checkpoint) = checkpoint {
            session.restore(checkpoint?)?;
        }
        session.end_by_rule()?;
        if let Some(what) = session.goes_on_from_best() {
            (ear.warn)(&what);
        }
        Ok(session)
    }
}

fn load(request: &Request, base_dir: &Path, say: &dyn Fn(&str)) -> Result<Dataset, DataError> {
    use crate::nn::vocabulary::Vocabulary;
    let name = request.kind.name();
    say(&format!("loading {name}"));
    let mut data = data::load(request, base_dir, &|progress: Progress| {
        if progress.total > 0 {
            let percent = 100.0 * progress.done as f64 / progress.total as f64;
            say(&format!("loading {name}: {percent:.0} %"));
        }
    })?;
    contiguous(&mut data.train);
    contiguous(&mut data.test);
    Ok(data)
}

/// Rows are copied into batches by whole slices, which needs them in the usual order in memory.
fn contiguous(rows: &mut Rows) {
    if !rows.x.is_standard_layout() {
        rows.x = rows.x.as_standard_layout().into_owned();
    }
    if let Targets::Values(values) = &mut rows.y
        && !values.is_standard_layout()
    {
        *values = values.as_standard_layout().into_owned();
    }
}

/// The network of this experiment on these data.
///
/// # Errors
/// Where it would not be built, whatever the reason.
pub fn network_of(experiment: &Experiment, data: &Dataset) -> Result<NetworkSpec, SessionError> {
    if data.train.is_empty() {
        return Err(SessionError::Experiment(
            "the data has no training rows: lower data.test_fraction".into(),
        ));
    }
    let spec = resolve::for_data(experiment, data)?;
    pretrain::check(experiment, &spec)?;
    network::check::<f32>(&spec, &options(experiment, data), room())?;
    Ok(spec)
}

/// Whether the layers that the experiment takes from a saved run fit its network on these data.
///
/// # Errors
/// [`SessionError::Transfer`] where their file cannot be read or holds what is not finite; else as a run of the experiment.
pub fn check_transfer(
    experiment: &Experiment,
    spec: &NetworkSpec,
    data: &Dataset,
    base_dir: &Path,
) -> Result<(), SessionError> {
    let Some(transfer) = &experiment.network.transfer else {
        return Ok(());
    };
    let mut network = Network::within(room(), spec, &options(experiment, data))?;
    take_over(&mut network, spec, transfer, base_dir)
}

/// What a network is built for, on the caller's thread.
fn options(experiment: &Experiment, data: &Dataset) -> BuildOptions {
    BuildOptions {
        seed: experiment.seed,
        batch_rows: batch_rows(experiment, data),
        threads: 1,
        time: data.time.map(|steps| Time {
            steps,
            target_every_step: data.time_targets,
        }),
    }
}

/// Bytes of memory that there are.
fn room() -> usize {
    let available = memory::available();
    available.map_or(MEMORY_LIMIT, |bytes| {
        usize::try_from(bytes).unwrap_or(usize::MAX)
    })
}

fn batch_rows(experiment: &Experiment, data: &Dataset) -> usize {
    experiment.training.batch_size.rows(data.train.len())
}

/// Lower layers from a saved run, each with all that it has: a frozen one would keep for good what the file does not say.
fn take_over(
    network: &mut Network,
    spec: &NetworkSpec,
    transfer: &Transfer,
    base_dir: &Path,
) -> Result<(), SessionError> {
    let path = base_dir.join(&transfer.from);
    let unfit = |error| SessionError::Transfer {
        from: crate::text::clean(&transfer.from.display().to_string(), 100),
        error,
    };
    let file = TensorFile::read(&path).map_err(unfit)?;
    let (theirs, ours) = (parameters_of(&file), network.parameters());
    for layer in 0..transfer.layers.min(spec.layers.len()) {
        let prefix = format!("layers.{layer}.");
        let of_layer = |t: &&NamedTensor<f32>| t.name.starts_with(&prefix);
        let tensors: Vec<_> = theirs.iter().filter(of_layer).cloned().collect();
        all_finite(&path, &tensors).map_err(unfit)?;
        let is_there = |name: &str| tensors.iter().any(|t| t.name == name);
        let missing = ours
            .iter()
            .filter(of_layer)
            .find(|t| !network::is_running(&t.name) && !is_there(&t.name));
        let taken = match missing {
            Some(missing) => Err(TensorError::Missing(missing.name.clone())),
            None => network.load_some(&tensors),
        };
        taken.map_err(|source| not_whole(layer, refused(&path, &file, source)))?;
    }
    Ok(())
}

/// Of a layer that is another one than the file's.
fn not_whole(layer: usize, error: SessionError) -> SessionError {
    match error {
        SessionError::Weights { file, source } => SessionError::Layer {
            file,
            source,
            layer: layer + 1,
        },
        other => other,
    }
}

fn without_layer(layer: usize) -> &'static str {
    match layer {
        1 => "take [network.transfer] out",
        _ => "lower network.transfer.layers",
    }
}

/// Whether and how fast the layers from a saved run learn.
fn set_transferred(network: &mut Network, spec: &NetworkSpec, transfer: &Transfer) {
    for (i, layer) in spec.layers.iter().enumerate().take(transfer.layers) {
        network.set_rate_factor(i, transfer.learning_rate_factor);
        network.set_frozen(i, transfer.frozen || layer.frozen);
    }
}

/// All parameters, from a file that holds nothing else (a checkpoint and a dump apart).
fn read_weights(path: &Path) -> Result<TensorFile, SessionError> {
    Ok(TensorFile::read(path)?)
}

/// What of a file is parameters: not a checkpoint's optimizer state, nor what else a probe saw.
fn parameters_of(file: &TensorFile) -> Vec<NamedTensor<f32>> {
    let mut tensors = file.parameters("");
    tensors.retain(|t| match file.is_checkpoint() {
        true => t.name.starts_with("layers."),
        false => !network::is_of_a_pass(&t.name),
    });
    tensors
}

fn load_weights(network: &mut Network, path: &Path, file: &TensorFile) -> Result<(), SessionError> {
    let tensors = parameters_of(file);
    all_finite(path, &tensors)?;
    network
        .load_parameters(&tensors)
        .map_err(|source| refused(path, file, source))
}

/// A tensor that is there, but is no parameter's kind of number, is not missing.
fn refused(path: &Path, file: &TensorFile, source: TensorError) -> SessionError {
    let shown = crate::text::clean(&path.display().to_string(), 200);
    match source {
        TensorError::Missing(name) if file.get(&name).is_some() => TensorFileError::Kind {
            file: shown,
            name,
            found: "whole numbers".into(),
        }
        .into(),
        source => SessionError::Weights {
            file: shown,
            source,
        },
    }
}
