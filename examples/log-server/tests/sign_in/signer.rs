//! Who signs tokens, with keys of his own.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// A key to sign with, and what others are given to check by.
pub(crate) struct Signer {
    pub(crate) id: &'static str,
    pub(crate) algorithm: Algorithm,
    key: EncodingKey,
    /// The secret, or the public key as it is in certificates.
    pub(crate) public: Vec<u8>,
}

impl Signer {
    pub(crate) fn new(algorithm: Algorithm, id: &'static str) -> Self {
        let (key, public) = match algorithm {
            Algorithm::HS256 => {
                let secret = format!("a secret of 32 bytes or more: {}", fastrand::u64(..));
                (EncodingKey::from_secret(secret.as_bytes()), secret.into_bytes())
            }
            Algorithm::RS256 => {
                let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
                let private = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).unwrap();
                let private = pem("PRIVATE KEY", private.as_ref());
                let public = public_key(pair.public_key());
                (EncodingKey::from_rsa_pem(private.as_bytes()).unwrap(), public)
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let private = pair.to_pkcs8v1().unwrap();
                let public = public_key(pair.public_key());
                (EncodingKey::from_ec_der(private.as_ref()), public)
            }
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let private = pair.to_pkcs8v1().unwrap();
                let public = public_key(pair.public_key());
                (EncodingKey::from_ed_der(private.as_ref()), public)
            }
            other => panic!("{other:?}"),
        };
        Self { id, algorithm, key, public }
    }

    /// The same key by another name.
    pub(crate) fn named(&self, id: &'static str) -> Self {
        Self { id, key: self.key.clone(), public: self.public.clone(), ..*self }
    }

    pub(crate) fn header(&self) -> Header {
        Header { kid: Some(self.id.to_owned()), ..Header::new(self.algorithm) }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(&self.header(), claims)
    }

    pub(crate) fn sign_as(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).unwrap()
    }

    /// Signs any head and claims, whether they are right or not.
    pub(crate) fn sign_raw(&self, header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = format!("{header}.{claims}");
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, self.algorithm);
        format!("{signed}.{}", signature.unwrap())
    }

    /// As it is in a set of keys.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    /// The public key as OpenSSL writes it.
    pub(crate) fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.public)
    }
}

pub(crate) fn key_set(signers: &[&Signer]) -> String {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() }).to_string()
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn public_key(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
    key.as_der().unwrap().as_ref().to_vec()
}
