//! Tests of what a follower relies on, for any [`Source`].

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::coordinate::Coordinate;
use super::frontier::Frontier;
use super::source::{Batch, Change, Changes, Entry, FilterOf, HistoryQuery, SortOrder, Source};
use super::topic::{Scope, Topic};

/// Checks that `source` does what a follower relies on, as far as a test can tell: history and
/// changes meet without a gap or a duplicate, the first batch of changes comes at once, changes go
/// on after any position and after their future was dropped, and positions survive their encoding.
///
/// `append` writes so many records that are in `scope`, and returns when they are in the log.
/// Nothing else may write to its topics meanwhile. The check waits for as long as the source
/// does: put a timeout around it.
///
/// ```
/// use gapless_sse_core::follow::{Scope, Topic, contract};
/// use gapless_sse_core::{Channel, Event};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let channel = Channel::new(1_000);
/// let append = async |count| {
///     for _ in 0..count {
///         channel.publish(Topic::new("etl", "orders"), Event::new("a line"));
///     }
/// };
/// contract::check(&channel, &Scope::new("etl", ["orders"]), append).await.unwrap();
/// # }
/// ```
///
/// # Errors
///
/// [`Violation`], with what is wrong.
pub async fn check<S: Source>(
    source: &S,
    scope: &Scope<FilterOf<S>>,
    mut append: impl AsyncFnMut(usize),
) -> Result<(), Violation<S::Error>> {
    let from = head(source, scope).await?;
    first_batch(source, scope, &from).await?;
    append(RECORDS).await;
    let all = read(source, scope, &from, RECORDS).await?;
    after_each(source, scope, &all).await?;
    dropped(source, scope, &from, &all).await?;
    coordinates(&all)?;
    resumes(source, &all).await?;
    let before = all_history(source, scope).await?;
    let as_of = head(source, scope).await?;
    append(1).await;
    let newer = read(source, scope, &as_of, 1).await?;
    let known: HashSet<_> = before.iter().collect();
    let is_known = newer.iter().any(|(_, entry)| known.contains(&place(entry)));
    expect(!is_known, "history has a record, and the changes after it have it again")?;
    let of_changes = all.iter().filter(|(_, entry)| known.contains(&place(entry))).count();
    expect(of_changes == RECORDS, "history lacks records that changes have handed out")
}

/// So many records are written.
const RECORDS: usize = 6;

/// What a source does not do, or why it could not be tested.
#[derive(Debug)]
#[non_exhaustive]
pub enum Violation<E> {
    /// The source does not do what a follower relies on.
    Broken(&'static str),
    /// The source failed.
    Source(E),
}

impl<E> fmt::Display for Violation<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken(what) => what,
            Self::Source(_) => "the source failed",
        })
    }
}

impl<E: Error + 'static> Error for Violation<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Broken(_) => None,
            Self::Source(error) => Some(error),
        }
    }
}

impl<E> From<E> for Violation<E> {
    fn from(error: E) -> Self {
        Self::Source(error)
    }
}

fn expect<E>(holds: bool, otherwise: &'static str) -> Result<(), Violation<E>> {
    if holds { Ok(()) } else { Err(Violation::Broken(otherwise)) }
}

type Read<S> = Vec<Change<<S as Source>::Position, <S as Source>::Key, <S as Source>::Record>>;

/// A record, by what is unique of it: its topic and its key, encoded.
fn place<K: Coordinate, R>(entry: &Entry<K, R>) -> (Topic, Vec<u8>) {
    let mut key = Vec::new();
    entry.key.encode(&mut key);
    (entry.topic.clone(), key)
}

fn places<S: Source>(read: &[Change<S::Position, S::Key, S::Record>]) -> Vec<(Topic, Vec<u8>)> {
    read.iter().map(|(_, entry)| place(entry)).collect()
}

fn ascending<P, K>(as_of: Option<P>, after: Option<K>, limit: usize) -> HistoryQuery<P, K> {
    HistoryQuery { as_of, after, order: SortOrder::Ascending, limit, max_bytes: usize::MAX }
}

/// The position of a fresh snapshot.
async fn head<S: Source>(
    source: &S,
    scope: &Scope<FilterOf<S>>,
) -> Result<S::Position, Violation<S::Error>> {
    let page = source.history(scope, ascending(None, None, 0)).await?;
    expect(page.entries.is_empty(), "a page of nothing has a record")?;
    Ok(page.as_of)
}

async fn all_history<S: Source>(
    source: &S,
    scope: &Scope<FilterOf<S>>,
) -> Result<Vec<(Topic, Vec<u8>)>, Violation<S::Error>> {
    let mut query = ascending(None, None, 2);
    let (mut all, mut last) = (Vec::new(), None);
    loop {
        let page = source.history(scope, query.clone()).await?;
        expect(page.entries.len() <= 2, "a page has more records than were asked for")?;
        for entry in &page.entries {
            let grows = last.as_ref().is_none_or(|last| *last < entry.key);
            // Keys are unique within a topic only.
            let grows = grows || scope.topics().is_none_or(|topics| topics.len() > 1);
            expect(grows, "the keys of history do not grow")?;
            last = Some(entry.key.clone());
        }
        all.extend(page.entries.iter().map(place));
        let Some(after) = page.more_after else { return Ok(all) };
        let further = query.after.as_ref().is_none_or(|before| *before < after);
        expect(further, "a page with more after it has come no further")?;
        query = ascending(Some(page.as_of), Some(after), 2);
    }
}

/// Of one batch, the records in `scope`; moves `through`.
fn take<S: Source>(
    batch: Batch<S>,
    scope: &Scope<FilterOf<S>>,
    through: &mut S::Position,
) -> Result<Read<S>, Violation<S::Error>> {
    let Batch { changes, late, through: to, .. } = batch;
    for (position, _) in &changes {
        expect(*position > *through, "positions of changes do not grow")?;
        through.clone_from(position);
    }
    expect(to >= *through, "`through` goes back, or is before the last change")?;
    through.clone_from(&to);
    let late = late.into_iter().map(|entry| (to.clone(), entry));
    let is_shown =
        |entry: &Entry<_, S::Record>| scope.contains(&entry.topic) && scope.admits(&entry.record);
    Ok(changes.into_iter().chain(late).filter(|(_, entry)| is_shown(entry)).collect())
}

/// The first `count` records after `from`.
async fn read<S: Source>(
    source: &S,
    scope: &Scope<FilterOf<S>>,
    from: &S::Position,
    count: usize,
) -> Result<Read<S>, Violation<S::Error>> {
    let mut changes = source.changes(from).await?;
    let (mut all, mut through) = (Vec::new(), from.clone());
    while all.len() < count {
        all.extend(take(changes.next().await?, scope, &mut through)?);
    }
    expect(all.len() == count, "changes have more records than were written")?;
    let unique: HashSet<_> = places::<S>(&all).into_iter().collect();
    expect(unique.len() == count, "changes have a record twice")?;
    Ok(all)
}

async fn first_batch<S: Source>(
    source: &S,
    scope: &Scope<FilterOf<S>>,
    from: &S::Position,
) -> Result<(), Violation<S::Error>> {
    let first = source.changes(from).await?.next().await?;
    let read = take(first, scope, &mut from.clone())?;
    expect(read.is_empty(), "changes have a record of the snapshot from which they were opened")
}

/// Changes go on right after any position.
async fn after_each<S: Source>(
    source: &S,
    scope: &Scope<FilterOf<S>>,
    all: &[Change<S::Position, S::Key, S::Record>],
) -> Result<(), Violation<S::Error>> {
    for (position, _) in all {
        let first = all.partition_point(|(at, _)| at <= position);
        let expected = places::<S>(&all[first..]);
        let rest = read(source, scope, position, expected.len()).await?;
        expect(places::<S>(&rest) == expected, "changes do not go on right after a position")?;
    }
    Ok(())
}

/// Whatever the await at which `next` is dropped, changes opened at the last `through` have the
/// rest.
async fn dropped<S: Source>(
    source: &S,
    scope: &Scope<FilterOf<S>>,
    from: &S::Position,
    all: &[Change<S::Position, S::Key, S::Record>],
) -> Result<(), Violation<S::Error>> {
    for polls in 1..=POLLS {
        let (mut taken, mut through) = (Vec::new(), from.clone());
        let mut changes = source.changes(from).await?;
        loop {
            let mut next = pin!(changes.next());
            let mut polled = Poll::Pending;
            for _ in 0..polls {
                polled = next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                if polled.is_ready() {
                    break;
                }
            }
            let Poll::Ready(batch) = polled else { break };
            taken.extend(take(batch?, scope, &mut through)?);
        }
        drop(changes);
        let missing = all.len().saturating_sub(taken.len());
        taken.extend(read(source, scope, &through, missing).await?);
        let same = places::<S>(&taken) == places::<S>(all);
        expect(same, "what follows dropped changes is not what they had not handed out")?;
    }
    Ok(())
}

/// How often a future is polled at most before it is dropped.
const POLLS: usize = 4;

fn coordinates<P: Coordinate, K: Coordinate, R, E>(
    all: &[Change<P, K, R>],
) -> Result<(), Violation<E>> {
    for (position, entry) in all {
        let mut bytes = Vec::new();
        position.encode(&mut bytes);
        entry.key.encode(&mut bytes);
        let mut input = &bytes[..];
        let decoded = P::decode(&mut input).zip(K::decode(&mut input));
        let same = decoded == Some((position.clone(), entry.key.clone())) && input.is_empty();
        expect(same, "a position or a key is not decoded to what was encoded")?;
    }
    Ok(())
}

async fn resumes<S: Source>(
    source: &S,
    all: &[Change<S::Position, S::Key, S::Record>],
) -> Result<(), Violation<S::Error>> {
    for (position, _) in all {
        let answer = source.resume(Frontier::Live(position.clone())).await?;
        expect(answer.is_ok(), "a position that was handed out is refused")?;
    }
    Ok(())
}
