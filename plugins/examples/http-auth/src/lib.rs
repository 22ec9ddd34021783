//! Asks an HTTP or HTTPS service about logins, while OpenVPN serves everybody else.
//!
//! `plugin libexample_http_auth.so URL [ca=FILE] [timeout=SECONDS]`: each login is a POST to `URL`, with the fields
//! `username`, `password`, `common_name` and `address` as a form. An answer of 200 to 299 lets the client in, 401 and
//! 403 refuse it. With any other answer, or none in time (5 seconds), the client is rejected for now.
//!
//! The certificate of an HTTPS service must be good for the authorities in `FILE` (PEM), or those of the system. Both
//! are read when OpenVPN starts, before it gives up root and goes into a `chroot`.

mod service;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use ovpn_plugin::{
    AsyncTasks, AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Rejection, Result, Retry, escape,
};

use service::{Login, Service, Verdict};

/// Logins that wait for the service at the same time. Each holds three of the files that OpenVPN may have open (1024 in
/// most systems): two for its verdict, and a connection.
const MAX_LOGINS: usize = 200;
/// When a client is to come again that the service did not judge.
const COME_AGAIN: Duration = Duration::from_secs(15);

struct HttpAuth {
    service: Arc<Service>,
    tasks: AsyncTasks,
}

#[ovpn_plugin::plugin]
impl Plugin for HttpAuth {
    const NAME: &'static str = "HTTP-AUTH";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let service = Service::from_words(&args.text_args()?)?;
        if service.sends_passwords_in_clear() {
            log::warn!("the URL is not https: passwords cross the network as they are");
        }
        Ok(Self { service: Arc::new(service), tasks: AsyncTasks::new(MAX_LOGINS) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let (service, login) = (Arc::clone(&self.service), Login::of(event));
        let name = escape(event.username().unwrap_or_default()).to_string();
        event.answer_async(&self.tasks, async move {
            match service.ask(&login).await {
                Ok(Verdict::Accept) => Ok(()),
                Ok(Verdict::Reject) => {
                    log::info!("user '{name}' is rejected");
                    Err(Rejection::because("wrong name or password").into())
                }
                Err(error) => {
                    log::error!("user '{name}': {error}; the client is to come again");
                    Err(Rejection::temporary(
                        "the login service does not answer",
                        COME_AGAIN,
                        Retry::SameServer,
                    )
                    .into())
                }
            }
        })
    }
}

ovpn_plugin::export!(HttpAuth);
