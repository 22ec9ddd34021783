//! The oldest Rust that is promised builds what is shipped and passes its unit tests. Debian 13 has it.

use std::fs;
use std::process::Command;
use std::time::Duration;

use harness::scratch::Scratch;
use packages::built::UNOPTIMIZED;
use packages::clean_root::CleanRoot;
use packages::{project, run};

const LIMIT: Duration = Duration::from_secs(1800);
/// Without network, and with the sources of all that the tests need.
const TRY: &str = r#"
    cd /tmp
    tar -xf source.tar.xz
    tar -xf vendor.tar
    mkdir home
    printf '%s\n' '[source.crates-io]' 'replace-with = "vendor"' '[source.vendor]' 'directory = "/tmp/vendor"' > home/config.toml
    cd tree
    export CARGO_HOME=/tmp/home CARGO_NET_OFFLINE=true CARGO_INCREMENTAL=0
    rustc --version
    make compile MANDIR= INSTALL_EXAMPLES=1
    make test-units
"#;

#[test]
#[ignore = "installs and runs a compiler, which takes minutes: `make test-msrv`"]
fn the_oldest_rust_builds_and_tests_what_is_shipped() {
    let root = CleanRoot::of("trixie");
    root.run_within(
        LIMIT,
        "apt-get -q install --yes --no-install-recommends cargo gcc libc6-dev libpam0g-dev make procps rustc xz-utils",
    );
    let scratch = Scratch::new();
    let source = scratch.join("source.tar.xz");
    run(Command::new(project().join("packaging/source-tar")).arg(&source).args(["tree", "1700000000"]));
    let mut cargo = Command::new(env!("CARGO"));
    run(cargo
        .args(["vendor", "--locked", "--versioned-dirs"])
        .arg(scratch.join("vendor"))
        .current_dir(project()));
    let vendor = scratch.join("vendor.tar");
    run(Command::new("tar").arg("-C").arg(scratch.path()).arg("-cf").arg(&vendor).arg("vendor"));
    for file in [&source, &vendor] {
        root.add(file);
    }

    let unoptimized = UNOPTIMIZED.map(|(name, value)| format!("{name}={value}")).join(" ");
    let script = TRY.replace('\'', r"'\''");
    let said = root.run_within(LIMIT, &format!("env {unoptimized} unshare --net sh -ec '{script}'"));
    let manifest = fs::read_to_string(project().join("Cargo.toml")).expect("Cargo.toml");
    let promised = manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next());
    let promised = promised.expect("a version of Rust");
    assert!(said.contains(&format!("rustc {promised}.")), "Debian 13 has not Rust {promised}:\n{said}");
    assert!(said.matches("test result: ok.").count() > 10, "{said}");
}
