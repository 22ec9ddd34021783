//! Where OpenVPN makes the files for verdicts, with the rights and in the chroot that it has by then.

use crate::doctor::finding::Finding;
use crate::doctor::setup::Setup;

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    // The files are made for plugins that verify users. Of another one nobody knows whether it does.
    let needed = setup.plugins.iter().any(|line| !line.kind.is_down_root());
    let Some(fault) = setup.tmp_dir.as_ref().filter(|_| needed) else { return Vec::new() };
    let (what, todo) = fault.rsplit_once("; ").unwrap_or((fault, "set another tmp-dir"));
    let found = Finding::error("tmp-dir", what)
        .why("OpenVPN creates a file there for each login, after it has changed to its `user` and `chroot`.")
        .todo(capitalised(todo));
    let given = setup.option("tmp-dir").or_else(|| setup.option("chroot")).or_else(|| setup.option("user"));
    vec![match given {
        Some(given) => found.at(&given.place),
        None => match &setup.config {
            Some(config) => found.in_file(config, 0),
            None => found,
        },
    }]
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).chain(['.']).collect()
}
