//! Documents are read where they are installed: every link from one to another leads to a file that is installed, too.

use std::fs;
use std::path::Path;

use crate::installation::Installation;

/// The places that the links of a page name, without those in the network and within the page.
fn linked(page: &str) -> Vec<&str> {
    let inline = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let named = page.lines().filter(|line| line.starts_with('[')).filter_map(|line| line.split("]: ").nth(1));
    inline
        .chain(named)
        .filter(|link| !link.contains("://") && !link.contains("::"))
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|place| !place.is_empty())
        .collect()
}

/// How many links of the pages below `root` were looked at, and which of them lead nowhere.
fn looked_at(root: &Path, files: &[String]) -> (usize, Vec<String>) {
    let (mut count, mut broken) = (0, Vec::new());
    for file in files.iter().filter(|file| file.ends_with(".md")) {
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let directory = root.join(file).parent().expect("a directory").to_owned();
        for link in linked(&text) {
            count += 1;
            if !directory.join(link).is_file() {
                broken.push(format!("{file}: {link}"));
            }
        }
    }
    (count, broken)
}

#[test]
fn links_lead_to_what_is_installed() {
    for (variables, pages) in [(&[][..], "openvpn-plugins-rs/"), (&["INSTALL_EXAMPLES=1"], "examples-rs/")] {
        let place = Installation::new(variables);
        place.make("install");
        let files: Vec<String> = place.files();
        let documents: Vec<String> = files
            .into_iter()
            .filter(|file| file.starts_with("usr/share/doc/") && file.contains(pages))
            .collect();
        let (count, broken) = looked_at(place.scratch.path(), &documents);
        assert!(broken.is_empty(), "links to what is not installed:\n{}", broken.join("\n"));
        assert!(count > 20, "only {count} links are found in {documents:?}");
    }
}
