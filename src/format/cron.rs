//! What is said about schedules: lists, one with its next fires, what became of the last ones, and answers.

use signalbox_adapter::{Block, ChatAddress, Document, Inline, Sender, one_line};

use super::{cell, count, facts, line, span, table};
use crate::clock::Timestamp;
use crate::command::code;
use crate::config::TERMINAL;
use crate::plan::{CatchUp, Plan, Zone};
use crate::store::{DeliveryState, Fire, FireCause, FireId, FireOutcome, FireState, Schedule, ScheduleId, ToldFire};

/// Longest value of a parameter that is shown, in characters.
const MAX_PARAM_CHARS: usize = 200;
/// Longest name of a person, in characters.
const MAX_NAME_CHARS: usize = 40;
/// Messages of a fire that are named while they are waited for, and the longest line about one, in characters.
const MAX_WAITING: usize = 3;
const MAX_LINE_CHARS: usize = 100;
/// Next fires that are told.
pub const UPCOMING: usize = 3;

/// Lists schedules on the command line.
#[must_use]
pub fn list(schedules: &[(Schedule, Option<ToldFire>)], now: Timestamp) -> Document {
    if schedules.is_empty() {
        let how = format!("/cron add --kind daily_summary --cron \"0 9 * * 1-5\" --to {TERMINAL}");
        return line(&format!("No schedules. `{how}` adds one."));
    }
    let rows = schedules.iter().map(|(schedule, last)| {
        vec![
            vec![Inline::Code(schedule.id.to_string())],
            cell(schedule.name.clone()),
            cell(schedule.kind.as_str()),
            cell(schedule.plan.cron.to_string()),
            cell(schedule.plan.zone.name()),
            cell(targets(schedule)),
            cell(next(schedule, now)),
            cell(last.as_ref().map_or_else(|| "none yet".to_owned(), standing)),
        ]
    });
    let header = ["id", "name", "kind", "cron", "zone", "to", "next", "last"];
    Document { blocks: vec![table(&header, rows.collect())] }
}

/// Names who has made a schedule, as people call them and by their id.
#[must_use]
pub fn made_by(who: &Sender) -> String {
    match one_line(&who.name, MAX_NAME_CHARS) {
        name if name.is_empty() => who.id.to_string(),
        name => format!("{name} ({})", who.id),
    }
}

/// Says that a chat has no schedules, and how one is added to who may.
#[must_use]
pub fn none(may_add: bool) -> Document {
    line(match may_add {
        true => "No schedules. `/cron add --kind daily_summary --cron \"0 9 * * 1-5\"` adds one.",
        false => "No schedules.",
    })
}

/// Tells how many schedules are not listed.
#[must_use]
pub fn more(more: usize, all: usize) -> Document {
    line(&format!("and {more} more: `signalbox cron list --limit {all}`"))
}

pub(super) fn targets(schedule: &Schedule) -> String {
    schedule.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn next(schedule: &Schedule, now: Timestamp) -> String {
    match schedule.next_at {
        _ if schedule.paused => "paused".to_owned(),
        None => "never".to_owned(),
        Some(at) if at <= now => "now".to_owned(),
        Some(at) => format!("{} (in {})", schedule.plan.zone.shows_ahead(at, now), span(at.since(now))),
    }
}

/// Says how a fire stands in a few words.
pub(super) fn outcome(fire: &Fire) -> String {
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

/// Says in a few words how a fire stands, and whether it has come where it was to.
pub(super) fn standing(told: &ToldFire) -> String {
    let ToldFire { fire, outcomes } = told;
    if fire.state != FireState::Done || outcomes.is_empty() {
        return outcome(fire);
    }
    let all = outcomes.len();
    let with = |state: DeliveryState| outcomes.iter().filter(|outcome| outcome.state == state).count();
    let (delivered, lost) = (with(DeliveryState::Delivered), with(DeliveryState::Failed));
    let open = all - delivered - lost;
    let is_for_terminal = outcomes.iter().filter(|outcome| outcome.waits_in(TERMINAL)).count() == open;
    let waits = match (open, is_for_terminal) {
        (1, true) => "1 waits for signalbox shell".to_owned(),
        (1, false) => "1 waits".to_owned(),
        (open, _) => format!("{open} wait"),
    };
    match (delivered, lost, open) {
        (delivered, _, _) if delivered == all => "delivered".to_owned(),
        (_, lost, _) if lost == all => "not delivered".to_owned(),
        (_, _, open) if open == all && is_for_terminal => "waits for signalbox shell".to_owned(),
        (_, _, open) if open == all => "not delivered yet".to_owned(),
        (delivered, 0, _) => format!("{delivered} of {all} delivered, {waits}"),
        (_, lost, 0) => format!("{lost} of {all} failed"),
        (_, lost, _) => format!("{lost} of {all} failed, {waits}"),
    }
}

/// Tells that a schedule was added, and when it fires; `namesakes` are called as it is.
#[must_use]
pub fn added(schedule: &Schedule, namesakes: &[ScheduleId]) -> Document {
    let head = format!("Added #{}: {} to {}.", schedule.id, schedule.name, targets(schedule));
    Document::text(head + &called_so(namesakes)).then(fires_of(&schedule.plan, schedule.created_at))
}

/// Says that the agent of a schedule is not installed, and what comes of that.
#[must_use]
pub fn agent_missing(schedule: &Schedule) -> Document {
    let agent = schedule.agent.as_deref().unwrap_or_default();
    let until = match schedule.kind.is_digest() {
        true => "the digest comes without its remarks until it is",
        false => "each fire fails until it is",
    };
    Document::text(format!("⚠ {agent} is not installed here: {until}."))
}

/// Says that others are called as a schedule is, where there are any.
fn called_so(namesakes: &[ScheduleId]) -> String {
    let others: Vec<String> = namesakes.iter().map(|id| format!("#{id}")).collect();
    match others.as_slice() {
        [] => String::new(),
        [one] => format!(" {one} is called so, too; --name tells them apart."),
        several => format!(" {} are called so, too; --name tells them apart.", several.join(", ")),
    }
}

/// Tells that a schedule was changed, and when it fires now; `namesakes` are called as it is since it was renamed.
#[must_use]
pub fn edited(schedule: &Schedule, namesakes: &[ScheduleId], now: Timestamp) -> Document {
    let head = format!("Changed #{}: {} to {}.", schedule.id, schedule.name, targets(schedule));
    let head = Document::text(head + &called_so(namesakes));
    if schedule.paused {
        return head.then(line(&format!("It is paused: `/cron resume {}` lets it go on.", schedule.id)));
    }
    head.then(fires_of(&schedule.plan, now))
}

/// Tells the next fires of a plan, in its zone and, where clocks differ there, in UTC.
fn fires_of(plan: &Plan, from: Timestamp) -> Document {
    let mut content = vec![Inline::strong("Next")];
    for at in plan.upcoming(from).take(UPCOMING) {
        let (here, utc) = (plan.zone.shows_ahead(at, from), Zone::UTC.shows_ahead(at, from));
        let both =
            if here == utc { format!("{here} {}", plan.zone) } else { format!("{here} {} ({utc} UTC)", plan.zone) };
        content.extend([Inline::Break, Inline::Text(both)]);
    }
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Shows a schedule.
#[must_use]
pub fn show(schedule: &Schedule, last: Option<&ToldFire>, now: Timestamp) -> Document {
    let plan = &schedule.plan;
    let pairs = vec![
        ("Schedule", cell(format!("#{} {}", schedule.id, schedule.name))),
        ("Kind", cell(schedule.kind.as_str())),
        ("Cron", vec![Inline::Code(plan.cron.to_string()), Inline::Text(format!(" in {}", plan.zone))]),
        ("To", cell(targets(schedule))),
        ("When one is missed", cell(when_missed(schedule.catch_up))),
        ("When it is empty", cell(if schedule.quiet { "says nothing" } else { "says so" })),
        ("Made", cell(format!("{} by {}", plan.zone.shows_ahead(schedule.created_at, now), schedule.created_by))),
        ("Last", cell(last.map_or_else(|| "none yet".to_owned(), standing))),
    ];
    let mut pairs = pairs;
    if schedule.kind.is_digest() {
        pairs.insert(4, ("Looks back", cell(span(schedule.span))));
    }
    pairs.extend(schedule.agent.as_ref().map(|agent| ("Agent", cell(agent.clone()))));
    pairs.extend(schedule.new_thread.then(|| ("Threads", cell("one for each fire, where chats have threads"))));
    for (name, value) in &schedule.params {
        let said = format!("{name}={}", signalbox_adapter::one_line(value, MAX_PARAM_CHARS));
        pairs.push(("Parameter", vec![Inline::Code(said)]));
    }
    let shown = Document { blocks: vec![facts(pairs)] };
    if schedule.paused {
        return shown.then(line(&format!("It is paused: `/cron resume {}` lets it go on.", schedule.id)));
    }
    shown.then(fires_of(plan, now))
}

fn when_missed(catch_up: CatchUp) -> &'static str {
    match catch_up {
        CatchUp::None => "it is left out",
        CatchUp::Last => "the last one comes late",
        CatchUp::All => "each comes late",
    }
}

/// Tells the last fires of a schedule, the newest first, each with what became of its messages.
#[must_use]
pub fn logs(schedule: &Schedule, fires: &[ToldFire], now: Timestamp) -> Document {
    if fires.is_empty() {
        return Document::text(format!("#{} has not fired yet.", schedule.id));
    }
    let rows = fires.iter().map(|ToldFire { fire, outcomes }| {
        vec![
            vec![Inline::Code(fire.id.to_string())],
            cell(schedule.plan.zone.shows_ahead(fire.at, now)),
            cell(cause(fire)),
            cell(schedule.plan.zone.shows_ahead(fire.started_at, now)),
            cell(outcome(fire)),
            cell(delivered(outcomes, now)),
            cell(messages(outcomes)),
        ]
    });
    let header = ["id", "fire", "why", "start", "run", "delivery", "message"];
    let head = Document { blocks: vec![Block::Paragraph(super::marked(&of_schedule(schedule)))] };
    let table = head.with(table(&header, rows.collect()));
    again(fires).into_iter().fold(table, Document::then)
}

/// Names the schedule whose fires are told, and the zone of all times below.
pub(super) fn of_schedule(schedule: &Schedule) -> String {
    format!("`#{}` {}, newest first, in {}", schedule.id, schedule.name.replace('`', "'"), schedule.plan.zone)
}

/// Says how what was not delivered is sent again, where something was not.
pub(super) fn again(fires: &[ToldFire]) -> Option<Document> {
    let lost = fires.iter().find(|told| told.outcomes.iter().any(|outcome| outcome.lost.is_some()))?;
    Some(line(&format!("`/cron run --failed-only {}` sends again what was not delivered.", lost.fire.id)))
}

/// Says why a fire was run.
pub(super) fn cause(fire: &Fire) -> &'static str {
    match fire.cause {
        FireCause::Planned => "planned",
        FireCause::CaughtUp => "caught up",
        FireCause::Asked => "asked for",
    }
}

/// Says of a message that has not arrived how it stands: since when, why, and when it is tried next.
fn waiting(outcome: &FireOutcome, now: Timestamp) -> String {
    if outcome.waits_in(TERMINAL) {
        return format!("{} waits for signalbox shell", outcome.address);
    }
    let state = match outcome.state {
        DeliveryState::Sending => "is being sent",
        DeliveryState::Unknown | DeliveryState::Pending | DeliveryState::Delivered | DeliveryState::Failed => "waits",
    };
    let mut said = format!("{} {state}, {} so far", outcome.address, span(now.since(outcome.since)));
    if let Some(why) = &outcome.error {
        said.push_str(&format!(": {}", why.trim_end_matches('.')));
    }
    if let Some(next) = outcome.next_try.filter(|next| *next > now) {
        said.push_str(&format!("; tried again in {}", span(next.since(now))));
    }
    said
}

/// Says what became of the messages of a fire.
pub(super) fn delivered(outcomes: &[FireOutcome], now: Timestamp) -> String {
    if outcomes.is_empty() {
        return "none".to_owned();
    }
    let done = outcomes.iter().filter(|outcome| outcome.state == DeliveryState::Delivered).count();
    let all = outcomes.len();
    if done == all {
        return "delivered".to_owned();
    }
    let is_lost = |outcome: &&FireOutcome| outcome.state == DeliveryState::Failed;
    let is_open = |outcome: &&FireOutcome| !is_lost(outcome) && outcome.state != DeliveryState::Delivered;
    let mut each: Vec<String> = outcomes
        .iter()
        .filter(is_lost)
        .map(|outcome| format!("{}: {}", outcome.address, outcome.error.as_deref().unwrap_or("not delivered")))
        .collect();
    let lost = each.len();
    each.extend(outcomes.iter().filter(is_open).map(|outcome| waiting(outcome, now)));
    match (done, lost) {
        (_, lost) if lost == all => {}
        (0, 0) => {}
        (done, 0) => each.insert(0, format!("{done} of {} delivered", count(all, "target"))),
        (_, lost) => each.insert(0, format!("{lost} of {all} failed")),
    }
    each.join("; ")
}

/// Names the messages of a fire as its providers do.
pub(super) fn messages(outcomes: &[FireOutcome]) -> String {
    let ids = outcomes.iter().flat_map(|outcome| &outcome.messages);
    ids.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Tells that there is no such schedule, and which may be meant: several of that name, or one that is called nearly so.
#[must_use]
pub fn unknown(word: &str, near: &[Schedule]) -> Document {
    let word = one_line(word, 40);
    let named: Vec<String> = near.iter().map(|one| format!("#{} {}", one.id, one.name)).collect();
    let said = match named.as_slice() {
        [] => vec![
            Inline::Text(format!("No schedule {word} here; ")),
            code("/cron"),
            Inline::Text(" lists them.".to_owned()),
        ],
        [one] => vec![Inline::Text(format!("No schedule {word} here; did you mean {one}?"))],
        several => {
            vec![Inline::Text(format!("Several are called {word}: name one by its number: {}.", several.join(", ")))]
        }
    };
    Document { blocks: vec![Block::Paragraph(said)] }
}

/// Tells what became of a fire that was asked for, and of its messages.
#[must_use]
pub fn ran(fire: &Fire, outcomes: &[FireOutcome], now: Timestamp) -> Document {
    let delivered = |outcomes: &[FireOutcome]| delivered(outcomes, now);
    let is_lost = |outcome: &FireOutcome| outcome.state == DeliveryState::Failed;
    let said = match fire.state {
        _ if outcomes.is_empty() => outcome(fire),
        // What it was made for comes first: that it was made helps nobody whom it has not reached.
        FireState::Done if outcomes.iter().all(is_lost) => format!("not delivered: {}", delivered(outcomes)),
        FireState::Done if outcomes.iter().any(is_lost) => delivered(outcomes),
        FireState::Failed => {
            format!("{}; this was told: {}", outcome(fire).trim_end_matches('.'), delivered(outcomes))
        }
        _ => format!("{}: {}", outcome(fire), delivered(outcomes)),
    };
    Document::text(said)
}

/// Says that a message waits for a terminal.
#[must_use]
pub fn waits_for_a_terminal(address: &ChatAddress) -> Document {
    line(&format!("{address}: the next `signalbox shell` shows it."))
}

/// Tells that what of a fire was given up is sent again, to so many of its targets.
#[must_use]
pub fn sent_again(fire: FireId, targets: usize) -> Document {
    Document::text(format!("Fire {fire} is sent again to {}.", count(targets, "target")))
}

/// Tells that nothing of a fire was given up.
#[must_use]
pub fn nothing_failed(fire: FireId) -> Document {
    Document::text(format!("Nothing of fire {fire} was given up; what waits is sent by itself."))
}

/// Tells that there is no such fire.
#[must_use]
pub fn no_fire(id: &str) -> Document {
    line(&format!("No fire {} here; `/cron logs <id>` lists those of a schedule.", one_line(id, 40)))
}

/// Says in short lines why a fire that was asked for takes long, and that it goes on by itself.
#[must_use]
pub fn takes_long(fire: &Fire, outcomes: &[FireOutcome], now: Timestamp) -> String {
    let is_open = |one: &&FireOutcome| !matches!(one.state, DeliveryState::Delivered | DeliveryState::Failed);
    let open: Vec<&FireOutcome> = outcomes.iter().filter(is_open).collect();
    let mut lines = match (fire.state, open.as_slice()) {
        (FireState::Claimed, _) | (_, []) => vec!["its agents and checks are still at work".to_owned()],
        (_, open) => {
            let waits = format!("{} of {} not delivered yet", open.len(), count(outcomes.len(), "target"));
            let named =
                open.iter().take(MAX_WAITING).map(|one| one_line(&format!("  {}", waiting(one, now)), MAX_LINE_CHARS));
            let more = open.len().saturating_sub(MAX_WAITING);
            let more = (more > 0).then(|| format!("  and {more} more"));
            std::iter::once(waits).chain(named).chain(more).collect()
        }
    };
    lines.push("It goes on by itself; Ctrl-C leaves it to `signalbox serve`.".to_owned());
    lines.join("\n")
}

/// Tells that a fire that was asked for is left to go on by itself.
#[must_use]
pub fn still_running(schedule: ScheduleId, is_served: bool) -> String {
    let who = if is_served { "the program that serves sends it" } else { "the next `signalbox serve` sends it" };
    format!("not delivered yet: {who}; `signalbox cron logs {schedule}` tells how it stands")
}

/// Tells that a schedule of which a fire was asked for is gone.
#[must_use]
pub fn removed_meanwhile(schedule: ScheduleId) -> String {
    format!("#{schedule} was removed meanwhile, and what it worked on is dropped")
}

/// Tells that a schedule is run now.
#[must_use]
pub fn running(schedule: &Schedule) -> Document {
    Document::text(format!("#{} is run now, to {}.", schedule.id, targets(schedule)))
}

/// Says that a provider could not be asked about a chat.
#[must_use]
pub fn not_tried(address: &ChatAddress) -> String {
    format!("{} does not answer, so {address} could not be tried; the first delivery will tell", address.provider)
}

/// Says that credentials are for one provider.
#[must_use]
pub fn credentials_for_several() -> &'static str {
    "credentials can be given for one target only; `signalbox integrations set` keeps those of others"
}

/// Says that a provider needs no credential.
#[must_use]
pub fn takes_no_credential(provider: &str) -> String {
    format!("{provider} takes no credential")
}

/// Says that a provider has no such credential.
#[must_use]
pub fn no_such_credential(section: &str, name: &str) -> String {
    format!("{section} has no {name}; `signalbox integrations list` shows what can be set")
}

/// Says that what is configured goes before a credential that came along.
#[must_use]
pub fn credential_not_used(provider: &str) -> String {
    format!("{provider} is connected already; the credential given here is neither used nor kept")
}

/// Says where a credential is kept.
#[must_use]
pub fn credential_kept(path: &std::path::Path, section: &str) -> String {
    format!(
        "The credential is kept in {}, for {section}; `signalbox serve` uses it from its next start.",
        path.display()
    )
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
