//! The options that OpenVPN takes for a single client, from a file of `client-config-dir` or at client-connect; those of any
//! other kind it only complains about. Read in OpenVPN 2.4 to 2.7.

use lines::clients;
use plugin_options::word_split;

/// One of them.
struct ClientOption {
    name: &'static str,
    /// How many words may follow.
    words: std::ops::RangeInclusive<usize>,
    /// The first OpenVPN that has it, as 2.N.
    since: u32,
}

const fn option(name: &'static str, least: usize, most: usize, since: u32) -> ClientOption {
    ClientOption { name, words: least..=most, since }
}

/// As many words as OpenVPN reads of a line.
const MAX_WORDS: usize = 16;
/// OpenVPN before this one is not supported, so what it has needs no version.
const OLDEST: u32 = 4;

const ALL: [ClientOption; 28] = [
    option("auth-token", 1, 1, OLDEST),
    option("auth-token-user", 1, 1, 5),
    option("bind-dev", 1, MAX_WORDS - 1, 5),
    option("cipher", 1, 1, 5),
    option("comp-lzo", 0, 1, OLDEST),
    option("compress", 0, 1, OLDEST),
    option("data-ciphers", 1, 1, 5),
    option("data-ciphers-fallback", 1, 1, 5),
    option("disable", 0, 0, OLDEST),
    option("echo", 0, MAX_WORDS - 1, OLDEST),
    option("ifconfig-ipv6-push", 1, 2, OLDEST),
    option("ifconfig-push", 2, 3, OLDEST),
    option("inactive", 1, 2, OLDEST),
    option("iroute", 1, 2, OLDEST),
    option("iroute-ipv6", 1, 1, OLDEST),
    option("max-routes-per-client", 1, 1, OLDEST),
    option("ncp-ciphers", 1, 1, OLDEST),
    option("override-username", 1, 1, 7),
    option("parameter", 0, MAX_WORDS - 1, OLDEST),
    option("ping", 1, 1, OLDEST),
    option("ping-exit", 1, 1, OLDEST),
    option("ping-restart", 1, 1, OLDEST),
    option("ping-timer-rem", 0, 0, OLDEST),
    option("push", 1, 1, OLDEST),
    option("push-remove", 1, 1, OLDEST),
    option("push-reset", 0, 0, OLDEST),
    option("session-timeout", 1, 1, 6),
    option("vlan-pvid", 1, 1, 5),
];

/// What is wrong with the words of a line; `None`: nothing. `version`: that of OpenVPN, as 2.N, if it is known.
pub fn fault(option: &[Vec<u8>], version: Option<u32>) -> Option<String> {
    let (name, rest) = option.split_first()?;
    let name = String::from_utf8_lossy(name.strip_prefix(b"--").unwrap_or(name)).into_owned();
    // Others of that kind take effect, but what that file holds is not checked.
    if name == "config" {
        return Some(clients::no_config_here().to_string());
    }
    let Some(known) = ALL.iter().find(|option| option.name == name) else {
        return Some(clients::no_client_option(&name).to_string());
    };
    if let Some(version) = version.filter(|version| *version < known.since) {
        return Some(clients::option_is_newer(&name, known.since, version).to_string());
    }
    if !known.words.contains(&rest.len()) {
        let (least, most) = (known.words.start(), known.words.end());
        let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        let quotes = if name == "push" { "; quote what is pushed: push \"route ...\"" } else { "" };
        return Some(clients::wrong_number_of_words(&name, &wanted, rest.len(), quotes).to_string());
    }
    if let Some(pushed) = rest.first().filter(|_| name == "push") {
        return match word_split::split(pushed) {
            Ok(words) if words.is_empty() => Some(clients::pushes_nothing().to_string()),
            // Commas separate what is pushed.
            Ok(_) if pushed.contains(&b',') => Some(clients::pushes_comma().to_string()),
            Ok(_) => None,
            Err(error) => Some(format!("what 'push' sends: {error}")),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, version: u32) -> Option<String> {
        fault(&word_split::split(line.as_bytes()).unwrap(), Some(version))
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(ALL.is_sorted_by_key(|option| option.name));
    }

    #[test]
    fn options_of_a_client_are_taken() {
        for line in [
            r#"push "route 10.9.0.0 255.255.0.0""#,
            r#"--push "dhcp-option DNS 10.8.0.1""#,
            "push-reset",
            "iroute 10.1.0.0",
            "iroute 10.1.0.0 255.255.0.0",
            "ifconfig-push 10.8.0.9 255.255.255.0",
            "disable",
            "echo a b c",
            "override-username alice",
        ] {
            assert_eq!(check(line, 7), None, "{line}");
        }
    }

    #[test]
    fn others_are_refused_with_the_word() {
        for (line, words) in [
            ("route 10.9.0.0 255.255.0.0", "'route' is not an option for a single client; to send it"),
            ("up /bin/sh", "'up' is not an option"),
            ("setenv A b", "'setenv' is not an option"),
            ("<push>", "'<push>' is not an option"),
            ("config /etc/passwd", "'config' is not allowed here"),
            ("push route 10.9.0.0", "'push' takes 1 words, but has 2; quote"),
            ("push", "'push' takes 1 words, but has 0"),
            ("push \"\"", "'push' sends nothing"),
            ("push \"a,b\"", "comma"),
            ("push \"route 'x\"", "the closing quote (') is missing"),
            ("ifconfig-push 10.8.0.9", "'ifconfig-push' takes 2 to 3 words, but has 1"),
            ("push-reset now", "'push-reset' takes 0 words, but has 1"),
        ] {
            let fault = check(line, 7).unwrap_or_default();
            assert!(fault.contains(words), "{line}: {fault}");
        }
    }

    #[test]
    fn each_needs_its_openvpn() {
        let old = check("override-username alice", 6).unwrap();
        assert_eq!(old, "'override-username' needs OpenVPN 2.7, this is 2.6");
        assert_eq!(fault(&[b"override-username".to_vec(), b"a".to_vec()], None), None);
        assert!(check("session-timeout 9", 5).is_some() && check("session-timeout 9", 6).is_none());
    }
}
