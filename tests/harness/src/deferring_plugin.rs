//! A plugin in C that judges logins beside the one under test (c/deferring_plugin.c).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use ovpn_plugin_test::shared_value::shared_value;

use crate::command;
use crate::scratch::Scratch;

/// The compiled plugin; shared by all who hold one at the same time.
#[derive(Debug)]
pub struct DeferringPlugin {
    scratch: Scratch,
}

impl DeferringPlugin {
    /// The plugin of this process, compiled now if nobody holds it.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<DeferringPlugin>> = Mutex::new(Weak::new());
        shared_value(&SHARED, Self::compile)
    }

    fn compile() -> Self {
        let scratch = Scratch::new();
        let source = scratch.write("plugin.c", include_str!("../c/deferring_plugin.c"), 0o600);
        let output = scratch.join("plugin.so");
        let (source, output) = (source.to_string_lossy(), output.to_string_lossy());
        command::run(
            "cc",
            &["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", &output, &source],
        );
        Self { scratch }
    }

    /// The shared object.
    pub fn path(&self) -> PathBuf {
        self.scratch.join("plugin.so")
    }
}
