//! The data sets that an experiment can name, with their parameters.

use crate::nn::vocabulary::{Limits, Vocabulary};
use crate::vocabulary;

const COUNT: crate::nn::vocabulary::Limits = crate::nn::vocabulary::Limits::Count {
    min: 2,
    max: 100_000_000,
};
const TASKS: crate::nn::vocabulary::Limits =
    crate::nn::vocabulary::Limits::Choice(&["classification", "regression"]);
const CLASSES: crate::nn::vocabulary::Limits =
    crate::nn::vocabulary::Limits::Count { min: 2, max: 1000 };

vocabulary! {
    /// Where the rows come from.
    pub enum DataKind("data set") {
        Moons = "moons" ["two half moons", "made"] {
            rows: usize = Some(1000), COUNT, "rows made";
            noise: f64 = Some(0.1), NOT_NEGATIVE, "standard deviation of the noise"
        },
        Circles = "circles" ["a ring around a disc", "made"] {
            rows: usize = Some(1000), COUNT, "rows made";
            noise: f64 = Some(0.05), NOT_NEGATIVE, "standard deviation of the noise"
        },
        Spirals = "spirals" ["interleaved spirals, one a class", "made"] {
            rows: usize = Some(1000), COUNT, "rows made";
            noise: f64 = Some(0.05), NOT_NEGATIVE, "standard deviation of the noise";
            classes: usize = Some(2), CLASSES, "arms"
        },
        Blobs = "blobs" ["a normal cloud a class", "made"] {
            rows: usize = Some(1000), COUNT, "rows made";
            noise: f64 = Some(1.0), NOT_NEGATIVE, "standard deviation of a cloud";
            classes: usize = Some(3), CLASSES, "clouds"
        },
        Xor = "xor" ["opposite quadrants share a class", "made"] {
            rows: usize = Some(1000), COUNT, "rows made";
            noise: f64 = Some(0.0), NOT_NEGATIVE, "standard deviation of the noise"
        },
        Plane = "plane" ["a linear function of two inputs", "made"] {
            rows: usize = Some(1000), COUNT, "rows made";
            noise: f64 = Some(0.1), NOT_NEGATIVE, "standard deviation of the target's noise"
        },
        Waves = "waves" ["sin and cos waves over two inputs", "made"] {
            rows: usize = Some(1000), COUNT, "rows made";
            noise: f64 = Some(0.1), NOT_NEGATIVE, "standard deviation of the target's noise"
        },
        Friedman = "friedman" ["Friedman's first function of ten inputs, five of which count", "Friedman 1991"] {
            rows: usize = Some(1000), COUNT, "rows made";
            noise: f64 = Some(1.0), NOT_NEGATIVE, "standard deviation of the target's noise"
        },
        Digits = "digits" ["1,797 handwritten digits of 8x8 pixels", "Alpaydin & Kaynak 1998"] {
            classes: Option<Vec<String>> = Some(None), Limits::List, "keep only these digits"
        },
        Wine = "wine" ["178 Italian wines by 13 measurements, three cultivars", "Aeberhard & Forina 1992"],
        Diabetes = "diabetes" ["442 patients by ten variables, progression after a year", "Efron et al. 2004"],
        Csv = "csv" ["a table in a text file", "a file"] {
            path: String = None, PATH, "the file";
            target: Vec<String> = None, Limits::List, "the target's column, or columns";
            task: String = None, TASKS, "what the target is";
            header: bool = Some(true), FLAG, "the first line names the columns";
            delimiter: String = Some(",".to_string()), Limits::Text, "one character between cells";
            sequence: Option<String> = Some(None), Limits::Text, "column whose equal values make one sequence";
            window: Option<usize> = Some(None), AT_LEAST_ONE, "rows of a fixed window"
        },
        Idx = "idx" ["MNIST's format, plain or .gz", "a file"] {
            images: String = None, PATH, "the images";
            labels: String = None, PATH, "their labels";
            test_images: Option<String> = Some(None), PATH, "the test images";
            test_labels: Option<String> = Some(None), PATH, "their labels"
        },
        Npz = "npz" ["arrays that NumPy saved", "a file"] {
            path: String = None, PATH, "the file";
            x: String = Some("x".to_string()), Limits::Text, "the inputs' name";
            y: String = Some("y".to_string()), Limits::Text, "the targets' name"
        },
        Safetensors = "safetensors" ["tensors", "a file"] {
            path: String = None, PATH, "the file";
            x: String = Some("x".to_string()), Limits::Text, "the inputs' name";
            y: String = Some("y".to_string()), Limits::Text, "the targets' name"
        },
        Adding = "adding" ["sum of two marked numbers in a sequence", "Hochreiter & Schmidhuber 1997"] {
            length: usize = Some(50), Limits::Count { min: 2, max: 100_000 }, "steps";
            rows: usize = Some(1000), COUNT, "sequences made"
        },
        TemporalOrder = "temporal-order" ["the order of two marked symbols far apart", "Hochreiter & Schmidhuber 1997"] {
            length: usize = Some(50), Limits::Count { min: 10, max: 100_000 }, "steps";
            rows: usize = Some(1000), COUNT, "sequences made"
        },
        Echo = "echo" ["repeat the input of some steps before, at every step", "made"] {
            length: usize = Some(50), Limits::Count { min: 2, max: 100_000 }, "steps";
            rows: usize = Some(1000), COUNT, "sequences made"
        },
    }
}

impl DataKind {
    /// Whether its rows are in files, which others can change.
    pub fn is_of_files(&self) -> bool {
        let parameters = (self.entry().parameters)();
        parameters
            .iter()
            .any(|parameter| parameter.limits == Limits::Path)
    }
}
