//! Tied weights: a layer whose matrix is the transpose of that of the layer below, as in an autoencoder whose decoder has no
//! matrix of its own (Vincent et al. 2010, section 2.1).

use super::Network;
use crate::nn::kernel::{Real, Weights};

impl<T: Real> Network<T> {
    /// From now on the matrix of layer `lower` + 1 is the transpose of that of layer `lower`, in every step too: the gradient
    /// of the one matrix is the sum of what both places give. False, and nothing changed, where the two do not fit.
    pub fn tie(&mut self, lower: usize) -> bool {
        let fits = match self.layers.get(lower..lower + 2) {
            Some([below, above]) => {
                below.recurrence.is_none()
                    && below.weight.value.inputs() == above.weight.value.units()
                    && below.weight.value.units() == above.weight.value.inputs()
            }
            _ => false,
        };
        if fits {
            self.tied = Some(lower);
            self.copy_tied_weights();
        }
        fits
    }
    /// Adds the upper place's gradient to the lower's and takes it away there, so that norms and clipping count it once.
    pub(super) fn join_tied_gradients(&mut self) {
        let Some([below, above]) = self.tied_layers() else {
            return;
        };
        below.scale_gradients(1.0);
        above.scale_gradients(1.0);
        add_transposed(&mut below.weight.grad, &above.weight.grad);
        above.weight.grad.fill_zero();
    }
    pub(super) fn copy_tied_weights(&mut self) {
        let Some([below, above]) = self.tied_layers() else {
            return;
        };
        above.weight.value.fill_zero();
        add_transposed(&mut above.weight.value, &below.weight.value);
    }
    fn tied_layers(&mut self) -> Option<&mut [super::layer::Layer<T>; 2]> {
        let lower = self.tied?;
        self.layers
            .get_mut(lower..lower + 2)
            .and_then(|pair| pair.try_into().ok())
    }
}

/// `to` += `from`ᵀ
fn add_transposed<T: Real>(to: &mut Weights<T>, from: &Weights<T>) {
    for (unit, row) in from.rows().enumerate() {
        for (input, &value) in row.iter().enumerate() {
            to.row_mut(input)[unit] += value;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::nn::activation::Activation;
    use crate::nn::init::Initializer;
    use crate::nn::loss::Loss;
    use crate::nn::network::{Batch, BuildOptions, Network, Observe, TargetsView};
    use crate::nn::optimizer::Optimizer;
    use crate::nn::spec::{Bias, Clip, Hyper, LayerKind, LayerSpec, NetworkSpec, Norm, Regularize};
    use ndarray::{Array2, array};

    fn layer(inputs: usize, units: usize, activation: Activation) -> LayerSpec {
        LayerSpec {
            kind: LayerKind::Dense,
            inputs,
            units,
            activation,
            init: Initializer::GlorotNormal {},
            bias: Bias::Drawn(Initializer::Zeros {}),
            norm: Norm::None {},
            dropout: 0.0,
            skip: false,
            frozen: false,
            given: false,
        }
    }
    fn tied() -> Network<f64> {
        let spec = NetworkSpec {
            inputs: 3,
            layers: vec![
                layer(3, 2, Activation::Tanh {}),
                layer(2, 3, Activation::Linear {}),
            ],
            loss: Loss::Mse {},
            label_smoothing: 0.0,
            target_rms: 1.0,
        };
        let options = BuildOptions {
            seed: 1,
            batch_rows: 2,
            threads: 1,
            time: None,
        };
        let mut network = Network::new(&spec, &options).unwrap();
        network.initialize(x().view()).unwrap();
        assert!(network.tie(0));
        network
    }
    fn x() -> Array2<f32> {
        array![[0.5, -1.0, 0.25], [1.5, 0.75, -0.5]]
    }
    fn value(network: &Network<f64>, name: &str, at: usize) -> f64 {
        let all = network.parameters();
        all.iter().find(|t| t.name == name).unwrap().data[at]
    }
    fn loss_with(weight: usize, change: f64) -> f64 {
        let mut network = tied();
        let mut tensors = network.parameters();
        tensors[0].data[weight] += change;
        network.load_some(&tensors[..1]).unwrap();
        assert!(network.tie(0));
        let x = x();
        let batch = Batch {
            x: x.view().into(),
            y: TargetsView::Values(x.view()),
        };
        network.evaluate(&batch).unwrap().loss
    }

    #[test]
    fn a_step_goes_down_the_gradient_of_the_one_matrix_and_the_transpose_follows() {
        let x = x();
        let batch = Batch {
            x: x.view().into(),
            y: TargetsView::Values(x.view()),
        };
        let rate = 0.5;
        let hyper = Hyper {
            optimizer: Optimizer::Sgd {
                learning_rate: rate,
                momentum: 0.0,
                dampening: 0.0,
                nesterov: false,
                weight_decay: 0.0,
            },
            regularize: Regularize::default(),
            clip: Clip::None {},
        };
        for observe in [Observe::Loss, Observe::Stats] {
            let before = tied();
            let mut network = before.clone();
            network.step(&batch, &hyper, rate, observe).unwrap();
            for unit in 0..2 {
                for input in 0..3 {
                    let at = unit * 3 + input;
                    let h = 1e-5;
                    let slope = (loss_with(at, h) - loss_with(at, -h)) / (2.0 * h);
                    let weight = |n: &Network<f64>| value(n, "layers.0.weight", at);
                    let moved = weight(&network) - weight(&before);
                    assert!((moved + rate * slope).abs() < 1e-8, "{moved} {slope}");
                    let above = value(&network, "layers.1.weight", input * 2 + unit);
                    assert_eq!(above, weight(&network));
                }
            }
        }
    }

    #[test]
    fn layers_of_other_shapes_are_not_tied() {
        let mut network = tied();
        assert!(!network.tie(1));
        assert!(!network.tie(7));
    }
}
