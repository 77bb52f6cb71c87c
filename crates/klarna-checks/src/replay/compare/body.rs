//! Bodies: members, their order, types, and values that can be foreseen.

use super::{super::recorded::Exchange, forms};
use crate::{api::Api, json::Json};

/// How much is asked.
struct Comparison<'a> {
    exchange: &'a Exchange,
    found: &'a mut Vec<String>,
    /// Whether values that can be foreseen have to be the recorded ones.
    values: bool,
}

/// Notes what differs.
pub(super) fn compare(
    exchange: &Exchange,
    recorded: &Json,
    actual: &Json,
    found: &mut Vec<String>,
) {
    let values = !exchange.may_be_abridged();
    Comparison { exchange, found, values }.any("body", "", recorded, actual);
}

impl Comparison<'_> {
    fn note(&mut self, path: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{path}: {what}"));
    }

    fn any(&mut self, path: &str, name: &str, recorded: &Json, actual: &Json) {
        if recorded.kind() != actual.kind() {
            self.note(path, format!("{} instead of {}", actual.kind(), recorded.kind()));
            return;
        }
        match (recorded, actual) {
            (Json::Object(recorded), Json::Object(actual)) => self.object(path, recorded, actual),
            (Json::Array(recorded), Json::Array(actual)) => {
                self.array(path, name, recorded, actual);
            }
            (Json::Text(recorded), Json::Text(actual)) => self.text(path, name, recorded, actual),
            _ if self.values && recorded != actual => self.other(path, recorded, actual),
            _ => {}
        }
    }

    fn other(&mut self, path: &str, recorded: &Json, actual: &Json) {
        self.note(path, format!("{} instead of {}", actual.value(), recorded.value()));
    }

    fn object(&mut self, path: &str, recorded: &[(String, Json)], actual: &[(String, Json)]) {
        let value = |of: &[(String, Json)], name: &str| {
            of.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        for (name, recorded) in recorded {
            let path = format!("{path}.{name}");
            match value(actual, name) {
                Some(actual) => self.any(&path, name, recorded, &actual),
                None => self.note(&path, "missing"),
            }
        }
        if !self.exchange.may_be_abridged() {
            for (name, _) in actual.iter().filter(|(name, _)| value(recorded, name).is_none()) {
                self.note(&format!("{path}.{name}"), "not in the recording");
            }
        }
        let order = |of: &[(String, Json)], other: &[(String, Json)]| -> Vec<String> {
            let names = of.iter().map(|(name, _)| name.clone());
            names.filter(|name| value(other, name).is_some()).collect()
        };
        let (want, got) = (order(recorded, actual), order(actual, recorded));
        if self.exchange.keeps_order() && want != got {
            let (want, got) = (want.join(", "), got.join(", "));
            self.note(path, format!("members in the order {got} instead of {want}"));
        }
    }

    fn array(&mut self, path: &str, name: &str, recorded: &[Json], actual: &[Json]) {
        if name == "error_messages" {
            return self.messages(path, recorded, actual);
        }
        let (mut recorded, mut actual) = (recorded.to_vec(), actual.to_vec());
        if name == "payment_method_categories" {
            // Klarna gives them in another order each time (recorded exchange).
            for side in [&mut recorded, &mut actual] {
                side.sort_by_key(|it| it.text("identifier").unwrap_or_default().to_owned());
            }
            if self.values {
                self.identifiers(path, &recorded, &actual);
            }
        } else if self.values && recorded.len() != actual.len() {
            let text = format!("{} elements instead of {}", actual.len(), recorded.len());
            return self.note(path, text);
        }
        let same = |one: &Json, other: &Json| one.get("identifier") == other.get("identifier");
        for (index, want) in recorded.iter().enumerate() {
            let counterpart = match name {
                "payment_method_categories" if self.values => {
                    actual.iter().find(|got| same(want, got))
                }
                _ => actual.get(index).or(actual.last()),
            };
            let place = want.text("identifier").map_or_else(|| index.to_string(), str::to_owned);
            match counterpart {
                Some(got) => self.any(&format!("{path}[{place}]"), "", want, got),
                None if self.values => {}
                None => self.note(path, "empty"),
            }
        }
    }

    fn identifiers(&mut self, path: &str, recorded: &[Json], actual: &[Json]) {
        let names = |of: &[Json]| -> Vec<String> {
            of.iter().filter_map(|it| it.text("identifier")).map(str::to_owned).collect()
        };
        let (want, got) = (names(recorded), names(actual));
        if want != got {
            self.note(path, format!("{} instead of {}", got.join(", "), want.join(", ")));
        }
    }

    /// The texts of an error, and the fields in each, are compared as sets: Klarna's change their
    /// order between calls (recorded exchange).
    fn messages(&mut self, path: &str, recorded: &[Json], actual: &[Json]) {
        let set = |of: &[Json]| -> Vec<String> {
            let mut texts: Vec<String> =
                of.iter().filter_map(Json::as_text).map(in_order).collect();
            texts.sort();
            texts
        };
        // Documentation prints these where it does not say what stands there.
        let is_blank =
            |text: &String| self.exchange.is_sample() && ["", "string"].contains(&&**text);
        let (want, got) = (set(recorded), set(actual));
        if want != got && !want.iter().all(is_blank) {
            self.note(path, format!("{got:?} instead of {want:?}"));
        }
    }

    fn text(&mut self, path: &str, name: &str, recorded: &str, actual: &str) {
        let fits = match name {
            "order_id"
            | "session_id"
            | "capture_id"
            | "refund_id"
            | "token_id"
            | "correlation_id"
            | "authorization_token"
            | "payment_method_reference" => forms::is_uuid(actual),
            "created_at" | "captured_at" | "refunded_at" | "updated_at" | "expires_at" => {
                let midnight = "T00:00:00.000Z";
                forms::is_time(actual)
                    && (!self.values
                        || recorded.ends_with(midnight) == actual.ends_with(midnight)
                        || name != "expires_at")
            }
            "klarna_reference" if self.values => forms::is_reference(actual, recorded),
            "redirect_url" if self.values => forms::is_redirect(actual),
            "client_token" => return self.token(path, recorded, actual),
            "error_code" => actual == recorded,
            // A sample's order is in no state that its other members agree with.
            "status" if self.api() != Some(Api::Orders) => actual == recorded,
            _ => !self.values || actual == recorded,
        };
        if !fits {
            self.note(path, format!("{actual:?} instead of {recorded:?}"));
        }
    }

    fn api(&self) -> Option<Api> {
        self.exchange.operation().ok().map(crate::api::Operation::api)
    }

    /// A JWT whose claims have the recorded names; what they say is the browser script's.
    fn token(&mut self, path: &str, recorded: &str, actual: &str) {
        let (Some(want), Some(got)) = (parts(recorded), parts(actual)) else {
            if parts(actual).is_none() {
                self.note(path, "no JSON Web Token");
            }
            return;
        };
        if !self.values {
            return;
        }
        if want.algorithm != got.algorithm {
            self.note(path, format!("signed by {} instead of {}", got.algorithm, want.algorithm));
        }
        if want.signature_length != got.signature_length {
            let (want, got) = (want.signature_length, got.signature_length);
            self.note(path, format!("a signature of {got} letters instead of {want}"));
        }
        if want.claims != got.claims {
            let (want, got) = (want.claims.join(", "), got.claims.join(", "));
            self.note(path, format!("claims {got} instead of {want}"));
        }
    }
}

/// A JSON Web Token as far as it is compared.
struct Token {
    algorithm: String,
    claims: Vec<String>,
    signature_length: usize,
}

fn parts(token: &str) -> Option<Token> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts[..] else { return None };
    let read = |part: &str| Json::parse(&String::from_utf8(decoded(part)?).ok()?).ok();
    let claims = read(claims)?;
    Some(Token {
        algorithm: read(head)?.text("alg")?.to_owned(),
        claims: claims.members()?.iter().map(|(name, _)| name.clone()).collect(),
        signature_length: signature.len(),
    })
}

/// The bytes of a text in URL-safe Base64 without padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for letter in text.bytes() {
        let place = LETTERS.iter().position(|it| *it == letter)?;
        bits = (bits << 6) | u32::try_from(place).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// A text without ids, and the fields of `Bad value: b, a` in alphabetical order.
fn in_order(text: &str) -> String {
    let text = forms::without_ids(text);
    for start in ["Bad value: ", "Bad format: "] {
        if let Some(fields) = text.strip_prefix(start) {
            let mut fields: Vec<&str> = fields.split(", ").collect();
            fields.sort_unstable();
            return format!("{start}{}", fields.join(", "));
        }
    }
    text
}
