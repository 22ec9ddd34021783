//! The PAM service: whether it exists, whether others than root could change it, and whether it can decide a login.

use std::ffi::{CStr, OsStr};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use log_lines::UnloggedLine;
use pam::{Content, LineMistake, Modules, Phase, ServiceFile, Stack, StackError};
use privsep::path_permissions::{RootsGroup, Sticky, Walk, WalkError};
use secret::reading::at_most;

use crate::config::Config;
use crate::quoted::shown;

/// Modules that count wrong passwords, and begin anew when their account phase is run.
const COUNTERS: [&str; 3] = ["pam_faillock.so", "pam_tally2.so", "pam_tally.so"];

/// The longest file that is looked into, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// What is wrong with a service, as lines for the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What may fail.
    pub warnings: Vec<UnloggedLine>,
    /// What members of root's group could change.
    pub by_roots_group: Vec<UnloggedLine>,
    /// A module of the account phase that forgets there how often a password was wrong.
    pub forgets_failures: Option<String>,
}

/// Checks the service.
///
/// Errors: why OpenVPN should not start.
pub fn check(config: &Config) -> Result<Findings, String> {
    let mut phases = vec![Phase::Auth, Phase::Account];
    phases.extend(config.change_expired.then_some(Phase::Password));
    phases.extend(config.session.then_some(Phase::Session));
    check_phases(&config.service, config.confdir.as_deref(), &phases)
}

fn check_phases(service: &CStr, confdir: Option<&CStr>, phases: &[Phase]) -> Result<Findings, String> {
    let mut check =
        ServiceCheck { name: service.to_string_lossy().into_owned(), findings: Findings::default() };
    if let Some(confdir) = confdir {
        check.permissions(CheckedPath::Confdir, Path::new(OsStr::from_bytes(confdir.to_bytes())))?;
    }
    let file = pam::service_file(service, confdir).map_err(|_| bad_name(service))?;
    if confdir.is_none() {
        check.directories(&file)?;
    }
    // libpam reads both for each login and loads all modules, whether a line of theirs is used or not.
    for loaded in [service, c"other"] {
        if let Err(StackError::Read(refusal)) =
            Stack::of(loaded, confdir, &Phase::ALL, |path| check.read(path))
        {
            return Err(refusal);
        }
    }
    let other = file.other().map(|other| other.display().to_string());
    let stack = Stack::of(service, confdir, phases, |path| check.read(path));
    match stack {
        Ok(Some(stack)) => check.stack(&stack, phases, other.as_deref()),
        Ok(None) => check.missing(file.searched().first().map(PathBuf::as_path), other.as_deref()),
        Err(StackError::Name(_)) => return Err(bad_name(service)),
        Err(StackError::Read(refusal)) => return Err(refusal),
    }
    Ok(check.findings)
}

fn bad_name(service: &CStr) -> String {
    lines::configuration::bad_service("", &service.to_string_lossy()).to_string()
}

/// What somebody else must not be able to change.
#[derive(Clone, Copy)]
enum CheckedPath {
    Confdir,
    Directory,
    File,
}

impl CheckedPath {
    fn insecure(self, reason: &str) -> UnloggedLine {
        match self {
            CheckedPath::Confdir => lines::startup::confdir_insecure(reason).unlogged(),
            CheckedPath::Directory => lines::startup::directory_insecure(reason).unlogged(),
            CheckedPath::File => lines::startup::file_insecure(reason).unlogged(),
        }
    }
}

struct ServiceCheck {
    name: String,
    findings: Findings,
}

impl ServiceCheck {
    /// Reads a file of the service, if nobody but root could change it.
    fn read(&mut self, path: &Path) -> Result<Content, String> {
        let Some(walk) = self.permissions(CheckedPath::File, path)? else {
            return Ok(if path.exists() { Content::Unknown } else { Content::Missing });
        };
        // As libpam, which takes a directory for no file.
        if !walk.status.is_file() {
            return Ok(Content::Missing);
        }
        Ok(content(&walk.path).unwrap_or(Content::Unknown))
    }

    /// Judges the directories of services, up to that of this one: a user who may write to one before it, or to that of
    /// a missing service, decides what the service is.
    fn directories(&mut self, file: &ServiceFile) -> Result<(), String> {
        for searched in file.searched() {
            if let Some(directory) = searched.parent() {
                self.permissions(CheckedPath::Directory, directory)?;
            }
            if file.found() == Some(searched) {
                break;
            }
        }
        Ok(())
    }

    /// Judges the way to a file or directory; `None` if it cannot be walked.
    fn permissions(&mut self, which: CheckedPath, path: &Path) -> Result<Option<Walk>, String> {
        let walk = match Walk::along(path, Sticky::Allowed) {
            Ok(walk) => walk,
            Err(WalkError::Unreachable { .. } | WalkError::Loop(_)) => return Ok(None),
        };
        for problem in &walk.problems {
            let tolerable = problem.is_tolerable(RootsGroup::IsTrusted);
            let (problem, remedy) = (problem.to_string(), problem.remedy());
            let line = which.insecure(&format!("{problem}; {remedy}"));
            if !tolerable {
                return Err(line.text);
            }
            // Several files have the same directories on their way.
            if !self.findings.by_roots_group.iter().any(|known| known.contains(&problem)) {
                self.findings.by_roots_group.push(line);
            }
        }
        Ok(Some(walk))
    }

    fn missing(&mut self, wanted: Option<&Path>, other: Option<&str>) {
        let wanted = wanted.map(|path| path.display().to_string()).unwrap_or_default();
        let other = match other {
            Some(other) => format!("PAM will use the stack of 'other' ({other}) instead"),
            None => "there is no 'other' either, so every login will be refused".into(),
        };
        self.findings.warnings.push(lines::startup::service_missing(&wanted, &other).unlogged());
    }

    fn stack(&mut self, stack: &Stack, phases: &[Phase], other: Option<&str>) {
        let name = &self.name;
        for missing in &stack.missing {
            let (missing, from) = (missing.name.display(), missing.file.display());
            self.findings.warnings.push(lines::startup::include_missing(name, from, missing).unlogged());
        }
        for bad in &stack.bad {
            let (file, number) = (bad.file.display(), bad.number);
            let what = match &bad.mistake {
                LineMistake::Phase(word) => format!("begins with '{}'", shown(word.as_bytes())),
                LineMistake::Control(word) => {
                    format!("has '{}' as its control word", shown(word.as_bytes()))
                }
                LineMistake::NoModule => "names no module".to_string(),
            };
            self.findings.warnings.push(lines::startup::bad_line(name, file, number, &what).unlogged());
        }
        let mut account = stack.lines.iter().filter(|line| line.phase == Phase::Account);
        self.findings.forgets_failures = account.find_map(|line| {
            let module = line.module.file_name()?.to_str()?;
            COUNTERS.contains(&module).then(|| module.to_string())
        });
        let modules = Modules::of_this_machine();
        let mut lines: Vec<_> = stack.lines.iter().filter(|line| !line.dispensable).collect();
        lines.dedup_by_key(|line| (&line.module, &line.file));
        for line in lines {
            if let Some(fault) = modules.fault(&line.module) {
                let (module, file) = (line.module.display(), line.file.display());
                self.findings.warnings.push(lines::startup::bad_module(name, module, fault, file).unlogged());
            }
        }
        if stack.incomplete || !stack.missing.is_empty() {
            return;
        }
        for phase in phases.iter().filter(|phase| !stack.has(**phase)) {
            let other = match other {
                Some(other) => format!("those of 'other' ({other}) decide"),
                None => "and there is no 'other', so every login will be refused".into(),
            };
            let phase = phase.name();
            self.findings.warnings.push(lines::startup::phase_missing(name, phase, &other).unlogged());
        }
    }
}

fn content(path: &Path) -> io::Result<Content> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let text = at_most(&file, MAX_BYTES + 1)?;
    Ok(if text.len() > MAX_BYTES { Content::Unknown } else { Content::Read(text) })
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
