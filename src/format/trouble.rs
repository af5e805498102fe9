//! What to do in the chat about a trouble that an agent tells of; its own words stand below.

use crate::agent::trouble::{AgentTrouble, Remedy, Until};

/// Says what an agent's trouble comes to and what to do about it; `words` are the agent's own.
#[must_use]
pub fn advice(trouble: &AgentTrouble, remedy: &Remedy, words: &str) -> String {
    let agent = &remedy.agent;
    match trouble {
        AgentTrouble::LoggedOut => {
            let how = remedy.log_in.unwrap_or("give it a log-in or a key");
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
        AgentTrouble::Refused => {
            format!("The model service of {agent} has refused this. Retry, or ask another agent: `/agents` lists them.")
        }
        AgentTrouble::OutOfMemory => {
            format!("{agent} ran out of memory. Stop other work on its machine, then retry.")
        }
        AgentTrouble::OldVersion => old_version(remedy, words),
    }
}

/// Says that an agent does not know something that it is started with: what the configuration adds, or what we need.
fn old_version(remedy: &Remedy, words: &str) -> String {
    let Remedy { agent, args, .. } = remedy;
    let names = |arg: &&String| {
        let name = arg.split('=').next().unwrap_or(arg);
        name.starts_with('-') && name.len() > 2 && words.contains(name.trim_start_matches('-'))
    };
    if let Some(arg) = args.iter().find(names) {
        let arg = arg.split('=').next().unwrap_or(arg).replace('`', "'");
        return format!("{agent} does not know `{arg}`. Take it out of `agents.{agent}.args`, then retry.");
    }
    let version = remedy.version.as_ref().map(|version| format!(" {}", version.replace('`', "'"))).unwrap_or_default();
    let how = remedy.update.as_ref().map_or_else(
        || format!("Update it on its machine, or name a newer one by `agents.{agent}.command`"),
        |update| format!("On its machine run `{update}`"),
    );
    format!("{agent}{version} is too old for signalbox: it does not know how it is started. {how}, then retry.")
}

/// Says what has ended an agent that has said nothing of it: a signal from outside, or its own fault.
#[must_use]
pub fn killed(agent: &str, signal: i32) -> String {
    match signal {
        9 => format!("{agent} was killed: its machine may be short of memory. Retry."),
        1 | 2 | 3 | 15 => format!("{agent} was ended from outside, as by a shutdown. Retry."),
        _ => format!("{agent} crashed. Retry; if it happens again, update it: `/agents` tells its version."),
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
