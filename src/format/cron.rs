//! What is said about schedules: lists, one with its next fires, what became of the last ones, and answers.

use signalbox_adapter::{Block, ChatAddress, Document, Inline};

use super::background::Unreachable;
use super::{cell, count, facts, instant, line, span, table};
use crate::clock::Timestamp;
use crate::plan::{CronFault, DigestKind, Plan, ZoneFault};
use crate::store::{Delivery, DeliveryState, Fire, FireCause, FireState, Schedule, ScheduleId};

/// Next fires that are told.
pub const UPCOMING: usize = 3;

/// Why a schedule cannot be made.
#[derive(Debug)]
pub enum Unscheduled<'u> {
    /// The options cannot be read; holds what is wrong.
    Options(&'u str),
    /// There is no such kind.
    Kind(&'u str),
    /// The expression is none.
    Cron(&'u str, CronFault),
    /// There is no such zone.
    Zone(ZoneFault),
    /// It looks back no or too many hours; holds the most.
    Window(u32),
    /// What is done about missed fires is not known.
    CatchUp(&'u str),
    /// The name is empty or too long; holds the most characters.
    Name(usize),
    /// Provider, chat and thread make no address.
    Target,
    /// Nobody is named as its target.
    NoTarget,
    /// Nothing is connected to that provider.
    NotConnected(&'u ChatAddress),
    /// That chat cannot be written to; holds why.
    Unreachable(&'u ChatAddress, Unreachable),
    /// Who asks may not have things sent there.
    NotAllowed(&'u ChatAddress),
    /// There are as many as there may be.
    TooMany(usize),
}

/// Says why a schedule cannot be made.
#[must_use]
pub fn unscheduled(why: &Unscheduled<'_>) -> Document {
    Document::text(match why {
        Unscheduled::Options(why) => format!("Not added: {why}."),
        Unscheduled::Kind(word) => {
            let kinds = DigestKind::ALL.map(DigestKind::as_str).join(", ");
            format!("Not added: there is no kind {word}. There are {kinds}.")
        }
        Unscheduled::Cron(text, fault) => format!("Not added: `{text}` cannot be used: {fault}."),
        Unscheduled::Zone(fault) => format!("Not added: {fault}").trim_end_matches('.').to_owned(),
        Unscheduled::Window(most) => format!("Not added: --window is from 1 to {most} hours."),
        Unscheduled::CatchUp(word) => format!("Not added: --catch-up is none, last or all, not {word}."),
        Unscheduled::Name(most) => format!("Not added: --name has from 1 to {most} characters."),
        Unscheduled::Target => "Not added: --provider, --chat-id and --thread-id make no address.".to_owned(),
        Unscheduled::NoTarget => {
            "Not added: say where to, as --to slack:C0123, or --provider and --chat-id.".to_owned()
        }
        Unscheduled::NotConnected(address) => format!("Not added: {} is not connected.", address.provider),
        Unscheduled::Unreachable(address, Unreachable::Said(why)) => {
            format!("Not added: {address} cannot be written to: {why}.")
        }
        Unscheduled::Unreachable(address, Unreachable::Silent) => {
            format!("Not added: {} does not answer, so {address} could not be tried.", address.provider)
        }
        Unscheduled::NotAllowed(address) => {
            format!("Not added: only an admin of {address} may have things sent there.")
        }
        Unscheduled::TooMany(most) => format!("Not added: this chat has {most} schedules, the most there can be."),
    })
}

/// Lists schedules.
#[must_use]
pub fn list(schedules: &[(Schedule, Option<Fire>)], now: Timestamp) -> Document {
    if schedules.is_empty() {
        return line("No schedules. `/cron add --kind daily_summary --cron \"0 9 * * 1-5\"` adds one.");
    }
    let rows = schedules.iter().map(|(schedule, last)| {
        vec![
            vec![Inline::Code(schedule.id.to_string())],
            cell(schedule.name.clone()),
            cell(schedule.plan.cron.to_string()),
            cell(schedule.plan.zone.name()),
            cell(targets(schedule)),
            cell(next(schedule, now)),
            cell(last.as_ref().map_or_else(|| "none yet".to_owned(), outcome)),
        ]
    });
    let header = ["id", "name", "cron", "zone", "to", "next", "last"];
    Document { blocks: vec![table(&header, rows.collect())] }
}

fn targets(schedule: &Schedule) -> String {
    schedule.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn next(schedule: &Schedule, now: Timestamp) -> String {
    match schedule.next_at {
        _ if schedule.paused => "paused".to_owned(),
        None => "never".to_owned(),
        Some(at) if at <= now => "now".to_owned(),
        Some(at) => format!("{} (in {})", schedule.plan.zone.shows(at), span(at.since(now))),
    }
}

/// Says how a fire stands in a few words.
fn outcome(fire: &Fire) -> String {
    match (fire.state, &fire.error) {
        (FireState::Claimed, _) => "running".to_owned(),
        (FireState::Done, _) => "done".to_owned(),
        (FireState::Quiet, _) => "nothing to say".to_owned(),
        (FireState::Failed, Some(error)) => format!("failed: {error}"),
        (FireState::Failed, None) => "failed".to_owned(),
        (FireState::Missed, _) if fire.missed > 1 => format!("missed, with {} before", fire.missed - 1),
        (FireState::Missed, _) => "missed".to_owned(),
    }
}

/// Tells that a schedule was added, and when it fires.
#[must_use]
pub fn added(schedule: &Schedule) -> Document {
    let head = format!("Added #{}: {} to {}.", schedule.id, schedule.name, targets(schedule));
    Document::text(head).then(fires_of(&schedule.plan, schedule.created_at))
}

/// Tells the next fires of a plan, in its zone and in UTC.
fn fires_of(plan: &Plan, from: Timestamp) -> Document {
    let mut content = vec![Inline::strong("Next")];
    for at in plan.upcoming(from).take(UPCOMING) {
        let utc = crate::plan::Zone::UTC;
        let both = if plan.zone == utc {
            format!("{} UTC", plan.zone.shows(at))
        } else {
            format!("{} {} ({} UTC)", plan.zone.shows(at), plan.zone, utc.shows(at))
        };
        content.extend([Inline::Break, Inline::Text(both)]);
    }
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Shows a schedule.
#[must_use]
pub fn show(schedule: &Schedule, last: Option<&Fire>, now: Timestamp) -> Document {
    let plan = &schedule.plan;
    let pairs = vec![
        ("Schedule", cell(format!("#{} {}", schedule.id, schedule.name))),
        ("Kind", cell(schedule.kind.as_str())),
        ("Cron", vec![Inline::Code(plan.cron.to_string()), Inline::Text(format!(" in {}", plan.zone))]),
        ("To", cell(targets(schedule))),
        ("Looks back", cell(span(schedule.span))),
        ("Missed fires", cell(schedule.catch_up.as_str())),
        ("Nothing to say", cell(if schedule.quiet { "says nothing" } else { "says so" })),
        ("Made", cell(format!("{} by {}", instant(schedule.created_at), schedule.created_by))),
        ("Last", cell(last.map_or_else(|| "none yet".to_owned(), outcome))),
    ];
    let shown = Document { blocks: vec![facts(pairs)] };
    if schedule.paused {
        return shown.then(line(&format!("It is paused: `/cron resume {}` lets it go on.", schedule.id)));
    }
    shown.then(fires_of(plan, now))
}

/// Tells the last fires of a schedule, the newest first, each with what became of its messages.
#[must_use]
pub fn logs(schedule: &Schedule, fires: &[(Fire, Vec<Delivery>)]) -> Document {
    if fires.is_empty() {
        return Document::text(format!("#{} has not fired yet.", schedule.id));
    }
    let rows = fires.iter().map(|(fire, deliveries)| {
        vec![
            cell(schedule.plan.zone.shows(fire.at)),
            cell(match fire.cause {
                FireCause::Planned => "planned",
                FireCause::CaughtUp => "caught up",
                FireCause::Asked => "asked for",
            }),
            cell(outcome(fire)),
            cell(delivered(deliveries)),
        ]
    });
    Document { blocks: vec![table(&["fire", "why", "run", "delivery"], rows.collect())] }
}

/// Says what became of the messages of a fire.
fn delivered(deliveries: &[Delivery]) -> String {
    if deliveries.is_empty() {
        return "none".to_owned();
    }
    let lost: Vec<String> = deliveries
        .iter()
        .filter(|delivery| delivery.state == DeliveryState::Failed)
        .map(|delivery| format!("{}: {}", delivery.address, delivery.error.as_deref().unwrap_or("not delivered")))
        .collect();
    if !lost.is_empty() {
        return lost.join("; ");
    }
    let done = deliveries.iter().filter(|delivery| delivery.state == DeliveryState::Delivered).count();
    if done == deliveries.len() {
        "delivered".to_owned()
    } else {
        format!("{done} of {} delivered", count(deliveries.len(), "message"))
    }
}

/// Tells that there is no such schedule.
#[must_use]
pub fn unknown(id: &str) -> Document {
    Document::text(format!("No schedule {} here; /cron lists them.", signalbox_adapter::one_line(id, 40)))
}

/// Tells what became of a fire that was asked for, and of its messages.
#[must_use]
pub fn ran(fire: &Fire, deliveries: &[Delivery]) -> Document {
    let outcome = outcome(fire);
    Document::text(if deliveries.is_empty() { outcome } else { format!("{outcome}: {}", delivered(deliveries)) })
}

/// Tells that a fire that was asked for takes long.
#[must_use]
pub fn still_running(schedule: ScheduleId) -> String {
    format!("not delivered yet; `signalbox cron logs {schedule}` tells how it stands")
}

/// Tells that a schedule is run now.
#[must_use]
pub fn running(schedule: &Schedule) -> Document {
    Document::text(format!("#{} is run now, to {}.", schedule.id, targets(schedule)))
}

/// Tells that a schedule rests.
#[must_use]
pub fn paused(schedule: &Schedule) -> Document {
    line(&format!("#{0} is paused; `/cron resume {0}` lets it go on.", schedule.id))
}

/// Tells that a schedule goes on.
#[must_use]
pub fn resumed(schedule: &Schedule, now: Timestamp) -> Document {
    Document::text(format!("#{} goes on: next {}.", schedule.id, next(schedule, now)))
}

/// Tells that a schedule is no more.
#[must_use]
pub fn removed(schedule: &Schedule) -> Document {
    Document::text(format!("#{} {} is removed.", schedule.id, schedule.name))
}
