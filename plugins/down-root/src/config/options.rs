//! Every option, declared once: parser, defaults, error texts, manual page and reference come from here (`make
//! generate`). The parser refuses any other word that looks like an option.

use plugin_options::{Entry, Fallback, Form, OptionSpec, count, entries};

use super::Config;
use crate::event::Event;

/// The options.
pub const GROUPS: [&[OptionSpec<Config>]; 1] = [&OPTIONS];

/// What the parser has of them.
pub const ENTRIES: [Entry<Config>; count(&GROUPS)] = entries(&GROUPS);

const OPTIONS: [OptionSpec<Config>; 6] = [
    OptionSpec {
        name: "ignore-failure",
        form: Form::YES_NO,
        default: Fallback::Value("no"),
        example: "yes",
        needs: "",
        meaning: "whether a script that fails is only logged; not at client-connect and learn-address",
        text: "Whether a script that fails is only logged. With `no`, OpenVPN ends when the down script fails. Not for \
               client-connect and learn-address, where a failing script rejects the client.",
        repeats: false,
        set: |config, value| {
            config.ignore_failure = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "insecure-permissions",
        form: Form::YES_NO,
        default: Fallback::Value("no"),
        example: "yes",
        needs: "",
        meaning: "whether scripts run that others than root could change, with a warning for each reason",
        text: "Whether scripts run that others than root could change, with a warning for each reason.",
        repeats: false,
        set: |config, value| {
            config.insecure_permissions = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "on",
        form: Form::Other("EVENT:PATH"),
        default: Fallback::Nothing,
        example: "client-connect:/etc/openvpn/client.sh",
        needs: "",
        meaning: "script for another event, once for each event",
        text: "Run *PATH* as root at *EVENT*, with the arguments that OpenVPN gives a script for it. Once for each event; the \
               events are `route-up`, `route-pre-down`, `ipchange`, `client-connect`, `client-disconnect` and \
               `learn-address`.\n\n\
               At client-connect, $1 is the path of an empty file for the client's options. If the script writes more than \
               64 KiB, the client is rejected. There is no event for logins, because OpenVPN stands still while a script \
               runs.",
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
    OptionSpec::options_file(
        "Read further options from this file, one a line, and *COMMAND* with its arguments from another line of it. \
         Quotes, backslashes and comments (`#`) are those of OpenVPN's configuration. The plugin line overrides the \
         file. The path must be absolute. If the file is missing, or if others than root could change it or a \
         directory or link on the way to it, OpenVPN does not start.",
    ),
    OptionSpec {
        name: "timeout",
        form: Form::TIME_LIMIT,
        default: Fallback::Value("60"),
        example: "20",
        needs: "",
        meaning: "limit for a script; 0: none",
        text: "A script that runs longer gets SIGTERM, and SIGKILL 5 seconds later, with its whole process group. That counts \
               as a failure.",
        repeats: false,
        set: |config, value| {
            config.time_limit = value.time_limit()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "up",
        form: Form::Other("PATH"),
        default: Fallback::Nothing,
        example: "/etc/openvpn/up.sh",
        needs: "",
        meaning: "script for later UPs",
        text: "Run *PATH* as root at every later UP (SIGUSR1, `up-restart`) at which OpenVPN is no longer root, or is in a \
               chroot. OpenVPN's own `up` runs at the first UP, and at later ones while OpenVPN is root.",
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
