//! The outcome as a root cause analysis, the same that other agents are asked for.
//!
//! Where no cause is found, the claim is what a person is answered. Every claim quotes the lines of probes that it rests on, so that it is backed by what was recorded, or says that it is not.

use super::answer::InBrief;
use super::elsewhere::Elsewhere;
use super::outcome::{Hypothesis, Report, Sighting};
use super::probe::Probe;
use super::question::Focus;
use super::said::Said;
use super::wish::Wanted;
use crate::rca::{Claim, Evidence, MIN_QUOTE_CHARS, Rca, Verdict};

/// Most lines that "nothing is wrong" quotes.
const MAX_QUOTES: usize = 8;
/// Share of the rules about what was asked that has to be judged to say that nothing is wrong.
const ENOUGH_JUDGED: f64 = 0.5;
/// Most hypotheses besides the cause.
const MAX_ANALYSIS: usize = 9;

/// Writes a report as an analysis; what was asked about other machines alone has no cause here, nor what no look at this
/// one can tell.
pub(crate) fn analysis(
    report: &Report,
    focus: &Focus,
    wish: Wanted,
    answer: &InBrief,
    elsewhere: Option<&Elsewhere>,
) -> Rca {
    if let Some(elsewhere) = elsewhere {
        return of_others(report, elsewhere);
    }
    if answer.is_beyond {
        let next_steps = answer.lines.iter().map(|line| line.text.clone()).collect();
        let root_cause = said(&answer.verdict);
        return Rca { verdict: Verdict::Unclear, root_cause, analysis: Vec::new(), next_steps };
    }
    if matches!(wish, Wanted::Users(_) | Wanted::Beyond) {
        let analysis = answer.lines.iter().map(said).collect();
        return Rca {
            verdict: Verdict::CauseFound,
            root_cause: said(&answer.verdict),
            analysis,
            next_steps: Vec::new(),
        };
    }
    let claim = |made: &Hypothesis| Claim {
        claim: made.statement.clone(),
        // In the order of what it rests on most.
        evidence: quotes(made.evidence.iter().filter_map(|id| report.evidence.iter().find(|own| own.id == *id))),
        supported: None,
    };
    // What an alert says is not understood: nothing here is its cause, and nothing here is well because of it.
    let cause = report.root_cause.as_ref().filter(|_| wish != Wanted::Unclear);
    let others = report.hypotheses.iter().filter(|made| cause != Some(*made));
    let mut analysis: Vec<Claim> = others.take(MAX_ANALYSIS).map(claim).collect();
    let (verdict, root_cause) = match cause {
        Some(cause) => (Verdict::CauseFound, claim(cause)),
        None => {
            let hints = report.hypotheses.iter().any(|made| focus.includes(made.area));
            let (verdict, claim) = if report.judged < ENOUGH_JUDGED || wish == Wanted::Unclear {
                (
                    Verdict::Unclear,
                    "What was asked about could not be judged from here; name a service, file or address".into(),
                )
            } else if hints {
                (Verdict::Unclear, "Nothing explains it for certain; what stands out is below".into())
            } else {
                (Verdict::NothingWrong, answer.verdict.text.clone())
            };
            (verdict, Claim { claim, evidence: quotes(about(report, focus).into_iter()), supported: None })
        }
    };
    if cause.is_none() && analysis.len() < MAX_ANALYSIS {
        analysis.extend(gaps(report));
    }
    Rca { verdict, root_cause, analysis, next_steps: report.next_steps.clone() }
}

/// Claims what was answered, with the lines that show it.
fn said(said: &Said) -> Claim {
    let quote = |(probe, line): &(Probe, String)| Evidence { tool: probe.id().to_owned(), quote: line.clone() };
    Claim { claim: said.text.clone(), evidence: said.shown_by.iter().map(quote).collect(), supported: None }
}

/// Says that the machines in question were not looked at, and what stands out on this one.
fn of_others(report: &Report, elsewhere: &Elsewhere) -> Rca {
    let here = super::shown::code(&elsewhere.here);
    let besides = report.hypotheses.iter().take(MAX_ANALYSIS).map(|made| Claim {
        claim: format!("On {here}, which is another machine: {}", made.statement),
        evidence: quotes(made.evidence.iter().filter_map(|id| report.evidence.iter().find(|own| own.id == *id))),
        supported: None,
    });
    Rca {
        verdict: Verdict::Unclear,
        root_cause: Claim { claim: elsewhere.said(), evidence: Vec::new(), supported: None },
        analysis: besides.collect(),
        next_steps: vec![elsewhere.next_step()],
    }
}

/// Returns the evidence, what was asked about first.
fn about<'r>(report: &'r Report, focus: &Focus) -> Vec<&'r super::Exhibit> {
    let is_beside = |evidence: &&super::Exhibit| match &evidence.seen {
        Sighting::Value { measure, .. } => {
            !measure.traits().0.areas().first().is_some_and(|area| focus.includes(*area))
        }
        Sighting::Nothing { .. } => true,
    };
    let mut evidence: Vec<&super::Exhibit> = report.evidence.iter().collect();
    evidence.sort_by_key(is_beside);
    evidence
}

/// Returns the lines behind evidence.
fn quotes<'r>(evidence: impl Iterator<Item = &'r super::Exhibit>) -> Vec<Evidence> {
    let mut quotes: Vec<Evidence> = Vec::new();
    for evidence in evidence {
        let Sighting::Value { quote, .. } = &evidence.seen else { continue };
        let made = Evidence { tool: evidence.probe.clone(), quote: quote.clone() };
        if quote.chars().count() >= MIN_QUOTE_CHARS && !quotes.contains(&made) && quotes.len() < MAX_QUOTES {
            quotes.push(made);
        }
    }
    quotes
}

/// Says what could not be looked at, with the probe's own words.
fn gaps(report: &Report) -> Option<Claim> {
    let mut evidence = Vec::new();
    for gap in &report.evidence {
        // A machine may well be without what some probes look at.
        let is_void = Probe::ALL.iter().any(|probe| probe.id() == gap.probe && probe.is_optional());
        if let Sighting::Nothing { reason } = &gap.seen
            && evidence.len() < MAX_QUOTES
            && !is_void
        {
            evidence.push(Evidence { tool: gap.probe.clone(), quote: reason.clone() });
        }
    }
    let named: Vec<&str> = evidence.iter().map(|gap| gap.tool.as_str()).collect();
    let claim = format!("Could not be looked at: {}.", named.join(", "));
    (!evidence.is_empty()).then_some(Claim { claim, evidence, supported: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::host::{Area, Measure, Unit};

    fn report(hypotheses: Vec<Hypothesis>, root_cause: Option<Hypothesis>) -> Report {
        let evidence = crate::host::Exhibit {
            id: "load/1".into(),
            probe: "load".into(),
            source: "/proc/loadavg".into(),
            at: Timestamp(0),
            seen: Sighting::Value {
                measure: Measure::Load,
                subject: None,
                value: 9.0,
                unit: Unit::Count,
                quote: "load average: 9.00 over 1 min".into(),
            },
        };
        Report { root_cause, hypotheses, evidence: vec![evidence], next_steps: vec!["Look.".into()], judged: 0.9 }
    }

    fn answer(text: &str) -> InBrief {
        InBrief { verdict: Said::plain(text), lines: vec![Said::plain("more")], is_beyond: false }
    }

    fn told(report: &Report, answer: &InBrief) -> Rca {
        analysis(report, &Focus::Overview, Wanted::Trouble, answer, None)
    }

    fn hypothesis() -> Hypothesis {
        Hypothesis {
            rule: "r".into(),
            area: Area::Cpu,
            statement: "It is busy".into(),
            score: 0.9,
            evidence: vec!["load/1".into()],
        }
    }

    #[test]
    fn a_cause_quotes_its_evidence_and_no_cause_says_so() {
        let found = told(&report(vec![hypothesis()], Some(hypothesis())), &answer(""));
        assert_eq!((found.verdict, found.root_cause.claim.as_str()), (Verdict::CauseFound, "It is busy"));
        assert_eq!(found.root_cause.evidence[0].quote, "load average: 9.00 over 1 min");
        assert!(found.analysis.is_empty());
        let none = told(&report(vec![], None), &answer("Nothing wrong found: CPU 3 % busy"));
        assert_eq!(none.verdict, Verdict::NothingWrong);
        assert_eq!(
            (none.root_cause.claim.as_str(), none.root_cause.evidence.len()),
            ("Nothing wrong found: CPU 3 % busy", 1)
        );
        let blind = told(&Report { judged: 0.0, ..report(vec![], None) }, &answer(""));
        assert_eq!(blind.verdict, Verdict::Unclear);
        assert!(blind.root_cause.claim.contains("could not be judged"), "{}", blind.root_cause.claim);
        let unclear = told(&report(vec![hypothesis()], None), &answer(""));
        assert_eq!((unclear.verdict, unclear.analysis.len()), (Verdict::Unclear, 1));
    }

    #[test]
    fn what_no_look_at_this_machine_tells_is_unclear_and_claims_nothing() {
        let beyond = InBrief { is_beyond: true, ..answer("Not answerable from here") };
        let told = told(&report(vec![hypothesis()], Some(hypothesis())), &beyond);
        assert_eq!((told.verdict, told.analysis.len()), (Verdict::Unclear, 0));
        assert!(told.root_cause.evidence.is_empty());
        assert_eq!(told.next_steps, ["more"]);
    }

    #[test]
    fn what_other_machines_do_has_no_cause_here() {
        let elsewhere = Elsewhere { here: "vm".into(), named: vec!["db-1".into()] };
        let found = report(vec![hypothesis()], Some(hypothesis()));
        let told = analysis(&found, &Focus::Overview, Wanted::Trouble, &answer(""), Some(&elsewhere));
        assert_eq!(told.verdict, Verdict::Unclear);
        assert_eq!(told.root_cause.claim, "Looked at `vm` only; `db-1` was not looked at.");
        assert_eq!(told.analysis[0].claim, "On `vm`, which is another machine: It is busy");
        assert_eq!(told.next_steps.len(), 1, "no step for this machine: {:?}", told.next_steps);
    }
}
