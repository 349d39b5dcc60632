//! What logs are called that are read as one.

/// The most logs that are read as one: each id holds a position of each.
pub(super) const MOST: usize = 32;

/// The longest name of a log, in bytes.
pub(super) const LONGEST_NAME: usize = 32;

pub(super) fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(known)
}
