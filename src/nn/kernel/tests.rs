//! The vector products against plain loops, on shapes around the sizes of blocks and tiles.

mod activations;

use super::*;
use crate::nn::activation::Activation;
use fearless_simd::dispatch;
use std::sync::Arc;

const SHAPES: [(usize, usize); 11] = [
    (1, 1),
    (1, 17),
    (15, 16),
    (16, 15),
    (17, 1),
    (10, 100),
    (13, 33),
    (100, 64),
    (37, 784),
    (430, 21),
    (20, 530),
];
/// The last in more than one run of blocks.
const BATCHES: [usize; 6] = [1, 10, 32, 33, 70, 300];

/// Reproducible numbers in [-1, 1).
struct Numbers(u64);
impl Numbers {
    fn next(&mut self) -> f64 {
        // SplitMix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    fn weights<T: Real>(&mut self, units: usize, inputs: usize) -> Weights<T> {
        let dense: Vec<T> = (0..units * inputs)
            .map(|_| T::from_f64(self.next()))
            .collect();
        Weights::from_dense(units, inputs, &dense)
    }
    /// With `padding` in the lanes past the last row.
    fn batch<T: Real>(&mut self, features: usize, rows: usize, padding: f64) -> Blocked<T> {
        let mut out = Blocked::zeros(features, rows);
        out.fill(T::from_f64(padding));
        for row in 0..rows {
            for feature in 0..features {
                out.set(row, feature, T::from_f64(self.next()));
            }
        }
        out
    }
}

fn each_shape(mut test: impl FnMut(usize, usize, usize, &mut Numbers)) {
    let mut numbers = Numbers(1);
    for (units, inputs) in SHAPES {
        for rows in BATCHES {
            test(units, inputs, rows, &mut numbers);
        }
    }
}

/// Sums of `terms` products of numbers below 1, in two orders.
#[track_caller]
fn assert_close(got: &[f32], want: &[f32], terms: usize, what: &str) {
    assert_eq!(got.len(), want.len());
    let allowed = 4.0 * f32::EPSILON * (terms as f32 + 1.0);
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!(
            (g - w).abs() <= allowed,
            "{what}, element {i}: {g}, want {w}"
        );
    }
}

fn values(x: &Blocked<f32>) -> Vec<f32> {
    x.to_array().into_iter().collect()
}

#[test]
fn affine_as_by_plain_loops() {
    each_shape(|units, inputs, rows, numbers| {
        let weights = numbers.weights::<f32>(units, inputs);
        let input = numbers.batch(inputs, rows, 7.0);
        let bias: Vec<f32> = (0..units).map(|_| numbers.next() as f32).collect();
        for bias in [None, Some(&bias[..])] {
            let (mut got, mut want) = (Blocked::zeros(units, rows), Blocked::zeros(units, rows));
            got.fill(3.0);
            f32::affine(&weights, bias, &input, &mut got);
            plain::affine(&weights, bias, &input, &mut want);
            assert_close(
                &values(&got),
                &values(&want),
                inputs,
                &format!("{units}x{inputs} on {rows}"),
            );
        }
    });
}

#[test]
fn affine_backward_as_by_plain_loops() {
    each_shape(|units, inputs, rows, numbers| {
        let weights = numbers.weights::<f32>(units, inputs);
        let delta = numbers.batch(units, rows, 0.0);
        let (mut got, mut want) = (Blocked::zeros(inputs, rows), Blocked::zeros(inputs, rows));
        got.fill(3.0);
        f32::affine_backward(&weights, &delta, &mut got);
        plain::affine_backward(&weights, &delta, &mut want);
        // zero deltas stay zero past the last row
        assert_close(
            got.data(),
            want.data(),
            units,
            &format!("{units}x{inputs} on {rows}"),
        );
    });
}

/// By tiles in place and by packed strips, of one block, of two and of an odd number of them.
#[test]
fn halves_of_the_units_add_up_to_the_backward_product() {
    let mut numbers = Numbers(13);
    for (units, inputs, rows) in [(100, 101, 64), (53, 700, 20), (13, 1300, 33), (511, 70, 10)] {
        let what = format!("{units}x{inputs} on {rows}");
        let middle = f32::halves(units, inputs, rows).expect("so large");
        let weights = numbers.weights::<f32>(units, inputs);
        let delta = numbers.batch(units, rows, 0.0);
        let mut sum = Blocked::zeros(inputs, rows);
        // as two members have it, each with some inputs
        for some in [0..half(inputs), half(inputs)..inputs] {
            let parts = [0..middle, middle..units].map(|own| {
                let mut of_own = Blocked::zeros(own.len(), rows);
                of_own.take_units(&own, &delta);
                let w = &weights.data()[own.start * weights.ld()..own.end * weights.ld()];
                let mut part = Blocked::zeros(some.len(), rows);
                part.fill(3.0);
                f32::affine_backward_rows((w, weights.ld()), some.clone(), &of_own, &mut part);
                part
            });
            let mut both = Blocked::zeros(some.len(), rows);
            f32::sum_into(parts[0].data(), parts[1].data(), both.data_mut());
            sum.copy_units(some, &both);
        }
        let (mut got, mut want) = (Blocked::zeros(inputs, rows), Blocked::zeros(inputs, rows));
        f32::affine_backward(&weights, &delta, &mut got);
        assert_eq!(values(&sum), values(&got), "{what}");
        plain::affine_backward(&weights, &delta, &mut want);
        assert_close(got.data(), want.data(), units, &what);
    }
    assert_eq!(f32::halves(64, 64, 32), None);
}

/// Two members, one after the other.
#[derive(Debug)]
struct Two;
impl Team for Two {
    fn members(&self) -> usize {
        2
    }
    fn run(&self, shares: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..shares).for_each(work);
    }
}

/// As two members make it, each of both halves: with more blocks than are taken at once, an odd number of them, lanes to spare.
fn maps_an_input_in_halves<T: Real>((units, inputs, rows): (usize, usize, usize)) {
    let mut numbers = Numbers(17);
    let weights = numbers.weights::<T>(units, inputs);
    let bias: Vec<T> = (0..units).map(|_| T::from_f64(numbers.next())).collect();
    let mut input = numbers.batch::<T>(inputs, rows, 7.0);
    let two = || (Blocked::zeros(units, rows), Blocked::zeros(units, rows));
    let ((mut pre, mut want), (mut got, mut kept)) = (two(), two());
    T::affine(&weights, Some(&bias), &input, &mut pre);
    T::activate(&Activation::Tanh, &pre, &mut want);
    let largest = T::bound(want.data());
    let team: Arc<dyn Team> = Arc::new(Two);
    let crew = Crew::of(Some(&team), 2);
    let halves: Vec<_> = input.shares(crew).map(|(_, half)| half).collect();
    let mut bound = 0.0;
    for (member, ((own, mut values), (_, mut kept))) in
        got.shares(crew).zip(kept.shares(crew)).enumerate()
    {
        let source = Source::Halves([&halves[0], &halves[1]], rows, 1 - member);
        let (map, made) = ((&weights, Some(&bias[..])), (&mut values, &mut kept));
        let of_own = T::map_units_in_place(map, &Activation::Tanh, source, &own, made);
        bound = larger(bound, of_own);
    }
    assert_eq!(got, want, "{units}x{inputs} on {rows}");
    assert!(bound >= largest, "{bound} for {largest}");
}

#[test]
fn an_input_in_halves_is_mapped_as_a_whole_one() {
    for shape in [(100, 101, 64), (53, 500, 20), (13, 130, 333), (511, 70, 10)] {
        maps_an_input_in_halves::<f32>(shape);
        maps_an_input_in_halves::<f64>(shape);
    }
}

#[test]
fn gradients_as_by_plain_loops() {
    each_shape(|units, inputs, rows, numbers| {
        let delta = numbers.batch(units, rows, 0.0);
        // what lies past the last row of the input must not count, not even as 0·∞
        let input = numbers.batch(inputs, rows, f64::INFINITY);
        let (mut got, mut want) = (Weights::zeros(units, inputs), Weights::zeros(units, inputs));
        f32::weight_gradient(&delta, &input, &mut got);
        plain::weight_gradient(&delta, &input, &mut want);
        // the padding of the rows is compared too
        assert_close(
            got.data(),
            want.data(),
            rows,
            &format!("{units}x{inputs} on {rows}"),
        );

        let (mut got, mut want) = (vec![1.0; units], vec![1.0; units]);
        f32::bias_gradient(&delta, &mut got);
        plain::bias_gradient(&delta, 0..delta.features(), &mut want);
        assert_close(&got, &want, rows, &format!("bias of {units} on {rows}"));
    });
}

#[test]
fn a_gradient_of_earlier_inputs_as_by_plain_loops() {
    let mut numbers = Numbers(6);
    let (units, inputs, rows) = (13, 37, 6 * LANES);
    let delta = numbers.batch(units, rows, 0.0);
    let input = numbers.batch(inputs, rows, 0.0);
    for blocks in [0, 1, 2, 6, 7] {
        let (mut got, mut want) = (Weights::zeros(units, inputs), Weights::zeros(units, inputs));
        f32::weight_gradient_of_earlier(&delta, &input, blocks, &mut got);
        plain::weight_gradient_of_earlier(&delta, &input, blocks, &mut want);
        assert_close(got.data(), want.data(), rows, &format!("{blocks} blocks"));
        assert_eq!(got.data().iter().all(|g| *g == 0.0), blocks >= 6);
    }
}

#[test]
fn a_gradient_in_strips_is_that_of_the_whole() {
    let mut numbers = Numbers(5);
    // the second with columns of padding behind the last group of inputs
    for (units, inputs, rows) in [(100, 784, 33), (137, 512, 300), (7, 9000, 3)] {
        let delta = numbers.batch(units, rows, 0.0);
        let input = numbers.batch(inputs, rows, 7.0);
        let mut want = Weights::zeros(units, inputs);
        f32::weight_gradient(&delta, &input, &mut want);
        let mut got = Weights::<f32>::zeros(units, inputs);
        got.data_mut().fill(f32::NAN);
        let (ld, mut strips) = (got.ld(), 0);
        let counted = std::sync::Mutex::new(&mut strips);
        let piece = (0..units, got.data_mut());
        f32::weight_gradient_in_strips(
            Crew::ALONE,
            &delta,
            &input,
            ld,
            std::iter::once(piece),
            |_, _| {},
            |piece, strip, grad| {
                assert!(strip.start.is_multiple_of(GROUP));
                piece[strip.start * ld..strip.end * ld].copy_from_slice(grad);
                **counted.lock().expect("alone") += 1;
            },
        );
        assert_eq!(got.data(), want.data(), "{units}x{inputs} on {rows}");
        assert!(strips > 1, "{units}x{inputs}");
    }
}

/// Whatever was picked, and by how many: units that ask nothing, few samples of the last block, halves and quarters of a group.
#[test]
fn picked_samples_give_the_sums_of_all() {
    let mut numbers = Numbers(12);
    let shapes = [
        (100, 784, 32),
        (37, 300, 70),
        (100, 196, 64),
        (90, 198, 7),
        (30, 530, 300),
    ];
    for (units, inputs, rows) in shapes {
        for kept in [0.0, 0.1, 0.7] {
            let mut delta = numbers.batch(units, rows, 0.0);
            for (unit, row) in (0..units).flat_map(|unit| (0..rows).map(move |row| (unit, row))) {
                if numbers.next().abs() > kept {
                    delta.set(row, unit, 0.0);
                }
            }
            let input = numbers.batch(inputs, rows, f64::INFINITY);
            let [all, picked] = [false, true].map(|picks| {
                let mut grad = Weights::<f32>::zeros(units, inputs);
                let mut panels = gradient::Panels::default();
                dispatch!(level(), s => {
                    match picks {
                        true => panels.load(s, Crew::ALONE, (&delta, &(0..units)), &input),
                        false => panels.load_later(s, Crew::ALONE, &input, 0),
                    }
                    gradient::weight_gradient(s, Crew::ALONE, &delta, &panels, &mut grad);
                });
                assert_eq!(panels.picks(), picks, "{units}x{inputs} on {rows}, {kept}");
                grad.data().iter().map(|g| g.to_bits()).collect::<Vec<_>>()
            });
            assert_eq!(all, picked, "{units}x{inputs} on {rows}, {kept}");
        }
    }
}

/// There is nothing to pick of a layer with half a group of inputs, however many units it has.
#[test]
fn units_of_few_inputs_pick_nothing() {
    let mut numbers = Numbers(13);
    let (units, inputs, rows) = (5000, 2, 80);
    let mut delta = numbers.batch(units, rows, 0.0);
    (0..rows).for_each(|row| (0..units / 2).for_each(|unit| delta.set(row, unit, 0.0)));
    let input = numbers.batch(inputs, rows, 0.0);
    let (mut got, mut want) = (Weights::zeros(units, inputs), Weights::zeros(units, inputs));
    f32::weight_gradient(&delta, &input, &mut got);
    plain::weight_gradient(&delta, &input, &mut want);
    assert_close(got.data(), want.data(), rows, "5000x2");
}

/// As on a processor whose registers hold two columns of sums beside each other.
#[test]
fn a_tile_of_two_columns_as_one_of_one() {
    const ROWS: usize = 12;
    let mut numbers = Numbers(3);
    let (units, inputs, rows) = (15, 37, 40);
    let (delta, input) = (
        numbers.batch(units, rows, 0.0),
        numbers.batch(inputs, rows, 0.0),
    );
    let mut want = Weights::zeros(units, inputs);
    f32::weight_gradient(&delta, &input, &mut want);
    let mut got = Weights::<f32>::zeros(units, inputs);
    let (ld, first) = (got.ld(), 2);
    let mut panels = gradient::Panels::default();
    dispatch!(level(), s => {
        panels.load_later(s, Crew::ALONE, &input, 0);
        let tile = tile::Tiles { first, rows: ROWS, count: 1 };
        let d = (&delta, 0..delta.blocks(), 0);
        gradient::gradient_tiles::<_, ROWS, 2>(s, tile, d, panels.groups(0), got.data_mut(), ld);
    });
    for (row, (got, want)) in got.rows().zip(want.rows()).enumerate() {
        let within = (first..first + ROWS).contains(&row);
        let want: Vec<f32> = (0..inputs)
            .map(|i| {
                if within && i < 2 * LANES {
                    want[i]
                } else {
                    0.0
                }
            })
            .collect();
        assert_eq!(got, want, "row {row}");
    }
}

/// The first `rows` of a batch.
fn first_rows(x: &Blocked<f32>, rows: usize) -> Blocked<f32> {
    Blocked::from_rows(x.to_array().slice(ndarray::s![..rows, ..]))
}

/// More blocks keep the same rows from the products of small layers.
#[test]
fn small_layers_have_the_sums_of_large_ones() {
    let mut numbers = Numbers(11);
    for (units, inputs) in [(1, 1), (8, 2), (5, 4), (8, 8), (3, 9), (18, 13), (7, 16)] {
        for rows in [1, 2, 3, 10, 15, 16, 17, 32, 60, 64] {
            let (w, b) = (numbers.weights(units, inputs), numbers.batch(units, 1, 0.0));
            let bias = values(&b);
            const MANY: usize = small::MOST_BLOCKS * LANES + 1;
            let x = numbers.batch(inputs, MANY, 0.0);
            let mut d = numbers.batch(units, MANY, 0.0);
            for unit in 0..units {
                (rows..MANY).for_each(|row| d.set(row, unit, 0.0));
            }
            let (small_x, small_d) = (first_rows(&x, rows), first_rows(&d, rows));
            assert!(small::is_small(&w, &small_x) && !small::is_small(&w, &x));

            let mut out = [(&x, MANY), (&small_x, rows)].map(|(x, room)| {
                let mut out = Blocked::zeros(units, room);
                f32::affine(&w, Some(&bias), x, &mut out);
                first_rows(&out, rows)
            });
            assert_eq!(out[0], out[1], "forward {units}x{inputs}x{rows}");
            out = [(&d, MANY), (&small_d, rows)].map(|(d, room)| {
                let mut out = Blocked::zeros(inputs, room);
                f32::affine_backward(&w, d, &mut out);
                first_rows(&out, rows)
            });
            assert_eq!(out[0], out[1], "backward {units}x{inputs}x{rows}");
            let [large, small] = [(&d, &x), (&small_d, &small_x)].map(|(d, x)| {
                let mut grad = Weights::zeros(units, inputs);
                // what is left there from before must not matter
                grad.data_mut().fill(7.0);
                f32::weight_gradient(d, x, &mut grad);
                grad
            });
            assert_eq!(large, small, "gradient {units}x{inputs}x{rows}");
        }
    }
}

#[test]
fn split_rows_give_the_same_bits() {
    let mut numbers = Numbers(2);
    let (units, inputs, rows) = (53, 101, 40);
    let dense = numbers.weights::<f32>(units, inputs).to_dense();
    let input = numbers.batch(inputs, rows, 0.0);
    let delta = numbers.batch(units, rows, 0.0);
    let share = |from: usize, to: usize| {
        let weights = Weights::from_dense(to - from, inputs, &dense[from * inputs..to * inputs]);
        let mut out = Blocked::zeros(to - from, rows);
        f32::affine(&weights, None, &input, &mut out);
        let mut own = Blocked::zeros(to - from, rows);
        for row in 0..rows {
            (from..to).for_each(|unit| own.set(row, unit - from, delta.get(row, unit)));
        }
        let mut grad = Weights::zeros(to - from, inputs);
        f32::weight_gradient(&own, &input, &mut grad);
        let forward: Vec<Vec<f32>> = (0..rows)
            .map(|row| (from..to).map(|unit| out.get(row, unit - from)).collect())
            .collect();
        (forward, grad.to_dense())
    };
    let (whole, whole_grad) = share(0, units);
    let ((low, low_grad), (high, high_grad)) = (share(0, 20), share(20, units));
    for row in 0..rows {
        assert_eq!(whole[row], [low[row].clone(), high[row].clone()].concat());
    }
    assert_eq!(whole_grad, [low_grad, high_grad].concat());
}

#[test]
fn the_largest_and_the_least_magnitude_pass_over_zeros_and_nans() {
    let found = |values: &[f32]| {
        let found = f32::extremes(values);
        assert_eq!(found, plain::extremes(values));
        assert_eq!(f32::bound(values), found.bound());
        (found.top, found.least, found.nan)
    };
    let mut values = [0.0f32; 3 * LANES];
    assert_eq!(found(&values), (0.0, f32::INFINITY, false));
    values[47] = f32::NEG_INFINITY;
    assert_eq!(found(&values), (f32::INFINITY, f32::INFINITY, false));
    values[5] = -3.0;
    values[20] = f32::NAN;
    values[40] = f32::from_bits(1);
    values[41] = 2.0;
    assert_eq!(found(&values), (f32::INFINITY, f32::from_bits(1), true));
    values[47] = 1.0;
    assert_eq!(found(&values), (3.0, f32::from_bits(1), true));
    let nans = [f32::NAN; LANES];
    assert_eq!(found(&nans), (0.0, f32::INFINITY, true));
    assert_eq!(f32::extremes(&nans).bound(), f64::INFINITY);
    assert_eq!(f32::bound(&nans), f64::INFINITY);
}

#[test]
fn a_batch_is_loaded_whatever_lies_between_its_rows() {
    let mut numbers = Numbers(4);
    for (rows, columns) in [(1, 1), (16, 16), (21, 37), (40, 100)] {
        let x = ndarray::Array2::from_shape_simple_fn((rows, columns), || numbers.next() as f32);
        let turned = x.t().to_owned();
        let picked: Vec<u32> = (0..rows as u32).rev().chain([0, 0]).collect();
        let named: Vec<usize> = picked.iter().map(|row| *row as usize).collect();
        for x in [x.view(), turned.t()] {
            assert_loaded(x.into(), x);
            let chosen = x.select(ndarray::Axis(0), &named);
            assert_loaded(Samples::picked(x, &picked), chosen.view());
        }
    }
}

/// Loads `x` as rows and as sequences of two steps, and compares it with what it stands for.
fn assert_loaded(x: Samples<'_>, expected: ndarray::ArrayView2<f32>) {
    let (rows, columns) = expected.dim();
    let mut batch = Blocked::<f32>::zeros(columns, rows);
    batch.fill(7.0);
    batch.load(x);
    assert_eq!(batch.to_array(), expected);
    assert_no_rows_beyond(&batch, rows);
    if !columns.is_multiple_of(2) {
        return;
    }
    let (features, padded) = (columns / 2, rows.next_multiple_of(LANES));
    let mut sequences = Blocked::<f32>::zeros(features, 2 * padded);
    sequences.fill(7.0);
    sequences.load_sequences(x, 2);
    let steps = sequences.to_array();
    for (step, found) in steps.axis_chunks_iter(ndarray::Axis(0), padded).enumerate() {
        let of_step = ndarray::s![.., step * features..(step + 1) * features];
        assert_eq!(
            found.slice(ndarray::s![..rows, ..]),
            expected.slice(of_step)
        );
        assert!(
            found
                .slice(ndarray::s![rows.., ..])
                .iter()
                .all(|v| *v == 0.0)
        );
    }
}

fn assert_no_rows_beyond(batch: &Blocked<f32>, rows: usize) {
    let last = batch.block(rows.div_ceil(LANES) - 1).as_chunks::<LANES>().0;
    let used = batch.lanes(rows.div_ceil(LANES) - 1);
    assert!(
        last.iter()
            .all(|lanes| lanes[used..].iter().all(|v| *v == 0.0))
    );
}
