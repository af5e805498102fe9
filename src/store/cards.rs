//! The messages that show incidents: written, changed, refused, and followed by others.

use rusqlite::{OptionalExtension, params};
use signalbox_adapter::{DeliveryKey, MessageId, Part};

use super::about::About;
use super::delivery::{Delivery, State};
use super::error::StoreError;
use super::id::{DeliveryId, IncidentId};
use super::incident::{CardStanding, Incident, Spent};
use super::tx::Tx;

/// What stands as the error of a change that its provider has refused for good.
const EDIT_REFUSED: &str = "the message cannot be changed any more";

impl Tx<'_> {
    /// Notes the delivery that was just written as an incident's card. Its thread stands at the first that was, or may still
    /// be, shown.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_carded(&self, id: IncidentId) -> Result<(), StoreError> {
        let card = self.deliveries_about(&About::Card(id))?.pop().map(|delivery| delivery.key);
        self.connection
            .prepare_cached(
                "UPDATE incidents SET card = ?2, carded_at = ?3, edited_at = ?3, card_lost = FALSE,
                     root = CASE WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.key = incidents.root AND o.state <> 'failed')
                                 THEN root ELSE ?2 END
                 WHERE id = ?1",
            )?
            .execute(params![id, card.as_ref().map(DeliveryKey::as_str), self.now()])?;
        Ok(())
    }

    /// Notes that an incident's card was changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_edited(&self, id: IncidentId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE incidents SET edited_at = ?2 WHERE id = ?1")?
            .execute(params![id, self.now()])?;
        Ok(())
    }

    /// Notes that the change of a message was refused for good: if that is a card, another takes its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn edit_refused(&self, edit: DeliveryId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE outbox SET error = ?2 WHERE id = ?1 AND is_edit")?
            .execute(params![edit, EDIT_REFUSED])?;
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE incidents SET card_lost = TRUE, due_at = ?2
                 WHERE card = (SELECT after FROM outbox WHERE id = ?1 AND is_edit)",
            )?
            .execute(params![edit, self.now()])?;
        self.effects.borrow_mut().triage |= changed > 0;
        Ok(())
    }

    /// Has an incident looked at whose card has just been given up.
    pub(super) fn card_given_up(&self, card: DeliveryId) -> Result<(), StoreError> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE incidents SET due_at = ?2
                 WHERE card = (SELECT key FROM outbox WHERE id = ?1) AND state <> 'resolved'",
            )?
            .execute(params![card, self.now()])?;
        self.effects.borrow_mut().triage |= changed > 0;
        Ok(())
    }

    /// Returns where an incident's card stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn card_standing(&self, incident: &Incident) -> Result<CardStanding, StoreError> {
        let Some(card) = &incident.card else { return Ok(CardStanding::None) };
        let sql = "SELECT state FROM outbox WHERE key = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let state: Option<String> = statement.query_row([card.as_str()], |row| row.get(0)).optional()?;
        Ok(match state.as_deref().map(State::parse) {
            None | Some(State::Failed) => CardStanding::Unsent,
            Some(State::Pending | State::Sending | State::Unknown | State::Delivered) if incident.card_lost => {
                CardStanding::Frozen
            }
            Some(State::Pending | State::Sending | State::Unknown | State::Delivered) => CardStanding::Alive,
        })
    }

    /// Removes a card from the dead letters, with what waited for it: another takes its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_unsent_card(&self, incident: &Incident) -> Result<(), StoreError> {
        let Some(card) = &incident.card else { return Ok(()) };
        self.connection
            .prepare_cached("DELETE FROM outbox WHERE state = 'failed' AND (key = ?1 OR after = ?1)")?
            .execute([card.as_str()])?;
        Ok(())
    }

    /// Returns the delivery that shows an incident.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn card_of(&self, incident: &Incident) -> Result<Option<Delivery>, StoreError> {
        let Some(card) = &incident.card else { return Ok(None) };
        Ok(self.deliveries_about(&About::Card(incident.id))?.into_iter().find(|delivery| delivery.key == *card))
    }

    /// Returns the message that shows an incident, once it has arrived.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn card_message(&self, incident: &Incident) -> Result<Option<MessageId>, StoreError> {
        self.shown_as(incident.card.as_ref())
    }

    /// Returns the message at which the thread of an incident stands, once it has arrived.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn root_message(&self, incident: &Incident) -> Result<Option<MessageId>, StoreError> {
        self.shown_as(incident.root.as_ref().or(incident.card.as_ref()))
    }

    fn shown_as(&self, card: Option<&DeliveryKey>) -> Result<Option<MessageId>, StoreError> {
        let Some(card) = card else { return Ok(None) };
        let sql = "SELECT message FROM outbox WHERE key = ?1 AND state = 'delivered'";
        let message: Option<Option<String>> =
            self.connection.prepare_cached(sql)?.query_row([card.as_str()], |row| row.get(0)).optional()?;
        Ok(message.flatten().map(MessageId::new))
    }

    /// Returns the cards of an incident that were shown before the one that is now, each with how it stands with the tries to
    /// take its buttons away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn earlier_cards(&self, incident: &Incident) -> Result<Vec<(Delivery, Spent)>, StoreError> {
        let sql = "SELECT count(*), max(created_at),
                          count(*) FILTER (WHERE state <> 'delivered' OR error IS NULL OR error <> ?2) > 0
                   FROM outbox WHERE is_edit AND after = ?1 AND buttons = '[]'";
        let mut statement = self.connection.prepare_cached(sql)?;
        let cards = self.deliveries_about(&About::Card(incident.id))?.into_iter();
        // One that was shown in a chat whose id has changed since stands in no chat that is known.
        let is_here = |card: &Delivery| card.state == State::Delivered && card.address == incident.address;
        let earlier = cards.filter(|card| is_here(card) && Some(&card.key) != incident.card.as_ref());
        let with_tries = |card: Delivery| {
            let spent = statement.query_row([card.key.as_str(), EDIT_REFUSED], |row| {
                Ok(Spent { tries: row.get(0)?, tried_at: row.get(1)?, is_done: row.get(2)? })
            });
            Ok((card, spent?))
        };
        earlier.map(with_tries).collect()
    }

    /// Whether the thread at a card was refused, so that what belongs to it answers the card.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn thread_refused(&self, card: &DeliveryKey) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE after = ?1 AND opens IS NOT NULL
                       AND state = 'delivered' AND message IS NULL)";
        Ok(self.connection.prepare_cached(sql)?.query_row([card.as_str()], |row| row.get(0))?)
    }

    /// Returns what a message of ours shows, or will once what waits has changed it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_shown(&self, message: &Delivery) -> Result<Part, StoreError> {
        let sql = "SELECT part FROM outbox WHERE is_edit AND after = ?1 ORDER BY id DESC LIMIT 1";
        let edited: Option<String> =
            self.connection.prepare_cached(sql)?.query_row([message.key.as_str()], |row| row.get(0)).optional()?;
        Ok(edited.map_or_else(|| message.part.clone(), |body| Part { body }))
    }
}
