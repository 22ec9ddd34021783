//! One login into the example `simple`, beside the same plugin in C, with as many variables as a real server passes; and
//! what looking up variables costs and allocates.

use std::path::{Path, PathBuf};
use std::process::Command;

use divan::{AllocProfiler, Bencher, black_box};
use ovpn_plugin::AuthUserPassVerify;
use ovpn_plugin::testing::CallData;
use ovpn_plugin_host::{Call, FuncResult, Plugin, sys};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn target() -> PathBuf {
    let own = std::env::current_exe().expect("own path");
    own.ancestors().nth(3).expect("benchmarks are in <target>/<profile>/deps").to_owned()
}

fn run(command: &mut Command) {
    let status = command.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cannot run the compiler");
    assert!(status.success(), "{command:?}");
}

fn in_rust() -> PathBuf {
    run(Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--release", "-p", "example-simple", "--target-dir"])
        .arg(target()));
    target().join("release/libexample_simple.so")
}

fn in_c() -> PathBuf {
    let file = target().join("release/one_user.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/c/one_user.c");
    run(Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&file).arg(source));
    file
}

/// The variables of a login at a real server, 60 of them; username and password last, so that all others are walked
/// past.
const ENVIRONMENT: [(&str, &str); 60] = [
    ("config", "/etc/openvpn/server/server.conf"),
    ("verb", "3"),
    ("daemon", "0"),
    ("daemon_log_redirect", "0"),
    ("daemon_start_time", "1700000000"),
    ("daemon_pid", "1234"),
    ("proto_1", "udp4"),
    ("local_port_1", "1194"),
    ("remote_port_1", "1194"),
    ("dev", "tun0"),
    ("dev_type", "tun"),
    ("tun_mtu", "1500"),
    ("script_context", "init"),
    ("ifconfig_local", "10.8.0.1"),
    ("ifconfig_netmask", "255.255.255.0"),
    ("route_net_gateway", "192.0.2.1"),
    ("route_vpn_gateway", "10.8.0.2"),
    ("route_network_1", "10.99.0.0"),
    ("route_netmask_1", "255.255.0.0"),
    ("route_gateway_1", "10.8.0.2"),
    ("redirect_gateway", "0"),
    ("X509_1_C", "KG"),
    ("X509_1_O", "Example organisation"),
    ("X509_1_CN", "Example authority"),
    ("tls_id_1", "C=KG, O=Example organisation, CN=Example authority"),
    ("tls_digest_1", "f2:61:15:b9:7a:72:21:44:4a:a0:ce:30:d6:96:56:6f:4e:66:9d:5a"),
    ("tls_digest_sha256_1", DIGEST),
    ("tls_serial_1", "258305713287264873826487238"),
    ("tls_serial_hex_1", "d5:aa:11:3f:90:0c:17:52:80:13:06"),
    ("X509_0_C", "KG"),
    ("X509_0_O", "Example organisation"),
    ("X509_0_OU", "Engineering"),
    ("X509_0_CN", "joe"),
    ("X509_0_emailAddress", "joe@example.com"),
    ("tls_id_0", "C=KG, O=Example organisation, OU=Engineering, CN=joe, emailAddress=joe@example.com"),
    ("tls_digest_0", "0a:61:15:b9:7a:72:21:44:4a:a0:ce:30:d6:96:56:6f:4e:66:9d:5b"),
    ("tls_digest_sha256_0", DIGEST),
    ("tls_serial_0", "258305713287264873826487239"),
    ("tls_serial_hex_0", "d5:aa:11:3f:90:0c:17:52:80:13:07"),
    ("IV_VER", "2.6.14"),
    ("IV_PLAT", "linux"),
    ("IV_TCPNL", "1"),
    ("IV_MTU", "1600"),
    ("IV_NCP", "2"),
    ("IV_CIPHERS", "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305"),
    ("IV_PROTO", "990"),
    ("IV_LZO_STUB", "1"),
    ("IV_COMP_STUB", "1"),
    ("IV_COMP_STUBv2", "1"),
    ("IV_SSO", "openurl,webauth,crtext"),
    ("common_name", "joe"),
    ("untrusted_ip", "192.0.2.7"),
    ("untrusted_port", "40000"),
    ("session_id", "AAAAAAAAAAAAAAAA"),
    ("session_state", "Initial"),
    ("auth_control_file", "/tmp/openvpn_acf_0123456789abcdef.tmp"),
    ("auth_pending_file", "/tmp/openvpn_apf_0123456789abcdef.tmp"),
    ("auth_failed_reason_file", "/tmp/openvpn_afr_0123456789abcdef.tmp"),
    ("username", "joe"),
    ("password", "secret"),
];
const DIGEST: &str =
    "5b:5a:58:5d:b9:3a:02:40:2e:8d:11:fa:7b:93:c2:b4:4f:05:91:39:48:cc:ea:61:2c:81:7d:d4:7e:3f:22:0f";

fn bench(bencher: Bencher<'_, '_>, file: PathBuf) {
    let plugin = Plugin::new(file).args(["joe", "secret"]).open().expect("the plugin opens");
    let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY);
    let call = ENVIRONMENT.iter().fold(call, |call, (name, value)| call.env(name, value));
    let result = plugin.pass_often(&call, |pass| {
        assert_eq!(pass(), FuncResult::Success);
        bencher.bench_local(|| black_box(pass()));
    });
    result.expect("the call is made");
}

#[divan::bench]
fn login_in_rust(bencher: Bencher<'_, '_>) {
    bench(bencher, in_rust());
}

#[divan::bench]
fn login_in_c(bencher: Bencher<'_, '_>) {
    bench(bencher, in_c());
}

#[divan::bench]
fn looking_up(bencher: Bencher<'_, '_>) {
    let call = ENVIRONMENT.iter().fold(CallData::new(), |call, (name, value)| call.env(name, value));
    let event: AuthUserPassVerify<'_> = call.event();
    bencher.bench_local(|| (black_box(event.username()), black_box(event.password())));
}
