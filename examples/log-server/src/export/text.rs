//! Rows as lines that people read.

use serde::Deserialize;
use serde_json::Value;

use super::note::NOTE;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Shown {
    date: Value,
    level: Value,
    #[serde(rename = "type")]
    kind: Value,
    message: Value,
}

/// `2025-09-22T08:54:01.123Z ERROR [stage] message`; further lines of the message are set off.
pub(super) fn line(json: &str, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let Shown { date, level, kind, message } = serde_json::from_str(json)?;
    let [date, level, kind] = [date, level, kind].map(|value| word(&value));
    if date.starts_with(NOTE.trim_end()) {
        out.push(b' ');
    }
    let message = match &message {
        Value::Null => String::new(),
        Value::String(text) => text.replace("\r\n", "\n").replace('\r', "\n"),
        other => other.to_string(),
    };
    let message = message.replace('\n', "\n    ");
    out.extend_from_slice(format!("{date} {level} [{kind}] {message}\n").as_bytes());
    Ok(())
}

/// On one line.
fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.replace(['\n', '\r'], " "),
        other => other.to_string(),
    }
}
