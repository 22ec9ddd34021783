//! Options on how long somebody waits for a verdict.

use plugin_options::{Fallback, Form, OptionSpec};

use crate::config::Advance;
use crate::config::{Config, Timeout};

pub const OPTIONS: [OptionSpec<Config>; 5] = [
    OptionSpec {
        name: "advance",
        form: Form::Words(&["no", "addr", "remote"]),
        default: Fallback::Value("no"),
        example: "remote",
        needs: "",
        meaning: "where a client goes after a temporary failure (`docs/scaling.md`)",
        text: "Where a client goes after a temporary failure: with `no` to the same server in 15 seconds, with `addr` at \
               once to the next address of its `remote`, with `remote` at once to its next `remote`.",
        repeats: false,
        set: |config, value| {
            config.advance = value.chosen(Advance::parse)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "deferred",
        form: Form::YES_NO,
        default: Fallback::Described("`no`, unless `setenv deferred_auth_pam 1` is set"),
        example: "yes",
        needs: "",
        meaning: "whether OpenVPN goes on while PAM decides",
        text: "Whether OpenVPN goes on while PAM decides; see [Deferred mode]. The default is `no`, unless `setenv \
               deferred_auth_pam 1` is set.",
        repeats: false,
        set: |config, value| {
            config.deferred = Some(value.yes_or_no()?);
            Ok(())
        },
    },
    OptionSpec {
        name: "grace",
        form: Form::milliseconds(10_000),
        // A password hash of today takes 30 to 45 ms, and the first login a worker to be started.
        default: Fallback::Value("75"),
        example: "100",
        needs: "",
        meaning: "how long OpenVPN waits for a quick verdict in deferred mode",
        text: "How long OpenVPN waits for a quick verdict in deferred mode. It waits only if no other attempt is pending \
               and, of the last four accepted attempts, two or more were quick and at most one was slow. 0: never.",
        repeats: false,
        set: |config, value| {
            config.grace = value.milliseconds()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "refusal-time",
        form: Form::milliseconds(30_000),
        default: Fallback::Value("1000"),
        example: "2000",
        needs: "",
        meaning: "in deferred mode no refusal by PAM comes sooner; 0: off",
        text: "In deferred mode a refusal by PAM is delivered no sooner than this time after the attempt arrived, plus up \
               to 25 % at random. A question that makes the client connect again comes no sooner than after 250 \
               milliseconds, or this time if it is less. 0 turns both off.",
        repeats: false,
        set: |config, value| {
            config.refusal_time = value.milliseconds()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "timeout",
        form: Form::TIME_LIMIT,
        default: Fallback::Described("60, or in deferred mode by `hand-window`"),
        example: "30",
        needs: "",
        meaning: "limit for an attempt; 0: none",
        text: "An attempt that takes longer gets a temporary failure, and its worker is killed. The default is 60. In \
               deferred mode it is 10 less than OpenVPN waits (see [Deferred mode]), or 50 if OpenVPN's configuration \
               file cannot be read.",
        repeats: false,
        set: |config, value| {
            config.timeout = Timeout::Given(value.time_limit()?);
            Ok(())
        },
    },
];
