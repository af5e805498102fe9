//! `/incidents` and `/incident`: what burns, and what people do about it. The buttons under a card carry the same.

use std::time::Duration;

use signalbox_adapter::one_line;

use crate::command::{IncidentCommand, IncidentsCommand};
use crate::format;
use crate::format::incident::Investigating;
use crate::format::incidents::Dossier;
use crate::format::prompt::ABOUT_INCIDENT;
use crate::incident::{IncidentEvent, IncidentState};
use crate::store::{ChatKey, InboxOutcome, Incident, IncidentChange, IncidentId, StoreError};
use crate::turn::incident::{self, Asked};
use crate::turn::silence;
use crate::turn::{Handler, Look, Turn, admit, intake, talk};

/// Incidents in one list.
const MAX_LISTED: usize = 30;
/// How long an incident is silenced where nobody says.
const USUAL_SILENCE: Duration = Duration::from_secs(3600);
/// Longest silence.
const MAX_SILENCE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Longest name that an incident is assigned to, in characters.
const MAX_NAME_CHARS: usize = 40;

impl Handler for IncidentsCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        list(turn)
    }
}

fn list(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    let chat = Some(turn.chat()).filter(|_| !turn.is_trusted());
    let chat = chat.as_ref();
    let mild = turn.tx.folded_incidents(chat, format::incidents::MAX_MILD)?;
    let mild = format::incidents::mild(&mild, turn.tx.count_folded(chat)?);
    let incidents = turn.tx.incidents(chat, MAX_LISTED)?;
    turn.answer(format::incidents::list(&incidents, chat.is_none(), mild.as_deref(), turn.tx.now()))
}

impl Handler for IncidentCommand {
    fn looks(&self) -> Vec<Look> {
        if matches!(self, Self::Investigate(_)) { vec![Look::Presence] } else { Vec::new() }
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let id = match self {
            Self::List => return list(turn),
            Self::Show(id)
            | Self::Ack(id)
            | Self::Assign { id, .. }
            | Self::Silence { id, .. }
            | Self::Resolve(id)
            | Self::Reopen(id)
            | Self::Investigate(id) => id,
        };
        let replied = turn.incoming.reply_to.as_ref().map(|message| message.as_str());
        let is_number = !id.is_empty() && id.trim_start_matches('#').bytes().all(|byte| byte.is_ascii_digit());
        let (incident, word) = match is_number {
            true => (find(turn, id)?, None),
            false => (turn.tx.incident_of(&turn.incoming.address, replied)?, Some(id).filter(|word| !word.is_empty())),
        };
        let takes_word = matches!(self, Self::Assign { .. } | Self::Silence { .. });
        let incident = match incident.filter(|_| takes_word || word.is_none()) {
            Some(incident) => incident,
            None if id.is_empty() => return turn.refuse(format::incident::none_meant()),
            None => return turn.refuse(format::incident::unknown(id)),
        };
        let (who, name) = (turn.incoming.sender.id.as_str(), person(turn));
        let by = |event| IncidentChange::by(event, who, &name);
        match self {
            Self::List => list(turn),
            Self::Show(_) => {
                let history = turn.tx.incident_history(incident.id, format::incidents::MAX_HISTORY)?;
                let investigating = incident::investigating(turn.tx, &incident)?;
                let task = incident.task.as_ref().map(|id| turn.tx.task(id)).transpose()?.flatten();
                let found = task.as_ref().map(|task| turn.tx.investigation(&task.id)).transpose()?.flatten();
                let found = task.as_ref().zip(found.as_ref());
                let alerts = turn.tx.alerts_of(incident.id, format::incidents::MAX_NAMED)?;
                let known = Dossier { investigating: &investigating, found, alerts: &alerts, history: &history };
                turn.answer(format::incidents::show(&incident, known, turn.tx.now()))
            }
            Self::Ack(_) => act(turn, &incident, &by(IncidentEvent::Acked)),
            Self::Assign { who: whom, .. } => {
                // Where the incident is that of the thread, what would be its id is the name's first word.
                let whom =
                    [word.map(String::as_str), whom.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
                let whom = Some(named(&whom)).filter(|name| !name.is_empty());
                let owner = whom.as_deref().unwrap_or(&name);
                act(turn, &incident, &IncidentChange { owner: Some(owner), ..by(IncidentEvent::Assigned) })
            }
            Self::Silence { span, .. } => {
                let span = word.or(span.as_ref());
                let asked = span.map(|span| humantime::parse_duration(span)).unwrap_or(Ok(USUAL_SILENCE));
                match asked.ok().filter(|span| *span > Duration::ZERO && *span <= MAX_SILENCE) {
                    Some(silence) => {
                        act(turn, &incident, &IncidentChange { silence: Some(silence), ..by(IncidentEvent::Silenced) })
                    }
                    None => {
                        let word = span.map(String::as_str).unwrap_or_default();
                        turn.refuse(format::incident::bad_span(word, MAX_SILENCE))
                    }
                }
            }
            Self::Resolve(_) => act(turn, &incident, &by(IncidentEvent::Resolved)),
            // What is silenced did not end, so that it cannot open again.
            Self::Reopen(_) if incident.state == IncidentState::Silenced => {
                act(turn, &incident, &by(IncidentEvent::SilenceEnded))
            }
            Self::Reopen(_) => act(turn, &incident, &by(IncidentEvent::Reopened)),
            Self::Investigate(_) => investigate(turn, &incident, None),
        }
    }
}

/// Finds an incident of this chat; one of another is as unknown here as one that never was, but to who owns the machine.
fn find(turn: &Turn<'_>, id: &str) -> Result<Option<Incident>, StoreError> {
    let Ok(number) = id.trim_start_matches('#').parse() else { return Ok(None) };
    let found = turn.tx.incident(IncidentId::new(number))?;
    Ok(found.filter(|incident| turn.is_trusted() || ChatKey::of(&incident.address) == turn.chat()))
}

/// How people call who speaks.
fn person(turn: &Turn<'_>) -> String {
    let name = one_line(&turn.incoming.sender.name, MAX_NAME_CHARS);
    if name.is_empty() { turn.incoming.sender.id.to_string() } else { name }
}

/// Reads the name of somebody: without the marks of a mention, in which adapters write whom a message mentions.
fn named(whom: &str) -> String {
    one_line(whom.trim_matches(|c: char| c.is_whitespace() || matches!(c, '@' | '“' | '”' | '"')), MAX_NAME_CHARS)
}

/// Does something to an incident, tells its thread who did it, and the person what came of it.
fn act(turn: &Turn<'_>, incident: &Incident, change: &IncidentChange<'_>) -> Result<InboxOutcome, StoreError> {
    let changed = match turn.tx.change_incident(incident.id, change)? {
        Ok(changed) => changed,
        Err(why) => return turn.refuse(format::incident::refused(incident, why)),
    };
    incident::tell_last(turn.tx, turn.cx, &changed)?;
    if change.event == IncidentEvent::Silenced {
        let at_source = silence::want(turn.tx, turn.cx, &changed, &person(turn))?;
        return turn.answer(format::silence::done(&changed, &at_source, &person(turn), turn.tx.now()));
    }
    let investigating = incident::investigating(turn.tx, &changed)?;
    turn.answer(format::incident::done(&changed, change.event, &person(turn), &investigating))
}

/// Investigates an incident because somebody asks for it, with a question of their own or for its root cause.
///
/// # Errors
/// [`StoreError`].
pub(super) fn investigate(
    turn: &Turn<'_>,
    incident: &Incident,
    question: Option<&str>,
) -> Result<InboxOutcome, StoreError> {
    if incident::investigating(turn.tx, incident)? == Investigating::Running {
        return turn.refuse(format::incident::busy(incident));
    }
    let (agent, _) = admit::agent(turn, None)?;
    if let Some(why) = turn.barred_from(agent)? {
        return turn.refuse(why);
    }
    let name = person(turn);
    let by = Some((turn.incoming.sender.id.as_str(), name.as_str()));
    let question = question.map(|question| intake::with_files(question, &turn.incoming.files));
    let talk = talk::before(turn, agent)?;
    let question = match talk.is_empty() {
        true => question,
        false => Some(question.unwrap_or_else(|| ABOUT_INCIDENT.to_owned()) + &talk),
    };
    let asked = Asked { by, question: question.as_deref() };
    match incident::investigate(turn.tx, turn.cx, incident, agent, asked)? {
        Ok(_) => {
            turn.answer(format::incident::done(incident, IncidentEvent::Investigated, &name, &Investigating::Running))
        }
        Err(held) => turn.refuse(format::incident::held(&held)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_somebodys_name() {
        for (whom, name) in
            [("@kim", "kim"), ("“Kim Bo”", "Kim Bo"), ("@Kim  Bo ", "Kim Bo"), ("\"kim\"", "kim"), ("@", "")]
        {
            assert_eq!(named(whom), name, "{whom}");
        }
    }
}
