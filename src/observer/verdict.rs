//! How a run ended, in the words of SPEC's statuses: pure, from the agent's final word and the supervisor's report.

use std::time::Duration;

use crate::agent::event::Final;
use crate::agent::exit::{Bound, Cause, Ended, Exit};
use crate::agent::failure::{Failure, Unfinished};
use crate::agent::supervisor::STDOUT_FILE;
use crate::agent::trouble::Remedy;
use crate::config::Timeouts;
use crate::format;
use crate::redact::Redactor;
use crate::store::{Completion, Status};

/// What is known of a run at its end.
pub(super) struct RunEnd<'e> {
    pub(super) last_word: Option<&'e Final>,
    pub(super) exit: &'e Exit,
    pub(super) tools: u32,
    pub(super) said: &'e str,
    pub(super) in_session: bool,
    pub(super) how_to_install: &'e str,
    pub(super) remedy: &'e Remedy,
    pub(super) run: &'e str,
    pub(super) timeouts: &'e Timeouts,
    pub(super) redactor: &'e Redactor,
}

pub(super) fn judge(evidence: &RunEnd<'_>) -> Completion {
    let exit = evidence.exit;
    let answered = if evidence.in_session { Status::Ok } else { Status::Success };
    let failure = |why: &Failure| {
        let told = || format::run::failure(why, evidence.remedy);
        without_reason(why, exit).unwrap_or_else(told)
    };
    let outcome = evidence.last_word.map(|word| &word.outcome);
    let own_word = exit.final_seen.then_some(outcome).flatten();
    let (status, result, error) = match (own_word, &exit.cause, &exit.ended) {
        (Some(Ok(answer)), _, _) => (answered, Some(whole(answer, evidence)), None),
        (Some(Err(why)), _, _) => (Status::ErrorCli, said_before(why, evidence), Some(failure(why))),
        (None, Some(Cause::Cancelled), _) => (Status::Aborted, said_until_then(outcome, evidence), None),
        (None, Some(Cause::Timeout { which }), _) => {
            (Status::ErrorTimeout, said(evidence), Some(late(*which, evidence.timeouts, outcome)))
        }
        (None, Some(cause @ Cause::SpoolFailed { .. }), _) => {
            (Status::ErrorInternal, said(evidence), Some(format::run::stopped(cause)))
        }
        (None, _, Ended::NotFound { .. }) => (Status::ErrorCliNotFound, None, Some(evidence.how_to_install.to_owned())),
        (None, cause, ended) => match (outcome, cause) {
            (Some(Ok(answer)), None) => (answered, Some(whole(answer, evidence)), None),
            (Some(Err(why)), _) => (Status::ErrorCli, said_before(why, evidence), Some(failure(why))),
            (Some(Ok(_)), Some(cause)) => (Status::ErrorCli, said(evidence), Some(format::run::stopped(cause))),
            (None, _) => (Status::ErrorCli, said(evidence), Some(unfinished(ended, exit))),
        },
    };
    let cut_off = evidence.last_word.map(|word| word.cut_off.as_slice()).unwrap_or_default();
    let error = error.map(|error| format::run::with_cut_off(error, cut_off));
    let usage = evidence.last_word.map(|word| word.usage).unwrap_or_default();
    let clean = |text: String| evidence.redactor.clean(&text);
    let mut denials = evidence.last_word.map(|word| word.denials.clone()).unwrap_or_default();
    for denial in &mut denials {
        denial.summary = clean(std::mem::take(&mut denial.summary));
    }
    Completion {
        status,
        result: result.map(clean),
        error: error.map(clean),
        tools: evidence.tools,
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        reported_cost: usage.session_cost_usd,
        denials,
        files: Vec::new(),
        unattached: None,
        unstarted: status == Status::ErrorCliNotFound,
        evidence: own_word.and(evidence.last_word).and_then(|word| word.evidence.clone()).map(clean),
        ran: Some(Duration::from_millis(exit.duration_ms)),
    }
}

/// Returns an answer, and says where the rest of it is where it was cut; a conversation that was only put in short says so.
fn whole(answer: &str, evidence: &RunEnd<'_>) -> String {
    let compacted = evidence.last_word.and_then(|word| word.compacted);
    if let Some(compacted) = compacted.filter(|_| answer.trim().is_empty()) {
        return format::run::compacted(&compacted);
    }
    let Some(whole_bytes) = evidence.last_word.and_then(|word| word.whole_bytes) else { return answer.to_owned() };
    format::run::cut_answer(answer, whole_bytes, &format!("runs/{}/{STDOUT_FILE}", evidence.run))
}

/// Says how a run ended of which not even the supervisor has said a final word.
fn unfinished(ended: &Ended, exit: &Exit) -> String {
    let (cause, words) = (exit.cause.clone(), exit.stderr_tail.clone());
    format::run::unfinished(&Unfinished { ended: ended.clone(), cause, owed: true, words })
}

/// Says that an agent does not say why there is no answer, with what it may have written beside its output.
fn without_reason(why: &Failure, exit: &Exit) -> Option<String> {
    match why {
        Failure::Said(words) if words.trim().is_empty() => Some(format::run::no_reason(&exit.stderr_tail)),
        Failure::Said(_) | Failure::Seen(_) => None,
    }
}

/// What the agent had said before it was ended.
fn said(evidence: &RunEnd<'_>) -> Option<String> {
    Some(evidence.said.to_owned()).filter(|said| !said.trim().is_empty())
}

/// What it had said before it was cancelled; it may have come to its answer all the same.
fn said_until_then(outcome: Option<&Result<String, Failure>>, evidence: &RunEnd<'_>) -> Option<String> {
    match outcome {
        Some(Ok(answer)) if !answer.trim().is_empty() => Some(whole(answer, evidence)),
        _ => said(evidence),
    }
}

/// What it had said before it was ended, unless its error says it already.
fn said_before(why: &Failure, evidence: &RunEnd<'_>) -> Option<String> {
    let Failure::Said(error) = why else { return said(evidence) };
    said(evidence).filter(|said| !error.contains(said.trim()))
}

fn late(which: Bound, timeouts: &Timeouts, outcome: Option<&Result<String, Failure>>) -> String {
    let within = match which {
        Bound::Background => timeouts.background,
        Bound::Idle => timeouts.idle,
    };
    let words = match outcome {
        Some(Err(Failure::Seen(unfinished))) => unfinished.words.as_str(),
        _ => "",
    };
    format::run::late(which, within, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Redact;

    fn exit(ended: Ended, cause: Option<Cause>, final_seen: bool) -> Exit {
        Exit {
            version: 1,
            ended,
            cause,
            final_seen,
            stderr_tail: String::new(),
            output_bytes: 0,
            pid: Some(1),
            duration_ms: 1,
            survivors: 0,
            unknown_lines: 0,
        }
    }

    fn status(outcome: Option<Result<&str, &str>>, exit: &Exit) -> Status {
        let word = outcome.map(|outcome| Final::new(outcome.map(str::to_owned).map_err(Failure::from)));
        judge(&RunEnd {
            last_word: word.as_ref(),
            exit,
            tools: 0,
            said: "",
            in_session: true,
            how_to_install: "install it",
            remedy: &Remedy::default(),
            run: "5pj46898-1",
            timeouts: &Timeouts::default(),
            redactor: &Redactor::new(&Redact::default()),
        })
        .status
    }

    #[test]
    fn the_agents_own_final_word_decides_whatever_its_exit_code() {
        let failed = Ended::Exited { code: 1 };
        assert_eq!(status(Some(Ok("done")), &exit(failed.clone(), None, true)), Status::Ok);
        assert_eq!(status(Some(Err("401")), &exit(Ended::Exited { code: 0 }, None, true)), Status::ErrorCli);
        assert_eq!(status(Some(Ok("done")), &exit(failed, Some(Cause::Cancelled), true)), Status::Ok);
        assert_eq!(
            status(Some(Ok("done")), &exit(Ended::Signalled { signal: 9 }, Some(Cause::Settled), true)),
            Status::Ok
        );
    }

    #[test]
    fn an_error_without_words_says_so_and_what_stands_beside_it() {
        let told = |words: &str, stderr: &str| {
            let end = exit(Ended::Exited { code: 1 }, None, true);
            without_reason(&words.into(), &Exit { stderr_tail: stderr.into(), ..end })
        };
        assert_eq!(told("", "").as_deref(), Some("The agent failed and did not say why."));
        let beside = told(" \n", "no space left\n");
        assert_eq!(beside.as_deref(), Some("The agent failed and did not say why.\nno space left"));
        assert_eq!(told("API Error: 401", "noise"), None);
    }

    #[test]
    fn without_it_the_reason_for_the_end_decides() {
        let killed = Ended::Signalled { signal: 15 };
        let truncated = Some(Err("truncated"));
        assert_eq!(status(truncated, &exit(killed.clone(), Some(Cause::Cancelled), false)), Status::Aborted);
        let ordinary = exit(killed.clone(), Some(Cause::Cancelled), false);
        assert_eq!(
            status(Some(Ok("done")), &ordinary),
            Status::Aborted,
            "it ended in the ordinary way when it was told to stop"
        );
        let timeout = Some(Cause::Timeout { which: Bound::Idle });
        assert_eq!(status(truncated, &exit(killed.clone(), timeout, false)), Status::ErrorTimeout);
        assert_eq!(status(truncated, &exit(killed, None, false)), Status::ErrorCli);
        let missing = Ended::NotFound { program: "claude".into() };
        assert_eq!(status(truncated, &exit(missing, None, false)), Status::ErrorCliNotFound);
        assert_eq!(status(Some(Ok("out")), &exit(Ended::Exited { code: 0 }, None, false)), Status::Ok);
        assert_eq!(status(None, &exit(Ended::Exited { code: 0 }, None, false)), Status::ErrorCli);
    }
}
