//! A small safe PAM client over libpam.
//!
//! The application side of PAM and nothing more: a [`Transaction`] asks libpam to authenticate a user and to check
//! the account, and answers the modules' prompts through a [`Conversation`]; an [`LoadedModules`] keeps the modules mapped
//! between transactions; [`service_file`] says where the configuration of a service comes from, and [`Stack`] what it
//! says.
//!
//! PAM modules are not thread-safe: run one transaction at a time in a process.
//!
//! ```no_run
//! use pam::{Conversation, ConversationError, Transaction};
//! use secret::Secret;
//!
//! struct Fixed;
//!
//! impl Conversation for Fixed {
//!     fn prompt_hidden(&mut self, _prompt: &[u8]) -> Result<Secret, ConversationError> {
//!         Ok(Secret::copy_of(b"a password"))
//!     }
//!     fn prompt_echoed(&mut self, _prompt: &[u8]) -> Result<Secret, ConversationError> {
//!         Ok(Secret::copy_of(b"a user"))
//!     }
//! }
//!
//! let mut transaction = Transaction::start(c"login", Some(c"a user"), None, Fixed)?;
//! transaction.set_rhost(c"192.0.2.1")?;
//! transaction.authenticate()?;
//! transaction.acct_mgmt()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `unsafe` lives in three private modules: `calls` (the libpam functions), `callback` (libpam calling us) and
//! `c_heap` (memory that changes hands).

mod c_heap;
mod callback;
mod calls;
mod conversation;
mod conversation_lock;
mod error;
mod loaded_modules;
mod modules;
mod outcome;
mod return_code;
mod service_file;
mod stack;
mod transaction;

pub use calls::confdir_supported;
pub use conversation::{Conversation, ConversationError};
pub use error::{PamError, StartError};
pub use loaded_modules::LoadedModules;
pub use modules::{Fault, Modules};
pub use outcome::ModuleAnswer;
pub use return_code::ReturnCode;
pub use service_file::{ServiceFile, ServiceNameError, service_file};
pub use stack::{BadLine, Content, LineMistake, MissingFile, ModuleLine, Phase, Stack, StackError};
pub use transaction::Transaction;
