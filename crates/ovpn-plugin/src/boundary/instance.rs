//! What OpenVPN's handle points to: the plugin, and what is remembered about it.

use crate::guard::guard;
use crate::{Plugin, SslApi, logging};

/// An open plugin. Only this crate makes and reads it, behind the handle.
pub(crate) struct Instance<P> {
    pub(crate) plugin: P,
    pub(crate) ssl_api: Option<SslApi>,
    started: bool,
}

impl<P: Plugin> Instance<P> {
    pub(crate) fn new(plugin: P, ssl_api: Option<SslApi>) -> Self {
        Self { plugin, ssl_api, started: false }
    }

    /// Runs the plugin's `start` before its first event, and again as long as that failed.
    pub(crate) fn is_started(&mut self) -> bool {
        if !self.started {
            let result = guard("start", None, || Some(self.plugin.start()));
            if let Some(Err(error)) = &result {
                logging::error(format_args!("cannot start: {error}"));
            }
            self.started = matches!(result, Some(Ok(())));
        }
        self.started
    }
}
