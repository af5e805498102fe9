//! signalbox: a chat-bot front end for messaging providers. This page is its architecture.
//!
//! People type commands into a chat; a transport adapter turns each message into an [`signalbox_adapter::Incoming`] on
//! one shared bus; the bus routes it to a background observer that runs agents, and sends formatted results back to the
//! chat that asked. Nothing sent to it is lost, nothing it says is said twice, and agents outlive this program.
//!
//! # The picture
//! ```text
//!  person                                                                                 person
//!    │                                                                                       ▲
//!    ▼                                                                                       │
//!  adapters/<p>  listen ─► inbox ─► router ─► handlers ───────► observer ─► supervisor ─► agent
//!                         (store)   │ command      │ (store:      │  ▲        (a process of its own,
//!                                   │ access       │  admission)  │  │ events  outlives this one)
//!                                   ▼              ▼              ▼  │
//!                                 format ◄─────────┴────────── verdict
//!                                   │
//!                                   └─► outbox ─► adapters/<p>  deliver ─► receipt
//!                                      (store)
//! ```
//! Every arrow that crosses a crash is a row: inbox → task → outbox. A message travels left to right once; nothing flows
//! back but a provider's receipt.
//!
//! # One message's journey
//! `/session fix the flaky test`, typed in a terminal:
//! 1. The adapter maps the line to an `Incoming` with a key that is unique for ever and calls [`bus::Bus`]'s `accept`.
//! 2. [`router::Router`] parses it ([`command`], pure) and makes one step of it. In the writer's transaction the step
//!    checks rights ([`access`]), admits the task ([`store::Tx::admit`]: `Started`, `Queued(position)` or a refusal that
//!    leaves nothing behind), and writes the answer ([`mod@format`], pure) as an outbox row. One commit: inbox row, session,
//!    task, status message. Only now may the provider be told that the message has arrived.
//! 3. The commit's [`store::Effects`] go to the [`observer`]: it starts the agent under its
//!    [supervisor](agent::supervisor) with the prompt, and follows the events that the supervisor writes down.
//! 4. The end of the run becomes, in one transaction: task done, session idle with the agent's session id, result row
//!    written and already claimed, the next tasks in turn started.
//! 5. The [`outbox`] makes the provider call and stores the receipt.
//!
//! In Telegram it is the same journey: the adapter's poll confirms an update only by the next poll's offset, after `accept`
//! has returned. While the agent works, [`observer`] keeps one status message edited in place ([`turn::report`] says what
//! it shows), the outbox's pacer holds edits back so that results go first, and signs (typing, 👀, the answer to a press) are
//! given without a row, since they are worth nothing later.
//!
//! `/investigate` is the same journey once more, with [`handlers::investigate`] in step 2 and two things more: what the
//! observer has seen becomes an [analysis](rca) at the end of the run (or the agent is asked once more), and
//! the step that writes the end down also writes [notices](turn::notice) to whoever else is to be told.
//!
//! Kill the process between any two of these words and start it again: [`observer::Observer::recover`] finds the runs,
//! the outbox finds its rows, and the person sees the same messages. A delivery that may have arrived is asked about or,
//! where the provider cannot tell, sent once more and marked "(may be a repeat)".
//!
//! # Processes and roles
//! Any number of processes open the store; one holds the *core* role (a file lock and a [fencing number](store::Fence))
//! and routes, observes and delivers: `signalbox serve`, or the first `signalbox shell`. Each bot has a *poller* role of its
//! own, so that two processes never read one bot. Other terminals attach: they write
//! inbox rows, [`wake`] the holder, print their own window's rows, and take the role over when its holder is gone.
//!
//! # Who may use whom
//! - `adapters/contract` uses nothing of ours. An adapter uses the contract and its provider's SDK, never another adapter
//!   and never this crate. Here, only [`wiring`] names an adapter crate.
//! - [`command`], [`access`], [`mod@format`] and the deciding parts of `outbox` and `observer` are pure: values in, values out.
//! - Time and chance come from a [`clock::Clock`]. SQL stands in [`store`] only.
//!
//! # Where things are
//! | module | what it is |
//! |---|---|
//! | [`cli`] | subcommands, thin |
//! | [`app`], [`lifecycle`], [`wiring`] | composition; signals and the service manager; provider name → adapter |
//! | [`config`] | file and environment, checked as a whole |
//! | [`bus`], [`router`] | the door; one durable step for each message: parsing, rights, dispatch |
//! | [`handlers`] | what each command does: one file or folder a command |
//! | [`turn`] | what every handler gets: the message's transaction, ways to answer, what a chat is shown of a task |
//! | [`command`], [`access`] | grammar; rights |
//! | [`voice`] | writes voice notes down |
//! | [`store`] | rows, transactions, group commit, roles |
//! | [`observer`] | starting, following, ending and finding runs |
//! | [`agent`] | agents: catalogue, environment, protocols, supervisor |
//! | [`alert`] | alerts of every source, read into one shape |
//! | [`rca`] | what an investigation comes to: templates of questions, and the root cause analysis |
//! | [`host`] | the built-in investigator, which answers from this machine |
//! | [`mod@format`] | every sentence the program says |
//! | [`outbox`] | sending, retrying, giving up |
//! | [`transport`] | keeps each provider's listener listening |
//! | [`health`], [`http`] | how each transport and the store are; `/healthz`, `/readyz`, `/metrics` |
//! | [`redact`] | secrets are masked in what leaves |

pub mod access;
pub mod agent;
pub mod alert;
pub mod app;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod format;
pub mod handlers;
pub mod health;
pub mod host;
pub mod http;
pub mod lifecycle;
pub mod observer;
pub mod outbox;
pub mod rca;
pub mod redact;
pub mod router;
pub mod store;
pub mod transport;
pub mod turn;
pub mod voice;
pub mod wake;
pub mod wiring;
