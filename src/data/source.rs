//! A file as it is read: only regular files, the progress reported, the memory grown by what has really arrived.

use super::Progress;
use super::error::{DataError, Problem};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes between two reports.
const STRIDE: u64 = 1 << 20;
/// Deflate's largest ratio (zlib's technical notes), with room for headers.
pub(super) const LARGEST_RATIO: u128 = 1040;

/// How a file begins that is packed with gzip.
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that tells how far it is read.
pub(super) struct Source<'a> {
    file: File,
    progress: &'a dyn Fn(Progress),
    at: Progress,
    reported: u64,
}

impl<'a> Source<'a> {
    /// Errors name the file.
    pub fn open(path: &Path, progress: &'a dyn Fn(Progress)) -> Result<Self, DataError> {
        let missing = |e: std::io::Error| {
            let said = crate::text::clean(&e.to_string(), 200);
            DataError::from(Problem::Missing(said)).in_file(path)
        };
        // Opening a pipe would wait for its writer: ask first what it is.
        let kind = std::fs::metadata(path).map_err(missing)?;
        if !kind.is_file() {
            let what = if kind.is_dir() {
                "is a folder"
            } else {
                "is not a regular file"
            };
            return Err(DataError::other(what).in_file(path));
        }
        let file = File::open(path).map_err(missing)?;
        let at = Progress {
            done: 0,
            total: kind.len(),
        };
        progress(at);
        Ok(Self {
            file,
            progress,
            at,
            reported: 0,
        })
    }

    /// The file's length.
    pub fn total(&self) -> u64 {
        self.at.total
    }

    /// The first two bytes, which tell what some files are; 0 where there are none. Reading begins with them still.
    pub fn magic(&mut self) -> std::io::Result<[u8; 2]> {
        let mut magic = [0; 2];
        let found = self.file.read_exact(&mut magic);
        self.file.rewind()?;
        Ok(found.map_or([0; 2], |()| magic))
    }

    /// Buffered, and unpacked where the file begins as gzip does. The flag says which.
    pub fn unpacked(mut self) -> std::io::Result<(Box<dyn Read + 'a>, bool)> {
        let gzip = self.magic()? == GZIP;
        let buffered = BufReader::with_capacity(1 << 16, self);
        Ok(if gzip {
            (Box::new(MultiGzDecoder::new(buffered)), true)
        } else {
            (Box::new(buffered), false)
        })
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.at.done = (self.at.done + count as u64).min(self.at.total);
        if self.at.done - self.reported >= STRIDE || (count == 0 && !buffer.is_empty()) {
            self.reported = self.at.done;
            (self.progress)(self.at);
        }
        Ok(count)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

pub(super) fn unreadable(error: &std::io::Error) -> DataError {
    Problem::Unreadable(crate::text::clean(&error.to_string(), 200)).into()
}

/// `expected` bytes are promised by a header; `found` is what the file can hold at most.
pub(super) fn check_promise(expected: u128, found: u128) -> Result<(), DataError> {
    match expected > found {
        true => Err(Problem::Truncated { expected, found }.into()),
        false => Ok(()),
    }
}

/// Room for `additional` more elements, doubling, so that what is asked for stays within twice what has arrived; refused with
/// the figure where the memory is not there.
pub(super) fn reserve<T>(values: &mut Vec<T>, additional: usize) -> Result<(), DataError> {
    if values.capacity() - values.len() >= additional {
        return Ok(());
    }
    let size = size_of::<T>() as u128;
    let grow = additional.max(values.len());
    // The system is asked only where the answer matters.
    if grow as u128 * size > 1 << 20 {
        super::raw::check_memory((grow as u128 * size).div_ceil(4))?;
    }
    let needed = (values.len() + grow) as u128 * size;
    let reserved = values.try_reserve(grow);
    reserved.map_err(|_| super::raw::too_large(needed))
}
