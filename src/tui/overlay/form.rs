//! A form: the fields of one layer, of the output layer, or of the network's defaults. The fields are read from the
//! experiment at every use, so that a form is never out of step with it.

use crate::experiment::Experiment;
use crate::tui::edit::{Field, field};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An entry of the list of layers.
    Layer(usize),
    Output,
    Defaults,
}

#[derive(Clone, Copy, Debug)]
pub struct Form {
    pub subject: Subject,
    pub selected: usize,
    /// The first row shown, where a click keeps it.
    pub first: Option<usize>,
}

impl Form {
    pub fn fields(&self, e: &Experiment) -> Vec<Field> {
        match self.subject {
            Subject::Layer(i) => field::layer(e, i),
            Subject::Output => field::output(e),
            Subject::Defaults => field::defaults(e),
        }
    }

    pub fn title(&self, e: &Experiment) -> String {
        match self.subject {
            Subject::Layer(i) => match e.network.layers.get(i) {
                Some(layer) if layer.repeat > 1 => {
                    format!(
                        "Layer entry {} of {} (x{})",
                        i + 1,
                        e.network.layers.len(),
                        layer.repeat
                    )
                }
                _ => format!("Layer entry {} of {}", i + 1, e.network.layers.len()),
            },
            Subject::Output => "Output layer".into(),
            Subject::Defaults => "Every layer that does not say otherwise".into(),
        }
    }
}
