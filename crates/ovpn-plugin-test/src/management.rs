//! The client's management interface, as far as somebody needs it who types a password and, when asked, a
//! one-time code.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::JoinHandle;

/// A thread that answers the client's question for a login; ends with the client.
#[derive(Debug)]
pub struct Management {
    stream: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Management {
    /// Connects to the client's management socket and answers what is asked there.
    pub fn answering(socket: &Path, user: &str, password: &str, response: &str) -> Self {
        let stream =
            UnixStream::connect(socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()));
        let both = stream.try_clone().unwrap_or_else(|error| panic!("dup: {error}"));
        let challenged = format!("SCRV1:{}:{}", base64(password.as_bytes()), base64(response.as_bytes()));
        let [user, password, response] = [user, password, response].map(str::to_string);
        let answer =
            move |password: &str| format!("username \"Auth\" \"{user}\"\npassword \"Auth\" \"{password}\"\n");
        let thread = std::thread::spawn(move || {
            let mut writer = &both;
            let mut state = None;
            for line in BufReader::new(&both).lines() {
                let Ok(line) = line else { return };
                // A dynamic challenge comes with the failure of the login before: CRV1:<flags>:<state id>:...
                if let Some((_, challenge)) = line.split_once("['CRV1:") {
                    state = challenge.split(':').nth(1).map(str::to_string);
                }
                if !line.starts_with(">PASSWORD:Need 'Auth'") {
                    continue;
                }
                // The client says so when its configuration has a static challenge.
                let text = match state.take() {
                    Some(id) => answer(&format!("CRV1::{id}::{response}")),
                    None if line.contains(" SC:") => answer(&challenged),
                    None => answer(&password),
                };
                if writer.write_all(text.as_bytes()).is_err() {
                    return;
                }
            }
        });
        Self { stream, thread: Some(thread) }
    }
}

impl Drop for Management {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Base64 with padding, as in RFC 4648.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            (0..3).fold(0u32, |word, index| word << 8 | u32::from(chunk.get(index).copied().unwrap_or(0)));
        for index in 0..4 {
            let symbol = ALPHABET[(word >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= chunk.len() { char::from(symbol) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_as_the_rfc_has_it() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
