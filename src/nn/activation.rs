//! Activation functions.

use crate::vocabulary;

vocabulary! {
    /// φ in out = φ(pre).
    pub enum Activation("activation") {
        Linear = "linear" ["φ(z) = z", "identity"],
        Logistic = "logistic" ["1 / (1 + e⁻ᶻ): saturates at 0 and 1", "Rumelhart, Hinton & Williams 1986"],
        Tanh = "tanh" ["tanh z: saturates at -1 and 1", "LeCun et al. 1998"],
        Relu = "relu" ["max(0, z): no saturation above, units can die", "Nair & Hinton 2010"],
        LeakyRelu = "leaky-relu" ["z above 0, slope·z below", "Maas, Hannun & Ng 2013"] {
            slope: f64 = Some(0.01), ANY, "slope below zero"
        },
        Prelu = "prelu" ["leaky ReLU whose slope is learned", "He et al. 2015"] {
            slope: f64 = Some(0.25), ANY, "slope below zero at the start"
        },
        Rrelu = "rrelu" ["leaky ReLU with a random slope in training, the mean slope in tests", "Xu et al. 2015"] {
            lower: f64 = Some(0.125), NOT_NEGATIVE, "smallest slope";
            upper: f64 = Some(1.0 / 3.0), NOT_NEGATIVE, "largest slope"
        },
        Elu = "elu" ["z above 0, α(eᶻ - 1) below", "Clevert, Unterthiner & Hochreiter 2016"] {
            alpha: f64 = Some(1.0), NOT_NEGATIVE, "-α is the lower bound"
        },
        Selu = "selu" ["scaled ELU that normalizes itself", "Klambauer et al. 2017"],
        Celu = "celu" ["ELU with a continuous derivative for every α", "Barron 2017"] {
            alpha: f64 = Some(1.0), POSITIVE, "-α is the lower bound"
        },
        Gelu = "gelu" ["z Φ(z)", "Hendrycks & Gimpel 2016"],
        GeluTanh = "gelu-tanh" ["GELU by its tanh approximation", "Hendrycks & Gimpel 2016"],
        Silu = "silu" ["z·logistic(z), also called swish", "Elfwing et al. 2018, Ramachandran et al. 2017"],
        Mish = "mish" ["z·tanh(softplus z)", "Misra 2019"],
        Softplus = "softplus" ["ln(1 + eᶻ)", "Dugas et al. 2001"],
        Softsign = "softsign" ["z / (1 + |z|)", "Glorot & Bengio 2010"],
        HardTanh = "hard-tanh" ["z cut to [-1, 1]", "Collobert 2004"],
        HardSigmoid = "hard-sigmoid" ["z/6 + 1/2 cut to [0, 1]", "Courbariaux et al. 2015"],
        Relu6 = "relu6" ["z cut to [0, 6]", "Krizhevsky 2010"],
        Exponential = "exponential" ["eᶻ", "-"],
        Sine = "sine" ["sin z", "Sitzmann et al. 2020"],
        Erf = "erf" ["erf z: closed forms in the theory of wide networks", "Williams 1997, Poole et al. 2016"],
    }
}
