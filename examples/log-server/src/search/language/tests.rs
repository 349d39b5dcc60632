//! What is typed is read as it is meant, or refused where it is wrong.

use proptest::prelude::*;

use super::*;
use crate::search::Without;

const NOW: Timestamp = Timestamp::constant(1_758_531_241, 123_456_789);

fn read(text: &str) -> Terms {
    Terms::read(text, NOW).unwrap_or_else(|misread| panic!("{text}: {misread}"))
}

fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(ToString::to_string).collect()
}

fn test(path: &str, is: Comparison, value: &str) -> FieldTest {
    FieldTest { path: path.into(), is, value: value.into() }
}

#[test]
fn all_that_can_be_said_is_read() {
    let typed = r#" level=error,WARN  -level=critical type=stage,"a, b" -type=x no  "space left"
        -word -"a \"b\" \\" /took \d+\/s/ -/x y/ user=ann user!=bob -team=a details.rows>100
        a<1 a<=2 a>=4 "from"=ann "level"=odd b="x, y" from=2025-09-22T08:54:01Z to=-90m"#;
    let terms = Terms {
        levels: texts(&["error", "WARN"]),
        types: texts(&["stage", "a, b"]),
        texts: texts(&["no", "space left"]),
        regexes: texts(&[r"took \d+/s"]),
        fields: vec![
            test("user", Comparison::Equal, "ann"),
            test("user", Comparison::NotEqual, "bob"),
            test("team", Comparison::NotEqual, "a"),
            test("details.rows", Comparison::Greater, "100"),
            test("a", Comparison::Less, "1"),
            test("a", Comparison::AtMost, "2"),
            test("a", Comparison::AtLeast, "4"),
            test("from", Comparison::Equal, "ann"),
            test("level", Comparison::Equal, "odd"),
            test("b", Comparison::Equal, "x, y"),
        ],
        without: Without {
            levels: texts(&["critical"]),
            types: texts(&["x"]),
            texts: texts(&["word", r#"a "b" \"#]),
            regexes: texts(&["x y"]),
        },
        from: Some("2025-09-22T08:54:01Z".parse().expect("a time")),
        to: Some("2025-09-22T07:24:00Z".parse().expect("a time")),
    };
    assert_eq!(read(typed), terms);
    assert_eq!(read(&terms.to_string()), terms, "{terms}");
    assert_eq!(read(""), Terms::default());
    assert_eq!(read(r#" "" // -"" "#), Terms::default(), "nothing is looked for by nothing");
}

#[test]
fn levels_have_an_order() {
    for (typed, levels, without) in [
        ("level>=warning", &["WARNING", "ERROR", "CRITICAL"][..], &[][..]),
        ("level>warn", &["ERROR", "CRITICAL"], &[]),
        ("level<info", &["DEBUG"], &[]),
        ("level<=25", &["DEBUG", "INFO"], &[]),
        ("level!=info,debug", &[], &["info", "debug"]),
        ("-level<warning", &[], &["DEBUG", "INFO"]),
    ] {
        let terms = read(typed);
        assert_eq!(
            (terms.levels, terms.without.levels),
            (texts(levels), texts(without)),
            "{typed}"
        );
    }
}

#[test]
fn words_that_only_look_like_more_are_texts() {
    for word in ["a:b", "12:30", "c=", "é!", "(a)", "a-b", "a/b", "x!y", "and", "<"] {
        match Terms::read(word, NOW) {
            Ok(terms) => assert_eq!(terms.texts, [word]),
            Err(misread) => assert!(["c=", "<"].contains(&word), "{word}: {misread}"),
        }
        assert_eq!(read(&format!("\"{word}\"")).texts, [word], "in quotes it always is one");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_to_write() {
    let long = "x".repeat(LONGEST + 1);
    for (typed, column, words) in [
        ("größe level=loud", 13, "DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("level=error x level=warning", 15, "level=error,warning"),
        ("type=a type=b", 8, "type=stage,progress"),
        ("level>critical", 1, "no such level"),
        ("level>=info,error", 1, "one by one"),
        ("type>a", 1, "no order"),
        ("-level!=info", 2, "one of them"),
        ("a -", 4, "\"-\""),
        ("--a", 2, "\"-\""),
        ("\"no end", 1, "do not end"),
        (r#"x "a\b""#, 5, r"\\"),
        ("a\"b\"", 2, "before them"),
        ("\"a\"b", 4, "a space between"),
        ("/var/log", 6, "a space between"),
        ("/var", 1, "does not end"),
        (r"/var\/", 1, "does not end"),
        ("user=", 6, "\"\""),
        ("user= ann", 6, "\"\""),
        ("rows==1", 6, "put a value in quotes"),
        ("rows > 1", 6, "without a space"),
        ("user=a,b", 7, "one value"),
        ("-rows>100", 2, "rows<="),
        ("a..b=1", 1, "no field"),
        (".=1", 1, "no field"),
        ("\"a b\"=1", 1, "no field"),
        ("a OR b", 3, "\"OR\""),
        ("level:error", 6, "level="),
        ("from=yesterday", 6, "-2h"),
        ("to=2025-09-22", 4, "-2h"),
        ("from=-99999999999999999999h", 6, "before all times"),
        ("from>-2h", 1, "\"from\"=ann"),
        ("from=-1h from=-2h", 10, "twice"),
        (&long, LONGEST + 1, "4000 characters"),
    ] {
        let misread = Terms::read(typed, NOW).expect_err(typed);
        assert!(misread.column == column && misread.detail.contains(words), "{typed}: {misread}");
    }
}

#[test]
fn what_is_counted_from_now_is_the_same_for_the_rest_of_a_minute() {
    let at = |typed: &str, now: &str| {
        time(typed, now.parse().expect("a time")).expect(typed).to_string()
    };
    assert_eq!(at("-2h", "2025-09-22T08:54:01.5Z"), "2025-09-22T06:54:00Z");
    assert_eq!(at("-2h", "2025-09-22T08:54:59.9Z"), "2025-09-22T06:54:00Z");
    assert_eq!(at("-1w", "2025-09-22T08:54:01Z"), "2025-09-15T08:54:00Z");
    assert_eq!(at("-30s", "2025-09-22T08:54:01.9Z"), "2025-09-22T08:53:31Z");
    assert_eq!(at("-000001-01-01T00:00:00Z", "2025-09-22T08:54:01Z"), "-000001-01-01T00:00:00Z");
}

/// Texts in which everything of the language may stand.
fn odd() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a", "level", "type", "from", "rows", ".", "=", "!=", "<", ">", ">=", "-", "/", "\\", "\"",
        " ", "\n", ",", ":", "ö", "OR", "1", "@", "\u{0}", "-2h", "error", "\u{2003}",
    ]);
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

fn patterns() -> impl Strategy<Value = String> {
    // As `read` gives them: a backslash has something behind it that is no slash.
    let part =
        prop::sample::select(vec!["a", "/", "\\\\", "\\d", "\"", " ", ".*", "ö", "[", "\\\""]);
    prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat())
}

fn terms() -> impl Strategy<Value = Terms> {
    let some = |of: BoxedStrategy<String>| prop::collection::vec(of, 0..3);
    let levels =
        || some(prop::sample::select(vec!["error", "WARN", "25"]).prop_map(str::to_owned).boxed());
    let texts = || some(odd().prop_filter("there is one", |text| !text.is_empty()).boxed());
    let paths = prop::sample::select(vec!["user", "a.b-c.@d", "-a", "level", "to", "größe_1", "1"]);
    let is = prop::sample::select(Comparison::ALL.to_vec());
    let field = (paths, is, odd()).prop_map(|(path, is, value)| test(path, is, &value));
    let time = || prop::option::of((-100_000_000_000..200_000_000_000i64, 0..1_000_000_000i32));
    let time = move || time().prop_map(|at| at.and_then(|(s, n)| Timestamp::new(s, n).ok()));
    let without = (levels(), some(odd().boxed()), texts(), some(patterns().boxed()));
    let without = without.prop_map(|(levels, types, texts, regexes)| Without {
        levels,
        types,
        texts,
        regexes,
    });
    let wanted = (levels(), some(odd().boxed()), texts(), some(patterns().boxed()));
    (wanted, prop::collection::vec(field, 0..3), without, time(), time()).prop_map(
        |((levels, types, texts, regexes), fields, without, from, to)| Terms {
            levels,
            types,
            texts,
            regexes,
            fields,
            without,
            from,
            to,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(terms in terms()) {
        prop_assert_eq!(Terms::read(&terms.to_string(), NOW), Ok(terms.clone()), "{}", terms);
    }

    #[test]
    fn anything_is_read_or_refused_and_what_is_read_is_written(text in odd()) {
        match Terms::read(&text, NOW) {
            Ok(terms) => {
                prop_assert_eq!(Terms::read(&terms.to_string(), NOW), Ok(terms.clone()), "{}", terms);
            }
            Err(misread) => {
                prop_assert!((1..=text.chars().count() + 1).contains(&misread.column), "{}", misread);
            }
        }
    }
}
