//! What stays of an earlier report where its run goes on: the lines up to the step that the run goes on from.

use super::args::ReportFormat;
use super::report::STATUSES;
use crate::export::curves::csv_header;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::io::{self, BufRead, Read};

/// No line of a report is longer.
const LONGEST: u64 = 1 << 26;

/// What a line of a report is.
#[derive(Debug, PartialEq)]
enum Line {
    Header,
    /// A point of this step.
    Of(u64),
    /// How a run ended, which it no longer has.
    Ending,
    Foreign,
}

/// The bytes that stay of the report of a run of so many layers that goes on after `step`; what is behind them is of steps
/// that are taken again, of an end, or half written. `None`: this is no such report.
///
/// # Errors
/// Those of reading.
pub fn kept(
    format: ReportFormat,
    layers: usize,
    mut report: impl BufRead,
    step: u64,
) -> io::Result<Option<u64>> {
    let header = csv_header(false, layers);
    let (mut kept, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let length = report.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
        let is_whole = line.ends_with(b"\n");
        let found = match std::str::from_utf8(&line) {
            Ok(text) if is_whole => told(format, &header, text.trim_end()),
            _ => Line::Foreign,
        };
        let has_its_place = format != ReportFormat::Csv || (kept == 0) == (found == Line::Header);
        match found {
            Line::Header | Line::Of(..) if !has_its_place => break,
            Line::Header => {}
            Line::Of(of) if of <= step => {}
            Line::Of(_) | Line::Ending => return Ok(Some(kept)),
            Line::Foreign => break,
        }
        kept += length as u64;
    }
    Ok((kept > 0 || line.is_empty()).then_some(kept))
}

fn told(format: ReportFormat, header: &str, line: &str) -> Line {
    match format {
        ReportFormat::Csv if line == header => Line::Header,
        ReportFormat::Csv => step(line.split(',').next()),
        ReportFormat::Text => of_text(line),
        ReportFormat::Jsonl => of_json(line),
    }
}

fn step(word: Option<&str>) -> Line {
    let number = word.and_then(|word| word.parse().ok());
    number.map_or(Line::Foreign, Line::Of)
}

fn of_text(line: &str) -> Line {
    let status = line.split_once(": ").map(|(status, _)| status);
    let mut words = line.split_whitespace();
    match words.next() {
        Some("step") => step(words.next()),
        _ if status.is_some_and(|s| STATUSES.contains(&s)) => Line::Ending,
        _ => Line::Foreign,
    }
}

fn of_json(line: &str) -> Line {
    #[derive(Deserialize)]
    struct Row {
        step: Option<u64>,
        done: Option<IgnoredAny>,
    }
    match serde_json::from_str(line) {
        Ok(Row { step: Some(of), .. }) => Line::Of(of),
        Ok(Row { done: Some(_), .. }) => Line::Ending,
        _ => Line::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::report::{Done, Report};
    use crate::telemetry::LayerStats;
    use crate::training::Point;

    const FORMATS: [ReportFormat; 3] = [ReportFormat::Text, ReportFormat::Jsonl, ReportFormat::Csv];

    fn report(format: ReportFormat, steps: &[u64], ends: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut report = Report::new(format, &mut out);
        for &step in steps {
            let layers = vec![LayerStats::default(); 2];
            let point = Point {
                step,
                layers,
                ..Point::default()
            };
            report.point(&point).expect("memory");
        }
        if ends {
            let done = Done::<()> {
                status: "stopped",
                reason: "by a signal".into(),
                step: 4,
                epoch: 1.0,
                loss: None,
                accuracy: None,
                test_loss: None,
                test_accuracy: None,
                restored: None,
                verdict: None,
                sentence: String::new(),
            };
            report.done(&done).expect("memory");
        }
        out
    }

    #[test]
    fn the_lines_up_to_the_step_stay_and_no_ending() {
        for format in FORMATS {
            let kept = |text: &[u8]| {
                kept(format, 2, text, 4)
                    .expect("memory")
                    .map(|n| n as usize)
            };
            let earlier = report(format, &[2, 4], false);
            assert_eq!(kept(&earlier), Some(earlier.len()));
            let later = report(format, &[2, 4, 6], true);
            assert_eq!(kept(&later), Some(earlier.len()), "{format:?}");
            let ended = report(format, &[2, 4], true);
            assert_eq!(kept(&ended), Some(earlier.len()), "{format:?}");
            let half = &later[..earlier.len() + 5];
            assert_eq!(kept(half), Some(earlier.len()), "{format:?}");
            assert_eq!(kept(b""), Some(0));
            let begun = match format {
                ReportFormat::Csv => csv_header(false, 2) + "\n",
                _ => String::new(),
            };
            assert_eq!(kept(begun.as_bytes()), Some(begun.len()));
            let before_any = report(format, &[], true);
            assert_eq!(kept(&before_any), Some(0), "{format:?}");
        }
    }

    #[test]
    fn what_is_no_report_of_this_run_is_told_from_one() {
        for format in FORMATS {
            let mut others: Vec<Vec<u8>> = FORMATS
                .into_iter()
                .filter(|other| *other != format)
                .map(|other| report(other, &[2], false))
                .collect();
            others.extend([b"precious\n".to_vec(), b"precious".to_vec(), vec![0xff; 9]]);
            for other in others {
                let kept = kept(format, 2, &other[..], 4).expect("memory");
                assert_eq!(kept, None, "{format:?} {other:?}");
            }
        }
        let deeper = report(ReportFormat::Csv, &[2], false);
        let kept = kept(ReportFormat::Csv, 3, &deeper[..], 4).expect("memory");
        assert_eq!(kept, None, "other columns");
    }
}
