//! The configuration line: what it means, and which word each mistake names.

use std::fs;

use super::*;

fn parse(line: &[&str]) -> Result<Config, ConfigError> {
    Config::parse(line.iter().map(|word| word.as_bytes()))
}

fn message(line: &[&str]) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn a_service_alone_has_the_documented_defaults() {
    let config = parse(&["login"]).unwrap();
    assert_eq!(config.service.as_bytes(), b"login");
    assert_eq!(config.prompts, Prompts::ByVisibility);
    assert_eq!(config.timeout, Timeout::Default);
    assert_eq!(config.grace, Duration::from_millis(75));
    assert_eq!((config.max_workers, config.max_pending, config.penalties), (None, 1024, true));
    assert!(!config.challenge && !config.asks() && config.max_suspended.is_none());
    assert_eq!(config.reasons(), Reasons::Safe);
    assert_eq!((config.confdir, config.syslog, config.deferred), (None, None, None));
    assert_eq!(config.advance, Advance::No);
    assert_eq!(config.require_cn, RequireCn::No);
    assert!(!config.empty_passwords && !config.allow_user_mapping);
    assert_eq!(config.challenge_timeout, Duration::from_secs(120));
}

/// Of a line that asks for nothing of the kind, a start under an older OpenVPN says nothing.
#[test]
fn what_needs_openvpn_2_6_is_known() {
    let of = |words: &[&str]| parse(words).unwrap().since_2_6().join(" ");
    assert_eq!(of(&["login"]), "");
    assert_eq!(of(&["challenge=no", "change-expired=no", "open-urls=no", "reasons=none", "login"]), "");
    assert_eq!(of(&["reasons=safe", "login"]), "reasons");
    assert_eq!(
        of(&["reasons=all", "open-urls=yes", "change-expired=yes", "challenge=Your code:", "login"]),
        "challenge change-expired open-urls reasons"
    );
    assert_eq!(of(&["login", "code", "{PASSWORD}{ASK}"]), "ASK");
}

#[test]
fn questions_are_asked_if_an_option_or_a_pair_says_so() {
    let config = parse(&["challenge=yes", "challenge-timeout=30", "max-suspended=7", "login"]).unwrap();
    assert!(config.challenge && config.asks());
    assert_eq!((config.challenge_timeout, config.max_suspended), (Duration::from_secs(30), Some(7)));
    let text = parse(&["challenge=Your code:", "question-wait=200", "login"]).unwrap();
    assert!(text.challenge && text.challenge_text.as_deref() == Some("Your code:"));
    assert_eq!((text.question_wait, config.question_wait), (Duration::from_millis(200), Duration::ZERO));
    assert!(parse(&["open-urls=yes", "login"]).unwrap().asks());
    assert!(!parse(&["challenge=no", "login"]).unwrap().asks() && config.challenge_text.is_none());
    let asks = |value| parse(&["login", "password", "PASSWORD", "code", value]).unwrap().asks();
    assert!(asks("ASK") && asks("{PASSWORD}{ASK}") && !asks("OTP") && !asks("ask"));
}

#[test]
fn options_come_before_the_service_in_any_order() {
    let config = parse(&[
        "timeout=5",
        "max-workers=32",
        "deferred=yes",
        "advance=remote",
        "grace=0",
        "empty-passwords=yes",
        "require-cn=nocase",
        "allow-user-mapping=yes",
        "syslog=auth",
        "max-pending=7",
        "penalties=no",
        "refusal-time=250",
        "ipv4-prefix=24",
        "ipv6-prefix=56",
        "pam-confdir=/tmp",
        "login",
        "login",
        "USERNAME",
    ])
    .unwrap();
    assert_eq!(config.timeout, Timeout::Given(Some(Duration::from_secs(5))));
    assert_eq!((config.max_workers, config.max_pending, config.penalties), (Some(32), 7, false));
    assert!(config.empty_passwords && config.allow_user_mapping && config.grace.is_zero());
    assert_eq!(config.deferred, Some(true));
    assert_eq!(config.advance, Advance::Remote);
    assert_eq!(config.require_cn, RequireCn::SameButForCase);
    assert_eq!(config.syslog, Facility::parse("auth"));
    assert_eq!(config.confdir.unwrap().as_bytes(), b"/tmp");
    assert!(matches!(config.prompts, Prompts::ByName(pairs) if pairs.len() == 1));
}

#[test]
fn the_option_decides_about_deferring_and_else_the_variable() {
    for (words, alone, with_variable) in
        [("", false, true), ("deferred=yes", true, true), ("deferred=no", false, false)]
    {
        let words = [words, "login"];
        let config = parse(if words[0].is_empty() { &words[1..] } else { &words }).unwrap();
        assert_eq!((config.defers(false), config.defers(true)), (alone, with_variable), "{words:?}");
    }
}

#[test]
fn a_time_limit_of_zero_is_none() {
    assert_eq!(parse(&["timeout=0", "login"]).unwrap().timeout, Timeout::Given(None));
}

#[test]
fn words_with_an_equals_sign_after_the_service_are_pairs() {
    let config = parse(&["login", "a=b", "c=d"]).unwrap();
    assert_eq!(config.prompts, Prompts::ByName(vec![Pair { name: b"a=b".to_vec(), value: b"c=d".to_vec() }]));
}

#[test]
fn sixteen_pairs_are_taken_and_the_seventeenth_is_named() {
    let words: Vec<String> = (0..17).flat_map(|n| [format!("name{n}"), "PASSWORD".into()]).collect();
    let mut line = vec!["login"];
    line.extend(words.iter().map(String::as_str));
    assert!(parse(&line[..33]).is_ok());
    assert!(message(&line).contains("'name16'"));
    assert!(message(&line[..34]).contains("'name16'"));
}

#[test]
fn every_mistake_names_its_word() {
    for (line, word) in [
        (&[][..], "SERVICE"),
        (&[""][..], "SERVICE"),
        (&["timeout=5"][..], "SERVICE"),
        (&["login", "password"][..], "'password'"),
        (&["login", "a", "b", "c"][..], "'c'"),
        (&["foo=bar", "login"][..], "'foo=bar'"),
        (&["=x", "login"][..], "'=x'"),
        (&["timeout=abc", "login"][..], "'timeout=abc'"),
        (&["timeout=", "login"][..], "'timeout='"),
        (&["timeout=-1", "login"][..], "'timeout=-1'"),
        (&["timeout=+1", "login"][..], "'timeout=+1'"),
        (&["timeout=99999999999999999999", "login"][..], "'timeout=99999999999999999999'"),
        (&["max-workers=0", "login"][..], "'max-workers=0'"),
        (&["max-suspended=0", "login"][..], "'max-suspended=0'"),
        (&["challenge-timeout=0", "login"][..], "'challenge-timeout=0'"),
        (&["challenge=maybe", "login"][..], "'challenge=maybe'"),
        (&["challenge=: :", "login"][..], "'challenge=: :'"),
        (&["challenge=a\nb:", "login"][..], "must be yes, no, or a question"),
        (&["deferred=1", "login"][..], "'deferred=1'"),
        (&["require-cn=maybe", "login"][..], "no, yes or nocase"),
        (&["syslog=kern", "login"][..], "authpriv"),
        (&["advance=yes", "login"][..], "'advance=yes'"),
        (&["syslog=nowhere", "login"][..], "'syslog=nowhere'"),
        (&["pam-confdir=/nonexistent/dir", "login"][..], "'pam-confdir=/nonexistent/dir'"),
        (&["pam-confdir=/etc/passwd", "login"][..], "'pam-confdir=/etc/passwd'"),
        (&["timeout=1", "timeout=2", "login"][..], "'timeout=2'"),
        (&["/etc/pam.d/"][..], "'/etc/pam.d/'"),
        (&["../.."][..], "'../..'"),
        (&[".."][..], "'..'"),
    ] {
        let text = message(line);
        assert!(text.contains(word), "{line:?}: {text}");
    }
}

#[test]
fn a_service_that_is_a_path_is_its_last_part_with_one_warning() {
    for path in ["/etc/pam.d/login", "../login", "./login", "//login"] {
        let config = parse(&[path, "login", "USERNAME"]).unwrap();
        assert_eq!(config.service.as_bytes(), b"login", "{path}");
        assert!(
            matches!(&config.warnings[..], [one] if one.contains(path) && one.ends_with("write 'login'"))
        );
        assert!(matches!(config.prompts, Prompts::ByName(pairs) if pairs.len() == 1));
    }
    assert!(parse(&["login"]).unwrap().warnings.is_empty());
}

/// Reads an options file of this content with these words on the line, `FILE` for the file.
fn from_file(content: &str, line: &str) -> Result<Config, String> {
    // Only root can write there; `/tmp` is open to everybody.
    let place = tempfile::Builder::new().prefix("auth-pam-").tempdir_in("/var/lib").unwrap();
    let file = place.path().join("auth-pam.conf");
    fs::write(&file, content).unwrap();
    let name = file.display().to_string();
    let line = line.replace("FILE", &name);
    let words = line.split(' ').map(str::as_bytes);
    Config::parse(words).map_err(|error| error.to_string().replace(&name, "FILE"))
}

#[test]
fn everything_can_stand_in_a_file() {
    let content =
        "# who\nvpn\n\n# how\ndeferred=yes\ntimeout=5\n'account name' USERNAME\npassword PASSWORD\n";
    let config = from_file(content, "options=FILE").unwrap();
    let line =
        parse(&["deferred=yes", "timeout=5", "vpn", "account name", "USERNAME", "password", "PASSWORD"]);
    assert_eq!(config, line.unwrap());
    assert_eq!(
        from_file("timeout=5\nvpn login USERNAME", "options=FILE").unwrap().service.as_bytes(),
        b"vpn"
    );
    // More than a line of OpenVPN's can hold.
    let many: String = (0..16).map(|n| format!("name{n} PASSWORD\n")).collect();
    assert!(
        matches!(from_file(&many, "options=FILE vpn").unwrap().prompts, Prompts::ByName(p) if p.len() == 16)
    );
}

#[test]
fn the_line_goes_before_the_file() {
    let content = "timeout=5\nservice\nlogin USERNAME\n";
    let config = from_file(content, "options=FILE timeout=6 vpn login COMMONNAME").unwrap();
    let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
    assert!(
        warning
            .ends_with(":2: PAM service 'service' is not used: the plugin line names 'vpn'; name only one"),
        "{warning}"
    );
    assert_eq!(from_file(content, "options=FILE service").unwrap().warnings, [""; 0]);
    assert_eq!(config.timeout, Timeout::Given(Some(Duration::from_secs(6))));
    assert_eq!(config.service.as_bytes(), b"vpn");
    // The first pair that matches counts.
    let Prompts::ByName(pairs) = config.prompts else { panic!("no pairs") };
    let values: Vec<&[u8]> = pairs.iter().map(|pair| &pair.value[..]).collect();
    assert_eq!(values, [&b"COMMONNAME"[..], b"USERNAME"]);
}

#[test]
fn every_mistake_in_the_file_names_its_place() {
    for (content, said) in [
        ("vpn\ntimout=5", "FILE:2: unknown option 'timout=5'; did you mean timeout=SECONDS?"),
        ("vpn\ntimeout=x", "FILE:2: option 'timeout=x'"),
        ("vpn\n\nother", "FILE:3: 'other': the file already names a service"),
        ("vpn a b\n#\nlogin USERNAME x", "FILE:3: 'login': the file already names a service"),
        ("/", "FILE:1: '/' is not a valid PAM service name"),
        ("timeout=5", "the PAM service name is missing"),
        // Else they would be pairs, and the option left out without a word.
        (
            "vpn\nrequire-cn yes",
            "FILE:2: 'require-cn': an option is one word on a line of its own, require-cn=",
        ),
        ("vpn\ntimeout = 20", "FILE:2: 'timeout': an option is one word"),
        ("vpn\ndeferred=yes timeout=20", "FILE:2: 'deferred=yes': an option is one word"),
    ] {
        let text = from_file(content, "options=FILE").unwrap_err();
        assert!(text.starts_with(said), "{content:?}: {text}");
    }
    let many: String = (0..17).map(|n| format!("name{n} PASSWORD\n")).collect();
    let text = from_file(&many, "options=FILE vpn").unwrap_err();
    assert!(text.starts_with("FILE:17: more than 16") && text.ends_with("'name16'"), "{text}");
}

#[test]
fn options_after_the_service_are_warned_about() {
    let config = parse(&["login", "deferred=yes", "timeout=20"]).unwrap();
    assert_eq!(config.warnings.len(), 2);
    for (warning, word) in config.warnings.iter().zip(["'deferred=yes'", "'timeout=20'"]) {
        assert!(
            warning.starts_with(word) && warning.ends_with("options stand before the service"),
            "{warning}"
        );
    }
    assert!(parse(&["login", "a=b", "c=d", "login", "USERNAME"]).unwrap().warnings.is_empty());
    let place = tempfile::Builder::new().prefix("options-").tempdir_in("/var/lib").unwrap();
    let file = place.path().join("auth-pam.conf");
    fs::write(&file, "login deferred=yes timeout=20\n").unwrap();
    let config = parse(&[&format!("options={}", file.display())]).unwrap();
    assert_eq!(config.warnings.len(), 2);
    let said = format!("{}:1: 'deferred=yes' comes after the service", file.display());
    assert!(config.warnings[0].starts_with(&said), "{:?}", config.warnings);
}

/// OpenVPN's own options are written so.
#[test]
fn an_option_without_an_equals_sign_is_warned_about() {
    let config = parse(&["login", "password", "PASSWORD", "require-cn", "yes"]).unwrap();
    let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
    assert!(warning.starts_with("'require-cn' comes after") && warning.contains("require-cn=no|yes|nocase"));
    assert!(parse(&["login", "password", "timeout"]).unwrap().warnings.is_empty());
}
