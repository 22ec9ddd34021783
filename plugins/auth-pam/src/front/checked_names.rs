//! Under which names PAM has let in one connection, as far as they are others than it was asked about. Root may revoke any of
//! them (`ovpn-plugin revoke`), and neither OpenVPN nor the client may know them.
//!
//! A name stays as long as its connection. It is said when PAM has authenticated somebody, as a rule at the first login only:
//! a renegotiation by token has none, and there are as many as the client likes. So none takes the place of another one. If
//! a connection has more names than are kept, or if one is not known, it counts as the connection of everybody: whomever
//! root revokes, it is refused once, and its client can log in anew. To refuse it at once would be an outage for somebody
//! whom nobody has revoked, and to forget a name would let in somebody whom root has.

use super::client_names::LoginResult;

/// Different names that are kept of one connection. PAM maps a user to one, as a rule.
const MOST: usize = 4;

/// Those of logins whose results are not looked up any more.
#[derive(Debug, Default)]
pub struct CheckedNames {
    names: Vec<Vec<u8>>,
    incomplete: bool,
}

impl CheckedNames {
    /// This is the last that is heard of a login.
    pub fn add(&mut self, result: Option<&LoginResult>) {
        match result {
            Some(LoginResult { accepted: true, name }) => {
                if name.is_empty() || self.names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    return;
                }
                if self.names.len() == MOST {
                    self.incomplete = true;
                } else {
                    self.names.push(name.clone());
                }
            }
            // Refused, or PAM may still let it in.
            _ => self.incomplete = true,
        }
    }

    /// All that are known.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(Vec::as_slice)
    }

    /// There may be others.
    pub fn are_incomplete(&self) -> bool {
        self.incomplete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(name: &str) -> LoginResult {
        LoginResult { accepted: true, name: name.into() }
    }

    #[test]
    fn the_same_name_and_no_name_take_no_place() {
        let mut names = CheckedNames::default();
        for name in ["mapped", "Mapped", "", "mapped"] {
            names.add(Some(&accepted(name)));
        }
        assert_eq!(names.iter().collect::<Vec<_>>(), [b"mapped"]);
        assert!(!names.are_incomplete());
    }

    #[test]
    fn more_names_push_out_none_and_are_known_to_be_missing() {
        let mut names = CheckedNames::default();
        for number in 0..=MOST {
            assert!(!names.are_incomplete(), "{number}");
            names.add(Some(&accepted(&format!("name{number}"))));
        }
        assert!(names.iter().any(|name| name == b"name0"));
        assert!(names.are_incomplete());
    }

    #[test]
    fn a_login_that_may_still_be_let_in_may_have_any_name() {
        for result in [None, Some(LoginResult::default())] {
            let mut names = CheckedNames::default();
            names.add(result.as_ref());
            assert!(names.are_incomplete());
        }
    }
}
