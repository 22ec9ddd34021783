//! Keeps the plugin's code in memory for threads that OpenVPN does not wait for.
#![allow(unsafe_code)]

/// The shared object this code is in, which is not unloaded as long as this lives.
#[derive(Debug)]
pub(crate) struct Library {
    #[cfg(target_os = "linux")]
    held: linux::ObjectHandle,
}

impl Library {
    /// `None` where it cannot be kept: then all its threads must have ended before it is unloaded.
    #[cfg(target_os = "linux")]
    pub(crate) fn acquire() -> Option<Self> {
        let own: fn() -> Option<Self> = Self::acquire;
        linux::ObjectHandle::with(own as *const std::ffi::c_void).map(|held| Self { held })
    }

    /// It cannot be kept here.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn acquire() -> Option<Self> {
        None
    }

    /// Keeps it until the process ends.
    pub(crate) fn keep(self) {
        #[cfg(target_os = "linux")]
        std::mem::forget(self.held);
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::c_void;
    use std::mem::MaybeUninit;
    use std::ptr::NonNull;

    /// A count of the C library's for a shared object; none for the program itself, which stays anyway.
    #[derive(Debug)]
    pub(super) struct ObjectHandle(Option<NonNull<c_void>>);

    impl ObjectHandle {
        /// The object that has this address.
        pub(super) fn with(address: *const c_void) -> Option<Self> {
            let object = find(address)?;
            if is_program(&object) {
                return Some(Self(None));
            }
            // SAFETY: the name is the C library's own text for a loaded object. The one that has it is found by this
            // very name, without a look at the file system, so also in a chroot.
            let handle = unsafe { libc::dlopen(object.dli_fname, libc::RTLD_NOW | libc::RTLD_NOLOAD) };
            NonNull::new(handle).map(|handle| Self(Some(handle)))
        }
    }

    impl Drop for ObjectHandle {
        fn drop(&mut self) {
            if let Some(handle) = self.0 {
                // SAFETY: dlopen() gave it, and it is given back once. The program that loaded the object still holds it.
                unsafe { libc::dlclose(handle.as_ptr()) };
            }
        }
    }

    fn find(address: *const c_void) -> Option<libc::Dl_info> {
        let mut object = MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: any address may be asked about; the second is a place for the answer.
        let found = unsafe { libc::dladdr(address, object.as_mut_ptr()) } != 0;
        // SAFETY: filled by dladdr(), and all zeros are a value of it.
        let object = unsafe { object.assume_init() };
        (found && !object.dli_fname.is_null()).then_some(object)
    }

    /// A test that runs a plugin inside itself, or a program that plugins are linked into.
    fn is_program(object: &libc::Dl_info) -> bool {
        // SAFETY: the argument is one of those the function knows; for others it gives zero.
        let headers = unsafe { libc::getauxval(libc::AT_PHDR) };
        find(headers as *const c_void).is_some_and(|program| program.dli_fbase == object.dli_fbase)
    }

    #[cfg(test)]
    mod tests {
        use std::ffi::CStr;

        use super::*;

        fn is_loaded(name: &str) -> bool {
            std::fs::read_to_string("/proc/self/maps").unwrap().contains(name)
        }

        #[test]
        fn the_program_itself_stays() {
            let own: fn() -> Option<crate::boundary::Library> = crate::boundary::Library::acquire;
            assert!(ObjectHandle::with(own as *const c_void).unwrap().0.is_none());
            assert!(ObjectHandle::with(std::ptr::null()).is_none());
        }

        /// One that this program does not have otherwise.
        #[test]
        fn a_library_stays_as_long_as_it_is_held() {
            const NAME: &CStr = c"libpam.so.0";
            // SAFETY: a library whose loading does nothing by itself.
            let handle = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW) };
            assert!(!handle.is_null());
            // SAFETY: the handle is one of dlopen().
            let function = unsafe { libc::dlsym(handle, c"pam_start".as_ptr()) };
            let held = ObjectHandle::with(function).unwrap();
            // SAFETY: the handle is given back once.
            unsafe { libc::dlclose(handle) };
            assert!(held.0.is_some() && is_loaded("libpam.so.0"));
            drop(held);
            assert!(!is_loaded("libpam.so.0"));
        }
    }
}
