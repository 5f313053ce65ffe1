//! Bytes of anything, and good files with something broken: an error or a data set, never a panic.

use super::arrays::{archive, f32s, file, i64s, npy};
use super::idx::idx;
use super::{folder, gzip, plain};
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

/// A good file of every kind, read as two or more kinds where one file serves as both of theirs.
fn good() -> Vec<Vec<u8>> {
    let x = npy("<f4", "True", "(2, 2, 1)", &f32s(&[1.0, 2.0, 3.0, 4.0]));
    let y = npy("<i8", "False", "(2,)", &i64s(&[0, 1]));
    let arrays = [("x.npy", x), ("y.npy", y)];
    let images = idx(8, &[2, 1, 2], &[0, 1, 2, 3]);
    vec![
        b"s,x,y\n1,2,3\n1,\"4\",5\n2,6,7\n2,8,9\n".to_vec(),
        gzip(&images),
        images,
        idx(8, &[2], &[0, 1]),
        archive(true, &arrays),
        archive(false, &arrays),
        file(
            ("F32", "[2,2,1]", &f32s(&[1.0, 2.0, 3.0, 4.0])),
            ("I64", "[2,2]", &i64s(&[1, 0, 2, 0])),
        ),
    ]
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
    fn good_files_with_something_broken(
        which in 0..7_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(0), Just(255)]), 0..6),
        cut in proptest::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let mut bytes = good().swap_remove(which);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(&bytes);
    }

    #[test]
    fn any_table(text in "s,x,y\n([0-9.e,\"\n -]|nan|inf|\u{1b}){0,120}") {
        read_all(text.as_bytes());
    }
}
