//! Which signed tokens are taken, and whom they name.

use std::path::Path;

use jsonwebtoken::Algorithm::{ES256, EdDSA, HS256, RS256};
use jsonwebtoken::Header;
use log_server::access::jwt::{Jwt, JwtConfig};
use log_server::access::{
    Authority, Caller, Credentials, Denied, KnownBy, Place, Reason, Right, RowRule,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::signer::{Signer, key_set, now, pem};

const ALGORITHMS: [jsonwebtoken::Algorithm; 4] = [HS256, RS256, ES256, EdDSA];

/// Someone who takes the tokens of these signers, by a file with their keys.
pub(crate) fn taking(signers: &[&Signer], config: &str) -> (TempDir, Jwt) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    std::fs::write(&path, key_set(signers)).unwrap();
    (folder, Jwt::new(&with_keys(&[&path], config)).unwrap())
}

fn with_keys(paths: &[&Path], config: &str) -> JwtConfig {
    let paths = paths.iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>();
    toml::from_str(&format!("key-files = {paths:?}\n{config}")).unwrap()
}

pub(crate) const ISSUED: &str = "issuer = \"https://login.example\"\naudience = \"logs\"\n\
    workspaces-claim = \"workspaces\"\nrights-claim = \"rights\"";

pub(crate) fn claims() -> Value {
    json!({
        "iss": "https://login.example", "aud": "logs", "sub": "ann", "exp": now() + 600,
        "iat": now() - 5, "workspaces": ["etl*"], "rights": ["read", "append"],
    })
}

/// The claims, some of them other ones; `null` leaves one out.
#[expect(clippy::needless_pass_by_value, reason = "they are written where this is called")]
fn but(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// What an authority says of a token, as a request brings it.
pub(crate) async fn ask(jwt: &Jwt, token: &str) -> Result<Option<Caller>, Denied> {
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    jwt.identify(&Credentials::of(&headers, None), Right::Read, &Place::default()).await
}

async fn refusal(jwt: &Jwt, token: &str) -> Denied {
    match jwt.check(token).await {
        Err(denied) => denied,
        Ok(caller) => panic!("it is taken, as {caller:?}: {token}"),
    }
}

fn place(workspace: &str) -> Place {
    Place::workflow(workspace, "orders")
}

#[tokio::test]
async fn a_token_of_each_algorithm_names_its_user_and_what_he_may() {
    for algorithm in ALGORITHMS {
        let signer = Signer::new(algorithm, "one");
        let (_folder, jwt) = taking(&[&signer], ISSUED);
        let claims = but(json!({"jti": "token-7"}));
        let caller = ask(&jwt, &signer.sign(&claims)).await.unwrap().unwrap();
        assert_eq!((&*caller.user, caller.known_by), ("ann", KnownBy::Jwt), "{algorithm:?}");
        assert_eq!(&*caller.credential, "token-7");
        assert_eq!(caller.issued.unwrap().as_second(), claims["iat"].as_i64().unwrap());
        let expires = claims["exp"].as_i64().unwrap() + 30;
        assert_eq!(caller.expires.unwrap().as_second(), expires, "leeway counts for streams too");
        assert!(caller.grants.allow(Right::Append, &place("etl-eu")));
        assert!(!caller.grants.allow(Right::Operate, &place("etl-eu")));
        assert!(!caller.grants.allow(Right::Read, &place("crm")));
    }
}

#[tokio::test]
async fn public_keys_in_pem_and_secrets_in_files_check_tokens_with_and_without_a_key_id() {
    let folder = tempfile::tempdir().unwrap();
    let signers = ALGORITHMS.map(|algorithm| Signer::new(algorithm, "its name"));
    let mut config = ISSUED.to_owned();
    let mut paths = Vec::new();
    for signer in &signers {
        let path = folder.path().join(format!("{:?}", signer.algorithm));
        if signer.algorithm == HS256 {
            std::fs::write(&path, [&signer.public[..], b"\n"].concat()).unwrap();
            permit(&path, 0o640);
            config = format!("secret-file = {path:?}\n{config}");
        } else {
            std::fs::write(&path, signer.pem()).unwrap();
            paths.push(path);
        }
    }
    let paths: Vec<_> = paths.iter().map(AsRef::as_ref).collect();
    let jwt = Jwt::new(&with_keys(&paths, &config)).unwrap();
    for signer in &signers {
        jwt.check(&signer.sign(&claims())).await.unwrap();
        jwt.check(&signer.sign_as(&Header::new(signer.algorithm), &claims())).await.unwrap();
        let other = Signer::new(signer.algorithm, "its name");
        assert_eq!(refusal(&jwt, &other.sign(&claims())).await.reason, Reason::Unknown);
    }
}

#[tokio::test]
async fn keys_that_are_none_are_refused_at_the_start_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let signer = Signer::new(ES256, "one");
    let other_use = |name: &str, value: &str| {
        let mut jwk = signer.jwk();
        jwk[name] = value.into();
        jwk.to_string()
    };
    for (text, words) in [
        (pem("PRIVATE KEY", b"whatever"), "private key"),
        (pem("PUBLIC KEY", b"whatever"), "no public key"),
        ("nothing".to_owned(), "no public key"),
        ("{}".to_owned(), "no set of keys"),
        ("{\"keys\": [{}]}".to_owned(), "key 0"),
        (other_use("use", "enc"), "not for signatures"),
        (other_use("alg", "ES384"), "it is for ES384"),
        (other_use("crv", "P-384"), "no key of RSA, P-256"),
        (other_use("x", "AAAA"), "not as long"),
        (json!({"kty": "oct", "k": "c2hvcnQ"}).to_string(), "the secret has 5 bytes"),
    ] {
        std::fs::write(&path, &text).unwrap();
        let error = Jwt::new(&with_keys(&[&path], "")).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("key"), "{text}: {error}");
    }
    std::fs::write(&path, "x".repeat(40)).unwrap();
    permit(&path, 0o644);
    let open = toml::from_str(&format!("secret-file = {path:?}")).unwrap();
    let error = Jwt::new(&open).unwrap_err().to_string();
    assert!(error.contains("any user of this machine may read the secret"), "{error}");
    std::fs::write(&path, "short").unwrap();
    permit(&path, 0o600);
    for (config, words) in [
        (format!("secret-file = {path:?}"), "5 bytes"),
        (format!("secret-file = {:?}", path.join("x")), "cannot read"),
        (format!("secret-file = {path:?}\nsecret-env = \"PATH\""), "write one of them"),
        ("secret-env = \"NO_SUCH_VARIABLE\"".to_owned(), "NO_SUCH_VARIABLE is to hold a secret"),
        (String::new(), "names no key"),
        ("jwks-url = \"ftp://x/\"".to_owned(), "neither http nor https"),
        ("jwks-url = \"http://u:secret@x/\"".to_owned(), "a name before the host"),
    ] {
        let error = Jwt::new(&toml::from_str(&config).unwrap()).unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains("secret@"), "{config}: {error}");
    }
    std::fs::write(&path, signer.pem()).unwrap();
    for rows in ["{sub", "sub}", "{}"] {
        let config = format!("rows = {{ owner = {rows:?} }}");
        assert!(Jwt::new(&with_keys(&[&path], &config)).is_err(), "{rows}");
    }
}

#[tokio::test]
async fn times_issuer_and_audience_are_as_they_are_to_be() {
    let signer = Signer::new(EdDSA, "one");
    let (_folder, jwt) = taking(&[&signer], ISSUED);
    for right in [
        json!({}),
        json!({"exp": now() - 20}),
        json!({"nbf": now() + 20}),
        json!({"iat": now() + 20}),
        json!({"iat": null}),
        json!({"exp": u64::MAX}),
        json!({"exp": 1e18}),
        json!({"aud": ["other", "logs"]}),
    ] {
        let token = signer.sign(&but(right.clone()));
        jwt.check(&token).await.unwrap_or_else(|denied| panic!("{right}: {denied}"));
    }
    for (wrong, words) in [
        (json!({"exp": now() - 40}), "has expired"),
        (json!({"exp": 0}), "has expired"),
        (json!({"exp": null}), "has no `exp`"),
        (json!({"exp": "never"}), "has no `exp`"),
        (json!({"exp": [now() + 60]}), "not one that is understood"),
        (json!({"exp": -5}), "has no `exp`"),
        (json!({"nbf": now() + 60}), "not valid yet"),
        (json!({"nbf": "soon"}), "not one that is understood"),
        (json!({"iat": now() + 60}), "in the future"),
        (json!({"iat": 1e18}), "in the future"),
        (json!({"iss": "https://other.example"}), "another issuer"),
        (json!({"iss": "https://login.example/"}), "another issuer"),
        (json!({"iss": null}), "has no `iss`"),
        (json!({"iss": 7}), "has no `iss`"),
        (json!({"aud": "other"}), "another service"),
        (json!({"aud": []}), "another service"),
        (json!({"aud": null}), "has no `aud`"),
        (json!({"aud": {"logs": 1}}), "has no `aud`"),
        (json!({"sub": null}), "`sub` is no name"),
        (json!({"sub": ""}), "`sub` is no name"),
        (json!({"sub": ["ann"]}), "not one that is understood"),
        (json!({"sub": "ann\r\nX-Other: 1"}), "`sub` is no name"),
        (json!({"sub": "a".repeat(256)}), "`sub` is no name"),
    ] {
        let denied = refusal(&jwt, &signer.sign(&but(wrong.clone()))).await;
        assert!(denied.words.contains(words), "{wrong}: {denied}");
        let reason = if words == "has expired" { Reason::Expired } else { Reason::Unknown };
        assert_eq!(denied.reason, reason, "{wrong}");
    }
    // Which of two that are the same would hold?
    let twice = claims().to_string().replacen('{', "{\"exp\":1,", 1);
    let header = serde_json::to_string(&signer.header()).unwrap();
    refusal(&jwt, &signer.sign_raw(&header, &twice)).await;
}

#[tokio::test]
async fn a_key_says_by_which_algorithm_it_checks_and_never_the_token() {
    let rsa = Signer::new(RS256, "rsa");
    let ec = Signer::new(ES256, "ec");
    let (_folder, jwt) = taking(&[&rsa, &ec], ISSUED);
    let text = claims().to_string();
    let mut forged = Vec::new();
    // The public key, in each way that it is written, as the secret of an HMAC.
    for signer in [&rsa, &ec] {
        let jwk = signer.jwk();
        let mut secrets = vec![signer.public.clone(), signer.pem().into_bytes()];
        secrets.push(signer.pem().trim().as_bytes().to_vec());
        secrets.push(jwk.to_string().into_bytes());
        for part in ["n", "x", "y"] {
            secrets.extend(jwk[part].as_str().map(|part| part.as_bytes().to_vec()));
        }
        for secret in secrets {
            let hmac = jsonwebtoken::EncodingKey::from_secret(&secret);
            for kid in [Some(signer.id.to_owned()), None] {
                let header = Header { kid, ..Header::new(HS256) };
                forged.push(jsonwebtoken::encode(&header, &claims(), &hmac).unwrap());
            }
        }
    }
    // No signature, said in each way; and the right one under another name.
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "RS512", "ES384", "RS256 ", "rs256"] {
        let header = json!({"alg": alg, "kid": "rsa"}).to_string();
        let signed = rsa.sign_raw(&header, &text);
        let (unsigned, _) = signed.rsplit_once('.').unwrap();
        forged.extend([format!("{unsigned}."), signed]);
    }
    for header in [
        json!({"alg": null}),
        json!({"alg": ["RS256"]}),
        json!({"kid": "rsa"}),
        json!({}),
        json!([]),
        json!({"alg": "ES256", "kid": "rsa"}),
        json!({"alg": "EdDSA", "kid": "rsa"}),
    ] {
        forged.push(rsa.sign_raw(&header.to_string(), &text));
    }
    let signed = ec.sign(&claims());
    let (unsigned, _) = signed.rsplit_once('.').unwrap();
    for signature in ["A".repeat(86), String::new(), "A".repeat(8), "_".repeat(86)] {
        forged.push(format!("{unsigned}.{signature}"));
    }
    for token in &forged {
        assert_eq!(refusal(&jwt, token).await.reason, Reason::Unknown, "{token}");
    }
    assert!(forged.len() > 50);
    jwt.check(&signed).await.unwrap();
    jwt.check(&rsa.sign(&claims())).await.unwrap();
}

#[tokio::test]
async fn only_the_algorithms_of_the_configuration_are_taken() {
    let rsa = Signer::new(RS256, "rsa");
    let ec = Signer::new(ES256, "ec");
    let config = format!("algorithms = [\"ES256\"]\n{ISSUED}");
    let (_folder, jwt) = taking(&[&rsa, &ec], &config);
    jwt.check(&ec.sign(&claims())).await.unwrap();
    refusal(&jwt, &rsa.sign(&claims())).await;
    for wrong in ["none", "HS512", "es256"] {
        let config = format!("algorithms = [{wrong:?}]");
        assert!(toml::from_str::<JwtConfig>(&config).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_key_id_is_a_name_and_nothing_else_and_no_other_place_is_believed() {
    let signer = Signer::new(ES256, "one");
    let thief = Signer::new(ES256, "one");
    let (folder, jwt) = taking(&[&signer], ISSUED);
    let there = folder.path().join("keys.json");
    for id in [
        "../../../../dev/null",
        "/dev/null",
        there.to_str().unwrap(),
        "",
        "ONE",
        "one ",
        "one\0",
        "' OR 1=1 --",
        "http://127.0.0.1:1/key",
        "{one}",
        &"k".repeat(9000),
    ] {
        let header = Header { kid: Some(id.to_owned()), ..signer.header() };
        let denied = refusal(&jwt, &signer.sign_as(&header, &claims())).await;
        assert_eq!(denied.reason, Reason::Unknown, "{id}");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(thief.jwk()).unwrap();
    for header in [
        Header { jku: Some(url.clone()), ..thief.header() },
        Header { x5u: Some(url), ..thief.header() },
        Header { jwk: Some(jwk), ..thief.header() },
        Header { x5c: Some(vec!["AAAA".to_owned()]), ..thief.header() },
    ] {
        refusal(&jwt, &thief.sign_as(&header, &claims())).await;
    }
    assert!(listener.accept().is_err(), "nobody has asked there");
    let text = claims().to_string();
    for more in [
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
        json!({"zip": "DEF"}),
        json!({"kid": 7}),
        json!({"enc": "A256GCM"}),
    ] {
        let mut header = serde_json::to_value(signer.header()).unwrap();
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refusal(&jwt, &signer.sign_raw(&header.to_string(), &text)).await;
    }
}

#[tokio::test]
async fn no_character_of_a_token_can_be_another_one() {
    for algorithm in [HS256, ES256, EdDSA] {
        let signer = Signer::new(algorithm, "one");
        let (_folder, jwt) = taking(&[&signer], ISSUED);
        let token = signer.sign(&claims());
        jwt.check(&token).await.unwrap();
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
            refusal(&jwt, std::str::from_utf8(&changed).unwrap()).await;
        }
        for at in [0, 1, 20, token.len() - 2, token.len() - 1] {
            assert!(jwt.check(&token[..at]).await.is_err());
        }
        for more in ["=", " ", "A", ".", "\u{0}", ".AAAA"] {
            refusal(&jwt, &format!("{token}{more}")).await;
        }
        refusal(&jwt, &format!("{token}{}", "A".repeat(20_000))).await;
    }
}

#[tokio::test]
async fn what_is_no_signed_token_is_left_to_others() {
    let signer = Signer::new(HS256, "one");
    let (_folder, jwt) = taking(&[&signer], ISSUED);
    for token in ["a-static-token", "a.b", "a.b.c.d.e", "..", ".b.c", "a b.c.d", "ä.b.c"] {
        assert_eq!(ask(&jwt, token).await.map(|caller| caller.is_some()), Ok(false), "{token}");
    }
    let nothing = Credentials::default();
    assert!(jwt.identify(&nothing, Right::Read, &Place::default()).await.unwrap().is_none());
}

#[tokio::test]
async fn grants_come_from_the_claims_that_the_configuration_names() {
    let signer = Signer::new(HS256, "one");
    let may = async |config: &str, changes: Value| {
        let (_folder, jwt) = taking(&[&signer], config);
        let caller = jwt.check(&signer.sign(&but(changes))).await;
        caller.map(|caller| {
            let rights = Right::ALL.into_iter();
            let rights = rights.filter(|right| caller.grants.allow(*right, &place("etl")));
            rights.map(Right::as_str).collect::<Vec<_>>().join(" ")
        })
    };
    let listed = "grants-claim = \"logs\"\nworkspaces = [\"*\"]\nrights = [\"operate\"]";
    for (config, changes, expected) in [
        // Nothing is allowed that nobody has said.
        ("", json!({}), ""),
        ("workspaces = [\"etl\"]", json!({}), "read"),
        ("workspaces = [\"crm\"]", json!({}), ""),
        ("workspaces = [\"etl\"]\nrights = [\"append\"]", json!({}), "append"),
        ("workspaces-claim = \"workspaces\"", json!({}), "read"),
        ("workspaces-claim = \"workspaces\"", json!({"workspaces": "crm etl"}), "read"),
        ("workspaces-claim = \"workspaces\"", json!({"workspaces": []}), ""),
        ("workspaces-claim = \"workspaces\"", json!({"workspaces": 7}), ""),
        ("workspaces-claim = \"workspaces\"", json!({"workspaces": null}), ""),
        ("workspaces-claim = \"a.b\"", json!({"a": {"b": ["etl"]}}), "read"),
        ("workspaces-claim = \"a.b\"", json!({"a.b": ["etl"], "a": {"b": ["crm"]}}), "read"),
        (
            "workspaces = [\"etl\"]\nrights-claim = \"scope\"",
            json!({"scope": "openid append profile"}),
            "append",
        ),
        ("workspaces = [\"etl\"]\nrights-claim = \"scope\"", json!({"scope": "openid"}), ""),
        ("workspaces = [\"*\"]\nworkflows-claim = \"flows\"", json!({"flows": ["orders"]}), "read"),
        ("workspaces = [\"*\"]\nworkflows-claim = \"flows\"", json!({"flows": ["other"]}), ""),
        (listed, json!({"logs": [{"workspaces": ["etl"], "rights": ["read"]}]}), "read"),
        (
            listed,
            json!({"logs": [{"workspaces": ["etl"], "workflows": ["x"], "rights": ["read"]},
            {"workspaces": ["e*"], "workflows": ["ord*"], "rights": ["append"]}]}),
            "append",
        ),
        (listed, json!({"logs": []}), ""),
        (listed, json!({}), "operate"),
    ] {
        assert_eq!(
            may(config, changes.clone()).await.as_deref(),
            Ok(expected),
            "{config} {changes}"
        );
    }
    for wrong in [
        json!("etl"),
        json!({"workspaces": ["etl"]}),
        json!([{}]),
        json!([{"workspaces": "etl"}]),
        json!([{"workspaces": ["etl"], "rights": ["own"]}]),
        json!([{"workspaces": ["etl"], "workspace": ["x"]}]),
    ] {
        let denied = may(listed, json!({"logs": wrong})).await.unwrap_err();
        assert_eq!(denied.reason, Reason::Forbidden);
        assert!(denied.words.contains("`logs` is not understood"), "{denied}");
    }
}

#[tokio::test]
async fn a_rule_for_rows_holds_or_nobody_is_let_in() {
    let signer = Signer::new(HS256, "one");
    let config = format!("{ISSUED}\nrows = {{ owner = \"{{sub}}\", team = \"t-{{group.id}}\" }}");
    let (_folder, jwt) = taking(&[&signer], &config);
    let token = signer.sign(&but(json!({"group": {"id": 7}})));
    let rules = jwt.check(&token).await.unwrap().rows.0;
    let rule = |field: &str, value: &str| RowRule { field: field.into(), value: value.into() };
    assert_eq!(rules, [rule("owner", "ann"), rule("team", "t-7")]);
    for missing in [
        json!({}),
        json!({"group": {"id": ""}}),
        json!({"group": {"id": [7]}}),
        json!({"group": {"id": {}}}),
        json!({"group": "7"}),
    ] {
        let denied = refusal(&jwt, &signer.sign(&but(missing.clone()))).await;
        assert_eq!(denied.reason, Reason::Forbidden, "{missing}");
        assert!(denied.words.contains("`group.id`"), "{denied}");
    }
}

#[tokio::test]
async fn a_token_without_a_name_is_named_by_its_hash() {
    let signer = Signer::new(HS256, "one");
    let (_folder, jwt) = taking(&[&signer], ISSUED);
    let mut names = Vec::new();
    for id in [Value::Null, json!(7), json!(""), json!("a\nb"), json!("x".repeat(256))] {
        let token = signer.sign(&but(json!({ "jti": id, "n": names.len() })));
        let name = jwt.check(&token).await.unwrap().credential;
        assert_eq!(jwt.check(&token).await.unwrap().credential, name);
        assert!(name.starts_with("sha256:") && name.len() == 29, "{name}");
        assert!(!names.contains(&name));
        names.push(name);
    }
}

fn permit(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
