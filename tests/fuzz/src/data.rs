//! Files of rows, each read from a file as the program does it. `TMPDIR=/dev/shm` keeps the disk out of it.

use crate::{choice, short_and_fit_to_print};
use flate2::{Compression, write::GzEncoder};
use gradlab::data::{DataKind, Request, load};
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::sync::LazyLock;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("gradlab-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
});

/// Writes a file of the folder and gives its place.
pub fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.join(name);
    std::fs::write(&path, bytes).expect("a temporary file");
    path
}

/// Loads, split and standardized as the first byte says.
fn read(kind: DataKind, choices: u8) {
    let request = Request {
        kind,
        test_fraction: [0.0, 0.3][usize::from(choices >> 7)],
        standardize: choices & 0x40 != 0,
        train_rows: (choices & 0x20 != 0).then_some(2),
        seed: 1,
    };
    match load(&request, &FOLDER, &|_| ()) {
        Ok(set) => {
            assert!(!set.train.is_empty());
            assert!(set.train.x.iter().chain(&set.test.x).all(|v| v.is_finite()));
            for name in set.feature_names.iter().chain(&set.class_names).chain([&set.name]) {
                short_and_fit_to_print(name);
            }
        }
        Err(error) => short_and_fit_to_print(&error.to_string()),
    }
}

pub fn csv(input: &[u8]) {
    let (choices, table) = choice(input);
    write("f", table);
    let kind = DataKind::Csv {
        path: "f".into(),
        target: match choices & 4 {
            0 => vec!["y".into()],
            _ => vec!["y".into(), "x".into()],
        },
        task: ["classification", "regression"][usize::from(choices & 1)].into(),
        header: choices & 2 == 0,
        delimiter: [",", "\t"][usize::from(choices >> 3 & 1)].into(),
        sequence: (choices & 0x10 != 0).then(|| "s".into()),
        window: (choices & 0x18 == 0x08).then_some(2),
    };
    read(kind, choices);
}

/// Images and labels, their lengths told by the second byte; packed where the first says so.
pub fn idx(input: &[u8]) {
    let (choices, rest) = choice(input);
    let (length, rest) = choice(rest);
    let (labels, images) = rest.split_at(usize::from(length).min(rest.len()));
    let wrap = |bytes: &[u8]| match choices & 1 {
        0 => bytes.to_vec(),
        _ => gzip(bytes),
    };
    write("i", &wrap(images));
    write("l", &wrap(labels));
    let test = choices & 2 != 0;
    let kind = DataKind::Idx {
        images: "i".into(),
        labels: "l".into(),
        test_images: test.then(|| "i".into()),
        test_labels: test.then(|| "l".into()),
    };
    read(kind, choices);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

/// An archive as it is, or two arrays (the second byte tells the first one's length) put into one.
pub fn npz(input: &[u8]) {
    let (choices, rest) = choice(input);
    let bytes = match choices & 1 {
        0 => rest.to_vec(),
        _ => {
            let (length, rest) = choice(rest);
            let (y, x) = rest.split_at(usize::from(length).min(rest.len()));
            archive(choices & 2 != 0, &[("x.npy", x), ("y.npy", y)])
        }
    };
    write("f", &bytes);
    read(DataKind::Npz { path: "f".into(), x: "x".into(), y: "y".into() }, choices);
}

fn archive(packed: bool, files: &[(&str, &[u8])]) -> Vec<u8> {
    let method = if packed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let options = SimpleFileOptions::default().compression_method(method).compression_level(packed.then_some(1));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, options).expect("memory");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

pub fn safetensors(input: &[u8]) {
    let (choices, rest) = choice(input);
    write("f", &crate::tensors::wrapped(choices, rest));
    read(DataKind::Safetensors { path: "f".into(), x: "x".into(), y: "y".into() }, choices);
}
