//! A post of an end, or of who has taken it, that says it in other words than the post of the beginning.

use super::*;

const TRIGGERED: &str = "Color: #dc4b4b\n*Triggered #12: Checkout is down (https://acme.pagerduty.com/incidents/Q1)*\n\
    Assigned: Ann\nService: Checkout";
const ACKNOWLEDGED: &str =
    "Color: #f5c75f\n*Acknowledged #12: Checkout is down (https://acme.pagerduty.com/incidents/Q1)*";
const RESOLVED: &str = "Color: #2bad2b\n*Resolved #12: Checkout is down (https://acme.pagerduty.com/incidents/Q1)*";

#[tokio::test]
async fn one_number_is_one_incident_whatever_its_posts_say_beside() {
    let desk = Desk::new();
    take(&desk, post(TRIGGERED)).await;
    let incident = the_one(&desk).await;
    assert_eq!(incident.alert.title, "#12: Checkout is down");
    assert_eq!(incident.alert.links, ["https://acme.pagerduty.com/incidents/Q1"]);
    take(&desk, post(&TRIGGERED.replace("#12", "#13").replace("Q1", "Q2"))).await;
    take(&desk, post(ACKNOWLEDGED)).await;
    let states = |all: Vec<Incident>| all.into_iter().map(|one| one.state).collect::<Vec<_>>();
    assert_eq!(states(all(&desk).await), [IncidentState::Acknowledged, IncidentState::Firing]);
    take(&desk, post(RESOLVED)).await;
    assert_eq!(states(all(&desk).await), [IncidentState::Resolved, IncidentState::Firing]);
}

#[tokio::test]
async fn a_list_without_annotations_ends_what_its_labels_name() {
    let text = |mark: &str, over: &str, more: &str| {
        post(&format!(
            "Color: #d63232\n[{mark}] HighLatency (api prod)\n**{over}**\n\nValue: B=12.3\nLabels:\n - alertname = HighLatency\n \
             - service = api\n - severity = critical\n{more}"
        ))
    };
    for footer in ["", "Grafana v11"] {
        let desk = Desk::new();
        let more = "Annotations:\n - summary = p99 is over 2 s\nSource: https://graf.example.com/x/view\nGrafana v11";
        take(&desk, text("FIRING:1", "Firing", more)).await;
        let over = text("RESOLVED", "Resolved", footer);
        assert_eq!(over.payload.alerts[0].labels["service"], "api");
        assert_eq!(over.payload.alerts[0].labels["severity"], "critical");
        take(&desk, over).await;
        assert_eq!(the_one(&desk).await.state, IncidentState::Resolved, "{footer}");
    }
    // Labels that may be cut are none of another's, and the title still tells what is over.
    let desk = Desk::new();
    take(&desk, text("FIRING:1", "Firing", "Source: https://graf.example.com/x/view")).await;
    take(&desk, text("RESOLVED", "Resolved", " - team = sh…")).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Resolved);
}

#[tokio::test]
async fn what_changes_in_a_text_is_no_part_of_what_it_is_about() {
    let desk = Desk::new();
    take(&desk, post("Color: #ff0000\n[FIRING:1] QueueStuck\nseverity: critical\nqueue: mail\nJobs waiting: 12000"))
        .await;
    assert_eq!(the_one(&desk).await.alert.labels["queue"], "mail");
    take(&desk, post("[RESOLVED] QueueStuck\nseverity: critical\nqueue: mail")).await;
    assert_eq!(the_one(&desk).await.state, IncidentState::Resolved);
}

#[tokio::test]
async fn what_may_mean_several_or_comes_from_another_ends_nothing() {
    let desk = Desk::new();
    let fires = |queue: &str| post(&format!("Color: #ff0000\n[FIRING:1] QueueStuck\nqueue: {queue}"));
    take(&desk, fires("mail")).await;
    take(&desk, fires("print")).await;
    let open = |all: Vec<Incident>| all.iter().filter(|one| one.state.is_open()).count();
    take(&desk, post("[RESOLVED] QueueStuck")).await;
    assert_eq!(open(all(&desk).await), 2, "it may mean either");
    take(&desk, post("Color: #00ff00\n[RESOLVED] QueueStuck\nqueue: fax")).await;
    assert_eq!(open(all(&desk).await), 2, "it names another");
    let over = "Color: #00ff00\n[RESOLVED] QueueStuck\nqueue: mail\nregion: eu";
    take(&desk, Batch { origin: AlertOrigin::Post("78".into()), ..post(over) }).await;
    assert_eq!(open(all(&desk).await), 2, "somebody else says so");
    take(&desk, post(over)).await;
    assert_eq!(open(all(&desk).await), 1);
}

#[tokio::test]
async fn who_takes_it_is_no_firing_and_makes_nothing_milder() {
    let other_words = ACKNOWLEDGED.to_owned();
    let same_words = TRIGGERED.replace("Triggered", "Acknowledged").replace("dc4b4b", "f5c75f");
    for text in [other_words, same_words] {
        let desk = Desk::new();
        take(&desk, post(TRIGGERED)).await;
        let fired = the_one(&desk).await;
        assert_eq!((fired.times, fired.severity), (1, Severity::Error));
        take(&desk, post(&text)).await;
        let taken = the_one(&desk).await;
        assert_eq!((taken.state, taken.times, taken.severity), (IncidentState::Acknowledged, 1, Severity::Error));
        assert_eq!(taken.alert, fired.alert);
        take(&desk, post(RESOLVED)).await;
        let over = the_one(&desk).await;
        assert_eq!((over.state, over.times, over.severity), (IncidentState::Resolved, 1, Severity::Error));
    }
    // A tool says of each of its events when that was.
    let event = |action: &str, at: &str| {
        let sent = serde_json::json!({"event_action": action, "dedup_key": "k", "payload": {"summary": "Database is down",
            "severity": if action == "trigger" { "critical" } else { "info" }, "source": "db", "timestamp": at}});
        let payload = alert::read_sent(Source::PagerDuty, None, &sent.to_string()).expect("it is read").expect("news");
        Batch { payload, ..hook(Vec::new()) }
    };
    let desk = Desk::new();
    take(&desk, event("trigger", "1970-01-01T00:00:10Z")).await;
    take(&desk, event("acknowledge", "1970-01-01T00:00:20Z")).await;
    let taken = the_one(&desk).await;
    assert_eq!((taken.state, taken.times, taken.severity), (IncidentState::Acknowledged, 1, Severity::Critical));
}

#[tokio::test]
async fn an_end_that_nobody_waited_for_is_no_firing() {
    let desk = Desk::new();
    take(&desk, post("Resolved #12: Checkout is down")).await;
    take(&desk, post("Triggered #12: Checkout is down")).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.state, incident.times), (IncidentState::Firing, 1));
    take(&desk, post("Resolved #12: Checkout is down")).await;
    take(&desk, post("Triggered #12: Checkout is down")).await;
    assert_eq!(the_one(&desk).await.times, 2);
}
