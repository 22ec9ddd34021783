//! The order of factors in the auth phase: lines that end it before another factor is asked for, or let everybody in.

use pam::{ModuleLine, Phase};

use super::one_time_codes::code_line;
use crate::doctor::finding::Finding;
use crate::doctor::setup::{PluginLine, Service, Setup};

/// Modules that decide by nothing that a client knows.
const LET_IN: [&str; 1] = ["pam_permit"];
/// Modules that neither let in nor refuse by what the client knows.
const NEUTRAL: [&str; 9] = [
    "pam_permit",
    "pam_env",
    "pam_faildelay",
    "pam_cap",
    "pam_warn",
    "pam_echo",
    "pam_group",
    "pam_limits",
    "pam_keyinit",
];

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    setup.services().filter_map(|(line, _, service)| of_service(line, service)).collect()
}

fn of_service(line: &PluginLine, service: &Service) -> Option<Finding> {
    everybody(service).or_else(|| too_early(service)).or_else(|| optional_code(line, service))
}

fn everybody(service: &Service) -> Option<Finding> {
    let stack = service.stack.as_ref().filter(|stack| !stack.incomplete && stack.has(Phase::Auth))?;
    if !stack.missing.is_empty() || !stack.bad.is_empty() {
        return None;
    }
    let mut lines = service.lines(Phase::Auth);
    let permit = service.lines(Phase::Auth).find(|(_, module)| LET_IN.contains(&module.as_str()))?.0;
    lines.all(|(_, module)| NEUTRAL.contains(&module.as_str())).then(|| {
        Finding::error("pam-permit", "every password is right")
            .in_file(&permit.file, permit.number)
            .why("No line of the auth phase checks anything: pam_permit lets everybody in.")
            .todo("Put a line before it that checks the password: auth required pam_unix.so")
    })
}

/// Whether a success of this line ends the phase.
fn ends_with_success(line: &ModuleLine) -> bool {
    line.control.eq_ignore_ascii_case("sufficient") || line.control.contains("success=done")
}

fn too_early(service: &Service) -> Option<Finding> {
    let code = code_line(service)?;
    let mut before = service.lines(Phase::Auth).take_while(|(line, _)| !std::ptr::eq(*line, code));
    let (early, module) =
        before.find(|(line, module)| ends_with_success(line) && !NEUTRAL.contains(&module.as_str()))?;
    let second = Service::module(code);
    Some(
        Finding::warning("factor-order", format!("who has the right password is never asked by {second}"))
            .in_file(&early.file, early.number)
            .why(format!(
                "With '{}' the auth phase ends when {module} succeeds; {second} ({}:{}) comes after it.",
                early.control,
                code.file.display(),
                code.number
            ))
            .todo("Write required or requisite instead, or put the line of the code first."),
    )
}

/// A code that nobody has to have, or whose failure does not count.
fn optional_code(line: &PluginLine, service: &Service) -> Option<Finding> {
    let code = code_line(service)?;
    let second = Service::module(code);
    let _ = line;
    code.control.eq_ignore_ascii_case("optional").then(|| {
        Finding::warning(
            "factor-optional",
            format!("a wrong code does not matter: the line of {second} is optional"),
        )
        .in_file(&code.file, code.number)
        .why("What an optional module decides counts only if no other module decides.")
        .todo("Write required instead of optional.")
    })
}
