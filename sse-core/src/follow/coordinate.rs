//! Where a record stands, as a number or text that travels in an event's id.

use std::fmt::Debug;
use std::sync::Arc;

/// A position or a key: ordered, and short enough to travel in an event's id.
///
/// Integers, strings, and pairs of coordinates are coordinates. A type of one's own is one of its
/// parts, say:
///
/// ```
/// use gapless_sse_core::follow::Coordinate;
///
/// #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
/// struct Dated {
///     seconds: i64,
///     row: String,
/// }
///
/// impl Coordinate for Dated {
///     fn encode(&self, out: &mut Vec<u8>) {
///         self.seconds.encode(out);
///         self.row.encode(out);
///     }
///
///     fn decode(input: &mut &[u8]) -> Option<Self> {
///         Some(Self { seconds: i64::decode(input)?, row: String::decode(input)? })
///     }
/// }
///
/// let mut bytes = Vec::new();
/// let dated = Dated { seconds: 1_700_000_000, row: "a7".to_owned() };
/// dated.encode(&mut bytes);
/// assert_eq!(Dated::decode(&mut &bytes[..]), Some(dated));
/// ```
pub trait Coordinate: Ord + Clone + Debug + Send + Sync + Unpin + 'static {
    /// Appends the coordinate to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Takes from the front of `input` what [`encode`](Self::encode) wrote; `None` when something
    /// else stands there.
    fn decode(input: &mut &[u8]) -> Option<Self>;
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Coordinate for $integer {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }

            fn decode(input: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = input.split_first_chunk()?;
                *input = rest;
                Some(Self::from_be_bytes(*bytes))
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

/// Its length in bytes, then the text.
fn encode_text(text: &str, out: &mut Vec<u8>) {
    // Seven bits a byte, the lowest first: most texts are short.
    let mut length = text.len();
    loop {
        let [low, ..] = length.to_le_bytes();
        length >>= 7;
        if length == 0 {
            out.push(low);
            break;
        }
        out.push(low | 0x80);
    }
    out.extend_from_slice(text.as_bytes());
}

fn decode_text<'i>(input: &mut &'i [u8]) -> Option<&'i str> {
    let (mut length, mut shift) = (0_u64, 0);
    loop {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        length |= u64::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 63)?;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    let (text, rest) = input.split_at_checked(usize::try_from(length).ok()?)?;
    *input = rest;
    std::str::from_utf8(text).ok()
}

impl Coordinate for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text(self, out);
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        decode_text(input).map(Self::from)
    }
}

impl Coordinate for Arc<str> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text(self, out);
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        decode_text(input).map(Self::from)
    }
}

impl<A: Coordinate, B: Coordinate> Coordinate for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        Some((A::decode(input)?, B::decode(input)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type All = ((u8, u128), ((i64, String), Arc<str>));

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_and_nothing_of_what_follows(
            (a, b, c, d, e) in any::<(u8, u128, i64, String, String)>(),
            rest in any::<Vec<u8>>(),
        ) {
            let all: All = ((a, b), ((c, d), e.into()));
            let mut bytes = Vec::new();
            all.encode(&mut bytes);
            let length = bytes.len();
            bytes.extend_from_slice(&rest);
            let mut input = &bytes[..];
            prop_assert_eq!(All::decode(&mut input), Some(all));
            prop_assert_eq!(input, &rest[..]);
            prop_assert_eq!(All::decode(&mut &bytes[..length - 1]), None);
        }

        #[test]
        fn nothing_panics_on_bytes_of_others(bytes in any::<Vec<u8>>()) {
            let _ = All::decode(&mut &bytes[..]);
            let _ = String::decode(&mut &bytes[..]);
        }
    }

    #[test]
    fn lengths_beyond_a_byte_and_beyond_reason_are_read() {
        let long = "x".repeat(20_000);
        let mut bytes = Vec::new();
        long.encode(&mut bytes);
        assert_eq!(bytes.len(), 20_003);
        assert_eq!(String::decode(&mut &bytes[..]), Some(long));
        assert_eq!(String::decode(&mut &[0xff; 40][..]), None);
        assert_eq!(String::decode(&mut &[0x80; 40][..]), None);
    }
}
