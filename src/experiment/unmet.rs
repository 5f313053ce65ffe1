//! What an experiment asks of its data that the data cannot give. Nothing is wrong with it, since the same file may be run on
//! more rows, but what is used instead is said.

use super::schema::{BatchSize, Data, Experiment};
use crate::data::{DataKind, Dataset};
use crate::text::thousands;

/// A sentence for each; empty where the experiment gets what it asks for.
pub fn unmet(experiment: &Experiment, data: &Dataset) -> Vec<String> {
    let (asked, rows) = (&experiment.data, data.train.len());
    let shown = |n: usize| thousands(n as u128);
    let mut found = Vec::new();
    if let Some(wanted) = asked.train_rows.filter(|&wanted| wanted > rows) {
        found.push(format!(
            "train_rows asks for {} rows, and there are {} for training: all of them are used",
            shown(wanted),
            shown(rows)
        ));
    }
    if let BatchSize::Rows(wanted) = experiment.training.batch_size
        && wanted > rows
    {
        found.push(format!(
            "batch_size asks for {} rows, and there are {} for training: a batch is all of them",
            shown(wanted),
            shown(rows)
        ));
    }
    let fraction = asked.test_fraction;
    let has_own = matches!(&asked.kind, DataKind::Idx { test_images, .. } if test_images.is_some());
    if has_own && fraction != 0.0 && fraction != Data::of(asked.kind.clone()).test_fraction {
        found.push(format!(
            "test_fraction = {fraction} holds no rows out: the test rows are those of test_images"
        ));
    }
    found
}
