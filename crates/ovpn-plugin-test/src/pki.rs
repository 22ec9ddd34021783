//! Certificates for one test process: an authority, a server and two clients, EC keys, valid for two days.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use crate::command;
use crate::scratch::Scratch;
use crate::shared::shared;

/// The certificates; shared by all who hold one at the same time, removed with the last of them.
#[derive(Debug)]
pub struct Pki {
    scratch: Scratch,
}

impl Pki {
    /// The certificates of this process, made now if nobody holds them.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Pki>> = Mutex::new(Weak::new());
        shared(&SHARED, Self::make)
    }

    fn make() -> Self {
        let pki = Self { scratch: Scratch::new() };
        pki.certificate("ca", &["-subj", "/CN=test authority", "-addext", "keyUsage=keyCertSign"]);
        for (name, usage) in [("server", "serverAuth"), ("client", "clientAuth"), ("other", "clientAuth")] {
            pki.signed(name, usage);
        }
        pki
    }

    fn signed(&self, name: &str, usage: &str) {
        let (ca, key) = (self.text("ca.crt"), self.text("ca.key"));
        self.certificate(
            name,
            &[
                "-subj",
                &format!("/CN={name}"),
                "-CA",
                &ca,
                "-CAkey",
                &key,
                "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-addext",
                "keyUsage=digitalSignature",
                "-addext",
                &format!("extendedKeyUsage={usage}"),
            ],
        );
    }

    fn certificate(&self, name: &str, extra: &[&str]) {
        let (key, certificate) = (self.text(&format!("{name}.key")), self.text(&format!("{name}.crt")));
        let mut arguments =
            vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        arguments.extend_from_slice(&["-days", "2", "-keyout", &key, "-out", &certificate]);
        arguments.extend_from_slice(extra);
        command::run("openssl", &arguments);
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    /// Makes a certificate with this common name for a client, unless there is one.
    pub fn client_certificate(&self, common_name: &str) {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !self.path(&format!("{common_name}.crt")).exists() {
            self.signed(common_name, "clientAuth");
        }
    }

    /// The path of `ca.crt`, `server.crt`, `server.key`, `client.crt` or `client.key`; `other` for the
    /// second client.
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// Where the files are.
    pub fn directory(&self) -> &Path {
        self.scratch.path()
    }
}
