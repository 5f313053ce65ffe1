//! Training a preset on the engine alone, to see whether its claim holds.

use gradlab::data::{self, Dataset, Rows, Targets};
use gradlab::experiment::{BatchSize, Experiment, presets, resolve};
use gradlab::nn::network::{Batch, BuildOptions, Network, NonFinite, Observe, TargetsView};
use gradlab::nn::schedule::Schedule;
use gradlab::nn::stats::{LayerStats, Score};
use ndarray::Axis;
use std::path::Path;

pub struct Trained {
    /// Of the first step, before any update.
    pub first: Vec<LayerStats>,
    pub first_non_finite: Option<NonFinite>,
    /// Mini-batch losses, a step each.
    pub losses: Vec<f64>,
    pub train: Score,
    pub test: Score,
}

/// A shipped preset with another seed.
pub fn seeded(name: &str, seed: u64) -> Experiment {
    Experiment {
        seed,
        ..preset(name)
    }
}

pub fn preset(name: &str) -> Experiment {
    presets::find(name)
        .unwrap_or_else(|| panic!("no preset {name}"))
        .experiment()
        .unwrap_or_else(|faults| panic!("{faults}"))
}

/// Trains so many steps, each epoch's rows in another order.
pub fn train(experiment: &Experiment, steps: usize) -> Trained {
    assert_eq!(
        experiment.training.schedule,
        Schedule::Constant,
        "presets keep their rate"
    );
    let data = load(experiment);
    let rows = data.train.len();
    let batch_rows = match experiment.training.batch_size {
        BatchSize::Rows(n) => n.min(rows),
        BatchSize::Full => rows,
    };
    let spec = resolve::network_spec(experiment, data.features, data.task).expect("fits");
    let options = BuildOptions {
        seed: experiment.seed,
        batch_rows,
        threads: 1,
        time: None,
    };
    let mut network: Network = Network::new(&spec, &options).expect("fits");
    network
        .initialize(data.train.x.slice(ndarray::s![..batch_rows, ..]))
        .expect("rows");
    let hyper = resolve::hyper(experiment);
    let rate = hyper.optimizer.learning_rate();
    let mut trained = Trained {
        first: Vec::new(),
        first_non_finite: None,
        losses: Vec::new(),
        train: Score::default(),
        test: Score::default(),
    };
    let mut order: Vec<usize> = Vec::new();
    for step in 0..steps {
        if order.len() < batch_rows {
            order = order_of(rows, trained.losses.len());
        }
        let picked = select(&data.train, &order.split_off(order.len() - batch_rows));
        let observe = if step == 0 {
            Observe::Stats
        } else {
            Observe::Loss
        };
        let outcome = network
            .step(&batch(&picked), &hyper, rate, observe)
            .expect("steps");
        if step == 0 {
            trained.first = outcome.stats;
        }
        trained.losses.push(outcome.score.loss);
        if outcome.first_non_finite.is_some() {
            trained.first_non_finite = outcome.first_non_finite;
            return trained;
        }
    }
    trained.train = network.evaluate(&batch(&data.train)).expect("rows");
    if !data.test.is_empty() {
        trained.test = network.evaluate(&batch(&data.test)).expect("rows");
    }
    trained
}

pub fn load(experiment: &Experiment) -> Dataset {
    data::load(&experiment.request(), Path::new("."), &|_| {}).expect("shipped or made")
}

/// A permutation of the rows, another one for each epoch: multiples of a step that shares no factor with their number.
fn order_of(rows: usize, epoch: usize) -> Vec<usize> {
    fn common(a: usize, b: usize) -> usize {
        if b == 0 { a } else { common(b, a % b) }
    }
    let from = rows / 3 + 7 * epoch % rows;
    let stride = (from..)
        .find(|&s| s > 1 && common(s, rows) == 1)
        .expect("rows + 1 is one");
    (0..rows).map(|i| (i * stride + epoch) % rows).collect()
}

fn select(rows: &Rows, picked: &[usize]) -> Rows {
    Rows {
        x: rows.x.select(Axis(0), picked),
        y: match &rows.y {
            Targets::Classes(classes) => {
                Targets::Classes(picked.iter().map(|&i| classes[i]).collect())
            }
            Targets::Values(values) => Targets::Values(values.select(Axis(0), picked)),
        },
    }
}

fn batch(rows: &Rows) -> Batch<'_> {
    let y = match &rows.y {
        Targets::Classes(classes) => TargetsView::Classes(classes),
        Targets::Values(values) => TargetsView::Values(values.view()),
    };
    Batch {
        x: rows.x.view().into(),
        y,
    }
}

/// g₁/g_L, over the weight layers from the bottom to the top.
pub fn bottom_over_top(stats: &[LayerStats], of: impl Fn(&LayerStats) -> f64) -> f64 {
    of(&stats[0]) / of(&stats[stats.len() - 1])
}

/// The smallest, the median and the largest of a figure over seeds, which are printed too.
pub fn spread(what: &str, mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let [low, median, high] = [values[0], values[last / 2], values[last]];
    println!(
        "{what}: {low:.4} - {median:.4} - {high:.4}, {} seeds",
        last + 1
    );
    [low, median, high]
}
