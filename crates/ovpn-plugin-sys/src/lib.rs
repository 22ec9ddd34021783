//! OpenVPN's plugin interface as C has it (interface version 3, struct versions 1 to 5): types and
//! constants, no logic.
//!
//! The names follow the C names without their `openvpn_`/`OPENVPN_` prefix. Everything here is held against the
//! real header by `tests/layout.rs`. To write a plugin, use the crate `ovpn-plugin`, which is safe.
#![no_std]

mod constants;
mod events;
mod functions;
mod structs;

pub use constants::*;
pub use events::*;
pub use functions::*;
pub use structs::*;
