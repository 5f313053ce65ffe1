//! MNIST's format.

use super::{classes, fault, folder, gzip, plain};
use gradlab::data::{DataKind, load};

/// A header and its bytes.
pub fn idx(kind: u8, shape: &[u32], data: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0, kind, shape.len() as u8];
    shape.iter().for_each(|axis| out.extend(axis.to_be_bytes()));
    out.extend(data);
    out
}

fn kind(test: bool) -> DataKind {
    DataKind::Idx {
        images: "i".into(),
        labels: "l".into(),
        test_images: test.then(|| "ti".into()),
        test_labels: test.then(|| "tl".into()),
    }
}

#[test]
fn plain_and_packed_images_are_scaled() {
    let images = idx(
        8,
        &[2, 2, 3],
        &[0, 255, 51, 0, 0, 0, 255, 255, 255, 0, 0, 102],
    );
    let labels = idx(8, &[2], &[3, 1]);
    for (i, l) in [
        (images.clone(), labels.clone()),
        (gzip(&images), gzip(&labels)),
    ] {
        let here = folder(&[("i", &i), ("l", &l)]);
        let set = load(&plain(kind(false)), here.path(), &|_| ()).unwrap();
        assert_eq!((set.features, set.image), (6, Some((3, 2))));
        assert_eq!(set.class_names, ["0", "1", "2", "3"]);
        assert_eq!(classes(&set.train.y), [3, 1]);
        let row = set.train.x.row(0).to_vec();
        assert_eq!(row[..2], [0.0, 1.0]);
        assert!((row[2] - 0.2).abs() < 1e-7);
    }
}

#[test]
fn test_files_are_the_test_rows_and_a_class_of_theirs_alone_is_an_error() {
    let images = idx(8, &[2, 1, 2], &[0, 1, 2, 3]);
    let here = |labels: &[u8]| {
        let labels = idx(8, &[2], labels);
        folder(&[
            ("i", &images),
            ("l", &idx(8, &[2], &[0, 1])),
            ("ti", &images),
            ("tl", &labels),
        ])
    };
    let set = load(&plain(kind(true)), here(&[1, 1]).path(), &|_| ()).unwrap();
    assert_eq!((set.train.len(), classes(&set.test.y)), (2, &[1, 1][..]));
    assert_eq!(
        fault(kind(true), &here(&[1, 2])),
        "tl, row 2: class `2` is in the test rows, but in no training row"
    );
    let DataKind::Idx { images, labels, .. } = kind(false) else {
        unreachable!()
    };
    let half = DataKind::Idx {
        images,
        labels,
        test_images: Some("ti".into()),
        test_labels: None,
    };
    assert!(fault(half, &here(&[0, 1])).contains("go together"));
}

#[test]
fn lying_and_broken_headers_are_told() {
    let labels = idx(8, &[2], &[0, 1]);
    let good = idx(8, &[2, 1, 2], &[0, 1, 2, 3]);
    let said =
        |images: &[u8], labels: &[u8]| fault(kind(false), &folder(&[("i", images), ("l", labels)]));
    assert_eq!(said(b"", &labels), "i: holds no rows");
    assert_eq!(
        said(b"\x00\x00\x08", &labels),
        "i: the header promises 4 bytes, the file holds 3 bytes"
    );
    assert_eq!(
        said(b"PK\x03\x04more", &labels),
        "i: is not an IDX file: it begins otherwise"
    );
    assert_eq!(
        said(&good[..18], &labels),
        "i: the header promises 4 bytes, the file holds 2 bytes"
    );
    assert_eq!(
        said(&[&good[..], &[9]].concat(), &labels),
        "i: holds more than its header says ([2, 1, 2])"
    );
    assert_eq!(said(&idx(8, &[0, 1, 2], &[]), &labels), "i: holds no rows");
    assert_eq!(
        said(&idx(8, &[20, 0, 4], &[]), &labels),
        "i: the shape is [20, 0, 4]: rows, but no pixels in them"
    );
    assert_eq!(
        said(&good, &idx(8, &[3], &[0, 1, 0])),
        "l: holds 3 labels for 2 images"
    );
    assert_eq!(
        said(&labels, &labels),
        "i: holds no images, but a list of numbers: are these the labels?"
    );
    // 2^40 rows of a byte, and more than any memory.
    let huge = idx(8, &[1 << 20, 1 << 20], &[1, 2, 3]);
    assert_eq!(
        said(&huge, &labels),
        "i: the header promises 1.1 TB, the file holds 3 bytes"
    );
    assert!(
        said(&idx(8, &[u32::MAX, u32::MAX, u32::MAX], &[]), &labels)
            .contains("more numbers than any memory")
    );
    assert!(said(&gzip(&huge), &labels).contains("the header promises 1.1 TB"));
    assert!(said(&gzip(&huge)[..30], &labels).starts_with("i: "));
    let negative = said(&good, &idx(9, &[2], &[0, 255]));
    assert_eq!(
        negative,
        "l, row 2: -1 is not a class number: classes are numbered from 0"
    );
    let nan = said(
        &idx(0x0d, &[2, 1], &[0x3f, 0x80, 0, 0, 0x7f, 0xc0, 0, 0]),
        &labels,
    );
    assert!(
        nan.starts_with("i, row 2, column 1: NaN is not finite"),
        "{nan}"
    );
}

/// A name a feature would take ten times the memory of a row of them.
#[test]
fn pixels_have_no_names() {
    let dir = folder(&[
        ("i", &idx(8, &[2, 2, 2], &[0; 8])),
        ("l", &idx(8, &[2], &[0, 1])),
    ]);
    let set = load(&plain(kind(false)), dir.path(), &|_| {}).expect("two images");
    assert_eq!((set.features, set.feature_names.len()), (4, 0));
}

#[test]
fn a_bomb_is_read_no_further_than_its_header_says() {
    let bomb = gzip(&idx(8, &[1, 4], &vec![0; 50_000_000]));
    assert!(bomb.len() < 60_000);
    let here = folder(&[("i", &bomb), ("l", &idx(8, &[1], &[0]))]);
    assert_eq!(
        fault(kind(false), &here),
        "i: holds more than its header says ([1, 4])"
    );
}
