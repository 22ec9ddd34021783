//! Which answer a PAM prompt gets: by whether its input is shown, or by the name/value pairs of the configuration.

use secret::Secret;

use crate::protocol::Credentials;

/// What a client sent to log in.
#[derive(Debug, Clone, Copy)]
pub struct ClientInput<'a> {
    /// Name as the client sent it.
    pub username: &'a [u8],
    /// Common name of the client's certificate.
    pub common_name: &'a [u8],
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

/// The whole value of a pair that leaves the answer to the person at the client.
const ASK: &[u8] = b"ASK";
/// The same as a part of a value.
const ASK_IN_BRACES: &str = "{ASK}";

/// How prompts are answered.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Prompts {
    /// Hidden input: the password. Shown input: the username. If the client sent a response to a static challenge, the
    /// prompt after the first one with hidden input gets that. If the client can be asked, that is all they get.
    #[default]
    ByVisibility,
    /// By the first pair whose name matches.
    ByName(Vec<Pair>),
}

/// Whether the person sees what they type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// `PAM_PROMPT_ECHO_OFF`.
    Hidden,
    /// `PAM_PROMPT_ECHO_ON`.
    Shown,
}

/// What a prompt gets.
#[derive(Debug)]
pub enum PromptAnswer<'a> {
    /// This.
    Given(Secret),
    /// What the person at the client is going to type.
    Asked(Asked<'a>),
}

/// What the person types, and where it belongs.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The value, and the keyword in it that stands for what was typed; nothing if that is all.
    within: Option<(&'a [u8], &'static str)>,
}

impl Asked<'_> {
    /// The whole answer.
    pub const ALONE: Asked<'static> = Asked { within: None };

    /// The answer to the prompt.
    pub fn fill_in(self, input: &ClientInput<'_>, typed: Secret) -> Secret {
        match self.within {
            None => typed,
            Some((value, keyword)) if keyword == ASK_IN_BRACES => {
                let braced =
                    input.keywords().map(|(keyword, with)| (in_braces(keyword), with.unwrap_or_default()));
                replace(value, &[&braced[..], &[(keyword.to_string(), typed.expose())]].concat())
            }
            Some((value, keyword)) => replace(value, &[(keyword.to_string(), typed.expose())]),
        }
    }
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
            Unanswered::NoMatch => f.write_str(
                "no name of the name/value pairs matches it; add a pair for it to the plugin line, or set challenge=yes",
            ),
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

    /// Whether a pair leaves its answer to the person at the client.
    pub fn any_asks(&self) -> bool {
        match self {
            Prompts::ByVisibility => false,
            Prompts::ByName(pairs) => pairs.iter().any(|pair| asks(&pair.value).is_some()),
        }
    }

    /// The answer to one prompt. `ask`: a prompt that has none is a question to the person at the client.
    pub fn answer<'a>(
        &'a self,
        ask: bool,
        turn: &mut Turn,
        visibility: Visibility,
        prompt: &[u8],
        input: &ClientInput<'_>,
    ) -> Result<PromptAnswer<'a>, Unanswered> {
        let pairs = match self {
            Prompts::ByVisibility => {
                let given = by_visibility(ask, turn, visibility, input).map(Secret::copy_of);
                return Ok(given.map_or(PromptAnswer::Asked(Asked::ALONE), PromptAnswer::Given));
            }
            Prompts::ByName(pairs) => pairs,
        };
        let Some(pair) = pairs.iter().find(|pair| matches(prompt, &pair.name)) else {
            return if ask { Ok(PromptAnswer::Asked(Asked::ALONE)) } else { Err(Unanswered::NoMatch) };
        };
        if let Some(asked) = asks(&pair.value) {
            return Ok(PromptAnswer::Asked(asked));
        }
        match fill_in(&pair.value, input) {
            // A person who did not answer a static challenge can do so now. Never for the other keywords: a common name that
            // somebody types is none.
            Err(Unanswered::Unsent(OTP) | Unanswered::Empty(OTP)) if ask => {
                Ok(PromptAnswer::Asked(Asked { within: Some((&pair.value, OTP)) }))
            }
            filled => filled.map(PromptAnswer::Given),
        }
    }

    /// The answer to one prompt of those that choose a new password, which is for the person at the client to say. Only
    /// the prompt for the password until now gets that. Pairs stay what they are.
    pub fn answer_new_password<'a>(
        &'a self,
        visibility: Visibility,
        prompt: &[u8],
        input: &ClientInput<'_>,
    ) -> Result<PromptAnswer<'a>, Unanswered> {
        match self {
            Prompts::ByVisibility if visibility == Visibility::Hidden && wants_current(prompt) => {
                Ok(PromptAnswer::Given(Secret::copy_of(input.credentials.password.expose())))
            }
            Prompts::ByVisibility => Ok(PromptAnswer::Asked(Asked::ALONE)),
            Prompts::ByName(_) => self.answer(true, &mut Turn::Over, visibility, prompt, input),
        }
    }
}

/// Whether a prompt is for the password until now: `Current password:`, `(current) UNIX password:`, `Old Password:`, but
/// not `Old passwords cannot be used, new password:`. Modules ask in English here: nobody sets a locale in a worker.
fn wants_current(prompt: &[u8]) -> bool {
    let words: Vec<Vec<u8>> = prompt
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(<[u8]>::to_ascii_lowercase)
        .collect();
    let has = |wanted: &str| words.iter().any(|word| word == wanted.as_bytes());
    let first = words.first().map(|word| &word[..]);
    matches!(first, Some(b"current" | b"old")) && has("password") && !has("new")
}

/// Whether the value leaves the answer to the person at the client.
fn asks(value: &[u8]) -> Option<Asked<'_>> {
    if value == ASK {
        return Some(Asked::ALONE);
    }
    contains(value, ASK_IN_BRACES).then_some(Asked { within: Some((value, ASK_IN_BRACES)) })
}

/// Nothing, if the person at the client is to be asked.
fn by_visibility<'a>(
    ask: bool,
    turn: &mut Turn,
    visibility: Visibility,
    input: &ClientInput<'a>,
) -> Option<&'a [u8]> {
    if *turn == Turn::Response {
        *turn = Turn::Over;
        if let Some(response) = &input.credentials.response {
            return Some(response.expose());
        }
    }
    match visibility {
        Visibility::Hidden if *turn == Turn::Password => {
            *turn = Turn::Response;
            Some(input.credentials.password.expose())
        }
        _ if ask => None,
        Visibility::Hidden => Some(input.credentials.password.expose()),
        Visibility::Shown => Some(input.username),
    }
}

fn matches(prompt: &[u8], name: &[u8]) -> bool {
    let Some(start) = prompt.iter().position(u8::is_ascii_alphanumeric) else { return false };
    prompt[start..].get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
}

const OTP: &str = "OTP";

impl<'a> ClientInput<'a> {
    /// What the keywords stand for, in the order in which they are looked for.
    fn keywords(&self) -> [(&'static str, Option<&'a [u8]>); 4] {
        let Credentials { password, response } = self.credentials;
        [
            ("USERNAME", Some(self.username)),
            ("PASSWORD", Some(password.expose())),
            ("COMMONNAME", Some(self.common_name).filter(|name| !name.is_empty())),
            (OTP, response.as_ref().map(Secret::expose)),
        ]
    }
}

fn in_braces(keyword: &str) -> String {
    format!("{{{keyword}}}")
}

/// Fills a value in. Keywords in braces, if there are any, are each replaced wherever they stand, and may stand for
/// nothing. Else every occurrence of the first keyword, in this order of looking, that occurs is replaced. What stands
/// around them stays, and what is filled in is not searched again.
fn fill_in(value: &[u8], input: &ClientInput<'_>) -> Result<Secret, Unanswered> {
    let keywords = input.keywords();
    let braced = keywords.map(|(keyword, with)| (in_braces(keyword), with.unwrap_or_default()));
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
