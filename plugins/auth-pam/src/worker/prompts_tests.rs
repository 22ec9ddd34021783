//! Every rule of how prompts are matched and values filled in, one row each.

use super::*;

fn credentials() -> Credentials {
    Credentials { password: Secret::copy_of(b"s3cret"), response: Some(Secret::copy_of(b"123456")) }
}

fn by_name(pairs: &[(&str, &str)]) -> Prompts {
    let pair = |(name, value): &(&str, &str)| Pair {
        name: name.as_bytes().to_vec(),
        value: value.as_bytes().to_vec(),
    };
    Prompts::ByName(pairs.iter().map(pair).collect())
}

fn input<'a>(username: &'a [u8], credentials: &'a Credentials) -> ClientInput<'a> {
    ClientInput { username, common_name: b"laptop", credentials }
}

/// What is answered without asking anybody; with `ask`, "?" stands for what somebody would type.
fn answer(
    ask: bool,
    prompts: &Prompts,
    visibility: Visibility,
    prompt: &str,
    input: &ClientInput<'_>,
) -> Result<String, Unanswered> {
    let answer = match prompts.answer(ask, &mut Turn::default(), visibility, prompt.as_bytes(), input)? {
        PromptAnswer::Given(answer) => answer,
        PromptAnswer::Asked(asked) => asked.fill_in(input, Secret::copy_of(b"?")),
    };
    Ok(String::from_utf8(answer.expose().to_vec()).unwrap())
}

fn ask(prompts: &Prompts, visibility: Visibility, prompt: &str) -> Result<String, Unanswered> {
    answer(false, prompts, visibility, prompt, &input(b"alice", &credentials()))
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
    let input = ClientInput { username: b"alice", common_name: b"", credentials: &credentials };
    for (value, keyword) in [("OTP", "OTP"), ("x COMMONNAME", "COMMONNAME")] {
        assert_eq!(fill_in(value.as_bytes(), &input).err(), Some(Unanswered::Unsent(keyword)));
    }
    credentials.response = Some(Secret::copy_of(b""));
    let input = ClientInput { username: b"alice", common_name: b"", credentials: &credentials };
    let refused = fill_in(b"OTP", &input).err().unwrap();
    assert_eq!(refused, Unanswered::Empty("OTP"));
    assert_eq!(refused.to_string(), "what the client sent for OTP is empty");
}

#[test]
fn a_replacement_is_not_searched_again() {
    let credentials = credentials();
    let input = input(b"USERNAME-PASSWORD{ASK}", &credentials);
    let filled = |ask, value| answer(ask, &by_name(&[("p", value)]), Visibility::Shown, "p", &input);
    assert_eq!(filled(false, "USERNAME"), Ok("USERNAME-PASSWORD{ASK}".into()));
    assert_eq!(filled(true, "{USERNAME}{ASK}"), Ok("USERNAME-PASSWORD{ASK}?".into()));
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
    for response in [None, Some(Secret::copy_of(b""))] {
        credentials.response = response;
        let input = ClientInput { username: b"{OTP}{PASSWORD}", common_name: b"", credentials: &credentials };
        for (value, answer) in
            [("{OTP}", ""), ("{PASSWORD}{OTP}{COMMONNAME}", "s3cret"), ("{USERNAME}", "{OTP}{PASSWORD}")]
        {
            assert_eq!(fill_in(value.as_bytes(), &input).unwrap().expose(), answer.as_bytes(), "{value}");
        }
    }
}

/// Answers to prompts, in this order, without pairs; "?" for a question.
fn in_turn(ask: bool, credentials: &Credentials, asked: &[Visibility]) -> Vec<String> {
    let (input, mut turn) = (input(b"alice", credentials), Turn::default());
    let mut answer = |visibility: &Visibility| match Prompts::ByVisibility
        .answer(ask, &mut turn, *visibility, b"?", &input)
        .unwrap()
    {
        PromptAnswer::Given(answer) => String::from_utf8(answer.expose().to_vec()).unwrap(),
        PromptAnswer::Asked(_) => "?".to_string(),
    };
    asked.iter().map(&mut answer).collect()
}

#[test]
fn without_pairs_and_with_questions_only_password_and_response_are_given() {
    use Visibility::{Hidden, Shown};
    let mut credentials = credentials();
    assert_eq!(in_turn(true, &credentials, &[Hidden, Hidden, Hidden]), ["s3cret", "123456", "?"]);
    assert_eq!(in_turn(true, &credentials, &[Shown, Hidden, Shown, Shown]), ["?", "s3cret", "123456", "?"]);
    credentials.response = None;
    assert_eq!(in_turn(true, &credentials, &[Hidden, Hidden, Shown]), ["s3cret", "?", "?"]);
}

#[test]
fn what_pairs_do_not_answer_is_a_question() {
    let mut credentials = credentials();
    let prompts =
        by_name(&[("code", "OTP"), ("pin", "<OTP>"), ("name", "COMMONNAME"), ("both", "{PASSWORD}{OTP}")]);
    let ask = |ask, credentials: &Credentials, prompt| {
        let input = ClientInput { common_name: b"", ..input(b"alice", credentials) };
        answer(ask, &prompts, Visibility::Hidden, prompt, &input)
    };
    assert_eq!(ask(true, &credentials, "Code"), Ok("123456".into()));
    assert_eq!(ask(true, &credentials, "Other"), Ok("?".into()));
    assert_eq!(ask(false, &credentials, "Other"), Err(Unanswered::NoMatch));
    for response in [None, Some(Secret::copy_of(b""))] {
        credentials.response = response;
        assert_eq!(ask(true, &credentials, "Code"), Ok("?".into()));
        assert_eq!(ask(true, &credentials, "Pin"), Ok("<?>".into()));
        assert!(ask(false, &credentials, "Code").is_err());
        assert_eq!(ask(true, &credentials, "Both"), Ok("s3cret".into()), "braces may stand for nothing");
        // Nobody types what the certificate says.
        assert_eq!(ask(true, &credentials, "Name"), Err(Unanswered::Unsent("COMMONNAME")));
    }
}

#[test]
fn the_keyword_ask_is_a_whole_value_or_stands_in_braces() {
    for (value, typed) in [
        ("ASK", "?"),
        ("{ASK}", "?"),
        ("{PASSWORD}{ASK}", "s3cret?"),
        ("{ASK}/{ASK},ASK,PASSWORD", "?/?,ASK,PASSWORD"),
    ] {
        let prompts = by_name(&[("p", value)]);
        assert!(prompts.any_asks());
        assert_eq!(ask(&prompts, Visibility::Hidden, "p"), Ok(typed.into()), "{value}");
    }
    for value in ["ask", "TASK", "ASK ", "PASSWORD ASK", "{Ask}", "{ASK"] {
        let prompts = by_name(&[("p", value)]);
        assert!(!prompts.any_asks(), "{value}");
        assert!(
            ask(&prompts, Visibility::Hidden, "p").unwrap() == value.replace("PASSWORD", "s3cret"),
            "{value}"
        );
    }
    assert!(!Prompts::ByVisibility.any_asks());
}

#[test]
fn without_pairs_the_prompt_after_the_password_gets_the_response() {
    use Visibility::{Hidden, Shown};
    let mut credentials = credentials();
    assert_eq!(in_turn(false, &credentials, &[Hidden, Hidden, Hidden]), ["s3cret", "123456", "s3cret"]);
    assert_eq!(
        in_turn(false, &credentials, &[Shown, Hidden, Shown, Shown]),
        ["alice", "s3cret", "123456", "alice"]
    );
    credentials.response = Some(Secret::copy_of(b""));
    assert_eq!(in_turn(false, &credentials, &[Hidden, Hidden]), ["s3cret", ""]);
    credentials.response = None;
    assert_eq!(in_turn(false, &credentials, &[Hidden, Hidden, Shown]), ["s3cret", "s3cret", "alice"]);
}

/// What is given while a new password is chosen; "?" for a question.
fn for_new_password(prompts: &Prompts, visibility: Visibility, prompt: &str) -> String {
    let credentials = credentials();
    let input = input(b"alice", &credentials);
    match prompts.answer_new_password(visibility, prompt.as_bytes(), &input).unwrap() {
        PromptAnswer::Given(answer) => String::from_utf8(answer.expose().to_vec()).unwrap(),
        PromptAnswer::Asked(asked) => {
            String::from_utf8(asked.fill_in(&input, Secret::copy_of(b"?")).expose().to_vec()).unwrap()
        }
    }
}

/// The prompts are those of libpam, pam_unix, pam_pwquality, SSSD, nslcd, winbind and Kerberos.
#[test]
fn only_the_prompt_for_the_current_password_gets_the_password() {
    use Visibility::{Hidden, Shown};
    let given = |visibility, prompt| for_new_password(&Prompts::ByVisibility, visibility, prompt);
    for current in [
        "Current password: ",
        "(current) UNIX password: ",
        "Current Password: ",
        "(current) LDAP Password: ",
        "(current) NT password: ",
        "Current Kerberos password: ",
        "Old Password:",
    ] {
        assert_eq!(given(Hidden, current), "s3cret", "{current}");
        assert_eq!(given(Shown, current), "?", "{current}");
    }
    for new in [
        "New password: ",
        "Retype new password: ",
        "New UNIX password: ",
        "Reenter new Password: ",
        "Enter new NT password: ",
        "Password: ",
        "Old passwords cannot be used, new password:",
        "Current policy: 8 characters. New password:",
        "Old PIN:",
        "currently, a password is wanted",
        "First Factor: ",
        "",
    ] {
        assert_eq!(given(Hidden, new), "?", "{new}");
    }
}

#[test]
fn pairs_stay_what_they_are_while_a_new_password_is_chosen() {
    let prompts = by_name(&[("current", "PASSWORD"), ("pin", "{ASK}{OTP}"), ("realm", "example.com")]);
    let given = |prompt| for_new_password(&prompts, Visibility::Hidden, prompt);
    assert_eq!(given("Current password: "), "s3cret");
    assert_eq!(given("Realm: "), "example.com");
    assert_eq!(given("PIN: "), "?123456");
    assert_eq!(given("New password: "), "?");
    // Not by a default rule.
    assert_eq!(given("Old password: "), "?");
}
