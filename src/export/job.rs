//! What an export needs to know.

use crate::data::{DataKind, Dataset, Task};
use crate::experiment::Experiment;
use crate::nn::init::Initializer;
use crate::nn::spec::{LayerKind, NetworkSpec};
use crate::training::{SessionError, network_of, rows_under_batch_norm};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// An experiment and the network that it is on its data.
#[derive(Clone, Debug)]
pub struct Job {
    pub experiment: Experiment,
    /// Where its relative paths start.
    pub base_dir: PathBuf,
    pub network: NetworkSpec,
    pub task: Task,
    /// Steps of a sequence.
    pub time: Option<usize>,
    /// A target at every step.
    pub time_targets: bool,
    pub train_rows: usize,
    pub test_rows: usize,
}

/// Why an experiment has no script.
#[derive(Debug, Error)]
pub enum ExportError {
    #[error(transparent)]
    Refused(#[from] SessionError),
    #[error(
        "every layer is frozen, so a script would have nothing to train: let one learn (`frozen = false`), or look at the \
         network as it is with `gradlab probe`"
    )]
    AllFrozen,
    #[error("{what} has no equal in {framework}: {instead}")]
    NoEqual {
        what: String,
        framework: &'static str,
        instead: String,
    },
}

impl Job {
    /// # Errors
    /// Where a run would be refused, or nothing would learn.
    pub fn new(
        experiment: &Experiment,
        data: &Dataset,
        base_dir: &Path,
    ) -> Result<Self, ExportError> {
        let network = network_of(experiment, data)?;
        if network.layers.iter().all(|layer| layer.frozen) {
            return Err(ExportError::AllFrozen);
        }
        Ok(Self {
            experiment: experiment.clone(),
            base_dir: base_dir.to_path_buf(),
            network,
            task: data.task,
            time: data.time,
            time_targets: data.time_targets,
            train_rows: data.train.len(),
            test_rows: data.test.len(),
        })
    }

    /// # Errors
    /// Where the experiment pretrains, which neither framework does.
    pub fn without_pretraining(&self, framework: &'static str) -> Result<(), ExportError> {
        match self.experiment.pretrain {
            None => Ok(()),
            Some(_) => Err(ExportError::NoEqual {
                what: "[pretrain]".into(),
                framework,
                instead: "save the pretrained weights with `gradlab run EXPERIMENT --steps 0 --save-weights FILE`, take [pretrain] out, \
                          and start the script from them with --weights FILE"
                    .into(),
            }),
        }
    }

    pub fn batch_rows(&self) -> usize {
        self.experiment.training.batch_size.rows(self.train_rows)
    }

    pub fn steps_per_epoch(&self) -> usize {
        self.rows_an_epoch().div_ceil(self.batch_rows()).max(1)
    }

    /// All training rows, or all but a single one left over that batch norm could not take.
    pub fn rows_an_epoch(&self) -> usize {
        match self.network.has_batch_norm() {
            true => rows_under_batch_norm(self.train_rows, self.batch_rows()),
            false => self.train_rows,
        }
    }

    /// The slice of the rows that an epoch has, where they are not all, with a remark in the script on why.
    pub fn slice_used(&self, script: &mut String) -> String {
        let rows = self.rows_an_epoch();
        if rows == self.train_rows {
            return String::new();
        }
        script.push_str(
            "    # a single row left over is left out: batch norm tells no variance from it\n",
        );
        format!("[:{rows}]")
    }

    pub fn is_classification(&self) -> bool {
        matches!(self.task, Task::Classification { .. })
    }

    /// How Python lays out rows that are sequences: step by step for a recurrent bottom layer, all steps side by side for a
    /// dense one. No size is left open: it could not be told of no rows.
    pub fn row_shape(&self) -> Option<String> {
        let (time, inputs) = (self.time?, self.network.inputs);
        Some(match self.recurrent_layers() {
            0 => format!("len(x), {inputs}"),
            _ => format!("len(x), {time}, {inputs}"),
        })
    }

    /// Values of a target that is no class.
    pub fn target_values(&self) -> usize {
        self.network.layers.last().map_or(1, |layer| layer.units)
    }

    /// How many layers, from the bottom, are recurrent.
    pub fn recurrent_layers(&self) -> usize {
        let recurrent =
            |l: &&crate::nn::spec::LayerSpec| matches!(l.kind, LayerKind::Recurrent { .. });
        self.network.layers.iter().take_while(recurrent).count()
    }

    /// The layers whose weights `lsuv` scales by the first batch: not those that another run's weights replace.
    pub fn scaled_layers(&self) -> Vec<usize> {
        let layers = self.network.layers.iter().enumerate();
        layers
            .filter(|(_, layer)| layer.init == Initializer::Lsuv && !layer.given)
            .map(|(i, _)| i)
            .collect()
    }

    /// The file of the run that lower layers come from, which is the same wherever a script is run.
    pub fn transferred_from(&self) -> Option<String> {
        let transfer = self.experiment.network.transfer.as_ref()?;
        let path = self.base_dir.join(&transfer.from);
        let path = std::path::absolute(&path).unwrap_or(path);
        Some(path.to_string_lossy().into_owned())
    }

    /// The seed as NumPy takes it, in 32 bits.
    pub fn numpy_seed(&self) -> u32 {
        self.experiment.seed as u32
    }

    /// scikit-learn's way to these rows; `None` where it has none.
    pub fn sklearn(&self) -> Option<String> {
        let seed = self.numpy_seed();
        match &self.experiment.data.kind {
            DataKind::Digits { classes: None } => {
                Some("datasets.load_digits(return_X_y=True)".into())
            }
            DataKind::Wine => Some("datasets.load_wine(return_X_y=True)".into()),
            DataKind::Diabetes => {
                Some("datasets.load_diabetes(return_X_y=True, scaled=False)".into())
            }
            DataKind::Moons { rows, noise } => Some(format!(
                "datasets.make_moons({rows}, noise={noise:?}, random_state={seed})"
            )),
            DataKind::Circles { rows, noise } => Some(format!(
                "datasets.make_circles({rows}, noise={noise:?}, factor=0.5, random_state={seed})"
            )),
            _ => None,
        }
    }
}
