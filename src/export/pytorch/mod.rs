//! A PyTorch script of an experiment. Parameters have PyTorch's names and layouts here as well, so that a file of saved
//! weights is its state dict.

mod epochs;
mod network;
mod optimizer;
mod training;

use super::job::{ExportError, Job};
use super::python;

/// The script.
///
/// # Errors
/// Where PyTorch has no equal that could be written by hand in a few lines.
pub fn script(job: &Job) -> Result<String, ExportError> {
    job.without_pretraining("PyTorch")?;
    let parts = [
        python::head(job, "PyTorch"),
        IMPORTS.into(),
        format!("torch.manual_seed({})\n\n", job.experiment.seed),
        network::layers(job),
        network::model(job),
        python::rows(job) + "\n",
        training::functions(job),
        training::main(job),
    ];
    Ok(parts.join("\n"))
}

const IMPORTS: &str = "import argparse\nimport itertools\nimport math\n\nimport torch\nfrom safetensors.numpy import load_file\nfrom safetensors.torch import save_file\nfrom torch import nn\nfrom torch.nn import functional as F\n";

#[cfg(test)]
mod tests;
