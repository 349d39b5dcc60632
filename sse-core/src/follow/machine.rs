//! One stream's way through the log: connect → history → catch up → live → lag → catch up.

use super::coordinate::Coordinate;
use super::frontier::Frontier;
use super::hub::Located;
use super::source::{Fault, HistoryQuery, Reset, SortOrder};

/// Records of history that are read at once.
const PAGE: usize = 1000;
/// About how many bytes of records are read at once: so many that a page is sent in one piece.
const PAGE_BYTES: usize = 128 * 1024;
/// About how many bytes the newest records have at most.
const NEWEST_BYTES: usize = 2 * 1024 * 1024;

/// Decides what a stream does next, and what it delivers; it does nothing itself.
///
/// Ask [`want`](Self::want), do that, tell the machine what came of it, and send what it says.
/// It holds the stream's [`Frontier`], and each answer moves it: what has been delivered is always
/// exactly what the frontier says.
///
/// ```
/// use gapless_sse_core::follow::internals::{Located, Machine, Want};
/// use gapless_sse_core::follow::{Frontier, History};
///
/// // A client comes back with the id of a live event, in the epoch in which the log still is.
/// let mut machine: Machine<u64, u64> =
///     Machine::new(Some((7, Frontier::Live(3))), History::Newest(1000));
/// assert_eq!(machine.on_epoch(7), None);
/// assert_eq!(machine.want(), Want::Resume(Frontier::Live(3)));
/// machine.on_resumed(Ok(Frontier::Live(3)));
/// assert_eq!(machine.want(), Want::Locate(3));
/// machine.on_located(Located::Behind);
/// assert_eq!(machine.want(), Want::CatchUp(3));
/// machine.on_read(4);
/// assert_eq!(machine.want(), Want::CatchUp(4));
/// machine.on_caught_up(5);
/// assert_eq!(machine.want(), Want::Locate(5));
/// ```
#[derive(Debug)]
pub struct Machine<P, K> {
    state: State<P, K>,
    history: History,
    /// A frontier was brought by the client, so that how it goes on is counted.
    comes_back: bool,
    resuming: bool,
    path: Option<ResumePath>,
}

/// How much history a client without a last event ID is given first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum History {
    /// All of it.
    All,
    /// The newest records, oldest of them first: so many, or as many as 2 MiB hold.
    Newest(usize),
}

/// What the stream needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want<P, K> {
    /// The epoch of the log: [`Machine::on_epoch`].
    Epoch,
    /// The source's word on a frontier: [`Machine::on_resumed`].
    Resume(Frontier<P, K>),
    /// A page: [`Machine::on_page`], then [`Machine::past`] for each record, oldest first, then
    /// [`Machine::on_page_end`].
    History(HistoryQuery<P, K>),
    /// Its place in the ring: [`Machine::on_located`].
    Locate(P),
    /// A batch of changes after this position: [`Machine::change`] for each, then
    /// [`Machine::on_through`].
    Changes(P),
    /// Events of the changes after this position: [`Machine::on_read`], then
    /// [`Machine::on_caught_up`].
    CatchUp(P),
    /// Events from the ring: [`Machine::on_read`], or [`Machine::on_lagged`].
    Read,
}

/// How a stream that came with a position went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResumePath {
    /// From the ring: the database was not asked.
    Ring,
    /// From the source's changes, up to the ring.
    CatchUp,
    /// Within history.
    History,
}

impl ResumePath {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::Ring, Self::CatchUp, Self::History];

    /// The way as metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::CatchUp => "catch_up",
            Self::History => "history",
        }
    }
}

/// Thousands of machines are live at a time, so what has a key is in a box.
#[derive(Debug)]
enum State<P, K> {
    /// With the epoch and the frontier that the client brought.
    Connecting(Option<Box<(u32, Frontier<P, K>)>>),
    Checking(Box<Frontier<P, K>>),
    Fresh,
    /// The newest records of the snapshot, in one page.
    Newest {
        as_of: P,
    },
    Moving(Box<Move<P, K>>),
    Locating(P),
    CatchingUp(P),
    Live(P),
}

/// A move within history.
#[derive(Debug)]
enum Move<P, K> {
    /// The right move: history as of `as_of`, beyond `after`.
    Right { as_of: P, after: Option<K> },
    /// The snapshot has gone: asks for a fresh one to go up to.
    Rising { from: P, below: K },
    /// The up-move: changes until `to` whose key is at most `below`.
    Up { from: P, to: P, below: K },
}

impl<P, K> From<Move<P, K>> for State<P, K> {
    fn from(moving: Move<P, K>) -> Self {
        Self::Moving(Box::new(moving))
    }
}

impl<P: Coordinate, K: Coordinate> Machine<P, K> {
    /// A stream that begins with the epoch and the frontier that its client brought, or with
    /// `history`.
    pub fn new(brought: Option<(u32, Frontier<P, K>)>, history: History) -> Self {
        Self {
            comes_back: true,
            resuming: false,
            path: None,
            state: State::Connecting(brought.map(Box::new)),
            history,
        }
    }

    /// A stream of a client without a frontier, which begins with the changes after `position`, in
    /// the life of the log that `epoch` names.
    pub fn from_position(epoch: u32, position: P) -> Self {
        let brought = Some((epoch, Frontier::Live(position)));
        Self { comes_back: false, ..Self::new(brought, History::Newest(0)) }
    }

    /// What to do next.
    pub fn want(&self) -> Want<P, K> {
        match &self.state {
            State::Connecting(_) => Want::Epoch,
            State::Checking(frontier) => Want::Resume((**frontier).clone()),
            State::Fresh | State::Newest { .. } => Want::History(match self.history {
                History::All => page(None, None, SortOrder::Ascending, PAGE),
                History::Newest(0) => page(None, None, SortOrder::Descending, 0),
                // One more says where they begin.
                History::Newest(limit) => {
                    page(None, None, SortOrder::Descending, limit.saturating_add(1))
                }
            }),
            State::Moving(moving) => match &**moving {
                Move::Right { as_of, after } => {
                    let (as_of, after) = (Some(as_of.clone()), after.clone());
                    Want::History(page(as_of, after, SortOrder::Ascending, PAGE))
                }
                Move::Rising { .. } => Want::History(page(None, None, SortOrder::Ascending, 0)),
                Move::Up { from, .. } => Want::Changes(from.clone()),
            },
            State::CatchingUp(from) => Want::CatchUp(from.clone()),
            State::Locating(position) => Want::Locate(position.clone()),
            State::Live(_) => Want::Read,
        }
    }

    /// The log is in this epoch, now or from now on. Answers why the client is to clear what it
    /// has, if it is.
    pub fn on_epoch(&mut self, epoch: u32) -> Option<Reset> {
        let (next, reset) = match std::mem::replace(&mut self.state, State::Fresh) {
            State::Connecting(None) => (State::Fresh, None),
            State::Connecting(Some(brought)) if brought.0 == epoch => {
                self.resuming = self.comes_back;
                (State::Checking(Box::new(brought.1)), None)
            }
            _ => (State::Fresh, Some(self.start_over(Reset::Epoch))),
        };
        self.state = next;
        reset
    }

    /// The source has checked the frontier.
    pub fn on_resumed(&mut self, answer: Result<Frontier<P, K>, Reset>) -> Option<Reset> {
        match answer {
            Ok(Frontier::Live(position)) => self.state = State::Locating(position),
            Ok(Frontier::History { as_of, after }) => {
                self.take(ResumePath::History);
                self.state = Move::Right { as_of, after: Some(after) }.into();
            }
            Err(reset) => return Some(self.start_over(reset)),
        }
        None
    }

    /// A page came, of the snapshot `as_of`.
    pub fn on_page(&mut self, as_of: P) {
        self.state = match std::mem::replace(&mut self.state, State::Fresh) {
            State::Moving(moving) => match *moving {
                Move::Rising { from, below } => {
                    let to = as_of.max(from.clone());
                    Move::Up { from, to, below }.into()
                }
                Move::Right { after, .. } => Move::Right { as_of, after }.into(),
                Move::Up { .. } => self.first_page(as_of),
            },
            _ => self.first_page(as_of),
        };
    }

    fn first_page(&self, as_of: P) -> State<P, K> {
        match self.history {
            History::All => Move::Right { as_of, after: None }.into(),
            History::Newest(_) => State::Newest { as_of },
        }
    }

    /// How many of the newest records are to be delivered, of those that the page has.
    pub fn newest(&self) -> usize {
        match self.history {
            History::Newest(limit) => limit,
            History::All => usize::MAX,
        }
    }

    /// Whether the page has the newest records.
    pub fn reads_newest(&self) -> bool {
        matches!(self.state, State::Newest { .. })
    }

    /// Of the newest records, which the page has, those beyond `after` are read again in smaller
    /// ones.
    pub fn on_large_page(&mut self, after: Option<K>) {
        if let State::Newest { as_of } = &self.state {
            self.state = Move::Right { as_of: as_of.clone(), after }.into();
        }
    }

    /// A record of history is delivered: the frontier behind it.
    pub fn past(&mut self, key: &K) -> Option<Frontier<P, K>> {
        let as_of = match &mut self.state {
            State::Moving(moving) => match &mut **moving {
                Move::Right { as_of, after } => {
                    *after = Some(key.clone());
                    as_of
                }
                Move::Rising { .. } | Move::Up { .. } => return None,
            },
            State::Newest { as_of } => as_of,
            _ => return None,
        };
        Some(Frontier::History { as_of: as_of.clone(), after: key.clone() })
    }

    /// The page is delivered; history goes on beyond `more_after`, if it does. Answers the frontier
    /// if it is beyond the last record that was delivered.
    pub fn on_page_end(&mut self, more_after: Option<K>) -> Option<Frontier<P, K>> {
        let as_of = match &mut self.state {
            State::Newest { as_of } => as_of,
            State::Moving(moving) => match (&mut **moving, more_after) {
                (Move::Right { as_of, .. }, None) => as_of,
                (Move::Right { as_of, after }, Some(end)) if after.as_ref() != Some(&end) => {
                    *after = Some(end.clone());
                    return Some(Frontier::History { as_of: as_of.clone(), after: end });
                }
                _ => return None,
            },
            _ => return None,
        };
        self.state = State::Locating(as_of.clone());
        None
    }

    fn up(&mut self) -> Option<(&mut P, &mut P, &mut K)> {
        match &mut self.state {
            State::Moving(moving) => match &mut **moving {
                Move::Up { from, to, below } => Some((from, to, below)),
                Move::Right { .. } | Move::Rising { .. } => None,
            },
            _ => None,
        }
    }

    /// A change of the stream's scope came: the frontier behind it if it is to be delivered.
    pub fn change(&mut self, position: &P, key: &K) -> Option<Frontier<P, K>> {
        let (from, to, below) = self.up()?;
        if position <= from || position > to {
            return None;
        }
        *from = position.clone();
        let frontier = Frontier::History { as_of: position.clone(), after: below.clone() };
        (key <= below).then_some(frontier)
    }

    /// A record of the stream's scope came late, at `through`: the frontier behind all that did if
    /// it is to be delivered. To be asked before [`on_through`](Self::on_through).
    pub fn late(&mut self, through: &P, key: &K) -> Option<Frontier<P, K>> {
        let (from, to, below) = self.up()?;
        let delivers = through > from && through <= to && key <= below;
        delivers.then(|| Frontier::History { as_of: through.clone(), after: below.clone() })
    }

    /// The source has no other changes up to here. Once up at the fresh snapshot, history goes on
    /// to the right.
    pub fn on_through(&mut self, through: P) {
        if let Some((from, to, below)) = self.up() {
            *from = through.max(from.clone());
            if from >= to {
                let (as_of, after) = (to.clone(), Some(below.clone()));
                self.state = Move::Right { as_of, after }.into();
            }
        }
    }

    /// Where the position that was asked for stands.
    pub fn on_located(&mut self, located: Located) {
        let State::Locating(position) = &self.state else { return };
        match located {
            Located::Live => {
                self.state = State::Live(position.clone());
                self.take(ResumePath::Ring);
            }
            Located::Behind => {
                self.state = State::CatchingUp(position.clone());
                self.take(ResumePath::CatchUp);
            }
        }
    }

    /// Events up to this position were delivered, of the ring or of what was missed.
    pub fn on_read(&mut self, position: P) {
        match &mut self.state {
            State::Live(at) | State::CatchingUp(at) => *at = position,
            _ => {}
        }
    }

    /// There is nothing more of what was missed up to this position: the ring may have what follows.
    pub fn on_caught_up(&mut self, position: P) {
        if let State::CatchingUp(_) = self.state {
            self.state = State::Locating(position);
        }
    }

    /// The ring has let go of events that were not delivered yet.
    pub fn on_lagged(&mut self) {
        if let State::Live(position) = &self.state {
            self.state = State::Locating(position.clone());
        }
    }

    /// The source has failed: ask for what is wanted now, after a pause. Answers why the client is
    /// to clear what it has, if it is.
    pub fn on_fault(&mut self, fault: Fault) -> Option<Reset> {
        match fault {
            // After its end, the log's next epoch is news that the hub will bring.
            Fault::Unavailable | Fault::NeedsAction | Fault::Refused | Fault::Ended => None,
            Fault::HistoryLost => Some(self.start_over(Reset::HistoryLost)),
            Fault::SnapshotGone => {
                self.state = match std::mem::replace(&mut self.state, State::Fresh) {
                    State::Moving(moving) => match *moving {
                        Move::Right { as_of, after: Some(below) } => {
                            Move::Rising { from: as_of, below }.into()
                        }
                        Move::Right { .. } => State::Fresh,
                        other => other.into(),
                    },
                    other => other,
                };
                None
            }
        }
    }

    fn start_over(&mut self, reset: Reset) -> Reset {
        self.resuming = false;
        self.state = State::Fresh;
        reset
    }

    /// Up to where everything was delivered, while events come from the ring.
    pub fn live(&self) -> Option<&P> {
        match &self.state {
            State::Live(position) => Some(position),
            _ => None,
        }
    }

    /// How the stream went on from its client's position; answered once, when it is known.
    pub fn take_path(&mut self) -> Option<ResumePath> {
        self.path.take()
    }

    fn take(&mut self, path: ResumePath) {
        if std::mem::take(&mut self.resuming) {
            self.path = Some(path);
        }
    }
}

fn page<P, K>(
    as_of: Option<P>,
    after: Option<K>,
    order: SortOrder,
    limit: usize,
) -> HistoryQuery<P, K> {
    let max_bytes = match order {
        SortOrder::Ascending => PAGE_BYTES,
        SortOrder::Descending => NEWEST_BYTES,
    };
    HistoryQuery { as_of, after, order, limit, max_bytes }
}
