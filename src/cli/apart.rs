//! No file that a command writes is one that it reads, or another one that it writes.

use super::failure::Failure;
use super::source::Loaded;
use crate::text::clean;
use crate::training::file::folder_of;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a command so far, and what each is.
pub struct Apart(Vec<(PathBuf, String)>);

impl Apart {
    /// The experiment and what it reads.
    pub fn of(loaded: &Loaded) -> Self {
        let mut files = Self(Vec::new());
        files.read("the experiment", loaded.path.as_deref());
        for path in loaded.experiment.files() {
            let path = loaded.base_dir.join(path);
            files.read("a file that the experiment reads", Some(&path));
        }
        files
    }

    /// What is not to be written over from here on.
    pub fn read(&mut self, what: &str, path: Option<&Path>) {
        self.0
            .extend(path.and_then(place).map(|p| (p, what.into())));
    }

    /// # Errors
    /// [`Failure::Misused`] where it is one of those before.
    pub fn written(&mut self, option: &str, path: Option<&Path>) -> Result<(), Failure> {
        let Some((path, place)) = path.and_then(|path| Some((path, place(path)?))) else {
            return Ok(());
        };
        if let Some((_, what)) = self.0.iter().find(|(other, _)| *other == place) {
            let name = clean(&path.display().to_string(), 200);
            return Err(Failure::Misused(format!(
                "{option} {name} would write over {what}: name another file"
            )));
        }
        self.0.push((place, format!("what {option} writes")));
        Ok(())
    }
}

/// The file's own path, however it is named; `None` for a device or a pipe, which takes whatever comes.
fn place(path: &Path) -> Option<PathBuf> {
    match fs::canonicalize(path) {
        Ok(found) => found.is_file().then_some(found),
        Err(_) => Some(
            fs::canonicalize(folder_of(path))
                .ok()?
                .join(path.file_name()?),
        ),
    }
}
