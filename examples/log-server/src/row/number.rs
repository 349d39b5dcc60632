//! Numbers that are not kept as they were sent.

/// The first whole number in valid JSON that does not fit 64 bits with a sign, as it is written.
/// Reading it would round it in silence.
pub(super) fn inexact(json: &str) -> Option<&str> {
    let bytes = json.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = behind_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let part = |byte: &u8| {
                    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
                };
                let length = bytes[at..].iter().take_while(|byte| part(byte)).count();
                let number = &json[at..at + length];
                let whole = !number.contains(['.', 'e', 'E']);
                if whole && number.parse::<i64>().is_err() {
                    return Some(number);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
}

fn behind_string(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < json.len() && json[at] != b'"' {
        at += if json[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_beyond_64_bits_are_found_and_nothing_else_is() {
        for exact in [
            "{}",
            r#"{"a":9223372036854775807,"b":[-9223372036854775808,1e30,0.1234567890123456789]}"#,
            r#"{"a":"18446744073709551615","b":"\"18446744073709551615","18446744073709551615\\":1}"#,
        ] {
            assert_eq!(inexact(exact), None, "{exact}");
        }
        for (json, number) in [
            (r#"{"a":18446744073709551615}"#, "18446744073709551615"),
            (r#"{"\\":[{"a":-9223372036854775809}]}"#, "-9223372036854775809"),
            (r#"{"a":1,"b":100000000000000000000000}"#, "100000000000000000000000"),
        ] {
            assert_eq!(inexact(json), Some(number), "{json}");
        }
    }
}
