//! Exported scripts take the same tensors from another run as gradlab does, wherever they are run.

use super::commands::done;
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Bytes by name.
type Tensors = BTreeMap<String, Vec<u8>>;

/// Runs a script's `main` in another folder than the experiment's and keeps what its model is after the transfer.
const DRIVER: &str = r#"
import importlib.util, os, sys, tempfile
import numpy as np
from safetensors.numpy import save_file
path, rows, out = map(os.path.abspath, sys.argv[1:])
spec = importlib.util.spec_from_file_location("script", path)
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
take_over = script.take_over

def tensors(model):
    if hasattr(script, "torch_name"):
        variables = [v for v in model.variables if "seed_generator" not in v.path]
        named = (script.torch_gradients(v, script.keras.ops.convert_to_numpy(v)) for v in variables)
        return {name: array for of in named for name, array in of.items()}
    return {k.replace(".activation.weight", ".slope"): v.numpy() for k, v in model.state_dict().items() if not k.endswith("tracked")}

def watched(model, *given):
    take_over(model, *given)
    save_file({name: np.array(array) for name, array in tensors(model).items()}, out)

script.take_over = watched
os.chdir(tempfile.mkdtemp())
sys.argv = ["script.py", "--data", rows, "--steps", "2"]
script.main()
"#;

fn read(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).expect("written");
    let file = SafeTensors::deserialize(&bytes).expect("tensors");
    let lower = |name: &&str| name.starts_with("layers.0.") || name.starts_with("layers.1.");
    let names = file.names().into_iter().filter(lower);
    let of = |name: &str| file.tensor(name).expect("there").data().to_vec();
    names.map(|name| (name.to_string(), of(name))).collect()
}

fn experiment(layer: &str, more: &str) -> String {
    format!(
        "format = 1\n[data]\nkind = \"wine\"\n[[network.layers]]\nunits = 6\nrepeat = 3\n{layer}{more}[training.stop]\nsteps = 5\n"
    )
}

/// Layers over time, of the kind of cell that Keras has in another form than the file, but with as many biases.
fn recurrent(more: &str) -> String {
    format!(
        "format = 1\n[data]\nkind = \"echo\"\n[[network.layers]]\nkind = \"recurrent\"\ncell = \"gru\"\nunits = 4\n[[network.layers]]\nkind = \"recurrent\"\ncell = \"gru\"\nunits = 3\n{more}[training.stop]\nsteps = 5\n"
    )
}

/// What is wrong with the scripts of layers that are taken from those of another kind; empty where nothing is.
fn wrong(format: &str, source: &str, target: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("source.toml"), source).expect("written");
    std::fs::write(at("target.toml"), target).expect("written");
    let weights = |of: &str, steps: &str| {
        let (toml, to) = (format!("{of}.toml"), format!("{of}.safetensors"));
        let steps = ["run", &toml, "--steps", steps, "--save-weights", &to];
        done(folder.path(), &steps);
    };
    weights("source", "5");
    weights("target", "0");
    let export = ["export", format, "target.toml", "--out", "script.py"];
    done(
        folder.path(),
        &[&export[..], &["--data", "rows.safetensors"]].concat(),
    );
    let out = Command::new(std::env::var("PYTHON").unwrap_or_else(|_| "python3".into()))
        .current_dir(folder.path())
        .args(["-c", DRIVER, "script.py", "rows.safetensors"])
        .arg("taken.safetensors")
        .output()
        .expect("python runs");
    if !out.status.success() {
        return Some(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    let (taken, want) = (
        read(&at("taken.safetensors")),
        read(&at("target.safetensors")),
    );
    let differ = |name: &&String| taken.get(*name) != want.get(*name);
    let names: Vec<_> = taken.keys().chain(want.keys()).filter(differ).collect();
    (!names.is_empty()).then(|| format!("{names:?} differ"))
}

fn check(format: &str) {
    let batch = "activation = \"prelu\"\nnorm = \"batch\"\n";
    let cases = [
        (batch.to_string(), format!("{batch}dropout = 0.2\n")),
        (
            "activation = \"selu\"\nnorm = \"layer\"\n".into(),
            "activation = \"selu\"\nnorm = \"layer\"\ndropout = 0.2\n".into(),
        ),
        (
            "activation = \"rrelu\"\n".into(),
            "activation = \"rrelu\"\n".into(),
        ),
        (
            "bias = false\nnorm = \"batch\"\n".into(),
            "bias = false\nnorm = \"batch\"\n".into(),
        ),
    ];
    let transfer = "[network.transfer]\nfrom = \"source.safetensors\"\nlayers = 2\n";
    let dense =
        cases.map(|(source, layer)| (experiment(&source, ""), experiment(&layer, transfer)));
    let all = dense
        .into_iter()
        .chain([(recurrent(""), recurrent(transfer))]);
    let said = all.filter_map(|(source, target)| {
        let wrong = wrong(format, &source, &target)?;
        Some(format!("{target}{wrong}"))
    });
    let said: Vec<String> = said.collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
#[ignore = "needs Python with torch and safetensors"]
fn pytorch_scripts_take_over_what_gradlab_takes() {
    check("pytorch");
}

#[test]
#[ignore = "needs Python with keras, torch and safetensors"]
fn keras_scripts_take_over_what_gradlab_takes() {
    check("keras");
}
