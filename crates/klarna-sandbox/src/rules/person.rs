//! Klarna's test persons: the plus part of the e-mail decides (Klarna documentation).

use serde::{Deserialize, Serialize};

/// What happens when this person confirms a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reaction {
    Approved,
    /// A hard no; the widget goes away.
    Denied,
    /// Approved, but the order waits so many minutes for its fraud decision.
    Pending {
        accepted: bool,
        minutes: i64,
    },
}

/// The plus parts of an e-mail, in lower case.
fn tags(email: Option<&str>) -> Vec<String> {
    email
        .and_then(|email| email.split('@').next())
        .and_then(|local| local.split_once('+'))
        .map(|(_, tags)| tags.split('+').map(str::to_ascii_lowercase).collect())
        .unwrap_or_default()
}

/// Whether this person has no account yet.
pub(crate) fn is_new(email: Option<&str>) -> bool {
    let tells = |tag: &String| ["new_user", "require_signup", "signup_required"].contains(&&**tag);
    tags(email).iter().any(tells)
}

/// The further checks that this person has to pass, such as `auth_bank_login`.
pub(crate) fn checks(email: Option<&str>) -> Vec<String> {
    tags(email).into_iter().filter(|tag| tag.starts_with("auth_")).collect()
}

/// Whether this person is not even shown the widget.
pub(crate) fn is_hidden_from(email: Option<&str>) -> bool {
    tags(email).iter().any(|tag| tag == "red")
}

/// Whether this e-mail stands for one that Klarna finds wrong: the sandbox's own test person.
pub(crate) fn has_invalid_email(email: &str) -> bool {
    tags(Some(email)).iter().any(|tag| tag == "invalid_fields")
}

/// Why a customer may dispute what they bought (Klarna documentation).
const DISPUTES: [&str; 10] = [
    "return",
    "goods_not_received",
    "already_paid",
    "faulty_goods",
    "incorrect_invoice",
    "unauthorized_purchase",
    "return_not_possible",
    "non_compliance",
    "non_guaranteed_payment_program",
    HIGH_RISK_ORDER,
];

/// The one dispute that is about an order, not about a capture (Klarna documentation).
pub(crate) const HIGH_RISK_ORDER: &str = "high_risk_order";

/// The dispute that this person opens, by its reason.
pub(crate) fn dispute(email: Option<&str>) -> Option<&'static str> {
    let tags = tags(email);
    let wished = tags.iter().find_map(|tag| tag.strip_prefix("disputed-"))?;
    DISPUTES.into_iter().find(|reason| *reason == wished)
}

/// The reaction that this e-mail asks for.
pub(crate) fn reaction(email: Option<&str>) -> Reaction {
    let tags = tags(email);
    // `+denied+auth_…` asks for one more authentication step, which the sandbox takes as passed.
    let authenticates = tags.iter().any(|tag| tag.starts_with("auth_"));
    for tag in &tags {
        match tag.as_str() {
            "denied" if !authenticates => return Reaction::Denied,
            "red" => return Reaction::Denied,
            _ if tag.starts_with("reject_reason_") => return Reaction::Denied,
            _ => {}
        }
        let pending = [("pend-accept-", true), ("pend-reject-", false)];
        for (prefix, accepted) in pending {
            if let Some(minutes) = tag.strip_prefix(prefix).and_then(minutes) {
                return Reaction::Pending { accepted, minutes };
            }
        }
    }
    Reaction::Approved
}

/// Two digits at most: 00 to 99.
fn minutes(text: &str) -> Option<i64> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plus_part_tells_who_it_is() {
        assert!(is_new(Some("customer+new_user@email.se")));
        assert!(is_new(Some("customer+require_signup@email.se")));
        assert!(!is_new(Some("new_user@email.se")));
        assert!(!is_new(None));
        let denied = Some("customer+denied+auth_bank_login@email.fi");
        assert_eq!(checks(denied), ["auth_bank_login"]);
        assert!(checks(Some("customer@email.fi")).is_empty());
        assert!(is_hidden_from(Some("user+red@email.us")));
        assert!(!is_hidden_from(Some("red@email.us")));
        let disputed = "customer+disputed-FAULTY_GOODS@email.se";
        assert_eq!(dispute(Some(disputed)), Some("faulty_goods"));
        assert_eq!(reaction(Some(disputed)), Reaction::Approved);
        assert_eq!(dispute(Some("customer+disputed-weather@email.se")), None);
        assert_eq!(dispute(Some("customer@email.se")), None);
        assert!(has_invalid_email("customer+invalid_fields@email.se"));
        assert!(!has_invalid_email("customer@email.se"));
    }

    #[test]
    fn the_plus_part_decides() {
        for (email, expected) in [
            ("customer@email.se", Reaction::Approved),
            ("denied@email.se", Reaction::Approved),
            ("customer+denied@email.se", Reaction::Denied),
            ("customer+DENIED@email.se", Reaction::Denied),
            ("customer+denied+auth_otp_email@email.us", Reaction::Approved),
            ("customer+reject_reason_under_age@email.us", Reaction::Denied),
            ("user+red@email.us", Reaction::Denied),
            ("user+pend-accept-02@email.us", Reaction::Pending { accepted: true, minutes: 2 }),
            ("user+pend-reject-60@email.us", Reaction::Pending { accepted: false, minutes: 60 }),
            ("user+pend-reject-600@email.us", Reaction::Approved),
            ("user+pend-reject--1@email.us", Reaction::Approved),
            ("@", Reaction::Approved),
        ] {
            assert_eq!(reaction(Some(email)), expected, "{email}");
        }
        assert_eq!(reaction(None), Reaction::Approved);
    }
}
