//! Loads an OpenVPN plugin and drives it the way OpenVPN does.
