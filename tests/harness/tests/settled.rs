//! Test programs start settled, however cargo or make was started: see `tests/settled`.

use std::process::Command;

use nix::sys::resource::{Resource, getrlimit};

const ODD: &str = "trap '' HUP INT QUIT TERM USR1; umask 077; ulimit -Sn 256; exec setsid \"$@\"";
const TELL: &str = "grep ^SigIgn /proc/$$/status; echo umask $(umask); echo files $(ulimit -Sn) $(ulimit -f)";

/// What a program finds that is started in an odd place, with these words before it.
fn told(before: &[&str]) -> Vec<String> {
    let mut command = Command::new("sh");
    command.args(["-c", ODD, "sh"]).args(before).args(["sh", "-c", TELL]);
    let output = command.output().unwrap_or_else(|error| panic!("sh: {error}"));
    String::from_utf8_lossy(&output.stdout).lines().map(|line| line.replace('\t', " ")).collect()
}

/// Which of the signals 1 to 31 are ignored; of the two after them the C library ignores some when it starts a program.
fn ignored(line: &str) -> u64 {
    let mask = line.trim_start_matches("SigIgn:").trim();
    u64::from_str_radix(mask, 16).unwrap_or_else(|error| panic!("{line}: {error}")) & 0x7fff_ffff
}

#[test]
fn signals_umask_and_limits_are_set() {
    let odd = told(&[]);
    assert_eq!(odd.get(1..).unwrap_or_default(), ["umask 0077", "files 256 unlimited"], "{odd:?}");
    assert_ne!(odd.first().map(|line| ignored(line)), Some(0), "{odd:?}");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../settled");
    let told = told(&[script]);
    let [signals, rest @ ..] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(ignored(signals), 0, "{signals}");
    // A hard limit below that, and no right to raise it, is not for a test to mend.
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or_else(|errno| panic!("{errno}"));
    assert_eq!(rest, ["umask 0022".to_string(), format!("files {} unlimited", hard.min(1024))]);
}

/// Cargo has started this one through it.
#[test]
fn this_program_is_settled() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    // SIGPIPE, which Rust's own start ignores.
    assert_eq!(line("SigIgn:").map(ignored), Some(0x1000));
    assert_eq!(line("Umask:"), Some("0022"));
}
