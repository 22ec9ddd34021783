//! A table: a suite with a case for each of its rows, and one for the table itself.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use case_runner::Suite;
use harness::TestModule;
use harness::needs::{self, Need};
use harness::plugin::Side;

use crate::expected::Expected;
use crate::row::Row;
use crate::{migration_guide, plugin_process};

/// What a table has a row of.
pub trait Case: Send + 'static {
    /// What it is about; unique.
    fn name(&self) -> &'static str;
    /// What the table says.
    fn expected(&self) -> &Expected;
    /// The first OpenVPN with which it holds, and what older ones lack.
    fn need(&self) -> Option<(Need, &'static str)> {
        None
    }
    /// Runs it with a plugin, and describes what came of it.
    fn run(&self, side: Side, plugin: &Path) -> String;
}

/// What `main` of a table does. `section` is the table's in docs/migration.md.
pub fn main<C: Case>(cases: Vec<C>, section: &'static str, plugin: fn(Side) -> PathBuf) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, instructions, answers] = arguments.as_slice() {
        if first == plugin_process::ARGUMENT {
            return plugin_process::main(instructions.as_ref(), answers.as_ref());
        }
    }
    let said: Vec<(&'static str, Expected)> =
        cases.iter().map(|case| (case.name(), case.expected().clone())).collect();
    let itself = case_runner::Case::new("the table and docs/migration.md", move || {
        let found = [mistakes(&said), untold(&said, section)].concat();
        assert!(found.is_empty(), "{}", found.join("\n"));
    });
    let rows = cases.into_iter().map(|case| case_runner::Case::new(case.name(), move || row(&case, plugin)));
    // They wait more than they work.
    let suite = Suite::new(rows.chain([itself])).at_once(4);
    suite.prepare(|scratch| drop(TestModule::compile(scratch))).run()
}

fn row<C: Case>(case: &C, plugin: fn(Side) -> PathBuf) {
    let place = format!("compatibility::{}", case.name());
    let is_left_out = |(need, why)| needs::is_left_out(need, why, env!("CARGO_PKG_NAME"), &place);
    if case.need().is_some_and(is_left_out) {
        return;
    }
    TestModule::adopt(&case_runner::prepared());
    // What the plugin leaves behind comes here, and is seen.
    nix::sys::prctl::set_child_subreaper(true).unwrap_or_else(|errno| panic!("prctl: {errno}"));
    let [c, ours] = [Side::C, Side::Ours].map(|side| case.run(side, &plugin(side)));
    let row = Row::new(case.name(), case.expected(), c, ours);
    println!("{row}");
    assert!(row.complaints().is_empty(), "not as the table says");
}

/// What is wrong with the table by itself.
fn mistakes(said: &[(&'static str, Expected)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = HashSet::new();
    for (name, expected) in said {
        if !names.insert(name) {
            found.push(format!("'{name}' is there twice"));
        }
        if expected.differ() == expected.mends.is_empty() {
            found.push(format!("'{name}': a difference names what it mends, and nothing else does"));
        }
        if expected.c.is_empty() || expected.ours.is_empty() {
            found.push(format!("'{name}' expects nothing"));
        }
    }
    found
}

/// What the guide does not tell, or tells wrongly.
fn untold(said: &[(&'static str, Expected)], section: &str) -> Vec<String> {
    let differing = said.iter().filter(|(_, expected)| expected.differ());
    migration_guide::complaints(section, &differing.map(|(name, _)| *name).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_of_a_table_is_found() {
        let same = || Expected::same("yes");
        assert_eq!(mistakes(&[("a", same()), ("b", Expected::differs("no", "yes", "a defect"))]), [""; 0]);
        for wrong in [
            vec![("a", same()), ("a", same())],
            vec![("a", Expected::differs("no", "yes", ""))],
            vec![("a", Expected::differs("yes", "yes", "a defect"))],
            vec![("a", Expected::default())],
        ] {
            assert_eq!(mistakes(&wrong).len(), 1, "{wrong:?}");
        }
    }
}
