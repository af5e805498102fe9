//! What a chat is shown of an incident: its card with its buttons, its thread, and the investigations that belong to it.
//!
//! Where a provider has threads at messages, all of an incident but its card stands in the thread at its first card, also when
//! another has taken that one's place; elsewhere it answers the card.

use std::time::Duration;

use signalbox_adapter::{ChatAddress, Document, MessageId, Part, Purpose, Threads};

use super::Context;
use crate::alert::Alert;
use crate::clock::Timestamp;
use crate::format;
use crate::format::incident::{Held, Investigating};
use crate::rca::Verdict;
use crate::store::{
    About, Admission, ChatKey, Enclosed, Incident, NewDelivery, NewInvestigation, NewSession, NewThread, OwnTask,
    Status, StoreError, Task, ThreadRoot, Tx,
};

/// Alerts of an incident that an agent is told of; the rest is counted.
const MAX_TOLD_ALERTS: usize = 20;
/// Longest text of alerts given to an agent, in bytes.
const MAX_ALERT_BYTES: usize = 64 * 1024;

/// How often the buttons of a card that another follows are tried to be taken away.
const MAX_SPEND_TRIES: u32 = 3;
/// Time between two such tries: Discord bounds the changes of messages that are older than an hour.
const SPEND_AGAIN: Duration = Duration::from_secs(3600);

/// Where the messages of an incident go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadPlace {
    /// Its thread, or the chat of its card.
    pub address: ChatAddress,
    /// The card, where there is no thread.
    pub reply_to: Option<String>,
}

/// Returns where the messages of an incident go; `None` as long as its card was not shown.
///
/// # Errors
/// [`StoreError`].
pub fn place(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<Option<ThreadPlace>, StoreError> {
    let root = incident.root.as_ref().or(incident.card.as_ref());
    let (Some(root), Some(message)) = (root, tx.root_message(incident)?) else { return Ok(None) };
    let threads = cx.threads(incident.address.provider.as_str());
    let thread = threads.at(&incident.address, &message);
    Ok(Some(match thread {
        // A thread of the chat's own is no thread of this incident.
        Some(address) if incident.address.thread.is_none() && !tx.thread_refused(root)? => {
            ThreadPlace { address, reply_to: None }
        }
        Some(_) | None => {
            let answered = tx.card_message(incident)?.unwrap_or(message);
            ThreadPlace { address: incident.address.clone(), reply_to: Some(answered.as_str().to_owned()) }
        }
    }))
}

/// Says something in the thread of an incident; where there is none yet, as soon as there is.
///
/// # Errors
/// [`StoreError`].
pub fn tell(tx: &Tx<'_>, cx: &Context, incident: &Incident, document: Document) -> Result<(), StoreError> {
    let (provider, place) = (incident.address.provider.as_str(), place(tx, cx, incident)?);
    // A chat without threads tells of several at once.
    let has_thread = match &place {
        Some(place) => place.reply_to.is_none(),
        None => cx.threads(provider) != Threads::None,
    };
    let document = if has_thread { document } else { format::incident::named(incident, document) };
    let where_to = place.as_ref().map_or(&incident.address, |place| &place.address);
    let (parts, attachment) = cx.render(where_to, document)?;
    match place {
        Some(place) => say(tx, incident, place, parts, attachment),
        // All that is said of an incident fits into messages.
        None => tx.keep_line(incident.id, &parts),
    }
}

/// Says what was kept for the thread of an incident, where there is one by now; returns whether it still waits.
///
/// # Errors
/// [`StoreError`].
pub fn tell_kept(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<bool, StoreError> {
    if !tx.has_lines(incident.id)? {
        return Ok(false);
    }
    let Some(place) = place(tx, cx, incident)? else { return Ok(true) };
    for parts in tx.take_lines(incident.id)? {
        say(tx, incident, place.clone(), parts, None)?;
    }
    Ok(false)
}

fn say(
    tx: &Tx<'_>,
    incident: &Incident,
    place: ThreadPlace,
    parts: Vec<Part>,
    attachment: Option<Enclosed>,
) -> Result<(), StoreError> {
    tx.enqueue(&NewDelivery {
        address: place.address,
        window: None,
        reply_to: place.reply_to,
        purpose: Purpose::Alert,
        parts,
        buttons: Vec::new(),
        attachment,
        files: Vec::new(),
        task: None,
        inbox: None,
        about: Some(About::Incident(incident.id)),
        not_before: None,
    })
}

/// Says in the thread of an incident what was last done about it.
///
/// # Errors
/// [`StoreError`].
pub fn tell_last(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<(), StoreError> {
    match tx.incident_history(incident.id, 1)?.first() {
        Some(line) => tell(tx, cx, incident, format::incident::told(incident, line, tx.now())),
        None => Ok(()),
    }
}

/// Returns how the newest investigation of an incident stands.
///
/// # Errors
/// [`StoreError`].
pub fn investigating(tx: &Tx<'_>, incident: &Incident) -> Result<Investigating, StoreError> {
    let task = incident.task.as_ref().map(|id| tx.task(id)).transpose()?.flatten();
    Ok(match task.map(|task| task.status) {
        None => Investigating::None,
        Some(Status::Queued | Status::Running) => Investigating::Running,
        Some(Status::Ok | Status::Success) => {
            let found = incident.task.as_ref().map(|id| tx.investigation(id)).transpose()?.flatten();
            match found.and_then(|found| found.rca).map(|rca| rca.verdict) {
                Some(Verdict::CauseFound) => Investigating::Found,
                Some(Verdict::NothingWrong) => Investigating::NothingWrong,
                Some(Verdict::Unclear) | None => Investigating::Done,
            }
        }
        Some(
            Status::ErrorTimeout
            | Status::ErrorCli
            | Status::ErrorCliNotFound
            | Status::ErrorInternal
            | Status::Aborted
            | Status::Interrupted,
        ) => Investigating::Failed,
    })
}

/// Returns how the newest investigation of an incident stands for who looks at its card: it goes on as long as what it has
/// found is not there to be read.
fn shown_investigating(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<Investigating, StoreError> {
    if awaits_result(tx, cx, incident)? { Ok(Investigating::Running) } else { investigating(tx, incident) }
}

/// Whether what the newest investigation has found is still on its way to its chat.
///
/// # Errors
/// [`StoreError`].
pub fn awaits_result(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<bool, StoreError> {
    let task = incident.task.as_ref().filter(|_| cx.can_edit(incident.address.provider.as_str()));
    task.map_or(Ok(false), |task| tx.result_waits(task))
}

/// Shows an incident's card, and has the thread at it opened, unless there is one already; one that takes another's place
/// answers that, where it was shown.
///
/// # Errors
/// [`StoreError`].
pub fn show(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<(), StoreError> {
    tx.drop_unsent_card(incident)?;
    let earlier = tx.card_message(incident)?.map(|message| message.as_str().to_owned());
    let investigating = shown_investigating(tx, cx, incident)?;
    let provider = incident.address.provider.as_str();
    let parts = vec![cx.card(&incident.address, &format::incident::card(incident, &investigating, tx.now()))];
    tx.enqueue(&NewDelivery {
        address: incident.address.clone(),
        window: None,
        reply_to: earlier,
        purpose: Purpose::Alert,
        parts,
        buttons: format::incident::buttons(incident, &investigating),
        attachment: None,
        files: Vec::new(),
        task: None,
        inbox: None,
        about: Some(About::Card(incident.id)),
        not_before: None,
    })?;
    tx.incident_carded(incident.id)?;
    let Some(shown) = tx.incident(incident.id)? else { return Ok(()) };
    let is_first = shown.root == shown.card && cx.threads(provider).must_be_opened(&incident.address);
    if let Some(card) = shown.card.filter(|_| is_first) {
        let (address, name) = (&incident.address, cx.redactor.clean(&format::incident::title(incident)));
        let at = ThreadRoot::Delivery(&card);
        tx.open_thread(&NewThread { address, at, name: &name, guest: None, task: None })?;
    }
    Ok(())
}

/// Changes an incident's card, where there is something new to be seen.
///
/// # Errors
/// [`StoreError`].
pub fn edit(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<(), StoreError> {
    let provider = incident.address.provider.as_str();
    let Some(card) = tx.card_of(incident)?.filter(|_| cx.can_edit(provider)) else { return Ok(()) };
    let investigating = shown_investigating(tx, cx, incident)?;
    let part = cx.card(&incident.address, &format::incident::card(incident, &investigating, tx.now()));
    let buttons = format::incident::buttons(incident, &investigating);
    if tx.last_shown(&card)? == part && card.buttons == buttons {
        return Ok(());
    }
    tx.replace(&card, &part, &buttons)?;
    tx.incident_edited(incident.id)
}

/// Takes the buttons of cards away whose place another has taken, once that is shown; they act all the same as long as they
/// are seen. Returns when it is tried again, where that was refused.
///
/// # Errors
/// [`StoreError`].
pub fn spend_earlier_cards(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<Option<Timestamp>, StoreError> {
    if !cx.can_edit(incident.address.provider.as_str()) || tx.card_message(incident)?.is_none() {
        return Ok(None);
    }
    let mut again: Vec<Timestamp> = Vec::new();
    for (card, spent) in tx.earlier_cards(incident)? {
        if spent.is_done || spent.tries >= MAX_SPEND_TRIES {
            continue;
        }
        let due = spent.tried_at.map_or(tx.now(), |at| at.after(SPEND_AGAIN));
        if due > tx.now() {
            again.push(due);
        } else {
            tx.replace(&card, &tx.last_shown(&card)?, &[])?;
            // Whether that was refused is seen then.
            again.push(tx.now().after(SPEND_AGAIN));
        }
    }
    Ok(again.into_iter().min())
}

/// Who wants an investigation, and what they ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// Their user id, and how people call them; `None` where it begins by itself.
    pub by: Option<(&'a str, &'a str)>,
    /// What they ask; `None` for the root cause.
    pub question: Option<&'a str>,
}

/// Begins an investigation of an incident, as a task whose session belongs to it.
///
/// # Errors
/// [`StoreError`]; what stands in the way comes back as [`Held`], and nothing was changed.
pub fn investigate(
    tx: &Tx<'_>,
    cx: &Context,
    incident: &Incident,
    agent: &str,
    asked: Asked<'_>,
) -> Result<Result<Task, Held>, StoreError> {
    if !cx.agents.agent(agent).is_some_and(crate::config::Agent::takes_alerts) {
        return Ok(Err(Held::Unheld(agent.to_owned())));
    }
    let chat = ChatKey::of(&incident.address);
    if tx.queue_is_full(&chat, None)?.is_some() {
        return Ok(Err(Held::Full));
    }
    let place = place(tx, cx, incident)?;
    let place = place.unwrap_or_else(|| ThreadPlace { address: incident.address.clone(), reply_to: None });
    let (id, title) = (tx.new_task_id(), format::incident::title(incident));
    let own = cx.state.join("work").join(id.as_str());
    let directory = cx.agents.directory(agent).unwrap_or(&own);
    let session = tx.create_session(&NewSession {
        address: &place.address,
        name: id.as_str(),
        agent,
        model: cx.agents.model(agent),
        title: &title,
        directory: &directory.to_string_lossy(),
        investigation: true,
        worktree_of: None,
    })?;
    let question = asked.question.unwrap_or(format::prompt::ABOUT_INCIDENT);
    let requested_by = asked.by.map_or_else(|| format!("incident {}", incident.id), |(who, _)| who.to_owned());
    let admission = tx.admit_own(&OwnTask {
        id,
        address: &place.address,
        reply_to: place.reply_to.as_deref(),
        session: &session,
        prompt: question,
        requested_by: &requested_by,
        fire: None,
    })?;
    let task = match admission {
        Admission::Started(task) | Admission::Queued(task, _) => task,
    };
    tx.open_investigation(&NewInvestigation {
        task: &task.id,
        chat: &chat,
        title: &title,
        question,
        alert: Some(&described(tx, incident)?),
        fingerprint: Some(&incident.alert.fingerprint),
        background: true,
    })?;
    tx.incident_investigated(incident.id, session.id, &task.id, asked.by)?;
    Ok(Ok(task))
}

/// Describes the alerts of an incident for an agent; it is put between marks where it is told.
fn described(tx: &Tx<'_>, incident: &Incident) -> Result<String, StoreError> {
    let alerts = tx.alerts_of(incident.id, MAX_TOLD_ALERTS)?;
    let told = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
    let mut text = alerts.iter().map(Alert::describe).collect::<Vec<_>>().join("\n\n");
    text.truncate(text.floor_char_boundary(MAX_ALERT_BYTES));
    let more = incident.alerts.saturating_add(incident.left_out).saturating_sub(told);
    if more > 0 {
        text.push_str(&format::prompt::more_alerts(more));
    }
    Ok(text)
}

/// Lets an investigation that began before its incident's card was shown go on in the thread of that card.
///
/// # Errors
/// [`StoreError`].
pub fn bring_home(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<(), StoreError> {
    let (Some(session), Some(place)) = (incident.session, place(tx, cx, incident)?) else { return Ok(()) };
    let message = place.reply_to.map(MessageId::new);
    tx.move_session(session, &incident.address, &place.address, message.as_ref())
}

/// Whether a card that was written at an instant has been waited for long enough.
#[must_use]
pub fn waited_for_card(incident: &Incident, now: Timestamp) -> bool {
    incident.carded_at.is_some_and(|at| now.since(at) >= crate::incident::CARD_PATIENCE)
}
