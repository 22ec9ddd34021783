//! `auth-gen-token`: where it is needed, and where it does harm.

use crate::doctor::finding::Finding;
use crate::doctor::setup::{GivenOption, Setup};

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let Some(given) = setup.option("auth-gen-token") else { return Vec::new() };
    [external(setup, given), never_renegotiated(setup, given)].into_iter().flatten().collect()
}

/// OpenVPN 2.6 before 2.6.21, and 2.7 before 2.7.5. Older ones get no corrections any more.
fn crashes((major, minor, patch): (u32, u32, u32)) -> bool {
    match (major, minor) {
        (2, 7) => patch < 5,
        (2, 6) => patch < 21,
        (2, 4 | 5) => true,
        _ => false,
    }
}

fn external(setup: &Setup, given: &GivenOption) -> Option<Finding> {
    let is_external = given.values.iter().any(|value| value == "external-auth");
    let version @ (major, minor, patch) = setup.openvpn.version.filter(|_| is_external)?;
    crashes(version).then(|| {
        Finding::warning(
            "external-auth",
            format!("auth-gen-token with external-auth: a client can crash OpenVPN {major}.{minor}.{patch}"),
        )
        .at(&given.place)
        .why("A malformed token crashes the server. OpenVPN 2.6.21 and 2.7.5 correct this; your distribution may have done so in an older version.")
        .todo("Update OpenVPN, or remove external-auth.")
    })
}

fn never_renegotiated(setup: &Setup, given: &GivenOption) -> Option<Finding> {
    let reneg = setup.option("reneg-sec").filter(|_| setup.settings.reneg_sec == 0)?;
    Some(
        Finding::error("token-without-renegotiation", "auth-gen-token needs renegotiation of keys")
            .at(&reneg.place)
            .why(format!("OpenVPN does not start with reneg-sec 0 and auth-gen-token ({}).", given.place))
            .todo("Remove reneg-sec 0. Clients send the token at renegotiations, so nobody is asked again."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_crash() {
        assert!(crashes((2, 6, 14)) && crashes((2, 6, 20)) && crashes((2, 7, 4)) && crashes((2, 5, 11)));
        assert!(!crashes((2, 6, 21)) && !crashes((2, 7, 5)) && !crashes((2, 8, 0)) && !crashes((3, 0, 0)));
    }
}
