//! A table of one's own: `curl -N http://…/orders`, and `curl -d 'paid' http://…/orders`. A row's
//! number is the position of a stream, so a client goes on where it was, also after a restart.
use std::sync::Arc;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use gapless_sse_axum::core::follow::{History, Scope, Seal, SortOrder, Topic};
use gapless_sse_axum::core::{AppendOnly, AppendOnlyStore, FollowOptions, Log, LogOptions};
use gapless_sse_axum::core::{Row, RowQuery, Unavailable};
use gapless_sse_axum::{Event, LastEventId, Sse};
use rusqlite::Connection;
use tokio::{net::TcpListener, sync::Mutex};

#[derive(Clone)]
struct Orders(Arc<Mutex<Connection>>);

impl AppendOnlyStore for Orders {
    type Record = Event;
    type Error = Unavailable<rusqlite::Error>;

    async fn rows(&self, query: RowQuery<'_>) -> Result<Vec<Row<Event>>, Self::Error> {
        let table = self.0.lock().await;
        let order = if query.order == SortOrder::Ascending { "ASC" } else { "DESC" };
        let sql = format!("SELECT * FROM orders WHERE n > ? AND n <= ? ORDER BY n {order} LIMIT ?");
        let mut select = table.prepare_cached(&sql)?;
        let rows = select.query_map((query.above, query.up_to, query.limit), |row| {
            let text: String = row.get(1)?;
            Ok(Row::new(row.get(0)?, Topic::new("", "orders"), Event::new(text)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    async fn newest(&self) -> Result<u64, Self::Error> {
        let table = self.0.lock().await;
        Ok(table.query_row("SELECT ifnull(max(n), 0) FROM orders", (), |row| row.get(0))?)
    }
}

type App = (Orders, Log<AppendOnly<Orders>>);

async fn follow(State((_, log)): State<App>, last: Option<LastEventId>) -> impl IntoResponse {
    let options = FollowOptions::new(History::Newest(100)).after(last);
    Sse::new(log.follow(Scope::new("", ["orders"]), options))
}

async fn insert(State((orders, _)): State<App>, text: String) -> Result<(), String> {
    let inserted = orders.0.lock().await.execute("INSERT INTO orders (text) VALUES (?)", [text]);
    inserted.map(drop).map_err(|error| error.to_string())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = Connection::open(std::env::args().nth(1).unwrap_or(":memory:".into()))?;
    table.execute("CREATE TABLE IF NOT EXISTS orders (n INTEGER PRIMARY KEY, text)", ())?;
    let orders = Orders(Arc::new(Mutex::new(table)));
    let (source, seal) = (AppendOnly::new(orders.clone()), Seal::new(b"SECRET"));
    let log = Log::spawn(source, seal, LogOptions::default());
    let router = Router::new().route("/orders", get(follow).post(insert)).with_state((orders, log));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/orders", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
