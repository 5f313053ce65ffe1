//! `/`: a layer or a setting is found by its name.

use super::{App, NetworkRow};
use crate::tui::edit::{field, layers};
use crate::tui::layout::Pane;
use crate::tui::overlay::{Item, List, Overlay, Purpose};
use crate::tui::panes::flow::layer_word;
use crate::tui::panes::network;

/// Where the selection can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A row of the Network pane.
    Network(usize),
    /// A row of the Training pane.
    Training(usize),
    /// A weight layer, from 0 at the bottom.
    Layer(usize),
}

impl App {
    pub fn find(&mut self) {
        let rows = self.network_rows();
        let of_network = rows.iter().enumerate().map(|(row, what)| {
            let item = Item {
                name: network::row_text(self, *what),
                note: self.layers_of(*what),
                help: "goes to it in the network; enter edits it there".into(),
                ..Item::default()
            };
            (item, Place::Network(row))
        });
        let settings = field::training(&self.experiment);
        let of_training = settings.iter().enumerate().map(|(row, field)| {
            let item = Item {
                name: field.label(&self.experiment),
                note: field.text(&self.experiment),
                help: field.help(&self.experiment),
                ..Item::default()
            };
            (item, Place::Training(row))
        });
        // One among many equal ones has no row, but a number.
        let of_layers = (0..self.layer_count()).map(|layer| {
            let item = Item {
                name: format!("layer {}", layer + 1),
                note: layer_word(self, layer),
                help: "goes to it in the gradient flow".into(),
                ..Item::default()
            };
            (item, Place::Layer(layer))
        });
        let (items, places) = of_network.chain(of_training).chain(of_layers).unzip();
        let list = List::new("Find a layer or a setting", items, Purpose::Go(places));
        self.overlays.push(Overlay::List(list));
    }

    /// The layers of a row by their numbers: "layers 1 to 10".
    fn layers_of(&self, row: NetworkRow) -> String {
        match row {
            NetworkRow::Layer(i) => {
                let first = layers::first_of(&self.experiment, i) + 1;
                match layers::first_of(&self.experiment, i + 1) {
                    last if last > first => format!("layers {first} to {last}"),
                    _ => format!("layer {first}"),
                }
            }
            NetworkRow::Output => format!("layer {}", self.layer_count()),
            NetworkRow::Input | NetworkRow::Defaults => "network".into(),
        }
    }

    pub(super) fn go(&mut self, place: Place) {
        match place {
            Place::Network(row) => {
                self.focus = Pane::Network;
                self.network_row = row;
                self.clamp();
                self.follow_network();
            }
            Place::Training(row) => {
                self.focus = Pane::Training;
                self.training_row = row;
                self.clamp();
            }
            Place::Layer(layer) => {
                self.focus = Pane::Flow;
                self.layer = layer;
                self.clamp();
                self.follow_flow();
            }
        }
    }
}
