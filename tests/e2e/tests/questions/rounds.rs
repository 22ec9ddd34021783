//! Stacks that ask more than once, in one call of the conversation function and in several.

use harness::needs::Need;
use harness::question::{Question, QuestionKind};
use harness::requires;
use harness::{PamService, Person, ServerConfig, TestModule, side_by_side};

use crate::stage::{CODE, PASSWORD, Stage, WRONG};

/// Number words of the prompts, and whether what is typed is shown.
const PROMPTS: [(&str, bool); 10] = [
    ("One:", false),
    ("Two:", true),
    ("Three:", true),
    ("Four:", false),
    ("Five:", false),
    ("Six:", true),
    ("Seven:", false),
    ("Eight:", false),
    ("Nine:", true),
    ("Ten:", true),
];

fn answers() -> Vec<String> {
    (1..=PROMPTS.len()).map(|number| format!("answer {number}")).collect()
}

/// Ten prompts; an info stands before the first, an error before the sixth.
fn ten_prompts(in_one_call: bool) -> Vec<String> {
    let mut actions = vec![format!("auth/password={PASSWORD}")];
    for (number, ((text, shown), answer)) in PROMPTS.iter().zip(answers()).enumerate() {
        let with = if in_one_call && number < 9 { "with-" } else { "" };
        let message_with = if in_one_call { "with-" } else { "" };
        match number {
            0 => actions.push(format!("auth/{message_with}info=Welcome")),
            5 => actions.push(format!("auth/{message_with}error=Take care")),
            _ => {}
        }
        actions.push(format!("auth/{with}{}={text}", if *shown { "show" } else { "ask" }));
        if !in_one_call {
            actions.push(format!("auth/expect={answer}"));
        }
    }
    if in_one_call {
        actions.push(format!("auth/expect-all={}", answers().join("|")));
    }
    actions
}

fn ten_questions(in_one_call: bool, deferred: bool) {
    let stage = Stage::with("", &ten_prompts(in_one_call), |config| config.dropped().deferred_if(deferred));
    let answers = answers();
    let texts: Vec<&str> = answers.iter().map(String::as_str).collect();
    let alice = stage.server.person("alice", PASSWORD).answers(&texts).start();
    alice.connects();
    let asked = alice.asked();
    assert_eq!(asked.len(), PROMPTS.len(), "{asked:#?}");
    for (question, (text, shown)) in asked.iter().zip(PROMPTS) {
        assert!(question.text.ends_with(text) && question.shown == shown, "{question:?}");
    }
    assert!(asked[0].text.starts_with("Welcome"), "{:?}", asked[0]);
    assert!(asked[5].text.starts_with("Take care"), "{:?}", asked[5]);
    let alone = |question: &Question| PROMPTS.iter().any(|(text, _)| question.text == *text);
    assert_eq!(asked.iter().filter(|question| alone(question)).count(), 8, "{asked:#?}");
    let mut ids: Vec<&str> = asked.iter().map(|question| &question.id[..]).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), PROMPTS.len(), "each question has an id of its own: {asked:#?}");

    // The last answer is wrong.
    let mut texts = texts.clone();
    texts[9] = WRONG;
    let alice = stage.server.person("alice", PASSWORD).answers(&texts).start();
    alice.refused();
    assert_eq!(alice.asked().len(), PROMPTS.len());
}

#[test]
fn ten_prompts_in_one_call() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    ten_questions(true, false);
}

#[test]
fn ten_prompts_in_one_call_deferred() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    ten_questions(true, true);
}

#[test]
fn ten_prompts_in_ten_calls() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    ten_questions(false, false);
}

#[test]
fn ten_prompts_in_ten_calls_deferred() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    ten_questions(false, true);
}

/// A stack that never stops asking is stopped.
#[test]
fn a_hundred_prompts_are_too_many() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let mut actions = vec![format!("auth/password={PASSWORD}")];
    actions.extend((0..100).map(|number| format!("auth/ask=Number {number}:")));
    let stage = Stage::with("", &actions, ServerConfig::dropped);
    let texts = [CODE; 100];
    let alice = stage.server.person("alice", PASSWORD).answers(&texts).start();
    alice.refused();
    assert_eq!(alice.asked().len(), 16);
}

/// The keyword of the pairs.
#[test]
fn the_keyword_ask() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let module = TestModule::shared();
    let check = format!("auth/expect={PASSWORD}");
    let service = PamService::new(&module.stack(&[
        "auth/show=login:",
        "auth/expect=alice",
        "auth/ask=Password:",
        &check,
        "auth/show=Verification code:",
        "auth/expect=123456",
        "auth/ask=Token:",
        "auth/expect=pre-789-post",
    ]));
    let pairs = "login USERNAME password PASSWORD verification ASK token pre-{ASK}-post";
    side_by_side([false, true], |deferred| {
        let server = ServerConfig::auth_pam_with("", &service, pairs).dropped().deferred_if(deferred).start();
        let ask = |answers: &[&str]| -> Person { server.person("alice", PASSWORD).answers(answers).start() };
        let alice = ask(&[CODE, "789"]);
        alice.connects();
        let [code, token] = &alice.asked()[..] else { panic!("{:#?}", alice.asked()) };
        assert_eq!(
            (code.kind, &code.text[..], code.shown),
            (QuestionKind::Dynamic, "Verification code:", true)
        );
        assert_eq!((token.kind, &token.text[..], token.shown), (QuestionKind::Dynamic, "Token:", false));
        ask(&[CODE, "987"]).refused();
        ask(&[WRONG]).refused();
    });
}

/// As much as OpenVPN carries, cut between two characters; the end of the prompt is what is asked.
#[test]
fn a_long_text_is_cut() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let (message, prompt, module) = ("Ä".repeat(300), "Ö".repeat(100), TestModule::shared());
    let (check, info) = (format!("auth/password={PASSWORD}"), format!("auth/info={message}"));
    let (ask, expect) = (format!("auth/ask={prompt}"), format!("auth/expect={CODE}"));
    // A line of a service file holds less than a thousand bytes.
    let stacks = [&[&check[..], &info[..]][..], &[&info], &[&ask, &expect]];
    let lines: String = stacks.iter().map(|actions| module.stack(actions)).collect();
    let service = PamService::new(&lines);
    let server = ServerConfig::auth_pam_with("challenge=yes", &service, "").dropped().start();
    let alice = server.person("alice", PASSWORD).answers(&[CODE]).start();
    alice.connects();
    let text = &alice.asked()[0].text;
    assert!(text.ends_with(&prompt) && text.starts_with("ÄÄ"), "{text}");
    assert!(text.len() > 500 && text.len() < 1024, "{} bytes", text.len());
    assert!(text.chars().all(|sign| "ÄÖ ".contains(sign)), "{text}");
}

/// What a module says cannot imitate what OpenVPN says.
#[test]
fn control_characters_stay_out() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let actions = [
        format!("auth/password={PASSWORD}"),
        "auth/info=first\tsecond\u{1b}[31m".to_string(),
        "auth/ask=Code':']".to_string(),
        format!("auth/expect={CODE}"),
    ];
    let stage = Stage::with("", &actions, ServerConfig::dropped);
    let alice = stage.server.person("alice", PASSWORD).answers(&[CODE]).start();
    alice.connects();
    let text = &alice.asked()[0].text;
    assert!(text.starts_with("first second") && !text.contains(char::is_control), "{text:?}");
}

/// Linux-PAM has two styles that no client can show.
#[test]
fn other_styles_are_no_questions() {
    for action in ["auth/radio=Yes or no?", "auth/binary"] {
        let stage = Stage::with("", &[action.to_string()], ServerConfig::dropped);
        let alice = stage.server.person("alice", PASSWORD).answers(&["yes"]).start();
        alice.refused();
        assert_eq!(alice.asked(), []);
    }
}
