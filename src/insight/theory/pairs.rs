//! What two rows have in common. A weight's gradient is a sum over rows of δ·x: squared, it holds every product of two rows,
//! and rows that resemble each other have like errors and like inputs at once. A mean over all pairs would miss that.

use crate::data::Targets;
use ndarray::{Array2, ArrayView1};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Into so many groups, of equal size, pairs are put by what their inputs have in common.
pub const GROUPS: usize = 16;
/// Most pairs that are looked at, and most multiplications for them.
const MOST_PAIRS: usize = 20_000;
const MOST_WORK: usize = 20_000_000;
const FEWEST_PAIRS: usize = 200;
/// Most sums that [`OverAll`] keeps, and most products that it takes for them: about a second's.
const MOST_SUMS: usize = 10_000_000;
const MOST_PRODUCTS: usize = 1_000_000_000;

/// A figure of every group.
pub type Each = [f64; GROUPS];

/// Pairs of different rows that have about as much in common. Means over the group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pairs {
    /// Of all pairs.
    pub share: f64,
    /// Product of a feature in the one row and in the other.
    pub input: f64,
    /// Product of a target; of two classes, 0 and 1.
    pub target: f64,
    /// Share of pairs of one class; `None` where there are no classes, or nothing is known of them.
    pub alike: Option<f64>,
}

/// Pairs that have nothing in common.
pub fn strangers() -> [Pairs; GROUPS] {
    let mut groups = [Pairs::default(); GROUPS];
    groups[0].share = 1.0;
    groups
}

pub fn mean(pairs: &[Pairs; GROUPS], each: &Each) -> f64 {
    let parts = pairs.iter().zip(each);
    parts.map(|(pairs, value)| pairs.share * value).sum()
}

/// Of all pairs of rows, or so many drawn ones. `input` is the mean product of a feature over all pairs: what is known of all
/// is put right, since what sums to 0 over the rows must do so here too.
pub fn groups(x: &Array2<f32>, y: &Targets, input: f64) -> [Pairs; GROUPS] {
    let targets = match y {
        Targets::Values(values) => Compared::Values(values),
        Targets::Classes(classes) => Compared::BothSecond(classes),
    };
    let classes = match y {
        Targets::Values(_) => None,
        Targets::Classes(classes) => Some(Compared::Same(classes)),
    };
    let mut seen: Vec<Pairs> = chosen(x.nrows(), x.ncols())
        .into_iter()
        .map(|(a, b)| Pairs {
            share: 0.0,
            input: product(x.row(a), x.row(b)),
            target: targets.product(a, b),
            alike: classes.as_ref().map(|same| same.product(a, b)),
        })
        .collect();
    if seen.is_empty() {
        return strangers();
    }
    seen.sort_unstable_by(|a, b| a.input.total_cmp(&b.input));
    let count = seen.len();
    let mut groups = std::array::from_fn(|group| {
        averages(
            &seen[group * count / GROUPS..(group + 1) * count / GROUPS],
            count,
        )
    });
    let off = input - mean(&groups, &groups.map(|g| g.input));
    groups.iter_mut().for_each(|g| g.input += off);
    if let Some(all) = OverAll::of(x, &targets) {
        let put_right = all.put_right(&groups, groups.map(|g| g.target));
        (0..GROUPS).for_each(|g| groups[g].target = put_right[g]);
    }
    if let Some(all) = classes.and_then(|same| OverAll::of(x, &same)) {
        let put_right = all.put_right(&groups, groups.map(|g| g.alike.unwrap_or_default()));
        (0..GROUPS).for_each(|g| groups[g].alike = Some(put_right[g]));
    }
    groups
}

fn averages(members: &[Pairs], of: usize) -> Pairs {
    let average = |value: fn(&Pairs) -> f64| {
        members.iter().map(value).sum::<f64>() / members.len().max(1) as f64
    };
    Pairs {
        share: members.len() as f64 / of as f64,
        input: average(|p| p.input),
        target: average(|p| p.target),
        alike: members
            .first()
            .and_then(|first| first.alike)
            .map(|_| average(|p| p.alike.unwrap_or_default())),
    }
}

fn chosen(rows: usize, columns: usize) -> Vec<(usize, usize)> {
    let most = (MOST_WORK / columns.max(1)).clamp(FEWEST_PAIRS, MOST_PAIRS);
    if rows.saturating_mul(rows.saturating_sub(1)) / 2 <= most {
        return (0..rows)
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .collect();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut pair = || {
        let a = rng.random_range(0..rows);
        let b = rng.random_range(0..rows - 1);
        (a, b + usize::from(b >= a))
    };
    (0..most).map(|_| pair()).collect()
}

fn product(a: ArrayView1<f32>, b: ArrayView1<f32>) -> f64 {
    let each = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
    each.sum::<f64>() / a.len().max(1) as f64
}

/// What of two rows' targets is multiplied.
enum Compared<'a> {
    Values(&'a Array2<f32>),
    /// 1 for two rows of one class.
    Same(&'a [u32]),
    /// 1 for two rows of the second class.
    BothSecond(&'a [u32]),
}

impl Compared<'_> {
    fn product(&self, a: usize, b: usize) -> f64 {
        let is = |yes| f64::from(u8::from(yes));
        match self {
            Self::Values(values) => product(values.row(a), values.row(b)),
            Self::Same(classes) => is(classes[a] == classes[b]),
            Self::BothSecond(classes) => is(classes[a] == 1 && classes[b] == 1),
        }
    }

    /// The numbers whose products these are: how many a row, and those that are not 0, with their places.
    fn width(&self) -> usize {
        match self {
            Self::Values(values) => values.ncols(),
            Self::Same(classes) => classes.iter().max().map_or(0, |&c| c as usize + 1),
            Self::BothSecond(_) => 1,
        }
    }

    fn numbers(&self, row: usize, mut put: impl FnMut(usize, f64)) {
        match self {
            Self::Values(values) => {
                let row = values.row(row);
                (0..)
                    .zip(row)
                    .for_each(|(at, &value)| put(at, value.into()));
            }
            Self::Same(classes) => put(classes[row] as usize, 1.0),
            Self::BothSecond(classes) if classes[row] == 1 => put(0, 1.0),
            Self::BothSecond(_) => {}
        }
    }

    /// What a sum of products is divided by.
    fn divisor(&self) -> f64 {
        match self {
            Self::Values(values) => values.ncols().max(1) as f64,
            Self::Same(_) | Self::BothSecond(_) => 1.0,
        }
    }
}

/// Exact means over all pairs of different rows, by sums over rows alone: Σ over i ≠ j of y_i·y_j is |Σ y|² - Σ |y|², and so
/// with x⊗y.
struct OverAll {
    product: f64,
    /// Of the product with that of a feature.
    with_input: f64,
}

impl OverAll {
    /// `None` where the sums would take too much room or time.
    fn of(x: &Array2<f32>, compared: &Compared) -> Option<OverAll> {
        let (rows, columns, width) = (x.nrows(), x.ncols(), compared.width());
        let sums = columns.saturating_mul(width);
        let products = match compared {
            Compared::Values(_) => sums.saturating_mul(rows),
            Compared::Same(_) | Compared::BothSecond(_) => columns.saturating_mul(rows),
        };
        if rows < 2 || sums == 0 || sums > MOST_SUMS || products > MOST_PRODUCTS {
            return None;
        }
        let (mut sums, mut crossed) = (vec![0.0; width], vec![0.0; width * columns]);
        let (mut own, mut own_crossed) = (0.0, 0.0);
        for (row, inputs) in x.rows().into_iter().enumerate() {
            let mut square = 0.0;
            compared.numbers(row, |at, value| {
                sums[at] += value;
                square += value * value;
                let into = &mut crossed[at * columns..(at + 1) * columns];
                for (sum, &x) in into.iter_mut().zip(inputs) {
                    *sum += value * f64::from(x);
                }
            });
            own += square;
            if square > 0.0 {
                own_crossed += square * product(inputs, inputs) * columns as f64;
            }
        }
        let squared = |sums: &[f64]| sums.iter().map(|s| s * s).sum::<f64>();
        let pairs = rows as f64 * (rows - 1) as f64 * compared.divisor();
        Some(OverAll {
            product: (squared(&sums) - own) / pairs,
            with_input: (squared(&crossed) - own_crossed) / (pairs * columns as f64),
        })
    }

    /// The groups' figures, with the means that are known: shifted, and tilted over the inputs' products.
    fn put_right(&self, groups: &[Pairs; GROUPS], figures: Each) -> Each {
        let middle = mean(groups, &groups.map(|g| g.input));
        let off = self.product - mean(groups, &figures);
        let away = groups.map(|g| g.input - middle);
        let tilted = |slope: f64| std::array::from_fn(|g| figures[g] + off + slope * away[g]);
        let with_away = |each: &Each| mean(groups, &std::array::from_fn(|g| each[g] * away[g]));
        let spread = with_away(&away);
        if spread <= 0.0 {
            return tilted(0.0);
        }
        let wanted = self.with_input - self.product * middle;
        tilted((wanted - with_away(&figures)) / spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(rows: usize) -> (Array2<f32>, Vec<u32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let classes: Vec<u32> = (0..rows).map(|_| rng.random_range(0..3)).collect();
        let x = Array2::from_shape_fn((rows, 4), |(row, column)| {
            let own = f32::from(u8::from(classes[row] as usize == column));
            own + rng.random_range(-0.5..0.5)
        });
        (x, classes)
    }

    /// Means over all pairs, one by one.
    fn by_hand(x: &Array2<f32>, of: impl Fn(usize, usize) -> f64) -> f64 {
        let rows = x.nrows();
        let all = (0..rows).flat_map(|a| (0..rows).map(move |b| (a, b)));
        let sum: f64 = all.filter(|(a, b)| a != b).map(|(a, b)| of(a, b)).sum();
        sum / (rows * (rows - 1)) as f64
    }

    #[test]
    fn what_is_known_of_all_pairs_holds_for_the_groups() {
        // more pairs than are looked at
        let (x, classes) = made(400);
        let input = |a: usize, b: usize| product(x.row(a), x.row(b));
        let same = |a: usize, b: usize| f64::from(u8::from(classes[a] == classes[b]));
        let overall = by_hand(&x, input);
        let groups = groups(&x, &Targets::Classes(classes.clone()), overall);
        let alike = groups.map(|g| g.alike.expect("classes"));
        let inputs = groups.map(|g| g.input);
        let both = std::array::from_fn(|g| alike[g] * inputs[g]);
        for (got, want) in [
            (mean(&groups, &inputs), overall),
            (mean(&groups, &alike), by_hand(&x, same)),
            (
                mean(&groups, &both),
                by_hand(&x, |a, b| same(a, b) * input(a, b)),
            ),
        ] {
            assert!((got - want).abs() < 1e-9, "{got} is not {want}");
        }
        assert!(alike[GROUPS - 1] > 0.9 && alike[0] < 0.1, "{alike:?}");
    }

    #[test]
    fn values_too() {
        let (x, _) = made(30);
        let y = Array2::from_shape_fn((30, 2), |(row, column)| x[[row, column]] * 3.0 + 1.0);
        let target = |a: usize, b: usize| product(y.row(a), y.row(b));
        let input = |a: usize, b: usize| product(x.row(a), x.row(b));
        let groups = groups(&x, &Targets::Values(y.clone()), by_hand(&x, input));
        let targets = groups.map(|g| g.target);
        let both = std::array::from_fn(|g| targets[g] * groups[g].input);
        assert!((mean(&groups, &targets) - by_hand(&x, target)).abs() < 1e-5);
        let want = by_hand(&x, |a, b| target(a, b) * input(a, b));
        assert!((mean(&groups, &both) - want).abs() < 1e-5);
    }

    #[test]
    fn one_row_has_no_pairs() {
        let x = Array2::zeros((1, 3));
        assert_eq!(groups(&x, &Targets::Classes(vec![0]), 0.0), strangers());
    }
}
