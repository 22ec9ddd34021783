//! The configuration line: what it means, and which word each mistake names.

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
    assert_eq!(config.time_limit, Some(Duration::from_secs(60)));
    assert_eq!(config.grace, Duration::from_millis(50));
    assert_eq!((config.max_workers, config.max_pending, config.penalties), (None, 1024, true));
    assert_eq!((config.confdir, config.syslog, config.deferred), (None, None, false));
    assert_eq!(config.advance, Advance::No);
    assert_eq!(config.require_cn, RequireCn::No);
    assert!(!config.empty_passwords && !config.allow_user_mapping);
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
    assert_eq!(config.time_limit, Some(Duration::from_secs(5)));
    assert_eq!((config.max_workers, config.max_pending, config.penalties), (Some(32), 7, false));
    assert!(config.deferred && config.empty_passwords && config.allow_user_mapping && config.grace.is_zero());
    assert_eq!(config.advance, Advance::Remote);
    assert_eq!(config.require_cn, RequireCn::SameButForCase);
    assert_eq!(config.syslog, Facility::parse("auth"));
    assert_eq!(config.confdir.unwrap().as_bytes(), b"/tmp");
    assert!(matches!(config.prompts, Prompts::ByName(pairs) if pairs.len() == 1));
}

#[test]
fn a_time_limit_of_zero_is_none() {
    assert_eq!(parse(&["timeout=0", "login"]).unwrap().time_limit, None);
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

/// The manual page lists the options of the code, all of them and no others, with the same values.
#[test]
fn the_manual_page_has_these_options() {
    const PAGE: &str = "openvpn-plugin-auth-pam.8";
    assert_eq!(harness::man_page::terms(PAGE, "OPTIONS"), OPTIONS);
    // What the list says is read is read: none of them is unknown.
    for option in OPTIONS {
        let word = format!("{}=?", option.split('=').next().unwrap());
        assert!(matches!(parse(&[&word, "login"]), Err(ConfigError::BadValue { .. })), "{word}");
    }
    let page = std::fs::read_to_string(harness::man_page::source(PAGE)).unwrap();
    let names = Facility::names();
    let facilities: Vec<&str> = names.trim_start_matches("must be one of ").split(", ").collect();
    assert_eq!(facilities.len(), 18);
    for facility in facilities {
        assert!(Facility::parse(facility).is_some(), "{facility}");
        assert!(facility.starts_with("local") || page.contains(&format!("_{facility}_")), "{facility}");
    }
    let keywords = harness::man_page::terms(PAGE, "DESCRIPTION");
    assert_eq!(keywords, ["USERNAME", "PASSWORD", "COMMONNAME", "OTP"]);
}
