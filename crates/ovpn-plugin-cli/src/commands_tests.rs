//! The declaration is sound.

use super::*;

#[test]
fn clap_finds_nothing_wrong() {
    command().debug_assert();
}
