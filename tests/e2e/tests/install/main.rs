//! `make install` puts everything where a distribution has it, never overwrites a service file, leaves nothing half done, and
//! what it installs logs clients in.

mod bad_input;
mod documents;
mod for_authors;
mod installation;
mod left_behind;
mod others;
mod planted;

use std::fs;
use std::os::unix::fs::MetadataExt;

use harness::scratch::Scratch;
use harness::{Account, ServerConfig, command, plugin};

use crate::installation::{BUILT, EXAMPLES, Installation, mode, project, read, run, said};

const SERVICE: &str = include_str!("../../../../pam.d/openvpn");
/// What is installed besides documents.
const FILES: [(u32, &str); 10] = [
    (0o644, "etc/pam.d/openvpn"),
    (0o755, "usr/bin/ovpn-plugin"),
    (0o644, "usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so"),
    (0o644, "usr/lib/openvpn/plugins/openvpn-plugin-down-root.so"),
    (0o644, "usr/share/bash-completion/completions/ovpn-plugin"),
    (0o644, "usr/share/fish/vendor_completions.d/ovpn-plugin.fish"),
    (0o644, "usr/share/man/man1/ovpn-plugin.1"),
    (0o644, "usr/share/man/man8/openvpn-plugin-auth-pam.8"),
    (0o644, "usr/share/man/man8/openvpn-plugin-down-root.8"),
    (0o644, "usr/share/zsh/site-functions/_ovpn-plugin"),
];

#[test]
fn everything_is_installed_and_removed_again() {
    let place = Installation::new(&[]);
    place.make("install");
    let promised = place.promised();
    let names: Vec<_> = promised.iter().map(|(_, name)| name.clone()).collect();
    assert_eq!(place.files(), names);
    for (mode_promised, file) in &promised {
        assert_eq!(mode(&place.scratch.join(file)), *mode_promised, "{file}");
    }
    let (documents, others): (Vec<_>, Vec<_>) =
        promised.into_iter().partition(|(_, file)| file.starts_with("usr/share/doc/openvpn-plugins-rs/"));
    assert_eq!(others, FILES.map(|(mode, file)| (mode, file.to_string())));
    for document in [
        "README.md",
        "PRIVILEGE.md",
        "LICENSE-MIT",
        "examples/fail2ban/openvpn-auth-pam.conf",
        "examples/fail2ban/jail-auth-log.conf",
        "examples/fail2ban/jail-journal.conf",
        "examples/grok/openvpn-auth-pam",
        "examples/grafana/openvpn-auth-pam.json",
        "examples/prometheus/openvpn-auth-pam.rules.yml",
    ] {
        assert!(documents.iter().any(|(_, file)| file.ends_with(document)), "{document}: {documents:?}");
    }
    assert!(read(&place.plugin()) == read(&plugin::built(BUILT)), "the plugin is not the one that was built");
    assert_eq!(String::from_utf8_lossy(&read(&place.service())), SERVICE);

    place.make("uninstall");
    assert_eq!(place.files(), Vec::<String>::new());
    for directory in ["usr/share/doc/openvpn-plugins-rs", "usr/lib/openvpn/plugins"] {
        assert!(!place.scratch.join(directory).exists(), "{directory}");
    }
}

#[test]
fn what_is_installed_is_stripped() {
    let place = Installation::new(&[]);
    place.make("install");
    for file in [FILES[1].1, FILES[2].1, FILES[3].1] {
        let sections = command::run("readelf", &["-SW", &place.scratch.join(file).display().to_string()]);
        let sections = String::from_utf8_lossy(&sections.stdout).into_owned();
        assert!(sections.contains(".dynsym") && !sections.contains(".symtab"), "{file}: {sections}");
        assert!(!sections.contains(".debug_"), "{file}: {sections}");
    }
}

#[test]
fn examples_and_the_sdk_are_installed_when_asked_for() {
    let place = Installation::new(&["INSTALL_EXAMPLES=1", "INSTALL_DEV=1"]);
    place.make("install");
    let files = place.files();
    for name in EXAMPLES {
        let file = format!("usr/lib/openvpn/plugins/openvpn-plugin-example-{name}.so");
        assert!(files.contains(&file), "{file}");
        let source = format!("usr/share/openvpn-plugin-dev-rs/plugins/examples/{name}/src/lib.rs");
        assert!(files.contains(&source), "{source}");
        for beside in ["README.md", "server.conf"] {
            let file = format!("usr/share/doc/openvpn-plugin-examples-rs/{name}/{beside}");
            assert!(files.contains(&file), "{file}");
        }
    }
    for part in ["Cargo.toml", "crates/ovpn-plugin/template/src/lib.rs", "crates/ovpn-plugin-sys/src/lib.rs"]
    {
        assert!(files.contains(&format!("usr/share/openvpn-plugin-dev-rs/{part}")), "{part}: {files:?}");
    }
    for file in [
        "usr/share/doc/openvpn-plugin-examples-rs/README.md",
        "usr/share/doc/openvpn-plugin-examples-rs/log-events/client.conf",
        "usr/share/man/man1/cargo-ovpn-plugin.1",
    ] {
        assert!(files.contains(&file.to_string()), "{file}");
    }
    // What is removed is not a matter of how it was installed.
    let output = run(place.command("uninstall").args(["INSTALL_EXAMPLES=0", "INSTALL_DEV=0"]));
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(place.files(), Vec::<String>::new());
    let present = fs::read_dir(project().join("plugins/examples")).expect("the examples").flatten();
    // And the one that is built alone.
    assert_eq!(present.filter(|entry| entry.path().is_dir()).count(), EXAMPLES.len() + 1);
}

/// An administrator copies it.
#[test]
fn the_configuration_of_an_example_names_the_plugin_where_it_is() {
    let place = Installation::new(&["INSTALL_EXAMPLES=1", "PLUGINDIR=/opt/vpn/plug&ins"]);
    place.make("install");
    let config = place.scratch.join("usr/share/doc/openvpn-plugin-examples-rs/simple/server.conf");
    let config = String::from_utf8(read(&config)).expect("text");
    let file = config.lines().find_map(|line| line.strip_prefix("plugin ")?.split(' ').next());
    let file = file.and_then(|file| file.strip_prefix('/')).expect("the whole path");
    assert_eq!(file, "opt/vpn/plug&ins/openvpn-plugin-example-simple.so");
    assert!(place.scratch.join(file).exists());
}

/// Whatever there is below docs, recipes among it.
#[test]
fn documents_are_installed_with_their_places() {
    let (place, copy) = (Installation::new(&[]), Scratch::new());
    let documents = ["README.md", "PRIVILEGE.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    for name in ["Makefile", "packaging", "pam.d"].into_iter().chain(documents) {
        command::run(
            "cp",
            &["-R", &project().join(name).display().to_string(), &copy.path().display().to_string()],
        );
    }
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "LICENSE-THIRD-PARTY"] {
        copy.write(name, "x", 0o644);
    }
    copy.directory("docs", 0o755);
    copy.directory("docs/recipes", 0o755);
    copy.write("docs/scaling.md", "x", 0o600);
    copy.write("docs/recipes/one two.md", "x", 0o644);
    let output = run(&mut place.command_of(copy.path(), "install"));
    assert!(output.status.success(), "{}", said(&output));
    for name in ["scaling.md", "recipes/one two.md"] {
        assert_eq!(
            mode(&place.scratch.join(&format!("usr/share/doc/openvpn-plugins-rs/docs/{name}"))),
            0o644,
            "{name}"
        );
    }
    let output = run(&mut place.command_of(copy.path(), "uninstall"));
    assert!(output.status.success(), "{}", said(&output));
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
    let (old, files) = (fs::File::open(place.plugin()).expect("open"), place.files());
    place.make("install");
    assert_ne!(
        old.metadata().expect("stat").ino(),
        place.plugin().metadata().expect("stat").ino(),
        "the file that a server may have loaded was written over"
    );
    assert_eq!(place.files(), files);
}

#[test]
fn the_places_can_be_chosen() {
    for (variables, files) in [
        (
            &["PREFIX=/opt/vpn", "MANDIR=", "DOCDIR=", "COMPDIR="][..],
            [
                "etc/pam.d/openvpn",
                "opt/vpn/bin/ovpn-plugin",
                "opt/vpn/lib/openvpn/plugins/openvpn-plugin-auth-pam.so",
                "opt/vpn/lib/openvpn/plugins/openvpn-plugin-down-root.so",
            ],
        ),
        (
            &[
                "PLUGINDIR=/srv/plug ins",
                "PAMDIR=/srv/pam",
                "BINDIR=/srv/bin",
                "MANDIR=",
                "DOCDIR=",
                "COMPDIR=",
            ],
            [
                "srv/bin/ovpn-plugin",
                "srv/pam/openvpn",
                "srv/plug ins/openvpn-plugin-auth-pam.so",
                "srv/plug ins/openvpn-plugin-down-root.so",
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

/// Manual pages and documents name the plugins where they are, so that their `plugin` lines can be copied.
#[test]
fn documents_name_the_place_that_was_chosen() {
    let place = Installation::new(&["PLUGINDIR=/opt/a&b/plugins"]);
    place.make("install");
    for file in [
        "usr/share/man/man8/openvpn-plugin-auth-pam.8",
        "usr/share/man/man8/openvpn-plugin-down-root.8",
        "usr/share/man/man1/ovpn-plugin.1",
        "usr/share/doc/openvpn-plugins-rs/README.md",
        "usr/share/doc/openvpn-plugins-rs/docs/recipes/system-accounts.md",
    ] {
        let text =
            fs::read_to_string(place.scratch.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains("/opt/a&b/plugins/openvpn-plugin-"), "{file}");
        assert!(!text.contains("/usr/lib/openvpn/plugins/openvpn-plugin-"), "{file}");
    }
}

/// Nothing is compiled and nothing fetched: there is no cargo, no compiler and no network.
#[test]
fn installing_builds_nothing() {
    let place = Installation::new(&[]);
    let install = place.command("install");
    let mut command = std::process::Command::new("unshare");
    command::away_from_make(&mut command);
    command.args(["--net", "make"]).args(install.get_args()).args(["CARGO=/bin/false", "CC=/bin/false"]);
    command.env("PATH", "/usr/bin:/bin");
    let output = run(&mut command);
    assert!(output.status.success(), "{}", said(&output));
    assert!(place.plugin().exists());
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
