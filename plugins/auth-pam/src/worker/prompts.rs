//! Which answer a PAM prompt gets: by whether its input is shown, or by the name/value pairs of the configuration.

use secret::Secret;

use crate::protocol::Credentials;

/// What a client sent to log in.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// Name as the client sent it.
    pub username: &'a [u8],
    /// The rest.
    pub credentials: &'a Credentials,
}

/// The most pairs the configuration can hold (as the C plugin).
pub const MAX_PAIRS: usize = 16;

/// One name/value pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Compared with the start of the prompt, case-insensitively, after the prompt's leading characters that are
    /// neither letter nor digit.
    pub name: Vec<u8>,
    /// The answer, in which one keyword is replaced.
    pub value: Vec<u8>,
}

/// How prompts are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompts {
    /// Hidden input: the password. Shown input: the username.
    ByVisibility,
    /// By the first pair whose name matches.
    ByName(Vec<Pair>),
}

/// Whether the input to a prompt is shown to whoever types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// `PAM_PROMPT_ECHO_OFF`.
    Hidden,
    /// `PAM_PROMPT_ECHO_ON`.
    Shown,
}

/// Why a prompt gets no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// No pair's name matches the prompt.
    NoMatch,
    /// The keyword of the matching pair stands for something this login does not have.
    Empty(&'static str),
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unanswered::NoMatch => f.write_str("no name of the name/value pairs matches it"),
            Unanswered::Empty(keyword) => write!(f, "the client sent nothing for {keyword}"),
        }
    }
}

impl std::error::Error for Unanswered {}

impl Prompts {
    /// Whether `pam_start` is given the username; with pairs the stack asks for it.
    pub fn name_user_at_start(&self) -> bool {
        matches!(self, Prompts::ByVisibility)
    }

    /// The answer to one prompt.
    pub fn answer(
        &self,
        visibility: Visibility,
        prompt: &[u8],
        login: &Login<'_>,
    ) -> Result<Secret, Unanswered> {
        match (self, visibility) {
            (Prompts::ByVisibility, Visibility::Hidden) => {
                Ok(Secret::copy_of(login.credentials.password.expose()))
            }
            (Prompts::ByVisibility, Visibility::Shown) => Ok(Secret::copy_of(login.username)),
            (Prompts::ByName(pairs), _) => {
                let pair =
                    pairs.iter().find(|pair| matches(prompt, &pair.name)).ok_or(Unanswered::NoMatch)?;
                substitute(&pair.value, login)
            }
        }
    }
}

fn matches(prompt: &[u8], name: &[u8]) -> bool {
    let Some(start) = prompt.iter().position(u8::is_ascii_alphanumeric) else { return false };
    prompt[start..].get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
}

/// Replaces every occurrence of the first keyword, in this order of looking, that occurs in the value. What stands
/// around it stays.
fn substitute(value: &[u8], login: &Login<'_>) -> Result<Secret, Unanswered> {
    let keywords: [(&'static str, &[u8]); 4] = [
        ("USERNAME", login.username),
        ("PASSWORD", login.credentials.password.expose()),
        ("COMMONNAME", &login.credentials.common_name),
        ("OTP", login.credentials.response.expose()),
    ];
    for (keyword, replacement) in keywords {
        let places = value.windows(keyword.len()).filter(|window| *window == keyword.as_bytes()).count();
        if places == 0 {
            continue;
        }
        if replacement.is_empty() {
            return Err(Unanswered::Empty(keyword));
        }
        // One allocation of the final size: a vector that grows leaves pieces of a password behind.
        let mut answer = Vec::with_capacity(value.len() + places * replacement.len());
        let mut rest = value;
        while let Some(at) = rest.windows(keyword.len()).position(|window| window == keyword.as_bytes()) {
            answer.extend_from_slice(&rest[..at]);
            answer.extend_from_slice(replacement);
            rest = &rest[at + keyword.len()..];
        }
        answer.extend_from_slice(rest);
        return Ok(Secret::new(answer));
    }
    Ok(Secret::copy_of(value))
}

#[cfg(test)]
#[path = "prompts_tests.rs"]
mod tests;
