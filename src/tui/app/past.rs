//! Experiments that were, for undo. Each is kept as what it has that the one after it has not, so that five hundred edits of a
//! network of a thousand layers take the room of a few networks.

use crate::experiment::{Experiment, Layer};

#[derive(Clone, Debug)]
pub struct Past {
    /// Where it was opened.
    pub origin: u64,
    /// Its layers are only those between the ones that both networks share.
    experiment: Experiment,
    /// Layers shared with the network after it, at the bottom and at the top.
    bottom: usize,
    top: usize,
}

impl Past {
    /// `before`, as seen from the experiment that took its place.
    pub fn of(mut before: Experiment, origin: u64, after: &Experiment) -> Self {
        let (bottom, top) = shared_ends(&before.network.layers, &after.network.layers);
        let old = &before.network.layers;
        before.network.layers = old[bottom..old.len() - top].to_vec();
        Self {
            origin,
            experiment: before,
            bottom,
            top,
        }
    }

    /// Brings it back; `after` is the experiment that it was made with.
    pub fn before(mut self, after: &Experiment) -> Experiment {
        let theirs = &after.network.layers;
        let layers = &mut self.experiment.network.layers;
        layers.splice(..0, theirs[..self.bottom].iter().cloned());
        layers.extend_from_slice(&theirs[theirs.len() - self.top..]);
        self.experiment
    }
}

/// Where entry `i` of the old list stands in the new one; `None` where it is gone. One that was edited stands where it stood.
pub fn place_in(old: &[Layer], new: &[Layer], i: usize) -> Option<usize> {
    let layer = old.get(i)?;
    let (bottom, top) = shared_ends(old, new);
    if i < bottom {
        return Some(i);
    }
    if i >= old.len() - top {
        return Some(i + new.len() - old.len());
    }
    let same = |(_, l): &(usize, &Layer)| *l == layer;
    let between = new.iter().enumerate().take(new.len() - top).skip(bottom);
    let moved = between.filter(same).map(|(at, _)| at);
    let edited = (old.len() == new.len()).then_some(i);
    // Of several that are alike, the nearest.
    moved.min_by_key(|at| at.abs_diff(i)).or(edited)
}

/// Layers that two lists share at the bottom, and of the rest at the top.
fn shared_ends(old: &[Layer], new: &[Layer]) -> (usize, usize) {
    let bottom = shared(old.iter().zip(new));
    let left = old.len().min(new.len()) - bottom;
    let top = shared(old.iter().rev().zip(new.iter().rev()).take(left));
    (bottom, top)
}

fn shared<'a>(pairs: impl Iterator<Item = (&'a Layer, &'a Layer)>) -> usize {
    pairs.take_while(|(old, new)| old == new).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::samples;

    #[test]
    fn what_was_comes_back_whole_and_keeps_only_what_differs() {
        let network = |units: &[usize]| {
            let mut experiment = samples::experiment();
            experiment.network.layers = units.iter().map(|u| Layer::dense(*u)).collect();
            experiment.seed = units.len() as u64;
            experiment
        };
        let cases: [(&[usize], &[usize], usize); 8] = [
            (&[1, 2, 3], &[1, 2, 3], 0),
            (&[1, 2, 3], &[1, 9, 2, 3], 0),
            (&[1, 9, 2, 3], &[1, 2, 3], 1),
            (&[1, 2, 3], &[1, 5, 3], 1),
            (&[7, 7], &[7, 7, 7], 0),
            (&[7, 7, 7], &[7], 2),
            (&[], &[1, 2], 0),
            (&[1, 2], &[], 2),
        ];
        for (old, new, kept) in cases {
            let (old, new) = (network(old), network(new));
            let past = Past::of(old.clone(), 0, &new);
            assert_eq!(past.experiment.network.layers.len(), kept);
            assert_eq!(past.before(&new), old);
        }
    }

    #[test]
    fn an_entry_is_found_again_wherever_it_stands_now() {
        let places = |old: &[usize], new: &[usize]| -> Vec<Option<usize>> {
            let [from, to] = [old, new]
                .map(|units| -> Vec<Layer> { units.iter().map(|u| Layer::dense(*u)).collect() });
            (0..old.len()).map(|i| place_in(&from, &to, i)).collect()
        };
        assert_eq!(places(&[1, 2], &[9, 1, 2]), [Some(1), Some(2)]);
        assert_eq!(places(&[1, 9, 2], &[1, 2]), [Some(0), None, Some(1)]);
        assert_eq!(places(&[1, 5, 3], &[1, 6, 3]), [0, 1, 2].map(Some));
        assert_eq!(places(&[1, 2, 3], &[2, 1, 3]), [1, 0, 2].map(Some));
        assert_eq!(places(&[7, 7], &[7]), [Some(0), None]);
        assert_eq!(places(&[1, 2], &[]), [None, None]);
    }
}
