//! OpenVPN plugin: username and password through PAM, checked by a helper that keeps root.
