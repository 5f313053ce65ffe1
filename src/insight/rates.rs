//! What a sweep over learning rates says (Smith 2017, "Cyclical learning rates for training neural networks", section 3.3):
//! the rate rises exponentially from step to step, and the loss over its logarithm shows from where on it falls, where it
//! falls fastest and where it leaves.

/// Half a width of the smoothing in decades: the deviation of its Gaussian weights.
const SMOOTHING: f64 = 0.15;
/// A loss that falls by less than this share says nothing of the rate: an output layer that learns no more than how frequent
/// the classes are can take off a tenth.
const LEAST_FALL: f64 = 0.15;
/// The share of its whole fall that a loss has to have fallen by for good before its slope is that of learning, and not of one
/// batch beside the next.
const BEGUN: f64 = 0.1;
/// Decades below the rate of the lowest loss within which it falls by learning. A network whose first draw says too much falls
/// before, at any rate, to what guessing costs.
const NEAR: f64 = 2.0;
/// A loss above so many times the lowest has left for good.
const LEFT: f64 = 4.0;
/// Newest losses that are averaged to see whether it has left.
const NEWEST: usize = 5;

/// A sweep read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The losses, smoothed over the logarithm of the rate.
    pub smooth: Vec<f64>,
    pub suggestion: Option<Suggestion>,
}

/// Places on the sweep, as indices of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Where the loss falls fastest.
    pub steepest: usize,
    /// Where it is lowest.
    pub lowest: usize,
    /// Beyond that it rises again: the rate is too high there.
    pub leaves: bool,
}

/// Reads a sweep. `rates` ascend and are positive; there is one loss for each. No suggestion where the loss hardly falls.
pub fn read(rates: &[f64], losses: &[f64]) -> Reading {
    let finite = losses.iter().take_while(|l| l.is_finite()).count();
    let count = finite.min(rates.len());
    let points: Vec<(f64, f64)> = rates
        .iter()
        .map(|r| r.log10())
        .zip(losses.iter().copied())
        .take(count)
        .collect();
    let lines: Vec<(f64, f64)> = points.iter().map(|(x, _)| line_at(&points, *x)).collect();
    let smooth: Vec<f64> = lines.iter().map(|l| l.0).collect();
    let decades: Vec<f64> = points.iter().map(|p| p.0).collect();
    let mut suggestion = suggest(&decades, &lines);
    if let Some(found) = &mut suggestion {
        found.leaves |= finite < losses.len();
    }
    Reading { smooth, suggestion }
}

/// The value and the slope at `x` of the straight line that fits best, nearer points weighing more.
fn line_at(points: &[(f64, f64)], x: f64) -> (f64, f64) {
    let (mut n, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (px, py) in points {
        let away = px - x;
        let weight = (-0.5 * (away / SMOOTHING).powi(2)).exp();
        n += weight;
        sx += weight * away;
        sy += weight * py;
        sxx += weight * away * away;
        sxy += weight * away * py;
    }
    let spread = n * sxx - sx * sx;
    let slope = if spread > 1e-9 * n * n {
        (n * sxy - sx * sy) / spread
    } else {
        0.0
    };
    ((sy - slope * sx) / n, slope)
}

fn suggest(decades: &[f64], lines: &[(f64, f64)]) -> Option<Suggestion> {
    let start = beginning(lines.iter().map(|l| l.0))?;
    let (lowest, low) = lines
        .iter()
        .map(|l| l.0)
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    if start - low < LEAST_FALL * start.abs() {
        return None;
    }
    let fallen = start - BEGUN * (start - low);
    let begun = lines[..lowest].iter().rposition(|l| l.0 > fallen);
    let near = decades.partition_point(|x| *x < decades[lowest] - NEAR);
    let (steepest, _) = (0..=lowest)
        .zip(lines.iter().map(|l| l.1))
        .skip(begun.unwrap_or(0).max(near))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let risen = low + BEGUN * (start - low);
    let leaves = lines[lowest..].iter().any(|l| l.0 > risen);
    Some(Suggestion {
        steepest,
        lowest,
        leaves,
    })
}

/// The loss before the rate does anything: the mean of the first tenth.
fn beginning(losses: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let tenth = (losses.len() / 10).max(1);
    let first: Vec<f64> = losses.take(tenth).collect();
    (!first.is_empty()).then(|| first.iter().sum::<f64>() / first.len() as f64)
}

/// Whether the loss has left for good, so that higher rates need not be tried.
pub fn has_left(losses: &[f64]) -> bool {
    if losses.last().is_some_and(|l| !l.is_finite()) {
        return true;
    }
    if losses.len() < 4 * NEWEST {
        return false;
    }
    let mean = |l: &[f64]| l.iter().sum::<f64>() / l.len() as f64;
    let newest = mean(&losses[losses.len() - NEWEST..]);
    let lowest = losses
        .chunks_exact(NEWEST)
        .map(mean)
        .fold(f64::INFINITY, f64::min);
    let start = beginning(losses.iter().copied()).unwrap_or(f64::INFINITY);
    newest > LEFT * lowest && newest > 1.5 * start
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty rates a decade from 1e-5 on.
    fn rates(count: usize) -> Vec<f64> {
        (0..count)
            .map(|i| 10f64.powf(-5.0 + i as f64 / 40.0))
            .collect()
    }

    /// Falls from 2.3 to 0.3 around 10^-2, leaves from 10^0 on.
    fn loss(log_rate: f64, noise: f64) -> f64 {
        let fall = 2.0 / (1.0 + (-4.0 * (log_rate + 2.0)).exp());
        2.3 - fall + (4.0 * log_rate).exp() + noise
    }

    #[test]
    fn the_steepest_fall_is_found_through_noise() {
        let rates = rates(230);
        let noise = |i: usize| 0.15 * ((i * 7919 % 101) as f64 / 50.0 - 1.0);
        let losses: Vec<f64> = rates
            .iter()
            .enumerate()
            .map(|(i, r)| loss(r.log10(), noise(i)))
            .collect();
        let found = read(&rates, &losses).suggestion.expect("a fall");
        assert!((rates[found.steepest].log10() + 2.0).abs() < 0.2);
        assert!((-1.5..0.0).contains(&rates[found.lowest].log10()));
    }

    #[test]
    fn a_loss_that_stays_low_to_the_end_says_nothing_of_what_is_too_high() {
        let rates = rates(230);
        let fall = |x: f64| 1.0 - 1.0 / (1.0 + (-4.0 * (x + 2.0)).exp());
        let losses: Vec<f64> = rates.iter().map(|r| fall(r.log10())).collect();
        let found = read(&rates, &losses).suggestion.expect("a fall");
        assert!(!found.leaves);
        let losses: Vec<f64> = rates.iter().map(|r| loss(r.log10(), 0.0)).collect();
        assert!(read(&rates, &losses).suggestion.expect("a fall").leaves);
    }

    #[test]
    fn a_dip_before_the_fall_is_no_fall() {
        let rates = rates(230);
        // far before the lowest loss and near it; each fall is so slow that the dip is steeper
        for (depth, place, slow, fall) in [(0.6, -4.5, 2.0, -2.0), (0.9, -2.4, 5.0, -1.2)] {
            let dip = |x: f64| -depth * (-(8.0 * (x - place)).powi(2)).exp();
            let loss = |x: f64| 2.3 - 1.2 / (1.0 + (-slow * (x - fall)).exp()) + (4.0 * x).exp();
            let decades = rates.iter().map(|r| r.log10());
            let losses: Vec<f64> = decades.map(|x| loss(x) + dip(x)).collect();
            let found = read(&rates, &losses).suggestion.expect("a fall");
            let off = rates[found.steepest].log10() - fall;
            assert!((-0.6..0.6).contains(&off), "{place}: {off}");
        }
    }

    /// As thirty relu layers drawn by He do: from 2.7 to 2.3 at the smallest rates, and later, slower, by learning.
    #[test]
    fn a_fall_to_what_guessing_costs_is_no_learning() {
        let rates = rates(230);
        let fall =
            |log_rate: f64, at: f64, steep: f64| 1.0 / (1.0 + (-steep * (log_rate - at)).exp());
        let losses: Vec<f64> = rates
            .iter()
            .map(|r| r.log10())
            .map(|x| 2.7 - 0.4 * fall(x, -4.4, 9.0) - 0.3 * fall(x, -2.0, 3.0) + (4.0 * x).exp())
            .collect();
        let found = read(&rates, &losses).suggestion.expect("a fall");
        let steepest = rates[found.steepest].log10();
        assert!((-2.6..-1.4).contains(&steepest), "{steepest}");
    }

    #[test]
    fn a_loss_that_does_not_fall_suggests_nothing() {
        let rates = rates(200);
        let losses = vec![2.3; 200];
        assert_eq!(read(&rates, &losses).suggestion, None);
        assert_eq!(read(&[], &[]), Reading::default());
    }

    #[test]
    fn what_follows_an_overflow_is_not_read() {
        let rates = rates(200);
        let mut losses: Vec<f64> = rates.iter().map(|r| loss(r.log10(), 0.0)).collect();
        losses[180] = f64::NAN;
        let reading = read(&rates, &losses);
        assert_eq!(reading.smooth.len(), 180);
        assert!(reading.suggestion.is_some());
        assert!(has_left(&losses[..=180]));
    }

    #[test]
    fn it_has_left_when_it_is_far_above_the_lowest_and_the_start() {
        let all = rates(260);
        let losses: Vec<f64> = all.iter().map(|r| loss(r.log10(), 0.0)).collect();
        assert!(!has_left(&losses[..200]));
        assert!(has_left(&losses));
    }
}
