//! `pam-confdir` needs a function that libpam has since 1.4: without it that is said at the start, and everything else
//! works.

use std::path::Path;

use harness::scratch::Scratch;
use harness::{EtcPamService, ServerConfig, TestModule};

use crate::stack::{PASSWORD, Stack, WRONG};

const FUNCTION: &[u8] = b"pam_start_confdir";

/// A directory with a copy of this machine's libpam in which the function goes by another name, so that looking it
/// up fails as it does with an old libpam.
fn old_libpam() -> Scratch {
    let arch = std::env::consts::ARCH;
    let places = [format!("/lib/{arch}-linux-gnu"), "/lib64".to_string(), "/lib".to_string()];
    let library = places.iter().map(|place| Path::new(place).join("libpam.so.0")).find(|path| path.exists());
    let library = library.unwrap_or_else(|| panic!("no libpam.so.0 in {places:?}"));
    let mut bytes = std::fs::read(&library).unwrap_or_else(|error| panic!("{}: {error}", library.display()));
    let at = bytes.windows(FUNCTION.len()).position(|part| part == FUNCTION);
    let at = at.unwrap_or_else(|| panic!("{} has no pam_start_confdir", library.display()));
    bytes[at..at + FUNCTION.len()].copy_from_slice(b"pam_start_notheir");
    let scratch = Scratch::new();
    std::fs::write(scratch.join("libpam.so.0"), bytes).unwrap_or_else(|error| panic!("libpam: {error}"));
    scratch
}

#[test]
fn with_a_libpam_that_cannot() {
    let old = old_libpam();
    let place = old.path().to_string_lossy().into_owned();
    let stack = Stack::new();
    let failed =
        ServerConfig::auth_pam(&stack.service).env("LD_LIBRARY_PATH", &place).start_expecting_failure();
    let lines = failed.log.text();
    let said = |line: &str| line.contains("AUTH-PAM") && line.contains("option 'pam-confdir': this libpam");
    assert!(lines.lines().any(said), "{lines}");

    let module = TestModule::shared();
    let service = EtcPamService::new(&module.stack(&[&format!("auth/password={PASSWORD}")]));
    let server = ServerConfig::auth_pam_words(service.name()).env("LD_LIBRARY_PATH", &place).start();
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("alice", WRONG).start().wait_refused();
    // Not by chance the machine's own.
    assert!(server.supervisor().maps(&old.join("libpam.so.0")));
}
