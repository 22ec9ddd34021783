//! The environment a script gets: what the helper was forked with at UP, the event's own variables over it, and what
//! the plugin itself says.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use ovpn_plugin::Env;

use crate::allowed::{self, Judgement};
use crate::event::Event;
use crate::protocol::Variable;

/// For scripts when the configuration sets none with `setenv PATH`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Never passed on, wherever they come from: a secret, and what the plugin sets itself.
const LEFT_OUT: [&[u8]; 2] = [b"password", b"script_type"];

/// A complete environment.
pub type Complete = BTreeMap<OsString, OsString>;

/// The variables of the UP event, taken while OpenVPN was privileged: the administrator's own, `setenv` included, and in a
/// client those in which its server has a say.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct AtUp(Complete);

impl AtUp {
    /// Copies them. Of those that OpenVPN sets itself, one whose value does not have the form it should have is left out
    /// with a warning: in a client it may be the server's.
    pub fn from_event(env: Env<'_>) -> Self {
        let mut all = Complete::new();
        for (name, value) in env.iter() {
            if name.is_empty() || LEFT_OUT.contains(&name) {
                continue;
            }
            if allowed::judge(Event::Up, name, value) == Judgement::BadForm {
                log::warn!(
                    "the value of {} has a form it must not have, and no script will get it",
                    String::from_utf8_lossy(name)
                );
                continue;
            }
            all.entry(owned(name)).or_insert_with(|| owned(value));
        }
        AtUp(all)
    }

    /// What the script of an event gets. `file` is the path the client's options are to be written to.
    ///
    /// What may come from the event comes from it or not at all: a script must not take something of UP's, or of a time
    /// before that, for something of the event's.
    pub fn for_script(&self, event: Event, variables: Vec<Variable>, file: Option<&OsStr>) -> Complete {
        let mut all = self.0.clone();
        all.retain(|name, _| !allowed::is_listed(event, name.as_bytes()));
        // The first of two with one name counts, as at UP: after `retain` none of them is there.
        for Variable { name, value } in variables {
            all.entry(OsString::from_vec(name)).or_insert_with(|| OsString::from_vec(value));
        }
        all.insert("script_type".into(), event.name().into());
        if let Some(file) = file {
            all.insert("client_connect_config_file".into(), file.into());
        }
        all.entry("PATH".into()).or_insert_with(|| PATH.into());
        all
    }
}

fn owned(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_os_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ovpn_plugin::testing::CallData;

    fn variable(name: &str, value: &str) -> Variable {
        Variable { name: name.into(), value: value.into() }
    }

    fn get<'a>(env: &'a Complete, name: &str) -> Option<&'a str> {
        env.get(OsStr::new(name)).and_then(|value| value.to_str())
    }

    #[test]
    fn the_up_environment_is_the_base_and_the_event_s_is_over_it() {
        let call = CallData::new()
            .env("dev", "tun0")
            .env("dev", "tun1")
            .env("MY_OWN", "a=b c")
            .env("script_context", "init")
            .env("script_type", "up")
            .env("password", "hunter2")
            .env_entry("no equals sign")
            .env_entry("=nameless");
        let base = AtUp::from_event(call.environment());
        let variables = vec![variable("signal", "sigterm"), variable("script_context", "restart")];
        let env = base.for_script(Event::Down, variables, None);
        assert_eq!(get(&env, "dev"), Some("tun0"));
        assert_eq!(get(&env, "MY_OWN"), Some("a=b c"));
        assert_eq!(get(&env, "signal"), Some("sigterm"));
        assert_eq!(get(&env, "script_context"), Some("restart"));
        assert_eq!(get(&env, "script_type"), Some("down"));
        assert_eq!(get(&env, "PATH"), Some(PATH));
        assert_eq!(env.len(), 6, "{env:?}");
    }

    #[test]
    fn what_the_event_may_say_is_never_taken_from_another_one() {
        let call = CallData::new()
            .env("common_name", "alice")
            .env("dev", "tun0")
            .env("signal", "sigusr1")
            .env("route_network_2", "10.0.0.0")
            .env("MY_OWN", "x");
        let base = AtUp::from_event(call.environment());
        let env = base.for_script(Event::ClientConnect, vec![variable("dev", "tun1")], None);
        assert_eq!((get(&env, "dev"), get(&env, "MY_OWN")), (Some("tun1"), Some("x")));
        assert_eq!((get(&env, "common_name"), get(&env, "route_network_2")), (None, None));
        let env = base.for_script(Event::Down, vec![], None);
        assert_eq!((get(&env, "dev"), get(&env, "signal")), (Some("tun0"), None));
        assert_eq!(get(&env, "route_network_2"), Some("10.0.0.0"));
    }

    /// A server can push `setenv-safe`, and old shells run what looks like a function.
    #[test]
    fn what_a_server_has_a_say_in_has_its_form_at_up_too() {
        let call = CallData::new()
            .env("OPENVPN_EVIL", "() { :; }; reboot")
            .env("OPENVPN_GOOD", "a b")
            .env("foreign_option_1", "dhcp-option DNS 10.8.0.1\n")
            .env("ifconfig_local", "-f")
            .env("MY_OWN", "() { :; }");
        let env = AtUp::from_event(call.environment()).for_script(Event::Down, vec![], None);
        for name in ["OPENVPN_EVIL", "foreign_option_1", "ifconfig_local"] {
            assert_eq!(get(&env, name), None, "{name}");
        }
        assert_eq!((get(&env, "OPENVPN_GOOD"), get(&env, "MY_OWN")), (Some("a b"), Some("() { :; }")));
    }

    #[test]
    fn the_first_of_two_with_one_name_counts() {
        let variables = vec![variable("dev", "tun1"), variable("dev", "tun2")];
        let env = AtUp::default().for_script(Event::ClientConnect, variables, None);
        assert_eq!(get(&env, "dev"), Some("tun1"));
    }

    #[test]
    fn the_administrator_s_path_stays() {
        let call = CallData::new().env("PATH", "/opt/bin");
        let env = AtUp::from_event(call.environment()).for_script(Event::RouteUp, vec![], None);
        assert_eq!(get(&env, "PATH"), Some("/opt/bin"));
        assert_eq!(get(&env, "script_type"), Some("route-up"));
    }

    #[test]
    fn the_file_for_a_client_s_options_is_named() {
        let file = OsStr::new("/proc/self/fd/9");
        let env = AtUp::default().for_script(Event::ClientConnect, vec![], Some(file));
        assert_eq!(get(&env, "client_connect_config_file"), Some("/proc/self/fd/9"));
    }
}
