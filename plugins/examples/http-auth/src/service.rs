//! The service that is asked: its address, whom it must prove to be, and a pool of connections to it.

use std::error::Error;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::http::uri::Scheme;
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ovpn_plugin::{AuthUserPassVerify, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Connections that are kept open for the next login.
const MAX_IDLE: usize = 8;
/// For how long; less than most services do, so that none is closed while a request is under way.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// The text of an answer is read, so that the connection can be used again, and counts for nothing.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

pub(crate) struct Service {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    timeout: Duration,
}

/// What the service said.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    Accept,
    Reject,
}

/// Why there is no verdict.
#[derive(Debug)]
pub(crate) enum NoVerdict {
    Late(Duration),
    Unreachable(hyper_util::client::legacy::Error),
    Status(StatusCode),
}

/// A login as a form.
pub(crate) struct Login(String);

impl Service {
    /// As the words of the `plugin` line say.
    pub(crate) fn from_words(words: &[&str]) -> Result<Self> {
        let [url, options @ ..] = words else {
            return Err("wanted: plugin FILE URL [ca=FILE] [timeout=SECONDS]".into());
        };
        let (mut ca, mut timeout) = (None, Duration::from_secs(5));
        for option in options {
            match option.split_once('=') {
                Some(("ca", file)) => ca = Some(file),
                Some(("timeout", seconds)) => timeout = Duration::from_secs(seconds.parse::<u64>()?.max(1)),
                _ => return Err(format!("the option '{option}' is unknown").into()),
            }
        }
        Self::new(url, &authorities(ca)?, timeout)
    }

    fn new(url: &str, authorities: &RootCertStore, timeout: Duration) -> Result<Self> {
        let url: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
        if ![Some("http"), Some("https")].contains(&url.scheme_str()) || url.authority().is_none() {
            return Err(format!("{url}: wanted is a URL that begins with https:// or http://").into());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities.clone())
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(MAX_IDLE)
            .build(connector);
        Ok(Self { client, url, timeout })
    }

    /// Whether somebody on the way to the service can read along.
    pub(crate) fn sends_passwords_in_clear(&self) -> bool {
        let host = self.url.host().unwrap_or_default();
        self.url.scheme() == Some(&Scheme::HTTP) && !["127.0.0.1", "[::1]", "localhost"].contains(&host)
    }

    pub(crate) async fn ask(&self, login: &Login) -> Result<Verdict, NoVerdict> {
        let answer = tokio::time::timeout(self.timeout, self.status(login));
        let status = answer.await.map_err(|_| NoVerdict::Late(self.timeout))??;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(Verdict::Reject),
            status if status.is_success() => Ok(Verdict::Accept),
            status => Err(NoVerdict::Status(status)),
        }
    }

    async fn status(&self, login: &Login) -> Result<StatusCode, NoVerdict> {
        let mut request = Request::new(Full::new(Bytes::from(login.0.clone())));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = self.url.clone();
        let form = hyper::header::HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        let answer = self.client.request(request).await.map_err(NoVerdict::Unreachable)?;
        let status = answer.status();
        // A connection with an answer that is too long, or that breaks off, is not used again.
        let _ = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        Ok(status)
    }
}

/// Those in this file, or those of the system.
fn authorities(file: Option<&str>) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    if let Some(file) = file {
        let named = |error| format!("{file}: {error}");
        for certificate in CertificateDer::pem_file_iter(file).map_err(named)? {
            store.add(certificate.map_err(named)?)?;
        }
    } else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    Ok(store)
}

impl Login {
    pub(crate) fn of(event: &AuthUserPassVerify<'_>) -> Self {
        let address = event.untrusted_ip().unwrap_or_default();
        Self::new(&[
            ("username", event.username().unwrap_or_default()),
            ("password", event.password().unwrap_or_default()),
            ("common_name", event.common_name().unwrap_or_default()),
            ("address", address.as_bytes()),
        ])
    }

    fn new(fields: &[(&str, &[u8])]) -> Self {
        let mut form = String::new();
        for (name, value) in fields {
            if !form.is_empty() {
                form.push('&');
            }
            form.push_str(name);
            form.push('=');
            for byte in *value {
                if byte.is_ascii_alphanumeric() || b"-._".contains(byte) {
                    form.push(char::from(*byte));
                } else {
                    // Writing to a string cannot fail.
                    let _ = write!(form, "%{byte:02X}");
                }
            }
        }
        Self(form)
    }
}

impl Drop for Login {
    /// What went to the service is a copy, which hyper frees as it is.
    fn drop(&mut self) {
        ovpn_plugin::wipe(&mut std::mem::take(&mut self.0).into_bytes());
    }
}

impl fmt::Display for NoVerdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(limit) => write!(out, "the service has not answered within {} s", limit.as_secs()),
            Self::Status(status) => write!(out, "the service answered {status}"),
            Self::Unreachable(error) => {
                write!(out, "the service cannot be asked: {error}")?;
                let mut next = error.source();
                while let Some(cause) = next {
                    write!(out, ": {cause}")?;
                    next = cause.source();
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod form {
    use super::Login;

    #[test]
    fn what_has_a_meaning_in_forms_is_escaped() {
        let login = Login::new(&[("username", b"joe & ann"), ("password", "a=b+\u{fc}%".as_bytes())]);
        assert_eq!(login.0, "username=joe%20%26%20ann&password=a%3Db%2B%C3%BC%25");
    }
}
