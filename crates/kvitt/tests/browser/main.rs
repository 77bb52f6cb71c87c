//! People in front of the pages, in a real browser: Debian's Chromium, driven over `WebDriver`.
//!
//! Nothing is skipped: without Chromium, its driver or axe-core these tests fail and say what to
//! install.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod app;
mod buying;
mod checkout_pages;
mod doubt;
mod driver;
mod embed;
mod keyboard;
mod mishaps;
mod pages;
mod pictures;
mod policy;
mod shopper;
mod slow;
mod staging;
mod world;
