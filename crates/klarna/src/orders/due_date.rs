//! Moving the due date of a capture.

use serde::Serialize;

use crate::answer::from_json;
use crate::check::FieldError;
use crate::tolerant::tolerant;

/// By how many days to move a due date: one of the numbers that Klarna offers for the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct DueDateExtension {
    number_of_days: u32,
}

impl DueDateExtension {
    /// Refused for 0 days.
    pub fn days(number_of_days: u32) -> Result<Self, FieldError> {
        if number_of_days == 0 {
            return Err(FieldError::new("number_of_days", 0, "a number that Klarna offers"));
        }
        Ok(Self { number_of_days })
    }
}

tolerant! {
    /// By how many days a due date can be moved.
    #[derive(Debug)]
    pub struct DueDateOptions {
        optional {
            /// Currency of the fees, as an ISO 4217 code.
            currency: String,
        }
        lists {
            /// The offers.
            options: DueDateOption,
        }
    }
}

tolerant! {
    /// One offer.
    #[derive(Debug)]
    pub struct DueDateOption {
        optional {
            /// Days.
            number_of_days: u32,
            /// Fee for the shop, in minor units.
            amount: i64,
        }
    }
}

from_json!(DueDateOptions);
