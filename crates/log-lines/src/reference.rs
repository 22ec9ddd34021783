//! The reference document of all lines.

use crate::{Declared, LineKind, Section};

/// Where lines of Markdown end, without what they are indented by.
const WIDTH: usize = 98;

/// The document, from the sections in their order, each with the part that it belongs to.
#[must_use]
pub fn reference(title: &str, introduction: &str, sections: &[(&str, &Section)]) -> String {
    let mut text = format!("# {title}\n\n{}", wrapped(introduction));
    let mut last = "";
    for (part, section) in sections {
        if *part != last {
            text += &format!("\n## {part}\n");
            last = part;
        }
        text += &format!("\n### {}\n", section.title);
        section.lines.iter().for_each(|line| text += &entry(line));
    }
    text
}

fn entry(line: &Declared) -> String {
    let kind = match line.kind {
        LineKind::Line(level) => level.to_string().to_lowercase(),
        LineKind::Reason => "reason".to_owned(),
        LineKind::Record => "system log".to_owned(),
    };
    let mut said = format!("*{kind}*");
    if !line.why.is_empty() {
        said += &format!(": {}", line.why);
    }
    if !line.todo.is_empty() {
        said += &format!(" *What to do:* {}", line.todo);
    }
    format!(
        "\n* `{}`\n\n{}",
        line.text,
        wrapped(&said).lines().map(|line| format!("  {line}\n")).collect::<String>()
    )
}

/// Words on lines that are not too long.
fn wrapped(text: &str) -> String {
    let mut wrapped = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            wrapped = wrapped + &line + "\n";
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    wrapped + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::lines! {
        static LINES: "Workers";
        warn ended(pid: i32) "worker {pid} has ended",
            why "A module has ended it, which is a fault of that module and of nothing else that is in this document.",
            todo "Find it.";
        reason silent() "nothing";
    }

    #[test]
    fn a_line_has_a_section_of_its_own() {
        let text = reference("Lines", "All of them.", &[("A plugin", &LINES)]);
        let expected = "# Lines\n\nAll of them.\n\n## A plugin\n\n### Workers\n\n* `worker {pid} has ended`\n\n  \
            *warn*: A module has ended it, which is a fault of that module and of nothing else that is in this\n  \
            document. *What to do:* Find it.\n\
            \n* `nothing`\n\n  *reason*\n";
        assert_eq!(text, expected);
        assert_eq!(
            (ended(7).to_string(), silent().to_string()),
            ("worker 7 has ended".into(), "nothing".into())
        );
    }
}
