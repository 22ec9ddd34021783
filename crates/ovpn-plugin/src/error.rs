//! Errors of a plugin: any error that there is, and how one becomes one line of the log.

use std::error::Error;
use std::fmt;

use crate::EventSet;

/// What [`Plugin::open`](crate::Plugin::open), [`Plugin::start`](crate::Plugin::start) and the methods of events return:
/// `?` works on every error, and `"text".into()` makes one.
///
/// ```
/// # use ovpn_plugin::Result;
/// fn port(text: &str) -> Result<u16> {
///     if text.is_empty() {
///         return Err("wanted: a port".into());
///     }
///     Ok(text.parse()?)
/// }
/// assert_eq!(port("").unwrap_err().to_string(), "wanted: a port");
/// assert!(port("x").is_err());
/// ```
pub type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// The plugin cannot do without these events, and this OpenVPN does not have them. OpenVPN does not start then.
///
/// ```
/// use ovpn_plugin::testing::{CallData, Running};
/// use ovpn_plugin::{EventSet, MissingEvents, OpenArgs, Plugin, Result, Up, UpReply};
///
/// struct Mine;
///
/// #[ovpn_plugin::plugin]
/// impl Plugin for Mine {
///     const NAME: &'static str = "MINE";
///
///     fn open(_: &OpenArgs<'_>) -> Result<Self> {
///         Ok(Self)
///     }
///
///     fn up(&mut self, _: &Up<'_>) -> Result<UpReply> {
///         Ok(UpReply::Done)
///     }
/// }
///
/// let old = CallData::new().offered_events(EventSet::NONE);
/// let error = Running::<Mine>::open(&old).unwrap_err();
/// let missing = error.downcast_ref::<MissingEvents>().expect("it says which");
/// assert_eq!(missing.events(), EventSet::UP);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingEvents(pub(crate) EventSet);

impl MissingEvents {
    /// The events that are missing.
    #[must_use]
    pub fn events(&self) -> EventSet {
        self.0
    }
}

impl fmt::Display for MissingEvents {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "this OpenVPN is too old for the plugin: it lacks the events {}", self.0)
    }
}

impl Error for MissingEvents {}

/// Most causes of an error that a line names.
const MAX_CAUSES: usize = 8;

/// An error with its causes, as far as its own text does not name them already.
pub(crate) struct WithCauses<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        out.write_str(&text)?;
        let mut source = self.0.source();
        for _ in 0..MAX_CAUSES {
            let Some(cause) = source else { break };
            source = cause.source();
            let next = cause.to_string();
            if !text.contains(&next) {
                write!(out, ": {next}")?;
                text = next;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as &dyn Error)
        }
    }

    #[test]
    fn causes_are_named_once() {
        let refused = || Some(Box::new(Layer("connection refused", None)));
        assert_eq!(WithCauses(&Layer("no answer", refused())).to_string(), "no answer: connection refused");
        let own = Layer("no answer: connection refused", refused());
        assert_eq!(WithCauses(&own).to_string(), "no answer: connection refused");
        assert_eq!(WithCauses(&Layer("plain", None)).to_string(), "plain");
    }
}
