//! The pages of docs/from, followed to the letter: the files after the change with a real server and clients, and those
//! before it where Debian has the old plugin. One page is about a crate: its plugins are built.

mod duo_service;

use harness::{Machine, plugin};

use crate::document::Document;

/// The tests are named after the pages.
macro_rules! pages {
    ($($module:ident: $name:literal),* $(,)?) => {
        $(mod $module;)*
        const PAGES: &[&str] = &[$($name),*];
        $(#[test] fn $module() { $module::follow(&Document::read(concat!("docs/from/", $name, ".md"))); })*
    };
}

pages! {
    auth_script: "auth-script",
    duo_openvpn: "duo_openvpn",
    openvpn_auth_ldap: "openvpn-auth-ldap",
    openvpn_otp: "openvpn-otp",
    openvpn_plugin_crate: "openvpn-plugin-crate",
    radiusplugin: "radiusplugin",
}

const BEFORE: &str = "Before";
const AFTER: &str = "After";
const TRY_FIRST: &str = "Try it first";
const PASSWORD: &str = "correct horse";

#[test]
fn every_page_is_followed() {
    crate::document::all_are_followed("from", PAGES);
}

/// Runs the page's `ovpn-plugin login`, with this typed for the password.
fn try_first(page: &Document, machine: &Machine, typed: &str) {
    const FILE: &str = "/etc/typed";
    machine.write(FILE, typed, 0o600);
    let command = format!("{} login --password-file {FILE}", plugin::built("ovpn-plugin").display());
    page.set_up_with(machine, TRY_FIRST, &[("ovpn-plugin login", &command)]);
}
