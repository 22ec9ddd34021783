//! One row of the table: a PAM stack, the words of the configuration, logins, and what both plugins make of them.

use crate::expected::{Expected, NO_ANSWER};
use crate::step;
use harness::TestModule;
use harness::needs::Need;
use std::path::Path;

/// Who logs in.
#[derive(Clone, Debug)]
pub enum User {
    /// A name no account needs to exist for.
    Named(String),
    /// A scratch account with this password.
    Account(&'static str),
    /// A scratch account with this password that has expired.
    Expired(&'static str),
    /// A scratch account whose password is empty in /etc/shadow.
    Passwordless,
    /// The environment has no variable `username`.
    Absent,
}

/// One login: the variables that are set for it.
#[derive(Clone, Debug)]
pub struct Login {
    /// `username`.
    pub user: User,
    /// `password`, unless absent.
    pub password: Option<String>,
    /// Further variables. `@DIR@` in a value is the scratch directory of the run.
    pub env: Vec<(String, String)>,
}

/// What is looked at besides the verdict.
#[derive(Clone, Debug)]
pub enum Look {
    /// The log line of a failed login, as log watchers match it.
    Failure,
    /// What stands behind that in the same line.
    FailureEnd,
    /// All values of one field in what the test module recorded.
    Module(&'static str),
    /// The length of those values, in bytes.
    ModuleLength(&'static str),
    /// What the program run by pam_exec wrote.
    Program,
    /// The control file.
    Control,
    /// The file for the reason of a rejection.
    Reason,
    /// Its first word: what follows may hold a number of seconds that depends on when the attempt came.
    ReasonKind,
    /// Whether a text occurs anywhere in the log.
    Mentioned(&'static str),
}

/// The lines of the service file.
#[derive(Clone, Debug)]
pub enum Stack {
    /// As they stand. `@DIR@` is the scratch directory of the run.
    Lines(String),
    /// The test module with these arguments, in both phases; `@DIR@` as above. It records itself at `@SEEN@`.
    Module(Vec<String>),
    /// No file at all.
    Missing,
}

/// A case and what is expected of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is about; unique.
    pub name: &'static str,
    /// The PAM stack.
    pub stack: Stack,
    /// Permissions of the service file.
    pub mode: u32,
    /// Executable files in the scratch directory: name and content. `@DIR@` as above; `@SERVICE@` is the service.
    pub files: Vec<(&'static str, &'static str)>,
    /// Words after the service; `@SERVICE@` is the service.
    pub words: Vec<String>,
    /// Options before the service; only ours knows any.
    pub options: Vec<String>,
    /// Whether a service is named at all.
    pub service: bool,
    /// Environment when the plugin is opened.
    pub open_env: Vec<(String, String)>,
    /// Logins, one after the other.
    pub logins: Vec<Login>,
    /// What is looked at.
    pub look: Vec<Look>,
    /// What the table says.
    pub expected: Expected,
    /// The first OpenVPN whose C plugin does what the table says, and what older ones lack.
    pub need: Option<(Need, &'static str)>,
}

impl Case {
    fn with_stack(name: &'static str, stack: Stack) -> Self {
        Case {
            name,
            stack,
            mode: 0o644,
            files: Vec::new(),
            words: Vec::new(),
            options: Vec::new(),
            service: true,
            open_env: vec![("verb".into(), "1".into())],
            logins: Vec::new(),
            look: Vec::new(),
            expected: Expected::default(),
            need: None,
        }
    }

    /// Older C plugins do something else.
    pub fn needs(mut self, need: Need, why: &'static str) -> Self {
        self.need = Some((need, why));
        self
    }

    /// A case with a service file of these lines.
    pub fn lines(name: &'static str, lines: impl Into<String>) -> Self {
        Case::with_stack(name, Stack::Lines(lines.into()))
    }

    /// A case with the test module.
    pub fn module(name: &'static str, arguments: &[&str]) -> Self {
        Case::with_stack(name, Stack::Module(arguments.iter().map(ToString::to_string).collect()))
    }

    /// A case whose service has no file.
    pub fn missing(name: &'static str) -> Self {
        Case::with_stack(name, Stack::Missing)
    }

    /// Gives the service file these permissions.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Adds a file to the scratch directory.
    pub fn file(mut self, name: &'static str, content: &'static str) -> Self {
        self.files.push((name, content));
        self
    }

    /// Adds words after the service: name, value, name, value ...
    pub fn words(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(ToString::to_string));
        self
    }

    /// Adds an option that only ours gets.
    pub fn option(mut self, option: &str) -> Self {
        self.options.push(option.to_string());
        self
    }

    /// Names no service.
    pub fn no_service(mut self) -> Self {
        self.service = false;
        self
    }

    /// Sets a variable for the opening of the plugin.
    pub fn open_env(mut self, name: &str, value: &str) -> Self {
        self.open_env.retain(|(known, _)| known != name);
        self.open_env.push((name.to_string(), value.to_string()));
        self
    }

    /// Adds a login.
    pub fn login(self, user: &str, password: &str) -> Self {
        self.login_as(User::Named(user.to_string()), Some(password))
    }

    /// Adds a login of any user, with or without password.
    pub fn login_as(mut self, user: User, password: Option<&str>) -> Self {
        let env = Vec::new();
        self.logins.push(Login { user, password: password.map(ToString::to_string), env });
        self
    }

    /// Sets a variable for the login added last.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        if let Some(login) = self.logins.last_mut() {
            login.env.push((name.to_string(), value.to_string()));
        }
        self
    }

    /// Switches deferring on for the login added last.
    pub fn deferred(self) -> Self {
        self.env("deferred_auth_pam", "1").env("auth_control_file", "@DIR@/control").look(Look::Control)
    }

    /// Runs a shell command before the login added last.
    pub fn run(self, command: &str) -> Self {
        self.env(step::RUN, command)
    }

    /// Says of the login added last whether its verdict took a second.
    pub fn timed(self) -> Self {
        self.env(step::TIMED, "")
    }

    /// Adds the end of OpenVPN by SIGKILL.
    pub fn killed(self) -> Self {
        self.login("ada", "engine").env(step::KILL, "")
    }

    /// Looks at something besides the verdict.
    pub fn look(mut self, look: Look) -> Self {
        self.look.push(look);
        self
    }

    /// Looks at the log line of a failed login.
    pub fn look_at_failure(self) -> Self {
        self.look(Look::Failure)
    }

    /// What both answer.
    pub fn same(mut self, answer: &str) -> Self {
        self.expected = Expected::same(answer);
        self
    }

    /// What each answers, and the defect that mends.
    pub fn differs(mut self, c: &str, ours: &str, mends: &'static str) -> Self {
        self.expected = Expected::differs(c, ours, mends);
        self
    }

    /// As [`differs`](Self::differs) where the C plugin hangs for ever.
    pub fn hangs(mut self, ours: &str, mends: &'static str) -> Self {
        self.expected = Expected::hangs(NO_ANSWER, ours, mends);
        self
    }
}

impl Stack {
    /// The text of the service file, with the places filled in; `None` for no file.
    pub fn text(&self, module: &TestModule, directory: &Path) -> Option<String> {
        let text = match self {
            Stack::Missing => return None,
            Stack::Lines(lines) => lines.replace("@MODULE@", &module.path().to_string_lossy()),
            Stack::Module(arguments) => {
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                module.stack(&arguments)
            }
        };
        let directory = directory.to_string_lossy();
        Some(text.replace("@SEEN@", &format!("record={directory}/seen")).replace("@DIR@", &directory))
    }
}
