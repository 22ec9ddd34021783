//! Which file a `plugin` line means.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The file of a plugin, and what is to be said about it.
pub(crate) struct Located {
    pub(crate) file: PathBuf,
    pub(crate) note: Option<&'static str>,
}

/// The file for `name`. As in OpenVPN, one that begins with neither a slash nor a dot is looked for in the plugin directory,
/// of which each distribution has its own. The error says where it was looked for.
pub(crate) fn locate(name: &OsStr) -> Result<Located, String> {
    if name.as_bytes().starts_with(b"/") || name.as_bytes().starts_with(b".") {
        return Ok(Located { file: name.into(), note: None });
    }
    let directories = directories();
    if let Some(file) = directories.iter().map(|directory| directory.join(name)).find(|file| file.exists()) {
        return Ok(Located { file, note: None });
    }
    if Path::new(name).exists() {
        let file = Path::new(".").join(name);
        let note = "OpenVPN looks for such a path in its plugin directory: in a plugin line it has to begin with / or .";
        return Ok(Located { file, note: Some(note) });
    }
    let searched: Vec<_> = directories.iter().map(|directory| directory.display().to_string()).collect();
    Err(format!("there is no plugin {name:?} in {}, nor here", searched.join(", ")))
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
