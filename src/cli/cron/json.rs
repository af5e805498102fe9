//! Schedules and fires as `--json` prints them.

use serde_json::{Value, json};

use crate::format;
use crate::store::{Schedule, ToldFire};

pub(super) fn schedule(schedule: &Schedule, last: Option<&ToldFire>) -> Value {
    json!({
        "id": schedule.id.get(),
        "name": schedule.name,
        "kind": schedule.kind.as_str(),
        "cron": schedule.plan.cron.to_string(),
        "zone": schedule.plan.zone.name(),
        "targets": schedule.targets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "window_hours": schedule.span.as_secs() / 3600,
        "catch_up": schedule.catch_up.as_str(),
        "quiet_when_empty": schedule.quiet,
        "new_thread": schedule.new_thread,
        "agent": schedule.agent,
        "params": schedule.params,
        "enabled": !schedule.paused,
        "next_fire": schedule.next_at.map(format::instant),
        "last": last.map(fire),
    })
}

pub(super) fn fire(told: &ToldFire) -> Value {
    let ToldFire { fire, outcomes } = told;
    json!({
        "id": fire.id.get(),
        "fire_time": format::instant(fire.at),
        "cause": fire.cause.as_str(),
        "status": fire.state.as_str(),
        "started_at": format::instant(fire.started_at),
        "ended_at": fire.ended_at.map(format::instant),
        "error": fire.error,
        "deliveries": outcomes.iter().map(|outcome| json!({
            "target": outcome.address.to_string(),
            "status": outcome.state.as_str(),
            "message_ids": outcome.messages.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "error": outcome.error,
            "since": format::instant(outcome.since),
            "next_try": outcome.next_try.map(format::instant),
        })).collect::<Vec<_>>(),
    })
}
