//! signalbox: a chat-bot front end for messaging providers. This page is its architecture.
//!
//! People type commands into a chat; a transport adapter turns each message into an [`signalbox_adapter::Incoming`] on
//! one shared bus; the bus routes it to a background observer that runs agents, and sends formatted results back to the
//! chat that asked. Nothing sent to it is lost, nothing it says is said twice, and agents outlive this program.
//!
//! # Words
//! | word | meaning |
//! |---|---|
//! | session | a named conversation with one agent in one chat |
//! | task | one prompt to be answered, from its admission to its result; a retry is a new task |
//! | run | an agent's process for one task, under a supervisor of its own; each start of it is an *attempt* |
//! | turn | one message's transaction, with everything that its handler may need ([`turn::Turn`]) |
//! | step | one transaction of the writer thread; steps that wait together share one commit |
//! | delivery | one row of the outbox: one call to a provider, with one effect |
//! | part | one message of a rendered answer that did not fit into one |
//! | lane | the deliveries of one chat, sent one after the other |
//! | sign | typing, 👀, or the short answer to a press: given at once, never a row |
//! | investigation | a task whose answer is a root cause analysis ([`rca::Rca`]) |
//! | incident | a group of alerts from first firing to resolution, with one card and one thread |
//! | schedule, fire | what is delivered by itself, when and where; one scheduled instant of it |
//! | background mode | a chat's choice that investigations leave its conversation free; on in chats |
//! | servant | a loop that acts on rows by itself, such as the observer or the outbox |
//!
//! # The picture
//! ```text
//!  person                                                                                 person
//!    │                                                                                       ▲
//!    ▼                                                                                       │
//!  adapters/<p>  listen ─► inbox ─► router ─► handlers ─────► observer ─► supervisor ─► agent
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
//! 2. [`router::Router`] parses it ([`command`], pure), [looks](turn::Look) at what the command's [handler](handlers) asks
//!    for, and makes one step of it. In the writer's transaction it checks rights ([`access`]) and lets the handler decide:
//!    it admits the task ([`store::Tx::admit`]: `Started`, `Queued(position)` or a refusal that leaves nothing behind) and
//!    answers with an outbox row ([`mod@format`], pure). One commit: inbox row, session, task, status message. Only now may
//!    the provider be told that the message has arrived.
//! 3. The commit's [`store::Effects`] go to the [`observer`]: it starts the agent under its
//!    [supervisor](agent::supervisor) with the prompt, and follows the events that the supervisor writes down.
//!    An agent that a session has kept gets the next prompt from the supervisor that it has; what it says by itself in
//!    between, the supervisor writes down until the observer has made a message of it.
//! 4. The end of the run becomes, in one transaction: task done, session idle with the agent's session id, result row
//!    written and already claimed, the next tasks started.
//! 5. The [`outbox`] makes the provider call and stores the receipt.
//!
//! In Telegram it is the same journey: the adapter's poll confirms an update only by the next poll's offset, after `accept`
//! has returned. There the status message is a row that is sent when the run has lasted a while: the result drops one that
//! nobody has been shown, so that a quick answer comes alone. While the agent works, [`observer`] keeps it edited in place
//! ([`turn::report`] says what it shows), the outbox's pacer holds edits back so that results go first, and signs are given
//! without a row, since they are worth nothing later.
//!
//! `/investigate` is the same journey once more, with [`handlers::investigate`] in step 2 and two things more: what the
//! observer has seen becomes an [analysis](rca) at the end of the run (or the agent is asked once more), and the step that
//! writes the end down also writes [notices](turn::notice) to the others who are to be told.
//!
//! Alerts take another door, [`store::Tx::take_alerts`], whether a [hook](mod@hook) or a post in an alert channel brings them: each goes
//! into its [`incident`] in one step, and [`triage`] does the rest from the rows: one live card, one thread below it, an
//! investigation that begins by itself. A silence is a row, too, from which triage tells the alert's source.
//!
//! A schedule takes no door: [`schedule`] claims each fire as its time comes ([`plan`]), takes it with a lease, sets agents to work
//! where it needs any ([`turn::crew`]) and takes it again when they have ended, gathers what happened within the schedule's
//! window, and writes what each target is told with the fire's end in one step.
//!
//! Kill the process between any two of these words and start it again: [`observer::Observer::recover`] finds the runs,
//! the outbox finds its rows, and the person sees the same messages. A delivery that may have arrived is asked about or,
//! where the provider cannot tell, sent again and marked "(may be a repeat)", until it is too old. What a provider refuses in
//! one form goes in a plainer one, without the thread or reply that is gone; what is given up at last is told in its chat.
//!
//! # Processes and roles
//! Any number of processes open the store; one holds the *core* role (a file lock and a [fencing number](store::Fence))
//! and routes, observes and delivers: `signalbox serve`, or the first `signalbox shell`. Each bot has a *poller* role of its
//! own, so that two processes never read one bot. Other terminals attach: they write
//! inbox rows, [`wake`] the holder, print their own window's rows, and take the role over when its holder is gone. A terminal
//! hands the role over as soon as `serve` asks for it.
//!
//! # Floors: a folder uses only folders below it
//! `tests/it/architecture.rs` keeps this table, and that no files inside a folder use one another in a circle.
//!
//! | folder, from the top down | what it is |
//! |---|---|
//! | [`cli`] | subcommands, thin |
//! | [`app`] | composition: every part is started, watched and stopped in one place |
//! | [`wiring`] | one file an adapter; the only place that names an adapter crate |
//! | [`observer`], [`transport`], [`triage`], [`schedule`], [`http`] | servants: run agents; keep each provider listened to; look after incidents; deliver by schedules; health, readiness, metrics and hooks |
//! | [`bus`] | the door, and the hand-over of a commit's effects |
//! | [`router`] | from a message to its handler: parsing, rights, dispatch |
//! | [`handlers`] | what each command does: one file or folder a command |
//! | [`turn`] | what every handler gets: the message's transaction, ways to answer, what a chat is shown of a task |
//! | [`mod@format`] and [`outbox`] | every sentence a person reads, pure; sending, retrying, giving up |
//! | [`store`] | rows in the domain's words: transactions, group commit, roles; one file a table |
//! | [`host`] | the built-in investigator, which answers from this machine |
//! | [`rca`], [`incident`], [`hook`], [`plan`] | what an investigation comes to: templates of questions, and the analysis; groups of alerts, and where each stands; what proves a hook's sender; when a schedule fires |
//! | [`agent`], [`alert`] | agents: kinds, protocols, supervisor; alerts of every source, read into one shape |
//! | [`access`], [`redact`] | who may do what; secrets are masked in everything that leaves |
//! | [`command`], [`config`] | the words people type, one file a command; file and environment, one file a section |
//! | [`clock`], [`health`], [`json`], [`lifecycle`], [`voice`], [`wake`] | the ground |
//!
//! Besides: `adapters/contract` uses nothing of ours; an adapter uses the contract and its provider's SDK, never another
//! adapter and never this crate. [`command`], [`access`], [`mod@format`], [`rca`], [`incident`], [`hook`], [`plan`] and [`alert`] are pure: values in, values out. Time
//! and chance come from a [`clock::Clock`]. SQL stands in [`store`] only.
//!
//! # Where a new thing goes
//! | new | touch |
//! |---|---|
//! | command | its words `command/words/x.rs`, its answer `handlers/x.rs`, its sentences `format/x.rs`, and one line in each list |
//! | agent | one file in `agent/kinds/` and one line in its table |
//! | adapter | its crate, one feature line, one file and one line in `wiring/` |
//! | table | one migration, one file in `store/`, one line in the test that knows every table |
//! | metric | one line in `http/metrics` and where it is counted |

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
pub mod hook;
pub mod host;
pub mod http;
pub mod incident;
pub mod json;
pub mod lifecycle;
pub mod observer;
pub mod outbox;
pub mod plan;
pub mod rca;
pub mod redact;
pub mod router;
pub mod schedule;
pub mod store;
pub mod transport;
pub mod triage;
pub mod turn;
pub mod voice;
pub mod wake;
pub mod wiring;
