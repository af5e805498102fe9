//! Claiming: which delivery of which lane goes out next, and by whom.
//!
//! A lane gives out one row at a time: results first, all else in the order of its rows. The [`Gate`](super::delivery::Gate) has the
//! last word, so that a row is marked `sending` only when its request follows at once; a row that waits by
//! the provider's pace stays `pending` and was surely not sent.

use rusqlite::{OptionalExtension, Row, params};
use signalbox_adapter::{ChatAddress, Purpose};

use super::delivery::{Delivery, Lanes, Sending, State};
use super::error::StoreError;
use super::id::{DeliveryId, InboxId, TaskId};
use super::outbox::{COLUMNS, LATER, OPEN, is_unreadable, purpose_of, read};
use super::tx::Tx;
use crate::clock::Timestamp;

/// Lanes looked at in one step; those beyond it are looked at when these are done.
const MAX_LANES: usize = 4096;

/// The number of [`Purpose::Result`](signalbox_adapter::Purpose::Result) in the rows.
const RESULT: u8 = 0;

/// The number of [`Purpose::Progress`](signalbox_adapter::Purpose::Progress) in the rows.
const PROGRESS: u8 = 3;

/// When a row may be tried: its wait is over, or was begun by a clock that has been set back since.
const DUE: &str = "(next_at <= ?now OR ?now < postponed_at)";

/// Says that a status message is to be sent later, so that nothing waits for it.
fn deferred() -> String {
    format!("({LATER} AND next_at > ?now AND ?now >= postponed_at)")
}

/// Says which rows keep others of their lane waiting while they are being sent: a result waits for no status message.
fn holds_up(what: Sending) -> String {
    match what {
        Sending::Message(Purpose::Result) => format!("(purpose <> {PROGRESS} OR is_edit)"),
        Sending::Message(_) | Sending::Edit | Sending::Opening => "TRUE".to_owned(),
    }
}

/// Says that a row `o` waits for no other: a part waits for the one before it, a change for the message that it is of, and what
/// changes a message about a task for that task's result. Nobody is to be told that it is complete before the answer is there.
fn ready() -> String {
    let open = OPEN.replace("state", "r.state");
    format!(
        "NOT EXISTS (SELECT 1 FROM outbox b WHERE b.key = o.after AND b.state <> 'delivered')
         AND NOT (o.is_edit AND EXISTS (SELECT 1 FROM outbox r WHERE r.task = o.task AND NOT r.is_edit
             AND r.purpose = {RESULT} AND {open}))"
    )
}

impl Delivery {
    /// Returns the word for what became of it: the change of a message that was refused has changed nothing.
    #[must_use]
    pub fn standing(&self) -> &'static str {
        let is_refused = self.is_edit && self.state == State::Delivered && self.error.is_some();
        if is_refused { "refused" } else { self.state.as_str() }
    }

    /// Returns what is sent, as the pace of a provider counts it.
    #[must_use]
    pub fn sending(&self) -> Sending {
        sending(self.is_edit, self.opens.is_some(), self.purpose)
    }
}

impl Tx<'_> {
    /// Names this process as the sender when it delivers the lane and nothing else waits there, so that the commit that
    /// writes the row is the only one before its request.
    pub(super) fn sender_of(
        &self,
        address: &ChatAddress,
        window: Option<&str>,
        lane: &str,
        what: Sending,
    ) -> Result<Option<String>, StoreError> {
        let Some(delivering) = self.context.delivering() else { return Ok(None) };
        let ours = delivering.scopes.iter().any(|scope| {
            scope.provider == address.provider.as_str() && scope.window.as_deref().is_none_or(|own| window == Some(own))
        });
        if !ours {
            return Ok(None);
        }
        let (holds_up, deferred) = (holds_up(what), deferred().replace("?now", "?2"));
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE lane = ?1 AND {OPEN} AND {holds_up} AND NOT {deferred})"
        );
        let now = self.now();
        let busy: bool = self.connection.prepare_cached(&sql)?.query_row(params![lane, now], |row| row.get(0))?;
        Ok((!busy && delivering.gate.admits(address, what)).then(|| delivering.sender.clone()))
    }

    /// Whether a row of a lane is being sent that this one waits for: whoever sends that claims the next when it is done.
    pub(super) fn is_sending(&self, lane: &str, what: Sending) -> Result<bool, StoreError> {
        let holds_up = holds_up(what);
        let sql = format!("SELECT EXISTS (SELECT 1 FROM outbox WHERE lane = ?1 AND state = 'sending' AND {holds_up})");
        Ok(self.connection.prepare_cached(&sql)?.query_row([lane], |row| row.get(0))?)
    }

    /// Whether the result of a task is still to be sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn result_waits(&self, task: &TaskId) -> Result<bool, StoreError> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE task = ?1 AND NOT is_edit AND purpose = {RESULT} AND {OPEN})"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row([task.as_str()], |row| row.get(0))?)
    }

    /// Claims the next delivery of every free lane of `scopes` that may go out now: marks it `sending` by `sender`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_deliveries(&self, scopes: &[Lanes], sender: &str, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let mut claimed = Vec::new();
        let ready = ready();
        for scope in scopes {
            let (due, deferred) = (DUE.replace("?now", "?3"), deferred().replace("?now", "?3"));
            let holds_up = holds_up(Sending::Message(Purpose::Result));
            let sql = format!(
                "SELECT id, address, is_edit, is_opening, purpose FROM (
                     SELECT id, address, is_edit, opens IS NOT NULL AS is_opening, purpose, state, next_at, postponed_at,
                            row_number() OVER (PARTITION BY lane ORDER BY
                                CASE WHEN state = 'sending' AND {holds_up} THEN 0 WHEN purpose = {RESULT} THEN 1
                                     WHEN state = 'sending' THEN 2 ELSE 3 END, id) AS place
                     FROM outbox o WHERE {OPEN} AND provider = ?1 AND (?2 IS NULL OR \"window\" = ?2)
                       AND NOT {deferred} AND {ready}) heads
                 WHERE place = 1 AND state <> 'sending' AND {due} ORDER BY is_edit, id LIMIT {MAX_LANES}"
            );
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![scope.provider, scope.window, self.now()])?;
            let mut heads = Vec::new();
            while let Some(row) = rows.next()? {
                let what = sending(row.get(2)?, row.get(3)?, purpose_of(row.get(4)?));
                heads.push((row.get(0)?, row.get::<_, String>(1)?, what));
            }
            for (id, address, what) in heads {
                if claimed.len() == limit {
                    return Ok(claimed);
                }
                if self.may_go_out(id, &address, what)? {
                    claimed.extend(self.claim(id, sender)?);
                }
            }
        }
        Ok(claimed)
    }

    fn may_go_out(&self, id: DeliveryId, address: &str, what: Sending) -> Result<bool, StoreError> {
        let Some(delivering) = self.context.delivering() else { return Ok(true) };
        let address: ChatAddress = match address.parse() {
            Ok(address) => address,
            Err(error) => return self.lay_aside(id, &error).map(|()| false),
        };
        Ok(delivering.gate.admits(&address, what))
    }

    /// Claims a row; `None` where it cannot be read.
    fn claim(&self, id: DeliveryId, sender: &str) -> Result<Option<Delivery>, StoreError> {
        self.connection
            .prepare_cached("UPDATE outbox SET sender = ?2, attempts = attempts + 1, state = 'sending' WHERE id = ?1")?
            .execute(params![id, sender])?;
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1");
        match self.connection.prepare_cached(&sql)?.query_row([id], read) {
            Ok(delivery) => Ok(Some(delivery)),
            Err(error) if is_unreadable(&error) => self.lay_aside(id, &error).map(|()| None),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a row that cannot be read, such as one of a later version, among the dead letters, with the parts that wait for
    /// it, so that it holds up no other.
    fn lay_aside(&self, id: DeliveryId, why: &dyn std::error::Error) -> Result<(), StoreError> {
        tracing::error!(delivery.id = %id, why = %why, "a message cannot be read; it is among the dead letters now");
        self.connection
            .prepare_cached(
                "WITH RECURSIVE rest (key) AS (
                     SELECT key FROM outbox WHERE id = ?1
                     UNION SELECT o.key FROM outbox o JOIN rest ON o.after = rest.key)
                 UPDATE outbox SET state = 'failed', sender = NULL, finished_at = ?2, error = 'it cannot be read'
                 WHERE state <> 'delivered' AND key IN (SELECT key FROM rest)",
            )?
            .execute(params![id, self.now()])?;
        Ok(())
    }

    /// Claims the next delivery of one lane, which `sender` has just left free, if it may go out now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_next(&self, lane: &str, sender: &str) -> Result<Option<Delivery>, StoreError> {
        // Each in the order of the index, so that a long lane costs no more than a short one.
        for (purposes, first) in [("purpose = 0", Purpose::Result), ("purpose > 0", Purpose::Approval)] {
            let (due, ready, deferred) = (DUE.replace("?now", "?2"), ready(), deferred().replace("?now", "?2"));
            let holds_up = holds_up(Sending::Message(first));
            let sql = format!(
                "SELECT id, address, is_edit, opens IS NOT NULL, purpose, {due} FROM outbox o
                 WHERE lane = ?1 AND {purposes} AND {OPEN} AND NOT {deferred} AND {ready}
                   AND NOT EXISTS (SELECT 1 FROM outbox WHERE lane = ?1 AND state = 'sending' AND {holds_up})
                 ORDER BY id LIMIT 1"
            );
            let read = |row: &Row<'_>| {
                let what = sending(row.get(2)?, row.get(3)?, purpose_of(row.get(4)?));
                Ok((row.get(0)?, row.get(1)?, what, row.get(5)?))
            };
            let mut statement = self.connection.prepare_cached(&sql)?;
            let first: Option<(DeliveryId, String, Sending, bool)> =
                statement.query_row(params![lane, self.now()], read).optional()?;
            if let Some((id, address, what, is_due)) = first {
                let goes = is_due && self.may_go_out(id, &address, what)?;
                return if goes { self.claim(id, sender) } else { Ok(None) };
            }
        }
        Ok(None)
    }

    /// Returns when the earliest waiting delivery of `scopes` may be tried, or `None` when nothing waits but for another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_delivery_at(&self, scopes: &[Lanes]) -> Result<Option<Timestamp>, StoreError> {
        let ready = ready();
        let sql = format!(
            "SELECT min(CASE WHEN ?3 < postponed_at THEN 0 ELSE next_at END) FROM outbox o
             WHERE {OPEN} AND state <> 'sending' AND provider = ?1 AND (?2 IS NULL OR \"window\" = ?2) AND {ready}"
        );
        let mut earliest: Option<Timestamp> = None;
        for scope in scopes {
            let at: Option<Timestamp> = self
                .connection
                .prepare_cached(&sql)?
                .query_row(params![scope.provider, scope.window, self.now()], |row| row.get(0))?;
            earliest = [earliest, at].into_iter().flatten().min();
        }
        Ok(earliest)
    }

    /// Ends the waits of a provider's deliveries: it can be reached again. What the provider itself asked to wait is kept
    /// by the gate, and what was never tried waits for its own time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn try_again(&self, provider: &str) -> Result<(), StoreError> {
        let sql =
            format!("UPDATE outbox SET next_at = 0 WHERE {OPEN} AND provider = ?1 AND next_at > 0 AND NOT ({LATER})");
        self.connection.prepare_cached(&sql)?.execute([provider])?;
        self.effects.borrow_mut().deliver = true;
        Ok(())
    }

    /// Counts what `scopes` still have to deliver.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_undelivered(&self, scopes: &[Lanes], inbox: Option<InboxId>) -> Result<usize, StoreError> {
        let sql = format!(
            "SELECT count(*) FROM outbox WHERE {OPEN} AND provider = ?1 AND (?2 IS NULL OR \"window\" = ?2)
                 AND (?3 IS NULL OR inbox = ?3)"
        );
        let mut waiting = 0;
        for scope in scopes {
            waiting += self
                .connection
                .prepare_cached(&sql)?
                .query_row(params![scope.provider, scope.window, inbox], |row| row.get::<_, usize>(0))?;
        }
        Ok(waiting)
    }

    /// Puts back what `sender` has claimed and has surely not begun to send; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn release(&self, sender: &str) -> Result<usize, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "UPDATE outbox SET state = 'pending', sender = NULL, attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
                 WHERE state = 'sending' AND sender = ?1",
            )?
            .execute([sender])?)
    }

    /// Marks as `unknown` what a dead process left `sending` in `scopes`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn doubt_abandoned(&self, scopes: &[Lanes], sender: &str) -> Result<usize, StoreError> {
        let mut found = 0;
        for scope in scopes {
            found += self
                .connection
                .prepare_cached(
                    "UPDATE outbox SET state = 'unknown', sender = NULL, maybe_repeat = TRUE,
                         error = 'the sender stopped before a receipt came'
                     WHERE state = 'sending' AND provider = ?1 AND (?2 IS NULL OR \"window\" = ?2) AND sender IS DISTINCT FROM ?3",
                )?
                .execute(params![scope.provider, scope.window, sender])?;
        }
        Ok(found)
    }
}

fn sending(is_edit: bool, is_opening: bool, purpose: Purpose) -> Sending {
    match (is_edit, is_opening) {
        (true, _) => Sending::Edit,
        (false, true) => Sending::Opening,
        (false, false) => Sending::Message(purpose),
    }
}
