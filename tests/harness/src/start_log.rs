//! What auth-pam says when a server starts: nothing but the usual lines, if the configuration is right.

use crate::log::Mark;
use crate::server::{READY, Server};

/// In the lines of every start: ours, and those OpenVPN writes about the plugin line.
const USUAL: [&str; 4] =
    ["initialization succeeded", "a deferred login may take", "PLUGIN_INIT", "plugin_path"];

/// The plugin's lines of the first start, without the usual ones.
pub fn warnings(server: &Server) -> Vec<String> {
    let lines = server.log().since(Mark::START).into_iter().map(|line| line.text);
    lines
        .take_while(|text| !text.contains(READY))
        .filter(|text| text.contains("AUTH-PAM") && !USUAL.iter().any(|words| text.contains(words)))
        .collect()
}
