//! What a field of a row is compared with.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::value::RawValue;

use super::terms::{Comparison, FieldTest};
use crate::json::{self, Text};

/// Whether all of these hold of a row.
pub(super) fn hold(tests: &[FieldTest], row: &str) -> bool {
    let paths: Vec<_> = tests.iter().map(|test| &*test.path).collect();
    let values = json::all_at(row, &paths);
    tests.iter().zip(values).all(|(test, value)| holds(test, value))
}

fn holds(FieldTest { is, value: wanted, .. }: &FieldTest, value: Option<&str>) -> bool {
    if *is == Comparison::NotEqual {
        return !is_any(value, |value| is_equal(value, wanted));
    }
    is_any(value, |value| match is {
        Comparison::Equal => is_equal(value, wanted),
        _ => order(value, wanted).is_some_and(|order| is.holds(order)),
    })
}

/// Whether the value is so, or one of those in a list.
fn is_any(value: Option<&str>, is: impl Fn(Scalar<'_>) -> bool) -> bool {
    let Some(value) = value else { return false };
    if !value.starts_with('[') {
        return Scalar::of(value).is_some_and(is);
    }
    let values: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
    values.into_iter().filter_map(|value| Scalar::of(value.get())).any(is)
}

/// A value that can be compared.
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(Number),
    /// `true` or `false`.
    Word(&'a str),
}

/// What MongoDB's types that JSON has not are wrapped in, and are numbers.
const NUMBERS: [&str; 4] = ["$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"];

/// Those that are texts.
const TEXTS: [&str; 3] = ["$oid", "$date", "$symbol"];

impl<'a> Scalar<'a> {
    fn of(json: &'a str) -> Option<Self> {
        match json.as_bytes().first()? {
            b'"' => serde_json::from_str(json).ok().map(|Text(text)| Self::Text(text)),
            b't' | b'f' => Some(Self::Word(json)),
            b'{' => Self::wrapped(json),
            b'n' => None,
            _ => Number::of(json).map(Self::Number),
        }
    }

    /// What is within an object as extended JSON has them.
    fn wrapped(json: &'a str) -> Option<Self> {
        let text = |name: &&str| {
            let Text(text) = serde_json::from_str(json::at(json, name)?).ok()?;
            Some(text)
        };
        if !json.trim_start_matches(['{', ' ']).starts_with("\"$") {
            return None;
        }
        let number = || Number::of(&NUMBERS.iter().find_map(text)?).map(Self::Number);
        TEXTS.iter().find_map(text).map(Self::Text).or_else(number)
    }
}

fn is_equal(value: Scalar<'_>, wanted: &str) -> bool {
    match value {
        Scalar::Text(text) => text == wanted,
        Scalar::Word(word) => word == wanted,
        Scalar::Number(number) => Number::of(wanted).is_some_and(|it| number.cmp(it).is_eq()),
    }
}

/// Numbers stand before and after numbers, and texts before and after what is no number.
fn order(value: Scalar<'_>, wanted: &str) -> Option<Ordering> {
    match (value, Number::of(wanted)) {
        (Scalar::Number(number), Some(wanted)) => Some(number.cmp(wanted)),
        (Scalar::Text(text), None) => Some((*text).cmp(wanted)),
        _ => None,
    }
}

/// A number; whole ones are exact.
#[derive(Clone, Copy, Debug)]
enum Number {
    Whole(i128),
    /// It is finite.
    Real(f64),
}

/// The first number beyond those that are whole.
const BEYOND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

impl Number {
    fn of(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        // Names such as `inf` do not begin with a digit.
        let real = text.parse().ok().filter(|real: &f64| real.is_finite());
        real.map(Self::Real)
    }

    fn cmp(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(&other),
            (Self::Whole(one), Self::Real(other)) => compare(one, other),
            (Self::Real(one), Self::Whole(other)) => compare(other, one).reverse(),
            (Self::Real(one), Self::Real(other)) => {
                one.partial_cmp(&other).unwrap_or(Ordering::Equal)
            }
        }
    }
}

/// Exactly: a whole number of 64 bits may have no equal among reals.
#[allow(clippy::cast_possible_truncation, reason = "it is known to fit")]
fn compare(whole: i128, real: f64) -> Ordering {
    if real.abs() >= BEYOND {
        return if real > 0.0 { Ordering::Less } else { Ordering::Greater };
    }
    let part = real.fract();
    let rest = if part > 0.0 {
        Ordering::Less
    } else if part < 0.0 {
        Ordering::Greater
    } else {
        Ordering::Equal
    };
    whole.cmp(&(real.trunc() as i128)).then(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"user":"ann","n":100,"big":9007199254740993,"real":0.5,"text":"100",
        "ok":true,"none":null,"tags":["a","b",7,["c"],null],"twice":1,"twice":1,"details":{"rows":120,
        "at":{"$date":"2025-09-22T08:54:01Z"},"id":{"$oid":"650d5c1b2f8e4a0012345678"},"deep":[{"x":1}],
        "dec":{"$numberDecimal":"1.50"},"odd":{"$other":"x"},"o":{"rows":1}},"esc":"\u0061\n",
        "de.tails":1,"date":"2025-09-22T08:54:01.123Z","least":-9223372036854775808,"huge":1e300}"#;

    fn holds_of_row(test: &str) -> bool {
        let terms = super::super::Terms::read(test, jiff::Timestamp::UNIX_EPOCH).expect(test);
        hold(&terms.fields, ROW)
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_texts_as_texts() {
        for test in [
            "user=ann",
            "user!=bob",
            "user>=ann",
            "user<b",
            "user>Ann",
            "n=100",
            "n=100.0",
            "n=1e2",
            "n>99.5",
            "n>=100",
            "n<=100",
            "n!=101",
            "n<101",
            "big=9007199254740993",
            "big!=9007199254740992",
            "big>9007199254740992.0",
            "big<9007199254740994",
            "real=0.5",
            "real<1",
            "real>0",
            "real>-1",
            "text=100",
            "text!=100.0",
            "ok=true",
            "ok!=false",
            "least=-9223372036854775808",
            "least<-9223372036854775807",
            "huge>5",
            "huge>=1e300",
            "least<-0.5",
            "esc=\"a\n\"",
            "date>=2025-09-22",
            "date<2025-09-22T09",
        ] {
            assert!(holds_of_row(test), "{test}");
        }
        for test in [
            "user=Ann",
            "user>ann",
            "user>7",
            "user<7",
            "n>100",
            "n<100",
            "n>abc",
            "n<abc",
            "n=abc",
            "big=9007199254740992",
            "real=0",
            "text>5",
            "text<500",
            "ok>a",
            "ok=1",
            "ok>0",
            "huge<1e400",
            "n<inf",
            "n>-inf",
            "date>2025",
        ] {
            assert!(!holds_of_row(test), "{test}");
        }
    }

    #[test]
    fn what_is_missing_twice_or_null_is_nothing_and_of_a_list_one_is_enough() {
        for test in [
            "tags=a",
            "tags=b",
            "tags=7",
            "tags>6",
            "tags>=b",
            "tags!=c",
            "details.rows>100",
            "details.rows=120 details.o.rows=1 details.at=2025-09-22T08:54:01Z user=ann",
            "details.at>2025-09",
            "details.id=650d5c1b2f8e4a0012345678",
            "details.dec=1.5",
            "details.dec<1.51",
            "nowhere!=a",
            "none!=null",
            "twice!=1",
            "details!=a",
        ] {
            assert!(holds_of_row(test), "{test}");
        }
        for test in [
            "tags=c",
            "tags!=a",
            "tags=null",
            "none=null",
            "none=\"\"",
            "nowhere=\"\"",
            "twice=1",
            "twice>0",
            "details=a",
            "details.deep.x=1",
            "details.odd=x",
            "user.x=ann",
            "de.tails=1",
            "details.rows.x=1",
            "details.at>2026-01",
        ] {
            assert!(!holds_of_row(test), "{test}");
        }
        let test = [FieldTest { path: "a".into(), is: Comparison::NotEqual, value: "1".into() }];
        assert!(hold(&test, "[]") && hold(&test, "") && !hold(&test, r#"{"a":1}"#));
    }
}
