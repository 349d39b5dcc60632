//! For whom a proxy asks.

use http_body_util::Full;
use hyper::Request;

use crate::caller::{Reply, reply};
use crate::server::Server;
use crate::store::{LOGS, Store};

const ONE_PAGE_EACH: &str = "[limits.pages]\nper-address = \"1/1h\"\n";

async fn page(server: &Server, lines: &[(&str, &str)]) -> Reply {
    let mut request = Request::get(LOGS);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    reply(server, request.body(Full::default()).unwrap()).await
}

#[tokio::test]
async fn clients_of_a_listed_proxy_are_counted_each_for_himself() {
    let store = Store::sqlite();
    let text = format!("proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n{ONE_PAGE_EACH}");
    let server = Server::configured(&store, &text);
    let x = "x-forwarded-for";
    for (lines, status) in [
        (vec![(x, "192.0.2.1")], 200),
        (vec![(x, "192.0.2.1")], 429),
        (vec![(x, "203.0.113.1, 192.0.2.1")], 429),
        (vec![(x, "203.0.113.2, 192.0.2.1, 10.1.1.1")], 429),
        (vec![(x, "203.0.113.3"), (x, "192.0.2.1:4000")], 429),
        (vec![("forwarded", "for=\"192.0.2.1:5000\";proto=https")], 429),
        (vec![("forwarded", "for=\"unbalanced, for=192.0.2.1")], 429),
        (vec![("forwarded", "for=\"[2001:db8::1]\"")], 200),
        (vec![("forwarded", "for=\"[2001:db8::2]:_port\"")], 429),
        (vec![("forwarded", "for=\"[2001:db8:0:1::2]\"")], 200),
        // What names nobody is counted as the proxy's.
        (vec![(x, "rubbish")], 200),
        (vec![("forwarded", "for=_hidden")], 429),
        (vec![(x, "192.0.2.77"), ("forwarded", "for=192.0.2.78")], 429),
        (vec![], 429),
        (vec![(x, "203.0.113.1")], 200),
    ] {
        assert_eq!(page(&server, &lines).await.status, status, "{lines:?}");
    }
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let store = Store::sqlite();
    for proxies in ["", "proxies = [\"10.0.0.0/8\", \"unix\"]\n"] {
        let server = Server::configured(&store, &format!("{proxies}{ONE_PAGE_EACH}"));
        assert_eq!(page(&server, &[("x-forwarded-for", "192.0.2.1")]).await.status, 200);
        assert_eq!(page(&server, &[("x-forwarded-for", "192.0.2.2")]).await.status, 429);
        assert_eq!(page(&server, &[("forwarded", "for=192.0.2.3")]).await.status, 429);
        let https = page(&server, &[("x-forwarded-proto", "https")]).await;
        assert_eq!(https.header("strict-transport-security"), "");
    }
}

#[tokio::test]
async fn the_command_line_names_proxies_and_the_file_the_header() {
    let store = Store::sqlite();
    let text = format!(
        "proxy-header = \"forwarded\"\n[options]\nproxies = \"127.0.0.1,::1\"\n{ONE_PAGE_EACH}"
    );
    let server = Server::configured(&store, &text);
    for last in 1..4 {
        let own = format!("for=192.0.2.{last}");
        let forged = ("x-forwarded-for", "203.0.113.1");
        assert_eq!(page(&server, &[forged, ("forwarded", &own)]).await.status, 200);
    }
    assert_eq!(page(&server, &[("forwarded", "for=192.0.2.1")]).await.status, 429);
}

#[tokio::test]
async fn what_comes_over_tls_to_a_listed_proxy_stays_so() {
    let store = Store::sqlite();
    let server = Server::configured(&store, "proxies = [\"127.0.0.1\"]");
    let hsts = async |lines: &[(&str, &str)]| {
        page(&server, lines).await.header("strict-transport-security").to_owned()
    };
    let year = "max-age=31536000";
    assert_eq!(hsts(&[("x-forwarded-proto", "https")]).await, year);
    assert_eq!(hsts(&[("forwarded", "for=192.0.2.1;proto=https")]).await, year);
    assert_eq!(hsts(&[("x-forwarded-proto", "http")]).await, "");
    assert_eq!(hsts(&[("x-forwarded-proto", "https, http")]).await, "");
}
