//! The configuration line: what it means, and which word each mistake names.

use super::*;

fn parse(line: &[&str]) -> Result<Config, ConfigError> {
    Config::parse(line.iter().map(|word| word.as_bytes()))
}

#[test]
fn a_command_alone_has_the_documented_defaults() {
    let config = parse(&["/etc/openvpn/down.sh"]).unwrap();
    assert_eq!(config.command, b"/etc/openvpn/down.sh");
    assert_eq!(config.time_limit, Some(Duration::from_secs(60)));
    assert_eq!((config.args.len(), config.on.len(), config.up), (0, 0, None));
    assert!(!config.ignore_failure && !config.insecure_permissions);
}

#[test]
fn options_come_before_the_command_in_any_order() {
    let config = parse(&[
        "timeout=5",
        "on=client-connect:/c",
        "ignore-failure=yes",
        "up=/u",
        "on=learn-address:/l:x",
        "insecure-permissions=yes",
        "/down",
        "timeout=6",
        "on=x",
        "",
    ])
    .unwrap();
    assert_eq!(config.time_limit, Some(Duration::from_secs(5)));
    assert_eq!(config.up.as_deref(), Some(&b"/u"[..]));
    assert_eq!(config.on, [(Event::ClientConnect, b"/c".to_vec()), (Event::LearnAddress, b"/l:x".to_vec())]);
    assert!(config.ignore_failure && config.insecure_permissions);
    assert_eq!((config.command, config.args.len()), (b"/down".to_vec(), 3));
}

#[test]
fn options_after_the_command_are_arguments_and_noticed() {
    let config = parse(&["/down", "timeout=6", "a=b", "on=x", "/x/up=y", "--up=z"]).unwrap();
    assert_eq!(config.args.len(), 5);
    assert_eq!(config.late_options().collect::<Vec<_>>(), ["timeout=6", "on=x"]);
}

#[test]
fn a_time_limit_of_zero_is_none() {
    assert_eq!(parse(&["timeout=0", "/down"]).unwrap().time_limit, None);
}

#[test]
fn a_command_may_have_an_equals_sign() {
    for command in ["/opt/a=b", "./timeout=5", "A=b"] {
        assert_eq!(parse(&[command, "x"]).unwrap().command, command.as_bytes());
    }
}

#[test]
fn every_mistake_names_its_word() {
    for (line, word) in [
        (&[][..], "COMMAND"),
        (&[""][..], "COMMAND"),
        (&["timeout=5"][..], "COMMAND"),
        (&["foo=bar", "/d"][..], "'foo=bar'"),
        (&["=x", "/d"][..], "'=x'"),
        (&["timeout=abc", "/d"][..], "'timeout=abc'"),
        (&["timeout=", "/d"][..], "'timeout='"),
        (&["timeout=+1", "/d"][..], "'timeout=+1'"),
        (&["timeout=86401", "/d"][..], "'timeout=86401'"),
        (&["timeout=99999999999999999999", "/d"][..], "'timeout=99999999999999999999'"),
        (&["ignore-failure=1", "/d"][..], "'ignore-failure=1'"),
        (&["insecure-permissions=", "/d"][..], "'insecure-permissions='"),
        (&["up=", "/d"][..], "'up='"),
        (&["on=", "/d"][..], "'on='"),
        (&["on=up:/u", "/d"][..], "'on=up:/u'"),
        (&["on=tls-verify:/t", "/d"][..], "'on=tls-verify:/t'"),
        (&["on=route-up", "/d"][..], "'on=route-up'"),
        (&["on=route-up:", "/d"][..], "'on=route-up:'"),
        (&["on=route-up:/a", "on=route-up:/b", "/d"][..], "'on=route-up:/b'"),
        (&["timeout=1", "timeout=2", "/d"][..], "'timeout=2'"),
    ] {
        let text = parse(line).unwrap_err().to_string();
        assert!(text.contains(word), "{line:?}: {text}");
    }
}

#[test]
fn a_variable_before_the_command_is_told_where_it_belongs() {
    let text = parse(&["foo=bar", "/d"]).unwrap_err().to_string();
    assert!(text.contains("write './foo=bar'") && text.contains("setenv NAME VALUE"), "{text}");
}

/// The manual page lists the options and events of the code, all of them and no others.
#[test]
fn the_manual_page_has_these_options() {
    const PAGE: &str = "openvpn-plugin-down-root.8";
    assert_eq!(harness::man_page::terms(PAGE, "OPTIONS"), OPTIONS);
    for option in OPTIONS {
        let word = format!("{}=", option.split('=').next().unwrap());
        let error = parse(&[&word, "/down"]).unwrap_err();
        assert!(!matches!(error, ConfigError::UnknownOption(_) | ConfigError::NoCommand), "{word}: {error}");
    }
    let page = std::fs::read_to_string(harness::man_page::source(PAGE)).unwrap();
    let sentence = page.split("the events are").nth(1).and_then(|rest| rest.split('.').next()).unwrap();
    let listed: Vec<&str> = sentence.split('_').skip(1).step_by(2).collect();
    assert_eq!(listed, Event::OPTIONAL.map(Event::name));
}
