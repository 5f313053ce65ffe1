//! The register tile that all three products share, and how they cut their work into tiles.

use super::{LANES, vector::Vector};
use fearless_simd::{f32x4, prelude::*};

/// `MR` rows by `NV` vectors of sums, held in registers.
pub type Sums<S, const MR: usize, const NV: usize> = [[Vector<S>; NV]; MR];
/// Sixteen neighbours in memory.
pub type Lanes = [f32; LANES];

#[inline(always)]
pub fn zero<S: Simd, const MR: usize, const NV: usize>(s: S) -> Sums<S, MR, NV> {
    [[Vector::splat(s, 0.0); NV]; MR]
}

/// sums\[r]\[v] += Σₖ rows\[r]\[k]·columns\[v]\[k]
#[inline(always)]
pub fn multiply<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sums: &mut Sums<S, MR, NV>,
    rows: [&[f32]; MR],
    columns: [&[Lanes]; NV],
) {
    let depth = columns[0].len();
    let columns: [&[Lanes]; NV] = std::array::from_fn(|v| &columns[v][..depth]);
    // sixteen steps at a time, so that both pieces have lengths the compiler knows and no step is checked
    let whole = depth / LANES;
    for c in 0..whole {
        let a: [&Lanes; MR] = std::array::from_fn(|r| &rows[r].as_chunks().0[c]);
        let b: [&[Lanes; LANES]; NV] = std::array::from_fn(|v| &columns[v].as_chunks().0[c]);
        for i in 0..LANES {
            step(s, sums, a.map(|a| a[i]), b.map(|b| &b[i]));
        }
    }
    for i in whole * LANES..depth {
        let mut a = [0.0; MR];
        for (a, row) in a.iter_mut().zip(rows) {
            *a = row[i];
        }
        step(s, sums, a, columns.map(|column| &column[i]));
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
    let columns: [&[Lanes]; NV] = std::array::from_fn(|v| &columns[v][..depth]);
    for (k, row) in strip.chunks(ld).take(depth).enumerate() {
        let Some(a) = row.first_chunk::<MR>() else {
            return;
        };
        step(s, sums, *a, columns.map(|column| &column[k]));
    }
}

#[inline(always)]
fn step<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sums: &mut Sums<S, MR, NV>,
    a: [f32; MR],
    b: [&Lanes; NV],
) {
    let b: [Vector<S>; NV] = std::array::from_fn(|v| Vector::load_array_ref(s, b[v]));
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

/// Cuts `n` rows into tiles of nearly equal height, at most `max`: `each(first row, rows)`.
#[inline(always)]
pub fn tiles(n: usize, max: usize, mut each: impl FnMut(usize, usize)) {
    let count = n.div_ceil(max).max(1);
    let (rows, longer) = (n / count, n % count);
    let mut first = 0;
    for i in 0..count {
        let rows = rows + usize::from(i < longer);
        if rows > 0 {
            each(first, rows);
        }
        first += rows;
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

/// The transpose of sixteen vectors, by four rounds of interleaving: where a vector is one register.
#[inline(always)]
pub fn transpose<S: Simd>(s: S, x: [&Lanes; LANES], out: &mut [Lanes; LANES]) {
    let mut x = x.map(|x| Vector::load_array_ref(s, x));
    for _ in 0..4 {
        x = interleaved(x);
    }
    for (row, out) in x.into_iter().zip(out) {
        row.store_array(out);
    }
}

/// The same in squares of four by four, by two rounds each: narrower registers have instructions for that, which do not cross
/// 128 bits, and spill none of it.
#[inline(always)]
pub fn transpose_by_fours<S: Simd>(s: S, x: [&Lanes; LANES], out: &mut [Lanes; LANES]) {
    for (i, x) in x.as_chunks::<4>().0.iter().enumerate() {
        for (j, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let mut square: [f32x4<S>; 4] =
                x.map(|x| f32x4::load_array_ref(s, &x.as_chunks().0[j]));
            for _ in 0..2 {
                square = interleaved(square);
            }
            for (row, out) in square.into_iter().zip(out) {
                row.store_array(&mut out.as_chunks_mut().0[i]);
            }
        }
    }
}

/// Vectors i and i + N/2 side by side, element by element.
#[inline(always)]
fn interleaved<S: Simd, V: SimdBase<S>, const N: usize>(x: [V; N]) -> [V; N] {
    std::array::from_fn(|i| {
        let (low, high) = (x[i / 2], x[i / 2 + N / 2]);
        match i % 2 {
            0 => low.zip_low(high),
            _ => low.zip_high(high),
        }
    })
}
