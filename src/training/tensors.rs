//! Tensors on disk: safetensors files.

use super::file::write_whole;
use crate::nn::network::NamedTensor;
use safetensors::tensor::{Dtype, SafeTensors, View};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use thiserror::Error;

/// safetensors' own bound.
const LONGEST_HEADER: u64 = 100_000_000;

/// Numbers of one tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
}

/// One tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

/// A file's tensors, sorted by name, and its free text by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TensorFile {
    pub tensors: Vec<(String, Tensor)>,
    pub texts: HashMap<String, String>,
}

/// Why a tensor file cannot be read or written.
#[derive(Debug, Error)]
pub enum TensorFileError {
    #[error("{file}: {source}")]
    Io {
        file: String,
        source: std::io::Error,
    },
    #[error("{file} is not a safetensors file: {why}")]
    Format { file: String, why: String },
    #[error("{file}: the tensor `{name}` holds {found}; write it as F32")]
    Kind {
        file: String,
        name: String,
        found: String,
    },
    #[error(
        "{file}: the tensor `{name}` holds numbers that are not finite in 32 bits ({count} of {all}): take weights that were \
         saved before it diverged"
    )]
    NotFinite {
        file: String,
        name: String,
        count: usize,
        all: usize,
    },
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        match self.numbers {
            Numbers::F32(_) => Dtype::F32,
            Numbers::F64(_) => Dtype::F64,
            Numbers::I64(_) => Dtype::I64,
        }
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(match &self.numbers {
            Numbers::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Numbers::F64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Numbers::I64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        })
    }
    fn data_len(&self) -> usize {
        match &self.numbers {
            Numbers::F32(v) => 4 * v.len(),
            Numbers::F64(v) => 8 * v.len(),
            Numbers::I64(v) => 8 * v.len(),
        }
    }
}

impl Tensor {
    pub fn f64(shape: Vec<usize>, numbers: Vec<f64>) -> Tensor {
        Tensor {
            shape,
            numbers: Numbers::F64(numbers),
        }
    }
}

impl From<NamedTensor<f32>> for Tensor {
    fn from(named: NamedTensor<f32>) -> Tensor {
        Tensor {
            shape: named.shape,
            numbers: Numbers::F32(named.data),
        }
    }
}

impl TensorFile {
    /// Parameters under their own names.
    pub fn of(tensors: impl IntoIterator<Item = NamedTensor<f32>>) -> TensorFile {
        let named = |t: NamedTensor<f32>| (t.name.clone(), t.into());
        let mut tensors: Vec<(String, Tensor)> = tensors.into_iter().map(named).collect();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        TensorFile {
            tensors,
            texts: HashMap::new(),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|(n, _)| n == name).map(|(_, t)| t)
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let views = self.tensors.iter().map(|(name, tensor)| (name, tensor));
        let texts = (!self.texts.is_empty()).then(|| self.texts.clone());
        safetensors::serialize(views, texts).map_err(|e| e.to_string())
    }

    /// Writes the file whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), TensorFileError> {
        let bytes = self.to_bytes().map_err(|why| TensorFileError::Format {
            file: shown(path),
            why,
        })?;
        write_whole(path, &bytes).map_err(|source| TensorFileError::Io {
            file: shown(path),
            source,
        })
    }

    pub fn read(path: &Path) -> Result<TensorFile, TensorFileError> {
        let io = |source| TensorFileError::Io {
            file: shown(path),
            source,
        };
        if !fs::metadata(path).map_err(io)?.is_file() {
            return Err(TensorFileError::Format {
                file: shown(path),
                why: "it is not a plain file".into(),
            });
        }
        TensorFile::from_bytes(&fs::read(path).map_err(io)?, &shown(path))
    }

    /// The free text of a file, without reading its tensors.
    pub fn read_texts(path: &Path) -> Result<HashMap<String, String>, TensorFileError> {
        let io = |source| TensorFileError::Io {
            file: shown(path),
            source,
        };
        let format = |why: &str| TensorFileError::Format {
            file: shown(path),
            why: clean(why),
        };
        if !fs::metadata(path).map_err(io)?.is_file() {
            return Err(format("it is not a plain file"));
        }
        let mut file = fs::File::open(path).map_err(io)?;
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => format("it is too short"),
            _ => io(e),
        })?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER {
            return Err(format("its header is too long"));
        }
        let mut header = Vec::new();
        file.take(length).read_to_end(&mut header).map_err(io)?;
        #[derive(serde::Deserialize)]
        struct Header {
            #[serde(default, rename = "__metadata__")]
            texts: HashMap<String, String>,
        }
        let header: Header = serde_json::from_slice(&header).map_err(|e| format(&e.to_string()))?;
        Ok(header.texts)
    }

    /// Reads what memory the input's size justifies and no more: offsets and shapes are checked against the length.
    /// `F64` tensors stay as they are; other real kinds have to be written as `F32`.
    pub fn from_bytes(bytes: &[u8], file: &str) -> Result<TensorFile, TensorFileError> {
        let format = |e: safetensors::SafeTensorError| TensorFileError::Format {
            file: file.to_string(),
            why: clean(&e.to_string()),
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let all = SafeTensors::deserialize(bytes).map_err(format)?;
        let mut tensors = Vec::with_capacity(all.len());
        for (name, view) in all.iter() {
            let data = view.data();
            let numbers = match view.dtype() {
                Dtype::F32 => Numbers::F32(numbers(data, f32::from_le_bytes)),
                Dtype::F64 => Numbers::F64(numbers(data, f64::from_le_bytes)),
                Dtype::I64 => Numbers::I64(numbers(data, i64::from_le_bytes)),
                other => {
                    return Err(TensorFileError::Kind {
                        file: file.to_string(),
                        name: clean(name),
                        found: format!("{other:?}"),
                    });
                }
            };
            let shape = view.shape().to_vec();
            tensors.push((name.to_string(), Tensor { shape, numbers }));
        }
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(TensorFile {
            tensors,
            texts: header.metadata().clone().unwrap_or_default(),
        })
    }

    /// The parameters among the tensors whose name starts with `prefix`, which is taken off; `F64` is rounded to f32.
    pub fn parameters(&self, prefix: &str) -> Vec<NamedTensor<f32>> {
        let named = |(name, tensor): &(String, Tensor)| {
            let data = match &tensor.numbers {
                Numbers::F32(v) => v.clone(),
                Numbers::F64(v) => v.iter().map(|&x| x as f32).collect(),
                Numbers::I64(_) => return None,
            };
            Some(NamedTensor {
                name: name.strip_prefix(prefix)?.to_string(),
                shape: tensor.shape.clone(),
                data,
            })
        };
        self.tensors.iter().filter_map(named).collect()
    }
}

fn numbers<const N: usize, T>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|&chunk| from(chunk)).collect()
}

/// Refuses what no run can begin with: its first outputs would be as if it had diverged.
///
/// # Errors
/// [`TensorFileError::NotFinite`], of the first such tensor.
pub(super) fn all_finite(path: &Path, tensors: &[NamedTensor<f32>]) -> Result<(), TensorFileError> {
    for tensor in tensors {
        let count = tensor.data.iter().filter(|v| !v.is_finite()).count();
        if count > 0 {
            return Err(TensorFileError::NotFinite {
                file: shown(path),
                name: clean(&tensor.name),
                count,
                all: tensor.data.len(),
            });
        }
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

/// Names from a stranger's file are shown as text, and not at any length.
fn clean(text: &str) -> String {
    crate::text::clean(text, 200)
}
