//! Bytes of anything, and good files with something broken: an error or a data set, never a panic.

use super::{folder, plain};
use gradlab::data::{DataKind, load};
use proptest::prelude::*;

/// Every kind of file, all reading `f`.
fn kinds() -> Vec<DataKind> {
    let f = || "f".to_string();
    let table = |task: &str, sequence: Option<&str>, window| DataKind::Csv {
        path: f(),
        target: vec!["y".into()],
        task: task.into(),
        header: true,
        delimiter: ",".into(),
        sequence: sequence.map(String::from),
        window,
    };
    vec![
        table("classification", None, None),
        table("regression", Some("s"), None),
        table("regression", None, Some(2)),
        DataKind::Idx {
            images: f(),
            labels: f(),
            test_images: None,
            test_labels: None,
        },
        DataKind::Npz {
            path: f(),
            x: "x".into(),
            y: "y".into(),
        },
        DataKind::Safetensors {
            path: f(),
            x: "x".into(),
            y: "y".into(),
        },
    ]
}

fn read_all(bytes: &[u8]) {
    let here = folder(&[("f", bytes)]);
    for kind in kinds() {
        if let Ok(set) = load(&plain(kind), here.path(), &|_| ()) {
            // What is loaded is justified by the file.
            assert!(set.train.x.len() <= 2000 * bytes.len().max(1));
            assert!(set.train.x.iter().all(|v| v.is_finite()));
        }
    }
}

/// The beginnings that the readers look for.
fn begin() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        Just(b"s,x,y\n".to_vec()),
        Just(vec![0, 0, 8, 3]),
        Just(vec![0, 0, 0x0d, 1]),
        Just(vec![0x1f, 0x8b, 8, 0]),
        Just(b"PK\x03\x04".to_vec()),
        Just(
            [
                &60_u64.to_le_bytes()[..],
                br#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
            ]
            .concat()
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_bytes(start in begin(), rest in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&[start, rest].concat());
    }

    #[test]
    fn any_table(text in "s,x,y\n([0-9.e,\"\n -]|nan|inf|\u{1b}){0,120}") {
        read_all(text.as_bytes());
    }
}
