//! Which key does what: the table's keys, and what the configuration file makes of them.

use super::actions::{ACTIONS, Context};
use super::key::Key;
use super::layout::Pane;
use crate::text::{clean, nearest};
use crossterm::event::KeyCode;

#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<(Key, usize)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let bindings = ACTIONS
            .iter()
            .enumerate()
            .flat_map(|(i, action)| action.keys.iter().map(move |key| (key.parse(), i)))
            // A key of the table that cannot be read is found by a test.
            .filter_map(|(key, i)| Some((key.ok()?, i)))
            .collect();
        Self { bindings }
    }
}

impl Keymap {
    /// Gives actions other keys than the table's, all at once, so that two can swap theirs. The error says what would be
    /// right.
    pub fn rebind_all(&mut self, bindings: &[(String, Vec<String>)]) -> Result<(), String> {
        for (id, keys) in bindings {
            let Some(action) = ACTIONS.iter().position(|a| a.id == id) else {
                let id = clean(id, 60);
                return Err(match nearest(&id, ACTIONS.iter().map(|a| a.id)) {
                    Some(near) => format!("unknown action `{id}`: did you mean `{near}`?"),
                    None => format!("unknown action `{id}`: the help (?) lists them all"),
                });
            };
            let keys: Vec<Key> = keys
                .iter()
                .map(|key| key.parse())
                .collect::<Result<_, _>>()?;
            self.bindings.retain(|(_, i)| *i != action);
            self.bindings
                .extend(keys.into_iter().map(|key| (key, action)));
        }
        match self.clashes().first() {
            Some((key, a, b)) => Err(format!(
                "`{key}` is bound to both `{}` and `{}`",
                ACTIONS[*a].id, ACTIONS[*b].id
            )),
            None => Ok(()),
        }
    }

    /// The action of a key in a pane; the pane's own bindings come before those of every pane.
    pub fn find(&self, key: Key, focus: Pane) -> Option<usize> {
        let fits = |own: bool| {
            self.bindings.iter().find(|(k, i)| {
                let context = ACTIONS[*i].context;
                *k == key && context.is_active(focus) && own == context.is_of_panes()
            })
        };
        fits(true).or_else(|| fits(false)).map(|(_, i)| *i)
    }

    /// The action of a key that is not the overlay's that it was pressed over: a character alone is always typed.
    pub fn find_over_overlay(&self, key: Key) -> Option<usize> {
        let typed = matches!(key.code, KeyCode::Char(_)) && key.modifiers.is_empty();
        let fits = |(k, i): &&(Key, usize)| *k == key && ACTIONS[*i].context == Context::AnyTime;
        let found = self.bindings.iter().find(fits).map(|(_, i)| *i);
        found.filter(|_| !typed)
    }

    pub fn keys(&self, action: usize) -> impl Iterator<Item = Key> + '_ {
        self.bindings
            .iter()
            .filter(move |(_, i)| *i == action)
            .map(|(key, _)| *key)
    }

    /// The key that the footer and the help show.
    pub fn shown(&self, action: usize) -> String {
        self.keys(action)
            .next()
            .map(|key| key.to_string())
            .unwrap_or_default()
    }

    /// The key that a text names for an action: its first, or where it has none its name in the palette.
    pub fn of(&self, id: &str) -> String {
        let action = ACTIONS.iter().position(|a| a.id == id);
        let key = action.map(|i| self.shown(i)).filter(|key| !key.is_empty());
        key.unwrap_or_else(|| format!(":{id}"))
    }

    /// `{fix}` becomes the key that does it; what is no action's stays.
    pub fn in_text(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, after) = rest.split_at(at);
            out += before;
            let id = after[1..].split('}').next().unwrap_or_default();
            if ACTIONS.iter().any(|a| a.id == id) {
                out += &self.of(id);
                rest = after.get(id.len() + 2..).unwrap_or_default();
            } else {
                out.push('{');
                rest = &after[1..];
            }
        }
        out + rest
    }

    /// Keys that two actions of overlapping contexts share.
    pub fn clashes(&self) -> Vec<(Key, usize, usize)> {
        let mut clashes = Vec::new();
        for (n, (key, a)) in self.bindings.iter().enumerate() {
            for (other, b) in &self.bindings[n + 1..] {
                if key == other && ACTIONS[*a].context.overlaps(ACTIONS[*b].context) {
                    clashes.push((*key, *a, *b));
                }
            }
        }
        clashes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_reads_and_none_has_two_meanings() {
        for action in ACTIONS {
            for key in action.keys {
                assert!(key.parse::<Key>().is_ok(), "{} of {}", key, action.id);
            }
        }
        assert_eq!(Keymap::default().clashes(), []);
    }

    #[test]
    fn ids_are_kebab_case_and_unique() {
        for (i, action) in ACTIONS.iter().enumerate() {
            assert!(
                action
                    .id
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-'),
                "{}",
                action.id
            );
            assert!(ACTIONS[i + 1..].iter().all(|other| other.id != action.id));
            assert!(!action.help.is_empty() && !action.label.is_empty());
        }
    }

    #[test]
    fn a_text_names_the_key_of_an_action() {
        let mut keymap = Keymap::default();
        keymap
            .rebind_all(&[
                ("undo".into(), vec!["f9".into()]),
                ("pin".into(), Vec::new()),
            ])
            .unwrap();
        assert_eq!(
            keymap.in_text("{undo} takes it back, {pin} pins, {fix}"),
            "f9 takes it back, :pin pins, f"
        );
        for text in ["", "{", "a }{ b", "{x} {", "{{"] {
            assert_eq!(keymap.in_text(text), text);
        }
    }

    #[test]
    fn a_rebound_action_answers_to_its_new_key_alone() {
        let mut keymap = Keymap::default();
        let run = ACTIONS.iter().position(|a| a.id == "run-pause");
        keymap
            .rebind_all(&[("run-pause".into(), vec!["ctrl-p".into()])])
            .unwrap();
        assert_eq!(keymap.find("ctrl-p".parse().unwrap(), Pane::Loss), run);
        assert_eq!(keymap.find("space".parse().unwrap(), Pane::Loss), None);
    }
}
