//! Runs the command and looks at what it prints.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::command;
use tempfile::TempDir;

/// The command itself.
pub(crate) const COMMAND: &str = env!("CARGO_BIN_EXE_ovpn-plugin");

/// What came of a run.
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Whether a line begins with this word and contains the text.
    pub(crate) fn says(&self, what: &str, text: &str) -> bool {
        self.out.lines().any(|line| {
            line.strip_prefix(what).is_some_and(|rest| rest.starts_with(' ') && rest.contains(text))
        })
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: i32, lines: &[(&str, &str)]) {
        assert_eq!(self.status, Some(status), "{self}");
        for (what, text) in lines {
            assert!(self.says(what, text), "no line '{what} ... {text}' in:\n{self}");
        }
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "status {:?}\n{}{}", self.status, self.out, self.err)
    }
}

/// With this on standard input.
pub(crate) fn run_with<W: AsRef<OsStr>>(input: &str, words: &[W]) -> Run {
    // Without a terminal, wherever the tests are started from.
    let mut child = Command::new("setsid")
        .args(["--wait", COMMAND])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("only text is printed");
    Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) fn run<W: AsRef<OsStr>>(words: &[W]) -> Run {
    run_with("", words)
}

/// The plugin built from tests/c/mistakes.c, gone when dropped.
pub(crate) struct Mistakes(TempDir);

impl Mistakes {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let built = directory.path().join("mistakes.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/mistakes.c");
        let (built, source) = (built.to_str().unwrap(), source.to_str().unwrap());
        command::run("cc", &["-shared", "-fPIC", "-Wall", "-Werror", "-o", built, source]);
        Self(directory)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("mistakes.so")
    }

    /// A login of joe with the password `secret99`.
    pub(crate) fn login(&self, options: &[&str], words: &[&str]) -> Run {
        let file = self.file();
        let mut line = vec!["login", "--user", "joe", "--password-file", "-"];
        line.extend(options);
        line.push(file.to_str().unwrap());
        line.extend(words);
        run_with("secret99\n", &line)
    }
}
