//! What makes reading tolerant: members and values that are not known are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Members of an answer that this version does not know, by name. `Debug` shows the names only,
/// since the values may be personal data.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Extra(BTreeMap<String, Value>);

impl Deref for Extra {
    type Target = BTreeMap<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extra")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A moment as Klarna wrote it, such as `2022-07-08T09:48:16.680Z`. Kept as a text, so that an
/// unusual form does not make the whole answer unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateTime(String);

impl DateTime {
    /// The moment, or `None` where it is not an RFC 3339 time.
    ///
    /// ```
    /// let text = "\"2022-08-05T00:00:00.000Z\"";
    /// let expires_at: klarna::DateTime = serde_json::from_str(text)?;
    /// assert_eq!(expires_at.timestamp(), Some("2022-08-05T00:00:00Z".parse().unwrap()));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.0.parse().ok()
    }

    /// The text as Klarna wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads `null` like a list that is missing.
pub(crate) fn null_as_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A text that can be the name of a value: up to 64 letters, digits, dashes and underscores.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// An enumeration to which Klarna may add: an unknown value is kept as it came. Values are
/// compared without case.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// A value that this version does not know, as it came.
            Other(String),
        }

        impl $name {
            /// Klarna's name of the value.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($text) {
                    return Self::$variant;
                })+
                Self::Other(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }

        /// An unknown value that does not look like a name could be anything, so that only its
        /// length is shown.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant => f.write_str(stringify!($variant)),)+
                    Self::Other(text) if crate::tolerant::is_name(text) => {
                        f.debug_tuple("Other").field(text).finish()
                    }
                    Self::Other(text) => write!(f, "Other({} bytes)", text.len()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

/// An object of an answer: `required` members make the answer unreadable where they are missing,
/// `optional` ones are `None`, `lists` empty; all others are kept in `extra`.
macro_rules! tolerant {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(required { $($(#[$rdoc:meta])* $rname:ident: $rtype:ty,)+ })?
            $(optional { $($(#[$odoc:meta])* $oname:ident: $otype:ty,)+ })?
            $(lists { $($(#[$ldoc:meta])* $lname:ident: $ltype:ty,)+ })?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($($(#[$rdoc])* pub $rname: $rtype,)+)?
            $($(
                $(#[$odoc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $oname: Option<$otype>,
            )+)?
            $($(
                $(#[$ldoc])*
                #[serde(default, deserialize_with = "crate::tolerant::null_as_empty")]
                pub $lname: Vec<$ltype>,
            )+)?
            /// Members that this version does not know.
            #[serde(flatten)]
            pub extra: crate::Extra,
        }
    };
}

pub(crate) use {open_enum, tolerant};

#[cfg(test)]
mod tests {
    use super::*;

    open_enum! {
        /// Two colours.
        pub enum Colour {
            /// Red.
            Red = "RED",
            /// Blue.
            Blue = "BLUE",
        }
    }

    #[test]
    fn values_are_read_in_either_case_and_unknown_ones_kept() {
        assert_eq!(Colour::from("red"), Colour::Red);
        assert_eq!(Colour::from("BLUE").as_str(), "BLUE");
        let green: Colour = serde_json::from_str("\"Green\"").unwrap();
        assert_eq!(green, Colour::Other("Green".to_owned()));
        assert_eq!(serde_json::to_string(&green).unwrap(), "\"Green\"");
    }

    #[test]
    fn only_what_can_be_a_name_is_printed() {
        assert_eq!(
            format!("{:?} {:?}", Colour::Red, Colour::from("GREEN")),
            "Red Other(\"GREEN\")"
        );
        assert_eq!(format!("{:?}", Colour::from("hidden@mail.example")), "Other(19 bytes)");
    }

    #[test]
    fn extra_members_do_not_print_their_values() {
        let extra: Extra = serde_json::from_str(r#"{"nickname":"hidden"}"#).unwrap();
        assert_eq!(format!("{extra:?}"), "Extra{\"nickname\"}");
    }

    #[test]
    fn a_time_of_unknown_form_is_kept() {
        let odd: DateTime = serde_json::from_str("\"next week\"").unwrap();
        assert_eq!(odd.timestamp(), None);
        assert_eq!(odd.as_str(), "next week");
    }
}
