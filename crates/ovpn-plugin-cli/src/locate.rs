//! Which file a `plugin` line means.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The file of a plugin, and what is to be said about it.
pub(crate) struct Located {
    pub(crate) file: PathBuf,
    pub(crate) note: Option<String>,
}

/// The file for `name`. As in OpenVPN, one that begins with neither a slash nor a dot is looked for in the plugin directory,
/// of which each distribution has its own. If there is none, that shows when it is opened, as with a path.
pub(crate) fn locate(name: &OsStr) -> Located {
    locate_in(name, &directories())
}

fn locate_in(name: &OsStr, directories: &[PathBuf]) -> Located {
    if name.as_bytes().starts_with(b"/") || name.as_bytes().starts_with(b".") {
        return Located { file: name.into(), note: None };
    }
    let mut found = directories.iter().map(|directory| directory.join(name)).filter(|file| file.exists());
    if let Some(file) = found.next() {
        return Located { note: found.next().map(|other| ambiguous(&file, &other)), file };
    }
    if Path::new(name).exists() {
        let file = Path::new(".").join(name);
        let note = "OpenVPN looks for such a path in its plugin directory: in a plugin line it has to begin with / or .";
        return Located { file, note: Some(note.into()) };
    }
    let searched: Vec<_> = directories.iter().map(|directory| directory.display().to_string()).collect();
    let note = format!("there is no plugin {name:?} in {}, nor here", searched.join(", "));
    let file = directories.first().map_or_else(|| name.into(), |directory| directory.join(name));
    Located { file, note: Some(note) }
}

/// Debian's OpenVPN has the C plugins in a directory of its own, and there the name means those.
fn ambiguous(file: &Path, other: &Path) -> String {
    let (file, other) = (file.display(), other.display());
    format!("{file} is tried, and there is {other} too: write the whole path, here and in the plugin line")
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
        let none = locate_in(name, &directories);
        assert_eq!(none.file, first.path().join(name));
        assert!(none.note.is_some_and(|note| note.contains("there is no plugin")));
        std::fs::write(second.path().join(name), "").unwrap();
        let one = locate_in(name, &directories);
        assert_eq!((one.file, one.note), (second.path().join(name), None));
        std::fs::write(first.path().join(name), "").unwrap();
        let two = locate_in(name, &directories);
        assert_eq!(two.file, first.path().join(name));
        assert!(two.note.is_some_and(|note| note.contains(&second.path().display().to_string())));
        let whole = locate_in(two.file.as_os_str(), &directories);
        assert_eq!(whole.note, None);
    }
}
