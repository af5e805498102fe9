//! `/approve`, `/deny`, `/allow` and `/answer`: a person's answer to an agent that asks. Plain text answers, too.

use std::time::Duration;

use signalbox_adapter::Quoting;

use crate::agent::event::{Decision, Wants};
use crate::command::{AllowCommand, AnswerCommand, ApproveCommand, DenyCommand, YesNo};
use crate::format;
use crate::format::approval::Answered;
use crate::store::{Approval, ApprovalId, ChatKey, InboxOutcome, Session, Status, StoreError, Task};
use crate::turn::{Handler, Turn, report};

/// An answer that names no request is not taken where another was closed by itself in this time.
const LATELY: Duration = Duration::from_secs(30);
/// Longest answer to a question, in bytes: with those to the others it is one line to the agent's supervisor.
const MAX_ANSWER_BYTES: usize = 4 * 1024;

impl Handler for ApproveCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        decide_one(turn, self.request.as_deref(), Decision::Allow)
    }
}

impl Handler for AllowCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        decide(turn, &self.request, Decision::AllowForSession)
    }
}

impl Handler for DenyCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        decide_one(turn, self.request.as_deref(), Decision::Deny)
    }
}

impl Handler for AnswerCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let (approval, task) = match find(turn, &self.request)? {
            Found::Open(approval, task) => (approval, task),
            Found::Not(outcome) => return Ok(outcome),
        };
        if let Some(why) = turn.barred_from(&task.agent)? {
            return turn.refuse(why);
        }
        let name = turn.tx.name_of(&task)?;
        let Some((number, question)) = approval.at_hand().filter(|_| approval.decision.is_none()) else {
            return turn.refuse(format::approval::too_late(&name, &approval, is_stopped(&task)));
        };
        let picked = self.choice.split_once('.').filter(|(of, _)| of.parse() == Ok(number + 1)).map(|(_, which)| which);
        let choice = picked.and_then(|which| which.parse::<usize>().ok()).and_then(|which| which.checked_sub(1));
        match (picked, choice.filter(|at| *at < question.choices.len())) {
            (Some("done"), _) if question.several => {
                let taken = approval.chosen.iter().filter_map(|at| question.choices.get(*at));
                let words = taken.map(|choice| choice.label.as_str()).collect::<Vec<_>>().join(", ");
                answer(turn, &approval, &task, &words)
            }
            (Some(_), Some(at)) if question.several => {
                let mut chosen = approval.chosen.clone();
                match chosen.iter().position(|other| *other == at) {
                    Some(known) => drop(chosen.remove(known)),
                    None => chosen.push(at),
                }
                chosen.sort_unstable();
                let Some(now) = turn.tx.answer_so_far(&approval, &approval.words, &chosen)? else {
                    return turn.refuse(format::approval::too_late(&name, &approval, is_stopped(&task)));
                };
                report::ask_on(turn.tx, turn.cx, &task, &now)?;
                let labels =
                    chosen.iter().filter_map(|at| question.choices.get(*at)).map(|choice| choice.label.as_str());
                turn.answer(format::approval::chosen(&name, &labels.collect::<Vec<_>>()))
            }
            (Some(_), Some(at)) => answer(turn, &approval, &task, &question.choices[at].label),
            (_, _) => turn.refuse(format::approval::no_choice(&name)),
        }
    }
}

/// Takes plain text as the answer to what a session's agent asks; `None` where it asks nothing that words answer.
///
/// # Errors
/// [`StoreError`].
pub(super) fn answer_in_words(
    turn: &Turn<'_>,
    session: &Session,
    words: &str,
) -> Result<Option<InboxOutcome>, StoreError> {
    let Some(approval) = turn.tx.open_question(session.id)? else { return Ok(None) };
    let Some(task) = turn.tx.task(&approval.task)? else { return Ok(None) };
    // Words send a plan back, or answer a question: they allow nothing.
    if let Some(why) = turn.barred_from(&task.agent)? {
        return turn.refuse(why).map(Some);
    }
    let has_more = !turn.incoming.quoted.iter().all(|quoted| quoted.why == Quoting::Answered);
    if has_more || !turn.incoming.files.is_empty() {
        return Ok(None);
    }
    answer(turn, &approval, &task, words).map(Some)
}

/// Takes a word such as `yes` for what it looks like, where something is asked that leave can be given for; `None` where it is
/// none, or nothing is asked. A no to the only request is one. A yes says how: leave is given for what was shown, by its id.
///
/// `session` is the one that the text belongs to; without one it is about whatever is asked in the chat.
///
/// # Errors
/// [`StoreError`].
pub(super) fn decide_in_words(
    turn: &Turn<'_>,
    session: Option<&Session>,
    words: &str,
) -> Result<Option<InboxOutcome>, StoreError> {
    let Some(said) = YesNo::of(words).filter(|_| turn.incoming.files.is_empty()) else { return Ok(None) };
    let mut open = all_open(turn)?;
    open.retain(|(_, task, approval)| {
        let is_about = session.is_none_or(|session| task.session == Some(session.id));
        is_about && !matches!(approval.wants, Wants::Answers(_))
    });
    match (open.as_slice(), said) {
        ([], _) => Ok(None),
        // A plan that is sent back with a word is sent back.
        ([(_, task, approval)], YesNo::No) => {
            if let Some(why) = turn.barred_from(&task.agent)? {
                return turn.refuse(why).map(Some);
            }
            settle(turn, approval, task, Decision::Deny).map(Some)
        }
        ([(name, _, approval)], YesNo::Yes) => {
            turn.refuse(format::approval::not_by_a_word(name, approval, words)).map(Some)
        }
        (several, said) => {
            let decision = if said == YesNo::Yes { Decision::Allow } else { Decision::Deny };
            let named: Vec<_> = several.iter().map(|(name, _, it)| (name.clone(), it.id.to_string())).collect();
            turn.refuse(format::approval::which(&named, decision)).map(Some)
        }
    }
}

/// Returns all that is asked in the chat and not answered: what asks is called, its task, and what it asks.
fn all_open(turn: &Turn<'_>) -> Result<Vec<(String, Task, Approval)>, StoreError> {
    let mut open = Vec::new();
    for task in turn.tx.unfinished_tasks(Some(&turn.chat()))? {
        let name = turn.tx.name_of(&task)?;
        let all = turn.tx.approvals_of(&task.id)?.into_iter().filter(|it| it.decision.is_none());
        open.extend(all.map(|it| (name.clone(), task.clone(), it)));
    }
    Ok(open)
}

/// Answers the question at hand, or sends a plan back with these words.
fn answer(turn: &Turn<'_>, approval: &Approval, task: &Task, words: &str) -> Result<InboxOutcome, StoreError> {
    let name = turn.tx.name_of(task)?;
    if words.len() > MAX_ANSWER_BYTES {
        return turn.refuse(format::approval::long_answer(&name, MAX_ANSWER_BYTES));
    }
    let mut all = approval.words.clone();
    all.push(words.to_owned());
    let Some(now) = turn.tx.answer_so_far(approval, &all, &[])? else {
        return turn.refuse(format::approval::too_late(&name, approval, is_stopped(task)));
    };
    match (&now.wants, now.at_hand()) {
        (Wants::Answers(_), Some(_)) => {
            report::ask_on(turn.tx, turn.cx, task, &now)?;
            turn.answer(format::approval::noted(&name, &now, Decision::Allow))
        }
        (Wants::Plan(_), _) => settle(turn, &now, task, Decision::Deny),
        (Wants::Answers(_), None) | (Wants::Permission, _) => settle(turn, &now, task, Decision::Allow),
    }
}

/// What an id stands for in this chat.
enum Found {
    Open(Box<Approval>, Box<Task>),
    /// Nothing; that was answered.
    Not(InboxOutcome),
}

fn find(turn: &Turn<'_>, id: &str) -> Result<Found, StoreError> {
    let approval = ApprovalId::read(id).map(|id| turn.tx.approval(&id)).transpose()?.flatten();
    let task = match &approval {
        Some(approval) => turn.tx.task(&approval.task)?,
        None => None,
    };
    // A request of another chat is as unknown here as one that never was.
    match (approval, task.filter(|task| ChatKey::of(&task.address) == turn.chat())) {
        (Some(approval), Some(task)) => Ok(Found::Open(Box::new(approval), Box::new(task))),
        (Some(_) | None, _) => turn.refuse(format::approval::unknown(id)).map(Found::Not),
    }
}

/// Answers the named request, or where none is named the only one that is open in the chat.
fn decide_one(turn: &Turn<'_>, id: Option<&str>, decision: Decision) -> Result<InboxOutcome, StoreError> {
    if let Some(id) = id {
        return decide(turn, id, decision);
    }
    let open: Vec<_> = all_open(turn)?.into_iter().map(|(name, _, it)| (name, it.id.to_string())).collect();
    // What somebody means who names nothing may have closed by itself just now, and another have come in its place.
    match open.as_slice() {
        [] => turn.refuse(format::approval::none_open()),
        [(_, id)] if decision == Decision::Deny || !turn.tx.closed_by_itself_within(&turn.chat(), LATELY)? => {
            decide(turn, id, decision)
        }
        several => turn.refuse(format::approval::which(several, decision)),
    }
}

/// Answers a permission request or a plan.
fn decide(turn: &Turn<'_>, id: &str, decision: Decision) -> Result<InboxOutcome, StoreError> {
    let (approval, task) = match find(turn, id)? {
        Found::Open(approval, task) => (approval, task),
        Found::Not(outcome) => return Ok(outcome),
    };
    let is_yes = decision != Decision::Deny;
    // Whoever may stop an agent may tell it no.
    if is_yes && let Some(why) = turn.barred_from_approving(&task.agent)? {
        return turn.refuse(why);
    }
    if is_yes && approval.decision.is_none() {
        match &approval.wants {
            Wants::Answers(_) => return turn.refuse(format::approval::wants_an_answer(&turn.tx.name_of(&task)?)),
            Wants::Permission | Wants::Plan(_) if !approval.is_whole() => {
                return turn.refuse(format::approval::not_whole(&turn.tx.name_of(&task)?));
            }
            Wants::Permission if decision == Decision::AllowForSession && approval.grant.is_none() => {
                return turn.refuse(format::approval::only_once(&turn.tx.name_of(&task)?, id));
            }
            Wants::Permission | Wants::Plan(_) => {}
        }
    }
    settle(turn, &approval, &task, decision)
}

fn settle(turn: &Turn<'_>, approval: &Approval, task: &Task, decision: Decision) -> Result<InboxOutcome, StoreError> {
    let name = turn.tx.name_of(task)?;
    if !turn.tx.decide(approval, decision, turn.incoming.sender.id.as_str())? {
        return turn.refuse(format::approval::too_late(&name, approval, is_stopped(task)));
    }
    let by = Answered::By(decision, &turn.incoming.sender.name);
    report::answered(turn.tx, turn.cx, task, approval, by)?;
    turn.answer(format::approval::noted(&name, approval, decision))
}

fn is_stopped(task: &Task) -> bool {
    task.cancel_at.is_some() || task.status == Status::Aborted
}
