//! What will become of an order's time to capture.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What will become of an order's time to capture. An authorization that runs out cannot be brought
/// back; whatever is captured by then stays captured, and the rest is not paid. A capture that is
/// marked `final` releases the rest before.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct ExpiryPlan {
    /// Until when can be captured.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Until when can be captured at most, however often it is extended: 180 days after the order.
    #[schema(value_type = String, format = DateTime)]
    last_possible_at: Timestamp,
    /// When kvitt extends it by itself, if it does.
    #[schema(value_type = Option<String>, format = DateTime)]
    extend_at: Option<Timestamp>,
    /// Until when can be captured then, as far as Klarna's rules tell.
    #[schema(value_type = Option<String>, format = DateTime)]
    extends_to: Option<Timestamp>,
    /// Why kvitt does not extend it by itself, if it does not.
    not_extended: Option<NotExtended>,
    /// When an event `authorization.expiring` or `authorization.expired` comes next, if nothing
    /// changes until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_alarm_at: Option<Timestamp>,
}

/// Why an authorization is not extended by itself.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub(crate) struct NotExtended {
    /// For programs: `policy`, `nothing_to_gain`, `payment_method`, `fraud`, `refused`,
    /// `not_moved` or `under_way`.
    reason: &'static str,
    /// The same for people.
    sentence: &'static str,
}

impl From<kvitt_core::ExpiryPlan> for ExpiryPlan {
    fn from(plan: kvitt_core::ExpiryPlan) -> Self {
        Self {
            expires_at: plan.expires_at,
            last_possible_at: plan.last_possible_at,
            extend_at: plan.extend_at,
            extends_to: plan.extends_to,
            not_extended: plan
                .not_extended
                .map(|why| NotExtended { reason: why.as_str(), sentence: why.sentence() }),
            next_alarm_at: plan.next_alarm_at,
        }
    }
}
