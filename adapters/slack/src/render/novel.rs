//! What Slack has had only since 2026, and not in every workspace yet: charts, and containers that fold.
//!
//! A message that has one keeps the same without it too ([`crate::body::Body::simpler`]), for where it is refused.
//!
//! Sources: <https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block> and
//! <https://docs.slack.dev/reference/block-kit/blocks/container-block>, read 2026-11.

use serde_json::Number;
use signalbox_adapter::{Amount, Chart, ChartKind, Series};
use slack_morphism::prelude::{
    SlackBlock, SlackBlockPlainText, SlackChart, SlackChartAxisConfig, SlackChartDataPoint, SlackChartDataSeries,
    SlackContainerBlock, SlackDataVisualizationBlock, SlackSeriesChart,
};

/// What stands above what goes on from the message before.
const GOES_ON: &str = "…";

/// Makes a chart that Slack draws.
pub(crate) fn chart(chart: &Chart) -> SlackBlock {
    let point = |(label, value): (&String, &Amount)| SlackChartDataPoint::new(label.clone(), number(*value));
    let series = |series: &Series| {
        let points = chart.labels().iter().zip(&series.values).map(point).collect();
        SlackChartDataSeries::new(series.name.clone(), points)
    };
    let drawn = SlackSeriesChart::new(
        chart.series().iter().map(series).collect(),
        SlackChartAxisConfig::new(chart.labels().to_vec()),
    );
    let drawn = match chart.kind() {
        ChartKind::Bar => SlackChart::Bar(drawn),
        ChartKind::Line => SlackChart::Line(drawn),
    };
    SlackDataVisualizationBlock::new(chart.title().to_owned(), drawn).into()
}

/// Makes a container that is folded until somebody opens it.
pub(crate) fn container(title: &str, inner: Vec<SlackBlock>) -> SlackBlock {
    let title = if title.is_empty() { GOES_ON } else { title };
    let title = SlackBlockPlainText::new(title.to_owned()).with_emoji(false);
    let container = SlackContainerBlock::new(inner).with_title(title.into());
    container.with_is_collapsible(true).with_default_collapsed(true).into()
}

/// Whole numbers are written as such.
fn number(value: Amount) -> Number {
    let value = value.get();
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and no amount is larger than that")]
    let whole = (value.fract() == 0.0).then_some(value as i64);
    whole.map(Number::from).or_else(|| Number::from_f64(value)).unwrap_or_else(|| Number::from(0))
}
