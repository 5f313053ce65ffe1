//! NumPy's archives and safetensors files.

use super::{classes, fault, folder, plain, values};
use gradlab::data::{DataKind, Task, load};
use std::io::Write;

/// The bytes of a .npy file.
pub fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
            .into_bytes();
    header.resize(118 - 1, b' ');
    header.push(b'\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header);
    out.extend(data);
    out
}

pub fn archive(packed: bool, files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let method = if packed {
        zip::CompressionMethod::Deflated
    } else {
        zip::CompressionMethod::Stored
    };
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub fn f32s(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub fn i64s(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn npz() -> DataKind {
    DataKind::Npz {
        path: "a.npz".into(),
        x: "x".into(),
        y: "y".into(),
    }
}

fn tensors() -> DataKind {
    DataKind::Safetensors {
        path: "a.st".into(),
        x: "x".into(),
        y: "y".into(),
    }
}

#[test]
fn both_orders_of_memory_and_all_common_types() {
    let f64s: Vec<u8> = [1.0_f64, 3.0, 2.0, 4.0]
        .iter()
        .flat_map(|v| v.to_be_bytes())
        .collect();
    let i32s: Vec<u8> = [1_i32, 2, 3, 4]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let inputs = [
        npy("<f4", "False", "(2, 2)", &f32s(&[1.0, 2.0, 3.0, 4.0])),
        npy(">f8", "True", "(2, 2)", &f64s),
        npy("<i4", "False", "(2, 2)", &i32s),
        npy("|u1", "True", "(2, 2)", &[1, 3, 2, 4]),
    ];
    for (packed, x) in [true, false]
        .into_iter()
        .flat_map(|packed| inputs.iter().map(move |x| (packed, x)))
    {
        let y = npy("<i8", "False", "(2,)", &i64s(&[0, 2]));
        let here = folder(&[(
            "a.npz",
            &archive(packed, &[("x.npy", x.clone()), ("y.npy", y)]),
        )]);
        let set = load(&plain(npz()), here.path(), &|_| ()).unwrap();
        assert_eq!(set.train.x, ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]));
        assert_eq!(set.task, Task::Classification { classes: 3 });
        assert_eq!(classes(&set.train.y), [0, 2]);
    }
}

#[test]
fn faults_of_an_archive() {
    let y = || ("y.npy", npy("<f4", "False", "(2,)", &f32s(&[1.0, 2.0])));
    let x = |x: Vec<u8>| archive(true, &[("x.npy", x), y()]);
    let said = |bytes: &[u8]| fault(npz(), &folder(&[("a.npz", bytes)]));
    assert_eq!(said(b""), "a.npz: holds no rows");
    assert!(
        said(b"hello").starts_with("a.npz: is not an archive that NumPy saved"),
        "{}",
        said(b"hello")
    );
    let good = x(npy("<f4", "False", "(2, 1)", &f32s(&[1.0, 2.0])));
    assert!(said(&good[..good.len() - 10]).starts_with("a.npz: "));
    let capital = archive(
        true,
        &[
            ("X.npy", npy("<f4", "False", "(2, 1)", &f32s(&[1.0, 2.0]))),
            y(),
        ],
    );
    assert_eq!(said(&capital), "a.npz: no array `x`: did you mean `X`?");
    assert_eq!(
        said(&x(b"hello".to_vec())),
        "a.npz, column `x`: is not an array that NumPy saved"
    );
    let cut = x(npy("<f4", "False", "(2, 1)", &f32s(&[1.0])));
    assert_eq!(
        said(&cut),
        "a.npz, column `x`: the header promises 8 bytes, the file holds 4 bytes"
    );
    let huge = said(&x(npy("<f4", "False", "(1099511627776, 1)", &f32s(&[1.0]))));
    assert!(
        huge.starts_with("a.npz, column `x`: the header promises 4.4 TB, the file holds "),
        "{huge}"
    );
    let text = said(&x(npy("<U3", "False", "(1, 1)", &[0; 12])));
    assert_eq!(
        text,
        "a.npz, column `x`: is of NumPy's type `<U3`: save it as float32 or int64"
    );
    let nan = said(&x(npy("<f4", "False", "(2, 1)", &f32s(&[1.0, f32::NAN]))));
    assert!(
        nan.starts_with("a.npz, row 2, column `x[0]`: NaN is not finite"),
        "{nan}"
    );
    let large = 1e300_f64.to_le_bytes();
    let large = said(&x(npy("<f8", "False", "(1, 1)", &large)));
    assert!(
        large.starts_with("a.npz, row 1, column `x[0]`: a number that is infinite or too large"),
        "{large}"
    );
    let rows = said(&x(npy("<f4", "False", "(1, 1)", &f32s(&[1.0]))));
    assert_eq!(
        rows,
        "a.npz, column `y`: the shape is [2] where [1, targets] (targets for the inputs' 1 rows) is needed"
    );
    for (shape, expected) in [
        ("(0, 4)", "a.npz, column `x`: holds no rows"),
        (
            "(20, 0)",
            "a.npz, column `x`: the shape is [20, 0]: rows, but no features in them",
        ),
        (
            "(20, 3, 0)",
            "a.npz, column `x`: the shape is [20, 3, 0]: rows, but no features in them",
        ),
        (
            "(20, 0, 4)",
            "a.npz, column `x`: the shape is [20, 0, 4]: rows, but no steps in them",
        ),
    ] {
        assert_eq!(said(&x(npy("<f4", "False", shape, &[]))), expected);
    }
    let no_targets = archive(
        true,
        &[
            ("x.npy", npy("<f4", "False", "(2, 1)", &f32s(&[1.0, 2.0]))),
            ("y.npy", npy("<f4", "False", "(2, 0)", &[])),
        ],
    );
    assert_eq!(
        said(&no_targets),
        "a.npz, column `y`: the shape is [2, 0]: rows, but no targets in them"
    );
}

#[test]
fn a_bomb_is_read_no_further_than_its_header_says() {
    let mut bomb = npy("<f4", "False", "(1, 1)", &f32s(&[1.0]));
    bomb.resize(50_000_000, 0);
    let y = npy("<f4", "False", "(1,)", &f32s(&[1.0]));
    let bytes = archive(true, &[("x.npy", bomb), ("y.npy", y)]);
    assert!(bytes.len() < 60_000);
    let here = folder(&[("a.npz", &bytes)]);
    assert_eq!(
        fault(npz(), &here),
        "a.npz, column `x`: holds more than its header says ([1, 1])"
    );
}

#[test]
fn bytes_that_changed_on_the_disk_are_not_trained_on() {
    let numbers = f32s(&[1.0, 2.0, 3.0, 4.0]);
    let x = npy("<f4", "False", "(4, 1)", &numbers);
    let y = npy("<i8", "False", "(4,)", &i64s(&[0, 1, 0, 1]));
    let whole = archive(false, &[("x.npy", x), ("y.npy", y)]);
    let broken = |stored: &[u8]| {
        let at = whole.windows(stored.len()).position(|w| w == stored);
        let mut bytes = whole.clone();
        bytes[at.unwrap() + 1] ^= 1;
        fault(npz(), &folder(&[("a.npz", &bytes)]))
    };
    assert_eq!(
        broken(&numbers),
        "a.npz, column `x`: cannot be read: Invalid checksum"
    );
    let fewer = broken(b"(4,)");
    assert!(fewer.starts_with("a.npz, column `y`: "), "{fewer}");
}

/// A safetensors file of `x` and `y`: (type, shape, bytes).
pub fn file(x: (&str, &str, &[u8]), y: (&str, &str, &[u8])) -> Vec<u8> {
    let end = x.2.len() + y.2.len();
    let header = format!(
        r#"{{"x":{{"dtype":"{}","shape":{},"data_offsets":[0,{}]}},"y":{{"dtype":"{}","shape":{},"data_offsets":[{},{end}]}}}}"#,
        x.0,
        x.1,
        x.2.len(),
        y.0,
        y.1,
        x.2.len()
    );
    [
        &(header.len() as u64).to_le_bytes()[..],
        header.as_bytes(),
        x.2,
        y.2,
    ]
    .concat()
}

#[test]
fn tensors_of_rows_and_of_sequences() {
    let read = |bytes: &[u8]| {
        load(
            &plain(tensors()),
            folder(&[("a.st", bytes)]).path(),
            &|_| (),
        )
        .unwrap()
    };
    let x = f32s(&[1.0, 2.0, 3.0, 4.0]);
    let set = read(&file(("F32", "[2,2]", &x), ("I64", "[2]", &i64s(&[1, 0]))));
    assert_eq!(
        (set.task, set.features, set.time),
        (Task::Classification { classes: 2 }, 2, None)
    );
    assert_eq!(set.train.x, ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]));
    let set = read(&file(
        ("F32", "[2,2]", &x),
        ("F32", "[2,3]", &f32s(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])),
    ));
    assert_eq!(set.task, Task::Regression { targets: 3 });
    assert_eq!(values(&set.train.y).dim(), (2, 3));
    let set = read(&file(
        ("F32", "[2,2,1]", &x),
        ("I64", "[2]", &i64s(&[1, 0])),
    ));
    assert_eq!(
        (set.features, set.time, set.time_targets),
        (1, Some(2), false)
    );
    let set = read(&file(
        ("F32", "[2,2,1]", &x),
        ("I64", "[2,2]", &i64s(&[1, 0, 2, 0])),
    ));
    assert!(set.time_targets && classes(&set.train.y) == [1, 0, 2, 0]);
    let set = read(&file(("F32", "[2,2,1]", &x), ("F32", "[2,2,1]", &x)));
    assert!(set.time_targets && values(&set.train.y).dim() == (4, 1));
}

#[test]
fn faults_of_tensors() {
    let said = |bytes: &[u8]| fault(tensors(), &folder(&[("a.st", bytes)]));
    let x = f32s(&[1.0, 2.0]);
    let good = file(("F32", "[2,1]", &x), ("F32", "[2]", &x));
    assert_eq!(said(b""), "a.st: holds no rows");
    assert_eq!(
        said(&[1, 2]),
        "a.st: the header promises 8 bytes, the file holds 2 bytes"
    );
    let lying = said(&[&(1_u64 << 40).to_le_bytes()[..], b"{}"].concat());
    assert_eq!(
        lying,
        "a.st: the header promises 1.1 TB, the file holds 10 bytes"
    );
    assert_eq!(
        said(&[255; 40]),
        "a.st: the header promises 18.4 EB, the file holds 40 bytes"
    );
    assert!(said(&good[..good.len() - 1]).contains("the header promises"));
    let broken = said(&[&9_u64.to_le_bytes()[..], b"{secret-!"].concat());
    assert_eq!(
        broken,
        "a.st: is not a safetensors file: its header is broken at column 2"
    );
    let overlapping = r#"{"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    let length = (overlapping.len() as u64).to_le_bytes();
    let overlapping = said(&[&length[..], overlapping.as_bytes(), &[0; 12]].concat());
    assert_eq!(
        overlapping,
        "a.st: is not a safetensors file: its tensors' places contradict each other"
    );
    let half = said(&file(("F16", "[2,1]", &[0; 4]), ("F32", "[2]", &x)));
    assert!(half.contains("column `x`: is stored as F16"), "{half}");
    let DataKind::Safetensors { path, y, .. } = tensors() else {
        unreachable!()
    };
    let kind = DataKind::Safetensors {
        path,
        x: "inputs".into(),
        y,
    };
    assert_eq!(
        fault(kind, &folder(&[("a.st", &good)])),
        "a.st: no array `inputs`"
    );
    let flat = said(&file(("F32", "[2]", &x), ("F32", "[2]", &x)));
    assert!(
        flat.contains("column `x`: the shape is [2] where [rows, features]"),
        "{flat}"
    );
    let negative = said(&file(("F32", "[2,1]", &x), ("I64", "[2]", &i64s(&[0, -1]))));
    assert_eq!(
        negative,
        "a.st, row 2, column `y`: -1 is not a class number: classes are numbered from 0"
    );
    for class in [1 << 40, 100_000] {
        let y = i64s(&[0, class]);
        assert_eq!(
            said(&file(("F32", "[2,1]", &x), ("I64", "[2]", &y))),
            format!(
                "a.st, row 2, column `y`: {class} is too large for a class number: number the classes from 0, to 99,999 at most"
            )
        );
    }
}
