//! Reading reference cases: a network, its data, and what an exact computation found.

use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{NamedTensor, TargetsView};
use gradlab::nn::spec::{Bias, LayerKind, LayerSpec, NetworkSpec, Norm, Regularize};
use gradlab::nn::vocabulary::{Value, Vocabulary};
use ndarray::{Array2, ArrayView2};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// A tensor in f64, whatever it was stored as.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

pub type Tensors = BTreeMap<String, Tensor>;

pub fn read_tensors(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    let each = file.iter().map(|(name, view)| {
        let data = view.data();
        let data = match view.dtype() {
            Dtype::F32 => data
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| f64::from(f32::from_le_bytes(*b)))
                .collect(),
            Dtype::F64 => data
                .as_chunks::<8>()
                .0
                .iter()
                .map(|b| f64::from_le_bytes(*b))
                .collect(),
            Dtype::I64 => data
                .as_chunks::<8>()
                .0
                .iter()
                .map(|b| i64::from_le_bytes(*b) as f64)
                .collect(),
            other => panic!("{name}: {other:?}"),
        };
        (
            name.to_string(),
            Tensor {
                shape: view.shape().to_vec(),
                data,
            },
        )
    });
    each.collect()
}

pub fn read_json(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// The entry that the reference calls `name` with these parameters; `None` where the vocabulary has none.
fn entry<V: Vocabulary>(name: &str, parameters: &Json) -> Option<V> {
    let name = name.replace('_', "-");
    let index = V::entries().iter().position(|e| e.name == name)?;
    let values: Option<Vec<Value>> = (V::entries()[index].parameters)()
        .into_iter()
        .map(|p| {
            parameters
                .get(p.name)
                .and_then(Json::as_f64)
                .map(Value::Real)
                .or(p.default)
        })
        .collect();
    V::build(index, &values?)
}

/// What a reference file describes, as far as this vocabulary can say it.
pub struct Case {
    pub spec: NetworkSpec,
    pub regularize: Regularize,
    /// Batch norm by its running statistics.
    pub evaluation: bool,
}

/// `Err` says what the vocabulary lacks.
pub fn case(json: &Json) -> Result<Case, String> {
    let mut regularize = Regularize::default();
    let mut evaluation = false;
    let layers = json["layers"].as_array().ok_or("layers")?;
    let mut specs = Vec::new();
    for (i, layer) in layers.iter().enumerate() {
        let number = |key: &str| layer.get(key).and_then(Json::as_f64).unwrap_or(0.0);
        let activation = &layer["activation"];
        let name = activation["name"].as_str().ok_or("activation")?;
        let norm = match (layer.get("batch_norm"), layer.get("layer_norm")) {
            (Some(norm @ Json::Object(_)), _) => {
                evaluation |= norm["mode"] == "eval";
                before(norm)?;
                entry::<Norm>("batch", norm)
            }
            (_, Some(norm @ Json::Object(_))) => {
                before(norm)?;
                entry::<Norm>("layer", norm)
            }
            _ => Some(Norm::None),
        };
        let skip = match layer.get("skip") {
            Some(Json::Object(skip)) => {
                let from = skip["from"].as_i64();
                if skip["add"] != "after_activation" || from != Some(i as i64 - 1) {
                    return Err("skip of another kind".into());
                }
                true
            }
            _ => false,
        };
        if layer
            .get("concat_from")
            .and_then(Json::as_array)
            .is_some_and(|c| !c.is_empty())
        {
            return Err("concatenation".into());
        }
        (regularize.l1, regularize.l2) = penalties(layers, layer)?;
        specs.push(LayerSpec {
            kind: LayerKind::Dense,
            inputs: number("inputs") as usize,
            units: number("units") as usize,
            activation: entry::<Activation>(name, &activation["params"])
                .ok_or(format!("activation {name}"))?,
            init: Initializer::Zeros,
            bias: if layer["use_bias"] == true {
                Bias::Drawn(Initializer::Zeros)
            } else {
                Bias::Off
            },
            norm: norm.ok_or("norm")?,
            dropout: number("dropout"),
            skip,
            frozen: false,
            given: false,
        });
    }
    let loss = &json["loss"];
    if loss["reduction"] != "mean" {
        return Err("summed loss".into());
    }
    let name = match loss["name"].as_str().ok_or("loss")? {
        "bce_with_logits" => "binary-cross-entropy",
        "softmax_cross_entropy" => "cross-entropy",
        other => other,
    };
    let spec = NetworkSpec {
        inputs: json["inputs"].as_u64().ok_or("inputs")? as usize,
        layers: specs,
        loss: entry::<Loss>(name, loss).ok_or(format!("loss {name}"))?,
        label_smoothing: loss["label_smoothing"].as_f64().unwrap_or(0.0),
        target_rms: 1.0,
    };
    Ok(Case {
        spec,
        regularize,
        evaluation,
    })
}

fn before(norm: &Json) -> Result<(), String> {
    if norm["position"] == "before_activation" {
        Ok(())
    } else {
        Err("norm after the activation".into())
    }
}

/// The penalties, which have to be every layer's.
fn penalties(layers: &[Json], layer: &Json) -> Result<(f64, f64), String> {
    let of = |l: &Json| ["l1", "l2"].map(|key| l.get(key).and_then(Json::as_f64).unwrap_or(0.0));
    if layers.iter().any(|l| of(l) != of(layer)) {
        return Err("penalties layer by layer".into());
    }
    let [l1, l2] = of(layer);
    Ok((l1, l2))
}

/// The reference's name for one of our tensors.
pub fn our_name(reference: &str) -> String {
    [
        (".bn.gamma", ".norm.weight"),
        (".bn.beta", ".norm.bias"),
        (".ln.gamma", ".norm.weight"),
        (".ln.beta", ".norm.bias"),
        (".bn.running_", ".norm.running_"),
        (".prelu.slope", ".slope"),
    ]
    .iter()
    .fold(reference.to_string(), |name, (theirs, ours)| {
        name.replace(theirs, ours)
    })
}

/// The parameters that a file gives, under our names.
pub fn parameters(tensors: &Tensors, own: &[String]) -> Vec<NamedTensor> {
    let given = tensors.iter().map(|(name, t)| (our_name(name), t));
    given
        .filter(|(name, _)| own.contains(name))
        .map(|(name, t)| NamedTensor {
            name,
            shape: t.shape.clone(),
            data: t.data.iter().map(|&v| v as f32).collect(),
        })
        .collect()
}

pub fn matrix(tensor: &Tensor) -> Array2<f32> {
    let [rows, columns] = tensor.shape[..] else {
        panic!("not a matrix: {:?}", tensor.shape)
    };
    let data = tensor.data.iter().map(|&v| v as f32).collect();
    Array2::from_shape_vec((rows, columns), data).expect("shape")
}

/// Class numbers where there are any and the loss is over them.
pub enum Targets {
    Classes(Vec<u32>),
    Values(Array2<f32>),
}

pub fn targets(tensors: &Tensors, loss: &Loss) -> Targets {
    match tensors.get("y_class") {
        Some(classes) if *loss == Loss::CrossEntropy => {
            Targets::Classes(classes.data.iter().map(|&c| c as u32).collect())
        }
        _ => Targets::Values(matrix(&tensors["y"])),
    }
}

impl Targets {
    pub fn view(&self) -> TargetsView<'_> {
        match self {
            Self::Classes(classes) => TargetsView::Classes(classes),
            Self::Values(values) => TargetsView::Values(values.view()),
        }
    }
}

pub fn mask(tensors: &Tensors, layer: usize) -> Option<Array2<f32>> {
    tensors
        .get(&format!("layers.{layer}.dropout.mask"))
        .map(matrix)
}

pub fn view(mask: &Option<Array2<f32>>) -> Option<ArrayView2<'_, f32>> {
    mask.as_ref().map(|m| m.view())
}
