//! Which clients may come, and which addresses they may use, from a file that may change while the server runs.
//!
//! `plugin libexample_policy.so FILE`: each line of `FILE` is a common name and the addresses it may have inside the
//! tunnel, as OpenVPN prints them; without addresses it may have any. A `#` starts a comment. The file must be readable
//! after OpenVPN gave up its privileges, and with `chroot` inside that; if it cannot be read, the last one counts.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use ovpn_plugin::{
    AddressChange, LearnAddress, LearnAddressReply, OpenArgs, Plugin, Result, TlsVerify, TlsVerifyReply,
    escape,
};

/// Common names with their addresses.
type Clients = HashMap<Vec<u8>, Vec<String>>;

struct Policy {
    file: PathBuf,
    version: Option<Version>,
    clients: Clients,
}

#[ovpn_plugin::plugin]
impl Plugin for Policy {
    const NAME: &'static str = "POLICY";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [file] = args.text_args()?[..] else { return Err("wanted: plugin FILE POLICY".into()) };
        let mut policy = Self { file: file.into(), version: None, clients: Clients::new() };
        policy.read().map_err(|error| format!("{file}: {error}"))?;
        Ok(policy)
    }

    fn tls_verify(&mut self, event: &TlsVerify<'_>) -> Result<TlsVerifyReply> {
        Ok(match event.depth() {
            // The client's own certificate; those of authorities are for OpenVPN to judge.
            Some(0) => {
                self.reread();
                let name = event.common_name().unwrap_or_default();
                if self.clients.contains_key(name) {
                    return Ok(TlsVerifyReply::Accept);
                }
                log::warn!("'{}' is not in the policy", escape(name));
                TlsVerifyReply::Reject
            }
            Some(_) => TlsVerifyReply::Accept,
            None => TlsVerifyReply::Reject,
        })
    }

    fn learn_address(&mut self, event: &LearnAddress<'_>) -> Result<LearnAddressReply> {
        let name = match event.change() {
            Some(AddressChange::Add { common_name } | AddressChange::Update { common_name }) => common_name,
            Some(AddressChange::Delete) => return Ok(LearnAddressReply::Accept),
            _ => return Ok(LearnAddressReply::Reject),
        };
        self.reread();
        let address = event.address().unwrap_or_default();
        let allowed = self.clients.get(name);
        if allowed.is_some_and(|list| list.is_empty() || list.iter().any(|known| known == address)) {
            return Ok(LearnAddressReply::Accept);
        }
        log::warn!("'{}' may not use {}", escape(name), escape(address.as_bytes()));
        Ok(LearnAddressReply::Reject)
    }
}

impl Policy {
    fn reread(&mut self) {
        if let Err(error) = self.read() {
            log::error!("{}: {error}; the last policy stays in force", self.file.display());
        }
    }

    /// Reads the file if it is not the one that was read last.
    fn read(&mut self) -> io::Result<()> {
        let version = Some(Version::of(&fs::metadata(&self.file)?));
        if version == self.version {
            return Ok(());
        }
        self.clients = parse(&fs::read_to_string(&self.file)?);
        self.version = version;
        log::info!("policy with {} clients", self.clients.len());
        Ok(())
    }
}

/// What changes with a file's contents, or when another file takes its name.
#[derive(PartialEq)]
struct Version {
    file: (u64, u64),
    changed: (i64, i64),
    bytes: u64,
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            bytes: metadata.len(),
        }
    }
}

fn parse(text: &str) -> Clients {
    let words = text.lines().map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
    words
        .filter_map(|mut words| Some((words.next()?.as_bytes().to_vec(), words.map(str::to_owned).collect())))
        .collect()
}

ovpn_plugin::export!(Policy);

#[cfg(test)]
mod tests {
    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{CallData, Outcome, Running};

    use super::*;

    fn verify(plugin: &mut Running<Policy>, name: &str) -> Outcome {
        let call = CallData::new().arg("0").arg("CN=x").env("common_name", name);
        plugin.call(EventSet::TLS_VERIFY, &call).outcome
    }

    #[test]
    fn follows_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        fs::write(&path, "# who\njoe 10.8.0.6 10.8.0.7\nann\n").unwrap();
        let mut plugin = Running::<Policy>::open(&CallData::new().arg(&path)).unwrap();
        assert_eq!(verify(&mut plugin, "joe"), Outcome::Success);
        assert_eq!(verify(&mut plugin, "bob"), Outcome::Error);
        let mut learn = |what: &str, address: &str, name: &str| {
            let call = CallData::new().arg(what).arg(address).arg(name);
            plugin.call(EventSet::LEARN_ADDRESS, &call).outcome
        };
        assert_eq!(learn("add", "10.8.0.7", "joe"), Outcome::Success);
        assert_eq!(learn("update", "10.8.0.8", "joe"), Outcome::Error);
        assert_eq!(learn("add", "10.8.0.8", "ann"), Outcome::Success);
        assert_eq!(learn("delete", "10.8.0.8", ""), Outcome::Success);
        fs::write(&path, "bob\n").unwrap();
        assert_eq!(verify(&mut plugin, "joe"), Outcome::Error);
        assert_eq!(verify(&mut plugin, "bob"), Outcome::Success);
        fs::remove_file(&path).unwrap();
        assert_eq!(verify(&mut plugin, "bob"), Outcome::Success, "the last policy counts");
        assert!(plugin.logged("the last policy stays in force"));
    }
}
