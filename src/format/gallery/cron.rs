//! What is said about schedules, and what they deliver.

use super::incident::incident;
use super::*;
use crate::format::background::Unreachable;
use crate::incident::IncidentState;
use crate::plan::{CatchUp, DigestKind, Plan, Zone};
use crate::store::{
    DigestWindow, Fire, FireCause, FireId, FireState, FoundCause, Happened, Noise, Schedule, ScheduleId,
};

fn schedule(kind: DigestKind) -> Schedule {
    Schedule {
        id: ScheduleId::new(3),
        name: kind.title().into(),
        kind,
        plan: Plan {
            cron: "0 9 * * 1-5".parse().expect("an expression"),
            zone: "Asia/Kolkata".parse().expect("a zone"),
        },
        targets: vec![address()],
        span: kind.usual_window(),
        catch_up: CatchUp::Last,
        quiet: false,
        scope: None,
        paused: false,
        created_at: NOW,
        created_by: "1001".into(),
        planned_to: NOW,
        next_at: Some(Timestamp(NOW.0 + 4_800_000)),
    }
}

fn fire(state: FireState) -> Fire {
    Fire {
        id: FireId::new(11),
        schedule: ScheduleId::new(3),
        at: NOW,
        cause: FireCause::Planned,
        state,
        started_at: NOW,
        ended_at: Some(NOW),
        error: None,
        missed: 0,
    }
}

fn happened() -> Happened {
    use crate::alert::Severity;
    let mut bars = vec![0; 24];
    (bars[3], bars[4], bars[17]) = (2, 5, 1);
    let owned = crate::store::Incident { owner: Some("Kim".into()), ..incident(IncidentState::Acknowledged) };
    Happened {
        began: vec![(Severity::Critical, 3), (Severity::Warning, 5)],
        began_before: 4,
        resolved: 6,
        resolved_after: Some(Duration::from_secs(840)),
        acked_after: Some(Duration::from_secs(180)),
        open: vec![incident(IncidentState::Firing), owned],
        open_count: 12,
        mild: vec![incident(IncidentState::Firing)],
        mild_count: 1,
        noisy: vec![Noise { newest: incident(IncidentState::Firing), incidents: 3, times: 42 }],
        bars,
        tasks: [("success", 9), ("error:timeout", 1)].into(),
        failed_tasks: 1,
        cost_usd: 0.84,
        cost_before_usd: 0.5,
        causes: vec![FoundCause {
            task: TaskId::read("k3m9qa7x").expect("an id"),
            investigation: investigation(Some(rca(Verdict::CauseFound))),
        }],
        undelivered: 2,
    }
}

#[test]
fn cron() {
    use super::super::cron::*;
    let paused = Schedule { paused: true, next_at: None, ..schedule(DigestKind::WeeklyAudit) };
    let daily = || schedule(DigestKind::DailySummary);
    let missed = Fire { missed: 3, ..fire(FireState::Missed) };
    let failed = Fire { error: Some("the database is damaged".into()), ..fire(FireState::Failed) };
    let rows = [(daily(), Some(fire(FireState::Done))), (paused.clone(), None)];
    let logged = [
        (fire(FireState::Done), vec![delivery(DeliveryState::Delivered)]),
        (Fire { cause: FireCause::Asked, ..fire(FireState::Done) }, vec![delivery(DeliveryState::Failed)]),
        (Fire { cause: FireCause::CaughtUp, ..fire(FireState::Quiet) }, Vec::new()),
        (missed, Vec::new()),
        (failed, Vec::new()),
        (fire(FireState::Claimed), Vec::new()),
        (fire(FireState::Done), vec![delivery(DeliveryState::Delivered), delivery(DeliveryState::Pending)]),
    ];
    let cron_fault = "0 9 * * FRI-MON".parse::<crate::plan::Cron>().expect_err("backwards");
    let zone_fault = "Asia/Kolkatta".parse::<Zone>().expect_err("no zone");
    let elsewhere = address();
    let wall = wall()
        .with("list", list(&rows, NOW))
        .with("list of none", list(&[], NOW))
        .with("added", added(&daily()))
        .with("show", show(&daily(), Some(&fire(FireState::Done)), NOW))
        .with("show a paused one", show(&paused, None, NOW))
        .with("logs", logs(&daily(), &logged))
        .with("logs of none", logs(&daily(), &[]))
        .with("ran", ran(&fire(FireState::Done), &[delivery(DeliveryState::Delivered)]))
        .with("ran in vain", ran(&fire(FireState::Done), &[delivery(DeliveryState::Failed)]))
        .with_text("still_running", still_running(ScheduleId::new(3)))
        .with("running", running(&daily()))
        .with("paused", super::super::cron::paused(&daily()))
        .with("resumed", resumed(&daily(), NOW))
        .with("removed", removed(&daily()))
        .with("unknown", unknown("99"))
        .with("unscheduled options", unscheduled(&Unscheduled::Options("a quote is not closed")))
        .with("unscheduled kind", unscheduled(&Unscheduled::Kind("dayly")))
        .with("unscheduled cron", unscheduled(&Unscheduled::Cron("0 9 * * FRI-MON", cron_fault)))
        .with("unscheduled zone", unscheduled(&Unscheduled::Zone(zone_fault)))
        .with("unscheduled window", unscheduled(&Unscheduled::Window(720)))
        .with("unscheduled catch-up", unscheduled(&Unscheduled::CatchUp("some")))
        .with("unscheduled name", unscheduled(&Unscheduled::Name(60)))
        .with("unscheduled target", unscheduled(&Unscheduled::Target))
        .with("unscheduled without target", unscheduled(&Unscheduled::NoTarget))
        .with("unscheduled unconnected", unscheduled(&Unscheduled::NotConnected(&elsewhere)))
        .with(
            "unscheduled unreachable",
            unscheduled(&Unscheduled::Unreachable(&elsewhere, Unreachable::Said("chat not found".into()))),
        )
        .with("unscheduled silent", unscheduled(&Unscheduled::Unreachable(&elsewhere, Unreachable::Silent)))
        .with("unscheduled not allowed", unscheduled(&Unscheduled::NotAllowed(&elsewhere)))
        .with("unscheduled too many", unscheduled(&Unscheduled::TooMany(50)));
    shown("cron", wall, include_str!("../cron.rs"));
}

#[test]
fn digests() {
    use super::super::digest::*;
    let of = |kind: DigestKind, happened: &Happened| {
        let schedule = schedule(kind);
        let window = DigestWindow::up_to(NOW, schedule.span);
        let replayed = [incident(IncidentState::Resolved), incident(IncidentState::Firing)];
        digest(&DigestOf { schedule: &schedule, window, happened, replayed: &replayed })
    };
    let quiet = Happened { bars: vec![0; 24], ..Happened::default() };
    let calm = Happened { tasks: [("ok", 1)].into(), bars: vec![0; 24], ..Happened::default() };
    let wall = wall()
        .with("digest", of(DigestKind::DailySummary, &happened()))
        .with("digest of a week", of(DigestKind::WeeklyAudit, &happened()))
        .with("digest as a replay", of(DigestKind::IncidentWindowReplay, &happened()))
        .with("digest of nothing", of(DigestKind::DailySummary, &quiet))
        .with("digest without incidents", of(DigestKind::DailySummary, &calm))
        .with_text("subject", subject(&schedule(DigestKind::DailySummary), &happened()))
        .with_text("verdict", verdict(&quiet));
    shown("digest", wall, include_str!("../digest.rs"));
}

#[test]
fn homes() {
    use crate::format::home::*;
    use crate::store::Incident;
    let place = || Some("#ops".to_owned());
    let owned = Incident { owner: Some("Kim".into()), ..incident(IncidentState::Acknowledged) };
    let row = |position| crate::format::task::Row { task: task(Status::Running), name: "calm-otter".into(), position };
    let home = Home {
        incidents: Listed { shown: vec![(incident(IncidentState::Firing), place()), (owned, None)], more: 0 },
        tasks: Listed { shown: vec![(row(None), place()), (row(Some(2)), None)], more: 3 },
        sessions: Listed { shown: vec![(session(), None)], more: 0 },
        schedules: Listed { shown: vec![(schedule(DigestKind::DailySummary), place())], more: 0 },
    };
    let wall = wall().with("page", page(&home, NOW)).with("page empty", page(&Home::default(), NOW));
    shown("home", wall, include_str!("../home.rs"));
}
