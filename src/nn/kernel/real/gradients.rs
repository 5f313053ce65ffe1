//! The gradient of weights in `f32`: what is transposed for it and the room that it is made in, of each thread.

use crate::nn::kernel::gradient::{self, Panels};
use crate::nn::kernel::{Blocked, Buffer, Crew, LANES, Weights, level, small};
use fearless_simd::dispatch;
use std::cell::RefCell;
use std::ops::Range;

thread_local! {
    /// The transposed input of a weight gradient: grows to the largest layer's and is then reused.
    static PANELS: RefCell<Panels> = RefCell::default();
    /// A strip of a weight gradient: grows to the largest and is then reused.
    static STRIP: RefCell<Buffer<f32>> = RefCell::default();
}

/// See [`Real::gradients_by`](super::Real::gradients_by); of small layers.
pub fn of_small(
    delta: &Blocked<f32>,
    input: &Blocked<f32>,
    weight: &mut Weights<f32>,
    bias: Option<&mut [f32]>,
) {
    PANELS.with_borrow_mut(|panels| {
        let room = panels.squares(small::MOST_BLOCKS);
        dispatch!(level(), s => small::gradients(s, delta, input, room, weight, bias));
    });
}

/// grad = Σ over the rows of delta·inputᵀ, of the input so many blocks earlier
pub fn of_earlier(
    crew: Crew<'_>,
    delta: &Blocked<f32>,
    (input, later): (&Blocked<f32>, usize),
    grad: &mut Weights<f32>,
) {
    if later == 0 && small::is_small(grad, delta) {
        return of_small(delta, input, grad, None);
    }
    PANELS.with_borrow_mut(|panels| {
        dispatch!(level(), s => {
            match later {
                0 => panels.load(s, crew, (delta, &(0..delta.features())), input),
                _ => panels.load_later(s, crew, input, later),
            }
            gradient::weight_gradient(s, crew, delta, panels, grad);
        });
    });
}

/// The columns behind the last group of inputs, which no product writes.
fn clear_padding(rows: &mut [f32], (inputs, ld): (usize, usize)) {
    let written = inputs.next_multiple_of(LANES);
    if written < ld {
        rows.chunks_exact_mut(ld)
            .for_each(|row| row[written..].fill(0.0));
    }
}

/// Elements of a batch that every member transposes for itself: the meeting after a transposition by all, and what of it would
/// cross between the cores, cost more.
pub const MOST_OF_ONES_OWN: usize = 1 << 16;

/// See [`Real::weight_gradient_in_strips`](super::Real::weight_gradient_in_strips).
pub fn in_strips<P: Send>(
    crew: Crew<'_>,
    (delta, input): (&Blocked<f32>, &Blocked<f32>),
    ld: usize,
    pieces: impl Iterator<Item = (Range<usize>, P)>,
    begin: impl Fn(&mut P, &Range<usize>) + Sync,
    take: impl Fn(&mut P, Range<usize>, &mut [f32]) + Sync,
) {
    let make = |panels: &Panels, units: &Range<usize>, piece: &mut P| {
        begin(piece, units);
        each_strip((delta, units), (input, panels), ld, |strip, grad| {
            take(piece, strip, grad);
        });
    };
    if !crew.is_alone() && input.data().len() <= MOST_OF_ONES_OWN {
        return crew.each(pieces, |(units, mut piece)| {
            PANELS.with_borrow_mut(|panels| {
                dispatch!(level(), s => panels.load(s, Crew::ALONE, (delta, &units), input));
                make(panels, &units, &mut piece);
            });
        });
    }
    PANELS.with_borrow_mut(|panels| {
        let all = (delta, &(0..delta.features()));
        dispatch!(level(), s => panels.load(s, crew, all, input));
        let panels = &*panels;
        crew.each(pieces, |(units, mut piece)| {
            make(panels, &units, &mut piece)
        });
    });
}

/// Makes the gradient of some units strip by strip.
fn each_strip(
    (delta, units): (&Blocked<f32>, &Range<usize>),
    (input, panels): (&Blocked<f32>, &Panels),
    ld: usize,
    mut take: impl FnMut(Range<usize>, &mut [f32]),
) {
    let size = (input.features(), ld);
    STRIP.with_borrow_mut(|room| {
        for strip in gradient::strips(units.clone(), ld) {
            if room.len() < strip.len() * ld {
                *room = Buffer::zeros(strip.len() * ld);
            }
            let grad = &mut room[..strip.len() * ld];
            dispatch!(level(), s => {
                gradient::weight_gradient_rows(s, delta, panels, strip.clone(), grad, size);
            });
            clear_padding(grad, size);
            take(strip, grad);
        }
    });
}
