//! Squares of sixteen by sixteen turned over: between a batch's rows and its features in lanes.

use super::tile::{self, Lanes, ZEROS, array};
use super::{LANES, vector::Vector};
use fearless_simd::{f32x4, prelude::*};

/// `rows`: up to sixteen, those that are missing as 0; `out`: their columns, one after the other.
#[inline(always)]
pub fn transpose<S: Simd>(s: S, rows: &[Lanes], out: &mut [f32]) {
    let x = |i: usize| rows.get(i).unwrap_or(&ZEROS);
    transpose_rows(s, x, rows.len(), out);
}

/// The same of the rows numbered below `count`.
#[inline(always)]
fn transpose_rows<'a, S: Simd>(
    s: S,
    row: impl Fn(usize) -> &'a Lanes,
    count: usize,
    out: &mut [f32],
) {
    let Some(out) = out.as_chunks_mut().0.first_chunk_mut() else {
        return;
    };
    s.vectorize(
        #[inline(always)]
        || match tile::wide::<S>() {
            true => by_sixteen(s, row, out),
            false => by_fours(s, row, count, out),
        },
    );
}

/// As [`transpose`], with columns that lie `ld` apart in `out`.
pub fn transpose_apart<S: Simd>(s: S, rows: &[Lanes], out: &mut [f32], ld: usize) {
    s.vectorize(
        #[inline(always)]
        || {
            let row = |i: usize| rows.get(i).unwrap_or(&ZEROS);
            let mut square = [ZEROS; LANES];
            match tile::wide::<S>() {
                true => by_sixteen(s, row, &mut square),
                false => by_fours(s, row, rows.len(), &mut square),
            }
            for (column, out) in square.iter().zip(out.chunks_mut(ld)) {
                if let Some(out) = out.first_chunk_mut() {
                    *out = *column;
                }
            }
        },
    );
}

/// Up to sixteen rows of a batch, those that are missing empty, into `[feature][lane]`: as many features as there are whole
/// vectors of; the others are left to the caller, who is told their first.
pub fn load_rows<S: Simd>(s: S, rows: &[&[f32]; LANES], block: &mut [f32]) -> usize {
    let count = rows.iter().take_while(|row| !row.is_empty()).count();
    let whole = rows[0].len() / LANES;
    let out = block.chunks_exact_mut(LANES * LANES).take(whole);
    for (at, out) in out.enumerate() {
        let row = |i: usize| rows[i].as_chunks().0.get(at).unwrap_or(&ZEROS);
        transpose_rows(s, row, count, out);
    }
    whole * LANES
}

/// The transpose of sixteen vectors, by four rounds of interleaving: where a vector is one register.
#[inline(always)]
fn by_sixteen<'a, S: Simd>(s: S, row: impl Fn(usize) -> &'a Lanes, out: &mut [Lanes; LANES]) {
    let zero = Vector::splat(s, 0.0);
    let mut x: [Vector<S>; LANES] = array(zero, |i| Vector::load_array_ref(s, row(i)));
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
fn by_fours<'a, S: Simd>(
    s: S,
    row: impl Fn(usize) -> &'a Lanes,
    count: usize,
    out: &mut [Lanes; LANES],
) {
    for i in 0..LANES / 4 {
        if 4 * i >= count {
            let zero = f32x4::splat(s, 0.0);
            out.iter_mut()
                .for_each(|out| zero.store_array(&mut out.as_chunks_mut().0[i]));
            continue;
        }
        let x = [row(4 * i), row(4 * i + 1), row(4 * i + 2), row(4 * i + 3)];
        for (j, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            transpose_four(s, x, j, out, i);
        }
    }
}

/// The `j`-th four columns of four rows, to the `i`-th fours of `out`.
#[inline(always)]
fn transpose_four<S: Simd>(s: S, x: [&Lanes; 4], j: usize, out: &mut [Lanes; 4], i: usize) {
    let mut square: [f32x4<S>; 4] = x.map(|x| f32x4::load_array_ref(s, &x.as_chunks().0[j]));
    for _ in 0..2 {
        square = interleaved(square);
    }
    for (row, out) in square.into_iter().zip(out) {
        row.store_array(&mut out.as_chunks_mut().0[i]);
    }
}

/// The first eight rows, those that are missing as 0, and of them at least the first `width` columns: to the first halves of
/// `out`, of which the rest stays as it is.
#[inline(always)]
pub fn transpose_half<S: Simd>(s: S, rows: &[Lanes], width: usize, out: &mut [Lanes; LANES]) {
    let row = |i: usize| rows.get(i).unwrap_or(&ZEROS);
    if !tile::wide::<S>() {
        return corner_by_fours(s, row, (LANES / 2, width), out);
    }
    let mut x: [Vector<S>; LANES / 2] =
        array(Vector::splat(s, 0.0), |i| Vector::load_array_ref(s, row(i)));
    for _ in 0..3 {
        x = interleaved(x);
    }
    // halves are stored as they will be read: a load cannot be put together from parts under way
    for (pair, out) in x.into_iter().zip(out.as_chunks_mut::<2>().0) {
        let (first, second) = pair.split();
        first.store_array(&mut out[0].as_chunks_mut().0[0]);
        second.store_array(&mut out[1].as_chunks_mut().0[0]);
    }
}

/// All rows, those that are missing as 0, and of them at least the first `width` columns.
#[inline(always)]
pub fn transpose_columns<S: Simd>(s: S, rows: &[Lanes], width: usize, out: &mut [Lanes; LANES]) {
    let row = |i: usize| rows.get(i).unwrap_or(&ZEROS);
    match tile::wide::<S>() {
        true => by_sixteen(s, row, out),
        false => corner_by_fours(s, row, (LANES, width), out),
    }
}

/// Both height and width are rounded up to fours.
#[inline(always)]
fn corner_by_fours<'a, S: Simd>(
    s: S,
    row: impl Fn(usize) -> &'a Lanes,
    (height, width): (usize, usize),
    out: &mut [Lanes; LANES],
) {
    for i in 0..height.div_ceil(4).min(LANES / 4) {
        let x = [row(4 * i), row(4 * i + 1), row(4 * i + 2), row(4 * i + 3)];
        let out = out.as_chunks_mut::<4>().0.iter_mut();
        for (j, out) in out.take(width.div_ceil(4)).enumerate() {
            transpose_four(s, x, j, out, i);
        }
    }
}

/// Features of sixteen rows, from number `first` on, that begin at `starts` in `data`: what lies past its end is 0.
pub fn load_features<S: Simd>(
    s: S,
    data: &[f32],
    starts: &[usize; LANES],
    first: usize,
    features: &mut [Lanes],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let zero = f32x4::splat(s, 0.0);
            let mut first = first;
            for features in features.chunks_mut(4) {
                let mut quarters = [[zero; 4]; LANES / 4];
                for (quarter, starts) in quarters.iter_mut().zip(starts.as_chunks::<4>().0) {
                    let rows = array(zero, |r| {
                        f32x4::load_array(s, four_from(data, starts[r] + first))
                    });
                    *quarter = interleaved(interleaved(rows));
                }
                let [a, b, c, d] = quarters;
                for (i, out) in features.iter_mut().enumerate() {
                    let (low, high) = (a[i].combine(b[i]), c[i].combine(d[i]));
                    low.combine(high).store_array(out);
                }
                first += 4;
            }
        },
    );
}

/// Four values from `start` on, where there are so many.
#[inline(always)]
fn four_from(data: &[f32], start: usize) -> [f32; 4] {
    let Some(rest) = data.get(start..) else {
        return [0.0; 4];
    };
    match rest.first_chunk() {
        Some(four) => *four,
        None if rest.is_empty() => [0.0; 4],
        None => fewer(rest),
    }
}

#[cold]
fn fewer(rest: &[f32]) -> [f32; 4] {
    let mut four = [0.0; 4];
    four.iter_mut().zip(rest).for_each(|(to, v)| *to = *v);
    four
}

/// Vectors i and i + N/2 side by side, element by element.
#[inline(always)]
pub fn interleaved<S: Simd, V: SimdBase<S>, const N: usize>(x: [V; N]) -> [V; N] {
    array(x[0], |i| {
        let (low, high) = (x[i / 2], x[i / 2 + N / 2]);
        match i % 2 {
            0 => low.zip_low(high),
            _ => low.zip_high(high),
        }
    })
}
