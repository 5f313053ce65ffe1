//! Losses, on the output layer's pre-activations (logits).

use crate::vocabulary;

vocabulary! {
    /// What is minimized.
    pub enum Loss("loss") {
        CrossEntropy = "cross-entropy" ["softmax cross-entropy over classes, averaged over rows", "Bridle 1990"],
        BinaryCrossEntropy = "binary-cross-entropy" ["logistic cross-entropy, one logit a target, averaged over elements", "-"],
        Mse = "mse" ["mean squared error over all elements", "-"],
        Mae = "mae" ["mean absolute error over all elements", "-"],
        Huber = "huber" ["squared near 0, absolute beyond delta, averaged over all elements", "Huber 1964"] {
            delta: f64 = Some(1.0), POSITIVE, "where the square ends"
        },
    }
}
