//! What can go wrong, as an administrator can act on it.

use crate::ReturnCode;
use crate::service_file::ServiceNameError;
use std::error::Error;
use std::fmt;

/// A PAM call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PamError {
    /// What libpam returned; never [`ReturnCode::SUCCESS`].
    pub code: ReturnCode,
    /// `pam_strerror` of the code, in the process's locale. Escape it before it goes to a log.
    pub text: String,
}

impl fmt::Display for PamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for PamError {}

/// A transaction could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// libpam refused; with a configuration directory usually because it holds neither the service nor `other`.
    Pam(PamError),
    /// The service name is not usable.
    ServiceName(ServiceNameError),
    /// A configuration directory was asked for, and this libpam cannot use one.
    ConfdirUnsupported,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Pam(error) => error.fmt(f),
            StartError::ServiceName(error) => error.fmt(f),
            StartError::ConfdirUnsupported => f.write_str(
                "this libpam has no pam_start_confdir (Linux-PAM 1.4.0 or later needed), \
                 so no directory other than /etc/pam.d can be used",
            ),
        }
    }
}

impl Error for StartError {}

impl From<PamError> for StartError {
    fn from(error: PamError) -> Self {
        StartError::Pam(error)
    }
}

impl From<ServiceNameError> for StartError {
    fn from(error: ServiceNameError) -> Self {
        StartError::ServiceName(error)
    }
}

impl StartError {
    /// The error as a PAM code, for callers that treat it like one: [`ReturnCode::SERVICE_ERR`] for a bad service
    /// name, [`ReturnCode::SYMBOL_ERR`] for the missing function.
    pub fn code(&self) -> ReturnCode {
        match self {
            StartError::Pam(error) => error.code,
            StartError::ServiceName(_) => ReturnCode::SERVICE_ERR,
            StartError::ConfdirUnsupported => ReturnCode::SYMBOL_ERR,
        }
    }
}

impl From<StartError> for PamError {
    fn from(error: StartError) -> Self {
        let code = error.code();
        match error {
            StartError::Pam(error) => error,
            other => PamError { code, text: other.to_string() },
        }
    }
}
