//! The order of factors in the auth phase: whether it lets people in without their password or code. That is tried: the
//! answers of the modules are put together as libpam does it.

use pam::{ModuleAnswer, ModuleLine, Phase, Stack};

use super::one_time_codes::{CODE_MODULES, code_line};
use crate::doctor::finding::Finding;
use crate::doctor::setup::{Service, Setup};

/// Modules that succeed whatever a client sends. pam_rootok asks whether it runs as root, which it does.
const LET_IN: [&str; 2] = ["pam_permit", "pam_rootok"];
/// Modules that have nothing to say in this phase.
const SILENT: [&str; 9] = [
    "pam_env",
    "pam_faildelay",
    "pam_cap",
    "pam_warn",
    "pam_echo",
    "pam_group",
    "pam_limits",
    "pam_keyinit",
    "pam_motd",
];
/// Modules that decide by who somebody is, from where and when.
const CONDITIONS: [&str; 12] = [
    "pam_access",
    "pam_faillock",
    "pam_listfile",
    "pam_localuser",
    "pam_nologin",
    "pam_securetty",
    "pam_shells",
    "pam_succeed_if",
    "pam_tally2",
    "pam_time",
    "pam_usertype",
    "pam_wheel",
];

/// Which of the two somebody has.
#[derive(Clone, Copy)]
struct Factors {
    password: bool,
    code: bool,
}

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    setup.services().filter_map(|(_, _, service)| of_service(service)).collect()
}

fn of_service(service: &Service) -> Option<Finding> {
    let stack = service.stack.as_ref().filter(|stack| !stack.incomplete && stack.has(Phase::Auth))?;
    if !stack.missing.is_empty() || !stack.bad.is_empty() {
        return None;
    }
    if lets_in(stack, Factors { password: false, code: false }) {
        return everybody(service);
    }
    let code = code_line(service)?;
    if lets_in(stack, Factors { password: true, code: false }) {
        return Some(without_code(service, code));
    }
    let (first, _) = service.lines(Phase::Auth).find(|(_, module)| asks_for_password(module))?;
    lets_in(stack, Factors { password: false, code: true }).then(|| without_password(first, code))
}

/// Whether somebody gets in, whatever the conditions say that decide the way through the stack.
fn lets_in(stack: &Stack, factors: Factors) -> bool {
    [ModuleAnswer::Success, ModuleAnswer::Failure].into_iter().all(|condition| {
        stack.succeeds(Phase::Auth, |line| {
            let answer = |good| if good { ModuleAnswer::Success } else { ModuleAnswer::Failure };
            match &*Service::module(line) {
                "pam_deny" => ModuleAnswer::Failure,
                "pam_faillock" if line.args.iter().any(|arg| arg.expose() == b"authfail") => {
                    ModuleAnswer::Failure
                }
                module if LET_IN.contains(&module) => ModuleAnswer::Success,
                module if SILENT.contains(&module) => ModuleAnswer::Ignore,
                // Who does not meet a condition that is required gets in nowhere.
                module if CONDITIONS.contains(&module) && is_required(line) => ModuleAnswer::Success,
                module if CONDITIONS.contains(&module) => condition,
                module if CODE_MODULES.contains(&module) => answer(factors.code),
                _ => answer(factors.password),
            }
        })
    })
}

fn is_required(line: &ModuleLine) -> bool {
    ["required", "requisite"].iter().any(|word| line.control.eq_ignore_ascii_case(word))
}

fn asks_for_password(module: &str) -> bool {
    let others = LET_IN.iter().chain(&SILENT).chain(&CONDITIONS).chain(&CODE_MODULES);
    module != "pam_deny" && !others.into_iter().any(|other| *other == module)
}

fn everybody(service: &Service) -> Option<Finding> {
    let mut lines = service.lines(Phase::Auth);
    let checks = service.lines(Phase::Auth).any(|(_, module)| asks_for_password(&module));
    let (line, module) = lines
        .find(|(_, module)| LET_IN.contains(&module.as_str()))
        .or_else(|| service.lines(Phase::Auth).next())?;
    let why = match &*module {
        "pam_rootok" => {
            "pam_rootok accepts every login if PAM runs as root, which it does here. Everybody gets in."
        }
        "pam_permit" if checks => {
            "The lines that check a password do not decide, so pam_permit lets everybody in."
        }
        "pam_permit" => "No line of the auth phase checks anything: pam_permit lets everybody in.",
        _ => "No line of the auth phase checks a password.",
    };
    let todo = match &*module {
        "pam_rootok" => "Remove the line, or create a separate PAM service for OpenVPN.",
        _ if checks => "Write `required` in the line that checks the password, and put it before this line.",
        _ => "Put a line before it that checks the password: auth required pam_unix.so",
    };
    let found = Finding::error("pam-permit", "any password is accepted").in_file(&line.file, line.number);
    Some(found.why(why).todo(todo))
}

/// Whether a success of this line ends the phase, or leads past other lines.
fn leads_past(line: &ModuleLine) -> bool {
    let after = line.control.split("success=").nth(1).unwrap_or_default();
    line.control.eq_ignore_ascii_case("sufficient")
        || after.starts_with("done")
        || after.starts_with(|first: char| first.is_ascii_digit())
}

fn without_code(service: &Service, code: &ModuleLine) -> Finding {
    let second = Service::module(code);
    let mut before = service.lines(Phase::Auth).take_while(|(line, _)| !std::ptr::eq(*line, code));
    let early = before.find(|(line, module)| leads_past(line) && asks_for_password(module));
    let Some((early, module)) = early else {
        let what = format!("a wrong code is accepted: the line of {second} does not decide");
        return Finding::warning("factor-optional", what)
            .in_file(&code.file, code.number)
            .why(format!("With '{}' a client with the right password gets in without a code.", code.control))
            .todo("Write required instead.");
    };
    Finding::warning("factor-order", format!("with the right password, PAM skips {second}"))
        .in_file(&early.file, early.number)
        .why(format!(
            "Because of '{}' in this line, PAM skips {second} ({}:{}) when {module} succeeds.",
            early.control,
            code.file.display(),
            code.number
        ))
        .todo("Write required or requisite instead, or put the line of the code first.")
}

fn without_password(first: &ModuleLine, code: &ModuleLine) -> Finding {
    let second = Service::module(code);
    // Either the code decides too early, or the password does not decide.
    let line = if is_required(code) { first } else { code };
    Finding::warning("factor-order", format!("with a right code for {second}, no password is needed"))
        .in_file(&line.file, line.number)
        .why(format!("Because of '{}' in this line, the code alone is enough.", line.control))
        .todo("Write required or requisite instead.")
}
