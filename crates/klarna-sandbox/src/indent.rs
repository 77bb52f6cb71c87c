//! JSON with a member a line, its members in the order and its numbers in the form in which they
//! were sent.

use serde_json::value::RawValue;

const STEP: &str = "  ";
/// Deeper than this it is not worth the blanks.
const DEPTH_MAX: usize = 64;

/// JSON with a member a line, as people read it: its members in the order and its numbers in the form
/// in which they were sent. `None`: the text is not JSON.
///
/// # Examples
/// ```
/// let shown = klarna_sandbox::indented_json(r#"{"b": 1.50, "a": []}"#);
/// assert_eq!(shown.unwrap(), "{\n  \"b\": 1.50,\n  \"a\": []\n}");
/// ```
pub fn json(text: &str) -> Option<String> {
    let valid: &RawValue = serde_json::from_str(text).ok()?;
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0usize;
    let mut letters = valid.get().chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                out.push(letter);
                while let Some(inner) = letters.next() {
                    out.push(inner);
                    match inner {
                        '\\' => out.extend(letters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                if letters.next_if(|it| matches!(it, '}' | ']')).is_some() {
                    out.push(if letter == '{' { '}' } else { ']' });
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ if letter.is_ascii_whitespace() => {}
            _ => out.push(letter),
        }
    }
    Some(out)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    (0..depth.min(DEPTH_MAX)).for_each(|_| out.push_str(STEP));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_numbers_their_form() {
        let sent =
            r#" {"b" : 1.50, "a":[ ],"c" : [ {"d":"x, {y}: \"z\" \\" } , -0, 1E2 ] , "e":{} } "#;
        let shown = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": [\n    {\n      \"d\": \"x, {y}: \
                     \\\"z\\\" \\\\\"\n    },\n    -0,\n    1E2\n  ],\n  \"e\": {}\n}";
        assert_eq!(json(sent).unwrap(), shown);
        assert_eq!(json("7").unwrap(), "7");
        assert_eq!(json("\"\"").unwrap(), "\"\"");
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        for text in ["", "{", "<html>", "{\"a\":1} x", "{'a':1}"] {
            assert_eq!(json(text), None, "{text}");
        }
    }

    #[test]
    fn depth_does_not_grow_the_text_without_end() {
        let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
        assert!(json(&deep).unwrap().len() < 120 * 130 * 2);
    }

    proptest::proptest! {
        #[test]
        fn it_stays_the_same_value(text in "\\PC{0,20}", number in proptest::num::i64::ANY) {
            let value = serde_json::json!({"a": [text, {"b": number}, [], {}], "c": text});
            let shown = json(&value.to_string()).unwrap();
            let again: serde_json::Value = serde_json::from_str(&shown).unwrap();
            proptest::prop_assert_eq!(again, value);
        }
    }
}
