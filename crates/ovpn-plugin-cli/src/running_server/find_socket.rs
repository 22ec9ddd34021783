//! Which socket is asked: the one that is named, or that of the configuration that is named, or of the only server in the usual
//! configurations that has one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use openvpn_config::Seen;
use secret::Secret;

use crate::doctor::{AuthPamLine, usual_configurations};
use crate::known_options::auth_pam;
use crate::plugin_line;

/// The socket.
pub(crate) fn socket(named: Option<&Path>) -> Result<PathBuf, String> {
    let Some(path) = named else { return of_the_usual() };
    let status = std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if status.file_type().is_socket() {
        return Ok(path.to_path_buf());
    }
    if !status.is_file() {
        return Err(format!("{} is neither a socket nor a configuration of OpenVPN", path.display()));
    }
    let found = of_configuration(path)?;
    one_of(found, &format!("{} has no auth-pam line with status=PATH", path.display()))
}

/// That of the configurations that distributions' units start. One that cannot be read is none.
fn of_the_usual() -> Result<PathBuf, String> {
    let configurations = usual_configurations();
    let found = configurations.iter().filter_map(|path| of_configuration(path).ok()).flatten();
    let mut there: Vec<PathBuf> = found.filter(|path| path.exists()).collect();
    there.sort();
    there.dedup();
    one_of(
        there,
        "no configuration in /etc/openvpn/server and /etc/openvpn belongs to a running server with status=PATH in its \
         auth-pam line; name the server's socket or configuration",
    )
}

fn one_of(mut found: Vec<PathBuf>, without: &str) -> Result<PathBuf, String> {
    match found.len() {
        0 => Err(without.to_owned()),
        1 => Ok(found.remove(0)),
        _ => {
            let names: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
            Err(format!("there are several servers; name one: {}", names.join(", ")))
        }
    }
}

/// The sockets that a configuration names.
fn of_configuration(config: &Path) -> Result<Vec<PathBuf>, String> {
    let here = std::env::current_dir().map_err(|error| format!("the working directory: {error}"))?;
    let config = here.join(config);
    // Where the units that come with OpenVPN start it.
    let mut directory = config.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
    let start = directory.clone();
    let mut found = Vec::new();
    let mut see = |_: &openvpn_config::Place, seen: Seen<'_>| {
        let Seen::Option(words) = seen else { return };
        match &words.iter().map(Secret::expose).collect::<Vec<_>>()[..] {
            [b"cd", path] => directory = directory.join(OsStr::from_bytes(path)),
            [b"plugin", _, line @ ..] => {
                found.extend(of_line(line, &directory).map(|path| directory.join(path)));
            }
            _ => {}
        }
    };
    match openvpn_config::read(&config, &start, &mut see) {
        Ok(_) => Ok(found),
        Err(stopped) => Err(format!("{}: {}", config.display(), stopped.why)),
    }
}

/// What `status=` says in the words of a plugin line.
fn of_line(line: &[&[u8]], directory: &Path) -> Option<PathBuf> {
    let words = plugin_line::as_openvpn(line.iter().map(|word| word.to_vec()).collect()).ok()?.words;
    let read = |file: &str| {
        let path = directory.join(file);
        plugin_options::file::read(path.as_os_str().as_bytes()).ok().map(|file| file.content)
    };
    AuthPamLine::new(&words, true, read).option(const { auth_pam("status") }).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_configuration_names_its_socket() {
        let place = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = place.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let socket_path = place.path().join("a.sock");
        let line = format!("plugin x.so status={} vpn", socket_path.display());
        assert_eq!(socket(Some(&file("a.conf", &line))).unwrap(), socket_path);
        let quoted =
            format!("port 1194\nplugin /usr/x.so \"grace=0 status={} vpn\"\n", socket_path.display());
        assert_eq!(socket(Some(&file("b.conf", &quoted))).unwrap(), socket_path);
        for (text, said) in [
            ("plugin x.so vpn", "no auth-pam line with status="),
            ("plugin x.so status=/a vpn\nplugin x.so status=/b vpn", "several servers; name one: /a, /b"),
        ] {
            let error = socket(Some(&file("c.conf", text))).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        assert!(socket(Some(place.path())).unwrap_err().contains("neither a socket"));
        assert!(socket(Some(Path::new("/nonexistent"))).unwrap_err().contains("/nonexistent"));
        let _listener = UnixListener::bind(&socket_path).unwrap();
        assert_eq!(socket(Some(&socket_path)).unwrap(), socket_path);
    }
}
