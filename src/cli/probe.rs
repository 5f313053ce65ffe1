//! `gradlab probe`: draws the weights, takes one batch forward and back, and shows every layer beside theory.

use super::apart::Apart;
use super::args::{Common, ProbeArgs};
use super::failure::{Failure, Status, say_unmet};
use super::judged::Judged;
use super::output::Output;
use super::report::loss_text;
use super::source;
use crate::data::{Dataset, Targets};
use crate::experiment::BatchSize;
use crate::export::curves::LayerLine;
use crate::insight::theory::{Predicted, Setting, Theory, predict};
use crate::insight::{Case, verdict};
use crate::nn::network::Trace;
use crate::telemetry::ThroughTime;
use crate::training::{Numbers, Session, Start, Tensor, TensorFile};
use serde::Serialize;

pub fn run(args: &ProbeArgs, common: &Common, output: &mut Output) -> Result<Status, Failure> {
    let loaded = source::load(&args.experiment, common)?;
    let mut files = Apart::of(&loaded);
    files.read("the weights of --weights", args.weights.as_deref());
    files.written("--dump", args.dump.as_deref())?;
    let batch_size = args
        .batch_size
        .unwrap_or(loaded.experiment.training.batch_size);
    let wanted = match batch_size {
        BatchSize::Rows(rows) => rows,
        BatchSize::Full => usize::MAX,
    };
    let start = Start {
        threads: common.threads,
        weights: args.weights.clone(),
        rows: Some(wanted),
        ..Start::default()
    };
    let mut session = Session::build(&loaded.experiment, &loaded.base_dir, &start, None, &|_| {})
        .map_err(|e| loaded.failed(e))?;
    let mut asked = loaded.experiment;
    asked.training.batch_size = batch_size;
    say_unmet(&asked, session.data());
    let rows = wanted.min(session.data().train.len());
    let trace = session
        .probe(rows)
        .map_err(|e| Failure::Misused(e.to_string()))?;
    if let Some(path) = &args.dump {
        let written = dump(&trace, session.data(), rows).write(path);
        written.map_err(|e| Failure::Failed(format!("the tensors were not written: {e}")))?;
    }
    let spec = session.network().spec();
    let setting = Setting::of(session.data(), rows);
    let theory = predict(spec, &setting);
    let case = Case {
        experiment: session.experiment(),
        spec,
        setting: &setting,
    };
    let verdict = verdict::judge(&trace.stats, &trace.time, trace.first_non_finite, &case);
    let seen = Seen {
        rows,
        trace: &trace,
        theory: theory.as_ref().ok(),
        verdict: verdict.into(),
    };
    if args.json {
        let json = serde_json::to_string(&seen.json())
            .map_err(|e| Failure::Failed(format!("the figures cannot be written: {e}")))?;
        output.line(json)?;
    } else {
        seen.table(output)?;
        if let Err(why) = &theory {
            output.line(why.to_string())?;
        }
    }
    Ok(Status::Done)
}

/// Everything of the pass under PyTorch's names, with the targets as `y`.
fn dump(trace: &Trace, data: &Dataset, rows: usize) -> TensorFile {
    let mut file = TensorFile::of(trace.tensors.iter().cloned());
    file.tensors.push(("y".into(), targets(data, rows)));
    file
}

/// Class numbers `[rows]` or values `[rows, targets]`; where there is a target at every step, the steps come after the rows.
fn targets(data: &Dataset, rows: usize) -> Tensor {
    let steps = data.time.filter(|_| data.time_targets);
    let count = rows * steps.unwrap_or(1);
    let mut shape: Vec<usize> = [rows].into_iter().chain(steps).collect();
    let numbers = match &data.train.y {
        Targets::Classes(classes) => {
            Numbers::I64(classes[..count].iter().map(|&c| i64::from(c)).collect())
        }
        Targets::Values(values) => {
            shape.push(values.ncols());
            let own = values.slice(ndarray::s![..count, ..]);
            Numbers::F32(own.iter().copied().collect())
        }
    };
    Tensor { shape, numbers }
}

struct Seen<'a> {
    rows: usize,
    trace: &'a Trace,
    theory: Option<&'a Theory>,
    verdict: Judged,
}

#[derive(Serialize)]
struct Json<'a> {
    loss: f64,
    accuracy: Option<f64>,
    rows: usize,
    global_grad_norm: f64,
    verdict: &'a Judged,
    theory: Option<TheoryJson>,
    layers: Vec<LayerJson<'a>>,
    /// Recurrent layers over the steps of their sequences.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    time: &'a [ThroughTime],
}

#[derive(Serialize)]
struct TheoryJson {
    chi: Option<f64>,
    depth_scale: Option<f64>,
    /// 5·Σ 1/n: theory is trustworthy far below 1.
    trust: f64,
    approximate: Option<&'static str>,
}

#[derive(Serialize)]
struct LayerJson<'a> {
    #[serde(flatten)]
    measured: LayerLine<'a>,
    predicted: Option<PredictedJson>,
}

#[derive(Serialize)]
struct PredictedJson {
    q_pre: f64,
    out_rms: f64,
    chi: Option<f64>,
    delta_rms: f64,
    grad_norm: f64,
    grad_rms: f64,
}

impl From<&Predicted> for PredictedJson {
    fn from(p: &Predicted) -> PredictedJson {
        PredictedJson {
            q_pre: p.q_pre,
            out_rms: p.out_rms,
            chi: p.chi,
            delta_rms: p.delta_rms,
            grad_norm: p.grad_norm,
            grad_rms: p.grad_rms,
        }
    }
}

/// `layer 1 through time: 5.81e-9 at step 1, ... 1.20e-1 at step 100; spectral radius 0.98`
fn through_time(time: &ThroughTime) -> String {
    let last = time.state_norms().len().saturating_sub(1);
    let mut steps: Vec<usize> = (0..=4).map(|quarter| last * quarter / 4).collect();
    steps.dedup();
    let norms: Vec<String> = steps
        .iter()
        .filter_map(|t| {
            Some(format!(
                "{:.2e} at step {}",
                time.state_norms().get(*t)?,
                t + 1
            ))
        })
        .collect();
    let radius = time.radius.map_or(String::new(), |r| match time.gate {
        Some(gate) => {
            format!("; carrying gate {gate:.4} open; candidate's spectral radius {r:.4}")
        }
        None => format!("; spectral radius {r:.4}"),
    });
    format!(
        "layer {} through time, |dL/d(state)|: {}{radius}",
        time.layer + 1,
        norms.join(", ")
    )
}

impl Seen<'_> {
    fn predicted(&self, layer: usize) -> Option<&Predicted> {
        self.theory?.layers.get(layer)
    }

    fn json(&self) -> Json<'_> {
        let layers = self.trace.stats.iter().enumerate();
        Json {
            loss: self.trace.score.loss,
            accuracy: self.trace.score.accuracy,
            rows: self.rows,
            global_grad_norm: self.trace.global_grad_norm,
            verdict: &self.verdict,
            theory: self.theory.map(|t| TheoryJson {
                chi: t.chi,
                depth_scale: t.depth_scale,
                trust: t.trust,
                approximate: t.approximate,
            }),
            layers: layers
                .map(|(layer, stats)| LayerJson {
                    measured: LayerLine { layer, stats },
                    predicted: self.predicted(layer).map(PredictedJson::from),
                })
                .collect(),
            time: &self.trace.time,
        }
    }

    /// From the top down, and with layers counted as the workbench and every sentence do.
    fn table(&self, output: &mut Output) -> Result<(), Failure> {
        let score = self.trace.score;
        let accuracy = score
            .accuracy
            .map_or(String::new(), |a| format!("  accuracy {:.2} %", 100.0 * a));
        output.line(format!(
            "{} rows  loss {}{accuracy}",
            self.rows,
            loss_text(score.loss)
        ))?;
        let head = " layer     delta     theory  grad_norm     theory   grad_rms   grad_max    out_mean    out_std  saturated   dead";
        let head = output.bold(head);
        output.line(head)?;
        let theirs = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.2e}"));
        let count = self.trace.stats.len();
        for (layer, s) in self.trace.stats.iter().enumerate().rev() {
            let predicted = self.predicted(layer);
            let layer = match layer + 1 {
                last if last == count => "output".to_string(),
                number => number.to_string(),
            };
            output.line(format!(
                "{layer:>6} {:>9.2e} {:>10} {:>10.2e} {:>10} {:>10.2e} {:>10.2e} {:>11.2e} {:>10.2e} {:>8.1} % {:>4.1} %",
                s.delta_rms,
                theirs(predicted.map(|p| p.delta_rms)),
                s.grad_norm,
                theirs(predicted.map(|p| p.grad_norm)),
                s.grad_rms,
                s.grad_max,
                s.out_mean,
                s.out_std,
                100.0 * s.saturated,
                100.0 * s.dead,
            ))?;
        }
        for time in &self.trace.time {
            output.line(through_time(time))?;
        }
        if let Some(theory) = self.theory {
            let chi = theory
                .chi
                .map_or(String::new(), |chi| match (1e-4..1e4).contains(&chi) {
                    true => format!("chi {chi:.4}  "),
                    false => format!("chi {chi:.1e}  "),
                });
            let depth = theory
                .depth_scale
                .map_or(String::new(), |d| format!("depth scale {d:.2}  "));
            output.line(format!(
                "theory: {chi}{depth}5·Σ1/n {:.3} (trustworthy far below 1){}",
                theory.trust,
                theory
                    .approximate
                    .map_or(String::new(), |why| format!("; rough: {why}"))
            ))?;
        }
        output.line(self.verdict.text())
    }
}
