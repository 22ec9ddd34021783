//! One version everywhere: what cargo builds, what the packages are called, and what the documents speak of.

use crate::markdown::text;

/// What stands between `before` and the next quote, blank, comma or bracket; the first time, in a file.
fn after<'a>(file: &str, text: &'a str, before: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{file} has no {before:?}"));
    rest.split(['"', ' ', '\n', ',', ')', '-']).next().unwrap_or_default().trim_end_matches('.')
}

fn version() -> String {
    let manifest = text("Cargo.toml");
    after("Cargo.toml", &manifest, "[workspace.package]\nversion = \"").to_owned()
}

#[test]
fn packages_and_documents_have_the_version_of_cargo() {
    let version = version();
    assert_eq!(version.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3, "{version}");
    for (file, before) in [
        ("packaging/debian/changelog", "openvpn-plugins-rs ("),
        ("packaging/rpm/openvpn-plugins-rs.spec", "Version:        "),
        // Its change log, the newest entry.
        ("packaging/rpm/openvpn-plugins-rs.spec", "@example.org> - "),
        ("packaging/arch/PKGBUILD", "\npkgver="),
        ("packaging/alpine/APKBUILD", "\npkgver="),
        // With workspaces of their own.
        ("plugins/examples/http-auth/Cargo.toml", "\nversion = \""),
        ("tests/public-api/Cargo.toml", "\nversion = \""),
        ("README.md", "\nVersion "),
        ("docs/ovpn-plugin.md", "server   office, auth-pam "),
    ] {
        assert_eq!(after(file, &text(file), before), version, "{file}: after {before:?}");
    }
}

/// A package in the registry finds the others by their version, not by their path.
#[test]
fn published_crates_ask_for_each_other_in_that_version() {
    let (version, manifest) = (version(), text("Cargo.toml"));
    let (minor, _) = version.rsplit_once('.').expect("three numbers");
    let wanted = manifest.lines().filter(|line| line.contains("{ path = ") && line.contains("version = "));
    let wanted: Vec<&str> = wanted.collect();
    assert!(wanted.len() > 4, "{wanted:?}");
    for line in wanted {
        let found = after("Cargo.toml", line, "version = \"").trim_start_matches('=');
        assert_eq!(found, version, "{line}");
    }
    for file in ["crates/ovpn-plugin/README.md", "docs/from/openvpn-plugin-crate.md"] {
        assert_eq!(after(file, &text(file), "    ovpn-plugin = \""), minor, "{file}");
    }
}

/// Until it is released its changes stand below "Unreleased", which says which version they become.
#[test]
fn the_change_log_has_the_version() {
    let (version, page) = (version(), text("CHANGELOG.md"));
    let mut sections = page.split("\n## ").skip(1);
    let first = sections.next().expect("a section");
    let heading = first.lines().next().unwrap_or_default();
    assert_eq!(heading, "Unreleased", "what changes next has no place");
    let becomes = first.contains(&format!("\nThis becomes {version}"));
    let released = sections.next().and_then(|section| section.lines().next()).unwrap_or_default().to_owned();
    let is_released =
        released.strip_prefix(&version).and_then(|rest| rest.strip_prefix(" - ")).is_some_and(is_date);
    assert!(becomes != is_released, "neither becomes nor is {version}, or both: {released:?}");
    let readme = text("README.md").contains(&format!("\nVersion {version}, not released yet."));
    assert_eq!(readme, becomes, "README.md says of {version} what the change log does not");
    let notes = if becomes { first } else { page.split(&released).nth(1).unwrap_or_default() };
    assert!(notes.contains("\n### Upgrade notes\n"), "what does one have to do?");
}

/// Packages take their files' times from their change logs.
#[test]
fn the_change_logs_of_packages_have_its_day() {
    let page = text("CHANGELOG.md");
    let released = page.split("\n## ").nth(2).and_then(|section| section.lines().next()).unwrap_or_default();
    let Some((_, date)) = released.split_once(" - ") else { return };
    let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else { panic!("{released}") };
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = names[month.parse::<usize>().expect("a number") - 1];
    for (file, date) in [
        ("packaging/debian/changelog", format!(", {day} {month} {year} ")),
        ("packaging/rpm/openvpn-plugins-rs.spec", format!(" {month} {day} {year} The ")),
    ] {
        assert!(text(file).contains(&date), "{file} has no entry of {date:?}");
    }
}

fn is_date(text: &str) -> bool {
    let numbers: Vec<usize> = text.split('-').map(str::len).collect();
    numbers == [4, 2, 2] && text.chars().all(|c| c == '-' || c.is_ascii_digit())
}

#[test]
fn a_date_is_one() {
    assert!(is_date("2026-12-01"));
    assert!(!is_date("1 December") && !is_date("2026-12") && !is_date("2026-12-0x"));
}
