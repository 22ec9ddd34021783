//! Everything that crosses the process border. One type per direction; every length is bounded before
//! anything is allocated; an unknown tag, a variable that is not on the list, a descriptor or a left-over byte is an
//! error that ends the helper.
//!
//! ```text
//!   front  --Ask-->     helper
//!   front  <--Answer--  helper
//! ```
//!
//! Each message is declared once ([`privsep::wire`]), and stands in docs/reference/down-root-messages.md.
//!
//! Each message stands behind a few bytes that say which helper it is for, or that it is up or lost ([`privsep::kept_helper`]).
//!
//! What is run is not part of a message: the helper has that from its start, and the environment of the UP event too.

pub mod allowed;
pub mod form;

use privsep::wire::{Bytes, Encoding, List, length_bytes};
use privsep::{Message, Reader, WireError, Writer};

use crate::event::Event;
use allowed::{MAX_ARG, MAX_ARGS, MAX_NAME, MAX_VALUE, MAX_VARIABLES};

/// Most bytes of all variables of an event, names, values and four bytes for the length of each.
pub const MAX_ENVIRONMENT: usize = 64 * 1024;
/// Most bytes of the options a script may write for a client.
pub const MAX_CLIENT_OPTIONS: usize = 64 * 1024;
/// Most bytes of all arguments of an event, and the length of each.
const MAX_ALL_ARGS: usize = MAX_ARGS * (length_bytes(MAX_ARG) + MAX_ARG);

privsep::wire! {
    /// A variable of an event that is on the list.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Variable {
        /// Its name.
        pub name: Vec<u8> as Bytes<MAX_NAME>,
        /// Its value.
        pub value: Vec<u8> as Bytes<MAX_VALUE>,
    }
}

privsep::wire! {
    /// Front to helper: run the script of an event. No descriptors.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Request {
        /// Number of this run, chosen by the front, always growing.
        pub id: u64,
        /// The event.
        pub event: Event,
        /// OpenVPN's arguments for it, each of its type.
        pub args: Vec<Vec<u8>> as List<Bytes<MAX_ARG>, MAX_ARGS, MAX_ALL_ARGS>,
        /// Its variables, each on the list and of its type.
        pub variables: Vec<Variable> as List<Variable, MAX_VARIABLES, MAX_ENVIRONMENT>,
    }
}

privsep::wire! {
    /// Helper to front.
    #[derive(Debug, PartialEq, Eq)]
    pub enum Reply {
        /// The script has ended, or could not be run; what happened is in the log.
        18 => Done {
            /// Which run.
            id: u64,
            /// It exited with status 0.
            succeeded: bool,
            /// What it wrote for a client that connects; else empty.
            client_options: Vec<u8> as Bytes<MAX_CLIENT_OPTIONS>,
        },
    }
}

privsep::message!(Reply);

impl Variable {
    /// What is counted for it, in bytes: no less than it takes in a message.
    pub fn bytes(&self) -> usize {
        2 * 4 + self.name.len() + self.value.len()
    }
}

/// As declared, and what is not allowed at the event does not cross.
impl Message for Request {
    const MAX_BYTES: usize = Request::SHAPE.max_bytes();

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        let bound = allowed::argument_types(self.event).len();
        if self.args.len() > bound {
            return Err(WireError::TooLong { field: "args", bound });
        }
        Request::write(self, "", to)
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let request = Request::read(&mut from, "")?;
        from.end()?;
        if !allowed::args(request.event, request.args.iter().map(Vec::as_slice)) {
            return Err(WireError::Unknown {
                field: "run with arguments that must not be passed, number",
                value: request.id,
            });
        }
        match request.variables.iter().position(|it| !allowed::variable(request.event, &it.name, &it.value)) {
            Some(position) => {
                let field = "variable that must not be passed, number";
                Err(WireError::Unknown { field, value: position as u64 })
            }
            None => Ok(request),
        }
    }
}

#[cfg(test)]
mod tests;
