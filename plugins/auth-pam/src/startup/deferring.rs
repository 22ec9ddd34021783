//! Only one plugin line may defer: OpenVPN exits when two plugins defer the same login. Two lines with the same file share
//! what is static in it. Copies of the file do not, and are not found: with them OpenVPN exits when two defer the same
//! login, which is as safe and comes later.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::Config;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// The right to defer logins; given back when the plugin is closed.
#[derive(Debug)]
pub struct Deferring(());

impl Deferring {
    /// Takes it for a plugin line that defers.
    pub fn take(config: &Config, by_setenv: bool) -> Result<Option<Self>, String> {
        if !config.defers(by_setenv) {
            return Ok(None);
        }
        if TAKEN.swap(true, Ordering::Relaxed) {
            let remedy = if config.deferred.is_none() {
                "write deferred=no in one of them, or take 'setenv deferred_auth_pam' out"
            } else {
                "take deferred=yes out of one of them"
            };
            return Err(lines::startup::another_defers(remedy).to_string());
        }
        Ok(Some(Deferring(())))
    }
}

impl Drop for Deferring {
    fn drop(&mut self) {
        TAKEN.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(words: &[&str]) -> Config {
        Config::parse(words.iter().map(|word| word.as_bytes())).unwrap()
    }

    /// One test: what is static is shared by all.
    #[test]
    fn the_second_one_is_refused_until_the_first_is_closed() {
        let (plain, yes, no) =
            (config(&["a"]), config(&["deferred=yes", "a"]), config(&["deferred=no", "a"]));
        let first = Deferring::take(&plain, true).unwrap();
        assert!(first.is_some());
        assert!(Deferring::take(&yes, false).unwrap_err().contains("take deferred=yes out"));
        assert!(Deferring::take(&plain, true).unwrap_err().contains("write deferred=no"));
        assert!(
            Deferring::take(&no, true).unwrap().is_none()
                && Deferring::take(&plain, false).unwrap().is_none()
        );
        drop(first);
        assert!(Deferring::take(&yes, true).unwrap().is_some());
        assert!(Deferring::take(&yes, true).unwrap().is_some());
    }
}
