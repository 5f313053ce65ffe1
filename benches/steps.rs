//! A training step, whole: rows shuffled and gathered, forward, backward, update, telemetry.
//!
//! `run` measures as a run does, one step in about 20 ms, as many as a screen shows. `telemetry` takes every step's loss and
//! gradient norm, every step's statistics of all layers, or histograms too.

mod workloads;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gradlab::training::{Detail, Session};
use std::hint::black_box;
use std::time::{Duration, Instant};
use workloads::WORKLOADS;

/// Time between two measured steps of a run.
const BURST: Duration = Duration::from_millis(20);

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

/// Takes `steps` steps and returns how long that took.
fn timed(session: &mut Session, steps: u64, burst: u64) -> Duration {
    let start = Instant::now();
    let mut left = steps;
    while left > 0 {
        let taken = session.advance(left.min(burst), Detail::Stats);
        left -= black_box(taken).steps.max(1);
    }
    start.elapsed()
}

/// Steps that fit between two measured ones.
fn burst(session: &mut Session) -> u64 {
    let mut steps = 1;
    loop {
        let took = timed(session, steps, steps);
        if took >= BURST {
            let a_step = (took.as_nanos() / u128::from(steps)).max(1);
            return u64::try_from(BURST.as_nanos() / a_step).unwrap_or(1).max(1);
        }
        steps *= 2;
    }
}

fn run(c: &mut Criterion) {
    let mut group = settings(c, "run");
    for workload in &WORKLOADS {
        let mut session = workload.session();
        let burst = burst(&mut session);
        group.throughput(Throughput::Elements(1));
        group.bench_function(workload.name, |b| {
            b.iter_custom(|steps| timed(&mut session, steps, burst));
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
