//! Opening: struct versions, events the host lacks, refusals, a second open, unloading.

mod common;

use std::io::Read;

use common::{errors, login, probe};
use ovpn_plugin_host::{FuncResult, OpenFailed, Plugin, sys};

fn opened_line(structs: i32) -> String {
    let plugin = probe().arg("a b").env("verb", "3").struct_version(structs).open().unwrap();
    assert_eq!(login(&plugin, "accept"), FuncResult::Success, "struct version {structs}");
    plugin.log_lines()[0].text.clone()
}

#[test]
fn each_struct_version_is_read_as_far_as_it_goes() {
    let version = "version Some(Version { text: \"2.6.14\", major: 2, minor: 6, patch: \".14\" })";
    for structs in 1..=6 {
        let line = opened_line(structs);
        assert!(line.contains(&format!("words [\"a b\"], structs {structs}, ")), "{line}");
        assert!(line.contains("verb Some(\"3\")"), "{line}");
        assert_eq!(line.contains("ssl Some(OpenSsl)"), structs >= 2, "{line}");
        assert_eq!(line.contains("ssl None"), structs < 2, "{line}");
        assert_eq!(line.contains(version), structs >= 3, "{line}");
        assert_eq!(line.contains("version None"), structs < 3, "{line}");
    }
}

#[test]
fn struct_version_zero_is_refused() {
    let failed = probe().struct_version(0).open().unwrap_err();
    assert!(matches!(failed, OpenFailed::Refused { result: FuncResult::Error, .. }), "{failed}");
}

#[test]
fn the_mask_is_what_is_wanted_and_offered() {
    let login_and_down = (1 << sys::PLUGIN_AUTH_USER_PASS_VERIFY) | (1 << sys::PLUGIN_DOWN);
    let plugin = probe().offered_events(login_and_down | (1 << sys::PLUGIN_UP)).open().unwrap();
    assert_eq!(plugin.events(), login_and_down);
    let all = probe().open().unwrap();
    assert_eq!(
        all.events(),
        login_and_down
            | (1 << sys::PLUGIN_TLS_VERIFY)
            | (1 << sys::PLUGIN_CLIENT_CONNECT)
            | (1 << sys::PLUGIN_CLIENT_CONNECT_V2)
            | (1 << sys::PLUGIN_CLIENT_DISCONNECT)
            | (1 << sys::PLUGIN_LEARN_ADDRESS)
            | (1 << sys::PLUGIN_CLIENT_CRRESPONSE)
    );
}

#[test]
fn a_required_event_the_host_lacks_is_named() {
    let events_of_2_5 = (1 << sys::PLUGIN_CLIENT_CRRESPONSE) - 1;
    let failed = probe().arg("needs-crresponse").offered_events(events_of_2_5).open().unwrap_err();
    let lines = failed.log();
    let error = lines.iter().find(|line| line.is_error()).expect("no error was logged");
    assert_eq!(error.text, "this OpenVPN is too old for the plugin: it lacks the events CLIENT_CRRESPONSE");
    assert!(lines.iter().any(|line| line.text == "dropped"), "{failed}");
}

#[test]
fn the_plugins_refusal_is_one_error_line() {
    let failed = probe().arg("open-error").open().unwrap_err();
    let errors: Vec<_> = failed.log().iter().filter(|line| line.is_error()).collect();
    assert_eq!(errors.len(), 1, "{failed}");
    assert_eq!((errors[0].name.as_str(), errors[0].text.as_str()), ("PROBE", r"told to fail,\nin two lines"));
}

#[test]
fn a_panic_at_open_is_a_refusal() {
    let failed = probe().arg("open-panic").open().unwrap_err();
    let error = failed.log().iter().find(|line| line.is_error()).expect("no error was logged").text.clone();
    assert!(error.starts_with("panic in open at ") && error.contains("told to panic at open"), "{error}");
}

#[test]
fn missing_words_are_the_plugins_to_refuse() {
    let failed = Plugin::new(common::example("minimal")).arg("joe").open().unwrap_err();
    assert_eq!(failed.log()[0].text, "wanted: plugin FILE USERNAME PASSWORD");
}

#[test]
fn init_point_and_minimum_version_are_told() {
    assert_eq!(probe().open().unwrap().init_point(), sys::PLUGIN_INIT_POST_DAEMON);
    let minimal = Plugin::new(common::example("minimal")).args(["joe", "secret"]).open().unwrap();
    assert_eq!(minimal.init_point(), sys::PLUGIN_INIT_PRE_DAEMON);
}

#[test]
fn opens_again_in_the_same_load_and_after_unloading() {
    let shared = probe().shared();
    let first = shared.open().unwrap();
    let second = shared.open().unwrap();
    assert_eq!(login(&first, "panic-str"), FuncResult::Error);
    assert_eq!(login(&second, "accept"), FuncResult::Success);
    first.close();
    second.clear_log();
    assert_eq!(login(&second, "panic-str"), FuncResult::Error, "the hook is still there");
    assert!(errors(&second)[0].contains("lib.rs:"), "{:?}", errors(&second));
    second.close();
    let third = shared.open().unwrap();
    assert_eq!(login(&third, "accept"), FuncResult::Success);
    assert_eq!(login(&third, "log"), FuncResult::Success);
    assert!(third.log_lines().len() > 8, "{:?}", third.log_lines());
}

#[test]
fn close_drops_the_plugin_and_unloads_it() {
    let plugin = probe().open().unwrap();
    let mut log = std::fs::File::open(plugin.log_file()).unwrap();
    assert_eq!(login(&plugin, "panic-str"), FuncResult::Error);
    assert_eq!(login(&plugin, "log"), FuncResult::Success);
    let closed = plugin.close();
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert!(text.ends_with("\tPROBE\tdropped\n"), "{text}");
    assert!(closed.unloaded, "the plugin is still in memory");
}
