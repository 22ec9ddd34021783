//! What supervisor and writer say to each other. The writer looks at nothing but the length of a text.

use nix::errno::Errno;
use privsep::directory_sandbox::Missing;
use privsep::{Message, Reader, WireError, Writer};

/// The longest text, in bytes. Its length does not depend on how many users or clients there are.
pub const MAX_TEXT: usize = 64 * 1024;

const TAG_WRITE: u8 = 1;
const TAG_REMOVE: u8 = 2;

/// Supervisor to writer.
#[derive(Debug, PartialEq, Eq)]
pub enum WriterOrder {
    /// This is to be in the file. It is answered, and no other comes before that.
    Write(Vec<u8>),
    /// The server ends: the file is to go, and the writer too.
    Remove,
}

impl Message for WriterOrder {
    const MAX_BYTES: usize = 1 + 4 + MAX_TEXT;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match self {
            WriterOrder::Write(text) => {
                to.u8(TAG_WRITE);
                to.bytes_field("text", text, MAX_TEXT)?;
            }
            WriterOrder::Remove => to.u8(TAG_REMOVE),
        }
        Ok(())
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let sheet = match from.u8()? {
            TAG_WRITE => WriterOrder::Write(from.bytes_field("text", MAX_TEXT)?.to_vec()),
            TAG_REMOVE => WriterOrder::Remove,
            other => return Err(WireError::Unknown { field: "tag", value: other.into() }),
        };
        from.end().map(|()| sheet)
    }
}

const TAG_READY: u8 = 17;
const TAG_WRITTEN: u8 = 18;
const TAG_ANOTHER: u8 = 19;
const TAG_FAILED: u8 = 20;

/// Writer to supervisor.
#[derive(Debug)]
pub enum WriterReport {
    /// It is up, and could not do this to itself.
    Ready(Missing),
    /// The file has the text.
    Written,
    /// Another server writes that file, so this one does not.
    Another,
    /// The file is as it was before.
    Failed(Errno),
}

impl Message for WriterReport {
    const MAX_BYTES: usize = 1 + 4 * 4;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match self {
            WriterReport::Ready(Missing { root, user, capabilities, filter }) => {
                to.u8(TAG_READY);
                for errno in [root, user, capabilities, filter] {
                    to.u32(number(*errno));
                }
            }
            WriterReport::Written => to.u8(TAG_WRITTEN),
            WriterReport::Another => to.u8(TAG_ANOTHER),
            WriterReport::Failed(errno) => {
                to.u8(TAG_FAILED);
                to.u32(number(Some(*errno)));
            }
        }
        Ok(())
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let receipt = match from.u8()? {
            TAG_READY => {
                let mut next = || from.u32().map(errno);
                let (root, user, capabilities, filter) = (next()?, next()?, next()?, next()?);
                WriterReport::Ready(Missing { root, user, capabilities, filter })
            }
            TAG_WRITTEN => WriterReport::Written,
            TAG_ANOTHER => WriterReport::Another,
            TAG_FAILED => WriterReport::Failed(errno(from.u32()?).unwrap_or(Errno::UnknownErrno)),
            other => return Err(WireError::Unknown { field: "tag", value: other.into() }),
        };
        from.end().map(|()| receipt)
    }
}

fn number(errno: Option<Errno>) -> u32 {
    errno.map_or(0, |errno| (errno as i32).unsigned_abs())
}

fn errno(number: u32) -> Option<Errno> {
    (number != 0).then(|| i32::try_from(number).map_or(Errno::UnknownErrno, Errno::from_raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back<M: Message>(message: &M) -> M {
        let mut writer = Writer::default();
        message.encode(&mut writer).unwrap();
        assert!(writer.bytes().len() <= M::MAX_BYTES);
        M::decode(Reader::new(writer.bytes())).unwrap()
    }

    #[test]
    fn what_is_sent_is_received() {
        for sheet in
            [WriterOrder::Write(Vec::new()), WriterOrder::Write(vec![b'x'; MAX_TEXT]), WriterOrder::Remove]
        {
            assert_eq!(there_and_back(&sheet), sheet);
        }
        let mut writer = Writer::default();
        assert!(WriterOrder::Write(vec![b'x'; MAX_TEXT + 1]).encode(&mut writer).is_err());
        let missing = Missing { root: Some(Errno::EPERM), filter: Some(Errno::EINVAL), ..Missing::default() };
        for receipt in [
            WriterReport::Ready(missing),
            WriterReport::Written,
            WriterReport::Another,
            WriterReport::Failed(Errno::ENOSPC),
        ] {
            assert_eq!(format!("{:?}", there_and_back(&receipt)), format!("{receipt:?}"));
        }
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        for bytes in [&[][..], &[0], &[TAG_WRITE], &[TAG_WRITE, 1, 0, 0, 0], &[TAG_REMOVE, 0], &[TAG_WRITTEN]]
        {
            assert!(WriterOrder::decode(Reader::new(bytes)).is_err(), "{bytes:?}");
        }
        for bytes in [&[][..], &[TAG_READY, 0], &[TAG_WRITTEN, 0], &[TAG_FAILED], &[TAG_REMOVE]] {
            assert!(WriterReport::decode(Reader::new(bytes)).is_err(), "{bytes:?}");
        }
    }
}
