//! What a network is fed, and what can be wrong with it.

use crate::nn::kernel::Samples;
use ndarray::{ArrayView1, ArrayView2};
use thiserror::Error;

/// Targets of a batch, a row each.
#[derive(Clone, Copy, Debug)]
pub enum TargetsView<'a> {
    /// Class numbers from 0.
    Classes(&'a [u32]),
    /// `[rows, targets]`
    Values(ArrayView2<'a, f32>),
}

impl TargetsView<'_> {
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values) => values.nrows(),
        }
    }
    /// Rows `from..to`.
    pub fn slice(&self, from: usize, to: usize) -> TargetsView<'_> {
        match self {
            Self::Classes(classes) => TargetsView::Classes(&classes[from..to]),
            Self::Values(values) => TargetsView::Values(values.slice(ndarray::s![from..to, ..])),
        }
    }
    /// How many outputs these targets need, where they say so themselves.
    pub(crate) fn width(&self) -> Option<usize> {
        match self {
            Self::Classes(_) => None,
            Self::Values(values) => Some(values.ncols()),
        }
    }
}

/// One row's target.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    Class(usize),
    Values(ArrayView1<'a, f32>),
}

impl TargetsView<'_> {
    pub(crate) fn row(&self, row: usize) -> Target<'_> {
        match self {
            Self::Classes(classes) => Target::Class(classes[row] as usize),
            Self::Values(values) => Target::Values(values.row(row)),
        }
    }
}

/// Rows and their targets.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// `[rows, inputs]`
    pub x: Samples<'a>,
    pub y: TargetsView<'a>,
}

/// Why a batch cannot be taken through the network.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum BatchError {
    #[error("the batch has no rows")]
    Empty,
    #[error("a row of the batch has {found} features, the network takes {expected}")]
    Features { found: usize, expected: usize },
    #[error(
        "the batch has {rows} rows, the network was built for at most {most}: build it with more `batch_rows`"
    )]
    TooManyRows { rows: usize, most: usize },
    #[error("the batch has {rows} rows but {targets} targets")]
    Targets { rows: usize, targets: usize },
    #[error("a target has {found} values, the network {expected} outputs")]
    TargetWidth { found: usize, expected: usize },
    #[error(
        "row {row} is of class {class}, but the network has only {outputs} outputs (classes count from 0)"
    )]
    Class {
        row: usize,
        class: usize,
        outputs: usize,
    },
    #[error(
        "the mask given for layer {} does not have the batch's rows and the layer's units",
        .layer + 1
    )]
    Mask { layer: usize },
    #[error(
        "layer {} has batch norm, which needs at least 2 rows to tell a variance, but this batch has 1: choose a batch \
         size that leaves no single row over, or norm = \"layer\"",
        .layer + 1
    )]
    BatchNormOfOne { layer: usize },
}

impl BatchError {
    /// The same, of rows that were counted from `from`.
    pub(crate) fn shifted(self, from: usize) -> Self {
        match self {
            Self::Class {
                row,
                class,
                outputs,
            } => Self::Class {
                row: row + from,
                class,
                outputs,
            },
            other => other,
        }
    }
}
