//! OpenVPN's own sample plugins, under OpenVPN and under `ovpn-plugin`: both let the same clients in.
//!
//! Their sources are OpenVPN's, and not part of this project: `tests/openvpn-samples` gets those of Debian's package, or
//! `OPENVPN_SAMPLE_PLUGINS` names their directory (`sample/sample-plugins`). What they need of a host, tests of
//! ovpn-plugin-host have in plugins of their own (tests/like_openvpn.rs).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use harness::log::Mark;
use harness::scratch::Scratch;
use harness::{Outcome, ServerConfig, command, plugin};

/// A sample, and how it is used.
struct Sample {
    file: &'static str,
    words: &'static str,
    /// A line of the server's configuration, and the variable that it makes.
    line: &'static str,
    variable: &'static str,
    /// Whether a wrong password keeps the client out.
    judges: bool,
}

const fn sample(file: &'static str, words: &'static str, judges: bool) -> Sample {
    Sample { file, words, line: "", variable: "", judges }
}

const SAMPLES: [Sample; 8] = [
    sample("simple/simple", "", true),
    sample("simple/base64", "", false),
    sample("log/log", "", true),
    sample("log/log_v3", "", true),
    sample("client-connect/sample-client-connect", "", false),
    sample("defer/multi-auth", "direct 0 foo bar", true),
    sample("defer/multi-auth", "later 200 foo bar", true),
    Sample {
        line: "keying-material-exporter EXPORTER_SSO 16",
        variable: "exported_keying_material=00112233445566778899aabbccddeeff",
        ..sample("keying-material-exporter-demo/keyingmaterialexporter", "", false)
    },
];

fn sources() -> PathBuf {
    // Once for all tests, which may run at the same time.
    static SOURCES: LazyLock<PathBuf> = LazyLock::new(|| {
        if let Some(named) = std::env::var_os("OPENVPN_SAMPLE_PLUGINS") {
            return named.into();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openvpn-samples");
        let place = plugin::built("ovpn-plugin").with_file_name("openvpn-samples");
        let found = command::run(&script.display().to_string(), &[&place.display().to_string()]);
        String::from_utf8_lossy(&found.stdout).trim().into()
    });
    SOURCES.clone()
}

/// As OpenVPN's Makefile builds it: with no library.
fn built(sources: &Path, sample: &Sample, place: &Scratch) -> PathBuf {
    // Nothing of it is used.
    place.write("config.h", "", 0o600);
    let name = sample.file.rsplit('/').next().unwrap_or_default();
    let file = place.join(&format!("{name}.so"));
    let source = sources.join(format!("{}.c", sample.file));
    let include = format!("-I{}", place.path().display());
    let words = ["-shared", "-fPIC", "-w", &include, "-I/usr/include/openvpn", "-o"];
    let (file_name, source) = (file.display().to_string(), source.display().to_string());
    command::run("cc", &[&words[..], &[&file_name, &source]].concat());
    file
}

/// `ovpn-plugin` with these words: its exit status, and what it prints.
fn asked(command: &str, options: &[&str], file: &Path, words: &str) -> (Option<i32>, String) {
    let mut asked = Command::new(plugin::built("ovpn-plugin"));
    asked.arg(command).args(options).arg(file).args(words.split_whitespace());
    let output = asked.output().unwrap_or_else(|error| panic!("{error}"));
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_same_clients_get_in() {
    let sources = sources();
    let place = Scratch::new();
    for sample in &SAMPLES {
        let file = built(&sources, sample, &place);
        let what = format!("{} {}", sample.file, sample.words);
        let (status, out) = asked("check", &[], &file, sample.words);
        assert_eq!(status, Some(0), "{what}: {out}");
        let server = ServerConfig::default().plugin_file(&file, sample.words).line(sample.line).start();
        for (password, gets_in) in [("bar", true), ("wrong", !sample.judges)] {
            let outcome = server.client("foo", password).outcome();
            assert_eq!(matches!(outcome, Outcome::Connected(_)), gets_in, "{what}: {outcome:?}");
            let passwords = place.write("password", password, 0o600).display().to_string();
            let mut options = vec!["--user", "foo", "--password-file", &passwords];
            if !sample.variable.is_empty() {
                options.extend(["--env", sample.variable]);
            }
            let (status, out) = asked("events", &options, &file, sample.words);
            assert_eq!(status, Some(if gets_in { 0 } else { 1 }), "{what}, {password}: {out}");
            if sample.judges {
                let (status, out) = asked("login", &options, &file, sample.words);
                assert_eq!(status, Some(if gets_in { 0 } else { 1 }), "{what}, {password}: {out}");
            }
        }
    }
}

/// The events of a text, as `log_v3` prints them.
fn events(text: &str) -> BTreeSet<String> {
    let begin = ":::::>> ";
    text.lines().filter_map(|line| Some(line.split_once(begin)?.1.trim().to_owned())).collect()
}

#[test]
fn the_same_events_and_certificates_come() {
    let sources = sources();
    let place = Scratch::new();
    let log_v3 = &SAMPLES[3];
    let file = built(&sources, log_v3, &place);
    let server = ServerConfig::default().plugin_file(&file, "").start();
    let client = server.client("foo", "bar").connect();
    client.disconnect();
    // Only then it prints what is in its buffer.
    server.stop();
    server.wait_for(Mark::START, "OPENVPN_PLUGIN_DOWN");
    let passwords = place.write("password", "bar", 0o600).display().to_string();
    let options = ["--user", "foo", "--password-file", &passwords];
    let (status, printed) = asked("events", &options, &file, "");
    assert_eq!(status, Some(0), "{printed}");
    let (under_openvpn, here) = (events(&server.log().text()), events(&printed));
    assert!(under_openvpn.contains("OPENVPN_PLUGIN_TLS_VERIFY"), "{}", server.log().text());
    assert_eq!(here, under_openvpn);
    // Those of its certificates, by libcrypto.
    assert!(server.log().text().contains("X509 CN: "), "{}", server.log().text());
    assert!(printed.contains("X509 CN: authority") && printed.contains("X509 CN: client"), "{printed}");
}
