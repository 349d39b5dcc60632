//! Keeps secrets out of the configuration file, which is shown, copied and kept under version
//! control.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// Keys whose text would be a secret.
const SECRET_KEYS: [&str; 8] =
    ["secret", "password", "passphrase", "token", "api-key", "private-key", "cookie", "bearer"];

/// Refuses a file with something in it that only its owner should know.
pub(super) fn refuse_secrets(path: &Path, text: &str) -> Result<(), ConfigError> {
    // What is no TOML has its own error later.
    let Ok(table) = DeTable::parse(text) else { return Ok(()) };
    let mut waiting = vec![(String::new(), table.get_ref())];
    let mut values = Vec::new();
    while let Some((_, table)) = waiting.pop() {
        for (key, value) in table {
            values.push((key.get_ref().to_string(), value));
        }
        while let Some((key, value)) = values.pop() {
            match value.get_ref() {
                DeValue::Table(table) => waiting.push((key, table)),
                DeValue::Array(array) => {
                    values.extend(array.iter().map(|value| (key.clone(), value)));
                }
                DeValue::String(secret) => check(path, text, &key, value, secret)?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn check(
    path: &Path,
    text: &str,
    key: &str,
    at: &Spanned<DeValue<'_>>,
    value: &str,
) -> Result<(), ConfigError> {
    let name = key.replace('_', "-").to_ascii_lowercase();
    let what = if SECRET_KEYS.contains(&name.as_str()) {
        format!("`{key}` would hold a secret")
    } else if let Some(kind) = kind(value) {
        format!("this looks like {kind}")
    } else {
        return Ok(());
    };
    let words = format!(
        "{what}, and secrets do not belong in this file: put it into a file of its own or a \
         variable, and write `secret-file = \"…\"` or `secret-env = \"…\"` (of a token, write \
         its `sha256`; the store's address can be in LOG_SERVER_STORE)"
    );
    Err(ConfigError::at(path, text, at.span(), words))
}

/// What kind of secret this text is, if it is plainly one.
fn kind(value: &str) -> Option<&'static str> {
    let word = value.trim();
    let scheme = word.split_once(' ').map(|(scheme, _)| scheme.to_ascii_lowercase());
    if word.contains("-----BEGIN") && word.contains("PRIVATE KEY-----") {
        Some("a private key")
    } else if word.starts_with("eyJ") && word.split('.').count() >= 3 {
        Some("a signed token")
    } else if scheme.is_some_and(|scheme| scheme == "bearer" || scheme == "basic") {
        Some("a credential")
    } else if has_password(word) {
        Some("an address with a password")
    } else {
        None
    }
}

fn has_password(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<String> {
        refuse_secrets(Path::new("x.toml"), text).err().map(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_refused_wherever_it_stands_and_not_repeated() {
        for (text, place) in [
            ("a = 1\nsecret = \"hunter2\"", "x.toml:2:10:"),
            ("[jwt]\nSECRET = \"hunter2\"", "x.toml:2:10:"),
            ("[[token]]\nname = \"a\"\ntoken = \"hunter2\"", "x.toml:3:9:"),
            ("[a]\nb = [[{ c = \"Bearer hunter2\" }]]", "x.toml:2:13:"),
            ("[a.b]\nc = \"eyJhbGciOiJI.hunter2.x\"", "x.toml:2:5:"),
            ("store = \"mongodb://ann:hunter2@db/wfm\"", "x.toml:1:9:"),
            ("k = '''\n-----BEGIN PRIVATE KEY-----\nhunter2'''", "x.toml:1:5:"),
        ] {
            let said = refusal(text).unwrap_or_else(|| panic!("taken: {text}"));
            assert!(said.starts_with(place), "{said}");
            assert!(said.contains("secret-file") && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn what_is_no_secret_is_taken() {
        for text in [
            "secret-file = \"/run/secrets/jwt\"\nsecret-env = \"JWT_SECRET\"",
            "[[token]]\nname = \"deploy\"\nsha256 = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4\"",
            "store = \"mongodb://ann@db:27017/wfm\"",
            "url = \"https://auth.example/check?next=http://a:b@c\"",
            "workspaces = [\"3fa85f64-5717-4562-b3fc-2c963f66afa6\", \"bearer\"]",
            "not toml",
        ] {
            assert_eq!(refusal(text), None, "{text}");
        }
    }
}
