//! A data set as tensors, so that another program trains on the very same rows.

use crate::data::{Dataset, Rows, Targets};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView, serialize};

/// A safetensors file: `x`, `y` (training) and `x_test`, `y_test`. x [rows, features], or [rows, time, features] for
/// sequences; y i64 class numbers [rows] or f32 values [rows, targets], with a time axis where there is a target at every
/// step. After split and standardization, in the order of the data set.
///
/// # Errors
/// What safetensors says; not expected of a data set that was loaded.
pub fn to_safetensors(data: &Dataset) -> Result<Vec<u8>, SafeTensorError> {
    let mut tensors = tensors(data, &data.train, "");
    if !data.test.is_empty() {
        tensors.extend(self::tensors(data, &data.test, "_test"));
    }
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect();
    serialize(views?, None)
}

type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

fn tensors(data: &Dataset, rows: &Rows, suffix: &str) -> Vec<Tensor> {
    let count = rows.len();
    let mut shape = vec![count];
    shape.extend(data.time);
    let (mut x_shape, mut y_shape) = (shape.clone(), vec![count]);
    x_shape.push(data.features);
    if data.time_targets {
        y_shape = shape;
    }
    let bytes = |values: &mut dyn Iterator<Item = f32>| {
        values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()
    };
    let x = bytes(&mut rows.x.iter().copied());
    let (dtype, y) = match &rows.y {
        Targets::Classes(classes) => (
            Dtype::I64,
            classes
                .iter()
                .flat_map(|c| i64::from(*c).to_le_bytes())
                .collect(),
        ),
        Targets::Values(values) => {
            y_shape.push(values.ncols());
            (Dtype::F32, bytes(&mut values.iter().copied()))
        }
    };
    vec![
        (format!("x{suffix}"), Dtype::F32, x_shape, x),
        (format!("y{suffix}"), dtype, y_shape, y),
    ]
}
