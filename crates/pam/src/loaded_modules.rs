//! Keeps PAM modules mapped. libpam loads every module of a service when a transaction starts and unloads them when
//! it ends, which costs several times what the modules themselves do.

use crate::{Conversation, ConversationError, StartError, Transaction};
use secret::Secret;
use std::ffi::CStr;

/// A transaction that is started and never used: while it lives, the modules of its service stay loaded, and other
/// transactions of the same service in this process start several times faster.
///
/// Service files are still read anew for each transaction. A module that is replaced on disk is not seen while it is
/// mapped, so a process should not keep these for ever.
pub struct LoadedModules {
    _transaction: Transaction<Silent>,
}

impl LoadedModules {
    /// Loads the modules of `service` and keeps them.
    ///
    /// # Errors
    /// As for [`Transaction::start`].
    pub fn load(service: &CStr, confdir: Option<&CStr>) -> Result<Self, StartError> {
        Ok(LoadedModules { _transaction: Transaction::start(service, None, confdir, Silent)? })
    }
}

/// Answers nothing.
struct Silent;

impl Conversation for Silent {
    fn prompt_hidden(&mut self, _: &[u8]) -> Result<Secret, ConversationError> {
        Err(ConversationError)
    }

    fn prompt_echoed(&mut self, _: &[u8]) -> Result<Secret, ConversationError> {
        Err(ConversationError)
    }

    fn text_info(&mut self, _: &[u8]) -> Result<(), ConversationError> {
        Err(ConversationError)
    }

    fn error_message(&mut self, _: &[u8]) -> Result<(), ConversationError> {
        Err(ConversationError)
    }
}
