//! Threads that know nothing of the SDK, in a test: alone in a process, for every open plugin gets their lines.

use ovpn_plugin::testing::{CallData, Login, Running, Session};
use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Result};

struct Threads;

#[ovpn_plugin::plugin]
impl Plugin for Threads {
    const NAME: &'static str = "THREADS";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self)
    }

    fn auth_user_pass_verify(&mut self, _: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        std::thread::spawn(|| log::info!("from a thread of its own")).join().unwrap();
        std::thread::spawn(|| panic!("in a thread of its own")).join().unwrap_err();
        Ok(AuthReply::Accept)
    }
}

#[test]
fn lines_and_panics_of_any_thread_are_caught() {
    let mut plugin = Running::<Threads>::open(&CallData::new()).unwrap();
    let mut session = Session::new(&mut plugin);
    assert_eq!(session.log_in(&mut plugin, "joe", "x"), Login::Accepted);
    assert!(plugin.logged("from a thread of its own"));
    let [panic] = &plugin.errors()[..] else { panic!("{:?}", plugin.log_lines()) };
    assert!(panic.text.starts_with("panic in a thread of the plugin at "), "{panic}");
    assert!(panic.text.ends_with(": in a thread of its own"), "{panic}");
}
