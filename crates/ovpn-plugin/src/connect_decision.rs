//! A connecting client to be decided later, from any thread, by its files.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use crate::verdict_file::{open_for, put};
use crate::{ClientConfig, ClientConnect, DeferError, logging};

/// A client that is still to be let in; made with [`ClientConnect::defer`] (OpenVPN 2.5 and later).
///
/// Its files are open from the start, and OpenVPN is already told to wait. Dropping it, also by a panic, refuses the
/// client. It may go to another thread, and is answered once:
///
/// ```compile_fail,E0382
/// fn twice(decision: ovpn_plugin::ConnectDecision) {
///     let _ = decision.accept(&ovpn_plugin::ClientConfig::new());
///     let _ = decision.reject();
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping it refuses the client"]
pub struct ConnectDecision {
    verdict: Option<File>,
    config: File,
}

impl ClientConnect<'_> {
    /// Takes the decision about this client away from the call, to be answered with
    /// [`ClientConnectReply::Deferred`](crate::ClientConnectReply::Deferred). Needs no
    /// [`ClientConnectDefer`](crate::ClientConnectDefer).
    ///
    /// # Errors
    /// If OpenVPN named no files (before 2.5) or they cannot be opened, or if this was done before in the same call.
    pub fn defer(&self) -> Result<ConnectDecision, DeferError> {
        let config = open_for(self.config_file(), "the first argument")?;
        let verdict = open_for(self.deferred_file(), "client_connect_deferred_file")?;
        self.take()?;
        // OpenVPN lets a client in if it finds this file empty.
        put(&verdict, b"2").map_err(|source| DeferError::File {
            path: self.deferred_file().map(Into::into).unwrap_or_default(),
            source,
        })?;
        Ok(ConnectDecision { verdict: Some(verdict), config })
    }
}

impl ConnectDecision {
    /// Lets the client in with this configuration.
    ///
    /// # Errors
    /// If it cannot be written; the client is refused then.
    pub fn accept(mut self, config: &ClientConfig) -> io::Result<()> {
        // Before the verdict: OpenVPN reads it as soon as it sees that. On failure the drop refuses.
        // Behind what others may have written.
        self.config.seek(SeekFrom::End(0))?;
        self.config.write_all(config.as_str().as_bytes())?;
        self.answer(b"1")
    }

    /// Refuses the client.
    ///
    /// # Errors
    /// If the verdict cannot be written; OpenVPN then refuses the client when its own time is over.
    pub fn reject(mut self) -> io::Result<()> {
        self.answer(b"0")
    }

    fn answer(&mut self, verdict: &[u8]) -> io::Result<()> {
        self.verdict.take().map_or(Ok(()), |file| put(&file, verdict))
    }
}

impl Drop for ConnectDecision {
    fn drop(&mut self) {
        if self.verdict.is_none() {
            return;
        }
        if let Err(error) = self.answer(b"0") {
            logging::error(format_args!("the refusal of a client cannot be written: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ConnectFiles;

    fn deferred(files: &ConnectFiles) -> ConnectDecision {
        files.call().event::<ClientConnect<'_>>().defer().unwrap()
    }

    #[test]
    fn waits_first_and_then_says_it() {
        let files = ConnectFiles::new().unwrap();
        std::fs::write(files.config_file(), "# another plugin's\n").unwrap();
        let decision = deferred(&files);
        assert_eq!(files.verdict(), "2");
        let mut config = ClientConfig::new();
        config.option("iroute 10.1.0.0").unwrap();
        decision.accept(&config).unwrap();
        assert_eq!(
            (files.verdict().as_str(), files.config().as_str()),
            ("1", "# another plugin's\niroute 10.1.0.0\n")
        );
        let files = ConnectFiles::new().unwrap();
        deferred(&files).reject().unwrap();
        assert_eq!(files.verdict(), "0");
    }

    #[test]
    fn a_call_gives_one_decision() {
        let files = ConnectFiles::new().unwrap();
        let call = files.call();
        let event: ClientConnect<'_> = call.event();
        let decision = event.defer().unwrap();
        assert!(matches!(event.defer(), Err(DeferError::Taken)));
        assert_eq!(files.verdict(), "2");
        decision.accept(&ClientConfig::new()).unwrap();
        assert_eq!(files.verdict(), "1");
    }

    #[test]
    fn dropping_refuses() {
        let files = ConnectFiles::new().unwrap();
        drop(deferred(&files));
        assert_eq!(files.verdict(), "0");
    }

    #[test]
    fn an_old_openvpn_is_named_as_the_reason() {
        let file = ConnectFiles::new().unwrap();
        let call = crate::testing::CallData::new().arg(file.config_file().to_str().unwrap());
        let error = call.event::<ClientConnect<'_>>().defer().unwrap_err();
        assert!(error.to_string().contains("client_connect_deferred_file"), "{error}");
    }
}
