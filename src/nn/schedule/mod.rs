//! Learning-rate schedules.

mod plateau;
mod rate;
#[cfg(test)]
mod tests;

pub use plateau::Plateau;

use crate::vocabulary;

vocabulary! {
    /// How the learning rate changes over the steps of a run.
    pub enum Schedule("schedule") {
        Constant = "constant" ["the rate as given", "-"],
        Step = "step" ["times factor, every so many steps", "PyTorch StepLR"] {
            every: usize = None, AT_LEAST_ONE, "steps between two cuts";
            factor: f64 = Some(0.1), POSITIVE, "factor of a cut"
        },
        Exponential = "exponential" ["times factor at every step", "PyTorch ExponentialLR"] {
            factor: f64 = None, POSITIVE, "factor of a step"
        },
        Power = "power" ["rate / (1 + t/steps)^power", "-"] {
            steps: usize = None, AT_LEAST_ONE, "steps until the first halving at power 1";
            power: f64 = Some(1.0), NOT_NEGATIVE, "exponent"
        },
        Cosine = "cosine" ["half a cosine down to floor, after a linear warm-up", "Loshchilov & Hutter 2017"] {
            steps: usize = None, AT_LEAST_ONE, "steps in all, warm-up included";
            warmup: usize = Some(0), Limits::Count { min: 0, max: u64::MAX }, "steps of linear warm-up from 0";
            floor: f64 = Some(0.0), NOT_NEGATIVE, "the last rate"
        },
        OneCycle = "one-cycle" ["up to max and down to nearly 0, momentum the other way", "Smith & Topin 2018"] {
            steps: usize = None, AT_LEAST_ONE, "steps of the cycle";
            max: f64 = None, POSITIVE, "the highest rate"
        },
        Plateau = "plateau" ["times factor when the test loss stops falling", "PyTorch ReduceLROnPlateau"] {
            factor: f64 = Some(0.1), CUT, "factor of a cut";
            patience: usize = Some(10), Limits::Count { min: 0, max: u64::MAX }, "epochs without a better test loss that are forgiven"
        },
    }
}
