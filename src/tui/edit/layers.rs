//! Edits of the list of layers, and how its entries and the layers that they stand for map to each other.

use crate::experiment::{Experiment, Layer};

/// Adds a layer after entry `after` (`None`: at the bottom), of the width of the one below it. Returns its place.
pub fn add(e: &mut Experiment, after: Option<usize>) -> usize {
    let layers = &mut e.network.layers;
    let at = after.map_or(0, |i| (i + 1).min(layers.len()));
    let units = at
        .checked_sub(1)
        .and_then(|below| layers.get(below))
        .or(layers.first())
        .map_or(32, |l| l.units);
    layers.insert(at, Layer::dense(units));
    at
}

pub fn duplicate(e: &mut Experiment, i: usize) -> bool {
    match e.network.layers.get(i).cloned() {
        Some(layer) => {
            e.network.layers.insert(i + 1, layer);
            true
        }
        None => false,
    }
}

pub fn delete(e: &mut Experiment, i: usize) -> bool {
    let there = i < e.network.layers.len();
    if there {
        e.network.layers.remove(i);
    }
    there
}

/// Swaps entry `i` with its neighbour toward the output (`up`) or the input. Returns its new place.
pub fn shift(e: &mut Experiment, i: usize, up: bool) -> Option<usize> {
    let layers = &mut e.network.layers;
    let other = if up { i + 1 } else { i.checked_sub(1)? };
    if i >= layers.len() || other >= layers.len() {
        return None;
    }
    layers.swap(i, other);
    Some(other)
}

/// Weight layers in all, the output layer too.
pub fn count(e: &Experiment) -> usize {
    e.network
        .layers
        .iter()
        .map(|l| l.repeat)
        .fold(1usize, usize::saturating_add)
}

/// The entry that the weight layer `layer` (from 0 at the bottom) comes from; `None` for the output layer.
pub fn entry_of(e: &Experiment, layer: usize) -> Option<usize> {
    let mut left = layer;
    for (i, entry) in e.network.layers.iter().enumerate() {
        if left < entry.repeat {
            return Some(i);
        }
        left -= entry.repeat;
    }
    None
}

/// The lowest weight layer that entry `i` stands for; the output layer where there is no such entry.
pub fn first_of(e: &Experiment, i: usize) -> usize {
    e.network
        .layers
        .iter()
        .take(i)
        .map(|l| l.repeat)
        .fold(0usize, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_layers_map_to_each_other() {
        let mut e = crate::tui::samples::experiment();
        e.network.layers = vec![
            Layer::dense(8),
            Layer {
                repeat: 3,
                ..Layer::dense(4)
            },
        ];
        assert_eq!(count(&e), 5);
        let entries: Vec<_> = (0..5).map(|l| entry_of(&e, l)).collect();
        assert_eq!(entries, [Some(0), Some(1), Some(1), Some(1), None]);
        assert_eq!(
            (first_of(&e, 0), first_of(&e, 1), first_of(&e, 2)),
            (0, 1, 4)
        );
    }

    #[test]
    fn layers_are_added_doubled_moved_and_deleted() {
        let mut e = crate::tui::samples::experiment();
        e.network.layers = vec![Layer::dense(8), Layer::dense(4)];
        assert_eq!(add(&mut e, Some(1)), 2);
        assert_eq!(e.network.layers[2].units, 4);
        assert_eq!(add(&mut e, None), 0);
        assert_eq!(e.network.layers[0].units, 8);
        assert_eq!(shift(&mut e, 0, false), None);
        assert_eq!(shift(&mut e, 2, false), Some(1));
        assert!(duplicate(&mut e, 1) && delete(&mut e, 0) && !delete(&mut e, 9));
        let units: Vec<_> = e.network.layers.iter().map(|l| l.units).collect();
        assert_eq!(units, [4, 4, 8, 4]);
    }
}
