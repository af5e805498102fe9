//! What a task's chat is shown of it: a status message while it runs, questions of its agent, its result; and what becomes
//! of their buttons.
//!
//! A button is spent when what it asks for has been done or can no longer be done; then it goes away, in the same step.

use signalbox_adapter::{Button, Document, Purpose};

use super::{Context, notice};
use crate::format::approval::Answered;
use crate::format::{self, button};
use crate::store::{About, Approval, NewDelivery, Status, StatusMessage, StoreError, Task, TaskId, Tx};

/// Returns the buttons of a status message.
#[must_use]
pub fn status_buttons(task: &TaskId) -> Vec<Button> {
    vec![button::cancel(task)]
}

fn result_buttons(task: &Task) -> Vec<Button> {
    match task.status {
        Status::Interrupted => vec![button::retry(&task.id), button::discard(&task.id)],
        Status::ErrorTimeout | Status::ErrorCli | Status::ErrorCliNotFound | Status::ErrorInternal => {
            vec![button::retry(&task.id)]
        }
        Status::Queued | Status::Running | Status::Ok | Status::Success | Status::Aborted => Vec::new(),
    }
}

/// Makes a task's status message.
///
/// # Errors
/// [`StoreError`].
pub fn status(cx: &Context, task: &Task, document: Document) -> Result<NewDelivery, StoreError> {
    let told = cx.tell(task, document, Purpose::Progress, status_buttons(&task.id))?;
    Ok(NewDelivery { about: Some(About::Status(task.id.clone())), ..told })
}

/// Asks a task's chat for its agent's permission.
///
/// # Errors
/// [`StoreError`].
pub fn ask(tx: &Tx<'_>, cx: &Context, task: &Task, approval: &Approval) -> Result<(), StoreError> {
    let question = format::approval::question(&tx.name_of(task)?, approval, cx.config.timeouts.approval);
    let told = cx.tell(task, question, Purpose::Approval, button::decisions(approval))?;
    tx.hasten_status(&task.id)?;
    tx.enqueue(&NewDelivery { about: Some(About::Approval(approval.id.clone())), ..told })
}

/// Shows a question that is answered in part, or of which something is chosen: as it stands now where its message can be
/// changed, else anew where there is another question.
///
/// # Errors
/// [`StoreError`].
pub fn ask_on(tx: &Tx<'_>, cx: &Context, task: &Task, approval: &Approval) -> Result<(), StoreError> {
    let question = format::approval::question(&tx.name_of(task)?, approval, cx.config.timeouts.approval);
    let buttons = button::decisions(approval);
    let mut is_shown = false;
    for shown in tx.with_buttons(&About::Approval(approval.id.clone()))? {
        if cx.can_edit(shown.address.provider.as_str()) {
            let (parts, _) = cx.render(&shown.address, question.clone())?;
            if let [part] = parts.as_slice() {
                tx.replace(&shown, part, &buttons)?;
                is_shown = true;
            }
        }
    }
    if !is_shown && approval.chosen.is_empty() {
        return ask(tx, cx, task, approval);
    }
    Ok(())
}

/// Shows in the place of a permission request what became of it; `false` where it is not shown, or cannot be changed.
///
/// # Errors
/// [`StoreError`].
pub fn answered(
    tx: &Tx<'_>,
    cx: &Context,
    task: &Task,
    approval: &Approval,
    outcome: Answered<'_>,
) -> Result<bool, StoreError> {
    let about = About::Approval(approval.id.clone());
    tx.drop_waiting_question(&approval.id)?;
    let document = format::approval::answered(&tx.name_of(task)?, approval, outcome);
    show_instead(tx, cx, &about, &document)
}

/// Raises the alarm in a task's chat: its agent was allowed something that nobody allowed here.
///
/// # Errors
/// [`StoreError`].
pub fn foreign(tx: &Tx<'_>, cx: &Context, task: &Task, approval: &Approval) -> Result<(), StoreError> {
    let name = tx.name_of(task)?;
    let alarm = format::approval::foreign(&name, approval);
    tx.enqueue(&cx.tell(task, alarm, Purpose::Approval, vec![button::cancel(&task.id)])?)?;
    let answered = format::approval::answered(&name, approval, Answered::Foreign);
    show_instead(tx, cx, &About::Approval(approval.id.clone()), &answered).map(drop)
}

/// Tells a task's chat how it ended, and takes the buttons away that are of no use any more.
///
/// # Errors
/// [`StoreError`].
pub fn end(tx: &Tx<'_>, cx: &Context, ended: &Task) -> Result<(), StoreError> {
    let name = tx.name_of(ended)?;
    if ended.status == Status::Aborted && tx.was_cancelled_by(&ended.id, format::intake::JOINED)? {
        // Its answer is that of the task which has taken its place.
        tx.drop_waiting_status(&ended.id)?;
        show_instead(tx, cx, &About::Status(ended.id.clone()), &format::intake::joined(&name))?;
        return close_questions(tx, cx, &ended.id, &name);
    }
    if ended.fire.is_some() {
        // What it came to is told by what it works for.
        return close(tx, cx, ended, &name);
    }
    let investigation = tx.investigation(&ended.id)?;
    let incident = ended.session.map(|session| tx.incident_of_session(session)).transpose()?.flatten();
    let report = match &investigation {
        Some(investigation) => match &incident {
            Some(incident) => format::incident::in_brief(incident, ended, &name, investigation, tx.now()),
            None => format::rca::result(ended, &name, investigation, tx.now()),
        },
        None => format::task::result(ended, &name, tx.now()),
    };
    let report = report.then(format::session::mentioned(&mentions(tx, cx, ended)?));
    let mut buttons = result_buttons(ended);
    let in_a_chat = !cx.is_trusted(ended.address.provider.as_str());
    if in_a_chat && investigation.is_none() && ended.status == Status::Ok && is_first_answer_to_free_text(tx, ended)? {
        buttons.push(button::investigate(&ended.id));
    }
    if let Some(incident) = &incident {
        tx.touch_incident(incident.id)?;
    }
    let has_analysis = investigation.as_ref().is_some_and(|investigation| investigation.rca.is_some());
    if incident.is_some() && has_analysis {
        buttons.push(button::show(&ended.id));
    } else if investigation.as_ref().is_some_and(|investigation| investigation.background)
        && ended.status == Status::Success
    {
        buttons.push(button::go_on(&ended.id));
    }
    if ended.session.is_some() && incident.is_none() && tx.has_evidence(&ended.id)? {
        buttons.push(button::evidence(&name));
    }
    let report = report.then(unattached(tx, &ended.id)?);
    let told = cx.tell(ended, report, Purpose::Result, buttons)?;
    let files = cx.enclosed(&ended.address, tx.files_of(&ended.id)?)?;
    tx.enqueue(&NewDelivery { files, about: Some(About::Result(ended.id.clone())), ..told })?;
    // Whoever has cancelled it knows.
    if let Some(investigation) = investigation.as_ref().filter(|_| ended.status != Status::Aborted) {
        notice::done(tx, cx, ended, &name, investigation)?;
    }
    close(tx, cx, ended, &name)
}

/// Says which files that a task's agent has named do not go with its answer.
///
/// # Errors
/// [`StoreError`].
pub fn unattached(tx: &Tx<'_>, task: &TaskId) -> Result<Document, StoreError> {
    Ok(tx.unattached_of(task)?.map(|said| format::line(&said)).unwrap_or_default())
}

/// Makes what was shown of a task say that it was cancelled before it ran; nothing new is said.
///
/// # Errors
/// [`StoreError`].
pub fn withdrawn(tx: &Tx<'_>, cx: &Context, ended: &Task) -> Result<(), StoreError> {
    let incident = ended.session.map(|session| tx.incident_of_session(session)).transpose()?.flatten();
    if let Some(incident) = incident {
        tx.touch_incident(incident.id)?;
    }
    close(tx, cx, ended, &tx.name_of(ended)?)
}

/// Whether a session was started by plain text and this is its first answer.
fn is_first_answer_to_free_text(tx: &Tx<'_>, ended: &Task) -> Result<bool, StoreError> {
    let session = ended.session.map(|id| tx.session(id)).transpose()?.flatten();
    let is_first = session.is_some_and(|session| session.messages == 1 && !session.investigation);
    match ended.inbox.filter(|_| is_first) {
        Some(inbox) => Ok(tx.inbound_text(inbox)?.is_some_and(|text| !text.trim_start().starts_with('/'))),
        None => Ok(false),
    }
}

/// Returns what a task's status has mentioned besides, and does not show any more: where messages do not change, it still does.
fn mentions(tx: &Tx<'_>, cx: &Context, task: &Task) -> Result<Vec<String>, StoreError> {
    let stays = !cx.can_edit(task.address.provider.as_str());
    if stays && matches!(tx.status_message(&task.id)?, StatusMessage::Shown(..)) {
        return Ok(Vec::new());
    }
    tx.mentions(&task.id)
}

/// Makes what was shown of a task's run say how it ended.
///
/// # Errors
/// [`StoreError`].
pub fn close(tx: &Tx<'_>, cx: &Context, ended: &Task, name: &str) -> Result<(), StoreError> {
    tx.drop_waiting_status(&ended.id)?;
    let closed = format::task::ended(ended, name, tx.now());
    show_instead(tx, cx, &About::Status(ended.id.clone()), &closed)?;
    close_questions(tx, cx, &ended.id, name)
}

/// Makes the questions of a task's ended run say so.
///
/// # Errors
/// [`StoreError`].
pub fn close_questions(tx: &Tx<'_>, cx: &Context, task: &TaskId, name: &str) -> Result<(), StoreError> {
    for approval in tx.approvals_of(task)? {
        tx.drop_waiting_question(&approval.id)?;
        let document = format::approval::answered(name, &approval, Answered::Ended);
        show_instead(tx, cx, &About::Approval(approval.id.clone()), &document)?;
    }
    Ok(())
}

/// Whether the buttons of a task's result are gone; where nothing can be changed they stay for ever.
///
/// # Errors
/// [`StoreError`].
pub fn is_spent(tx: &Tx<'_>, cx: &Context, task: &Task) -> Result<bool, StoreError> {
    let is_shown = !tx.with_buttons(&About::Result(task.id.clone()))?.is_empty();
    Ok(!is_shown && cx.can_edit(task.address.provider.as_str()))
}

/// Takes the buttons of a task's result away; what it says stays.
///
/// # Errors
/// [`StoreError`].
pub fn spend_result(tx: &Tx<'_>, cx: &Context, task: &TaskId) -> Result<(), StoreError> {
    for shown in tx.with_buttons(&About::Result(task.clone()))? {
        if cx.can_edit(shown.address.provider.as_str()) {
            tx.replace(&shown, &shown.part, &[])?;
        }
    }
    Ok(())
}

/// Makes the messages about something that still have buttons say something else, without them; whether there was one.
fn show_instead(tx: &Tx<'_>, cx: &Context, about: &About, document: &Document) -> Result<bool, StoreError> {
    let mut is_shown = false;
    for shown in tx.with_buttons(about)? {
        if cx.can_edit(shown.address.provider.as_str()) {
            let (parts, _) = cx.render(&shown.address, document.clone())?;
            let Some(part) = parts.into_iter().next() else { continue };
            tx.replace(&shown, &part, &[])?;
            is_shown = true;
        }
    }
    Ok(is_shown)
}
