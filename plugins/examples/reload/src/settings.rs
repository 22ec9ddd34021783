//! What the file says, once all of it is good.

use std::collections::HashSet;
use std::fmt;

use ovpn_plugin::ClientConfig;

#[derive(Debug, Default)]
pub(crate) struct Settings {
    config: ClientConfig,
    options: usize,
    refused: HashSet<Vec<u8>>,
}

/// What is wrong with the file, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Mistake {
    line: usize,
    what: String,
}

impl Settings {
    pub(crate) fn parse(text: &str) -> Result<Self, Mistake> {
        let mut settings = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                settings.take(line).map_err(|what| Mistake { line: number, what })?;
            }
        }
        Ok(settings)
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let (word, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match (word, value.trim()) {
            ("push", "") => return Err("push wants an option".to_owned()),
            ("refuse", "") => return Err("refuse wants a common name".to_owned()),
            ("push", option) => {
                self.config.push(option).map_err(|error| error.to_string())?;
                self.options += 1;
            }
            ("refuse", name) => {
                self.refused.insert(name.as_bytes().to_vec());
            }
            _ => return Err(format!("'{word}' is none of push, refuse")),
        }
        Ok(())
    }

    pub(crate) fn config(&self) -> &ClientConfig {
        &self.config
    }

    pub(crate) fn refuses(&self, common_name: &[u8]) -> bool {
        self.refused.contains(common_name)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} options, {} refused", self.options, self.refused.len())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}: {}", self.line, self.what)
    }
}
