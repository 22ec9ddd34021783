//! What a plugin's process is to do, as a file: one line each, `key value`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Variables of one call, as `NAME=VALUE`.
pub type Environment = Vec<String>;

/// What OpenVPN calls the plugin for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A login.
    Login,
    /// UP.
    Up,
    /// DOWN.
    Down,
}

const EVENTS: [(&str, Event); 3] = [("login", Event::Login), ("up", Event::Up), ("down", Event::Down)];

/// Opens a plugin, makes calls, closes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instructions {
    /// The shared object.
    pub plugin: PathBuf,
    /// Words after the plugin's path in the configuration.
    pub words: Vec<String>,
    /// Environment at open.
    pub open_env: Environment,
    /// The calls, each with its environment.
    pub calls: Vec<(Event, Environment)>,
}

impl Instructions {
    /// The text of the file. Line ends inside values have no place in it; no case needs them.
    pub fn to_text(&self) -> String {
        let mut text = format!("plugin {}\n", self.plugin.display());
        let mut line = |key: &str, value: &str| {
            assert!(!value.contains('\n'), "a value with a line end");
            let _ = writeln!(text, "{key} {value}");
        };
        self.words.iter().for_each(|word| line("word", word));
        self.open_env.iter().for_each(|variable| line("open", variable));
        for (event, env) in &self.calls {
            EVENTS.iter().filter(|(_, known)| known == event).for_each(|(key, _)| line(key, ""));
            env.iter().for_each(|variable| line("env", variable));
        }
        text
    }

    /// Reads the text of a file; the line that is not understood is the error.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let mut instructions = Instructions::default();
        for line in text.lines() {
            let (key, value) = line.split_once(' ').ok_or(line)?;
            match key {
                "plugin" => instructions.plugin = Path::new(value).to_path_buf(),
                "word" => instructions.words.push(value.to_string()),
                "open" => instructions.open_env.push(value.to_string()),
                "env" => instructions.calls.last_mut().ok_or(line)?.1.push(value.to_string()),
                _ => {
                    let (_, event) = EVENTS.iter().find(|(known, _)| *known == key).ok_or(line)?;
                    instructions.calls.push((*event, Vec::new()));
                }
            }
        }
        Ok(instructions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_survive_their_file() {
        let instructions = Instructions {
            plugin: "/a b/c.so".into(),
            words: vec!["login".into(), String::new(), " x ".into()],
            open_env: vec!["verb=1".into()],
            calls: vec![
                (Event::Login, vec!["username=ada".into(), "password= ".into()]),
                (Event::Up, Vec::new()),
                (Event::Down, Vec::new()),
            ],
        };
        assert_eq!(Instructions::from_text(&instructions.to_text()), Ok(instructions));
        assert!(Instructions::from_text("nonsense 1\n").is_err());
        assert!(Instructions::from_text("env A=1\n").is_err());
    }
}
