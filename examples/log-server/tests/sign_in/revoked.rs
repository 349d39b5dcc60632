//! What was taken back, without a server.

use std::time::Duration;

use jiff::Timestamp;
use log_server::access::revoked::{Full, NotRevoked, Revocation, Revoke, Revoked};
use log_server::access::{Caller, KnownBy, Revocations};

fn caller(credential: &str, user: &str, issued: Option<Timestamp>) -> Caller {
    let (credential, user) = (credential.into(), user.into());
    Caller { known_by: KnownBy::Jwt, credential, user, issued, ..Caller::anyone() }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn of(what: Revoke) -> Revocation {
    Revocation::new(what)
}

#[tokio::test]
async fn an_id_a_user_or_all_are_taken_back_as_of_when_it_was_said() {
    let revoked = Revoked::in_memory();
    let mut changed = revoked.changed();
    let say = async |what, seconds| {
        revoked.revoke(Revocation { at: at(seconds), ..of(what) }).await.unwrap();
    };
    say(Revoke::Credential("one".into()), 10).await;
    say(Revoke::User("ann".into()), 20).await;
    say(Revoke::User("ann".into()), 15).await;
    let is = |credential, user, issued: Option<i64>| {
        revoked.is_revoked(&caller(credential, user, issued.map(at)))
    };
    assert!(is("one", "bob", Some(99)) && is("one", "bob", None));
    assert!(is("two", "ann", Some(20)) && is("two", "ann", Some(3)) && is("two", "ann", None));
    assert!(!is("two", "ann", Some(21)) && !is("two", "bob", None) && !is("", "", None));
    let session = Caller { made_from: Some("one".into()), ..caller("session", "bob", None) };
    assert!(revoked.is_revoked(&session));
    assert!(changed.has_changed().unwrap());
    changed.mark_unchanged();

    say(Revoke::All(true), 30).await;
    assert!(changed.has_changed().unwrap());
    assert!(is("two", "bob", Some(30)) && is("two", "bob", None) && !is("two", "bob", Some(31)));
    assert!(is("one", "bob", Some(31)), "an id stays taken back");
    assert!(!revoked.is_revoked(&Caller::anyone()), "nobody has given him anything");
    let listed = revoked.list();
    assert_eq!(listed.len(), 2, "what `all` takes back needs no user: {listed:?}");
}

#[tokio::test]
async fn what_would_have_ended_is_forgotten_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a folder/revocations");
    let revoked = Revoked::open(&path).unwrap();
    assert!(!path.exists(), "nothing was taken back");
    let now = Timestamp::now();
    for (id, expires) in [
        ("over", Some(now - Duration::from_secs(2 * 3600))),
        ("just over, by some clock", Some(now - Duration::from_secs(60))),
        ("good", Some(now + Duration::from_secs(60))),
        ("never ends", None),
    ] {
        let what = Revoke::Credential(id.into());
        revoked.revoke(Revocation { expires, ..of(what) }).await.unwrap();
    }
    drop(revoked);
    let revoked = Revoked::open(&path).unwrap();
    let known = |id| revoked.is_revoked(&caller(id, "ann", Some(now)));
    assert!(!known("over"));
    assert!(known("just over, by some clock") && known("good") && known("never ends"));
    assert_eq!(revoked.list().len(), 3);
}

#[tokio::test]
async fn a_file_that_is_not_what_it_is_to_be_is_not_taken_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("revocations");
    for text in ["", "{}", "[{\"user\": \"ann\"}]", "[{\"at\": \"2026-01-01T00:00:00Z\"}]", "["] {
        std::fs::write(&path, text).unwrap();
        let error = Revoked::open(&path).unwrap_err().to_string();
        assert!(error.contains("holds no revocations"), "{text}: {error}");
    }
    let error = Revoked::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("cannot read the revocations"), "{error}");
}

#[tokio::test]
async fn there_is_an_end_to_what_is_remembered_for_one_and_for_all() {
    let revoked = Revoked::in_memory();
    let end = async |user: &str, id: usize, expires| {
        let what = Revoke::Credential(format!("{user}-{id}").into());
        revoked.revoke(Revocation { expires, ended_by: Some(user.into()), ..of(what) }).await
    };
    let later = Some(Timestamp::now() + Duration::from_secs(600));
    for id in 0..1000 {
        end("ann", id, later).await.unwrap();
    }
    let full = end("ann", 1000, later).await.unwrap_err();
    assert!(matches!(full, NotRevoked::Full(Full::OfOne)), "{full}");
    end("bob", 0, later).await.unwrap();

    for id in revoked.list().len()..100_000 {
        revoked.revoke(of(Revoke::Credential(id.to_string().into()))).await.unwrap();
    }
    let more = revoked.revoke(of(Revoke::Credential("one more".into()))).await.unwrap_err();
    assert!(matches!(more, NotRevoked::Full(Full::InAll)), "{more}");
    revoked.revoke(of(Revoke::User("eve".into()))).await.unwrap();
    assert!(revoked.is_revoked(&caller("x", "eve", None)));
}
