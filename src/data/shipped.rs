//! The data sets in the binary; assets/README.md names their sources and licences.

use super::error::{DataError, Problem};
use super::raw::{Raw, matrix};
use crate::text::{nearest, quote};
use flate2::read::GzDecoder;
use std::io::Read;

static DIGITS: &[u8] = include_bytes!("../../assets/digits.csv.gz");
static WINE: &[u8] = include_bytes!("../../assets/wine_data.csv");
static DIABETES: &[u8] = include_bytes!("../../assets/diabetes_data_raw.csv.gz");
static DIABETES_TARGET: &[u8] = include_bytes!("../../assets/diabetes_target.csv.gz");

/// [1797, 64], pixels from 0 to 16; with `keep`, only those digits' rows, classes numbered in the digits' order.
pub(super) fn digits(keep: Option<&[String]>) -> Result<Raw, DataError> {
    let (mut x, labels) = split_target(table(&unzip(DIGITS)?, b',', 0)?, 65);
    let names: Vec<String> = (0..10).map(|d| d.to_string()).collect();
    let kept = kept_classes(keep, &names)?;
    let class_of = |label: f32| kept.iter().position(|&k| k == label as usize);
    let mut y = Vec::with_capacity(labels.len());
    let mut values = Vec::with_capacity(x.len());
    for (row, &label) in x.chunks_exact(64).zip(&labels) {
        if let Some(class) = class_of(label) {
            values.extend_from_slice(row);
            y.push(class as u32);
        }
    }
    x = values;
    let class_names = kept.iter().map(|&k| names[k].clone()).collect();
    let raw = Raw::classes("digits", matrix(y.len(), 64, x)?, y, class_names);
    let feature_names = (0..64)
        .map(|i| format!("pixel_{}_{}", i / 8, i % 8))
        .collect();
    Ok(Raw {
        image: Some((8, 8)),
        feature_names,
        ..raw
    })
}

/// Indices of the classes to keep, in order.
fn kept_classes(keep: Option<&[String]>, names: &[String]) -> Result<Vec<usize>, DataError> {
    let Some(keep) = keep else {
        return Ok((0..names.len()).collect());
    };
    let mut kept = Vec::new();
    for name in keep {
        let index = names.iter().position(|n| n == name).ok_or_else(|| {
            let meant = nearest(name, names.iter().map(String::as_str));
            let hint = meant.map_or("the classes are `0` to `9`".to_string(), |m| {
                format!("did you mean `{m}`?")
            });
            DataError::other(format!("digits has no class {}: {hint}", quote(name)))
        })?;
        kept.push(index);
    }
    kept.sort_unstable();
    kept.dedup();
    match kept.len() {
        0 | 1 => Err(DataError::other(
            "classes keeps fewer than two of the digits: name at least two",
        )),
        _ => Ok(kept),
    }
}

/// [178, 13], three cultivars.
pub(super) fn wine() -> Result<Raw, DataError> {
    let (x, labels) = split_target(table(WINE, b',', 1)?, 14);
    let y = labels.iter().map(|&label| label as u32).collect();
    let class_names = (0..3).map(|class| format!("class_{class}")).collect();
    Ok(
        Raw::classes("wine", matrix(labels.len(), 13, x)?, y, class_names).with_feature_names([
            "alcohol",
            "malic_acid",
            "ash",
            "alcalinity_of_ash",
            "magnesium",
            "total_phenols",
            "flavanoids",
            "nonflavanoid_phenols",
            "proanthocyanins",
            "color_intensity",
            "hue",
            "od280/od315_of_diluted_wines",
            "proline",
        ]),
    )
}

/// [442, 10] in the variables' own units; the target, 25 to 346, as it is.
pub(super) fn diabetes() -> Result<Raw, DataError> {
    let x = table(&unzip(DIABETES)?, b' ', 0)?;
    let y = table(&unzip(DIABETES_TARGET)?, b' ', 0)?;
    let rows = y.len();
    let names = [
        "age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6",
    ];
    Ok(
        Raw::values("diabetes", matrix(rows, 10, x)?, matrix(rows, 1, y)?)
            .with_feature_names(names),
    )
}

fn unzip(bytes: &[u8]) -> Result<Vec<u8>, DataError> {
    let mut text = Vec::new();
    let read = GzDecoder::new(bytes).read_to_end(&mut text);
    read.map_err(|e| Problem::Unreadable(e.to_string()))?;
    Ok(text)
}

/// Every number, in row order, after `skip` lines.
fn table(text: &[u8], delimiter: u8, skip: usize) -> Result<Vec<f32>, DataError> {
    let text = String::from_utf8_lossy(text);
    let cells = text
        .lines()
        .skip(skip)
        .flat_map(|line| line.split(delimiter as char));
    cells
        .map(|cell| {
            cell.trim()
                .parse()
                .map_err(|_| Problem::NotANumber(super::error::cell(cell.as_bytes())).into())
        })
        .collect()
}

/// The last of `columns` apart from those before it.
fn split_target(values: Vec<f32>, columns: usize) -> (Vec<f32>, Vec<f32>) {
    let mut x = Vec::with_capacity(values.len());
    let mut y = Vec::new();
    for row in values.chunks_exact(columns) {
        x.extend_from_slice(&row[..columns - 1]);
        y.push(row[columns - 1]);
    }
    (x, y)
}
