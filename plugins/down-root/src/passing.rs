//! What the front passes on of an event's environment.

use ovpn_plugin::Env;

use crate::allowed::{self, Judgement, MAX_VARIABLES};
use crate::event::Event;
use crate::protocol::{MAX_ENVIRONMENT, Variable};

/// The variables that may cross the border. An error if there are too many, or if one that the script of a decision may
/// need does not have the form it should have: without it, it could decide otherwise.
pub fn variables(event: Event, env: Env<'_>) -> Result<Vec<Variable>, String> {
    let mut all = Vec::new();
    let mut bytes = 0;
    let mut left_out = String::new();
    for (name, value) in env.iter() {
        let shown = String::from_utf8_lossy(name);
        match allowed::judge(event, name, value) {
            Judgement::Passes => {
                let variable = Variable { name: name.to_vec(), value: value.to_vec() };
                bytes += variable.bytes();
                all.push(variable);
            }
            // Never the value: it may be a password.
            Judgement::BadForm if event.decides() => {
                return Err(format!("the value of {shown} has a form it must not have; the answer is no"));
            }
            Judgement::BadForm => {
                log::warn!(
                    "{}: the value of {shown} has a form it must not have, and is not passed on",
                    event.name()
                );
            }
            Judgement::NotListed => {
                left_out.push(' ');
                left_out.push_str(&shown);
            }
        }
    }
    log::debug!("{}: variables not passed on:{left_out}", event.name());
    if bytes > MAX_ENVIRONMENT || all.len() > MAX_VARIABLES {
        return Err(format!(
            "the event has {} variables of {bytes} bytes, at most {MAX_VARIABLES} of {MAX_ENVIRONMENT} bytes are possible",
            all.len()
        ));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ovpn_plugin::testing::CallData;

    fn passed(event: Event, call: &CallData) -> Result<Vec<String>, String> {
        let all = variables(event, call.environment())?;
        Ok(all.into_iter().map(|variable| String::from_utf8_lossy(&variable.name).into_owned()).collect())
    }

    #[test]
    fn what_is_not_listed_stays_here() {
        let call = CallData::new().env("common_name", "joe").env("LD_PRELOAD", "x").env("password", "p");
        assert_eq!(passed(Event::ClientConnect, &call), Ok(vec!["common_name".to_string()]));
    }

    /// Else another client's name, or none, could be judged instead.
    #[test]
    fn a_decision_is_refused_over_a_bad_form_and_other_events_go_on_without_it() {
        let call = CallData::new().env("common_name", "()admin").env("dev", "tun0");
        for event in [Event::ClientConnect, Event::LearnAddress] {
            let error = passed(event, &call).unwrap_err();
            assert!(error.contains("common_name") && !error.contains("admin"), "{error}");
        }
        assert_eq!(passed(Event::ClientDisconnect, &call), Ok(vec!["dev".to_string()]));
    }

    #[test]
    fn many_routes_pass() {
        let routes = (1..=300).fold(CallData::new(), |call, number| {
            ["network", "netmask", "gateway", "metric"]
                .iter()
                .fold(call, |call, part| call.env(&format!("route_{part}_{number}"), "10.0.0.0"))
        });
        assert_eq!(passed(Event::RouteUp, &routes).map(|all| all.len()), Ok(1200));
    }

    #[test]
    fn too_much_is_an_error() {
        let call = (0..9).fold(CallData::new(), |call, number| {
            call.env(&format!("UV_{number}"), "x".repeat(allowed::MAX_VALUE))
        });
        assert!(passed(Event::ClientConnect, &call).unwrap_err().contains("at most 4096 of 65536 bytes"));
    }
}
