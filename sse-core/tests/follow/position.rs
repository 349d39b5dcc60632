//! Only ids of our own are believed, and only where they belong.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gapless_sse_core::EventId;
use gapless_sse_core::follow::{Frontier, Scope, Seal};
use proptest::prelude::*;

use crate::model::Number;

type Mine = Frontier<Number, Number>;

fn seal() -> Seal {
    Seal::new(b"a secret of thirty-two bytes, or")
}

fn frontiers() -> impl Strategy<Value = Mine> {
    prop_oneof![
        any::<u32>().prop_map(|at| Frontier::Live(Number(at))),
        any::<(u32, u32)>().prop_map(|(as_of, after)| Frontier::History {
            as_of: Number(as_of),
            after: Number(after)
        }),
    ]
}

proptest! {
    #[test]
    fn what_was_sealed_is_opened(epoch: u32, frontier in frontiers()) {
        let scope = Scope::new("s", ["a", "b"]);
        let id = seal().seal(epoch, &frontier, &scope);
        prop_assert_eq!(seal().open::<Number, Number>(id.as_str(), &scope), Some((epoch, frontier)));
    }

    #[test]
    fn a_changed_id_is_refused(frontier in frontiers(), at in 0usize..30, to in "[A-Za-z0-9_-]") {
        let scope = Scope::new("s", ["a"]);
        let id = seal().seal(1, &frontier, &scope);
        let mut forged = id.as_str().to_owned();
        let at = at % forged.len();
        prop_assume!(forged[at..=at] != to);
        forged.replace_range(at..=at, &to);
        prop_assert_eq!(seal().open::<Number, Number>(&forged, &scope), None);
    }

    #[test]
    fn any_text_is_refused_without_a_panic(id in ".*") {
        prop_assert_eq!(seal().open::<Number, Number>(&id, &Scope::new("s", ["a"])), None);
    }
}

/// Of two ids, how many bytes are the same, beside the first.
fn alike(left: &EventId, right: &EventId) -> usize {
    let bytes = |id: &EventId| URL_SAFE_NO_PAD.decode(id.as_str()).unwrap();
    let (left, right) = (bytes(left), bytes(right));
    assert_eq!(left.len(), right.len());
    left.iter().zip(&right).skip(1).filter(|(left, right)| left == right).count()
}

#[test]
fn nobody_reads_in_an_id_where_it_stands() {
    let scope = Scope::new("s", ["a"]);
    let id = |number: u32, epoch: u32| {
        let live: Mine = Frontier::Live(Number(number));
        seal().seal(epoch, &live, &scope)
    };
    // Of neighbours, nothing is alike but by chance.
    let alike: usize = (0..100).map(|number| alike(&id(number, 1), &id(number + 1, 1))).sum();
    assert!(alike < 40, "{alike} of 1,600 bytes");
    assert_eq!(id(7, 1), id(7, 1), "of one position there is one id");
    // A long one is masked to its end.
    let history = |after: u32| -> EventId {
        let frontier: Frontier<String, Number> =
            Frontier::History { as_of: "x".repeat(90), after: Number(after) };
        seal().seal(1, &frontier, &scope)
    };
    let bytes = URL_SAFE_NO_PAD.decode(history(1).as_str()).unwrap();
    assert!(!bytes.windows(4).any(|part| part == b"xxxx"), "{bytes:?}");
}

#[test]
fn a_live_id_holds_for_every_stream_of_its_space_and_for_no_other() {
    let live: Mine = Frontier::Live(Number(7));
    let id = seal().seal(1, &live, &Scope::new("s", ["a"]));
    let open = |scope: Scope| seal().open::<Number, Number>(id.as_str(), &scope);
    assert!(open(Scope::new("s", ["b", "c"])).is_some());
    assert!(open(Scope::new("t", ["a"])).is_none());
}

#[test]
fn an_id_within_history_holds_for_its_exact_scope() {
    let history: Mine = Frontier::History { as_of: Number(7), after: Number(3) };
    let id = seal().seal(1, &history, &Scope::new("s", ["a"]));
    let open = |scope: Scope| seal().open::<Number, Number>(id.as_str(), &scope);
    assert!(open(Scope::new("s", ["a"])).is_some());
    assert!(open(Scope::new("s", ["b"])).is_none());
    assert!(open(Scope::new("s", ["a", "b"])).is_none());
    assert!(open(Scope::new("sa", [""])).is_none(), "names do not run into each other");
}

#[test]
fn an_id_within_the_history_of_a_whole_space_holds_for_no_list_of_names() {
    let history: Mine = Frontier::History { as_of: Number(7), after: Number(3) };
    let open = |id: EventId, scope: Scope| seal().open::<Number, Number>(id.as_str(), &scope);
    let whole = seal().seal(1, &history, &Scope::whole("s"));
    assert!(open(whole.clone(), Scope::whole("s")).is_some());
    assert!(open(whole.clone(), Scope::whole("t")).is_none());
    for names in [&[][..], &[""], &["s"], &["\0"], &["a", "b"]] {
        let named = || Scope::new("s", names.iter().copied());
        assert!(open(whole.clone(), named()).is_none(), "{names:?}");
        let id = seal().seal(1, &history, &named());
        assert!(open(id, Scope::whole("s")).is_none(), "{names:?}");
    }
}

#[test]
fn an_older_secret_is_accepted_and_not_used() {
    let scope = Scope::new("s", ["a"]);
    let live: Mine = Frontier::Live(Number(7));
    let rotated = Seal::new(b"the new one").accepting(b"the old one");
    let old = Seal::new(b"the old one").seal(1, &live, &scope);
    assert!(rotated.open::<Number, Number>(old.as_str(), &scope).is_some());
    let new = rotated.seal(1, &live, &scope);
    assert!(Seal::new(b"the old one").open::<Number, Number>(new.as_str(), &scope).is_none());
}
