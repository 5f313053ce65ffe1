//! Exports agree with the engine. The test that runs Python is ignored by default:
//! `PYTHON=venv/bin/python cargo test --test export -- --ignored` with torch, keras, scikit-learn, safetensors and
//! tensorboard installed.

#[path = "export/python.rs"]
mod python;
