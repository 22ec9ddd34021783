//! Whether OpenVPN waits as long as the plugin does.

use openvpn_config::window;

use crate::doctor::finding::Finding;
use crate::doctor::setup::Setup;
use crate::known_options::auth_pam;

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let seconds = window(&setup.settings).as_secs();
    let lines = setup.pam_lines().filter(|(line, _)| setup.defers(line));
    lines
        .filter_map(|(line, pam)| {
            let timeout: u64 = pam.words.option(const { auth_pam("timeout") })?.parse().ok()?;
            (timeout == 0 || timeout >= seconds).then(|| {
                Finding::warning(
                    "timeout",
                    format!("timeout={timeout} has no effect: OpenVPN gives up a login after {seconds} s"),
                )
                .at(&line.place)
                .why("OpenVPN waits for hand-window, or half of reneg-sec if that is less. After that the client gets no answer at all.")
                .todo(format!(
                    "Remove timeout=, or set it below {seconds}. Or add a line, here and in the clients' configuration: hand-window {}",
                    timeout.max(60) + 10
                ))
            })
        })
        .collect()
}
