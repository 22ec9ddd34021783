//! Panics of a plugin's threads are lines of its log in a test too; those of the test itself stay cargo's.

use std::panic;
use std::sync::Once;

use super::log_catcher::{Whose, whose};
use crate::panic_guard;

/// For all tests of this process.
pub(super) fn catch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            panic_guard::remember_place(info);
            // In a call the guard logs it, with the reply to OpenVPN; in a job, the pool logs it.
            if panic_guard::is_in_host_call() || panic_guard::is_guarded_thread() {
                return;
            }
            let whose = whose();
            if matches!(whose, Some(Whose::Task(_) | Whose::Unknown)) {
                panic_guard::log_panic_of_thread(info);
            }
            // A thread that is nobody's may be that of another test, which cargo must see fail.
            if whose.is_none_or(|whose| !matches!(whose, Whose::Task(_))) {
                before(info);
            }
        }));
    });
}
