//! Plugins built from tests/c/faults.c, and what the command says of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harness::command;
use serde_json::Value;
use tempfile::TempDir;

use crate::concurrency::Turn;
use crate::json::lines;
use crate::run::{Run, run};

/// The plugin, gone when dropped.
pub(super) struct FaultyPlugin(TempDir);

impl FaultyPlugin {
    /// With these words for the compiler.
    pub(super) fn built(flags: &[&str]) -> Self {
        Self::of("faults.c", flags)
    }

    /// From another file.
    pub(super) fn of(source: &str, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let built = directory.path().join("faults.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(source);
        let (built, source) = (built.to_str().unwrap(), source.to_str().unwrap());
        let mut words = vec!["-shared", "-fPIC", "-pthread", "-Wall", "-Werror", "-o", built, source];
        words.extend(flags);
        command::run("cc", &words);
        Self(directory)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.path().join("faults.so")
    }

    /// With these options, and the fault.
    pub(super) fn certify(&self, options: &[&str], fault: &str) -> Run {
        let file = self.file();
        certify(&[options, &[file.to_str().unwrap(), fault]].concat())
    }
}

/// Runs `ovpn-plugin certify` with these words, when it is its turn.
pub(super) fn certify(words: &[&str]) -> Run {
    let _turn = Turn::take();
    run(&[&["certify"], words].concat())
}

/// What came of each check: grade and text. The lines fit the schema.
pub(super) fn checks(run: &Run) -> (BTreeMap<String, (String, String)>, Value) {
    let (lines, last) = lines(run);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = lines
        .iter()
        .filter(|line| line["kind"] == "check")
        .map(|line| (text(&line["id"]), (text(&line["grade"]), text(&line["text"]))));
    (checks.collect(), last)
}
