//! Words of the form `NAME=VALUE` on the `plugin` line, for plugins with more than a word or two to configure.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::OpenArgs;

/// The words of a `plugin` line that are all `NAME=VALUE`, from [`OpenArgs::named_args`].
///
/// ```
/// use std::time::Duration;
/// use ovpn_plugin::{OpenArgs, Result};
///
/// /// `plugin FILE users=PATH [seconds=NUMBER]`
/// fn open(args: &OpenArgs<'_>) -> Result<(String, Duration)> {
///     let args = args.named_args(&["users", "seconds"])?;
///     let seconds = args.parse("seconds")?.unwrap_or(60);
///     Ok((args.required("users")?.to_owned(), Duration::from_secs(seconds)))
/// }
/// # let call = ovpn_plugin::testing::CallData::new().arg("users=/etc/openvpn/users");
/// # assert_eq!(open(&call.open_args())?, ("/etc/openvpn/users".to_owned(), Duration::from_secs(60)));
/// # let call = call.arg("second=5");
/// # let error = open(&call.open_args()).unwrap_err();
/// # assert_eq!(error.to_string(), "the plugin line has an unknown name 'second': it takes users=, seconds=");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct NamedArgs<'a> {
    values: Vec<(&'a str, &'a str)>,
}

impl<'a> OpenArgs<'a> {
    /// The words after the plugin's file name, each of which is `NAME=VALUE` with one of these names, in any order.
    ///
    /// # Errors
    /// If a word has another form or an unknown name, or a name comes twice.
    pub fn named_args(&self, names: &[&'static str]) -> Result<NamedArgs<'a>, NamedArgsError> {
        let mut values: Vec<(&str, &str)> = Vec::new();
        for (at, word) in self.args().enumerate() {
            let number = at + 1;
            let text = std::str::from_utf8(word).map_err(|_| NamedArgsError::NotText { number })?;
            let (name, value) = text.split_once('=').ok_or(NamedArgsError::NoValue { number })?;
            if !names.contains(&name) {
                return Err(NamedArgsError::Unknown { name: name.to_owned(), names: names.to_vec() });
            }
            if values.iter().any(|(known, _)| *known == name) {
                return Err(NamedArgsError::Twice { name: name.to_owned() });
            }
            values.push((name, value));
        }
        Ok(NamedArgs { values })
    }
}

impl<'a> NamedArgs<'a> {
    /// The value of this name, if it is there. It may be empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The value of a name that must be there.
    ///
    /// # Errors
    /// If it is not there, or empty.
    pub fn required(&self, name: &str) -> Result<&'a str, NamedArgsError> {
        let value = self.get(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| NamedArgsError::Missing { name: name.to_owned() })
    }

    /// The value of this name as a number, an address or another type that can be read from text, if the name is there.
    ///
    /// # Errors
    /// If the value is none of that type.
    pub fn parse<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Result<Option<T>, NamedArgsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let wrong = |why: T::Err| NamedArgsError::Value { name: name.to_owned(), why: why.to_string() };
        value.parse().map(Some).map_err(wrong)
    }
}

/// Shows no values: a secret may be among them.
impl fmt::Debug for NamedArgs<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

/// What is wrong with a `plugin` line whose words are `NAME=VALUE`. Its text shows no value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamedArgsError {
    /// A word is not UTF-8.
    NotText {
        /// Which one, from 1.
        number: usize,
    },
    /// A word has no `=`.
    NoValue {
        /// Which one, from 1.
        number: usize,
    },
    /// The plugin does not know the name.
    Unknown {
        /// As it is written.
        name: String,
        /// The names it knows.
        names: Vec<&'static str>,
    },
    /// A name comes twice.
    Twice {
        /// Which one.
        name: String,
    },
    /// A name that the plugin needs is not there, or has an empty value.
    Missing {
        /// Which one.
        name: String,
    },
    /// A value is not of the type that the plugin needs.
    Value {
        /// Of this name.
        name: String,
        /// What reading it said.
        why: String,
    },
}

impl fmt::Display for NamedArgsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText { number } => write!(out, "word {number} of the plugin line is not UTF-8"),
            Self::NoValue { number } => write!(out, "word {number} of the plugin line is not NAME=VALUE"),
            Self::Unknown { name, names } => {
                let name = crate::escape(name.as_bytes());
                write!(out, "the plugin line has an unknown name '{name}': it takes {}=", names.join("=, "))
            }
            Self::Twice { name } => write!(out, "the plugin line has {name}= twice"),
            Self::Missing { name } => write!(out, "the plugin line needs {name}="),
            Self::Value { name, why } => write!(out, "invalid value for {name}= on the plugin line: {why}"),
        }
    }
}

impl Error for NamedArgsError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn values_are_found_by_name_and_mistakes_are_named() {
        let call = CallData::new().arg("b=x=y").arg("a=").arg("n=7");
        let args = call.open_args().named_args(&["a", "b", "n", "other"]).unwrap();
        assert_eq!((args.get("a"), args.get("b"), args.get("other")), (Some(""), Some("x=y"), None));
        assert_eq!((args.parse("n"), args.parse::<u8>("other")), (Ok(Some(7)), Ok(None)));
        assert_eq!((args.required("n"), format!("{args:?}")), (Ok("7"), r#"{"b", "a", "n"}"#.to_owned()));
        let text = |result: Result<(), NamedArgsError>| result.unwrap_err().to_string();
        for name in ["a", "other"] {
            assert_eq!(text(args.required(name).map(|_| ())), format!("the plugin line needs {name}="));
        }
        let why = text(args.parse::<u8>("b").map(|_| ()));
        assert_eq!(why, "invalid value for b= on the plugin line: invalid digit found in string");
        let wrong = |words: [&[u8]; 2]| {
            let call = words.into_iter().fold(CallData::new(), |call, word| call.arg(word));
            text(call.open_args().named_args(&["a", "b"]).map(|_| ()))
        };
        assert_eq!(wrong([b"a=1", b"secret"]), "word 2 of the plugin line is not NAME=VALUE");
        assert_eq!(wrong([b"a=\xff", b"b=1"]), "word 1 of the plugin line is not UTF-8");
        assert_eq!(wrong([b"a=1", b"a=2"]), "the plugin line has a= twice");
        assert_eq!(wrong([b"a=1", b"c=2"]), "the plugin line has an unknown name 'c': it takes a=, b=");
    }
}
