//! The register tile that all three products share, and how they cut their work into tiles.

use super::{LANES, vector::Vector};
use fearless_simd::prelude::*;
use std::ops::Range;

/// `MR` rows by `NV` vectors of sums, held in registers.
pub type Sums<S, const MR: usize, const NV: usize> = [[Vector<S>; NV]; MR];
/// Sixteen neighbours in memory.
pub type Lanes = [f32; LANES];
pub const ZEROS: Lanes = [0.0; LANES];

/// `std::array::from_fn` as a part of its caller; as a call, which that may be, it would send vectors through memory. `any`: any
/// element.
#[inline(always)]
pub fn array<T: Copy, const N: usize>(any: T, mut element: impl FnMut(usize) -> T) -> [T; N] {
    let mut array = [any; N];
    for (i, place) in array.iter_mut().enumerate() {
        *place = element(i);
    }
    array
}

/// Features of so many lanes.
#[inline(always)]
pub fn lanes(x: &[f32]) -> &[Lanes] {
    x.as_chunks().0
}

#[inline(always)]
pub fn lanes_mut(x: &mut [f32]) -> &mut [Lanes] {
    x.as_chunks_mut().0
}

#[inline(always)]
pub fn zero<S: Simd, const MR: usize, const NV: usize>(s: S) -> Sums<S, MR, NV> {
    [[Vector::splat(s, 0.0); NV]; MR]
}

/// Column `v` of the sums.
#[inline(always)]
pub fn store<S: Simd, const MR: usize, const NV: usize>(
    sums: &Sums<S, MR, NV>,
    v: usize,
    out: &mut [Lanes],
) {
    for (out, sums) in out.iter_mut().zip(sums) {
        sums[v].store_array(out);
    }
}

/// Steps of a product that are checked together.
pub const STEPS: usize = 4;

/// sums\[r]\[v] += Σₖ rows\[r]\[k]·columns\[v]\[k]
#[inline(always)]
pub fn multiply<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sums: &mut Sums<S, MR, NV>,
    rows: [&[f32]; MR],
    columns: [&[Lanes]; NV],
) {
    let depth = columns[0].len();
    let columns: [&[Lanes]; NV] = array(&[][..], |v| &columns[v][..depth]);
    // some steps at a time, so that both pieces have lengths the compiler knows and no step is checked
    let whole = depth / STEPS;
    for c in 0..whole {
        let a: [&[f32; STEPS]; MR] = array(&[0.0; STEPS], |r| &rows[r].as_chunks().0[c]);
        let b: [&[Lanes; STEPS]; NV] = array(&[ZEROS; STEPS], |v| &columns[v].as_chunks().0[c]);
        for i in 0..STEPS {
            step(
                s,
                sums,
                array(0.0, |r| a[r][i]),
                array(&ZEROS, |v| &b[v][i]),
            );
        }
    }
    for i in whole * STEPS..depth {
        step(
            s,
            sums,
            array(0.0, |r| rows[r][i]),
            array(&ZEROS, |v| &columns[v][i]),
        );
    }
}

/// sums\[r]\[v] += Σₖ strip\[k]\[r]·columns\[v]\[k], with rows of the strip `ld` elements apart
#[inline(always)]
pub fn multiply_strip<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sums: &mut Sums<S, MR, NV>,
    strip: &[f32],
    ld: usize,
    columns: [&[Lanes]; NV],
) {
    let depth = columns[0].len();
    let columns: [&[Lanes]; NV] = array(&[][..], |v| &columns[v][..depth]);
    for (k, row) in strip.chunks(ld).take(depth).enumerate() {
        let Some(a) = row.first_chunk::<MR>() else {
            return;
        };
        step(s, sums, *a, array(&ZEROS, |v| &columns[v][k]));
    }
}

/// sums\[r]\[v] += Σₖ strip\[k]\[r]·columns\[v]\[k]
#[inline(always)]
pub fn multiply_packed<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sums: &mut Sums<S, MR, NV>,
    strip: &[[f32; MR]],
    columns: [&[Lanes]; NV],
) {
    for (k, (a, first)) in strip.iter().zip(columns[0]).enumerate() {
        let others = |v: usize| if v == 0 { first } else { &columns[v][k] };
        step(s, sums, *a, array(first, others));
    }
}

#[inline(always)]
pub(super) fn step<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sums: &mut Sums<S, MR, NV>,
    a: [f32; MR],
    b: [&Lanes; NV],
) {
    let b: [Vector<S>; NV] = array(Vector::splat(s, 0.0), |v| Vector::load_array_ref(s, b[v]));
    for r in 0..MR {
        let a = Vector::splat(s, a[r]);
        for v in 0..NV {
            sums[r][v] = a.mul_add(b[v], sums[r][v]);
        }
    }
}

/// Whether there are 32 registers of 16 lanes.
pub const fn wide<S: Simd>() -> bool {
    <S::f32s as SimdBase<S>>::LEN == LANES
}

/// The most rows of a tile: as many sums as the registers hold beside the operands.
pub const fn max_rows<S: Simd>() -> usize {
    match <S::f32s as SimdBase<S>>::LEN {
        16 => 12,
        8 => 6,
        _ => 3,
    }
}

/// The same for rows that lie apart, with `NV` vectors each: of more than eight, the processor could not keep where they are
/// beside two columns, and with so many the sums do not wait for each other.
pub const fn max_rows_apart<S: Simd, const NV: usize>() -> usize {
    let most = max_rows::<S>();
    if NV > 1 && most > 8 { 8 } else { most }
}

/// The blocks to be taken by two, which share the reading of the weights, and those that are left: sums of two have a register
/// each where a vector is one.
#[inline(always)]
pub fn pairs<S: Simd>(blocks: Range<usize>) -> (Range<usize>, Range<usize>) {
    let pairs = if const { wide::<S>() } {
        blocks.len() / 2
    } else {
        0
    };
    let middle = blocks.start + 2 * pairs;
    (blocks.start..middle, middle..blocks.end)
}

/// `count` tiles of `rows` rows each, one below the other from row `first` on.
#[derive(Clone, Copy, Debug)]
pub struct Tiles {
    pub first: usize,
    pub rows: usize,
    pub count: usize,
}

impl Tiles {
    /// The first row of each.
    #[inline(always)]
    pub fn starts(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |i| self.first + i * self.rows)
    }
    /// The same in runs of at most `most`.
    #[inline(always)]
    pub fn some_at_a_time(self, most: usize) -> impl Iterator<Item = Self> {
        (0..self.count).step_by(most).map(move |at| Self {
            first: self.first + at * self.rows,
            count: most.min(self.count - at),
            ..self
        })
    }
}

/// Cuts `n` rows into tiles of nearly equal height, at most `max`: those of the larger height, then the others.
#[inline(always)]
pub fn tiles(n: usize, max: usize, mut each: impl FnMut(Tiles)) {
    let count = n.div_ceil(max).max(1);
    let (rows, longer) = (n / count, n % count);
    let above = Tiles {
        first: 0,
        rows: rows + 1,
        count: longer,
    };
    let below = Tiles {
        first: longer * (rows + 1),
        rows,
        count: count - longer,
    };
    for tiles in [above, below] {
        if tiles.rows > 0 && tiles.count > 0 {
            each(tiles);
        }
    }
}

/// Calls the kernel compiled for this number of rows.
macro_rules! by_rows {
    ($rows:expr, $S:ident, |$MR:ident| $call:expr) => {{
        macro_rules! with {
            ($n:literal) => {{
                const $MR: usize = $n;
                $call
            }};
        }
        if const { $crate::nn::kernel::tile::wide::<$S>() } {
            match $rows {
                7 => with!(7),
                8 => with!(8),
                9 => with!(9),
                10 => with!(10),
                11 => with!(11),
                12 => with!(12),
                _ => $crate::nn::kernel::tile::by_rows!(@narrow $rows, with),
            }
        } else {
            $crate::nn::kernel::tile::by_rows!(@narrow $rows, with)
        }
    }};
    (@narrow $rows:expr, $with:ident) => {
        match $rows {
            1 => $with!(1),
            2 => $with!(2),
            3 => $with!(3),
            4 => $with!(4),
            5 => $with!(5),
            _ => $with!(6),
        }
    };
}
pub(crate) use by_rows;
