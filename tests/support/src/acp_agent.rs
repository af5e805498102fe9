//! An agent for tests that speaks the Agent Client Protocol by the library's own agent side, and does what its prompt says.
//!
//! It starts in a mode in which it asks nobody. Its output comes in pieces that are cut anywhere. A prompt without a script
//! is answered with `turn <n>: <prompt>`; a line that begins with `script:` holds steps, separated by `;`:
//!
//! | step | does |
//! |---|---|
//! | `say <text>` | says a text |
//! | `tool <command>` | a tool call that is told in three updates |
//! | `ask <command>` | asks for permission, waits, and says `allowed <command>`, `denied <command>` or, in its own mode, `unasked <command>` |
//! | `form <question>` | asks the question with the choices `red` and `blue`, and says `chosen <answer>` |
//! | `link <address>` | names a resource |
//! | `picture <base64>` | tells a picture |
//! | `wait <path>` | waits until the file exists |
//! | `spawn` | leaves a process behind that has a session of its own and ignores SIGTERM |
//! | `fail <text>` | the prompt fails |
//! | `hang` | waits for ever, or until it is cancelled |
//! | `deaf` | waits for ever, also where it is cancelled |
//!
//! `SCRIPTED_AGENT_SESSIONS` is a directory that keeps each session's prompts, one a line; an unknown session is an error. With
//! `ACP_REPLAY` it is a recording that is played instead; `ACP_LOG` is a file that gets every line which it is told then.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    AgentCapabilities, CancelNotification, ContentChunk, CreateElicitationRequest, InitializeRequest,
    InitializeResponse, LoadSessionRequest, LoadSessionResponse, NewSessionRequest, NewSessionResponse,
    PermissionOption, PermissionOptionKind, PromptRequest, PromptResponse, RequestPermissionOutcome,
    RequestPermissionRequest, SessionMode, SessionModeState, SessionNotification, SessionUpdate, SetSessionModeRequest,
    SetSessionModeResponse, StopReason, ToolCall, ToolCallStatus, ToolCallUpdate, ToolCallUpdateFields, ToolKind,
};
use agent_client_protocol::{Agent, Client, Error, Lines, Responder, V1, on_receive_notification, on_receive_request};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// How often it looks whether something has changed.
const LOOK: Duration = Duration::from_millis(5);
/// Lengths of the pieces in which it writes, in bytes.
const PIECES: [usize; 6] = [1, 7, 64, 2, 333, 4096];

/// What it knows.
#[derive(Debug, Default)]
struct State {
    session: String,
    mode: String,
    turn: usize,
    calls: usize,
    cancelled: bool,
}

type Shared = Arc<Mutex<State>>;

/// Is the agent.
#[must_use]
pub fn main() -> ExitCode {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    if let Some(recording) = named("ACP_REPLAY") {
        crate::recorded::play(&recording, named("ACP_LOG").as_deref());
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(serve()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    let state = Shared::new(Mutex::new(State { mode: "auto".into(), ..State::default() }));
    let (begun, loaded, set, prompted, cancelled) =
        (state.clone(), state.clone(), state.clone(), state.clone(), state.clone());
    println!("a banner that is no message");
    Agent
        .v1()
        .name("stand-in")
        .on_receive_request(
            async move |asked: InitializeRequest, responder, _client| {
                let can = AgentCapabilities::new().load_session(true);
                responder.respond(InitializeResponse::new(asked.protocol_version).agent_capabilities(can))
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |_asked: NewSessionRequest, responder, _client| {
                let id = format!("acp-{}", std::process::id());
                lock(&begun).session.clone_from(&id);
                responder.respond(NewSessionResponse::new(id).modes(modes()))
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |asked: LoadSessionRequest, responder, client: ConnectionTo<Client>| {
                let id = asked.session_id.to_string();
                let Some(prompts) = kept(&id) else {
                    return responder.respond_with_error(Error::internal_error().data("Session not found"));
                };
                for prompt in &prompts {
                    client.send_notification(said(&id, &format!("said before of {prompt}")))?;
                }
                let mut state = lock(&loaded);
                (state.session, state.turn) = (id, prompts.len());
                responder.respond(LoadSessionResponse::new().modes(modes()))
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |asked: SetSessionModeRequest, responder, _client| {
                lock(&set).mode = asked.mode_id.to_string();
                responder.respond(SetSessionModeResponse::new())
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |asked: PromptRequest, responder, client: ConnectionTo<Client>| {
                let state = prompted.clone();
                client.clone().spawn(answer(asked, responder, client, state))
            },
            on_receive_request!(),
        )
        .on_receive_notification(
            async move |_cancel: CancelNotification, _client| {
                lock(&cancelled).cancelled = true;
                Ok(())
            },
            on_receive_notification!(),
        )
        .connect_to(wire())
        .await
}

/// Standard input and output, the latter in pieces.
fn wire() -> impl agent_client_protocol::ConnectTo<Agent> + 'static {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let incoming = futures_util::stream::unfold(receiver, async |mut receiver| {
        let line = receiver.recv().await?;
        Some((line, receiver))
    });
    let outgoing = futures_util::sink::unfold(0_usize, async |mut piece, line: String| {
        let mut rest = format!("{line}\n").into_bytes();
        let mut out = io::stdout().lock();
        while !rest.is_empty() {
            let length = PIECES[piece % PIECES.len()].min(rest.len());
            out.write_all(&rest[..length])?;
            out.flush()?;
            rest.drain(..length);
            piece += 1;
        }
        Ok::<_, io::Error>(piece)
    });
    Lines::new(outgoing, incoming)
}

fn lock(state: &Shared) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn modes() -> SessionModeState {
    SessionModeState::new("auto", vec![SessionMode::new("auto", "Auto"), SessionMode::new("default", "Default")])
}

fn file_of(session: &str) -> Option<PathBuf> {
    std::env::var_os("SCRIPTED_AGENT_SESSIONS").map(|directory| Path::new(&directory).join(session))
}

/// Returns the prompts of a session; `None` where there is no such.
fn kept(session: &str) -> Option<Vec<String>> {
    let text = fs::read_to_string(file_of(session)?).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}

fn remember(session: &str, prompt: &str) {
    let Some(file) = file_of(session) else { return };
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened.and_then(|mut file| writeln!(file, "{}", prompt.replace('\n', " "))).expect("written");
}

fn said(session: &str, text: &str) -> SessionNotification {
    let chunk = ContentChunk::new(text.to_owned().into());
    SessionNotification::new(session.to_owned(), SessionUpdate::AgentMessageChunk(chunk))
}

/// Tells what is no text.
fn told(session: &str, content: Value) -> SessionNotification {
    let chunk = ContentChunk::new(serde_json::from_value(content).expect("a content block"));
    SessionNotification::new(session.to_owned(), SessionUpdate::AgentMessageChunk(chunk))
}

async fn answer(
    asked: PromptRequest,
    responder: Responder<PromptResponse, V1>,
    client: ConnectionTo<Client>,
    state: Shared,
) -> Result<(), Error> {
    let prompt = match serde_json::to_value(&asked.prompt).expect("JSON").pointer("/0/text") {
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let session = {
        let mut state = lock(&state);
        state.turn += 1;
        state.cancelled = false;
        state.session.clone()
    };
    remember(&session, &prompt);
    let turn = lock(&state).turn;
    let script = prompt.lines().find_map(|line| line.trim().strip_prefix("script:")).unwrap_or_default().to_owned();
    for step in script.split(';').map(str::trim).filter(|step| !step.is_empty()) {
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        match word {
            "say" => client.send_notification(said(&session, rest))?,
            "link" => {
                client.send_notification(told(&session, json!({"type": "resource_link", "name": "it", "uri": rest})))?
            }
            "picture" => client
                .send_notification(told(&session, json!({"type": "image", "mimeType": "image/png", "data": rest})))?,
            "tool" => tool(&client, &state, &session, rest)?,
            "ask" => ask(&client, &state, &session, rest).await?,
            "form" => form(&client, &session, rest).await?,
            "wait" => until(|| Path::new(rest).exists()).await,
            "spawn" => spawn(),
            "fail" => return responder.respond_with_error(Error::internal_error().data(rest)),
            "hang" => until(|| lock(&state).cancelled).await,
            "deaf" => std::future::pending().await,
            _ => return Err(Error::invalid_params().data(format!("no such step: {step}"))),
        }
        if lock(&state).cancelled {
            return responder.respond(PromptResponse::new(StopReason::Cancelled));
        }
    }
    if script.is_empty() {
        client.send_notification(said(&session, &format!("turn {turn}: {prompt}")))?;
    }
    responder.respond(PromptResponse::new(StopReason::EndTurn))
}

/// Begins a process that goes on in a session of its own.
fn spawn() {
    let mut command = Command::new("setsid");
    command.args(["--fork", "sh", "-c", "trap '' TERM; sleep 600; :"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("a command can be started").success());
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(LOOK).await;
    }
}

fn next_call(state: &Shared) -> String {
    let mut state = lock(state);
    state.calls += 1;
    format!("call_{}", state.calls)
}

fn tool(client: &ConnectionTo<Client>, state: &Shared, session: &str, command: &str) -> Result<(), Error> {
    let id = next_call(state);
    let begun = ToolCall::new(id.clone(), "Terminal").kind(ToolKind::Execute).status(ToolCallStatus::Pending);
    let told = ToolCallUpdateFields::new().title(command.to_owned()).raw_input(json!({"command": command}));
    let done = ToolCallUpdateFields::new().status(ToolCallStatus::Completed).raw_output(json!({"output": "done"}));
    for update in [
        SessionUpdate::ToolCall(begun),
        SessionUpdate::ToolCallUpdate(ToolCallUpdate::new(id.clone(), told)),
        SessionUpdate::ToolCallUpdate(ToolCallUpdate::new(id, done)),
    ] {
        client.send_notification(SessionNotification::new(session.to_owned(), update))?;
    }
    Ok(())
}

async fn ask(client: &ConnectionTo<Client>, state: &Shared, session: &str, command: &str) -> Result<(), Error> {
    if lock(state).mode != "default" {
        return client.send_notification(said(session, &format!("unasked {command}")));
    }
    let fields = ToolCallUpdateFields::new()
        .title(command.to_owned())
        .kind(ToolKind::Execute)
        .status(ToolCallStatus::Pending)
        .raw_input(json!({"command": command}));
    let option = |id: &'static str, kind| PermissionOption::new(id, id, kind);
    let options = vec![
        option("for ever", PermissionOptionKind::AllowAlways),
        option("once", PermissionOptionKind::AllowOnce),
        option("once and in another mode", PermissionOptionKind::AllowOnce),
        option("no", PermissionOptionKind::RejectOnce),
    ];
    let call = ToolCallUpdate::new(next_call(state), fields);
    let answer =
        client.send_request(RequestPermissionRequest::new(session.to_owned(), call, options)).block_task().await?;
    let chosen = match answer.outcome {
        RequestPermissionOutcome::Selected(selected) => selected.option_id.to_string(),
        _ => "cancelled".to_owned(),
    };
    let word = match chosen.as_str() {
        "once" => "allowed".to_owned(),
        "no" => "denied".to_owned(),
        other => other.to_owned(),
    };
    client.send_notification(said(session, &format!("{word} {command}")))
}

async fn form(client: &ConnectionTo<Client>, session: &str, question: &str) -> Result<(), Error> {
    let request = json!({"mode": "form", "sessionId": session, "message": question, "requestedSchema": {
        "type": "object", "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}}}});
    let request: CreateElicitationRequest = serde_json::from_value(request).expect("a form");
    let answer = client.send_request(request).block_task().await?;
    let answer = serde_json::to_value(&answer).expect("JSON");
    let colour = answer.pointer("/content/colour").and_then(Value::as_str).unwrap_or("nothing").to_owned();
    client.send_notification(said(session, &format!("chosen {colour}")))
}
