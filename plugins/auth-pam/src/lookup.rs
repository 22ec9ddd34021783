//! A client that connects, for whom options are to be put together: what crosses the borders for that.

use privsep::{Reader, WireError, Writer};

use crate::protocol::{MAX_ADDRESS, MAX_CREDENTIAL};
use crate::session::Assigned;

/// Longest encoded [`Lookup`], in bytes.
pub const MAX_LOOKUP: usize = 3 * 4 + 2 * MAX_CREDENTIAL + MAX_ADDRESS + 2 + 4 + 16;

/// Whose options, and what may stand in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Whom PAM has let in, or OpenVPN by a token.
    pub username: Vec<u8>,
    /// Common name of the client's certificate; empty without one.
    pub common_name: Vec<u8>,
    /// Where the client comes from; empty when unknown.
    pub address: Vec<u8>,
    /// Its addresses in the tunnel.
    pub assigned: Assigned,
}

impl Lookup {
    /// Encodes it.
    pub fn write(&self, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field("username", &self.username, MAX_CREDENTIAL)?;
        to.bytes_field("common name", &self.common_name, MAX_CREDENTIAL)?;
        to.bytes_field("address", &self.address, MAX_ADDRESS)?;
        self.assigned.write(to);
        Ok(())
    }

    /// The other way round.
    pub fn read(from: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut text = |field, bound| {
            let bytes = from.bytes_field(field, bound)?;
            if bytes.contains(&0) {
                return Err(WireError::Unknown { field, value: 0 });
            }
            Ok(bytes.to_vec())
        };
        Ok(Lookup {
            username: text("username", MAX_CREDENTIAL)?,
            common_name: text("common name", MAX_CREDENTIAL)?,
            address: text("address", MAX_ADDRESS)?,
            assigned: Assigned::read(from)?,
        })
    }
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::tests::assigned;

    prop_compose! {
        pub fn lookup()(username in "[^\0]{0,20}", common_name in "[^\0]{0,20}", address in "[0-9.:]{0,20}", assigned in assigned()) -> Lookup {
            let [username, common_name, address] = [username, common_name, address].map(String::into_bytes);
            Lookup { username, common_name, address, assigned }
        }
    }
}
