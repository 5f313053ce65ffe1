//! A run as the screen knows it: what training said last, and a bounded history of what it measured.

use crate::experiment::{Experiment, resolve};
use crate::insight::overfit::{Gap, gap};
use crate::insight::{Verdict, verdict};
use crate::nn::spec::NetworkSpec;
use crate::telemetry::{History, LayerStats, Score, ThroughTime};
use crate::training::{
    DataView, Frame, Histograms, Point, RunInfo, Status, could_go_on, has_layers_of, stands_out,
};
use std::sync::Arc;

/// Buckets of a loss curve: more than a wide chart has dots across.
const CURVE: usize = 1024;
/// Most points with all layers' measures: enough for the columns of a wide chart.
const POINTS: usize = 512;

/// So many changes under way are marked.
const MOST_CHANGES: usize = 64;

/// Most points of a network of so many layers: as many as keep a record under about 9 MB, and never so few that a chart
/// has no shape.
fn max_points(layers: usize) -> usize {
    (100_000 / layers.max(1)).clamp(64, POINTS)
}

/// What was measured of one run, in bounded memory however long it goes on.
#[derive(Clone, Debug)]
pub struct Record {
    pub train_loss: History,
    pub test_loss: History,
    pub train_accuracy: History,
    pub test_accuracy: History,
    /// One point of every `span` steps, oldest first: the first, unless a later one stands out.
    points: Vec<Point>,
    span: u64,
    /// The newest point.
    pub latest: Option<Point>,
    /// The test loss of every evaluation once: points repeat it until the next one.
    evaluations: History,
    last_test: Option<Score>,
    /// The same of the training rows that are evaluated beside it.
    fitted: History,
    /// Training and test loss of the newest evaluation of both.
    compared: Option<(f64, f64)>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            train_loss: History::new(CURVE),
            test_loss: History::new(CURVE),
            train_accuracy: History::new(CURVE),
            test_accuracy: History::new(CURVE),
            points: Vec::new(),
            span: 1,
            latest: None,
            evaluations: History::new(CURVE),
            fitted: History::new(CURVE),
            last_test: None,
            compared: None,
        }
    }
}

impl Record {
    pub fn push(&mut self, point: Point) {
        let step = point.step;
        self.train_loss.push(step, point.train.loss);
        if let Some(accuracy) = point.train.accuracy {
            self.train_accuracy.push(step, accuracy);
        }
        if let Some(test) = point.test {
            self.test_loss.push(step, test.loss);
            if let Some(accuracy) = test.accuracy {
                self.test_accuracy.push(step, accuracy);
            }
            if self.last_test != Some(test) {
                self.last_test = Some(test);
                self.evaluations.push(step, test.loss);
            }
            if let Some(fitted) = point.fitted {
                if self.fitted.last() != Some(fitted.loss) {
                    self.fitted.push(step, fitted.loss);
                }
                self.compared = Some((fitted.loss, test.loss));
            }
        }
        let due = self
            .points
            .last()
            .is_none_or(|last| step / self.span != last.step / self.span);
        match self.points.last_mut() {
            Some(last) if !due => {
                // one that is told again has been evaluated since
                if last.step == step || stands_out(&point, last) {
                    last.clone_from(&point);
                }
            }
            _ => self.points.push(point.clone()),
        }
        let room = max_points(point.weight());
        self.latest = Some(point);
        while self.points.len() > room {
            self.span = self.span.saturating_mul(2);
            let span = self.span;
            self.points.dedup_by(|later, kept| {
                let joined = later.step / span == kept.step / span;
                if joined && stands_out(later, kept) {
                    std::mem::swap(later, kept);
                }
                joined
            });
        }
    }

    /// How much better the rows fare that are trained on, and since when that grows.
    pub fn gap(&self) -> Option<Gap> {
        let (train, test) = self.compared?;
        let tests: Vec<(u64, f64)> = self
            .evaluations
            .buckets()
            .iter()
            // of joined steps the lowest is looked for, and the last one may be far above it
            .map(|b| (b.last_step, b.min))
            .collect();
        let fitted = self.fitted.buckets().iter();
        let trains = fitted.map(|b| (b.last_step, b.last));
        gap(&tests, trains, train, test)
    }

    pub fn is_empty(&self) -> bool {
        self.latest.is_none()
    }

    /// The newest step.
    pub fn step(&self) -> u64 {
        self.latest.as_ref().map_or(0, |p| p.step)
    }

    pub fn layers(&self) -> &[LayerStats] {
        self.latest.as_ref().map_or(&[], |p| &p.layers)
    }

    /// A point's recurrent layers over their steps, with the last radii and gates that were reckoned by then.
    fn time_of(&self, point: &Point) -> Vec<ThroughTime> {
        let mut time = point.time.clone();
        for seen in &mut time {
            if let Some(reckoned) = self.reckoned(seen.layer, point.step) {
                (seen.radius, seen.gate) = (reckoned.radius, reckoned.gate);
            }
        }
        time
    }

    /// The verdict on a point of the record; none where nothing was measured, or of another network than this.
    pub fn verdict_on(&self, point: &Point, spec: &NetworkSpec) -> Option<Verdict> {
        let fits = !point.layers.is_empty() && point.layers.len() == spec.layers.len();
        fits.then(|| verdict::without_fix(&point.layers, &self.time_of(point), None, spec))
    }

    /// The same on the newest.
    pub fn verdict(&self, spec: &NetworkSpec) -> Option<Verdict> {
        self.verdict_on(self.latest.as_ref()?, spec)
    }

    /// A recurrent layer when its radius was last reckoned, up to this step.
    pub fn reckoned(&self, layer: usize, until: u64) -> Option<&ThroughTime> {
        let newest = self.latest.iter();
        let points = newest.chain(self.points.iter().rev());
        points
            .filter(|p| p.step <= until)
            .flat_map(|p| &p.time)
            .find(|t| t.layer == layer && t.radius.is_some())
    }

    /// The newest point, of those that are kept, all of whose layers' measures are finite.
    pub fn last_finite(&self) -> Option<&Point> {
        let finite = |s: &LayerStats| {
            let measures = [s.grad_rms, s.delta_rms, s.out_std, s.pre_std, s.weight_norm];
            measures.iter().all(|x| x.is_finite())
        };
        let mut newest_first = self.latest.iter().chain(self.points.iter().rev());
        newest_first.find(|p| !p.layers.is_empty() && p.layers.iter().all(finite))
    }

    /// The latest evaluation of the test rows.
    pub fn test(&self) -> Option<Score> {
        self.latest.as_ref().and_then(|p| p.test)
    }

    /// The kept point at a step, or the last one before it.
    pub fn at(&self, step: u64) -> Option<&Point> {
        let after = self.points.partition_point(|p| p.step <= step);
        self.points.get(after.saturating_sub(1))
    }

    /// The step of a kept point that is nearest to `step` on its way from `from`; none beyond the newest.
    pub fn step_towards(&self, step: u64, from: u64) -> Option<u64> {
        let after = |step| self.points.partition_point(|p| p.step <= step);
        let at = match step > from {
            true => after(step).saturating_sub(1).max(after(from)),
            false => after(step).saturating_sub(1),
        };
        let found = self.points.get(at).map(|p| p.step);
        found.filter(|found| *found < self.step())
    }

    /// The kept points, oldest first.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The steps of the kept points and the newest one, ascending.
    pub fn steps(&self) -> Vec<u64> {
        self.kept().map(|p| p.step).collect()
    }

    /// One value of every kept point and the newest one; NaN where there is none.
    pub fn values(&self, value: impl Fn(&Point) -> Option<f64>) -> Vec<f64> {
        self.kept().map(|p| value(p).unwrap_or(f64::NAN)).collect()
    }

    /// Kept points, then the newest where it is not among them.
    pub fn kept(&self) -> impl Iterator<Item = &Point> {
        let last = self.points.last().map(|p| p.step);
        let newest = self.latest.as_ref().filter(|p| Some(p.step) != last);
        self.points.iter().chain(newest)
    }
}

/// The run that goes on.
#[derive(Clone, Debug)]
pub struct Run {
    pub status: Status,
    pub info: Option<Arc<RunInfo>>,
    pub record: Record,
    pub rows_per_second: f64,
    pub histograms: Option<Arc<Histograms>>,
    /// What the network made of the data when it was last looked at.
    pub view: Option<Arc<DataView>>,
    /// The experiment that its last steps were taken with.
    pub experiment: Experiment,
    /// What it goes on as, and the step up to which it has not.
    next: Option<(Experiment, u64)>,
    /// Steps at which it was changed under way.
    pub changes: Vec<u64>,
    /// The experiment's network has other layers since, or the same in other places.
    pub(super) has_other_layers: bool,
}

impl Run {
    pub fn new(experiment: Experiment) -> Self {
        Self {
            status: Status::Loading("starting".into()),
            info: None,
            record: Record::default(),
            rows_per_second: 0.0,
            histograms: None,
            view: None,
            experiment,
            next: None,
            changes: Vec::new(),
            has_other_layers: false,
        }
    }

    /// The network that its last steps were taken with.
    pub(super) fn spec(&self) -> Option<NetworkSpec> {
        let data = self.info.as_ref()?.dataset.as_ref()?;
        resolve::for_data(&self.experiment, data).ok()
    }

    /// The experiment became another, whose network is this, if it can be built. Entries that are written in another way may be
    /// the same layers.
    pub(super) fn compare_layers(&mut self, experiment: &Experiment, spec: Option<&NetworkSpec>) {
        let is_same = || {
            let (own, new) = self.spec().zip(spec)?;
            has_layers_of(&own, new).then_some(())
        };
        self.has_other_layers = !self.record.is_empty()
            && self.experiment.network != experiment.network
            && is_same().is_none();
    }

    /// The experiment became another. Its steps are taken with that from here on, unless it starts the run again.
    pub fn goes_on_as(&mut self, experiment: &Experiment) {
        if could_go_on(&self.experiment, experiment) {
            self.next = Some((experiment.clone(), self.record.step()));
        }
    }

    /// It starts again: no step is taken with what it would have gone on as.
    pub fn ends(&mut self) {
        self.next = None;
    }

    /// Remembers that the experiment was changed now. What starts the run again leaves this one behind.
    pub fn note_change(&mut self) {
        let step = self.record.step();
        let ended = matches!(self.status, Status::Finished(_) | Status::Failed(_));
        if !self.record.is_empty() && !ended && self.changes.last() != Some(&step) {
            self.changes.push(step);
            let surplus = self.changes.len().saturating_sub(MOST_CHANGES);
            self.changes.drain(..surplus);
        }
    }

    /// Whether this frame belongs to a run that replaces this one.
    pub fn is_replaced_by(&self, frame: &Frame) -> bool {
        self.info
            .as_ref()
            .is_some_and(|info| info.run != frame.info.run)
    }

    pub fn take(&mut self, frame: Frame) {
        for point in frame.points {
            self.record.push(point);
        }
        let step = self.record.step();
        if let Some((experiment, _)) = self.next.take_if(|(_, until)| step > *until) {
            self.experiment = experiment;
        }
        self.status = frame.status;
        self.info = Some(frame.info);
        self.rows_per_second = frame.rows_per_second;
        if frame.histograms.is_some() {
            self.histograms = frame.histograms;
        }
        if frame.view.is_some() {
            self.view = frame.view;
        }
    }
}

/// A run that is kept beside the present one.
#[derive(Clone, Debug)]
pub struct Pinned {
    pub name: String,
    pub experiment: Experiment,
    /// Where that was opened.
    pub(super) origin: u64,
    pub record: Record,
    pub histograms: Option<Arc<Histograms>>,
    /// `vanishing`, where it was judged.
    pub verdict: Option<&'static str>,
    /// Pinned by hand, not left behind by an edit that restarted the run.
    pub kept: bool,
}

impl Pinned {
    /// What was measured of the layers at a step, or last.
    pub fn layers_at(&self, step: Option<u64>) -> &[LayerStats] {
        match step.and_then(|step| self.record.at(step)) {
            Some(point) => &point.layers,
            // Of a run that diverged the last figures are none.
            None => {
                let last = self.record.last_finite().or(self.record.latest.as_ref());
                last.map_or(&[], |point| &point.layers)
            }
        }
    }
}

/// What faces layer `layer` of `count` in another network: the output layer the output layer, the others by their number.
pub fn facing<T>(layers: &[T], layer: usize, count: usize) -> Option<&T> {
    match layers.split_last() {
        Some((output, _)) if layer + 1 == count => Some(output),
        Some((_, hidden)) => hidden.get(layer),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: u64, loss: f64) -> Point {
        Point {
            step,
            train: Score {
                loss,
                accuracy: None,
            },
            layers: vec![LayerStats {
                grad_norm: loss,
                ..LayerStats::default()
            }],
            ..Point::default()
        }
    }

    #[test]
    fn a_spike_of_one_step_stays_and_deep_nets_have_fewer_points() {
        let mut record = Record::default();
        for step in 0..100_000 {
            record.push(point(step, if step == 77_777 { 1e6 } else { 1.0 }));
        }
        assert!(record.points.iter().any(|p| p.layers[0].grad_norm == 1e6));
        assert!(record.points.windows(2).all(|w| w[0].step < w[1].step));
        let mut deep = Record::default();
        for step in 0..200 {
            let mut point = point(step, 1.0);
            point.layers = vec![LayerStats::default(); 10_000];
            deep.push(point);
        }
        assert!(deep.points.len() <= 64);
    }

    /// Points between two evaluations repeat the test score: one that is high by chance is one, however often it is repeated.
    #[test]
    fn an_evaluation_counts_once() {
        let mut record = Record::default();
        let mut push = |step: u64, test: f64| {
            let score = |loss| Score {
                loss,
                accuracy: None,
            };
            record.push(Point {
                test: Some(score(test)),
                fitted: Some(score(0.5)),
                ..point(step, 0.5)
            });
            record.gap().expect("compared").since
        };
        for (evaluation, test) in [1.3, 1.2, 1.1, 1.0, 1.2].into_iter().enumerate() {
            for step in 0..10 {
                let since = push(10 * evaluation as u64 + step, test);
                assert_eq!(since, None, "evaluation {evaluation}, step {step}");
            }
        }
        assert_eq!(push(50, 1.25), None, "the lowest is among the newest");
        assert_eq!(push(60, 1.25 + 1e-9), Some(30));
        assert_eq!(record.evaluations.buckets().len(), 7);
    }

    #[test]
    fn a_point_told_again_takes_the_place_of_what_it_was() {
        let mut record = Record::default();
        record.push(point(3, 1.0));
        let test = Some(Score::default());
        record.push(Point {
            test,
            ..point(3, 1.0)
        });
        let kept: Vec<_> = record.kept().map(|p| (p.step, p.test)).collect();
        assert_eq!(kept, [(3, test)]);
    }

    #[test]
    fn the_output_layers_of_two_networks_face_each_other() {
        let deep = [1, 2, 3, 4];
        let seen = |count: usize| -> Vec<u8> {
            let facing = |l| facing(&deep, l, count).copied().unwrap_or_default();
            (0..count).map(facing).collect()
        };
        assert_eq!(seen(4), [1, 2, 3, 4]);
        assert_eq!(seen(2), [1, 4]);
        assert_eq!(seen(6), [1, 2, 3, 0, 0, 4]);
        assert_eq!(facing::<u8>(&[], 0, 1), None);
    }

    #[test]
    fn the_record_is_bounded_and_keeps_the_newest_point() {
        let mut record = Record::default();
        for step in 0..100_000 {
            record.push(point(step, step as f64));
        }
        assert!(record.points.len() <= POINTS && record.points.len() > POINTS / 4);
        assert_eq!(record.step(), 99_999);
        let steps = record.steps();
        let values = record.values(|p| Some(p.layers[0].grad_norm));
        assert!(steps.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(
            (steps.last(), values.last()),
            (Some(&99_999), Some(&99_999.0))
        );
    }
}
