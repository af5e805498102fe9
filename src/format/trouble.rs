//! What to do in the chat about a trouble that an agent tells of; its own words stand below.

use crate::agent::trouble::{Trouble, Until};

/// Says what an agent's trouble comes to and what to do about it; `how_to_log_in` stands after "on its machine".
#[must_use]
pub fn advice(trouble: &Trouble, agent: &str, how_to_log_in: Option<&str>) -> String {
    match trouble {
        Trouble::LoggedOut => {
            let how = how_to_log_in.unwrap_or("give it a log-in or a key");
            format!("{agent} is not logged in, or its key is refused. On its machine {how}, then retry.")
        }
        Trouble::Limited(until) => {
            let when = until.as_ref().map_or_else(|| "in some minutes".to_owned(), when);
            format!("{agent} is asked too much just now (rate limit). Retry {when}.")
        }
        Trouble::UsedUp(until) => {
            let when = until.as_ref().map_or_else(String::new, |until| format!(" There is more {}.", when(until)));
            format!("What {agent} may use is used up.{when} Until then ask another agent; `/agents` lists them.")
        }
        Trouble::TooLong => {
            format!("The conversation is too long for {agent}. Begin a new one: `/session @{agent} <prompt>`.")
        }
        Trouble::NoSuchModel => format!("{agent} does not have this model. Name another: `@{agent}/<model>`."),
        Trouble::OpenElsewhere => {
            format!("Another program has this conversation of {agent} open. Close it there, then retry.")
        }
        Trouble::ServiceFails => format!("The model service of {agent} fails just now. Retry in some minutes."),
        Trouble::Unreached => {
            format!("{agent} does not reach its model service. Look at the network of its machine, then retry.")
        }
        Trouble::OldVersion => {
            format!(
                "This version of {agent} does not know an option that it is given; `/agents` tells the version. Update it."
            )
        }
    }
}

fn when(until: &Until) -> String {
    // What an agent says stays plain text.
    let plain = |text: &str| text.replace('`', "'");
    match until {
        Until::In(span) => format!("in {}", plain(span)),
        Until::At(time) => format!("at {}", plain(time)),
        Until::Second(second) => chrono::DateTime::from_timestamp(*second, 0)
            .map_or_else(|| "later".to_owned(), |at| at.format("on %-d %b at %H:%M UTC").to_string()),
    }
}
