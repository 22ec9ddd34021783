//! A private PAM directory for one test, and a conversation that notes what it is asked.

use pam::{Conversation, ConversationError, PamError, Transaction};
use secret::Secret;
use std::ffi::{CStr, CString, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// PAM modules are not thread-safe, tests run in threads: each holds this.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub(crate) struct Stack {
    pub(crate) dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Stack {
    /// A directory whose service `test` has these lines; `@DIR@` stands for the directory, `@ASKER@` for the module
    /// of asker.c.
    pub(crate) fn new(lines: &str) -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().expect("temporary directory");
        let stack = Stack { dir, _turn: turn };
        let mut lines = lines.replace("@DIR@", stack.path("").to_str().expect("UTF-8").trim_end_matches('/'));
        if lines.contains("@ASKER@") {
            lines = lines.replace("@ASKER@", build_asker(&stack.path("asker.so")).to_str().expect("UTF-8"));
        }
        fs::write(stack.path("test"), lines).expect("service file");
        stack
    }

    /// A stack of asker.c with these arguments.
    pub(crate) fn asking(arguments: &str) -> Self {
        Stack::new(&format!("auth required @ASKER@ {arguments}\n"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn confdir(&self) -> CString {
        CString::new(self.dir.path().as_os_str().as_bytes()).expect("no NUL in a path")
    }

    pub(crate) fn start(&self, user: Option<&CStr>, notes: Notes) -> Transaction<Notes> {
        Transaction::start(c"test", user, Some(&self.confdir()), notes).expect("transaction")
    }

    /// Authenticates a user and gives the result with what the conversation saw.
    pub(crate) fn authenticate(&self, notes: Notes) -> (Result<(), PamError>, Notes) {
        let mut transaction = self.start(Some(c"ada"), notes);
        let result = transaction.authenticate();
        (result, transaction.end())
    }
}

/// The C compiler for the processor that the test runs on.
fn compiler() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| OsString::from("cc")))
}

/// Debian's name for the directories of that processor's libraries.
pub(crate) fn multiarch() -> String {
    let output = compiler().arg("-print-multiarch").output().expect("the C compiler runs");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

fn build_asker(target: &Path) -> &Path {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stack/asker.c");
    let status = compiler()
        .args(["-shared", "-fPIC", "-g", "-Wall", "-Werror", "-o"])
        .arg(target)
        .arg(source)
        .args(["-lpam", "-lpthread"])
        .status()
        .expect("the C compiler runs");
    assert!(status.success(), "the C compiler compiles the test module");
    target
}

/// Answers hidden prompts with one text, echoed ones with another, and notes all it sees, one line each.
pub(crate) struct Notes {
    pub(crate) hidden: &'static [u8],
    pub(crate) echoed: &'static [u8],
    pub(crate) seen: Vec<String>,
}

impl Default for Notes {
    fn default() -> Self {
        Notes { hidden: b"engine", echoed: b"ada", seen: Vec::new() }
    }
}

impl Notes {
    fn note(&mut self, kind: &str, text: &[u8]) -> Result<(), ConversationError> {
        let text = String::from_utf8_lossy(text);
        self.seen.push(format!("{kind} {text}"));
        match &*text {
            "refuse" => Err(ConversationError),
            "panic" => panic!("the conversation panics"),
            _ => Ok(()),
        }
    }
}

impl Conversation for Notes {
    fn prompt_hidden(&mut self, prompt: &[u8]) -> Result<Secret, ConversationError> {
        self.note("hidden", prompt)?;
        Ok(Secret::copy_of(self.hidden))
    }

    fn prompt_echoed(&mut self, prompt: &[u8]) -> Result<Secret, ConversationError> {
        self.note("echoed", prompt)?;
        Ok(Secret::copy_of(self.echoed))
    }

    fn text_info(&mut self, text: &[u8]) -> Result<(), ConversationError> {
        self.note("info", text)
    }

    fn error_message(&mut self, text: &[u8]) -> Result<(), ConversationError> {
        self.note("error", text)
    }
}
