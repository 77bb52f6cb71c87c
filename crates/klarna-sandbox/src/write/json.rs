//! JSON whose members keep the order in which they are put.

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Text(Text),
    Integer(i64),
    Boolean(bool),
    Array(Vec<Json>),
    Object(Object),
}

/// A text; many are Klarna's own words, the same in every answer.
pub(crate) type Text = std::borrow::Cow<'static, str>;

/// An object; its members stand in the order in which they were put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object(Vec<(&'static str, Json)>);

/// Room for the members of most objects.
const ROOM: usize = 16;

impl Object {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(ROOM))
    }

    /// With one more member.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Json>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// With one more member, if there is a value: Klarna never writes nulls (recorded exchange).
    pub(crate) fn maybe(self, name: &'static str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The members in their order.
    pub(crate) fn members(&self) -> &[(&'static str, Json)] {
        &self.0
    }
}

impl Json {
    /// A text that is the same in every answer.
    pub(crate) const fn word(text: &'static str) -> Self {
        Self::Text(Text::Borrowed(text))
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned().into())
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl<T: Into<Json>> FromIterator<T> for Json {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}
