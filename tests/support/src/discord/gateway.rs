//! The gateway: one task a connection, which tells what its session has not been told yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::fault::{Cut, Greeting};
use super::state::State;
use super::{Shared, TOKEN};
use crate::stage;

/// Largest frame that a bot may send, in bytes.
const MAX_FRAME_BYTES: usize = 4096;
/// Frames that a bot may send on a connection in a minute.
const MAX_FRAMES: usize = 120;
/// All intents that there are.
const INTENTS: u64 = (1 << 26) - 1;
const MESSAGE_CONTENT: u64 = 1 << 15;
/// The name of an event that is never told.
const LEFT_OUT: &str = "";
/// How long a good-bye is waited for.
const GOODBYE: Duration = Duration::from_millis(200);

static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

type Socket = WebSocketStream<TcpStream>;

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    stage::serve(listener, |stream| converse(stream, Arc::clone(&shared))).await;
}

/// One connection.
struct Connection {
    number: u64,
    shared: Arc<Shared>,
    session: Option<String>,
    /// Events of the session that were told on this connection or before it.
    told: usize,
    /// Whether anything was told on this one.
    has_told: bool,
    frames: usize,
    is_mute: bool,
    is_deaf: bool,
    halves: bool,
    greeting: Option<Greeting>,
    /// What the bot has said and is not answered yet, and how often calls were let go by then.
    slow: Option<(Value, u64)>,
    /// Whether a new session was asked for too soon.
    is_too_soon: bool,
}

/// How a connection ends.
enum End {
    /// With a code; it ends the session too where it is one of those.
    Close(u16),
    /// Without a word.
    Drop,
}

/// What is to be done next.
enum Todo {
    Cut(Cut),
    Tell(String, Value),
    Greet,
    Leave,
}

#[expect(clippy::result_large_err, reason = "the handshake wants the whole refusal")]
async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let greeting = shared.with(|state| state.greetings.pop_front());
    let upgrade = |request: &Request, response: Response| {
        let query = request.uri().query().unwrap_or_default();
        if greeting == Some(Greeting::Unavailable) || !query.contains("v=10") || !query.contains("encoding=json") {
            let mut refused = ErrorResponse::new(None);
            *refused.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Err(refused);
        }
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(stream, upgrade).await else { return };
    let number = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    let mut connection = Connection {
        number,
        shared: Arc::clone(&shared),
        session: None,
        told: 0,
        has_told: false,
        frames: 0,
        is_mute: false,
        is_deaf: false,
        halves: false,
        greeting,
        slow: None,
        is_too_soon: false,
    };
    shared.with(|state| state.connections += 1);
    let end = connection.run(&mut socket).await;
    shared.with(|state| {
        state.connections -= 1;
        if let (End::Close(code), Some(session)) = (&end, &connection.session)
            && matches!(code, 1000 | 1001 | 4007 | 4009)
            && let Some(session) = state.sessions.get_mut(session)
        {
            session.is_alive = false;
        }
    });
    if let End::Close(code) = end {
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

impl Connection {
    async fn run(&mut self, socket: &mut Socket) -> End {
        let interval = self.shared.with(|state| state.heartbeat_ms);
        let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": interval } });
        if let Err(end) = send(socket, &hello.to_string()).await {
            return end;
        }
        let shared = Arc::clone(&self.shared);
        loop {
            let done = tokio::select! {
                biased;
                heard = socket.next() => match heard {
                    Some(Ok(Message::Text(text))) => self.hear(socket, text.as_str()).await,
                    Some(Ok(Message::Close(frame))) => self.left(frame.map_or(1005, |frame| frame.code.into())),
                    Some(Ok(_)) => Ok(()),
                    Some(Err(_)) | None => return End::Drop,
                },
                todo = shared.until(|state| self.todo(state)) => self.act(socket, todo).await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// A bot that leaves with 1000 or 1001 ends its session.
    fn left(&self, code: u16) -> Result<(), End> {
        if matches!(code, 1000 | 1001)
            && let Some(session) = &self.session
        {
            self.shared.with(|state| state.sessions.get_mut(session).expect("it is known").is_alive = false);
        }
        Err(End::Drop)
    }

    /// Finds what is to be done next on this connection.
    fn todo(&self, state: &mut State) -> Option<Todo> {
        if let Some((_, released)) = self.slow {
            return (state.released > released).then_some(Todo::Greet);
        }
        let session = state.sessions.get(self.session.as_ref()?)?;
        if session.connection != self.number {
            return Some(Todo::Leave);
        }
        if self.is_mute {
            return None;
        }
        // A connection that was told nothing is one on which the session did not go on: that is for greetings.
        if let Some(cut) = state.cuts.pop_front_if(|_| self.has_told) {
            return Some(Todo::Cut(cut));
        }
        let (event, data) = session.events.get(self.told)?;
        Some(Todo::Tell(event.clone(), data.clone()))
    }

    async fn act(&mut self, socket: &mut Socket, todo: Todo) -> Result<(), End> {
        match todo {
            Todo::Leave => Err(End::Close(4000)),
            Todo::Greet => match self.slow.take() {
                Some((frame, _)) => self.greet(socket, &frame).await,
                None => Ok(()),
            },
            Todo::Tell(event, data) => {
                self.told += 1;
                self.has_told = true;
                let is_resumed = self.note_told();
                if event == LEFT_OUT {
                    return Ok(());
                }
                // That an earlier connection went on is no news for this one.
                let event = if event == "RESUMED" && !is_resumed { "TYPING_START".to_owned() } else { event };
                let interaction = Some(&data["id"]).filter(|_| event == "INTERACTION_CREATE");
                let interaction = interaction.and_then(|id| id.as_str()?.parse::<u64>().ok());
                let frame = json!({ "op": 0, "s": self.told, "t": event, "d": data }).to_string();
                let breaks = self.shared.with(|state| state.breaks.is_some_and(|words| frame.contains(words)));
                if self.halves || breaks {
                    self.halves = false;
                    return send(socket, &frame[..frame.floor_char_boundary(frame.len() / 2)]).await;
                }
                send(socket, &frame).await?;
                if let Some(id) = interaction {
                    self.shared.with(|state| state.interactions.get_mut(&id).expect("it is known").told = true);
                }
                Ok(())
            }
            Todo::Cut(cut) => match cut {
                Cut::Close(code) => Err(End::Close(code)),
                Cut::Reset => Err(End::Drop),
                Cut::Reconnect => send(socket, r#"{"op":7,"d":null,"s":null,"t":null}"#).await,
                Cut::Invalid { resumable } => {
                    if !resumable && let Some(session) = &self.session {
                        self.shared
                            .with(|state| state.sessions.get_mut(session).expect("it is known").is_alive = false);
                    }
                    self.is_mute = true;
                    send(socket, &json!({ "op": 9, "d": resumable, "s": null, "t": null }).to_string()).await
                }
                Cut::Mute => {
                    self.is_mute = true;
                    Ok(())
                }
                Cut::HalfFrame => {
                    self.halves = true;
                    Ok(())
                }
                Cut::Deaf => {
                    self.is_deaf = true;
                    Ok(())
                }
                Cut::Gap => self.slip_in(LEFT_OUT, Value::Null),
                Cut::Nonsense => self.slip_in("MESSAGE_CREATE", json!({ "id": ["no"], "channel_id": 7 })),
            },
        }
    }

    /// Notes how much was told; says whether with this the session goes on.
    fn note_told(&self) -> bool {
        let session = self.session.clone().unwrap_or_default();
        self.shared.with(|state| {
            let session = state.sessions.get_mut(&session).expect("it is known");
            session.told = self.told;
            session.resumed_at == Some(self.told)
        })
    }

    /// Puts an event behind all others of the session.
    fn slip_in(&self, event: &str, data: Value) -> Result<(), End> {
        let session = self.session.clone().unwrap_or_default();
        self.shared.with(|state| {
            let events = &mut state.sessions.get_mut(&session).expect("it is known").events;
            events.push((event.to_owned(), data));
        });
        Ok(())
    }

    async fn hear(&mut self, socket: &mut Socket, text: &str) -> Result<(), End> {
        self.frames += 1;
        if text.len() > MAX_FRAME_BYTES {
            return Err(End::Close(4002));
        }
        if self.frames > MAX_FRAMES {
            return Err(End::Close(4008));
        }
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return Err(End::Close(4002)) };
        match frame["op"].as_u64() {
            Some(1) if self.is_mute || self.is_deaf => Ok(()),
            Some(1) => send(socket, r#"{"op":11,"d":null,"s":null,"t":null}"#).await,
            Some(2 | 6) if self.session.is_some() || self.slow.is_some() => Err(End::Close(4005)),
            Some(asked @ (2 | 6)) => {
                if asked == 2 {
                    self.is_too_soon = self.shared.with(State::note_asked);
                }
                match self.greeting.take() {
                    Some(Greeting::CloseWith(code)) => return Err(End::Close(code)),
                    Some(Greeting::HangUp) => return Err(End::Drop),
                    Some(Greeting::Slow) => {
                        self.slow = Some((frame, self.shared.with(|state| state.released)));
                        return Ok(());
                    }
                    Some(Greeting::Unavailable) | None => {}
                }
                self.greet(socket, &frame).await
            }
            Some(_) if self.session.is_none() => Err(End::Close(4003)),
            Some(_) | None => Err(End::Close(4001)),
        }
    }

    /// Begins a session or goes on with one, as the bot has asked.
    async fn greet(&mut self, socket: &mut Socket, frame: &Value) -> Result<(), End> {
        let revoked = self.shared.with(|state| state.revoked);
        if revoked || frame["d"]["token"] != TOKEN {
            return Err(End::Close(4004));
        }
        if frame["op"] == 2 { self.identify(socket, &frame["d"]).await } else { self.resume(socket, &frame["d"]).await }
    }

    async fn identify(&mut self, socket: &mut Socket, data: &Value) -> Result<(), End> {
        let Some(intents) = data["intents"].as_u64().filter(|intents| intents & !INTENTS == 0) else {
            return Err(End::Close(4013));
        };
        if !data["properties"].is_object() {
            return Err(End::Close(4002));
        }
        let (number, gateway) = (self.number, self.shared.with(|state| state.gateway.clone()));
        if self.is_too_soon {
            return send(socket, r#"{"op":9,"d":false,"s":null,"t":null}"#).await;
        }
        self.session = self.shared.with(|state| {
            let allowed = state.allows_content || intents & MESSAGE_CONTENT == 0;
            allowed.then(|| state.begin(intents, number, &gateway))
        });
        if self.session.is_some() { Ok(()) } else { Err(End::Close(4014)) }
    }

    async fn resume(&mut self, socket: &mut Socket, data: &Value) -> Result<(), End> {
        let (id, seq) = (data["session_id"].as_str().unwrap_or_default().to_owned(), data["seq"].as_u64());
        let number = self.number;
        let told = self.shared.with(|state| {
            let session = state.sessions.get_mut(&id).filter(|session| session.is_alive)?;
            let told = seq.and_then(|seq| usize::try_from(seq).ok()).filter(|seq| *seq <= session.events.len());
            if told.is_some() {
                session.connection = number;
                session.events.push(("RESUMED".to_owned(), json!({})));
                session.resumed_at = Some(session.events.len());
                session.told = told.unwrap_or_default();
                state.resumed += 1;
            }
            Some(told)
        });
        match told {
            Some(Some(told)) => {
                (self.session, self.told) = (Some(id), told);
                Ok(())
            }
            Some(None) => Err(End::Close(4007)),
            None => send(socket, r#"{"op":9,"d":false,"s":null,"t":null}"#).await,
        }
    }
}

async fn send(socket: &mut Socket, text: &str) -> Result<(), End> {
    socket.send(Message::text(text)).await.map_err(|_| End::Drop)
}
