//! The files that an experiment names, as they are named in another folder.

use super::schema::Experiment;
use crate::data::DataKind;
use crate::nn::vocabulary::{Limits, Value, Vocabulary};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The experiment, whose relative paths start from `base`, as a file in `folder` has to say it. Looks at both folders, for links
/// on the way.
pub fn moved(experiment: &Experiment, base: &Path, folder: &Path) -> Experiment {
    let mut moved = experiment.clone();
    let (base, folder) = (real(base), real(folder));
    if base == folder {
        return moved;
    }
    let kind = &moved.data.kind;
    let parameters = (kind.entry().parameters)();
    let named = |value: Value, limits: Limits| match (value, limits) {
        (Value::Text(path), Limits::Path) => {
            let there = named_from(&folder, &base, Path::new(&path));
            // A name that is no text has no place in the file.
            Value::Text(there.to_str().map_or(path, String::from))
        }
        (value, _) => value,
    };
    let values = kind.values().into_iter().zip(parameters);
    let values: Vec<Value> = values.map(|(v, p)| named(v, p.limits)).collect();
    if let Some(kind) = DataKind::build(kind.index(), &values) {
        moved.data.kind = kind;
    }
    if let Some(transfer) = &mut moved.network.transfer {
        transfer.from = named_from(&folder, &base, &transfer.from);
    }
    moved
}

fn real(folder: &Path) -> PathBuf {
    let known = fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
    known.unwrap_or_else(|_| folder.to_path_buf())
}

/// What `path` means in `base`, seen from `folder`: relative where both lie in one folder that is not the root.
fn named_from(folder: &Path, base: &Path, path: &Path) -> PathBuf {
    if path.is_absolute() {
        return path.to_path_buf();
    }
    let mut there = base.to_path_buf();
    let mut rest = path.components();
    // Only where no link can be meant: `a/..` may be elsewhere.
    while let Some(Component::ParentDir | Component::CurDir) = rest.clone().next() {
        if rest.next() == Some(Component::ParentDir) {
            there.pop();
        }
    }
    there.push(rest.as_path());
    let shared = there.components().zip(folder.components());
    let shared: Vec<_> = shared.take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    if !shared.iter().any(|c| matches!(c, Component::Normal(_))) {
        return there;
    }
    let up = folder
        .components()
        .skip(shared.len())
        .map(|_| Component::ParentDir);
    up.chain(there.components().skip(shared.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Transfer;

    #[test]
    fn a_path_is_the_same_file_from_another_folder() {
        let cases = [
            ("/w/b", "/w/a", "d.csv", "../a/d.csv"),
            ("/w", "/w/a", "d.csv", "a/d.csv"),
            ("/w/a/c", "/w/a", "./d.csv", "../d.csv"),
            ("/w/a", "/w/b/c", "../../d.csv", "../d.csv"),
            ("/w/b", "/w/a", "../b/d.csv", "d.csv"),
            ("/w/b", "/w/a", "c/../d.csv", "../a/c/../d.csv"),
            ("/tmp", "/w/a", "d.csv", "/w/a/d.csv"),
            ("/w/b", "/w/a", "/x/d.csv", "/x/d.csv"),
        ];
        for (folder, base, path, named) in cases {
            let found = named_from(Path::new(folder), Path::new(base), Path::new(path));
            assert_eq!(found, Path::new(named), "{path} of {base} in {folder}");
        }
    }

    #[test]
    fn every_file_of_an_experiment_moves() {
        let folder = tempfile::tempdir().expect("folder");
        let (base, other) = (folder.path().join("a"), folder.path().join("b"));
        for folder in [&base, &other] {
            fs::create_dir(folder).expect("made");
        }
        let text = "format = 1\n[data]\nkind = \"idx\"\nimages = \"i.gz\"\nlabels = \"/l.gz\"\n";
        let mut experiment = super::super::parse(text, "x").expect("valid");
        experiment.network.transfer = Some(Transfer::from("w.safetensors", 1));
        assert_eq!(moved(&experiment, &base, &base), experiment);
        let moved = moved(&experiment, &base, &other);
        let DataKind::Idx {
            images,
            labels,
            test_images,
            ..
        } = &moved.data.kind
        else {
            panic!("{:?}", moved.data.kind);
        };
        assert_eq!((images.as_str(), labels.as_str()), ("../a/i.gz", "/l.gz"));
        assert_eq!(*test_images, None);
        let from = moved.network.transfer.map(|t| t.from);
        assert_eq!(from, Some(PathBuf::from("../a/w.safetensors")));
    }
}
