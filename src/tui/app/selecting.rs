//! What is selected, across a change of the whole network: the thing stays selected, not its place in the list.

use super::past::place_in;
use super::{App, NetworkRow};
use crate::experiment::{Experiment, Layer};
use crate::tui::edit::layers;
use crate::tui::overlay::{Overlay, Subject};

impl App {
    /// The selections move to where the things are that were selected in the experiment of `before`. Of what is gone the place
    /// is kept, among the layers.
    pub(super) fn select_as_in(&mut self, before: &Experiment) {
        let (old, new) = (&before.network.layers, &self.experiment.network.layers);
        let row = match self.network_row.checked_sub(1) {
            None => NetworkRow::Input,
            Some(i) if i < old.len() => entry_or_near(old, new, i),
            Some(i) if i == old.len() => NetworkRow::Output,
            Some(_) => NetworkRow::Defaults,
        };
        self.layer = layer_in(before, &self.experiment, self.layer);
        for overlay in &mut self.overlays {
            if let Overlay::Form(form) = overlay
                && let Subject::Layer(i) = &mut form.subject
            {
                *i = place_in(old, new, *i).unwrap_or(*i);
            }
        }
        let mut rows = self.network_rows().into_iter();
        self.network_row = rows.position(|r| r == row).unwrap_or_default();
    }
}

fn entry_or_near(old: &[Layer], new: &[Layer], i: usize) -> NetworkRow {
    let near = || new.len().checked_sub(1).map(|last| i.min(last));
    let place = place_in(old, new, i).or_else(near);
    place.map_or(NetworkRow::Output, NetworkRow::Layer)
}

/// A weight layer, of many in one entry the same one as far as it has as many.
fn layer_in(before: &Experiment, after: &Experiment, layer: usize) -> usize {
    let output = layers::count(after) - 1;
    let Some(entry) = layers::entry_of(before, layer) else {
        return output;
    };
    match entry_or_near(&before.network.layers, &after.network.layers, entry) {
        NetworkRow::Layer(i) => {
            let within = layer - layers::first_of(before, entry);
            let last = after.network.layers[i].repeat.saturating_sub(1);
            layers::first_of(after, i).saturating_add(within.min(last))
        }
        _ => output,
    }
}
