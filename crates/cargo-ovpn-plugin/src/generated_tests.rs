//! What is made from declarations: the options in the manual page, and the template as `cargo generate` takes it.

use harness::generated::{Generated, hold};

use crate::template::{FILES, Names};

const GENERATED: [Generated; 2] = [
    Generated::file("crates/ovpn-plugin/template/Cargo.toml.liquid", || liquid(FILES[0].text)),
    Generated::file("crates/ovpn-plugin/template/src/lib.rs.liquid", || liquid(FILES[1].text)),
];

#[test]
fn generated_files() {
    hold(&GENERATED);
}

/// With cargo-generate's placeholders. It takes a file of this kind instead of that with the same name before `.liquid`.
fn liquid(text: &str) -> String {
    let names = Names {
        package: "{{project-name}}".into(),
        library: "{{crate_name}}".into(),
        rust_type: "{{project-name | upper_camel_case}}".into(),
        in_the_log: "{{project-name | upcase}}".into(),
        crates: "{{sdk}}/crates".into(),
    };
    names.in_text(text)
}

/// It reads all files so.
#[test]
fn nothing_in_the_template_is_taken_for_a_placeholder() {
    for file in FILES {
        assert!(!file.text.contains("{{") && !file.text.contains("{%"), "{}", file.name);
    }
}
