//! Data as a user asks for it: what loads, how it is split and standardized, and what every fault says.

#[path = "data/made.rs"]
mod made;
#[path = "data/prepare.rs"]
mod prepare;
#[path = "data/shipped.rs"]
mod shipped;

use gradlab::data::{DataError, DataKind, Dataset, Request, Targets, load};
use std::path::Path;

/// The kind as it is: no test rows, not standardized.
fn plain(kind: DataKind) -> Request {
    Request {
        kind,
        test_fraction: 0.0,
        standardize: false,
        train_rows: None,
        seed: 1,
    }
}

fn loaded(request: &Request) -> Result<Dataset, DataError> {
    load(request, Path::new("."), &|_| ())
}

fn classes(y: &Targets) -> &[u32] {
    match y {
        Targets::Classes(classes) => classes,
        Targets::Values(_) => panic!("values"),
    }
}

fn values(y: &Targets) -> &ndarray::Array2<f32> {
    match y {
        Targets::Values(values) => values,
        Targets::Classes(_) => panic!("classes"),
    }
}
