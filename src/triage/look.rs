//! One look at one incident: everything that is to be done about it by now, in one step.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::format;
use crate::format::incident::{Held, Investigating};
use crate::incident::{IncidentEvent, IncidentState, TriagePolicy, edit_due, successor_due};
use crate::store::{CardStanding, Incident, IncidentChange, IncidentId, StoreError, Tx};
use crate::turn::Context;
use crate::turn::incident::{self, Asked};

/// Investigations of one group that begin by themselves within [`BUDGET_SPAN`].
const MAX_PER_GROUP: usize = 2;
/// Investigations of one chat that begin by themselves within [`BUDGET_SPAN`].
const MAX_PER_CHAT: usize = 10;
/// The time within which these are counted.
const BUDGET_SPAN: Duration = Duration::from_secs(3600);
/// How long until an incident is looked at again whose card is on its way.
const CARD_LOOK_EVERY: Duration = Duration::from_millis(400);
/// How long until a card is looked at again whose investigation has ended, and whose answer is on its way.
const ANSWER_LOOK_EVERY: Duration = Duration::from_secs(1);
/// A thread hears of what happens by itself at most so often; the card shows all of it.
const TELL_EVERY: Duration = Duration::from_secs(600);
/// Lines of a history among which the one is looked for that a thread was last told.
const MAX_LOOKED_AT: usize = 20;

/// Looks at an incident; `agent` is who investigates where nobody is named.
pub(super) fn look(
    tx: &Tx<'_>,
    cx: &Context,
    policy: &TriagePolicy,
    agent: &str,
    id: IncidentId,
) -> Result<(), StoreError> {
    let Some(incident) = end_silence(tx, cx, id)? else { return Ok(()) };
    if incident.folded && incident.card.is_none() {
        return tx.incident_due(id, incident.silenced_until);
    }
    let card_at = show_card(tx, cx, &incident)?;
    let Some(incident) = tx.incident(id)? else { return Ok(()) };
    let later = tx.now().after(CARD_LOOK_EVERY);
    let kept_at = incident::tell_kept(tx, cx, &incident)?.then_some(later).filter(|_| incident.card.is_some());
    let tell_at = tell_what_happened(tx, cx, &incident)?;
    let waits = begin_investigation(tx, cx, policy, agent, &incident)?;
    let Some(incident) = tx.incident(id)? else { return Ok(()) };
    let edit_at = change_card(tx, cx, &incident)?;
    // The card says that it goes on until the answer is there.
    let answer_at = incident::awaits_result(tx, cx, &incident)?.then(|| tx.now().after(ANSWER_LOOK_EVERY));
    let spend_at = incident::spend_earlier_cards(tx, cx, &incident)?;
    let silence = incident.silenced_until.filter(|_| incident.state == IncidentState::Silenced);
    let due = [card_at, kept_at, tell_at, waits, edit_at, answer_at, spend_at, silence].into_iter().flatten().min();
    tx.incident_due(id, due)
}

/// Ends a silence whose time is over.
fn end_silence(tx: &Tx<'_>, cx: &Context, id: IncidentId) -> Result<Option<Incident>, StoreError> {
    let Some(incident) = tx.incident(id)? else { return Ok(None) };
    let is_over =
        incident.state == IncidentState::Silenced && incident.silenced_until.is_some_and(|until| until <= tx.now());
    if !is_over {
        return Ok(Some(incident));
    }
    // What the clock says is never refused.
    tx.change_incident(id, &IncidentChange::by_itself(IncidentEvent::SilenceEnded))?.ok();
    let Some(incident) = tx.incident(id)? else { return Ok(None) };
    // Where the source is asked whether it still fires, its answer comes first.
    if !tx.is_silence_kept(id)? {
        incident::tell_last(tx, cx, &incident)?;
    }
    Ok(Some(incident))
}

/// Shows the card where there is none that shows the incident; returns when another is due, where that is later.
fn show_card(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<Option<Timestamp>, StoreError> {
    let due = match tx.card_standing(incident)? {
        CardStanding::Alive => return Ok(None),
        // What nobody was shown need not be shown when it is over.
        CardStanding::Unsent if !incident.state.is_open() => return Ok(None),
        CardStanding::None => tx.now(),
        CardStanding::Unsent | CardStanding::Frozen => {
            incident.carded_at.map_or(tx.now(), |at| successor_due(incident.created_at, at))
        }
    };
    if due > tx.now() {
        return Ok(Some(due));
    }
    incident::show(tx, cx, incident)?;
    Ok(None)
}

/// Tells the thread that an incident fires again or is over, where its last news is that and nobody has been told lately:
/// a change of the card alone wakes nobody. Returns when it may be told, where that is later.
fn tell_what_happened(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<Option<Timestamp>, StoreError> {
    let history = tx.incident_history(incident.id, MAX_LOOKED_AT)?;
    let Some(last) = history.first() else { return Ok(None) };
    let is_news = match last.event {
        IncidentEvent::Fired => incident.carded_at.is_some_and(|shown| last.at > shown),
        // In a chat without threads everybody sees the card turn green; who reads a thread may not see the card.
        IncidentEvent::Cleared => {
            let has_thread = incident::place(tx, cx, incident)?.is_some_and(|place| place.reply_to.is_none());
            has_thread || !cx.can_edit(incident.address.provider.as_str())
        }
        IncidentEvent::Acked | IncidentEvent::Unacked => last.at_source,
        IncidentEvent::Assigned
        | IncidentEvent::Silenced
        | IncidentEvent::SilenceEnded
        | IncidentEvent::Resolved
        | IncidentEvent::Reopened
        | IncidentEvent::Investigated => false,
    };
    if !is_news || last.at <= incident.told_at {
        return Ok(None);
    }
    // That it fires again is not held up by the word that it was over.
    let told = history.iter().find(|line| line.at <= incident.told_at).map(|line| line.event);
    let is_end_of = last.event == IncidentEvent::Fired && told == Some(IncidentEvent::Cleared);
    let due = if is_end_of { tx.now() } else { incident.told_at.after(TELL_EVERY) };
    // What a person does is told at once; it happens but once.
    if due > tx.now() && !last.at_source {
        return Ok(Some(due));
    }
    if incident::place(tx, cx, incident)?.is_some() {
        incident::tell(tx, cx, incident, format::incident::told(incident, last, tx.now()))?;
        tx.incident_told(incident.id)?;
    }
    Ok(None)
}

/// Whether somebody waits for the cause: who has taken an incident does so all the more.
fn is_loud(state: IncidentState) -> bool {
    matches!(state, IncidentState::Firing | IncidentState::Acknowledged)
}

/// Begins an investigation that is wanted; returns when to look again where it waits for the card.
fn begin_investigation(
    tx: &Tx<'_>,
    cx: &Context,
    policy: &TriagePolicy,
    agent: &str,
    incident: &Incident,
) -> Result<Option<Timestamp>, StoreError> {
    let runs = incident::investigating(tx, incident)? == Investigating::Running;
    let is_shown = incident::place(tx, cx, incident)?.is_some();
    let later = Some(tx.now().after(CARD_LOOK_EVERY));
    if runs && is_shown {
        incident::bring_home(tx, cx, incident)?;
    }
    let wanted = incident.wanted.unwrap_or(policy.investigates(incident.severity));
    // What is quiet for now is decided on when it is loud again.
    let is_decided = incident.wanted.is_some() || !is_loud(incident.state);
    if runs || !wanted || !is_loud(incident.state) {
        if !is_decided {
            tx.incident_wanted(incident.id, false)?;
        }
        return Ok(later.filter(|_| runs && !is_shown));
    }
    if !is_shown && !incident::waited_for_card(incident, tx.now()) {
        return Ok(later);
    }
    let since = tx.now().before(BUDGET_SPAN);
    let (of_group, of_chat) = tx.count_auto_investigations(incident.id, since)?;
    let held = if of_group >= MAX_PER_GROUP {
        Some(Held::Spent(of_group))
    } else if of_chat >= MAX_PER_CHAT {
        Some(Held::Spent(of_chat))
    } else {
        incident::investigate(tx, cx, incident, agent, Asked::default())?.err()
    };
    if let Some(held) = held {
        tx.incident_wanted(incident.id, false)?;
        incident::tell(tx, cx, incident, format::incident::held(&held))?;
    }
    Ok(later.filter(|_| !is_shown))
}

/// Changes the card where it may be changed by now; returns when it may, where that is later.
fn change_card(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<Option<Timestamp>, StoreError> {
    let (Some(shown), Some(edited)) = (incident.carded_at, incident.edited_at) else { return Ok(None) };
    if tx.card_standing(incident)? != CardStanding::Alive {
        return Ok(None);
    }
    let due = edit_due(shown, edited, tx.now());
    if due > tx.now() {
        return Ok(Some(due).filter(|_| cx.can_edit(incident.address.provider.as_str())));
    }
    incident::edit(tx, cx, incident)?;
    Ok(None)
}
