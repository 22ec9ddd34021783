//! What a phase comes to if its modules answer so and so, as libpam puts their answers together. Nothing is run.

use crate::stack::{ModuleLine, Phase, Stack};

/// What a module answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleAnswer {
    /// `PAM_SUCCESS`.
    Success,
    /// `PAM_AUTH_ERR`.
    Failure,
    /// `PAM_IGNORE`: it has nothing to say.
    Ignore,
}

/// What a line makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Ignore,
    Ok,
    Done,
    Bad,
    Die,
    Reset,
    Jump(usize),
}

/// What is decided so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Impression {
    Undecided,
    /// For success, or for an answer that is none.
    Positive(ModuleAnswer),
    Negative,
}

impl Stack {
    /// Whether the phase succeeds if each module answers so.
    #[must_use]
    pub fn succeeds(&self, phase: Phase, answer: impl Fn(&ModuleLine) -> ModuleAnswer) -> bool {
        let lines: Vec<&ModuleLine> = self.lines.iter().filter(|line| line.phase == phase).collect();
        let mut impression = Impression::Undecided;
        // Each substack that the line is in, and what was decided before it.
        let mut before: Vec<(usize, Impression)> = Vec::new();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let same = before.iter().zip(&line.substacks).take_while(|((known, _), id)| known == *id).count();
            before.truncate(same);
            before.extend(line.substacks.iter().skip(same).map(|id| (*id, impression)));
            let answer = answer(line);
            let action = action(&line.control, answer);
            match action {
                Action::Ignore => {}
                Action::Reset => {
                    impression = before.last().map_or(Impression::Undecided, |(_, before)| *before)
                }
                Action::Ok | Action::Done | Action::Jump(_) => {
                    let is_open = matches!(
                        impression,
                        Impression::Undecided | Impression::Positive(ModuleAnswer::Success)
                    );
                    if is_open && answer != ModuleAnswer::Ignore && !matches!(action, Action::Jump(_)) {
                        impression = Impression::Positive(answer);
                    }
                }
                Action::Bad | Action::Die => impression = Impression::Negative,
            }
            let ends = action == Action::Die
                || action == Action::Done && matches!(impression, Impression::Positive(_));
            at = match action {
                _ if ends && line.substacks.is_empty() => lines.len(),
                // A substack ends alone.
                _ if ends => after(&lines, at, &line.substacks),
                Action::Jump(count) => {
                    let mut to = at + 1;
                    for _ in 0..count {
                        let beyond = next(&lines, to, &line.substacks);
                        if beyond == to {
                            // It leads out of the stack, which libpam takes for a refusal.
                            impression = Impression::Negative;
                        }
                        to = beyond;
                    }
                    to
                }
                _ => at + 1,
            };
        }
        impression == Impression::Positive(ModuleAnswer::Success)
    }
}

/// The first line behind these substacks.
fn after(lines: &[&ModuleLine], at: usize, substacks: &[usize]) -> usize {
    let inside = lines.iter().skip(at).take_while(|line| line.substacks.starts_with(substacks));
    at + inside.count()
}

/// The line behind this one for a line in these substacks, for which a substack is one line. A jump leads out of none.
fn next(lines: &[&ModuleLine], at: usize, substacks: &[usize]) -> usize {
    match lines.get(at) {
        Some(line) if line.substacks == substacks => at + 1,
        Some(line) if line.substacks.starts_with(substacks) => {
            after(lines, at, line.substacks.get(..=substacks.len()).unwrap_or_default())
        }
        _ => at,
    }
}

fn action(control: &str, answer: ModuleAnswer) -> Action {
    let control = control.to_ascii_lowercase();
    match (&*control, answer) {
        ("required" | "requisite" | "optional", ModuleAnswer::Success) => Action::Ok,
        ("sufficient", ModuleAnswer::Success) => Action::Done,
        ("required" | "requisite", ModuleAnswer::Ignore) => Action::Ignore,
        ("required", ModuleAnswer::Failure) => Action::Bad,
        ("requisite", ModuleAnswer::Failure) => Action::Die,
        ("sufficient" | "optional", _) => Action::Ignore,
        _ => of_settings(&control, answer),
    }
}

fn of_settings(control: &str, answer: ModuleAnswer) -> Action {
    let settings = control.trim_start_matches('[').trim_end_matches(']').split_whitespace();
    let name = match answer {
        ModuleAnswer::Success => "success",
        ModuleAnswer::Failure => "auth_err",
        ModuleAnswer::Ignore => "ignore",
    };
    let pairs: Vec<(&str, &str)> = settings.filter_map(|setting| setting.split_once('=')).collect();
    let of = |wanted: &str| pairs.iter().rfind(|(name, _)| *name == wanted).map(|(_, action)| *action);
    match of(name).or_else(|| of("default")) {
        Some("ok") => Action::Ok,
        Some("done") => Action::Done,
        Some("die") => Action::Die,
        Some("reset") => Action::Reset,
        Some("ignore") => Action::Ignore,
        Some(word) => word.parse().map_or(Action::Bad, Action::Jump),
        None => Action::Bad,
    }
}
