//! `Forwarded` (RFC 7239) and `X-Forwarded-For`, read from the right.
//!
//! A proxy appends what it knows, so only the right end is its own; what stands to the left of it
//! came from others, and is neither believed nor in the way.

use std::net::IpAddr;

use super::node;

/// What a proxy says of the request that it was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// Who sent it, if that is said and an address.
    pub(super) from: Option<IpAddr>,
    /// Whether it came over TLS, if that is said.
    pub(super) https: Option<bool>,
}

/// The elements of `Forwarded`, the last one first, up to one that is malformed.
pub(super) fn forwarded(header: &str) -> impl Iterator<Item = Hop> {
    Backwards { rest: Some(header) }.map_while(hop)
}

/// The addresses of `X-Forwarded-For`, the last one first.
pub(super) fn x_forwarded_for(header: &str) -> impl Iterator<Item = Hop> {
    header.rsplit(',').map(|entry| Hop { from: node::address(entry.trim()), https: None })
}

/// The parts of a list, from the right. A comma in quotes separates nothing.
struct Backwards<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Backwards<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let mut quoted = false;
        for (at, byte) in rest.bytes().enumerate().rev() {
            match byte {
                b'"' if !is_escaped(&rest[..at]) => quoted = !quoted,
                b',' if !quoted => {
                    self.rest = Some(&rest[..at]);
                    return Some(&rest[at + 1..]);
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(rest)
    }
}

fn is_escaped(before: &str) -> bool {
    let trimmed = before.trim_end_matches('\\');
    (before.len() - trimmed.len()) % 2 == 1
}

/// One element: `for=…;proto=…;by=…;host=…`, in any order and case, none of them twice.
fn hop(element: &str) -> Option<Hop> {
    let (mut from, mut https) = (None, None);
    let mut rest = element.trim_matches([' ', '\t']);
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        rest = match after.strip_prefix(';') {
            Some(after) => after,
            None if after.is_empty() => after,
            None => return None,
        };
        let known = if name.eq_ignore_ascii_case("for") {
            from.replace(node::address(&value)).is_some()
        } else if name.eq_ignore_ascii_case("proto") {
            https.replace(value.eq_ignore_ascii_case("https")).is_some()
        } else {
            name.is_empty() || !name.bytes().all(is_token)
        };
        if known {
            return None;
        }
    }
    Some(Hop { from: from.flatten(), https })
}

/// A token or a quoted string, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        // Many write addresses with colons and brackets without quotes.
        let end = text.find([';', '"', ' ', '\t']).unwrap_or(text.len());
        let (value, after) = text.split_at(end);
        return (!value.is_empty()).then(|| (value.to_owned(), after));
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, character) in quoted.char_indices() {
        match character {
            _ if escaped => {
                value.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((value, &quoted[at + 1..])),
            _ => value.push(character),
        }
    }
    None
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from(header: &str) -> Vec<String> {
        let named = |hop: Hop| hop.from.map_or("nobody".to_owned(), |from| from.to_string());
        forwarded(header).map(named).collect()
    }

    #[test]
    fn elements_are_read_from_the_right() {
        let header = "for=192.0.2.60;proto=http;by=203.0.113.43, For=\"[2001:db8::17]:4711\"";
        assert_eq!(from(header), ["2001:db8::17", "192.0.2.60"]);
        assert_eq!(from("for=192.0.2.43:_port"), ["192.0.2.43"]);
        assert_eq!(from("for=\"[::ffff:192.0.2.1]:_x\""), ["192.0.2.1"]);
        assert_eq!(from("for=_hidden, for=unknown, for=\"_a:80\""), ["nobody"; 3]);
        assert_eq!(from("by=1.2.3.4"), ["nobody"]);
        assert_eq!(from("for=192.0.2.1;by=\"a,b\""), ["192.0.2.1"]);
        assert_eq!(from("for=192.0.2.1;by=\"a\\\",b\", for=192.0.2.2"), ["192.0.2.2", "192.0.2.1"]);
        let proto = |header| forwarded(header).next().and_then(|hop| hop.https);
        assert_eq!(proto("for=1.2.3.4;proto=HTTPS"), Some(true));
        assert_eq!(proto("for=1.2.3.4;proto=http"), Some(false));
        assert_eq!(proto("for=1.2.3.4"), None);
    }

    #[test]
    fn what_is_malformed_ends_it() {
        for wrong in [
            "for=1.2.3.4;for=5.6.7.8",
            "for=\"1.2.3.4",
            "for=1.2.3.4\"",
            "for",
            "for=",
            "for=1.2.3.4 5.6.7.8",
            "for=1.2.3.4;;proto=http",
            "=1.2.3.4",
            "f r=1.2.3.4",
            "for=\"1.2.3.4\"5",
        ] {
            assert_eq!(from(&format!("{wrong}, for=192.0.2.1"))[0], "192.0.2.1", "{wrong}");
            assert_eq!(from(wrong), [""; 0], "{wrong}");
        }
    }

    #[test]
    fn nodes_are_written_in_many_ways() {
        let x = |header: &str| x_forwarded_for(header).next().and_then(|hop| hop.from);
        for written in ["192.0.2.7", " 192.0.2.7 ", "192.0.2.7:80", "9.9.9.9, 192.0.2.7"] {
            assert_eq!(x(written), "192.0.2.7".parse().ok(), "{written}");
        }
        for written in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"] {
            assert_eq!(x(written), "2001:db8::1".parse().ok(), "{written}");
        }
        for wrong in ["", "192.0.2", "192.0.2.7:", "192.0.2.7:x", "[192.0.2.7]", "fe80::1%eth0"] {
            assert_eq!(x(wrong), None, "{wrong}");
        }
    }

    proptest! {
        /// Whatever a client sends before it, what the proxy has appended is read as it is.
        #[test]
        fn what_a_client_sends_does_not_hide_what_the_proxy_says(
            sent in "[ -~]{0,60}",
            parts: [u8; 4],
            v6: [u16; 8],
        ) {
            for address in [IpAddr::from(parts), IpAddr::from(v6).to_canonical()] {
                let quoted = match address {
                    IpAddr::V4(address) => address.to_string(),
                    IpAddr::V6(address) => format!("\"[{address}]:80\""),
                };
                let first = forwarded(&format!("{sent}, for={quoted};proto=https")).next();
                prop_assert_eq!(first, Some(Hop { from: Some(address), https: Some(true) }));
                let first = x_forwarded_for(&format!("{sent}, {address}")).next();
                prop_assert_eq!(first.and_then(|hop| hop.from), Some(address));
            }
        }

        #[test]
        fn nothing_that_is_sent_is_too_much(sent in "[\\PC\"\\\\;,=\\[\\]:]{0,80}") {
            let hops = forwarded(&sent).count() + x_forwarded_for(&sent).count();
            prop_assert!(hops <= 2 * (sent.matches(',').count() + 1));
        }
    }
}
