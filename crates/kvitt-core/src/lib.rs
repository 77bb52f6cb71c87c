//! A sale as a fold over events: decisions, plans and may_ship, pure.
