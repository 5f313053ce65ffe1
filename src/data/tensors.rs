//! Rows from a safetensors file: `x` [rows, features] or [rows, time, features]; `y` floats [rows, targets] or whole numbers
//! [rows], the classes. Only the header and the two tensors are read, as f32.

use super::Progress;
use super::arrays::{Inputs, Outputs, combine, unknown_array};
use super::element::{Element, Kind, fill, product};
use super::error::DataError;
use super::raw::Raw;
use super::source::{Source, check_promise, unreadable};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use std::io::{Seek, SeekFrom};
use std::path::Path;

/// A longer header than this is not one of ours to read (the format's own limit).
const LONGEST_HEADER: u64 = 100_000_000;

pub(super) fn load(
    path: &Path,
    x: &str,
    y: &str,
    progress: &dyn Fn(Progress),
) -> Result<Raw, DataError> {
    let mut source = Source::open(path, progress)?;
    read(&mut source, path, x, y).map_err(|e| e.in_file(path))
}

fn read(source: &mut Source, path: &Path, x_name: &str, y_name: &str) -> Result<Raw, DataError> {
    let (start, header) = header(source)?;
    let x = info(&header, x_name)?;
    let y = info(&header, y_name)?;
    let element = seek(source, start, x, x_name)?;
    let values = element.read_real(source, product(&x.shape)?, 1.0)?;
    let x = Inputs {
        shape: x.shape.clone(),
        values,
    };
    let element = seek(source, start, y, y_name)?;
    let y = Outputs::read(element, source, &y.shape)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    combine(&name, x_name, x, y_name, y)
}

/// Where the data begins, and what is in it; checked against the file's length.
fn header(source: &mut Source) -> Result<(u64, Metadata), DataError> {
    if source.total() == 0 {
        return Err(super::error::Problem::Empty.into());
    }
    let mut length = [0; 8];
    let found = fill(source, &mut length)?;
    check_promise(8, found as u128)?;
    let length = u64::from_le_bytes(length);
    check_promise(8 + length as u128, source.total() as u128)?;
    if length > LONGEST_HEADER {
        return Err(DataError::other(
            "the header is longer than safetensors allows",
        ));
    }
    let mut text = vec![0; length as usize];
    let found = fill(source, &mut text)?;
    check_promise(length as u128, found as u128)?;
    let header: Metadata = serde_json::from_slice(&text).map_err(|e| {
        // The message of the parser can quote the file: only where it stopped is told.
        DataError::other(match e.column() {
            // It was read to its end.
            0 => "is not a safetensors file: its tensors' places contradict each other".to_string(),
            column => format!("is not a safetensors file: its header is broken at column {column}"),
        })
    })?;
    let end = header
        .tensors()
        .values()
        .map(|info| info.data_offsets.1)
        .max()
        .unwrap_or(0);
    check_promise(8 + length as u128 + end as u128, source.total() as u128)?;
    Ok((8 + length, header))
}

fn info<'a>(header: &'a Metadata, name: &str) -> Result<&'a TensorInfo, DataError> {
    header.info(name).ok_or_else(|| {
        let names = header.offset_keys();
        unknown_array(name, names.iter().map(String::as_str))
    })
}

fn seek(
    source: &mut Source,
    start: u64,
    info: &TensorInfo,
    name: &str,
) -> Result<Element, DataError> {
    let kind = match info.dtype {
        Dtype::F32 => Kind::F32,
        Dtype::F64 => Kind::F64,
        Dtype::I8 => Kind::I8,
        Dtype::I16 => Kind::I16,
        Dtype::I32 => Kind::I32,
        Dtype::I64 => Kind::I64,
        Dtype::U8 | Dtype::BOOL => Kind::U8,
        Dtype::U16 => Kind::U16,
        Dtype::U32 => Kind::U32,
        Dtype::U64 => Kind::U64,
        other => {
            let sentence = format!(
                "is stored as {other:?}: save it as F32 (inputs and values) or I64 (class numbers)"
            );
            return Err(DataError::other(sentence).at_column(0, name));
        }
    };
    source
        .seek(SeekFrom::Start(start + info.data_offsets.0 as u64))
        .map_err(|e| unreadable(&e))?;
    Ok(Element {
        kind,
        big_endian: false,
    })
}
