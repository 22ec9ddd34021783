//! Data channel offload (DCO): the kernel carries the clients' packets and counts them, and OpenVPN may not know the numbers
//! when a client is gone.

use std::path::Path;

use openvpn_config::OpenvpnConfig;

/// What Linux shows of its modules for it: that of OpenVPN 2.6, and its own.
const MODULES: [&str; 2] = ["/sys/module/ovpn_dco_v2", "/sys/module/ovpn"];

/// Whether the kernel can do it. OpenVPN has asked for the module before it opens plugins.
pub fn kernel_has_it() -> bool {
    MODULES.iter().any(|module| Path::new(module).exists())
}

/// Whether OpenVPN may use it. `knows_it`: it is 2.6 or later.
pub fn is_possible(knows_it: bool, kernel_has_it: bool, config: Option<&OpenvpnConfig>) -> bool {
    knows_it && kernel_has_it && !config.is_some_and(|config| config.disable_dco)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_turns_it_off_can_be_sure() {
        let off = OpenvpnConfig { disable_dco: true, ..OpenvpnConfig::default() };
        let on = OpenvpnConfig::default();
        assert!(is_possible(true, true, None) && is_possible(true, true, Some(&on)));
        assert!(!is_possible(true, true, Some(&off)));
        assert!(!is_possible(false, true, None) && !is_possible(true, false, None));
    }
}
