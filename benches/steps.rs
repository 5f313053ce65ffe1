//! A training step, whole: rows shuffled and gathered, forward, backward, update, telemetry.
//!
//! `run` measures what a run that is watched does: statistics and histograms of as many steps as the screen shows and a small
//! share of the time affords. `telemetry` takes every step's loss and gradient norm, every step's statistics of all layers, or
//! histograms too: what a run costs more than the first is what its telemetry takes.

mod workloads;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gradlab::training::{Detail, Pace, Session};
use std::hint::black_box;
use std::time::{Duration, Instant};
use workloads::WORKLOADS;

fn settings<'a>(c: &'a mut Criterion, name: &str) -> Settings<'a> {
    let mut group = c.benchmark_group(name);
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500))
        .noise_threshold(0.03);
    group
}

type Settings<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// Takes `steps` steps at this pace and returns how long that took.
fn timed(session: &mut Session, pace: &mut Pace, steps: u64) -> Duration {
    let start = Instant::now();
    let mut left = steps;
    while left > 0 {
        let (burst, detail) = pace.next(true);
        let began = Instant::now();
        let taken = black_box(session.advance(left.min(burst), detail));
        pace.advanced(taken.steps, taken.rows, began.elapsed(), detail);
        left -= taken.steps.max(1);
    }
    start.elapsed()
}

fn run(c: &mut Criterion) {
    let mut group = settings(c, "run");
    for workload in &WORKLOADS {
        let mut session = workload.session();
        let mut pace = Pace::new(Instant::now());
        group.throughput(Throughput::Elements(1));
        group.bench_function(workload.name, |b| {
            b.iter_custom(|steps| timed(&mut session, &mut pace, steps));
        });
    }
    group.finish();
}

fn telemetry(c: &mut Criterion) {
    let mut group = settings(c, "telemetry");
    group.measurement_time(Duration::from_millis(1000));
    let details = [
        ("off", Detail::Loss),
        ("stats", Detail::Stats),
        ("histograms", Detail::Histograms),
    ];
    for workload in &WORKLOADS {
        let mut session = workload.session();
        for (name, detail) in details {
            group.bench_function(BenchmarkId::new(workload.name, name), |b| {
                b.iter(|| black_box(session.advance(1, detail)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, run, telemetry);
criterion_main!(benches);
