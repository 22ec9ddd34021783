//! Each kind of call of each process fails once; `make faults` tries many more.

use std::process::Command;

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "the registers of other processors are not known")]
fn each_call_fails_once() {
    let plugin = harness::plugin::auth_pam();
    let directory = plugin.parent().expect("a directory");
    let output =
        Command::new(env!("CARGO_BIN_EXE_faults")).arg("quick").env("PLUGIN_DIR", directory).output();
    let output = output.expect("the program of this package");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{text}");
}
