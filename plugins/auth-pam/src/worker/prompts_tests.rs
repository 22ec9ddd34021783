//! Every rule of how prompts are matched and values filled in, one row each.

use super::*;

fn credentials() -> Credentials {
    Credentials {
        password: Secret::copy_of(b"s3cret"),
        response: Some(Secret::copy_of(b"123456")),
        common_name: b"laptop".to_vec(),
    }
}

fn by_name(pairs: &[(&str, &str)]) -> Prompts {
    let pair = |(name, value): &(&str, &str)| Pair {
        name: name.as_bytes().to_vec(),
        value: value.as_bytes().to_vec(),
    };
    Prompts::ByName(pairs.iter().map(pair).collect())
}

fn ask(prompts: &Prompts, visibility: Visibility, prompt: &str) -> Result<String, Unanswered> {
    let answer = prompts.answer(
        &mut Turn::default(),
        visibility,
        prompt.as_bytes(),
        &Login { username: b"alice", credentials: &credentials() },
    )?;
    Ok(String::from_utf8(answer.expose().to_vec()).unwrap())
}

#[test]
fn without_pairs_visibility_decides() {
    let prompts = Prompts::ByVisibility;
    assert_eq!(ask(&prompts, Visibility::Hidden, "login:"), Ok("s3cret".into()));
    assert_eq!(ask(&prompts, Visibility::Shown, "Password:"), Ok("alice".into()));
    assert!(prompts.name_user_at_start());
}

#[test]
fn with_pairs_visibility_does_not_matter_and_the_stack_asks_for_the_user() {
    let prompts = by_name(&[("login", "USERNAME"), ("password", "PASSWORD")]);
    for visibility in [Visibility::Hidden, Visibility::Shown] {
        assert_eq!(ask(&prompts, visibility, "login: "), Ok("alice".into()));
        assert_eq!(ask(&prompts, visibility, "Password: "), Ok("s3cret".into()));
    }
    assert!(!prompts.name_user_at_start());
}

#[test]
fn names_match_as_prefix_without_case_after_leading_punctuation() {
    let prompts = by_name(&[("password", "PASSWORD")]);
    for prompt in
        ["password", "PASSWORD:", "PassWord for alice", "  ** password", "(password)", "\u{e9}password"]
    {
        assert_eq!(ask(&prompts, Visibility::Hidden, prompt), Ok("s3cret".into()), "{prompt:?}");
    }
    for prompt in ["pass", "your password", "", " ** ", "1password"] {
        assert_eq!(ask(&prompts, Visibility::Hidden, prompt), Err(Unanswered::NoMatch), "{prompt:?}");
    }
}

#[test]
fn the_first_matching_pair_wins() {
    let prompts = by_name(&[("pass", "first"), ("password", "second")]);
    assert_eq!(ask(&prompts, Visibility::Hidden, "Password:"), Ok("first".into()));
    let prompts = by_name(&[("password x", "first"), ("pass", "second")]);
    assert_eq!(ask(&prompts, Visibility::Hidden, "Password:"), Ok("second".into()));
}

#[test]
fn an_empty_name_matches_any_prompt_with_a_letter_or_digit() {
    let prompts = by_name(&[("", "PASSWORD")]);
    assert_eq!(ask(&prompts, Visibility::Hidden, "Code?"), Ok("s3cret".into()));
    assert_eq!(ask(&prompts, Visibility::Hidden, "???"), Err(Unanswered::NoMatch));
}

#[test]
fn values_are_filled_in() {
    for (value, answer) in [
        ("USERNAME", "alice"),
        ("PASSWORD", "s3cret"),
        ("COMMONNAME", "laptop"),
        ("OTP", "123456"),
        ("literal", "literal"),
        ("", ""),
        ("username", "username"),
        ("Password", "Password"),
        ("<USERNAME>", "<alice>"),
        ("USERNAME@example.com", "alice@example.com"),
        ("USERNAME-USERNAME", "alice-alice"),
        ("USERNAMEUSERNAME", "alicealice"),
        ("PASSWORDOTP", "s3cretOTP"),
        ("OTP,USERNAME", "OTP,alice"),
        ("PASSWORD USERNAME", "PASSWORD alice"),
        ("COMMONNAME PASSWORD", "COMMONNAME s3cret"),
        ("OTP COMMONNAME", "OTP laptop"),
        ("xOTPyOTPz", "x123456y123456z"),
    ] {
        let prompts = by_name(&[("p", value)]);
        assert_eq!(ask(&prompts, Visibility::Hidden, "p"), Ok(answer.into()), "{value:?}");
    }
}

#[test]
fn a_keyword_the_client_sent_nothing_for_is_an_error_that_names_it() {
    let mut credentials = credentials();
    credentials.response = None;
    credentials.common_name.clear();
    let login = Login { username: b"alice", credentials: &credentials };
    for (value, keyword) in [("OTP", "OTP"), ("x COMMONNAME", "COMMONNAME")] {
        assert_eq!(fill_in(value.as_bytes(), &login).err(), Some(Unanswered::Unsent(keyword)));
    }
    credentials.response = Some(Secret::copy_of(b""));
    let login = Login { username: b"alice", credentials: &credentials };
    let refused = fill_in(b"OTP", &login).err().unwrap();
    assert_eq!(refused, Unanswered::Empty("OTP"));
    assert_eq!(refused.to_string(), "what the client sent for OTP is empty");
}

#[test]
fn a_replacement_is_not_searched_again() {
    let login = Login { username: b"USERNAME-PASSWORD", credentials: &credentials() };
    let answer =
        by_name(&[("p", "USERNAME")]).answer(&mut Turn::default(), Visibility::Shown, b"p", &login).unwrap();
    assert_eq!(answer.expose(), b"USERNAME-PASSWORD");
}

#[test]
fn keywords_in_braces_are_each_replaced() {
    for (value, answer) in [
        ("{PASSWORD}{OTP}", "s3cret123456"),
        ("{OTP}", "123456"),
        ("<{USERNAME}@{COMMONNAME}>", "<alice@laptop>"),
        ("{USERNAME}{USERNAME}", "alicealice"),
        ("{PASSWORD},OTP,USERNAME", "s3cret,OTP,USERNAME"),
        ("{{OTP}}", "{123456}"),
        ("{OTP", "{123456"),
        ("{Otp}", "{Otp}"),
        ("{}", "{}"),
    ] {
        let prompts = by_name(&[("p", value)]);
        assert_eq!(ask(&prompts, Visibility::Hidden, "p"), Ok(answer.into()), "{value:?}");
    }
}

#[test]
fn keywords_in_braces_may_stand_for_nothing() {
    let mut credentials = credentials();
    credentials.common_name.clear();
    for response in [None, Some(Secret::copy_of(b""))] {
        credentials.response = response;
        let login = Login { username: b"{OTP}{PASSWORD}", credentials: &credentials };
        for (value, answer) in
            [("{OTP}", ""), ("{PASSWORD}{OTP}{COMMONNAME}", "s3cret"), ("{USERNAME}", "{OTP}{PASSWORD}")]
        {
            assert_eq!(fill_in(value.as_bytes(), &login).unwrap().expose(), answer.as_bytes(), "{value}");
        }
    }
}

/// Answers to prompts, in this order, without pairs.
fn in_turn(credentials: &Credentials, asked: &[Visibility]) -> Vec<String> {
    let (login, mut turn) = (Login { username: b"alice", credentials }, Turn::default());
    let mut answer = |visibility: &Visibility| {
        let answer = Prompts::ByVisibility.answer(&mut turn, *visibility, b"?", &login).unwrap();
        String::from_utf8(answer.expose().to_vec()).unwrap()
    };
    asked.iter().map(&mut answer).collect()
}

#[test]
fn without_pairs_the_prompt_after_the_password_gets_the_response() {
    use Visibility::{Hidden, Shown};
    let mut credentials = credentials();
    assert_eq!(in_turn(&credentials, &[Hidden, Hidden, Hidden]), ["s3cret", "123456", "s3cret"]);
    assert_eq!(in_turn(&credentials, &[Shown, Hidden, Shown, Shown]), ["alice", "s3cret", "123456", "alice"]);
    credentials.response = Some(Secret::copy_of(b""));
    assert_eq!(in_turn(&credentials, &[Hidden, Hidden]), ["s3cret", ""]);
    credentials.response = None;
    assert_eq!(in_turn(&credentials, &[Hidden, Hidden, Shown]), ["s3cret", "s3cret", "alice"]);
}
