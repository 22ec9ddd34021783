//! Options on questions to the person at the client.

use plugin_options::{Fallback, Form, Mistake, OptionSpec, Value};

use crate::config::Config;
use crate::front::MAX_PENDING_TEXT;

pub const OPTIONS: [OptionSpec<Config>; 6] = [
    OptionSpec {
        name: "challenge",
        form: Form::Other("yes|no|TEXT"),
        default: Fallback::Value("no"),
        example: "Your code:",
        needs: "OpenVPN 2.6",
        meaning: "whether prompts without an answer are put to the client; TEXT is asked at once",
        text: "Whether prompts without an answer are put to the person at the client; see [Questions to the client].\n\n\
               *TEXT* means yes. Clients that can be asked while their login is pending are asked *TEXT* at once, \
               before PAM asks. *TEXT* is a question of at most 230 bytes. It contains a blank, or ends in `:` or `?`. \
               Quote the whole word: `'challenge=Your code:'`.",
        repeats: false,
        set: |config, value| {
            config.challenge_text = match value.text() {
                "yes" | "no" => None,
                _ => Some(question(value)?),
            };
            config.challenge = value.text() != "no";
            Ok(())
        },
    },
    OptionSpec {
        name: "challenge-timeout",
        form: Form::seconds(1, 3600),
        default: Fallback::Value("120"),
        example: "60",
        needs: "",
        meaning: "how long a question waits for its answer",
        text: "How long a question waits for its answer.",
        repeats: false,
        set: |config, value| {
            config.challenge_timeout = value.seconds()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "change-expired",
        form: Form::YES_NO,
        default: Fallback::Value("no"),
        example: "yes",
        needs: "OpenVPN 2.6",
        meaning: "whether a user whose password has expired is asked for a new one",
        text: "Whether a user with the right but expired password is asked for a new one; see [An expired password].",
        repeats: false,
        set: |config, value| {
            config.change_expired = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "max-suspended",
        form: Form::count(1, 10_000),
        default: Fallback::Described("up to 64"),
        example: "200",
        needs: "",
        meaning: "questions that may wait for an answer",
        text: "How many questions may wait for an answer. Each holds a process. If there are more, the source with most \
               questions loses its oldest. For a moment twice as many may wait, as a question counts only after \
               `refusal-time=`. The default is 64, and no more than a third of what workers leave in the control group \
               (`pids.max`). An eighth of the limit on open files is the most.",
        repeats: false,
        set: |config, value| {
            config.max_suspended = Some(value.count()?);
            Ok(())
        },
    },
    OptionSpec {
        name: "open-urls",
        form: Form::YES_NO,
        default: Fallback::Value("no"),
        example: "yes",
        needs: "OpenVPN 2.6",
        meaning: "whether clients open the web pages (https) that PAM modules name",
        text: "Whether clients open the web pages (https) that PAM modules name in prompts or messages. Clients that \
               announce `webauth` or `openurl` in `IV_SSO` open the page if PAM names it within the grace or \
               `question-wait=`. Other clients show the text, and connect again when the person is done. The plugin \
               gives an empty answer to such a prompt, and to one like \"Press Enter when done\".",
        repeats: false,
        set: |config, value| {
            config.open_urls = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "question-wait",
        form: Form::milliseconds(10_000),
        default: Fallback::Value("0"),
        example: "200",
        needs: "",
        meaning: "how long OpenVPN waits for a question that a client can be asked at once",
        text: "How long OpenVPN waits in deferred mode for the question to a client that can be asked while its login is \
               pending. 0: for the grace only.\n\n\
               Each such login stops the whole server for that time, unless it is accepted at once. OpenVPN waits for 16 \
               in a row that are not accepted, then for at most a fifth of the time. Prefer `challenge=`*TEXT*.",
        repeats: false,
        set: |config, value| {
            config.question_wait = value.milliseconds()?;
            Ok(())
        },
    },
];

/// What a person is asked. A misspelt `yes` or `no` must not pass for a question.
fn question(value: &Value<'_>) -> Result<String, Mistake> {
    let text = value.text();
    let asks = text.contains(|c: char| !c.is_ascii_punctuation() && c != ' ')
        && (text.contains(' ') || text.ends_with([':', '?']));
    if !asks || text.chars().any(char::is_control) || text.len() > MAX_PENDING_TEXT {
        let form =
            "must be yes, no, or a question of at most 230 bytes that contains a blank or ends in : or ?";
        return Err(value.bad(form));
    }
    Ok(text.to_string())
}
