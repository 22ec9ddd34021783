//! Whether OpenVPN takes an option, as far as a set-up with plugins has to do with it.

use plugin_options::nearest;

/// How many values options take: at least, and at most.
const VALUES: [(&str, usize, usize); 12] = [
    ("cd", 1, 1),
    ("chroot", 1, 1),
    ("config", 1, 1),
    ("duplicate-cn", 0, 0),
    ("group", 1, 1),
    ("hand-window", 1, 1),
    ("plugin", 1, usize::MAX),
    ("reneg-sec", 1, 2),
    ("setenv", 1, usize::MAX),
    ("tmp-dir", 1, 1),
    ("user", 1, 1),
    ("username-as-common-name", 0, 0),
];
/// A mistake in this name is worth a word: without the line nobody's password is checked.
const PLUGIN: &str = "plugin";

/// Why OpenVPN does not take these words: the option's name and its values, which are not repeated.
pub(crate) fn fault(words: &[&[u8]]) -> Option<String> {
    let (name, values) = words.split_first()?;
    let Some((name, least, most)) = VALUES.iter().find(|(known, ..)| known.as_bytes() == *name) else {
        return unknown(name);
    };
    let is = match (values.len(), least) {
        (given, least) if given < *least => "has no value".to_owned(),
        (given, _) if given <= *most => return None,
        (_, 0) => "takes no value".to_owned(),
        _ => format!("takes {most} at most; there are {}", values.len()),
    };
    Some(format!("the option {name} {is}"))
}

fn unknown(name: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(name).ok()?;
    let names = VALUES.iter().map(|(known, ..)| *known);
    let meant = names
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(text))
        .or_else(|| nearest(name, [PLUGIN].into_iter()))?;
    Some(format!("there is no option {text}; write {meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openvpn_does_not_take() {
        for (line, words) in [
            ("plugin", "plugin has no value"),
            ("user nobody nogroup", "user takes 1 at most; there are 2"),
            ("duplicate-cn yes", "duplicate-cn takes no value"),
            ("reneg-sec", "reneg-sec has no value"),
            ("pluging x.so", "no option pluging; write plugin"),
            ("Plugin x.so", "no option Plugin; write plugin"),
            ("USER nobody", "no option USER; write user"),
        ] {
            let words_of_line: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let fault = fault(&words_of_line).expect(line);
            assert!(fault.contains(words), "{line}: {fault}");
        }
        for line in ["plugin x.so a b c", "ping 10", "reneg-sec 60 50", "push x", "up x", "client", "p"] {
            assert_eq!(fault(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>()), None, "{line}");
        }
    }
}
