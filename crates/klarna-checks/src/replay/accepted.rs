//! What is known to differ, and why that is right. Nothing is forgiven anywhere else.

use super::recorded::{Exchange, Kind};
use crate::api::segments;

/// Exchanges that have something in common.
#[derive(Clone, Copy)]
pub(super) struct About {
    /// How their paths begin.
    path: &'static str,
    kind: Kind,
    /// A part of where they were found.
    source: &'static str,
    statuses: &'static [u16],
    /// The first and the last month, as year and month.
    months: ((u16, u8), (u16, u8)),
}

/// A difference that is accepted.
pub(super) struct Accepted {
    pub(super) about: About,
    /// Its text, or several that have one reason; `*` stands for anything.
    pub(super) differences: &'static [&'static str],
    pub(super) reason: &'static str,
    /// What tells that it is right.
    pub(super) source: &'static str,
}

const ALWAYS: ((u16, u8), (u16, u8)) = ((0, 1), (9999, 12));

/// Real traffic under a path; the fields that are not told do not matter.
pub(super) const fn recorded(path: &'static str, statuses: &'static [u16]) -> About {
    About { path, kind: Kind::Recorded, source: "", statuses, months: ALWAYS }
}

impl About {
    pub(super) const fn until(mut self, year: u16, month: u8) -> Self {
        self.months = (self.months.0, (year, month));
        self
    }

    const fn since(mut self, year: u16, month: u8) -> Self {
        self.months = ((year, month), self.months.1);
        self
    }

    const fn found_in(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    const fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Whether an exchange is one of these. One whose month is not known is only in a group that
    /// has no limits.
    pub(super) fn includes(&self, exchange: &Exchange) -> bool {
        let path = format!("/{}/", segments(&exchange.path_pattern).join("/"));
        let (from, to) = self.months;
        let in_time = exchange.month().map_or(self.months == ALWAYS, |it| from <= it && it <= to);
        let status = exchange.response.status.unwrap_or(0);
        path.starts_with(self.path)
            && exchange.kind == self.kind
            && exchange.source.contains(self.source)
            && (self.statuses.is_empty() || self.statuses.contains(&status))
            && in_time
    }
}

impl Accepted {
    /// Whether this is the difference that is meant.
    pub(super) fn is(&self, difference: &str) -> bool {
        self.differences.iter().any(|pattern| matches(pattern, difference))
    }
}

/// Whether a text is a pattern's, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .any(|at| text.get(at..).is_some_and(|text| matches(rest, text)))
}

/// The table. What is said of months holds for the recordings that are known, not for the days on
/// which Klarna changed.
pub(super) static ACCEPTED: &[Accepted] = &[
    Accepted {
        about: recorded("/", &[]).found_in("eqxDev/omnipay-klarna"),
        differences: &["header *: not in the recording"],
        reason: "the header blocks of these mocks are abridged",
        source: "notes of the recordings; others of the same month have more",
    },
    Accepted {
        about: recorded("/ordermanagement/", &[200]).found_in("eqxDev/omnipay-klarna"),
        differences: &[
            r#"header content-type: "application/json" instead of "application/json;charset=utf-8""#,
        ],
        reason: "the header block was pasted from an exchange with Payments",
        source: "notes of the recording; all others of Order Management have no charset",
    },
    Accepted {
        about: recorded("/payments/", &[]).until(2023, 8),
        differences: &[
            "header x-*: not in the recording",
            "header cache-control: not in the recording",
            "header pragma: not in the recording",
            "header expires: not in the recording",
        ],
        reason: "Payments sent these on fewer answers then: on successes from 2021, on errors by 2023",
        source: "recordings of 2021 (200 and 400) against those of 2023",
    },
    Accepted {
        about: recorded("/payments/", &[200]).until(2021, 12),
        differences: &["header strict-transport-security: not in the recording"],
        reason: "successes did not have it then; errors of the same month do, as does everything since",
        source: "recordings of 2021 against those of 2023 and 2024",
    },
    Accepted {
        about: recorded("/", &[400, 403, 404, 405, 409, 422]).until(2023, 2),
        differences: &[
            "body: members in the order correlation_id, error_code, error_messages instead of \
             error_code, error_messages, correlation_id",
        ],
        reason: "the order changed between February and May 2023",
        source: "recordings until 2023-02 against logs of 2023-05 and 2025-01",
    },
    Accepted {
        about: recorded("/", &[401]).until(2021, 12),
        differences: &["body: another text"],
        reason: "the page lost its footer, its line ends and its colour over the years",
        source: "recordings of 2017, 2020 and 2021 against a log of 2022-12, which the sandbox follows",
    },
    Accepted {
        about: recorded("/payments/v1/sessions/", &[200]).until(2023, 12),
        differences: &[
            r#"body.payment_method_categories[pay_now].name: "Pay now" instead of "Direct debit""#,
        ],
        reason: "the display name changed",
        source: "recordings of 2023-09 against those of 2024-01",
    },
    Accepted {
        about: recorded("/payments/v1/sessions/", &[200]).until(2021, 12),
        differences: &["body.client_token: claims * instead of *ua_enabled_and_one_pm"],
        reason: "the claims are the browser script's affair and changed; the sandbox has those of 2024",
        source: "recordings of 2021 against those of 2023 and 2024",
    },
    Accepted {
        about: recorded("/payments/v1/sessions/", &[200]).since(2021, 10).until(2021, 10),
        differences: &["body.descriptor: missing"],
        reason: "an undocumented member that was seen in one answer only",
        source: "a recording of 2021-10 against those of three weeks before and of all years since",
    },
    Accepted {
        about: recorded("/credit/", &[200, 400]),
        differences: &[
            "header x-*: not in the recording",
            "header cache-control: not in the recording",
            "header pragma: not in the recording",
            "header expires: not in the recording",
            "header strict-transport-security: not in the recording",
        ],
        reason: "the predecessor of Payments, of 2017, sent none of these",
        source: "recordings of 2017 against those of 2023",
    },
    Accepted {
        about: recorded("/credit/", &[200]),
        differences: &[
            r#"header content-type: "application/json;charset=utf-8" instead of "application/json""#,
            "body.client_token: signed by RS256 instead of none",
            "body.client_token: a signature of * letters instead of 0",
            "body.client_token: claims * instead of *trace_flow",
            "body.payment_method_categories: not in the recording",
        ],
        reason: "the predecessor of Payments, of 2017, had unsigned tokens and no categories",
        source: "recordings of 2017 against those of 2021 and later",
    },
    Accepted {
        about: recorded("/credit/", &[400]),
        differences: &["body.error_messages: * instead of *order_amount, order_lines, purchase_*"],
        reason: "for an empty body, the predecessor of 2017 named all four members, Payments names two",
        source: "a recording of 2017 against one of 2021",
    },
    Accepted {
        about: recorded("/ordermanagement/", &[200]).until(2020, 12),
        differences: &["body.refunds[*].credit_invoice: not in the recording"],
        reason: "the member came later",
        source: "recordings of 2020 against one of 2021",
    },
    Accepted {
        about: recorded("/ordermanagement/", &[]).until(2022, 12),
        differences: &["header x-ratelimit-*: not in the recording"],
        reason: "Klarna documents them for every answer; nothing newer was recorded of this API",
        source: "Klarna documentation: rate limit; recordings of Payments of 2023 and 2024",
    },
    Accepted {
        about: recorded("/customer-token/", &[]).until(2022, 12),
        differences: &[
            "header x-*: not in the recording",
            "header cache-control: not in the recording",
            "header pragma: not in the recording",
            "header expires: not in the recording",
            r#"header content-type: "application/json;charset=utf-8" instead of "application/json""#,
        ],
        reason: "written like Payments, whose answers got them in 2021; nothing newer was recorded",
        source: "recordings of 2018 and 2020; Payments of 2021 and later",
    },
    Accepted {
        about: recorded("/customer-token/", &[]).found_in("klarna/kco_rest_php README"),
        differences: &["header *: not in the recording"],
        reason: "what an SDK printed for its read-me, with parts masked",
        source: "notes of the recording",
    },
    Accepted {
        about: recorded("/ordermanagement/", &[200])
            .of_kind(Kind::Fixture)
            .found_in("tests/fixtures/get-order-two-captures"),
        differences: &["body.selected_shipping_option: missing"],
        reason: "only Checkout lets a buyer choose how to be shipped to",
        source: "an example of the schema; no recording has it",
    },
    Accepted {
        about: recorded("/ordermanagement/", &[200])
            .of_kind(Kind::Fixture)
            .found_in("tests/fixtures/get-order-two-captures"),
        differences: &["body.customer.national_identification_number: missing"],
        reason: "recorded orders show a date of birth and a type, never the number",
        source: "an example of the schema against recordings of 2020 and 2021",
    },
    Accepted {
        about: recorded("/payments/v1/authorizations/{authorization_token}/order/", &[200])
            .of_kind(Kind::DocExample)
            .found_in("step-3-create-an-order"),
        differences: &["body.authorized_payment_method: object instead of string"],
        reason: "the guide shows a bare text, every recording an object",
        source: "recordings of 2020 and 2021",
    },
    Accepted {
        about: recorded(
            "/payments/v1/authorizations/{authorization_token}/customer-token/",
            &[200],
        )
        .of_kind(Kind::DocExample)
        .found_in("step-3-create-an-order"),
        differences: &[
            "body.billing_address.street_address2: missing",
            "body.billing_address.title: missing",
            "body.customer.title: missing",
        ],
        reason: "the sample's answer has parts that its own request does not send",
        source: "the schema's customer has no title; the sandbox repeats the address that is sent",
    },
    Accepted {
        about: recorded("/customer-token/v1/tokens/{customer_token}/", &[404])
            .of_kind(Kind::DocExample)
            .found_in("check-the-details-of-a-customer-token"),
        differences: &[
            r#"body.error_code: "TOKEN_NOT_FOUND" instead of "NOT_FOUND""#,
            r#"body.error_messages: ["Customer token not found"] instead of *"#,
        ],
        reason: "the guide's code and text are not those that were recorded",
        source: "a recording of 2020",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("header *: missing", "header x-frame-options: missing"));
        assert!(matches("body: *", "body: there is one"));
        assert!(matches("a", "a"));
        assert!(!matches("a", "ab"));
        assert!(!matches("header *: missing", "header x: missing indeed"));
    }

    #[test]
    fn every_entry_says_why() {
        for entry in ACCEPTED {
            assert!(
                entry.reason.len() > 10 && entry.source.len() > 5,
                "{}",
                entry.differences.concat()
            );
        }
    }
}
