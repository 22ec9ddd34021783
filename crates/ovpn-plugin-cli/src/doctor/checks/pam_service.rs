//! The PAM service of a plugin line: whether it is there, whole, and root's alone.

use std::path::Path;

use auth_pam_lines::startup;
use pam::{Fault, LineMistake, Phase};

use crate::doctor::finding::Finding;
use crate::doctor::setup::{PamLine, PluginLine, Service, Setup};
use crate::known_options::auth_pam;
use crate::pam_service::{BAD_LINE, NO_OTHER, OF_OTHER};

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, pam, service) in setup.services() {
        findings.extend(of_service(line, pam, service));
    }
    // Two lines may have the same service.
    let mut once: Vec<Finding> = Vec::new();
    for finding in findings {
        if !once.contains(&finding) {
            once.push(finding);
        }
    }
    once
}

fn of_service(line: &PluginLine, pam: &PamLine, service: &Service) -> Vec<Finding> {
    if service.stack.is_none() {
        // Of a missing directory the plugin itself tells.
        if pam.words.option(const { auth_pam("pam-confdir") }).is_some()
            && !service.file.parent().is_some_and(Path::is_dir)
        {
            return Vec::new();
        }
        return vec![missing(line, service)];
    }
    let mut findings = Vec::new();
    findings.extend(writable(service));
    findings.extend(lines_with_mistakes(service));
    findings.extend(modules(service));
    if findings.is_empty() {
        findings.extend(phases(service));
    }
    findings.extend(empty_passwords(line, pam, service));
    findings
}

fn missing(line: &PluginLine, service: &Service) -> Finding {
    let (name, file) = (&service.name, service.file.display());
    let why = match &service.other {
        Some(other) => format!("PAM uses {} instead. {OF_OTHER}", other.display()),
        None => NO_OTHER.into(),
    };
    Finding::error("pam-service-missing", format!("there is no PAM service '{name}'"))
        .at(&line.place)
        .why(why)
        .todo(format!("Create the file {file}, or correct the service name in the plugin line."))
}

fn writable(service: &Service) -> Option<Finding> {
    let problem = service.problems.first()?;
    Some(
        Finding::error("pam-writable", format!("others than root can change the PAM service: {problem}"))
            .in_file(problem.path(), 0)
            .why(startup::LINES.line("file_insecure").why)
            .todo(format!("As root, {}.", problem.remedy())),
    )
}

fn lines_with_mistakes(service: &Service) -> Vec<Finding> {
    let Some(stack) = &service.stack else { return Vec::new() };
    let missing = stack.missing.iter().map(|missing| {
        let name = missing.name.display();
        Finding::error("pam-include-missing", format!("the included file '{name}' is missing"))
            .in_file(&missing.file, missing.number)
            .why(startup::LINES.line("include_missing").why)
            .todo("Correct the name. Debian has common-auth and common-account, other systems have system-auth or password-auth.")
    });
    let bad = stack.bad.iter().map(|bad| {
        let (what, todo) = match &bad.mistake {
            LineMistake::Phase(word) => {
                (format!("PAM does not know '{word}'"), "A line begins with auth, account, password or session.")
            }
            LineMistake::Control(word) => (
                format!("PAM does not know '{word}'"),
                "The second word is required, requisite, sufficient, optional, include, substack, or settings in brackets.",
            ),
            LineMistake::NoModule => ("the line has no module".to_owned(), "Write: auth required pam_unix.so"),
        };
        Finding::error("pam-line", what)
            .in_file(&bad.file, bad.number)
            .why(BAD_LINE)
            .todo(todo)
    });
    missing.chain(bad).collect()
}

fn modules(service: &Service) -> Vec<Finding> {
    let lines = service.stack.as_ref().map(|stack| &stack.lines[..]).unwrap_or_default();
    let faults = service.faults.iter().filter_map(|(at, fault)| {
        let line = lines.get(*at)?;
        let module = line.module.display();
        let todo = match fault {
            Fault::Missing => format!(
                "Install the package with the module (apt-file search {module}), or correct the line."
            ),
            Fault::Foreign => "Install the module that was built for this machine.".to_owned(),
        };
        Some(
            Finding::error("pam-module", format!("module {module} {fault}"))
                .in_file(&line.file, line.number)
                .why(startup::LINES.line("bad_module").why)
                .todo(todo),
        )
    });
    let unloadable = service.unloadable.iter().filter_map(|(at, error)| {
        let line = lines.get(*at)?;
        Some(
            Finding::error("pam-module-load", format!("module {} cannot be loaded", line.module.display()))
                .in_file(&line.file, line.number)
                .why(format!("{} The loader says: {error}", startup::LINES.line("bad_module").why))
                .todo(
                    "Install the library that it names, or the module that was built for this distribution.",
                ),
        )
    });
    faults.chain(unloadable).collect()
}

fn phases(service: &Service) -> Vec<Finding> {
    let Some(stack) = service.stack.as_ref().filter(|stack| !stack.incomplete) else { return Vec::new() };
    let without = service.phases.iter().filter(|phase| !stack.has(**phase));
    without
        .map(|phase| {
            let name = phase.name();
            let why = match (&service.other, phase) {
                (Some(other), _) => format!("PAM uses the lines of {} instead. {OF_OTHER}", other.display()),
                (None, Phase::Session) => {
                    "There is no `other` either, so PAM can open no session, and every client is refused."
                        .to_owned()
                }
                (None, Phase::Password) => {
                    "There is no `other` either, so nobody can change an expired password.".to_owned()
                }
                (None, _) => NO_OTHER.to_owned(),
            };
            Finding::warning("pam-phase", format!("PAM service '{}' has no {name} lines", service.name))
                .in_file(&service.file, 0)
                .why(why)
                .todo(format!("Add one, for example: {name} required pam_unix.so"))
        })
        .collect()
}

/// With the C plugin, `nullok` lets everybody in as an account without a password.
fn empty_passwords(line: &PluginLine, pam: &PamLine, service: &Service) -> Option<Finding> {
    let allowed = line.kind.is_c() || pam.words.option(const { auth_pam("empty-passwords") }) == Some("yes");
    let mut lines = service.lines(Phase::Auth).filter(|_| allowed);
    let (found, _) = lines.find(|(line, module)| {
        module == "pam_unix" && line.args.iter().any(|arg| arg.expose().starts_with(b"nullok"))
    })?;
    Some(
        Finding::warning("nullok", "accounts without a password get in with any password (nullok)")
            .in_file(&found.file, found.number)
            .why(if line.kind.is_c() {
                "OpenVPN's own plugin does not tell PAM to refuse them."
            } else {
                "empty-passwords=yes in the plugin line allows it."
            })
            .todo(if line.kind.is_c() {
                "Remove nullok, or create a separate PAM service for OpenVPN. This project's plugin refuses such accounts."
            } else {
                "Remove empty-passwords=yes, or nullok."
            }),
    )
}
