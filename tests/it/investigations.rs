//! Stories of investigations: from a question, a template or an alert to an analysis that people trust, and who is told.

mod alerts;
mod analysis;
mod background;
mod from_a_phone;
mod mails;
pub(crate) mod scene;
