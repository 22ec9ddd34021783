//! Replays the kept inputs of fuzz targets as an ordinary test, with the stable compiler and in seconds: what a fuzzer has
//! once reached is reached by every test run.

#[cfg(test)]
mod figures;
#[cfg(test)]
mod fuzz_script;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A fuzz target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// The most inputs of one target, and the most bytes in all of them.
const MAX_FILES: usize = 50;
/// See [`MAX_FILES`].
const MAX_BYTES: usize = 100_000;

/// Gives every target each of its inputs, from `corpus/TARGET` in the directory of the fuzz crate.
///
/// # Panics
/// If a target fails; if one of `fuzz_targets` is not named here or the other way round; if one has no inputs, or more than
/// belong into the tree.
pub fn replay(fuzz_crate: impl AsRef<Path>, targets: &[Target]) {
    let fuzz_crate = fuzz_crate.as_ref();
    let names: BTreeSet<String> = targets.iter().map(|(name, _)| (*name).to_string()).collect();
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let built: BTreeSet<String> =
        entries(&fuzz_crate.join("fuzz_targets")).into_iter().filter_map(stem).collect();
    assert_eq!(names, built, "the targets that are replayed, and those in {}", fuzz_crate.display());
    let kept: BTreeSet<String> = entries(&fuzz_crate.join("corpus")).into_iter().filter_map(stem).collect();
    assert_eq!(names, kept, "the targets, and those with inputs in {}", fuzz_crate.display());
    for (name, target) in targets {
        replay_one(&fuzz_crate.join("corpus").join(name), *target);
    }
}

fn replay_one(directory: &Path, target: fn(&[u8])) {
    let files = entries(directory);
    let shown = directory.display();
    assert!((1..=MAX_FILES).contains(&files.len()), "{shown}: {} inputs", files.len());
    let mut total = 0;
    for file in files {
        let input = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        total += input.len();
        let name = WhileItRuns(&file);
        target(&input);
        drop(name);
    }
    assert!(total <= MAX_BYTES, "{shown}: {total} bytes");
}

/// Says which input it was if the target fails.
struct WhileItRuns<'a>(&'a Path);

impl Drop for WhileItRuns<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input is {}", self.0.display());
        }
    }
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut entries: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}
