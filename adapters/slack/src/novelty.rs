//! Whether a workspace takes the newest kinds of blocks: found out by sending some, and asked anew after a while.
//!
//! Slack brings them to one workspace after the other, one by one, and refuses them elsewhere (`invalid_blocks`): a message
//! goes unfolded then, and where that is refused too without its charts. Only memory: after a restart one more message is sent
//! several times over, of which the first ones surely show nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use signalbox_adapter::{DeliverError, Form, Outgoing};
use tokio::time::Instant;

use crate::body::Body;

/// How long a refusal is remembered.
const HOLDS: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Novelty(Mutex<Known>);

/// Since when it is known to refuse what.
#[derive(Debug, Default)]
struct Known {
    containers: Option<Instant>,
    charts: Option<Instant>,
}

impl Novelty {
    /// Returns a message as it goes where new blocks were refused lately; `None` where it may go as it is.
    pub(crate) fn without(&self, message: &Outgoing, now: Instant) -> Option<Outgoing> {
        let holds = |refused: Option<Instant>| refused.is_some_and(|at| now.duration_since(at) < HOLDS);
        let (containers, charts) = {
            let known = self.known();
            (holds(known.containers), holds(known.charts))
        };
        let body = body(message).filter(|_| containers || charts)?;
        let simpler = match (containers && body.has_containers(), charts && body.has_charts()) {
            (_, true) => body.without_novel_blocks(),
            (true, false) => body.without_containers(),
            (false, false) => None,
        };
        simpler.map(|body| with(message, body))
    }

    /// Returns a message as it goes next where this refusal may be about its new blocks, and remembers what it was about:
    /// containers as long as nothing else is shown to be.
    pub(crate) fn refused(&self, message: &Outgoing, error: &DeliverError, now: Instant) -> Option<Outgoing> {
        let is_about_blocks =
            matches!(error, DeliverError::RefusedForm { what: Form::Text, words } if words.contains("blocks"));
        let body = body(message).filter(|_| is_about_blocks)?;
        let (containers, charts) = (body.has_containers(), body.has_charts());
        let simpler = if containers { body.without_containers() } else { body.without_novel_blocks() }?;
        let mut known = self.known();
        if containers {
            tracing::info!("Slack does not take containers here; messages go unfolded");
            known.containers = Some(now);
        } else if charts {
            tracing::info!("Slack does not take charts here; messages go without");
            *known = Known { containers: None, charts: Some(now) };
        }
        drop(known);
        Some(with(message, simpler))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what a message shows by blocks; `None` where it goes without.
fn body(message: &Outgoing) -> Option<Body> {
    (!message.plain).then(|| Body::of(&message.part))
}

fn with(message: &Outgoing, body: Body) -> Outgoing {
    Outgoing { part: body.into_part(), ..message.clone() }
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::{Block, Chart, ChartKind, Document, Plot, PlotSeries, Render, Tone};

    use super::*;
    use crate::SlackRender;
    use crate::compose::tests::outgoing;

    #[test]
    fn new_blocks_are_left_out_for_a_day_after_a_refusal() {
        let (novelty, now) = (Novelty::default(), Instant::now());
        let mut message = outgoing("hi");
        let refusal = |words: &str| DeliverError::RefusedForm { what: Form::Text, words: words.to_owned() };
        assert_eq!(novelty.refused(&message, &refusal("invalid_blocks"), now), None, "there is nothing new in it");
        let details = Document::default().with(Block::details("More", vec![Block::text("a")]));
        message.part = SlackRender.render(&details, 1).parts.remove(0);
        assert_eq!(novelty.without(&message, now), None);
        assert_eq!(novelty.refused(&message, &refusal("msg_too_long"), now), None);
        let simpler = novelty.refused(&message, &refusal("invalid_blocks; [ERROR]"), now).expect("it goes without");
        assert!(message.part.body.contains("container") && !simpler.part.body.contains("container"));
        assert_eq!(novelty.without(&message, now + HOLDS / 2), Some(simpler));
        assert_eq!(novelty.without(&message, now + HOLDS), None, "it is asked anew");
        message.plain = true;
        assert_eq!(novelty.without(&message, now), None);
    }

    #[test]
    fn a_chart_stays_where_only_containers_are_refused() {
        let (novelty, now) = (Novelty::default(), Instant::now());
        let refusal = DeliverError::RefusedForm { what: Form::Text, words: "invalid_blocks".to_owned() };
        let chart = || {
            let series = vec![PlotSeries { name: "n".to_owned(), tone: Tone::Info, values: vec![1.0] }];
            let (title, said, labels) = ("Incidents".to_owned(), "As it was.".to_owned(), vec!["09:00".to_owned()]);
            Block::Chart(Chart::of(Plot { title, kind: ChartKind::Bar, labels, series, said }).expect("a value"))
        };
        let of = |document: Document| {
            let part = SlackRender.render(&document, 1).parts.remove(0);
            Outgoing { part, ..outgoing("hi") }
        };
        let has = |message: &Outgoing, kind: &str| {
            message.part.body.split("\"simpler\"").next().is_some_and(|shown| shown.contains(kind))
        };
        let folded = || Block::details("More", vec![Block::text("a")]);
        let both = of(Document::default().with(chart()).with(folded()));
        let unfolded = novelty.refused(&both, &refusal, now).expect("it goes unfolded");
        assert!(has(&unfolded, "data_visualization") && !has(&unfolded, "\"container\""), "{}", unfolded.part.body);
        assert_eq!(novelty.without(&both, now), Some(unfolded.clone()));
        assert_eq!(novelty.without(&of(Document::default().with(chart())), now), None, "charts are taken");
        // Where that is refused too, it was the chart.
        let simple = novelty.refused(&unfolded, &refusal, now).expect("it goes without");
        assert!(!has(&simple, "data_visualization") && !has(&simple, "\"container\""), "{}", simple.part.body);
        assert_eq!(novelty.without(&both, now), Some(simple));
        assert_eq!(novelty.without(&of(Document::default().with(folded())), now), None, "containers are tried again");
    }
}
