//! Schedules and fires as a chat lists them: two lines each, as a phone shows them, what is next or newest first.

use signalbox_adapter::{Block, Document, Inline, Item};

use super::cron::{again, cause, delivered, messages, next, of_schedule, outcome, standing, targets};
use super::{count, line, marked};
use crate::clock::Timestamp;
use crate::store::{FireState, Schedule, ToldFire};

fn list(items: Vec<Vec<Inline>>) -> Document {
    let item = |line| Item { checked: None, blocks: vec![Block::Paragraph(line)] };
    Document { blocks: vec![Block::List { start: None, items: items.into_iter().map(item).collect() }] }
}

/// Lists schedules of a chat, `all` in number, those that rest last.
#[must_use]
pub fn of_chat(schedules: &[(Schedule, Option<ToldFire>)], all: usize, now: Timestamp) -> Document {
    let items = schedules.iter().map(|(schedule, last)| {
        let last = last.as_ref().map_or_else(|| "none yet".to_owned(), standing);
        let plan = &schedule.plan;
        let mut to = format!(" {} · last: {last}", plan.zone);
        if schedule.targets.len() > 1 {
            to.push_str(&format!(" · to {}", targets(schedule)));
        }
        vec![
            Inline::Code(format!("#{}", schedule.id)),
            Inline::Text(format!(" {}: {}", schedule.name, next(schedule, now))),
            Inline::Break,
            Inline::Code(plan.cron.to_string()),
            Inline::Text(to),
        ]
    });
    let listed = list(items.collect());
    let more = all.saturating_sub(schedules.len());
    if more == 0 {
        return listed;
    }
    listed.then(line(&format!("and {more} more: `/cron show <id>` shows one, `signalbox cron list` all.")))
}

/// Tells the last fires of a schedule, `all` in number, the newest first.
#[must_use]
pub fn log(schedule: &Schedule, fires: &[ToldFire], all: usize, now: Timestamp) -> Document {
    if fires.is_empty() {
        return Document::text(format!("#{} has not fired yet.", schedule.id));
    }
    let zone = schedule.plan.zone;
    let items = fires.iter().map(|told| {
        let ToldFire { fire, outcomes } = told;
        let became = match (fire.state, outcomes.as_slice()) {
            // That it was made helps nobody whom it has not reached.
            (FireState::Done, [_, ..]) => delivered(outcomes, now),
            (_, []) => outcome(fire),
            (_, _) => format!("{}; this was told: {}", outcome(fire), delivered(outcomes, now)),
        };
        let mut said = format!(" {} · {} · {became}", zone.shows_ahead(fire.at, now), cause(fire));
        let ids = messages(outcomes);
        if !ids.is_empty() {
            said.push_str(&format!(" ({ids})"));
        }
        vec![Inline::Code(fire.id.to_string()), Inline::Text(said)]
    });
    let mut document =
        Document { blocks: vec![Block::Paragraph(marked(&of_schedule(schedule)))] }.then(list(items.collect()));
    let more = all.saturating_sub(fires.len());
    if more > 0 {
        document =
            document.then(line(&format!("and {} before: `signalbox cron logs {}`", count(more, "fire"), schedule.id)));
    }
    again(fires).into_iter().fold(document, Document::then)
}
