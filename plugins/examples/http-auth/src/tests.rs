//! The plugin with a service of the test's own, which speaks HTTP or HTTPS.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use ovpn_plugin::EventSet;
use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A service that knows one user; it ends when it is dropped.
struct Backend {
    runtime: Option<tokio::runtime::Runtime>,
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

/// A certificate for 127.0.0.1 that is its own authority.
struct Certificate {
    directory: tempfile::TempDir,
}

impl Certificate {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        openssl.args(["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]);
        openssl.args([
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ]);
        assert!(openssl.current_dir(directory.path()).output().unwrap().status.success());
        Self { directory }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }

    fn acceptor(&self) -> TlsAcceptor {
        let chain = vec![CertificateDer::from_pem_file(self.file()).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.directory.path().join("key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

impl Backend {
    fn start(certificate: Option<&Certificate>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (connected, requested) = (Arc::clone(&connections), Arc::clone(&requests));
        let tls = certificate.map(Certificate::acceptor);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connected.fetch_add(1, Ordering::SeqCst);
                let (tls, requested) = (tls.clone(), Arc::clone(&requested));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, requested).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, requested).await;
                            }
                        }
                    }
                });
            }
        });
        Self { runtime: Some(runtime), address, connections, requests }
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/login", self.address)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, requested: Arc<AtomicUsize>) {
    let answer = service_fn(move |request: Request<Incoming>| {
        requested.fetch_add(1, Ordering::SeqCst);
        async move {
            let body = request.into_body().collect().await?.to_bytes();
            let status = match &*body {
                b"username=joe&password=s%26cret&common_name=joe-1&address=192.0.2.7" => {
                    StatusCode::NO_CONTENT
                }
                b"username=broken&password=&common_name=joe-1&address=192.0.2.7" => StatusCode::BAD_GATEWAY,
                b"username=slow&password=&common_name=joe-1&address=192.0.2.7" => {
                    std::future::pending().await
                }
                _ => StatusCode::UNAUTHORIZED,
            };
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = status;
            Ok::<_, hyper::Error>(response)
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

fn plugin(words: &[&str]) -> Running<HttpAuth> {
    let call = words.iter().fold(CallData::new(), |call, word| call.arg(word));
    Running::open(&call).unwrap()
}

/// The verdict, and what the client reads.
fn login(plugin: &mut Running<HttpAuth>, user: &str, password: &str) -> (Option<bool>, String) {
    let files = LoginFiles::new().unwrap();
    let call = files
        .call()
        .env("username", user)
        .env("password", password)
        .env("common_name", "joe-1")
        .env("untrusted_ip", "192.0.2.7")
        .env("IV_PROTO", "990");
    assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, Outcome::Deferred);
    (files.wait_for_verdict(PATIENCE), files.reason())
}

const ACCEPTED: (Option<bool>, &str) = (Some(true), "");
const REJECTED: (Option<bool>, &str) = (Some(false), "wrong name or password");
const COMES_AGAIN: (Option<bool>, &str) =
    (Some(false), "TEMP[backoff 15,advance no]: the login service does not answer");

#[track_caller]
fn assert_login(plugin: &mut Running<HttpAuth>, user: &str, password: &str, wanted: (Option<bool>, &str)) {
    let (verdict, reason) = login(plugin, user, password);
    assert_eq!((verdict, &*reason), wanted, "{:?}", plugin.log_lines());
}

#[test]
fn the_service_decides_and_its_connection_is_used_again() {
    let backend = Backend::start(None);
    let mut plugin = plugin(&[&backend.url("http")]);
    for _ in 0..3 {
        assert_login(&mut plugin, "joe", "s&cret", ACCEPTED);
        assert_login(&mut plugin, "joe", "wrong", REJECTED);
    }
    assert!(plugin.logged("user 'joe' is rejected"));
    let (connections, requests) = (&backend.connections, &backend.requests);
    assert_eq!((connections.load(Ordering::SeqCst), requests.load(Ordering::SeqCst)), (1, 6));
}

#[test]
fn a_service_that_is_away_or_late_or_broken_is_not_the_clients_fault() {
    let backend = Backend::start(None);
    let url = backend.url("http");
    let mut plugin = plugin(&[&url, "timeout=1"]);
    assert_login(&mut plugin, "broken", "", COMES_AGAIN);
    assert!(plugin.logged("user 'broken': the service answered 502 Bad Gateway"));
    assert_login(&mut plugin, "slow", "", COMES_AGAIN);
    assert!(plugin.logged("has not answered within 1 s"));
    drop(backend);
    assert_login(&mut plugin, "joe", "s&cret", COMES_AGAIN);
    assert!(plugin.logged("the service cannot be asked"), "{:?}", plugin.log_lines());
}

#[test]
fn https_is_for_the_right_certificate_only() {
    let (certificate, other) = (Certificate::new(), Certificate::new());
    let backend = Backend::start(Some(&certificate));
    let url = backend.url("https");
    let ca = format!("ca={}", certificate.file().display());
    assert_login(&mut plugin(&[&url, &ca]), "joe", "s&cret", ACCEPTED);
    for options in [vec![], vec![format!("ca={}", other.file().display())]] {
        let words: Vec<&str> = std::iter::once(&*url).chain(options.iter().map(|word| &**word)).collect();
        let mut plugin = plugin(&words);
        assert_login(&mut plugin, "joe", "s&cret", COMES_AGAIN);
        assert!(plugin.logged("certificate"), "{:?}", plugin.log_lines());
    }
    assert_eq!(backend.requests.load(Ordering::SeqCst), 1);
}

/// OpenVPN's end does not wait for the service.
#[test]
fn closing_rejects_who_waits() {
    let backend = Backend::start(None);
    let mut plugin = plugin(&[&backend.url("http"), "timeout=3600"]);
    let files = LoginFiles::new().unwrap();
    let call =
        files.call().env("username", "slow").env("common_name", "joe-1").env("untrusted_ip", "192.0.2.7");
    assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, Outcome::Deferred);
    while backend.requests.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    let log = plugin.close();
    assert_eq!(files.verdict(), Some(false));
    assert!(!log.iter().any(|line| line.text.contains("left alone")), "{log:?}");
}

#[test]
fn mistakes_on_the_plugin_line_are_named() {
    for (words, text) in [
        (&[][..], "wanted: plugin FILE URL"),
        (&["ftp://x/"], "wanted is a URL"),
        (&["https://x/", "retries=3"], "the option 'retries=3' is unknown"),
        (&["https://x/", "timeout=soon"], "invalid digit"),
        (&["https://x/", "ca=/nonexistent"], "/nonexistent: "),
    ] {
        let call = words.iter().fold(CallData::new(), |call, word| call.arg(word));
        let error = Running::<HttpAuth>::open(&call).unwrap_err().to_string();
        assert!(error.contains(text), "{words:?}: {error}");
    }
    assert!(plugin(&["http://192.0.2.1/"]).logged("passwords cross the network as they are"));
    assert!(plugin(&["http://127.0.0.1/"]).log_lines().is_empty());
}
