//! The connection to one agent: the protocol crate's futures, driven by hand.
//!
//! A supervisor has one thread and no runtime, and the crate needs neither timers nor threads: a message is put in, then
//! the connection is polled until nothing in it wakes any more, and what it wants sent is taken out. So a message is dealt
//! with whole before the next one.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use agent_client_protocol::v1::{ConnectionTo, Dispatch, Responder};
use agent_client_protocol::{
    Agent, Channel, Client, Error, Handled, JsonRpcNotification, RawJsonRpcId, RawJsonRpcMessage, RawJsonRpcResponse,
    TransportFrame, UntypedMessage, on_receive_dispatch,
};
use serde::Serialize;
use serde_json::Value;

/// What we call ourselves.
pub(super) const NAME: &str = "signalbox";
/// Most polls for one message; a connection that wakes itself for ever is left until the next one.
const MAX_POLLS: usize = 10_000;

/// What the agent says.
#[derive(Debug)]
pub(super) enum Incoming<Question> {
    /// Something that wants no answer.
    Told(UntypedMessage),
    /// Something that wants one.
    Asked(Box<(UntypedMessage, Responder)>),
    /// The answer to a request of ours.
    Answered(Question, Result<Value, Error>),
}

/// What goes on while it is polled.
type Driver = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;
type Inbox<Question> = Arc<Mutex<VecDeque<Incoming<Question>>>>;

/// A connection; `Question` is what a request of ours was for.
pub(super) struct Connection<Question> {
    driver: Option<Driver>,
    woken: Arc<Woken>,
    wire: Channel,
    agent: Arc<Mutex<Option<ConnectionTo<Agent>>>>,
    inbox: Inbox<Question>,
    /// OpenRequests whose answers are not sent, since their ids now stand for others.
    unanswered: Vec<RawJsonRpcId>,
}

impl<Question: Send + 'static> Connection<Question> {
    pub(super) fn new() -> Self {
        let (wire, ours) = Channel::duplex();
        let inbox = Inbox::default();
        let agent = Arc::new(Mutex::new(None));
        let (taken, opened) = (inbox.clone(), agent.clone());
        let receive = async move |message: Dispatch, _agent: ConnectionTo<Agent>| {
            let incoming = match message {
                Dispatch::Notification(told) => Incoming::Told(told),
                Dispatch::Request(asked, responder) => Incoming::Asked(Box::new((asked, responder))),
                // It goes to who has asked.
                message @ Dispatch::Response(..) => return Ok(Handled::No { message, retry: false }),
            };
            push(&taken, incoming);
            Ok(Handled::Yes)
        };
        let driver = async move {
            let builder = Client.v1().name(NAME).on_receive_dispatch(receive, on_receive_dispatch!());
            let stay = async move |agent: ConnectionTo<Agent>| {
                *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(agent);
                std::future::pending::<Result<(), Error>>().await
            };
            builder.connect_with(ours, stay).await
        };
        let driver = Some(Box::pin(driver) as Driver);
        let mut connection = Self { driver, woken: Arc::default(), wire, agent, inbox, unanswered: Vec::new() };
        connection.run();
        connection
    }

    /// Puts a message of the agent in; one that is none of the protocol is passed over.
    pub(super) fn put(&mut self, message: RawJsonRpcMessage) {
        // Nobody is there only after the end.
        let _ = self.wire.tx.unbounded_send(TransportFrame::Single(message));
    }

    /// Goes on as far as it can; returns the lines that are to be sent.
    pub(super) fn run(&mut self) -> Vec<u8> {
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        for _ in 0..MAX_POLLS {
            let Some(driver) = &mut self.driver else { break };
            self.woken.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(_ended) = driver.as_mut().poll(&mut context) {
                self.driver = None;
            } else if !self.woken.0.load(Ordering::Relaxed) {
                break;
            }
        }
        let mut lines = Vec::new();
        while let Ok(frame) = self.wire.rx.try_recv() {
            if self.is_unwanted(&frame) {
                continue;
            }
            if let Ok(line) = frame.to_json() {
                lines.extend_from_slice(line.as_bytes());
                lines.push(b'\n');
            }
        }
        lines
    }

    /// Whether it is the answer to a request that nobody waits for.
    fn is_unwanted(&mut self, frame: &TransportFrame) -> bool {
        let TransportFrame::Single(RawJsonRpcMessage::Response(
            RawJsonRpcResponse::Result { id, .. } | RawJsonRpcResponse::Error { id, .. },
        )) = frame
        else {
            return false;
        };
        let at = self.unanswered.iter().position(|unanswered| unanswered == id);
        at.map(|at| self.unanswered.swap_remove(at)).is_some()
    }

    /// Drops a request without an answer: its id now stands for another.
    pub(super) fn drop_unanswered(&mut self, responder: Responder) {
        self.unanswered.push(responder.raw_id().clone());
        drop(responder);
    }

    /// Takes what the agent has said.
    pub(super) fn take(&mut self) -> Option<Incoming<Question>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Sends a request; its answer comes as [`Incoming::Answered`].
    pub(super) fn ask(&self, question: Question, method: &str, params: &impl Serialize) {
        let inbox = self.inbox.clone();
        let sent = self.agent().ok_or_else(Error::internal_error).and_then(|agent| {
            let request = UntypedMessage::new(method, params)?;
            Ok(agent.send_request(request))
        });
        let failed = match sent {
            Ok(sent) => {
                let answered = async move |result| {
                    push(&inbox, Incoming::Answered(question, result));
                    Ok(())
                };
                // It fails only where the connection has ended.
                let _ = sent.on_receiving_result(answered);
                return;
            }
            Err(error) => error,
        };
        push(&inbox, Incoming::Answered(question, Err(failed)));
    }

    /// Tells the agent something.
    pub(super) fn tell(&self, notification: impl JsonRpcNotification) {
        if let Some(agent) = self.agent() {
            // It fails only where the connection has ended.
            let _ = agent.send_notification(notification);
        }
    }

    fn agent(&self) -> Option<ConnectionTo<Agent>> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn push<Question>(inbox: &Inbox<Question>, incoming: Incoming<Question>) {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).push_back(incoming);
}

/// Whether something in the connection can go on.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
