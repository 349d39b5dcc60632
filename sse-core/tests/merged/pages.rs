//! Pages of several logs.

use gapless_sse_core::follow::{History, SortOrder};
use gapless_sse_core::{AppendOnly, MergedLog, PageError};
use proptest::prelude::*;

use crate::client::Client;
use crate::tables::{NAMES, State, Table, logs, scope};

fn tables() -> Vec<Table> {
    NAMES.iter().map(|_| Table::default()).collect()
}

fn number(event: &gapless_sse_core::Event<'_>) -> u64 {
    let text = event.to_string();
    text.trim().strip_prefix("data: ").unwrap().parse().unwrap()
}

/// The numbers of all pages of a walk, and its position; `between` is called after each page.
async fn walk(
    logs: &MergedLog<AppendOnly<Table>>,
    order: SortOrder,
    limit: usize,
    mut between: impl FnMut(),
) -> (Vec<u64>, String) {
    let (mut numbers, mut cursor, mut position) = (Vec::new(), None::<String>, None);
    loop {
        let page = logs.page(&scope(), cursor.as_deref(), order, limit).await.unwrap();
        assert!(page.records.len() <= limit && page.missing.is_empty() && !page.renewed);
        numbers.extend(page.records.iter().map(number));
        let stream_position = page.stream_position.into_string();
        let first = position.get_or_insert_with(|| stream_position.clone());
        assert_eq!(*first, stream_position, "it is that of the first page");
        between();
        let Some(next) = page.next else { return (numbers, stream_position) };
        cursor = Some(next.into_string());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn a_walk_and_a_stream_after_it_have_every_record_once(
        before in prop::collection::vec((0..NAMES.len(), 1..40_u64), 0..8),
        meanwhile in prop::collection::vec(0..NAMES.len(), 1..5),
        (limit, ascending) in (1..50_usize, any::<bool>()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (tables, mut last) = (tables(), 0);
            for (table, count) in before {
                for _ in 0..count {
                    last += 1;
                    tables[table].append(last);
                }
            }
            let logs = logs(&tables);
            let order = if ascending { SortOrder::Ascending } else { SortOrder::Descending };
            let (old, mut new, mut turns) = (last, last, meanwhile.into_iter());
            let between = || {
                if let Some(table) = turns.next() {
                    new += 1;
                    tables[table].append(new);
                }
            };
            let (mut numbers, position) = walk(&logs, order, limit, between).await;
            if order == SortOrder::Descending {
                numbers.reverse();
            }
            assert!(numbers.iter().copied().eq(1..=old), "{old}: {numbers:?}");
            let mut client = Client { last_id: position, ..Client::default() };
            client.read_all(&mut client.connect(&logs, History::All)).await;
            client.records.sort_unstable();
            assert!(client.records.iter().copied().eq(old + 1..=new), "{:?}", client.records);
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_says_which_log_it_is_without_and_the_walk_comes_back_to_it() {
    for state in [State::Fails, State::Hangs] {
        let tables = tables();
        for number in 1..=9 {
            tables[usize::try_from(number % 3).unwrap()].append(number);
        }
        let logs = logs(&tables);
        let page = |cursor: Option<String>, limit| {
            let logs = logs.clone();
            async move { logs.page(&scope(), cursor.as_deref(), SortOrder::Descending, limit).await }
        };
        let first = page(None, 3).await.unwrap();
        assert_eq!(first.records.iter().map(number).collect::<Vec<_>>(), [9, 8, 7]);
        let cursor = first.next.map(gapless_sse_core::EventId::into_string);
        tables[0].be(state);
        let second = page(cursor, 100).await.unwrap();
        assert_eq!(second.records.iter().map(number).collect::<Vec<_>>(), [5, 4, 2, 1]);
        assert_eq!(second.missing, [NAMES[0].into()]);
        let cursor = second.next.map(gapless_sse_core::EventId::into_string);
        // Only the one that is away has more: nothing can be said.
        assert!(matches!(
            page(cursor.clone(), 9).await,
            Err(PageError::Source(_) | PageError::Busy)
        ));
        tables[0].be(State::Answers);
        let third = page(cursor, 100).await.unwrap();
        assert_eq!(third.records.iter().map(number).collect::<Vec<_>>(), [6, 3]);
        assert!(third.missing.is_empty() && third.next.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_walk_that_began_without_a_log_stays_so_and_a_stream_begins_with_its_history() {
    let tables = tables();
    for number in 1..=9 {
        tables[usize::try_from(number % 3).unwrap()].append(number);
    }
    let logs = logs(&tables);
    tables[0].be(State::Fails);
    let first = logs.page(&scope(), None, SortOrder::Descending, 2).await.unwrap();
    assert_eq!((first.records.len(), &*first.missing), (2, &[NAMES[0].into()][..]));
    tables[0].be(State::Answers);
    let cursor = first.next.unwrap().into_string();
    let second = logs.page(&scope(), Some(&cursor), SortOrder::Descending, 9).await.unwrap();
    assert_eq!(second.records.iter().map(number).collect::<Vec<_>>(), [5, 4, 2, 1]);
    assert_eq!(second.missing, [NAMES[0].into()]);
    let last_id = second.stream_position.into_string();
    let mut client = Client { last_id, ..Client::default() };
    client.read_all(&mut client.connect(&logs, History::All)).await;
    assert_eq!(client.records, [3, 6, 9]);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_others_is_refused() {
    let tables = tables();
    tables[0].append(1);
    let logs = logs(&tables);
    for cursor in ["", "x", "orders=x", "orders=", "~", "orders=x~orders=x", "stock!~bills."] {
        let page = logs.page(&scope(), Some(cursor), SortOrder::Ascending, 9).await;
        assert!(matches!(page, Err(PageError::Cursor)), "{cursor}");
    }
}
