//! The part of this process's memory that the kernel shows as its command line. One of the files that may hold `unsafe`.
#![allow(unsafe_code)]

/// Where the kernel believes the parts of this process to be, from `/proc/self/stat`; each is a start and an end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub code: (usize, usize),
    pub stack_start: usize,
    pub data: (usize, usize),
    pub heap_start: usize,
    pub arguments_start: usize,
    pub arguments_end: usize,
    pub environment: (usize, usize),
}

/// As `struct prctl_mm_map` of the kernel.
#[repr(C)]
struct Map {
    start_code: u64,
    end_code: u64,
    start_data: u64,
    end_data: u64,
    start_brk: u64,
    brk: u64,
    start_stack: u64,
    arg_start: u64,
    arg_end: u64,
    env_start: u64,
    env_end: u64,
    auxv: *const u64,
    auxv_size: u32,
    exe_fd: u32,
}

/// Since Linux 3.18; unlike the older ways it needs no capability.
const PR_SET_MM_MAP: libc::c_ulong = 14;

/// Gives this process an argument area of `room` bytes, and the bounds of that. `None`: the kernel does not have it
/// (it was built without checkpoint/restore, or a filter of system calls keeps it from us).
pub(crate) fn replace(layout: &Layout, room: usize) -> Option<(usize, usize)> {
    // Never freed, because the kernel reads it from now on.
    let area: &'static mut [u8] = Box::leak(vec![0; room].into_boxed_slice());
    let start = area.as_mut_ptr() as usize;
    let end = start + room;
    // SAFETY: moves nothing, and gives the present end of the heap.
    let heap_end = unsafe { libc::sbrk(0) } as usize;
    let map = Map {
        start_code: layout.code.0 as u64,
        end_code: layout.code.1 as u64,
        start_data: layout.data.0 as u64,
        end_data: layout.data.1 as u64,
        start_brk: layout.heap_start as u64,
        brk: heap_end as u64,
        start_stack: layout.stack_start as u64,
        arg_start: start as u64,
        arg_end: end as u64,
        env_start: layout.environment.0 as u64,
        env_end: layout.environment.1 as u64,
        auxv: std::ptr::null(),
        auxv_size: 0,
        // No other program file.
        exe_fd: u32::MAX,
    };
    // SAFETY: reads `map`, which has the kernel's layout and lives for the call. All but the bounds of the arguments is
    // what the kernel has told of this process just now, and nothing moves the end of the heap meanwhile: the forked
    // child has one thread. The arguments get memory that is never freed.
    let done = unsafe {
        libc::prctl(libc::PR_SET_MM, PR_SET_MM_MAP, &raw const map, size_of::<Map>() as libc::c_ulong, 0)
    };
    (done == 0).then_some((start, end))
}

/// Overwrites the argument area with a title; cut to the room there is.
///
/// `start` and `end` must be the bounds the kernel gives in `/proc/self/stat`, or those that [`replace`] gave.
pub(crate) fn overwrite(start: usize, end: usize, title: &[u8]) {
    let Some(room) = end.checked_sub(start) else { return };
    if start == 0 || room < 2 {
        return;
    }
    let length = title.len().min(room - 1);
    // SAFETY: [start, end) is writable and nobody else's: either the argument area that the kernel mapped at the top of
    // this process's stack, in a forked child that never returns to code which keeps pointers into it, or the leaked
    // memory of `replace`.
    let area = unsafe { std::slice::from_raw_parts_mut(start as *mut u8, room) };
    area[length..].fill(0);
    area[..length].copy_from_slice(&title[..length]);
}
