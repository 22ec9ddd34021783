//! The template, `crates/ovpn-plugin/template`, and how it becomes a crate of another name.

/// A file of the template.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

pub(crate) const FILES: [File; 3] = [
    File { name: "Cargo.toml", text: include_str!("../../ovpn-plugin/template/Cargo.toml") },
    File { name: "src/lib.rs", text: include_str!("../../ovpn-plugin/template/src/lib.rs") },
    File { name: "tests/client.rs", text: include_str!("../../ovpn-plugin/template/tests/client.rs") },
];

/// The library of a plugin that decides later.
pub(crate) const DEFERRED: File =
    File { name: "src/lib.rs", text: include_str!("../../ovpn-plugin/template/deferred/lib.rs") };

/// What stands in the template for what the author decides.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// As cargo has it: `my-plugin`.
    pub(crate) package: String,
    /// As in its file's name: `my_plugin`.
    pub(crate) library: String,
    /// Its type: `MyPlugin`.
    pub(crate) rust_type: String,
    /// Before its lines in the log: `MY-PLUGIN`.
    pub(crate) in_the_log: String,
    /// The directory with the SDK's crates.
    pub(crate) crates: String,
}

impl Names {
    pub(crate) fn of(package: &str, crates: &str) -> Self {
        let parts = package.split(['-', '_']).filter(|part| !part.is_empty());
        let capital = |part: &str| {
            let (first, rest) = part.split_at(1);
            first.to_uppercase() + rest
        };
        Self {
            package: package.to_owned(),
            library: package.replace('-', "_"),
            rust_type: free(parts.map(capital).collect()),
            in_the_log: package.to_uppercase().replace('_', "-"),
            crates: crates.to_owned(),
        }
    }

    /// The text of a file of the template with these names.
    pub(crate) fn in_text(&self, text: &str) -> String {
        // What only who copies the directory needs to read.
        let lines = text.lines().filter(|line| !line.starts_with("# Copy this directory"));
        let lines: Vec<&str> = lines.map(|line| line.split(" # change: ").next().unwrap_or(line)).collect();
        let text = lines.join("\n") + "\n";
        text.trim_start()
            .replace("my-plugin", &self.package)
            .replace("my_plugin", &self.library)
            .replace("MyPlugin", &self.rust_type)
            .replace("MY-PLUGIN", &self.in_the_log)
            .replace("path = \"..\"", &format!("path = \"{}/ovpn-plugin\"", self.crates))
            .replace("path = \"../../", &format!("path = \"{}/", self.crates))
    }
}

/// A type's name that is nothing else in the code: the crate `plugin` has the type `MyPlugin`, for the trait is `Plugin`.
fn free(name: String) -> String {
    let mut texts = FILES.iter().chain([&DEFERRED]).map(|file| file.text);
    let is_used = |text: &str| text.split(|char: char| !char.is_alphanumeric()).any(|word| word == name);
    if name != "MyPlugin" && texts.any(is_used) { format!("My{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_has_a_name_that_is_used() {
        let type_of = |package| Names::of(package, "/sdk").rust_type;
        assert_eq!(["plugin", "vec", "pool", "ok"].map(type_of), ["MyPlugin", "MyVec", "MyPool", "MyOk"]);
        assert_eq!(["my-plugin", "users"].map(type_of), ["MyPlugin", "Users"]);
    }

    #[test]
    fn nothing_of_the_template_s_own_is_left() {
        let names = Names::of("ldap-users_2", "/sdk/crates");
        assert_eq!((&names.rust_type[..], &names.in_the_log[..]), ("LdapUsers2", "LDAP-USERS-2"));
        for File { name, text } in FILES.into_iter().chain([DEFERRED]) {
            let text = names.in_text(text);
            for own in ["my-plugin", "my_plugin", "MyPlugin", "MY-PLUGIN", "\"..", "change:"] {
                assert!(!text.contains(own), "{name} has {own}: {text}");
            }
        }
        let manifest = names.in_text(FILES[0].text);
        assert!(manifest.contains("name = \"ldap-users_2\"\n"), "{manifest}");
        assert!(manifest.contains("ovpn-plugin = { path = \"/sdk/crates/ovpn-plugin\" }\n"), "{manifest}");
        assert!(manifest.contains("path = \"/sdk/crates/ovpn-plugin-test\""), "{manifest}");
    }
}
