//! Batches as the products read and write them: whole blocks, one after the other.

use super::region::BLOCKS;
use crate::nn::kernel::tile::{Lanes, Sums, array, lanes, lanes_mut, multiply, store, zero};
use crate::nn::kernel::vector::Vector;
use crate::nn::kernel::{Blocked, Share};
use fearless_simd::prelude::*;
use std::ops::Range;

/// `[block][feature][lane]`
#[derive(Clone, Copy)]
pub struct Run<'a> {
    data: &'a [Lanes],
    features: usize,
    blocks: usize,
}

impl<'a> Run<'a> {
    pub fn new(data: &'a [f32], features: usize) -> Self {
        let data = lanes(data);
        Self {
            data,
            features,
            blocks: data.len() / features.max(1),
        }
    }
    pub fn of(batch: &'a Blocked<f32>) -> Self {
        Self {
            data: lanes(batch.data()),
            features: batch.features(),
            blocks: batch.blocks(),
        }
    }
    pub fn blocks(self) -> usize {
        self.blocks
    }
    /// The features within `depth` of `NV` blocks from `block` on.
    #[inline(always)]
    pub fn piece<const NV: usize>(self, block: usize, depth: &Range<usize>) -> [&'a [Lanes]; NV] {
        array(&[][..], |v| {
            &self.data[(block + v) * self.features + depth.start..][..depth.len()]
        })
    }
}

/// What a product reads.
pub trait Input: Copy {
    /// sums += rows·the features within `depth` of `NV` blocks from `block` on
    fn multiply<S: Simd, const MR: usize, const NV: usize>(
        self,
        s: S,
        sums: &mut Sums<S, MR, NV>,
        rows: [&[f32]; MR],
        block: usize,
        depth: &Range<usize>,
    );
}

impl Input for Run<'_> {
    #[inline(always)]
    fn multiply<S: Simd, const MR: usize, const NV: usize>(
        self,
        s: S,
        sums: &mut Sums<S, MR, NV>,
        rows: [&[f32]; MR],
        block: usize,
        depth: &Range<usize>,
    ) {
        multiply(s, sums, rows, self.piece(block, depth));
    }
}

/// Some blocks of a batch whose features are in two halves.
#[derive(Clone, Copy)]
pub struct Halves<'a> {
    halves: [[&'a [Lanes]; BLOCKS]; 2],
    /// Features of the first.
    middle: usize,
    first_block: usize,
}

impl<'a> Halves<'a> {
    /// The `blocks`, at most [`BLOCKS`] of them.
    pub fn of(halves: [&'a Share<'_, f32>; 2], blocks: &Range<usize>) -> Self {
        Self {
            halves: halves.map(|half| {
                let mut made = [&[][..]; BLOCKS];
                for (made, block) in made.iter_mut().zip(blocks.clone()) {
                    *made = lanes(half.made(block));
                }
                made
            }),
            middle: halves[0].features(),
            first_block: blocks.start,
        }
    }
}

impl Input for &Halves<'_> {
    #[inline(always)]
    fn multiply<S: Simd, const MR: usize, const NV: usize>(
        self,
        s: S,
        sums: &mut Sums<S, MR, NV>,
        rows: [&[f32]; MR],
        block: usize,
        _depth: &Range<usize>,
    ) {
        let at = block - self.first_block;
        let [first, second] = &self.halves;
        let first_rows = array(&[][..], |r| &rows[r][..self.middle]);
        multiply(s, sums, first_rows, array(&[][..], |v| first[at + v]));
        let second_rows = array(&[][..], |r| &rows[r][self.middle..]);
        multiply(s, sums, second_rows, array(&[][..], |v| second[at + v]));
    }
}

/// Where a product goes: a batch, or a member's share of its features.
pub trait Output {
    /// So many features of a block, from one on, which is counted within the share.
    fn part(&mut self, block: usize, feature: usize, count: usize) -> &mut [Lanes];
}

/// A [`Run`] to be written.
pub struct RunMut<'a> {
    data: &'a mut [Lanes],
    features: usize,
}

impl<'a> RunMut<'a> {
    pub fn new(data: &'a mut [f32], features: usize) -> Self {
        let data = lanes_mut(data);
        Self { data, features }
    }
    pub fn of(batch: &'a mut Blocked<f32>) -> Self {
        let features = batch.features();
        Self::new(batch.data_mut(), features)
    }
}

impl Output for RunMut<'_> {
    #[inline(always)]
    fn part(&mut self, block: usize, feature: usize, count: usize) -> &mut [Lanes] {
        &mut self.data[block * self.features + feature..][..count]
    }
}

impl Output for Share<'_, f32> {
    #[inline(always)]
    fn part(&mut self, block: usize, feature: usize, count: usize) -> &mut [Lanes] {
        &mut lanes_mut(self.block(block))[feature..][..count]
    }
}

/// Sums that begin at what is there from a block and a feature on.
#[inline(always)]
pub fn there<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    out: &mut impl Output,
    (block, feature): (usize, usize),
) -> Sums<S, MR, NV> {
    let mut sums = zero(s);
    for v in 0..NV {
        let out = out.part(block + v, feature, MR);
        for (y, sums) in out.iter().zip(&mut sums) {
            sums[v] = Vector::load_array_ref(s, y);
        }
    }
    sums
}

/// What a piece of a product does with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// Nothing: its own sums take the place.
    Afresh,
    /// They go on from it.
    GoOn,
    /// They are made apart and then added to it.
    Apart,
}

/// What the sums of a piece begin at.
#[inline(always)]
pub fn beginning<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sum: Sum,
    out: &mut impl Output,
    place: (usize, usize),
) -> Sums<S, MR, NV> {
    match sum {
        Sum::GoOn => there(s, out, place),
        Sum::Afresh | Sum::Apart => zero(s),
    }
}

/// Stores what a piece has come to.
#[inline(always)]
pub fn end<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sum: Sum,
    mut sums: Sums<S, MR, NV>,
    out: &mut impl Output,
    place: (usize, usize),
) {
    if sum == Sum::Apart {
        let before: Sums<S, MR, NV> = there(s, out, place);
        for r in 0..MR {
            for v in 0..NV {
                sums[r][v] = before[r][v] + sums[r][v];
            }
        }
    }
    put(&sums, out, place);
}

/// Stores the sums from a block and a feature on.
#[inline(always)]
pub fn put<S: Simd, const MR: usize, const NV: usize>(
    sums: &Sums<S, MR, NV>,
    out: &mut impl Output,
    (block, feature): (usize, usize),
) {
    for v in 0..NV {
        store(sums, v, out.part(block + v, feature, MR));
    }
}
