//! No path that changes something can be forgotten.

use axum::body::Body;
use hyper::Request;
use log_server::audit::{Audit, Settings, Target};
use log_server::http::{router, routes};

use super::entries;
use crate::app;

#[tokio::test]
async fn every_method_that_changes_something_is_written() {
    let (folder, mut app, _driver) = app::parts();
    let path = folder.path().join("audit.jsonl");
    let settings = Settings { to: Target::File(path.clone()), ..Settings::default() };
    let (audit, end) = Audit::start(&settings).unwrap();
    app.audit = audit;
    let (mut expected, routes) = (Vec::new(), routes(&app));
    let router = router(app, true);
    for route in routes.iter().filter(|route| !route.method.is_safe()) {
        let named = route.path.replace("{workspace}", "etl").replace("{workflow}", "orders");
        assert!(!named.contains('{'), "{named}: fill in its names");
        let request = Request::builder().method(&route.method).uri(named);
        let request = request.header("host", "localhost").body(Body::from("nonsense")).unwrap();
        app::ask(&router, request).await;
        expected.push(format!("{} {}", route.method, route.path));
    }
    assert!(!expected.is_empty());
    drop(end);
    let written = entries(&path);
    let acts: Vec<_> = written.iter().filter_map(|entry| entry["act"].as_str()).collect();
    assert_eq!(acts, expected);
    let unknown = written.iter().filter(|entry| entry["event"] == "refused").count();
    assert_eq!(unknown, 0, "{written:?}");
}
