//! `/investigate`: from a question, a template or an alert to a task of its own.

use signalbox_adapter::{IncomingKind, Signal};

use super::incidents;
use crate::alert::{self, Alert};
use crate::command::{InvestigateCommand, Resolved};
use crate::format;
use crate::format::prompt::{ABOUT_ALERT, ONLY_FILES, ONLY_QUOTED};
use crate::format::rca::NotTaken;
use crate::format::session::Notes;
use crate::rca::template;
use crate::store::{
    Admission, ChatKey, InboxOutcome, Incident, NewInvestigation, NewSession, NewTask, StoreError, Task, TaskId,
};
use crate::turn::quoted::Brought;
use crate::turn::{Handler, Look, Turn, admit, intake, mention, quoted, report, talk};

/// Longest text of alerts given to an agent, in bytes.
const MAX_ALERT_BYTES: usize = 64 * 1024;

/// What is to be investigated.
struct Subject {
    title: String,
    question: String,
    /// The question for an agent that goes by words.
    brief: Option<String>,
    alert: Option<String>,
    fingerprint: Option<String>,
}

impl Handler for InvestigateCommand {
    fn looks(&self) -> Vec<Look> {
        vec![Look::Presence, Look::Attached]
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let attached = match turn.looked.attached() {
            Some(Ok(text)) => Some(text.as_str()),
            Some(Err(why)) => return turn.refuse(format::rca::bad_alert(&NotTaken::File(why))),
            None => None,
        };
        let quoted = quoted::told(turn);
        let Self::About(wish) = self else {
            return match attached {
                Some(text) => match of_alert(text, None) {
                    Ok(subject) => submit(turn, &subject, (None, None), None),
                    Err(error) => turn.refuse(format::rca::bad_alert(&NotTaken::Alert(&error))),
                },
                None => match (incident(turn, quoted.is_some())?, &quoted) {
                    (Some(incident), _) => incidents::investigate(turn, &incident, None),
                    (None, Some(quoted)) => submit(turn, &of_quoted(quoted, None), (None, None), None),
                    // A picture or anything else that is no text is for the agent to look at.
                    (None, None) if intake::documents(&turn.incoming.files).next().is_some() => {
                        submit(turn, &of_question(ONLY_FILES), (None, None), None)
                    }
                    (None, None) => turn.answer(format::rca::templates()),
                },
            };
        };
        let resolved = mention::resolve(turn, wish.mention.as_ref())?;
        if let Some(why) = mention::misnamed(&resolved) {
            return turn.refuse(why);
        }
        let unknown = mention::unknown(turn, wish.mention.as_ref(), &resolved)?;
        let (agent, model, words) = match resolved {
            Resolved::Agent { agent, model } => (Some(agent), model, wish.prompt.as_str()),
            Resolved::Session(_) | Resolved::Text | Resolved::NearMiss { .. } | Resolved::NoModel { .. } => {
                (None, None, wish.whole.as_str())
            }
        };
        if attached.is_none()
            && quoted.is_none()
            && !wish.forced
            && let Some(near) = template::nearest(words)
        {
            return turn.refuse(format::rca::no_template(words, near));
        }
        let earlier = asked_before(turn, words)?;
        let pressed = earlier.as_ref().filter(|_| matches!(turn.incoming.kind, IncomingKind::Button { .. }));
        if let Some(answered) = pressed
            && report::is_spent(turn.tx, turn.cx, answered)?
        {
            return turn.refuse(format::rca::begun());
        }
        let subject = match (attached, &earlier) {
            (Some(text), _) => of_alert(text, Some(words)),
            (None, Some(earlier)) => Ok(of_question(&earlier.prompt)),
            (None, None) => match &quoted {
                Some(quoted) => Ok(of_quoted(quoted, Some(words))),
                None => of_words(words),
            },
        };
        let outcome = match subject {
            Ok(subject) => submit(turn, &subject, (agent.as_deref(), model.as_deref()), unknown)?,
            Err(error) => return turn.refuse(format::rca::bad_alert(&NotTaken::Alert(&error))),
        };
        // The button is spent: pressed twice it must not investigate twice.
        if let Some(answered) = pressed.filter(|_| outcome == InboxOutcome::Ok) {
            report::spend_result(turn.tx, turn.cx, &answered.id)?;
        }
        Ok(outcome)
    }
}

/// Who is to investigate; the default agent where nobody is named.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The agent.
    pub agent: Option<&'a str>,
    /// Its model.
    pub model: Option<&'a str>,
}

/// Investigates free text that is plainly an alert.
///
/// # Errors
/// [`StoreError`].
pub fn pasted(turn: &Turn<'_>, text: &str, by: By<'_>) -> Result<InboxOutcome, StoreError> {
    match of_words(text) {
        Ok(subject) => submit(turn, &subject, (by.agent, by.model), None),
        Err(error) => turn.refuse(format::rca::bad_alert(&NotTaken::Alert(&error))),
    }
}

/// Investigates what somebody else said that came with plain text.
///
/// # Errors
/// [`StoreError`].
pub fn quoted(turn: &Turn<'_>, words: &str, by: By<'_>) -> Result<InboxOutcome, StoreError> {
    let question = Some(words).filter(|words| *words != ONLY_QUOTED);
    match quoted::told(turn) {
        Some(told) => submit(turn, &of_quoted(&told, question), (by.agent, by.model), None),
        None => pasted(turn, words, by),
    }
}

/// Returns the incident that the command alone is about: that of the card replied to, or of the thread, in which an answer to
/// somebody is about what they said.
fn incident(turn: &Turn<'_>, answers_others: bool) -> Result<Option<Incident>, StoreError> {
    let here = &turn.incoming.address;
    if here.thread.is_some() && answers_others {
        return Ok(None);
    }
    turn.tx.incident_of(here, turn.incoming.reply_to.as_ref().map(|message| message.as_str()))
}

/// Lets an investigation that still waits be about something else.
///
/// # Errors
/// [`StoreError`].
pub fn reword(turn: &Turn<'_>, task: &Task, words: &str) -> Result<InboxOutcome, StoreError> {
    let subject = match of_words(words) {
        Ok(subject) => subject,
        Err(error) => return turn.refuse(format::rca::bad_alert(&NotTaken::Alert(&error))),
    };
    let question = question(turn, &subject, &task.agent);
    let name = turn.tx.name_of(task)?;
    if !turn.tx.reword(task, &question, &subject.title)? {
        return turn.refuse(format::intake::edited_too_late(&name));
    }
    turn.tx.reword_investigation(&NewInvestigation {
        task: &task.id,
        chat: &turn.chat(),
        title: &subject.title,
        question: &question,
        alert: subject.alert.as_deref(),
        fingerprint: subject.fingerprint.as_deref(),
        background: true,
    })?;
    turn.answer(format::intake::reworded(&name))
}

/// Returns the question as an agent is asked it: the built-in one goes by words, and gets a template's in brief.
fn question(turn: &Turn<'_>, subject: &Subject, agent: &str) -> String {
    let is_host = turn.cx.agents.goes_by_words(agent);
    let question = subject.brief.as_deref().filter(|_| is_host).unwrap_or(&subject.question);
    if subject.alert.is_some() { question.to_owned() } else { intake::with_files(question, &turn.incoming.files) }
}

/// Finds the task of this chat that the words are the id of, as the button behind an answer has it.
fn asked_before(turn: &Turn<'_>, words: &str) -> Result<Option<Task>, StoreError> {
    let task = TaskId::read(words).map(|id| turn.tx.task(&id)).transpose()?.flatten();
    Ok(task.filter(|task| ChatKey::of(&task.address) == turn.chat()))
}

fn of_words(words: &str) -> Result<Subject, alert::AlertError> {
    if let Some(template) = template::find(words) {
        return Ok(Subject {
            title: template.title.clone(),
            question: template.question.clone(),
            brief: Some(template.brief()),
            alert: None,
            fingerprint: None,
        });
    }
    if looks_like_an_alert(words) {
        return of_alert(words, None);
    }
    // A question with an alert below it, as when one is piped in.
    if let Some((question, below)) = words.split_once("\n\n")
        && looks_like_an_alert(below)
    {
        return of_alert(below, Some(question.trim()));
    }
    Ok(of_question(words))
}

fn looks_like_an_alert(text: &str) -> bool {
    alert::is_alert(text) || text.trim_start().starts_with(['{', '['])
}

fn of_question(words: &str) -> Subject {
    Subject { title: admit::title(words), question: words.to_owned(), brief: None, alert: None, fingerprint: None }
}

fn of_alert(text: &str, question: Option<&str>) -> Result<Subject, alert::AlertError> {
    let payload = alert::read_payload(text)?;
    let Some(first) = payload.alerts.first() else { return Err(alert::AlertError::Empty) };
    let (described, told) = described(&payload.alerts);
    let untold = u32::try_from(payload.alerts.len() - told).unwrap_or(u32::MAX);
    let more = u32::try_from(payload.alerts.len() - 1).unwrap_or(u32::MAX).saturating_add(payload.left_out);
    let left_out = payload.left_out.saturating_add(untold);
    let left_out = if left_out > 0 { format::prompt::more_alerts(left_out) } else { String::new() };
    Ok(Subject {
        title: format::rca::title(&first.title, more),
        question: question.unwrap_or(ABOUT_ALERT).to_owned(),
        brief: None,
        alert: Some(described + &left_out),
        fingerprint: Some(first.fingerprint.clone()),
    })
}

/// Describes as many alerts as an agent is given, and says how many those are.
fn described(alerts: &[Alert]) -> (String, usize) {
    let mut described = String::new();
    for (told, alert) in alerts.iter().enumerate() {
        let one = alert.describe();
        if told > 0 && described.len() + one.len() + 2 > MAX_ALERT_BYTES {
            return (described, told);
        }
        if told > 0 {
            described.push_str("\n\n");
        }
        described.push_str(&one);
    }
    (described, alerts.len())
}

/// Takes what somebody else said as an alert, read where it has the shape of one; never as a question.
fn of_quoted(told: &Brought, words: Option<&str>) -> Subject {
    let template = words.and_then(template::find);
    let question = template.map(|template| template.question.as_str()).or(words);
    let meant = told.meant.as_deref().map(format::prompt::meant).unwrap_or_default();
    if (looks_like_an_alert(&told.text) || alert::is_boxed(&told.text))
        && let Ok(subject) = of_alert(&told.text, question)
    {
        return Subject { alert: subject.alert.map(|alert| alert + &meant), ..subject };
    }
    Subject {
        title: words.map_or_else(
            || admit::title(&told.text),
            |words| template.map_or_else(|| admit::title(words), |one| one.title.clone()),
        ),
        question: question.unwrap_or(ABOUT_ALERT).to_owned(),
        brief: template.map(template::Template::brief),
        alert: Some(format!("{}{meant}", &told.text[..told.text.floor_char_boundary(MAX_ALERT_BYTES)])),
        fingerprint: None,
    }
}

fn submit(
    turn: &Turn<'_>,
    subject: &Subject,
    (agent, model): (Option<&str>, Option<&str>),
    unknown: Option<String>,
) -> Result<InboxOutcome, StoreError> {
    let chat = turn.chat();
    if let Some(refusal) = turn.tx.queue_is_full(&chat, None)? {
        return turn.refuse(format::session::refused(&refusal));
    }
    let (agent, only_host) = admit::agent(turn, agent)?;
    if let Some(why) = turn.barred_from(agent)? {
        return turn.refuse(why);
    }
    let background = turn.tx.background(&chat)?.unwrap_or(!turn.is_trusted());
    let id = turn.tx.new_task_id();
    let directory = turn.cx.agents.directory(agent).map(|path| path.to_string_lossy().into_owned());
    let own = || turn.cx.state.join("work").join(id.as_str()).to_string_lossy().into_owned();
    let directory = directory.or_else(|| turn.incoming.directory.clone()).unwrap_or_else(own);
    let session = turn.tx.create_session(&NewSession {
        address: &turn.incoming.address,
        name: id.as_str(),
        agent,
        model: model.or(turn.cx.agents.model(agent)),
        title: &subject.title,
        directory: &directory,
        investigation: true,
        worktree_of: None,
    })?;
    let question = question(turn, subject, agent) + &talk::before(turn, agent)?;
    let admission = turn.tx.admit(&NewTask {
        incoming: turn.incoming,
        address: &turn.incoming.address,
        inbox: turn.inbox,
        session: &session,
        prompt: &question,
        retry_of: None,
        id: Some(id),
    })?;
    let task = match &admission {
        Admission::Started(task) | Admission::Queued(task, _) => task,
    };
    turn.tx.open_investigation(&NewInvestigation {
        task: &task.id,
        chat: &chat,
        title: &subject.title,
        question: &question,
        alert: subject.alert.as_deref(),
        fingerprint: subject.fingerprint.as_deref(),
        background,
    })?;
    if !background && turn.incoming.direct {
        turn.tx.activate_new(&chat, session.id)?;
    }
    let mentions = Notes { only_host, unknown, ..Notes::default() }.lines();
    let told = format::rca::admitted(&session, &admission, &subject.title, background, &mentions);
    turn.show_status(&turn.incoming.address, &admission, told, &mentions)?;
    if let Some(message) = turn.incoming.message.clone() {
        let address = turn.incoming.address.clone();
        turn.tx.sign(&turn.incoming.address.provider, Signal::Taken { address, message });
    }
    Ok(InboxOutcome::Ok)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn group(alerts: usize, more: Value) -> String {
        let alert = |number: usize| {
            json!({"status": "firing", "labels": {"alertname": "PodDown", "instance": format!("pod-{number}")},
                "annotations": {}, "startsAt": "2026-11-28T02:10:00Z", "endsAt": "0001-01-01T00:00:00Z"})
        };
        let mut group = json!({"receiver": "wh", "status": "firing", "alerts": (0..alerts).map(alert).collect::<Vec<_>>(),
            "groupLabels": {"alertname": "PodDown"}, "commonLabels": {}, "commonAnnotations": {}, "version": "4",
            "groupKey": "x", "externalURL": "http://am.example.com:9093"});
        let fields = group.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        group.to_string()
    }

    #[test]
    fn alerts_that_their_sender_left_out_are_told_to_the_agent_and_in_the_title() {
        for (alerts, more, title, told) in [
            (1, json!({"truncatedAlerts": 37}), "(and 37 more)", "… and 37 more alerts of the same group"),
            (3, json!({"truncatedAlerts": 1}), "(and 3 more)", "… and 1 more alert of the same group"),
            (
                2,
                json!({"truncatedAlerts": 40, "orgId": 1, "title": "[FIRING:42] PodDown", "state": "alerting", "version": "1"}),
                "(and 41 more)",
                "… and 40 more alerts of the same group",
            ),
        ] {
            let subject = of_words(&group(alerts, more)).expect("alerts");
            assert!(subject.title.ends_with(title), "{}", subject.title);
            let alert = subject.alert.expect("described");
            assert!(alert.ends_with(told) && alert.matches("PodDown").count() >= alerts, "{alert}");
        }
        let whole = of_words(&group(2, json!({"truncatedAlerts": 0}))).expect("alerts");
        assert!(whole.title.ends_with("(and 1 more)") && !whole.alert.expect("described").contains("same group"));
    }
}
