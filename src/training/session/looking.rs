//! A look at the data between two steps: forward passes as in evaluation, which leave no trace in what is trained.

use super::Session;
use crate::data::{Dataset, Rows, Targets, Task};
use crate::nn::loss::Loss;
use crate::nn::network::BatchError;
use crate::training::look::{Boundary, Classes, DataView, Lens, Mistake, Residuals, Seen, Split};
use ndarray::{Array2, ArrayView1, ArrayView2, s};
use std::sync::Arc;

/// Most rows that are looked at: enough for shares to a tenth of a per cent or so, and a bound on the time it takes.
const ROWS: usize = 2000;
/// Most points of a map or of residuals: more would hide what is beneath them.
const POINTS: usize = 400;
/// Most classes that are counted pair by pair: what they make of a matrix no screen shows, and its memory is their square.
const PAIRED: usize = 256;
/// Most passes with dropout of a look.
const PASSES: u16 = 100;
/// Most columns and rows of a grid.
const GRID: u16 = 200;
/// The map goes so far beyond the outermost rows, in parts of their range.
const MARGIN: f32 = 0.08;

impl Session {
    /// What the network makes of the data now. Changes nothing that is trained.
    pub fn look(&mut self, lens: &Lens) -> Result<DataView, BatchError> {
        let data = Arc::clone(&self.data);
        let step = self.steps();
        if is_plane(&data) {
            return Ok(DataView {
                step,
                split: Split::Train,
                seen: Seen::Boundary(self.boundary(&data.train, lens)?),
            });
        }
        let (split, rows) = if data.test.is_empty() {
            (Split::Train, &data.train)
        } else {
            (Split::Test, &data.test)
        };
        let seen = match &rows.y {
            Targets::Classes(truth) => Seen::Classes(self.classes(&data, rows, truth, lens)?),
            Targets::Values(truth) => Seen::Residuals(self.residuals(rows, truth)?),
        };
        Ok(DataView { step, split, seen })
    }

    fn boundary(&mut self, rows: &Rows, lens: &Lens) -> Result<Boundary, BatchError> {
        let columns = usize::from(lens.grid.0.clamp(1, GRID));
        let lines = usize::from(lens.grid.1.clamp(1, GRID));
        let ranges = [0, 1].map(|feature| range(rows.x.column(feature)));
        let at = |(low, high): (f32, f32), i: usize, of: usize| {
            low + (high - low) * (i as f32 + 0.5) / of as f32
        };
        let grid = Array2::from_shape_fn((columns * lines, 2), |(i, feature)| {
            if feature == 0 {
                at(ranges[0], i % columns, columns)
            } else {
                // From the top down.
                at(ranges[1], lines - 1 - i / columns, lines)
            }
        });
        let loss = self.network.spec().loss.clone();
        let outputs = self.network.outputs(grid.view())?;
        let (class, confidence): (Vec<u16>, Vec<f32>) = outputs
            .rows()
            .into_iter()
            .map(|row| {
                let (class, confidence) = answer(row, &loss);
                (class as u16, confidence)
            })
            .unzip();
        let spread = self.spread(grid.view(), &class, lens.passes)?;
        let shown = rows.len().min(POINTS);
        let said = self.network.outputs(rows.x.slice(s![..shown, ..]))?;
        let wrong = match &rows.y {
            Targets::Classes(truth) => said
                .rows()
                .into_iter()
                .zip(truth)
                .map(|(row, truth)| answer(row, &loss).0 != *truth)
                .collect(),
            Targets::Values(_) => Vec::new(),
        };
        Ok(Boundary {
            grid: (columns, lines),
            ranges,
            class,
            confidence,
            spread,
            wrong,
        })
    }

    /// The deviation of the probability of each point's class over `passes` passes with dropout; empty without passes.
    fn spread(
        &mut self,
        x: ArrayView2<f32>,
        class: &[u16],
        passes: u16,
    ) -> Result<Vec<f32>, BatchError> {
        if passes == 0 {
            return Ok(Vec::new());
        }
        let loss = self.network.spec().loss.clone();
        let mut sums = vec![(0.0f64, 0.0f64); x.nrows()];
        for pass in 0..passes.min(PASSES) {
            let outputs = self.network.sampled_outputs(x, pass.into())?;
            for ((sum, row), class) in sums.iter_mut().zip(outputs.rows()).zip(class) {
                let p = f64::from(probability(row, usize::from(*class), &loss));
                *sum = (sum.0 + p, sum.1 + p * p);
            }
        }
        let n = f64::from(passes.min(PASSES));
        let deviation = |(sum, squares): (f64, f64)| {
            let mean = sum / n;
            (squares / n - mean * mean).max(0.0).sqrt() as f32
        };
        Ok(sums.into_iter().map(deviation).collect())
    }

    fn classes(
        &mut self,
        data: &Dataset,
        rows: &Rows,
        truth: &[u32],
        lens: &Lens,
    ) -> Result<Classes, BatchError> {
        let classes = match data.task {
            Task::Classification { classes } => classes,
            Task::Regression { targets } => targets,
        };
        let shown = rows.len().min(ROWS);
        let loss = self.network.spec().loss.clone();
        let outputs = self.network.outputs(rows.x.slice(s![..shown, ..]))?;
        // With a target at every step, several answers belong to one row.
        let each = (truth.len() / rows.len().max(1)).max(1);
        let mut counts = match classes {
            0..=PAIRED => vec![0u32; classes * classes],
            _ => Vec::new(),
        };
        let (mut right, mut answers) = (0, 0);
        let mut worst = Vec::new();
        for (i, (row, truth)) in outputs.rows().into_iter().zip(truth).enumerate() {
            let (said, confidence) = answer(row, &loss);
            let place = *truth as usize * classes + said as usize;
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
            answers += 1;
            right += usize::from(said == *truth);
            if said != *truth {
                worst.push(Mistake {
                    row: i / each,
                    truth: *truth,
                    said,
                    confidence,
                });
            }
        }
        worst.sort_by(|a, b| {
            b.confidence
                .total_cmp(&a.confidence)
                .then(a.row.cmp(&b.row))
        });
        worst.truncate(lens.pictures);
        Ok(Classes {
            counts,
            classes,
            right,
            answers,
            worst,
            units: self.first_units(data, lens.pictures),
        })
    }

    /// The weights of the bottom layer's first units, where they are a picture.
    fn first_units(&self, data: &Dataset, most: usize) -> Vec<Arc<[f32]>> {
        let Some((width, height)) = data.image.filter(|_| data.time.is_none()) else {
            return Vec::new();
        };
        let all = self.network.parameters();
        let Some(weight) = all.iter().find(|t| t.name == "layers.0.weight") else {
            return Vec::new();
        };
        let pixels = width * height;
        if pixels == 0 || weight.shape.last() != Some(&pixels) {
            return Vec::new();
        }
        weight
            .data
            .chunks_exact(pixels)
            .take(most)
            .map(Arc::from)
            .collect()
    }

    fn residuals(&mut self, rows: &Rows, truth: &Array2<f32>) -> Result<Residuals, BatchError> {
        let shown = rows.len().min(ROWS);
        let outputs = self.network.outputs(rows.x.slice(s![..shown, ..]))?;
        let probabilities = self.network.spec().loss == Loss::BinaryCrossEntropy;
        let all: Vec<(f32, f32)> = truth
            .iter()
            .zip(&outputs)
            .map(|(t, z)| (*t, if probabilities { logistic(*z) } else { *z }))
            .collect();
        let n = all.len() as f64;
        let mean = all.iter().map(|(t, _)| f64::from(*t)).sum::<f64>() / n;
        let square = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            let each = |(t, p): &(f32, f32)| of(f64::from(*t), f64::from(*p)).powi(2);
            all.iter().map(each).sum()
        };
        let (residual, total) = (square(&|t, p| t - p), square(&|t, _| t - mean));
        let explained = if total > 0.0 {
            1.0 - residual / total
        } else {
            f64::NAN
        };
        Ok(Residuals {
            rms: (residual / n).sqrt(),
            explained,
            pairs: all.into_iter().take(POINTS).collect(),
        })
    }
}

/// Whether a decision boundary can be drawn.
pub fn is_plane(data: &Dataset) -> bool {
    data.features == 2
        && data.time.is_none()
        && data.image.is_none()
        && matches!(data.task, Task::Classification { .. })
}

/// A feature's range with a margin at both ends.
fn range(values: ArrayView1<f32>) -> (f32, f32) {
    let (low, high) = values
        .iter()
        .filter(|v| v.is_finite())
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| {
            (low.min(*v), high.max(*v))
        });
    if low > high {
        return (-1.0, 1.0);
    }
    let margin = if high > low {
        MARGIN * (high - low)
    } else {
        1.0
    };
    (low - margin, high + margin)
}

fn logistic(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

/// The probability of `class` (under other losses than the cross-entropies the output itself, cut to [0, 1]).
fn probability(outputs: ArrayView1<f32>, class: usize, loss: &Loss) -> f32 {
    if outputs.len() == 1 {
        let (said, confidence) = answer(outputs, loss);
        return if said as usize == class {
            confidence
        } else {
            1.0 - confidence
        };
    }
    let z = outputs.get(class).copied().unwrap_or(0.0);
    match loss {
        Loss::CrossEntropy => {
            let top = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            (z - top).exp() / outputs.iter().map(|o| (o - top).exp()).sum::<f32>()
        }
        Loss::BinaryCrossEntropy => logistic(z),
        _ => z.clamp(0.0, 1.0),
    }
}

/// The class that a row of outputs names, as accuracy counts it, and its probability (under other losses than the
/// cross-entropies the output itself, cut to [0, 1]).
fn answer(outputs: ArrayView1<f32>, loss: &Loss) -> (u32, f32) {
    let binary = *loss == Loss::BinaryCrossEntropy;
    if outputs.len() == 1 {
        let p = if binary {
            logistic(outputs[0])
        } else {
            outputs[0].clamp(0.0, 1.0)
        };
        return if p > 0.5 { (1, p) } else { (0, 1.0 - p) };
    }
    let (mut best, mut top) = (0, f32::NEG_INFINITY);
    for (k, z) in outputs.iter().enumerate() {
        if *z > top {
            (best, top) = (k, *z);
        }
    }
    let confidence = match loss {
        Loss::CrossEntropy => 1.0 / outputs.iter().map(|z| (z - top).exp()).sum::<f32>(),
        Loss::BinaryCrossEntropy => logistic(top),
        _ => top.clamp(0.0, 1.0),
    };
    (best as u32, confidence)
}
