//! Keys in the order in which the server sorts them.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use common::{all, logs, quick, scope, set};
use gapless_sse_core::follow::{Coordinate, SortOrder, Source};
use gapless_sse_mongo::Key;
use gapless_sse_mongo::bson::oid::ObjectId;
use gapless_sse_mongo::bson::spec::BinarySubtype;
use gapless_sse_mongo::bson::{
    Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, Regex, Timestamp, doc,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn number() -> impl Strategy<Value = Bson> {
    let near = prop_oneof![
        Just("9007199254740993"),
        Just("9223372036854775807"),
        Just("0.1"),
        Just("-0.1"),
        Just("0.1000000000000000055511151231257827"),
        Just("1E+6000"),
        Just("-1E-6000"),
        Just("0"),
        Just("-0E+3"),
        Just("1.0"),
        Just("1.00"),
        Just("NaN"),
        Just("Infinity"),
        Just("-Infinity"),
        Just("9.999999999999999999999999999999999E+33"),
        Just("5"),
        Just("5.000000000000000000001"),
    ];
    prop_oneof![
        (-3..10_i32).prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        (-3..10_i64).prop_map(Bson::Int64),
        (-6..20_i32).prop_map(|half| Bson::Double(f64::from(half) / 2.0)),
        any::<f64>().prop_map(Bson::Double),
        prop_oneof![
            Just(9_007_199_254_740_992.0),
            Just(9_223_372_036_854_775_807.0),
            Just(0.1),
            Just(-0.0),
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(f64::MIN_POSITIVE),
            Just(5e-324),
            Just(f64::MAX),
            Just(1e33),
        ]
        .prop_map(Bson::Double),
        prop_oneof![Just(9_007_199_254_740_992_i64), Just(9_007_199_254_740_993), Just(i64::MAX)]
            .prop_map(Bson::Int64),
        near.prop_map(|text| Bson::Decimal128(text.parse().unwrap())),
        any::<[u8; 16]>().prop_map(|bytes| Bson::Decimal128(Decimal128::from_bytes(bytes))),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ab\u{0}é\u{10000}]{0,3}", "[a-c]{0,2}"]
}

fn name() -> impl Strategy<Value = String> {
    "[ab]{0,2}"
}

fn scalar() -> impl Strategy<Value = Bson> {
    let binary = (
        prop_oneof![Just(0_u8), Just(2), Just(3), Just(4), Just(128), Just(255)],
        prop::collection::vec(0..3_u8, 0..18),
    );
    prop_oneof![
        6 => number(),
        2 => text().prop_map(Bson::String),
        1 => text().prop_map(Bson::Symbol),
        1 => Just(Bson::Null),
        1 => any::<bool>().prop_map(Bson::Boolean),
        1 => prop_oneof![Just(Bson::MinKey), Just(Bson::MaxKey)],
        2 => binary.prop_map(|(subtype, bytes)| {
            Bson::Binary(Binary { subtype: BinarySubtype::from(subtype), bytes })
        }),
        1 => any::<[u8; 12]>().prop_map(|bytes| Bson::ObjectId(ObjectId::from_bytes(bytes))),
        2 => any::<i64>().prop_map(|ms| Bson::DateTime(DateTime::from_millis(ms))),
        1 => (1..9_u32, 1..9_u32)
            .prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        1 => text().prop_map(Bson::JavaScriptCode),
        1 => (text(), name()).prop_map(|(code, name)| {
            Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code, scope: doc! { name: 1 } })
        }),
    ]
}

fn nested() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        8 => scalar(),
        1 => ("[ab]{0,2}", "[im]{0,1}").prop_map(|(pattern, options)| {
            Bson::RegularExpression(Regex {
                pattern: pattern.try_into().unwrap(),
                options: options.try_into().unwrap(),
            })
        }),
        1 => Just(Bson::Undefined),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Bson::Array),
            prop::collection::vec((name(), inner), 0..3)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

fn is_scalar_or_document(value: &Bson) -> bool {
    !matches!(value, Bson::Array(_) | Bson::RegularExpression(_) | Bson::Undefined)
}

fn is_greatest(record: &Document) -> bool {
    record.get("_id") == Some(&Bson::MaxKey) && record.get("date") == Some(&Bson::MaxKey)
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn keys_of_any_values_ascend_as_the_server_sorts_them() {
    let (mongo, other) = logs(set(), "any_values", quick()).await;
    mongo.epoch().await.unwrap();
    let mut runner = TestRunner::default();
    let id = nested().prop_filter("no _id", is_scalar_or_document);
    // An array would make an index of several keys a record.
    let date = prop_oneof![
        1 => Just(None),
        4 => nested().prop_filter("an array", |date| !matches!(date, Bson::Array(_))).prop_map(Some),
    ];
    let record = (id, date).prop_map(|(id, date)| {
        let mut record = doc! { "_id": id, "workspace_id": "a", "workflow_id": "b" };
        if let Some(date) = date {
            record.insert("date", date);
        }
        record
    });
    let record = record.prop_filter("beyond every bound", |record| !is_greatest(record));
    let records: Vec<Document> =
        (0..6000).map(|_| record.new_tree(&mut runner).unwrap().current()).collect();
    // Ids that the server holds equal are refused.
    let _ = other.coll.insert_many(records).ordered(false).await;
    // The same few dates with many ids, so that ids decide.
    let ids = nested().prop_filter("no _id", is_scalar_or_document);
    let ids = (0..3000).map(|_| ids.new_tree(&mut runner).unwrap().current());
    let records: Vec<Document> = ids
        .map(|id| doc! { "_id": { "x": id }, "workspace_id": "a", "workflow_id": "b", "date": 1 })
        .collect();
    let _ = other.coll.insert_many(records).ordered(false).await;

    let stored = other.coll.count_documents(doc! {}).await.unwrap();
    assert!(stored > 3000, "{stored}");
    let (_, read) = all(&mongo, &scope(), SortOrder::Ascending, 100).await;
    assert_eq!(read.len() as u64, stored);
    for pair in read.windows(2) {
        let (left, right) = (&pair[0], &pair[1]);
        assert!(left.key < right.key, "{}\n{}", left.record.json, right.record.json);
        let mut bytes = Vec::new();
        left.key.encode(&mut bytes);
        let mut input = &*bytes;
        assert_eq!(Key::decode(&mut input).as_ref(), Some(&left.key));
        assert!(input.is_empty());
        for end in 0..bytes.len() {
            assert_eq!(Key::decode(&mut &bytes[..end]), None);
        }
    }
    let (_, back) = all(&mongo, &scope(), SortOrder::Descending, 100).await;
    assert!(back.iter().rev().map(|entry| &entry.key).eq(read.iter().map(|entry| &entry.key)));
}
