//! OpenVPN's plugin interface as C has it: types and constants, no logic.
