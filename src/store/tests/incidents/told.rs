//! What only a source knows: when it began, who has taken it there, how many there are.

use super::*;
use crate::alert::read_sent;

#[tokio::test]
async fn an_incident_that_a_hook_takes_over_from_a_post_began_when_the_hook_says() {
    let desk = Desk::new();
    let began = desk.clock.now().before(Duration::from_secs(3000));
    take(&desk, post("[FIRING:1] Disk (host-1 prod)")).await;
    assert!(the_one(&desk).await.starts_at > began, "a post says nothing of it");
    desk.clock.advance(Duration::from_secs(30));
    take(&desk, hook(vec![fires("Disk", 1, began.0)])).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.starts_at, incident.origin.as_str()), (began, "hook:h"));
    // A sender whose clock is ahead does not make it begin later than now.
    let desk = Desk::new();
    take(&desk, post("[FIRING:1] Disk (host-1 prod)")).await;
    take(&desk, hook(vec![fires("Disk", 1, desk.clock.now().after(Duration::from_secs(200)).0)])).await;
    assert!(the_one(&desk).await.starts_at <= desk.clock.now());
}

/// What PagerDuty says of its incident.
fn pagerduty(event: &str, by: &str) -> Batch {
    let sent = serde_json::json!({"event": {"id": "E", "event_type": format!("incident.{event}"), "agent": {"summary": by},
        "occurred_at": "1970-01-01T00:00:20Z", "data": {"id": "P1", "title": "Database is down", "urgency": "high",
            "created_at": "1970-01-01T00:00:10Z", "status": if event == "resolved" { "resolved" } else { "triggered" }}}});
    let payload = read_sent(Source::PagerDuty, None, &sent.to_string()).expect("it is read").expect("it is news");
    Batch { payload, ..hook(Vec::new()) }
}

#[tokio::test]
async fn who_takes_it_in_pagerduty_has_taken_it_here() {
    let desk = Desk::new();
    take(&desk, pagerduty("triggered", "Checkout")).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Firing);
    take(&desk, pagerduty("acknowledged", "Ada")).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.state, incident.owner.as_deref()), (IncidentState::Acknowledged, Some("Ada (PagerDuty)")));
    let last = desk.did(move |tx| tx.incident_history(incident.id, 1)).await.remove(0);
    assert_eq!(
        (last.event, last.name.as_deref(), last.at_source),
        (IncidentEvent::Acked, Some("Ada (PagerDuty)"), true)
    );
    // Said again it is no news, and whoever has it keeps it.
    take(&desk, pagerduty("acknowledged", "Kim")).await;
    assert_eq!(the_one(&desk).await.owner.as_deref(), Some("Ada (PagerDuty)"));
    take(&desk, pagerduty("resolved", "Ada")).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Resolved);
    take(&desk, pagerduty("acknowledged", "Kim")).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Resolved, "what comes late changes nothing");
    // Where its begin was missed, this is the first that is heard of it.
    let desk = Desk::new();
    take(&desk, pagerduty("acknowledged", "Ada")).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Acknowledged);
}

#[tokio::test]
async fn who_gives_it_back_in_pagerduty_has_it_no_more() {
    let desk = Desk::new();
    take(&desk, pagerduty("triggered", "Checkout")).await;
    take(&desk, pagerduty("acknowledged", "Ada")).await;
    take(&desk, pagerduty("unacknowledged", "Ada")).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.state, incident.owner.as_deref(), incident.times), (IncidentState::Firing, None, 1));
    let last = desk.did(move |tx| tx.incident_history(incident.id, 1)).await.remove(0);
    assert_eq!((last.event, last.at_source), (IncidentEvent::Unacked, true));
    let said = format!("{:?}", crate::format::incident::told(&incident, &last, last.at));
    assert!(said.contains("\"No longer acknowledged in PagerDuty\""), "{said}");
    // Said again it changes nothing, and the next may take it.
    take(&desk, pagerduty("unacknowledged", "Ada")).await;
    take(&desk, pagerduty("acknowledged", "Kim")).await;
    assert_eq!(the_one(&desk).await.owner.as_deref(), Some("Kim (PagerDuty)"));
    // Who has taken it here keeps it, whatever is done there.
    take(&desk, pagerduty("unacknowledged", "Kim")).await;
    let incident = the_one(&desk).await;
    does(&desk, &incident, IncidentChange::by(IncidentEvent::Acked, "1001", "Eve")).await.expect("it fires");
    take(&desk, pagerduty("unacknowledged", "Kim")).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.state, incident.owner.as_deref()), (IncidentState::Acknowledged, Some("Eve")));
    // What was version 2 says the same.
    let older = |event: &str, status: &str| {
        let sent = serde_json::json!({"messages": [{"event": format!("incident.{event}"), "created_on": "1970-01-01T00:00:20Z",
            "incident": {"id": "P2", "incident_number": 7, "title": "Queue is stuck", "status": status, "urgency": "high",
                "created_at": "1970-01-01T00:00:10Z", "last_status_change_by": {"summary": "Ada"}}}]});
        let payload = read_sent(Source::PagerDuty, None, &sent.to_string()).expect("it is read").expect("it is news");
        Batch { payload, ..hook(Vec::new()) }
    };
    let desk = Desk::new();
    take(&desk, older("trigger", "triggered")).await;
    take(&desk, older("acknowledge", "acknowledged")).await;
    assert_eq!(the_one(&desk).await.owner.as_deref(), Some("Ada (PagerDuty)"));
    take(&desk, older("unacknowledge", "triggered")).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.state, incident.owner.as_deref()), (IncidentState::Firing, None));
}

#[tokio::test]
async fn a_thousand_alerts_of_one_group_are_all_attached() {
    let desk = Desk::new();
    let alerts: Vec<_> = (0..1000)
        .map(|host| {
            serde_json::json!({"status": "firing", "startsAt": "1970-01-01T00:00:10Z", "fingerprint": format!("f{host}"),
                "labels": {"alertname": "Disk", "instance": format!("host-{host}")}})
        })
        .collect();
    let sent = serde_json::json!({"version": "4", "groupKey": "g", "groupLabels": {"alertname": "Disk"}, "status": "firing",
        "truncatedAlerts": 0, "receiver": "r", "alerts": alerts});
    let payload = read_sent(Source::Alertmanager, None, &sent.to_string()).expect("it is read").expect("it is news");
    take(&desk, Batch { payload, ..hook(Vec::new()) }).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.alerts, incident.firing, incident.left_out), (1000, 1000, 0));
}

#[tokio::test]
async fn the_time_until_somebody_has_it_counts_from_when_it_was_heard_of_here() {
    let desk = Desk::new();
    let began = desk.clock.now().before(Duration::from_secs(1300));
    take(&desk, hook(vec![fires("Disk", 1, began.0)])).await;
    let incident = the_one(&desk).await;
    assert_eq!(incident.starts_at, began);
    desk.clock.advance(Duration::from_secs(30));
    let ack = IncidentChange { by: Some(("7", "Ada")), ..IncidentChange::by_itself(IncidentEvent::Acked) };
    does(&desk, &incident, ack).await.expect("it is taken");
    desk.clock.advance(Duration::from_secs(1));
    let (happened, counts) = desk
        .did(|tx| {
            let window = crate::store::DigestWindow::up_to(tx.now(), Duration::from_secs(3600));
            Ok((tx.happened(window, None)?, tx.counts()?))
        })
        .await;
    assert_eq!(happened.acked_after, Some(Duration::from_secs(30)));
    assert_eq!(counts.to_ack.total, Duration::from_secs(30));
}

#[tokio::test]
async fn what_only_a_try_has_made_is_in_no_digest_and_no_measure() {
    let desk = Desk::new();
    let tried = fires("Disk", 1, 10);
    let expected = tried.clone();
    desk.did(move |tx| tx.expect_try(&address("ops"), &AlertOrigin::Hook("h".into()), &expected)).await;
    take(&desk, hook(vec![tried])).await;
    desk.clock.advance(Duration::from_secs(1));
    let told = async || {
        let window =
            |tx: &Tx<'_>| DigestWindow::up_to(tx.now().after(Duration::from_secs(1)), Duration::from_secs(3600));
        let happened = desk.did(move |tx| tx.happened(window(tx), None)).await;
        let replayed = desk.did(move |tx| tx.incidents_within(window(tx), None)).await;
        let counts = desk.did(|tx| tx.counts()).await;
        let measured: u64 = counts.incidents.iter().map(|(_, _, count)| count).sum();
        (happened.began_count(), happened.open_count, happened.bars.incidents.len(), replayed.0.len(), measured)
    };
    assert_eq!(told().await, (0, 0, 0, 0, 0));
    take(&desk, hook(vec![fires("Memory", 2, 10)])).await;
    assert_eq!(told().await, (1, 1, 1, 1, 1), "another is told");
    take(&desk, hook(vec![ends("Disk", 1, 10), ends("Memory", 2, 10)])).await;
    let counts = desk.did(|tx| tx.counts()).await;
    assert_eq!(counts.to_resolution.count(), 1, "how long a try lasted is not measured");
}
