//! Signed tokens that nobody signed, or not for this.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use rcgen::PublicKeyData;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::attempt::Attempt;
use crate::deployment::{Deployment, SECRET, logs};

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Signed by HMAC with this secret, whatever the head says.
fn by_secret(head: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", part(head), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

pub(crate) fn attempts(server: &Deployment) -> Vec<Attempt> {
    let right = Deployment::claims(|_| {});
    let mut tokens = heads(server, &right);
    tokens.extend(claims(server));
    tokens.extend(texts(server, &right));
    let etl = logs("etl", "orders");
    let sales = logs("sales", "orders");
    let refused = |(name, token): &(String, String)| {
        Attempt::get(format!("a token with {name}"), &etl, &format!("Bearer {token}"))
    };
    let mut attempts: Vec<_> = tokens.iter().map(refused).collect();
    let right = format!("Bearer {}", server.signed(&right));
    attempts.push(Attempt::get("a right token for sales", &sales, &right));
    attempts.push(Attempt::get("a right token for the figures", "/metrics", &right));
    attempts
}

/// Tokens whose head says how they are to be checked.
fn heads(server: &Deployment, right: &Value) -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", "", "null"] {
        let head = json!({ "alg": none, "typ": "JWT" });
        let unsigned = format!("{}.{}.", part(&head), part(right));
        tokens.push((format!("alg {none:?}"), unsigned.clone()));
        tokens.push((format!("alg {none:?} and a signature"), unsigned + "AAAA"));
    }
    let pem = server.key.public_key_pem();
    let raw = server.key.der_bytes();
    for (name, secret) in [
        ("the public key as its secret", pem.as_bytes()),
        ("the public key without its last line end as its secret", pem.trim_end().as_bytes()),
        ("the bytes of the public key as its secret", raw),
        ("an empty secret", b""),
        ("a secret that can be guessed", b"secret"),
    ] {
        tokens.push((name.to_owned(), by_secret(&json!({ "alg": "HS256" }), right, secret)));
    }
    for alg in ["HS384", "HS512", "RS256", "RS512", "ES256", "ES256K", "PS256", "EdDSA", "HS1"] {
        let token = by_secret(&json!({ "alg": alg }), right, SECRET.as_bytes());
        tokens.push((format!("alg {alg:?} for the secret"), token));
    }
    for kid in [
        "../../../../dev/null",
        "/dev/null",
        "' UNION SELECT 'secret' --",
        "http://evil.example/key",
        "file:///etc/passwd",
        "\u{0}",
        "| id",
        &"x".repeat(10_000),
    ] {
        let head = json!({ "alg": "HS256", "kid": kid });
        tokens.push((format!("kid {kid:.30?}"), by_secret(&head, right, b"")));
    }
    let evil = STANDARD.encode("a key of its own");
    for head in [
        json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": evil } }),
        json!({ "alg": "HS256", "jku": "http://127.0.0.1:1/keys" }),
        json!({ "alg": "RS256", "x5u": "http://127.0.0.1:1/cert", "x5c": [evil] }),
        json!({ "alg": ["none"] }),
        json!({ "alg": { "$ne": "none" } }),
        json!({ "alg": 0 }),
        json!({ "typ": "JWT" }),
        json!([]),
        json!("HS256"),
    ] {
        tokens.push((format!("the head {head}"), by_secret(&head, right, b"a key of its own")));
    }
    let head = json!({ "alg": "HS256", "crit": ["exp2"], "exp2": 1 });
    tokens.push(("a critical part".to_owned(), by_secret(&head, right, b"wrong")));
    tokens
}

/// A change of right claims that makes them wrong.
type Change = fn(&mut Value);

/// Tokens that are signed as they should be, and do not say what they should.
fn claims(server: &Deployment) -> Vec<(String, String)> {
    let changes: [(&str, Change); 24] = [
        ("an end that has passed", |claims| claims["exp"] = json!(1_000_000_000)),
        ("an end of zero", |claims| claims["exp"] = json!(0)),
        ("an end below zero", |claims| claims["exp"] = json!(-1)),
        ("an end as text", |claims| claims["exp"] = json!("never")),
        ("no end", |claims| claims["exp"] = Value::Null),
        ("an end in a list", |claims| claims["exp"] = json!([4_102_444_800_u64])),
        ("a beginning to come", |claims| claims["nbf"] = json!(4_000_000_000_u64)),
        ("a beginning as text", |claims| claims["nbf"] = json!("now")),
        ("another issuer", |claims| claims["iss"] = json!("https://evil.example")),
        ("an issuer that begins alike", |claims| {
            claims["iss"] = json!("https://issuer.example.evil");
        }),
        ("no issuer", |claims| claims["iss"] = Value::Null),
        ("an issuer in a list", |claims| claims["iss"] = json!([["https://issuer.example"]])),
        ("another audience", |claims| claims["aud"] = json!("shop")),
        ("no audience", |claims| claims["aud"] = Value::Null),
        ("audiences of others", |claims| claims["aud"] = json!(["shop", "logs2"])),
        ("an audience in capitals", |claims| claims["aud"] = json!("LOGS")),
        ("no user", |claims| claims["sub"] = Value::Null),
        ("an empty user", |claims| claims["sub"] = json!("")),
        ("a user in an object", |claims| claims["sub"] = json!({ "$gt": "" })),
        ("no workspaces", |claims| claims["workspaces"] = json!([])),
        ("workspaces that are null", |claims| claims["workspaces"] = Value::Null),
        ("workspaces in an object", |claims| claims["workspaces"] = json!({ "etl": true })),
        ("workspaces that are a number", |claims| claims["workspaces"] = json!(1)),
        ("workspaces of others", |claims| claims["workspaces"] = json!(["et", "etl2", "ETL"])),
    ];
    let signed =
        changes.map(|(name, change)| (name.to_owned(), server.signed(&Deployment::claims(change))));
    signed.to_vec()
}

/// Tokens whose text was changed.
fn texts(server: &Deployment, right: &Value) -> Vec<(String, String)> {
    let token = server.signed(right);
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts[..] else { unreachable!("a token has three parts") };
    let more = part(&Deployment::claims(|claims| claims["workspaces"] = json!(["*"])));
    [
        ("no signature", format!("{head}.{body}.")),
        ("no third part", format!("{head}.{body}")),
        ("a fourth part", format!("{token}.{signature}")),
        ("another body", format!("{head}.{more}.{signature}")),
        ("an empty body", format!("{head}..{signature}")),
        ("an empty head", format!(".{body}.{signature}")),
        ("half a signature", format!("{head}.{body}.{}", &signature[..40])),
        ("a signature of zeros", format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
        ("a signature in other letters", format!("{head}.{body}.{}", signature.to_lowercase())),
        ("padding", format!("{head}.{body}.{signature}==")),
        ("a line end", format!("{head}.{body}.{signature}%0a")),
        ("nothing but dots", "..".to_owned()),
        ("many dots", ".".repeat(5000)),
        ("what is no base 64", format!("{head}.!!!.{signature}")),
        (
            "a body that nests",
            format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode("[".repeat(20_000))),
        ),
    ]
    .map(|(name, token)| (name.to_owned(), token))
    .to_vec()
}
