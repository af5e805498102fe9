//! Pages that were named: whether they answer, and how long their certificates are valid.

use reqwest::Url;
use x509_parser::parse_x509_certificate;
use x509_parser::prelude::{GeneralName, X509Certificate};

use crate::agent::kinds::host::Scope;
use crate::clock::Timestamp;
use crate::host::fact::{Measure, Reading};
use crate::host::fetch::{Page, PageAnswer};
use crate::host::machine::Machine;
use crate::host::shown::{code, name};

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;
/// Most names of a certificate told.
const MAX_NAMES: usize = 5;

/// Fetches each page; those that may not be fetched are told as such.
pub(crate) fn read(machine: &Machine, scope: &Scope, urls: &[Url]) -> Reading {
    let mut lines = vec![format!("pages named: {}", urls.len())];
    let mut all = Reading::default().looked_at(&[Measure::PageFailed, Measure::CertificateRefused]);
    for url in urls {
        match scope.check_url(url) {
            Ok(()) => lines.extend(tell(url, &(machine.fetch)(url), (machine.now)(), &mut all)),
            Err(why) => all.gaps.push(format!("{}: {why}", shown(url))),
        }
    }
    lines.extend(all.gaps.iter().cloned());
    let Reading { facts, gaps, measured, .. } = all;
    Reading { facts, gaps, measured, ..Reading::new(lines.join("\n")) }
}

/// Writes an address without its query, which may hold secrets.
fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    name(bare.as_str())
}

fn tell(url: &Url, answer: &PageAnswer, now: Timestamp, all: &mut Reading) -> Vec<String> {
    let mut lines = Vec::new();
    let called = shown(url);
    let key = url.as_str().to_owned();
    let seconds = answer.took.as_secs_f64();
    let mut fact = |measure, more: Option<&str>, value, line: &String| {
        let more = more.map_or(String::new(), |more| format!(" ({})", code(more)));
        all.fact_of(measure, key.clone(), format!("`{called}`{more}"), value, line.clone());
    };
    match (&answer.page, &answer.refused) {
        (Ok(Page { status, .. }), _) => {
            let line = format!("{called}: status {status} after {seconds:.2} s");
            fact(Measure::PageStatus, None, f64::from(*status), &line);
            lines.push(line);
        }
        (Err(_), Some(why)) => {
            let line = format!("{called}: its certificate is not accepted: {}", name(why));
            fact(Measure::CertificateRefused, Some(why), 1.0, &line);
            lines.push(line);
        }
        (Err(why), None) => {
            let line = format!("{called}: no page: {}", name(why));
            fact(Measure::PageFailed, Some(why), 1.0, &line);
            lines.push(line);
        }
    }
    if let Some((_, certificate)) = answer.certificate.as_deref().and_then(|der| parse_x509_certificate(der).ok()) {
        let days = days_left(&certificate, now);
        let line = format!("{called}: certificate for {} {}", names(&certificate), validity(days));
        fact(Measure::CertificateDays, None, days, &line);
        lines.push(line);
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "shown in days with one digit")]
fn days_left(certificate: &X509Certificate<'_>, now: Timestamp) -> f64 {
    let ends = certificate.validity().not_after.timestamp();
    (ends as f64 * 1000.0 - now.0 as f64) / DAY_MS
}

fn validity(days: f64) -> String {
    if days < 0.0 { format!("ended {:.1} days ago", -days) } else { format!("ends in {days:.1} days") }
}

fn names(certificate: &X509Certificate<'_>) -> String {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let named: Vec<String> = alternative
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|one| match one {
            GeneralName::DNSName(host) => Some(name(host)),
            _ => None,
        })
        .take(MAX_NAMES)
        .collect();
    if named.is_empty() { "no host name".into() } else { named.join(", ") }
}
