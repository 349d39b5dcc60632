//! A page of several logs.

use std::cmp::Reverse;
use std::future::Future;
use std::iter::Peekable;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use std::vec::IntoIter;

use tokio::time::timeout;

use super::together::together;
use super::{MergedLog, ids};
use crate::follow::{Entry, FilterOf, Frontier, FrontierOf, Scope, SortOrder, Source, Topic};
use crate::logs::log::{Log, LogPage, PageError, PageRead};
use crate::logs::rank::Rank;
use crate::wire::EventId;

/// How long a page waits for a log, if others have answered.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the cursor of a log goes on: within its history, before all of it, and behind.
const WITHIN: char = '=';
const BEFORE: char = '!';
const DONE: char = '.';

/// Where the walk is in one log.
enum Walk<S: Source> {
    /// It begins.
    New,
    /// It has begun, of this snapshot.
    Begun { part: String, mark: char, at: (u32, FrontierOf<S>) },
    /// It began while the log was away, or before the log was there.
    Without,
}

/// What of one log is looked at for the page.
struct Part<S: Source> {
    name: Box<str>,
    entries: Peekable<IntoIter<Entry<S::Key, S::Record>>>,
    /// Behind what was read, if there may be more.
    more_after: Option<S::Key>,
    /// Behind what was taken.
    at: Option<S::Key>,
    read: Option<(u32, S::Position)>,
    /// The cursor that it came with, if it could not be read.
    kept: Option<(char, String)>,
}

impl<S: Source> MergedLog<S> {
    /// Reads a page of all logs beyond `cursor`, in the order of their ranks; see [`Log::page`].
    ///
    /// A log that cannot be read is [missing](LogPage::missing) from the page. If the walk has
    /// begun with it, its records come on a later page, when it can be read again; if not, the walk
    /// goes on without it, and a stream after `stream_position` begins with its history.
    ///
    /// Of each log, `limit` records are read at most.
    ///
    /// # Errors
    ///
    /// As those of [`Log::page`], when no log that has more can be read.
    pub async fn page(
        &self,
        scope: &Scope<FilterOf<S>>,
        cursor: Option<&str>,
        order: SortOrder,
        limit: usize,
    ) -> Result<LogPage<S>, PageError<S::Error>> {
        let walks = self.walks(scope, cursor)?;
        let reads = self.logs.iter().zip(&walks).map(|((_, log), walk)| {
            let read = async move {
                let walk = match walk {
                    Walk::New => None,
                    Walk::Begun { mark: DONE, .. } | Walk::Without => return None,
                    Walk::Begun { at, .. } => Some(at.clone()),
                };
                Some(timeout(PATIENCE, log.read(scope, walk, order, limit)).await)
            };
            Box::pin(read) as Pin<Box<dyn Future<Output = _> + Send + '_>>
        });
        let reads = together(reads).await;
        let (mut parts, mut held, mut missing, mut scanned) =
            (Vec::new(), Vec::new(), Vec::new(), 0);
        let (mut renewed, mut failure) = (false, None);
        for (((name, _), walk), read) in self.logs.iter().zip(walks).zip(reads) {
            let name: Box<str> = (&**name).into();
            let mut part = Part::nothing_of(name.clone());
            match read {
                Some(Ok(Ok(read))) => {
                    let PageRead { epoch, as_of, page, held: bytes, renewed: anew } = read;
                    renewed |= anew;
                    scanned += page.scanned;
                    held.push(bytes);
                    part.entries = page.entries.into_iter().peekable();
                    part.more_after = page.more_after;
                    part.read = Some((epoch, as_of));
                    if let Walk::Begun { at: (_, Frontier::History { after, .. }), .. } = walk {
                        part.at = Some(after);
                    }
                }
                Some(Ok(Err(PageError::Cursor))) => return Err(PageError::Cursor),
                Some(failed) => {
                    missing.push(name);
                    failure = failure.or(Some(failed.map_or(PageError::Busy, |failed| {
                        failed.err().unwrap_or(PageError::Busy)
                    })));
                    if let Walk::Begun { part: kept, mark, .. } = walk {
                        part.kept = Some((mark, kept));
                    }
                }
                None => match walk {
                    Walk::Begun { part: kept, mark, .. } => part.kept = Some((mark, kept)),
                    _ => missing.push(name),
                },
            }
            parts.push(part);
        }
        let mut held = held.into_iter();
        let Some(first) = held.next() else { return Err(failure.unwrap_or(PageError::Cursor)) };
        let (topics, records, more_after) = merge(&mut parts, self.rank, order, limit);
        let seals = self.logs.iter().map(|(_, log)| log);
        let (next, stream_position) = cursors(&parts, seals, scope);
        Ok(LogPage {
            records,
            topics,
            next,
            more_after,
            scanned,
            stream_position,
            held: first.with(held),
            renewed,
            missing,
        })
    }

    /// Where the cursor is in each log.
    fn walks(
        &self,
        scope: &Scope<FilterOf<S>>,
        cursor: Option<&str>,
    ) -> Result<Vec<Walk<S>>, PageError<S::Error>> {
        let Some(cursor) = cursor else {
            return Ok(self.logs.iter().map(|_| Walk::New).collect());
        };
        let parts = ids::split(cursor, &[WITHIN, BEFORE, DONE]).ok_or(PageError::Cursor)?;
        let walk = |(name, log): &(Arc<str>, Log<S>)| {
            let Some((_, mark, part)) = parts.iter().find(|(known, ..)| **known == **name) else {
                return Ok(Walk::Without);
            };
            let at = log.sealing().open(part, scope).ok_or(PageError::Cursor)?;
            match (mark, &at.1) {
                (&WITHIN, Frontier::History { .. }) | (&BEFORE | &DONE, Frontier::Live(_)) => {
                    Ok(Walk::Begun { part: (*part).to_owned(), mark: *mark, at })
                }
                _ => Err(PageError::Cursor),
            }
        };
        self.logs.iter().map(walk).collect()
    }
}

impl<S: Source> Part<S> {
    fn nothing_of(name: Box<str>) -> Self {
        let entries = Vec::new().into_iter().peekable();
        Self { name, entries, more_after: None, at: None, read: None, kept: None }
    }
}

/// The first records of all, and up to where that was read if one has come to its end before there
/// were enough.
fn merge<S: Source>(
    parts: &mut [Part<S>],
    rank: fn(&S::Key) -> Rank,
    order: SortOrder,
    limit: usize,
) -> (Vec<Topic>, Vec<S::Record>, Option<S::Key>) {
    let (mut topics, mut records) = (Vec::new(), Vec::new());
    while records.len() < limit {
        // One that ends with more behind it ends the page there; records of the same rank come first.
        let next = parts.iter_mut().enumerate().filter_map(|(log, part)| {
            let more_after = part.more_after.as_ref();
            match part.entries.peek() {
                Some(entry) => Some((rank(&entry.key), false, log)),
                None => Some((rank(more_after?), true, log)),
            }
        });
        let first = match order {
            SortOrder::Ascending => next.min(),
            SortOrder::Descending => {
                next.min_by_key(|(rank, ends, log)| (Reverse(*rank), *ends, *log))
            }
        };
        let Some((_, ends, log)) = first else { break };
        let part = &mut parts[log];
        if ends {
            part.at.clone_from(&part.more_after);
            return (topics, records, part.more_after.clone());
        }
        if let Some(entry) = part.entries.next() {
            part.at = Some(entry.key);
            topics.push(entry.topic);
            records.push(entry.record);
        }
    }
    // Those whose records were all taken go on behind what they have looked at.
    for part in parts.iter_mut() {
        if part.entries.peek().is_none() && part.more_after.is_some() {
            part.at.clone_from(&part.more_after);
        }
    }
    let last = parts.iter().filter(|part| part.entries.len() > 0 || part.more_after.is_some());
    let mut last = last.filter_map(|part| part.at.clone());
    (topics, records, last.next())
}

/// The cursor of the next page, if there may be one, and the position of a stream.
fn cursors<'l, S: Source>(
    parts: &[Part<S>],
    logs: impl Iterator<Item = &'l Log<S>>,
    scope: &Scope<FilterOf<S>>,
) -> (Option<EventId>, EventId) {
    let (mut next, mut live, mut goes_on) = (Vec::new(), Vec::new(), false);
    for (part, log) in parts.iter().zip(logs) {
        let seal = log.sealing();
        let (epoch, as_of) = match (&part.read, &part.kept) {
            (Some(read), _) => read.clone(),
            (None, Some((mark, kept))) => {
                goes_on |= *mark != DONE;
                next.push((&*part.name, *mark, kept.clone()));
                let opened = seal.open::<S::Position, S::Key>(kept, scope);
                let Some((epoch, Frontier::Live(as_of) | Frontier::History { as_of, .. })) = opened
                else {
                    continue;
                };
                live.push((&*part.name, seal.seal_live(epoch, &as_of, scope.space())));
                continue;
            }
            (None, None) => continue,
        };
        let position = seal.seal_live(epoch, &as_of, scope.space());
        let has_more = part.entries.len() > 0 || part.more_after.is_some();
        goes_on |= has_more;
        let (mark, sealed) = match &part.at {
            _ if !has_more => (DONE, position.clone()),
            None => (BEFORE, position.clone()),
            Some(after) => {
                let frontier = Frontier::History { as_of, after: after.clone() };
                (WITHIN, seal.seal(epoch, &frontier, scope))
            }
        };
        next.push((&*part.name, mark, sealed.into_string()));
        live.push((&*part.name, position));
    }
    let next = goes_on
        .then(|| ids::join(next.iter().map(|(name, mark, part)| (*name, *mark, part.as_str()))));
    let position =
        ids::join(live.iter().map(|(name, position)| (*name, WITHIN, position.as_str())));
    (next, position)
}
