//! What is said about sessions.

use signalbox_adapter::{Alignment, Block, Document, Inline, Item, one_line};

use super::{ago, cell, cost, count, facts, line, table, when};
use crate::agent::checkout::Checkout;
use crate::clock::Timestamp;
use crate::command::NameFault;
use crate::plan::Zone;
use crate::store::{Admission, Refusal, Session, SessionId, Task};

/// Longest prompt shown in a list or in details, in characters.
const MAX_PROMPT_CHARS: usize = 300;

/// Sessions that a chat lists.
const MAX_LISTED: usize = 15;
/// Longest title in that list, in characters.
const MAX_TITLE_CHARS: usize = 60;

/// Longest word that is shown of what a person has typed, in characters.
const MAX_WORD_CHARS: usize = 40;

/// What there is besides the built-in investigator, where no agent is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others<'a> {
    /// A command, which is never chosen by itself.
    Command(&'a str),
    /// An agent that cannot run, since its sandbox is missing.
    CannotRun(&'a str),
    /// Nothing.
    NotInstalled,
}

/// Says once in each chat why the built-in investigator answers.
#[must_use]
pub fn only_host(others: Others<'_>) -> String {
    let host = "so the built-in `host` investigator answers from this machine's own evidence";
    match others {
        Others::Command(name) => {
            format!("No default agent is set, {host}. Say `@{name} <prompt>`, or set `default` in `[agents]`.")
        }
        Others::CannotRun(name) => format!("`{name}` cannot run yet, {host}. `/agents` says what is missing."),
        Others::NotInstalled => format!("No agent is installed, {host}. `/agents` shows how to install others."),
    }
}

/// Says that the word behind an `@` names nothing here, so that it went along as text.
#[must_use]
pub fn no_such(word: &str) -> String {
    let word = one_line(&word.replace('`', "'"), MAX_WORD_CHARS);
    format!("No agent or session here is called `{word}`; it went along as text.")
}

/// What an answer should mention besides.
#[derive(Debug, Default)]
pub struct Notes {
    /// The session that was archived to make room.
    pub archived: Option<String>,
    /// Why the built-in investigator answers, where this is the first time.
    pub only_host: Option<String>,
    /// Whether the session was archived and is open again.
    pub reopened: bool,
    /// The word behind the `@` that names nothing here, where this is the first time.
    pub unknown: Option<String>,
}

impl Notes {
    /// Returns them as lines, with commands and names in backticks.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let archived = self.archived.as_ref();
        let archived = archived.map(|it| format!("`{it}` was archived to make room. `@{it}` reopens it."));
        let reopened =
            self.reopened.then(|| "The session was archived. It is open again, with its context.".to_owned());
        let unknown = self.unknown.as_deref().map(no_such);
        archived.into_iter().chain(reopened).chain(unknown).chain(self.only_host.clone()).collect()
    }
}

/// Says below a result what its status message has mentioned, which that has lost with its end.
#[must_use]
pub fn mentioned(lines: &[String]) -> Document {
    let mut content = Vec::new();
    for line in lines {
        if !content.is_empty() {
            content.push(Inline::Break);
        }
        content.extend(super::marked(line));
    }
    Document { blocks: if content.is_empty() { Vec::new() } else { vec![Block::Paragraph(content)] } }
}

/// Writes agent and model: `claude/opus`.
#[must_use]
pub fn agent(agent: &str, model: Option<&str>) -> String {
    match model {
        Some(model) => format!("{agent}/{model}"),
        None => agent.to_owned(),
    }
}

/// Names the thread of a session: what it is called, and what it was first asked; longer than a provider takes, it is cut.
#[must_use]
pub fn thread_name(session: &Session) -> String {
    match session.title.as_str() {
        "" => session.name.clone(),
        title => format!("{} · {title}", session.name),
    }
}

/// Answers a prompt: started, or queued and where.
#[must_use]
pub fn admitted(session: &Session, admission: &Admission, notes: &Notes) -> Document {
    let who = agent(&session.agent, session.model.as_deref());
    let name = &session.name;
    let (headline, rest) = match admission {
        Admission::Started(_) => (format!("[{name}] Started"), format!(" · {who}")),
        Admission::Queued(_, position) => (format!("[{name}] Queued"), format!(" · position {position} · {who}")),
    };
    let mut content = vec![Inline::strong(headline), Inline::Text(rest)];
    for line in notes.lines() {
        content.push(Inline::Break);
        content.extend(super::marked(&line));
    }
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Tells why a prompt was not taken.
#[must_use]
pub fn refused(refusal: &Refusal) -> Document {
    match refusal {
        Refusal::QueueFull(waiting) => line(&format!(
            "Not taken: {} already wait in this chat (`limits.max_queued_per_chat`). Try again when some are done, or send \
             `/stop all`.",
            count(*waiting, "task")
        )),
        Refusal::SessionsBusy(open) => line(&format!(
            "Not taken: all {open} sessions of this chat are busy (`limits.max_sessions_per_chat`). Wait for one, or \
             stop one with `/session cancel <name>`."
        )),
    }
}

/// Tells that a prompt is longer than the configuration allows.
#[must_use]
pub fn long_prompt(size_bytes: usize, limit_bytes: usize) -> Document {
    line(&format!(
        "Not taken: the prompt has {size_bytes} bytes; the limit is {limit_bytes} (`limits.max_prompt`). Put the text in a \
         file and name the file."
    ))
}

/// Asks what was meant by a mistyped mention.
#[must_use]
pub fn near_miss(word: &str, nearest: Option<&str>) -> Document {
    let mut content = vec![
        Inline::Text("No agent, model or session is called ".into()),
        Inline::Code(format!("@{}", one_line(word, 60))),
        Inline::Text(".".into()),
    ];
    if let Some(nearest) = nearest.filter(|nearest| *nearest != word) {
        content.push(Inline::Text(" Did you mean ".into()));
        content.push(Inline::Code(format!("@{nearest}")));
        content.push(Inline::Text("?".into()));
    }
    content.extend(super::marked(" `/session -- …` sends it as text, `/agents` lists the agents."));
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Tells that an agent has no models to choose from, and which agent has this one.
#[must_use]
pub fn no_model(agent: &str, model: &str, other: Option<&str>) -> Document {
    let model = one_line(&model.replace('`', "'"), 60);
    let other = other.map(|other| format!("; `@{other}/{model}` asks the agent that has it")).unwrap_or_default();
    line(&format!("`{agent}` has no model `{model}`, nor any other to choose from. `@{agent}` alone asks it{other}."))
}

/// Tells that no session has a name.
#[must_use]
pub fn unknown(name: &str, nearest: Option<&str>) -> Document {
    let mut content = vec![
        Inline::Text("No session of this chat is called ".into()),
        Inline::Code(one_line(name, 60)),
        Inline::Text(".".into()),
    ];
    if let Some(nearest) = nearest.filter(|nearest| *nearest != name) {
        content.push(Inline::Text(" Did you mean ".into()));
        content.push(Inline::Code(nearest.to_owned()));
        content.push(Inline::Text("?".into()));
    }
    content.extend(super::marked(" `/session list` shows them."));
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Tells that no project has a name.
#[must_use]
pub fn unknown_project<'p>(name: &str, known: impl Iterator<Item = &'p String>) -> Document {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let mut content = vec![Inline::Text("No project is called ".into()), Inline::Code(one_line(name, 60))];
    if known.is_empty() {
        content.extend(super::marked("; none is configured (`[projects]`)."));
    } else {
        content.push(Inline::Text(format!("; the known ones are {}.", known.join(", "))));
    }
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Tells that a follow-up was given options that only a new session has.
#[must_use]
pub fn options_of_a_new_one(name: &str) -> Document {
    line(&format!(
        "`--name` and `--project` are for new sessions, but `{name}` already exists. Leave them out to follow it up, or \
         leave out `@{name}` to start a new session."
    ))
}

/// Tells why a name cannot be a session's.
#[must_use]
pub fn bad_name(fault: &NameFault) -> Document {
    Document::text(format!("That name cannot be used: {fault}."))
}

/// Tells that an open session has the name already.
#[must_use]
pub fn name_taken(name: &str) -> Document {
    line(&format!("The name `{name}` is taken by an open session. `/session end {name}` frees it."))
}

/// Tells that a session is closed.
#[must_use]
pub fn ended(name: &str) -> Document {
    line(&format!("The session `{name}` is closed. `/session <prompt>` starts a new one."))
}

/// Tells that a session has no task to cancel.
#[must_use]
pub fn nothing_runs(name: &str) -> Document {
    line(&format!("Nothing is running or queued in `{name}`."))
}

/// Tells that a session cannot be closed while it works.
#[must_use]
pub fn still_running(name: &str) -> Document {
    line(&format!("`{name}` is busy. Stop it first with `/session cancel {name}`."))
}

/// Confirms a close.
#[must_use]
pub fn closed(name: &str) -> Document {
    line(&format!("Closed `{name}`. Its name is free again."))
}

/// Confirms that nothing is allowed any more.
#[must_use]
pub fn revoked(name: &str, grants: usize) -> Document {
    match grants {
        0 => line(&format!("Nothing was allowed for `{name}`. It asks each time.")),
        _ => line(&format!("Taken back. `{name}` asks each time again.")),
    }
}

/// Confirms a rename.
#[must_use]
pub fn renamed(old: &str, new: &str) -> Document {
    line(&format!("`{old}` is now called `{new}`."))
}

/// Tells that a command names no session where none is active either.
#[must_use]
pub fn none_meant(verb: &str) -> Document {
    line(&format!("No session is active here. `/session {verb} <name>` names one; `/session list` shows them."))
}

/// Confirms the active context.
#[must_use]
pub fn now_active(name: &str) -> Document {
    line(&format!("Plain text in this chat now follows up `{name}`."))
}

/// Lists sessions.
#[must_use]
pub fn table_of(sessions: &[Session], active: Option<SessionId>, now: Timestamp) -> Block {
    let rows = sessions
        .iter()
        .map(|session| {
            let status = match (session.archived, active == Some(session.id)) {
                (true, _) => "archived".to_owned(),
                (false, true) => format!("{} (active)", session.status.as_str()),
                (false, false) => session.status.as_str().to_owned(),
            };
            vec![
                vec![Inline::Code(session.name.clone())],
                cell(status),
                cell(agent(&session.agent, session.model.as_deref())),
                cell(session.messages.to_string()),
                cell(ago(session.last_used_at, now)),
                cell(one_line(&session.title, 40)),
            ]
        })
        .collect();
    table(&["session", "status", "agent", "prompts", "used", "about"], rows)
}

/// Answers `/session list`.
#[must_use]
pub fn list(sessions: &[Session], active: Option<SessionId>, now: Timestamp) -> Document {
    if sessions.is_empty() {
        return line("No sessions yet. `/session <prompt>` starts one.");
    }
    Document { blocks: vec![table_of(sessions, active, now)] }
}

/// Answers `/session list` in a chat: how many there are, then two lines of each, as a phone shows them.
#[must_use]
pub fn of_chat(sessions: &[Session], active: Option<SessionId>, now: Timestamp) -> Document {
    if sessions.is_empty() {
        return list(sessions, active, now);
    }
    let word = |session: &Session| if session.archived { "archived" } else { session.status.as_str() };
    let number = |wanted: &str| sessions.iter().filter(|session| word(session) == wanted).count();
    let parts = ["running", "idle", "archived", "ended"].map(|wanted| (number(wanted), wanted));
    let parts: Vec<String> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    let items = sessions.iter().take(MAX_LISTED).map(|session| {
        let mark = if active == Some(session.id) && !session.archived { " (active)" } else { "" };
        let who = agent(&session.agent, session.model.as_deref());
        let prompts = count(usize::try_from(session.messages).unwrap_or(usize::MAX), "prompt");
        let used = ago(session.last_used_at, now);
        let mut content = vec![
            Inline::Code(session.name.clone()),
            Inline::Text(format!(" {}{mark} · {who} · {prompts} · {used}", word(session))),
        ];
        if !session.title.is_empty() {
            content.extend([Inline::Break, Inline::Text(one_line(&session.title, MAX_TITLE_CHARS))]);
        }
        Item { checked: None, blocks: vec![Block::Paragraph(content)] }
    });
    let verdict = Document::text(format!("{}: {}", count(sessions.len(), "session"), parts.join(", ")));
    let listed = verdict.with(Block::List { start: None, items: items.collect() });
    match sessions.len().saturating_sub(MAX_LISTED) {
        0 => listed,
        more => listed.then(line(&format!("and {more} more, used longer ago: `/session show <name>` shows one."))),
    }
}

/// Lists the sessions of all chats, each with its chat.
#[must_use]
pub fn list_of_all(sessions: &[Session], now: Timestamp) -> Document {
    let mut document = list(sessions, None, now);
    if let Some(Block::Table { align, header, rows }) = document.blocks.first_mut() {
        align.insert(1, Alignment::Left);
        header.insert(1, cell("chat"));
        for (row, session) in rows.iter_mut().zip(sessions) {
            row.insert(1, cell(session.address.to_string()));
        }
    }
    document
}

/// What is known of a session besides its row.
#[derive(Debug, Clone, Copy, Default)]
pub struct SessionFacts<'a> {
    /// The command that resumes it in a terminal.
    pub resume: Option<&'a str>,
    /// How git stands in its directory.
    pub checkout: Option<&'a Checkout>,
    /// Until when its agent waits for a next prompt.
    pub kept: Option<Timestamp>,
    /// The zone in which its chat reads times.
    pub zone: Zone,
}

/// Answers `/session show`, with the last answer below.
#[must_use]
pub fn details(session: &Session, tasks: &[Task], beside: &SessionFacts<'_>, now: Timestamp) -> Document {
    let text = |text: String| vec![Inline::Text(text)];
    let code = |text: &str| vec![Inline::Code(text.to_owned())];
    let mut pairs = vec![
        ("Session", code(&session.name)),
        ("Status", text(if session.archived { "archived".into() } else { session.status.as_str().into() })),
        ("Agent", text(agent(&session.agent, session.model.as_deref()))),
    ];
    if let Some(id) = &session.agent_session {
        pairs.push(("Agent session", code(id)));
    }
    if let Some(until) = beside.kept {
        pairs.push(("Kept until", text(when(until, beside.zone, now))));
    }
    pairs.push(("Directory", code(&session.directory)));
    if let Some(checkout) = beside.checkout {
        pairs.push(("Branch", checkout.branch.as_deref().map_or_else(|| text("none".into()), code)));
        pairs.push(("Changed", text(super::project::changes(checkout))));
    }
    pairs.push(("Started", text(when(session.created_at, beside.zone, now))));
    pairs.push(("Last used", text(ago(session.last_used_at, now))));
    pairs.push(("Prompts", text(session.messages.to_string())));
    if session.input_tokens + session.output_tokens > 0 {
        pairs.push(("Tokens", text(format!("{} in, {} out", session.input_tokens, session.output_tokens))));
    }
    if session.cost_usd > 0.0 {
        pairs.push(("Cost", text(cost(session.cost_usd))));
    }
    pairs.push(("Last prompt", text(one_line(&session.last_prompt, MAX_PROMPT_CHARS))));
    let mut blocks = vec![facts(pairs)];
    if !session.grants.is_empty() {
        let items = session
            .grants
            .iter()
            .map(|grant| Item { checked: None, blocks: vec![Block::Paragraph(super::approval::allows(grant))] });
        blocks.push(Block::text("Allowed for this session, whoever asks in it:"));
        blocks.push(Block::List { start: None, items: items.collect() });
        blocks.extend(line(&format!("`/session revoke {}` takes it all back.", session.name)).blocks);
    }
    if let Some(resume) = beside.resume {
        blocks.push(Block::text("In a terminal:"));
        blocks.push(Block::Code { language: Some("sh".into()), text: resume.to_owned() });
    }
    if !tasks.is_empty() {
        let rows = tasks
            .iter()
            .map(|task| {
                vec![
                    vec![Inline::Code(task.id.to_string())],
                    cell(task.status.as_str()),
                    cell(ago(task.created_at, now)),
                    cell(one_line(&task.prompt, 50)),
                ]
            })
            .collect();
        blocks.push(table(&["task", "status", "asked", "prompt"], rows));
    }
    let mut document = Document { blocks };
    let last = tasks.iter().max_by_key(|task| (task.finished_at, task.seq));
    if let Some(answer) = last.and_then(|task| task.result.as_deref()).map(str::trim).filter(|text| !text.is_empty()) {
        document.blocks.push(Block::Paragraph(vec![Inline::strong("Last answer:")]));
        document = document.then(Document::from_markdown(answer));
    }
    document
}
