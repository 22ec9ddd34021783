//! Holds the Rust mirror against OpenVPN's real header: the C compiler judges every size, offset, constant and
//! prototype. `CC` names the compiler, which has to be one for the processor that the test runs on.

use std::fmt::Write as _;
use std::mem::offset_of;
use std::path::Path;
use std::process::Command;

use ovpn_plugin_sys as sys;

const HEADER: &str = "/usr/include/openvpn/openvpn-plugin.h";
const OPENSSL_HEADER: &str = "openssl/x509.h";

/// Collects assertions as C.
struct Assertions(String);

impl Assertions {
    fn holds(&mut self, condition: &str) {
        writeln!(self.0, "_Static_assert({condition}, \"Rust says: {}\");", condition.replace('"', "'"))
            .unwrap();
    }
}

macro_rules! constants {
    ($all:ident, $prefix:literal: $($name:ident)*) => {
        $($all.holds(&format!("{}{} == {}", $prefix, stringify!($name), sys::$name));)*
    };
}

macro_rules! structs {
    ($all:ident: $($name:ident { $($field:ident $(= $c_field:literal)?),* })*) => {$(
        let c = concat!("struct openvpn_", stringify!($name));
        $all.holds(&format!("sizeof({c}) == {}", size_of::<sys::$name>()));
        $all.holds(&format!("_Alignof({c}) == {}", align_of::<sys::$name>()));
        $(
            #[allow(unused_mut, unused_assignments)]
            let mut field = stringify!($field);
            $(field = $c_field;)?
            $all.holds(&format!("offsetof({c}, {field}) == {}", offset_of!(sys::$name, $field)));
            $all.holds(&format!(
                "sizeof((({c} *)0)->{field}) == {}",
                size_of_field(|s: &sys::$name| &s.$field)
            ));
        )*
    )*};
}

fn size_of_field<S, F>(_field: impl Fn(&S) -> &F) -> usize {
    size_of::<F>()
}

/// The prototypes as the Rust types have them, in C words. Enums of the header are plain integers in Rust.
const PROTOTYPES: [(&str, &str); 14] = [
    ("plugin_log_t", "void (*)(openvpn_plugin_log_flags_t, const char *, const char *, ...)"),
    ("plugin_vlog_t", "void (*)(openvpn_plugin_log_flags_t, const char *, const char *, va_list)"),
    ("plugin_secure_memzero_t", "void (*)(void *, size_t)"),
    ("plugin_base64_encode_t", "int (*)(const void *, int, char **)"),
    ("plugin_base64_decode_t", "int (*)(const char *, void *, int)"),
    (
        "__typeof__(&openvpn_plugin_open_v3)",
        "int (*)(int, const struct openvpn_plugin_args_open_in *, struct openvpn_plugin_args_open_return *)",
    ),
    (
        "__typeof__(&openvpn_plugin_func_v3)",
        "int (*)(int, const struct openvpn_plugin_args_func_in *, struct openvpn_plugin_args_func_return *)",
    ),
    (
        "__typeof__(&openvpn_plugin_open_v2)",
        "void *(*)(unsigned int *, const char **, const char **, struct openvpn_plugin_string_list **)",
    ),
    ("__typeof__(&openvpn_plugin_open_v1)", "void *(*)(unsigned int *, const char **, const char **)"),
    (
        "__typeof__(&openvpn_plugin_func_v2)",
        "int (*)(void *, int, const char **, const char **, void *, struct openvpn_plugin_string_list **)",
    ),
    ("__typeof__(&openvpn_plugin_func_v1)", "int (*)(void *, int, const char **, const char **)"),
    ("__typeof__(&openvpn_plugin_close_v1)", "void (*)(void *)"),
    ("__typeof__(&openvpn_plugin_client_constructor_v1)", "void *(*)(void *)"),
    ("__typeof__(&openvpn_plugin_client_destructor_v1)", "void (*)(void *, void *)"),
];

fn assertions() -> String {
    let mut all = Assertions(String::from("#include <stddef.h>\n#include <openvpn/openvpn-plugin.h>\n"));
    for (number, name) in sys::EVENT_NAMES {
        all.holds(&format!("OPENVPN_PLUGIN_{name} == {number}"));
    }
    constants!(all, "OPENVPN_": PLUGIN_VERSION PLUGIN_N PLUGIN_FUNC_SUCCESS PLUGIN_FUNC_ERROR PLUGIN_FUNC_DEFERRED
        PLUGIN_INIT_PRE_CONFIG_PARSE PLUGIN_INIT_PRE_DAEMON PLUGIN_INIT_POST_DAEMON
        PLUGIN_INIT_POST_UID_CHANGE);
    constants!(all, "": PLOG_ERR PLOG_WARN PLOG_NOTE PLOG_DEBUG PLOG_ERRNO PLOG_NOMUTE
        SSLAPI_NONE SSLAPI_OPENSSL SSLAPI_MBEDTLS);
    all.holds(&format!("OPENVPN_PLUGINv3_STRUCTVER == {}", sys::PLUGINV3_STRUCTVER));
    for event in 0..sys::PLUGIN_N {
        all.holds(&format!("OPENVPN_PLUGIN_MASK({event}) == {}", sys::plugin_mask(event)));
    }
    structs! { all:
        plugin_string_list { next, name, value }
        plugin_callbacks {
            plugin_log, plugin_vlog, plugin_secure_memzero, plugin_base64_encode, plugin_base64_decode
        }
        plugin_args_open_in {
            type_mask, argv, envp, callbacks, ssl_api, ovpn_version, ovpn_version_major, ovpn_version_minor,
            ovpn_version_patch
        }
        plugin_args_open_return { type_mask, handle, return_list }
        plugin_args_func_in {
            event = "type", argv, envp, handle, per_client_context, current_cert_depth, current_cert
        }
        plugin_args_func_return { return_list }
    }
    all.holds("sizeof(openvpn_plugin_log_flags_t) == sizeof(int)");
    for (theirs, ours) in PROTOTYPES {
        all.holds(&format!("__builtin_types_compatible_p({theirs}, {ours})"));
    }
    all.0
}

/// Compiles `source` with warnings as errors; the compiler's words if it refuses.
fn compile(source: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("layout.c");
    std::fs::write(&file, source).unwrap();
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let output = Command::new(compiler)
        .args(["-std=gnu11", "-Wall", "-Werror", "-fsyntax-only"])
        .arg(&file)
        .output()
        .expect("cannot run the C compiler: install the Debian package gcc, or set CC");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn require_headers() {
    assert!(Path::new(HEADER).exists(), "{HEADER} is missing: install the Debian package openvpn");
    let openssl = compile(&format!("#include <{OPENSSL_HEADER}>\n"));
    assert!(openssl.is_ok(), "{OPENSSL_HEADER} is missing: install the Debian package libssl-dev");
}

#[test]
fn the_c_compiler_agrees() {
    require_headers();
    if let Err(words) = compile(&assertions()) {
        panic!("OpenVPN's header and the Rust mirror differ:\n{words}");
    }
}

#[test]
fn a_difference_would_be_found() {
    require_headers();
    let wrong = assertions().replacen("OPENVPN_PLUGIN_DOWN == 1", "OPENVPN_PLUGIN_DOWN == 2", 1);
    let words = compile(&wrong).expect_err("a wrong constant passed");
    assert!(words.contains("OPENVPN_PLUGIN_DOWN"), "{words}");
}
