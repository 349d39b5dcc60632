//! What clients keep for this server, and can neither read nor change.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::Secrets;

const VERSION: u8 = 1;
const SALT_LENGTH: usize = 24;
const KEY_LENGTH: usize = 32;

/// Seals texts for one purpose, with keys that come from the server's secrets.
///
/// A sealed text is `base64url(version 1 B ‖ salt 24 B ‖ text in AES-256-GCM)`. Its key is made by
/// HKDF from the secret, the salt and the purpose, and is for this one text: none is ever used
/// twice, however many there are.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    secrets: Secrets,
    purpose: &'static str,
}

impl Sealed {
    /// For this purpose. What is sealed for another one is not opened.
    pub(super) fn new(secrets: &Secrets, purpose: &'static str) -> Self {
        Self { secrets: secrets.clone(), purpose }
    }

    /// Seals a text.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub(super) fn seal(&self, text: &[u8]) -> Result<String, Unspecified> {
        let mut salt = [0; SALT_LENGTH];
        getrandom::fill(&mut salt).map_err(|_| Unspecified)?;
        let mut sealed = text.to_vec();
        let key = self.key(self.secrets.newest(), &salt)?;
        key.seal_in_place_append_tag(nonce(), self.aad(), &mut sealed)?;
        let whole = [&[VERSION][..], &salt, &sealed].concat();
        Ok(URL_SAFE_NO_PAD.encode(whole))
    }

    /// The text, if this server or another one with its secrets has sealed it.
    pub(super) fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let whole = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let rest = whole.strip_prefix(&[VERSION])?;
        let (salt, sealed) = rest.split_at_checked(SALT_LENGTH)?;
        self.secrets.all().find_map(|secret| {
            let mut text = sealed.to_vec();
            let key = self.key(secret, salt).ok()?;
            let length = key.open_in_place(nonce(), self.aad(), &mut text).ok()?.len();
            text.truncate(length);
            Some(text)
        })
    }

    fn key(&self, secret: &[u8], salt: &[u8]) -> Result<LessSafeKey, Unspecified> {
        let mut key = [0; KEY_LENGTH];
        let derived = Salt::new(HKDF_SHA256, salt).extract(secret);
        derived.expand(&[self.purpose.as_bytes()], HKDF_SHA256)?.fill(&mut key)?;
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key)?))
    }

    fn aad(&self) -> Aad<&'static [u8]> {
        Aad::from(self.purpose.as_bytes())
    }
}

/// A key is for one text.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret;

    fn sealed(secrets: &str, purpose: &'static str) -> Sealed {
        Sealed::new(&secret::parse(secrets).unwrap(), purpose)
    }

    #[test]
    fn what_was_sealed_is_opened_by_whoever_has_the_secret_and_the_purpose() {
        let (old, new) = ("o".repeat(32), "n".repeat(32));
        let before = sealed(&old, "session");
        let text = before.seal(b"ann").unwrap();
        assert!(!text.contains("ann") && text != before.seal(b"ann").unwrap());
        assert_eq!(before.open(&text).as_deref(), Some(&b"ann"[..]));
        let after = sealed(&format!("{new},{old}"), "session");
        assert_eq!(after.open(&text).as_deref(), Some(&b"ann"[..]));
        assert_eq!(before.open(&after.seal(b"ann").unwrap()), None, "the newest one seals");
        assert_eq!(sealed(&new, "session").open(&text), None);
        assert_eq!(sealed(&old, "ticket").open(&text), None);
        for other in ["", "A", "AQ", &"A".repeat(200), &text[..text.len() - 1], "ä", &text[1..]] {
            assert_eq!(before.open(other), None, "{other}");
        }
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
            assert_eq!(before.open(std::str::from_utf8(&changed).unwrap()), None, "{at}");
        }
    }
}
