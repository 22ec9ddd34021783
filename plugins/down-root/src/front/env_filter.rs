//! What the front passes on of an event's environment.

use lines::variables;
use log_lines::UnloggedLine;
use ovpn_plugin::Env;

use crate::event::Event;
use crate::protocol::allowed::{self, Judgement, MAX_VARIABLES, VariableCount};
use crate::protocol::{MAX_ENVIRONMENT, Variable};

/// Warnings of single variables at one event; more are only counted: a server can push thousands.
const MAX_WARNINGS: usize = 5;

/// The variables that may cross the border. An error if there are too many, or if one that the script of a decision may
/// need does not have the form it should have: without it, it could decide otherwise. At other events text that the other
/// side may send as it pleases is left out when it is too much, so that nothing is missed over it.
pub fn of_event(event: Event, env: Env<'_>) -> Result<Vec<Variable>, String> {
    let (mut all, mut free_text) = (Vec::new(), Vec::new());
    let (mut left_out, mut bad) = (String::new(), Vec::new());
    for (name, value) in env.without_secrets() {
        let shown = String::from_utf8_lossy(name);
        match allowed::judge(event, name, value) {
            Judgement::Passes => {
                let variable = Variable { name: name.to_vec(), value: value.to_vec() };
                let is_free =
                    allowed::count_of(event, name) == Some(VariableCount::FreeText) && !event.decides();
                if is_free { &mut free_text } else { &mut all }.push(variable);
            }
            // Never the value: it may be a password.
            Judgement::BadForm if event.decides() => {
                return Err(variables::decides(&shown).to_string());
            }
            Judgement::BadForm => bad.push(shown),
            Judgement::NotListed => {
                left_out.push(' ');
                left_out.push_str(&shown);
            }
        }
    }
    variables::not_passed_on(event.name(), &left_out).log();
    warnings(event, &bad).iter().for_each(UnloggedLine::log);
    let bytes: usize = all.iter().map(Variable::bytes).sum();
    if bytes > MAX_ENVIRONMENT || all.len() > MAX_VARIABLES {
        return Err(variables::too_many(all.len(), bytes, MAX_VARIABLES, MAX_ENVIRONMENT).to_string());
    }
    add(&mut all, free_text, MAX_ENVIRONMENT - bytes, event);
    Ok(all)
}

/// What to say of variables whose values do not have their form.
fn warnings(event: Event, names: &[impl AsRef<str>]) -> Vec<UnloggedLine> {
    let single = names.iter().take(MAX_WARNINGS);
    let mut warnings: Vec<UnloggedLine> =
        single.map(|name| variables::bad_value(event.name(), name.as_ref()).unlogged()).collect();
    if let Some(more) = names.len().checked_sub(MAX_WARNINGS).filter(|more| *more > 0) {
        warnings.push(variables::bad_values(event.name(), more).unlogged());
    }
    warnings
}

/// Adds what there is room for.
fn add(all: &mut Vec<Variable>, free_text: Vec<Variable>, mut room: usize, event: Event) {
    let mut too_much = 0;
    for variable in free_text {
        match room.checked_sub(variable.bytes()).filter(|_| all.len() < MAX_VARIABLES) {
            Some(left) => {
                room = left;
                all.push(variable);
            }
            None => too_much += 1,
        }
    }
    if too_much > 0 {
        variables::left_out(event.name(), too_much, MAX_ENVIRONMENT / 1024).log();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ovpn_plugin::testing::CallData;

    fn passed(event: Event, call: &CallData) -> Result<Vec<String>, String> {
        let all = of_event(event, call.environment())?;
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

    /// A server can push as many as fill its options, at each connection.
    #[test]
    fn bad_values_without_end_are_a_few_lines() {
        let names: Vec<String> = (0..1000).map(|number| format!("OPENVPN_{number}")).collect();
        let warnings = |names: &[String]| super::warnings(Event::RouteUp, names);
        assert_eq!(warnings(&names[..0]), [""; 0]);
        assert_eq!(warnings(&names[..1]), ["route-up: invalid value for OPENVPN_0; not passed on"]);
        assert_eq!(warnings(&names[..5]).len(), 5);
        let all = warnings(&names);
        assert_eq!(all.len(), 6);
        assert_eq!(all[5], "route-up: invalid values for 995 more variables; not passed on");
    }

    #[test]
    fn many_routes_pass() {
        let routes = (1..=300).fold(CallData::new(), |call, number| {
            ["network", "netmask", "gateway"]
                .iter()
                .fold(call, |call, part| call.env(&format!("route_{part}_{number}"), "10.0.0.0"))
                .env(&format!("route_metric_{number}"), "50")
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

    #[test]
    fn text_of_others_gives_way_where_nothing_is_decided() {
        let call = (0..400)
            .fold(CallData::new(), |call, number| call.env(&format!("OPENVPN_{number:05}"), "x".repeat(185)));
        let call = call.env("trusted_ip", "192.0.2.1");
        for event in [Event::RouteUp, Event::Up, Event::ClientDisconnect] {
            let names = passed(event, &call).unwrap();
            assert_eq!(names.first().map(String::as_str), Some("trusted_ip"));
            assert_eq!(names.len(), 1 + (MAX_ENVIRONMENT - 27) / 206);
        }
        assert!(passed(Event::ClientConnect, &call).is_err());
    }
}
