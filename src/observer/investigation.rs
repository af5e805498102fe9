//! An investigation's run: what its agent is told, and what becomes of the answer.
//!
//! An answer that is no analysis is asked for once more, in the agent's own conversation; then it is shown as it is, unrated.

use super::brief;
use crate::agent::kind::Brief;
use crate::config::Permission;
use crate::format;
use crate::rca::{self, Rca, Recorder, Stats};
use crate::redact::Redactor;
use crate::store::{Again, Completion, Investigation, Session, Status, Task};

/// How often an answer that is no analysis is asked for again.
const MAX_REPAIRS: u32 = 1;

/// What an agent has to be told besides its task.
#[derive(Debug, Clone, Default)]
pub(super) struct Briefing {
    /// What the task investigates, where it is an investigation.
    pub(super) investigation: Option<Investigation>,
    /// What its session has investigated before, where the task goes on from that.
    pub(super) earlier: Option<Investigation>,
    /// Whether its prompt holds the words of strangers all the same, as a digest does.
    pub(super) has_strangers: bool,
    /// What the answer before rests on, as it is to be shown.
    pub(super) measured: String,
}

/// What an investigation came to.
pub(super) enum Settled {
    /// To be asked for once more.
    Again(Again),
    /// The analysis, where the answer is one, and what was seen.
    Done(Box<Option<Rca>>, Stats),
}

impl Briefing {
    /// Returns what the agent is told.
    pub(super) fn prompt(&self, kind: Brief, task: &Task, session: Option<&Session>, chance: u64) -> String {
        let resumes = session.is_some_and(|session| session.agent_session.is_some());
        let prompt = match (&self.investigation, &self.earlier) {
            (Some(investigation), _) => match (&investigation.fault, resumes) {
                (Some(fault), true) => brief::again(fault),
                (Some(_) | None, _) => brief::first(kind, investigation, chance),
            },
            (None, Some(earlier)) if !resumes => {
                brief::follow_up(kind, &format::rca::record(earlier), earlier, &task.prompt, chance)
            }
            (None, Some(_) | None) => task.prompt.clone(),
        };
        match kind {
            Brief::Words => brief::with_measured(&prompt, &self.measured),
            Brief::Tools | Brief::Text | Brief::Alert => prompt,
        }
    }

    /// Whether strangers' words are in the conversation.
    pub(super) fn has_alert(&self) -> bool {
        self.has_strangers
            || [&self.investigation, &self.earlier]
                .into_iter()
                .flatten()
                .any(|investigation| investigation.alert.is_some())
    }

    /// Returns what the agent may do: where strangers' words are in the conversation, nothing beyond looking unasked.
    pub(super) fn permission(&self, configured: Permission) -> Permission {
        match configured {
            Permission::Edit | Permission::All if self.has_alert() => Permission::Ask,
            Permission::Ask | Permission::Read | Permission::Edit | Permission::All => configured,
        }
    }
}

/// Judges an investigation's answer, and puts what was counted into the completion.
pub(super) fn settle(
    investigation: &Investigation,
    completion: &mut Completion,
    seen: &Recorder,
    resumable: bool,
    redactor: &Redactor,
) -> Settled {
    let answer = completion.result.as_deref().filter(|_| completion.status == Status::Success);
    let mut read = answer.map(rca::read);
    if let Some(Err(fault)) = &read
        && resumable
        && investigation.repairs < MAX_REPAIRS
    {
        let stats = seen.rate(None).after(&investigation.stats);
        return Settled::Again(Again {
            answer: answer.unwrap_or_default().to_owned(),
            fault: fault.to_string(),
            stats,
            input_tokens: completion.input_tokens,
            output_tokens: completion.output_tokens,
            reported_cost: completion.reported_cost,
        });
    }
    let mut analysis = read.take().and_then(Result::ok);
    let stats = seen.rate(analysis.as_mut()).after(&investigation.stats);
    if let Some(analysis) = &mut analysis {
        analysis.clean(&|text| redactor.clean(text));
    } else if completion.status != Status::Aborted
        && let Some(first) = &investigation.answer
    {
        // It was answered; only its form was asked for again.
        completion.status = Status::Success;
        completion.result = Some(first.clone());
        completion.error = None;
    }
    completion.tools = stats.tool_calls;
    Settled::Done(Box::new(analysis), stats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::event::Event;
    use crate::config::Redact;
    use crate::store::TaskId;

    fn investigation(repairs: u32) -> Investigation {
        Investigation {
            task: TaskId::read("5pj46898").expect("an id"),
            title: "t".into(),
            question: "q".into(),
            alert: None,
            fingerprint: None,
            background: true,
            repairs,
            answer: (repairs > 0).then(|| "It is the disk.".into()),
            fault: (repairs > 0).then(|| "the answer holds no JSON object".into()),
            stats: Stats { tool_calls: 10 * repairs, loops: repairs, ..Stats::default() },
            rca: None,
        }
    }

    fn answered(answer: &str) -> Completion {
        Completion { result: Some(answer.into()), ..Completion::without_answer(Status::Success, None) }
    }

    fn recorder() -> Recorder {
        let mut recorder = Recorder::default();
        recorder.take(&Event::ToolStarted { id: "1".into(), name: "Bash".into(), summary: String::new() });
        recorder.take(&Event::ToolFinished { id: "1".into(), ok: true, output: "/dev/sda1 100% /var".into() });
        recorder
    }

    const GOOD: &str = r#"{"root_cause":{"claim":"full","evidence":[{"tool":"Bash","quote":"/dev/sda1 100% /var"}]}}"#;

    fn settled(repairs: u32, completion: &mut Completion, resumable: bool) -> Settled {
        settle(&investigation(repairs), completion, &recorder(), resumable, &Redactor::new(&Redact::default()))
    }

    #[test]
    fn an_answer_without_an_analysis_is_asked_for_once_more_and_then_shown_as_it_is() {
        let mut completion = answered("It is the disk.");
        let Settled::Again(again) = settled(0, &mut completion, true) else { panic!("asked again") };
        assert_eq!((again.answer.as_str(), again.stats.tool_calls), ("It is the disk.", 1));
        let mut completion = answered("As I said.");
        let Settled::Done(analysis, stats) = settled(1, &mut completion, true) else { panic!("done") };
        assert_eq!((*analysis, stats.score, stats.tool_calls, completion.tools), (None, None, 11, 11));
        assert_eq!(completion.result.as_deref(), Some("It is the disk."));
        let mut completion = answered("It is the disk.");
        assert!(matches!(settled(0, &mut completion, false), Settled::Done(analysis, _) if analysis.is_none()));
    }

    #[test]
    fn what_fails_after_an_answer_leaves_the_answer_and_a_cancel_stays_one() {
        let mut completion = Completion::without_answer(Status::ErrorTimeout, Some("late".into()));
        settled(1, &mut completion, true);
        assert_eq!((completion.status, completion.result.as_deref()), (Status::Success, Some("It is the disk.")));
        let mut completion = Completion::without_answer(Status::Interrupted, None);
        settled(1, &mut completion, false);
        assert_eq!((completion.status, completion.result.as_deref()), (Status::Success, Some("It is the disk.")));
        let mut completion = Completion::without_answer(Status::Interrupted, None);
        settled(0, &mut completion, false);
        assert_eq!(completion.status, Status::Interrupted);
        let mut completion = Completion::without_answer(Status::Aborted, None);
        settled(1, &mut completion, true);
        assert_eq!((completion.status, completion.result), (Status::Aborted, None));
        let mut completion = Completion::without_answer(Status::ErrorCli, Some("401".into()));
        settled(0, &mut completion, true);
        assert_eq!(completion.status, Status::ErrorCli);
    }

    #[test]
    fn an_analysis_is_rated_by_what_was_seen() {
        let mut completion = answered(GOOD);
        let Settled::Done(analysis, stats) = settled(0, &mut completion, true) else { panic!("done") };
        assert!(analysis.is_some());
        assert_eq!((stats.score, stats.tool_calls, stats.loops, completion.tools), (Some(1.0), 1, 1, 1));
    }
}
