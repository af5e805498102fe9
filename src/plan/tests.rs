//! When schedules fire: in every zone, where clocks are changed, and after a sleep.

use std::time::Duration;

use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::*;
use crate::clock::Timestamp;

/// The instant from which the next transitions of each zone are looked for.
const FROM: &str = "2026-11-29T00:00:00Z";
/// How long transitions are looked for.
const LOOKED_FOR_DAYS: i64 = 800;
const DAY_MS: i64 = 86_400_000;
const HALF_HOUR: Duration = Duration::from_secs(1_800);

fn at(text: &str) -> Timestamp {
    Timestamp(DateTime::parse_from_rfc3339(text).expect("an instant").timestamp_millis())
}

fn shown(instant: Timestamp) -> String {
    Utc.timestamp_millis_opt(instant.0).single().expect("in range").format("%m-%d %H:%MZ").to_string()
}

fn plan(cron: &str, zone: &str) -> Plan {
    Plan { cron: cron.parse().expect("an expression"), zone: zone.parse().expect("a zone") }
}

/// Returns the fires after one instant, up to another.
fn fires(cron: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
    let end = at(to);
    plan(cron, zone).upcoming(at(from)).take_while(|fire| *fire <= end).map(shown).collect()
}

#[track_caller]
fn refused(cron: &str, said: &str) {
    let fault = cron.parse::<Cron>().expect_err("not an expression").to_string();
    assert!(fault.contains(said), "{cron}: {fault}");
}

#[test]
fn digits_and_names_of_days_are_those_of_standard_cron() {
    let first_fire = |cron: &str| fires(cron, "UTC", "2026-11-28T12:00:00Z", "2026-12-05T12:00:00Z");
    // The 29th of November 2026 is a Sunday.
    for sunday in ["0 9 * * 0", "0 9 * * 7", "0 9 * * sun", "0 9 * * SUN"] {
        assert_eq!(first_fire(sunday), ["11-29 09:00Z"], "{sunday}");
    }
    assert_eq!(first_fire("0 8 * * 1"), ["11-30 08:00Z"]);
    assert_eq!(first_fire("0 9 * * 1-5").len(), 5);
    assert_eq!(first_fire("0 9 * * MON-FRI"), first_fire("0 9 * * 1-5"));
    assert_eq!(first_fire("0 9 * * FRI-SUN"), ["11-29 09:00Z", "12-04 09:00Z", "12-05 09:00Z"]);
    assert_eq!(first_fire("@weekly"), ["11-29 00:00Z"]);
    assert_eq!(first_fire("@Daily").len(), 7);
    // Either day is enough.
    assert_eq!(first_fire("0 0 1 * 3"), ["12-01 00:00Z", "12-02 00:00Z"]);
}

#[test]
fn what_is_no_expression_is_refused_with_what_to_write() {
    refused("", "five fields");
    refused("0 9 * *", "this has 4");
    refused("0 0 9 * * 1-5", "Without seconds: `0 9 * * 1-5`");
    refused("60 9 * * *", "minute: `60` is not one of 0-59");
    refused("0 24 * * *", "hour: `24` is not one of 0-23");
    refused("0 9 32 * *", "day of month");
    refused("0 9 * 13 *", "month: `13` is not one of 1-12 or JAN-DEC");
    refused("0 9 * * 8", "day of week");
    refused("0 9 * * MONDAY", "MON-SUN");
    for other in ["0 9 L * *", "0 9 15W * *", "0 9 * * 5#2", "0 9 * * 5L", "0 9 ? * *", "H 9 * * *", "0 9 * * +FRI"] {
        refused(other, "is not supported");
    }
    refused("0 9 30 2 *", "there is no such day");
    refused("0 9 * * FRI-MON", "`FRI-7,0-MON`");
    refused("0 22-2 * * *", "write `22-23,0-2`");
    refused("5/15 * * * *", "`5-59/15`");
    refused("*/61 * * * *", "1 to 60");
    refused("*/0 * * * *", "1 to 60");
    refused("1,2, * * * *", "missing");
    refused("1-, * * * *", "missing");
    refused("@reboot", "@hourly, @daily, @weekly or @monthly");
    refused(&"1,".repeat(1_000), "longer");
    assert!("0 9 29 2 *".parse::<Cron>().is_ok(), "it comes, though seldom");
}

#[test]
fn a_zone_that_is_not_there_is_answered_with_the_nearest() {
    let nearest = |text: &str| text.parse::<Zone>().expect_err("no zone").nearest;
    assert_eq!("asia/kolkata".parse(), Ok("Asia/Kolkata".parse::<Zone>().expect("a zone")));
    assert_eq!(nearest("Asia/Kolkatta"), Some("Asia/Kolkata"));
    assert_eq!(nearest("Kolkata"), Some("Asia/Kolkata"));
    assert_eq!(nearest("new york"), Some("America/New_York"));
    assert_eq!(nearest("Europe/Londn"), Some("Europe/London"));
    assert_eq!(nearest("Mars/Olympus"), None);
    assert_eq!(nearest("+05:30"), None);
    assert_eq!(nearest(""), None);
    assert!("+05:30".parse::<Zone>().expect_err("no zone").to_string().contains("Asia/Kolkata"));
}

#[test]
fn each_day_has_its_fire_where_clocks_are_changed() {
    for (zone, from, to, cron, expected) in [
        // London: forward on 28 March 2027 at 01:00, back on 31 October at 02:00.
        (
            "Europe/London",
            "2027-03-27T12:00:00Z",
            "2027-03-29T12:00:00Z",
            "30 1 * * *",
            vec!["03-28 01:00Z", "03-29 00:30Z"],
        ),
        (
            "Europe/London",
            "2027-03-27T12:00:00Z",
            "2027-03-28T12:00:00Z",
            "15 1,2 * * *",
            vec!["03-28 01:00Z", "03-28 01:15Z"],
        ),
        ("Europe/London", "2027-03-27T12:00:00Z", "2027-03-28T12:00:00Z", "0,15,30 1 * * *", vec!["03-28 01:00Z"]),
        ("Europe/London", "2027-03-27T12:00:00Z", "2027-03-28T12:00:00Z", "*/20 1 * * *", vec!["03-28 01:00Z"]),
        (
            "Europe/London",
            "2027-10-30T12:00:00Z",
            "2027-11-01T12:00:00Z",
            "30 1 * * *",
            vec!["10-31 00:30Z", "11-01 01:30Z"],
        ),
        (
            "Europe/London",
            "2027-10-30T12:00:00Z",
            "2027-10-31T12:00:00Z",
            "15 1,2 * * *",
            vec!["10-31 00:15Z", "10-31 02:15Z"],
        ),
        // New York: forward on 14 March 2027 at 02:00, back on 7 November at 02:00.
        (
            "America/New_York",
            "2027-03-13T12:00:00Z",
            "2027-03-15T12:00:00Z",
            "30 2 * * *",
            vec!["03-14 07:00Z", "03-15 06:30Z"],
        ),
        (
            "America/New_York",
            "2027-11-06T12:00:00Z",
            "2027-11-08T12:00:00Z",
            "30 1 * * *",
            vec!["11-07 05:30Z", "11-08 06:30Z"],
        ),
        // Kolkata: never.
        (
            "Asia/Kolkata",
            "2027-03-27T12:00:00Z",
            "2027-03-29T12:00:00Z",
            "0 9 * * *",
            vec!["03-28 03:30Z", "03-29 03:30Z"],
        ),
        // Lord Howe: half an hour, back on 4 April 2027, forward on 3 October.
        (
            "Australia/Lord_Howe",
            "2027-04-03T06:00:00Z",
            "2027-04-04T16:00:00Z",
            "45 1 * * *",
            vec!["04-03 14:45Z", "04-04 15:15Z"],
        ),
        (
            "Australia/Lord_Howe",
            "2027-10-02T06:00:00Z",
            "2027-10-03T16:00:00Z",
            "15 2 * * *",
            vec!["10-02 15:30Z", "10-03 15:15Z"],
        ),
        // Apia left out the 30th of December 2011.
        (
            "Pacific/Apia",
            "2011-12-29T00:00:00Z",
            "2012-01-01T00:00:00Z",
            "0 9 * * *",
            vec!["12-29 19:00Z", "12-30 10:00Z", "12-30 19:00Z", "12-31 19:00Z"],
        ),
        // Casablanca: back for Ramadan on 7 February 2027 at 03:00, forward on 14 March at 02:00.
        (
            "Africa/Casablanca",
            "2027-02-06T12:00:00Z",
            "2027-02-08T12:00:00Z",
            "30 2 * * *",
            vec!["02-07 01:30Z", "02-08 02:30Z"],
        ),
        (
            "Africa/Casablanca",
            "2027-03-13T12:00:00Z",
            "2027-03-15T12:00:00Z",
            "30 2 * * *",
            vec!["03-14 02:00Z", "03-15 01:30Z"],
        ),
        // Cairo puts its clocks forward at midnight.
        (
            "Africa/Cairo",
            "2027-04-29T12:00:00Z",
            "2027-05-01T12:00:00Z",
            "0 0 * * *",
            vec!["04-29 22:00Z", "04-30 21:00Z"],
        ),
    ] {
        assert_eq!(fires(cron, zone, from, to), expected, "{zone}, {cron}, {from}");
    }
}

/// A moment at which a zone's clocks are changed: the instant, and by how many milliseconds they jump.
struct Transition {
    zone: Tz,
    at: Timestamp,
    jump_ms: i64,
}

fn offset_ms(zone: Tz, instant: i64) -> i64 {
    let utc = Utc.timestamp_millis_opt(instant).single().expect("in range");
    i64::from(zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()) * 1_000
}

/// Finds the next two transitions of a zone.
fn transitions(zone: Tz) -> Vec<Transition> {
    let mut found = Vec::new();
    for day in 0..LOOKED_FOR_DAYS {
        let (mut low, mut high) = (at(FROM).0 + day * DAY_MS, at(FROM).0 + (day + 1) * DAY_MS);
        let before = offset_ms(zone, low);
        let jump_ms = offset_ms(zone, high) - before;
        if jump_ms == 0 {
            continue;
        }
        while high - low > 1 {
            let middle = i64::midpoint(low, high);
            if offset_ms(zone, middle) == before { low = middle } else { high = middle }
        }
        found.push(Transition { zone, at: Timestamp(high), jump_ms });
        if found.len() == 2 {
            break;
        }
    }
    found
}

#[test]
fn in_every_zone_a_daily_task_comes_once_a_day_over_the_next_two_transitions_and_a_half_hourly_one_keeps_its_rhythm() {
    let mut seen = 0;
    for transition in TZ_VARIANTS.iter().flat_map(|zone| transitions(*zone)) {
        seen += 1;
        let Transition { zone, at: changed, jump_ms } = transition;
        // A time on the wall within the gap, or one that is shown twice.
        let wall_ms =
            changed.0 + offset_ms(zone, changed.0 - 1) + if jump_ms > 0 { jump_ms / 2 } else { -1 + jump_ms / 2 };
        let minute_of_day = wall_ms.rem_euclid(DAY_MS) / 60_000;
        let daily = plan(&format!("{} {} * * *", minute_of_day % 60, minute_of_day / 60), zone.name());
        let day = Duration::from_hours(24);
        let around: Vec<Timestamp> =
            daily.upcoming(changed.before(day * 2)).take_while(|fire| *fire < changed.after(day * 2)).collect();
        assert!((3..=5).contains(&around.len()), "{zone} at {}: {around:?}", shown(changed));
        let jump = Duration::from_millis(jump_ms.unsigned_abs());
        let is_a_day = |pair: &[Timestamp]| (day - jump..=day + jump).contains(&pair[1].since(pair[0]));
        assert!(around.windows(2).all(is_a_day), "{zone} at {}: {around:?}", shown(changed));
        if offset_ms(zone, changed.0) % 1_800_000 == 0 && jump_ms % 1_800_000 == 0 {
            let rhythm = plan("*/30 * * * *", zone.name());
            let beats: Vec<Timestamp> = rhythm.upcoming(changed.before(HALF_HOUR * 6)).take(12).collect();
            assert!(beats.windows(2).all(|pair| pair[1].since(pair[0]) == HALF_HOUR), "{zone} at {}", shown(changed));
        }
    }
    assert!(seen > 100, "only {seen} transitions: this shows little");
}

#[test]
fn a_fire_is_later_than_the_instant_it_is_asked_for_whenever_that_is() {
    for (cron, zone) in
        [("30 1 * * *", "Europe/London"), ("*/20 * * * *", "Europe/London"), ("15 1,2 * * *", "America/New_York")]
    {
        let plan = plan(cron, zone);
        let mut instant = at("2027-10-30T00:00:00Z");
        for _ in 0..2_000 {
            let next = plan.after(instant).expect("there is another");
            assert!(next > instant && next.0 % 60_000 == 0);
            instant = instant.after(Duration::from_secs(97));
        }
    }
}

#[test]
fn a_missed_fire_is_caught_up_with_as_asked_and_never_in_a_burst() {
    let daily = plan("0 9 * * *", "UTC");
    let (yesterday, late) = (at("2026-11-28T12:00:00Z"), at("2026-11-29T15:00:00Z"));
    let nine = at("2026-11-29T09:00:00Z");
    assert_eq!(due(&daily, yesterday, nine, CatchUp::None).run, [nine], "on time");
    assert_eq!(due(&daily, yesterday, nine.after(ON_TIME), CatchUp::None).run, [nine], "on time");
    let none = due(&daily, yesterday, late, CatchUp::None);
    assert_eq!((none.run, none.missed, none.missed_count), (vec![], Some(nine), 1));
    assert_eq!(due(&daily, yesterday, late, CatchUp::Last).run, [nine]);
    assert_eq!(due(&daily, yesterday, at("2026-11-29T22:00:00Z"), CatchUp::Last).run, [], "older than 12 h");
    // Asleep for three days.
    let asleep = due(&daily, at("2026-11-26T12:00:00Z"), late, CatchUp::All);
    assert_eq!((asleep.run, asleep.missed_count), (vec![nine], 2));
    // Each minute, for ten days.
    let each_minute = plan("* * * * *", "UTC");
    let burst = due(&each_minute, at("2026-11-19T15:00:00Z"), late, CatchUp::All);
    assert_eq!((burst.run.len(), burst.missed_count), (24 + 3, 10_000 + 720 - 24 - 3));
    assert_eq!(
        due(&each_minute, at("2026-11-29T14:00:00Z"), late, CatchUp::Last).run.len(),
        3,
        "those on time say it all"
    );
    assert_eq!(due(&daily, late, late, CatchUp::All), DueFires::default());
    assert_eq!(due(&daily, late, yesterday, CatchUp::All), DueFires::default(), "a clock that jumped back");
}

#[test]
fn what_is_to_come_in_another_year_is_shown_with_it() {
    let leap = plan("0 9 29 2 *", "Asia/Kolkata");
    let now = at("2026-11-29T00:00:00Z");
    let next = leap.after(now).expect("there is one");
    assert_eq!(leap.zone.shows_ahead(next, now), "Tue 29 Feb 2028 09:00");
    assert_eq!(leap.zone.shows_ahead(now, now), leap.zone.shows(now));
    let kolkata: Zone = "Asia/Kolkata".parse().expect("a zone");
    assert_eq!(kolkata.shows_near(at("2026-11-29T08:33:00Z"), at("2026-11-29T18:29:00Z")), "today 14:03");
    assert_eq!(kolkata.shows_near(at("2026-11-29T08:33:00Z"), at("2026-11-29T18:30:00Z")), "Sun 29 Nov 14:03");
    assert_eq!(kolkata.shows_near(at("2025-11-29T08:33:00Z"), at("2026-11-29T18:30:00Z")), "Sat 29 Nov 2025 14:03");
    // It is next year there already.
    assert_eq!(leap.zone.shows_ahead(at("2026-12-31T19:00:00Z"), now), "Fri 1 Jan 2027 00:30");
}

#[test]
fn an_abbreviation_is_told_by_a_place_and_never_by_what_is_spelt_alike() {
    let told = |zone: &str| zone.parse::<Zone>().expect_err("not a name of the database").to_string();
    for (zone, place) in [("IST", "Asia/Kolkata"), ("pst", "America/Los_Angeles"), ("CEST", "Europe/Berlin")] {
        assert!(told(zone).ends_with(&format!("did you mean {place}?")), "{}", told(zone));
    }
    for zone in ["XYT", "WXT"] {
        assert!(told(zone).ends_with("name one as Europe/London, Asia/Kolkata or UTC"), "{}", told(zone));
    }
    assert!(told("Asia/Kolkatta").contains("did you mean Asia/Kolkata?"));
}
