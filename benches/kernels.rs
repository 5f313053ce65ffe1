//! What a step is made of: the three products, the activations with their derivatives, and the optimizers' updates.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fearless_simd::{Level, dispatch, prelude::*};
use gradlab::nn::activation::Activation;
use gradlab::nn::kernel::{Blocked, Real, Weights};
use gradlab::nn::optimizer::{Optimizer, Scalars, Slots};
use gradlab::nn::random::{Purpose, stream};
use gradlab::nn::vocabulary::Vocabulary;
use ndarray::Array2;
use rand::RngExt;
use std::time::Duration;

type Settings<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn settings<'a>(c: &'a mut Criterion, name: &str) -> Settings<'a> {
    let mut group = c.benchmark_group(name);
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .noise_threshold(0.03);
    group
}

/// Units, inputs and rows of the layers in which networks from tiny to wide spend their time.
const SHAPES: [(usize, usize, usize); 6] = [
    (8, 8, 10),
    (64, 64, 32),
    (100, 100, 64),
    (300, 784, 32),
    (100, 100, 128),
    (1024, 1024, 256),
];

fn numbers(count: usize) -> Vec<f32> {
    let mut rng = stream(1, Purpose::Data);
    (0..count)
        .map(|_| rng.random::<f32>() * 2.0 - 1.0)
        .collect()
}

fn rows(rows: usize, features: usize) -> Blocked<f32> {
    let x = Array2::from_shape_vec((rows, features), numbers(rows * features)).expect("a shape");
    Blocked::from_rows(x.view())
}

/// Elements are floating-point operations: Gelem/s reads as GFLOP/s.
fn products(c: &mut Criterion) {
    let mut group = settings(c, "products");
    for (units, inputs, batch) in SHAPES {
        let shape = format!("{units}x{inputs}, {batch} rows");
        let mut weights = Weights::from_dense(units, inputs, &numbers(units * inputs));
        let bias = numbers(units);
        let (mut below, mut above) = (rows(batch, inputs), rows(batch, units));
        group.throughput(Throughput::Elements((2 * units * inputs * batch) as u64));
        group.bench_function(BenchmarkId::new("forward", &shape), |b| {
            b.iter(|| f32::affine(&weights, Some(&bias), &below, &mut above));
        });
        group.bench_function(BenchmarkId::new("backward", &shape), |b| {
            b.iter(|| f32::affine_backward(&weights, &above, &mut below));
        });
        let below = rows(batch, inputs);
        group.bench_function(BenchmarkId::new("weight gradient", &shape), |b| {
            b.iter(|| f32::weight_gradient(&above, &below, &mut weights));
        });
        // what relu leaves; the operations of all samples are counted
        let half = rows(batch, units);
        let half = Blocked::from_rows(half.to_array().mapv(|d| d.max(0.0)).view());
        group.bench_function(BenchmarkId::new("weight gradient of half", &shape), |b| {
            b.iter(|| f32::weight_gradient(&half, &below, &mut weights));
        });
    }
    group.finish();
}

fn activations(c: &mut Criterion) {
    let mut group = settings(c, "activations");
    let pre = rows(64, 100);
    let mut out = pre.clone();
    let mut delta = pre.clone();
    group.throughput(Throughput::Elements(64 * 100));
    for entry in Activation::entries() {
        let activation = Activation::named(entry.name).expect("defaults");
        group.bench_function(BenchmarkId::new("value", entry.name), |b| {
            b.iter(|| f32::activate(&activation, &pre, &mut out));
        });
        group.bench_function(BenchmarkId::new("derivative", entry.name), |b| {
            b.iter(|| {
                // repeated, deltas would die away into the subnormal numbers, which some processors are slow on
                delta.fill(1.0);
                f32::activate_backward(&activation, &pre, &out, &mut delta);
            });
        });
    }
    group.finish();
}

fn updates(c: &mut Criterion) {
    const PARAMETERS: usize = 100 * 100;
    let mut group = settings(c, "updates");
    group.throughput(Throughput::Elements(PARAMETERS as u64));
    let momentum = Optimizer::named("sgd").map(|sgd| sgd.with_momentum(0.9));
    let plain = Optimizer::entries().iter().map(|entry| {
        let optimizer = Optimizer::named(entry.name).expect("defaults");
        (entry.name, optimizer)
    });
    for (name, optimizer) in plain.chain(momentum.map(|o| ("sgd with momentum", o))) {
        let mut scalars = Scalars::default();
        scalars.advance(&optimizer);
        let rule = optimizer.rule(1e-3, &scalars);
        let (mut parameters, grads) = (numbers(PARAMETERS), numbers(PARAMETERS));
        let mut slots = [(); 3].map(|()| vec![optimizer.initial_slot::<f32>(); PARAMETERS]);
        group.bench_function(name, |b| {
            b.iter(|| {
                let [first, second, third] = &mut slots;
                let slots: Slots<f32> = [first, second, third];
                // as the network calls it: compiled for the widest vectors of this processor
                dispatch!(Level::new(), s => s.vectorize(
                    #[inline(always)]
                    || rule.apply(&mut parameters, &grads, slots),
                ));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, products, activations, updates);
criterion_main!(benches);
