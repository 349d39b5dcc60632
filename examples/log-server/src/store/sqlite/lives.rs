//! The lives of a file: each time that a server writes to it for the first time, one begins.
//!
//! A backup that is restored gives the numbers of rows out again. What is written then belongs to
//! a life of its own, so that positions of rows that are lost are told from those of rows that
//! have their numbers now.

use rusqlite::{Connection, OptionalExtension, params};

use super::coordinates::Position;

/// What this process knows of the log: it grows, and nothing in it changes.
#[derive(Clone, Debug)]
pub(super) struct Lives {
    /// The first `seq` of each life, in their order.
    begun: Vec<(i64, u32)>,
    last: i64,
}

impl Lives {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let begun = connection
            .prepare_cached("SELECT first, life FROM lives ORDER BY first")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self { begun, last: last_seq(connection)? })
    }

    /// Whether the log has been at this position, as far as is known.
    pub(super) fn hold(&self, position: Position) -> bool {
        let behind = self.begun.partition_point(|(first, _)| *first <= position.seq);
        let life = behind.checked_sub(1).map(|at| self.begun[at].1);
        position.seq <= self.last && life == Some(position.life)
    }

    /// Rows up to `last` were written; the first of them began `life`, if there is one.
    pub(super) fn grow(&mut self, life: Option<(i64, u32)>, last: i64) {
        if last > self.last {
            self.begun.extend(life);
            self.last = last;
        }
    }
}

/// Begins a life with the row `first`.
pub(super) fn begin(connection: &Connection, first: i64, life: u32) -> rusqlite::Result<()> {
    connection.execute("INSERT INTO lives VALUES (?1, ?2)", params![first, life])?;
    Ok(())
}

/// Whether the log has been at this position.
pub(super) fn hold(connection: &Connection, position: Position) -> rusqlite::Result<bool> {
    let reached = position.seq <= last_seq(connection)?;
    Ok(reached && of(connection, position.seq)? == position.life)
}

/// The end of the log.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<Position> {
    let seq = last_seq(connection)?;
    Ok(Position { seq, life: of(connection, seq)? })
}

/// Which life has written the row `seq`.
fn of(connection: &Connection, seq: i64) -> rusqlite::Result<u32> {
    connection
        .prepare_cached("SELECT life FROM lives WHERE first <= ?1 ORDER BY first DESC LIMIT 1")?
        .query_row([seq], |row| row.get(0))
}

/// The last `seq` ever given out, also when its row was deleted since.
pub(super) fn last_seq(connection: &Connection) -> rusqlite::Result<i64> {
    let last = connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'log'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_held_by_the_life_that_wrote_it() {
        let mut lives = Lives { begun: vec![(0, 7), (4, 8)], last: 5 };
        let hold = |lives: &Lives, seq, life| lives.hold(Position { seq, life });
        for (seq, life) in [(0, 7), (3, 7), (4, 8), (5, 8)] {
            assert!(hold(&lives, seq, life), "{seq} of {life}");
        }
        for (seq, life) in [(-1, 7), (0, 8), (4, 7), (6, 8)] {
            assert!(!hold(&lives, seq, life), "{seq} of {life}");
        }
        lives.grow(Some((6, 9)), 8);
        assert!(hold(&lives, 5, 8) && hold(&lives, 6, 9) && hold(&lives, 8, 9));
        assert!(!hold(&lives, 6, 8) && !hold(&lives, 9, 9));
    }
}
