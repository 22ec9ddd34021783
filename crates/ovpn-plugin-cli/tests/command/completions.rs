//! The completions of zsh and fish, by these shells themselves. That of bash is tested where it is generated.

use std::path::PathBuf;
use std::process::Command;

use harness::on_terminal::OnTerminal;

/// What is typed, and what a shell makes of it.
const TYPED: [(&str, &str); 5] = [
    ("ev", "events"),
    ("login --pass", "login --password-file"),
    ("check --str", "check --strict"),
    ("doctor --js", "doctor --json"),
    ("doctor --un", "doctor --unit"),
];

fn completions() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packaging/completions")
}

#[test]
fn fish() {
    for (typed, completed) in TYPED {
        let script = completions().join("ovpn-plugin.fish");
        let complete = format!("source {}; complete --do-complete 'ovpn-plugin {typed}'", script.display());
        let output = Command::new("fish").args(["--no-config", "-c", &complete]).output();
        let output = output.expect("fish is in the Debian package of this name");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let candidates: Vec<&str> = said.lines().filter_map(|line| line.split('\t').next()).collect();
        let last = completed.split(' ').next_back().unwrap();
        assert_eq!(candidates, [last], "{typed}: {said} {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// On a terminal, with the key that completes; the command is a function that says its words.
#[test]
fn zsh() {
    let mut terminal = OnTerminal::start("exec zsh -f -i");
    let set_up = format!(
        "PS1='ready: '; unsetopt zle_bracketed_paste; fpath=({} $fpath); autoload -Uz compinit; compinit -u -D; \
         ovpn-plugin() {{ print -r -- \"got <$*>\" }}\n",
        completions().display()
    );
    terminal.type_in(&set_up);
    for (typed, completed) in TYPED {
        terminal.type_in(&format!("ovpn-plugin {typed}\t\n"));
        terminal.wait_for(&format!("got <{completed}>"));
    }
    terminal.type_in("exit\n");
    let (_, shown) = terminal.finish();
    assert!(!shown.contains("command not found"), "{shown}");
}
