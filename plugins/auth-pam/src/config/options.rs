//! Every option, as README and the manual page have it. A word that is none of these is refused.

use std::ffi::CString;
use std::time::Duration;

use plugin_options::{Mistake, OptionSpec, Value};

use super::{Config, NameRule, Reasons, RequireCn, Timeout};
use crate::front::MAX_PENDING_TEXT;
use crate::supervisor::audit::Facility;
use crate::verdict::Advance;

/// The options.
pub const OPTIONS: [OptionSpec<Config>; 31] = [
    OptionSpec {
        name: "advance",
        form: "no|addr|remote",
        default: "no",
        meaning: "where a client goes after a temporary failure (`docs/scaling.md`)",
        repeats: false,
        set: |config, value| {
            config.advance =
                Advance::parse(value.text()).ok_or_else(|| value.bad("must be no, addr or remote"))?;
            Ok(())
        },
    },
    OptionSpec {
        name: "allow-user-mapping",
        form: "yes|no",
        default: "no",
        meaning: "whether a PAM module may check another user than the one that asked",
        repeats: false,
        set: |config, value| {
            config.allow_user_mapping = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "certificate-login",
        form: "GROUP",
        default: "",
        meaning: "members of the group who show only their certificate log in by its common name",
        repeats: false,
        set: |config, value| {
            // Directories have groups with blanks and domains in their names.
            let good = |c: char| c.is_alphanumeric() || r"_-.@+$\ ".contains(c);
            let name = Some(value.text()).filter(|name| !name.is_empty() && name.chars().all(good));
            config.certificate_login =
                Some(name.ok_or_else(|| value.bad("must be the name of a group"))?.to_string());
            Ok(())
        },
    },
    OptionSpec {
        name: "challenge",
        form: "yes|no|TEXT",
        default: "no",
        meaning: "whether prompts without an answer are put to the client; TEXT is asked at once",
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
        form: "SECONDS",
        default: "120",
        meaning: "how long a question waits for its answer, 1 to 3600 s",
        repeats: false,
        set: |config, value| {
            config.challenge_timeout = Duration::from_secs(value.number(1, 3600, "seconds")?);
            Ok(())
        },
    },
    OptionSpec {
        name: "change-expired",
        form: "yes|no",
        default: "no",
        meaning: "whether a user whose password has expired is asked for a new one",
        repeats: false,
        set: |config, value| {
            config.change_expired = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "client-options",
        form: "DIR",
        default: "",
        meaning: "options for each client, by its user and groups, from files in this directory",
        repeats: false,
        set: |config, value| {
            // Not resolved: the links on the way are looked at each time.
            let wrong = |error: std::io::Error| value.bad(&error.to_string());
            let path = std::path::absolute(value.text()).map_err(wrong)?;
            if !std::fs::metadata(&path).map_err(wrong)?.is_dir() {
                return Err(value.bad("is not a directory"));
            }
            config.client_options = Some(path);
            Ok(())
        },
    },
    OptionSpec {
        name: "deferred",
        form: "yes|no",
        default: "no",
        meaning: "whether OpenVPN goes on while PAM decides",
        repeats: false,
        set: |config, value| {
            config.deferred = Some(value.yes_or_no()?);
            Ok(())
        },
    },
    OptionSpec {
        name: "empty-passwords",
        form: "yes|no",
        default: "no",
        meaning: "whether empty passwords go to PAM; `no` also refuses accounts that have none",
        repeats: false,
        set: |config, value| {
            config.empty_passwords = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "grace",
        form: "MS",
        default: "75",
        meaning: "how long OpenVPN waits for a quick verdict in deferred mode, 0 to 10000 ms",
        repeats: false,
        set: |config, value| {
            config.grace = value.milliseconds(10_000)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "ipv4-prefix",
        form: "N",
        default: "32",
        meaning: "leading bits of an IPv4 address that make a source",
        repeats: false,
        set: |config, value| {
            config.prefixes.ipv4 = prefix(value, 32)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "ipv6-prefix",
        form: "N",
        default: "64",
        meaning: "the same for IPv6",
        repeats: false,
        set: |config, value| {
            config.prefixes.ipv6 = prefix(value, 128)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "max-pending",
        form: "N",
        default: "1024",
        meaning: "attempts that may wait for a worker",
        repeats: false,
        set: |config, value| {
            config.max_pending = value.count(0, 1_000_000)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "max-sessions",
        form: "N",
        default: "up to 1024",
        meaning: "sessions that may be open",
        repeats: false,
        set: |config, value| {
            config.max_sessions = Some(value.count(1, 10_000)?);
            Ok(())
        },
    },
    OptionSpec {
        name: "max-sessions-per-user",
        form: "N",
        default: "",
        meaning: "sessions that one user may have open; a further client is refused",
        repeats: false,
        set: |config, value| {
            config.max_sessions_per_user = Some(value.count(1, 10_000)?);
            Ok(())
        },
    },
    OptionSpec {
        name: "max-suspended",
        form: "N",
        default: "up to 64",
        meaning: "questions that may wait for an answer",
        repeats: false,
        set: |config, value| {
            config.max_suspended = Some(value.count(1, 10_000)?);
            Ok(())
        },
    },
    OptionSpec {
        name: "max-workers",
        form: "N",
        default: "up to 512",
        meaning: "PAM transactions at the same time",
        repeats: false,
        set: |config, value| {
            config.max_workers = Some(value.count(1, 10_000)?);
            Ok(())
        },
    },
    OptionSpec {
        name: "open-urls",
        form: "yes|no",
        default: "no",
        meaning: "whether clients open the web pages (https) that PAM modules name",
        repeats: false,
        set: |config, value| {
            config.open_urls = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec::options_file(),
    OptionSpec {
        name: "override-username",
        form: "yes|no",
        default: "no",
        meaning: "whether the name that PAM has let in becomes the client's name (OpenVPN 2.7)",
        repeats: false,
        set: |config, value| {
            config.override_username = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "pam-confdir",
        form: "DIR",
        default: "",
        meaning: "read PAM services from this directory only (Linux-PAM 1.4)",
        repeats: false,
        set: |config, value| {
            config.confdir = Some(directory(value)?);
            Ok(())
        },
    },
    OptionSpec {
        name: "penalties",
        form: "yes|no",
        default: "yes",
        meaning: "slow down a source that only fails",
        repeats: false,
        set: |config, value| {
            config.penalties = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "question-wait",
        form: "MS",
        default: "0",
        meaning: "how long OpenVPN waits for a question that a client can be asked at once, 0 to 10000 ms",
        repeats: false,
        set: |config, value| {
            config.question_wait = value.milliseconds(10_000)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "reasons",
        form: "none|safe|all",
        default: "safe",
        meaning: "what a client learns of a refusal by PAM (below)",
        repeats: false,
        set: |config, value| {
            let reasons = Reasons::parse(value.text());
            config.reasons = Some(reasons.ok_or_else(|| value.bad("must be none, safe or all"))?);
            Ok(())
        },
    },
    OptionSpec {
        name: "refusal-time",
        form: "MS",
        default: "1000",
        meaning: "in deferred mode no refusal by PAM comes sooner; 0: off",
        repeats: false,
        set: |config, value| {
            config.refusal_time = value.milliseconds(30_000)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "require-cn",
        form: "no|yes|nocase",
        default: "no",
        meaning: "refuse a client whose certificate has another common name than the username",
        repeats: false,
        set: |config, value| {
            config.require_cn = match value.text() {
                "no" => RequireCn::No,
                "yes" => RequireCn::Same,
                "nocase" => RequireCn::SameButForCase,
                _ => return Err(value.bad("must be no, yes or nocase")),
            };
            Ok(())
        },
    },
    OptionSpec {
        name: "session",
        form: "yes|no",
        default: "no",
        meaning: "whether PAM opens a session for each client, and closes it when the client leaves",
        repeats: false,
        set: |config, value| {
            config.session = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "syslog",
        form: "FACILITY",
        default: "",
        meaning: "one audit line an attempt: `auth`, `authpriv`, `daemon`, `user`, `local0` ... `local7` and the others but `kern`",
        repeats: false,
        set: |config, value| {
            let facility = Facility::parse(value.text());
            config.syslog = Some(facility.ok_or_else(|| value.bad(&Facility::names()))?);
            Ok(())
        },
    },
    OptionSpec {
        name: "timeout",
        form: "SECONDS",
        default: "60, or by `hand-window`",
        meaning: "limit for an attempt; 0: none",
        repeats: false,
        set: |config, value| {
            config.timeout = Timeout::Given(value.time_limit()?);
            Ok(())
        },
    },
    OptionSpec {
        name: "username",
        form: "lower|strip-domain|strip-realm",
        default: "",
        meaning: "what is done to the name before PAM is asked; several with commas between",
        repeats: false,
        set: |config, value| {
            config.name_rule = NameRule::parse(value.text()).map_err(|expected| value.bad(expected))?;
            Ok(())
        },
    },
    // Was never in a release, but is in configurations of those who tried the plugin early.
    OptionSpec {
        name: "max-pending-per-address",
        form: "",
        default: "",
        meaning: "",
        repeats: false,
        set: |config, value| {
            let word = value.word();
            config.warnings.push(format!("option '{word}' is ignored: sources now share the queue fairly"));
            Ok(())
        },
    },
];

/// What a person is asked. A word that is misspelt is none.
fn question(value: &Value<'_>) -> Result<String, Mistake> {
    let text = value.text();
    let asks = text.contains(|c: char| !c.is_ascii_punctuation() && c != ' ')
        && (text.contains(' ') || text.ends_with([':', '?']));
    if !asks || text.chars().any(char::is_control) || text.len() > MAX_PENDING_TEXT {
        let form =
            "must be yes, no, or a question of at most 230 bytes, with a blank in it or : or ? at its end";
        return Err(value.bad(form));
    }
    Ok(text.to_string())
}

/// The length of a network prefix.
fn prefix(value: &Value<'_>, most: u8) -> Result<u8, Mistake> {
    Ok(u8::try_from(value.number(1, most.into(), "bits")?).unwrap_or(most))
}

/// An existing directory, made absolute: the helper changes its working directory.
fn directory(value: &Value<'_>) -> Result<CString, Mistake> {
    let path = std::fs::canonicalize(value.text()).map_err(|error| value.bad(&error.to_string()))?;
    if !path.is_dir() {
        return Err(value.bad("is not a directory"));
    }
    CString::new(path.into_os_string().into_encoded_bytes()).map_err(|_| value.bad("has a NUL byte"))
}
