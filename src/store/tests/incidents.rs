//! Alerts become incidents, each once, whatever comes in whatever order.

mod late;
mod meant;
mod told;

use std::collections::BTreeMap;

use super::*;
use crate::alert::{self, Alert, Firing, OwnGroup, Payload, Severity, Source};
use crate::config::Triage;
use crate::incident::{AlertOrigin, Batch, IncidentEvent, IncidentState, Refused, TriagePolicy};

fn alert(name: &str, host: usize, status: Firing, at: i64) -> Alert {
    let labels = [("alertname", name.to_owned()), ("instance", format!("host-{host}"))];
    Alert {
        source: Source::Alertmanager,
        title: format!("{name} on host-{host}"),
        severity: Severity::Critical,
        status,
        labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: Some(Timestamp(at)),
        ended_at: None,
        acknowledged: None,
        fingerprint: format!("{name}-{host}"),
    }
}

fn fires(name: &str, host: usize, at: i64) -> Alert {
    alert(name, host, Firing::Firing, at)
}

fn ends(name: &str, host: usize, at: i64) -> Alert {
    alert(name, host, Firing::Resolved, at)
}

fn hook(alerts: Vec<Alert>) -> Batch {
    Batch {
        target: address("ops"),
        origin: AlertOrigin::Hook("h".into()),
        payload: Payload::of(alerts),
        counts_repeats: false,
    }
}

fn post(text: &str) -> Batch {
    let payload = alert::read_payload(text).expect("an alert");
    Batch { target: address("ops"), origin: AlertOrigin::Post("77".into()), payload, counts_repeats: true }
}

async fn take(desk: &Desk, batch: Batch) -> Taken {
    desk.did(move |tx| tx.take_alerts(&batch, &TriagePolicy::of(&Triage::default()))).await
}

/// Lets an incident begin.
pub(super) async fn begins(desk: &Desk) {
    take(desk, hook(vec![fires("Disk", 1, 10)])).await;
}

async fn all(desk: &Desk) -> Vec<Incident> {
    desk.did(|tx| tx.incidents_where("TRUE ORDER BY id", &[], 1000)).await
}

async fn the_one(desk: &Desk) -> Incident {
    let mut all = all(desk).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn does(desk: &Desk, incident: &Incident, change: IncidentChange<'static>) -> Result<Incident, Refused> {
    let id = incident.id;
    desk.did(move |tx| tx.change_incident(id, &change)).await
}

#[tokio::test]
async fn alerts_of_a_group_are_one_incident_and_a_copy_changes_nothing() {
    let desk = Desk::new();
    let batch = hook(vec![fires("Disk", 1, 10), fires("Disk", 2, 20), fires("Load", 1, 10)]);
    let taken = take(&desk, batch.clone()).await;
    assert_eq!((taken.news, taken.new, taken.incidents.len()), (3, 2, 2));
    let before = all(&desk).await;
    assert_eq!((before[0].alerts, before[0].firing, before[0].state), (2, 2, IncidentState::Firing));
    assert_eq!(before[0].due_at, Some(desk.clock.now().after(Duration::from_secs(30))));
    let taken = take(&desk, batch).await;
    assert_eq!((taken.news, taken.again, taken.new), (0, 3, 0));
    assert_eq!(all(&desk).await, before);
}

#[tokio::test]
async fn an_incident_is_over_when_its_last_alert_is_and_a_new_firing_reopens_it() {
    let desk = Desk::new();
    take(&desk, hook(vec![fires("Disk", 1, 10), fires("Disk", 2, 20)])).await;
    take(&desk, hook(vec![ends("Disk", 1, 10)])).await;
    assert_eq!((the_one(&desk).await.state, the_one(&desk).await.firing), (IncidentState::Firing, 1));
    take(&desk, hook(vec![ends("Disk", 2, 20)])).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Resolved);
    take(&desk, hook(vec![fires("Disk", 2, 20)])).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Resolved, "an old firing is no news");
    take(&desk, hook(vec![fires("Disk", 3, 30)])).await;
    let incident = the_one(&desk).await;
    assert_eq!(
        (incident.state, incident.alerts, incident.firing, incident.resolved_at),
        (IncidentState::Firing, 3, 1, None)
    );
    desk.clock.advance(Duration::from_secs(3600));
    take(&desk, hook(vec![ends("Disk", 3, 30)])).await;
    desk.clock.advance(Duration::from_secs(25 * 3600));
    take(&desk, hook(vec![fires("Disk", 3, 90)])).await;
    let all = all(&desk).await;
    assert_eq!((all.len(), all[0].state, all[1].state), (2, IncidentState::Resolved, IncidentState::Firing));
}

#[tokio::test]
async fn what_was_over_before_it_was_heard_of_gets_no_card_and_its_firing_is_no_news() {
    let desk = Desk::new();
    let ended = take(&desk, hook(vec![ends("Disk", 1, 10)])).await;
    let listed = desk.did(|tx| Ok((tx.incidents(None, 9)?.len(), tx.count_folded(None)?))).await;
    assert_eq!((ended.new, listed), (0, (0, 0)), "it is noted, and there is nothing to show");
    let taken = take(&desk, hook(vec![fires("Disk", 1, 10)])).await;
    assert_eq!(taken.stale, 1);
    assert_eq!((the_one(&desk).await.state, the_one(&desk).await.due_at), (IncidentState::Resolved, None));
    take(&desk, hook(vec![fires("Disk", 1, 90)])).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.state, incident.folded, incident.due_at.is_some()), (IncidentState::Firing, false, true));
    let told = desk.did(move |tx| tx.incident_history(incident.id, 9)).await;
    assert_eq!((told.len(), told[0].first), (1, true), "it fires for the first time");
}

#[tokio::test]
async fn what_the_sender_left_out_keeps_an_incident_open() {
    let desk = Desk::new();
    let group = OwnGroup { key: "g".into(), labels: BTreeMap::new() };
    let batch = |alert, left_out, status| {
        let payload = Payload {
            alerts: vec![alert],
            group: Some(group.clone()),
            left_out,
            unread: 30,
            status: Some(status),
            misplaced: false,
        };
        Batch { payload, ..hook(Vec::new()) }
    };
    take(&desk, batch(fires("Disk", 1, 10), 37, Firing::Firing)).await;
    take(&desk, batch(ends("Disk", 1, 10), 37, Firing::Firing)).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.state, incident.left_out, incident.unread), (IncidentState::Firing, 37, 30));
    take(&desk, batch(ends("Disk", 2, 10), 37, Firing::Resolved)).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.state, incident.left_out, incident.unread), (IncidentState::Resolved, 0, 0));
}

#[tokio::test]
async fn a_hook_adopts_the_incident_of_a_post_and_a_post_joins_that_of_a_hook() {
    for hook_first in [false, true] {
        let desk = Desk::new();
        let steps = [post("[FIRING:1] Disk (host-1 prod)"), hook(vec![fires("Disk", 1, 10)])];
        let steps = if hook_first { steps.into_iter().rev().collect() } else { Vec::from(steps) };
        for step in steps {
            take(&desk, step).await;
        }
        let incident = the_one(&desk).await;
        assert_eq!((incident.origin.as_str(), incident.alerts, incident.firing), ("hook:h", 1, 1), "{hook_first}");
        // The post's word counts no more.
        take(&desk, post("[RESOLVED] Disk (host-1 prod)")).await;
        assert_eq!(the_one(&desk).await.state, IncidentState::Firing);
        take(&desk, hook(vec![ends("Disk", 1, 10)])).await;
        assert_eq!(the_one(&desk).await.state, IncidentState::Resolved);
    }
    let desk = Desk::new();
    take(&desk, post("[FIRING:1] Disk (host-1 prod)")).await;
    desk.clock.advance(Duration::from_secs(121));
    take(&desk, hook(vec![fires("Disk", 1, 10)])).await;
    assert_eq!(all(&desk).await.len(), 2, "too long ago");
}

#[tokio::test]
async fn a_post_without_a_time_is_the_running_one_and_fires_anew_after_its_end() {
    let desk = Desk::new();
    for (text, state, times) in [
        ("[FIRING:1] Disk full", IncidentState::Firing, 1),
        ("[FIRING:1] Disk full", IncidentState::Firing, 2),
        ("[RESOLVED] Disk full", IncidentState::Resolved, 2),
        ("[FIRING:1] Disk full", IncidentState::Firing, 3),
    ] {
        desk.clock.advance(Duration::from_secs(60));
        take(&desk, post(text)).await;
        let incident = the_one(&desk).await;
        assert_eq!((incident.state, incident.times, incident.alerts), (state, times, 1), "{text}");
    }
}

#[tokio::test]
async fn the_mild_get_no_card_until_they_are_worse() {
    let desk = Desk::new();
    let mild = |host, severity| Alert { severity, ..fires("Disk", host, 10) };
    take(&desk, hook(vec![mild(1, Severity::Info)])).await;
    assert_eq!((the_one(&desk).await.folded, the_one(&desk).await.due_at), (true, None));
    assert_eq!(desk.did(|tx| tx.count_folded(Some(&key("ops")))).await, 1);
    take(&desk, hook(vec![mild(2, Severity::Warning)])).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.folded, incident.severity, incident.due_at.is_some()), (false, Severity::Warning, true));
}

#[tokio::test]
async fn who_has_acknowledged_is_known_whoever_has_it_and_through_a_silence() {
    let desk = Desk::new();
    take(&desk, hook(vec![fires("Disk", 1, 10)])).await;
    let incident = the_one(&desk).await;
    let by = |event| IncidentChange::by(event, "1001", "Kim");
    let given = IncidentChange { owner: Some("Ana"), ..by(IncidentEvent::Assigned) };
    let hour = Some(Duration::from_secs(3600));
    for (change, state, acked_by, owner) in [
        (by(IncidentEvent::Acked), IncidentState::Acknowledged, Some("Kim"), Some("Kim")),
        (given, IncidentState::Acknowledged, Some("Kim"), Some("Ana")),
        (
            IncidentChange { silence: hour, ..by(IncidentEvent::Silenced) },
            IncidentState::Silenced,
            Some("Kim"),
            Some("Ana"),
        ),
        (by(IncidentEvent::SilenceEnded), IncidentState::Acknowledged, Some("Kim"), Some("Ana")),
        (by(IncidentEvent::Resolved), IncidentState::Resolved, None, Some("Ana")),
        (by(IncidentEvent::Reopened), IncidentState::Firing, None, Some("Ana")),
        (IncidentChange { silence: hour, ..by(IncidentEvent::Silenced) }, IncidentState::Silenced, None, Some("Ana")),
        (by(IncidentEvent::SilenceEnded), IncidentState::Firing, None, Some("Ana")),
        (by(IncidentEvent::Acked), IncidentState::Acknowledged, Some("Kim"), Some("Ana")),
        (by(IncidentEvent::Unacked), IncidentState::Firing, None, None),
    ] {
        let event = change.event;
        let now = does(&desk, &incident, change).await.expect("it makes sense");
        assert_eq!((now.state, now.acked_by.as_deref(), now.owner.as_deref()), (state, acked_by, owner), "{event:?}");
    }
}

#[tokio::test]
async fn people_ack_silence_and_resolve_and_all_of_it_is_history() {
    let desk = Desk::new();
    take(&desk, hook(vec![fires("Disk", 1, 10)])).await;
    let incident = the_one(&desk).await;
    let by = |event| IncidentChange::by(event, "1001", "Kim");
    let incident = does(&desk, &incident, by(IncidentEvent::Acked)).await.expect("it fires");
    assert_eq!((incident.state, incident.owner.as_deref()), (IncidentState::Acknowledged, Some("Kim")));
    assert_eq!(does(&desk, &incident, by(IncidentEvent::Acked)).await, Err(Refused::IsAcknowledged));
    let hour = Duration::from_secs(3600);
    let incident = does(&desk, &incident, IncidentChange { silence: Some(hour), ..by(IncidentEvent::Silenced) })
        .await
        .expect("open");
    assert_eq!(incident.silenced_until, Some(desk.clock.now().after(hour)));
    let silenced = incident.clone();
    desk.did(move |tx| {
        let matchers = Tx::silence_matchers(&silenced).expect("it has labels");
        tx.want_silence(silenced.id, matchers, silenced.silenced_until.expect("silenced"), "Kim")
    })
    .await;
    let wanted = desk.did(|tx| tx.silences_waiting(9)).await;
    assert_eq!((wanted.len(), wanted[0].matchers["instance"].as_str(), wanted[0].unwanted), (1, "host-1", false));
    let id = wanted[0].id;
    assert!(desk.did(move |tx| tx.silence_tried(id)).await);
    assert!(desk.did(move |tx| tx.silence_written(id, "remote-1")).await);
    assert!(desk.did(|tx| tx.silences_waiting(9)).await.is_empty());
    let incident = does(&desk, &incident, by(IncidentEvent::Resolved)).await.expect("open");
    assert_eq!((incident.state, incident.silenced_until), (IncidentState::Resolved, None));
    let unwanted = desk.did(|tx| tx.silences_waiting(9)).await;
    assert_eq!((unwanted[0].unwanted, unwanted[0].remote.as_deref()), (true, Some("remote-1")));
    let id = incident.id;
    let history = desk.did(move |tx| tx.incident_history(id, 9)).await;
    let events: Vec<IncidentEvent> = history.iter().map(|line| line.event).collect();
    assert_eq!(events, [IncidentEvent::Resolved, IncidentEvent::Silenced, IncidentEvent::Acked, IncidentEvent::Fired]);
    assert_eq!((history[1].name.as_deref(), history[1].detail.as_str()), (Some("Kim"), "1h"));
    // A person's word holds until the source has news.
    take(&desk, hook(vec![fires("Disk", 1, 10)])).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Resolved);
    take(&desk, hook(vec![fires("Disk", 1, 99)])).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Firing);
}

#[tokio::test]
async fn what_a_person_resolved_and_that_tells_no_time_opens_again_with_its_next_alert() {
    let desk = Desk::new();
    let timeless = || hook(vec![Alert { starts_at: None, ..fires("Disk", 1, 0) }]);
    for batch in [timeless(), post("[FIRING:1] Load high")] {
        take(&desk, batch.clone()).await;
        let incident = all(&desk).await.pop().expect("an incident");
        does(&desk, &incident, IncidentChange::by(IncidentEvent::Resolved, "1001", "Kim")).await.expect("open");
        desk.clock.advance(Duration::from_secs(3600));
        take(&desk, batch.clone()).await;
        let again = all(&desk).await.pop().expect("an incident");
        assert_eq!((again.id, again.state, again.times), (incident.id, IncidentState::Firing, 2));
        // Opened by a person it is the same firing, and not another.
        let by = |event| IncidentChange::by(event, "1001", "Kim");
        does(&desk, &again, by(IncidentEvent::Resolved)).await.expect("open");
        does(&desk, &again, by(IncidentEvent::Reopened)).await.expect("over");
        take(&desk, Batch { counts_repeats: false, ..batch }).await;
        assert_eq!(all(&desk).await.pop().expect("an incident").times, 2);
    }
}

#[tokio::test]
async fn the_card_of_an_incident_stays_as_long_as_the_incident() {
    let desk = Desk::new();
    take(&desk, hook(vec![fires("Disk", 1, 10)])).await;
    let id = the_one(&desk).await.id;
    desk.did(move |tx| {
        tx.enqueue(&NewDelivery { about: Some(About::Card(id)), ..message("ops", Purpose::Alert, &["a card"]) })?;
        tx.incident_carded(id)?;
        let card = tx.incident(id)?.and_then(|incident| incident.card).expect("a card");
        let delivery = tx.delivery(card.as_str(), None)?.expect("it is there");
        tx.delivered(delivery.id, &MessageId::new("m1"))
    })
    .await;
    let forget = || async {
        desk.clock.advance(Duration::from_secs(1));
        while desk.did(|tx| tx.forget(tx.now(), 5000)).await > 0 {}
    };
    forget().await;
    let incident = the_one(&desk).await;
    assert_eq!(desk.did(move |tx| tx.card_standing(&incident)).await, CardStanding::Alive);
    take(&desk, hook(vec![ends("Disk", 1, 10)])).await;
    forget().await;
    assert_eq!(desk.did(|tx| tx.deliveries(None, 9)).await, []);
}

#[tokio::test]
async fn a_group_that_is_over_ends_also_what_its_last_word_did_not_name() {
    let group = OwnGroup { key: "g".into(), labels: BTreeMap::new() };
    let batch = |alerts, left_out, status| {
        let payload =
            Payload { alerts, group: Some(group.clone()), left_out, unread: 0, status: Some(status), misplaced: false };
        Batch { payload, ..hook(Vec::new()) }
    };
    let desk = Desk::new();
    take(&desk, batch((0..200).map(|host| fires("Disk", host, 10)).collect(), 0, Firing::Firing)).await;
    take(&desk, batch((200..400).map(|host| fires("Disk", host, 10)).collect(), 0, Firing::Firing)).await;
    assert_eq!(the_one(&desk).await.firing, 400);
    desk.clock.advance(Duration::from_secs(60));
    // A late word of an earlier firing ends nothing else.
    take(&desk, batch(vec![ends("Disk", 0, 5), ends("Disk", 1, 10)], 0, Firing::Resolved)).await;
    assert_eq!((the_one(&desk).await.state, the_one(&desk).await.firing), (IncidentState::Firing, 399));
    take(&desk, batch((0..200).map(|host| ends("Disk", host, 10)).collect(), 200, Firing::Resolved)).await;
    assert_eq!((the_one(&desk).await.state, the_one(&desk).await.firing), (IncidentState::Resolved, 0));
    take(&desk, batch(vec![fires("Disk", 399, 90)], 0, Firing::Firing)).await;
    assert_eq!((the_one(&desk).await.state, the_one(&desk).await.firing), (IncidentState::Firing, 1));
}

#[tokio::test]
async fn what_is_known_may_be_worse_and_say_more_than_before() {
    let desk = Desk::new();
    let says = |severity, title: &str, at| hook(vec![Alert { severity, title: title.into(), ..fires("Disk", 1, at) }]);
    take(&desk, says(Severity::Warning, "80 % full", 10)).await;
    let id = the_one(&desk).await.id;
    desk.did(move |tx| tx.incident_wanted(id, false)).await;
    take(&desk, says(Severity::Critical, "99 % full", 10)).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.severity, incident.alert.title.as_str()), (Severity::Critical, "99 % full"));
    assert_eq!((incident.wanted, incident.times, incident.starts_at), (None, 1, Timestamp(10)));
    assert_eq!(desk.did(move |tx| tx.alerts_of(id, 9)).await[0].title, "99 % full");
    take(&desk, says(Severity::Info, "an old word", 5)).await;
    assert_eq!(the_one(&desk).await, incident, "less than is known");
}

#[tokio::test]
async fn a_post_fires_again_when_the_incident_of_the_hook_that_it_joined_is_over() {
    let desk = Desk::new();
    take(&desk, hook(vec![fires("Disk", 1, 10)])).await;
    take(&desk, post("[FIRING:1] Disk (host-1 prod)")).await;
    take(&desk, hook(vec![ends("Disk", 1, 10)])).await;
    take(&desk, post("[RESOLVED] Disk (host-1 prod)")).await;
    assert_eq!((all(&desk).await.len(), the_one(&desk).await.state), (1, IncidentState::Resolved));
    // The hook is gone, the posts are not.
    desk.clock.advance(Duration::from_secs(600));
    take(&desk, post("[FIRING:1] Disk (host-1 prod)")).await;
    let incidents = all(&desk).await;
    assert_eq!((incidents.len(), incidents[1].state, incidents[1].firing), (2, IncidentState::Firing, 1));
    assert_eq!(incidents[1].origin, "post:77");
    take(&desk, post("[RESOLVED] Disk (host-1 prod)")).await;
    assert!(all(&desk).await.iter().all(|incident| incident.state == IncidentState::Resolved));
    // A post about another machine is another matter.
    take(&desk, hook(vec![fires("Disk", 1, 90)])).await;
    take(&desk, post("[FIRING:1] Disk (host-2 prod)")).await;
    assert_eq!(all(&desk).await.len(), 3);
}

#[tokio::test]
async fn what_comes_by_two_doors_for_two_topics_of_a_chat_is_two_incidents() {
    let desk = Desk::new();
    let group = OwnGroup { key: "{}:{alertname=\"Disk\"}".into(), labels: BTreeMap::new() };
    for (id, topic) in [("prod", "test:ops/1"), ("staging", "test:ops/2"), ("prod", "test:ops/2")] {
        let payload = Payload { group: Some(group.clone()), ..Payload::of(vec![fires("Disk", 1, 10)]) };
        let target: ChatAddress = topic.parse().expect("an address");
        let origin = AlertOrigin::Hook(id.into());
        take(&desk, Batch { target, origin, payload, counts_repeats: false }).await;
    }
    let incidents = all(&desk).await;
    let told: Vec<(String, &str)> =
        incidents.iter().map(|one| (one.address.to_string(), one.origin.as_str())).collect();
    let expected = [("test:ops/1", "hook:prod"), ("test:ops/2", "hook:staging"), ("test:ops/2", "hook:prod")];
    assert_eq!(told, expected.map(|(address, origin)| (address.to_owned(), origin)));
    assert!(incidents.iter().all(|incident| (incident.alerts, incident.firing) == (1, 1)));
}

#[tokio::test]
async fn what_nobody_hears_of_any_more_is_over_and_what_is_heard_of_keeps_its_newest_history() {
    let desk = Desk::new();
    let day = Duration::from_secs(24 * 3600);
    take(&desk, hook(vec![fires("Disk", 1, 10), fires("Load", 1, 10)])).await;
    for _ in 0..40 {
        desk.clock.advance(day);
        take(&desk, hook(vec![fires("Load", 1, 10)])).await;
        desk.did(move |tx| tx.forget(tx.now().before(30 * day), 100)).await;
    }
    let all = all(&desk).await;
    assert_eq!((all[0].state, all[0].firing), (IncidentState::Resolved, 0));
    assert_eq!((all[1].state, all[1].firing), (IncidentState::Firing, 1));
    let history =
        desk.did(|tx| Ok((tx.incident_history(IncidentId::new(1), 9)?, tx.incident_history(IncidentId::new(2), 9)?)));
    let (closed, open) = history.await;
    assert_eq!((closed.len(), closed[0].event, closed[0].detail.as_str()), (1, IncidentEvent::Cleared, "31 d"));
    assert!(open.is_empty(), "of forty days ago");
}

#[tokio::test]
async fn an_end_that_comes_late_does_not_end_what_has_begun_since() {
    let desk = Desk::new();
    let minute = 60_000;
    let ended = |at| hook(vec![Alert { starts_at: None, ended_at: Some(Timestamp(at)), ..ends("Disk", 1, 0) }]);
    take(&desk, hook(vec![fires("Disk", 1, minute)])).await;
    take(&desk, ended(2 * minute)).await;
    take(&desk, hook(vec![fires("Disk", 1, 10 * minute)])).await;
    assert_eq!(take(&desk, ended(2 * minute)).await.stale, 1);
    assert_eq!(the_one(&desk).await.state, IncidentState::Firing);
    take(&desk, ended(11 * minute)).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Resolved);
}

#[tokio::test]
async fn a_storm_is_counted_right_and_forgotten_in_the_end() {
    let desk = Desk::new();
    for group in 0..50 {
        let name = format!("Rule{group}");
        take(&desk, hook((0..200).map(|host| fires(&name, host, 10)).collect())).await;
    }
    let incidents = all(&desk).await;
    assert_eq!(incidents.len(), 50);
    assert!(incidents.iter().all(|incident| (incident.alerts, incident.firing) == (200, 200)));
    for group in 0..50 {
        let name = format!("Rule{group}");
        take(&desk, hook((0..200).map(|host| ends(&name, host, 10)).collect())).await;
    }
    assert!(all(&desk).await.iter().all(|incident| incident.state == IncidentState::Resolved));
    desk.clock.advance(Duration::from_secs(1));
    while desk.did(|tx| tx.forget(tx.now(), 5000)).await > 0 {}
    assert!(all(&desk).await.is_empty());
    let left = |table: &'static str| desk.did(move |tx| count(tx, table));
    assert_eq!((left("incident_alerts").await, left("incident_events").await), (0, 0));
}

fn count(tx: &Tx<'_>, table: &str) -> Result<i64, StoreError> {
    Ok(tx.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
}
