//! The business of kvitt, pure: a sale is a fold over its events, an act is decided from that
//! fold, and time and ids come in as arguments.
//!
//! Nothing in here does I/O, is async, or knows HTTP, SQL or Klarna's wire format.

mod act;
mod cart;
mod concern;
mod decide;
mod event;
mod expiry;
mod figures;
mod fold;
mod held;
mod ids;
mod intent;
mod klarna_side;
mod look;
mod may_ship;
mod order;
mod parcels;
mod reconcile;
mod refusal;
mod revived;
mod sale;
mod undo;

pub use act::{Act, ActKind, LinePart, Outcome, Refused, ShippingInfo};
pub use cart::{LineId, LineIdError, SaleCart};
pub use concern::{Concern, ConcernKind};
pub use decide::{
    AuthorizationWish, CaptureWish, LinePick, Preview, ReferencesWish, RefundWish,
    SHIPPING_METHODS, Wish, check_worth,
};
pub use event::{
    AddressKind, Cause, CheckoutTerms, Door, Event, Evidence, PaymentMethodCategory, Placement,
    Recorded,
};
pub use expiry::{ExpiryPlan, ExpiryPolicy, ExpiryStep, NotExtended};
pub use figures::{FigureKey, FigureKind, Figures, Tally, add_figures, figure_changes};
pub use fold::Inconsistent;
pub use held::{FRAUD_REJECTED, ORDER_CLOSED};
pub use ids::{
    ApiKeyId, CheckoutId, EventId, IntentId, NotAnId, OrderId, Requester, SaleId, UserId,
    WebhookEndpointId,
};
pub use intent::{Intent, IntentState};
pub use klarna_side::{CLOCK_SKEW, MoveAtKlarna, OrderAtKlarna, Recognised, sent_reference};
pub use look::{Look, RELEASE_BEFORE_EXPIRY};
pub use may_ship::{MayShip, MayShipReason, may_ship};
pub use order::{Amounts, Capture, FraudStatus, Order, OrderSnapshot, OrderStatus, Refund};
pub use reconcile::{Difference, DifferenceKind, Reconciliation, Repair, Side};
pub use refusal::Refusal;
pub use sale::{
    AUTHORIZATION_LIFETIME, Authorization, CheckoutStatus, SESSION_LIFETIME, Sale, Session,
};
pub use undo::{Undo, UndoEnd, UndoPlan, UndoStep, UndoWish};
