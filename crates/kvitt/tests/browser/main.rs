//! People in front of the pages, in a real browser: Debian's Chromium, driven over `WebDriver`.
//!
//! Nothing is skipped: without Chromium, its driver or axe-core these tests fail and say what to
//! install.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod app;
mod buying;
mod checkout_pages;
mod dashboard;
mod doubt;
mod driver;
mod embed;
mod hosted;
mod inspected;
mod inspector;
mod keyboard;
mod merchant;
mod mishaps;
mod pages;
mod pictures;
mod policy;
mod sdk_calls;
mod sdk_flow;
mod sdk_keyboard;
mod sdk_misuse;
mod sdk_pages;
mod sdk_widget;
mod sdk_windows;
mod shopper;
mod slow;
mod staging;
mod today;
mod world;
