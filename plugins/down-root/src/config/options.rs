//! Every option, as README and the manual page have it. A word that is none of these is refused.

use plugin_options::OptionSpec;

use super::Config;
use crate::event::Event;

/// The options.
pub const OPTIONS: [OptionSpec<Config>; 6] = [
    OptionSpec {
        name: "ignore-failure",
        form: "yes|no",
        default: "no",
        meaning: "whether a script that fails is only logged; not at client-connect and learn-address",
        repeats: false,
        set: |config, value| {
            config.ignore_failure = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "insecure-permissions",
        form: "yes|no",
        default: "no",
        meaning: "whether scripts run that others than root could change, with a warning for each reason",
        repeats: false,
        set: |config, value| {
            config.insecure_permissions = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "on",
        form: "EVENT:PATH",
        default: "",
        meaning: "script for another event (below), once for each event",
        repeats: true,
        set: |config, value| {
            let mut parts = value.bytes().splitn(2, |byte| *byte == b':');
            let (event, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let Some(event) = Event::from_name(event) else {
                let known: Vec<&str> = Event::OPTIONAL.into_iter().map(Event::name).collect();
                return Err(value.bad(&format!("unknown event; known are {}", known.join(" "))));
            };
            if path.is_empty() {
                return Err(value.bad("the path is missing; write on=EVENT:PATH"));
            }
            config.on.push((event, path.to_vec()));
            Ok(())
        },
    },
    OptionSpec::options_file(),
    OptionSpec {
        name: "timeout",
        form: "SECONDS",
        default: "60",
        meaning: "limit for a script; 0: none",
        repeats: false,
        set: |config, value| {
            config.time_limit = value.time_limit()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "up",
        form: "PATH",
        default: "",
        meaning: "script for later UPs (below)",
        repeats: false,
        set: |config, value| {
            if value.bytes().is_empty() {
                return Err(value.bad("the path is missing"));
            }
            config.up = Some(value.bytes().to_vec());
            Ok(())
        },
    },
];
