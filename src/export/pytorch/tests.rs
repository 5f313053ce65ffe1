use super::*;
use crate::export::samples::{ADDING, DROPOUTS, LSTM, SMOOTHED, TRANSFERRED, job};

const DIGITS: &str = "format = 1\nname = \"a \\\"\\\"\\\" b\"\n[data]\nkind = \"digits\"\n[network]\nactivation = \"logistic\"\n\
    init = { kind = \"normal\", std = 1.0 }\n[[network.layers]]\nunits = 100\nrepeat = 10\n[network.output]\ninit = \"glorot-uniform\"\n";

#[test]
fn a_network_is_written_as_it_is_built() {
    let script = script(&job(DIGITS)).expect("a script");
    assert!(
        script.contains("Dense(64, 100, nn.Sigmoid(), lambda w: nn.init.normal_(w, 0.0, 1.0)),"),
        "{script}"
    );
    assert!(script.contains("*(Dense(100, 100, nn.Sigmoid(), lambda w: nn.init.normal_(w, 0.0, 1.0)) for _ in range(9)),"));
    assert!(script.contains("Dense(100, 10, nn.Identity(), nn.init.xavier_uniform_),"));
    assert!(script.contains("torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0)"));
    assert!(
        !script.contains("dropout")
            && !script.contains("clip_grad")
            && !script.contains("schedule"),
        "only what is used"
    );
    assert_eq!(
        script.matches("\"\"\"").count() % 2,
        0,
        "a name does not end the docstring"
    );
    assert!(script.starts_with("\"\"\"a ''' b: the same experiment in PyTorch"));
}

#[test]
fn regularization_clipping_and_schedules_are_written() {
    let all = format!(
        "{DIGITS}[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.002\n[training.schedule]\nkind = \"one-cycle\"\nsteps = 300\nmax = 0.1\n\
         [training.regularize]\nl1 = 0.001\nl2 = 0.01\nmax_norm = 3.0\n[training.clip]\nkind = \"norm\"\nmax = 2.0\n[training.stop]\nepochs = 3\npatience = 2\n"
    );
    let script = script(&job(&all)).expect("a script");
    for piece in [
        "torch.optim.Adam(model.parameters(), lr=0.002, betas=(0.9, 0.999)",
        "OneCycleLR(optimizer, 0.1, total_steps=300)",
        "loss = loss + 0.001 * sum(w.abs().sum() for w in weights(model))",
        "loss = loss + 0.01 * sum(w.square().sum() for w in weights(model))",
        "w.copy_(w.renorm(2, 0, 3.0))",
        "clip_grad_norm_(model.parameters(), 2.0)",
        "if waited >= 2:\n            model.load_state_dict(kept)",
        "for epoch in range(3) if arguments.steps is None else itertools.count():",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

/// Only the engine ends a step at 0.
#[test]
fn l1_that_makes_no_weight_exactly_0_is_said() {
    let note = "# L1 by its gradient alone makes no weight exactly 0";
    let sparse = format!("{DIGITS}[training.regularize]\nl1 = 0.001\n");
    assert!(script(&job(&sparse)).expect("a script").contains(note));
    assert!(!script(&job(DIGITS)).expect("a script").contains(note));
}

#[test]
fn a_pass_before_the_first_step_leaves_no_trace() {
    let normed = DIGITS.replace("repeat = 10", "repeat = 10\nnorm = \"batch\"");
    let script = script(&job(&normed)).expect("a script");
    let pass = script.split("def gradient_norms").nth(1).expect("the pass");
    let (kept, back) = (
        "statistics = {name: b.clone()",
        "load_state_dict(statistics",
    );
    let places = [kept, "loss.backward()", back].map(|piece| pass.find(piece).expect(piece));
    assert!(places.is_sorted(), "{pass}");
    assert!(!self::script(&job(DIGITS)).expect("a script").contains(kept));
}

#[test]
fn a_cycle_keeps_the_factor_of_transferred_layers() {
    let transferred = format!(
        "{DIGITS}[network.transfer]\nfrom = \"w.safetensors\"\nlayers = 2\nlearning_rate_factor = 0.1\n\
         [training.schedule]\nkind = \"one-cycle\"\nsteps = 300\nmax = 0.5\n"
    );
    let script = script(&job(&transferred)).expect("a script");
    assert!(
        script.contains("OneCycleLR(optimizer, [0.5 * 0.1, 0.5], total_steps=300)"),
        "{script}"
    );
}

#[test]
fn steps_that_are_asked_for_come_in_place_of_the_file_s() {
    let stopped = format!("{DIGITS}[training.stop]\nsteps = 33\nepochs = 2\n");
    let script = script(&job(&stopped)).expect("a script");
    for piece in [
        "    most = 33 if arguments.steps is None else arguments.steps\n",
        "    for epoch in range(2) if arguments.steps is None else itertools.count():\n        if step >= most:\n            break\n",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn a_distribution_without_width_is_its_mean() {
    let init = DIGITS.replace(
        "\"normal\", std = 1.0",
        "\"truncated-normal\", mean = 0.5, std = 0",
    );
    let script = script(&job(&init)).expect("a script");
    assert!(
        script.contains("lambda w: nn.init.constant_(w, 0.5)"),
        "{script}"
    );
    assert!(!script.contains("trunc_normal_"));
}

#[test]
fn pretraining_is_refused_with_a_way_out() {
    let mut job = job(DIGITS);
    job.experiment.pretrain = Some(crate::experiment::Pretrain::default());
    let error = script(&job).expect_err("no equal").to_string();
    assert!(error.contains("--steps 0 --save-weights"), "{error}");
}

/// 129 rows by 32 leave one over.
#[test]
fn a_row_that_batch_norm_cannot_take_is_left_out() {
    let toml = "format = 1\n[data]\nkind = \"wine\"\ntrain_rows = 129\n[network]\n[[network.layers]]\nunits = 5\n";
    let batch = format!("{toml}norm = \"batch\"\n");
    assert!(
        script(&job(&batch))
            .expect("a script")
            .contains("for rows in torch.randperm(len(x))[:128].split(32):")
    );
    assert!(
        script(&job(toml))
            .expect("a script")
            .contains("for rows in torch.randperm(len(x)).split(32):")
    );
}

#[test]
fn a_dense_bottom_takes_all_steps_of_a_sequence() {
    let script = script(&job(ADDING)).expect("a script");
    for piece in ["Dense(20, 16, ", "x = x.reshape(len(x), 20)"] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn gated_cells_are_pytorch_s_own() {
    let script = script(&job(LSTM)).expect("a script");
    for piece in [
        "class Lstm(nn.LSTMCell):",
        "h, c = super(Lstm, self).forward(x[:, t], (h, c))",
        "Lstm(2, 6, nn.Tanh(), ",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn selu_has_alpha_dropout() {
    let toml = format!("{DIGITS}{DROPOUTS}");
    let script = script(&job(&toml)).expect("a script");
    for piece in ["dropout=nn.AlphaDropout(0.25)", "dropout=nn.Dropout(0.5)"] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn two_classes_labels_are_smoothed() {
    let script = script(&job(SMOOTHED)).expect("a script");
    let piece =
        "loss_of = lambda z, y: F.binary_cross_entropy_with_logits(z, y * (1 - 0.1) + 0.1 / 2)";
    assert!(script.contains(piece), "{script}");
}

#[test]
fn a_forget_gate_begins_open() {
    let script = script(&job(LSTM)).expect("a script");
    for piece in [
        "self.bias_ih.data[units:2 * units] += forget",
        "nn.init.orthogonal_(w, 1.0), forget=1.5)",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn recurrent_layers_are_drawn_by_their_units() {
    let by_units = |toml: &str| {
        let script = script(&job(toml)).expect("a script");
        let draw = "lambda w: nn.init.uniform_(w, -math.sqrt(1 / 6), math.sqrt(1 / 6))";
        (script.matches(draw).count(), script)
    };
    let (count, script) = by_units(&format!("{LSTM}init = \"torch-default\"\n"));
    assert_eq!(count, 2, "input weights and biases\n{script}");
}

#[test]
fn the_largest_norm_is_of_the_rows_of_both_matrices() {
    let toml = format!("{LSTM}[training.regularize]\nmax_norm = 3.0\n");
    let script = script(&job(&toml)).expect("a script");
    assert!(
        script.contains(
            "if w.requires_grad and name.endswith((\".weight\", \".weight_ih\", \".weight_hh\"))"
        ),
        "{script}"
    );
}

/// A learned slope has another name in PyTorch's own module, and what has no name there is not to be lost.
#[test]
fn lower_layers_are_taken_over_with_their_slopes() {
    let script = script(&job(TRANSFERRED)).expect("a script");
    for piece in [
        "def lower_layers(file, count, names):",
        "{k.replace(\".slope\", \".activation.weight\"): torch.as_tensor(v) for k, v in given.items()}",
        "model.load_state_dict(given, strict=False).unexpected_keys",
        "    take_over(model, arguments.transfer, 2)\n",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

/// Wherever the script is run, and another file where it is said.
#[test]
fn lower_layers_are_where_the_experiment_has_them() {
    let script = script(&job(TRANSFERRED)).expect("a script");
    let argument = script.split("add_argument(\"--transfer\"").nth(1);
    let default = argument.and_then(|a| a.split("default=\"").nth(1));
    let path = default
        .and_then(|d| d.split('"').next())
        .expect("a default");
    let path = std::path::Path::new(path);
    assert!(path.is_absolute() && path.ends_with("below/w.safetensors"));
}

/// A machine that has the rows needs nothing that makes them.
#[test]
fn scikit_learn_is_asked_only_for_rows_that_are_not_given() {
    let script = script(&job(DIGITS)).expect("a script");
    let given = "rows.get(\"x_test\", x[:0])";
    let places = [given, "from sklearn import datasets"].map(|p| script.find(p).expect(p));
    assert!(places.is_sorted(), "{script}");
    assert_eq!(script.matches("import datasets").count(), 1);
}
