//! A loaded data set: training and test rows, ready to feed.

use ndarray::Array2;
use std::ops::RangeInclusive;

/// What is to be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One of `classes` classes.
    Classification { classes: usize },
    /// `targets` real numbers (or probabilities).
    Regression { targets: usize },
}

/// One split's targets, a row each (with `time_targets`, one per row and step, steps innermost: [rows * time]).
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    Classes(Vec<u32>),
    /// [rows, targets]
    Values(Array2<f32>),
}

/// Rows of one split.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// [rows, features]; sequences are [rows, time * features], step by step.
    pub x: Array2<f32>,
    pub y: Targets,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.x.nrows()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A data set after split and standardization.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Name for the screen, e.g. `digits`.
    pub name: String,
    pub task: Task,
    /// Features of one row, or of one step of a sequence.
    pub features: usize,
    /// Steps of a sequence; `None` for plain rows.
    pub time: Option<usize>,
    /// A target at every step rather than one a row.
    pub time_targets: bool,
    /// Training rows in the file's order (after the split).
    pub train: Rows,
    /// Possibly empty.
    pub test: Rows,
    /// `[rows, features]` of the training rows that `train_rows` leaves out, prepared as the others: rows without targets, on
    /// which a network can be pretrained.
    pub unlabelled: Array2<f32>,
    /// Empty where the source has no names for them.
    pub feature_names: Vec<String>,
    pub class_names: Vec<String>,
    /// Width and height where a row is an image.
    pub image: Option<(usize, usize)>,
    /// Per feature: (mean, standard deviation) taken off by standardization; empty without it.
    pub standardization: Vec<(f32, f32)>,
}

/// Rows of which the targets' size is taken: enough for a unit, and no wait however long the file.
const SAMPLED: usize = 10_000;

impl Dataset {
    /// The first number to be predicted that lies outside this range, training rows first.
    pub fn target_outside(&self, range: RangeInclusive<f32>) -> Option<f32> {
        let values = |rows: &'_ Rows| match &rows.y {
            Targets::Values(values) => values.iter().find(|y| !range.contains(y)).copied(),
            Targets::Classes(_) => None,
        };
        values(&self.train).or_else(|| values(&self.test))
    }

    /// Of all rows and targets in their order: equal for equal data. FNV-1a, of words instead of bytes.
    pub fn fingerprint(&self) -> u64 {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut take = |word: u32| {
            hash = (hash ^ u64::from(word)).wrapping_mul(0x0000_0100_0000_01b3);
        };
        for rows in [&self.train, &self.test] {
            rows.x.iter().for_each(|x| take(x.to_bits()));
            match &rows.y {
                Targets::Classes(classes) => classes.iter().for_each(|class| take(*class)),
                Targets::Values(values) => values.iter().for_each(|y| take(y.to_bits())),
            }
        }
        hash
    }

    /// Root mean square of a regression's targets over training rows spread evenly over the file; 1 for classes.
    pub fn target_rms(&self) -> f64 {
        let Targets::Values(values) = &self.train.y else {
            return 1.0;
        };
        let step = values.nrows().div_ceil(SAMPLED).max(1);
        let sampled = values.rows().into_iter().step_by(step);
        let (sum, count) = sampled.flatten().fold((0.0, 0u32), |(sum, count), &y| {
            (sum + f64::from(y).powi(2), count + 1)
        });
        (sum / f64::from(count.max(1))).sqrt()
    }
}
