//! `/stop`: the end of running work, not of its session.

use super::tasks;
use crate::command::StopCommand;
use crate::format;
use crate::store::{InboxOutcome, Status, StoreError, Task};
use crate::turn::{Handler, Turn};

impl Handler for StopCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let tasks = turn.tx.unfinished_tasks(Some(&turn.chat()))?;
        let here = tasks.iter().filter(|task| task.address == turn.incoming.address);
        let targets: Vec<&Task> = if self.all {
            tasks.iter().collect()
        } else {
            // What free text would follow up is what "this" means; else the newest.
            let active = turn.tx.active_session_id(&turn.chat())?;
            let running: Vec<&Task> = here.filter(|task| task.status == Status::Running).collect();
            let meant = running.iter().rev().find(|task| task.session == active).or(running.last());
            meant.copied().into_iter().collect()
        };
        if targets.is_empty() {
            return turn.answer(format::task::nothing_to_stop(self.all));
        }
        let mut names = Vec::new();
        for task in targets {
            turn.tx.cancel(&task.id, turn.incoming.sender.id.as_str())?;
            names.push(turn.tx.name_of(task)?);
            tasks::announce_if_waiting(turn, task)?;
        }
        turn.answer(format::task::stopping(&names))
    }
}
