//! `make install` puts the plugin where server.conf looks for it, and never overwrites a service file.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use harness::scratch::Scratch;
use harness::{command, plugin};

const PLUGIN: &str = "usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so";
const SERVICE: &str = "etc/pam.d/openvpn";

fn make(target: &str, destination: &Path) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = format!("BUILT={}", plugin::built("libopenvpn_plugin_auth_pam.so").display());
    let destination = format!("DESTDIR={}", destination.display());
    command::run("make", &["-s", "-C", &project.to_string_lossy(), target, &built, &destination]);
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
        & 0o7777
}

#[test]
fn install_twice_and_uninstall() {
    let scratch = Scratch::new();
    let (plugin_file, service) = (scratch.join(PLUGIN), scratch.join(SERVICE));
    make("install", scratch.path());
    assert_eq!((mode(&plugin_file), mode(&service)), (0o644, 0o644));
    assert_eq!(
        fs::read(&plugin_file).expect("installed"),
        fs::read(plugin::built("libopenvpn_plugin_auth_pam.so")).expect("built")
    );
    let lines = fs::read_to_string(&service).expect("installed");
    assert_eq!(lines, "auth required pam_unix.so shadow nodelay\naccount required pam_unix.so\n");

    // A running server keeps the file it has loaded: the new one is another file under the same name.
    let old = fs::File::open(&plugin_file).expect("open");
    fs::write(&service, "# changed by the administrator\n").expect("write");
    make("install", scratch.path());
    assert_ne!(old.metadata().expect("stat").ino(), plugin_file.metadata().expect("stat").ino());
    assert_eq!(fs::read_to_string(&service).expect("kept"), "# changed by the administrator\n");
    let directory = plugin_file.parent().expect("has one");
    assert_eq!(fs::read_dir(directory).expect("list").count(), 1, "nothing temporary stays");

    make("uninstall", scratch.path());
    assert!(!plugin_file.exists());
    assert!(service.exists(), "a changed service file stays");
}
