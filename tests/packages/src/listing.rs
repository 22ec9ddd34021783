//! What a package holds, in the words of `make list-files`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::{make, run};

/// Paths, and the mode of each file.
pub type Files = BTreeMap<String, u32>;

/// What `make install` with these variables installs, by what it says itself.
pub fn of_make(variables: &[&str]) -> Files {
    let mut files = Files::new();
    for line in run(make("list-files").args(variables)).lines() {
        let mut words = line.split(' ');
        let mode = words.next().and_then(|mode| u32::from_str_radix(mode, 8).ok());
        let path = words.next().map(String::from);
        files.insert(path.expect("a path"), mode.expect("a mode"));
    }
    files
}

/// What a .deb holds, directories aside.
pub fn of_deb(package: &Path) -> Files {
    let listing = run(Command::new("dpkg-deb").arg("-c").arg(package));
    listing
        .lines()
        .filter_map(of_line)
        .map(|(path, mode)| (path.trim_start_matches('.').to_string(), mode))
        .collect()
}

/// What an .rpm holds, directories aside: unpacked with rpm2cpio into `to`.
pub fn of_rpm(package: &Path, to: &Path) -> Files {
    let script = r#"set -e; cd "$1"; rpm2cpio "$0" | cpio --extract --make-directories --quiet; find . -type f -printf '%M %p\n'"#;
    let listing = run(Command::new("sh").args(["-c", script]).arg(package).arg(to));
    listing
        .lines()
        .filter_map(of_line)
        .map(|(path, mode)| (path.trim_start_matches('.').to_string(), mode))
        .collect()
}

/// The files below a directory.
pub fn of_directory(directory: &Path) -> Files {
    let listing =
        run(Command::new("find").args([".", "-type", "f", "-printf", "%M %p\n"]).current_dir(directory));
    listing
        .lines()
        .filter_map(of_line)
        .map(|(path, mode)| (path.trim_start_matches('.').to_string(), mode))
        .collect()
}

/// Mode and path of a line that begins with a mode as ls writes it and ends with a path; nothing for a directory or link.
fn of_line(line: &str) -> Option<(String, u32)> {
    let bits = line.strip_prefix('-')?.get(..9)?;
    let mode = bits.chars().fold(0, |mode, bit| mode * 2 + u32::from(bit != '-'));
    Some((line.split(' ').next_back()?.to_string(), mode))
}
