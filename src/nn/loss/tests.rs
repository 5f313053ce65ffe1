//! Two ways to one loss.

use super::*;
use proptest::prelude::*;

/// Of no weight beside any loss, but enough to be taken row by row.
const SMOOTHED: f64 = f64::MIN_POSITIVE;

/// The sum of the losses, the rows named, and the gradients.
fn found(rows: &[Vec<f32>], of: &[u32], smoothing: f64) -> (f64, Option<usize>, Vec<f32>) {
    let outputs = rows[0].len();
    let mut out = Blocked::<f32>::zeros(outputs, rows.len());
    for (row, logits) in rows.iter().enumerate() {
        for (k, z) in logits.iter().enumerate() {
            out.set(row, k, *z);
        }
    }
    let mut gradient = Blocked::<f32>::zeros(outputs, rows.len());
    gradient.fill(7.0);
    let targets = TargetsView::Classes(of);
    let sum = Loss::CrossEntropy
        .evaluate(smoothing, &out, &targets, Some(&mut gradient))
        .expect("classes that there are");
    assert_eq!(sum.rows, rows.len());
    (sum.sum, sum.correct, gradient.data().to_vec())
}

/// Equal but for rounding in f64; not finite only where the other is not.
fn same(a: f64, b: f64) -> bool {
    let finite = a.is_finite() || b.is_finite();
    !finite || (a - b).abs() <= 1e-12 * a.abs().max(1e-3)
}

fn logit() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -20.0f32..20.0,
        2 => (-3i8..3).prop_map(f32::from),
        1 => prop::sample::select(vec![1e30, -1e30, f32::NAN]),
    ]
}

fn batch() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<u32>)> {
    (2usize..=classes::MOST, 1usize..40).prop_flat_map(|(outputs, rows)| {
        let row = prop::collection::vec(logit(), outputs);
        let logits = prop::collection::vec(row, rows);
        let of = prop::collection::vec(0..outputs as u32, rows);
        (logits, of)
    })
}

proptest! {
    #[test]
    fn few_classes_have_the_loss_that_many_have((rows, of) in batch()) {
        let (few, many) = (found(&rows, &of, 0.0), found(&rows, &of, SMOOTHED));
        prop_assert!(same(few.0, many.0), "{} {}", few.0, many.0);
        prop_assert_eq!(few.1, many.1);
        for (a, b) in few.2.iter().zip(&many.2) {
            prop_assert!(same(f64::from(*a), f64::from(*b)), "{a} {b}");
        }
    }
}

#[test]
fn a_loss_near_zero_keeps_its_digits() {
    // ln(1 + e⁻³⁰) and its slope
    let (loss, named, gradient) = found(&[vec![30.0, 0.0]], &[0], 0.0);
    assert!(
        (loss / 9.357_622_968_840_175e-14 - 1.0).abs() < 1e-2,
        "{loss:e}"
    );
    assert_eq!(named, Some(1));
    assert!((f64::from(gradient[0]) / -9.357_622_968_839_299e-14 - 1.0).abs() < 1e-2);
}

#[test]
fn infinite_logits_cost_nothing_or_all() {
    let never = f32::NEG_INFINITY;
    let (loss, named, gradient) = found(&[vec![never, 1.0, 1.0]], &[2], 0.0);
    assert!((loss - 2f64.ln()).abs() < 1e-12, "{loss}");
    assert_eq!(named, Some(0), "the first of equals is what is named");
    assert_eq!(
        [gradient[0], gradient[LANES], gradient[2 * LANES]],
        [0.0, 0.5, -0.5]
    );
    for own in [0, 1] {
        let (loss, named, _) = found(&[vec![f32::INFINITY, 0.0]], &[own], 0.0);
        assert!(!loss.is_finite());
        assert_eq!(named, Some(0));
    }
}

/// One output names the second class above ½ where it is a value, above 0 where it is a logit.
#[test]
fn a_single_output_names_a_class_by_the_losses_boundary() {
    let right = |loss: &Loss, z: f32, class: u32| {
        let mut out = Blocked::<f32>::zeros(1, 1);
        out.set(0, 0, z);
        let targets = [class];
        let sum = loss.evaluate(0.0, &out, &TargetsView::Classes(&targets), None);
        sum.expect("classes that there are").correct == Some(1)
    };
    for (loss, z, class) in [
        (Loss::Mse {}, 0.3, 0),
        (Loss::Mse {}, 0.7, 1),
        (Loss::BinaryCrossEntropy, -0.3, 0),
        (Loss::BinaryCrossEntropy, 0.3, 1),
    ] {
        assert!(right(&loss, z, class), "{loss:?} {z}");
        assert!(!right(&loss, z, 1 - class), "{loss:?} {z}");
    }
}
