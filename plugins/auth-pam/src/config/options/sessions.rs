//! Options on what a client has while it is connected.

use plugin_options::{Fallback, Form, OptionSpec};

use crate::config::Config;

pub const OPTIONS: [OptionSpec<Config>; 4] = [
    OptionSpec {
        name: "client-options",
        form: Form::Other("DIR"),
        default: Fallback::Nothing,
        example: "/etc/openvpn/clients",
        needs: "",
        meaning: "options for each client, by its user and groups, from files in this directory",
        text: "Options for each client, by its user and groups, from files in this directory; see [Options by user and \
               group].",
        repeats: false,
        set: |config, value| {
            // Not resolved: the links on the way are looked at each time.
            let wrong = |error: std::io::Error| value.bad(&error.to_string());
            let path = std::path::absolute(value.text()).map_err(wrong)?;
            if !std::fs::metadata(&path).map_err(wrong)?.is_dir() {
                return Err(value.bad("is not a directory"));
            }
            config.client_options = Some(path);
            Ok(())
        },
    },
    OptionSpec {
        name: "max-sessions",
        form: Form::count(1, 10_000),
        default: Fallback::Described("up to 1024"),
        example: "200",
        needs: "",
        meaning: "sessions that may be open",
        text: "How many sessions may be open. The default is 1024, or less if the control group (`pids.max`) or the memory \
               allows less. Further clients get a temporary failure, or are refused when they connect. As many clients \
               again may have logged in without being connected yet. If there are more, the source with the most loses \
               its newest.",
        repeats: false,
        set: |config, value| {
            config.max_sessions = Some(value.count()?);
            Ok(())
        },
    },
    OptionSpec {
        name: "max-sessions-per-user",
        form: Form::count(1, 10_000),
        default: Fallback::Nothing,
        example: "2",
        needs: "",
        meaning: "sessions that one user may have open; a further client is refused",
        text: "How many sessions one user may have open; without this option there is no limit. A further client is refused at \
               login, with a reason (`reasons=`). If OpenVPN is going to disconnect an older client with the same common \
               name, as it does without `duplicate-cn`, the client is refused when it connects. A user is the name that \
               PAM checked; upper and lower case count as the same.",
        repeats: false,
        set: |config, value| {
            config.max_sessions_per_user = Some(value.count()?);
            Ok(())
        },
    },
    OptionSpec {
        name: "session",
        form: Form::YES_NO,
        default: Fallback::Value("no"),
        example: "yes",
        needs: "",
        meaning: "whether PAM opens a session for each client, and closes it when the client leaves",
        text: "Whether PAM opens a session when a client connects, and closes it when the client is gone; see [Sessions].",
        repeats: false,
        set: |config, value| {
            config.session = value.yes_or_no()?;
            Ok(())
        },
    },
];
