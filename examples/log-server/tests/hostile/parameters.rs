//! Parameters that would say more than a search may.

use crate::attempt::Attempt;
use crate::deployment::{ANN, logs};

pub(crate) fn attempts() -> Vec<Attempt> {
    let ann = format!("Bearer {ANN}");
    let (etl, sales) = (logs("etl", "orders"), logs("sales", "orders"));
    let refused = [
        "workspace=sales",
        "workspace_id=sales",
        "workflow=confidential-sales",
        "user=bob",
        "sub=bob",
        "owner=bob",
        "rights=operate",
        "limit=0",
        "limit=-1",
        "limit=1e9",
        "limit=99999999999999999999",
        "limit=10&limit=10000",
        "order=asc;drop%20table%20logs",
        "order=__proto__",
        "history=-5",
        "regex=(",
        "regex=(.*a.%7B600%7D)%7B30%7D",
        "regex=%5B",
        "level=BOGUS",
        "from=yesterday",
        "from=9999999999",
        "from=2025-01-02T00:00:00Z&to=2025-01-01T00:00:00Z",
        "to=%00",
        "%00=1",
        "a%5B%5D=1",
        "constructor=1",
        "$where=1",
        "cursor%5B$ne%5D=1",
    ];
    let let_pass = [
        "q=%27%20OR%201=1%20--",
        "q=%25",
        "q=SECRET-sales",
        "type=%27%3B%20DROP%20TABLE%20logs%3B--",
        "type=%7B%22$ne%22:null%7D",
        "level=ERROR,%27",
        "regex=SECRET-(sales%7Chr)",
        "_workspace=sales",
        "q=%FF%FE",
    ];
    let path = |of: &str, query: &str| format!("{of}?{query}");
    let of_own = refused.iter().map(|query| Attempt::get(*query, &path(&etl, query), &ann));
    let passed = let_pass.iter().flat_map(|query| {
        let own = Attempt::get(*query, &path(&etl, query), &ann);
        [own.may_see_etl(), Attempt::get(*query, &path(&sales, query), &ann)]
    });
    of_own.chain(passed).collect()
}
