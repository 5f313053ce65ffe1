//! The header of a .npy file (NumPy's format 1.0 to 3.0): a Python dictionary of type, order and shape.

use super::element::{Element, Kind, fill};
use super::error::DataError;
use super::source::check_promise;
use crate::text::quote;
use std::io::Read;

/// NumPy itself refuses longer headers by default.
const LONGEST: usize = 10_000;
/// NumPy's limit.
const MOST_AXES: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub element: Element,
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

/// Reads up to where the data begins.
pub(super) fn header(from: &mut dyn Read) -> Result<Header, DataError> {
    let mut start = [0; 8];
    let found = fill(from, &mut start)?;
    if found < 8 || &start[..6] != b"\x93NUMPY" {
        return Err(DataError::other("is not an array that NumPy saved"));
    }
    let length = match start[6] {
        1 => read_length::<2>(from)?,
        2 | 3 => read_length::<4>(from)?,
        version => {
            return Err(DataError::other(format!(
                "is of NumPy's format {version}, which is not known"
            )));
        }
    };
    if length > LONGEST {
        return Err(DataError::other(format!(
            "the array's header is {length} bytes long: NumPy writes at most {LONGEST}"
        )));
    }
    let mut text = vec![0; length];
    let found = fill(from, &mut text)?;
    check_promise(length as u128, found as u128)?;
    parse(&text)
}

fn read_length<const N: usize>(from: &mut dyn Read) -> Result<usize, DataError> {
    let mut bytes = [0; N];
    let found = fill(from, &mut bytes)?;
    check_promise(N as u128, found as u128)?;
    Ok(bytes
        .iter()
        .rev()
        .fold(0, |n, &byte| n << 8 | byte as usize))
}

fn parse(text: &[u8]) -> Result<Header, DataError> {
    let text = String::from_utf8_lossy(text);
    let broken = || DataError::other("the array's header is broken");
    let descr = after(&text, "descr").ok_or_else(broken)?;
    let order = after(&text, "fortran_order").ok_or_else(broken)?;
    let shape = after(&text, "shape").ok_or_else(broken)?;
    let fortran_order = match () {
        () if order.starts_with("True") => true,
        () if order.starts_with("False") => false,
        () => return Err(broken()),
    };
    let inner = shape
        .strip_prefix('(')
        .and_then(|s| s.split_once(')'))
        .ok_or_else(broken)?
        .0;
    let axes = inner
        .split(',')
        .map(str::trim)
        .filter(|axis| !axis.is_empty());
    let shape: Vec<usize> = axes
        .map(|axis| axis.parse().map_err(|_| broken()))
        .collect::<Result<_, _>>()?;
    if shape.len() > MOST_AXES {
        return Err(broken());
    }
    Ok(Header {
        element: element(descr)?,
        fortran_order,
        shape,
    })
}

/// What follows `'key':`.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let start = text.find(&format!("'{key}'"))? + key.len() + 2;
    Some(text[start..].trim_start().strip_prefix(':')?.trim_start())
}

fn element(descr: &str) -> Result<Element, DataError> {
    let name = descr.strip_prefix('\'').and_then(|s| s.split_once('\''));
    let name = name.map_or("", |(name, _)| name);
    let (order, rest) = name.split_at_checked(1).unwrap_or(("", ""));
    let kind = match rest {
        "f4" => Kind::F32,
        "f8" => Kind::F64,
        "i1" => Kind::I8,
        "i2" => Kind::I16,
        "i4" => Kind::I32,
        "i8" => Kind::I64,
        "u1" | "b1" => Kind::U8,
        "u2" => Kind::U16,
        "u4" => Kind::U32,
        "u8" => Kind::U64,
        _ => {
            let shown = quote(if name.is_empty() { descr } else { name });
            return Err(DataError::other(format!(
                "is of NumPy's type {shown}: save it as float32 or int64"
            )));
        }
    };
    match order {
        "<" | "|" => Ok(Element {
            kind,
            big_endian: false,
        }),
        ">" => Ok(Element {
            kind,
            big_endian: true,
        }),
        _ => Err(DataError::other("the array's header is broken")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_numpy_writes_them() {
        let head =
            parse(b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }      \n").unwrap();
        let element = Element {
            kind: Kind::F32,
            big_endian: false,
        };
        assert_eq!(
            head,
            Header {
                element,
                fortran_order: false,
                shape: vec![3, 4]
            }
        );
        let head = parse(b"{'descr': '>i8', 'fortran_order': True, 'shape': (7,), }\n").unwrap();
        assert!(head.fortran_order && head.element.big_endian);
        assert_eq!(head.shape, [7]);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let fault = |text: &[u8]| parse(text).unwrap_err().to_string();
        let text = b"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }";
        assert_eq!(
            fault(text),
            "is of NumPy's type `|O`: save it as float32 or int64"
        );
        for text in [
            "",
            "{}",
            "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (3,)}",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (-3,)}",
        ] {
            assert_eq!(
                fault(text.as_bytes()),
                "the array's header is broken",
                "{text}"
            );
        }
    }
}
