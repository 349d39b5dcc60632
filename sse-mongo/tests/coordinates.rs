//! Positions and keys as bytes, from clients that may send anything.

use gapless_sse_core::follow::Coordinate;
use gapless_sse_mongo::{Key, Position};
use proptest::prelude::*;

/// What is read from any bytes is written as bytes that read as the same.
fn survives<T: Coordinate + PartialEq>(bytes: &[u8]) {
    if let Some(read) = T::decode(&mut &*bytes) {
        let mut written = Vec::new();
        read.encode(&mut written);
        let mut input = &*written;
        assert_eq!(T::decode(&mut input), Some(read));
        assert!(input.is_empty());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        kind in 0..9_u8,
        mut bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        survives::<Position>(&bytes);
        survives::<Key>(&bytes);
        bytes.insert(0, kind);
        survives::<Position>(&bytes);
        survives::<Key>(&bytes);
    }
}

#[test]
fn commits_are_ordered_by_time_and_then_by_place() {
    let commit = |time: u8, nth: u8| {
        Position::decode(&mut &[1, 0, 0, 0, 1, 0, 0, 0, time, nth][..]).unwrap()
    };
    let all = [commit(1, 0), commit(1, 1), commit(1, 2), commit(2, 0), commit(2, 1)];
    assert!(all.is_sorted_by(|left, right| left < right));
}

#[test]
fn a_settled_date_comes_before_the_records_that_have_it() {
    let settled = |bytes: &[u8]| Position::decode(&mut &*bytes).unwrap();
    // Kind, date (1, then milliseconds), id (4, then a number).
    let all = [
        settled(&[3, 1, 8, 4, 10]),
        settled(&[2, 1, 10]),
        settled(&[3, 1, 10, 4, 2]),
        settled(&[3, 1, 10, 4, 4]),
        settled(&[2, 1, 12]),
    ];
    assert!(all.is_sorted_by(|left, right| left < right));
}
