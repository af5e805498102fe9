//! What is said about permission requests, and about questions and plans of agents.
//!
//! What a person decides about is shown with all that hides in it.

use std::time::Duration;

use signalbox_adapter::{Block, Document, Inline, one_line};

use super::visible::visible;
use super::{line, span};
use crate::agent::event::{Decision, MAX_ASKED_IN_A_MINUTE, MAX_UNANSWERED, Question, Wants};
use crate::agent::grant::{Grant, Only};
use crate::store::{Approval, ClosedBy};

/// Longest detail shown of a request that was answered, in bytes; it was shown whole when it was asked.
const MAX_DETAIL_BYTES: usize = 1500;

/// Longest word, host or folder that is shown of what is allowed, in characters.
const MAX_PLACE_CHARS: usize = 300;

/// What a command may be that begins with an allowed word.
const BOUNDS: &str = " with anything behind it, inside its directory, not chained";

/// Longest name of a language behind the signs that code begins with, in bytes.
const MAX_LANGUAGE_BYTES: usize = 20;

/// What agents of the Agent Client Protocol call it when they run a command.
const EXECUTE: &str = "execute";
/// What else they call what they do, as people say it after "to".
const DEEDS: [(&str, &str); 8] = [
    (EXECUTE, "run a command"),
    ("edit", "change a file"),
    ("delete", "delete a file"),
    ("move", "move a file"),
    ("read", "read a file"),
    ("fetch", "fetch a page"),
    ("search", "search"),
    ("tool", "use a tool"),
];

/// What became of a permission request.
#[derive(Debug, Clone, Copy)]
pub enum Answered<'a> {
    /// A person decided.
    By(Decision, &'a str),
    /// Nobody did, in time.
    Nobody,
    /// Its run has ended.
    Ended,
    /// Its agent asks for something else under the same id.
    Replaced,
    /// Its agent does not wait for an answer any more.
    Withdrawn,
    /// Somebody allowed it on another way than this program.
    Foreign,
}

/// Asks a person what an agent wants to know: whether it may do something, which answer it gets, whether its plan is good.
#[must_use]
pub fn question(name: &str, approval: &Approval, within: Duration) -> Document {
    match (&approval.wants, approval.at_hand()) {
        (Wants::Permission, _) => permission(name, approval, within),
        (Wants::Plan(plan), _) => proposal(name, approval, plan, within),
        (Wants::Answers(all), Some((number, at_hand))) => asked(name, approval, (number, all.len()), at_hand, within),
        (Wants::Answers(_), None) => replies(name, approval, "Answered", None),
    }
}

fn permission(name: &str, approval: &Approval, within: Duration) -> Document {
    let mut headline = vec![Inline::strong(format!("[{name}] asks for permission")), Inline::Text(" to ".into())];
    headline.extend(use_of(&approval.tool));
    headline.push(Inline::Text(format!(". Denied if nobody answers within {}.", span(within))));
    let mut blocks = vec![Block::Paragraph(headline)];
    if !approval.detail.is_empty() {
        // All of it, in as many messages as that takes, or with a file: what is approved can be read to its end.
        blocks.push(Block::Code { language: None, text: visible(&approval.detail) });
    }
    let id = &approval.id;
    if let Some(grant) = approval.grant.as_ref().filter(|_| approval.is_whole()) {
        let mut content = vec![Inline::Text("“Allow for this session”: ".into())];
        match &grant.only {
            // What that is stands above.
            Only::Same { .. } if grant.is_of_one_command() => {
                content.push(Inline::Text("exactly this command and nothing else".into()));
            }
            Only::Same { .. } => content.push(Inline::Text("exactly this and nothing else".into())),
            Only::Command(_) | Only::Host(_) | Only::Folder(_) | Only::Every => {
                content.extend(allows_as(grant, &approval.tool));
            }
        }
        content.push(Inline::Text(", whoever asks in it.".into()));
        blocks.push(Block::Paragraph(content));
    }
    let how = match (approval.is_whole(), &approval.grant) {
        (true, Some(_)) => format!("Choose below, or send `/approve {id}` · `/deny {id}` · `/allow {id}`"),
        (true, None) => format!("Choose below, or send `/approve {id}` · `/deny {id}`"),
        (false, _) => {
            format!("It is too long to be shown whole, and cannot be approved here. `/deny {id}` lets the agent go on.")
        }
    };
    blocks.extend(line(&how).blocks);
    Document { blocks }
}

/// Reminds of a request that waits for its answer, and how it is answered.
#[must_use]
pub fn still_open(name: &str, approval: &Approval) -> Document {
    let id = &approval.id;
    let mut content = vec![Inline::strong(format!("[{name}] waits for your answer"))];
    let how = match &approval.wants {
        Wants::Permission => {
            content.push(Inline::Text(": may it ".into()));
            content.extend(use_of(&approval.tool));
            content.push(Inline::Text("?".into()));
            match approval.is_whole() {
                true => format!(" Choose at the question above, or send `/approve {id}` · `/deny {id}`"),
                false => format!(" `/deny {id}` lets it go on without."),
            }
        }
        Wants::Plan(_) => format!(" to its plan. Choose there, or send `/approve {id}` · `/deny {id}`"),
        Wants::Answers(_) => match approval.at_hand() {
            // A terminal that shows one answer, and a phone that has scrolled on, have no choices to press.
            Some((number, question)) if !question.choices.is_empty() => {
                let number = number + 1;
                format!(
                    " to a question. Choose there, type one as a reply to it, or send `/answer {id} {number}.1` for its first choice."
                )
            }
            Some(_) | None => " to a question. Type the answer as a reply to it.".to_owned(),
        },
    };
    content.extend(super::marked(&how));
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Says that a word alone gives no leave, and what does; what was typed is not lost: it can be sent as a prompt.
#[must_use]
pub fn not_by_a_word(name: &str, approval: &Approval, word: &str) -> Document {
    let (id, word) = (&approval.id, one_line(&word.replace('`', "'"), 20));
    line(&match approval.is_whole() {
        true => format!(
            "[{name}] To allow it, press the button or send `/approve {id}`; to forbid it `/deny {id}`. `/session @{name} {word}` \
             sends that as a prompt."
        ),
        false => {
            format!("[{name}] It is too long to be shown whole, so it cannot be approved. `/deny {id}` lets it go on.")
        }
    })
}

/// Says what is allowed for a session.
#[must_use]
pub fn allows(grant: &Grant) -> Vec<Inline> {
    allows_as(grant, &grant.tool)
}

/// Says the same, with the tool called as its agent calls it.
fn allows_as(grant: &Grant, own: &str) -> Vec<Inline> {
    let text = |text: &str| Inline::Text(text.to_owned());
    let code = |text: &str| Inline::Code(one_line(&visible(text), MAX_PLACE_CHARS));
    match &grant.only {
        Only::Command(word) if own == EXECUTE => vec![text("run "), code(word), text(BOUNDS)],
        Only::Command(word) => vec![tool(own), text(" for "), code(word), text(BOUNDS)],
        Only::Host(host) => vec![tool(own), text(" on "), code(host)],
        Only::Folder(folder) => vec![tool(own), text(" in "), code(folder), text(" and below")],
        Only::Same { about, .. } => match deed(own) {
            Some(deed) => vec![text(deed), text(", exactly this and nothing else: "), code(about)],
            None => vec![tool(own), text(" for exactly this and nothing else: "), code(about)],
        },
        Only::Every => vec![text("every use of "), tool(own)],
    }
}

/// Tells that something cannot be allowed for a session.
#[must_use]
pub fn only_once(name: &str, id: &str) -> Document {
    line(&format!("[{name}] This cannot be allowed for a whole session. `/approve {id}` allows it once."))
}

/// Tells that an agent asks for more than a person is asked.
#[must_use]
pub fn too_much(name: &str) -> Document {
    line(&format!(
        "[{name}] asks too much: what goes beyond {MAX_ASKED_IN_A_MINUTE} requests in a minute, or {MAX_UNANSWERED} that \
         nobody has answered, is denied without asking you."
    ))
}

/// Raises the alarm: an agent was allowed something that nobody allowed here.
#[must_use]
pub fn foreign(name: &str, approval: &Approval) -> Document {
    let headline = vec![
        Inline::strong(format!("[{name}] Alarm: allowed by nobody here")),
        Inline::Text(". Some other program of this machine has let the agent use ".into()),
        tool(&approval.tool),
        Inline::Text(":".into()),
    ];
    let mut blocks = vec![Block::Paragraph(headline)];
    if !approval.detail.is_empty() {
        blocks.push(Block::Code { language: None, text: cut(&approval.detail) });
    }
    blocks.push(Block::text(
        "Cancel it, and look for what runs as the user of this bot: an agent of another chat can do this unless it is kept in a sandbox.",
    ));
    Document { blocks }
}

/// Says what is done with a tool, after "to".
fn use_of(name: &str) -> Vec<Inline> {
    match deed(name) {
        Some(deed) => vec![Inline::Text(deed.into())],
        None => vec![Inline::Text("use ".into()), tool(name)],
    }
}

/// Returns what is done with a tool whose name is only a kind of deed.
pub(super) fn deed(name: &str) -> Option<&'static str> {
    DEEDS.iter().find(|(kind, _)| *kind == name).map(|(_, deed)| *deed)
}

/// Writes in a line what is asked for: the name of a kind of deed says less than what is done.
fn in_a_line(approval: &Approval) -> String {
    let detail = one_line(&visible(&approval.detail), 120);
    let named = if deed(&approval.tool).is_some() && !detail.is_empty() { "" } else { approval.tool.as_str() };
    format!("{} {detail}", one_line(&visible(named), 80)).trim().to_owned()
}

fn tool(name: &str) -> Inline {
    Inline::Code(one_line(&visible(name), 80))
}

/// Asks one question of several.
fn asked(
    name: &str,
    approval: &Approval,
    (number, all): (usize, usize),
    question: &Question,
    within: Duration,
) -> Document {
    let which = if all > 1 { format!(" ({} of {all})", number + 1) } else { String::new() };
    let mut blocks = vec![
        Block::Paragraph(vec![Inline::strong(format!("[{name}] asks{which}"))]),
        Block::Paragraph(vec![Inline::Text(visible(&question.text))]),
    ];
    for (at, choice) in question.choices.iter().enumerate() {
        let mark = if approval.chosen.contains(&at) { "✓ " } else { "" };
        let mut content = vec![Inline::Text(format!("{mark}{}. ", at + 1)), Inline::strong(visible(&choice.label))];
        if !choice.about.is_empty() {
            content.push(Inline::Text(format!(" – {}", visible(&choice.about))));
        }
        blocks.push(Block::Paragraph(content));
    }
    let how = match (question.choices.is_empty(), question.several) {
        (true, _) => "Type an answer",
        (false, true) => "Choose what applies and then Done, or type an answer",
        (false, false) => "Choose an answer, or type one",
    };
    let how = format!("{how}. After {} the agent goes on without.", span(within));
    blocks.push(Block::Paragraph(vec![Inline::Text(how)]));
    Document { blocks }
}

fn proposal(name: &str, approval: &Approval, plan: &str, within: Duration) -> Document {
    let (has, asks) = match plan.trim().is_empty() {
        true => ("shows no plan", " and asks whether to go on all the same."),
        false => ("has a plan", " and asks whether to go on with it."),
    };
    let mut blocks = vec![Block::Paragraph(vec![Inline::strong(format!("[{name}] {has}")), Inline::Text(asks.into())])];
    blocks.extend(read(plan).blocks);
    // What came in its place hides nothing, nor does what is accepted with it.
    if !approval.detail.trim().is_empty() {
        if !plan.trim().is_empty() {
            blocks.push(Block::text("This is accepted with it:"));
        }
        blocks.push(Block::Code { language: None, text: visible(&approval.detail) });
    }
    let how = match approval.is_whole() {
        true => "Choose below, or type what to change.",
        false => "It is too long to be shown whole, and cannot be accepted here: type what to change.",
    };
    let how = format!("{how} Not gone on with if nobody answers within {}.", span(within));
    blocks.push(Block::Paragraph(vec![Inline::Text(how)]));
    Document { blocks }
}

/// Reads a plan's Markdown; where that does not show all that is written, such as comments and where links lead, it is shown as it
/// is written.
fn read(plan: &str) -> Document {
    let plan = visible(plan);
    let document = Document::from_markdown(&plan);
    let is_language = |line: &str| {
        let word = line.trim_start().trim_start_matches(['`', '~']);
        word != line.trim_start() && word.len() <= MAX_LANGUAGE_BYTES && word.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    // Numbers of lists are not text; all that says something has letters.
    let written = plan.lines().filter(|line| !is_language(line)).flat_map(str::chars).filter(|c| c.is_alphabetic());
    let is_shown = written.eq(document.visible_text().chars().filter(|c| c.is_alphabetic()));
    match is_shown {
        true => document,
        false => Document { blocks: vec![Block::Code { language: None, text: plan }] },
    }
}

/// Shows questions with the answers that they have.
fn replies(name: &str, approval: &Approval, word: &str, by: Option<&str>) -> Document {
    let by = by.map(|by| format!(" by {}", one_line(by, 40))).unwrap_or_default();
    let end = if approval.wants.questions().is_empty() { "." } else { ":" };
    let mut blocks =
        vec![Block::Paragraph(vec![Inline::strong(format!("[{name}] {word}")), Inline::Text(format!("{by}{end}"))])];
    for (at, question) in approval.wants.questions().iter().enumerate() {
        let answer = approval.words.get(at).map_or("–", String::as_str);
        blocks.push(Block::Paragraph(vec![
            Inline::Text(format!("{} ", one_line(&question.text, 300))),
            Inline::strong(one_line(answer, 300)),
        ]));
    }
    Document { blocks }
}

/// Cuts what was decided on, to its beginning and its end.
fn cut(detail: &str) -> String {
    let detail = visible(detail);
    if detail.len() <= MAX_DETAIL_BYTES {
        return detail;
    }
    let begin = detail.floor_char_boundary(MAX_DETAIL_BYTES / 2);
    let end = detail.ceil_char_boundary(detail.len() - MAX_DETAIL_BYTES / 2);
    format!("{}\n… ({} more bytes) …\n{}", &detail[..begin], end - begin, &detail[end..])
}

/// Tells that a request was answered.
#[must_use]
pub fn noted(name: &str, approval: &Approval, decision: Decision) -> Document {
    if let Some(word) = said(approval, decision) {
        let answer = approval.words.last().map(|words| format!(": {}", one_line(words, 120))).unwrap_or_default();
        return line(&format!("[{name}] {word}{answer}"));
    }
    let word = match decision {
        Decision::Allow => "Allowed once",
        Decision::AllowForSession => "Allowed for this session",
        Decision::Deny => "Denied",
    };
    if let (Decision::AllowForSession, Some(grant)) = (decision, &approval.grant) {
        let mut content = vec![Inline::Text(format!("[{name}] {word}: "))];
        content.extend(allows_as(grant, &approval.tool));
        content.extend(super::marked(&format!(". `/session revoke {name}` takes it back.")));
        return Document { blocks: vec![Block::Paragraph(content)] };
    }
    let content = vec![Inline::Text(format!("[{name}] {word}: ")), Inline::Code(in_a_line(approval))];
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Says what became of a request, in the place of the question.
#[must_use]
pub fn answered(name: &str, approval: &Approval, outcome: Answered<'_>) -> Document {
    if !approval.wants.is_permission() {
        let (word, who) = match outcome {
            Answered::By(decision, who) => (said(approval, decision).unwrap_or("Answered"), Some(who)),
            Answered::Nobody => ("Not answered in time", None),
            Answered::Ended => ("No longer asked: the run has ended", None),
            Answered::Replaced => ("No longer asked: the agent asks for something else", None),
            Answered::Withdrawn => ("No longer asked: the agent no longer waits", None),
            Answered::Foreign => ("Answered by nobody here", None),
        };
        let mut shown = replies(name, approval, word, who);
        if let (Wants::Plan(_), Some(words)) = (&approval.wants, approval.words.first()) {
            shown.blocks.push(Block::Paragraph(vec![Inline::Text(one_line(words, 1000))]));
        }
        return shown;
    }
    let (word, who) = match outcome {
        Answered::By(Decision::Allow, who) => ("Allowed once", Some(who)),
        Answered::By(Decision::AllowForSession, who) => ("Allowed for this session", Some(who)),
        Answered::By(Decision::Deny, who) => ("Denied", Some(who)),
        Answered::Nobody => ("Denied: nobody answered in time", None),
        Answered::Ended => ("No longer needed: the run has ended", None),
        Answered::Replaced => ("No longer needed: the agent asks for something else", None),
        Answered::Withdrawn => ("No longer needed: the agent no longer waits", None),
        Answered::Foreign => ("Allowed by nobody here", None),
    };
    let by = who.map(|who| format!(" by {}", one_line(who, 40))).unwrap_or_default();
    let what = deed(&approval.tool).map_or_else(|| tool(&approval.tool), |deed| Inline::Text(deed.into()));
    let headline = vec![Inline::strong(format!("[{name}] {word}")), Inline::Text(format!("{by}: ")), what];
    let mut blocks = vec![Block::Paragraph(headline)];
    if !approval.detail.is_empty() {
        blocks.push(Block::Code { language: None, text: cut(&approval.detail) });
    }
    Document { blocks }
}

/// Returns what was said to what is no request for permission.
fn said(approval: &Approval, decision: Decision) -> Option<&'static str> {
    let has_words = !approval.words.is_empty();
    match (&approval.wants, decision) {
        (Wants::Permission, _) => None,
        (Wants::Answers(_), Decision::Allow | Decision::AllowForSession) => Some("Answered"),
        (Wants::Answers(_), Decision::Deny) => Some("Left unanswered"),
        (Wants::Plan(_), Decision::Allow | Decision::AllowForSession) => Some("Plan accepted"),
        (Wants::Plan(_), Decision::Deny) if has_words => Some("Plan sent back"),
        (Wants::Plan(_), Decision::Deny) => Some("Plan not accepted"),
    }
}

/// Tells what has been chosen of a question that takes several.
#[must_use]
pub fn chosen(name: &str, labels: &[&str]) -> Document {
    let all = if labels.is_empty() { "nothing".to_owned() } else { one_line(&labels.join(", "), 120) };
    line(&format!("[{name}] Chosen: {all}. Done sends it."))
}

/// Tells that a question wants an answer, and no leave.
#[must_use]
pub fn wants_an_answer(name: &str) -> Document {
    line(&format!("[{name}] This is a question: choose one of its answers, or type one as a reply to it."))
}

/// Tells that what cannot be read whole is not approved.
#[must_use]
pub fn not_whole(name: &str) -> Document {
    line(&format!("[{name}] This request is too long to be shown whole, so it cannot be approved; it can be denied."))
}

/// Tells that there is no such choice, or not any more.
#[must_use]
pub fn no_choice(name: &str) -> Document {
    line(&format!("[{name}] This answer is not asked for any more; the question itself shows what is."))
}

/// Tells that an answer is too long, in bytes.
#[must_use]
pub fn long_answer(name: &str, most_bytes: usize) -> Document {
    line(&format!(
        "[{name}] An answer to a question has at most {most_bytes} bytes. Send more of it as a prompt afterwards."
    ))
}

/// Tells that a request is no longer open, and why; `is_stopped` where somebody has stopped its run.
#[must_use]
pub fn too_late(name: &str, approval: &Approval, is_stopped: bool) -> Document {
    let was = match approval.decision {
        Some(Decision::Deny) if approval.closed_by != Some(ClosedBy::Answer) && is_stopped => "it was stopped",
        Some(decision) if !approval.wants.is_permission() => match said(approval, decision) {
            Some("Left unanswered") => "nobody has answered it",
            _ => "it was answered",
        },
        Some(Decision::Allow | Decision::AllowForSession) => "it was allowed",
        Some(Decision::Deny) => match approval.closed_by {
            Some(ClosedBy::Time) => "nobody answered in time",
            Some(ClosedBy::Agent) => "its agent does not wait for an answer any more",
            Some(ClosedBy::End) => "its run has ended",
            Some(ClosedBy::Answer) | None => "it was denied",
        },
        None if is_stopped => "it was stopped",
        None => "its run has ended",
    };
    line(&format!("[{name}] This question is no longer open: {was}."))
}

/// Tells that nobody answered in time.
#[must_use]
pub fn timed_out(name: &str, approval: &Approval) -> Document {
    if !approval.wants.is_permission() {
        return line(&format!("[{name}] Nobody answered in time, so the agent goes on without an answer."));
    }
    let tool = &approval.tool;
    Document {
        blocks: vec![Block::Paragraph(vec![
            Inline::Text(format!("[{name}] Nobody answered in time, so this was denied: ")),
            self::tool(tool),
        ])],
    }
}

/// Tells that nothing is asked in a chat that could be answered.
#[must_use]
pub fn none_open() -> Document {
    line("Nothing asks for permission in this chat.")
}

/// Asks which request is meant: each is what its session is called, and its id.
#[must_use]
pub fn which(open: &[(String, String)], decision: Decision) -> Document {
    let word = if decision == Decision::Deny { "deny" } else { "approve" };
    let each: Vec<String> = open.iter().map(|(name, id)| format!("`/{word} {id}` ({name})")).collect();
    line(&format!("Say which one: {}.", each.join(", ")))
}

/// Tells that no such request is known here.
#[must_use]
pub fn unknown(id: &str) -> Document {
    Document {
        blocks: vec![Block::Paragraph(vec![
            Inline::Text("There is no permission request ".into()),
            Inline::Code(one_line(id, 40)),
            Inline::Text(" in this chat.".into()),
        ])],
    }
}
