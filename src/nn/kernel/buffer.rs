//! Memory that starts on a cache line.

use std::ops::{Deref, DerefMut};

const LINE: usize = 64;

/// A fixed number of elements, the first on a 64-byte boundary, so that no vector load straddles two cache lines.
pub struct Buffer<T> {
    /// The elements come last, so that one check finds them.
    store: Vec<T>,
    start: usize,
}

impl<T: Copy + Default> Buffer<T> {
    /// `len` elements of value zero.
    pub fn zeros(len: usize) -> Self {
        let slack = LINE / size_of::<T>().max(1);
        let mut store = vec![T::default(); len + slack];
        // `align_offset` may decline to answer; the buffer is then slower, not wrong
        let start = match store.as_ptr().align_offset(LINE) {
            offset if offset <= slack => offset,
            _ => 0,
        };
        store.truncate(start + len);
        Self { store, start }
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.store[self.start..]
    }
}

impl<T> DerefMut for Buffer<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.store[self.start..]
    }
}

/// A copy has its own alignment.
impl<T: Copy + Default> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.len());
        copy.copy_from_slice(self);
        copy
    }
}

impl<T: Copy + Default> Default for Buffer<T> {
    fn default() -> Self {
        Self::zeros(0)
    }
}

impl<T: PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
