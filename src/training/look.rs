//! What the network makes of the data, as the screen asks for it.

use std::sync::Arc;

/// What of the data is to be looked at, and how finely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lens {
    /// Columns and rows of the grid on which a decision boundary is drawn.
    pub grid: (u16, u16),
    /// Most mistakes, and most units of the first layer, that are shown as pictures.
    pub pictures: usize,
    /// Passes with dropout by which a boundary's spread is measured (Gal & Ghahramani 2016); 0: it is not.
    pub passes: u16,
}

/// Which rows were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    Train,
    Test,
}

impl Split {
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

/// The network's answers at one step, as in evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct DataView {
    pub step: u64,
    pub split: Split,
    pub seen: Seen,
}

/// What is seen depends on the data alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// Rows of two features, in classes.
    Boundary(Boundary),
    /// Rows in classes.
    Classes(Classes),
    /// Rows with values to be predicted.
    Residuals(Residuals),
}

/// The likeliest class over the plane of two features.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// Columns and rows of the grid.
    pub grid: (usize, usize),
    /// What the grid covers of the first and of the second feature.
    pub ranges: [(f32, f32); 2],
    /// Row by row from the upper left: the class and its probability.
    pub class: Vec<u16>,
    pub confidence: Vec<f32>,
    /// The deviation of that probability over passes with dropout, where it was asked for; else empty.
    pub spread: Vec<f32>,
    /// Of the first rows of the split: whether the network says something else than their class.
    pub wrong: Vec<bool>,
}

/// What each class was taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// `counts[t * classes + p]`: rows of class t that were taken for p; empty where the classes are too many for a matrix.
    pub counts: Vec<u32>,
    pub classes: usize,
    /// Answers that were right, of so many.
    pub right: usize,
    pub answers: usize,
    /// The surest mistakes first.
    pub worst: Vec<Mistake>,
    /// The weights of the bottom layer's first units, where a row is a picture and they see it whole.
    pub units: Vec<Arc<[f32]>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mistake {
    /// Of the split.
    pub row: usize,
    pub truth: u32,
    pub said: u32,
    /// The probability given to what was said.
    pub confidence: f32,
}

/// Values beside what was predicted of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Residuals {
    /// (true, predicted), of the first values.
    pub pairs: Vec<(f32, f32)>,
    /// Root mean squared residual over all values looked at.
    pub rms: f64,
    /// The share of the values' variance that is explained, 1 - Σ residual² / Σ (value - mean)²; NaN where they don't vary.
    pub explained: f64,
}
