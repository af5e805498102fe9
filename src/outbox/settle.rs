//! What an attempt has come to, written down in one step, with what the chat is told of it.

use std::time::Duration;

use signalbox_adapter::{Form, MessageId, Receipt, Signal};

use super::retry::{self, Next, Outcome};
use super::setup::{Loss, Setup};
use crate::store::{About, ChatKey, Delivery, StoreError, Tx};

/// How long what goes into a thread waits for it to be opened; then it goes without.
const OPEN_WITHIN: Duration = Duration::from_secs(300);

/// Decides what is done about the outcome of an attempt.
pub(super) fn decide(setup: &Setup, delivery: &Delivery, outcome: &Outcome) -> Next {
    let age = setup.store.clock().now().since(delivery.created_at);
    let history = retry::History {
        attempts: delivery.attempts,
        age,
        max_age: setup.max_ages.get(delivery.address.provider.as_str()).copied(),
        chance: setup.store.clock().random(),
        is_letter: setup.letters.contains(delivery.address.provider.as_str()),
        spare: spare(delivery),
    };
    match retry::decide(outcome, &history) {
        // What is shown in a thread cannot be changed in another place; whoever goes on there finds out for themselves.
        Next::GiveUp { error, .. } | Next::Blocked(error) | Next::Plainer { without: Form::Thread, error }
            if delivery.is_edit =>
        {
            tracing::debug!(delivery.key = %delivery.key, error, "an earlier message could not be changed");
            Next::EditRefused
        }
        Next::GiveUp { error, .. } | Next::Blocked(error) if delivery.opens.is_some() => {
            tracing::info!(delivery.key = %delivery.key, error, "a thread was not opened; what was meant for it goes without");
            Next::Unopened(error)
        }
        Next::Later { after, error } | Next::Unsure { after, error }
            if delivery.opens.is_some() && age.saturating_add(after) > OPEN_WITHIN =>
        {
            tracing::info!(delivery.key = %delivery.key, error, "a thread takes too long; what was meant for it goes without");
            Next::Unopened(error)
        }
        Next::GiveUp { error, .. } | Next::Blocked(error) if delivery.tells_of_loss() => {
            tracing::debug!(delivery.key = %delivery.key, error, "a chat could not be told what it was not shown");
            Next::Superseded
        }
        Next::GiveUp { error, told } => {
            tracing::warn!(delivery.key = %delivery.key, error, "gave a delivery up; `signalbox outbox list` shows it");
            Next::GiveUp { error, told }
        }
        Next::Blocked(error) => {
            tracing::warn!(delivery.key = %delivery.key, error, "a chat's own rules forbid a message; the chat is told");
            Next::Blocked(error)
        }
        Next::Plainer { without, error } => {
            tracing::info!(delivery.key = %delivery.key, ?without, error, "a form was refused; sending without it");
            Next::Plainer { without, error }
        }
        next @ (Next::Delivered(_)
        | Next::Superseded
        | Next::EditRefused
        | Next::Unopened(_)
        | Next::Later { .. }
        | Next::Unsure { .. }
        | Next::Moved(_)) => next,
    }
}

/// Returns what may still be left out of a delivery.
fn spare(delivery: &Delivery) -> Vec<Form> {
    if delivery.opens.is_some() {
        return Vec::new();
    }
    let forms = [
        (Form::Text, !delivery.plain),
        (Form::Buttons, !delivery.buttons.is_empty() && !delivery.by_words),
        (Form::File, delivery.attachment.is_some()),
        (Form::Reply, delivery.reply_to.is_some()),
        (Form::Thread, delivery.address.thread.is_some()),
        (Form::Window, delivery.window.is_some()),
    ];
    forms.into_iter().filter_map(|(form, is_there)| is_there.then_some(form)).collect()
}

/// Writes down what is done, and tells the chat what it could not be shown.
pub(super) fn record(tx: &Tx<'_>, setup: &Setup, delivery: &Delivery, next: &Next) -> Result<(), StoreError> {
    let (id, from) = (delivery.id, &delivery.address);
    // A person has pressed a button of it meanwhile.
    if !matches!(next, Next::Delivered(_) | Next::Moved(_)) && !delivery.is_edit && tx.is_received(id)? {
        return Ok(());
    }
    match next {
        Next::Delivered(Receipt { message, begun }) => {
            tx.delivered(id, message)?;
            sign_end(tx, delivery, true)?;
            match begun {
                Some(thread) => tx.go_on_in(delivery, thread),
                None if matches!(delivery.about, Some(About::Fire(_))) => tx.thread_begun(delivery, message),
                None => Ok(()),
            }
        }
        Next::Superseded => tx.supersede(id),
        Next::EditRefused => {
            tx.edit_refused(id)?;
            tx.supersede(id)
        }
        Next::Unopened(words) => {
            tx.supersede(id)?;
            let Some(at) = delivery.opens.as_ref().and_then(|opens| opens.at.as_ref()) else { return Ok(()) };
            (setup.beside.tell)(tx, delivery, Loss::Opening { at: at.clone(), words: words.clone() })?;
            tx.stay_out(from, at)
        }
        Next::Later { after, error } => tx.postpone(id, tx.now().after(*after), error),
        Next::Unsure { after, error } => tx.unsure(id, tx.now().after(*after), error),
        // There is nothing to be said without it.
        Next::Plainer { without: Form::File, .. }
            if delivery.attachment.as_ref().is_some_and(|it| it.kept().is_some()) =>
        {
            tx.supersede(id)?;
            sign_end(tx, delivery, true)?;
            (setup.beside.tell)(tx, delivery, Loss::File)
        }
        Next::Plainer { without, error } => {
            tx.leave_out(delivery, *without, error)?;
            match without {
                Form::Thread => (setup.beside.tell)(tx, delivery, Loss::Thread),
                Form::File => (setup.beside.tell)(tx, delivery, Loss::File),
                Form::Text | Form::Buttons | Form::Reply | Form::Window => Ok(()),
            }
        }
        Next::Moved(to) => {
            tracing::info!(chat.id = %from.chat, chat.new_id = %to, "a chat has another id now");
            tx.postpone(id, tx.now(), "the chat has another id now")?;
            tx.move_chat(from, to)
        }
        Next::Blocked(words) => {
            tx.give_up(id, words)?;
            sign_end(tx, delivery, false)?;
            (setup.beside.tell)(tx, delivery, Loss::Blocked(words.clone()))
        }
        Next::GiveUp { error, told } => {
            tx.give_up(id, error)?;
            sign_end(tx, delivery, false)?;
            if *told { (setup.beside.tell)(tx, delivery, Loss::Message) } else { Ok(()) }
        }
    }
}

/// Gives the sign that what a message asked for has ended, once all that is said of it is shown, or is not going to be.
fn sign_end(tx: &Tx<'_>, delivery: &Delivery, is_shown: bool) -> Result<(), StoreError> {
    let Some(about @ About::Result(id)) = delivery.about.as_ref().filter(|_| !delivery.is_edit) else { return Ok(()) };
    if tx.waits_about(&ChatKey::of(&delivery.address), about)? {
        return Ok(());
    }
    let Some(task) = tx.task(id)? else { return Ok(()) };
    let Some(message) = task.reply_to.as_deref().map(MessageId::new) else { return Ok(()) };
    let ok = is_shown && task.is_answered();
    let (provider, address) = (task.address.provider.clone(), task.address);
    tx.sign(&provider, Signal::Ended { address, message, ok });
    Ok(())
}
