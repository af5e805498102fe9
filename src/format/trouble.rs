//! What to do in the chat about a trouble that an agent tells of; its own words stand below.

use crate::agent::trouble::{AgentTrouble, Until};

/// Says what an agent's trouble comes to and what to do about it; `how_to_log_in` stands after "on its machine".
#[must_use]
pub fn advice(trouble: &AgentTrouble, agent: &str, how_to_log_in: Option<&str>) -> String {
    match trouble {
        AgentTrouble::LoggedOut => {
            let how = how_to_log_in.unwrap_or("give it a log-in or a key");
            format!("{agent} is not logged in, or its key is refused. On its machine {how}, then retry.")
        }
        AgentTrouble::Limited(until) => {
            let when = until.as_ref().map_or_else(|| "in some minutes".to_owned(), when);
            format!("{agent} is asked too much just now (rate limit). Retry {when}.")
        }
        AgentTrouble::UsedUp(until) => {
            let ask = until
                .as_ref()
                .map_or_else(|| "Ask".to_owned(), |until| format!("There is more {}. Until then ask", when(until)));
            format!("What {agent} may use is used up. {ask} another agent; `/agents` lists them.")
        }
        AgentTrouble::TooLong => {
            format!("The conversation is too long for {agent}. Begin a new one: `/session @{agent} <prompt>`.")
        }
        AgentTrouble::NoSuchModel => format!("{agent} does not have this model. Name another: `@{agent}/<model>`."),
        AgentTrouble::OpenElsewhere => {
            format!("Another program has this conversation of {agent} open. Close it there, then retry.")
        }
        AgentTrouble::ServiceFails => format!("The model service of {agent} fails just now. Retry in some minutes."),
        AgentTrouble::Unreached => {
            format!("{agent} does not reach its model service. Look at the network of its machine, then retry.")
        }
        AgentTrouble::OldVersion => {
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
