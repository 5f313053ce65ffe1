//! The first weights and biases.

use super::Network;
use super::batch::BatchError;
use super::layer::{Layer, Mode};
use crate::nn::init::Initializer;
use crate::nn::kernel::{Blocked, Crew, Real, Samples};
use crate::nn::random::{Purpose, stream};
use crate::nn::spec::Bias;

/// LSUV stops when the variance is this near to 1, or after so many rounds (Mishkin & Matas 2016, algorithm 1).
const LSUV_TOLERANCE: f64 = 0.01;
const LSUV_ROUNDS: usize = 10;

impl<T: Real> Network<T> {
    /// Draws every layer's weights and biases from its own streams. `first_batch`, `[rows, inputs]`, is what `lsuv` scales
    /// by; nothing else looks at it.
    pub fn initialize<'a>(
        &mut self,
        first_batch: impl Into<Samples<'a>>,
    ) -> Result<(), BatchError> {
        let seed = self.seed;
        self.layers.iter_mut().for_each(|layer| layer.draw(seed));
        self.scale_to_unit_variance(first_batch, 0)
    }
    /// From the bottom up: the weights of each `lsuv` layer from number `from` on over the standard deviation of what its affine
    /// map makes of the batch. What lies below counts as it is now: once more where other weights have been put there.
    pub fn scale_to_unit_variance<'a>(
        &mut self,
        first_batch: impl Into<Samples<'a>>,
        from: usize,
    ) -> Result<(), BatchError> {
        let scaled = |layer: &Layer<T>| layer.spec.init == Initializer::Lsuv;
        if !self.layers.iter().skip(from).any(scaled) {
            return Ok(());
        }
        let first_batch = first_batch.into();
        let rows = first_batch.rows().min(self.max_rows());
        self.take_input(first_batch.range(0, rows))?;
        self.check_batch_norm(rows)?;
        for at in 0..self.layers.len() {
            let (below, rest) = self.layers.split_at_mut(at);
            let input = below.last().map_or(&self.input, Layer::out);
            let layer = &mut rest[0];
            if at >= from && layer.spec.init == Initializer::Lsuv {
                layer.scale_to_unit_variance(input);
            }
            if layer.recurrence.is_some() {
                layer.recurrent_forward(input, self.rows);
            } else {
                layer.forward(input, Mode::Scale, Crew::ALONE, true);
            }
        }
        Ok(())
    }
}

impl<T: Real> Layer<T> {
    fn draw(&mut self, seed: u64) {
        if let Some(r) = &mut self.recurrence {
            r.draw(
                &self.spec,
                seed,
                self.index,
                &mut self.weight,
                self.bias.as_mut(),
            );
            return;
        }
        let (fan_in, fan_out) = (self.spec.inputs, self.spec.units);
        let mut drawn = vec![0.0f32; fan_in * fan_out];
        let mut rng = stream(seed, Purpose::Weights(self.index));
        self.spec.init.fill(fan_in, fan_out, &mut rng, &mut drawn);
        let exact: Vec<T> = drawn.iter().map(|&w| T::from_f32(w)).collect();
        self.weight.value.copy_from_dense(&exact);
        let Some(bias) = &mut self.bias else { return };
        let mut rng = stream(seed, Purpose::Biases(self.index));
        let mut drawn = vec![0.0f32; fan_out];
        match &self.spec.bias {
            Bias::Drawn(initializer) => {
                initializer.fill_bias(fan_in, fan_out, &mut rng, &mut drawn)
            }
            Bias::Off => {}
        }
        for (b, &drawn) in bias.value.row_mut(0).iter_mut().zip(&drawn) {
            *b = T::from_f32(drawn);
        }
    }
    fn scale_to_unit_variance(&mut self, input: &Blocked<T>) {
        for _ in 0..LSUV_ROUNDS {
            self.affine(input, Crew::ALONE);
            let variance = self.pre_variance();
            if (variance - 1.0).abs() < LSUV_TOLERANCE || !(variance > 0.0 && variance.is_finite())
            {
                return;
            }
            let factor = T::from_f64(variance.sqrt().recip());
            self.weight
                .value
                .data_mut()
                .iter_mut()
                .for_each(|w| *w *= factor);
        }
    }
}
