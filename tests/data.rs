//! Data as a user asks for it: what loads, how it is split and standardized, and what every fault says.

#[path = "data/arrays.rs"]
mod arrays;
#[path = "data/hostile.rs"]
mod hostile;
#[path = "data/idx.rs"]
mod idx;
#[path = "data/made.rs"]
mod made;
#[path = "data/prepare.rs"]
mod prepare;
#[path = "data/shipped.rs"]
mod shipped;
#[path = "data/table.rs"]
mod table;

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

/// A folder with these files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

/// What the error says, the temporary folder's name taken off.
fn fault(kind: DataKind, folder: &tempfile::TempDir) -> String {
    let error = load(&plain(kind), folder.path(), &|_| ()).unwrap_err();
    error
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "")
}
