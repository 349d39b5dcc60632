//! How many sign-ins a second one thread takes, by way and algorithm:
//! `cargo run --release -p log-server --example sign_ins`.
//!
//! Each token is another one, and its key comes from a set that was fetched once. Of each way there
//! are several rounds, and the one in the middle counts.
#![allow(clippy::unwrap_used, reason = "there is nobody to tell")]

use std::time::Instant;

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderValue};
use jsonwebtoken::Algorithm::{ES256, EdDSA, HS256, RS256};
use log_server::access::tokens::TokenHash;
use log_server::access::{Credentials, Place, Right, SignIn};
use log_server::config::Config;
use log_server::secret;
use serde_json::json;

#[path = "../tests/sign_in/signer.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod signer;

use signer::{Signer, key_set, now};

const ROUNDS: usize = 7;
const SIGN_INS: usize = 5000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let signers = [(HS256, "h"), (RS256, "r"), (ES256, "e"), (EdDSA, "d")];
    let signers = signers.map(|(algorithm, id)| Signer::new(algorithm, id));
    let keys = folder.path().join("keys.json");
    std::fs::write(&keys, key_set(&signers.each_ref())).unwrap();
    let hash = TokenHash::of("a-token");
    let text = format!(
        "[[token]]\nname = \"ann\"\nsha256 = \"{hash}\"\nworkspaces = [\"etl\"]\n[jwt]\n\
         jwks-file = '{}'\nissuer = \"https://login.example\"\naudience = \"logs\"\n\
         workspaces-claim = \"workspaces\"\nrows = {{ owner = \"{{sub}}\" }}",
        keys.display()
    );
    let config: Config = toml::from_str(&text).unwrap();
    let file = folder.path().join("revocations");
    let sign_in = SignIn::new(&config, &secret::random().unwrap(), Some(file)).unwrap();

    measure("token of the configuration", &sign_in, || vec![bearer("a-token"); SIGN_INS]).await;
    let mut first = Credentials::default();
    for signer in &signers {
        let tokens: Vec<_> = (0..SIGN_INS).map(|at| bearer(&signed(signer, at))).collect();
        first = tokens[0].clone();
        measure(&format!("{:?}", signer.algorithm), &sign_in, || tokens.clone()).await;
    }
    let caller = sign_in.access().identify(&first, Right::Read, &Place::default()).await.unwrap();
    let session = || {
        let cookie = sign_in.sessions().begin(&caller, true).unwrap();
        header(COOKIE, &format!("{}={}", cookie.name(), cookie.value()))
    };
    measure("session", &sign_in, || (0..SIGN_INS).map(|_| session()).collect()).await;
    let ticket = || {
        let ticket = sign_in.tickets().give(&caller, &first, Place::default()).unwrap();
        Credentials::of(&HeaderMap::new(), Some(&ticket))
    };
    measure("ticket", &sign_in, || (0..SIGN_INS).map(|_| ticket()).collect()).await;
}

/// Signs in with what is made before each round.
async fn measure(way: &str, sign_in: &SignIn, make: impl Fn() -> Vec<Credentials>) {
    let place = Place::workflow("etl", "orders");
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let all = make();
        let began = Instant::now();
        for credentials in &all {
            sign_in.access().identify(credentials, Right::Read, &place).await.unwrap();
        }
        #[expect(clippy::cast_precision_loss, reason = "it is a few thousand")]
        rates.push(all.len() as f64 / began.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let [slowest, .., fastest] = rates[..] else { return };
    println!("{way:<28}{:>9.0}/s  ({slowest:.0} to {fastest:.0})", rates[ROUNDS / 2]);
}

fn signed(signer: &Signer, at: usize) -> String {
    signer.sign(&json!({
        "iss": "https://login.example", "aud": "logs", "sub": format!("user-{at}"),
        "jti": format!("token-{at}"), "iat": now(), "exp": now() + 3600,
        "workspaces": ["etl", "crm-*"],
    }))
}

fn bearer(token: &str) -> Credentials {
    header(AUTHORIZATION, &format!("Bearer {token}"))
}

fn header(name: http::HeaderName, value: &str) -> Credentials {
    let headers = HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())]);
    Credentials::of(&headers, None)
}
