//! Certificates that change, while streams are open.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::fs;
use std::time::Duration;

use gapless_sse_hyper::{Certificates, ServeOptions, Tls, bind};
use support::over::Over;
use support::tls::{Identity, VERSION_1_3};
use support::{Client, PATHS, Server, within};
use tokio::net::TcpStream;
use tokio::time::{advance, pause, resume};

mod support;

/// The certificate that a new client is shown.
async fn shown(server: &Server, identity: &Identity) -> bool {
    let socket = TcpStream::connect(server.address()).await.unwrap();
    let trusted = within(identity.trust(VERSION_1_3, &[]).connect(socket)).await;
    trusted.is_ok()
}

#[tokio::test]
async fn streams_go_on_while_the_certificate_changes_and_new_clients_are_shown_the_new_one() {
    const STREAMS: usize = 100;
    let identity = Identity::new();
    let certificates = identity.certificates();
    let listener = bind("127.0.0.1:0").await.unwrap();
    let over = Over::Tcp(listener.local_addr().unwrap());
    let listener = Tls::new(listener, certificates.clone());
    let (server, mut streams) = Server::streaming_on(over, listener, ServeOptions::default());
    let trust = identity.trust(VERSION_1_3, &[]);
    let mut open = Vec::new();
    for _ in 0..STREAMS {
        let socket = TcpStream::connect(server.address()).await.unwrap();
        let mut client = Client::over(within(trust.connect(socket)).await.unwrap());
        client.get(PATHS[0]).await;
        client.read_until("\r\n\r\n").await;
        open.push((client, within(streams.recv()).await.unwrap()));
    }
    for round in 0..3 {
        identity.renew();
        assert!(!shown(&server, &identity).await, "it was not loaded yet");
        assert!(certificates.reload().unwrap());
        assert!(shown(&server, &identity).await);
        assert!(!certificates.reload().unwrap(), "nothing has changed since");
        for (client, sender) in &mut open {
            let event = format!("round {round}");
            sender.send(event.clone().into()).unwrap();
            client.read_until(&format!("7\r\n{event}\r\n")).await;
        }
    }
    for (mut client, sender) in open {
        drop(sender);
        assert_eq!(client.read_to_end().await, (b"0\r\n\r\n".to_vec(), true));
    }
}

#[tokio::test]
async fn files_are_looked_at_by_themselves_and_broken_ones_change_nothing() {
    let identity = Identity::new();
    let listener = bind("127.0.0.1:0").await.unwrap();
    let over = Over::Tcp(listener.local_addr().unwrap());
    let listener = Tls::new(listener, identity.certificates());
    let (server, _streams) = Server::streaming_on(over, listener, ServeOptions::default());
    let trust = identity.trust(VERSION_1_3, &[]);
    fs::write(identity.chain(), "half of a file").unwrap();
    look().await;
    for _ in 0..20 {
        let socket = TcpStream::connect(server.address()).await.unwrap();
        within(trust.connect(socket)).await.unwrap();
    }
    identity.renew();
    look().await;
    within(async { while !shown(&server, &identity).await {} }).await;
}

/// Lets more time pass than is between two looks.
async fn look() {
    pause();
    advance(Duration::from_secs(11)).await;
    resume();
}

#[test]
fn what_cannot_be_used_is_said_in_words_and_the_one_before_stays() {
    let identity = Identity::new();
    let certificates = identity.certificates();
    let (chain, key) = (fs::read(identity.chain()).unwrap(), fs::read(identity.key()).unwrap());
    let other = Identity::new();
    let other_key = fs::read(other.key()).unwrap();
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    for (new_chain, new_key, words) in [
        (None, Some(&key), "cannot be read"),
        (Some(&chain), None, "cannot be read"),
        (Some(&Vec::new()), Some(&key), "holds no certificate"),
        (Some(&key), Some(&key), "holds no certificate"),
        (Some(&chain), Some(&Vec::new()), "holds no private key"),
        (Some(&chain), Some(&chain), "holds no private key"),
        (Some(&chain), Some(&other_key), "does not go with the key"),
        (Some(&broken), Some(&key), "does not go with the key"),
    ] {
        for (file, content) in [(identity.chain(), new_chain), (identity.key(), new_key)] {
            let _ = fs::remove_file(&file);
            if let Some(content) = content {
                fs::write(file, content).unwrap();
            }
        }
        let refused = Certificates::read(identity.chain(), identity.key()).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
        assert!(refused.to_string().contains(".pem"), "it names the file: {refused}");
        assert_eq!(certificates.reload().unwrap_err().to_string(), refused.to_string());
    }
    fs::write(identity.chain(), &chain).unwrap();
    fs::write(identity.key(), &key).unwrap();
    assert!(!certificates.reload().unwrap(), "it is the one in use");
}
