//! Unique names, scratch directories, and the sweep of what killed test processes left behind.
//!
//! Every name that outlives a process (directory, namespace and others) is
//! `ovpntest-<pid>-<number>`, so that leftovers of a dead owner are known by their name.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::netns;

const PREFIX: &str = "ovpntest-";
/// A directory where only root can write, as on the whole way to it.
const ROOTS_OWN: &str = "/var/lib";

/// A name no other test uses; sweeps the leftovers of dead owners when first called.
pub fn unique_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    static SWEPT: Once = Once::new();
    SWEPT.call_once(sweep);
    format!("{PREFIX}{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Whether `name` was made by [`unique_name`] in a process that is gone.
pub fn is_stale(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let Some((pid, number)) = rest.split_once('-') else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(pid) && digits(number) && !Path::new("/proc").join(pid).exists()
}

/// The entries of `directory` whose owner is dead; empty if there is no such directory.
pub fn stale_entries(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|n| is_stale(n))
        .collect()
}

fn sweep() {
    if nix::unistd::geteuid().is_root() {
        netns::sweep();
    }
    for place in [std::env::temp_dir(), ROOTS_OWN.into()] {
        for path in stale_entries(&place).into_iter().map(|name| place.join(name)) {
            if is_own(&path) {
                let _ = fs::remove_dir_all(path);
            }
        }
    }
}

/// What belongs to others stays, also for root: in a container with the same /tmp their processes may be alive.
fn is_own(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.uid() == nix::unistd::geteuid().as_raw())
}

/// A directory that everyone may enter and only its owner may write; removed on drop.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes a new directory below the system's temporary directory.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// Makes one where nobody but root can write to any directory on the way; `/tmp` is open to everybody.
    pub fn of_root() -> Self {
        Self::below(Path::new(ROOTS_OWN))
    }

    fn below(place: &Path) -> Self {
        let scratch = Self { path: place.join(unique_name()) };
        fs::create_dir(&scratch.path).unwrap_or_else(|error| panic!("{}: {error}", scratch.path.display()));
        set_mode(&scratch.path, 0o755);
        scratch
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of `name` inside the directory.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes `text` to the file `name` with the given mode and returns its path.
    pub fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.join(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        set_mode(&path, mode);
        path
    }

    /// Makes the directory `name` with the given mode and returns its path.
    pub fn directory(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.join(name);
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        set_mode(&path, mode);
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// chmod, umask or not.
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|error| panic!("chmod {mode:o} {}: {error}", path.display()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_dead_owners_are_stale() {
        assert!(!is_stale(&format!("ovpntest-{}-0", std::process::id())));
        assert!(is_stale("ovpntest-4194305-0"), "above the highest possible pid");
        for other in ["ovpntest-", "ovpntest-4194305", "ovpntest-x-0", "ovpntest-../..-0", "x-4194305-0"] {
            assert!(!is_stale(other), "{other}");
        }
    }

    #[test]
    fn what_belongs_to_others_stays() {
        let scratch = Scratch::new();
        let (own, others) =
            (scratch.directory("ovpntest-4194305-0", 0o755), scratch.join("ovpntest-4194305-1"));
        std::os::unix::fs::symlink("/nowhere", &others).expect("a link");
        assert!(is_own(&own) && is_own(&others), "also where a link leads nowhere");
        let root = nix::unistd::geteuid().is_root();
        if root {
            std::os::unix::fs::lchown(&others, Some(65534), None).expect("lchown");
        }
        assert!(is_own(&own) && is_own(&others) != root);
    }

    #[test]
    fn a_scratch_directory_is_gone_after_drop() {
        let scratch = Scratch::new();
        let path = scratch.path().to_path_buf();
        scratch.write("file", "text", 0o600);
        assert!(path.join("file").exists());
        drop(scratch);
        assert!(!path.exists());
    }
}
