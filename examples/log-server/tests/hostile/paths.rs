//! Paths that mean another one than they seem to.

use crate::attempt::Attempt;
use crate::deployment::ANN;

pub(crate) fn attempts() -> Vec<Attempt> {
    let long = "a".repeat(70_000);
    let ann = format!("Bearer {ANN}");
    let base = "/wfm/workflow/workspace";
    let paths = [
        format!("{base}/etl/../sales/workflow/orders/logs"),
        format!("{base}/etl/workflow/../../sales/workflow/orders/logs"),
        format!("{base}/etl%2f..%2fsales/workflow/orders/logs"),
        format!("{base}/etl/%2e%2e/sales/workflow/orders/logs"),
        format!("{base}/etl%00sales/workflow/orders/logs"),
        format!("{base}/%73ales/workflow/orders/logs"),
        format!("{base}/sale%73/workflow/confidential-%73ales/logs"),
        format!("{base}//sales/workflow/orders/logs"),
        format!("{base}/sales//workflow//orders//logs"),
        format!("/{base}/sales/workflow/orders/logs"),
        format!("{base}/sales/workflow/orders/logs/"),
        format!("{base}/sales/workflow/orders/logs/stream"),
        format!("{base}/sales/workflow/orders/logs;a=b"),
        format!("{base}/sales;etl/workflow/orders/logs"),
        format!("{base}/etl;/../sales/workflow/orders/logs"),
        format!("{base}\\sales\\workflow\\orders\\logs"),
        format!("{base}/etl\\..\\sales/workflow/orders/logs"),
        format!("{base}/%C0%AE%C0%AE/sales/workflow/orders/logs"),
        format!("{base}/sales%20/workflow/orders/logs"),
        format!("{base}/%20sales/workflow/orders/logs"),
        format!("{base}/SALES/workflow/orders/logs"),
        format!("{base}/*/workflow/orders/logs"),
        format!("{base}/etl*/workflow/*/logs"),
        format!("{base}/%25/workflow/%25/logs"),
        format!("{base}/etl,sales/workflow/orders/logs"),
        format!("{base}/etl%0d%0aX-Evil:%20yes/workflow/orders/logs"),
        format!("{base}/sales%FF/workflow/orders/logs"),
        format!("{base}/%EF%BD%93ales/workflow/orders/logs"),
        format!("{base}/sales' OR '1'='1/workflow/orders/logs").replace(' ', "%20"),
        format!("{base}/sales/workflow"),
        format!("{base}/hr/workflow"),
        format!("{base}/hr/workflow?after=a"),
        format!("{base}/./sales/workflow/./orders/logs"),
        format!("{base}/sales/workflow/orders/logs%3f"),
        format!("{base}/sales/workflow/orders/logs%23"),
        format!("http://localhost{base}/sales/workflow/orders/logs"),
        format!("http://evil.example{base}/sales/workflow/orders/logs"),
        format!("https://localhost:1{base}/sales/workflow/orders/logs"),
        format!("{base}/{long}/workflow/orders/logs"),
        format!("{base}/sales/workflow/{long}/logs"),
        "/../../../../etc/passwd".to_owned(),
        "/assets/../../../../etc/passwd".to_owned(),
        "/assets/%2e%2e/%2e%2e/Cargo.toml".to_owned(),
        "/..%5c..%5cwindows%5cwin.ini".to_owned(),
        "/.git/config".to_owned(),
        "/metrics".to_owned(),
        "/metrics/".to_owned(),
        "//metrics".to_owned(),
        "/%6detrics".to_owned(),
        "/revocations".to_owned(),
    ];
    let mut attempts: Vec<_> =
        paths.iter().map(|path| Attempt::get(format!("GET {path:.90}"), path, &ann)).collect();
    // Those that may be seen are in it, and no others.
    attempts.push(Attempt::get("the list of workspaces", base, &ann).may_succeed());
    attempts.push(Attempt::get("all of them", &format!("{base}?limit=10000"), &ann).may_succeed());
    attempts
}
