//! The person's configuration file: theme, glyphs, mouse and keys.
//!
//! ```toml
//! theme = "light"
//! glyphs = "block"
//! mouse = false
//! [keys]
//! run-pause = ["ctrl-p", "space"]
//! ```

use super::glyphs::Glyphs;
use super::keymap::Keymap;
use super::theme::ThemeName;
use crate::text::{clean, nearest};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What the file says; `None` and the default keymap where it says nothing.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub theme: Option<ThemeName>,
    pub glyphs: Option<Glyphs>,
    pub mouse: Option<bool>,
    pub keymap: Keymap,
}

const KEYS: [&str; 4] = ["theme", "glyphs", "mouse", "keys"];

/// `gradlab/config.toml` in the platform's place for settings.
pub fn path() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("gradlab").join("config.toml"))
}

/// Reads the file; all defaults where there is none.
///
/// # Errors
/// What is wrong with it, with the file's name.
pub fn load(path: &Path) -> Result<Config, String> {
    let name = clean(&path.display().to_string(), 200);
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).map_err(|fault| format!("{name}: {fault}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// # Errors
/// The first fault, and what would be right.
pub fn parse(text: &str) -> Result<Config, String> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let mut config = Config::default();
    for (key, value) in &table {
        match key.as_str() {
            "theme" => config.theme = Some(word(key, value)?),
            "glyphs" => config.glyphs = Some(word(key, value)?),
            "mouse" => {
                let on = value.as_bool();
                config.mouse = Some(on.ok_or("`mouse` is true or false")?);
            }
            "keys" => keys(value, &mut config.keymap)?,
            other => {
                let other = clean(other, 60);
                return Err(match nearest(&other, KEYS) {
                    Some(near) => format!("unknown key `{other}`: did you mean `{near}`?"),
                    None => format!("unknown key `{other}`: there are {}", KEYS.join(", ")),
                });
            }
        }
    }
    Ok(config)
}

fn word<T: FromStr<Err = String>>(key: &str, value: &toml::Value) -> Result<T, String> {
    value
        .as_str()
        .ok_or_else(|| format!("`{key}` is a text"))?
        .parse()
}

fn keys(value: &toml::Value, keymap: &mut Keymap) -> Result<(), String> {
    let table = value
        .as_table()
        .ok_or("`keys` is a table: action = [\"key\", ...]")?;
    let mut bindings = Vec::new();
    for (action, keys) in table {
        let keys = match keys {
            toml::Value::String(key) => Some(vec![key.clone()]),
            toml::Value::Array(list) => list
                .iter()
                .map(|key| key.as_str().map(str::to_string))
                .collect(),
            _ => None,
        };
        let keys =
            keys.ok_or_else(|| format!("`keys.{}` is a list of texts", clean(action, 60)))?;
        bindings.push((action.clone(), keys));
    }
    keymap.rebind_all(&bindings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::layout::Pane;

    #[test]
    fn theme_glyphs_mouse_and_keys_are_read() {
        let config = parse(
            "theme = \"light\"\nglyphs = \"ascii\"\nmouse = false\n[keys]\nrun-pause = \"ctrl-p\"\nquit = [\"Q\"]\n",
        )
        .unwrap();
        assert_eq!(
            (config.theme, config.glyphs),
            (Some(ThemeName::Light), Some(Glyphs::Ascii))
        );
        assert_eq!(config.mouse, Some(false));
        let find = |key: &str| config.keymap.find(key.parse().unwrap(), Pane::Network);
        assert!(find("ctrl-p").is_some() && find("Q").is_some());
        assert!(find("space").is_none() && find("q").is_none());
    }

    #[test]
    fn two_actions_can_swap_their_keys() {
        let config = parse("[keys]\nundo = \"n\"\nnew-seed = \"u\"\n").unwrap();
        assert_eq!(config.keymap.clashes(), []);
    }

    #[test]
    fn a_fault_says_what_would_be_right() {
        let fault = |text: &str| parse(text).unwrap_err();
        assert!(fault("thene = \"dark\"").contains("theme"));
        assert!(fault("theme = \"drak\"").contains("dark"));
        assert!(fault("mouse = 1").contains("true or false"));
        assert!(fault("[keys]\nrun-puase = \"x\"").contains("run-pause"));
        assert!(fault("[keys]\nstep = \"hyper-x\"").contains("no key"));
        assert!(fault("[keys]\nstep = \"q\"").contains("quit"));
        assert!(fault("theme = ").contains("1"));
    }
}
