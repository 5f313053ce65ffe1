//! A step allocates nothing, once its buffers are there: rates stay level, however long a run.

#[path = "nn/make.rs"]
#[allow(dead_code)]
mod make;

use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{Batch, BuildOptions, Network, Observe, StepOutcome, Time};
use gradlab::nn::spec::{Cell, Clip, Hyper, LayerKind, NetworkSpec, Regularize};
use gradlab::training::pool::Pool;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell as Counter;
use std::sync::Arc;

thread_local! {
    /// Of this thread alone: the test's harness has threads of its own.
    static ALLOCATIONS: Counter<usize> = const { Counter::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // a thread that ends may have no counter any more
        let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROWS: usize = 21;
const STEPS: usize = 7;

fn allocations(
    spec: &NetworkSpec,
    hyper: &Hyper,
    observe: Observe,
    time: Option<Time>,
    threads: usize,
) -> usize {
    let options = BuildOptions {
        seed: 3,
        batch_rows: ROWS,
        threads,
        time,
    };
    let mut network = Network::<f32>::new(spec, &options).expect("builds");
    if threads > 1 {
        network.set_team(Some(Arc::new(Pool::new(threads))));
    }
    let features = spec.inputs * time.map_or(1, |time| time.steps);
    let x = make::inputs(ROWS, features, 3);
    let y = make::Targets::of(&spec.loss, ROWS, 4, 3);
    network.initialize(x.view()).expect("draws");
    let mut outcome = StepOutcome::default();
    let mut before = 0;
    for step in 0..STEPS {
        // the first ones make the optimizer's state and the transposes' room
        if step == 2 {
            before = ALLOCATIONS.get();
        }
        let batch = Batch {
            x: x.view().into(),
            y: y.view(),
        };
        network
            .step_into(&batch, hyper, 0.01, observe, &mut outcome)
            .expect("fits");
        assert_eq!(outcome.first_non_finite, None);
    }
    ALLOCATIONS.get() - before
}

fn rich() -> NetworkSpec {
    let mut spec = make::spec(
        &[6, 70, 70, 70, 70, 4],
        &Activation::Tanh,
        Loss::CrossEntropy,
    );
    spec.layers[0].norm = make::named("batch");
    spec.layers[1].norm = make::named("layer");
    spec.layers[1].dropout = 0.3;
    spec.layers[2].activation = make::named("rrelu");
    spec.layers[2].skip = true;
    spec.layers[3].activation = make::named("prelu");
    spec
}

#[test]
fn a_step_allocates_nothing() {
    let dense = rich();
    let mut recurrent = make::spec(&[6, 9, 4], &Activation::Tanh, Loss::CrossEntropy);
    recurrent.layers[0].kind = LayerKind::Recurrent {
        cell: Cell::Plain,
        recurrent_init: Initializer::GlorotNormal,
    };
    let mut gated = recurrent.clone();
    gated.layers[0].kind = LayerKind::Recurrent {
        cell: make::named("lstm"),
        recurrent_init: Initializer::GlorotNormal,
    };
    let time = Some(Time {
        steps: 5,
        target_every_step: false,
    });
    let networks = [
        ("dense", &dense, None, 1),
        ("dense, two threads", &dense, None, 2),
        ("recurrent", &recurrent, time, 1),
        ("lstm", &gated, time, 1),
    ];
    for optimizer in ["sgd", "adam"] {
        for clip in [Clip::None, Clip::Norm { max: 0.1 }] {
            let hyper = Hyper {
                clip,
                regularize: Regularize {
                    l2: 1e-4,
                    ..Regularize::default()
                },
                ..make::hyper(make::named(optimizer))
            };
            for (name, spec, time, threads) in networks {
                for observe in [Observe::Loss, Observe::Stats] {
                    let found = allocations(spec, &hyper, observe, time, threads);
                    assert_eq!(found, 0, "{name}, {optimizer}, {observe:?}, {hyper:?}");
                }
            }
        }
    }
    // the counter counts
    let histograms = make::hyper(make::named("sgd"));
    assert!(allocations(&dense, &histograms, Observe::Full, None, 1) > 0);
}
