//! The operations of the APIs, by name.

use serde::{Deserialize, Serialize};

/// One of Klarna's APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// Klarna Payments: from session to order.
    Payments,
    /// Order Management: what happens to an order.
    OrderManagement,
    /// Hosted Payment Page: a payment by link.
    HostedPaymentPage,
    /// Customer Token: later charges of the same customer.
    CustomerToken,
    /// Any other path, reached through [`Request::raw`](crate::Request::raw).
    Other,
}

/// What Klarna counts calls by: each merchant has so many a second of each (Klarna documentation:
/// rate limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RateCategory {
    /// Opening payment sessions.
    CreateSession,
    /// Making customer tokens.
    CreateCustomerToken,
    /// Opening hosted payment pages.
    CreateHppSession,
    /// Everything else.
    Other,
}

impl RateCategory {
    /// Every category.
    pub const ALL: [Self; 4] =
        [Self::CreateSession, Self::CreateCustomerToken, Self::CreateHppSession, Self::Other];

    /// A word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateSession => "create_session",
            Self::CreateCustomerToken => "create_customer_token",
            Self::CreateHppSession => "create_hpp_session",
            Self::Other => "other",
        }
    }

    /// Calls a second that Klarna allows one merchant (Klarna documentation: rate limit). It may
    /// have agreed to others; its headers then say so.
    pub fn calls_per_second(self, environment: crate::Environment) -> u32 {
        use crate::Environment::{Playground, Production};
        match (self, environment) {
            (Self::Other, Production) => 200,
            (Self::Other, Playground) => 50,
            (_, Production) => 40,
            (_, Playground) => 5,
        }
    }
}

/// When a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Repeat {
    /// Whenever it helps: it changes nothing, or a second effect is harmless.
    Freely,
    /// With its idempotency key only.
    WithKey,
    /// Only while it surely had no effect.
    WhileWithoutEffect,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $api:ident, $repeat:ident;)+) => {
        /// What a request does. The names are those of the client's methods; they stand in logs,
        /// in errors and in stored requests.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Operation {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name, such as `place_order`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The API it belongs to.
            pub fn api(self) -> Api {
                match self { $(Self::$variant => Api::$api),+ }
            }

            /// What Klarna counts it as.
            pub fn rate_category(self) -> RateCategory {
                match self {
                    Self::CreateSession => RateCategory::CreateSession,
                    Self::CreateCustomerToken => RateCategory::CreateCustomerToken,
                    Self::CreateHppSession => RateCategory::CreateHppSession,
                    _ => RateCategory::Other,
                }
            }

            pub(crate) fn repeat(self) -> Repeat {
                match self { $(Self::$variant => Repeat::$repeat),+ }
            }
        }
    };
}

operations! {
    // Creating a session twice leaves, at worst, one that nobody uses and that ends by itself.
    /// `POST /payments/v1/sessions`
    CreateSession = "create_session", Payments, Freely;
    // A late repetition could undo a newer update.
    /// `POST /payments/v1/sessions/{session_id}`
    UpdateSession = "update_session", Payments, WhileWithoutEffect;
    /// `GET /payments/v1/sessions/{session_id}`
    ReadSession = "read_session", Payments, Freely;
    // Deleting what is deleted changes nothing; the repetition is answered 404.
    /// `DELETE /payments/v1/authorizations/{authorization_token}`
    CancelAuthorization = "cancel_authorization", Payments, Freely;
    // Payments offers no idempotency key, and three documented answers to a repetition.
    /// `POST /payments/v1/authorizations/{authorization_token}/order`
    PlaceOrder = "place_order", Payments, WhileWithoutEffect;
    /// `POST /payments/v1/authorizations/{authorization_token}/customer-token`
    CreateCustomerToken = "create_customer_token", Payments, WhileWithoutEffect;

    /// `GET /ordermanagement/v1/orders/{order_id}`
    GetOrder = "get_order", OrderManagement, Freely;
    /// `POST …/acknowledge`
    Acknowledge = "acknowledge", OrderManagement, WithKey;
    /// `PATCH …/authorization`
    UpdateAuthorization = "update_authorization", OrderManagement, WithKey;
    /// `POST …/captures`
    Capture = "capture", OrderManagement, WithKey;
    /// `GET …/captures`
    GetCaptures = "get_captures", OrderManagement, Freely;
    /// `GET …/captures/{capture_id}`
    GetCapture = "get_capture", OrderManagement, Freely;
    /// `POST …/captures/{capture_id}/shipping-info`
    AddCaptureShippingInfo = "add_capture_shipping_info", OrderManagement, WithKey;
    /// `POST …/captures/{capture_id}/trigger-send-out`
    TriggerSendOut = "trigger_send_out", OrderManagement, WithKey;
    /// `PATCH …/captures/{capture_id}/extend-due-date`
    ExtendDueDate = "extend_due_date", OrderManagement, WithKey;
    /// `GET …/captures/{capture_id}/extend-due-date-options`
    GetExtendDueDateOptions = "get_extend_due_date_options", OrderManagement, Freely;
    /// `PATCH …/customer-details`
    UpdateCustomerDetails = "update_customer_details", OrderManagement, WithKey;
    /// `POST …/extend-authorization-time`
    ExtendAuthorizationTime = "extend_authorization_time", OrderManagement, WithKey;
    /// `PATCH …/merchant-references`
    UpdateMerchantReferences = "update_merchant_references", OrderManagement, WithKey;
    /// `POST …/refunds`
    Refund = "refund", OrderManagement, WithKey;
    /// `GET …/refunds/{refund_id}`
    GetRefund = "get_refund", OrderManagement, Freely;
    /// `POST …/release-remaining-authorization`
    ReleaseRemainingAuthorization = "release_remaining_authorization", OrderManagement, WithKey;
    /// `POST …/shipping-info`
    AddShippingInfo = "add_shipping_info", OrderManagement, WithKey;
    /// `POST …/cancel`
    Cancel = "cancel", OrderManagement, WithKey;

    // A second page beside the first is allowed (Klarna documentation); nobody knows its link.
    /// `POST /hpp/v1/sessions`
    CreateHppSession = "create_hpp_session", HostedPaymentPage, Freely;
    /// `GET /hpp/v1/sessions/{session_id}`
    ReadHppSession = "read_hpp_session", HostedPaymentPage, Freely;
    // Disabling what is disabled changes nothing.
    /// `DELETE /hpp/v1/sessions/{session_id}`
    DisableHppSession = "disable_hpp_session", HostedPaymentPage, Freely;
    // A repetition may reach the shopper a second time.
    /// `POST /hpp/v1/sessions/{session_id}/distribution`
    DistributeHppSession = "distribute_hpp_session", HostedPaymentPage, WhileWithoutEffect;

    /// `GET /customer-token/v1/tokens/{customerToken}`
    ReadCustomerToken = "read_customer_token", CustomerToken, Freely;
    // Without a key an identical request makes a second order (recorded exchange).
    /// `POST /customer-token/v1/tokens/{customerToken}/order`
    PlaceCustomerTokenOrder = "place_customer_token_order", CustomerToken, WithKey;
    // Cancelling what is cancelled changes nothing.
    /// `PATCH /customer-token/v1/tokens/{customerToken}/status`
    CancelCustomerToken = "cancel_customer_token", CustomerToken, Freely;

    /// A `GET` of any path.
    RawRead = "raw_read", Other, Freely;
    /// Any other request to any path.
    RawWrite = "raw_write", Other, WithKey;
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Operation {
    type Err = crate::FieldError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|operation| operation.as_str() == name).ok_or_else(|| {
            crate::FieldError::new(
                "operation",
                format_args!("{name:?}"),
                "the name of an operation",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_api_has_all_its_operations() {
        let of = |api| Operation::ALL.iter().filter(|operation| operation.api() == api).count();
        assert_eq!(of(Api::Payments), 6);
        assert_eq!(of(Api::OrderManagement), 18);
        assert_eq!(of(Api::HostedPaymentPage), 4);
        assert_eq!(of(Api::CustomerToken), 3);
    }

    #[test]
    fn names_are_read_back() {
        for operation in Operation::ALL {
            assert_eq!(operation.as_str().parse(), Ok(*operation));
            let text = serde_json::to_string(operation).unwrap();
            assert_eq!(serde_json::from_str::<Operation>(&text).unwrap(), *operation);
        }
        assert!("place_orders".parse::<Operation>().is_err());
    }
}
