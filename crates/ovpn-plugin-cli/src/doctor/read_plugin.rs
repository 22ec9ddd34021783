//! Reads what a plugin line names: the file, and what the plugin needs.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use openvpn_config::Place;
use ovpn_plugin_host::{LogLine, Plugin};
use privsep::path_permissions::{Problem, RootsGroup, Sticky, Walk};
use secret::Secret;

use super::auth_pam_line::AuthPamLine;
use super::setup::{Kind, PamLine, PluginLine, Script, ScriptState, Setup, Start};
use super::{checks, child, read_pam_service};
use crate::known_options::{DeclaredOption, auth_pam, down_root};
use crate::locate;
use crate::plugin_line;

/// The longest plugin that is looked into, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Texts in the files, by which they are known under any name.
const KNOWN: [(Kind, &[u8]); 4] = [
    (Kind::AuthPam, auth_pam("pam-confdir").name().as_bytes()),
    (Kind::DownRoot, INSECURE.name().as_bytes()),
    (Kind::CAuthPam, b"AUTH-PAM"),
    (Kind::CDownRoot, b"DOWN-ROOT"),
];
/// With it scripts may be anybody's.
const INSECURE: DeclaredOption = down_root("insecure-permissions");
/// Quotes of word processors and web pages.
const TYPOGRAPHIC: [&[u8]; 5] =
    [b"\xe2\x80\x9c", b"\xe2\x80\x9d", b"\xe2\x80\x9e", b"\xe2\x80\x98", b"\xe2\x80\x99"];
/// Names a file with further options.
const OPTIONS: DeclaredOption = down_root(plugin_options::OPTIONS_FILE);
/// What an opened plugin says, line by line.
const REFUSED: &str = "refused";
const OPEN: &str = "open";

/// Reads one line. `directory`: where OpenVPN is when it reads the line.
pub(crate) fn read(
    setup: &Setup,
    place: Place,
    words: &[Secret],
    config: &Path,
    directory: &Path,
) -> PluginLine {
    let name =
        words.first().map(|word| String::from_utf8_lossy(word.expose()).into_owned()).unwrap_or_default();
    let given = words.iter().skip(1).map(|word| word.expose().to_vec()).collect();
    // A quote that is not closed is dropped with the line.
    let (words, dropped) =
        plugin_line::as_openvpn(given).map_or((Vec::new(), 0), |passed| (passed.words, passed.dropped));
    let file = resolve(setup, &name, directory);
    let kind = kind(&file);
    let also = other_file(&file, kind);
    let is_no_file = file.metadata().is_ok_and(|status| !status.is_file());
    let typographic = std::iter::once(name.as_bytes())
        .chain(words.iter().map(Vec::as_slice))
        .any(|word| TYPOGRAPHIC.iter().any(|quote| word.starts_with(quote) || word.ends_with(quote)));
    let walk = Walk::along(&file, Sticky::Allowed).ok().filter(|_| !is_no_file);
    let problems = walk.map(|walk| intolerable(walk.problems)).unwrap_or_default();
    // Loading runs code of the file: not if it may be anybody's.
    let load = if problems.is_empty() && !is_no_file { loads(&file, directory) } else { None };
    // The C plugins take an option for a service or a command, which is found by itself.
    let mistaken = typographic || kind.is_c() && words.first().is_some_and(|word| is_option(word));
    let pam = (kind.is_pam() && !mistaken).then(|| pam_line(&words, kind, directory));
    let scripts =
        if kind.is_down_root() && !mistaken { scripts(&words, kind, directory) } else { Vec::new() };
    let can_be_opened = load.is_none() && problems.is_empty() && !is_no_file && !typographic;
    let start = if can_be_opened && matches!(kind, Kind::AuthPam | Kind::DownRoot) {
        open(setup, &file, &words, config, directory)
    } else {
        None
    };
    PluginLine {
        place,
        name,
        words,
        dropped,
        file,
        also,
        kind,
        load,
        is_no_file,
        typographic,
        problems,
        pam,
        scripts,
        start,
    }
}

/// What is to be said if this file, which `name` means, is OpenVPN's own plugin.
pub(crate) fn note_on_c_plugin(name: &OsStr, file: &Path, words: &[Vec<u8>]) -> Option<String> {
    let kind = kind(file);
    let first = words.first().filter(|word| kind.is_c() && is_option(word));
    if let Some(option) = first {
        let takes = if kind.is_pam() { "the name of the PAM service" } else { "the command" };
        let option = String::from_utf8_lossy(option);
        return Some(format!("{} is OpenVPN's own plugin: it takes '{option}' for {takes}", file.display()));
    }
    let is_bare = !name.as_bytes().starts_with(b"/") && !name.as_bytes().starts_with(b".");
    (kind.is_c() && is_bare).then(|| format!("this name means OpenVPN's own plugin, {}", file.display()))
}

/// What a plugin and its words need in a home directory, which a unit may hide.
pub(crate) fn in_a_home(file: &Path, words: &[Vec<u8>]) -> Option<String> {
    let (kind, here) = (kind(file), std::env::current_dir().ok()?);
    let line = PluginLine {
        place: Place { file: file.into(), line: 0 },
        name: String::new(),
        words: Vec::new(),
        dropped: 0,
        file: here.join(file),
        also: None,
        kind,
        load: None,
        is_no_file: false,
        typographic: false,
        problems: Vec::new(),
        pam: kind.is_pam().then(|| pam_line(words, kind, &here)),
        scripts: if kind.is_down_root() { scripts(words, kind, &here) } else { Vec::new() },
        start: None,
    };
    checks::in_a_home(&line)
}

/// The file that OpenVPN takes for this name.
fn resolve(setup: &Setup, name: &str, directory: &Path) -> PathBuf {
    if name.starts_with(['/', '.']) {
        return directory.join(name);
    }
    match &setup.openvpn.plugin_directory {
        Some(plugins) => plugins.join(name),
        None => locate::locate(OsStr::new(name)).file,
    }
}

/// The file that was perhaps meant: this project's instead of OpenVPN's own, or any if there is none.
fn other_file(file: &Path, here: Kind) -> Option<PathBuf> {
    let wanted = |other: &PathBuf| match here {
        Kind::CAuthPam => kind(other) == Kind::AuthPam,
        Kind::CDownRoot => kind(other) == Kind::DownRoot,
        _ => !file.exists(),
    };
    locate::elsewhere(file).into_iter().find(wanted)
}

/// Members of root's group may be let in by root.
fn intolerable(problems: Vec<Problem>) -> Vec<Problem> {
    problems.into_iter().filter(|problem| !problem.is_tolerable(RootsGroup::IsTrusted)).collect()
}

/// Why OpenVPN cannot load the file; nothing if it can.
fn loads(file: &Path, directory: &Path) -> Option<String> {
    let said = child::ask(|| {
        let _ = std::env::set_current_dir(directory);
        Plugin::new(file).exports().err().map(|error| error.to_string().replace('\0', "")).unwrap_or_default()
    });
    Some(said.unwrap_or_else(|died| died)).filter(|error| !error.is_empty())
}

/// Which plugin the file is; by its name if there is none.
pub(crate) fn kind(file: &Path) -> Kind {
    let mut bytes = Vec::new();
    // Opening a pipe may wait for ever, and a device may be more than a file.
    let is_file = file.metadata().is_ok_and(|status| status.is_file());
    let read = File::open(if is_file { file } else { Path::new("") })
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    if read.is_err() {
        let name = file.file_name().unwrap_or_default().to_string_lossy().replace('_', "-");
        return match () {
            () if name.contains("auth-pam") => Kind::AuthPam,
            () if name.contains("down-root") => Kind::DownRoot,
            () => Kind::Other,
        };
    }
    let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    let is_c = |kind: Kind| !kind.is_c() || has(b"openvpn_plugin_open_v");
    KNOWN.iter().find(|(kind, text)| has(text) && is_c(*kind)).map_or(Kind::Other, |(kind, _)| *kind)
}

/// Whether a word is an option of this project's plugins: small letters, digits and dashes are left of its first `=`.
pub(crate) fn is_option(word: &[u8]) -> bool {
    let in_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let end = word.iter().position(|byte| !in_name(byte));
    end.is_some_and(|end| end > 0 && word.get(end) == Some(&b'='))
}

fn pam_line(line: &[Vec<u8>], kind: Kind, directory: &Path) -> PamLine {
    let words = AuthPamLine::new(line, kind == Kind::AuthPam, |file| options_file(file.as_bytes()));
    let service = read_pam_service::read(&words, directory);
    PamLine { words, service }
}

fn options_file(file: &[u8]) -> Option<Vec<u8>> {
    plugin_options::file::read(file).ok().map(|file| file.content)
}

/// The words of a down-root line, and those of its options file behind them: options first, then the command that counts.
fn with_options_file(words: &[Vec<u8>], kind: Kind) -> Vec<Vec<u8>> {
    let count = words.iter().take_while(|word| kind == Kind::DownRoot && is_option(word)).count();
    let (options, command) = words.split_at(count);
    let file = options.iter().find_map(|word| OPTIONS.value_in(word)).and_then(options_file);
    let lines: Vec<Vec<Vec<u8>>> = file
        .unwrap_or_default()
        .split(|byte| *byte == b'\n')
        .filter_map(|line| plugin_options::word_split::split(line).ok())
        .filter(|line| !line.is_empty())
        .collect();
    let (of_file, commands): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| matches!(&line[..], [word] if is_option(word)));
    // A command on the line goes before that of the file.
    let command = match command {
        [] => commands.into_iter().next().unwrap_or_default(),
        command => command.to_vec(),
    };
    options.iter().cloned().chain(of_file.into_iter().flatten()).chain(command).collect()
}

/// The scripts of a down-root line: those of `up=` and `on=`, and the first word that is no option.
fn scripts(words: &[Vec<u8>], kind: Kind, directory: &Path) -> Vec<Script> {
    let words = with_options_file(words, kind);
    let count = words.iter().take_while(|word| kind == Kind::DownRoot && is_option(word)).count();
    let (options, rest) = words.split_at(count);
    let of_option = |word: &&Vec<u8>| {
        let path = const { down_root("up") }.value_in(word);
        let of_event = || const { down_root("on") }.value_in(word)?.splitn(2, |byte| *byte == b':').nth(1);
        path.or_else(of_event).map(<[u8]>::to_vec)
    };
    let insecure = options.iter().any(|word| INSECURE.value_in(word) == Some(b"yes"));
    let paths = rest.first().cloned().into_iter().chain(options.iter().filter_map(|word| of_option(&word)));
    paths.map(|path| script(&directory.join(OsStr::from_bytes(&path)), insecure)).collect()
}

/// `insecure`: who can change it does not matter.
fn script(path: &Path, insecure: bool) -> Script {
    let (state, problems) = match Walk::along(path, Sticky::Refused) {
        Err(_) => (ScriptState::Missing, Vec::new()),
        Ok(walk) if !walk.status.is_file() => (ScriptState::NotAFile, Vec::new()),
        Ok(walk) if walk.status.permissions().mode() & 0o111 == 0 => (ScriptState::NotExecutable, Vec::new()),
        Ok(walk) => (ScriptState::Good, intolerable(walk.problems)),
    };
    Script { path: path.to_path_buf(), state, problems: if insecure { Vec::new() } else { problems } }
}

/// Opens and closes the plugin, and takes what it logs.
fn open(setup: &Setup, file: &Path, words: &[Vec<u8>], config: &Path, directory: &Path) -> Option<Start> {
    let (major, minor, patch) = setup.openvpn.version.unwrap_or((2, 6, 14));
    let mut plugin = Plugin::new(file)
        .args(words)
        .shared()
        .openvpn_version(major, minor, &format!(".{patch}"))
        .setenv("verb", "3")
        .setenv("daemon", "0")
        .setenv("daemon_log_redirect", "0")
        .setenv("config", config.as_os_str().as_bytes());
    if let Some(given) = setup.variable("deferred_auth_pam") {
        plugin =
            plugin.setenv("deferred_auth_pam", given.values.get(1).map(String::as_str).unwrap_or_default());
    }
    let said = child::ask(|| {
        let _ = std::env::set_current_dir(directory);
        match plugin.open() {
            Ok(plugin) => as_text(OPEN, &plugin.close().log_lines),
            Err(error) => as_text(REFUSED, error.log()),
        }
    });
    let said = match said {
        Ok(said) => said,
        Err(died) => return Some(Start { refused: false, died: Some(died), log: Vec::new() }),
    };
    let mut lines = said.lines();
    let refused = lines.next() == Some(REFUSED);
    let log = lines.filter_map(|line| {
        let [flags, name, text] = line.splitn(3, '\t').collect::<Vec<_>>().try_into().ok()?;
        Some(LogLine { flags: flags.parse().ok()?, name: name.to_owned(), text: text.to_owned() })
    });
    Some(Start { refused, died: None, log: log.collect() })
}

fn as_text(how: &str, log: &[LogLine]) -> String {
    let lines = log.iter().map(|line| {
        let (name, text) = (line.name.replace('\t', " "), line.text.replace(['\0', '\n'], " "));
        format!("\n{}\t{name}\t{text}", line.flags)
    });
    std::iter::once(how.to_owned()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_from_services_and_scripts() {
        for option in ["deferred=yes", "ipv4-prefix=24", "on=up:/x"] {
            assert!(is_option(option.as_bytes()), "{option}");
        }
        for word in ["openvpn", "/opt/a=b/down.sh", "=", "./x=y", "=x", ""] {
            assert!(!is_option(word.as_bytes()), "{word}");
        }
    }
}
