//! Secrets among the variables of the call that this thread is in: wiped in a process that is forked from it, which has a
//! copy of them for as long as it lives and no use for it.
//!
//! Bytes behind a shared reference must not change as long as the reference may be used, or belongs to a function that
//! runs. In a forked child such functions are still on the stack, although none of them goes on. So it is remembered which
//! secrets the plugin was given in this call, and those stay as they are.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_char;

use super::StringArray;

/// The names of variables that OpenVPN gives secrets: of a login, of an answer to a question, and of TLS_FINAL.
const NAMES: [&[u8]; 3] = [b"password", b"crresponse", b"exported_keying_material"];

thread_local! {
    /// The variables of the call; null: none, or what is in them is wiped already.
    static VARIABLES: Cell<*const *const c_char> = const { Cell::new(std::ptr::null()) };
    /// One bit for each name: the plugin was given a value of that name in this call.
    static GIVEN: Cell<u8> = const { Cell::new(0) };
}

/// Whether a variable of this name holds a secret.
pub(crate) fn is_secret(name: &[u8]) -> bool {
    NAMES.contains(&name)
}

/// The plugin is about to be given the value of a variable.
pub(crate) fn give(name: &[u8]) {
    if let Some(which) = NAMES.iter().position(|known| *known == name) {
        GIVEN.set(GIVEN.get() | 1 << which);
    }
}

/// The time of a call.
pub(super) struct Call;

impl Call {
    /// # Safety
    /// `variables` is null or an array of strings in the host's memory, which may be written to, and which stays until
    /// this value is dropped. Nothing refers to the strings yet.
    pub(super) unsafe fn enter(variables: *const *const c_char) -> Self {
        GIVEN.set(0);
        VARIABLES.set(variables);
        Self
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        VARIABLES.set(std::ptr::null());
    }
}

/// Overwrites the secrets of the call that this thread is in, but for those that the plugin was given in it. For a process
/// that was forked from the call: it has the memory for itself.
pub(crate) fn wipe() {
    // SAFETY: null or an array that stays as long as the call, by the promise to `enter`.
    let mut words = unsafe { StringArray::new(VARIABLES.replace(std::ptr::null())) }.iter();
    while let Some(word) = words.next_pointer() {
        for (_, name) in NAMES.iter().enumerate().filter(|(which, _)| GIVEN.get() & (1 << which) == 0) {
            // SAFETY: a string of the host's that may be written to. Nothing refers to its value: the plugin was not given
            // it, and this crate makes references to values only while it looks for one.
            unsafe { wipe_value(word, name) };
        }
    }
}

/// # Safety
/// `word` is a NUL-terminated string that may be written to, and nothing refers to what stands behind `name=` in it.
unsafe fn wipe_value(word: *const c_char, name: &[u8]) {
    // SAFETY: a NUL-terminated string; names hold no NUL.
    let Some(at) = (unsafe { super::string_array::value_place(word, name) }) else { return };
    let mut at = at.cast_mut();
    loop {
        // SAFETY: inside the string or at its NUL.
        if unsafe { at.read() } == 0 {
            return;
        }
        // SAFETY: inside the string. Volatile, so that it is done although nobody reads it again.
        unsafe { at.write_volatile(0) };
        // SAFETY: this byte was not the NUL, so there is another one.
        at = unsafe { at.add(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    /// What is left of these variables after a call in which `body` ran before they were wiped.
    fn after_a_call(entries: &[&str], body: impl FnOnce(Env<'_>)) -> Vec<String> {
        let mut strings: Vec<Vec<u8>> =
            entries.iter().map(|entry| [entry.as_bytes(), &[0]].concat()).collect();
        let pointers: Vec<*const c_char> = strings
            .iter_mut()
            .map(|string| string.as_mut_ptr().cast_const().cast())
            .chain([std::ptr::null()])
            .collect();
        // SAFETY: memory of our own that may be written to; the strings end in NUL, the pointers in a null one.
        let call = unsafe { Call::enter(pointers.as_ptr()) };
        // SAFETY: as above.
        body(Env::new(unsafe { StringArray::new(pointers.as_ptr()) }));
        wipe();
        drop(call);
        let text = |string: Vec<u8>| String::from_utf8(string).unwrap().replace('\0', "_");
        strings.into_iter().map(text).collect()
    }

    #[test]
    fn secrets_are_wiped_and_nothing_else() {
        let entries = [
            "username=joe",
            "password=hunter2",
            "password",
            "passwords=x",
            "my password=x",
            "crresponse=MTIz",
            "password=",
            "exported_keying_material=00ff",
            "password=a=b",
        ];
        let left = after_a_call(&entries, |_| {});
        let expected = [
            "username=joe_",
            "password=________",
            "password_",
            "passwords=x_",
            "my password=x_",
            "crresponse=_____",
            "password=_",
            "exported_keying_material=_____",
            "password=____",
        ];
        assert_eq!(left, expected);
    }

    /// As a process does that is forked by a function with such an argument.
    fn wipe_while_it_is_used(value: &[u8]) {
        let before = value.to_vec();
        wipe();
        assert_eq!(value, before);
    }

    #[test]
    fn what_the_plugin_was_given_stays() {
        let entries = ["password=hunter2", "username=joe", "crresponse=MTIz"];
        let (password, crresponse) = ("password=hunter2_", "crresponse=MTIz_");
        let left = after_a_call(&entries, |env| wipe_while_it_is_used(env.get("password").unwrap()));
        assert_eq!(left, [password, "username=joe_", "crresponse=_____"]);
        let left = after_a_call(&entries, |env| {
            wipe_while_it_is_used(env.get_str("crresponse").unwrap().as_bytes());
        });
        assert_eq!(left, ["password=________", "username=joe_", crresponse]);
        let left = after_a_call(&entries, |env| assert_eq!(env.iter().count(), 3));
        assert_eq!(left, [password, "username=joe_", crresponse]);
    }

    #[test]
    fn a_walk_without_secrets_gives_none() {
        let entries = ["password=hunter2", "username=joe", "crresponse=MTIz"];
        let left = after_a_call(&entries, |env| {
            let all: Vec<_> = env.without_secrets().collect();
            assert_eq!(all, [(&b"username"[..], &b"joe"[..])]);
        });
        assert_eq!(left, ["password=________", "username=joe_", "crresponse=_____"]);
    }

    /// A process forked outside of any call has nothing to wipe.
    #[test]
    fn without_a_call_nothing_happens() {
        after_a_call(&["password=hunter2"], |_| {});
        wipe();
    }
}
