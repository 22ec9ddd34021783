//! What stands before the messages between front and helper, because helpers come and go.

use crate::channel::Message;
use crate::wire::{Reader, WireError, Writer};

const TAG_READY: u8 = 1;
const TAG_LOST: u8 = 2;
const TAG_MESSAGE: u8 = 3;

/// Front to helper: a message, and for which generation it is meant. A helper that reads one for another generation does
/// nothing: the front takes it for lost.
#[derive(Debug, PartialEq, Eq)]
pub struct Numbered<M> {
    /// Which generation.
    pub generation: u32,
    /// The message.
    pub message: M,
}

impl<M: Message> Message for Numbered<M> {
    const MAX_BYTES: usize = 4 + M::MAX_BYTES;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.u32(self.generation);
        self.message.encode(to)
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        Ok(Numbered { generation: from.u32()?, message: M::decode(from)? })
    }
}

/// Helper or keeper to front.
#[derive(Debug, PartialEq, Eq)]
pub enum News<M> {
    /// The helper of this generation is up; its first message.
    Ready(u32),
    /// The helper of this generation has died, or could not be started. Said by the keeper.
    Lost(u32),
    /// A message of the helper that is up.
    Message(M),
}

impl<M: Message> Message for News<M> {
    const MAX_BYTES: usize = 1 + if M::MAX_BYTES > 4 { M::MAX_BYTES } else { 4 };

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match self {
            News::Ready(generation) => {
                to.u8(TAG_READY);
                to.u32(*generation);
                Ok(())
            }
            News::Lost(generation) => {
                to.u8(TAG_LOST);
                to.u32(*generation);
                Ok(())
            }
            News::Message(message) => {
                to.u8(TAG_MESSAGE);
                message.encode(to)
            }
        }
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let news = match from.u8()? {
            TAG_READY => News::Ready(from.u32()?),
            TAG_LOST => News::Lost(from.u32()?),
            TAG_MESSAGE => return M::decode(from).map(News::Message),
            other => return Err(WireError::Unknown { field: "kind of news", value: other.into() }),
        };
        from.end().map(|()| news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::there_and_back;

    #[derive(Debug, PartialEq, Eq)]
    struct Byte(u8);

    impl Message for Byte {
        const MAX_BYTES: usize = 1;
        fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
            to.u8(self.0);
            Ok(())
        }
        fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
            let byte = Byte(from.u8()?);
            from.end().map(|()| byte)
        }
    }

    #[test]
    fn what_is_sent_is_received() {
        for generation in [0, 1, u32::MAX] {
            let numbered = Numbered { generation, message: Byte(7) };
            assert_eq!(there_and_back(&numbered), Ok(numbered));
            for news in [News::Ready(generation), News::Lost(generation), News::Message(Byte(9))] {
                assert_eq!(there_and_back(&news), Ok(news));
            }
        }
    }

    #[test]
    fn what_is_no_news_is_an_error() {
        for bytes in [&[][..], &[0], &[4, 1], &[1, 0, 0, 0], &[1, 0, 0, 0, 0, 0], &[3, 1, 1], &[3]] {
            assert!(News::<Byte>::decode(Reader::new(bytes)).is_err(), "{bytes:?}");
        }
        assert!(Numbered::<Byte>::decode(Reader::new(&[1, 0, 0, 0])).is_err());
        assert!(Numbered::<Byte>::decode(Reader::new(&[1, 0, 0, 0, 1, 1])).is_err());
    }
}
