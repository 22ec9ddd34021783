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

const VARIABLES: usize = 60;

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

/// Username and password come last, so that all others are walked past.
fn names() -> impl Iterator<Item = String> {
    (0..VARIABLES - 2).map(|number| format!("X509_{number}_organizationalUnit"))
}

fn bench(bencher: Bencher<'_, '_>, file: PathBuf) {
    let plugin = Plugin::new(file).args(["joe", "secret"]).open().expect("the plugin opens");
    let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY);
    let call = names().fold(call, |call, name| call.env(&name, "a value of usual length"));
    let call = call.env("username", "joe").env("password", "secret");
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
    let call = names().fold(CallData::new(), |call, name| call.env(&name, "a value of usual length"));
    let call = call.env("username", "joe").env("password", "secret");
    let event: AuthUserPassVerify<'_> = call.event();
    bencher.bench_local(|| (black_box(event.username()), black_box(event.password())));
}
