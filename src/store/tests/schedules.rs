//! Schedules and their fires: each claimed once, each ended once, whoever looks and whenever.

use super::*;
use crate::plan::{CatchUp, DigestKind, Plan, Zone};

/// Monday, 30 November 2026, 08:59:00 UTC.
const MORNING: Timestamp = Timestamp(1_796_029_140_000);
const MINUTE: Duration = Duration::from_secs(60);
const LEASE: Duration = MINUTE;

fn new(cron: &str, catch_up: CatchUp) -> NewSchedule {
    NewSchedule {
        name: "Daily summary".into(),
        kind: DigestKind::DailySummary,
        plan: Plan { cron: cron.parse().expect("an expression"), zone: Zone::UTC },
        targets: vec![address("one"), address("two")],
        span: MINUTE * 60 * 24,
        catch_up,
        quiet: false,
        new_thread: false,
        agent: None,
        params: std::collections::BTreeMap::new(),
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
        let looked_at = DueSchedule::of(schedule);
        self.did(move |tx| tx.claim_fires(std::slice::from_ref(&looked_at))).await;
        self.did(|tx| {
            Ok(tx.connection.query_row("SELECT count(*) FROM fires WHERE state = 'claimed'", [], |row| row.get(0))?)
        })
        .await
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
    let due = desk.did(|tx| tx.due_schedules(10)).await;
    assert_eq!(due.iter().map(|due| due.id).collect::<Vec<_>>(), [schedule.id]);
    for _ in 0..3 {
        assert_eq!(desk.claims(&schedule).await, 1, "what was looked at may be old");
    }
    let fire = desk.did(|tx| tx.take_fires(10, LEASE)).await.remove(0);
    assert_eq!((fire.at, fire.cause, fire.state), (MORNING.after(MINUTE), FireCause::Planned, FireState::Claimed));
    let ended = fire.clone();
    assert!(desk.did(move |tx| tx.end_fire(&ended, FireState::Done, None)).await);
    assert!(!desk.did(move |tx| tx.end_fire(&fire, FireState::Done, None)).await, "it has ended");
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
        desk.did(|tx| tx.claim_fires(&tx.due_schedules(10)?)).await;
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
    let id = schedule.id;
    let awake = desk.did(move |tx| Ok(tx.schedule(id)?.expect("it is there"))).await;
    assert_eq!(desk.claims(&awake).await, 1);
    assert!(desk.did(move |tx| tx.remove_schedule(awake.id)).await);
    assert_eq!(desk.did(|tx| tx.take_fires(10, LEASE)).await, []);
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

#[tokio::test]
async fn a_fire_whose_holder_sleeps_is_taken_over_and_what_the_sleeper_then_does_is_refused() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::Last).await;
    desk.clock.advance(MINUTE);
    desk.claims(&schedule).await;
    let sleeper = desk.did(|tx| tx.take_fires(10, LEASE)).await.remove(0);
    assert_eq!(desk.did(|tx| tx.take_fires(10, LEASE)).await, [], "it is held");
    desk.clock.advance(LEASE / 2);
    let held = sleeper.clone();
    assert!(desk.did(move |tx| tx.renew_fire(&held, LEASE)).await);
    desk.clock.advance(LEASE / 2);
    assert!(!desk.did(|tx| tx.has_fires_to_take()).await, "its lease was renewed");
    desk.clock.advance(LEASE);
    let heir = desk.did(|tx| tx.take_fires(10, LEASE)).await.remove(0);
    assert!(heir.id == sleeper.id && heir.token > sleeper.token);
    let late = sleeper.clone();
    assert!(
        !desk.did(move |tx| Ok(tx.renew_fire(&late, LEASE)? || tx.holds_fire(&late)? || tx.let_fire_go(&late)?)).await
    );
    assert!(!desk.did(move |tx| tx.end_fire(&sleeper, FireState::Done, None)).await, "it is not its any more");
    assert!(desk.did(move |tx| tx.end_fire(&heir, FireState::Done, None)).await);
}

#[tokio::test]
async fn what_a_process_that_is_gone_has_taken_is_free_at_once_for_the_next() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::Last).await;
    desk.clock.advance(MINUTE);
    desk.claims(&schedule).await;
    let gone = desk.did(|tx| tx.take_fires(10, LEASE)).await.remove(0);
    desk.did(|tx| tx.free_fires()).await;
    let next = desk.did(|tx| tx.take_fires(10, LEASE)).await.remove(0);
    assert!(!desk.did(move |tx| tx.end_fire(&gone, FireState::Done, None)).await);
    assert!(desk.did(move |tx| tx.end_fire(&next, FireState::Done, None)).await);
}

#[tokio::test]
async fn an_instant_is_claimed_once_whatever_for() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::All).await;
    desk.clock.advance(MINUTE);
    desk.claims(&schedule).await;
    // Asked for at that very instant, twice: each is a fire of its own.
    for _ in 0..2 {
        let id = schedule.id;
        assert!(desk.did(move |tx| tx.ask_fire(id)).await.is_some());
    }
    // Looked at again as if nothing had been decided, and too late to be on time.
    desk.clock.advance(MINUTE * 5);
    desk.claims(&schedule).await;
    let fires = desk.fires_of(&schedule).await;
    let planned = fires.iter().filter(|fire| fire.cause != FireCause::Asked).count();
    assert_eq!((planned, fires.len()), (1, 3), "{fires:#?}");
}

#[tokio::test]
async fn two_processes_claim_a_thousand_fires_once_each() {
    let desk = Desk::new();
    let other = Store::open(desk.store.directory(), options(), desk.clock.clone()).expect("the same store");
    desk.clock.jump_to(MORNING);
    desk.did(|tx| (0..1_000).try_for_each(|_| tx.add_schedule(&new("0 9 * * *", CatchUp::Last)).map(drop))).await;
    desk.clock.advance(MINUTE);
    let claims = async |store: &Store| {
        let mut taken = Vec::new();
        loop {
            let step = |tx: &Tx<'_>| {
                let due = tx.due_schedules(64)?;
                tx.claim_fires(&due)?;
                Ok((due.len(), tx.take_fires(64, LEASE)?))
            };
            let (due, fires) = store.write(None, step).await.expect("a step").value;
            let is_all = due == 0 && fires.is_empty();
            taken.extend(fires.into_iter().map(|fire| fire.id));
            if is_all {
                return taken;
            }
        }
    };
    let (mine, theirs) = tokio::join!(claims(&desk.store), claims(&other));
    let mut all: Vec<FireId> = mine.iter().chain(&theirs).copied().collect();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), mine.len() + theirs.len()), (1_000, 1_000), "each by one of them");
}

impl Desk {
    /// Writes what a fire delivers to a target, and lets it arrive or not.
    async fn delivers(&self, fire: Fire, target: &'static str, arrives: bool) {
        self.did(move |tx| {
            let parts = vec![Part { body: "digest".into() }];
            let about = Some(About::Fire(fire.id));
            tx.enqueue(&NewDelivery { about, ..NewDelivery::to(address(target), Purpose::Result, parts) })?;
            let row = tx.deliveries_about(&About::Fire(fire.id))?.pop().expect("it was written");
            if arrives { tx.delivered(row.id, &MessageId::new("m1")) } else { tx.give_up(row.id, "chat not found") }
        })
        .await;
    }

    /// Lets the next fire of a schedule come and end.
    async fn fires_next(&self, schedule: &Schedule, state: FireState) -> Fire {
        let id = schedule.id;
        let next = self.did(move |tx| Ok(tx.schedule(id)?.and_then(|schedule| schedule.next_at))).await;
        self.clock.jump_to(next.expect("it does not rest"));
        self.did(|tx| tx.claim_fires(&tx.due_schedules(10)?)).await;
        let fire = self.did(|tx| tx.take_fires(10, LEASE)).await.remove(0);
        let ended = fire.clone();
        assert!(self.did(move |tx| tx.end_fire(&ended, state, None)).await);
        fire
    }

    /// Returns who is told now that nothing was heard of a schedule.
    async fn silent_at(&self) -> Vec<ChatAddress> {
        let check = |tx: &Tx<'_>| {
            let schedules = tx.schedules_to_check(10)?;
            let silent = schedules.iter().map(|schedule| tx.check_schedule(schedule)).collect::<Result<Vec<_>, _>>()?;
            Ok(silent.into_iter().flatten().map(|silent| silent.address).collect())
        };
        self.did(check).await
    }
}

#[tokio::test]
async fn each_target_has_an_outcome_of_its_own_and_only_what_failed_is_sent_again() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::Last).await;
    let fire = desk.fires_next(&schedule, FireState::Done).await;
    let id = fire.id;
    desk.delivers(fire.clone(), "one", true).await;
    desk.delivers(fire, "two", false).await;
    let outcomes = desk.did(move |tx| tx.fire_outcomes(id)).await;
    assert_eq!(outcomes[0].messages, [MessageId::new("m1")]);
    let stand = |outcomes: &[FireOutcome]| outcomes.iter().map(|one| one.state).collect::<Vec<_>>();
    assert_eq!(stand(&outcomes), [DeliveryState::Delivered, DeliveryState::Failed]);
    assert_eq!(outcomes[1].error.as_deref(), Some("chat not found"));
    assert_eq!(desk.did(move |tx| tx.retry_fire(id)).await, 1);
    let outcomes = desk.did(move |tx| tx.fire_outcomes(id)).await;
    assert_eq!(stand(&outcomes), [DeliveryState::Delivered, DeliveryState::Pending]);
    assert_eq!(desk.did(move |tx| tx.retry_fire(id)).await, 0, "nothing is given up any more");
}

#[tokio::test]
async fn a_target_that_hears_nothing_for_two_periods_is_told_once_until_it_hears_again() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::None).await;
    let patience = MINUTE * 11;
    for day in 0..5 {
        let fire = desk.fires_next(&schedule, FireState::Done).await;
        desk.delivers(fire.clone(), "one", true).await;
        // The second hears of the first day's only.
        desk.delivers(fire, "two", day == 0).await;
        desk.clock.advance(patience);
        let expected = if day == 2 { vec![address("two")] } else { Vec::new() };
        assert_eq!(desk.silent_at().await, expected, "day {day}");
    }
    let fire = desk.fires_next(&schedule, FireState::Quiet).await;
    assert_eq!(fire.state, FireState::Claimed);
    desk.clock.advance(patience);
    assert_eq!(desk.silent_at().await, [], "that there is nothing to say is heard, too");
    for day in 0..2 {
        let fire = desk.fires_next(&schedule, FireState::Failed).await;
        assert_eq!(fire.schedule, schedule.id);
        desk.clock.advance(patience);
        let expected = if day == 1 { vec![address("one"), address("two")] } else { Vec::new() };
        assert_eq!(desk.silent_at().await, expected, "day {day} of silence");
    }
}

#[tokio::test]
async fn what_rests_is_not_silent_and_counts_from_when_it_goes_on() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::None).await;
    let resting = schedule.clone();
    desk.did(move |tx| tx.pause_schedule(&resting, true)).await;
    desk.clock.advance(MINUTE * 60 * 24 * 30);
    assert_eq!(desk.silent_at().await, []);
    desk.did(move |tx| tx.pause_schedule(&schedule, false)).await;
    desk.clock.advance(MINUTE * 60 * 25);
    assert_eq!(desk.silent_at().await, [], "one period is no silence");
    desk.clock.advance(MINUTE * 60 * 24);
    assert_eq!(desk.silent_at().await, [address("one"), address("two")]);
    desk.clock.advance(MINUTE * 60 * 24 * 9);
    assert_eq!(desk.silent_at().await, [], "told once");
}

#[tokio::test]
async fn a_fire_waits_for_the_tasks_that_work_for_it_and_those_of_a_removed_one_are_found() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::Last).await;
    desk.clock.advance(MINUTE);
    desk.claims(&schedule).await;
    let fire = desk.did(|tx| tx.take_fires(10, LEASE)).await.remove(0);
    let task = started(desk.prompt("one", "fox").await);
    let (of, id) = (fire.clone(), task.id.clone());
    desk.did(move |tx| {
        tx.connection.execute("UPDATE tasks SET fire = ?1 WHERE id = ?2", rusqlite::params![of.id, id])?;
        assert!(tx.let_fire_go(&of)?);
        Ok(())
    })
    .await;
    assert!(!desk.did(|tx| tx.has_fires_to_take()).await, "its task works");
    desk.answer(&task).await;
    let again = desk.did(|tx| tx.take_fires(10, LEASE)).await.remove(0);
    assert!(again.id == fire.id && again.token > fire.token);
    let id = fire.id;
    assert_eq!(desk.did(move |tx| tx.tasks_of_fire(id)).await.len(), 1);
    let other = started(desk.prompt("one", "owl").await);
    let id = other.id.clone();
    desk.did(move |tx| {
        tx.connection.execute("UPDATE tasks SET fire = ?1 WHERE id = ?2", rusqlite::params![again.id, id])?;
        Ok(())
    })
    .await;
    assert!(desk.did(|tx| tx.tasks_without_fire()).await.is_empty());
    desk.did(move |tx| tx.remove_schedule(schedule.id)).await;
    let left = desk.did(|tx| tx.tasks_without_fire()).await;
    assert_eq!(left.iter().map(|task| &task.id).collect::<Vec<_>>(), [&other.id]);
}

#[tokio::test]
async fn a_digest_of_ten_thousand_incidents_counts_all_and_names_few() {
    let desk = Desk::new();
    desk.clock.jump_to(MORNING);
    super::incidents::begins(&desk).await;
    desk.did(|tx| {
        // As many of the same, each in a group of its own.
        let columns: Vec<String> = {
            let mut statement =
                tx.connection.prepare("SELECT name FROM pragma_table_info('incidents') WHERE name <> 'id'")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        let values = columns
            .iter()
            .map(|name| if name == "grouping" { "grouping || n".to_owned() } else { format!("\"{name}\"") });
        let sql = format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9999)
             INSERT INTO incidents ({}) SELECT {} FROM (SELECT * FROM incidents LIMIT 1), n",
            columns.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", "),
            values.collect::<Vec<_>>().join(", ")
        );
        tx.connection.execute(&sql, [])?;
        Ok(())
    })
    .await;
    desk.clock.advance(MINUTE);
    let happened = desk.did(|tx| tx.happened(DigestWindow::up_to(tx.now(), MINUTE * 60), None)).await;
    assert_eq!((happened.began_count(), happened.open_count, happened.open.len()), (10_000, 10_000, 10));
    assert!(happened.noisy.len() <= 5 && happened.causes.is_empty());
    let replayed = desk.did(|tx| tx.incidents_within(DigestWindow::up_to(tx.now(), MINUTE * 60), None)).await;
    assert_eq!((replayed.0.len(), replayed.1), (50, 10_000));
}

#[tokio::test]
async fn what_is_edited_keeps_its_number_its_fires_and_its_rest_and_loses_no_fire_that_is_due() {
    let desk = Desk::new();
    let schedule = desk.scheduled("0 9 * * *", CatchUp::Last).await;
    desk.clock.advance(MINUTE);
    let other = NewSchedule {
        name: "Standup".into(),
        targets: vec![address("two"), address("three")],
        ..new("30 9 * * *", CatchUp::None)
    };
    let was = schedule.clone();
    let edited = desk.did(move |tx| tx.edit_schedule(&was, &other)).await;
    assert_eq!((edited.id, edited.name.as_str(), edited.catch_up), (schedule.id, "Standup", CatchUp::None));
    assert_eq!(edited.targets, [address("two"), address("three")]);
    assert_eq!(edited.next_at, Some(MORNING.after(MINUTE * 31)), "by its new plan");
    let fires = desk.fires_of(&edited).await;
    assert_eq!(
        fires.iter().map(|fire| fire.at).collect::<Vec<_>>(),
        [MORNING.after(MINUTE)],
        "nine o'clock is not lost"
    );
    // One that rests does so by another plan as well.
    let resting = edited.clone();
    desk.did(move |tx| tx.pause_schedule(&resting, true)).await;
    let id = edited.id;
    let resting = desk.did(move |tx| Ok(tx.schedule(id)?.expect("it is there"))).await;
    let edited = desk.did(move |tx| tx.edit_schedule(&resting, &new("* * * * *", CatchUp::All))).await;
    desk.clock.advance(MINUTE * 5);
    assert!(edited.paused && desk.did(|tx| tx.due_schedules(10)).await.is_empty());
}

#[tokio::test]
async fn one_minute_of_looking_stands_for_all_of_it_and_no_fire_is_lost_or_made() {
    let desk = Desk::new();
    // Made in one minute, before and after the instant of a fire, and each by a plan of its own.
    desk.clock.jump_to(MORNING.before(Duration::from_secs(1)));
    for seconds in [0, 1, 30, 59] {
        desk.clock.jump_to(MORNING.after(Duration::from_secs(seconds)));
        desk.did(|tx| tx.add_schedule(&new("* * * * *", CatchUp::All))).await;
        desk.did(|tx| tx.add_schedule(&new("59 8 * * *", CatchUp::All))).await;
    }
    desk.clock.jump_to(MORNING.after(MINUTE + Duration::from_millis(1)));
    desk.did(|tx| tx.claim_fires(&tx.due_schedules(100)?)).await;
    let fires = desk.did(|tx| tx.take_fires(100, LEASE)).await;
    let at: Vec<Timestamp> = fires.iter().map(|fire| fire.at).collect();
    assert_eq!(at, [MORNING.after(MINUTE); 4], "what was made at 08:59 fires at 09:00 first");
}

#[tokio::test]
async fn those_that_fire_next_are_listed_first_and_those_that_rest_last() {
    let desk = Desk::new();
    let late = desk.scheduled("0 18 * * *", CatchUp::None).await;
    let resting = desk.scheduled("0 9 * * *", CatchUp::None).await;
    let soon = desk.scheduled("30 9 * * *", CatchUp::None).await;
    let pause = resting.clone();
    desk.did(move |tx| tx.pause_schedule(&pause, true)).await;
    let of_one = Some(ChatKey::of(&address("one")));
    let listed = desk.did(move |tx| tx.next_schedules(of_one.as_ref(), 10)).await;
    let ids: Vec<ScheduleId> = listed.iter().map(|(schedule, _)| schedule.id).collect();
    assert_eq!(ids, [soon.id, late.id, resting.id]);
    assert_eq!(desk.did(|tx| tx.next_schedules(None, 2)).await.len(), 2);
    assert_eq!(desk.did(|tx| tx.schedules_called("daily SUMMARY", None, 10)).await.len(), 3);
    assert!(desk.did(|tx| tx.schedules_called("Standup", None, 10)).await.is_empty());
}
