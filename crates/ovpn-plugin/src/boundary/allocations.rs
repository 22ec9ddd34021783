//! What a call costs in memory, from the exported functions down: nothing, where the plugin itself takes none.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::hint::black_box;

use allocation_counter::measure;
use ovpn_plugin_sys as sys;

use super::client::client_constructor;
use super::func::func;
use super::{OwnedStringArray, client_destructor, close, open};
use crate::testing::CallData;
use crate::{
    AuthReply, AuthUserPassVerify, ClientState, EventSet, OpenArgs, Plugin, Result, TlsVerify, Up,
    same_secret,
};

/// Answers one event.
struct Sample;

#[ovpn_plugin_macros::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self)
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let Some(mut logins) = event.client::<Self>() else { return Ok(AuthReply::Reject) };
        *logins += 1;
        let good = event.username() == Some(b"joe")
            && event.password().is_some_and(|password| same_secret(password, b"secret"));
        Ok(if good { AuthReply::Accept } else { AuthReply::Reject })
    }
}

impl ClientState for Sample {
    type State = u32;

    fn new_client(&mut self) -> u32 {
        0
    }
}

/// As many variables as a real server passes, what is looked for last.
fn environment() -> OwnedStringArray {
    let mut entries: Vec<String> = (0..58).map(|n| format!("X509_{n}_organizationalUnit=a value")).collect();
    entries.extend(["username=joe".to_owned(), "password=secret".to_owned()]);
    OwnedStringArray::cut(&entries)
}

/// Calls the function OpenVPN would; the code, and how many allocations it took.
fn pass(handle: *mut c_void, client: *mut c_void, event: c_int) -> (c_int, u64) {
    let (words, env) = (OwnedStringArray::cut(&["plugin.so", "0", "CN=joe"]), environment());
    let arguments = sys::plugin_args_func_in {
        event,
        argv: words.as_ptr(),
        envp: env.as_ptr(),
        handle,
        per_client_context: client,
        current_cert_depth: -1,
        current_cert: std::ptr::null_mut(),
    };
    let mut list = std::ptr::null_mut();
    let mut answer = sys::plugin_args_func_return { return_list: &raw mut list };
    let mut code = -1;
    let counted = measure(|| {
        // SAFETY: structs and arrays of this function, the handle and the client of the caller's.
        code = unsafe { func::<Sample>(5, (&raw const arguments).cast(), (&raw mut answer).cast()) };
    });
    assert!(list.is_null());
    (code, counted.count_total)
}

fn with_plugin(body: impl FnOnce(*mut c_void, *mut c_void)) {
    let (words, env) = (OwnedStringArray::cut(&["plugin.so"]), environment());
    let arguments = sys::plugin_args_open_in {
        type_mask: -1,
        argv: words.as_ptr(),
        envp: env.as_ptr(),
        callbacks: std::ptr::null_mut(),
        ssl_api: sys::SSLAPI_OPENSSL,
        ovpn_version: c"2.6.14".as_ptr(),
        ovpn_version_major: 2,
        ovpn_version_minor: 6,
        ovpn_version_patch: c".14".as_ptr(),
    };
    let mut answer = sys::plugin_args_open_return {
        type_mask: 0,
        handle: std::ptr::null_mut(),
        return_list: std::ptr::null_mut(),
    };
    // SAFETY: structs and arrays of this function; without callbacks there is no log function to keep.
    let code = unsafe { open::<Sample>(5, (&raw const arguments).cast(), (&raw mut answer).cast()) };
    assert_eq!((code, answer.type_mask), (sys::PLUGIN_FUNC_SUCCESS, EventSet::AUTH_USER_PASS_VERIFY.mask()));
    // SAFETY: just opened.
    let client = unsafe { client_constructor::<Sample>(answer.handle) };
    body(answer.handle, client);
    // SAFETY: made above, used no more.
    unsafe { client_destructor(client) };
    // SAFETY: opened above, used no more.
    unsafe { close::<Sample>(answer.handle) };
}

#[test]
fn an_event_the_plugin_ignores_allocates_nothing() {
    with_plugin(|handle, client| {
        for event in 0..=sys::PLUGIN_N {
            let (_, allocations) = pass(handle, client, event);
            assert_eq!(allocations, 0, "event {event}");
        }
    });
}

#[test]
fn a_login_allocates_nothing() {
    with_plugin(|handle, client| {
        let login = pass(handle, client, sys::PLUGIN_AUTH_USER_PASS_VERIFY);
        assert_eq!(login, (sys::PLUGIN_FUNC_SUCCESS, 0));
        let without_client = pass(handle, std::ptr::null_mut(), sys::PLUGIN_AUTH_USER_PASS_VERIFY);
        assert_eq!(without_client, (sys::PLUGIN_FUNC_ERROR, 0));
    });
}

#[test]
fn lookups_allocate_nothing() {
    let call = CallData::new()
        .arg("0")
        .arg("CN=joe")
        .env("username", "joe")
        .env("password", "CRV1::id::answer")
        .env("untrusted_ip6", "fe80::1%eth0")
        .env("untrusted_port", "1194")
        .env("tls_serial_0", "42")
        .env("X509_0_CN", "joe")
        .env("IV_SSO", "openurl,crtext")
        .env("IV_CIPHERS", "AES-256-GCM:AES-128-GCM");
    let counted = measure(|| {
        let env = call.environment();
        black_box((env.get("password"), env.get_str("nothing"), env.get_number::<u16>("untrusted_port")));
        black_box(env.iter().count());
        let login: AuthUserPassVerify<'_> = call.event();
        black_box((login.username(), login.challenge_response(), login.untrusted_address()));
        black_box((login.auth_control_file(), login.session_state(), login.peer_info().supports("crtext")));
        black_box(login.peer_info().ciphers().count());
        let certificate: TlsVerify<'_> = call.event();
        black_box((certificate.depth(), certificate.subject(), certificate.common_name()));
        let info = certificate.certificate_info(0);
        black_box((info.serial(), info.part("CN"), info.digest_sha256()));
        let up: Up<'_> = call.event();
        black_box((up.device(), up.interface().address()));
    });
    assert_eq!(counted.count_total, 0);
}

/// The counter counts.
#[test]
fn an_allocation_is_seen() {
    assert_eq!(measure(|| drop(black_box(vec![0u8; 10]))).count_total, 1);
}
