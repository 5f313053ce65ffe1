use super::*;
use crate::export::samples::{ADDING, DROPOUTS, LSTM, SMOOTHED, TRANSFERRED, job};

const DIGITS: &str = "format = 1\n[data]\nkind = \"digits\"\n[network]\nactivation = \"elu\"\n[[network.layers]]\nunits = 50\nrepeat = 3\n\
    norm = \"batch\"\ndropout = 0.2\n[training.optimizer]\nkind = \"sgd\"\nmomentum = 0.9\nweight_decay = 0.01\n[training.clip]\nkind = \"norm\"\n";

#[test]
fn a_network_is_written_as_it_is_built() {
    let script = script(&job(DIGITS)).expect("a script");
    for piece in [
        "    x = inputs = keras.Input((64,))\n    x = layers.Dense(50, kernel_initializer=keras.initializers.VarianceScaling(2.0, \"fan_in\", \"untruncated_normal\")",
        "    for i in range(1, 3):\n        x = layers.Dense(50, ",
        "name=f\"layers_{i}\")(x)",
        "x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_regularizer=keras.regularizers.L2(0.005), beta_regularizer=keras.regularizers.L2(0.005), name=\"layers_0_norm\")(x)",
        "x = layers.Activation(lambda z: keras.ops.elu(z, 1.0))(x)",
        "x = layers.Dropout(0.2)(x)",
        "kernel_regularizer=keras.regularizers.L1L2(0.0, 0.005), bias_regularizer=keras.regularizers.L2(0.005)",
        "keras.optimizers.SGD(0.001, momentum=0.9, nesterov=False, global_clipnorm=1.0)",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn what_keras_does_otherwise_is_said() {
    let toml = DIGITS.replace(
        "kind = \"sgd\"\nmomentum = 0.9\nweight_decay = 0.01",
        "kind = \"adam\"",
    );
    let script = script(&job(&toml)).expect("a script");
    assert!(
        script.contains("# Keras adds epsilon before the bias correction"),
        "{script}"
    );
}

#[test]
fn a_row_that_batch_norm_cannot_take_is_left_out() {
    let fit = |rows: usize| {
        let mut job = job(DIGITS);
        job.train_rows = rows;
        script(&job).expect("a script")
    };
    assert!(fit(993).contains("model.fit(x[:992], y[:992], batch_size=32"));
    assert!(fit(994).contains("model.fit(x, y, batch_size=32"));
}

#[test]
fn a_dense_bottom_takes_all_steps_of_a_sequence() {
    let script = script(&job(ADDING)).expect("a script");
    for piece in [
        "keras.Input((20,))",
        "x, x_test = [x.reshape(len(x), 20) for x in (x, x_test)]",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn gated_cells_activate_by_tanh() {
    let script = script(&job(LSTM)).expect("a script");
    assert!(
        script.contains("layers.LSTM(6, activation=\"tanh\", "),
        "{script}"
    );
}

#[test]
fn selu_has_alpha_dropout() {
    let toml = format!("{DIGITS}{DROPOUTS}");
    let script = script(&job(&toml)).expect("a script");
    for piece in ["x = layers.AlphaDropout(0.25)", "x = layers.Dropout(0.5)"] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn two_classes_labels_are_smoothed() {
    let script = script(&job(SMOOTHED)).expect("a script");
    let piece = "loss_of = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)";
    assert!(script.contains(piece), "{script}");
}

#[test]
fn a_forget_gate_begins_open() {
    let script = script(&job(LSTM)).expect("a script");
    for piece in [
        "def biases(make, forget=0.0):",
        "unit_forget_bias=False, bias_initializer=biases(lambda: \"zeros\", 1.5)",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn recurrent_layers_are_drawn_gate_by_gate_and_by_their_units() {
    let torch = script(&job(&format!("{LSTM}init = \"torch-default\"\n"))).expect("a script");
    let r = (1.0f64 / 6.0).sqrt();
    let draw = format!("lambda: keras.initializers.RandomUniform(-{r:?}, {r:?})");
    for piece in [
        format!("kernel_initializer=gates(4, {draw})"),
        format!("bias_initializer=biases({draw}, 1.5)"),
        "recurrent_initializer=gates(4, lambda: keras.initializers.Orthogonal(1.0))".into(),
    ] {
        assert!(torch.contains(&piece), "{piece}\n{torch}");
    }
}

#[test]
fn patience_ends_with_the_best_weights() {
    let toml = format!("{DIGITS}[training.stop]\npatience = 3\n");
    let script = script(&job(&toml)).expect("a script");
    for piece in [
        "class Patience(keras.callbacks.EarlyStopping):",
        "callbacks.append(Patience(\"val_bare_loss\", mode=\"min\", patience=3, restore_best_weights=True))",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

/// NumPy and scikit-learn refuse more than 32 bits.
#[test]
fn a_long_seed_is_cut_where_numpy_takes_it() {
    let toml =
        "format = 1\nseed = 8589934597\n[data]\nkind = \"moons\"\n[[network.layers]]\nunits = 3\n";
    let script = script(&job(toml)).expect("a script");
    assert_eq!(script.matches("random_state=5").count(), 2, "{script}");
    assert!(
        script.contains("keras.utils.set_random_seed(5)"),
        "{script}"
    );
}

#[test]
fn penalties_and_bounds_lie_on_recurrent_weights_too() {
    let toml = format!("{LSTM}[training.regularize]\nl2 = 0.5\nmax_norm = 3.0\n");
    let script = script(&job(&toml)).expect("a script");
    for piece in [
        "recurrent_regularizer=keras.regularizers.L1L2(0.0, 0.5)",
        "recurrent_constraint=keras.constraints.MaxNorm(3.0, axis=0)",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn nothing_of_a_frozen_layer_learns() {
    let toml = DIGITS.replace("dropout = 0.2", "frozen = true");
    let script = script(&job(&toml)).expect("a script");
    for piece in [
        "def freeze(model, frozen):",
        "    freeze(model, [0, 1, 2])\n",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

/// One gradient is that of both biases.
#[test]
fn a_cell_s_gradients_have_gradlab_s_names() {
    let script = script(&job(LSTM)).expect("a script");
    for piece in [
        "return {of + \"bias_ih\": gates(both[0]), of + \"bias_hh\": gates(both[1])}",
        "for name, g in torch_gradients(*pair).items()}",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

/// Keras's own loss of the test rows has the penalties in it.
#[test]
fn patience_and_plateau_watch_the_loss_without_its_penalties() {
    let watched = "format = 1\n[data]\nkind = \"wine\"\n[[network.layers]]\nunits = 5\n[training.schedule]\nkind = \"plateau\"\n\
                   [training.stop]\npatience = 2\n";
    let bare = |more: &str| {
        let script = script(&job(&format!("{watched}{more}"))).expect("a script");
        let places = script.matches("(\"val_bare_loss\", ").count();
        let metric = "keras.metrics.MeanMetricWrapper(loss_of.call, name=\"bare_loss\")]";
        assert_eq!(script.contains(metric), places > 0, "{script}");
        places
    };
    assert_eq!(bare(""), 0);
    assert_eq!(bare("[training.regularize]\nl1 = 0.1\n"), 2);
    assert_eq!(bare("[training.regularize]\nl2 = 0.1\n"), 2);
    let decay = "[training.optimizer]\nkind = \"sgd\"\nweight_decay = 0.1\n";
    assert_eq!(bare(decay), 2);
}

/// Keras's own takes any loss as better that is lower by 0.0001.
#[test]
fn a_plateau_is_judged_as_pytorch_judges_it() {
    let toml =
        format!("{ADDING}[training.schedule]\nkind = \"plateau\"\nfactor = 0.5\npatience = 3\n");
    let script = script(&job(&toml)).expect("a script");
    for piece in [
        "better = loss < self.best * (1 - 1e-4)",
        "callbacks.append(Plateau(\"val_loss\", factor=0.5, patience=3))",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn momentum_keeps_no_rate_where_the_rate_changes() {
    let call = |kind: &str, schedule: &str| {
        let toml = format!("{ADDING}[training.optimizer]\nkind = {kind}\n{schedule}");
        let script = script(&job(&toml)).expect("a script");
        let compile = script.split("model.compile(").nth(1).expect("the call");
        let class = compile.split('(').next().expect("a class").to_string();
        let defined = script.contains("class Momentum(keras.optimizers.");
        assert_eq!(defined, class == "Momentum", "{script}");
        class
    };
    let step = "[training.schedule]\nkind = \"step\"\nevery = 5\n";
    let plateau = "[training.schedule]\nkind = \"plateau\"\n";
    for kind in ["sgd", "rmsprop"] {
        let moving = format!("\"{kind}\"\nmomentum = 0.9");
        assert_eq!(call(&moving, step), "Momentum");
        assert_eq!(call(&moving, plateau), "Momentum");
        assert_ne!(call(&moving, ""), "Momentum");
        assert_ne!(call(&format!("\"{kind}\""), step), "Momentum");
    }
    assert_ne!(call("\"adam\"", step), "Momentum");
}

/// Keras's warm-up is that of `momentum_decay = 1`.
#[test]
fn keras_s_own_warm_up_of_momentum_is_said() {
    let noted = |more: &str| {
        let toml = format!("{ADDING}[training.optimizer]\nkind = \"nadam\"\n{more}");
        let script = script(&job(&toml)).expect("a script");
        let note = script
            .lines()
            .find(|l| l.contains("# Keras warms momentum"));
        note.map(|l| l.trim().to_string())
    };
    let note = "# Keras warms momentum up as momentum_decay = 1 does, here it is";
    assert_eq!(noted(""), Some(format!("{note} 0.004")));
    assert_eq!(noted("momentum_decay = 0.5\n"), Some(format!("{note} 0.5")));
    assert_eq!(noted("momentum_decay = 1.0\n"), None);
}

/// Only the engine ends a step at 0.
#[test]
fn l1_that_makes_no_weight_exactly_0_is_said() {
    let note = "    # L1 by its gradient alone makes no weight exactly 0";
    let sparse = format!("{DIGITS}[training.regularize]\nl1 = 0.001\n");
    assert!(script(&job(&sparse)).expect("a script").contains(note));
    assert!(!script(&job(DIGITS)).expect("a script").contains(note));
}

/// With two biases that learn alike, their sum moves by both steps.
#[test]
fn one_bias_in_the_place_of_two_is_said() {
    let note = "# Keras has one bias in a recurrent layer where PyTorch and gradlab have two";
    assert!(script(&job(LSTM)).expect("a script").contains(note));
    assert!(!script(&job(DIGITS)).expect("a script").contains(note));
}

#[test]
fn steps_that_are_asked_for_come_in_place_of_the_file_s() {
    let stopped = format!("{DIGITS}[training.stop]\nsteps = 33\nepochs = 2\n");
    let script = script(&job(&stopped)).expect("a script");
    for piece in [
        "StopAfter(33 if arguments.steps is None else arguments.steps)",
        "epochs=2 if arguments.steps is None else 10**9,",
        "    if arguments.steps == 0:\n        return\n",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn keras_s_running_variance_is_said() {
    let note = "# Keras takes a batch's biased variance into batch norm's running statistics";
    assert!(script(&job(DIGITS)).expect("a script").contains(note));
    assert!(!script(&job(ADDING)).expect("a script").contains(note));
}

/// What stands for random draws is no parameter.
#[test]
fn lower_layers_are_taken_over_by_what_their_file_has() {
    let script = script(&job(TRANSFERRED)).expect("a script");
    for piece in [
        "def lower_layers(file, count, names):",
        "for v in model.variables if \"seed_generator\" not in v.path]",
        "given = lower_layers(file, count, [name for of in names.values() for name in of])\n",
        "    take_over(model, arguments.transfer, 2)\n",
    ] {
        assert!(script.contains(piece), "{piece}\n{script}");
    }
}

#[test]
fn pretraining_is_refused_with_a_way_out() {
    let mut job = job(DIGITS);
    job.experiment.pretrain = Some(crate::experiment::Pretrain::default());
    let error = script(&job).expect_err("no equal").to_string();
    assert!(error.contains("--steps 0 --save-weights"), "{error}");
}
