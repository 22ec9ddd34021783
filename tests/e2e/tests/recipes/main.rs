//! The recipes of docs/recipes and the pages of docs/from, followed to the letter: their files, commands and lines,
//! against the packages they name, and what they say the logs show.

mod document;
mod from;
mod scaling;
mod stage;

/// The tests are named after the recipes.
macro_rules! recipes {
    ($($module:ident: $name:literal),* $(,)?) => {
        $(mod $module;)*
        const RECIPES: &[&str] = &[$($name),*];
        $(#[test] fn $module() { $module::follow(&document::Document::recipe($name)); })*
    };
}

recipes! {
    certificates: "certificates",
    connection_limit: "connection-limit",
    disabled_users: "disabled-users",
    expired_password: "expired-password",
    google_authenticator: "google-authenticator",
    groups: "groups",
    hook: "hook",
    ldap: "ldap",
    ldap_groups: "ldap-groups",
    lockout: "lockout",
    oath: "oath",
    radius: "radius",
    radius_accounting: "radius-accounting",
    system_accounts: "system-accounts",
}

#[test]
fn every_recipe_is_followed() {
    document::all_are_followed("recipes", RECIPES);
}
