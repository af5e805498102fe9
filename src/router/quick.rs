//! What is answered at once and stores nothing: what a line could become, and how a command is received.

use signalbox_adapter::{Incoming, IncomingKind, Offer, Reception, one_line};

use super::Router;
use crate::access;
use crate::agent::kinds;
use crate::command::{self, Named, Need, Words};
use crate::config::Role;
use crate::format;
use crate::handlers;
use crate::rca::template;
use crate::store::{ChatKey, StoreError, Tx};
use crate::turn::rights::role_of;

/// Sessions, tasks, incidents and schedules that are offered, each.
const MAX_NAMES: usize = 50;
/// Longest description, in characters.
const MAX_ABOUT_CHARS: usize = 80;

impl Router {
    /// Returns what a line that is being typed could become, of what its sender may do and the chat has; strangers are
    /// offered nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn offers(&self, tx: &Tx<'_>, typing: &Incoming) -> Result<Vec<Offer>, StoreError> {
        let IncomingKind::Text(line) = &typing.kind else { return Ok(Vec::new()) };
        let Some(role) = role_of(tx, &self.context, typing)? else { return Ok(Vec::new()) };
        let chat = ChatKey::of(&typing.address);
        let sessions = tx.sessions(Some(&chat), MAX_NAMES)?;
        let sessions = sessions.iter().map(|session| (session.name.clone(), session.title.clone()));
        let tasks = tx.newest_tasks(&chat, MAX_NAMES)?;
        let tasks = tasks.iter().map(|task| (task.id.to_string(), format::task::in_brief(task)));
        let incidents = tx.incidents(Some(&chat), MAX_NAMES)?;
        let incidents = incidents.iter().map(|one| (one.id.to_string(), format::incident::title(one)));
        let schedules = tx.schedules(Some(&chat), MAX_NAMES)?;
        let schedules = schedules.iter().map(|one| (one.id.to_string(), one.name.clone()));
        let templates = template::all().iter().map(|one| (one.name.clone(), one.title.clone()));
        let all = [sessions.collect(), tasks.collect(), incidents.collect(), schedules.collect(), templates.collect()];
        let all = all.map(cut);
        let [sessions, tasks, incidents, schedules, templates] = all.each_ref().map(|all| named(all));
        let agents: Vec<&str> = self.context.agents.names().collect();
        let projects: Vec<&str> = self.context.config.projects.keys().map(String::as_str).collect();
        let readers: Vec<&str> = self.context.readers_by_name().map(|(name, _)| name).collect();
        let words = Words {
            may: Some(greatest_need(role)),
            agents: &agents,
            models: kinds::models(),
            sessions: &sessions,
            projects: &projects,
            tasks: &tasks,
            incidents: &incidents,
            schedules: &schedules,
            templates: &templates,
            requests: &[],
            readers: &readers,
        };
        let lines = command::lines(line, &words).into_iter();
        Ok(lines.map(|(line, description)| Offer { line, description }).collect())
    }

    /// Returns how a command is received: what only concerns who asks is for them alone, where others read along.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reception(&self, tx: &Tx<'_>, incoming: &Incoming) -> Result<Reception, StoreError> {
        let IncomingKind::Text(text) = &incoming.kind else { return Ok(Reception::Open) };
        let aside = if incoming.direct { Reception::Open } else { Reception::Aside };
        let Some(role) = role_of(tx, &self.context, incoming)? else { return Ok(aside) };
        let Ok(parsed) = command::parse(text, None) else { return Ok(aside) };
        if parsed.need().is_some_and(|need| !access::suffices(role, need)) {
            return Ok(aside);
        }
        let asks = command::without_prompt(text).filter(|own| access::suffices(role, own.forms[0].need));
        if let Some(definition) = asks {
            return Ok(Reception::Asks(format::prompt::asks(definition.word)));
        }
        let is_watched = self.context.config.triage.is_channel(&incoming.address);
        let is_aside = handlers::handler(&parsed).is_some_and(|handler| handler.is_aside(is_watched));
        Ok(if is_aside { aside } else { Reception::Open })
    }
}

fn greatest_need(role: Role) -> Need {
    let all = [Need::Admin, Need::Operator, Need::Viewer];
    all.into_iter().find(|need| access::suffices(role, *need)).unwrap_or(Need::Viewer)
}

fn cut(names: Vec<(String, String)>) -> Vec<(String, String)> {
    names.into_iter().map(|(name, about)| (name, one_line(&about, MAX_ABOUT_CHARS))).collect()
}

fn named(names: &[(String, String)]) -> Vec<Named<'_>> {
    names.iter().map(|(name, about)| Named { name, about }).collect()
}
