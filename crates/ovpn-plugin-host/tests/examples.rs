//! The example plugins, compiled, through the life of a server and of a client, as each struct version has it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use ovpn_plugin_host::{Login, OpenPlugin, Plugin, Verdict, sys};

const PATIENCE: Duration = Duration::from_secs(20);

/// Builds the examples beside the tests, once, and gives the file of one.
fn example(name: &str) -> Plugin {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let own = std::env::current_exe().unwrap();
        let target = own.ancestors().nth(3).expect("tests are in <target>/<profile>/deps").to_owned();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["build", "--quiet", "--locked", "--target-dir"]).arg(&target);
        for name in EXAMPLES {
            cargo.arg("-p").arg(format!("example-{}", name.0));
        }
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cannot run cargo");
        assert!(status.success(), "building the examples failed");
        target.join("debug")
    });
    Plugin::new(directory.join(format!("libexample_{}.so", name.replace('-', "_"))))
}

/// Name, words, and whether joe with the password secret gets in.
const EXAMPLES: [(&str, &[&str], bool); 8] = [
    ("base64", &[], true),
    ("challenge", &["dynamic", "joe", "secret", "123456"], false),
    ("client-connect", &["thread", "route 10.9.0.0"], true),
    ("deferred-auth", &["T", "20", "joe", "secret"], true),
    ("log-events", &["defer"], true),
    ("per-client-state", &["3"], true),
    ("policy", &["POLICY"], true),
    ("simple", &["joe", "secret"], true),
];

#[test]
fn each_lives_with_each_struct_version() {
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(policy.path(), "client 10.8.0.2\n").unwrap();
    let policy = policy.path().to_str().unwrap();
    for (name, words, gets_in) in EXAMPLES {
        for version in 1..=5 {
            let words = words.iter().map(|word| if *word == "POLICY" { policy } else { word });
            let plugin = example(name).args(words).struct_version(version).open().unwrap();
            let life = plugin.server_life(&Login::new("joe", "secret"), PATIENCE).unwrap();
            assert_eq!(
                life.connected,
                gets_in,
                "{name}, version {version}: {life:?} {:?}",
                plugin.log_lines()
            );
            assert_eq!(plugin.log_lines().iter().filter(|line| line.is_error()).count(), 0, "{name}");
            plugin.close();
        }
    }
}

/// In the order in which a real server and a real client pass them.
#[test]
fn a_life_is_in_order() {
    let defer = example("log-events").arg("defer").open().unwrap();
    let life = defer.server_life(&Login::new("joe", "x"), PATIENCE).unwrap();
    assert_eq!(life.events(), [0, 2, 4, 4, 5, 10, 3, 6, 13, 9, 14, 8, 7, 8, 12, 1]);
    let client = example("log-events").arg("client").open().unwrap();
    let life = client.client_life().unwrap();
    assert_eq!(life.events(), [4, 4, 10, 3, 0, 2, 12, 1]);
    assert!(life.connected);
}

#[test]
fn who_is_refused_gets_no_further() {
    let plugin = example("simple").args(["joe", "secret"]).open().unwrap();
    let life = plugin.server_life(&Login::new("joe", "wrong"), PATIENCE).unwrap();
    assert_eq!((life.events(), life.connected), (vec![sys::PLUGIN_AUTH_USER_PASS_VERIFY], false));
    let plugin = example("client-connect").args(["later-list", "route 10.9.0.0"]).open().unwrap();
    let life = plugin.server_life(&Login::new("joe", "x"), Duration::ZERO).unwrap();
    assert!(!life.connected, "a deferred client must wait");
}

/// When close returns, the threads have ended, and what they had not decided is rejected.
#[test]
fn closing_waits_for_threads() {
    let plugin: OpenPlugin = example("deferred-auth").args(["T", "3600000", "joe", "secret"]).open().unwrap();
    let login = plugin.start_login(&Login::new("joe", "secret")).unwrap();
    assert_eq!(login.files.verdict(), None);
    plugin.close();
    assert_eq!(login.files.verdict(), Some(Verdict::Rejected));
}

/// The same under valgrind: no access that is not allowed, no memory lost.
#[test]
fn valgrind_has_nothing_to_say() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is not installed");
        return;
    }
    // Built by whichever test comes first, not under valgrind.
    drop(example("simple"));
    let output = Command::new("valgrind")
        .args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "each_lives_with_each_struct_version", "--test-threads=1"])
        .output()
        .unwrap();
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    assert!(output.status.success() && words.contains("1 passed"), "{words}");
}
