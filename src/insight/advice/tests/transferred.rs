//! Layers that come from a saved run.

use super::*;

/// Of weights from a file nothing is said that holds of a draw.
#[test]
fn transferred_layers_are_not_drawn() {
    let transfer = |layers: usize| {
        experiment(&format!(
            "activation = \"relu\"\ninit = {{ kind = \"normal\", std = 0.02 }}\n{HIDDEN}[network.transfer]\nfrom = \"x.safetensors\"\nlayers = {layers}\n"
        ))
    };
    let all = transfer(4);
    let advice = advise(&all, &network(&all), None);
    assert!(
        advice.iter().all(|a| a.layers == [4]),
        "the output alone is drawn: {advice:?}"
    );
    let spec = network(&all);
    let why = predict(&spec, &Setting::standardized(32)).expect_err("no draw");
    assert!(
        why.to_string().contains("layer 1 starts from weights"),
        "{why}"
    );
    let case = Case {
        experiment: &all,
        spec: &spec,
        setting: &Setting::standardized(32),
    };
    let fix = cause::fix(Symptoms::of(crate::insight::Kind::Vanishing), &case);
    assert_eq!(fix, None);
    let some = of(&transfer(2), Topic::Pair).expect("advice");
    assert!(
        some.sentence.starts_with("Layers 3 and 4 are drawn"),
        "{}",
        some.sentence
    );
}

/// Layers that learn at a tenth of the rate by request, or not at all, say nothing of the rate.
#[test]
fn a_transferred_layers_own_factor_is_no_low_rate() {
    let with = |transfer: &str| {
        let experiment = experiment(&format!(
            "activation = \"relu\"\ninit = \"he-normal\"\n{HIDDEN}[network.transfer]\nfrom = \"x.safetensors\"\nlayers = 4\n{transfer}"
        ));
        let layer = |l: usize| LayerStats {
            update_ratio: if l < 4 { 8e-6 } else { 8e-5 },
            weight_norm: 1.0,
            grad_rms: 0.1,
            delta_rms: 0.1,
            ..LayerStats::default()
        };
        let stats: Vec<LayerStats> = (0..5).map(layer).collect();
        let advice = advise(&experiment, &network(&experiment), Some(&stats));
        let mut topics = advice.iter().map(|a| a.topic);
        topics.any(|topic| topic == Topic::LearningRateLow)
    };
    assert!(with(""));
    assert!(!with("learning_rate_factor = 0.1\n"));
    assert!(!with("frozen = true\n"));
}

/// Its bias comes with it, and without a place for that the file is refused.
#[test]
fn a_transferred_bias_before_batch_norm_is_left_alone() {
    let lower = "[[network.layers]]\nunits = 80\nrepeat = 2\nnorm = \"batch\"\n";
    let with = |entries: &str, layers: usize| {
        let transfer = format!("[network.transfer]\nfrom = \"x.safetensors\"\nlayers = {layers}\n");
        let all = format!("activation = \"relu\"\ninit = \"he-normal\"\n{entries}{transfer}");
        of(&experiment(&all), Topic::BatchNormBias).map(|advice| advice.layers)
    };
    assert_eq!(with(lower, 2), None);
    assert_eq!(with(lower, 1), None, "one entry has both");
    assert_eq!(with(&format!("{lower}{lower}"), 2), Some(vec![2, 3]));
}
