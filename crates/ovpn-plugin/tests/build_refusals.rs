//! What the build refuses, and with which words: plugins that could end OpenVPN or its log, and mistakes that would else be
//! silent.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::target_directory;

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.arg("--offline").current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
}

#[test]
fn panic_abort_does_not_build() {
    let output = cargo()
        .args(["rustc", "--quiet", "--package", "ovpn-plugin", "--example", "minimal", "--target-dir"])
        .arg(target_directory())
        .args(["--", "-C", "panic=abort"])
        .output()
        .expect("cannot run cargo");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it was built");
    assert!(words.contains("a plugin needs panic = \"unwind\""), "{words}");
}

/// What stands before the code of each case.
const HEAD: &str = "use ovpn_plugin::*;
struct Mine;
";

/// A method that makes an impl complete.
const OPEN: &str = "const NAME: &'static str = \"MINE\";
    fn open(_: &OpenArgs<'_>) -> Result<Self> { Ok(Mine) }";

const UP: &str = "fn up(&mut self, _: &Up<'_>) -> Result<UpReply> { Ok(UpReply::Done) }";

/// Ways to write methods in which one is easily overlooked, or counted although it is not there: by another method's end,
/// by a condition that a macro passes on. `down` is always there, `up` only in two of them.
const ODD_SHAPES: &str = "
macro_rules! wanted { ($up:literal, $plugin:ty) => { const _: () =
    assert!(<$plugin as Plugin>::ADD_THE_ATTRIBUTE_OVPN_PLUGIN_PLUGIN.0 == ($up | 1 << 1)); } }
struct Raw;
#[ovpn_plugin::plugin]
impl Plugin for Raw {
    #![allow(dead_code)]
    const NAME: &'static str = \"RAW\";
    fn r#open(_: &OpenArgs<'_>) -> Result<Self> { Ok(Self) }
    fn r#up(&mut self, _: &Up<'_>) -> Result<UpReply> { Ok(UpReply::Done) }
    #[cfg_attr(all(), doc(alias = \"cfg\"))]
    fn down(&mut self, _: &Down<'_>) -> Result<DownReply> { Ok(DownReply::Done) }
}
wanted!(1, Raw);
struct Block;
macro_rules! blocks { ($open:block $up:block $down:block) => {
    #[ovpn_plugin::plugin]
    impl Plugin for Block {
        const NAME: &'static str = \"BLOCK\";
        fn open(_: &OpenArgs<'_>) -> Result<Self> $open
        fn up(&mut self, _: &Up<'_>) -> Result<UpReply> $up
        fn down(&mut self, _: &Down<'_>) -> Result<DownReply> $down
    }
} }
blocks! { { Ok(Self) } { Ok(UpReply::Done) } { Ok(DownReply::Done) } }
wanted!(1, Block);
struct Meta;
macro_rules! with { ($($(#[$attribute:meta])* $method:ident($event:ident) -> $reply:ident)*) => {
    #[ovpn_plugin::plugin]
    impl Plugin for Meta {
        const NAME: &'static str = \"META\";
        fn open(_: &OpenArgs<'_>) -> Result<Self> { Ok(Self) }
        $($(#[$attribute])* fn $method(&mut self, _: &$event<'_>) -> Result<$reply> { Ok($reply::Done) })*
    }
} }
with! { #[cfg(any())] up(Up) -> UpReply  #[doc = \"x\"] down(Down) -> DownReply }
wanted!(0, Meta);
struct Braces<const N: usize>;
#[ovpn_plugin::plugin]
impl<const N: usize> Plugin for Braces<{ N }> {
    const NAME: &'static str = \"BRACES\";
    fn open(_: &OpenArgs<'_>) -> Result<Braces<{ N }>> { Ok(Braces) }
    #[cfg(any())]
    fn up(&mut self, _: &Up<'_>) -> Result<UpReply> { Ok(UpReply::Done) }
    fn down(&mut self, _: &Down<'_>) -> Result<DownReply> { Ok(DownReply::Done) }
}
wanted!(0, Braces<3>);
struct Types;
macro_rules! of { ($of:ty) => { Result<$of> } }
#[ovpn_plugin::plugin]
impl Plugin for Types {
    const NAME: &'static str = \"TYPES\";
    fn open(_: &OpenArgs<'_>) -> of!{Self} where Self: Sized { Ok(Self) }
    #[cfg(any())]
    fn up(&mut self, _: &Up<'_>) -> of!{UpReply} { Ok(UpReply::Done) }
    fn down(&mut self, _: &Down<'_>) -> of!{DownReply} { Ok(DownReply::Done) }
}
wanted!(0, Types);
";

/// Name of a case, its code, and the text of an error with the line where it is.
fn cases() -> Vec<(&'static str, String, &'static str)> {
    let plugin =
        |methods: &str| format!("#[ovpn_plugin::plugin]\nimpl Plugin for Mine {{ {OPEN}\n{methods}\n}}");
    let exported = |words: &str| format!("{}\novpn_plugin::export!(Mine, {words});", plugin(UP));
    vec![
        ("fine", exported("min_version, init_point = InitPoint::PostDaemon"), ""),
        (
            "conditions",
            plugin(&format!(
                "{UP}\n#[cfg(any())]\n#[optional]\nfn down(&mut self, _: &Down<'_>) -> Result<DownReply> {{ Ok(DownReply::Done) }}\n}}\nconst _: () = {{ let (required, optional) = <Mine as Plugin>::ADD_THE_ATTRIBUTE_OVPN_PLUGIN_PLUGIN; assert!(required == 1 && optional == 0);"
            )) + ";",
            "",
        ),
        ("odd_shapes", ODD_SHAPES.to_owned(), ""),
        (
            "condition_in_cfg_attr",
            plugin(&format!(
                "{UP}\n#[cfg_attr(all(), doc(cfg(unix)), cfg(any()))]\nfn down(&mut self, _: &Down<'_>) -> Result<DownReply> {{ Ok(DownReply::Done) }}"
            )),
            "7:2: error: #[ovpn_plugin::plugin] does not understand #[cfg_attr(..., cfg(...))]",
        ),
        (
            "no_attribute",
            format!("impl Plugin for Mine {{ {OPEN} {UP} }}"),
            "3:1: error[E0046]: not all trait items implemented, missing: `ADD_THE_ATTRIBUTE_OVPN_PLUGIN_PLUGIN`",
        ),
        ("no_method", plugin(""), "4:6: error: no method of an event: OpenVPN would never call this plugin"),
        (
            "misspelt",
            plugin(&format!(
                "{UP}\nfn upp(&mut self, _: &Up<'_>) -> Result<UpReply> {{ Ok(UpReply::Done) }}"
            )),
            "7:1: error[E0407]: method `upp` is not a member of trait `Plugin`",
        ),
        (
            "optional_elsewhere",
            plugin(&format!("{UP}\n#[optional]\nfn abort(&mut self) {{}}")),
            "7:2: error: only a method of an event can be #[optional]",
        ),
        (
            "optional_with_words",
            plugin(&format!("#[optional(2.6)] {UP}")),
            "6:11: error: #[optional] takes no words",
        ),
        (
            "words",
            format!("#[ovpn_plugin::plugin(optional)]\nimpl Plugin for Mine {{ {OPEN} {UP} }}"),
            "3:23: error: #[ovpn_plugin::plugin] takes no words",
        ),
        (
            "by_a_macro",
            format!("macro_rules! up {{ () => {{ {UP} }} }}\n{}", plugin("up!();")),
            "7:1: error: #[ovpn_plugin::plugin] does not see the methods that a macro makes here",
        ),
        (
            "not_an_impl",
            "#[ovpn_plugin::plugin]\nstruct Other;".to_owned(),
            "4:1: error: #[ovpn_plugin::plugin] belongs on `impl Plugin for ...`",
        ),
        (
            "inherent",
            "#[ovpn_plugin::plugin]\nimpl Mine { fn up() {} }".to_owned(),
            "4:1: error: #[ovpn_plugin::plugin] belongs on `impl Plugin for ...`",
        ),
        (
            "client_state",
            format!(
                "{}\n#[ovpn_plugin::plugin]\nimpl ClientState for Mine {{ type State = (); fn new_client(&mut self) {{}} }}",
                plugin(UP)
            ),
            "9:6: error: #[ovpn_plugin::plugin] belongs on `impl Plugin for ...`; `impl ClientState` is found without it",
        ),
        (
            "unknown_word",
            exported("min_version, client_state"),
            "error: export! does not know `client_state`; after the type it takes `init_point = InitPoint::...` and `min_version`",
        ),
        (
            "deferred_by_nobody",
            plugin(
                "fn auth_user_pass_verify(&mut self, _: &AuthUserPassVerify<'_>) -> Result<AuthReply> {\nOk(AuthReply::Deferred)\n}",
            ),
            "7:4: error[E0308]: mismatched types",
        ),
        (
            "asked_by_nobody",
            plugin(
                "fn auth_user_pass_verify(&mut self, _: &AuthUserPassVerify<'_>) -> Result<AuthReply> {\nlet question = Pending::text(std::time::Duration::from_secs(60), \"Code?\")?;\nOk(AuthReply::Pending(question))\n}",
            ),
            "8:4: error[E0061]: this enum variant takes 2 arguments but 1 argument was supplied",
        ),
    ]
}

/// Checks each case as a crate of its own, all in one run of cargo.
fn check(directory: &Path, cases: &[(&str, String, &str)]) -> Output {
    let examples = directory.join("examples");
    fs::create_dir_all(&examples).unwrap();
    let sdk = env!("CARGO_MANIFEST_DIR");
    let crates = cases.iter().map(|(name, ..)| format!("[[example]]\nname = \"{name}\"\n"));
    let manifest = format!(
        "[package]\nname = \"refusals\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n\
         [dependencies]\novpn-plugin = {{ path = \"{sdk}\" }}\n[workspace]\n{}",
        crates.collect::<String>()
    );
    fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    fs::write(directory.join("lib.rs"), "").unwrap();
    fs::copy(Path::new(sdk).join("../../Cargo.lock"), directory.join("Cargo.lock")).unwrap();
    for (name, code, _) in cases {
        fs::write(examples.join(format!("{name}.rs")), format!("{HEAD}{code}\nfn main() {{}}\n")).unwrap();
    }
    cargo()
        .current_dir(directory)
        .args(["check", "--quiet", "--examples", "--keep-going", "--message-format", "short", "--target-dir"])
        .arg(target_directory())
        .output()
        .expect("cannot run cargo")
}

#[test]
fn mistakes_are_named_where_they_are() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refusals");
    let cases = cases();
    let output = check(&directory, &cases);
    let text = String::from_utf8_lossy(&output.stderr);
    for (name, _, wanted) in &cases {
        let file = format!("examples/{name}.rs:");
        let errors: Vec<&str> =
            text.lines().filter(|line| line.starts_with(&file) && line.contains(" error")).collect();
        if wanted.is_empty() {
            assert!(errors.is_empty(), "{name}: {errors:#?}");
            continue;
        }
        assert!(errors.iter().any(|line| line.contains(wanted)), "{name}: {wanted}: {errors:#?}\n{text}");
        assert_eq!(errors.len(), 1, "{name}: nothing else: {errors:#?}");
    }
}
