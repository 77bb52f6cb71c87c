//! JSON as text, in the two styles that are recorded: Payments prints `"key" : value` with two
//! spaces a level and arrays on the line they start on (`[ "x" ]`, `[ { … }, { … } ]`), Order
//! Management prints nothing between.
//!
//! Written by hand because it is on the path of every answer, and a client token's thousand
//! characters need no look at each of them twice.

use super::json::{Json, Object};

/// In the style of the Payments back end.
pub(crate) fn pretty(value: &Json<'_>) -> Vec<u8> {
    written(value, true)
}

/// In the style of the Order Management back end.
pub(crate) fn compact(value: &Json<'_>) -> Vec<u8> {
    written(value, false)
}

/// Room for most answers, in bytes.
const ROOM: usize = 3072;

fn written(value: &Json<'_>, pretty: bool) -> Vec<u8> {
    let mut writer = Writer { text: Vec::with_capacity(ROOM), pretty, depth: 0 };
    writer.value(value);
    writer.text
}

struct Writer {
    text: Vec<u8>,
    pretty: bool,
    depth: usize,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// A space, or in the compact style nothing.
    fn space(&mut self) {
        if self.pretty {
            self.text.push(b' ');
        }
    }

    /// A new line at this depth, or in the compact style nothing.
    fn line(&mut self) {
        if self.pretty {
            self.text.push(b'\n');
            (0..self.depth).for_each(|_| self.put("  "));
        }
    }

    fn value(&mut self, value: &Json<'_>) {
        match value {
            Json::Text(text) => self.string(text),
            Json::Integer(number) => self.put(itoa::Buffer::new().format(*number)),
            Json::Boolean(true) => self.put("true"),
            Json::Boolean(false) => self.put("false"),
            Json::Array(elements) => self.array(elements),
            Json::Object(object) => self.object(object),
        }
    }

    fn array(&mut self, elements: &[Json<'_>]) {
        self.put("[");
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.put(",");
            }
            self.space();
            self.value(element);
        }
        self.space();
        self.put("]");
    }

    fn object(&mut self, object: &Object<'_>) {
        self.put("{");
        self.depth += 1;
        for (index, (name, value)) in object.members().iter().enumerate() {
            if index > 0 {
                self.put(",");
            }
            self.line();
            // Names are this program's own words.
            self.put("\"");
            self.put(name);
            self.put(if self.pretty { "\" : " } else { "\":" });
            self.value(value);
        }
        self.depth -= 1;
        if object.members().is_empty() {
            self.space();
        } else {
            self.line();
        }
        self.put("}");
    }

    fn string(&mut self, text: &str) {
        let needs_escape = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
        // Without an early end, many bytes are looked at with one instruction.
        if text.as_bytes().iter().fold(false, |found, byte| found | needs_escape(byte)) {
            // A text always has a JSON form.
            self.put(&serde_json::to_string(text).unwrap_or_default());
        } else {
            self.put("\"");
            self.put(text);
            self.put("\"");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Json<'static> {
        Object::new()
            .with("a", "x")
            .with("b", ["y", "z"].into_iter().collect::<Json>())
            .with(
                "c",
                [Object::new().with("d", Object::new().with("e", 1))].into_iter().collect::<Json>(),
            )
            .with("f", Json::Array(Vec::new()))
            .with("g", Object::new())
            .with("h", true)
            .into()
    }

    #[test]
    fn pretty_is_the_style_of_the_recordings() {
        assert_eq!(
            String::from_utf8(pretty(&sample())).unwrap(),
            "{\n  \"a\" : \"x\",\n  \"b\" : [ \"y\", \"z\" ],\n  \"c\" : [ {\n    \"d\" : {\n      \
             \"e\" : 1\n    }\n  } ],\n  \"f\" : [ ],\n  \"g\" : { },\n  \"h\" : true\n}"
        );
    }

    #[test]
    fn a_line_is_as_deep_as_what_it_is_in() {
        let deep = (0..12).fold(Json::from(1), |inner, _| Object::new().with("a", inner).into());
        let text = String::from_utf8(pretty(&deep)).unwrap();
        for (depth, line) in text.lines().enumerate().skip(1).take(12) {
            assert_eq!(line.len() - line.trim_start().len(), 2 * depth, "{text}");
        }
    }

    #[test]
    fn compact_has_nothing_between() {
        assert_eq!(
            String::from_utf8(compact(&sample())).unwrap(),
            r#"{"a":"x","b":["y","z"],"c":[{"d":{"e":1}}],"f":[],"g":{},"h":true}"#
        );
    }

    #[test]
    fn every_text_is_read_back_as_it_was() {
        for text in ["", "Å ö 語 🥾", "a\"b\\c/d", "\u{0}\t\n\u{1f} \u{7f}", "\u{2028}"] {
            let object = Object::new().with("a", text).into();
            for bytes in [pretty(&object), compact(&object)] {
                let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(read["a"], text);
            }
        }
    }
}
