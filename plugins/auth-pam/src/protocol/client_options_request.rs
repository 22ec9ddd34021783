//! A client that connects, for whom options are to be put together: what crosses the borders for that.

use privsep::wire::Text;

use super::session::Assigned;
use crate::protocol::{MAX_ADDRESS, MAX_CREDENTIAL};

privsep::wire! {
    /// The client whose options are wanted, and what may stand in them.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ClientOptionsRequest {
        /// The user that PAM has let in, or OpenVPN by a token.
        pub username: Vec<u8> as Text<MAX_CREDENTIAL>,
        /// Common name of the client's certificate; empty without one.
        pub common_name: Vec<u8> as Text<MAX_CREDENTIAL>,
        /// Where the client comes from; empty when unknown.
        pub address: Vec<u8> as Text<MAX_ADDRESS>,
        /// Its addresses in the tunnel.
        pub assigned: Assigned,
    }
}
