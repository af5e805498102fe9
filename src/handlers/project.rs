//! `/project`: the project of a chat.

use crate::command::ProjectCommand;
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Handler, Turn};

impl Handler for ProjectCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched && matches!(self, Self::List)
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let (chat, projects) = (turn.chat(), &turn.cx.config.projects);
        match self {
            Self::List => {
                let own = turn.tx.project(&chat)?;
                turn.answer(format::project::list(projects, own.as_deref()))
            }
            Self::Choose(name) => match projects.get(name) {
                Some(project) => {
                    turn.tx.set_project(&chat, Some(name))?;
                    turn.answer(format::project::chosen(name, project))
                }
                None => turn.refuse(format::session::unknown_project(name, projects.keys())),
            },
            Self::Leave => {
                turn.tx.set_project(&chat, None)?;
                turn.answer(format::project::left())
            }
        }
    }
}
