//! OpenVPN's plugin interface as C declares it in `openvpn-plugin.h`: types and constants, no logic.
//!
//! It has interface version 3 and struct versions 1 to 5 (OpenVPN 2.4 to 2.7). Names are those of C without the prefix
//! `openvpn_` or `OPENVPN_`. The test `tests/layout.rs` compares sizes and values with the header.
//!
//! To write a plugin, use the crate `ovpn-plugin`, which is safe.
#![no_std]

mod constants;
mod events;
mod functions;
mod structs;

pub use constants::*;
pub use events::*;
pub use functions::*;
pub use structs::*;
