//! A command on a terminal of its own: `script` makes one.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::PATIENCE;

/// The command on a terminal of its own.
#[derive(Debug)]
pub struct OnTerminal {
    script: Child,
    /// What was shown so far.
    pub shown: String,
}

impl OnTerminal {
    /// Starts these words of a shell.
    pub fn start(words: &str) -> Self {
        let script = Command::new("script")
            .args(["--quiet", "--return", "--command", words, "/dev/null"])
            .env("SHELL", "/bin/sh")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script is in the Debian package bsdutils");
        Self { script, shown: String::new() }
    }

    /// Reads until this is shown.
    pub fn wait_for(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        let out = self.script.stdout.as_mut().unwrap();
        while !self.shown.contains(text) {
            assert!(Instant::now() < end, "no {text:?} in {:?}", self.shown);
            let mut byte = [0];
            assert_eq!(out.read(&mut byte).unwrap(), 1, "it ended without {text:?}: {:?}", self.shown);
            self.shown.push(char::from(byte[0]));
        }
    }

    /// Reads until this is shown once more.
    pub fn wait_for_another(&mut self, text: &str) {
        let before = std::mem::take(&mut self.shown);
        self.wait_for(text);
        self.shown.insert_str(0, &before);
    }

    /// Types this.
    pub fn type_in(&mut self, text: &str) {
        let terminal = self.script.stdin.as_mut().unwrap();
        terminal.write_all(text.as_bytes()).unwrap();
        terminal.flush().unwrap();
    }

    /// Waits for the end: exit status, and all that was shown.
    pub fn finish(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.script.stdout.as_mut().unwrap().read_to_string(&mut rest).unwrap();
        let status = self.script.wait().unwrap();
        (status.code(), self.shown + &rest)
    }
}
