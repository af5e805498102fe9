//! Permission requests of a run: put to its chat, closed when their time is over, and answered.
//!
//! An answer goes to the request that it was given for: the run that asked, and what it asked for. After a restart the
//! run is read again from its first event, so that an answer which was given and not passed on waits until all of that
//! is read: only then is it known which requests are still open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::Purpose;

use super::state::{Observer, Word};
use crate::agent::event::{Decision, Wants};
use crate::format;
use crate::format::approval::Answered;
use crate::format::button;
use crate::store::{Asking, Task};
use crate::turn::report;

/// For how long it is remembered that something was told of a run: longer than any run is read again.
const ONCE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The requests that a run has open, by the agent's own ids.
#[derive(Default)]
pub(super) struct Questions(BTreeMap<String, Asking>);

impl Observer {
    /// Puts a request to the task's chat, once.
    pub(super) async fn ask(&self, task: &Task, asking: Asking, questions: &mut Questions) {
        let clean = |text: &str| self.redactor.exact(text);
        let wants = match asking.wants {
            // It is shown as Markdown, which hides what would break a secret up.
            Wants::Plan(plan) => Wants::Plan(self.redactor.clean(&plan)),
            wants => wants.map(clean),
        };
        let asking = Asking { detail: clean(&asking.detail), wants, ..asking };
        questions.0.insert(asking.request.clone(), asking.clone());
        let (bus, task) = (Arc::clone(&self.bus), task.clone());
        self.store("question", move |tx| {
            let Some(approval) = tx.ask(&asking)? else { return Ok(()) };
            let context = bus.router().context();
            for older in tx.replace_questions(&approval)? {
                report::answered(tx, context, &task, &older, Answered::Replaced)?;
            }
            report::ask(tx, context, &task, &approval)
        })
        .await;
    }

    /// Tells a task's chat that its agent asks for more than a person is asked; once for each of its runs.
    pub(super) async fn tell_of_too_much(&self, task: &Task) {
        let (bus, task) = (Arc::clone(&self.bus), task.clone());
        tracing::warn!(task.id = %task.id, "an agent asks for too much; some of it is denied without asking anybody");
        self.store("asks-too-much", move |tx| {
            if !tx.first_in(&format!("asks-too-much:{}:{}", task.id, task.attempt), ONCE)? {
                return Ok(());
            }
            let context = bus.router().context();
            let said = format::approval::too_much(&tx.name_of(&task)?);
            tx.enqueue(&context.tell(&task, said, Purpose::Approval, vec![button::cancel(&task.id)])?)
        })
        .await;
    }

    /// Notes that a request is no longer open; one that nobody answered in time is told to the task's chat, and what the agent
    /// has taken back is asked no longer.
    pub(super) async fn close_question(
        &self,
        task: &Task,
        request: &str,
        decision: Decision,
        timed_out: bool,
        questions: &mut Questions,
    ) {
        let Some(asking) = questions.0.remove(request) else { return };
        let (bus, task) = (Arc::clone(&self.bus), task.clone());
        self.store("question-closed", move |tx| {
            if decision != Decision::Deny {
                let Some(approval) = tx.foreign_approval(&asking)? else { return Ok(()) };
                tracing::error!(task.id = %task.id, tool = approval.tool, "an agent was allowed what nobody allowed here");
                return report::foreign(tx, bus.router().context(), &task, &approval);
            }
            if !timed_out {
                // What somebody has answered says so already.
                let Some(approval) = tx.withdraw_approval(&asking)? else { return Ok(()) };
                return report::answered(tx, bus.router().context(), &task, &approval, Answered::Withdrawn).map(drop);
            }
            if let Some(approval) = tx.expire_approval(&asking)? {
                let context = bus.router().context();
                // Where the question itself says so, nothing more is said.
                if !report::answered(tx, context, &task, &approval, Answered::Nobody)? {
                    let said = format::approval::timed_out(&tx.name_of(&task)?, &approval);
                    tx.enqueue(&context.tell(&task, said, Purpose::Approval, Vec::new())?)?;
                }
            }
            Ok(())
        })
        .await;
    }

    /// Passes on what was answered while nobody followed the run.
    pub(super) async fn pass_answers_on(&self, questions: &Questions) {
        for asking in questions.0.values().cloned() {
            let task = asking.task.clone();
            let look = || {
                let asking = asking.clone();
                self.bus.store().read(move |tx| tx.answer_to(&asking))
            };
            match self.bus.store().patiently(&self.stop, look).await {
                Ok(Some(approval)) => self.tell(&task, Word::Answer(Box::new(approval))),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, task.id = %task, "could not look for an answer to a request"),
            }
        }
    }
}
