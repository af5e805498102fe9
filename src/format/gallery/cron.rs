//! What is said about schedules, and what they deliver.

use std::collections::BTreeMap;

use signalbox_adapter::MessageId;

use super::incident::incident;
use super::*;
use crate::config::Unreached;
use crate::format::background::Unreachable;
use crate::incident::IncidentState;
use crate::plan::{CatchUp, DigestKind, Plan, Zone};
use crate::store::{
    Bars, DigestWindow, Fire, FireCause, FireId, FireOutcome, FireState, FoundCause, Happened, NewSchedule, Noise,
    Schedule, ScheduleId, SilentTarget, ToldFire,
};

fn schedule(kind: DigestKind) -> Schedule {
    Schedule {
        id: ScheduleId::new(3),
        made: NewSchedule {
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
            new_thread: false,
            agent: None,
            params: BTreeMap::new(),
            scope: None,
            created_by: "Kim (1001)".into(),
        },
        paused: false,
        created_at: NOW,
        since: NOW,
        planned_to: NOW,
        next_at: Some(Timestamp(NOW.0 + 4_800_000)),
    }
}

/// A schedule with everything that it can have.
fn whole() -> Schedule {
    let mut schedule = schedule(DigestKind::CustomInvestigation);
    schedule.made.agent = Some("claude".into());
    schedule.made.new_thread = true;
    schedule.made.params = [("prompt".to_owned(), "Is the backup fresh?".to_owned())].into();
    schedule
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
        token: 1,
    }
}

fn happened() -> Happened {
    use crate::alert::Severity;
    let at = |counts: &[(usize, usize)]| {
        let mut all = vec![0; 12];
        counts.iter().for_each(|(part, count)| all[*part] = *count);
        all
    };
    let bars = Bars {
        each: Duration::from_secs(7200),
        incidents: vec![(Severity::Critical, at(&[(2, 3)])), (Severity::Warning, at(&[(2, 4), (9, 1)]))],
        went_well: at(&[(1, 4), (6, 5)]),
        failed: at(&[(6, 1)]),
        stopped: at(&[]),
    };
    let owned = super::incident::acked();
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
        undelivered_to: vec!["slack:C0123".into(), address().to_string()],
    }
}

/// What became of a fire at one target.
fn at(state: DeliveryState) -> FireOutcome {
    FireOutcome {
        address: address(),
        state,
        messages: if state == DeliveryState::Delivered { vec![MessageId::new("4711")] } else { Vec::new() },
        error: (state != DeliveryState::Delivered).then(|| "chat not found".to_owned()),
        since: NOW,
        next_try: (state == DeliveryState::Pending).then_some(Timestamp(NOW.0 + 40_000)),
        lost: (state == DeliveryState::Failed).then(|| "k".to_owned()),
    }
}

fn told(fire: Fire, outcomes: Vec<FireOutcome>) -> ToldFire {
    ToldFire { fire, outcomes }
}

fn logged() -> [ToldFire; 8] {
    let missed = Fire { missed: 3, ..fire(FireState::Missed) };
    let failed = Fire { error: Some("the database is damaged".into()), ..fire(FireState::Failed) };
    [
        (fire(FireState::Done), vec![at(DeliveryState::Delivered)]),
        (Fire { cause: FireCause::Asked, ..fire(FireState::Done) }, vec![at(DeliveryState::Failed)]),
        (fire(FireState::Done), vec![at(DeliveryState::Delivered), at(DeliveryState::Failed)]),
        (Fire { cause: FireCause::CaughtUp, ..fire(FireState::Quiet) }, Vec::new()),
        (missed, Vec::new()),
        (failed, Vec::new()),
        (fire(FireState::Claimed), Vec::new()),
        (fire(FireState::Done), vec![at(DeliveryState::Delivered), at(DeliveryState::Pending)]),
    ]
    .map(|(fire, outcomes)| told(fire, outcomes))
}

#[test]
fn cron() {
    use super::super::cron::*;
    let paused = Schedule { paused: true, next_at: None, ..schedule(DigestKind::WeeklyAudit) };
    let daily = || schedule(DigestKind::DailySummary);
    let came = || Some(told(fire(FireState::Done), vec![at(DeliveryState::Delivered)]));
    let lost = || Some(told(fire(FireState::Done), vec![at(DeliveryState::Failed)]));
    let in_part = || Some(told(fire(FireState::Done), vec![at(DeliveryState::Delivered), at(DeliveryState::Failed)]));
    let waits = || FireOutcome { address: "console:local".parse().expect("it is one"), ..at(DeliveryState::Pending) };
    let stands = |outcomes: Vec<FireOutcome>| Some(told(fire(FireState::Done), outcomes));
    let (gone, lost_one) = (|| at(DeliveryState::Delivered), || at(DeliveryState::Failed));
    let rows = [
        (daily(), came()),
        (daily(), lost()),
        (daily(), in_part()),
        (paused.clone(), None),
        (daily(), stands(vec![waits()])),
        (daily(), stands(vec![gone(), waits()])),
        (daily(), stands(vec![gone(), lost_one(), at(DeliveryState::Pending)])),
        (daily(), stands(vec![at(DeliveryState::Unknown)])),
    ];
    let wall = wall()
        .with("list", list(&rows, NOW))
        .with("more", more(9_900, 10_000))
        .with("list of none", list(&[], NOW))
        .with_text("made_by", made_by(&samples::incoming().sender))
        .with("none", none(true))
        .with("none for who may not add", none(false))
        .with("agent_missing", agent_missing(&whole()))
        .with("added", added(&daily(), &[]))
        .with("added with a namesake", added(&daily(), &[ScheduleId::new(2)]))
        .with("added with namesakes", added(&daily(), &[ScheduleId::new(1), ScheduleId::new(2)]))
        .with("edited", edited(&daily(), &[], NOW))
        .with("edited into a namesake", edited(&daily(), &[ScheduleId::new(2)], NOW))
        .with("edited while it rests", edited(&paused, &[], NOW))
        .with("show", show(&daily(), came().as_ref(), NOW))
        .with("show with all", show(&whole(), None, NOW))
        .with("show a paused one", show(&paused, None, NOW))
        .with("logs", logs(&daily(), &logged(), NOW))
        .with("logs of none", logs(&daily(), &[], NOW))
        .with("ran", ran(&fire(FireState::Done), &[at(DeliveryState::Delivered)], NOW))
        .with("ran in part", ran(&fire(FireState::Done), &[gone(), lost_one(), waits()], NOW))
        .with("ran in vain", ran(&fire(FireState::Done), &[at(DeliveryState::Failed)], NOW))
        .with("waits_for_a_terminal", waits_for_a_terminal(&address()))
        .with("sent_again", sent_again(FireId::new(11), 2))
        .with("nothing_failed", nothing_failed(FireId::new(11)))
        .with("no_fire", no_fire("99"))
        .with_text("not_tried", not_tried(&address()))
        .with_text("credentials_for_several", credentials_for_several())
        .with_text("takes_no_credential", takes_no_credential("console"))
        .with_text("no_such_credential", no_such_credential("slack", "api_key"))
        .with_text("credential_not_used", credential_not_used("slack"))
        .with_text("credential_kept", credential_kept(std::path::Path::new("/c/integrations.json"), "slack"))
        .with_text("still_running", still_running(ScheduleId::new(3), true))
        .with_text("still_running without one that serves", still_running(ScheduleId::new(3), false))
        .with_text("removed_meanwhile", removed_meanwhile(ScheduleId::new(3)))
        .with_text("takes_long", takes_long(&fire(FireState::Done), &[at(DeliveryState::Pending)], NOW))
        .with_text("takes_long at work", takes_long(&fire(FireState::Claimed), &[], NOW))
        .with("running", running(&daily()))
        .with("paused", super::super::cron::paused(&daily()))
        .with("resumed", resumed(&daily(), NOW))
        .with("removed", removed(&daily()))
        .with("unknown", unknown("99", &[]))
        .with("unknown but near", unknown("Dayly summary", &[daily()]))
        .with("unknown of two", unknown("Daily summary", &[daily(), daily()]));
    shown("cron", wall, include_str!("../cron.rs"));
}

#[test]
fn unscheduled() {
    use super::super::unscheduled::*;
    let cron_fault = "0 9 * * FRI-MON".parse::<crate::plan::Cron>().expect_err("backwards");
    let zone_fault = "Asia/Kolkatta".parse::<Zone>().expect_err("no zone");
    let elsewhere = address();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let wall = wall()
        .with("unscheduled options", unscheduled(&Unscheduled::Options("a quote is not closed")))
        .with("unscheduled kind", unscheduled(&Unscheduled::Kind("dayly")))
        .with("unscheduled cron", unscheduled(&Unscheduled::Cron("0 9 * * FRI-MON", cron_fault)))
        .with("unscheduled zone", unscheduled(&Unscheduled::Zone(zone_fault)))
        .with("unscheduled window", unscheduled(&Unscheduled::Window(720)))
        .with("unscheduled catch-up", unscheduled(&Unscheduled::CatchUp("some")))
        .with("unscheduled name", unscheduled(&Unscheduled::Name(60)))
        .with("unscheduled number", unscheduled(&Unscheduled::NumberName("7")))
        .with("unscheduled without that parameter", unscheduled(&Unscheduled::NoParam("foo")))
        .with("unscheduled words", unscheduled(&Unscheduled::Stray("", &words("daily summary at nine"))))
        .with("unscheduled target", unscheduled(&Unscheduled::Target))
        .with("unscheduled without target", unscheduled(&Unscheduled::NoTarget))
        .with(
            "unscheduled unconnected",
            unscheduled(&Unscheduled::NotConnected(Unreached::NotConnected("slack".into()))),
        )
        .with(
            "unscheduled unknown",
            unscheduled(&Unscheduled::NotConnected(Unreached::unknown("slak", ["slack"].into_iter()))),
        )
        .with(
            "unscheduled unlike any",
            unscheduled(&Unscheduled::NotConnected(Unreached::unknown("ops", ["telegram", "slack"].into_iter()))),
        )
        .with(
            "unscheduled unreachable",
            unscheduled(&Unscheduled::Unreachable(elsewhere.clone(), Unreachable::Said("chat not found".into()))),
        )
        .with("unscheduled silent", unscheduled(&Unscheduled::Unreachable(elsewhere.clone(), Unreachable::Silent)))
        .with("unscheduled not allowed", unscheduled(&Unscheduled::NotAllowed(elsewhere.clone())))
        .with("unscheduled with many parameters", unscheduled(&Unscheduled::Params(20)))
        .with("unscheduled parameter", unscheduled(&Unscheduled::Param("prompt")))
        .with("unscheduled credential", unscheduled(&Unscheduled::Credential("bot_token")))
        .with("unscheduled credential in a chat", unscheduled(&Unscheduled::CredentialInChat))
        .with("unscheduled without prompt", unscheduled(&Unscheduled::NoPrompt))
        .with(
            "unscheduled agent",
            unscheduled(&Unscheduled::Agent("there is no agent nobody; there are claude, host".into())),
        )
        .with("unscheduled chat", unscheduled(&Unscheduled::NoSuchChat(elsewhere.clone(), "numbers")))
        .with("unscheduled too many", unscheduled(&Unscheduled::TooMany(50)))
        .with("unscheduled without kind", unscheduled(&Unscheduled::NoKind))
        .with("how_to_add", how_to_add())
        .with("unscheduled without time", unscheduled(&Unscheduled::NoCron))
        .with("unscheduled unquoted", unscheduled(&Unscheduled::Stray("0", &words("9 * * 1-5"))))
        .with("unscheduled unquoted in a shell", unscheduled(&Unscheduled::Stray("0", &words("9 Cargo.toml src 1-5"))))
        .with("unscheduled stray", unscheduled(&Unscheduled::Stray("0 9 * * *", &words("summary"))))
        .with("unchanged", unchanged(&Unscheduled::Nothing));
    shown("unscheduled", wall, include_str!("../unscheduled.rs"));
}

#[test]
fn schedules() {
    use super::super::schedules::*;
    let several = || {
        let mut schedule = schedule(DigestKind::DailySummary);
        schedule.made.targets.push("slack:C0123".parse().expect("an address"));
        schedule
    };
    let paused = Schedule { paused: true, next_at: None, ..schedule(DigestKind::WeeklyAudit) };
    let came = || Some(told(fire(FireState::Done), vec![at(DeliveryState::Delivered)]));
    let rows = [(schedule(DigestKind::DailySummary), came()), (several(), None), (paused, None)];
    let wall = wall()
        .with("of_chat", of_chat(&rows[..1], 1, NOW))
        .with("of_chat with many", of_chat(&rows, 43, NOW))
        .with("log", log(&rows[0].0, &logged(), 8, NOW))
        .with("log of many", log(&rows[0].0, &logged()[..1], 41, NOW))
        .with("log of none", log(&rows[0].0, &[], 0, NOW));
    shown("schedules", wall, include_str!("../schedules.rs"));
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
    let quiet = Happened::default();
    let lost = Happened {
        undelivered: 1,
        undelivered_to: ["a:1", "b:1", "c:1", "d:1", "e:1", "f:1"].map(str::to_owned).into(),
        ..Happened::default()
    };
    let calm = Happened { tasks: [("ok", 1)].into(), ..Happened::default() };
    let wall = wall()
        .with("digest", of(DigestKind::DailySummary, &happened()))
        .with("digest of a week", of(DigestKind::WeeklyAudit, &happened()))
        .with("digest as a replay", of(DigestKind::IncidentWindowReplay, &happened()))
        .with("digest of nothing", of(DigestKind::DailySummary, &quiet))
        .with("digest of lost messages", of(DigestKind::DailySummary, &lost))
        .with("digest without incidents", of(DigestKind::DailySummary, &calm))
        .with(
            "head",
            head(&schedule(DigestKind::DailySummary), DigestWindow::up_to(NOW, Duration::from_secs(86_400)), &quiet),
        )
        .with_text("subject", subject(&schedule(DigestKind::DailySummary), &happened()))
        .with_text("verdict", verdict(&quiet));
    shown("digest", wall, include_str!("../digest.rs"));
}

#[test]
fn homes() {
    use crate::format::home::*;
    let place = || Some("#ops".to_owned());
    let owned = super::incident::acked();
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

#[test]
fn fires() {
    use super::super::fire::*;
    let (daily, asked) = (schedule(DigestKind::DailySummary), whole());
    let synthetic = schedule(DigestKind::SyntheticRun);
    let good = Check { what: "slack".into(), took: Some(Duration::from_millis(42)), outcome: Ok("signalbox".into()) };
    let bad = Check { what: "claude".into(), took: None, outcome: Err("error:cli: not logged in".into()) };
    let slow = Check {
        what: "email".into(),
        took: Some(Duration::from_secs(15)),
        outcome: Err(no_answer(Duration::from_secs(15))),
    };
    let starred = Check { what: "gemini".into(), took: None, outcome: Ok("**OK**, *at once*".into()) };
    let some = [good.clone(), bad, slow];
    let done = Task { status: Status::Success, ..answered("* look at **payments** first") };
    let missing = failed(Status::ErrorCliNotFound, "claude is not installed: install it with npm.");
    let failed = failed(Status::ErrorTimeout, "took longer than 30 min");
    let found = investigation(Some(rca(Verdict::CauseFound)));
    let fire = fire(FireState::Done);
    let never = SilentTarget { address: address(), heard_at: None };
    let once = SilentTarget { heard_at: Some(NOW), ..never.clone() };
    let lost = Fire { error: Some("the database is damaged".into()), state: FireState::Failed, ..fire.clone() };
    let params = asked.params.clone();
    let more = [("service".to_owned(), "billing".to_owned())];
    let wall = wall()
        .with_text("about_digest", about_digest(None, "**Daily summary**", Duration::from_secs(86_400), 42))
        .with_text("question", question(&params["prompt"], more.iter().map(|(name, value)| (name, value))))
        .with_text("no_agent", no_agent("nobody", &["claude", "host"]))
        .with_text("no_agent but near", no_agent("cluade", &["claude", "host"]))
        .with_text("not_held_back", not_held_back("notes"))
        .with("addition", addition("claude", Ok(&done)).document())
        .with("addition that failed", addition("claude", Ok(&failed)).document())
        .with("addition of one that is not installed", addition("claude", Ok(&missing)).document())
        .with("addition of nobody", addition("notes", Err(not_tried())).document())
        .with_text("why", why(&failed))
        .with_text("checks_verdict", checks_verdict(&[]))
        .with("checks_head", checks_head(&synthetic, &fire, std::slice::from_ref(&good)))
        .with("checks", checks(&synthetic, &fire, &some))
        .with("checks of many", checks(&synthetic, &fire, &[&[starred][..], &vec![good.clone(); 7]].concat()))
        .with("checks of nothing", checks(&synthetic, &fire, &[]))
        .with_text("failed_checks", failed_checks(&some).unwrap_or_default())
        .with_text("investigated_verdict", investigated_verdict(Ok(&done), Some(&found)))
        .with("investigated_head", investigated_head(&asked, &fire, "🔎 Answered"))
        .with("investigated", investigated(&asked, &fire, Ok(&done), Some(&found)).document())
        .with("investigated in vain", investigated(&asked, &fire, Ok(&failed), None).document())
        .with("investigated by nobody", investigated(&asked, &fire, Err(not_tried()), None).document())
        .with("silent", silent(&daily, &never, None))
        .with("silent after a failure", silent(&daily, &once, Some(&lost)))
        .with_text("silent_subject", silent_subject(&daily))
        .with("broken", broken(&daily, &fire, "the database is damaged"))
        .with_text("no_answer", no_answer(Duration::from_secs(15)))
        .with_text("not_tried", not_tried());
    shown("fire", wall, include_str!("../fire.rs"));
}

#[test]
fn what_an_import_says() {
    use crate::format::import::*;
    let wall = wall()
        .with("added_paused", added_paused(&schedule(DigestKind::DailySummary)))
        .with_text("unreadable", unreadable(std::path::Path::new("tasks.json"), "it is no JSON"))
        .with_text("too_large", too_large(16 * 1024 * 1024))
        .with_text("left_out", left_out(2, "Standup", &["colour".into(), "params.bot_token (a credential)".into()]))
        .with_text("not_imported", not_imported(2, "it has no kind"))
        .with_text("imported_before", imported_before(2, "Standup"))
        .with_text("imported", imported(3, 1));
    shown("import", wall, include_str!("../import.rs"));
}
