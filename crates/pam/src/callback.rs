//! libpam calling us: one C function in front of every [`Conversation`].
//!
//! Nothing of Rust crosses into C here: a panic is caught and kept, memory is given away only when the whole call
//! succeeds, and a module that calls at a time it has no business to is refused.
#![allow(unsafe_code)]

use crate::c_heap::Answers;
use crate::conversation_lock::ConversationLock;
use crate::{Conversation, ConversationError};
use libpam_sys::{self as sys, pam_conv, pam_message, pam_response};
use std::any::Any;
use std::ffi::{CStr, c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Keeps a conversation at a fixed address, where libpam can reach it.
///
/// The shared part is allocated once and freed when the pinned conversation is dropped. A caller that gives
/// [`c_conversation`](PinnedConversation::c_conversation) to libpam must end that handle first.
pub(crate) struct PinnedConversation<C> {
    shared: NonNull<Shared<C>>,
}

struct Shared<C> {
    /// What libpam is given; kept here because not every libpam copies it.
    c_conversation: pam_conv,
    /// Whether a module may enter the conversation: true during a PAM call while none is in it.
    lock: ConversationLock,
    /// The delay after a failure that libpam would have slept, in microseconds.
    delay_micros: AtomicU32,
    conversation: C,
    /// The conversation panicked and is not to be called again.
    poisoned: bool,
    panic: Option<Box<dyn Any + Send>>,
}

/// What libpam calls instead of sleeping: return value of the stack, microseconds, the conversation's pointer.
pub(crate) type DelayFunction = unsafe extern "C" fn(c_int, c_uint, *mut c_void);

/// # Safety
/// As libpam calls it: `shared` is the `appdata_ptr` of the conversation the handle was started with.
unsafe extern "C" fn note_delay<C>(_status: c_int, micros: c_uint, shared: *mut c_void) {
    if shared.is_null() {
        return;
    }
    // SAFETY: the pinned conversation outlives the handle; only the atomic field is referred to, and only shared.
    let noted = unsafe { &(*shared.cast::<Shared<C>>()).delay_micros };
    noted.fetch_max(micros, Ordering::AcqRel);
}

impl<C: Conversation + Send> PinnedConversation<C> {
    pub(crate) fn new(conversation: C) -> Self {
        let c_conversation = pam_conv { conv: converse::<C>, appdata_ptr: ptr::null_mut() };
        let lock = ConversationLock::default();
        let delay_micros = AtomicU32::new(0);
        let shared =
            Shared { c_conversation, lock, delay_micros, conversation, poisoned: false, panic: None };
        let shared = Box::new(shared);
        let shared = NonNull::from(Box::leak(shared));
        // SAFETY: just allocated, and nobody else has the pointer yet.
        unsafe { (*shared.as_ptr()).c_conversation.appdata_ptr = shared.as_ptr().cast() };
        PinnedConversation { shared }
    }

    /// The structure for `pam_start`, valid as long as the pinned conversation.
    pub(crate) fn c_conversation(&self) -> *mut pam_conv {
        // SAFETY: `shared` is allocated until the pinned conversation is dropped; only an address is taken, no reference.
        unsafe { &raw mut (*self.shared.as_ptr()).c_conversation }
    }

    /// The function for `PAM_FAIL_DELAY`.
    pub(crate) fn note_delay() -> DelayFunction {
        note_delay::<C>
    }

    /// The longest delay that was noted.
    pub(crate) fn delay(&self) -> Duration {
        // SAFETY: `shared` is allocated; the field is atomic and only ever accessed through shared references.
        let micros = unsafe { &(*self.shared.as_ptr()).delay_micros };
        Duration::from_micros(micros.load(Ordering::Acquire).into())
    }

    /// Runs a PAM call with the conversation open to the modules.
    ///
    /// `&mut self` for as long as the call runs is what keeps the application's own accesses out of the way.
    pub(crate) fn open_during<T>(&mut self, call: impl FnOnce() -> T) -> T {
        // SAFETY: `shared` is allocated; the lock is only ever accessed through shared references.
        let lock = unsafe { &(*self.shared.as_ptr()).lock };
        lock.open();
        let result = call();
        // Waits for a thread of a module that is still in the conversation: only then is it the application's again.
        lock.close();
        result
    }

    pub(crate) fn conversation(&mut self) -> &mut C {
        // SAFETY: no PAM call runs (it would hold `&mut self`), so the lock is closed and this is the only reference.
        unsafe { &mut (*self.shared.as_ptr()).conversation }
    }

    pub(crate) fn panicked(&self) -> bool {
        // SAFETY: as in `conversation`: a PAM call would hold `&mut self`, so nothing writes the field now.
        unsafe { (*self.shared.as_ptr()).poisoned }
    }

    pub(crate) fn take_panic(&mut self) -> Option<Box<dyn Any + Send>> {
        // SAFETY: as in `conversation`.
        unsafe { &mut (*self.shared.as_ptr()).panic }.take()
    }

    /// Takes the conversation out again. The handle that used it must have ended.
    pub(crate) fn into_conversation(self) -> C {
        let pinned = std::mem::ManuallyDrop::new(self);
        // SAFETY: the pointer came from a box in `new`, and ManuallyDrop keeps Drop from freeing it again.
        let shared = unsafe { Box::from_raw(pinned.shared.as_ptr()) };
        shared.conversation
    }
}

impl<C> Drop for PinnedConversation<C> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a box in `new` and is freed only here or in `into_conversation`.
        drop(unsafe { Box::from_raw(self.shared.as_ptr()) });
    }
}

/// The conversation function libpam gets.
///
/// # Safety
/// To be called by libpam or a module only: `appdata` must be the pointer set in [`PinnedConversation::new`], that
/// conversation alive, and `messages` an array of `count` pointers to messages (the layout of Linux-PAM).
unsafe extern "C" fn converse<C: Conversation + Send>(
    count: c_int,
    messages: *const *const pam_message,
    responses: *mut *mut pam_response,
    appdata: *mut c_void,
) -> c_int {
    if responses.is_null() {
        return sys::PAM_CONV_ERR;
    }
    // SAFETY: not null, and the caller's to be written. Null first: some modules free what is there after an error.
    unsafe { responses.write(ptr::null_mut()) };
    let Some(shared) = NonNull::new(appdata.cast::<Shared<C>>()) else { return sys::PAM_CONV_ERR };
    let count = match usize::try_from(count) {
        Ok(count @ 1..=MAX_MESSAGES) if !messages.is_null() => count,
        _ => return sys::PAM_CONV_ERR,
    };

    // SAFETY: the pinned conversation is alive, and the lock is only ever accessed through shared references.
    let lock = unsafe { &(*shared.as_ptr()).lock };
    let Some(_inside) = lock.enter() else { return sys::PAM_CONV_ERR };
    // SAFETY: this call is inside the conversation, so until it leaves nobody else touches the fields borrowed here:
    // the application waits inside `open_during`, and other threads of a module are refused above. `C: Send` makes
    // it sound to be on such a thread ourselves.
    let poisoned = unsafe { &mut (*shared.as_ptr()).poisoned };
    if *poisoned {
        return sys::PAM_CONV_ERR;
    }
    // SAFETY: as above; another field.
    let panic = unsafe { &mut (*shared.as_ptr()).panic };
    // SAFETY: as above; another field.
    let conversation = unsafe { &mut (*shared.as_ptr()).conversation };
    // SAFETY: not null, and the caller promises `count` elements; count is at least 1 and at most 32.
    let messages = unsafe { slice::from_raw_parts(messages, count) };

    // AssertUnwindSafe holds because a conversation that panicked is never called again.
    match catch_unwind(AssertUnwindSafe(|| answer_all(conversation, messages))) {
        Ok(Ok(answers)) => {
            // SAFETY: not null, checked above. The array is PAM's from here on.
            unsafe { responses.write(answers.leak()) };
            sys::PAM_SUCCESS
        }
        Ok(Err(code)) => code,
        Err(payload) => {
            *poisoned = true;
            *panic = Some(payload);
            sys::PAM_CONV_ERR
        }
    }
}

const MAX_MESSAGES: usize = sys::PAM_MAX_NUM_MSG as usize;

/// Answers the messages in order. Whatever was answered before a failure is wiped and freed on return.
fn answer_all<C: Conversation>(
    conversation: &mut C,
    messages: &[*const pam_message],
) -> Result<Answers, c_int> {
    let mut answers = Answers::allocate(messages.len()).ok_or(sys::PAM_BUF_ERR)?;
    for (index, &message) in messages.iter().enumerate() {
        // SAFETY: the module passes valid messages, or null, for the time of the call.
        let message = unsafe { message.as_ref() }.ok_or(sys::PAM_CONV_ERR)?;
        let text = if message.msg.is_null() {
            &[]
        } else {
            // SAFETY: a message's text, unless null, is a NUL-terminated string that lives as long as the message.
            unsafe { CStr::from_ptr(message.msg) }.to_bytes()
        };
        let answer = match message.msg_style {
            sys::PAM_PROMPT_ECHO_OFF => conversation.prompt_hidden(text).map(Some),
            sys::PAM_PROMPT_ECHO_ON => conversation.prompt_echoed(text).map(Some),
            sys::PAM_TEXT_INFO => conversation.text_info(text).map(|()| None),
            sys::PAM_ERROR_MSG => conversation.error_message(text).map(|()| None),
            _ => Err(ConversationError),
        };
        if let Some(secret) = answer.map_err(|ConversationError| sys::PAM_CONV_ERR)? {
            answers.set(index, &secret).map_err(|error| error.code())?;
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secret::Secret;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread;

    /// Says that it has been asked, and waits for leave to answer.
    struct Slow {
        asked: Sender<()>,
        answer: Receiver<()>,
        answered: u32,
    }

    impl Conversation for Slow {
        fn prompt_hidden(&mut self, _: &[u8]) -> Result<Secret, ConversationError> {
            let _ = self.asked.send(());
            let _ = self.answer.recv();
            self.answered += 1;
            Ok(Secret::copy_of(b"engine"))
        }

        fn prompt_echoed(&mut self, _: &[u8]) -> Result<Secret, ConversationError> {
            Err(ConversationError)
        }
    }

    /// As a module asks; the address is that of the `pam_conv`.
    fn ask(conv: usize) -> c_int {
        // SAFETY: the pinned conversation is alive while the test's threads run, and nobody writes its `pam_conv`.
        let conv = unsafe { &*(conv as *const pam_conv) };
        let message = pam_message { msg_style: sys::PAM_PROMPT_ECHO_OFF, msg: c"Key".as_ptr() };
        let messages: [*const pam_message; 1] = [&raw const message];
        let mut answers = ptr::null_mut();
        // SAFETY: one valid message, and a place for the answers.
        let code =
            unsafe { (conv.conv)(1, messages.as_ptr().cast_mut().cast(), &mut answers, conv.appdata_ptr) };
        if !answers.is_null() {
            // SAFETY: the conversation gave away an array of one answer.
            let text = unsafe { (*answers).resp };
            // SAFETY: the text comes from the C allocator, and is nobody else's.
            unsafe { libc::free(text.cast()) };
            // SAFETY: so does the array.
            unsafe { libc::free(answers.cast()) };
        }
        code
    }

    #[test]
    fn a_thread_that_is_still_inside_when_the_call_returns_finds_the_conversation_closed() {
        let (asked, is_asked) = channel();
        let (may_answer, answer) = channel();
        let mut pinned = PinnedConversation::new(Slow { asked, answer, answered: 0 });
        let conv = pinned.c_conversation() as usize;
        let returned = AtomicBool::new(false);
        thread::scope(|scope| {
            let module = pinned.open_during(|| {
                let module = scope.spawn(move || (ask(conv), ask(conv)));
                is_asked.recv().expect("asked");
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(100));
                    assert!(!returned.load(Ordering::Acquire), "the application has the conversation back");
                    may_answer.send(()).expect("somebody waits");
                });
                module
            });
            returned.store(true, Ordering::Release);
            assert_eq!(pinned.conversation().answered, 1);
            let (first, second) = module.join().expect("no panic");
            assert_eq!((first, second), (sys::PAM_SUCCESS, sys::PAM_CONV_ERR));
        });
        assert_eq!(pinned.conversation().answered, 1);
    }
}
