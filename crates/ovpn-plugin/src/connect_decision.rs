//! A connecting client to be decided later, from any thread, by its files.

use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::closing::was_forgotten;
use crate::connect_progress::ConnectProgress;
use crate::deferred_verdict::{DeferredVerdict, VerdictFiles};
use crate::open_decisions::OpenDecision;
use crate::verdict_file::{append, has_name, open_empty, open_for, put, put_verdict};
use crate::{ClientConfig, ClientConnect, DeferError, Deferral, lines, logging};

/// A client that is still to be let in; made with [`ClientConnect::defer`] (OpenVPN 2.5 and later).
///
/// It takes effect once the event was replied to with
/// [`ClientConnectReply::Deferred`](crate::ClientConnectReply::Deferred): only then OpenVPN's files are touched, and
/// an answer given before is kept. After any other reply it is void, the client is refused, and the log says why.
///
/// Its files are open from the start. Dropping it, also by a panic, refuses the client; if OpenVPN still wants to
/// know, the log says that it was dropped undecided. It may go to another thread, and is answered once:
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
    verdict: Option<DeferredVerdict<Connect>>,
}

/// The files of a connecting client.
struct Connect {
    _open: OpenDecision,
    verdict: File,
    config: File,
    waits: bool,
    progress: Option<Arc<ConnectProgress>>,
}

/// What goes into them.
enum Verdict {
    Accept(ClientConfig),
    Reject,
    /// A refusal, since the decision was dropped.
    Forgotten,
}

impl ClientConnect<'_> {
    /// Takes the decision about this client away from the call. What comes with it goes into the reply,
    /// [`ClientConnectReply::Deferred`](crate::ClientConnectReply::Deferred). Needs no
    /// [`ClientConnectDefer`](crate::ClientConnectDefer).
    ///
    /// # Errors
    /// If OpenVPN named no files (before 2.5), if they cannot be opened or the one for the verdict holds something
    /// already, or if this was done before in the same call.
    pub fn defer(&self) -> Result<(ConnectDecision, Deferral), DeferError> {
        let (verdict, deferral) = self.taken.take(self.context.is_call, || {
            let undecided = OpenDecision::begin()?;
            let config = open_for(self.config_file(), "the first argument")?;
            let verdict = open_empty(self.deferred_file(), "client_connect_deferred_file")?;
            let progress = self.context.client.map(|client| Arc::clone(client.progress()));
            Ok(Connect { _open: undecided, verdict, config, waits: false, progress })
        })?;
        Ok((ConnectDecision { verdict: Some(verdict) }, deferral))
    }
}

impl ConnectDecision {
    /// Lets the client in with this configuration.
    ///
    /// # Errors
    /// If it cannot be written; the client is refused then.
    pub fn accept(mut self, config: &ClientConfig) -> io::Result<()> {
        self.settle(Verdict::Accept(config.clone()))
    }

    /// Refuses the client.
    ///
    /// # Errors
    /// If the verdict cannot be written. OpenVPN then lets the client wait: it has no time limit for this. The client gives
    /// up after its `hand-window`, and `keepalive` ends it at the server.
    pub fn reject(mut self) -> io::Result<()> {
        self.settle(Verdict::Reject)
    }

    /// Whether OpenVPN still wants to know; see [`Decision::is_wanted`](crate::Decision::is_wanted).
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.verdict.as_ref().is_some_and(DeferredVerdict::is_wanted)
    }

    /// Refuses where that is no mistake of the plugin's.
    #[cfg(feature = "tokio")]
    pub(crate) fn give_up(mut self) {
        self.end(Verdict::Reject);
    }

    fn end(&mut self, verdict: Verdict) {
        if let Some(deferred) = self.verdict.take() {
            deferred.give_or(verdict, |error| logging::say(lines::refusal_unwritable(error)));
        }
    }

    fn settle(&mut self, verdict: Verdict) -> io::Result<()> {
        self.verdict.take().map_or(Ok(()), |deferred| deferred.give(verdict))
    }
}

impl Drop for ConnectDecision {
    fn drop(&mut self) {
        self.end(if was_forgotten() { Verdict::Forgotten } else { Verdict::Reject });
    }
}

impl Connect {
    fn put_verdict(&self, verdict: u8) -> io::Result<()> {
        if let Some(progress) = self.progress.as_ref().filter(|_| verdict == b'0') {
            progress.decided_against();
        }
        let expected: &[u8] = if self.waits { b"2" } else { b"" };
        if !put_verdict(&self.verdict, expected, verdict)? {
            logging::say(lines::deferred_file_used());
        }
        Ok(())
    }
}

impl VerdictFiles for Connect {
    type Verdict = Verdict;

    /// OpenVPN lets a client in if it finds the file empty.
    fn wait(&mut self) -> io::Result<()> {
        if !put_verdict(&self.verdict, b"", b'2')? {
            return Err(io::Error::other("another plugin or an earlier answer has used its deferred file"));
        }
        self.waits = true;
        Ok(())
    }

    fn settle(&mut self, verdict: Verdict) -> io::Result<()> {
        let config = match verdict {
            Verdict::Accept(config) => config,
            Verdict::Forgotten if self.is_wanted() => {
                logging::say(lines::client_forgotten());
                return self.put_verdict(b'0');
            }
            Verdict::Forgotten | Verdict::Reject => return self.put_verdict(b'0'),
        };
        // Before the verdict: OpenVPN reads it as soon as it sees that.
        if let Err(error) = append(&self.config, config.as_str()) {
            self.progress.iter().for_each(|progress| progress.decided_against());
            put(&self.verdict, b"0")?;
            return Err(error);
        }
        self.put_verdict(b'1')
    }

    fn is_wanted(&self) -> bool {
        has_name(&self.verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ConnectFiles;

    fn deferred(files: &ConnectFiles) -> ConnectDecision {
        files.call().event::<ClientConnect<'_>>().defer().unwrap().0
    }

    #[test]
    fn waits_first_and_then_says_it() {
        let files = ConnectFiles::new().unwrap();
        std::fs::write(files.config_file(), "# another plugin's").unwrap();
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
        let (decision, _deferral) = event.defer().unwrap();
        assert!(matches!(event.defer(), Err(DeferError::Taken)));
        assert_eq!(files.verdict(), "2");
        decision.accept(&ClientConfig::new()).unwrap();
        assert_eq!(files.verdict(), "1");
    }

    #[test]
    fn dropping_refuses() {
        let files = ConnectFiles::new().unwrap();
        let decision = deferred(&files);
        assert!(decision.is_wanted());
        drop(decision);
        assert_eq!(files.verdict(), "0");
    }

    #[test]
    fn a_file_that_was_used_is_refused() {
        let files = ConnectFiles::new().unwrap();
        let path = files.config_file().with_file_name("deferred");
        std::fs::write(&path, "1").unwrap();
        let error = files.call().event::<ClientConnect<'_>>().defer().unwrap_err();
        assert!(matches!(error, DeferError::InUse { .. }), "{error:?}");
        assert_eq!(files.verdict(), "1");
        let files = ConnectFiles::new().unwrap();
        let decision = deferred(&files);
        std::fs::write(files.config_file().with_file_name("deferred"), "1").unwrap();
        decision.accept(&ClientConfig::new()).unwrap();
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
