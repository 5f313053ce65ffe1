//! Lower layers that come from another run.

use super::super::job::Job;
use super::super::python::LOWER_LAYERS;
use std::fmt::Write;

/// The functions that [`transfer`] calls; nothing where no layers are transferred.
pub fn transferred(job: &Job) -> String {
    match job.experiment.network.transfer {
        Some(_) => format!("{LOWER_LAYERS}{TAKE_OVER}"),
        None => String::new(),
    }
}

/// Of what Keras counts as variables some are no parameters, and one may be several tensors of the file.
const TAKE_OVER: &str = r#"def take_over(model, file, count):
    own = [v for v in model.variables if "seed_generator" not in v.path]
    names = {v.path: list(torch_gradients(v, keras.ops.convert_to_numpy(v))) for v in own}
    given = lower_layers(file, count, [name for of in names.values() for name in of])
    for variable in own:
        if all(name in given for name in names[variable.path]):
            load(variable, given)
    if strange := given.keys() - {name for of in names.values() for name in of}:
        raise SystemExit(f"{file}: there is no place for {', '.join(sorted(strange))}")


"#;

/// The lines of `main` that bring them in, and keep them as they are where they do not learn.
pub fn transfer(job: &Job, out: &mut String) {
    let Some(t) = &job.experiment.network.transfer else {
        return;
    };
    let _ = writeln!(
        out,
        "    take_over(model, arguments.transfer, {})",
        t.layers
    );
    if t.frozen {
        let _ = writeln!(out, "    freeze(model, range({}))", t.layers);
    }
    if t.learning_rate_factor != 1.0 {
        let _ = writeln!(
            out,
            "    # Keras has one rate for all layers: the factor {} of the transferred ones is not kept",
            t.learning_rate_factor
        );
    }
}
