//! Socket Mode: one task a socket, each envelope to one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::fault::{Cut, Greeting};
use super::state::State;
use super::{APP_ID, Shared};
use crate::stage;

/// How long an envelope waits for its acknowledgement; the real server gives three seconds.
const AGAIN_AFTER: Duration = Duration::from_secs(3);
/// How long a socket is said to last, in seconds.
const LASTS_SECONDS: u64 = 18_060;
/// Time between a warning and the end, as the real server's; it ends sooner where another stands in its place.
const WARNED_BEFORE: Duration = Duration::from_secs(10);
/// How long one that was warned stays though another stands in its place.
const RELIEVED_FOR: Duration = Duration::from_millis(300);
/// How often is looked for what is not acknowledged.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a frozen socket stays.
const FROZEN: Duration = Duration::from_secs(25);
/// How long a good-bye is waited for.
const GOODBYE: Duration = Duration::from_millis(200);

static NUMBERS: AtomicU64 = AtomicU64::new(1);

type Socket = WebSocketStream<TcpStream>;

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    stage::serve(listener, |stream| converse(stream, Arc::clone(&shared))).await;
}

/// Takes back what was not acknowledged in time, so that it is handed over again.
pub(crate) async fn give_again(shared: Arc<Shared>) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        shared.with(|state| {
            let after = if state.again_ms > 0 { Duration::from_millis(state.again_ms) } else { AGAIN_AFTER };
            for envelope in &mut state.envelopes {
                let is_late = envelope.given.is_some_and(|(_, at)| at.elapsed() >= after);
                // Only events are given again.
                if is_late && envelope.acked.is_none() && !envelope.is_lost && envelope.kind == "events_api" {
                    envelope.given = None;
                }
            }
        });
    }
}

/// What is to be done next.
enum Todo {
    Give(usize),
    Cut(Cut),
    /// Another stands in its place.
    Relieved,
    End,
}

struct Connection {
    number: u64,
    shared: Arc<Shared>,
    /// Until when it is frozen.
    frozen: Option<tokio::time::Instant>,
    /// When it ends, once it was warned.
    ends: Option<Instant>,
    /// How many had stood when it was warned.
    stood: usize,
}

#[expect(clippy::result_large_err, reason = "the handshake wants the whole refusal")]
async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let greeting = shared.with(|state| state.greetings.pop_front());
    let upgrade = |request: &Request, response: Response| {
        let ticket = request.uri().query().unwrap_or_default().to_owned();
        // Each address is good once.
        let may = shared.with(|state| state.tickets.remove(&ticket) && !state.is_disabled);
        if greeting == Some(Greeting::Unavailable) || !may {
            let mut refused = ErrorResponse::new(None);
            *refused.status_mut() = if may { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNAUTHORIZED };
            return Err(refused);
        }
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(stream, upgrade).await else { return };
    match greeting {
        Some(Greeting::HangUp) => return,
        Some(Greeting::NoHello) => {
            while let Some(Ok(_)) = socket.next().await {}
            return;
        }
        Some(Greeting::Unavailable) | None => {}
    }
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let lasts = shared.with(|state| if state.lasts_seconds > 0 { state.lasts_seconds } else { LASTS_SECONDS });
    let hello = json!({
        "type": "hello", "num_connections": 1, "connection_info": { "app_id": APP_ID },
        "debug_info": { "host": "applink-1", "approximate_connection_time": lasts },
    });
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    shared.with(|state| {
        state.sockets.push(number);
        state.stood += 1;
        if state.sockets.len() >= 2 && state.fewest.is_none() {
            state.fewest = Some(state.sockets.len());
        }
    });
    let mut connection = Connection { number, shared: Arc::clone(&shared), frozen: None, ends: None, stood: 0 };
    let close = connection.run(&mut socket).await;
    shared.with(|state| state.gone(number));
    if let Some(code) = close {
        let frame = CloseFrame { code: code.into(), reason: "a test".into() };
        drop(
            tokio::time::timeout(GOODBYE, async {
                drop(socket.close(Some(frame)).await);
                while let Some(Ok(_)) = socket.next().await {}
            })
            .await,
        );
    }
}

impl State {
    fn gone(&mut self, number: u64) {
        self.sockets.retain(|other| *other != number);
        self.fewest = self.fewest.map(|fewest| fewest.min(self.sockets.len()));
        for envelope in &mut self.envelopes {
            let was_there = envelope.given.is_some_and(|(socket, _)| socket == number);
            if was_there && envelope.acked.is_none() && !envelope.is_lost && envelope.kind == "events_api" {
                envelope.given = None;
            }
        }
    }

    /// Whether the next envelope is a socket's to hand over: they take turns.
    fn is_turn_of(&self, number: u64) -> bool {
        let at = self.sockets.iter().position(|socket| *socket == number);
        at.is_some_and(|at| self.turn % self.sockets.len() == at)
    }

    fn acknowledge(&mut self, frame: &Value) {
        let Some(id) = frame["envelope_id"].as_str() else { return };
        let of = |envelope: &&mut super::state::Envelope| envelope.ids.iter().any(|known| known == id);
        if let Some(envelope) = self.envelopes.iter_mut().find(of) {
            let since = envelope.first.map(|first| first.elapsed());
            if envelope.acked.is_none() {
                envelope.acked = since;
                envelope.answer = frame["payload"].clone();
            }
        }
    }
}

impl Connection {
    /// Runs until it ends; returns the code with which it is to be closed.
    async fn run(&mut self, socket: &mut Socket) -> Option<u16> {
        let shared = Arc::clone(&self.shared);
        loop {
            if let Some(until) = self.frozen {
                // The other end has to notice: nothing is read, so no question is answered, and what is given is lost.
                tokio::select! {
                    () = tokio::time::sleep_until(until) => return None,
                    _ = shared.until(|state| self.todo(state)) => continue,
                }
            }
            let ends = self.ends.map(tokio::time::Instant::from_std);
            tokio::select! {
                biased;
                heard = socket.next() => match heard {
                    Some(Ok(Message::Text(text))) => {
                        let frame: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
                        shared.with(|state| state.acknowledge(&frame));
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                },
                () = tokio::time::sleep_until(ends.unwrap_or_else(tokio::time::Instant::now)), if ends.is_some() => {
                    drop(socket.send(Message::text(disconnect("refresh_requested"))).await);
                    return Some(1000);
                }
                todo = shared.until(|state| self.todo(state)) => match self.act(socket, todo).await {
                    Ok(()) => {}
                    Err(close) => return close,
                },
            }
        }
    }

    fn todo(&self, state: &mut State) -> Option<Todo> {
        if state.is_disabled {
            return Some(Todo::End);
        }
        if state.sockets.first() == Some(&self.number)
            && self.ends.is_none()
            && let Some(cut) = state.cuts.pop_front_if(|cut| !is_of_envelope(*cut))
        {
            return Some(Todo::Cut(cut));
        }
        let is_late = self.ends.is_some_and(|ends| ends > Instant::now() + RELIEVED_FOR);
        if is_late && state.stood > self.stood {
            return Some(Todo::Relieved);
        }
        // One that is about to end is handed nothing any more while another stands.
        let others = state.sockets.len() > 1;
        let at = state.envelopes.iter().position(|envelope| envelope.given.is_none() && envelope.acked.is_none())?;
        if !state.is_turn_of(self.number) {
            return None;
        }
        state.turn += 1;
        if self.ends.is_some() && others {
            return None;
        }
        let id = state.next_id("env-");
        let now = Instant::now();
        let envelope = &mut state.envelopes[at];
        envelope.ids.push(id);
        envelope.given = Some((self.number, now));
        envelope.first.get_or_insert(now);
        Some(Todo::Give(at))
    }

    async fn act(&mut self, socket: &mut Socket, todo: Todo) -> Result<(), Option<u16>> {
        match todo {
            Todo::End => {
                drop(socket.send(Message::text(disconnect("link_disabled"))).await);
                Err(Some(1000))
            }
            Todo::Give(at) => {
                let (frame, cut) = self.shared.with(|state| {
                    let cut = state.cuts.pop_front_if(|cut| is_of_envelope(*cut));
                    if cut == Some(Cut::Lose) {
                        state.envelopes[at].is_lost = true;
                    }
                    (state.envelopes[at].frame(), cut)
                });
                match cut {
                    Some(Cut::Lose) => Ok(()),
                    Some(Cut::HalfFrame) => {
                        // A whole head that promises more than comes.
                        let head = [0x81, 126, 0x10, 0x00];
                        let stream = socket.get_mut();
                        drop(stream.write_all(&head).await);
                        drop(stream.write_all(&frame.as_bytes()[..frame.len() / 2]).await);
                        drop(stream.flush().await);
                        Err(None)
                    }
                    Some(Cut::Twice) => {
                        send(socket, frame).await?;
                        let again = self.shared.with(|state| {
                            let id = state.next_id("env-");
                            state.envelopes[at].ids.push(id);
                            state.envelopes[at].frame()
                        });
                        send(socket, again).await
                    }
                    _ => send(socket, frame).await,
                }
            }
            Todo::Relieved => {
                self.ends = Some(Instant::now() + RELIEVED_FOR);
                Ok(())
            }
            Todo::Cut(cut) => self.cut(socket, cut).await,
        }
    }

    async fn cut(&mut self, socket: &mut Socket, cut: Cut) -> Result<(), Option<u16>> {
        match cut {
            Cut::Drop => Err(None),
            Cut::Close(code) => Err(Some(code)),
            Cut::Warn => {
                self.ends = Some(Instant::now() + WARNED_BEFORE);
                self.stood = self.shared.with(|state| state.stood);
                send(socket, disconnect("warning")).await
            }
            Cut::Refresh => {
                send(socket, disconnect("refresh_requested")).await?;
                Err(Some(1000))
            }
            Cut::Disable => {
                self.shared.with(|state| state.is_disabled = true);
                Ok(())
            }
            Cut::Freeze => {
                self.frozen = Some(tokio::time::Instant::now() + FROZEN);
                Ok(())
            }
            Cut::Nonsense => send(socket, "no JSON, whatever it is".to_owned()).await,
            Cut::Frame(text) => send(socket, text.to_owned()).await,
            Cut::HalfFrame | Cut::Twice | Cut::Lose => Ok(()),
        }
    }
}

impl super::state::Envelope {
    fn frame(&self) -> String {
        let id = self.ids.last().cloned().unwrap_or_default();
        let attempt = self.ids.len().saturating_sub(1);
        let mut frame = json!({
            "envelope_id": id, "type": self.kind, "payload": self.payload, "accepts_response_payload": self.kind != "events_api",
        });
        if self.kind == "events_api" {
            frame["retry_attempt"] = json!(attempt);
            frame["retry_reason"] = json!(if attempt > 0 { "timeout" } else { "" });
        }
        frame.to_string()
    }
}

fn is_of_envelope(cut: Cut) -> bool {
    matches!(cut, Cut::HalfFrame | Cut::Twice | Cut::Lose)
}

fn disconnect(reason: &str) -> String {
    json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-1" } }).to_string()
}

async fn send(socket: &mut Socket, text: String) -> Result<(), Option<u16>> {
    socket.send(Message::text(text)).await.map_err(|_| None)
}
