//! The patterns for log collectors: each audit line there can be is taken apart into what it was made of.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use grok::Grok;
use regex::Regex;

use super::super::outcome::tests::every_outcome;
use super::{AuditResult, Entry, line};
use crate::front::every_refusal;
use crate::protocol::attempt_origin::tests::origin;
use crate::protocol::time_taken::TimeTaken;
use crate::quoted::escaped;

type Fields = BTreeMap<String, String>;

fn packaged(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/grok").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

struct Patterns {
    grok: grok::Pattern,
    regex: Regex,
}

impl Patterns {
    fn new() -> Self {
        let mut grok = Grok::with_default_patterns();
        let text = packaged("openvpn-auth-pam");
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for (name, pattern) in lines.map(|line| line.split_once(' ').expect("a name and a pattern")) {
            grok.add_pattern(name, pattern);
        }
        Self {
            grok: grok.compile("%{OPENVPN_AUTH_PAM}", true).expect("patterns"),
            regex: Regex::new(packaged("openvpn-auth-pam.regex").trim_end()).expect("an expression"),
        }
    }

    /// What both find, which is the same.
    fn fields(&self, line: &str) -> Option<Fields> {
        let by_grok = self.grok.match_against(line).map(|matches| {
            let found = matches.iter().filter(|(_, value)| !value.is_empty());
            found.map(|(name, value)| (name.to_string(), value.to_string())).collect::<Fields>()
        });
        let by_regex = self.regex.captures(line).map(|captures| {
            let names = self.regex.capture_names().flatten();
            let found = names.filter_map(|name| Some((name, captures.name(name)?.as_str())));
            found
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        });
        assert_eq!(by_grok, by_regex, "{line}");
        by_grok
    }
}

fn expected(fields: &[(&str, &str)]) -> Option<Fields> {
    Some(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
}

#[test]
fn every_outcome_is_taken_apart() {
    let patterns = Patterns::new();
    let outcomes = every_outcome().into_iter().map(|(outcome, result)| (result, format!("{outcome:?}")));
    let refusals = every_refusal().into_iter();
    let refusals =
        refusals.map(|(refusal, at_fault)| (AuditResult::of_refusal(at_fault), refusal.to_string()));
    let mut results = BTreeMap::new();
    for (number, (result, reason)) in outcomes.chain(refusals).enumerate() {
        let (address, user) = (format!("2001:db8::{number:x}"), "it's \\ me");
        let origin = origin(&address, 40000);
        let pam = (number % 2 == 0).then_some(Duration::from_millis(2132));
        let took = TimeTaken { whole: Duration::from_millis(2140), pam };
        let entry = Entry { result, user: user.as_bytes(), origin: &origin, reason: reason.as_bytes(), took };
        let word = match result {
            AuditResult::Accepted => "accepted",
            AuditResult::Rejected => "rejected",
            AuditResult::NotDecided => "not decided",
            AuditResult::Challenged => "challenged",
        };
        let found = patterns.fields(&line(entry, Some("server1")));
        let reason = escaped(reason.as_bytes());
        let wanted = [
            ("login_result", word),
            ("address", address.as_str()),
            ("port", "40000"),
            ("config", "server1"),
            ("reference", "345YZ"),
            ("took_seconds", "2.140"),
            ("reason", reason.as_str()),
            ("user", "it\\'s \\\\ me"),
        ];
        let pam = pam.map(|_| ("pam_seconds", "2.132"));
        assert_eq!(found, expected(&wanted.into_iter().chain(pam).collect::<Vec<_>>()));
        *results.entry(word).or_insert(0) += 1;
    }
    assert_eq!(results.len(), 4, "{results:?}");
}

#[test]
fn the_documented_lines_are_taken_apart() {
    let patterns = Patterns::new();
    let document = include_str!("../../../../docs/logs.md");
    let lines = document.lines().filter_map(|line| Some(line.strip_prefix("    AUTH-PAM: ")?.to_string()));
    let lines: Vec<_> = lines.map(|line| format!("AUTH-PAM: {line}")).collect();
    let found: Vec<_> =
        lines.iter().map(|line| patterns.fields(line).unwrap_or_else(|| panic!("{line}"))).collect();
    let events = found.iter().filter_map(|fields| fields.get("session_event")).collect::<Vec<_>>();
    assert_eq!(events, ["opened", "closed"], "{found:?}");
    let durations = |name: &str| found.iter().filter(|fields| fields.contains_key(name)).count();
    assert_eq!((durations("took_seconds"), durations("pam_seconds")), (6, 3), "{found:?}");
    // Lines of a version that said nothing of it.
    for line in &lines {
        let words = line.split(' ').filter(|word| !word.starts_with("took=") && !word.starts_with("pam="));
        let fields =
            patterns.fields(&words.collect::<Vec<_>>().join(" ")).unwrap_or_else(|| panic!("{line}"));
        assert!(fields.contains_key("user") && !fields.contains_key("took_seconds"), "{fields:?}");
    }
    let opened = found.iter().find(|fields| fields.contains_key("tunnel")).expect("a tunnel address");
    assert_eq!(opened["tunnel"], "10.8.0.2");
    let closed = found.iter().find(|fields| fields.contains_key("seconds")).expect("a duration");
    assert_eq!(
        [&closed["received_bytes"], &closed["sent_bytes"], &closed["seconds"], &closed["ended"]],
        ["98304", "77312", "3600", "disconnected"]
    );
}

#[test]
fn what_is_unknown_or_forged_or_something_else() {
    let patterns = Patterns::new();
    let nobody = origin("", 0);
    let forger = b"x' address=203.0.113.9 reason='";
    let took = TimeTaken::of(Duration::from_secs(1));
    let line = line(
        Entry { result: AuditResult::Rejected, user: forger, origin: &nobody, reason: b"no", took },
        None,
    );
    let fields = patterns.fields(&line).expect("a login");
    assert!(!fields.contains_key("address"), "{fields:?}");
    assert_eq!((fields["config"].as_str(), fields["reason"].as_str()), ("-", "no"));
    for other in [
        "AUTH-PAM: 7 lines about logins were lost",
        "AUTH-PAM: login accepted: x",
        &format!("{line}x"),
        &format!("x{line}"),
    ] {
        assert_eq!(patterns.fields(other), None, "{other}");
    }
}
