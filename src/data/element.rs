//! Numbers as files of arrays store them.

use super::error::{DataError, Problem};
use super::source::{reserve, unreadable};
use std::io::Read;

/// How an element is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
}

/// A stored element and the order of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub kind: Kind,
    pub big_endian: bool,
}

/// Runs `$body` with `$convert`: the bytes of one element to its number, as the type that is stored.
macro_rules! by_kind {
    ($element:expr, $number:ident => $body:expr, $chunk:expr, $out:expr) => {
        by_kind!(@ $element, $number => $body, $chunk, $out, F32 f32, F64 f64, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
    };
    (@ $element:expr, $number:ident => $body:expr, $chunk:expr, $out:expr, $($Kind:ident $ty:ty),+) => {
        match ($element.kind, $element.big_endian) {
            $((Kind::$Kind, false) => $out.extend($chunk.as_chunks::<{ size_of::<$ty>() }>().0.iter().map(|bytes| {
                let $number = <$ty>::from_le_bytes(*bytes);
                $body
            })),
            (Kind::$Kind, true) => $out.extend($chunk.as_chunks::<{ size_of::<$ty>() }>().0.iter().map(|bytes| {
                let $number = <$ty>::from_be_bytes(*bytes);
                $body
            })),)+
        }
    };
}

impl Element {
    pub fn bytes(self) -> usize {
        match self.kind {
            Kind::I8 | Kind::U8 => 1,
            Kind::I16 | Kind::U16 => 2,
            Kind::F32 | Kind::I32 | Kind::U32 => 4,
            Kind::F64 | Kind::I64 | Kind::U64 => 8,
        }
    }

    pub fn is_whole(self) -> bool {
        !matches!(self.kind, Kind::F32 | Kind::F64)
    }

    /// `count` elements as f32, each times `scale`. The memory grows with what arrives; what is promised is not trusted.
    pub fn read_real(
        self,
        from: &mut dyn Read,
        count: usize,
        scale: f32,
    ) -> Result<Vec<f32>, DataError> {
        self.read(from, count, |chunk, out| match scale == 1.0 {
            true => by_kind!(self, v => v as f32, chunk, out),
            false => by_kind!(self, v => v as f32 * scale, chunk, out),
        })
    }

    /// `count` whole numbers; what does not fit is the nearest that does (no class number is so large).
    pub fn read_whole(self, from: &mut dyn Read, count: usize) -> Result<Vec<i64>, DataError> {
        self.read(from, count, |chunk, out| by_kind!(self, v => i64::try_from(v as i128).unwrap_or(i64::MAX), chunk, out))
    }

    fn read<T>(
        self,
        from: &mut dyn Read,
        count: usize,
        convert: impl Fn(&[u8], &mut Vec<T>),
    ) -> Result<Vec<T>, DataError> {
        const CHUNK: usize = 1 << 16;
        let mut buffer = vec![0; CHUNK.min(count.saturating_mul(self.bytes()))];
        let mut out = Vec::new();
        while out.len() < count {
            let wanted = (CHUNK / self.bytes()).min(count - out.len());
            let chunk = &mut buffer[..wanted * self.bytes()];
            let found = fill(from, chunk)?;
            if found < chunk.len() {
                let size = self.bytes() as u128;
                let found = out.len() as u128 * size + found as u128;
                return Err(Problem::Truncated {
                    expected: count as u128 * size,
                    found,
                }
                .into());
            }
            reserve(&mut out, wanted)?;
            convert(chunk, &mut out);
        }
        Ok(out)
    }
}

/// Fills the buffer as far as the source goes.
pub(super) fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, DataError> {
    let mut found = 0;
    while found < buffer.len() {
        match from.read(&mut buffer[found..]) {
            Ok(0) => break,
            Ok(count) => found += count,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(unreadable(&e)),
        }
    }
    Ok(found)
}

/// An error where more follows than the header's `shape` says. What checks a whole file (a checksum) does so at its end.
pub(super) fn ended(from: &mut dyn Read, shape: &[usize]) -> Result<(), DataError> {
    match fill(from, &mut [0])? {
        0 => Ok(()),
        _ => Err(DataError::other(format!(
            "holds more than its header says ({shape:?})"
        ))),
    }
}

/// The product of a shape's axes; an error where no memory holds so many.
pub(super) fn product(shape: &[usize]) -> Result<usize, DataError> {
    let exact = shape
        .iter()
        .try_fold(1_usize, |n, &axis| n.checked_mul(axis));
    exact
        .filter(|&n| n < 1 << 56)
        .ok_or_else(|| DataError::other("the header promises more numbers than any memory holds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_of_bytes_and_all_widths() {
        let little = |kind| Element {
            kind,
            big_endian: false,
        };
        let big = |kind| Element {
            kind,
            big_endian: true,
        };
        let real = |e: Element, bytes: &[u8]| {
            e.read_real(&mut &bytes[..], bytes.len() / e.bytes(), 1.0)
                .unwrap()
        };
        assert_eq!(real(little(Kind::F32), &1.5_f32.to_le_bytes()), [1.5]);
        assert_eq!(real(big(Kind::F64), &(-2.5_f64).to_be_bytes()), [-2.5]);
        assert_eq!(real(little(Kind::I8), &[255, 1]), [-1.0, 1.0]);
        assert_eq!(
            big(Kind::U16)
                .read_real(&mut &[1_u8, 0][..], 1, 0.5)
                .unwrap(),
            [128.0]
        );
        let whole = little(Kind::U64)
            .read_whole(&mut &[255_u8; 8][..], 1)
            .unwrap();
        assert_eq!(whole, [i64::MAX]);
    }

    #[test]
    fn a_promise_that_is_not_kept_costs_no_memory() {
        let element = Element {
            kind: Kind::U8,
            big_endian: false,
        };
        let error = element
            .read_real(&mut &[0_u8; 100][..], 1 << 50, 1.0)
            .unwrap_err();
        assert_eq!(
            error.problem,
            Problem::Truncated {
                expected: 1 << 50,
                found: 100
            }
        );
        assert!(product(&[1 << 40, 1 << 40]).is_err());
    }
}
