//! What is not of this project stays as it is, and what is goes, whatever became of the build.

use std::fs;
use std::path::{Path, PathBuf};

use harness::{Account, EtcPamService, ServerConfig};

use crate::installation::{Installation, read, run, said};

/// The C plugin of Debian's package openvpn.
const C_PLUGIN: &str = "/usr/lib/openvpn/openvpn-plugin-auth-pam.so";

fn with_the_c_plugin() -> Installation {
    let place = Installation::new(&["MANDIR=", "DOCDIR=", "COMPDIR="]);
    fs::create_dir_all(place.plugin().with_file_name("")).expect("directories");
    put_the_c_plugin(&place);
    place
}

fn put_the_c_plugin(place: &Installation) {
    let _ = fs::remove_file(place.plugin());
    fs::copy(C_PLUGIN, place.plugin()).unwrap_or_else(|error| panic!("{C_PLUGIN}: {error}"));
}

/// OpenVPN's own plugins may have the same names in the same directory.
#[test]
fn the_c_plugins_are_not_overwritten_unless_asked_for() {
    let place = with_the_c_plugin();
    let c_plugin = read(Path::new(C_PLUGIN));
    let output = run(&mut place.command("install"));
    let all = said(&output);
    assert!(!output.status.success(), "{all}");
    let name = place.plugin().display().to_string();
    for word in [&name[..], "is another plugin", "choose another PLUGINDIR", "REPLACE=1"] {
        assert!(all.contains(word), "{word}: {all}");
    }
    assert!(read(&place.plugin()) == c_plugin && place.files().len() == 1, "{:?}", place.files());

    // Then ours is there, and needs no such word to be replaced by a newer one.
    let output = run(place.command("install").arg("REPLACE=1"));
    assert!(output.status.success() && read(&place.plugin()) != c_plugin, "{}", said(&output));
    place.make("install");

    // The distribution has put its own back.
    put_the_c_plugin(&place);
    let all = place.make("uninstall");
    assert!(all.contains("is another plugin and stays"), "{all}");
    assert_eq!(place.files(), ["usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so"]);
}

#[test]
fn directories_of_others_stay() {
    let place = Installation::new(&["DOCDIR=/usr/share/doc"]);
    place.make("install");
    let others: [PathBuf; 2] =
        ["other", "docs/recipes/other"].map(|name| place.scratch.join("usr/share/doc").join(name));
    others.iter().for_each(|other| fs::create_dir(other).expect("directory"));
    let all = place.make("uninstall");
    assert!(others.iter().all(|other| other.is_dir()), "{all}");
    assert!(all.contains("usr/share/doc holds other files and stays"), "{all}");
    assert!(!place.scratch.join("usr/share/doc/examples").exists());
}

/// The SDK's sources were built for it, and `make clean` or another checkout has no such build.
#[test]
fn the_sdk_is_removed_without_its_build() {
    let place = Installation::new(&["INSTALL_DEV=1"]);
    place.make("install");
    fs::remove_dir_all(place.built().join("dev")).expect("remove");
    place.make("uninstall");
    assert_eq!(place.files(), Vec::<String>::new());
    assert!(!place.scratch.join("usr/share/openvpn-plugin-dev-rs").exists());
}

/// As docs/migration.md has it: the path of the line is changed, there and back, and nothing else. The client gets in each time, also
/// after ours are gone.
#[test]
fn there_and_back_again() {
    let place = Installation::new(&["MANDIR=", "DOCDIR=", "COMPDIR="]);
    let account = Account::new("correct horse");
    let service = EtcPamService::new("auth required pam_unix.so\naccount required pam_unix.so\n");
    let words = format!("{} login USERNAME password PASSWORD", service.name());
    let gets_in = |plugin: &Path| {
        let server = ServerConfig::default().plugin_file(plugin, &words).dropped().start();
        server.client(account.name(), account.password()).start().wait_connected();
        server.client(account.name(), "wrong").start().wait_refused();
    };
    let c_plugin = harness::plugin::c_auth_pam();
    gets_in(&c_plugin);
    place.make("install");
    gets_in(&place.plugin());
    gets_in(&c_plugin);
    place.make("uninstall");
    gets_in(&c_plugin);
}
