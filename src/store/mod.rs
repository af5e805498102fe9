//! The store: everything that must outlive a crash, in the domain's words.
//!
//! One SQLite database (WAL) in the state directory. Any number of processes may open it; what is exclusive is a
//! [`HeldRole`], checked by its fencing number in every write of the core. [`Store::write`] runs a closure over [`Tx`],
//! whose methods (`accept`, `admit`, `complete`, `enqueue`, …) stand in the other files of this module, one idea each; a
//! closure is one atomic step, and what must happen after its commit comes back as [`Effects`].
//!
//! # Why closures
//! The answer to a command (caps, names, positions) depends on rows that another message may change, so the decision,
//! its rows and the text that reports it belong into one transaction, and the writer can share one fsync among many.

mod about;
mod admission;
mod adopted;
mod alerts;
mod alerts_meant;
mod alerts_read;
mod approval;
mod approvals;
mod bars;
mod cards;
mod chat;
mod chats;
mod checkpoint;
mod claim;
mod counts;
mod delivery;
mod digest;
mod due;
mod edits;
mod effects;
mod enclosed;
mod error;
mod fence;
mod files;
mod fires;
mod flush;
mod forms;
mod glance;
mod handle;
mod heard;
mod hooks;
mod id;
mod inbox;
mod incident;
mod incident_lines;
mod incidents;
mod investigations;
mod kv;
mod letters;
mod open;
mod outbox;
mod outgoing;
pub mod pairing;
mod patience;
mod place;
mod plans;
mod retention;
mod roles;
mod said;
mod schedule;
mod schedules;
mod schema;
mod session;
mod sessions;
mod silences;
mod spans;
mod task;
mod tasks;
mod threads;
mod trace;
mod tries;
mod tx;
mod windows;
mod writer;

pub use about::About;
pub use admission::{Admission, NewTask, OwnTask, Refusal};
pub use alerts::Taken;
pub use approval::{Approval, Asking, ClosedBy};
pub use bars::Bars;
pub use chat::{ChatKey, ChatKeyError};
pub use counts::{Backlog, Counts};
pub use delivery::{Delivering, Delivery, Gate, Lanes, NewDelivery, Opens, Sending, State as DeliveryState};
pub use digest::{DigestWindow, FoundCause, Happened, Noise};
pub use due::DueSchedule;
pub use edits::StatusMessage;
pub use effects::{Effects, Written};
pub use enclosed::{Enclosed, EnclosedContent, KeptFile, OUTGOING};
pub use error::{Deferral, OpenError, StoreError};
pub use fence::Fence;
pub use glance::Glance;
pub use handle::{Options, Store, Watcher};
pub use heard::SilentTarget;
pub use hooks::{DELIVERY_KNOWN_FOR, KeptHook};
pub use id::{ApprovalId, DeliveryId, FireId, InboxId, IncidentId, ScheduleId, SessionId, TaskId};
pub use inbox::{InboxOutcome, OpenInbound, UnreadableRow};
pub use incident::{CardStanding, Incident, IncidentChange, IncidentEntry, Spent};
pub use investigations::{Again, Investigation, NewInvestigation};
pub use retention::KeptFolders;
pub use roles::{HeldRole, RoleError, WantedRole};
pub use schedule::{Fire, FireCause, FireOutcome, FireState, NewSchedule, Schedule, ToldFire};

pub use session::{NewSession, Session, SessionStatus};
pub use silences::{Silence, Unsilenceable};
pub use spans::Spans;
pub use task::{Completion, Status, Task};
pub use threads::{NewThread, ThreadRoot};
pub use trace::TaskEvent;
pub use tx::{Caps, Drawn, Tx};
pub use windows::WindowLock;

#[cfg(test)]
mod tests;
