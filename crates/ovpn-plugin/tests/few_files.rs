//! Questions where OpenVPN may have few files open, of which each login that waits has two.
#![cfg(unix)]

use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use ovpn_plugin::testing::LoginFiles;
use ovpn_plugin::{Asked, AuthReply, AuthUserPassVerify, Challenges};

/// A client that can be asked while its login is pending: the reply, and its files.
fn ask(challenges: &Challenges, name: &str, address: &str) -> (AuthReply, LoginFiles) {
    let files = LoginFiles::new().unwrap();
    let call = files.call().env("username", name).env("password", "secret");
    let call = call.env("untrusted_ip", address).env("IV_SSO", "crtext");
    let event: AuthUserPassVerify<'_> = call.event();
    let Asked::Reply(reply) = challenges.ask(&event, "Code:", ()).unwrap() else { panic!("not asked") };
    (reply, files)
}

fn waits((reply, _): &(AuthReply, LoginFiles)) -> bool {
    matches!(reply, AuthReply::Pending(..))
}

/// Somebody who knows one password and many names for it.
#[test]
fn one_source_does_not_take_all_files() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 64, hard).unwrap();
    let challenges = Challenges::new(Duration::from_secs(60));
    let many: Vec<_> = (0..30).map(|number| ask(&challenges, &format!("eve{number}"), "192.0.2.1")).collect();
    // 24 hold three quarters of 64 files. The others are asked in another way.
    assert_eq!(many.iter().filter(|asked| waits(asked)).count(), 24);
    assert!(many.iter().skip(24).all(|(reply, _)| matches!(reply, AuthReply::RejectWith(_))));
    let joe = ask(&challenges, "joe", "192.0.2.2");
    assert!(waits(&joe), "{:?}", joe.0);
    let rejected: Vec<usize> =
        (0..many.len()).filter(|number| many[*number].1.verdict() == Some(false)).collect();
    assert_eq!(rejected, [0], "the oldest one has given way");
}
