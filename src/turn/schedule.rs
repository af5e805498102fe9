//! Schedules as people ask for them, in a chat or on the command line, and what their fires deliver.

use std::time::Duration;

use signalbox_adapter::{ChatAddress, Document, Notice, Part, Purpose, one_line};

use super::Context;
use crate::command::ScheduleOptions;
use crate::format::Draft;
use crate::format::cron::Unscheduled;
use crate::format::digest::{self, DigestOf};
use crate::plan::{CatchUp, DigestKind, Plan, Zone};
use crate::store::{
    About, ChatKey, DigestWindow, Fire, Happened, Incident, NewDelivery, NewSchedule, Schedule, StoreError, Tx,
};

/// Longest that a schedule looks back, in hours: as long as rows are kept.
const MAX_WINDOW_H: u32 = 30 * 24;
/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 60;
const HOUR: Duration = Duration::from_secs(3600);

/// Reads what is asked for; without a target it is the chat in which it is asked.
///
/// # Errors
/// What is wrong.
pub fn read<'o>(
    options: &'o ScheduleOptions,
    here: Option<&ChatAddress>,
    created_by: &str,
) -> Result<NewSchedule, Unscheduled<'o>> {
    let kind = DigestKind::from_word(&options.kind).ok_or(Unscheduled::Kind(&options.kind))?;
    let cron = options.cron.parse().map_err(|fault| Unscheduled::Cron(&options.cron, fault))?;
    let zone = options.tz.as_deref().map_or(Ok(Zone::UTC), str::parse).map_err(Unscheduled::Zone)?;
    let span = match options.window {
        None => kind.usual_window(),
        Some(hours) if (1..=MAX_WINDOW_H).contains(&hours) => HOUR * hours,
        Some(_) => return Err(Unscheduled::Window(MAX_WINDOW_H)),
    };
    let catch_up = match options.catch_up.as_deref() {
        None => kind.usual_catch_up(),
        Some(word) => CatchUp::from_word(word).ok_or(Unscheduled::CatchUp(word))?,
    };
    let name =
        options.name.as_deref().map_or_else(|| kind.title().to_owned(), |name| one_line(name, MAX_NAME_CHARS + 1));
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(Unscheduled::Name(MAX_NAME_CHARS));
    }
    let mut targets = options.to.clone();
    if let (Some(provider), Some(chat)) = (&options.provider, &options.chat_id) {
        let thread = options.thread_id.as_ref().map(|thread| format!("/{thread}")).unwrap_or_default();
        let address = format!("{provider}:{chat}{thread}").parse();
        targets.push(address.map_err(|_| Unscheduled::Target)?);
    }
    if targets.is_empty() {
        targets.push(here.cloned().ok_or(Unscheduled::NoTarget)?);
    }
    let scope = here.map(ChatKey::of);
    let (plan, created_by) = (Plan { cron, zone }, created_by.to_owned());
    Ok(NewSchedule { name, kind, plan, targets, span, catch_up, quiet: options.quiet_when_empty, scope, created_by })
}

/// What was gathered for a fire.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// Of when.
    pub window: DigestWindow,
    /// What happened.
    pub happened: Happened,
    /// Of a replay: the incidents.
    pub replayed: Vec<Incident>,
}

/// Gathers what a fire tells of.
///
/// # Errors
/// [`StoreError`].
pub fn gather(tx: &Tx<'_>, schedule: &Schedule, fire: &Fire) -> Result<Gathered, StoreError> {
    let window = DigestWindow::up_to(fire.at, schedule.span);
    let scope = schedule.scope.as_ref();
    let happened = tx.happened(window, scope)?;
    let replayed = match schedule.kind {
        DigestKind::IncidentWindowReplay => tx.incidents_within(window, scope)?.0,
        DigestKind::DailySummary | DigestKind::WeeklyAudit => Vec::new(),
    };
    Ok(Gathered { window, happened, replayed })
}

/// Writes what a fire delivers, a message for each target: one that cannot be delivered holds no other up.
///
/// # Errors
/// [`StoreError`].
pub fn deliver(
    tx: &Tx<'_>,
    cx: &Context,
    schedule: &Schedule,
    fire: &Fire,
    gathered: &Gathered,
) -> Result<(), StoreError> {
    let Gathered { window, happened, replayed } = gathered;
    let document = digest::digest(&DigestOf { schedule, window: *window, happened, replayed });
    for target in &schedule.targets {
        let target = tx.current_address(target)?;
        let provider = target.provider.as_str();
        let (parts, attachment) = if cx.readers(provider).is_some() {
            (letter(cx, schedule, fire, happened, &target, &document)?, None)
        } else {
            cx.render(provider, document.clone())?
        };
        tx.enqueue(&NewDelivery {
            attachment,
            about: Some(About::Fire(fire.id)),
            ..NewDelivery::to(target, Purpose::Result, parts)
        })?;
    }
    Ok(())
}

fn letter(
    cx: &Context,
    schedule: &Schedule,
    fire: &Fire,
    happened: &Happened,
    target: &ChatAddress,
    document: &Document,
) -> Result<Vec<Part>, StoreError> {
    let notice = Notice {
        subject: digest::subject(schedule, happened),
        to: vec![target.chat.as_str().to_owned()],
        id: format!("fire-{}", fire.id),
        references: Vec::new(),
        document: Document::default(),
    };
    cx.letter(target.provider.as_str(), notice, &Draft::from(document.clone()))
}
