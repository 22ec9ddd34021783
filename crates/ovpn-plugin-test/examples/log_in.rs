//! A plugin in a real server, and one login: `log_in PLUGIN USER PASSWORD [WORD]...`. Says what became of it.

use std::path::PathBuf;

use ovpn_plugin_test::{PATIENCE, ServerConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [plugin, user, password, words @ ..] = &words[..] else {
        return Err("wanted: log_in PLUGIN USER PASSWORD [WORD]...".into());
    };
    ovpn_plugin_test::requirements()?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let server = ServerConfig::new().plugin(&PathBuf::from(plugin).canonicalize()?, &words).try_start();
    let server = server.map_err(|failed| failed.log.text())?;
    let person = server.person(user, password).with_tunnel().start();
    println!("{:?}", person.outcome(PATIENCE));
    Ok(())
}
