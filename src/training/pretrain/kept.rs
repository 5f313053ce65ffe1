//! Stages that are done, kept in a file until the run has its own checkpoint: pretraining that was ended, by whatever, goes
//! on with the stage that was under way. Each stage depends on its seed and on those before it alone, so that the outcome is
//! the same bit for bit.

use super::Stage;
use crate::experiment::{self, Experiment};
use crate::nn::network::{NamedTensor, Network};
use crate::training::saver::Saver;
use crate::training::tensors::TensorFile;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

const FORMAT: &str = "gradlab-pretraining";

/// Writes the stages beside pretraining, which waits for no drive and fails of none.
pub struct Keeper<'a> {
    path: Option<&'a Path>,
    saver: Saver<()>,
    now: Arc<Mutex<Now>>,
    warn: &'a dyn Fn(&str),
    warned: bool,
}

/// What whoever writes and whoever pretrains tell each other.
struct Now {
    /// There may be a file.
    written: bool,
    /// All stages are done: the file is needed no more.
    over: bool,
}

impl<'a> Keeper<'a> {
    /// `warn` is told once why they are not kept.
    pub fn new(path: Option<&'a Path>, warn: &'a dyn Fn(&str)) -> Self {
        Self {
            path,
            saver: Saver::default(),
            now: Arc::new(Mutex::new(Now {
                written: path.is_some_and(Path::is_file),
                over: false,
            })),
            warn,
            warned: false,
        }
    }

    pub fn keep(&mut self, stages: impl FnOnce() -> TensorFile) {
        let Some(path) = self.path else {
            return;
        };
        self.hear();
        if self.saver.is_busy() {
            if self.saver.takes_long() {
                self.say("writing takes long");
            }
            return;
        }
        let (file, path, now) = (stages(), path.to_path_buf(), Arc::clone(&self.now));
        self.saver.start(move || {
            let written = file.write(&path).map_err(|e| e.to_string());
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            now.written |= written.is_ok();
            if now.over {
                // Where that fails its folder is one in which nothing can be removed.
                let _ = fs::remove_file(&path);
            }
            written
        });
    }

    /// Takes the file away; what is being written now, whoever writes it takes away.
    pub fn end(mut self) {
        let Some(path) = self.path else {
            return;
        };
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.over = true;
        if now.written {
            let _ = fs::remove_file(path);
        }
        drop(now);
        self.hear();
        self.saver.let_go();
    }

    fn hear(&mut self) {
        if let Some(Err(why)) = self.saver.outcome() {
            self.say(&why);
        }
    }

    fn say(&mut self, why: &str) {
        if !self.warned {
            self.warned = true;
            (self.warn)(&format!(
                "pretraining goes on, but what is done of it is not kept: {why}"
            ));
        }
    }
}

/// The stages done, and their layers as they are now.
pub fn file(experiment: &Experiment, network: &Network, done: &[Stage]) -> TensorFile {
    let mut tensors = network.parameters();
    tensors.retain(|t| done.iter().any(|stage| is_of(t, stage.layer)));
    let mut file = TensorFile::of(tensors);
    file.texts = [
        ("format", FORMAT.to_string()),
        ("experiment", experiment::to_toml(experiment)),
        ("stages", serde_json::to_string(done).unwrap_or_default()),
    ]
    .map(|(key, text)| (key.to_string(), text))
    .into();
    file
}

/// Puts the stages that the file has into the network; none where there is no such file, or it is another experiment's.
pub fn read(path: &Path, experiment: &Experiment, network: &mut Network) -> Vec<Stage> {
    let Ok(file) = TensorFile::read(path) else {
        return Vec::new();
    };
    let text = |key: &str| file.texts.get(key).map_or("", String::as_str);
    let theirs = experiment::parse(text("experiment"), "kept stages");
    if text("format") != FORMAT || !theirs.is_ok_and(|theirs| is_same(&theirs, experiment)) {
        return Vec::new();
    }
    let Ok(stages) = serde_json::from_str::<Vec<Stage>>(text("stages")) else {
        return Vec::new();
    };
    let whole = stages
        .iter()
        .enumerate()
        .all(|(i, stage)| stage.layer == i && has_weight(&file, i));
    if whole && network.load_some(&file.parameters("")).is_ok() {
        stages
    } else {
        Vec::new()
    }
}

/// Whether the stages of one are those of the other.
fn is_same(theirs: &Experiment, ours: &Experiment) -> bool {
    let rate = |e: &Experiment| e.training.optimizer.with_learning_rate(1.0);
    theirs.seed == ours.seed
        && theirs.data == ours.data
        && theirs.network == ours.network
        && theirs.pretrain == ours.pretrain
        && theirs.training.batch_size == ours.training.batch_size
        && rate(theirs) == rate(ours)
}

fn is_of(tensor: &NamedTensor, layer: usize) -> bool {
    tensor.name.starts_with(&format!("layers.{layer}."))
}

fn has_weight(file: &TensorFile, layer: usize) -> bool {
    file.get(&format!("layers.{layer}.weight")).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn why_nothing_is_kept_is_said_once() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("nowhere/run.pretraining");
        let said = RefCell::new(Vec::new());
        let warn = |text: &str| said.borrow_mut().push(text.to_string());
        let mut keeper = Keeper::new(Some(&path), &warn);
        while said.borrow().is_empty() {
            keeper.keep(|| TensorFile::of(Vec::new()));
        }
        while keeper.saver.is_busy() {
            keeper.hear();
        }
        keeper.end();
        let said = said.into_inner();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("pretraining goes on"), "{said:?}");
    }
}
