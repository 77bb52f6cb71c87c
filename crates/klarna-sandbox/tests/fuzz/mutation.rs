//! What is done to a valid body: to its JSON, then to its bytes.

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Map, Value, json};

/// One change of a JSON value, at a place among all that it has.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    at: Index,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Replace(Odd),
    Remove,
    /// A number as a text, a text as an array, an array as an object.
    Retype,
    Repeat(u16),
    Add(String, Odd),
    Rename(String),
    Nest(u8),
}

/// A value that is seldom right.
#[derive(Clone, Debug)]
enum Odd {
    Is(Value),
    /// So many times the same character.
    Long(char, u32),
}

impl Odd {
    fn value(&self) -> Value {
        match self {
            Self::Is(value) => value.clone(),
            Self::Long(character, count) => {
                Value::from(std::iter::repeat_n(*character, *count as usize).collect::<String>())
            }
        }
    }
}

/// A text with every kind of character.
pub(crate) fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => ".{0,20}",
        2 => any::<String>(),
        1 => Just(String::new()),
        1 => Just("\0".to_owned()),
        1 => Just("\u{202e}\u{200d}\u{feff}\u{301}".to_owned()),
        1 => Just("👩‍👩‍👧‍👦𝔘ﷺ".to_owned()),
        1 => Just("a\r\nset-cookie: x".to_owned()),
        1 => Just("<script>alert(1)</script>{{7*7}}{order.id}".to_owned()),
        1 => Just("../../etc/passwd".to_owned()),
    ]
    .boxed()
}

fn odd() -> BoxedStrategy<Odd> {
    let numbers = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        (-3i64..3).prop_map(Value::from),
        prop::sample::select(vec![
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(-0.0),
            json!(1e308),
            json!(0.1),
            json!(9_007_199_254_740_993_i64),
            json!(200_000_000),
            json!(200_000_001),
            json!(i64::from(i32::MAX) + 1),
            json!(10_000),
            json!(10_001),
        ]),
    ];
    let texts = prop_oneof![
        text().prop_map(Value::from),
        prop::sample::select(vec![
            "7",
            "-1",
            "9223372036854775808",
            " 5 ",
            "5.0",
            "0x10",
            "1e3",
            "true",
            "null",
            "NaN",
            "SE",
            "US",
            "se",
            "SEK",
            "usd",
            "sv-SE",
            "en",
            "xx-XX-XX",
            "sales_tax",
            "return_fee",
            "discount",
            "gift_card",
            "tokenize",
            "buy",
            "REJECTED",
            "customer+denied@email.se",
            "user+pend-accept-10@email.se",
            "user+pend-accept-999999999999999999999@email.se",
            "user+red@email.se",
            "PT1S",
            "-PT1S",
            "P99999999999Y",
            "2027-01-01T00:00:00Z",
            "http://[::1",
            "http://127.0.0.1:1/",
            "javascript:alert(1)",
            "//",
            "http://a b/",
        ])
        .prop_map(Value::from),
    ];
    prop_oneof![
        4 => numbers.prop_map(Odd::Is),
        4 => texts.prop_map(Odd::Is),
        2 => prop::sample::select(vec![json!(null), json!(true), json!(false), json!([]),
            json!({}), json!([null]), json!([[]]), json!({"": {}})]).prop_map(Odd::Is),
        1 => (any::<char>(), 0u32..3000).prop_map(|(it, count)| Odd::Long(it, count)),
    ]
    .boxed()
}

/// Up to so many changes.
pub(crate) fn changes(max: usize) -> impl Strategy<Value = Vec<Change>> {
    let kind = prop_oneof![
        6 => odd().prop_map(Kind::Replace),
        2 => Just(Kind::Remove),
        2 => Just(Kind::Retype),
        1 => (2u16..1100).prop_map(Kind::Repeat),
        1 => (text(), odd()).prop_map(|(name, value)| Kind::Add(name, value)),
        1 => text().prop_map(Kind::Rename),
        1 => (1u8..120).prop_map(Kind::Nest),
    ];
    vec((any::<Index>(), kind).prop_map(|(at, kind)| Change { at, kind }), 0..=max)
}

/// The pointers of all values within a value.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{here}/{name}"), found);
            }
        }
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                places(value, &format!("{here}/{place}"), found);
            }
        }
        _ => {}
    }
}

/// Changes a value.
pub(crate) fn change(value: &mut Value, changes: &[Change]) {
    for change in changes {
        let mut all = Vec::new();
        places(value, "", &mut all);
        let pointer = change.at.get(&all);
        let Some(target) = value.pointer_mut(pointer) else { continue };
        match &change.kind {
            Kind::Replace(odd) => *target = odd.value(),
            Kind::Retype => {
                *target = match target.take() {
                    Value::Number(number) => Value::from(number.to_string()),
                    Value::Array(values) => values
                        .into_iter()
                        .enumerate()
                        .map(|(place, value)| (place.to_string(), value))
                        .collect::<Map<String, Value>>()
                        .into(),
                    Value::Object(members) => members.into_iter().map(|(_, value)| value).collect(),
                    other => Value::Array(vec![other]),
                }
            }
            Kind::Repeat(count) => {
                if let Value::Array(values) = target
                    && let Some(first) = values.first().cloned()
                {
                    values.extend(std::iter::repeat_n(first, usize::from(*count)));
                }
            }
            Kind::Add(name, odd) => {
                if let Value::Object(members) = target {
                    members.insert(name.clone(), odd.value());
                }
            }
            Kind::Nest(depth) => {
                *target = (0..*depth).fold(target.take(), |inner, _| Value::Array(vec![inner]));
            }
            Kind::Remove | Kind::Rename(_) => {
                let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
                let name = name.replace("~1", "/").replace("~0", "~");
                match value.pointer_mut(parent) {
                    Some(Value::Object(members)) => {
                        let removed = members.remove(&name);
                        if let (Kind::Rename(new), Some(removed)) = (&change.kind, removed) {
                            members.insert(new.clone(), removed);
                        }
                    }
                    Some(Value::Array(values)) => {
                        if let Ok(place) = name.parse::<usize>() {
                            values.remove(place);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// One change of bytes, at a place among them.
#[derive(Clone, Debug)]
pub(crate) enum Cut {
    Until(Index),
    Insert(Index, Vec<u8>),
    Overwrite(Index, u8),
    /// The first member is there once more, with another value.
    Double(String),
    /// So deep, and never closed.
    Deep(char, u32),
    Is(Vec<u8>),
}

/// Up to so many changes of bytes.
pub(crate) fn cuts(max: usize) -> impl Strategy<Value = Vec<Cut>> {
    let odd_bytes = prop_oneof![
        vec(any::<u8>(), 1..8),
        prop::sample::select(vec![
            b"\xff".to_vec(),
            b"\xed\xa0\x80".to_vec(),
            b"\xc0\xaf".to_vec(),
            b"\\ud800".to_vec(),
            b"\\u0000".to_vec(),
            b"1e400".to_vec(),
            b"NaN".to_vec(),
            b"Infinity".to_vec(),
            vec![b'9'; 400],
            b"0".to_vec(),
            b"\0".to_vec(),
            b"//".to_vec(),
            b",".to_vec(),
        ]),
    ];
    let raw = prop::sample::select(vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"7".to_vec(),
        b"\"x\"".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{}{}".to_vec(),
        b"{'a':1}".to_vec(),
        b"{\"a\":1,}".to_vec(),
        b"\xff\xfe{\0}\0".to_vec(),
        b"a=b&c=d".to_vec(),
    ]);
    let cut = prop_oneof![
        3 => any::<Index>().prop_map(Cut::Until),
        3 => (any::<Index>(), odd_bytes).prop_map(|(at, bytes)| Cut::Insert(at, bytes)),
        3 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Cut::Overwrite(at, byte)),
        1 => prop::sample::select(vec!["\"purchase_country\":\"US\"", "\"order_amount\":1",
            "\"captured_amount\":2", "\"\":null"]).prop_map(|it| Cut::Double(it.to_owned())),
        1 => (prop::sample::select(vec!['[', '{']), 0u32..20_000).prop_map(|(it, n)| Cut::Deep(it, n)),
        1 => raw.prop_map(Cut::Is),
    ];
    vec(cut, 0..=max)
}

/// Changes bytes.
pub(crate) fn cut(bytes: &mut Vec<u8>, cuts: &[Cut]) {
    for cut in cuts {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match cut {
            Cut::Until(at) => bytes.truncate(place(at, bytes)),
            Cut::Insert(at, more) => {
                let at = place(at, bytes);
                bytes.splice(at..at, more.iter().copied());
            }
            Cut::Overwrite(at, byte) => {
                let at = place(at, bytes);
                if let Some(held) = bytes.get_mut(at) {
                    *held = *byte;
                }
            }
            Cut::Double(member) => {
                if bytes.first() == Some(&b'{') {
                    bytes.splice(1..1, format!("{member},").into_bytes());
                }
            }
            Cut::Deep('[', depth) => *bytes = vec![b'['; *depth as usize],
            Cut::Deep(_, depth) => *bytes = "{\"a\":".repeat(*depth as usize).into_bytes(),
            Cut::Is(other) => bytes.clone_from(other),
        }
    }
}
