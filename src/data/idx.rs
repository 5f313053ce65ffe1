//! MNIST's format, IDX: a big-endian header of type and shape, then the numbers; plain or gzip-compressed. Bytes of images are
//! scaled to [0, 1]. Images go straight to f32, four bytes a pixel; nothing else of them is kept.

use super::Progress;
use super::arrays::{numbered_classes, rows_without};
use super::dataset::{Rows, Targets, Task};
use super::element::{Element, Kind, ended, fill, product};
use super::error::{DataError, Problem};
use super::raw::{Raw, check_memory, matrix};
use super::source::{LARGEST_RATIO, Source, check_promise, unreadable};
use std::io::Read;
use std::path::Path;

/// An array as its header describes it, the source at its first number.
struct Open<'a> {
    element: Element,
    shape: Vec<usize>,
    source: Box<dyn Read + 'a>,
}

/// Training and, where they are given, test files.
pub(super) fn load(
    train: [&Path; 2],
    test: Option<[&Path; 2]>,
    progress: &dyn Fn(Progress),
) -> Result<Raw, DataError> {
    let (shape, x, mut classes) = pair(train, progress)?;
    let train_rows = classes.len();
    let mut test_x = None;
    if let Some(paths) = test {
        let (test_shape, x, labels) = pair(paths, progress)?;
        if test_shape[1..] != shape[1..] {
            let sentence = format!(
                "images of {:?} where the training images are {:?}",
                &test_shape[1..],
                &shape[1..]
            );
            return Err(DataError::other(sentence).in_file(paths[0]));
        }
        test_x = Some(x);
        classes.extend(labels);
    }
    // Labels were checked with their files: what can fail here is nothing.
    let (mut y, class_names) = numbered_classes(&classes)?;
    let test_y = y.split_off(train_rows);
    let features = product(&shape[1..])?;
    let rows = |x: Vec<f32>, y: Vec<u32>| -> Result<Rows, DataError> {
        Ok(Rows {
            x: matrix(y.len(), features, x)?,
            y: Targets::Classes(y),
        })
    };
    let name = train[0].file_name().unwrap_or_default().to_string_lossy();
    Ok(Raw {
        name: crate::text::clean(&name, 60),
        task: Task::Classification {
            classes: class_names.len(),
        },
        features,
        time: None,
        time_targets: false,
        rows: rows(x, y)?,
        test: test_x.map(|x| rows(x, test_y)).transpose()?,
        test_file: test.map(|paths| paths[1].to_path_buf()),
        feature_names: Vec::new(),
        class_names,
        image: if let [_, height, width] = shape[..] {
            Some((width, height))
        } else {
            None
        },
    })
}

type Pair = (Vec<usize>, Vec<f32>, Vec<i64>);

/// Images and their labels.
fn pair([images, labels]: [&Path; 2], progress: &dyn Fn(Progress)) -> Result<Pair, DataError> {
    let (shape, x) = array(images, progress, |shape, element, source| {
        if shape.len() < 2 {
            return Err(DataError::other(
                "holds no images, but a list of numbers: are these the labels?",
            ));
        }
        let scale = if element.kind == Kind::U8 {
            1.0 / 255.0
        } else {
            1.0
        };
        element.read_real(source, product(shape)?, scale)
    })?;
    let width = product(&shape[1..])?;
    if x.is_empty() {
        let problem = match shape[0] {
            0 => Problem::Empty,
            _ => rows_without("pixels", &shape),
        };
        return Err(DataError::from(problem).in_file(images));
    }
    if let Some(i) = x.iter().position(|v| !v.is_finite()) {
        let problem = Problem::NotFinite(x[i].to_string());
        return Err(DataError::from(problem)
            .at_row(i / width)
            .at_column(i % width, "")
            .in_file(images));
    }
    let (label_shape, y) = array(labels, progress, |shape, element, source| {
        match shape.len() {
            1 if element.is_whole() => element.read_whole(source, product(shape)?),
            _ => Err(DataError::other(
                "holds no list of whole numbers: are these the labels?",
            )),
        }
    })?;
    if label_shape[0] != shape[0] {
        let sentence = format!("holds {} labels for {} images", label_shape[0], shape[0]);
        return Err(DataError::other(sentence).in_file(labels));
    }
    numbered_classes(&y).map_err(|e| e.in_file(labels))?;
    Ok((shape, x, y))
}

/// Opens, reads with `read`, and makes sure that nothing is left over.
fn array<T>(
    path: &Path,
    progress: &dyn Fn(Progress),
    read: impl FnOnce(&[usize], Element, &mut dyn Read) -> Result<T, DataError>,
) -> Result<(Vec<usize>, T), DataError> {
    let inner = || {
        let mut open = open(path, progress)?;
        let out = read(&open.shape, open.element, &mut open.source)?;
        ended(&mut open.source, &open.shape).map(|()| (open.shape, out))
    };
    inner().map_err(|e| e.in_file(path))
}

fn open<'a>(path: &Path, progress: &'a dyn Fn(Progress)) -> Result<Open<'a>, DataError> {
    let source = Source::open(path, progress)?;
    let total = source.total() as u128;
    if total == 0 {
        return Err(Problem::Empty.into());
    }
    let (mut source, packed) = source.unpacked().map_err(|e| unreadable(&e))?;
    let mut magic = [0; 4];
    let found = fill(&mut source, &mut magic)?;
    check_promise(4, found as u128)?;
    let kind = match magic {
        [0, 0, 0x08, _] => Kind::U8,
        [0, 0, 0x09, _] => Kind::I8,
        [0, 0, 0x0b, _] => Kind::I16,
        [0, 0, 0x0c, _] => Kind::I32,
        [0, 0, 0x0d, _] => Kind::F32,
        [0, 0, 0x0e, _] => Kind::F64,
        _ => return Err(DataError::other("is not an IDX file: it begins otherwise")),
    };
    let axes = magic[3] as usize;
    let mut bytes = vec![0; 4 * axes];
    let found = fill(&mut source, &mut bytes)?;
    check_promise(bytes.len() as u128, found as u128)?;
    let shape: Vec<usize> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| u32::from_be_bytes(*b) as usize)
        .collect();
    if shape.is_empty() {
        return Err(Problem::Empty.into());
    }
    let element = Element {
        kind,
        big_endian: true,
    };
    let expected = product(&shape)? as u128 * element.bytes() as u128;
    let room = if packed {
        total * LARGEST_RATIO
    } else {
        total.saturating_sub(4 + 4 * axes as u128)
    };
    check_promise(expected, room)?;
    check_memory(product(&shape)? as u128)?;
    Ok(Open {
        element,
        shape,
        source,
    })
}
