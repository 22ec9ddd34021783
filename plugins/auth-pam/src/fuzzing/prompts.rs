//! Prompts of PAM modules against the pairs of the configuration: the first name that matches decides, and what the client
//! has sent is filled in once.

use secret::Secret;

use super::Input;
use crate::protocol::Credentials;
use crate::worker::prompts::{
    ClientInput, MAX_PAIRS, Pair, PromptAnswer, Prompts, Turn, Unanswered, Visibility,
};

/// Keywords, in the order in which they are looked for.
const KEYWORDS: [&[u8]; 4] = [b"USERNAME", b"PASSWORD", b"COMMONNAME", b"OTP"];

/// A byte of switches, then texts that end with a NUL: username, common name, password, response, prompt, and pairs.
///
/// # Panics
/// If an answer is another one than a slow reading of the rules gives.
pub fn prompts(input: &[u8]) {
    let mut input = Input(input);
    let switches = input.byte();
    let (ask, has_response) = (switches & 1 != 0, switches & 2 != 0);
    let visibility = if switches & 4 == 0 { Visibility::Hidden } else { Visibility::Shown };
    let (username, common_name) = (input.text(), input.text());
    let (password, response, prompt) = (input.text(), input.text(), input.text());
    let mut pairs = Vec::new();
    while !input.0.is_empty() && pairs.len() < MAX_PAIRS {
        pairs.push(Pair { name: input.text().to_vec(), value: input.text().to_vec() });
    }
    let credentials = Credentials {
        password: Secret::copy_of(password),
        response: has_response.then(|| Secret::copy_of(response)),
    };
    let client = ClientInput { username, common_name, credentials: &credentials };
    let values = [
        Some(username),
        Some(password),
        Some(common_name).filter(|name| !name.is_empty()),
        has_response.then_some(response),
    ];
    if pairs.is_empty() {
        return by_visibility(ask, visibility, prompt, &client);
    }
    let pair = pairs.iter().find(|pair| matches(prompt, &pair.name)).cloned();
    let configured = Prompts::ByName(pairs);
    let _ = configured.answer_new_password(visibility, prompt, &client);
    let found = configured.answer(ask, &mut Turn::default(), visibility, prompt, &client);
    let Some(Pair { value, .. }) = pair else {
        assert!(matches!(found, Ok(PromptAnswer::Asked(_))) == ask, "no pair matches");
        return assert!(ask || matches!(found, Err(Unanswered::NoMatch)));
    };
    match found {
        Ok(PromptAnswer::Asked(asked)) => {
            assert!(value == b"ASK" || contains(&value, b"{ASK}") || (ask && contains(&value, b"OTP")));
            let typed = asked.fill_in(&client, Secret::copy_of(b"typed"));
            assert!(contains(typed.expose(), b"typed"));
        }
        Ok(PromptAnswer::Given(answer)) => {
            assert!(value != b"ASK" && !contains(&value, b"{ASK}"));
            assert_eq!(answer.expose(), filled(&value, values));
        }
        Err(_) => {
            let first = KEYWORDS.iter().position(|keyword| contains(&value, keyword));
            assert!(first.is_some_and(|at| values[at].unwrap_or_default().is_empty()));
        }
    }
}

fn by_visibility(ask: bool, visibility: Visibility, prompt: &[u8], client: &ClientInput<'_>) {
    let (configured, mut turn) = (Prompts::ByVisibility, Turn::default());
    for hidden_before in 0..3 {
        let answer = configured.answer(ask, &mut turn, visibility, prompt, client);
        let password = client.credentials.password.expose();
        let response = client.credentials.response.as_ref().map(Secret::expose);
        let expected = match (visibility, hidden_before, response) {
            (Visibility::Hidden, 0, _) => Some(password),
            (Visibility::Hidden, 1, Some(response)) => Some(response),
            _ if ask => None,
            (Visibility::Hidden, ..) => Some(password),
            (Visibility::Shown, ..) => Some(client.username),
        };
        match answer {
            Ok(PromptAnswer::Given(given)) => assert_eq!(Some(given.expose()), expected),
            Ok(PromptAnswer::Asked(_)) => assert_eq!(expected, None),
            Err(error) => panic!("{error}"),
        }
    }
}

fn matches(prompt: &[u8], name: &[u8]) -> bool {
    let letters = prompt.iter().skip_while(|byte| !byte.is_ascii_alphanumeric());
    let mut letters = letters.copied().peekable();
    letters.peek().is_some()
        && name.iter().all(|byte| letters.next().is_some_and(|other| other.eq_ignore_ascii_case(byte)))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// With keywords in braces each of them, else the first that occurs.
fn filled(value: &[u8], values: [Option<&[u8]>; 4]) -> Vec<u8> {
    let braced = KEYWORDS.map(|keyword| [b"{", keyword, b"}"].concat());
    let replaced: Vec<(Vec<u8>, &[u8])> = if braced.iter().any(|keyword| contains(value, keyword)) {
        braced.into_iter().zip(values.map(Option::unwrap_or_default)).collect()
    } else {
        let all = KEYWORDS.iter().map(|keyword| keyword.to_vec()).zip(values.map(Option::unwrap_or_default));
        all.filter(|(keyword, _)| contains(value, keyword)).take(1).collect()
    };
    let mut result = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let found = replaced.iter().find(|(keyword, _)| value[at..].starts_with(keyword));
        result.extend_from_slice(found.map_or(&value[at..=at], |(_, with)| with));
        at += found.map_or(1, |(keyword, _)| keyword.len());
    }
    result
}
