//! How much is kept.

use std::time::Duration;

/// How much is kept of a log; what is not said is kept for ever.
///
/// ```
/// use std::time::Duration;
///
/// use log_server::store::Keep;
///
/// let month = Keep { age: Some(Duration::from_secs(30 * 24 * 3600)), ..Keep::default() };
/// assert!(!month.is_everything() && Keep::default().is_everything());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Rows whose date is further back are deleted.
    pub age: Option<Duration>,
    /// When the rows take more bytes of the file, the first ones that were written are deleted.
    pub bytes: Option<u64>,
}

impl Keep {
    /// Whether nothing is ever deleted.
    pub fn is_everything(&self) -> bool {
        self.age.is_none() && self.bytes.is_none()
    }
}

/// It is no number of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no size; write it like 20GB, 512MiB or 1000000")]
pub struct InvalidBytes(String);

const UNITS: [(&str, u64); 9] = [
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("b", 1),
];

/// A number of bytes, as people write it: `20GB` is 20 times 10⁹, `20GiB` 20 times 2³⁰.
///
/// # Errors
///
/// When it is none, is nothing, or is more than there can be.
///
/// ```
/// use log_server::store::parse_bytes;
///
/// assert_eq!(parse_bytes("20GB"), Ok(20_000_000_000));
/// assert_eq!(parse_bytes("1.5 MiB"), Ok(1_572_864));
/// assert!(parse_bytes("20 apples").is_err());
/// ```
pub fn parse_bytes(text: &str) -> Result<u64, InvalidBytes> {
    let invalid = || InvalidBytes(text.to_owned());
    let lower = text.trim().to_ascii_lowercase();
    let unit = UNITS.iter().find(|(name, _)| lower.ends_with(name));
    let (name, times) = unit.copied().unwrap_or(("", 1));
    let number = lower.strip_suffix(name).ok_or_else(invalid)?.trim_end();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 6 {
        return Err(invalid());
    }
    let whole: u64 = whole.parse().map_err(|_| invalid())?;
    let millionths: u64 = format!("{part:0<6}").parse().map_err(|_| invalid())?;
    let part = u128::from(millionths) * u128::from(times) / 1_000_000;
    let bytes = u128::from(whole) * u128::from(times) + part;
    let bytes = i64::try_from(bytes).map_err(|_| invalid())?;
    u64::try_from(bytes).ok().filter(|bytes| *bytes > 0).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("1000000", 1_000_000),
            ("20GB", 20_000_000_000),
            ("20 gb", 20_000_000_000),
            ("512MiB", 512 << 20),
            ("0.5KiB", 512),
            ("7b", 7),
            (" 2TB ", 2_000_000_000_000),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in
            ["", "GB", "-1GB", "0", "0.0000001MB", "1e9", "1.2.3GB", "9999999999TB", "1,5GB"]
        {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
