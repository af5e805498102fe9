//! `/metrics`: counted from the store and the process when it is asked for, so that nothing is kept up to date for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::exposition::{Exposition, MetricKind};
use super::hooks::{Tallied, Tally};
use super::process;
use crate::clock::Timestamp;
use crate::health::{Health, TransportSnapshot};
use crate::store::{Counts, Store};

/// What the numbers are made of.
struct Sample {
    now: Timestamp,
    counts: Counts,
    transports: Vec<TransportSnapshot>,
    started_at: Option<Timestamp>,
    resident_bytes: Option<u64>,
    /// Size of the database's write-ahead log.
    log_bytes: u64,
    hooks: Tallied,
}

/// Counts everything, in one read of the store, and writes it as text; an error says what the store reported.
pub(super) async fn gather(store: Store, health: Arc<Health>, tally: Arc<Tally>) -> Result<String, String> {
    let counts = store.read(|tx| tx.counts()).await.map_err(|error| error.to_string())?;
    let now = store.clock().now();
    Ok(written(&Sample {
        now,
        counts,
        transports: health.snapshot(Instant::now()),
        started_at: process::started_at(now),
        resident_bytes: process::resident_bytes(),
        log_bytes: store.log_bytes(),
        hooks: tally.tallied(),
    }))
}

fn written(sample: &Sample) -> String {
    let mut text = Exposition::default();
    process_families(&mut text, sample);
    work_families(&mut text, &sample.counts);
    delivery_families(&mut text, sample);
    transport_families(&mut text, &sample.transports);
    hook_families(&mut text, &sample.hooks);
    text.finish()
}

fn process_families(text: &mut Exposition, sample: &Sample) {
    let mut build = text.family("signalbox_build_info", MetricKind::Gauge, "Version of the running program; always 1.");
    build.sample("version", env!("CARGO_PKG_VERSION"), 1);
    if let Some(started_at) = sample.started_at {
        let help = "When the process began, in seconds since the Unix epoch.";
        text.family("process_start_time_seconds", MetricKind::Gauge, help)
            .value(seconds(started_at.since(Timestamp(0))));
    }
    if let Some(bytes) = sample.resident_bytes {
        text.family("process_resident_memory_bytes", MetricKind::Gauge, "Memory resident, in bytes.").value(bytes);
    }
    let help = "Size of the database's write-ahead log, in bytes; above 16 MB another program keeps it from shrinking.";
    text.family("signalbox_store_log_bytes", MetricKind::Gauge, help).value(sample.log_bytes);
}

fn work_families(text: &mut Exposition, counts: &Counts) {
    let mut tasks = text.family("signalbox_tasks", MetricKind::Gauge, "Tasks that have not ended, by status.");
    counts.tasks.iter().for_each(|(status, count)| tasks.sample("status", status.as_str(), count));
    let help = "Tasks that have ended since the store was made, by final status.";
    let mut ended = text.family("signalbox_tasks_ended_total", MetricKind::Counter, help);
    counts.ended.iter().for_each(|(status, count)| ended.sample("status", status.as_str(), count));
    let mut sessions = text.family("signalbox_sessions", MetricKind::Gauge, "Sessions that are kept, by status.");
    counts.sessions.iter().for_each(|(status, count)| sessions.sample("status", status.as_str(), count));
    let help = "Inbound messages that are kept; open ones wait for the router.";
    let mut inbox = text.family("signalbox_inbox_messages", MetricKind::Gauge, help);
    inbox.sample("state", "open", counts.inbox_open);
    inbox.sample("state", "done", counts.inbox.saturating_sub(counts.inbox_open));
}

fn delivery_families(text: &mut Exposition, sample: &Sample) {
    let help = "Outbound messages that are kept, by state; failed ones are dead letters.";
    let mut deliveries = text.family("signalbox_outbox_messages", MetricKind::Gauge, help);
    sample.counts.deliveries.iter().for_each(|(state, count)| deliveries.sample("state", state.as_str(), count));
    // A transport with nothing to send is told, too, so that an alert on it has a number to compare.
    let none = sample.transports.iter().map(|transport| (transport.provider.as_str(), (0, 0.0)));
    let some = sample
        .counts
        .waiting
        .iter()
        .map(|(provider, waiting)| (provider.as_str(), (waiting.count, seconds(sample.now.since(waiting.oldest)))));
    let by_provider: BTreeMap<&str, (u64, f64)> = none.chain(some).collect();
    let mut waiting =
        text.family("signalbox_outbox_waiting", MetricKind::Gauge, "Outbound messages that wait, by provider.");
    by_provider.iter().for_each(|(provider, (count, _))| waiting.sample("provider", provider, count));
    let help = "Age of the oldest outbound message that waits, by provider; 0 when none does.";
    let mut oldest = text.family("signalbox_outbox_oldest_waiting_seconds", MetricKind::Gauge, help);
    by_provider.iter().for_each(|(provider, (_, age))| oldest.sample("provider", provider, age));
}

fn transport_families(text: &mut Exposition, transports: &[TransportSnapshot]) {
    let help = "Whether a transport listens and was heard of lately, or stands by (1), or not (0).";
    let mut up = text.family("signalbox_transport_up", MetricKind::Gauge, help);
    transports.iter().for_each(|one| up.sample("provider", &one.provider, u8::from(one.is_ready())));
    let help = "Time since a transport's last successful poll or heartbeat; missing before the first.";
    let mut silence = text.family("signalbox_transport_last_alive_seconds", MetricKind::Gauge, help);
    for one in transports {
        if let Some(since) = one.since_alive {
            silence.sample("provider", &one.provider, seconds(since));
        }
    }
}

fn hook_families(text: &mut Exposition, hooks: &Tallied) {
    let help = "Calls of hooks that were taken since the process began, by source.";
    let mut taken = text.family("signalbox_hook_calls_total", MetricKind::Counter, help);
    hooks.sources.iter().for_each(|(source, numbers)| taken.sample("source", source, numbers.taken));
    let help = "Those of them that had come before.";
    let mut copies = text.family("signalbox_hook_copies_total", MetricKind::Counter, help);
    hooks.sources.iter().for_each(|(source, numbers)| copies.sample("source", source, numbers.copies));
    let help = "Those of them that told of no problem, such as pings.";
    let mut no_news = text.family("signalbox_hook_no_news_total", MetricKind::Counter, help);
    hooks.sources.iter().for_each(|(source, numbers)| no_news.sample("source", source, numbers.no_news));
    let mut alerts = text.family("signalbox_hook_alerts_total", MetricKind::Counter, "Alerts in them, by source.");
    hooks.sources.iter().for_each(|(source, numbers)| alerts.sample("source", source, numbers.alerts));
    let help = "Alerts that began too long ago to make a card, by source.";
    let mut too_old = text.family("signalbox_hook_alerts_too_old_total", MetricKind::Counter, help);
    hooks.sources.iter().for_each(|(source, numbers)| too_old.sample("source", source, numbers.too_old));
    let help = "Calls of hooks that were refused since the process began, by source and reason.";
    let mut refused = text.family("signalbox_hook_refusals_total", MetricKind::Counter, help);
    for ((source, reason), count) in &hooks.refused {
        refused.sample_of(&[("source", source), ("reason", reason)], count);
    }
}

/// In seconds, to the millisecond.
fn seconds(span: std::time::Duration) -> f64 {
    std::time::Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use super::*;
    use crate::health::TransportState;
    use crate::store::{Backlog, DeliveryState, SessionStatus, Status};

    fn sample() -> Sample {
        let (health, start) = (Health::new(), Instant::now());
        health.transport("telegram").alive_at(start);
        health.transport("slack").set(TransportState::Refused { why: "secret".into() });
        let now = Timestamp(100_000);
        let oldest = now.before(Duration::from_millis(1_500));
        Sample {
            now,
            counts: Counts {
                tasks: vec![(Status::Queued, 1), (Status::Running, 2)],
                ended: vec![(Status::Ok, 30), (Status::ErrorCli, 4)],
                sessions: vec![(SessionStatus::Idle, 5)],
                deliveries: vec![(DeliveryState::Pending, 6), (DeliveryState::Failed, 7)],
                waiting: BTreeMap::from([("console".to_owned(), Backlog { count: 6, oldest })]),
                inbox: 10,
                inbox_open: 1,
            },
            transports: health.snapshot(start + Duration::from_millis(2_250)),
            started_at: Some(Timestamp(90_120)),
            resident_bytes: Some(4096),
            log_bytes: 8192,
            hooks: {
                let tally = Tally::default();
                let mut hooks = tally.tallied();
                hooks.refused.insert(("github", "wrong_secret"), 3);
                hooks
            },
        }
    }

    #[test]
    fn everything_is_told_once_with_help_and_type() {
        insta::assert_snapshot!(written(&sample()).replace(env!("CARGO_PKG_VERSION"), "<version>"));
    }

    #[test]
    fn every_series_follows_its_own_help_and_type() {
        let text = written(&sample());
        let mut families = BTreeSet::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let name = line.strip_prefix("# HELP ").and_then(|rest| rest.split(' ').next()).expect("a family's help");
            assert!(families.insert(name), "{name} is told twice");
            let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect("its type");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            while let Some(series) = lines.next_if(|line| !line.starts_with('#')) {
                let (told, value) = series.rsplit_once(' ').expect("a value");
                assert_eq!(told.split('{').next(), Some(name));
                value.parse::<f64>().expect("a number");
            }
        }
        assert!(families.len() > 10, "{families:?}");
        assert!(!text.contains("=\"secret"), "why a transport is refused is no label");
    }
}
