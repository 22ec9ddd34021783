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
    /// The answer, in which keywords are replaced.
    pub value: Vec<u8>,
}

/// How prompts are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompts {
    /// Hidden input: the password. Shown input: the username. If the client sent a response to a static challenge, the
    /// prompt after the first one with hidden input gets that.
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
    /// The keyword of the matching pair stands for something the client did not send.
    Unsent(&'static str),
    /// The same, sent empty.
    Empty(&'static str),
}

/// How far the prompts without pairs have come, in one transaction.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// No prompt with hidden input yet.
    #[default]
    Password,
    /// The next prompt gets the response, if there is one.
    Response,
    /// It had its turn.
    Over,
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unanswered::NoMatch => f.write_str("no name of the name/value pairs matches it"),
            Unanswered::Unsent(keyword) => write!(f, "the client sent nothing for {keyword}"),
            Unanswered::Empty(keyword) => write!(f, "what the client sent for {keyword} is empty"),
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
        turn: &mut Turn,
        visibility: Visibility,
        prompt: &[u8],
        login: &Login<'_>,
    ) -> Result<Secret, Unanswered> {
        let pairs = match self {
            Prompts::ByVisibility => return Ok(Secret::copy_of(by_visibility(turn, visibility, login))),
            Prompts::ByName(pairs) => pairs,
        };
        let pair = pairs.iter().find(|pair| matches(prompt, &pair.name)).ok_or(Unanswered::NoMatch)?;
        fill_in(&pair.value, login)
    }
}

fn by_visibility<'a>(turn: &mut Turn, visibility: Visibility, login: &Login<'a>) -> &'a [u8] {
    if *turn == Turn::Response {
        *turn = Turn::Over;
        if let Some(response) = &login.credentials.response {
            return response.expose();
        }
    }
    match visibility {
        Visibility::Hidden => {
            if *turn == Turn::Password {
                *turn = Turn::Response;
            }
            login.credentials.password.expose()
        }
        Visibility::Shown => login.username,
    }
}

fn matches(prompt: &[u8], name: &[u8]) -> bool {
    let Some(start) = prompt.iter().position(u8::is_ascii_alphanumeric) else { return false };
    prompt[start..].get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
}

/// Fills a value in. Keywords in braces, if there are any, are each replaced wherever they stand, and may stand for
/// nothing. Else every occurrence of the first keyword, in this order of looking, that occurs is replaced. What stands
/// around them stays, and what is filled in is not searched again.
fn fill_in(value: &[u8], login: &Login<'_>) -> Result<Secret, Unanswered> {
    let Credentials { password, response, common_name } = login.credentials;
    let keywords = [
        ("USERNAME", Some(login.username)),
        ("PASSWORD", Some(password.expose())),
        ("COMMONNAME", Some(&common_name[..]).filter(|name| !name.is_empty())),
        ("OTP", response.as_ref().map(Secret::expose)),
    ];
    let braced = keywords.map(|(keyword, with)| (format!("{{{keyword}}}"), with.unwrap_or_default()));
    if braced.iter().any(|(keyword, _)| contains(value, keyword)) {
        return Ok(replace(value, &braced));
    }
    match keywords.into_iter().find(|(keyword, _)| contains(value, keyword)) {
        None => Ok(Secret::copy_of(value)),
        Some((keyword, None)) => Err(Unanswered::Unsent(keyword)),
        Some((keyword, Some([]))) => Err(Unanswered::Empty(keyword)),
        Some((keyword, Some(with))) => Ok(replace(value, &[(keyword.to_string(), with)])),
    }
}

fn contains(value: &[u8], keyword: &str) -> bool {
    value.windows(keyword.len()).any(|window| window == keyword.as_bytes())
}

fn replace(value: &[u8], keywords: &[(String, &[u8])]) -> Secret {
    // One allocation that is large enough: a vector that grows leaves pieces of a password behind.
    let longest = keywords.iter().map(|(_, with)| with.len()).max().unwrap_or_default();
    let mut answer = Vec::with_capacity(value.len() * longest.max(1));
    let mut rest = value;
    while let Some((first, others)) = rest.split_first() {
        match keywords.iter().find(|(keyword, _)| rest.starts_with(keyword.as_bytes())) {
            Some((keyword, with)) => {
                answer.extend_from_slice(with);
                rest = &rest[keyword.len()..];
            }
            None => {
                answer.push(*first);
                rest = others;
            }
        }
    }
    Secret::new(answer)
}

#[cfg(test)]
#[path = "prompts_tests.rs"]
mod tests;
