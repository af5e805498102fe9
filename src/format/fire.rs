//! What a fire of a schedule says besides its digest: what an agent adds, what checks and investigations come to, and that one
//! is silent. And what agents are asked for it.

use std::time::Duration;

use signalbox_adapter::{Block, Document, Inline, one_line};

use super::{Draft, count, line, rca, span};
use crate::agent::words::{fill, mark};
use crate::command::nearest;
use crate::plan::Zone;
use crate::rca::Rca;
use crate::store::{Fire, Investigation, Schedule, SilentTarget, Status, Task};

const DIGEST: &str = include_str!("../../config/prompts/digest.md");
/// What an agent is asked in a check.
pub const PROBE: &str =
    "This is a check of whether you can be reached. Answer with the one word OK, and do nothing else.";
/// The parameter of a schedule that says what is asked.
pub const ASKED: &str = "prompt";
/// Longest question that is repeated above what was found, in characters.
const MAX_ASKED_CHARS: usize = 300;
/// What is asked of an agent that knows nothing but this machine.
pub const HOW_IS_IT: &str = "Is anything wrong with this machine?";
/// What is asked about a digest where nobody says.
const ABOUT_DIGEST: &str = "What should the people who read it look at first, and why?";
/// Most lines that an agent adds to a digest.
const MAX_LINES: usize = 6;
/// Longest name of an agent that there is not, in characters.
const MAX_AGENT_CHARS: usize = 40;
/// Checks that went well and are shown at once; more are folded.
const MAX_PASSED: usize = 6;
/// Most that is told of what something said that works, in characters.
const MAX_SAID_CHARS: usize = 60;
/// Longest reason, in characters.
const MAX_WHY_CHARS: usize = 200;

/// Something that a check has tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What: a transport, a mail server or an agent.
    pub what: String,
    /// How long it took; `None` where it was not tried.
    pub took: Option<Duration>,
    /// What it said, or why it does not work.
    pub outcome: Result<String, String>,
}

/// Asks an agent what it adds to a digest.
#[must_use]
pub fn about_digest(asked: Option<&str>, digest: &str, window: Duration, chance: u64) -> String {
    let blanks = [
        ("window", span(window)),
        ("mark", mark("DIGEST", digest, chance)),
        ("question", asked.unwrap_or(ABOUT_DIGEST).to_owned()),
        ("lines", MAX_LINES.to_string()),
        ("digest", digest.to_owned()),
    ];
    fill(DIGEST, &blanks.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// Asks an agent what a schedule's parameters ask.
pub fn question<'p>(prompt: &str, more: impl Iterator<Item = (&'p String, &'p String)>) -> String {
    let lines: String = more.map(|(name, value)| format!("\n{name}: {value}")).collect();
    if lines.is_empty() { prompt.to_owned() } else { format!("{prompt}\n{lines}") }
}

/// Says that what an agent does cannot be held back, so that strangers' words are kept from it.
#[must_use]
pub fn not_held_back(agent: &str) -> String {
    format!(
        "what {agent} does cannot be held back, and a digest quotes strangers; agents.{agent}.alerts = true allows it"
    )
}

/// Says that there is no such agent, and which there are.
#[must_use]
pub fn no_agent(agent: &str, there_are: &[&str]) -> String {
    let near = nearest(agent, there_are.iter().copied()).map(|near| format!("; did you mean {near}?"));
    let near = near.unwrap_or_else(|| format!("; there are {}", there_are.join(", ")));
    format!("there is no agent {}{near}", one_line(agent, MAX_AGENT_CHARS))
}

/// What an agent adds to a digest, or why it adds nothing.
#[must_use]
pub fn addition(agent: &str, said: Result<&Task, &str>) -> Draft {
    let heading = |text: String| Document { blocks: vec![Block::Paragraph(vec![Inline::strong(text)])] };
    match said {
        Ok(Task { status: Status::Ok | Status::Success, result: Some(answer), .. }) if !answer.trim().is_empty() => {
            Draft::from(heading(format!("{agent} adds"))).then(Draft::markdown(answer.clone()))
        }
        // How it is installed helps nobody who reads this.
        Ok(ended) if ended.status == Status::ErrorCliNotFound => no_remarks(agent, "it is not installed"),
        Ok(ended) => no_remarks(agent, &why(ended)),
        Err(why) => no_remarks(agent, why),
    }
}

fn no_remarks(agent: &str, why: &str) -> Draft {
    let why = one_line(why, MAX_WHY_CHARS);
    Draft::from(Document::text(format!("⚠ No remarks by {agent}: {}.", why.trim_end_matches('.'))))
}

/// Says in one line why a task has no answer.
#[must_use]
pub fn why(ended: &Task) -> String {
    match ended.error.as_deref().filter(|error| !error.trim().is_empty()) {
        Some(error) => one_line(error, MAX_WHY_CHARS),
        None => format!("no answer ({})", ended.status.as_str()),
    }
}

/// The first line of what a fire says.
fn headed(schedule: &Schedule, fire: &Fire, verdict: &str) -> Document {
    let zone = schedule.plan.zone;
    Document {
        blocks: vec![Block::Paragraph(vec![
            Inline::strong(schedule.name.clone()),
            Inline::Text(format!(" · {} {zone}", zone.shows_ahead(fire.at, fire.started_at))),
            Inline::Break,
            Inline::strong(verdict),
        ])],
    }
}

/// Says in one line what checks came to.
#[must_use]
pub fn checks_verdict(checks: &[Check]) -> String {
    let failed: Vec<&str> =
        checks.iter().filter(|check| check.outcome.is_err()).map(|check| check.what.as_str()).collect();
    match (checks.len(), failed.as_slice()) {
        (0, _) => "🟡 There is nothing to check".to_owned(),
        (all, []) => format!("🟢 {} passed", count(all, "check")),
        (all, failed) => format!("🔴 {} of {} failed: {}", failed.len(), count(all, "check"), failed.join(", ")),
    }
}

/// Tells what checks came to, above them in one line.
#[must_use]
pub fn checks_head(schedule: &Schedule, fire: &Fire, checks: &[Check]) -> Document {
    headed(schedule, fire, &checks_verdict(checks))
}

/// Tells what checks came to: the verdict, then what failed and why, then what went well and how long it took; many of those are
/// folded.
#[must_use]
pub fn checks(schedule: &Schedule, fire: &Fire, checks: &[Check]) -> Document {
    let mut blocks = checks_head(schedule, fire, checks).blocks;
    let (passed, failed): (Vec<&Check>, Vec<&Check>) = checks.iter().partition(|check| check.outcome.is_ok());
    blocks.extend(lines(failed.iter().map(|check| check_line(check))));
    let passed_lines = lines(passed.iter().map(|check| check_line(check)));
    if passed.len() > MAX_PASSED {
        blocks.push(Block::details(&format!("Passed ({})", passed.len()), passed_lines.into_iter().collect()));
    } else {
        blocks.extend(passed_lines);
    }
    Document { blocks }
}

/// Writes lines below each other; nothing where there are none.
fn lines(lines: impl Iterator<Item = Vec<Inline>>) -> Option<Block> {
    let mut content = Vec::new();
    for line in lines {
        if !content.is_empty() {
            content.push(Inline::Break);
        }
        content.extend(line);
    }
    (!content.is_empty()).then_some(Block::Paragraph(content))
}

/// One check: whether it went well, what it is, how long it took, and what was said. An agent's words are Markdown, of which the
/// signs are left out.
fn check_line(check: &Check) -> Vec<Inline> {
    let (mark, said, most) = match &check.outcome {
        Ok(said) => ("✓", said, MAX_SAID_CHARS),
        Err(why) => ("✗", why, MAX_WHY_CHARS),
    };
    let took = check.took.map(|took| format!(" · {}", milliseconds(took))).unwrap_or_default();
    let said = one_line(&Document::from_markdown(said).visible_text(), most);
    let said = if said.is_empty() { said } else { format!(" · {said}") };
    vec![Inline::Text(format!("{mark} ")), Inline::strong(check.what.clone()), Inline::Text(format!("{took}{said}"))]
}

fn milliseconds(length: Duration) -> String {
    if length < Duration::from_secs(10) { format!("{} ms", length.as_millis()) } else { span(length) }
}

/// Says in a few words which checks failed.
#[must_use]
pub fn failed_checks(checks: &[Check]) -> Option<String> {
    let failed = checks.iter().filter_map(|check| Some((check, check.outcome.as_ref().err()?)));
    let lines: Vec<String> = failed.map(|(check, why)| format!("{}: {why}", check.what)).collect();
    (!lines.is_empty()).then(|| one_line(&lines.join("; "), 2 * MAX_WHY_CHARS))
}

fn claimed(rca: &Rca) -> String {
    Document::from_markdown(&rca.root_cause.claim).visible_text()
}

/// Says in one line what a scheduled investigation came to.
#[must_use]
pub fn investigated_verdict(ended: Result<&Task, &str>, investigation: Option<&Investigation>) -> String {
    match ended {
        Ok(ended) if ended.status == Status::Success => match investigation.and_then(|found| found.rca.as_ref()) {
            Some(rca) => format!("🔎 {}", one_line(&claimed(rca), MAX_WHY_CHARS)),
            None => "🔎 Answered".to_owned(),
        },
        Ok(ended) => format!("🔴 Failed: {}", why(ended)),
        Err(why) => format!("🔴 Failed: {}", one_line(why, MAX_WHY_CHARS)),
    }
}

/// Tells what a scheduled investigation came to, above it in one line.
#[must_use]
pub fn investigated_head(schedule: &Schedule, fire: &Fire, verdict: &str) -> Document {
    headed(schedule, fire, verdict)
}

/// Tells what a scheduled investigation came to: the verdict, what was asked, then the analysis or the answer.
#[must_use]
pub fn investigated(
    schedule: &Schedule,
    fire: &Fire,
    ended: Result<&Task, &str>,
    investigation: Option<&Investigation>,
) -> Draft {
    let mut head = headed(schedule, fire, &investigated_verdict(ended, investigation));
    if let Some(asked) = schedule.params.get(ASKED) {
        let asked = Inline::Text(one_line(asked, MAX_ASKED_CHARS));
        head.blocks.push(Block::Paragraph(vec![Inline::Emphasis(vec![asked])]));
    }
    let head = Draft::from(head);
    match (ended, investigation) {
        (Ok(Task { status: Status::Success, .. }), Some(found @ Investigation { rca: Some(rca), .. })) => {
            // A cause that the verdict tells whole is not told again.
            let claim = claimed(rca);
            let is_told = one_line(&claim, MAX_WHY_CHARS) == one_line(&claim, usize::MAX);
            head.then(rca::folded(found, is_told))
        }
        (Ok(Task { result: Some(said), .. }), _) if !said.trim().is_empty() => head.then(Draft::markdown(said.clone())),
        (Ok(_) | Err(_), _) => head,
    }
}

/// Says that nothing was heard of a schedule for longer than twice its period.
#[must_use]
pub fn silent(schedule: &Schedule, silent: &SilentTarget, last: Option<&Fire>) -> Document {
    let zone: Zone = schedule.plan.zone;
    let since = silent.heard_at.unwrap_or(schedule.since);
    let never = if silent.heard_at.is_none() { "has not come once" } else { "has not come" };
    let why = match last {
        None => "it has not fired".to_owned(),
        Some(fire) => match &fire.error {
            Some(error) => format!("last: {}: {}", fire.state.as_str(), one_line(error, MAX_WHY_CHARS)),
            None => format!("last: {}", fire.state.as_str()),
        },
    };
    line(&format!(
        "⚠ {} (#{}) {never} to {} since {} {zone}, longer than twice its period; {why}. `/cron logs {}` tells more.",
        schedule.name,
        schedule.id,
        silent.address,
        zone.shows(since),
        schedule.id,
    ))
}

/// Returns the subject of a letter about a silent schedule.
#[must_use]
pub fn silent_subject(schedule: &Schedule) -> String {
    format!("{} has not come", schedule.name)
}

/// Says that a fire failed by a fault of this program.
#[must_use]
pub fn broken(schedule: &Schedule, fire: &Fire, why: &str) -> Document {
    headed(schedule, fire, &format!("🔴 pipeline unavailable: {}", one_line(why, MAX_WHY_CHARS)))
}

/// Says that a provider has not answered in time.
#[must_use]
pub fn no_answer(within: Duration) -> String {
    format!("no answer within {}", span(within))
}

/// Says that an agent was not set to work.
#[must_use]
pub fn not_tried() -> &'static str {
    "it was not set to work"
}
