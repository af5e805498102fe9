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
