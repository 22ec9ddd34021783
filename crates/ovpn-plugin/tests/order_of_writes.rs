//! What is written first: OpenVPN reads everything else as soon as it sees the verdict.
#![cfg(target_os = "linux")]

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use ovpn_plugin::testing::{ConnectFiles, LoginFiles};
use ovpn_plugin::{AuthUserPassVerify, ClientConfig, ClientConnect, Rejection, Retry};

/// The names of the files in this directory that `body` writes to, in order, each time once.
fn written(directory: &Path, body: impl FnOnce()) -> Vec<String> {
    let watch = Inotify::init(InitFlags::IN_NONBLOCK).unwrap();
    watch.add_watch(directory, AddWatchFlags::IN_MODIFY).unwrap();
    body();
    let names = watch.read_events().unwrap().into_iter().filter_map(|event| event.name);
    let mut names: Vec<String> = names.map(OsString::into_string).map(Result::unwrap).collect();
    names.dedup();
    names
}

#[test]
fn the_reason_comes_before_the_verdict() {
    for rejection in [
        Rejection::because("expired"),
        Rejection::temporary("busy", Duration::from_secs(5), Retry::SameServer),
    ] {
        let files = LoginFiles::new().unwrap();
        let directory = files.control_file().parent().unwrap().to_owned();
        let call = files.call();
        let (decision, _deferral) = call.event::<AuthUserPassVerify<'_>>().defer().unwrap();
        assert_eq!(written(&directory, || decision.reject_with(&rejection).unwrap()), ["reason", "control"]);
    }
}

#[test]
fn a_clients_configuration_comes_before_the_verdict() {
    let files = ConnectFiles::new().unwrap();
    let directory = files.config_file().parent().unwrap().to_owned();
    let call = files.call();
    let event: ClientConnect<'_> = call.event();
    let mut config = ClientConfig::new();
    config.iroute([10, 1, 0, 0].into(), [255, 255, 0, 0].into());
    let mut decision = None;
    assert_eq!(
        written(&directory, || decision = event.defer().ok().map(|(decision, _deferral)| decision)),
        ["deferred"],
        "OpenVPN is told to wait"
    );
    let accepted = written(&directory, || decision.take().unwrap().accept(&config).unwrap());
    assert_eq!(accepted, ["config", "deferred"]);
    assert_eq!((files.config().as_str(), files.verdict().as_str()), ("iroute 10.1.0.0 255.255.0.0\n", "1"));
}
