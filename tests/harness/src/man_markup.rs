//! Texts of declarations as scdoc, which makes the manual pages, has them.

/// How wide a text stands behind its tab.
const WIDTH: usize = 65;

/// In the language of scdoc: what is between backticks bold, what is between asterisks underlined. What scdoc would read
/// itself is escaped.
///
/// # Panics
/// If a backtick or an asterisk has no second one.
pub fn marked_up(text: &str) -> String {
    let mut marked = String::new();
    let mut rest = text;
    while let Some((plain, marker)) = rest.find(['`', '*']).map(|at| rest.split_at(at)) {
        let (of_text, of_page) = if marker.starts_with('*') { ('*', '_') } else { ('`', '*') };
        let (part, after) =
            marker[1..].split_once(of_text).unwrap_or_else(|| panic!("no second {of_text} in: {text}"));
        marked += &format!("{}{of_page}{}{of_page}", escaped(plain), escaped(part));
        rest = after;
    }
    marked + &escaped(rest)
}

/// What scdoc would take for marks of its own.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '_' | '*' | '~' | '<' | '`') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Paragraphs behind a tab each, in lines of this page's width.
pub fn indented(text: &str) -> String {
    // At the beginning of a line it would make a table.
    wrapped(text, "\t", WIDTH).replace("\t[", "\t\\[")
}

/// Paragraphs in lines of at most `width` characters behind the indent.
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let mut lines: Vec<String> = Vec::new();
        for word in paragraph.split_whitespace() {
            match lines.last_mut() {
                Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                    last.push(' ');
                    last.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines.iter().map(|line| format!("{indent}{line}\n")).collect::<String>()
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_those_of_scdoc() {
        assert_eq!(marked_up("`a_b` *TEXT* [default: 4] x_y"), r"*a\_b* _TEXT_ [default: 4] x\_y");
        assert_eq!(marked_up("`challenge=`*TEXT*, `[[BLANK]]`"), "*challenge=*_TEXT_, *[[BLANK]]*");
        assert!(std::panic::catch_unwind(|| marked_up("an `open one")).is_err());
    }

    #[test]
    fn paragraphs_stand_apart() {
        assert_eq!(indented("a b\n\nc"), "\ta b\n\n\tc\n");
        let default = "[default: x]";
        assert_eq!(indented(&format!("{}\n\n{default}", "a".repeat(9))), "\taaaaaaaaa\n\n\t\\[default: x]\n");
        let long = indented(&"word ".repeat(30));
        assert!(
            long.lines().count() > 1
                && long.lines().all(|line| line.starts_with('\t') && line.len() <= 1 + WIDTH)
        );
    }
}
