//! The environment a script gets: what the helper was forked with at UP, the event's own variables over it, and what
//! the plugin itself says.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use lines::variables;
use ovpn_plugin::Env;

use crate::event::Event;
use crate::protocol::Variable;
use crate::protocol::allowed::{self, Judgement, VariableCount};

/// For scripts when the configuration sets none with `setenv PATH`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The plugin sets it itself.
const SCRIPT_TYPE: &[u8] = b"script_type";

/// Most bytes of the routes and the like in UP's environment. The kernel starts no program with more than about two
/// megabytes of arguments and environment.
const MAX_FAMILY_BYTES: usize = 256 * 1024;
/// Most bytes of what others may write into UP's environment as they please: a server that pushes `setenv-safe` without
/// end must not keep the script from running.
const MAX_FREE_TEXT_BYTES: usize = 64 * 1024;
/// Warnings of single variables; more are only counted.
const MAX_WARNINGS: usize = 5;

/// What a variable takes beside its name and value: a pointer, `=`, and NUL.
const BYTES_BESIDE: usize = 10;

/// A complete environment.
pub type ScriptEnvironment = BTreeMap<OsString, OsString>;

/// The variables of the UP event, taken while OpenVPN was privileged: the administrator's own, `setenv` included, and in a
/// client those in which its server has a say.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct UpEnvironment(ScriptEnvironment);

impl UpEnvironment {
    /// Copies them. Of those that OpenVPN sets itself, one whose value does not have the form it should have is left out
    /// with a warning: in a client it may be the server's. So is what is too much of it.
    pub fn from_event(env: Env<'_>) -> Self {
        let mut all = ScriptEnvironment::new();
        let (mut family_bytes, mut free_text_bytes) = (0, 0);
        let (mut bad, mut too_much) = (0, 0);
        for (name, value) in env.without_secrets() {
            if name.is_empty() || name == SCRIPT_TYPE {
                continue;
            }
            if allowed::judge(Event::Up, name, value) == Judgement::BadForm {
                bad += 1;
                if bad <= MAX_WARNINGS {
                    variables::bad_at_up(&String::from_utf8_lossy(name)).log();
                }
                continue;
            }
            let (used, most) = match allowed::count_of(Event::Up, name) {
                Some(VariableCount::Family) => (&mut family_bytes, MAX_FAMILY_BYTES),
                Some(VariableCount::FreeText) => (&mut free_text_bytes, MAX_FREE_TEXT_BYTES),
                Some(VariableCount::Single) | None => (&mut 0, usize::MAX),
            };
            let bytes = name.len() + value.len() + BYTES_BESIDE;
            if *used + bytes > most {
                too_much += 1;
                continue;
            }
            *used += bytes;
            all.entry(owned(name)).or_insert_with(|| owned(value));
        }
        if bad > MAX_WARNINGS {
            variables::more_bad_at_up(bad - MAX_WARNINGS).log();
        }
        if too_much > 0 {
            let (text_kib, kib) = (MAX_FREE_TEXT_BYTES / 1024, MAX_FAMILY_BYTES / 1024);
            variables::left_out_at_up(too_much, text_kib, kib).log();
        }
        UpEnvironment(all)
    }

    /// What the script of an event gets. `file` is the path the client's options are to be written to.
    ///
    /// What may come from the event comes from it or not at all: a script must not take something of UP's, or of a time
    /// before that, for something of the event's.
    pub fn for_script(
        &self,
        event: Event,
        variables: Vec<Variable>,
        file: Option<&OsStr>,
    ) -> ScriptEnvironment {
        let mut all = self.0.clone();
        all.retain(|name, _| allowed::count_of(event, name.as_bytes()).is_none());
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

    fn get<'a>(env: &'a ScriptEnvironment, name: &str) -> Option<&'a str> {
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
            .env("exported_keying_material", "00ff")
            .env_entry("no equals sign")
            .env_entry("=nameless");
        let base = UpEnvironment::from_event(call.environment());
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
        let base = UpEnvironment::from_event(call.environment());
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
        let env = UpEnvironment::from_event(call.environment()).for_script(Event::Down, vec![], None);
        for name in ["OPENVPN_EVIL", "foreign_option_1", "ifconfig_local"] {
            assert_eq!(get(&env, name), None, "{name}");
        }
        assert_eq!((get(&env, "OPENVPN_GOOD"), get(&env, "MY_OWN")), (Some("a b"), Some("() { :; }")));
    }

    fn bytes(env: &ScriptEnvironment) -> usize {
        env.iter().map(|(name, value)| name.len() + value.len() + BYTES_BESIDE).sum()
    }

    /// What a server pushes is bounded; what is the administrator's, or there once, is not, wherever it stands.
    #[test]
    fn a_server_that_pushes_without_end_leaves_room_for_the_rest() {
        let call = (0..400).fold(CallData::new().env("dev", "tun0"), |call, number| {
            call.env(&format!("OPENVPN_{number:032}"), "x".repeat(250))
        });
        let call = (0..1400).fold(call, |call, number| call.env(&format!("route_{number:0190}"), "10.0.0.0"));
        let call = call.env("ifconfig_local", "10.8.0.2").env("MY_OWN", "x".repeat(100_000));
        let env = UpEnvironment::from_event(call.environment()).for_script(Event::Down, vec![], None);
        assert_eq!((get(&env, "dev"), get(&env, "ifconfig_local")), (Some("tun0"), Some("10.8.0.2")));
        assert_eq!(get(&env, "MY_OWN").map(str::len), Some(100_000));
        let of = |prefix: &str| env.keys().filter(|name| name.to_string_lossy().starts_with(prefix)).count();
        assert_eq!(of("OPENVPN_"), 64 * 1024 / (8 + 32 + 250 + 10));
        assert!((1_000..1_300).contains(&of("route_")), "{}", of("route_"));
        assert!(bytes(&env) < 100_000 + 64 * 1024 + 256 * 1024 + 1024, "{}", bytes(&env));
    }

    #[test]
    fn long_names_are_checked_like_others() {
        let name = |length: usize| format!("OPENVPN_{}", "x".repeat(length));
        let call =
            CallData::new().env(&name(150), "() { :; }").env(&name(151), "good").env(&name(300), "good");
        let call = call.env("UV_a-b", "x");
        let env = UpEnvironment::from_event(call.environment()).for_script(Event::Down, vec![], None);
        assert_eq!(get(&env, &name(151)), Some("good"));
        assert_eq!(env.len(), 3, "{env:?}");
    }

    #[test]
    fn a_path_is_no_address_at_up_either() {
        let path = "../../../etc/cron.d/x";
        let call = ["trusted_ip", "ifconfig_local", "route_network_1", "dev", "common_name", "OPENVPN_X"]
            .iter()
            .fold(CallData::new(), |call, name| call.env(name, path));
        let env = UpEnvironment::from_event(call.environment()).for_script(Event::Down, vec![], None);
        let names: Vec<_> = env.keys().map(|name| name.to_string_lossy()).collect();
        assert_eq!(names, ["OPENVPN_X", "PATH", "script_type"]);
    }

    #[test]
    fn the_first_of_two_with_one_name_counts() {
        let variables = vec![variable("dev", "tun1"), variable("dev", "tun2")];
        let env = UpEnvironment::default().for_script(Event::ClientConnect, variables, None);
        assert_eq!(get(&env, "dev"), Some("tun1"));
    }

    #[test]
    fn the_administrator_s_path_stays() {
        let call = CallData::new().env("PATH", "/opt/bin");
        let env = UpEnvironment::from_event(call.environment()).for_script(Event::RouteUp, vec![], None);
        assert_eq!(get(&env, "PATH"), Some("/opt/bin"));
        assert_eq!(get(&env, "script_type"), Some("route-up"));
    }

    #[test]
    fn the_file_for_a_client_s_options_is_named() {
        let file = OsStr::new("/proc/self/fd/9");
        let env = UpEnvironment::default().for_script(Event::ClientConnect, vec![], Some(file));
        assert_eq!(get(&env, "client_connect_config_file"), Some("/proc/self/fd/9"));
    }
}
