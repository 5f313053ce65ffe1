//! What a data set asks to be predicted, and which losses suit that.

use super::rules::Problem;
use super::schema::Experiment;
use crate::data::DataKind;
use crate::nn::loss::Loss;
use crate::nn::vocabulary::Vocabulary;

/// What a data set's targets are, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// So many classes, where the name tells.
    Classes(Option<usize>),
    Numbers,
    /// The file tells.
    Unknown,
}

/// What the targets of this data are.
pub fn target_kind(kind: &DataKind) -> TargetKind {
    use TargetKind::{Classes, Numbers, Unknown};
    match kind {
        DataKind::Moons { .. } | DataKind::Circles { .. } | DataKind::Xor { .. } => {
            Classes(Some(2))
        }
        DataKind::Spirals { classes, .. } | DataKind::Blobs { classes, .. } => {
            Classes(Some(*classes))
        }
        DataKind::Digits { classes } => Classes(Some(classes.as_ref().map_or(10, Vec::len))),
        DataKind::Wine => Classes(Some(3)),
        DataKind::Echo { .. } => Classes(Some(2)),
        DataKind::TemporalOrder { .. } => Classes(Some(4)),
        DataKind::Idx { .. } => Classes(None),
        DataKind::Csv { task, .. } if task == "classification" => Classes(None),
        DataKind::Csv { .. }
        | DataKind::Plane { .. }
        | DataKind::Waves { .. }
        | DataKind::Friedman { .. }
        | DataKind::Diabetes
        | DataKind::Adding { .. } => Numbers,
        DataKind::Npz { .. } | DataKind::Safetensors { .. } => Unknown,
    }
}

/// A loss, or what belongs to one, that does not suit the data.
pub(super) fn problems(experiment: &Experiment, found: &mut Vec<Problem>) {
    let training = &experiment.training;
    let targets = target_kind(&experiment.data.kind);
    if let Some(loss) = &training.loss
        && let Some(message) = loss_misfit(loss, targets, experiment.data.kind.name())
    {
        found.push(Problem::new(
            &["training.loss", "data.kind", "data.task", "data.classes"],
            message,
        ));
    }
    if training.label_smoothing > 0.0 {
        let other = match (&training.loss, targets) {
            (Some(Loss::CrossEntropy | Loss::BinaryCrossEntropy), _)
            | (None, TargetKind::Classes(_) | TargetKind::Unknown) => None,
            (Some(loss), _) => Some(loss.name()),
            (None, TargetKind::Numbers) => Some("mse"),
        };
        if let Some(other) = other {
            let message = format!(
                "`label_smoothing` is for the cross-entropies, and the loss here is `{other}`"
            );
            found.push(Problem::new(
                &[
                    "training.label_smoothing",
                    "training.loss",
                    "data.kind",
                    "data.task",
                ],
                message,
            ));
        }
    }
}

/// Why a loss does not suit the targets; `None` where it does or where only the file tells.
pub(super) fn loss_misfit(loss: &Loss, targets: TargetKind, data: &str) -> Option<String> {
    let name = loss.name();
    match (loss, targets) {
        (Loss::CrossEntropy, TargetKind::Numbers) => Some(format!(
            "`{name}` needs classes, and the targets of `{data}` are numbers: take `mse`, `mae` or `huber`"
        )),
        (Loss::BinaryCrossEntropy, TargetKind::Classes(Some(classes))) if classes != 2 => {
            Some(format!(
                "`{name}` has one logit for two classes, and `{data}` has {classes} classes: take `cross-entropy`"
            ))
        }
        (Loss::Mse | Loss::Mae | Loss::Huber { .. }, TargetKind::Classes(_)) => Some(format!(
            "`{name}` needs numbers as targets, and `{data}` has classes: take `cross-entropy`"
        )),
        _ => None,
    }
}
