//! The adapter against an SMTP server that keeps mails and refuses what a strict one refuses.

mod delivering;
mod mails;
mod protection;
mod scene;
mod trouble;
mod verifying;
