//! Schedules and their fires: each claimed once, each ended once, whoever looks and whenever.

use super::*;
use crate::plan::{CatchUp, DigestKind, Plan, Zone};

/// Monday, 30 November 2026, 08:59:00 UTC.
const MORNING: Timestamp = Timestamp(1_796_029_140_000);
const MINUTE: Duration = Duration::from_secs(60);

fn new(cron: &str, catch_up: CatchUp) -> NewSchedule {
    NewSchedule {
        name: "Daily summary".into(),
        kind: DigestKind::DailySummary,
        plan: Plan { cron: cron.parse().expect("an expression"), zone: Zone::UTC },
        targets: vec![address("one"), address("two")],
        span: MINUTE * 60 * 24,
        catch_up,
        quiet: false,
        scope: None,
        created_by: "1001".into(),
    }
}

impl Desk {
    async fn scheduled(&self, cron: &'static str, catch_up: CatchUp) -> Schedule {
        self.clock.jump_to(MORNING);
        self.did(move |tx| tx.add_schedule(&new(cron, catch_up))).await
    }

    /// Claims as a process does that looked at the schedule before.
    async fn claims(&self, schedule: &Schedule) -> usize {
        let schedule = schedule.clone();
        self.did(move |tx| tx.claim_fires(&schedule)).await;
        self.did(|tx| tx.claimed_fires(10_000)).await.len()
    }

    async fn fires_of(&self, schedule: &Schedule) -> Vec<Fire> {
        let id = schedule.id;
        self.did(move |tx| tx.fires(id, 100)).await
    }
}

#[tokio::test]
async fn a_fire_is_claimed_once_by_however_many_look_and_ends_once() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::Last).await;
    assert_eq!(schedule.next_at, Some(MORNING.after(MINUTE)));
    assert_eq!(schedule.targets.len(), 2);
    assert!(desk.did(|tx| tx.due_schedules(10)).await.is_empty());
    desk.clock.advance(MINUTE);
    assert_eq!(desk.did(|tx| tx.due_schedules(10)).await, std::slice::from_ref(&schedule));
    for _ in 0..3 {
        assert_eq!(desk.claims(&schedule).await, 1, "what was looked at may be old");
    }
    let fire = desk.fires_of(&schedule).await.remove(0);
    assert_eq!((fire.at, fire.cause, fire.state), (MORNING.after(MINUTE), FireCause::Planned, FireState::Claimed));
    assert!(desk.did(move |tx| tx.end_fire(fire.id, FireState::Done, None)).await);
    assert!(!desk.did(move |tx| tx.end_fire(fire.id, FireState::Done, None)).await, "it has ended");
    assert_eq!(desk.claims(&schedule).await, 0);
    let next = desk.did(move |tx| Ok(tx.schedule(schedule.id)?.expect("a schedule").next_at)).await;
    assert_eq!(next, Some(MORNING.after(MINUTE * (24 * 60 + 1))));
}

#[tokio::test]
async fn a_clock_that_jumps_back_and_forth_fires_nothing_twice() {
    let desk = Desk::new();
    let schedule = desk.scheduled("*/5 * * * *", CatchUp::None).await;
    for minutes in [1, 0, 6, 2, 7, 6, 11, 1] {
        desk.clock.jump_to(MORNING.after(MINUTE * minutes));
        for due in desk.did(|tx| tx.due_schedules(10)).await {
            desk.claims(&due).await;
        }
    }
    let fired: Vec<Timestamp> = desk.fires_of(&schedule).await.iter().map(|fire| fire.at).collect();
    let expected: Vec<Timestamp> = [11, 6, 1].map(|minutes| MORNING.after(MINUTE * minutes)).into();
    assert_eq!(fired, expected);
}

#[tokio::test]
async fn what_was_missed_is_noted_once_and_the_last_is_caught_up_with() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::Last).await;
    // Asleep for three days, and awake two hours after the fourth fire.
    desk.clock.advance(MINUTE * (3 * 24 * 60 + 121));
    assert_eq!(desk.claims(&schedule).await, 1);
    let fires = desk.fires_of(&schedule).await;
    assert_eq!((fires[0].cause, fires[0].state), (FireCause::CaughtUp, FireState::Claimed));
    assert_eq!((fires[1].state, fires[1].missed, fires.len()), (FireState::Missed, 3, 2));
}

#[tokio::test]
async fn a_schedule_that_rests_misses_nothing_and_one_that_is_removed_leaves_nothing() {
    let desk = Desk::new();
    let schedule = desk.scheduled("* * * * *", CatchUp::All).await;
    let resting = schedule.clone();
    desk.did(move |tx| tx.pause_schedule(&resting, true)).await;
    desk.clock.advance(MINUTE * 30);
    assert!(desk.did(|tx| tx.due_schedules(10)).await.is_empty());
    let resting = schedule.clone();
    desk.did(move |tx| tx.pause_schedule(&resting, false)).await;
    desk.clock.advance(MINUTE);
    let awake = desk.did(|tx| tx.due_schedules(10)).await.remove(0);
    assert_eq!(desk.claims(&awake).await, 1);
    assert!(desk.did(move |tx| tx.remove_schedule(awake.id)).await);
    assert_eq!(desk.did(|tx| tx.claimed_fires(10)).await, []);
    let left: usize = desk
        .did(|tx| Ok(tx.connection.query_row("SELECT count(*) FROM schedule_targets", [], |row| row.get(0))?))
        .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_chat_sees_its_own_schedules_also_after_it_has_moved() {
    let desk = Desk::new();
    desk.scheduled("0 9 * * *", CatchUp::None).await;
    let of = |chat: &'static str| desk.did(move |tx| tx.schedules(Some(&ChatKey::of(&address(chat))), 10));
    assert_eq!((of("one").await.len(), of("two").await.len(), of("three").await.len()), (1, 1, 0));
    desk.did(|tx| tx.move_chat(&address("one"), &ChatId::new("three"))).await;
    assert_eq!((of("one").await.len(), of("three").await.len()), (0, 1));
    assert_eq!(of("three").await[0].targets, [address("three"), address("two")]);
}
