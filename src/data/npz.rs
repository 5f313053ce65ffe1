//! Rows from arrays that NumPy saved together: a zip archive of .npy files, packed or not.

use super::Progress;
use super::arrays::{Inputs, Outputs, combine, unknown_array};
use super::element::{Element, ended, product};
use super::error::{DataError, Problem};
use super::npy::{Header, header};
use super::raw::Raw;
use super::source::{LARGEST_RATIO, Source, check_promise};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use std::io::Read;
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

pub(super) fn load(
    path: &Path,
    x: &str,
    y: &str,
    progress: &dyn Fn(Progress),
) -> Result<Raw, DataError> {
    let source = Source::open(path, progress)?;
    read(source, path, x, y).map_err(|e| e.in_file(path))
}

fn read(source: Source, path: &Path, x_name: &str, y_name: &str) -> Result<Raw, DataError> {
    if source.total() == 0 {
        return Err(Problem::Empty.into());
    }
    let mut archive = ZipArchive::new(source).map_err(|e| broken(&e))?;
    let x = array(&mut archive, x_name, |shape, element, from| {
        let values = element.read_real(from, product(shape)?, 1.0)?;
        Ok(Inputs {
            shape: shape.to_vec(),
            values,
        })
    })?;
    let x = Inputs {
        values: in_row_order(&x.0, x.1.values)?,
        shape: x.1.shape,
    };
    let (head, y) = array(&mut archive, y_name, |shape, element, from| {
        Outputs::read(element, from, shape)
    })?;
    let y = match y {
        Outputs::Values { shape, values } => Outputs::Values {
            shape,
            values: in_row_order(&head, values)?,
        },
        Outputs::Classes { shape, values } => Outputs::Classes {
            shape,
            values: in_row_order(&head, values)?,
        },
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    combine(&name, x_name, x, y_name, y)
}

/// Finds the array, checks its header against what the archive can hold, and reads it.
fn array<T>(
    archive: &mut ZipArchive<Source>,
    name: &str,
    read: impl FnOnce(&[usize], Element, &mut dyn Read) -> Result<T, DataError>,
) -> Result<(Header, T), DataError> {
    let index = find(archive, name)?;
    let mut file = archive.by_index(index).map_err(|e| broken(&e))?;
    let packed = file.compressed_size() as u128;
    let named = |e: DataError| e.at_column(0, name);
    let head = header(&mut file).map_err(named)?;
    let expected = product(&head.shape).map_err(named)? as u128 * head.element.bytes() as u128;
    check_promise(expected, packed * LARGEST_RATIO).map_err(named)?;
    super::raw::check_memory(product(&head.shape)? as u128).map_err(named)?;
    let out = read(&head.shape, head.element, &mut file).map_err(named)?;
    ended(&mut file, &head.shape).map_err(named)?;
    Ok((head, out))
}

/// The entry `name`.npy, as NumPy names it.
fn find(archive: &ZipArchive<Source>, name: &str) -> Result<usize, DataError> {
    let full = format!("{name}.npy");
    if let Some(index) = archive
        .index_for_name(&full)
        .or_else(|| archive.index_for_name(name))
    {
        return Ok(index);
    }
    let names: Vec<String> = archive
        .file_names()
        .flatten()
        .map(|n| n.trim_end_matches(".npy").to_string())
        .collect();
    Err(unknown_array(name, names.iter().map(String::as_str)))
}

/// Fortran's order, the first axis innermost, turned into rows.
fn in_row_order<T: Clone>(head: &Header, values: Vec<T>) -> Result<Vec<T>, DataError> {
    if !head.fortran_order || head.shape.len() < 2 {
        return Ok(values);
    }
    let array = ArrayD::from_shape_vec(IxDyn(&head.shape).f(), values)
        .map_err(|e| DataError::other(e.to_string()))?;
    Ok(array.iter().cloned().collect())
}

fn broken(error: &ZipError) -> DataError {
    let said = crate::text::clean(&error.to_string(), 200);
    DataError::other(format!("is not an archive that NumPy saved ({said})"))
}
