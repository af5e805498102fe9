//! What a message is about, by which it is found again: when its buttons are spent, or the same is not to be said twice.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::chat::ChatKey;
use super::id::{ApprovalId, FireId, IncidentId, TaskId};

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// How a task stands.
    Status(TaskId),
    /// How a task ended.
    Result(TaskId),
    /// A permission request.
    Approval(ApprovalId),
    /// An investigation that has ended, told elsewhere.
    Notice(TaskId),
    /// A test of the channels of a chat's notices.
    NoticeTest(ChatKey),
    /// How an incident stands: its card.
    Card(IncidentId),
    /// What was done about an incident, in its thread.
    Incident(IncidentId),
    /// What a fire of a schedule delivers.
    Fire(FireId),
    /// Something that the chat could not be shown; holds what.
    Loss(String),
    /// Something that another version of this program knows.
    Unknown(String),
}

impl About {
    fn read(text: &str) -> Self {
        let known = || {
            let (kind, of) = text.split_once(':')?;
            match kind {
                "status" => TaskId::read(of).map(Self::Status),
                "result" => TaskId::read(of).map(Self::Result),
                "approval" => ApprovalId::read(of).map(Self::Approval),
                "notice" => TaskId::read(of).map(Self::Notice),
                "notice-test" => of.parse().ok().map(Self::NoticeTest),
                "card" => of.parse().ok().map(|id| Self::Card(IncidentId::new(id))),
                "incident" => of.parse().ok().map(|id| Self::Incident(IncidentId::new(id))),
                "fire" => of.parse().ok().map(|id| Self::Fire(FireId::new(id))),
                "loss" => Some(Self::Loss(of.to_owned())),
                _ => None,
            }
        };
        known().unwrap_or_else(|| Self::Unknown(text.to_owned()))
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(task) => write!(f, "status:{task}"),
            Self::Result(task) => write!(f, "result:{task}"),
            Self::Approval(approval) => write!(f, "approval:{approval}"),
            Self::Notice(task) => write!(f, "notice:{task}"),
            Self::NoticeTest(chat) => write!(f, "notice-test:{chat}"),
            Self::Card(incident) => write!(f, "card:{incident}"),
            Self::Incident(incident) => write!(f, "incident:{incident}"),
            Self::Fire(fire) => write!(f, "fire:{fire}"),
            Self::Loss(what) => write!(f, "loss:{what}"),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

impl ToSql for About {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for About {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(Self::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_unknown_is_kept() {
        let task = TaskId::read("k3m9qa7x").expect("an id");
        let all = [
            About::Status(task.clone()),
            About::Result(task.clone()),
            About::Approval(ApprovalId::read("ab23cd").expect("an id")),
            About::Notice(task),
            About::NoticeTest("telegram:-1001".parse().expect("a chat")),
            About::Loss("Thread:calm-otter".into()),
            About::Card(IncidentId::new(7)),
            About::Incident(IncidentId::new(7)),
            About::Fire(FireId::new(7)),
            About::Unknown("card:x".into()),
            About::Unknown("status:no id".into()),
        ];
        for about in all {
            assert_eq!(About::read(&about.to_string()), about);
        }
    }
}
