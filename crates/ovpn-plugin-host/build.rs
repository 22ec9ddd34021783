//! Compiles the log function, which has to be C because its arguments are variable.

fn main() {
    println!("cargo::rerun-if-changed=c/host_log.c");
    cc::Build::new().file("c/host_log.c").warnings(true).extra_warnings(true).compile("ovpn_host_log");
}
