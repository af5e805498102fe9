//! The last half hour in a Prometheus that watches this machine, where one is configured.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

use crate::host::fact::{Measure, Reading};
use crate::host::machine::Machine;
use crate::host::root::Unreadable;
use crate::host::shown::{code, name, percent};

/// How far back is asked.
const SPAN: Duration = Duration::from_secs(30 * 60);
/// Time between two points.
const STEP: Duration = Duration::from_secs(60);
/// Most series told of one question.
const MAX_SERIES: usize = 5;

/// What is asked, in Prometheus's language, of the usual node exporter.
const QUESTIONS: [(Measure, &str, &str); 3] = [
    (
        Measure::SeriesCpuBusy,
        "processors busy",
        "100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])))",
    ),
    (
        Measure::SeriesMemoryUsed,
        "memory used",
        "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
    ),
    (
        Measure::SeriesDiskUsed,
        "disk used",
        "100 * (1 - node_filesystem_avail_bytes{fstype!~\"tmpfs|squashfs\"} / node_filesystem_size_bytes)",
    ),
];

#[derive(Deserialize)]
struct Reply {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    metric: std::collections::BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

/// Asks.
///
/// # Errors
/// [`Unreadable`] when the address makes no sense or no question was answered.
pub(crate) fn read(machine: &Machine, address: &str) -> Result<Reading, Unreadable> {
    let refused = |reason: String| Unreadable::Refused { what: "the configured Prometheus".into(), reason };
    let base = Url::parse(address).map_err(|error| refused(error.to_string()))?;
    let now = (machine.now)();
    let mut lines = Vec::new();
    let mut all = Reading::default();
    for (measure, what, query) in QUESTIONS {
        let mut url = base.clone();
        let path = format!("{}/api/v1/query_range", base.path().trim_end_matches('/'));
        url.set_path(&path);
        let seconds = |at: crate::clock::Timestamp| (at.0 / 1000).to_string();
        url.query_pairs_mut()
            .append_pair("query", query)
            .append_pair("start", &seconds(now.before(SPAN)))
            .append_pair("end", &seconds(now))
            .append_pair("step", &STEP.as_secs().to_string());
        match (machine.fetch)(&url).page.map(|page| parse(page.status, &page.body)) {
            Ok(Ok(series)) => lines.extend(tell(measure, what, &series, &mut all)),
            Ok(Err(why)) | Err(why) => all.gaps.push(format!("{what}: {}", name(&why))),
        }
    }
    if lines.is_empty() {
        return Err(refused(all.gaps.into_iter().next().unwrap_or_default()));
    }
    let Reading { facts, gaps, measured, .. } = all;
    Ok(Reading { facts, gaps, measured, ..Reading::new(lines.join("\n")) })
}

fn parse(status: u16, body: &[u8]) -> Result<Vec<Series>, String> {
    if status != 200 {
        return Err(format!("status {status}"));
    }
    let reply: Reply = serde_json::from_slice(body).map_err(|_| "not understood".to_owned())?;
    Ok(reply.data.result)
}

fn tell(measure: Measure, what: &str, series: &[Series], all: &mut Reading) -> Vec<String> {
    let mut told: Vec<(f64, String, String)> = Vec::new();
    for Series { metric, values } in series {
        let values: Vec<f64> =
            values.iter().filter_map(|(_, text)| text.parse().ok()).filter(|n: &f64| n.is_finite()).collect();
        let (Some(first), Some(last)) = (values.first(), values.last()) else { continue };
        let most = values.iter().copied().fold(f64::MIN, f64::max);
        let labels: Vec<&str> =
            ["instance", "mountpoint"].iter().filter_map(|key| metric.get(*key)).map(String::as_str).collect();
        let labels = labels.join(" ");
        let line = format!(
            "{what} of {}: {} half an hour ago, {} now, {} at most",
            name(&labels),
            percent(*first),
            percent(*last),
            percent(most)
        );
        told.push((*last, labels, line));
    }
    told.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    told.truncate(MAX_SERIES);
    all.measured.push(measure);
    for (last, labels, line) in &told {
        all.fact_of(measure, labels.clone(), code(labels), *last, line.clone());
    }
    if told.is_empty() {
        vec![format!("{what}: no series")]
    } else {
        told.into_iter().map(|(_, _, line)| line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fetch::{Page, PageAnswer};

    fn read_with(status: u16, body: &'static str) -> Result<Reading, Unreadable> {
        let fetch = move |url: &Url| {
            assert!(url.as_str().starts_with("http://127.0.0.1:9090/base/api/v1/query_range?query="), "{url}");
            let page = Ok(Page { status, body: body.as_bytes().to_vec() });
            PageAnswer { page, took: Duration::ZERO, certificate: None, refused: None }
        };
        read(&Machine { fetch: Box::new(fetch), ..Machine::live() }, "http://127.0.0.1:9090/base/")
    }

    #[test]
    fn series_are_told_from_their_beginning_to_now() {
        let body = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"instance":"a:9100"},"values":[[1,"12.5"],[2,"NaN"],[3,"93"]]},
            {"metric":{},"values":[]}]}}"#;
        let reading = read_with(200, body).unwrap();
        let first = reading.text.lines().next().unwrap();
        assert_eq!(first, "processors busy of a:9100: 12 % half an hour ago, 93 % now, 93 % at most");
        assert_eq!(reading.facts.len(), 3);
    }

    #[test]
    fn answers_that_are_none_are_refusals() {
        for (status, body) in [(500, "{}"), (200, "{"), (200, "<html>")] {
            assert!(matches!(read_with(status, body), Err(Unreadable::Refused { .. })), "{body}");
        }
    }
}
