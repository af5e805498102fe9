//! The text that Prometheus reads, version 0.0.4: families of samples, each with its help and type, as prometheus-client
//! writes them.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::store::Spans;

/// Media type of the text.
pub(super) const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Writes what a collector tells.
pub(super) fn written(collector: impl Collector) -> String {
    let (mut registry, mut text) = (Registry::default(), String::new());
    registry.register_collector(Box::new(collector));
    prometheus_text::encode(&mut text, &registry).expect("a text takes all");
    text
}

/// What kind of number a family holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetricKind {
    /// It only grows, but for a fresh start at zero.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A number of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum SampleValue {
    /// A whole one.
    Count(u64),
    /// Any other.
    Exact(f64),
}

impl From<u64> for SampleValue {
    fn from(number: u64) -> Self {
        Self::Count(number)
    }
}

impl From<&u64> for SampleValue {
    fn from(number: &u64) -> Self {
        Self::Count(*number)
    }
}

impl From<f64> for SampleValue {
    fn from(number: f64) -> Self {
        Self::Exact(number)
    }
}

/// The page, as far as it is written.
pub(super) struct Exposition<'e>(DescriptorEncoder<'e>);

impl<'e> Exposition<'e> {
    /// Begins a page.
    pub(super) fn new(encoder: DescriptorEncoder<'e>) -> Self {
        Self(encoder)
    }

    /// Begins a family; its samples follow. The name of a counter ends with `_total`.
    pub(super) fn family(
        &mut self,
        name: &'static str,
        kind: MetricKind,
        help: &'static str,
    ) -> Result<Family<'_>, fmt::Error> {
        let (name, told) = match kind {
            MetricKind::Counter => (name.strip_suffix("_total").expect("a counter says so"), MetricType::Counter),
            MetricKind::Gauge => (name, MetricType::Gauge),
        };
        Ok(Family { encoder: self.0.encode_descriptor(name, help, None, told)?, kind })
    }

    /// Writes a histogram of lengths of time, in seconds.
    pub(super) fn spans(&mut self, name: &'static str, help: &'static str, spans: &Spans) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        let (sum, buckets) = (spans.total.as_secs_f64(), spans.buckets());
        encoder.encode_histogram::<NoLabelSet>(sum, spans.count(), &buckets, None)
    }
}

/// A family that takes samples.
pub(super) struct Family<'a> {
    encoder: MetricEncoder<'a>,
    kind: MetricKind,
}

impl Family<'_> {
    /// Adds the one sample of a family without labels.
    pub(super) fn value(mut self, value: impl Into<SampleValue>) -> fmt::Result {
        put(&mut self.encoder, self.kind, value.into())
    }

    /// Adds a sample with one label.
    pub(super) fn sample(
        &mut self,
        label: &'static str,
        label_value: &str,
        value: impl Into<SampleValue>,
    ) -> fmt::Result {
        self.sample_of(&[(label, label_value)], value)
    }

    /// Adds a sample with several labels.
    pub(super) fn sample_of(&mut self, labels: &[(&'static str, &str)], value: impl Into<SampleValue>) -> fmt::Result {
        let labels = labels.to_vec();
        put(&mut self.encoder.encode_family(&labels)?, self.kind, value.into())
    }
}

fn put(encoder: &mut MetricEncoder<'_>, kind: MetricKind, value: SampleValue) -> fmt::Result {
    match (kind, value) {
        (MetricKind::Counter, SampleValue::Count(count)) => encoder.encode_counter::<NoLabelSet, _, u64>(&count, None),
        (MetricKind::Counter, SampleValue::Exact(sum)) => encoder.encode_counter::<NoLabelSet, _, u64>(&sum, None),
        (MetricKind::Gauge, SampleValue::Count(count)) => encoder.encode_gauge(&count),
        (MetricKind::Gauge, SampleValue::Exact(value)) => encoder.encode_gauge(&value),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[derive(Debug)]
    struct Page;

    impl Collector for Page {
        fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
            let mut page = Exposition::new(encoder);
            page.family("up_seconds", MetricKind::Gauge, "How long.")?.value(1.5)?;
            let mut family = page.family("ends_total", MetricKind::Counter, "Ends.")?;
            family.sample("status", "ok", 2)?;
            family.sample("provider", "a\"} 1\nforged 2\\", 3)?;
            let mut spans = Spans::default();
            [30, 90, 1_000_000].into_iter().for_each(|seconds| spans.add(Duration::from_secs(seconds)));
            page.spans("wait_seconds", "Waits.", &spans)
        }
    }

    #[test]
    fn a_family_is_its_help_its_type_and_its_samples_and_a_hostile_label_stays_within_its_quotes_and_its_line() {
        assert_eq!(
            written(Page),
            "# HELP up_seconds How long.\n# TYPE up_seconds gauge\nup_seconds 1.5\n# HELP ends_total Ends.\n\
             # TYPE ends_total counter\nends_total{status=\"ok\"} 2\n\
             ends_total{provider=\"a\\\"} 1\\nforged 2\\\\\"} 3\n\
             # HELP wait_seconds Waits.\n# TYPE wait_seconds histogram\n\
             wait_seconds_bucket{le=\"60\"} 1\nwait_seconds_bucket{le=\"300\"} 2\nwait_seconds_bucket{le=\"900\"} 2\n\
             wait_seconds_bucket{le=\"3600\"} 2\nwait_seconds_bucket{le=\"14400\"} 2\nwait_seconds_bucket{le=\"86400\"} 2\n\
             wait_seconds_bucket{le=\"+Inf\"} 3\nwait_seconds_sum 1000120.0\nwait_seconds_count 3\n"
        );
    }
}
