//! L1: weights that are exactly 0, and counted.

use super::session;
use gradlab::training::{Detail, Session};

const RATE: &str = "[training.optimizer]\nkind = \"sgd\"\nlearning_rate = 0.1\n";

fn zeros(session: &Session) -> (usize, usize) {
    let all = session.network().parameters();
    let weights = all.iter().filter(|t| t.name.ends_with("weight"));
    weights.fold((0, 0), |(zeros, count), t| {
        let here = t.data.iter().filter(|w| **w == 0.0).count();
        (zeros + here, count + t.data.len())
    })
}

#[test]
fn the_penalty_makes_weights_exactly_0_and_they_are_counted() {
    let mut sparse = session(&format!("{RATE}[training.regularize]\nl1 = 0.01\n"));
    let point = sparse.advance(400, Detail::Stats).point.expect("a point");
    let (zero, all) = zeros(&sparse);
    assert!(zero * 4 > all, "{zero} of {all}");
    let counts = || point.layers.iter().filter_map(|s| s.zeros);
    let counted: usize = counts().map(|z| z.zero_weights).sum();
    let weights: usize = counts().map(|z| z.weights).sum();
    assert_eq!((counted, weights), (zero, all));
    // What is left has learnt.
    let score = sparse.evaluate().expect("rows").expect("test rows");
    assert!(score.accuracy.expect("classes") > 0.9, "{score:?}");
}

#[test]
fn without_it_no_weight_is_0() {
    let mut dense = session(&format!("{RATE}[training.regularize]\nl2 = 0.01\n"));
    dense.advance(400, Detail::Stats);
    assert_eq!(zeros(&dense).0, 0);
}

/// Measured or not, the same bits.
#[test]
fn looking_changes_no_bit_of_a_sparse_run() {
    let rest = format!("{RATE}[training.regularize]\nl1 = 0.01\n");
    let (mut plain, mut looked) = (session(&rest), session(&rest));
    plain.advance(60, Detail::Loss);
    for _ in 0..60 {
        looked.advance(1, Detail::Histograms);
    }
    assert_eq!(super::bits(&plain), super::bits(&looked));
}

/// A weight that the loss takes across 0 is not stopped there: the less of the penalty there is, the less it changes.
#[test]
fn next_to_none_of_the_penalty_changes_next_to_nothing() {
    let run = |l1: &str| {
        let mut session = session(&format!("{RATE}[training.regularize]\nl1 = {l1}\n"));
        session.advance(100, Detail::Loss);
        session.network().parameters()
    };
    let distance = |l1: &str| {
        let both = run("0.0").into_iter().zip(run(l1));
        both.flat_map(|(a, b)| a.data.into_iter().zip(b.data))
            .map(|(a, b)| f64::from((a - b).abs()))
            .fold(0.0, f64::max)
    };
    assert_eq!(distance("1e-30"), 0.0);
    let (small, smaller) = (distance("1e-4"), distance("1e-5"));
    assert!(small < 0.05 && smaller < small / 3.0, "{small} {smaller}");
}
