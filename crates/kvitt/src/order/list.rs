//! Which orders to list.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

use clap::Args;

/// Filters of `kvitt order list`. All that are given must hold.
#[derive(Args)]
pub(super) struct ListArgs {
    /// Only in this state: AUTHORIZED, PART_CAPTURED, CAPTURED, CANCELLED or EXPIRED
    #[arg(long)]
    status: Option<String>,
    /// Only with this word of Klarna's on fraud, such as PENDING
    #[arg(long, value_name = "STATUS")]
    fraud_status: Option<String>,
    /// Only of this Klarna account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Only sold to this country
    #[arg(long, value_name = "COUNTRY")]
    country: Option<String>,
    /// Only with a reference or an id that begins like this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only with a checkout from this time on, such as 2026-11-22T00:00:00Z
    #[arg(long, value_name = "TIME")]
    created_from: Option<String>,
    /// Only with a checkout from before this time
    #[arg(long, value_name = "TIME")]
    created_before: Option<String>,
    /// Only what a person has to look at
    #[arg(long)]
    attention: bool,
    /// How many at most, 1 to 100; 20 unless given
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: Option<u32>,
    /// Go on where the list before ended
    #[arg(long)]
    cursor: Option<String>,
}

impl ListArgs {
    /// The filters as the merchant API takes them.
    pub(super) fn query(self) -> Vec<(&'static str, String)> {
        [
            ("status", self.status.map(|status| status.to_ascii_uppercase())),
            ("fraud_status", self.fraud_status.map(|status| status.to_ascii_uppercase())),
            ("account", self.account),
            ("purchase_country", self.country),
            ("search", self.search),
            ("created_from", self.created_from),
            ("created_before", self.created_before),
            ("attention", self.attention.then(|| "true".to_owned())),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("cursor", self.cursor),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}
