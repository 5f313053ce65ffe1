//! Which rows make up which mini-batch.

use crate::nn::random::{Purpose, stream};
use crate::nn::spec::NetworkSpec;
use rand::seq::SliceRandom;

/// Words of the random stream set aside for one epoch: enough for 2³² rows. The order of an epoch follows from the seed
/// and the epoch's number alone, so that a resumed run needs neither the generator's state nor the epochs before.
const WORDS_AN_EPOCH: u128 = 1 << 34;

/// The rows' order in the present epoch.
#[derive(Clone, Debug)]
pub struct RowOrder {
    seed: u64,
    shuffle: bool,
    batch: usize,
    /// Rows of an epoch: all, or all but a single one left over.
    used: usize,
    steps_per_epoch: u64,
    epoch: Option<u64>,
    rows: Vec<u32>,
}

impl RowOrder {
    /// `batch` rows a step; the last batch of an epoch has what is left. Without `shuffle`: the file's order.
    pub fn new(seed: u64, rows: usize, batch: usize, shuffle: bool) -> RowOrder {
        let rows: Vec<u32> = (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect();
        let batch = batch.clamp(1, rows.len().max(1));
        RowOrder {
            seed,
            shuffle,
            batch,
            used: rows.len(),
            steps_per_epoch: steps(rows.len(), batch),
            epoch: None,
            rows,
        }
    }

    /// The order for `spec`: a single row that would be left over alone is left out under batch norm, which tells no
    /// variance from one (with `shuffle` it is another row in every epoch).
    pub fn of(mut self, spec: &NetworkSpec) -> RowOrder {
        if spec.has_batch_norm() {
            self.used = rows_under_batch_norm(self.rows.len(), self.batch);
            self.steps_per_epoch = steps(self.used, self.batch);
        }
        self
    }

    pub fn steps_per_epoch(&self) -> u64 {
        self.steps_per_epoch
    }

    /// The rows of step `step` (from 0).
    pub fn rows(&mut self, step: u64) -> &[u32] {
        let steps = self.steps_per_epoch;
        let (epoch, within) = (step / steps, (step % steps) as usize);
        if self.shuffle && self.epoch != Some(epoch) {
            self.draw(epoch);
        }
        let from = within * self.batch;
        &self.rows[from..(from + self.batch).min(self.used)]
    }

    fn draw(&mut self, epoch: u64) {
        let mut random = stream(self.seed, Purpose::RowOrder);
        random.set_word_pos(u128::from(epoch) * WORDS_AN_EPOCH);
        self.rows
            .iter_mut()
            .zip(0u32..)
            .for_each(|(row, i)| *row = i);
        self.rows.shuffle(&mut random);
        self.epoch = Some(epoch);
    }
}

/// Steps that take so many rows.
fn steps(rows: usize, batch: usize) -> u64 {
    rows.div_ceil(batch).max(1) as u64
}

/// Rows of an epoch under batch norm: all, or all but one that would be a batch alone.
pub fn rows_under_batch_norm(rows: usize, batch: usize) -> usize {
    match rows.checked_rem(batch) {
        Some(1) => rows - 1,
        _ => rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(order: &mut RowOrder, epoch: u64) -> Vec<u32> {
        let steps = order.steps_per_epoch();
        (0..steps)
            .flat_map(|i| order.rows(epoch * steps + i).to_vec())
            .collect()
    }

    #[test]
    fn every_epoch_has_every_row_once_and_another_order() {
        let mut order = RowOrder::new(42, 10, 4, true);
        assert_eq!(order.steps_per_epoch(), 3);
        assert_eq!(order.rows(2).len(), 2);
        let first = epoch(&mut order, 0);
        let second = epoch(&mut order, 1);
        assert_ne!(first, second);
        let mut sorted = second.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        assert_eq!(epoch(&mut order, 0), first);
    }

    #[test]
    fn a_single_row_left_over_is_left_out_under_batch_norm_alone() {
        for (rows, batch, used) in [(9, 4, 8), (10, 4, 10), (8, 4, 8), (5, 1, 5), (2, 2, 2)] {
            assert_eq!(
                rows_under_batch_norm(rows, batch),
                used,
                "{rows} by {batch}"
            );
        }
    }

    #[test]
    fn without_shuffle_the_order_is_the_files() {
        let mut order = RowOrder::new(42, 5, 2, false);
        assert_eq!(epoch(&mut order, 7), vec![0, 1, 2, 3, 4]);
    }

    #[test]
    fn an_epoch_far_ahead_needs_none_before_it() {
        let far = epoch(&mut RowOrder::new(1, 100, 7, true), 1 << 33);
        let mut order = RowOrder::new(1, 100, 7, true);
        epoch(&mut order, 3);
        assert_eq!(epoch(&mut order, 1 << 33), far);
    }
}
