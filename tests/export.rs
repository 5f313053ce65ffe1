//! Exports agree with the engine. The tests that run Python are ignored by default:
//! `PYTHON=venv/bin/python cargo test --test export -- --ignored` with torch, keras, safetensors and
//! tensorboard installed.

#[path = "export/commands.rs"]
mod commands;
#[path = "export/python.rs"]
mod python;
#[path = "export/transfer.rs"]
mod transfer;
