//! What it means that a plugin fails at an event.

use ovpn_plugin_host::sys;

use crate::causes::Cause;

macro_rules! consequences {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {
        /// What OpenVPN does then.
        const CONSEQUENCES: &[(&str, &str)] = &[$((stringify!($name), $failure),)*];
    };
}
sys::for_each_event!(consequences);

/// For the events, each as `NAME: result`, that have failed.
pub(crate) fn causes<'a>(events: impl Iterator<Item = &'a str>) -> Vec<Cause> {
    let failed = events.filter_map(|event| {
        let (name, result) = event.split_once(": ")?;
        (!result.starts_with("success") && !result.starts_with("deferred")).then_some(name)
    });
    let mut causes: Vec<Cause> = failed
        .map(|name| {
            let consequence = CONSEQUENCES.iter().find(|(known, _)| *known == name);
            let then = consequence.map_or("", |(_, then)| then);
            let todo =
                "Read the plugin's log lines above. For down-root they have the output of the script and its exit status.";
            Cause::new(format!("The plugin failed at {name}. {then}"), todo)
        })
        .collect();
    causes.dedup();
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_are_explained() {
        let events = [
            "UP: success",
            "AUTH_USER_PASS_VERIFY: deferred",
            "TLS_VERIFY: error",
            "DOWN: 7, which OpenVPN treats as an error",
        ];
        let causes = causes(events.into_iter());
        let why: Vec<_> = causes.iter().map(|cause| cause.why.as_str()).collect();
        assert_eq!(why.len(), 2, "{why:?}");
        assert!(
            why[0].contains("TLS_VERIFY. OpenVPN refuses") && why[1].contains("DOWN. OpenVPN ends"),
            "{why:?}"
        );
    }
}
