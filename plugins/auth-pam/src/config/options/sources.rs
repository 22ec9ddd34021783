//! Options on many attempts at once, and where they come from.

use plugin_options::{Fallback, Form, Mistake, OptionSpec, Value};

use crate::config::Config;

pub const OPTIONS: [OptionSpec<Config>; 6] = [
    OptionSpec {
        name: "ipv4-prefix",
        form: Form::number("N", 1, 32, "bits"),
        default: Fallback::Value("32"),
        example: "24",
        needs: "",
        meaning: "leading bits of an IPv4 address that make a source",
        text: "How many leading bits of an IPv4 address make a source. With 32 each address is a source.",
        repeats: false,
        set: |config, value| {
            config.prefixes.ipv4 = prefix(value)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "ipv6-prefix",
        form: Form::number("N", 1, 128, "bits"),
        default: Fallback::Value("64"),
        example: "56",
        needs: "",
        meaning: "the same for IPv6",
        text: "How many leading bits of an IPv6 address make a source.",
        repeats: false,
        set: |config, value| {
            config.prefixes.ipv6 = prefix(value)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "max-pending",
        form: Form::count(0, 1_000_000),
        default: Fallback::Value("1024"),
        example: "4096",
        needs: "",
        meaning: "attempts that may wait for a worker",
        text: "How many attempts may wait for a worker. If the queue is full, the newest attempt of the source with the \
               longest queue gets a temporary failure.",
        repeats: false,
        set: |config, value| {
            config.max_pending = value.count()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "max-workers",
        form: Form::count(1, 10_000),
        default: Fallback::Described("up to 512"),
        example: "32",
        needs: "",
        meaning: "PAM transactions at the same time",
        text: "How many PAM transactions may run at the same time. Those that go on with an answer to a question come on \
               top. The default is as many as all of these allow: half of what the control group allows and at most 7 \
               less than that (`pids.max`; `TasksMax=` of the unit), `LimitNPROC=`, half of the available memory at \
               24 MiB each, and 512.",
        repeats: false,
        set: |config, value| {
            config.max_workers = Some(value.count()?);
            Ok(())
        },
    },
    OptionSpec {
        name: "penalties",
        form: Form::YES_NO,
        default: Fallback::Value("yes"),
        example: "no",
        needs: "",
        meaning: "slow down a source that only fails",
        text: "Whether a source that only fails, or makes modules crash, is slowed down; see [Many attempts at once].",
        repeats: false,
        set: |config, value| {
            config.penalties = value.yes_or_no()?;
            Ok(())
        },
    },
    // Was never in a release, but is in configurations of those who tried the plugin early.
    OptionSpec::undocumented("max-pending-per-address", |config, value| {
        let word = value.word();
        config.warnings.push(lines::configuration::ignored(&word).unlogged());
        Ok(())
    }),
];

/// The length of a network prefix.
fn prefix(value: &Value<'_>) -> Result<u8, Mistake> {
    // The form has no more than 128.
    Ok(u8::try_from(value.number()?).unwrap_or(u8::MAX))
}
