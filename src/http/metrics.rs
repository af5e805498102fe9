//! `/metrics`: counted from the store and the process when it is asked for, so that nothing is kept up to date for it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use signalbox_adapter::Occurrence;

use super::exposition::{Exposition, MetricKind, written};
use super::hooks::{Numbers, Tallied, Tally};
use super::process;
use crate::agent::supervisor::client::KeptAgent;
use crate::clock::Timestamp;
use crate::health::{Health, SendCounts, TransportSnapshot};
use crate::store::{Counts, Store};

/// What the numbers are made of.
#[derive(Debug, Clone)]
struct Sample {
    now: Timestamp,
    counts: Counts,
    transports: Vec<TransportSnapshot>,
    started_at: Option<Timestamp>,
    resident_bytes: Option<u64>,
    /// Size of the database's write-ahead log.
    log_bytes: u64,
    /// How often that log was flushed to the disk.
    flushes: u64,
    /// Agents that are kept for a next prompt, and the memory that they take, in bytes.
    kept: (usize, u64),
    hooks: Tallied,
    sends: BTreeMap<String, SendCounts>,
}

/// Counts everything, in one read of the store, and writes it as text; an error says what the store reported.
pub(super) async fn gather(store: Store, health: Arc<Health>, tally: Arc<Tally>) -> Result<String, String> {
    let counts = store.read(|tx| tx.counts()).await.map_err(|error| error.to_string())?;
    let now = store.clock().now();
    let state = store.directory().to_owned();
    let kept = tokio::task::spawn_blocking(move || {
        let all = KeptAgent::all(&state);
        (all.len(), all.iter().map(KeptAgent::memory_bytes).sum())
    });
    let kept = kept.await.map_err(|error| error.to_string())?;
    Ok(written(Sample {
        now,
        counts,
        transports: health.snapshot(Instant::now()),
        started_at: process::started_at(now),
        resident_bytes: process::resident_bytes(),
        log_bytes: store.log_bytes(),
        flushes: store.health().flushes(),
        kept,
        hooks: tally.tallied(),
        sends: health.sends.counted(),
    }))
}

impl Collector for Sample {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut text = Exposition::new(encoder);
        process_families(&mut text, self)?;
        work_families(&mut text, &self.counts)?;
        kept_families(&mut text, self.kept)?;
        incident_families(&mut text, &self.counts)?;
        delivery_families(&mut text, self)?;
        send_families(&mut text, &self.sends)?;
        transport_families(&mut text, &self.transports)?;
        hook_families(&mut text, &self.hooks)
    }
}

fn process_families(text: &mut Exposition<'_>, sample: &Sample) -> fmt::Result {
    let mut build =
        text.family("signalbox_build_info", MetricKind::Gauge, "Version of the running program; always 1.")?;
    build.sample("version", env!("CARGO_PKG_VERSION"), 1)?;
    if let Some(started_at) = sample.started_at {
        let help = "When the process began, in seconds since the Unix epoch.";
        text.family("process_start_time_seconds", MetricKind::Gauge, help)?
            .value(seconds(started_at.since(Timestamp(0))))?;
    }
    if let Some(bytes) = sample.resident_bytes {
        text.family("process_resident_memory_bytes", MetricKind::Gauge, "Memory resident, in bytes.")?.value(bytes)?;
    }
    let help = "Size of the database's write-ahead log, in bytes; above 16 MB another program keeps it from shrinking.";
    text.family("signalbox_store_log_bytes", MetricKind::Gauge, help)?.value(sample.log_bytes)?;
    let help = "How often that log was flushed to the disk; with `durability = \"process\"` never.";
    text.family("signalbox_store_flushes_total", MetricKind::Counter, help)?.value(sample.flushes)
}

fn kept_families(text: &mut Exposition<'_>, (agents, bytes): (usize, u64)) -> fmt::Result {
    let help = "Agents that are kept for a next prompt of their session.";
    text.family("signalbox_agents_kept", MetricKind::Gauge, help)?.value(u64::try_from(agents).unwrap_or(u64::MAX))?;
    let help = "Memory that they take, in bytes; what they share counts by its share.";
    text.family("signalbox_agents_kept_memory_bytes", MetricKind::Gauge, help)?.value(bytes)
}

fn work_families(text: &mut Exposition<'_>, counts: &Counts) -> fmt::Result {
    let mut tasks = text.family("signalbox_tasks", MetricKind::Gauge, "Tasks that have not ended, by status.")?;
    counts.tasks.iter().try_for_each(|(status, count)| tasks.sample("status", status.as_str(), count))?;
    let help = "Tasks that have ended since the store was made, by final status; those of synthetic runs are left out.";
    let mut ended = text.family("signalbox_tasks_ended_total", MetricKind::Counter, help)?;
    counts.ended.iter().try_for_each(|(status, count)| ended.sample("status", status.as_str(), count))?;
    let help = "Investigations that have ended since the store was made, by final status; each is a task too.";
    let mut investigated = text.family("signalbox_investigations_ended_total", MetricKind::Counter, help)?;
    for (status, count) in &counts.investigations {
        investigated.sample("status", status.as_str(), count)?;
    }
    let mut sessions = text.family("signalbox_sessions", MetricKind::Gauge, "Sessions that are kept, by status.")?;
    counts.sessions.iter().try_for_each(|(status, count)| sessions.sample("status", status.as_str(), count))?;
    let help = "Inbound messages that are kept; open ones wait for the router.";
    let mut inbox = text.family("signalbox_inbox_messages", MetricKind::Gauge, help)?;
    inbox.sample("state", "open", counts.inbox_open)?;
    inbox.sample("state", "done", counts.inbox.saturating_sub(counts.inbox_open))
}

fn incident_families(text: &mut Exposition<'_>, counts: &Counts) -> fmt::Result {
    let help = "Incidents that are not resolved, by severity and state.";
    let mut incidents = text.family("signalbox_incidents", MetricKind::Gauge, help)?;
    for (severity, state, count) in &counts.incidents {
        incidents.sample_of(&[("severity", severity.as_str()), ("state", state.as_str())], count)?;
    }
    let help = "How long incidents fired until somebody took them, since the store was made.";
    text.spans("signalbox_incident_ack_seconds", help, &counts.to_ack)?;
    let help = "How long incidents lasted from firing to resolution, by whomever, since the store was made.";
    text.spans("signalbox_incident_resolution_seconds", help, &counts.to_resolution)
}

fn delivery_families(text: &mut Exposition<'_>, sample: &Sample) -> fmt::Result {
    let help = "Outbound messages that are kept, by state; failed ones are dead letters.";
    let mut deliveries = text.family("signalbox_outbox_messages", MetricKind::Gauge, help)?;
    for (state, count) in &sample.counts.deliveries {
        deliveries.sample("state", state.as_str(), count)?;
    }
    // A transport with nothing to send is told, too, so that an alert on it has a number to compare.
    let none = sample.transports.iter().map(|transport| (transport.provider.as_str(), (0, 0.0)));
    let some = sample
        .counts
        .waiting
        .iter()
        .map(|(provider, waiting)| (provider.as_str(), (waiting.count, seconds(sample.now.since(waiting.oldest)))));
    let by_provider: BTreeMap<&str, (u64, f64)> = none.chain(some).collect();
    let mut waiting =
        text.family("signalbox_outbox_waiting", MetricKind::Gauge, "Outbound messages that wait, by provider.")?;
    by_provider.iter().try_for_each(|(provider, (count, _))| waiting.sample("provider", provider, count))?;
    let help = "Age of the oldest outbound message that waits, by provider; 0 when none does.";
    let mut oldest = text.family("signalbox_outbox_oldest_waiting_seconds", MetricKind::Gauge, help)?;
    by_provider.iter().try_for_each(|(provider, (_, age))| oldest.sample("provider", provider, *age))
}

fn send_families(text: &mut Exposition<'_>, sends: &BTreeMap<String, SendCounts>) -> fmt::Result {
    let help = "Attempts to send or change messages and to open threads since the process began, by what came of them.";
    let mut attempts = text.family("signalbox_sends_total", MetricKind::Counter, help)?;
    for (provider, counts) in sends {
        for (what, count) in &counts.attempts {
            attempts.sample_of(&[("provider", provider), ("outcome", what.as_str())], count)?;
        }
    }
    let help = "Those of them for what had been tried before.";
    let mut retries = text.family("signalbox_send_retries_total", MetricKind::Counter, help)?;
    sends.iter().try_for_each(|(provider, counts)| retries.sample("provider", provider, counts.retries))?;
    let help =
        "Calls of any kind that a provider has refused since the process began because there were too many (429).";
    let mut too_many = text.family("signalbox_rate_limited_total", MetricKind::Counter, help)?;
    sends.iter().try_for_each(|(provider, counts)| too_many.sample("provider", provider, counts.too_many))
}

fn transport_families(text: &mut Exposition<'_>, transports: &[TransportSnapshot]) -> fmt::Result {
    let help = "Whether a transport listens and was heard of lately, or stands by (1), or not (0).";
    let mut up = text.family("signalbox_transport_up", MetricKind::Gauge, help)?;
    transports.iter().try_for_each(|one| up.sample("provider", &one.provider, u64::from(one.is_ready())))?;
    let help = "Time since a transport's last successful poll or heartbeat; missing before the first.";
    let mut silence = text.family("signalbox_transport_last_alive_seconds", MetricKind::Gauge, help)?;
    for one in transports {
        if let Some(since) = one.since_alive {
            silence.sample("provider", &one.provider, seconds(since))?;
        }
    }
    for what in Occurrence::ALL {
        let (name, help) = match what {
            Occurrence::Lost => (
                "signalbox_transport_connections_lost_total",
                "Lasting connections of a transport that ended unasked since the process began; each is made again.",
            ),
            Occurrence::Resumed => (
                "signalbox_transport_resumes_total",
                "Those that went on on another connection without missing anything.",
            ),
            Occurrence::Begun => (
                "signalbox_transport_sessions_total",
                "Lasting connections that began from the present; what was missed is read again where it is kept.",
            ),
            Occurrence::Unreadable => (
                "signalbox_transport_unreadable_total",
                "Updates that could not be read; they are kept and passed over.",
            ),
            Occurrence::Skipped => {
                ("signalbox_transport_skipped_total", "Updates that did not come, as the provider's own numbers tell.")
            }
            Occurrence::Deferred => (
                "signalbox_transport_catch_up_failures_total",
                "Readings of what was missed that failed; each is made again.",
            ),
            Occurrence::LeftOut => (
                "signalbox_transport_left_out_total",
                "Chats of which more was missed than is read; the oldest part was left out.",
            ),
        };
        let mut occurred = text.family(name, MetricKind::Counter, help)?;
        for one in transports {
            occurred.sample("provider", &one.provider, one.occurred.get(&what).copied().unwrap_or_default())?;
        }
    }
    Ok(())
}

fn hook_families(text: &mut Exposition<'_>, hooks: &Tallied) -> fmt::Result {
    type Told = fn(&Numbers) -> u64;
    let families: [(&str, &str, Told); 6] = [
        ("signalbox_hook_calls_total", "Calls of hooks that were taken since the process began, by source.", |one| {
            one.taken
        }),
        ("signalbox_hook_copies_total", "Those of them that had come before.", |one| one.copies),
        ("signalbox_hook_no_news_total", "Those of them that told of no problem, such as pings.", |one| one.no_news),
        ("signalbox_hook_alerts_total", "Alerts in them, by source.", |one| one.alerts),
        (
            "signalbox_hook_misplaced_total",
            "Calls without the list that `fields.alerts` names, read as one alert.",
            |one| one.misplaced,
        ),
        ("signalbox_hook_alerts_too_old_total", "Alerts that began too long ago to make a card, by source.", |one| {
            one.too_old
        }),
    ];
    for (name, help, number) in families {
        let mut family = text.family(name, MetricKind::Counter, help)?;
        hooks.sources.iter().try_for_each(|(source, numbers)| family.sample("source", source, number(numbers)))?;
    }
    let help = "Calls of hooks that were refused since the process began, by source and reason.";
    let mut refused = text.family("signalbox_hook_refusals_total", MetricKind::Counter, help)?;
    for ((source, reason), count) in &hooks.refused {
        refused.sample_of(&[("source", source), ("reason", reason)], count)?;
    }
    Ok(())
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
    use crate::alert::Severity;
    use crate::health::{Sent, TransportState};
    use crate::incident::IncidentState;
    use crate::store::{Backlog, DeliveryState, SessionStatus, Spans, Status};

    fn sample() -> Sample {
        let (health, start) = (Health::new(), Instant::now());
        health.transport("telegram").alive_at(start);
        health.transport("telegram").occurred(Occurrence::Lost, 3);
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
                incidents: vec![(Severity::Critical, IncidentState::Firing, 8)],
                investigations: vec![(Status::Success, 9)],
                to_ack: {
                    let mut spans = Spans::default();
                    spans.add(Duration::from_millis(61_500));
                    spans
                },
                to_resolution: Spans::default(),
                inbox: 10,
                inbox_open: 1,
            },
            transports: health.snapshot(start + Duration::from_millis(2_250)),
            started_at: Some(Timestamp(90_120)),
            resident_bytes: Some(4096),
            log_bytes: 8192,
            flushes: 12,
            kept: (3, 600_000_000),
            sends: BTreeMap::from([(
                "telegram".to_owned(),
                SendCounts { attempts: vec![(Sent::Taken, 11), (Sent::Later, 2)], retries: 2, too_many: 1 },
            )]),
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
        insta::assert_snapshot!(written(sample()).replace(env!("CARGO_PKG_VERSION"), "<version>"));
    }

    #[test]
    fn every_series_follows_its_own_help_and_type() {
        let text = written(sample());
        let mut families = BTreeSet::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let name = line.strip_prefix("# HELP ").and_then(|rest| rest.split(' ').next()).expect("a family's help");
            assert!(families.insert(name), "{name} is told twice");
            let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect("its type");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            while let Some(series) = lines.next_if(|line| !line.starts_with('#')) {
                let (told, value) = series.rsplit_once(' ').expect("a value");
                let of_family = told.split('{').next().expect("a name");
                let of_histogram = ["_sum", "_count", "_bucket"].map(|end| format!("{name}{end}"));
                assert!(
                    of_family == name || kind == "histogram" && of_histogram.iter().any(|other| other == of_family)
                );
                value.parse::<f64>().expect("a number");
            }
        }
        assert!(families.len() > 10, "{families:?}");
        assert!(!text.contains("=\"secret"), "why a transport is refused is no label");
    }
}
