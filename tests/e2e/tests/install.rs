//! `make install` puts the plugin where server.conf looks for it, never overwrites a service file, and what it installs
//! logs clients in.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::scratch::Scratch;
use harness::{Account, ServerConfig, command, plugin};

const BUILT: &str = "libopenvpn_plugin_auth_pam.so";
const SERVICE: &str = "auth required pam_unix.so shadow nodelay\naccount required pam_unix.so\n";

/// An installation below a directory of its own.
struct Installation {
    scratch: Scratch,
    variables: Vec<String>,
}

impl Installation {
    /// With these variables besides DESTDIR.
    fn new(variables: &[&str]) -> Self {
        Self { scratch: Scratch::new(), variables: variables.iter().map(ToString::to_string).collect() }
    }

    /// Runs make, which must succeed, and returns what it printed.
    fn make(&self, target: &str) -> String {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut command = Command::new("make");
        command::away_from_make(&mut command);
        command.args(["-s", "-C"]).arg(project).arg(target).args(&self.variables);
        let built = plugin::built(BUILT);
        command.arg(format!("BUILTDIR={}", built.parent().unwrap_or(Path::new(".")).display()));
        command.arg(format!("DESTDIR={}", self.scratch.path().display()));
        let output = command.output().unwrap_or_else(|error| panic!("make: {error}"));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "make {target}: {said}");
        said
    }

    fn plugin(&self) -> PathBuf {
        self.scratch.join("usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so")
    }

    fn service(&self) -> PathBuf {
        self.scratch.join("etc/pam.d/openvpn")
    }

    /// Every file that is there, as paths below the directory.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.scratch.path(), self.scratch.path(), &mut found);
        found.sort();
        found
    }
}

fn list(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap_or_else(|error| panic!("{error}")).flatten() {
        if entry.path().is_dir() {
            list(root, &entry.path(), found);
        } else if let Ok(below) = entry.path().strip_prefix(root) {
            found.push(below.to_string_lossy().into_owned());
        }
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
        & 0o7777
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn three_files_are_installed_and_removed_again() {
    let place = Installation::new(&[]);
    place.make("install");
    let [auth_pam, down_root] =
        ["auth-pam", "down-root"].map(|name| format!("usr/lib/openvpn/plugins/openvpn-plugin-{name}.so"));
    assert_eq!(place.files(), ["etc/pam.d/openvpn", &auth_pam, &down_root]);
    for file in place.files() {
        assert_eq!(mode(&place.scratch.join(&file)), 0o644, "{file}");
    }
    assert!(read(&place.plugin()) == read(&plugin::built(BUILT)), "the plugin is not the one that was built");
    assert_eq!(String::from_utf8_lossy(&read(&place.service())), SERVICE);
    place.make("uninstall");
    assert_eq!(place.files(), Vec::<String>::new());
}

#[test]
fn a_changed_service_file_survives_everything() {
    const CHANGED: &str = "# changed by the administrator\n";
    let place = Installation::new(&[]);
    place.make("install");
    fs::write(place.service(), CHANGED).expect("write");
    for (target, words) in [("install", "stays as it is"), ("uninstall", "was changed and stays")] {
        let said = place.make(target);
        assert!(said.contains(words), "{said}");
        assert_eq!(read(&place.service()), CHANGED.as_bytes());
    }
    assert_eq!(place.files(), ["etc/pam.d/openvpn"]);
}

/// A running server keeps the file it has loaded: the new one is another file under the same name.
#[test]
fn a_loaded_plugin_is_not_written_over() {
    let place = Installation::new(&[]);
    place.make("install");
    let old = fs::File::open(place.plugin()).expect("open");
    place.make("install");
    assert_ne!(
        old.metadata().expect("stat").ino(),
        place.plugin().metadata().expect("stat").ino(),
        "the file that a server may have loaded was written over"
    );
    assert_eq!(place.files().len(), 3, "{:?}", place.files());
}

#[test]
fn the_places_can_be_chosen() {
    for (variables, files) in [
        (
            &["PREFIX=/opt/vpn"][..],
            [
                "etc/pam.d/openvpn",
                "opt/vpn/lib/openvpn/plugins/openvpn-plugin-auth-pam.so",
                "opt/vpn/lib/openvpn/plugins/openvpn-plugin-down-root.so",
            ],
        ),
        (
            &["PREFIX=/opt/vpn", "PLUGINDIR=/srv/plugins", "PAMDIR=/srv/pam"],
            [
                "srv/pam/openvpn",
                "srv/plugins/openvpn-plugin-auth-pam.so",
                "srv/plugins/openvpn-plugin-down-root.so",
            ],
        ),
    ] {
        let place = Installation::new(variables);
        place.make("install");
        assert_eq!(place.files(), files);
        place.make("uninstall");
        assert_eq!(place.files(), Vec::<String>::new());
    }
}

/// The installed plugin, by its installed path, with the installed service file: a real client gets in.
#[test]
fn what_is_installed_logs_a_client_in() {
    let place = Installation::new(&[]);
    place.make("install");
    let account = Account::new("correct horse");
    let services = place.scratch.join("etc/pam.d");
    let words = format!("pam-confdir={} openvpn", services.display());
    let server = ServerConfig::default().plugin_file(&place.plugin(), &words).dropped().start();
    server.client(account.name(), account.password()).start().wait_connected();
    let mark = server.mark();
    server.client(account.name(), "wrong").start().wait_refused();
    server.wait_for(mark, &format!("user '{}' failed to authenticate", account.name()));
}
