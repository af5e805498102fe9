//! What is told late, and what is told again.

use super::*;

/// An instant of a row of outcomes, a minute number, as sources write it.
fn minute(number: i64) -> String {
    let at = chrono::DateTime::from_timestamp(1_791_099_000 + number * 60, 0).expect("a time");
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[tokio::test]
async fn an_end_and_a_begin_that_come_late_change_nothing_whatever_their_source() {
    let github = |over: bool, at: &str| {
        let run = serde_json::json!({ "name": "CI", "head_branch": "main", "workflow_id": 7, "updated_at": at,
            "conclusion": if over { "success" } else { "failure" } });
        serde_json::json!({ "action": "completed", "workflow_run": run, "repository": { "full_name": "acme/shop" } })
    };
    let check = |over: bool, at: &str| {
        let run = serde_json::json!({ "name": "lint", "head_sha": "a", "completed_at": at,
            "conclusion": if over { "success" } else { "failure" } });
        serde_json::json!({ "action": "completed", "check_run": run, "repository": { "full_name": "acme/shop" } })
    };
    let deployment = |over: bool, at: &str| {
        let status = serde_json::json!({ "environment": "production", "updated_at": at,
            "state": if over { "success" } else { "failure" } });
        serde_json::json!({ "deployment_status": status, "repository": { "full_name": "acme/shop" } })
    };
    let secret = |over: bool, at: &str| {
        let alert = serde_json::json!({ "number": 4, "secret_type": "key", "updated_at": at });
        serde_json::json!({ "action": if over { "resolved" } else { "reopened" }, "alert": alert,
            "repository": { "full_name": "acme/shop" } })
    };
    let metric = |over: bool, at: &str| {
        let rule = serde_json::json!({ "id": "7", "name": "Many errors" });
        let when = if over { "date_closed" } else { "date_started" };
        let mut alert = serde_json::json!({ "alert_rule": rule, "date_started": minute(0) });
        alert[when] = at.into();
        serde_json::json!({ "action": if over { "resolved" } else { "critical" }, "data": { "metric_alert": alert } })
    };
    let issue = |over: bool, at: &str| {
        let word = if over { "resolved" } else { "unresolved" };
        let issue = serde_json::json!({ "id": "9", "title": "KeyError", "status": word, "firstSeen": minute(0),
            "lastSeen": at });
        serde_json::json!({ "action": word, "data": { "issue": issue } })
    };
    let named = |over: bool, at: &str| serde_json::json!({ "name": "Backup", "state": if over { "ok" } else { "alert" }, "time": at });
    let ended = |over: bool, at: &str| {
        let mut told = serde_json::json!({ "name": "Backup", "state": if over { "ok" } else { "alert" }, "id": 1 });
        told[if over { "resolved_at" } else { "started_at" }] = at.into();
        told
    };
    type Told<'a> = &'a dyn Fn(bool, &str) -> serde_json::Value;
    let sources: [(Source, Told<'_>); 8] = [
        (Source::GitHub, &github),
        (Source::GitHub, &check),
        (Source::GitHub, &deployment),
        (Source::GitHub, &secret),
        (Source::Sentry, &metric),
        (Source::Sentry, &issue),
        (Source::Generic, &named),
        (Source::Generic, &ended),
    ];
    for (number, (source, told)) in sources.into_iter().enumerate() {
        let desk = Desk::new();
        desk.clock.advance(Duration::from_secs(1_791_099_000 + 7200));
        let outcomes = [
            (false, 10, IncidentState::Firing),
            (false, 30, IncidentState::Firing),
            // Of the first, and late.
            (true, 20, IncidentState::Firing),
            (true, 50, IncidentState::Resolved),
            // Over since, and late.
            (false, 40, IncidentState::Resolved),
            (false, 60, IncidentState::Firing),
        ];
        for (over, at, state) in outcomes {
            let text = told(over, &minute(at)).to_string();
            let payload = alert::read_sent(source, None, &text).expect("it is read").expect("it is an alert");
            take(&desk, Batch { payload, ..hook(Vec::new()) }).await;
            assert_eq!(the_one(&desk).await.state, state, "{number}: {text}");
        }
    }
}

#[tokio::test]
async fn what_a_bot_posts_again_is_counted_and_what_a_hook_repeats_or_a_post_becomes_is_not() {
    let text = "[FIRING:1] Disk (host-1 prod)";
    let desk = Desk::new();
    take(&desk, post(text)).await;
    desk.clock.advance(Duration::from_secs(60));
    take(&desk, post(text)).await;
    let incident = the_one(&desk).await;
    assert_eq!((incident.alerts, incident.times, incident.last_seen_at), (1, 2, desk.clock.now()));
    take(&desk, Batch { counts_repeats: false, ..post(text) }).await;
    take(&desk, post("[RESOLVED] Disk (host-1 prod)")).await;
    take(&desk, post("[RESOLVED] Disk (host-1 prod)")).await;
    assert_eq!((the_one(&desk).await.times, the_one(&desk).await.state), (2, IncidentState::Resolved));
    let desk = Desk::new();
    for _ in 0..3 {
        take(&desk, hook(vec![fires("Disk", 1, 10)])).await;
    }
    assert_eq!(the_one(&desk).await.times, 1);
}
