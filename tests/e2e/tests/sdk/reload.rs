//! A configuration file that changes under a running server.

use std::fs;

use harness::PATIENCE;
use harness::log::Mark;
use harness::scratch::Scratch;

use crate::examples::server_with;

#[test]
fn the_next_client_gets_what_the_file_says_now() {
    let scratch = Scratch::new();
    let gift = |word: &str| format!("push setenv-safe GIFT {word}\n");
    let file = scratch.write("settings", &gift("old"), 0o644);
    for chroot in [false, true] {
        fs::write(&file, gift("old")).unwrap();
        let config = server_with("reload", &file.display().to_string());
        let server = if chroot { config.chroot() } else { config }.start();
        let gets = |word: &str| {
            let client = server.client("joe", "x").connect();
            client.log().wait_for(Mark::START, &format!("GIFT {word}"), PATIENCE);
        };
        gets("old");
        fs::write(&file, "push\n").unwrap();
        server.wait_for(Mark::START, "line 1: push wants an option; the settings of before stay in force");
        gets("old");
        fs::write(&file, gift("new")).unwrap();
        server.wait_for(Mark::START, "read anew: 1 options, 0 refused");
        gets("new");
        fs::write(&file, "refuse client\n").unwrap();
        server.wait_for(Mark::START, "read anew: 0 options, 1 refused");
        let _refused = server.client("joe", "x").start();
        server.wait_for(Mark::START, "'client' is refused");
        server.stop();
    }
}
