//! What can be wrong with money, lines and markets.

use std::fmt;

/// Every way in which a value of this crate is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An amount, a quantity or a text of a line or of the order breaks a rule.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// Country, currency and locale do not fit together.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// A text that should be an amount is none.
    #[error("{text:?} is not an amount in {currency}: write it like {example}")]
    NotAnAmount {
        /// The text as given.
        text: String,
        /// The currency's ISO 4217 code.
        currency: &'static str,
        /// A text that would be accepted.
        example: String,
    },
    /// Amounts of two currencies met in one calculation.
    #[error("{left} and {right} are different currencies: convert one of them first")]
    CurrencyMismatch {
        /// ISO 4217 code of the first amount.
        left: &'static str,
        /// ISO 4217 code of the second amount.
        right: &'static str,
    },
    /// A calculation left the range of a 64-bit integer.
    #[error("the amount {calculation} does not fit into 64 bits: check the amounts that go in")]
    Overflow {
        /// The calculation that failed.
        calculation: String,
    },
}

/// One broken amount rule: where, what stood there, and what should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountError {
    /// Zero-based index in `order_lines`; `None` where the order itself, or a line that belongs to
    /// no order yet, is wrong.
    pub line: Option<usize>,
    /// Klarna's name of the field, such as `total_tax_amount`.
    pub field: &'static str,
    /// The value as given.
    pub value: String,
    /// The value, or the range of values, that would have been accepted.
    pub expected: String,
    /// The rule that was broken.
    pub rule: Rule,
}

impl AmountError {
    pub(crate) fn new(
        field: &'static str,
        value: impl fmt::Display,
        expected: impl fmt::Display,
        rule: Rule,
    ) -> Self {
        Self { line: None, field, value: value.to_string(), expected: expected.to_string(), rule }
    }

    /// The same error, said of the line at this zero-based index.
    pub fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// The field's path as Klarna writes it, such as `order_lines[2].total_tax_amount`.
    pub fn path(&self) -> String {
        match self.line {
            Some(line) => format!("order_lines[{line}].{}", self.field),
            None => self.field.to_owned(),
        }
    }
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is {}, expected {}: {}",
            self.path(),
            self.value,
            self.expected,
            self.rule.explanation()
        )
    }
}

impl std::error::Error for AmountError {}

/// The amount rules (Klarna documentation: validations, tax handling, discounts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// `total_amount = quantity * unit_price - total_discount_amount`, exactly.
    LineTotal,
    /// `total_tax_amount` within one minor unit of the tax contained in `total_amount`.
    LineTax,
    /// `order_amount` is the sum of all lines' `total_amount`, exactly.
    OrderTotal,
    /// `order_tax_amount` within one minor unit per line of the lines' tax.
    OrderTax,
    /// Where sales tax is a line of its own, goods carry none.
    SalesTaxStyle,
    /// Where tax is part of the price, there is no `sales_tax` line.
    InclusiveStyle,
    /// A discount lowers the sum, a surcharge raises it.
    Sign,
    /// Smallest and largest value of a number.
    Range,
    /// Shortest and longest text, smallest and largest list.
    Length,
    /// More was taken from a line than stands on it.
    Portion,
}

impl Rule {
    /// The rule in a sentence, with the way out where one exists.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::LineTotal => "total_amount must be quantity * unit_price - total_discount_amount",
            Self::LineTax => {
                "total_tax_amount must be within 1 minor unit of \
                 total_amount * tax_rate / (10000 + tax_rate)"
            }
            Self::OrderTotal => "order_amount must be the sum of all lines' total_amount",
            Self::OrderTax => {
                "order_tax_amount may differ from the sum of the lines' tax by at most \
                 1 minor unit per line"
            }
            Self::SalesTaxStyle => {
                "in this country tax is a line of type sales_tax, and the other lines carry none"
            }
            Self::InclusiveStyle => {
                "in this country prices include tax: give tax_rate and total_tax_amount on each \
                 line instead of a sales_tax line"
            }
            Self::Sign => {
                "discount, gift_card and store_credit lines are zero or negative, surcharge and \
                 sales_tax lines zero or positive"
            }
            Self::Range => "the value is outside its range",
            Self::Length => "the length is outside its range",
            Self::Portion => "a part of a line cannot be larger than the line",
        }
    }
}

/// Country, currency and locale that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarketError {
    /// Klarna does not sell in this country.
    #[error("purchase_country {given:?} is not a Klarna market; allowed: {allowed}")]
    Country {
        /// The value as given.
        given: String,
        /// Every country allowed, as ISO 3166 codes.
        allowed: String,
    },
    /// The country's purchases are not made in this currency.
    #[error(
        "purchase_currency {given:?} does not fit purchase_country {country}; allowed: {allowed}"
    )]
    Currency {
        /// The value as given.
        given: String,
        /// The country, as an ISO 3166 code.
        country: &'static str,
        /// The currency allowed there, as an ISO 4217 code.
        allowed: &'static str,
    },
    /// The country's purchases are not made in this language.
    #[error("locale {given:?} does not fit purchase_country {country}; allowed: {allowed}")]
    Locale {
        /// The value as given.
        given: String,
        /// The country, as an ISO 3166 code.
        country: &'static str,
        /// The locales allowed there.
        allowed: String,
    },
}
