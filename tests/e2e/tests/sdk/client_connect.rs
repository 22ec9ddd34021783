//! Options for connecting clients, in each of OpenVPN's ways.

use harness::PATIENCE;
use harness::log::Mark;

use crate::examples::server_with;

#[test]
fn options_arrive_in_every_way() {
    for mode in ["file", "list", "later-file", "later-list", "thread"] {
        let words = format!("{mode} 'setenv-safe GIFT by-{mode}'");
        for chroot in [false, true] {
            let config = server_with("client-connect", &words);
            let server = if chroot { config.chroot() } else { config }.start();
            let client = server.client("joe", "x").connect();
            client.log().wait_for(Mark::START, &format!("GIFT by-{mode}"), PATIENCE);
        }
    }
}
