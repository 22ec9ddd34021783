//! Everything that crosses the process border, on one page. One type per direction; every length is bounded before
//! anything is allocated; an unknown tag, a variable that is not on the list, a descriptor or a left-over byte is an
//! error that ends the helper.
//!
//! ```text
//!   front  --Ask-->     helper
//!   front  <--Answer--  helper
//! ```
//!
//! Each message stands behind a few bytes that say which helper it is for, or that it is up or lost ([`privsep::life`]).
//!
//! What is run is not part of it: the helper knows that from its birth, and so it does the environment of the UP event.

use privsep::{Message, Reader, WireError, Writer};

use crate::allowed::{self, MAX_ARG, MAX_ARGS, MAX_NAME, MAX_VALUE, MAX_VARIABLES};
use crate::event::Event;

/// Most bytes of all variables of an event, names, values and four bytes for the length of each.
pub const MAX_ENVIRONMENT: usize = 64 * 1024;
/// Most bytes of the options a script may write for a client.
pub const MAX_CLIENT_OPTIONS: usize = 64 * 1024;

/// A variable of an event that is on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// Front to helper: run the script of an event. No descriptors.
#[derive(Debug, PartialEq, Eq)]
pub struct Ask {
    /// Number of this run, chosen by the front, always growing.
    pub id: u64,
    /// The event.
    pub event: Event,
    /// OpenVPN's words for it.
    pub args: Vec<Vec<u8>>,
    /// Its variables.
    pub variables: Vec<Variable>,
}

/// Helper to front.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The script has ended, or could not be run; what happened is in the log.
    Done {
        /// Which run.
        id: u64,
        /// It exited with status 0.
        succeeded: bool,
        /// What it wrote for a client that connects; else empty.
        client_options: Vec<u8>,
    },
}

const TAG_RUN: u8 = 1;
const TAG_DONE: u8 = 18;

impl Variable {
    /// Room it takes in a message, in bytes.
    pub fn bytes(&self) -> usize {
        2 * 4 + self.name.len() + self.value.len()
    }
}

fn unknown(field: &'static str, value: impl Into<u64>) -> WireError {
    WireError::Unknown { field, value: value.into() }
}

fn count(from: &mut Reader<'_>, field: &'static str, bound: usize) -> Result<usize, WireError> {
    let count = from.u32()?;
    usize::try_from(count).ok().filter(|count| *count <= bound).ok_or(unknown(field, count))
}

fn put_count(to: &mut Writer, field: &'static str, count: usize, bound: usize) -> Result<(), WireError> {
    let short = u32::try_from(count).ok().filter(|_| count <= bound);
    to.u32(short.ok_or(WireError::TooLong { field, bound })?);
    Ok(())
}

impl Message for Ask {
    const MAX_BYTES: usize = 1 + 8 + 1 + 4 + MAX_ARGS * (4 + MAX_ARG) + 4 + MAX_ENVIRONMENT;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.u8(TAG_RUN);
        to.u64(self.id);
        to.u8(self.event as u8);
        put_count(to, "number of words", self.args.len(), allowed::words(self.event).len())?;
        for arg in &self.args {
            to.bytes_field("word of the event", arg, MAX_ARG)?;
        }
        put_count(to, "number of variables", self.variables.len(), MAX_VARIABLES)?;
        if self.variables.iter().map(Variable::bytes).sum::<usize>() > MAX_ENVIRONMENT {
            return Err(WireError::TooLong { field: "environment", bound: MAX_ENVIRONMENT });
        }
        for variable in &self.variables {
            to.bytes_field("name of a variable", &variable.name, MAX_NAME)?;
            to.bytes_field("value of a variable", &variable.value, MAX_VALUE)?;
        }
        Ok(())
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let tag = from.u8()?;
        if tag != TAG_RUN {
            return Err(unknown("tag", tag));
        }
        let id = from.u64()?;
        let tag = from.u8()?;
        let event = Event::from_tag(tag).ok_or(unknown("event", tag))?;
        let mut args = Vec::new();
        for _ in 0..count(&mut from, "number of words", allowed::words(event).len())? {
            args.push(from.bytes_field("word of the event", MAX_ARG)?.to_vec());
        }
        if !allowed::args(event, args.iter().map(Vec::as_slice)) {
            return Err(unknown("word of the event", tag));
        }
        let mut variables = Vec::new();
        for position in 0..count(&mut from, "number of variables", MAX_VARIABLES)? {
            let name = from.bytes_field("name of a variable", MAX_NAME)?;
            let value = from.bytes_field("value of a variable", MAX_VALUE)?;
            if !allowed::variable(event, name, value) {
                return Err(unknown("variable that must not be passed, number", position as u64));
            }
            variables.push(Variable { name: name.to_vec(), value: value.to_vec() });
        }
        from.end()?;
        Ok(Ask { id, event, args, variables })
    }
}

impl Message for Answer {
    const MAX_BYTES: usize = 1 + 8 + 1 + 4 + MAX_CLIENT_OPTIONS;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        let Answer::Done { id, succeeded, client_options } = self;
        to.u8(TAG_DONE);
        to.u64(*id);
        to.flag(*succeeded);
        to.bytes_field("client's options", client_options, MAX_CLIENT_OPTIONS)
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let message = match from.u8()? {
            TAG_DONE => Answer::Done {
                id: from.u64()?,
                succeeded: from.flag("succeeded")?,
                client_options: from.bytes_field("client's options", MAX_CLIENT_OPTIONS)?.to_vec(),
            },
            tag => return Err(unknown("tag", tag)),
        };
        from.end().map(|()| message)
    }
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
