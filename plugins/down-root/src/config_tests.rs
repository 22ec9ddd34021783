//! The configuration line: what it means, and which word each mistake names.

use std::fs;
use std::os::unix::fs::PermissionsExt;

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
    assert_eq!(config.late_options(), ["timeout=6", "on=x"]);
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

/// Reads an options file of this content with these words on the line, `FILE` for the file.
fn from_file(content: &str, line: &str) -> Result<Config, String> {
    // Only root can write there; `/tmp` is open to everybody.
    let place = tempfile::Builder::new().prefix("down-root-").tempdir_in("/var/lib").unwrap();
    let file = place.path().join("down-root.conf");
    fs::write(&file, content).unwrap();
    let name = file.display().to_string();
    let line = line.replace("FILE", &name);
    let words = line.split(' ').map(str::as_bytes);
    Config::parse(words).map_err(|error| error.to_string().replace(&name, "FILE"))
}

#[test]
fn everything_can_stand_in_a_file() {
    let content = "# the tunnel\ntimeout=5\n/etc/openvpn/down.sh 'one word' two=2\non=client-connect:/c\n";
    let config = from_file(content, "options=FILE").unwrap();
    let line = ["timeout=5", "on=client-connect:/c", "/etc/openvpn/down.sh", "one word", "two=2"];
    assert_eq!(config, parse(&line).unwrap());
}

#[test]
fn the_line_goes_before_the_file() {
    let content = "timeout=5\n/down x\non=client-connect:/c\non=learn-address:/l\n";
    let config = from_file(content, "options=FILE timeout=6 on=client-connect:/mine /other y").unwrap();
    assert_eq!(config.time_limit, Some(Duration::from_secs(6)));
    assert_eq!((config.command, config.args), (b"/other".to_vec(), vec![b"y".to_vec()]));
    let on = [(Event::ClientConnect, b"/mine".to_vec()), (Event::LearnAddress, b"/l".to_vec())];
    assert_eq!(config.on, on);
    let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
    let said = ":2: command '/down' is not used: the plugin line names '/other'; name only one";
    assert!(warning.ends_with(said), "{warning}");
    assert_eq!(from_file("/down x", "options=FILE /down x").unwrap().warnings, [""; 0]);
}

#[test]
fn a_file_that_root_s_group_may_write_to_is_warned_about() {
    let place = tempfile::Builder::new().prefix("down-root-").tempdir_in("/var/lib").unwrap();
    let file = place.path().join("down-root.conf");
    fs::write(&file, "/bin/true\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o660)).unwrap();
    let name = file.display();
    let config = parse(&[&format!("options={name}")]).unwrap();
    let said = format!("options file: {name} is writable by group 0; run 'chmod g-w {name}'");
    assert_eq!(config.warnings, [said]);
}

#[test]
fn every_mistake_in_the_file_names_its_place() {
    for (content, said) in [
        ("/down\ntimout=5", "FILE:2: unknown option 'timout=5'; did you mean timeout=SECONDS?"),
        ("/down\non=x:/y", "FILE:2: option 'on=x:/y': unknown event"),
        ("/down\n\n/other x", "FILE:3: '/other': the file already has a command"),
        ("timeout=5", "the command is missing"),
    ] {
        let text = from_file(content, "options=FILE").unwrap_err();
        assert!(text.starts_with(said), "{content:?}: {text}");
    }
}
