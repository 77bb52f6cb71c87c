//! The pretty printing of the Payments back end (recorded exchange): `"key" : value`, two spaces
//! a level, arrays on the line they start on: `[ "x" ]`, `[ { … }, { … } ]`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

/// Writes a value in this style.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Pretty::default());
    // Texts, numbers and arrays into memory: neither serialising nor writing can fail.
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

#[derive(Default)]
struct Pretty {
    depth: usize,
    has_members: bool,
}

impl Pretty {
    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Pretty {
    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b" " } else { b", " })
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" ]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.has_members = false;
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" : ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_members = true;
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.has_members {
            self.line(writer)?;
            writer.write_all(b"}")
        } else {
            writer.write_all(b" }")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::json::{Json, Object};

    #[test]
    fn it_is_the_style_of_the_recordings() {
        let value = Object::new()
            .with("a", "x")
            .with("b", ["y", "z"].into_iter().collect::<Json>())
            .with(
                "c",
                [Object::new().with("d", Object::new().with("e", 1))].into_iter().collect::<Json>(),
            )
            .with("f", Json::Array(Vec::new()))
            .with("g", Object::new());
        assert_eq!(
            pretty(&value),
            "{\n  \"a\" : \"x\",\n  \"b\" : [ \"y\", \"z\" ],\n  \"c\" : [ {\n    \"d\" : {\n      \
             \"e\" : 1\n    }\n  } ],\n  \"f\" : [ ],\n  \"g\" : { }\n}"
        );
    }
}
