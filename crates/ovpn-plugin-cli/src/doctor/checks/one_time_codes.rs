//! One-time codes: who gives them to PAM, and what happens when keys are renegotiated.

use pam::Phase;

use crate::doctor::finding::Finding;
use crate::doctor::setup::{Kind, PamLine, PluginLine, Service, Setup, argument};

/// Modules that ask for a code of their own, whatever comes before or after them.
pub(super) const CODE_MODULES: [&str; 5] =
    ["pam_google_authenticator", "pam_oath", "pam_yubico", "pam_otpw", "pam_privacyidea"];
/// With these the module takes password and code as one, or what was typed already.
const IN_ONE: [&str; 3] = ["forward_pass", "use_first_pass", "try_first_pass"];

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let services = setup.services().map(|(line, pam, service)| of_line(setup, line, pam, service));
    services.flatten().collect()
}

/// The line of the stack that asks for a code.
pub(super) fn code_line(service: &Service) -> Option<&pam::ModuleLine> {
    let mut lines = service.lines(Phase::Auth);
    lines.find(|(_, module)| CODE_MODULES.contains(&module.as_str())).map(|(line, _)| line)
}

fn of_line(setup: &Setup, line: &PluginLine, pam: &PamLine, service: &Service) -> Vec<Finding> {
    let code = code_line(service);
    let missing = code.filter(|code| nobody_answers(line, pam, service, code));
    if let Some(code) = missing {
        return vec![no_challenge(line, code)];
    }
    renegotiated(setup, line, pam, service).into_iter().collect()
}

/// Whether a program of the administrator's takes the response: then it may be none that counts once.
fn a_program_decides(service: &Service) -> bool {
    service.lines(Phase::Auth).all(|(_, module)| module == "pam_exec")
}

/// Whether the module's prompt gets the password, or nothing.
fn nobody_answers(line: &PluginLine, pam: &PamLine, service: &Service, code: &pam::ModuleLine) -> bool {
    if pam.words.gives_codes || pam.words.asks() || IN_ONE.iter().any(|word| argument(code, word).is_some()) {
        return false;
    }
    let others = service.lines(Phase::Auth).filter(|(_, module)| !CODE_MODULES.contains(&module.as_str()));
    // Alone it is given the password: the client types the code there.
    let asked_before =
        others.into_iter().any(|(line, module)| line.number < code.number && module != "pam_env");
    // Without pairs, this project's plugin gives the response of a static challenge to the second prompt.
    asked_before && (pam.words.has_pairs || line.kind == Kind::CAuthPam)
}

fn no_challenge(line: &PluginLine, code: &pam::ModuleLine) -> Finding {
    let module = Service::module(code);
    let todo = if line.kind == Kind::CAuthPam {
        "Answer that prompt with OTP: \"SERVICE login USERNAME password PASSWORD code OTP\", where login, password and code are the beginnings of the prompts. Add to the clients' configuration: static-challenge \"Code\" 1"
    } else {
        "Add a pair for that prompt. With OTP, clients send the code with the password (`static-challenge` in their configuration). With ASK, they get a question. Or add challenge=yes."
    };
    Finding::error("code-without-challenge", format!("{module} never gets a code"))
        .at(&line.place)
        .why(format!(
            "{module} asks for a code ({}:{}). The plugin line has only the password as the answer.",
            code.file.display(),
            code.number
        ))
        .todo(todo)
}

/// The client sends the same code again, which is not taken twice.
fn renegotiated(setup: &Setup, line: &PluginLine, pam: &PamLine, service: &Service) -> Option<Finding> {
    let of_pairs = pam.words.gives_codes && !a_program_decides(service);
    let uses_codes = code_line(service).is_some() || of_pairs || pam.words.asks();
    let fine = setup.option("auth-gen-token").is_some() || setup.settings.reneg_sec == 0;
    (uses_codes && !fine).then(|| {
        let seconds = setup.settings.reneg_sec;
        Finding::warning("code-and-renegotiation", format!("clients lose their connection after {seconds} s"))
            .at(&line.place)
            .why("When keys are renegotiated (reneg-sec), the client sends the same code or answer again, and PAM refuses it.")
            .todo("Add a line: auth-gen-token 43200 (the client then sends a token instead, here for twelve hours)")
    })
}
