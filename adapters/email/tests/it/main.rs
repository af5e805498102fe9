//! The adapter against an SMTP server that keeps mails and refuses what a strict one refuses.

#[path = "../../../../tests/support/src/smtp/mod.rs"]
mod smtp;

mod delivering;
mod mails;
mod protection;
mod scene;
mod trouble;
mod verifying;
