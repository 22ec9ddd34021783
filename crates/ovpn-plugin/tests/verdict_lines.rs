//! A verdict that another thread gives: its lines name the client.

use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, Decision, EventSet, OpenArgs, Plugin, Rejection, Result, Up, UpReply,
};

/// Decides all logins at the next `up`, in another thread.
struct Later {
    undecided: Vec<Decision>,
}

#[ovpn_plugin::plugin]
impl Plugin for Later {
    const NAME: &'static str = "LATER";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self { undecided: Vec::new() })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let (decision, deferral) = event.defer()?;
        self.undecided.push(decision);
        Ok(AuthReply::Deferred(deferral))
    }

    fn up(&mut self, _: &Up<'_>) -> Result<UpReply> {
        let undecided = std::mem::take(&mut self.undecided);
        let decide =
            move || undecided.into_iter().try_for_each(|one| one.reject_with(&Rejection::because("no")));
        std::thread::spawn(decide).join().expect("no panic")?;
        Ok(UpReply::Done)
    }
}

fn login(plugin: &mut Running<Later>, call: CallData) {
    let call = call.env("username", "joe").env("untrusted_ip", "192.0.2.2").env("untrusted_port", "4711");
    assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, Outcome::Deferred);
}

#[test]
fn its_lines_name_the_client() {
    let mut plugin = Running::<Later>::open(&CallData::new()).unwrap();
    let (reason_lost, used) = (LoginFiles::new().unwrap(), LoginFiles::new().unwrap());
    let file = |files: &LoginFiles, variable| files.call().environment().get_str(variable).map(str::to_owned);
    let reason = file(&reason_lost, "auth_failed_reason_file").expect("a file");
    std::fs::remove_file(&reason).unwrap();
    std::fs::create_dir(&reason).unwrap();
    login(&mut plugin, reason_lost.call());
    login(&mut plugin, used.call());
    std::fs::write(file(&used, "auth_control_file").expect("a file"), "1").unwrap();
    assert_eq!(plugin.call(EventSet::UP, &CallData::new()).outcome, Outcome::Success);
    assert_eq!(reason_lost.verdict(), Some(false));
    let log = plugin.close();
    for text in ["the reason of a rejection is lost: ", "login rejected: another plugin"] {
        let line = log.iter().find(|line| line.text.contains(text));
        let line = &line.unwrap_or_else(|| panic!("no line has {text:?}: {log:?}")).text;
        assert!(line.starts_with("joe/192.0.2.2:4711 "), "{line}");
    }
}
