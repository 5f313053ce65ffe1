//! What is asked of drives, beside the screen: any of them can hang. What came of it is a message.

use super::event_loop::{Bell, Event};
use super::message::{Errand, Message, Obstacle, Openable, Saving, Source};
use super::overlay::{Completion, Goal};
use super::paths;
use super::saved_runs;
use crate::data;
use crate::experiment::{self, Experiment, presets};
use crate::training::file::{folder_of, write_whole};
use crate::training::lanes::{Job, Lane, Lanes};
use crate::training::saver::Outcome;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub struct Filing {
    lanes: Lanes<Message>,
    known: Known,
}

/// Experiments' files as they were last read or written here.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<HashMap<PathBuf, u64>>>);

impl Known {
    fn learn(&self, path: &Path, text: &str) {
        self.all().insert(path.to_path_buf(), fingerprint(text));
    }

    /// Whether another program has written it since.
    fn has_changed(&self, path: &Path) -> bool {
        let known = self.all().get(path).copied();
        let now = || presets::read_text(path).ok().map(|text| fingerprint(&text));
        known.is_some() && known != now()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<PathBuf, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Filing {
    pub fn new(bell: &Bell) -> Self {
        let bell = bell.clone();
        Self {
            lanes: Lanes::new(move || bell.ring(Event::Filed)),
            known: Known::default(),
        }
    }

    /// What was read of the file that is open from the start.
    pub fn knows(&self, path: &Path, text: &str) {
        self.known.learn(path, text);
    }

    /// Everything that can be opened: saved runs, shipped presets, the person's own, then the experiments beside the open one.
    pub fn list(&mut self, base: PathBuf) {
        // No file's lane: what is listed is read again when it is opened.
        let work = move || Ok(Message::Listed(list(&base)));
        self.lanes
            .start(Path::new(""), Job::read(Message::Late(Errand::List), work));
    }

    pub fn columns(&mut self, base: &Path, path: PathBuf, completion: Completion) {
        let table = base.join(&path);
        let of = table.clone();
        let work = move || {
            let names = data::csv_columns(&table).map_err(|error| error.to_string());
            Ok(Message::Columns(completion, names))
        };
        self.lanes
            .start(&of, Job::read(Message::Late(Errand::Columns(path)), work));
    }

    pub fn complete(&mut self, base: &Path, typed: String) {
        // The folder's own lane: no file that hangs, and no list, holds it up.
        let of = paths::folder(base, &typed);
        let (base, late) = (
            base.to_path_buf(),
            Message::Late(Errand::Entries(typed.clone())),
        );
        let work = move || {
            let completed = paths::complete(&base, &typed);
            Ok(Message::Entries(typed, completed))
        };
        self.lanes.start(&of, Job::read(late, work));
    }

    pub fn open(&mut self, path: PathBuf) {
        let (of, late) = (path.clone(), Message::Late(Errand::Open(path.clone())));
        let known = self.known.clone();
        let work = move || {
            let result = read(&path, &known);
            Ok(Message::Opened(path, result.map(Box::new)))
        };
        self.lanes.start(&of, Job::read(late, work));
    }

    pub fn save(&mut self, saving: Saving) {
        let (known, is_open) = (self.known.clone(), saving.is_open);
        let in_the_way = {
            let known = known.clone();
            move |path: &Path| match is_open {
                true => in_the_way_of_saving(path, &known),
                false => there(path),
            }
        };
        let (path, ask) = (saving.path.clone(), saving.ask.clone());
        self.put(path, ask, in_the_way, move |path| {
            let text = text_in(path, &saving.experiment, &saving.base);
            let result = write_whole(path, text.as_bytes()).map_err(|error| error.to_string());
            if result.is_ok() {
                known.learn(path, &text);
            }
            Message::Saved(saving, result)
        });
    }

    pub fn write(&mut self, path: PathBuf, bytes: Vec<u8>, what: String, ask: Option<Goal>) {
        self.put(path, ask, there, move |path| {
            let result = write_whole(path, &bytes).map_err(|error| error.to_string());
            Message::Written(path.to_path_buf(), result.map(|()| what))
        });
    }

    /// The last that is asked for. What was recovered before stays.
    pub fn recover(&mut self, path: PathBuf, experiment: &Experiment, base: &Path) {
        let text = text_in(&path, experiment, base);
        self.put(path, None, there, move |path| {
            let path = free(path);
            let name = path.display();
            match write_whole(&path, text.as_bytes()) {
                Ok(()) => Message::Notice(format!("the changes that were not saved are in {name}")),
                Err(error) => Message::Written(path, Err(error.to_string())),
            }
        });
    }

    /// Writes, unless the person has to be asked first.
    fn put(
        &mut self,
        path: PathBuf,
        ask: Option<Goal>,
        in_the_way: impl FnOnce(&Path) -> Option<Obstacle> + Send + 'static,
        write: impl FnOnce(&Path) -> Message + Send + 'static,
    ) {
        let (of, late) = (path.clone(), Message::Late(Errand::Write(path.clone())));
        let may_ask = ask.is_some();
        let work = move || {
            let asked = ask.and_then(|goal| Some((goal, in_the_way(&path)?)));
            Ok(match asked {
                Some((goal, why)) => Message::Exists(path, goal, why),
                None => write(&path),
            })
        };
        let job = match may_ask {
            true => Job::write_or_ask(late, work),
            false => Job::write(late, work),
        };
        self.lanes.start(&of, job);
    }

    /// Looks for what there is to say of earlier runs of the experiment that is opened.
    pub fn look_back(&mut self, experiment: &Experiment, base: &Path, resumed: Option<PathBuf>) {
        let (experiment, base) = (experiment.clone(), base.to_path_buf());
        let work = move || {
            Ok(match resumed {
                Some(path) => Message::Resumed(saved_runs::step_of(&path)),
                None => Message::Earlier(saved_runs::of(&experiment, &base)),
            })
        };
        self.lanes
            .start(Path::new(""), Job::read(Message::Late(Errand::List), work));
    }

    pub fn outcomes(&mut self) -> Vec<Message> {
        self.lanes.outcomes().into_iter().map(told).collect()
    }

    /// Words on what has taken long by now, each once.
    pub fn late(&mut self, now: Instant) -> Vec<Message> {
        self.lanes.late(now)
    }

    pub fn next_late(&mut self) -> Option<Instant> {
        self.lanes.next_late()
    }

    pub fn take(&mut self) -> Vec<Lane<Message>> {
        self.lanes.take()
    }
}

fn told(outcome: Outcome<Message>) -> Message {
    outcome.unwrap_or_else(Message::Trouble)
}

/// Waits for what is still to be written, and says what went wrong, and where the changes are that were not saved.
pub fn last_words(lane: Lane<Message>) -> Vec<String> {
    let word = |outcome: Outcome<Message>| match told(outcome) {
        Message::Saved(Saving { path, .. }, Err(why)) | Message::Written(path, Err(why)) => {
            Some(format!("not saved, {}: {why}", path.display()))
        }
        Message::Exists(path, _, why) => {
            Some(format!("not saved, {}: it {}", path.display(), why.words()))
        }
        Message::Trouble(why) | Message::Notice(why) => Some(why),
        _ => None,
    };
    lane.end().into_iter().filter_map(word).collect()
}

fn list(base: &Path) -> Vec<Openable> {
    let file = |note: &str, preset: presets::UserPreset| Openable {
        name: preset.name,
        note: note.to_string(),
        description: described(&preset.experiment),
        source: Source::File(preset.path, preset.experiment.map(Box::new)),
    };
    let own = presets::user_folder().map(|folder| presets::in_folder(&folder));
    // Other programs' TOML files are no experiments: here only what can be opened is listed.
    let beside = presets::in_folder(base)
        .into_iter()
        .filter(|preset| preset.experiment.is_ok());
    saved_runs::newest()
        .into_iter()
        .chain(shipped())
        .chain(
            own.into_iter()
                .flatten()
                .map(|preset| file("own preset", preset)),
        )
        .chain(beside.map(|preset| file("file here", preset)))
        .collect()
}

/// What can be opened whatever the drives do.
pub fn shipped() -> impl Iterator<Item = Openable> {
    presets::all().iter().map(|preset| {
        let parsed = preset.experiment().map_err(|faults| faults.to_string());
        Openable {
            name: preset.name.to_string(),
            note: preset.lesson.to_string(),
            description: described(&parsed),
            source: Source::Preset(parsed.map(Box::new)),
        }
    })
}

/// `x.recovered.toml`, or where that is a file already, `x.recovered-2.toml` and so on.
fn free(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let numbered = (2..1000).map(|n| path.with_file_name(format!("{stem}-{n}.toml")));
    let mut names = std::iter::once(path.to_path_buf()).chain(numbered);
    let free = names.find(|name| !name.is_file());
    free.unwrap_or_else(|| path.to_path_buf())
}

fn there(path: &Path) -> Option<Obstacle> {
    path.is_file().then_some(Obstacle::There)
}

/// What the open file was not when it was read or written here.
fn in_the_way_of_saving(path: &Path, known: &Known) -> Option<Obstacle> {
    let about = std::fs::metadata(path)
        .ok()
        .filter(|about| about.is_file())?;
    if known.has_changed(path) {
        Some(Obstacle::Changed)
    } else {
        // It would be replaced all the same, if its folder can be written to.
        let is_protected = about.permissions().readonly();
        is_protected.then_some(Obstacle::Protected)
    }
}

/// What a file says of an experiment whose relative paths start from `base`.
fn text_in(path: &Path, experiment: &Experiment, base: &Path) -> String {
    experiment::to_toml(&experiment::moved(experiment, base, &folder_of(path)))
}

fn described(parsed: &Result<Experiment, String>) -> String {
    match parsed {
        Ok(experiment) => experiment.description.clone(),
        Err(_) => String::new(),
    }
}

fn read(path: &Path, known: &Known) -> Result<Experiment, String> {
    let text = presets::read_text(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let experiment = experiment::parse(&text, &path.display().to_string());
    let experiment = experiment.map_err(|faults| faults.to_string())?;
    known.learn(path, &text);
    Ok(experiment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::samples;
    use std::fs;
    use std::sync::mpsc::Receiver;

    fn filing() -> (Filing, Receiver<Event>) {
        let (bell, events) = Bell::new();
        (Filing::new(&bell), events)
    }

    fn saving(path: PathBuf, base: &Path) -> Saving {
        Saving {
            number: 1,
            origin: 0,
            path,
            experiment: Box::new(samples::experiment()),
            base: base.to_path_buf(),
            ask: None,
            is_open: false,
        }
    }

    /// What has come of what was asked.
    fn outcome((filing, events): &mut (Filing, Receiver<Event>)) -> Message {
        loop {
            events.recv().expect("a word");
            if let Some(message) = filing.outcomes().pop() {
                return message;
            }
        }
    }

    #[test]
    fn what_is_saved_in_another_folder_names_the_same_data() {
        let folder = tempfile::tempdir().expect("folder");
        let (base, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir(&base)
            .and_then(|()| fs::create_dir(&other))
            .expect("made");
        let mut saving = saving(other.join("e.toml"), &base);
        let csv = "format = 1\n[data]\nkind = \"csv\"\npath = \"d.csv\"\ntarget = \"y\"\ntask = \"regression\"\n";
        *saving.experiment = experiment::parse(csv, "e.toml").expect("valid");
        let mut filing = filing();
        filing.0.save(saving);
        assert!(matches!(outcome(&mut filing), Message::Saved(_, Ok(()))));
        let text = fs::read_to_string(other.join("e.toml")).expect("a file");
        assert!(text.contains("path = \"../a/d.csv\""), "{text}");
    }

    #[test]
    fn the_open_file_is_replaced_as_long_as_it_is_as_it_was() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("e.toml");
        let text = experiment::to_toml(&samples::experiment());
        fs::write(&path, &text).expect("written");
        let mut filing = filing();
        filing.0.open(path.clone());
        assert!(matches!(outcome(&mut filing), Message::Opened(_, Ok(_))));
        let mut saved = |seed: u64, ask: Option<Goal>| {
            let mut saving = saving(path.clone(), folder.path());
            saving.experiment.seed = seed;
            (saving.is_open, saving.ask) = (true, ask);
            filing.0.save(saving);
            outcome(&mut filing)
        };
        let ask = || Some(Goal::SaveAs);
        for seed in [1, 2] {
            assert!(matches!(saved(seed, ask()), Message::Saved(_, Ok(()))));
        }
        fs::write(&path, text + "# of another program\n").expect("written");
        let changed = saved(3, ask());
        assert!(
            matches!(changed, Message::Exists(.., Obstacle::Changed)),
            "{changed:?}"
        );
        let kept = fs::read_to_string(&path).expect("a file");
        assert!(kept.contains("of another program"), "{kept}");
        assert!(matches!(saved(3, None), Message::Saved(_, Ok(()))));
        let mut permissions = fs::metadata(&path).expect("a file").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("protected");
        let protected = saved(4, ask());
        assert!(
            matches!(protected, Message::Exists(.., Obstacle::Protected)),
            "{protected:?}"
        );
        fs::remove_file(&path).expect("removed");
        assert!(matches!(saved(5, ask()), Message::Saved(_, Ok(()))));
    }

    #[test]
    fn no_file_that_hangs_and_no_list_holds_up_a_completion() {
        let folder = tempfile::tempdir().expect("folder");
        let base = folder.path();
        let hung = base.join("hung.toml");
        let made = std::process::Command::new("mkfifo").arg(&hung).status();
        assert!(made.expect("mkfifo").success());
        let mut filing = filing();
        filing.0.open(hung.clone());
        for typed in ["", "hung.toml", &hung.display().to_string()] {
            filing.0.complete(base, typed.into());
            let Message::Entries(of, Ok(_)) = outcome(&mut filing) else {
                panic!("no entries");
            };
            assert_eq!(of, typed);
        }
        let folders = ["", "hung.toml"].map(|typed| paths::folder(Path::new(""), typed));
        assert!(folders.iter().all(|of| *of == Path::new(".")));
        let home = etcetera::home_dir().expect("a home");
        assert_eq!(paths::folder(base, "~"), home);
    }

    #[test]
    fn what_was_recovered_before_stays() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("e.recovered.toml");
        fs::write(&path, "precious").expect("written");
        let mut filing = filing();
        for seed in [1, 2] {
            let mut experiment = samples::experiment();
            experiment.seed = seed;
            filing.0.recover(path.clone(), &experiment, folder.path());
            let Message::Notice(said) = outcome(&mut filing) else {
                panic!("no word");
            };
            let name = format!("e.recovered-{}.toml", seed + 1);
            assert!(said.contains(&name), "{said}");
            let text = fs::read_to_string(folder.path().join(name)).expect("a file");
            assert!(text.contains(&format!("seed = {seed}")), "{text}");
        }
        assert_eq!(fs::read_to_string(&path).expect("a file"), "precious");
    }
}
