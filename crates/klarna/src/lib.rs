//! Typed client of Klarna's Payments and Order Management APIs.
