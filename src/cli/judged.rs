//! The verdict as JSON says it.

use crate::insight::verdict::Verdict;
use crate::nn::network::NonFinite;
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// `healthy`, `vanishing`, `exploding` or `diverged`
    pub kind: &'static str,
    /// The magnitude that says so.
    pub measure: &'static str,
    /// Decades a layer, or a step through time.
    pub slope: f64,
    /// The bottom's magnitude over the top's.
    pub ratio: f64,
    /// Layer from 0, and direction.
    pub non_finite: Option<NonFinite>,
    pub sentence: String,
    pub evidence: String,
    /// What the fix would change.
    pub fix: Option<String>,
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Judged {
        Judged {
            kind: verdict.kind.name(),
            measure: verdict.measure.name(),
            slope: verdict.slope,
            ratio: verdict.ratio,
            non_finite: verdict.non_finite,
            sentence: verdict.sentence,
            evidence: verdict.evidence,
            fix: verdict.fix.map(|fix| fix.label),
        }
    }
}

impl Judged {
    /// As people read it.
    pub fn text(&self) -> String {
        let fix = self.fix.as_ref().map(|f| format!("\nfix: {f}"));
        format!(
            "{}\n{}{}",
            self.sentence,
            self.evidence,
            fix.unwrap_or_default()
        )
    }
}
