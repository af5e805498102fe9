//! Agents that work for a fire of a schedule: who is needed, how they are set to work, and what they came to.
//!
//! Their tasks are rows like any other, so that they outlive this program; the fire is taken up again when all have ended. What
//! an agent is told of a digest holds the words of strangers: it runs as it does for alerts.

use std::time::Duration;

use super::Context;
use super::schedule::PROMPT;
use crate::agent::catalogue::{Catalogue, Choice};
use crate::agent::kinds::host::NAME as HOST;
use crate::config::{Agent, TERMINAL};
use crate::format;
use crate::plan::DigestKind;
use crate::store::{ChatKey, Fire, NewInvestigation, NewSchedule, NewSession, OwnTask, Schedule, StoreError, Task, Tx};

/// Longest that a digest is told to an agent, in bytes.
const MAX_DIGEST_BYTES: usize = 64 * 1024;

/// Returns the agents that a fire needs before it can be delivered.
#[must_use]
pub fn wanted(cx: &Context, schedule: &Schedule) -> Vec<String> {
    let chosen = schedule.agent.clone();
    match schedule.kind {
        DigestKind::DailySummary | DigestKind::WeeklyAudit | DigestKind::IncidentWindowReplay => {
            chosen.into_iter().collect()
        }
        DigestKind::CustomInvestigation => vec![chosen.unwrap_or_else(|| default_of(cx))],
        DigestKind::SyntheticRun => match chosen {
            Some(agent) => vec![agent],
            None => {
                let mut all = cx.agents.look().installed;
                all.push(default_of(cx));
                all.sort();
                all.dedup();
                all
            }
        },
    }
}

fn default_of(cx: &Context) -> String {
    match cx.agents.look().default {
        Choice::Configured(agent) | Choice::Found(agent) => agent,
        Choice::OnlyHost => HOST.to_owned(),
    }
}

/// Why an agent does nothing for a fire; `None` where it can.
#[must_use]
pub fn unfit(cx: &Context, schedule: &Schedule, agent: &str) -> Option<String> {
    cannot(&cx.agents, schedule.kind, agent)
}

/// Why the agent that a schedule names could do nothing for it; `None` where it can, or none is named.
#[must_use]
pub fn unfit_for(agents: &Catalogue, new: &NewSchedule) -> Option<String> {
    new.agent.as_ref().and_then(|agent| cannot(agents, new.kind, agent))
}

/// Whether the agent that a schedule names is not installed.
#[must_use]
pub fn is_missing(agents: &Catalogue, new: &NewSchedule) -> bool {
    new.agent.as_ref().is_some_and(|agent| agents.agent(agent).is_some() && agents.program(agent).is_none())
}

fn cannot(agents: &Catalogue, kind: DigestKind, agent: &str) -> Option<String> {
    let Some(known) = agents.agent(agent) else {
        let names: Vec<&str> = agents.names().collect();
        return Some(format::fire::no_agent(agent, &names));
    };
    let reads_strangers = kind.is_digest();
    (reads_strangers && !Agent::takes_alerts(known)).then(|| format::fire::not_held_back(agent))
}

/// Sets agents to work for a fire; `digest` is what it tells so far. Returns `false`, and nothing is changed, where the chat
/// has no room for them now.
///
/// # Errors
/// [`StoreError`].
pub fn set_to_work(
    tx: &Tx<'_>,
    cx: &Context,
    schedule: &Schedule,
    fire: &Fire,
    agents: &[String],
    digest: &str,
) -> Result<bool, StoreError> {
    let chat = schedule.targets.iter().find(|target| cx.can_reach(target.provider.as_str()));
    let address = match chat {
        Some(chat) => tx.current_address(chat)?,
        // Its questions, if it has any, are asked in the terminal.
        None => TERMINAL.parse().expect("it names a chat"),
    };
    if tx.queue_is_full(&ChatKey::of(&address), None)?.is_some() {
        return Ok(false);
    }
    for agent in agents {
        let id = tx.new_task_id();
        let own = cx.state.join("work").join(id.as_str());
        let directory = cx.agents.directory(agent).unwrap_or(&own);
        let session = tx.create_session(&NewSession {
            address: &address,
            name: id.as_str(),
            agent,
            model: cx.agents.model(agent),
            title: &schedule.name,
            directory: &directory.to_string_lossy(),
            investigation: true,
            worktree_of: None,
        })?;
        let prompt = prompt(tx, cx, schedule, agent, digest);
        let requested_by = format!("schedule {}", schedule.id);
        let admission = tx.admit_own(&OwnTask {
            id: id.clone(),
            address: &address,
            reply_to: None,
            session: &session,
            prompt: &prompt,
            requested_by: &requested_by,
            fire: Some(fire.id),
        })?;
        drop(admission);
        if schedule.kind == DigestKind::CustomInvestigation {
            tx.open_investigation(&NewInvestigation {
                task: &id,
                chat: &ChatKey::of(&address),
                title: &super::admit::title(&prompt),
                question: &prompt,
                alert: None,
                fingerprint: None,
                background: true,
            })?;
        }
    }
    Ok(true)
}

fn prompt(tx: &Tx<'_>, cx: &Context, schedule: &Schedule, agent: &str, digest: &str) -> String {
    let asked = schedule.params.get(PROMPT).map(String::as_str);
    match schedule.kind {
        DigestKind::SyntheticRun => format::fire::PROBE.to_owned(),
        DigestKind::CustomInvestigation => {
            let more = schedule.params.iter().filter(|(name, _)| name.as_str() != PROMPT);
            format::fire::question(asked.unwrap_or_default(), more)
        }
        DigestKind::DailySummary | DigestKind::WeeklyAudit | DigestKind::IncidentWindowReplay => {
            if cx.agents.goes_by_words(agent) {
                return asked.unwrap_or(format::fire::HOW_IS_IT).to_owned();
            }
            let cut = &digest[..digest.floor_char_boundary(MAX_DIGEST_BYTES)];
            let chance = u64::try_from(tx.chance(usize::MAX)).unwrap_or(u64::MAX);
            format::fire::about_digest(asked, cut, schedule.span, chance)
        }
    }
}

/// How long an agent took.
#[must_use]
pub fn took(task: &Task) -> Duration {
    match (task.started_at, task.finished_at) {
        (Some(started), Some(finished)) => finished.since(started),
        _ => Duration::ZERO,
    }
}
