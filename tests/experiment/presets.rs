//! The shipped presets, and a folder of the person's own.

use gradlab::experiment::{parse, presets, to_toml, unmet};
use std::collections::BTreeSet;

#[test]
fn every_file_in_the_folder_is_in_the_table_and_the_other_way_round() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("presets");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .map(|p| p.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let table: BTreeSet<String> = presets::all().iter().map(|p| p.name.to_string()).collect();
    assert_eq!(table, files);
    assert_eq!(
        table.len(),
        presets::all().len(),
        "a name stands twice in the table"
    );
    assert!(presets::find(presets::DEFAULT).is_some());
}

#[test]
fn every_preset_reads_says_what_to_watch_and_is_named_as_its_file() {
    for preset in presets::all() {
        let experiment = preset
            .experiment()
            .unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(experiment.name, preset.name);
        let description = &experiment.description;
        assert!(
            description.contains("Watch") || description.contains("watch"),
            "{}: {description}",
            preset.name
        );
        assert!(
            description.lines().all(|line| line.chars().count() <= 120),
            "{}",
            preset.name
        );
        assert_eq!(
            parse(&to_toml(&experiment), preset.name).as_ref(),
            Ok(&experiment)
        );
    }
}

#[test]
fn every_preset_gets_of_its_data_what_it_asks_for() {
    for preset in presets::all() {
        let experiment = preset.experiment().unwrap();
        let data = super::training::load(&experiment);
        assert_eq!(unmet(&experiment, &data), [""; 0], "{}", preset.name);
    }
}

#[test]
fn an_unreadable_preset_of_the_persons_is_listed_with_its_fault() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("good.toml"),
        "format = 1\n[data]\nkind = \"wine\"\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("bad.toml"),
        "format = 1\n[data]\nkind = \"vine\"\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("binary.toml"), [0xff, 0xfe]).unwrap();
    std::fs::create_dir(folder.path().join("folder.toml")).unwrap();
    std::fs::write(folder.path().join("other.txt"), "").unwrap();
    let found = presets::in_folder(folder.path());
    let names: Vec<&str> = found.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["bad", "binary", "folder", "good"]);
    assert!(
        found[0]
            .experiment
            .as_ref()
            .unwrap_err()
            .contains("did you mean `wine`?")
    );
    assert!(found[1].experiment.as_ref().unwrap_err().contains("UTF-8"));
    assert!(found[2].experiment.as_ref().unwrap_err().contains("folder"));
    assert!(found[3].experiment.is_ok());
    assert!(presets::in_folder(&folder.path().join("nowhere")).is_empty());
}
