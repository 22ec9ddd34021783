//! Certificates for one test process: an authority, a server and two clients, EC keys, valid for two days.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use crate::command;
use crate::scratch::Scratch;
use crate::shared_value::shared_value;

/// How long a certificate is good.
const DAYS: &str = "2";

/// The certificates; shared by all who hold one at the same time, removed with the last of them.
#[derive(Debug)]
pub struct Pki {
    scratch: Scratch,
}

impl Pki {
    /// The certificates of this process, made now if nobody holds them.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Pki>> = Mutex::new(Weak::new());
        shared_value(&SHARED, Self::make)
    }

    fn make() -> Self {
        let pki = Self { scratch: Scratch::new() };
        let mut authority = vec!["req", "-x509", "-days", DAYS, "-subj", "/CN=test authority"];
        authority.extend(["-addext", "keyUsage=keyCertSign"]);
        pki.with_new_key("ca", &authority, "crt");
        for (name, usage) in [("server", "serverAuth"), ("client", "clientAuth"), ("other", "clientAuth")] {
            pki.signed(name, usage);
        }
        pki
    }

    /// A request first, and then the certificate: `openssl req` signs with another's key since OpenSSL 3 only.
    fn signed(&self, name: &str, usage: &str) {
        self.with_new_key(name, &["req", "-new", "-subj", &format!("/CN={name}")], "csr");
        let extensions = format!(
            "basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage={usage}\n\
             subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        );
        self.scratch.write(&format!("{name}.ext"), &extensions, 0o644);
        let file = |ending: &str| self.text(&format!("{name}.{ending}"));
        let mut arguments =
            ["x509", "-req", "-sha256", "-days", DAYS, "-CAcreateserial"].map(String::from).to_vec();
        let files = [
            ("-in", file("csr")),
            ("-extfile", file("ext")),
            ("-CAserial", file("srl")),
            ("-CA", self.text("ca.crt")),
            ("-CAkey", self.text("ca.key")),
            ("-out", file("crt")),
        ];
        arguments.extend(files.into_iter().flat_map(|(option, file)| [option.to_string(), file]));
        command::run("openssl", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Runs openssl with a key that it makes; what else it makes goes to a file with this ending.
    fn with_new_key(&self, name: &str, arguments: &[&str], ending: &str) {
        let (key, made) = (self.text(&format!("{name}.key")), self.text(&format!("{name}.{ending}")));
        let mut arguments = arguments.to_vec();
        arguments.extend(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        arguments.extend(["-keyout", &key, "-out", &made]);
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
