//! Which file a `plugin` line means.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::doctor;

/// The file of a plugin, and what is to be said about it.
pub(crate) struct Located {
    pub(crate) file: PathBuf,
    pub(crate) note: Option<String>,
}

/// The file for `name`. As in OpenVPN, one that begins with neither a slash nor a dot is in the plugin directory that is built
/// into it, and nowhere else. If it is not there, that shows when it is opened, as with a path. Without an OpenVPN, where
/// distributions have plugins.
pub(crate) fn locate(name: &OsStr) -> Located {
    let built_in = doctor::installed().and_then(|program| doctor::plugin_directory(&program));
    locate_in(name, built_in.as_deref(), &directories())
}

fn locate_in(name: &OsStr, built_in: Option<&Path>, directories: &[PathBuf]) -> Located {
    if name.as_bytes().starts_with(b"/") || name.as_bytes().starts_with(b".") {
        return Located { file: name.into(), note: None };
    }
    let places = directories.iter().map(PathBuf::as_path).filter(|other| Some(*other) != built_in);
    let mut found = places.map(|directory| directory.join(name)).filter(|file| file.exists());
    if let Some(built_in) = built_in {
        let file = built_in.join(name);
        let note = if file.exists() {
            found.next().map(|other| ambiguous(&file, &other))
        } else {
            let here = Some(Path::new(".").join(name)).filter(|file| file.exists());
            Some(not_there(name, built_in, found.next().or(here).as_deref()))
        };
        return Located { file, note };
    }
    if let Some(file) = found.next() {
        let note = found.next().map(|other| ambiguous(&file, &other));
        return Located { file, note };
    }
    let searched: Vec<_> = directories.iter().map(|directory| directory.display().to_string()).collect();
    let note =
        format!("OpenVPN is not installed, and there is no plugin {name:?} in {}", searched.join(", "));
    let file = directories.first().map_or_else(|| name.into(), |directory| directory.join(name));
    Located { file, note: Some(note) }
}

/// Other files of this name where distributions have plugins.
pub(crate) fn elsewhere(file: &Path) -> Vec<PathBuf> {
    let (name, here) = (file.file_name().unwrap_or_default(), file.canonicalize().ok());
    let others = directories().into_iter().map(|directory| directory.join(name));
    others.filter(|other| other.is_file() && other != file && other.canonicalize().ok() != here).collect()
}

/// OpenVPN looks nowhere else.
fn not_there(name: &OsStr, built_in: &Path, other: Option<&Path>) -> String {
    let none = format!("there is no plugin {name:?} in {}, where OpenVPN looks for it", built_in.display());
    match other {
        Some(other) => format!("{none}; write the whole path in the plugin line: {}", other.display()),
        None => none,
    }
}

/// Debian's OpenVPN has the C plugins in a directory of its own, and there the name means those.
fn ambiguous(file: &Path, other: &Path) -> String {
    let (file, other) = (file.display(), other.display());
    format!("trying {file}, but there is also {other}; write the whole path, here and in the plugin line")
}

/// Where distributions' builds of OpenVPN look for plugins.
fn directories() -> [PathBuf; 5] {
    let triplet = format!("/usr/lib/{}-linux-gnu/openvpn/plugins", std::env::consts::ARCH);
    [
        triplet.into(),
        "/usr/lib/openvpn/plugins".into(),
        "/usr/lib64/openvpn/plugins".into(),
        "/usr/lib/openvpn".into(),
        "/usr/local/lib/openvpn/plugins".into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_two_files_is_told() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let directories = [first.path().to_path_buf(), second.path().to_path_buf()];
        let name = OsStr::new("plugin.so");
        let none = locate_in(name, None, &directories);
        assert_eq!(none.file, first.path().join(name));
        assert!(none.note.is_some_and(|note| note.contains("no plugin \"plugin.so\"")));
        std::fs::write(second.path().join(name), "").unwrap();
        let one = locate_in(name, None, &directories);
        assert_eq!((one.file, one.note), (second.path().join(name), None));
        std::fs::write(first.path().join(name), "").unwrap();
        let two = locate_in(name, None, &directories);
        assert_eq!(two.file, first.path().join(name));
        assert!(two.note.is_some_and(|note| note.contains(&second.path().display().to_string())));
        let whole = locate_in(two.file.as_os_str(), None, &directories);
        assert_eq!(whole.note, None);
        let built_in = locate_in(name, Some(second.path()), &directories);
        assert_eq!(built_in.file, second.path().join(name));
        let third = tempfile::tempdir().unwrap();
        let elsewhere = locate_in(name, Some(third.path()), &directories);
        assert_eq!(elsewhere.file, third.path().join(name));
        let first = first.path().join(name).display().to_string();
        assert!(
            elsewhere.note.is_some_and(|note| note.contains("there is no plugin") && note.contains(&first))
        );
    }
}
