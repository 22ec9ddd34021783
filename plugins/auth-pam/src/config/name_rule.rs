//! `username=`: the name that PAM is asked about, made from the one that the client sent.

/// What is done to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameRule {
    /// `lower`: letters A to Z become small.
    pub lower: bool,
    /// `strip-domain`: `DOMAIN\` before the name is taken away.
    pub strip_domain: bool,
    /// `strip-realm`: `@REALM` behind the name is taken away.
    pub strip_realm: bool,
}

/// What stands for each.
const WORDS: &str = "must be lower, strip-domain or strip-realm, or several of them with commas between";

impl NameRule {
    /// From the option's value.
    ///
    /// # Errors
    /// What the value must be.
    pub fn parse(value: &str) -> Result<Self, &'static str> {
        let mut rule = NameRule::default();
        for word in value.split(',') {
            let part = match word {
                "lower" => &mut rule.lower,
                "strip-domain" => &mut rule.strip_domain,
                "strip-realm" => &mut rule.strip_realm,
                _ => return Err(WORDS),
            };
            if std::mem::replace(part, true) {
                return Err(WORDS);
            }
        }
        Ok(rule)
    }

    /// What is done to the common name of a certificate that stands for the password: nothing is stripped, for the realm says
    /// whose it is. `alice@example.org` is not the local alice.
    pub fn of_certificates(self) -> Self {
        NameRule { lower: self.lower, ..NameRule::default() }
    }

    /// The name that PAM is asked about. Nothing may be left of it.
    pub fn apply(&self, sent: &[u8]) -> Vec<u8> {
        let mut name = sent;
        if self.strip_domain {
            name = name.rsplit(|byte| *byte == b'\\').next().unwrap_or_default();
        }
        if self.strip_realm {
            let at = name.iter().rposition(|byte| *byte == b'@').unwrap_or(name.len());
            name = &name[..at];
        }
        if self.lower { name.to_ascii_lowercase() } else { name.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(rule: &str, sent: &str) -> String {
        String::from_utf8(NameRule::parse(rule).unwrap().apply(sent.as_bytes())).unwrap()
    }

    #[test]
    fn each_does_its_part() {
        for (rule, sent, name) in [
            ("lower", "EXAMPLE\\Alice@Example.COM", "example\\alice@example.com"),
            ("lower", "J\u{dc}RG", "j\u{dc}rg"),
            ("strip-domain", "EXAMPLE\\Alice", "Alice"),
            ("strip-domain", "A\\B\\Alice", "Alice"),
            ("strip-domain", "Alice@example.com", "Alice@example.com"),
            ("strip-realm", "Alice@example.com", "Alice"),
            ("strip-realm", "a@b@example.com", "a@b"),
            ("strip-realm", "EXAMPLE\\Alice", "EXAMPLE\\Alice"),
            ("lower,strip-domain", "EXAMPLE\\Alice", "alice"),
            ("strip-realm,strip-domain,lower", "EXAMPLE\\Alice@example.com", "alice"),
            ("strip-realm", "@example.com", ""),
            ("strip-domain", "EXAMPLE\\", ""),
        ] {
            assert_eq!(named(rule, sent), name, "{rule}");
        }
        assert_eq!(NameRule::default().apply(b"A\\B@c"), b"A\\B@c");
    }

    #[test]
    fn other_words_are_refused() {
        for value in ["", "yes", "no", "lower,", "lower,lower", "Lower", "lower strip-realm"] {
            assert_eq!(NameRule::parse(value), Err(WORDS), "{value}");
        }
    }
}
