//! The process that writes the file: it knows nothing but a directory, a name and the text that it gets.

use std::convert::Infallible;
use std::ffi::CStr;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use privsep::confine::{self, Confinement, Cores, Group, MEANT_FOR_OPENVPN, Output};
use privsep::directory_sandbox::{self, Missing};
use privsep::kept_helper::NewWorker;
use privsep::{Channel, InheritedNumbers, leave};

use super::file::{MetricsFile, OpenDirectory};
use super::messages::{WriterOrder, WriterReport};
use crate::settings::Settings;
use crate::titles;

/// It leaves the processor to OpenVPN, whose clients wait for their packets.
const NICE: i32 = 5;
/// How long the supervisor may take to pick up a receipt.
const PATIENCE: Duration = Duration::from_secs(10);

/// The whole life of the writer, in a child of the keeper.
pub fn live(
    settings: &Settings,
    file: &MetricsFile,
    held: &OpenDirectory,
    new_writer: NewWorker<'_>,
) -> Infallible {
    let mut channel = Channel::<WriterReport, WriterOrder>::from_socket(new_writer.channel);
    // It has no way to the log: what there is to say the supervisor says.
    ovpn_plugin::logging::in_forked_child();
    ovpn_plugin::logging::redirect(|_, _| {});
    confine::lower_priority(NICE);
    let (name, command) = titles::METRICS;
    Confinement {
        title: &settings.title(name),
        command,
        group: Group::Own,
        output: Output::Null,
        keep: &[channel.as_fd(), held.directory(), held.lock()],
        numbers: InheritedNumbers::Free,
        // A limit on the size of files is an error, not the end.
        ignore: &[Signal::SIGPIPE, Signal::SIGXFSZ],
        withstand: &MEANT_FOR_OPENVPN,
        cores: Cores::Never,
    }
    .enter();
    let names = file.names();
    match directory_sandbox::enter(held.directory()) {
        Ok(missing) => serve(&mut channel, held.lock(), &names, missing),
        Err(errno) => {
            let _ = channel.send(&WriterReport::Failed(errno as i32), &[], PATIENCE);
            leave(1)
        }
    }
}

fn serve(
    channel: &mut Channel<WriterReport, WriterOrder>,
    lock: BorrowedFd<'_>,
    names: &[std::ffi::CString; 3],
    missing: Missing,
) -> Infallible {
    let [name, incomplete, _] = names;
    let mut receipt = WriterReport::Ready(missing.into());
    let mut locked = false;
    loop {
        if channel.send(&receipt, &[], PATIENCE).is_err() {
            leave(1);
        }
        let sheet = loop {
            match channel.receive(None) {
                Ok(Some(received)) => break received.message,
                Ok(None) => {}
                // The supervisor is gone, perhaps for another one: the file stays.
                Err(_) => leave(0),
            }
        };
        locked = locked || directory_sandbox::lock(lock).is_ok();
        receipt = match sheet {
            WriterOrder::Write(_) if !locked => WriterReport::Another,
            WriterOrder::Write(text) => match write(&text, name, incomplete) {
                Ok(()) => WriterReport::Written,
                Err(errno) => WriterReport::Failed(errno as i32),
            },
            WriterOrder::Remove => {
                if locked {
                    let _ = directory_sandbox::remove(name);
                }
                leave(0)
            }
        };
    }
}

/// A reader sees the old text or the new one, never half of it.
fn write(text: &[u8], name: &CStr, incomplete: &CStr) -> Result<(), Errno> {
    // One that was killed may have left it.
    directory_sandbox::remove(incomplete)?;
    let written = directory_sandbox::make(incomplete).and_then(|file| {
        let mut file = std::fs::File::from(file);
        file.write_all(text).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
    });
    let done = written.and_then(|()| directory_sandbox::rename(incomplete, name));
    if done.is_err() {
        let _ = directory_sandbox::remove(incomplete);
    }
    done
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// It writes as often as it can, and dies in the middle of it.
    #[test]
    fn a_reader_sees_one_text_or_the_other() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().to_path_buf();
        let child = privsep::fork_child(|| {
            if std::env::set_current_dir(&directory).is_err() {
                leave(1);
            }
            for number in 0u64.. {
                let letter = b'a' + u8::try_from(number % 26).unwrap_or(0);
                if write(&vec![letter; 60_000], c"it.prom", c".it.prom.new").is_err() {
                    break;
                }
            }
            leave(1)
        });
        let child = child.unwrap();
        let (file, mut seen) = (place.path().join("it.prom"), [false; 256]);
        let end = Instant::now() + Duration::from_secs(20);
        let read = |seen: &mut [bool; 256]| {
            let text = match std::fs::read(&file) {
                Err(error) => return assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
                Ok(text) => text,
            };
            let first = text.first().expect("no empty file");
            assert!(text.len() == 60_000 && text.iter().all(|byte| byte == first), "{} bytes", text.len());
            seen[usize::from(*first)] = true;
        };
        while seen.iter().filter(|seen| **seen).count() < 20 {
            assert!(Instant::now() < end, "it is not written again and again");
            read(&mut seen);
        }
        privsep::kill_group(child);
        while privsep::reap_any() == privsep::Reaped::NotYet {}
        read(&mut seen);
    }
}
