//! Events through a compiled plugin: replies, the returned list, files, clients, and events nobody handles.

mod common;

use common::{errors, login, login_call, probe};
use ovpn_plugin_host::{Call, FuncResult, Reply, sys};

#[test]
fn each_reply_has_its_code() {
    let plugin = probe().open().unwrap();
    assert_eq!(login(&plugin, "accept"), FuncResult::Success);
    assert_eq!(login(&plugin, "defer"), FuncResult::Deferred);
    assert_eq!(login(&plugin, "anyone"), FuncResult::Error);
    assert_eq!(errors(&plugin), [""; 0]);
    assert_eq!(login(&plugin, "error"), FuncResult::Error);
    assert_eq!(errors(&plugin), [r"error AUTH_USER_PASS_VERIFY failed: told to fail,\nin two lines"]);
}

#[test]
fn a_login_without_variables_is_rejected() {
    let plugin = probe().open().unwrap();
    let empty = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY);
    assert_eq!(plugin.call(&empty).unwrap().result, FuncResult::Error);
}

#[test]
fn configuration_comes_back_in_the_list() {
    let plugin = probe().open().unwrap();
    let connect =
        |name: &str| plugin.call(&Call::new(sys::PLUGIN_CLIENT_CONNECT_V2).env("common_name", name)).unwrap();
    assert_eq!(connect("plain"), Reply { result: FuncResult::Success, returned: vec![] });
    assert_eq!(connect("later").result, FuncResult::Error, "it does not take the event that would ask again");
    assert!(errors(&plugin)[0].contains("needs the event CLIENT_CONNECT_DEFER_V2"), "{:?}", errors(&plugin));
    assert_eq!(connect("none"), Reply { result: FuncResult::Error, returned: vec![] });
    let text = "push \"route 10.0.0.0\"\niroute 10.2.0.0\n".to_owned();
    assert_eq!(connect("config").returned, [("config".to_owned(), text)]);
}

#[test]
fn configuration_goes_into_the_file() {
    let plugin = probe().open().unwrap();
    let file = ovpn_plugin_host::AuthFiles::new().unwrap();
    let call = Call::new(sys::PLUGIN_CLIENT_CONNECT).arg(file.pending().to_str().unwrap());
    assert_eq!(plugin.call(&call).unwrap().result, FuncResult::Success);
    assert_eq!(file.pending_text().as_deref(), Some("iroute 10.1.0.0 255.255.0.0\n"));
    assert_eq!(plugin.call(&Call::new(sys::PLUGIN_CLIENT_CONNECT)).unwrap().result, FuncResult::Error);
}

#[test]
fn words_and_counters_are_read() {
    let plugin = probe().open().unwrap();
    let learn = Call::new(sys::PLUGIN_LEARN_ADDRESS).arg("add").arg("10.8.0.6").arg("joe");
    assert_eq!(plugin.call(&learn).unwrap().result, FuncResult::Success);
    let left = Call::new(sys::PLUGIN_CLIENT_DISCONNECT).env("bytes_sent", "18446744073709551615");
    assert_eq!(plugin.call(&left).unwrap().result, FuncResult::Success);
    let left = Call::new(sys::PLUGIN_CLIENT_DISCONNECT).env("bytes_sent", "18446744073709551616");
    assert_eq!(plugin.call(&left).unwrap().result, FuncResult::Error);
}

#[test]
fn clients_keep_their_own_state() {
    let plugin = probe().open().unwrap();
    let (first, second) = (plugin.client(), plugin.client());
    let count = login_call("count");
    for client in [&first, &second, &first] {
        assert_eq!(client.call(&count).unwrap().result, FuncResult::Success);
    }
    assert_eq!(plugin.call(&count).unwrap().result, FuncResult::Error, "no client, no state");
    drop(first);
    drop(second);
    let texts: Vec<String> = plugin.log_lines().into_iter().skip(1).map(|line| line.text).collect();
    assert_eq!(
        texts,
        [
            "login 1 of client 1",
            "login 1 of client 2",
            "login 2 of client 1",
            "client 1 ends",
            "client 2 ends",
        ]
    );
}

#[test]
fn decisions_nobody_makes_are_rejections_and_the_rest_succeeds() {
    let plugin = probe().open().unwrap();
    for event in 0..sys::PLUGIN_N {
        plugin.clear_log();
        let decides = match event {
            sys::PLUGIN_TLS_FINAL => "tls_final",
            sys::PLUGIN_CLIENT_CONNECT_DEFER => "client_connect_defer",
            sys::PLUGIN_CLIENT_CONNECT_DEFER_V2 => "client_connect_defer_v2",
            sys::PLUGIN_UP | sys::PLUGIN_ROUTE_UP | sys::PLUGIN_ROUTE_PREDOWN | sys::PLUGIN_IPCHANGE => {
                assert_eq!(plugin.call(&Call::new(event)).unwrap().result, FuncResult::Success, "{event}");
                assert_eq!(plugin.log_lines(), []);
                continue;
            }
            _ => continue,
        };
        assert_eq!(plugin.call(&Call::new(event)).unwrap().result, FuncResult::Error, "{event}");
        let wanted =
            format!("OpenVPN passed an event for which the plugin has no method {decides}: rejected");
        assert_eq!(errors(&plugin), [wanted]);
    }
}

#[test]
fn unknown_events_fail() {
    let plugin = probe().open().unwrap();
    for event in [11, sys::PLUGIN_N, 99, -1, i32::MAX] {
        plugin.clear_log();
        assert_eq!(plugin.call(&Call::new(event)).unwrap().result, FuncResult::Error);
        assert_eq!(
            errors(&plugin),
            [format!("event {event} is not known to this plugin: answered with failure")]
        );
    }
}

#[test]
fn odd_environments_do_no_harm() {
    let plugin = probe().open().unwrap();
    let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
        .env_entry("")
        .env_entry("=")
        .env_entry("username")
        .env("password", vec![b'x'; 1 << 20])
        .env_entry(vec![0xff, b'=', 0xfe])
        .env("username", "accept")
        .env("username", "reject");
    assert_eq!(plugin.call(&call).unwrap().result, FuncResult::Success);
}
