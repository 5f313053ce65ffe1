//! Gradients of whole networks against the reference cases: every tensor within the file's own tolerance.

use crate::reference::{self, Case, Tensors};
use gradlab::nn::network::{Batch, BuildOptions, Network, ProbeOptions, Trace};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn probe(case: &Case, tensors: &Tensors) -> Trace {
    let x = reference::matrix(&tensors["x"]);
    let y = reference::targets(tensors, &case.spec.loss);
    let options = BuildOptions {
        seed: 1,
        batch_rows: x.nrows().max(2),
        threads: 1,
        time: None,
    };
    let mut network = Network::<f32>::new(&case.spec, &options).expect("builds");
    let own: Vec<String> = network.parameters().into_iter().map(|t| t.name).collect();
    // per-unit slopes of PReLU come as tensors of that shape
    network
        .load_parameters(&reference::parameters(tensors, &own))
        .expect("parameters fit");
    let masks: Vec<_> = (0..case.spec.layers.len())
        .map(|i| reference::mask(tensors, i))
        .collect();
    let options = ProbeOptions {
        regularize: case.regularize,
        evaluation: case.evaluation,
        masks: masks.iter().map(reference::view).collect(),
    };
    network
        .probe_with(
            &Batch {
                x: x.view().into(),
                y: y.view(),
            },
            &options,
        )
        .expect("the batch fits")
}

/// What a case showed: the largest error as a share of each tolerance, and of the tensor's largest value.
#[derive(Debug, Default)]
struct Found {
    faults: Vec<String>,
    compared: usize,
    worst_of_tolerance: f64,
    worst_relative: f64,
}

fn compare(json: &Json, tensors: &Tensors, trace: &Trace) -> Found {
    let rules = &json["f32"];
    let chaotic = rules["conditioning"] == "chaotic";
    let listed = |list: &str, name: &str| {
        rules["nonfinite"][list]
            .as_array()
            .is_some_and(|names| names.iter().any(|n| n == name))
    };
    let got: BTreeMap<&str, &[f32]> = trace
        .tensors
        .iter()
        .map(|t| (t.name.as_str(), &t.data[..]))
        .collect();
    let loss = [trace.score.loss as f32];
    let mut found = Found::default();
    for (name, want) in tensors {
        let got = match name.as_str() {
            "loss" => Some(&loss[..]),
            _ => got.get(reference::our_name(name).as_str()).copied(),
        };
        let expected = name.starts_with("grad.")
            || name.starts_with("delta.layers")
            || name == "loss"
            || name.ends_with(".pre")
            || name.ends_with(".out");
        if !expected {
            continue;
        }
        let Some(got) = got else {
            found.faults.push(format!("{name}: not in the trace"));
            continue;
        };
        found.compared += 1;
        if listed("must", name) {
            if got.iter().all(|v| v.is_finite()) {
                found.faults.push(format!("{name}: should not be finite"));
            }
            continue;
        }
        if listed("either", name) || chaotic {
            continue;
        }
        let Some(tolerance) = rules["atol"][name].as_f64() else {
            found.faults.push(format!("{name}: no tolerance"));
            continue;
        };
        let errors = got
            .iter()
            .zip(&want.data)
            .map(|(&g, w)| (f64::from(g) - w).abs());
        let error = errors.fold(0.0, |a: f64, b| if b > a || b.is_nan() { b } else { a });
        if error.is_nan() || error > tolerance || got.len() != want.data.len() {
            found
                .faults
                .push(format!("{name}: off by {error:e}, allowed {tolerance:e}"));
        }
        found.worst_of_tolerance = found.worst_of_tolerance.max(error / tolerance);
        let top = want.data.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        let loose = rules["loose"]
            .as_array()
            .is_some_and(|l| l.iter().any(|n| n == name));
        if top > 0.0 && !loose {
            found.worst_relative = found.worst_relative.max(error / top);
        }
    }
    if chaotic {
        compare_magnitudes(json, trace, &mut found);
    }
    found
}

/// In chaotic cases only magnitudes can agree.
fn compare_magnitudes(json: &Json, trace: &Trace, found: &mut Found) {
    let tolerances = &json["f32"]["layer_l2_log10_tolerance"];
    for (i, layer) in json["expected"]["layers"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let tolerance = tolerances
            .as_f64()
            .or_else(|| tolerances[i].as_f64())
            .expect("a tolerance");
        let want = layer["grad_weight"]["l2"].as_f64().expect("a norm");
        let off = (trace.stats[i].grad_norm.log10() - want.log10()).abs();
        if off.is_nan() || off > tolerance {
            found.faults.push(format!(
                "layer {i}: norm off by {off} decades, allowed {tolerance}"
            ));
        }
    }
}

/// Norms of each layer's gradient against those of the exact tensors.
fn compare_statistics(json: &Json, trace: &Trace, faults: &mut Vec<String>) {
    if json["f32"]["conditioning"] != "well" || json["f32"]["finite"] == false {
        return;
    }
    for (i, layer) in json["expected"]["layers"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let want = &layer["grad_weight"];
        let n = want["n"].as_f64().unwrap_or(1.0);
        let tolerance = json["f32"]["atol"][format!("grad.layers.{i}.weight")]
            .as_f64()
            .unwrap_or(0.0);
        let stats = &trace.stats[i];
        for (name, got, want, allowed) in [
            ("l2", stats.grad_norm, &want["l2"], tolerance * n.sqrt()),
            ("rms", stats.grad_rms, &want["rms"], tolerance),
            ("max_abs", stats.grad_max, &want["max_abs"], tolerance),
        ] {
            let Some(want) = want.as_f64() else { continue };
            if (got - want).is_nan() || (got - want).abs() > allowed {
                faults.push(format!("layer {i} {name}: {got:e} instead of {want:e}"));
            }
        }
    }
}

fn folders(under: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(under)
        .unwrap_or_else(|e| panic!("{}: {e}", under.display()))
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.join("case.json").is_file())
        .collect();
    folders.sort();
    folders
}

/// All cases of `GRADLAB_REFERENCE` (a folder of cases) where it is set, else those kept here.
#[test]
fn gradients_are_the_reference_cases() {
    let kept = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/reference/cases"
    ));
    let under = std::env::var_os("GRADLAB_REFERENCE").map_or(kept, PathBuf::from);
    let (mut run, mut faults, mut by_depth) = (0, Vec::new(), BTreeMap::<u64, f64>::new());
    for folder in folders(&under) {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_string();
        let json = reference::read_json(&folder.join("case.json"));
        let case = match reference::case(&json) {
            Ok(case) => case,
            Err(lacking) => {
                println!("{name}: not expressible: {lacking}");
                continue;
            }
        };
        let tensors = reference::read_tensors(&folder.join("tensors.safetensors"));
        let trace = probe(&case, &tensors);
        let mut found = compare(&json, &tensors, &trace);
        compare_statistics(&json, &trace, &mut found.faults);
        println!(
            "{name}: {} tensors, {:.3} of the tolerance, {:.1e} of the largest value",
            found.compared, found.worst_of_tolerance, found.worst_relative
        );
        let worst = by_depth
            .entry(json["depth"].as_u64().unwrap_or(0))
            .or_default();
        *worst = worst.max(found.worst_relative);
        faults.extend(
            found
                .faults
                .into_iter()
                .map(|fault| format!("{name}: {fault}")),
        );
        run += 1;
    }
    println!("{run} cases; largest relative error by depth: {by_depth:?}");
    assert!(run > 0, "no case in {}", under.display());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
