//! The rules hold for whatever may come, in whatever order.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::alert::{self, Alert, Firing, OwnGroup, Payload, Severity, Source};
use crate::clock::Timestamp;

fn alert(title: &str, labels: &[(&str, &str)]) -> Alert {
    Alert {
        source: Source::Alertmanager,
        title: title.into(),
        severity: Severity::Critical,
        status: Firing::Firing,
        labels: labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: None,
        ended_at: None,
        acknowledged: None,
        fingerprint: title.into(),
    }
}

fn group(alert: &Alert) -> AlertGroup {
    AlertGroup::of(alert, &Payload::of(vec![alert.clone()]))
}

#[test]
fn what_a_person_may_do_depends_on_where_it_stands() {
    use IncidentState::{Acknowledged, Firing, Resolved, Silenced};
    for (event, from, to) in [
        (IncidentEvent::Acked, Firing, Ok(Acknowledged)),
        (IncidentEvent::Acked, Acknowledged, Err(Refused::IsAcknowledged)),
        (IncidentEvent::Acked, Silenced, Err(Refused::IsSilenced)),
        (IncidentEvent::Acked, Resolved, Err(Refused::IsResolved)),
        (IncidentEvent::Silenced, Acknowledged, Ok(Silenced)),
        (IncidentEvent::Silenced, Resolved, Err(Refused::IsResolved)),
        (IncidentEvent::Assigned, Silenced, Ok(Silenced)),
        (IncidentEvent::Resolved, Silenced, Ok(Resolved)),
        (IncidentEvent::Resolved, Resolved, Err(Refused::IsResolved)),
        (IncidentEvent::Reopened, Resolved, Ok(Firing)),
        (IncidentEvent::Reopened, Silenced, Ok(Firing)),
        (IncidentEvent::Reopened, Acknowledged, Err(Refused::IsOpen)),
        (IncidentEvent::Fired, Resolved, Ok(Firing)),
        (IncidentEvent::Fired, Silenced, Ok(Silenced)),
        (IncidentEvent::SilenceEnded, Silenced, Ok(Firing)),
        (IncidentEvent::SilenceEnded, Acknowledged, Ok(Acknowledged)),
    ] {
        assert_eq!(moved(from, false, event), to, "{event:?} in {from:?}");
    }
    for event in [IncidentEvent::SilenceEnded, IncidentEvent::Reopened] {
        assert_eq!(moved(Silenced, true, event), Ok(Acknowledged), "{event:?}: who has taken it has it still");
    }
}

#[test]
fn ten_machines_with_one_problem_are_a_group_and_two_problems_are_two() {
    let full = |host| alert("DiskFull", &[("alertname", "DiskFull"), ("team", "db"), ("instance", host)]);
    assert_eq!(group(&full("a")), group(&full("b")));
    assert_ne!(group(&full("a")), group(&alert("DiskSlow", &[("alertname", "DiskSlow"), ("team", "db")])));
    assert_ne!(group(&full("a")), group(&alert("DiskFull", &[("alertname", "DiskFull"), ("team", "web")])));
    let plain = |title| Alert { source: Source::Plain, ..alert(title, &[]) };
    assert_eq!(group(&plain("[FIRING:1] Disk full")), group(&plain("[RESOLVED] Disk full")));
    assert_ne!(group(&plain("Disk full")), group(&plain("Disk slow")));
}

#[test]
fn the_senders_own_group_comes_first() {
    let own = OwnGroup { key: "{}/{team=\"db\"}".into(), labels: [("team".to_owned(), "db".to_owned())].into() };
    let (one, two) = (alert("A", &[("alertname", "A")]), alert("B", &[("alertname", "B")]));
    let payload = Payload { group: Some(own.clone()), ..Payload::of(vec![one.clone(), two.clone()]) };
    assert_eq!(AlertGroup::of(&one, &payload), AlertGroup::of(&two, &payload));
    assert_eq!(AlertGroup::of(&one, &payload).labels, own.labels);
}

#[test]
fn a_post_and_a_hook_about_one_problem_are_kin() {
    let hook = alert("DiskWillFill: /var on db-1 fills in 3 h", &[("alertname", "DiskWillFill")]);
    let post = alert::read("[FIRING:1] DiskWillFill (db-1 prod)").expect("an alert").remove(0);
    assert_eq!(kin(&hook), kin(&post));
    assert_ne!(kin(&hook), kin(&alert::read("[FIRING:1] DiskSlow (db-1 prod)").expect("an alert").remove(0)));
}

#[test]
fn kin_that_name_other_things_do_not_agree() {
    let hook = alert("Disk", &[("alertname", "Disk"), ("instance", "db 1"), ("env", "prod")]);
    let post = |text: &str| alert::read(text).expect("an alert").remove(0);
    for (text, agrees) in [
        ("[FIRING:1] Disk (db prod critical)", true),
        ("[FIRING:1] Disk", true),
        ("[FIRING:1] Disk ()", true),
        ("[FIRING:1] Disk (web staging)", false),
    ] {
        assert_eq!((agree(&hook, &post(text)), agree(&post(text), &hook)), (agrees, agrees), "{text}");
    }
    assert!(!agree(&hook, &alert("Disk", &[("alertname", "Disk"), ("env", "staging")])));
}

#[test]
fn a_card_is_changed_often_while_it_is_young_and_seldom_later() {
    let (shown, hour) = (Timestamp(0), 3_600_000);
    assert_eq!(edit_due(shown, Timestamp(1_000), Timestamp(2_000)), Timestamp(6_000));
    assert_eq!(edit_due(shown, Timestamp(hour), Timestamp(hour + 1)), Timestamp(hour + 60_000));
    let again = |shown: i64| successor_due(Timestamp(0), Timestamp(shown * 1000)).0 / 1000 - shown;
    assert_eq!([0, 30, 60, 120, 7200].map(again), [5, 30, 60, 120, 900]);
    assert!(reopens(Timestamp(0), Timestamp(hour), Duration::from_secs(3600)));
    assert!(!reopens(Timestamp(0), Timestamp(hour + 1), Duration::from_secs(3600)));
}

fn events() -> impl Strategy<Value = IncidentEvent> {
    prop::sample::select(IncidentEvent::ALL.to_vec())
}

fn sightings() -> impl Strategy<Value = (Firing, i64)> {
    (prop::sample::select(vec![Firing::Firing, Firing::Resolved]), 0_i64..4)
}

/// What is known after some sightings.
fn known_after(seen: &[(Firing, i64)]) -> Option<KnownFiring> {
    seen.iter().fold(None, |known, (status, at)| match sight(known, *status, Some(Timestamp(*at)), Timestamp(100)) {
        Freshness::News(now) | Freshness::Ended(now) => Some(now),
        Freshness::Again | Freshness::Stale => known,
    })
}

proptest! {
    #[test]
    fn no_row_of_events_ends_in_a_state_without_a_way_out(
        is_acked in any::<bool>(),
        events in prop::collection::vec(events(), 0..40),
    ) {
        let mut state = IncidentState::Firing;
        for event in events {
            if let Ok(next) = moved(state, is_acked, event) {
                state = next;
            } else {
                prop_assert!(!event.happens_by_itself());
            }
        }
        prop_assert_eq!(moved(state, is_acked, IncidentEvent::Cleared), Ok(IncidentState::Resolved));
        prop_assert_eq!(moved(IncidentState::Resolved, is_acked, IncidentEvent::Fired), Ok(IncidentState::Firing));
    }

    #[test]
    fn what_is_known_does_not_depend_on_order_or_copies(
        (seen, shuffled) in prop::collection::vec(sightings(), 1..12)
            .prop_flat_map(|seen| (Just(seen.clone()), Just([seen.clone(), seen].concat()).prop_shuffle()))
    ) {
        prop_assert_eq!(known_after(&seen), known_after(&shuffled));
    }

    #[test]
    fn what_says_no_time_ends_what_runs_and_fires_anew_after_it(now in 1_i64..1000) {
        let now = Timestamp(now);
        let Freshness::News(first) = sight(None, Firing::Firing, None, now) else { panic!("news") };
        prop_assert_eq!(sight(Some(first), Firing::Firing, None, now), Freshness::Again);
        let Freshness::Ended(over) = sight(Some(first), Firing::Resolved, None, now) else { panic!("ended") };
        prop_assert_eq!(sight(Some(over), Firing::Resolved, None, now), Freshness::Again);
        prop_assert!(matches!(sight(Some(over), Firing::Firing, None, now), Freshness::News(_)));
    }
}

#[test]
fn what_a_person_has_put_away_fires_anew_where_no_time_is_told_and_stays_put_away_where_one_is() {
    let (then, now) = (Timestamp(10), Timestamp(1_000));
    let away = KnownFiring { put_away: true, ..KnownFiring::heard(Firing::Firing, then) };
    assert_eq!(sight(Some(away), Firing::Firing, Some(then), now), Freshness::Again);
    assert_eq!(sight(Some(away), Firing::Firing, None, now), Freshness::News(KnownFiring::heard(Firing::Firing, now)));
    assert!(matches!(sight(Some(away), Firing::Resolved, None, now), Freshness::Ended(_)));
}

#[test]
fn a_time_to_come_does_not_outlast_the_real_ones() {
    let (now, later) = (Timestamp(1_000_000), Timestamp(2_000_000));
    let far = Some(Timestamp(4_000_000_000_000));
    let Freshness::News(first) = sight(None, Firing::Firing, far, now) else { panic!("news") };
    assert_eq!(first.starts_at, now);
    assert_eq!(sight(Some(first), Firing::Firing, far, later), Freshness::Again);
    assert!(matches!(sight(Some(first), Firing::Firing, Some(later), later), Freshness::News(_)));
    // A clock a little ahead of ours says the same each time.
    let near = Some(now.after(Duration::from_secs(60)));
    let Freshness::News(first) = sight(None, Firing::Firing, near, now) else { panic!("news") };
    assert_eq!(sight(Some(first), Firing::Firing, near, later), Freshness::Again);
}

#[test]
fn a_severity_is_read_back_from_its_rank() {
    for severity in [Severity::Critical, Severity::Error, Severity::Warning, Severity::Info, Severity::Unknown] {
        assert_eq!(of_rank(rank(severity)), severity);
    }
    assert_eq!(of_rank(99), Severity::Unknown);
}
