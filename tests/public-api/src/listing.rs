//! The listing of a crate, and how two of them differ.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use crate::Result;

/// Methods of traits that most types have: the line of the trait says it.
const IMPLIED: [&str; 5] = [
    "::fmt(&self, &mut core::fmt::Formatter<'_>) -> core::fmt::Result",
    "::clone(&self) -> ",
    "::eq(&self, &",
    "::drop(&mut self)",
    "::source(&self) -> core::option::Option<&(dyn core::error::Error + 'static)>",
];

/// Traits that the compiler implements and that no author asks for. `Send` and `Sync` stay.
const UNASKED: [&str; 5] = ["Freeze", "Unpin", "UnsafeUnpin", "UnwindSafe", "RefUnwindSafe"];

/// One item a line, in alphabetical order.
pub(crate) fn of(json: &Path) -> Result<String> {
    let api = public_api::Builder::from_rustdoc_json(json).omit_blanket_impls(true).sorted(true).build()?;
    let lines: BTreeSet<String> =
        api.items().map(ToString::to_string).filter(|line| is_asked_for(line)).collect();
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

fn is_asked_for(line: &str) -> bool {
    let unasked = |name: &str| line.starts_with("impl") && line.contains(&format!("::{name} for "));
    let implied = |method: &str| line.starts_with("pub fn ") && line.contains(method);
    !UNASKED.iter().any(|name| unasked(name)) && !IMPLIED.iter().any(|method| implied(method))
}

/// Lines of one listing that the other one does not have.
#[derive(Default)]
pub(crate) struct Difference {
    pub(crate) gone: Vec<String>,
    pub(crate) new: Vec<String>,
}

pub(crate) fn compare(known: &str, now: &str) -> Difference {
    let (known, now): (BTreeSet<&str>, BTreeSet<&str>) = (known.lines().collect(), now.lines().collect());
    let only = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
        one.difference(other).map(|line| (*line).to_owned()).collect()
    };
    Difference { gone: only(&known, &now), new: only(&now, &known) }
}

impl Difference {
    pub(crate) fn is_none(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gone.iter().try_for_each(|line| writeln!(out, "- {line}"))?;
        self.new.iter().try_for_each(|line| writeln!(out, "+ {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_and_new_is_named() {
        let difference = compare("pub fn a()\npub fn b()\n", "pub fn b()\npub fn c()\n");
        assert_eq!(difference.to_string(), "- pub fn a()\n+ pub fn c()\n");
        assert!(compare("a\n", "a\n").is_none());
    }

    #[test]
    fn traits_that_the_compiler_adds_are_left_out() {
        assert!(is_asked_for("impl core::marker::Send for a::B"));
        assert!(!is_asked_for("impl !core::marker::Unpin for a::B"));
        assert!(!is_asked_for("impl<T> core::panic::unwind_safe::UnwindSafe for a::B<T> where T: x::Y"));
    }
}
