//! What is said about incidents.

use super::*;

pub(super) fn incident(state: crate::incident::IncidentState) -> crate::store::Incident {
    use crate::alert::{Alert, Firing, Severity, Source};
    let fields =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let links = [
        "https://runbooks.example.com/disk",
        "https://grafana.example.com/d/1",
        "http://prometheus.example.com:9090/graph",
    ];
    crate::store::Incident {
        id: crate::store::IncidentId::new(7),
        address: address(),
        origin: "hook:ops".into(),
        labels: fields(&[("alertname", "DiskWillFill"), ("team", "db")]),
        common: None,
        alert: Alert {
            source: Source::Alertmanager,
            title: "DiskWillFill: /var on db-1 fills in 3 h".into(),
            severity: Severity::Critical,
            status: Firing::Firing,
            labels: fields(&[
                ("alertname", "DiskWillFill"),
                ("instance", "db-1:9100"),
                ("severity", "critical"),
                ("team", "db"),
            ]),
            annotations: fields(&[("runbook_url", links[0])]),
            links: links.map(str::to_owned).into(),
            starts_at: Some(NOW),
            ended_at: None,
            acknowledged: None,
            fingerprint: "5a1c0de".into(),
        },
        severity: Severity::Critical,
        state,
        owner: None,
        acked_by: None,
        alerts: 1,
        firing: 1,
        times: 1,
        left_out: 0,
        unread: 0,
        created_at: NOW,
        starts_at: Timestamp(NOW.0 - 4_200_000),
        last_seen_at: NOW,
        resolved_at: None,
        silenced_until: None,
        folded: false,
        due_at: None,
        card: None,
        carded_at: None,
        edited_at: None,
        card_lost: false,
        told_at: Timestamp(0),
        wanted: None,
        session: None,
        task: None,
        root: None,
    }
}

/// An incident that Kim has taken.
pub(super) fn acked() -> crate::store::Incident {
    let kim = Some("Kim".to_owned());
    crate::store::Incident {
        owner: kim.clone(),
        acked_by: kim,
        ..incident(crate::incident::IncidentState::Acknowledged)
    }
}

#[test]
fn incidents() {
    use super::super::incident::*;
    use crate::incident::{IncidentEvent, IncidentState, Refused};
    use crate::store::{Incident, IncidentEntry};
    let firing = incident(IncidentState::Firing);
    let cut = Incident { alerts: 200, firing: 200, left_out: 737, unread: 700, ..firing.clone() };
    let many = Incident { alerts: 12, firing: 3, times: 15, left_out: 37, owner: Some("Kim".into()), ..firing.clone() };
    let pairs = [("alertname", "DiskWillFill"), ("team", "db"), ("cluster", "eu-1"), ("app", "shop"), ("a", "b")];
    let common = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let storm = Incident { common: Some(common.into()), ..many.clone() };
    let acked = acked();
    let given = Incident { owner: Some("Ada".into()), ..acked.clone() };
    let silenced = Incident { silenced_until: Some(Timestamp(NOW.0 + 3_600_000)), ..incident(IncidentState::Silenced) };
    let over = Incident { resolved_at: Some(NOW), firing: 0, ..incident(IncidentState::Resolved) };
    let put_away = Incident { alerts: 12, firing: 2, ..over.clone() };
    let next_year = Timestamp(NOW.0 + 366 * 86_400_000);
    let line = |event, name: Option<&str>, detail: &str| IncidentEntry {
        at: NOW,
        event,
        name: name.map(str::to_owned),
        detail: detail.to_owned(),
        first: false,
        at_source: false,
    };
    let history = [
        line(IncidentEvent::Silenced, Some("Kim"), "1h"),
        line(IncidentEvent::Assigned, Some("Kim"), "Ada"),
        line(IncidentEvent::Acked, Some("Kim"), ""),
        IncidentEntry { first: true, ..line(IncidentEvent::Fired, None, "") },
    ];
    let carried = |incident: &Incident| {
        let all = buttons(incident, &Investigating::Found);
        all.iter().map(|button| format!("{} → /{}", button.label, button.action)).collect::<Vec<_>>().join(" · ")
    };
    let mut wall = wall()
        .with("card", card(&firing, &Investigating::Running, NOW).document)
        .with("card of many", card(&many, &Investigating::Found, NOW).document)
        .with("card of many with labels in common", card(&storm, &Investigating::Found, NOW).document)
        .with("card of more than is read", card(&cut, &Investigating::Done, NOW).document)
        .with("card that somebody has", card(&acked, &Investigating::Failed, NOW).document)
        .with("card that another has", card(&given, &Investigating::NothingWrong, NOW).document)
        .with("card that is silenced", card(&silenced, &Investigating::None, NOW).document)
        .with("card that is over", card(&over, &Investigating::Found, NOW).document)
        .with("card that a person has resolved while it fires", card(&put_away, &Investigating::Found, NOW).document)
        .with("card of last year", card(&over, &Investigating::Found, next_year).document)
        .with_text("title", title(&many))
        .with_text("buttons", carried(&firing))
        .with_text("buttons, acknowledged", carried(&acked))
        .with_text("buttons, silenced", carried(&silenced))
        .with_text("buttons, over", carried(&over));
    for line in history.iter().chain(&[
        line(IncidentEvent::Fired, None, ""),
        line(IncidentEvent::Cleared, None, ""),
        line(IncidentEvent::Cleared, None, "30 d"),
        line(IncidentEvent::Silenced, Some("Kim"), "1day 12h 30m"),
        line(IncidentEvent::SilenceEnded, None, ""),
        line(IncidentEvent::SilenceEnded, Some("Kim"), ""),
        line(IncidentEvent::Resolved, Some("Kim"), ""),
        line(IncidentEvent::Reopened, Some("Kim"), ""),
        line(IncidentEvent::Investigated, Some("Kim"), ""),
    ]) {
        wall = wall.with("told", told(&firing, line, NOW));
    }
    let wall = wall
        .with("named", named(&firing, told(&firing, &history[0], NOW)))
        .with("done ack", done(&acked, IncidentEvent::Acked, "Kim", &Investigating::Running))
        .with("done ack without an investigation", done(&acked, IncidentEvent::Acked, "Kim", &Investigating::Found))
        .with("done ack of what another has", done(&given, IncidentEvent::Acked, "Kim", &Investigating::Found))
        .with("done assign to another", done(&given, IncidentEvent::Assigned, "Kim", &Investigating::None))
        .with(
            "done end silence of what is taken",
            done(&acked, IncidentEvent::SilenceEnded, "Kim", &Investigating::None),
        )
        .with("done assign", done(&acked, IncidentEvent::Assigned, "Kim", &Investigating::None))
        .with("done resolve", done(&over, IncidentEvent::Resolved, "Kim", &Investigating::None))
        .with("done reopen", done(&firing, IncidentEvent::Reopened, "Kim", &Investigating::None))
        .with("done end silence", done(&firing, IncidentEvent::SilenceEnded, "Kim", &Investigating::None))
        .with("done investigate", done(&firing, IncidentEvent::Investigated, "Kim", &Investigating::None))
        .with("refused", refused(&over, Refused::IsResolved))
        .with("unknown", unknown("9"))
        .with("none_meant", none_meant())
        .with("bad_span", bad_span("soon", Duration::from_secs(2_592_000)))
        .with("busy", busy(&firing))
        .with("held spent", held(&Held::Spent(2)))
        .with("held back", held(&Held::Unheld("notes".into())))
        .with("held full", held(&Held::Full))
        .with(
            "in_brief",
            in_brief(&firing, &task(Status::Success), "k3m9qa7x", &investigation(Some(rca(Verdict::CauseFound))), NOW),
        )
        .with(
            "in_brief without an analysis",
            in_brief(&firing, &failed(Status::ErrorCli, "401"), "k3m9qa7x", &investigation(None), NOW),
        )
        .with(
            "in_brief without a cause",
            in_brief(&firing, &task(Status::Success), "k3m9qa7x", &investigation(Some(rca(Verdict::Unclear))), NOW),
        );
    shown("incident", wall, include_str!("../incident.rs"));
}

#[test]
fn several_incidents() {
    use super::super::incident::Investigating;
    use super::super::incidents::*;
    use crate::alert::{Alert, Firing};
    use crate::incident::{IncidentEvent, IncidentState};
    use crate::store::{Incident, IncidentEntry};
    let firing = incident(IncidentState::Firing);
    let many = Incident { alerts: 12, firing: 3, times: 15, left_out: 37, owner: Some("Kim".into()), ..firing.clone() };
    let acked = acked();
    let over = Incident { resolved_at: Some(NOW), alerts: 2, firing: 2, ..incident(IncidentState::Resolved) };
    let entry = |event, name: Option<&str>, first| IncidentEntry {
        at: NOW,
        event,
        name: name.map(str::to_owned),
        detail: String::new(),
        first,
        at_source: name.is_some(),
    };
    let history =
        [entry(IncidentEvent::Acked, Some("Ada (PagerDuty)"), false), entry(IncidentEvent::Fired, None, true)];
    let host = |host: &str, status| {
        let labels = [("alertname", "DiskWillFill"), ("instance", host), ("team", "db")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Alert { status, labels, ..firing.alert.clone() }
    };
    let alerts = [host("db-1:9100", Firing::Firing), host("db-2:9100", Firing::Resolved)];
    let rca = investigation(Some(rca(Verdict::CauseFound)));
    let (done, running) = (task(Status::Success), task(Status::Running));
    let known = Dossier { investigating: &Investigating::Running, found: None, alerts: &[], history: &history };
    let found = Dossier { found: Some((&done, &rca)), investigating: &Investigating::Found, history: &[], ..known };
    let nothing = investigation(None);
    let wall = wall()
        .with(
            "list",
            list(
                &[firing.clone(), acked.clone(), over, many.clone()],
                false,
                mild(&[many.clone(), firing.clone()], 2).as_deref(),
                NOW,
            ),
        )
        .with("list of all chats", list(&[firing.clone(), acked], true, None, NOW))
        .with("list of none", list(&[], false, None, NOW))
        .with_text("mild", mild(&[many.clone(), firing.clone()], 9).expect("there are some"))
        .with("show", show(&firing, known, NOW))
        .with("show of many", show(&many, Dossier { alerts: &alerts, ..known }, NOW))
        .with("show with a cause", show(&firing, found, NOW))
        .with(
            "show while it goes on",
            show(&firing, Dossier { found: Some((&running, &nothing)), history: &[], ..known }, NOW),
        );
    shown("incidents", wall, include_str!("../incidents.rs"));
}

#[test]
fn silences() {
    use super::super::silence::*;
    use crate::incident::IncidentState;
    use crate::store::{Incident, Unsilenceable};
    let until = Timestamp(NOW.0 + 3_600_000);
    let silenced = Incident { silenced_until: Some(until), ..incident(IncidentState::Silenced) };
    let hook = Some("ops");
    let away = Unsilenced::Away("connection refused".into());
    let refused = Unsilenced::Refused(400, "bad matcher format: `x`\n@everyone".into());
    let mut wall = wall()
        .with("done", done(&silenced, &AtSource::Asked, "Kim", NOW))
        .with("done without a name", done(&silenced, &AtSource::NotNamed(Some("ops".into())), "Kim", NOW))
        .with("done of a post", done(&silenced, &AtSource::NotNamed(None), "Kim", NOW))
        .with("done without labels", done(&silenced, &AtSource::Cannot(Unsilenceable::NoLabels), "Kim", NOW))
        .with("done with a cut label", done(&silenced, &AtSource::Cannot(Unsilenceable::CutLabel), "Kim", NOW))
        .with("done with a secret", done(&silenced, &AtSource::Cannot(Unsilenceable::MaskedLabel), "Kim", NOW))
        .with("done elsewhere", done(&silenced, &AtSource::Unheard, "Kim", NOW))
        .with("written", written(&silenced.alert.labels, until, NOW))
        .with("taken_back", taken_back(until, false, NOW))
        .with("taken_back for another", taken_back(until, true, NOW))
        .with("too_late", too_late());
    for trouble in [Unsilenced::Unnamed, Unsilenced::Login, Unsilenced::NoApi, refused, away, Unsilenced::Unclear] {
        wall = wall.with("not_written", not_written(hook, &trouble));
    }
    let wall = wall
        .with("not_written of a post", not_written(None, &Unsilenced::Login))
        .with("not_taken_back", not_taken_back(hook, &Unsilenced::Login))
        .with("not_taken_back of an unclear answer", not_taken_back(hook, &Unsilenced::Unclear))
        .with_text("cause", cause(&Unsilenced::NoApi))
        .with_text("labels", labels(&silenced.alert.labels))
        .with_text("comment", comment("[signalbox incident 7, 1-2]", &silenced.alert.title));
    shown("silence", wall, include_str!("../silence.rs"));
}

/// Draws a card as it stands on a phone.
fn picture(incident: &crate::store::Incident, investigating: &super::super::incident::Investigating) -> String {
    use super::super::incident::{buttons, card};
    let shown = on_telegram(&card(incident, investigating, NOW).document);
    let shown = shown.strip_prefix("--- in Telegram\n").unwrap_or(&shown).trim_end();
    let below = buttons(incident, investigating).into_iter().map(|button| format!("[ {} ]", button.label));
    format!("```text\n{shown}\n{}\n```\n", below.collect::<Vec<_>>().join("  "))
}

#[test]
fn the_cards_in_the_readme_are_those_that_people_see() {
    use super::super::incident::Investigating;
    use crate::incident::IncidentState;
    use crate::store::Incident;
    let firing = incident(IncidentState::Firing);
    let acked = acked();
    let until = Some(Timestamp(NOW.0 + 3_600_000));
    let silenced = Incident { silenced_until: until, owner: Some("Kim".into()), ..incident(IncidentState::Silenced) };
    let over = Incident { resolved_at: Some(NOW), firing: 0, ..acked.clone() };
    let over = Incident { state: IncidentState::Resolved, ..over };
    let common = [("alertname", "DiskWillFill"), ("cluster", "eu-1"), ("namespace", "shop"), ("team", "db")];
    let common = Some(common.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let storm = Incident { alerts: 200, firing: 180, times: 231, left_out: 37, common, ..firing.clone() };
    let readme = include_str!("../../../README.md");
    let rca = investigation(Some(rca(Verdict::CauseFound)));
    let brief = on_telegram(
        &super::super::incident::in_brief(&firing, &task(Status::Success), "k3m9qa7x", &rca, NOW).document(),
    );
    let brief = brief.strip_prefix("--- in Telegram\n").unwrap_or(&brief).trim_end();
    assert!(
        readme.contains(&format!("```text\n{brief}\n[ Show ]\n```\n")),
        "the README lacks the root cause:\n{brief}"
    );
    for (name, incident, investigating) in [
        ("firing", firing, Investigating::Running),
        ("acknowledged", acked, Investigating::Found),
        ("silenced", silenced, Investigating::Found),
        ("resolved", over, Investigating::Found),
        ("storm", storm, Investigating::Found),
    ] {
        let picture = picture(&incident, &investigating);
        assert!(readme.contains(&picture), "the README lacks the card, {name}:\n{picture}");
        let widest = picture.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(picture.lines().count() <= 10 && widest <= 120, "{name} fits a phone: {picture}");
    }
}
