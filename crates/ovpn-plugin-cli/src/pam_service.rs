//! The PAM service of an auth-pam line, as its files say it: what PAM will stumble over, also where the plugin says nothing of
//! it. Nothing is loaded or run.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use auth_pam_lines::startup;
use pam::{BadLine, Content, LineMistake, Modules, Phase, Stack, StackError};
use secret::reading::at_most;

use crate::causes::Cause;
use crate::known_options::auth_pam;

/// What decides where a service, or its lines of a phase, are missing.
pub(crate) const OF_OTHER: &str =
    "On Debian and Ubuntu it checks system accounts; elsewhere it usually refuses everybody.";
pub(crate) const NO_OTHER: &str = "There is no `other` either, so PAM refuses every login.";
/// What a line does that is none.
pub(crate) const BAD_LINE: &str =
    "PAM does not understand the line, and refuses every login because of it. Only the system log says so.";

/// The longest file that is looked into, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// What libpam loads for a login.
const PHASES: [Phase; 2] = [Phase::Auth, Phase::Account];

/// The service that a plugin line names.
pub(crate) struct Service {
    name: CString,
    confdir: Option<CString>,
    stack: Option<Stack>,
}

impl Service {
    /// That of the plugin line with these words: the first one that is no option, as for both the plugin here and the C one.
    /// Of a path libpam takes the last part.
    pub(crate) fn of(words: &[Vec<u8>]) -> Option<Self> {
        let word = words.iter().find(|word| !word.contains(&b'='))?;
        let name = CString::new(word.rsplit(|byte| *byte == b'/').next()?).ok()?;
        let option = const { auth_pam("pam-confdir") };
        let confdir = words.iter().find_map(|word| option.value_in(word));
        let confdir = confdir.and_then(|directory| CString::new(directory).ok());
        let read = |path: &Path| Ok::<_, io::Error>(content(path));
        let stack = match Stack::of(&name, confdir.as_deref(), &PHASES, read) {
            Ok(stack) => stack,
            Err(StackError::Name(_) | StackError::Read(_)) => return None,
        };
        Some(Self { name, confdir, stack })
    }

    /// What is wrong with it. Each of these decides about everybody's login.
    pub(crate) fn findings(&self) -> Vec<Cause> {
        let Ok(files) = pam::service_file(&self.name, self.confdir.as_deref()) else { return Vec::new() };
        let other = files.other().is_some();
        let Some(stack) = &self.stack else {
            let wanted = files.searched().first().map(PathBuf::as_path).unwrap_or(Path::new(""));
            return vec![missing_service(wanted, other)];
        };
        let mut causes: Vec<Cause> = stack.bad.iter().map(bad_line).collect();
        causes.extend(stack.missing.iter().map(|missing| {
            Cause::new(
                format!(
                    "{}:{} includes '{}', which is missing. PAM refuses every login.",
                    missing.file.display(),
                    missing.number,
                    missing.name.display()
                ),
                startup::LINES.line("include_missing").todo,
            )
        }));
        let modules = Modules::of_this_machine();
        for line in stack.lines.iter().filter(|line| !line.dispensable) {
            if let Some(fault) = modules.fault(&line.module) {
                let cause = Cause::new(
                    format!(
                        "{}:{} names the module {}, which {fault}. PAM refuses every login that reaches this line.",
                        line.file.display(),
                        line.number,
                        line.module.display()
                    ),
                    startup::LINES.line("bad_module").todo,
                );
                causes.push(cause);
            }
        }
        if !stack.incomplete && stack.missing.is_empty() {
            causes.extend(
                PHASES.iter().filter(|phase| !stack.has(**phase)).map(|phase| no_lines(*phase, other)),
            );
        }
        causes.dedup();
        causes
    }

    /// The lines of the auth phase with this module.
    pub(crate) fn auth_lines(&self, module: &str) -> impl Iterator<Item = &pam::ModuleLine> {
        let is_it = move |line: &&pam::ModuleLine| {
            line.phase == Phase::Auth && line.module.file_name().is_some_and(|name| name == module)
        };
        self.stack.iter().flat_map(|stack| &stack.lines).filter(is_it)
    }
}

fn missing_service(wanted: &Path, other: bool) -> Cause {
    let instead = if other {
        format!("PAM uses the stack of `other` instead. {OF_OTHER}")
    } else {
        NO_OTHER.to_owned()
    };
    Cause::new(
        format!("The PAM service file {} is missing. {instead}", wanted.display()),
        startup::LINES.line("service_missing").todo,
    )
}

fn no_lines(phase: Phase, other: bool) -> Cause {
    let name = phase.name();
    let instead =
        if other { format!("PAM uses those of `other` instead. {OF_OTHER}") } else { NO_OTHER.to_owned() };
    Cause::new(
        format!("The PAM service has no {name} lines. {instead}"),
        match phase {
            Phase::Account => "Add account lines: `account required pam_unix.so` for accounts of this machine, or `account required pam_permit.so` to refuse nobody there.".to_owned(),
            _ => format!("Add {name} lines."),
        },
    )
}

fn bad_line(line: &BadLine) -> Cause {
    let place = format!("{}:{}", line.file.display(), line.number);
    let (what, todo) = match &line.mistake {
        LineMistake::Phase(word) => {
            (format!("begins with '{word}'"), "Begin it with auth, account, password or session.")
        }
        LineMistake::Control(word) => (
            format!("has '{word}' as its control word"),
            "Write required, requisite, sufficient, optional, include, substack, or [value=action ...].",
        ),
        LineMistake::NoModule => {
            ("names no module".to_owned(), "Write the module's name, or remove the line.")
        }
    };
    Cause::new(format!("{place} {what}. {BAD_LINE}"), todo)
}

fn content(path: &Path) -> Content {
    if path.exists() && !path.is_file() {
        return Content::Missing;
    }
    match File::open(path).and_then(|file| at_most(&file, MAX_BYTES + 1)) {
        Ok(text) if text.len() <= MAX_BYTES => Content::Read(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Content::Missing,
        Ok(_) | Err(_) => Content::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(stack: &str, service: &str) -> Vec<Cause> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("vpn"), stack).unwrap();
        let confdir = format!("pam-confdir={}", directory.path().display()).into_bytes();
        let words =
            [b"timeout=5".to_vec(), confdir, service.as_bytes().to_vec(), b"x".to_vec(), b"a=b".to_vec()];
        Service::of(&words).unwrap().findings()
    }

    #[test]
    fn what_pam_stumbles_over_is_found() {
        let good = "auth required pam_permit.so\naccount required pam_permit.so\n";
        assert_eq!(findings(good, "VPN"), []);
        assert_eq!(findings(good, "/etc/pam.d/vpn"), []);
        for (stack, expected) in [
            ("auth requird pam_permit.so\n", "/vpn:3 has 'requird' as its control word"),
            ("auht required pam_permit.so\n", "/vpn:3 begins with 'auht'"),
            ("auth required\n", "/vpn:3 names no module"),
            ("@include nowhere\n", "/vpn:3 includes 'nowhere', which is missing"),
            ("auth required pam_nosuch.so\n", "/vpn:3 names the module pam_nosuch.so, which is missing"),
        ] {
            let found = findings(&format!("{good}{stack}"), "vpn");
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].why.contains(expected), "{found:?}");
        }
        // A line that may fail.
        assert_eq!(findings(&format!("{good}-auth optional pam_nosuch.so\n"), "vpn"), []);
        let found = findings("auth required pam_permit.so\n", "vpn");
        assert!(found.len() == 1 && found[0].why.contains("no account lines"), "{found:?}");
        let found = findings(good, "vnp");
        assert!(
            found.len() == 1 && found[0].why.contains("/vnp is missing. There is no `other` either"),
            "{found:?}"
        );
    }

    #[test]
    fn a_line_without_a_service_has_none() {
        assert!(Service::of(&[]).is_none());
        assert!(Service::of(&[b"deferred=yes".to_vec()]).is_none());
    }
}
