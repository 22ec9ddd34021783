//! The front's packets, put together by hand, so that they can also be wrong; and its socket, found from outside.

use std::fs;
use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};

/// The type of a SOCK_SEQPACKET socket in /proc/net/unix.
const SEQPACKET: &str = "0005";

/// The sockets of this process to the keeper and to the supervisor: the last ones that the front has made.
fn own_sockets() -> [RawFd; 2] {
    let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let inodes: Vec<String> = table
        .lines()
        .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.get(4) == Some(&SEQPACKET))
        .filter_map(|fields| Some(format!("socket:[{}]", fields.get(6)?)))
        .collect();
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    // The others are for lines of the log, and were made before them.
    let all = harness::proc_table::descriptors(own).into_iter().filter(|(_, link)| inodes.contains(link));
    let numbers: Vec<RawFd> = all.map(|(number, _)| RawFd::try_from(number).unwrap_or_default()).collect();
    let last = numbers.last_chunk().copied();
    last.unwrap_or_else(|| panic!("no sockets to keeper and supervisor"))
}

/// The socket on which this process, as OpenVPN, talks to the supervisor.
pub(crate) fn front_socket() -> RawFd {
    own_sockets()[1]
}

/// Sends the keeper as much as it can have unread.
pub(crate) fn flood_life_line(pass: &[BorrowedFd<'_>]) {
    let [life_line, _] = own_sockets();
    let sent = (0..100_000).take_while(|_| send_to(life_line, &[7; 512], pass).is_ok()).count();
    assert!(sent > 0, "the life line takes nothing");
}

/// Sends a packet with descriptors, for the first supervisor.
pub(crate) fn send(packet: &[u8], pass: &[BorrowedFd<'_>]) {
    send_as(1, packet, pass);
}

/// The same, for this generation of supervisors.
pub(crate) fn send_as(generation: u32, packet: &[u8], pass: &[BorrowedFd<'_>]) {
    send_plain(&[&generation.to_le_bytes(), packet].concat(), pass);
}

/// Sends a packet as it is.
pub(crate) fn send_plain(packet: &[u8], pass: &[BorrowedFd<'_>]) {
    let sent = send_to(front_socket(), packet, pass);
    sent.unwrap_or_else(|errno| panic!("sending {} bytes: {errno}", packet.len()));
}

/// Sends a packet for the first supervisor; `EAGAIN` when there is no room.
pub(crate) fn try_send(packet: &[u8]) -> nix::Result<usize> {
    send_to(front_socket(), &[&1u32.to_le_bytes(), packet].concat(), &[])
}

/// Sends attempts with numbers of their own, at most so many, until the supervisor has taken none for a second; how
/// many it took.
pub(crate) fn flood(username: &[u8], most: u64) -> u64 {
    let socket = front_socket();
    let attempt =
        |id: u64| [&1u32.to_le_bytes(), &[1][..], &id.to_le_bytes(), &[0], &login(username)].concat();
    let mut last = Instant::now();
    let mut sent = 0;
    while sent < most && last.elapsed() < Duration::from_secs(1) {
        match send_to(socket, &attempt(1000 + sent), &[]) {
            Ok(_) => (sent, last) = (sent + 1, Instant::now()),
            Err(nix::errno::Errno::EAGAIN) => std::thread::yield_now(),
            Err(errno) => panic!("after {sent}: {errno}"),
        }
    }
    sent
}

fn send_to(socket: RawFd, packet: &[u8], pass: &[BorrowedFd<'_>]) -> nix::Result<usize> {
    let numbers: Vec<RawFd> = pass.iter().map(|descriptor| descriptor.as_raw_fd()).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let control = if numbers.is_empty() { &rights[..0] } else { &rights[..] };
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    sendmsg::<UnixAddr>(socket, &[IoSlice::new(packet)], control, flags, None)
}

/// As many times the same descriptor.
pub(crate) fn times(descriptor: &impl AsFd, count: usize) -> Vec<BorrowedFd<'_>> {
    (0..count).map(|_| descriptor.as_fd()).collect()
}

/// A field: length and bytes.
pub(crate) fn field(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_le_bytes()[..], bytes].concat()
}

/// The block of credentials.
pub(crate) fn block() -> Vec<u8> {
    [field(b"x"), vec![0]].concat()
}

/// The block of what modules may know of the client.
pub(crate) fn client() -> Vec<u8> {
    vec![0; 8]
}

/// How an attempt ends: credentials, client; the front has not kept it.
pub(crate) fn blocks(credentials: &[u8], client: &[u8]) -> Vec<u8> {
    [&field(credentials)[..], &field(client), &[0; 8]].concat()
}

/// Address, port 7 and reference 345YZ.
pub(crate) fn origin(address: &[u8]) -> Vec<u8> {
    [&field(address)[..], &7u16.to_le_bytes(), &0x11_0fdf_u32.to_le_bytes()].concat()
}

/// No session; a password was sent; name, nothing that was sent instead, common name, origin, credentials, client, not
/// kept.
pub(crate) fn login(username: &[u8]) -> Vec<u8> {
    let names = [&[0, 0][..], &field(username), &field(b""), &field(b"")].concat();
    [names, origin(b"192.0.2.9"), blocks(&block(), &client())].concat()
}

/// An attempt that the front has refused.
pub(crate) fn refused(username: &[u8]) -> Vec<u8> {
    [&[3][..], &field(username), &origin(b"192.0.2.9"), &[1], &field(b"no"), &[0; 8], &[0]].concat()
}

/// An attempt to check.
pub(crate) fn check(deferred: u8, username: &[u8]) -> Vec<u8> {
    [&[1][..], &999u64.to_le_bytes(), &[deferred], &login(username)].concat()
}
