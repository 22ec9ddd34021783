//! tests/install-deps looks at cargo first: what is missing or too old is said in one line, with what to do. Then it says what it
//! installs, before it does it.

use std::path::Path;
use std::process::{Command, Output};

use harness::scratch::Scratch;

/// Runs it where `cargo` is this shell script, if there is one.
fn with_cargo(script: Option<&str>, sudo: bool) -> Output {
    let scratch = Scratch::new();
    if let Some(script) = script {
        scratch.write("cargo", &format!("#!/bin/sh\n{script}\n"), 0o755);
    }
    // Debian's own cargo may be installed beside the tools that are needed; here it is not seen.
    let tools = scratch.directory("tools", 0o755);
    for tool in ["bash", "sed", "dirname", "sort", "head", "printf", "id", "dpkg-query", "env"] {
        let found = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(tool));
        let found = found.iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no {tool}"));
        std::os::unix::fs::symlink(found, tools.join(tool)).unwrap_or_else(|error| panic!("{tool}: {error}"));
    }
    let mut command = Command::new("/usr/bin/env");
    command.arg("bash").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../install-deps")).arg("test");
    command.env("PATH", format!("{}:{}", scratch.path().display(), tools.display()));
    command.env_remove("CARGO").env_remove("SUDO_USER");
    if sudo {
        command.env("SUDO_USER", "joe");
    }
    command.output().unwrap_or_else(|error| panic!("install-deps: {error}"))
}

#[test]
fn an_unusable_cargo_is_said_in_one_line() {
    for (script, said) in [
        (None, "cargo is missing: install Rust "),
        (Some("echo cargo 0.66.0"), "/cargo is version 0.66, too old: install Rust "),
        (Some("echo 'cargo 1.9.0 (x 2016-05-26)'"), "/cargo is version 1.9, too old: install Rust "),
        (Some("echo no toolchain >&2; echo x >&2; exit 1"), "/cargo does not work (no toolchain): install"),
        (Some("echo 'ship 9.9.9'"), "/cargo does not work (ship 9.9.9): install"),
    ] {
        for sudo in [false, true] {
            let output = with_cargo(script, sudo);
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success(), "{script:?}");
            assert!(err.lines().count() == 1 && err.contains(said), "{script:?}: {err}");
            // If rustup is at home, the message says how to let root see it.
            assert_eq!(err.contains("sudo env PATH="), sudo, "{err}");
        }
    }
}

/// No apt-get is in sight, so nothing is installed here.
#[test]
fn a_new_enough_cargo_is_taken() {
    for version in ["1.85.0 (x 2025-02-17)", "1.85.0-nightly", "1.100.0", "2.0.0"] {
        let output = with_cargo(Some(&format!("echo 'cargo {version}'")), true);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{version}: {err}");
        assert!(err.starts_with("no apt-get here: "), "{version}: {err}");
    }
}

/// Programs that say what they are asked for, in the place of those that change the machine. Everything is missing.
const APT: &str = "case $* in *--simulate*) printf 'Inst lib-of-%s (1.0)\\n' fail2ban; echo 'Inst fail2ban (1.0)';; \
                   *) echo \"RUN apt-get $1\" >&2;; esac";
const STAND_INS: [(&str, &str); 4] = [
    ("apt-get", APT),
    ("dpkg-query", "echo not-installed"),
    ("systemctl", "echo \"RUN systemctl $*\" >&2"),
    ("pam-auth-update", "echo \"RUN pam-auth-update $*\" >&2"),
];
/// It writes a file there while it installs.
const APART: &str = "mount -t tmpfs tmpfs /usr/sbin && exec \"$@\" 2>&1";

#[test]
fn what_is_installed_is_said_first() {
    let scratch = Scratch::new();
    for (name, script) in STAND_INS {
        scratch.write(name, &format!("#!/bin/sh\n{script}\n"), 0o755);
    }
    scratch.write("cargo", "#!/bin/sh\necho cargo 1.100.0\n", 0o755);
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", APART, "sh"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../install-deps")).arg("test");
    command.env("PATH", format!("{}:/usr/bin:/bin", scratch.path().display())).env_remove("CARGO");
    let output = command.output().unwrap_or_else(|error| panic!("install-deps: {error}"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("installing with apt-get: gcc ") && lines[0].contains(" fail2ban "),
        "{text}"
    );
    assert_eq!(
        lines[1..4],
        [
            "and what these need: lib-of-fail2ban",
            "none of their services is started, now or at the next boot",
            "RUN apt-get install",
        ],
        "{text}"
    );
    for service in ["fail2ban", "freeradius", "nslcd", "prometheus", "prometheus-node-exporter", "slapd"] {
        assert!(lines.contains(&&*format!("RUN systemctl --quiet disable {service}")), "{service}: {text}");
    }
}
