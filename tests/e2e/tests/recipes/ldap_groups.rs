//! Routes by groups of an LDAP directory.

use crate::document::Document;

pub(crate) fn follow(recipe: &Document) {
    crate::ldap::groups::follow(recipe);
}
