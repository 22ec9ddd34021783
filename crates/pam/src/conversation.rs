//! What the application answers when a PAM module asks: a plain trait, free of C types.

use secret::Secret;
use std::error::Error;
use std::fmt;

/// Answers the questions of PAM modules.
///
/// Prompts and messages come from the modules of the configured stack, byte for byte; a missing text arrives as an
/// empty slice. A conversation that panics makes the PAM call fail; see
/// [`Transaction::take_panic`](crate::Transaction::take_panic).
pub trait Conversation {
    /// A question whose answer is not echoed while it is typed: a password, a one-time code.
    ///
    /// # Errors
    /// [`ConversationError`] when there is no answer. The module sees `PAM_CONV_ERR`.
    fn prompt_hidden(&mut self, prompt: &[u8]) -> Result<Secret, ConversationError>;

    /// A question whose answer may be seen: a user name.
    ///
    /// # Errors
    /// As for [`prompt_hidden`](Self::prompt_hidden).
    fn prompt_echoed(&mut self, prompt: &[u8]) -> Result<Secret, ConversationError>;

    /// Something the module wants the user to know. Ignored unless implemented.
    ///
    /// # Errors
    /// [`ConversationError`] to make the module's call fail.
    fn text_info(&mut self, _text: &[u8]) -> Result<(), ConversationError> {
        Ok(())
    }

    /// Something that went wrong, as the module puts it. Ignored unless implemented.
    ///
    /// # Errors
    /// [`ConversationError`] to make the module's call fail.
    fn error_message(&mut self, _text: &[u8]) -> Result<(), ConversationError> {
        Ok(())
    }
}

/// The conversation has no answer to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationError;

impl fmt::Display for ConversationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a PAM module asked something there is no answer to")
    }
}

impl Error for ConversationError {}
