//! Random streams: one generator a purpose, all from the experiment's seed, so that changing one choice leaves the other
//! draws as they were.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What random numbers are drawn for. Layers are numbered from 0 at the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Weights(usize),
    Biases(usize),
    /// A recurrent layer's weights from its own last state.
    RecurrentWeights(usize),
    /// Which outputs a layer drops.
    Dropout(usize),
    /// The random slopes of `rrelu`.
    Slopes(usize),
    /// The order of the training rows, epoch after epoch.
    RowOrder,
    /// Which rows are held out as the test set, or kept by `train_rows`.
    Split,
    /// Made data sets.
    Data,
    /// Noise on an autoencoder's inputs.
    Noise,
    /// The seed of the autoencoder that pretrains a layer.
    Autoencoder(usize),
}

impl Purpose {
    fn number(self) -> u64 {
        let (kind, layer) = match self {
            Self::Weights(layer) => (1, layer),
            Self::Biases(layer) => (2, layer),
            Self::RecurrentWeights(layer) => (3, layer),
            Self::Dropout(layer) => (4, layer),
            Self::Slopes(layer) => (5, layer),
            Self::RowOrder => (6, 0),
            Self::Split => (7, 0),
            Self::Data => (8, 0),
            Self::Noise => (9, 0),
            Self::Autoencoder(layer) => (10, layer),
        };
        (kind << 48) | layer as u64
    }
}

/// The generator of that purpose. ChaCha8 is specified to the bit and takes 2⁶⁴ independent streams for one seed
/// (`rand::rngs::StdRng` may change between versions).
pub fn stream(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose.number());
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_differ_by_purpose_layer_and_seed_and_repeat() {
        let draw = |seed, purpose| stream(seed, purpose).random::<u64>();
        let base = draw(1, Purpose::Weights(0));
        assert_eq!(base, draw(1, Purpose::Weights(0)));
        for (seed, purpose) in [
            (1, Purpose::Weights(1)),
            (1, Purpose::Biases(0)),
            (1, Purpose::RowOrder),
            (1, Purpose::Data),
            (2, Purpose::Weights(0)),
        ] {
            assert_ne!(base, draw(seed, purpose), "{seed} {purpose:?}");
        }
    }
}
