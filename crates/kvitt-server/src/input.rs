//! What shops send: types of the door, turned into the types of the business.

#![expect(clippy::struct_field_names, reason = "members have the names that the API fixes")]

mod address;
mod cart;
mod customer;
mod line;
mod minor_units;
mod shipping;

pub(crate) use address::Address;
pub(crate) use cart::CartInput;
pub(crate) use customer::Customer;
pub(crate) use line::{LineType, OrderLineInput, ProductIdentifiers, Subscription};
pub(crate) use minor_units::Whole;
pub(crate) use shipping::{ShippingInfo, parcels};
