//! Options on whose login it is.

use plugin_options::{Fallback, Form, OptionSpec};

use crate::config::{Config, NameRule, RequireCn};

pub const OPTIONS: [OptionSpec<Config>; 6] = [
    OptionSpec {
        name: "allow-user-mapping",
        form: Form::YES_NO,
        default: Fallback::Value("no"),
        example: "yes",
        needs: "",
        meaning: "whether a PAM module may check another user than the one that asked",
        text: "Whether a PAM module may replace the user's name by another one, as some do that map names of a domain. \
               OpenVPN keeps the name that the client sent. With `no`, PAM must have checked that name, or with \
               pairs the name that they give as the answer. In both cases the log shows both names.",
        repeats: false,
        set: |config, value| {
            config.allow_user_mapping = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "certificate-login",
        form: Form::Other("GROUP"),
        default: Fallback::Nothing,
        example: "machines",
        needs: "",
        meaning: "members of the group who show only their certificate log in by its common name",
        text: "Members of the group who show only their certificate log in by its common name; see [Tokens and \
               certificates]. OpenVPN needs `auth-user-pass-optional` for that.",
        repeats: false,
        set: |config, value| {
            // Directories have groups with blanks and domains in their names.
            let good = |c: char| c.is_alphanumeric() || r"_-.@+$\ ".contains(c);
            let name = Some(value.text()).filter(|name| !name.is_empty() && name.chars().all(good));
            config.certificate_login =
                Some(name.ok_or_else(|| value.bad("must be the name of a group"))?.to_string());
            Ok(())
        },
    },
    OptionSpec {
        name: "empty-passwords",
        form: Form::YES_NO,
        default: Fallback::Value("no"),
        example: "yes",
        needs: "",
        meaning: "whether empty passwords go to PAM; `no` also refuses accounts that have none",
        text: "Whether an empty password goes to PAM, and accounts without a password are admitted if a module allows it \
               (`nullok`). With `no` an empty password is refused without PAM. The password `[[BLANK]]`, which clients \
               of OpenVPN 2.7 send with `auth-user-pass username-only`, counts as empty.",
        repeats: false,
        set: |config, value| {
            config.empty_passwords = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "override-username",
        form: Form::YES_NO,
        default: Fallback::Value("no"),
        example: "yes",
        needs: "OpenVPN 2.7",
        meaning: "whether the name that PAM has let in becomes the client's name (OpenVPN 2.7)",
        text: "Whether the name that PAM has let in becomes the client's name in OpenVPN: the changed one (`username=`), or \
               what a module has made of it (`allow-user-mapping=`). At a renegotiation PAM is asked about the same name \
               as before.",
        repeats: false,
        set: |config, value| {
            config.override_username = value.yes_or_no()?;
            Ok(())
        },
    },
    OptionSpec {
        name: "require-cn",
        form: Form::Words(&["no", "yes", "nocase"]),
        default: Fallback::Value("no"),
        example: "nocase",
        needs: "",
        meaning: "refuse a client whose certificate has another common name than the username",
        text: "With `yes`, refuse a client whose certificate has another common name than the username, or none. With \
               `nocase` the case of the letters a to z does not matter.",
        repeats: false,
        set: |config, value| {
            config.require_cn = value.chosen(RequireCn::parse)?;
            Ok(())
        },
    },
    OptionSpec {
        name: "username",
        form: Form::Other("lower|strip-domain|strip-realm"),
        default: Fallback::Nothing,
        example: "lower,strip-domain",
        needs: "",
        meaning: "what is done to the name before PAM is asked; several are separated by commas",
        text: "What is done to the name before PAM is asked; several with commas between. `lower` makes the letters A to Z \
               small, `strip-domain` removes what stands before the last backslash, `strip-realm` what follows the \
               last @. Limits, sessions and files use only the changed name; log and audit line show both.",
        repeats: false,
        set: |config, value| {
            config.name_rule = NameRule::parse(value.text()).map_err(|expected| value.bad(expected))?;
            Ok(())
        },
    },
];
