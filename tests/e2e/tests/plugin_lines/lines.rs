//! The `plugin` lines of a document.

use crate::documents::Document;

/// A `plugin` line, or what a command has of one.
#[derive(Clone, Debug)]
pub(crate) struct PluginLine {
    /// Where it stands: document and line.
    pub(crate) place: String,
    /// The plugin's file as it is written.
    pub(crate) file: String,
    /// What follows it. Without, if the line goes on with prose.
    pub(crate) words: Option<String>,
}

impl PluginLine {
    /// As it stands in a server's configuration.
    pub(crate) fn text(&self) -> String {
        match &self.words {
            Some(words) => format!("plugin {} {words}", self.file).trim_end().to_owned(),
            None => format!("plugin {} (in prose)", self.file),
        }
    }
}

/// Those of a document.
pub(crate) fn of(document: &Document) -> Vec<PluginLine> {
    let (mut found, mut before) = (Vec::new(), false);
    let mut fenced = false;
    let text = readable(document);
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && trimmed.starts_with('#') && !line.starts_with([' ', '\t']) {
            before = trimmed.trim_start_matches(['#', ' ']).starts_with("Before");
        }
        if before {
            continue;
        }
        let place = format!("{}:{}", document.name, number + 1);
        let own = |file: &str| installs(&text, file);
        let lines = if is_command(trimmed) {
            in_command(&whole_command(&text, number)).into_iter().collect()
        } else {
            in_text(line)
        };
        found.extend(lines.into_iter().filter(|(file, _)| !own(file)).map(|(file, words)| PluginLine {
            place: place.clone(),
            file,
            words,
        }));
    }
    found
}

/// The text without the markup of a manual page.
fn readable(document: &Document) -> String {
    let text = &document.text;
    if document.name.ends_with(".scd") { text.replace(['*', '_'], "") } else { text.clone() }
}

/// Whether the document puts this file there itself.
fn installs(text: &str, file: &str) -> bool {
    let Some((directory, name)) = file.rsplit_once('/') else { return false };
    text.replace("\\\n", " ").lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let there =
            words.contains(&directory) && words.iter().any(|word| word.ends_with(&format!("/{name}")));
        words.contains(&"install") && (there || words.contains(&file))
    })
}

fn is_command(line: &str) -> bool {
    let line = line.trim_start_matches(['$', '#', ' ']);
    let line = line.strip_prefix("sudo ").unwrap_or(line);
    line.starts_with("ovpn-plugin ")
}

/// The command that begins in the line of this number, with the lines in which it goes on.
fn whole_command(text: &str, number: usize) -> String {
    let mut command = String::new();
    for line in text.lines().skip(number) {
        let line = line.trim();
        // The source of a manual page doubles it.
        let part = line.trim_end_matches('\\');
        command.push_str(part);
        if part.len() == line.len() {
            break;
        }
    }
    command
}

/// The first file of a plugin in a command, and the words behind it.
fn in_command(line: &str) -> Option<(String, Option<String>)> {
    let (at, file) = line
        .match_indices(".so")
        .map(|(at, _)| (at, line[..at].rfind(' ').map_or(0, |blank| blank + 1)))
        .map(|(at, from)| (at + 3, &line[from..at + 3]))
        .find(|(end, _)| line[*end..].is_empty() || line[*end..].starts_with(' '))?;
    let relative = file.contains('/') && !file.starts_with('/');
    (!relative).then(|| (file.to_owned(), Some(words(&line[at..]))))
}

/// Those of a line of a text, or of a configuration.
fn in_text(line: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for (at, word) in line.match_indices("plugin ") {
        let (above, rest) = (&line[..at], &line[at + word.len()..]);
        let file =
            rest.split([' ', '`']).next().unwrap_or_default().trim_matches(['"', ',', ';', ':', ')', '.']);
        let other_word = above.ends_with(|c: char| c.is_alphanumeric() || "-_/.".contains(c));
        if other_word || !file.ends_with(".so") || file == ".so" {
            continue;
        }
        let after = rest.split_once(file).map_or("", |(_, after)| after);
        let in_span = above.matches('`').count() % 2 == 1;
        let alone = above.trim_start_matches(['#', ';', ' ', '\t']).is_empty();
        let shown = match (in_span, alone) {
            (true, _) => Some(words(after.split('`').next().unwrap_or_default())),
            (false, true) => Some(words(after)),
            (false, false) => None,
        };
        found.push((file.to_owned(), shown));
    }
    found
}

/// The words, with something for each that a synopsis leaves open.
fn words(text: &str) -> String {
    let (mut kept, mut depth) = (String::new(), 0_usize);
    for char in text.replace("...", "").chars() {
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(char),
            _ => {}
        }
    }
    let open = [("SERVICE", "openvpn"), ("COMMAND", "/etc/openvpn/down.sh"), (" ARG", "")];
    let kept = open.iter().fold(kept, |text, (open, given)| text.replace(open, given));
    kept.split_whitespace().collect::<Vec<_>>().join(" ").replace("\" ", "\"")
}

#[test]
fn lines_are_found_where_they_stand() {
    let text = "# A\n\nThe plugin line names plugin.so, or plugin bare.so; the line\n\
                `plugin /a/b.so \"x y\"` is one.\n\n    # plugin /a/c.so [OPTION=VALUE]... SERVICE [NAME VALUE]...\n\n\
                ## Before\n\n    plugin /old.so\n\n## Own\n\n\
                ```sh\nsudo install -t /usr/lib/p target/libown.so\n# not a heading\nplugin /usr/lib/p/libown.so x\n\
                $ ovpn-plugin login --user joe /a/d.so \"s\"\novpn-plugin certify ./own.so\n\
                ovpn-plugin check \\\n    /a/e.so \\\n    \"s t\"\n```\n";
    let document = Document { name: "a.md".into(), text: text.into() };
    let found: Vec<String> =
        of(&document).iter().map(|line| format!("{} {}", line.place, line.text())).collect();
    assert_eq!(
        found,
        [
            "a.md:3 plugin bare.so (in prose)",
            "a.md:4 plugin /a/b.so \"x y\"",
            "a.md:6 plugin /a/c.so openvpn",
            "a.md:18 plugin /a/d.so \"s\"",
            "a.md:20 plugin /a/e.so \"s t\"",
        ]
    );
}
