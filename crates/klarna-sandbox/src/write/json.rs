//! JSON whose members keep the order in which they are put, borrowed from what it tells of.

use std::borrow::Cow;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Boolean(bool),
    Array(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// An object; its members stand in the order in which they were put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object<'a>(Vec<(&'static str, Json<'a>)>);

/// Room for the members of most objects.
const ROOM: usize = 16;

impl<'a> Object<'a> {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(ROOM))
    }

    /// With one more member.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Json<'a>>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// With one more member, if there is a value: Klarna never writes nulls (recorded exchange).
    pub(crate) fn maybe(self, name: &'static str, value: Option<impl Into<Json<'a>>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The members in their order.
    pub(crate) fn members(&self) -> &[(&'static str, Json<'a>)] {
        &self.0
    }
}

impl<'a> From<&'a str> for Json<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for Json<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Json<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<Cow<'a, str>> for Json<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Json<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Json<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl<'a> From<Object<'a>> for Json<'a> {
    fn from(object: Object<'a>) -> Self {
        Self::Object(object)
    }
}

impl<'a, T: Into<Json<'a>>> FromIterator<T> for Json<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}
