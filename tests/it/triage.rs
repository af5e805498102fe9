//! Stories of alerts: from a post in an alert channel to one live card, a root cause below it, and what people do about it.

mod by_people;
mod console;
mod crashes;
pub(crate) mod scene;
mod story;
