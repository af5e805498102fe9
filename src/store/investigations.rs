//! Investigations, their analyses, and how a chat wants to hear of them.

use rusqlite::{OptionalExtension, Row, params};

use super::about::About;
use super::chat::ChatKey;
use super::delivery::Delivery;
use super::error::StoreError;
use super::id::{SessionId, TaskId};
use super::outbox::{COLUMNS as OUTBOX_COLUMNS, read as read_delivery};
use super::task::Task;
use super::tx::Tx;
use crate::command::channel::Channel;
use crate::rca::{Rca, Stats};

/// An investigation to be; its task is stored already.
#[derive(Debug, Clone)]
pub struct NewInvestigation<'a> {
    /// Its task.
    pub task: &'a TaskId,
    /// Its chat.
    pub chat: &'a ChatKey,
    /// What it is about, one line.
    pub title: &'a str,
    /// What a person asks.
    pub question: &'a str,
    /// What an alert says; untrusted.
    pub alert: Option<&'a str>,
    /// The alert's fingerprint.
    pub fingerprint: Option<&'a str>,
    /// Whether the chat goes on meanwhile.
    pub background: bool,
}

/// An investigation.
#[derive(Debug, Clone, PartialEq)]
pub struct Investigation {
    /// Its task's id.
    pub task: TaskId,
    /// What it is about, one line.
    pub title: String,
    /// What a person asks.
    pub question: String,
    /// What an alert says; untrusted.
    pub alert: Option<String>,
    /// The alert's fingerprint.
    pub fingerprint: Option<String>,
    /// Whether the chat goes on meanwhile.
    pub background: bool,
    /// How often it was asked again, since an answer was no analysis.
    pub repairs: u32,
    /// The first of them.
    pub answer: Option<String>,
    /// What was wrong with it.
    pub fault: Option<String>,
    /// What was seen of its run.
    pub stats: Stats,
    /// The analysis.
    pub rca: Option<Rca>,
}

/// What an answer that is no analysis is asked for again with.
#[derive(Debug, Clone)]
pub struct Again {
    /// The answer.
    pub answer: String,
    /// What is wrong with it.
    pub fault: String,
    /// What was seen of the run so far.
    pub stats: Stats,
    /// Tokens read.
    pub input_tokens: Option<u64>,
    /// Tokens written.
    pub output_tokens: Option<u64>,
    /// Running total of the session's cost as the agent reports it, in US dollars.
    pub reported_cost: Option<f64>,
}

const COLUMNS: &str =
    "i.task, i.title, i.question, i.alert, i.fingerprint, i.background, i.turns, i.answer, i.fault, i.stats, i.rca";

fn read(row: &Row<'_>) -> rusqlite::Result<Investigation> {
    let json = |error: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    };
    Ok(Investigation {
        task: row.get(0)?,
        title: row.get(1)?,
        question: row.get(2)?,
        alert: row.get(3)?,
        fingerprint: row.get(4)?,
        background: row.get(5)?,
        repairs: row.get(6)?,
        answer: row.get(7)?,
        fault: row.get(8)?,
        stats: serde_json::from_str(&row.get::<_, String>(9)?).map_err(json)?,
        rca: row.get::<_, Option<String>>(10)?.map(|text| serde_json::from_str(&text)).transpose().map_err(json)?,
    })
}

impl Tx<'_> {
    /// Stores what a task investigates.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_investigation(&self, new: &NewInvestigation<'_>) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO investigations (task, chat, title, question, alert, fingerprint, background)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                new.task.as_str(),
                new.chat,
                new.title,
                new.question,
                new.alert,
                new.fingerprint,
                new.background
            ])?;
        Ok(())
    }

    /// Lets an investigation be about something else; whether it runs in the background stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reword_investigation(&self, new: &NewInvestigation<'_>) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE investigations SET title = ?2, question = ?3, alert = ?4, fingerprint = ?5 WHERE task = ?1",
            )?
            .execute(params![new.task.as_str(), new.title, new.question, new.alert, new.fingerprint])?;
        Ok(())
    }

    /// Lets a task investigate what an earlier one did, where that was an investigation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn investigate_again(&self, task: &TaskId, earlier: &TaskId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO investigations (task, chat, title, question, alert, fingerprint, background)
                 SELECT ?1, chat, title, question, alert, fingerprint, background FROM investigations WHERE task = ?2",
            )?
            .execute([task.as_str(), earlier.as_str()])?;
        Ok(())
    }

    /// Returns what a task investigates; `None` when it is no investigation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn investigation(&self, task: &TaskId) -> Result<Option<Investigation>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM investigations i WHERE i.task = ?1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([task.as_str()], read).optional()?)
    }

    /// Returns the newest finished investigation of a session: what a follow-up goes on from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn investigation_of_session(&self, session: SessionId) -> Result<Option<Investigation>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM investigations i JOIN tasks t ON t.id = i.task
             WHERE t.session = ?1 AND t.status = 'success' ORDER BY t.seq DESC LIMIT 1"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row([session], read).optional()?)
    }

    /// Returns a chat's investigations, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn investigations(&self, chat: &ChatKey, limit: usize) -> Result<Vec<Investigation>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM investigations i JOIN tasks t ON t.id = i.task WHERE i.chat = ?1
             ORDER BY t.seq DESC LIMIT ?2"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![chat, limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Counts a chat's investigations, those that run or wait and all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_investigations(&self, chat: &ChatKey) -> Result<(usize, usize), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FILTER (WHERE t.finished_at IS NULL), count(*)
             FROM investigations i JOIN tasks t ON t.id = i.task WHERE i.chat = ?1",
        )?;
        Ok(statement.query_row([chat], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Lets a task that still runs begin another run in its own session, since its answer is no analysis.
    ///
    /// Returns the task as it then stands; `None` when it has ended meanwhile, or is to be cancelled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ask_again(&self, task: &Task, again: &Again) -> Result<Option<Task>, StoreError> {
        let Again { input_tokens, output_tokens, reported_cost, .. } = again;
        let runs_on = self
            .connection
            .prepare_cached(
                "UPDATE tasks SET attempt = attempt + 1, boot = ?3, input_tokens = ?4, output_tokens = ?5
                 WHERE id = ?1 AND attempt = ?2 AND status = 'running' AND finished_at IS NULL AND cancel_at IS NULL",
            )?
            .execute(params![task.id.as_str(), task.attempt, self.caps().boot, input_tokens, output_tokens])?;
        if runs_on == 0 {
            return Ok(None);
        }
        let cost = match task.session {
            Some(session) => self.charge_session(session, *input_tokens, *output_tokens, *reported_cost)?,
            None => *reported_cost,
        };
        self.connection
            .prepare_cached("UPDATE tasks SET cost_usd = ?2 WHERE id = ?1")?
            .execute(params![task.id.as_str(), cost])?;
        self.connection
            .prepare_cached(
                "UPDATE investigations SET turns = turns + 1, answer = ?2, fault = ?3, stats = ?4 WHERE task = ?1",
            )?
            .execute(params![task.id.as_str(), again.answer, again.fault, serde_json::to_string(&again.stats)?])?;
        self.close_approvals(&task.id)?;
        self.note(&task.id, "asked again", &again.fault)?;
        self.task(&task.id)
    }

    /// Stores what an investigation came to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_analysis(&self, task: &TaskId, rca: Option<&Rca>, stats: &Stats) -> Result<(), StoreError> {
        let rca = rca.map(serde_json::to_string).transpose()?;
        self.connection
            .prepare_cached("UPDATE investigations SET rca = ?2, stats = ?3 WHERE task = ?1")?
            .execute(params![task.as_str(), rca, serde_json::to_string(stats)?])?;
        Ok(())
    }

    /// Returns whether investigations of a chat run in the background, where somebody has said so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn background(&self, chat: &ChatKey) -> Result<Option<bool>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT background FROM chats WHERE chat = ?1")?;
        Ok(statement.query_row([chat], |row| row.get(0)).optional()?.flatten())
    }

    /// Notes whether investigations of a chat run in the background.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_background(&self, chat: &ChatKey, on: bool) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO chats (chat, background) VALUES (?1, ?2) ON CONFLICT (chat) DO UPDATE SET background = ?2",
            )?
            .execute(params![chat, on])?;
        Ok(())
    }

    /// Returns the channels that are told of a chat's finished investigations; `None` when nobody has said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn channels(&self, chat: &ChatKey) -> Result<Option<Vec<Channel>>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT notify FROM chats WHERE chat = ?1")?;
        let text: Option<String> = statement.query_row([chat], |row| row.get(0)).optional()?.flatten();
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Notes the channels; an empty list is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_channels(&self, chat: &ChatKey, channels: &[Channel]) -> Result<(), StoreError> {
        let text = serde_json::to_string(channels)?;
        self.connection
            .prepare_cached(
                "INSERT INTO chats (chat, notify) VALUES (?1, ?2) ON CONFLICT (chat) DO UPDATE SET notify = ?2",
            )?
            .execute(params![chat, text])?;
        Ok(())
    }

    /// Returns the messages about something, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries_about(&self, about: &About) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!("SELECT {OUTBOX_COLUMNS} FROM outbox WHERE about = ?1 AND NOT is_edit ORDER BY id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([about], read_delivery)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
