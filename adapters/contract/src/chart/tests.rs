//! What is drawn is bounded, and says what it had to leave out.

use super::*;
use crate::{Block, Document};

fn plot(kind: ChartKind, series: &[(&str, Vec<f64>)], labels: &[&str]) -> Plot {
    let series = series.iter().map(|(name, values)| PlotSeries {
        name: (*name).to_owned(),
        tone: Tone::Critical,
        values: values.clone(),
    });
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Plot { title: "Incidents".to_owned(), kind, labels, series: series.collect(), said: String::new() }
}

fn values(chart: &Chart, series: usize) -> Vec<f64> {
    chart.series()[series].values.iter().map(|value| value.get()).collect()
}

#[test]
fn a_chart_says_in_words_what_it_shows() {
    let given = [("critical", vec![0.0, 2.0, 1.0]), ("warning", vec![1.0, 2.0, 0.0])];
    let chart = Chart::of(plot(ChartKind::Bar, &given, &["09:00", "10:00", "11:00"])).expect("there are values");
    assert_eq!(chart.said(), "3 critical, 3 warning; most (4) from 10:00");
    let line = Chart::of(plot(ChartKind::Line, &given[..1], &["a", "b", "c"])).expect("there are values");
    assert_eq!(line.said(), "critical from 0 to 2, last 1");
    let told = Plot { said: "It rose.".to_owned(), ..plot(ChartKind::Line, &given, &[]) };
    assert_eq!(Chart::of(told).expect("there are values").said(), "It rose.");
    let document = Document::default().with(Block::Chart(chart));
    assert_eq!(document.visible_text(), "Incidents\n3 critical, 3 warning; most (4) from 10:00");
    assert_eq!(document.to_markdown(), "**Incidents**\n3 critical, 3 warning; most (4) from 10:00");
}

#[test]
fn a_chart_is_drawn_in_text_with_bars_of_forty_columns() {
    let given = [("critical", vec![0.0, 20.0, 1.0]), ("warning", vec![0.0, 20.0, 0.0])];
    let chart = Chart::of(plot(ChartKind::Bar, &given, &["9", "10", "11"])).expect("there are values");
    let (full, half) = ("█".repeat(20), "▒".repeat(20));
    assert_eq!(chart.drawn_in_text(), format!(" 9 0\n10 {full}{half} 40\n11 █ 1\n█ critical   ▒ warning"));
    let line = Chart::of(plot(ChartKind::Line, &[("load", vec![1.0, 8.0, 4.5])], &["a", "b", "c"]));
    assert_eq!(line.expect("there are values").drawn_in_text(), "load ▁█▅ 1 – 8\n     a – c");
}

#[test]
fn what_is_little_is_drawn_too_and_no_bar_is_longer_than_any_other_may_be() {
    let given = [("a", vec![0.1, 1e12]), ("b", vec![0.1, 1.0]), ("c", vec![0.1, 1.0]), ("d", vec![0.0, 0.0])];
    let chart = Chart::of(plot(ChartKind::Bar, &given, &["x", "y"])).expect("there are values");
    let drawn = chart.drawn_in_text();
    let rows: Vec<&str> = drawn.lines().collect();
    assert_eq!(rows[0], "x █▒░ 0.3");
    assert_eq!(rows[1].chars().filter(|c| "█▒░▓".contains(*c)).count(), 40, "{drawn}");
}

#[test]
fn ten_thousand_points_are_added_up_or_averaged_and_the_words_say_so() {
    let many: Vec<f64> = (0..10_000).map(f64::from).collect();
    let bars = Chart::of(plot(ChartKind::Bar, &[("n", many.clone())], &[])).expect("there are values");
    assert_eq!((bars.labels().len(), bars.labels()[1].as_str()), (20, "501"));
    assert_eq!(values(&bars, 0)[0], (0..500).map(f64::from).sum::<f64>());
    assert!(bars.said().ends_with("(each bar adds 500 points up)"), "{}", bars.said());
    let line = Chart::of(plot(ChartKind::Line, &[("n", many)], &[])).expect("there are values");
    assert_eq!(values(&line, 0)[0], 249.5);
    assert!(line.said().ends_with("(each point is the mean of 500)"), "{}", line.said());
    let endless = Chart::of(plot(ChartKind::Bar, &[("n", vec![1.0; 50_000])], &[])).expect("there are values");
    assert!(endless.said().contains("30000 further points are left out"), "{}", endless.said());
}

#[test]
fn what_is_no_number_is_nought_and_what_is_huge_is_cut_and_the_words_say_so() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -0.0, 7.0];
    let chart = Chart::of(plot(ChartKind::Bar, &[("n", odd.to_vec())], &[])).expect("there are values");
    assert_eq!(values(&chart, 0), [0.0, 1e12, -1e12, 1e12, 0.0, 7.0]);
    assert!(chart.said().contains("1 values are no numbers and shown as 0"), "{}", chart.said());
    assert!(chart.said().contains("3 values are cut at 1e12"), "{}", chart.said());
    let written = serde_json::to_string(&chart).expect("a chart is JSON");
    assert_eq!(serde_json::from_str::<Chart>(&written).expect("it reads back"), chart);
    assert!(chart.drawn_in_text().lines().count() >= 6);
}

#[test]
fn a_chart_of_nothing_is_none() {
    assert_eq!(Chart::of(plot(ChartKind::Bar, &[], &["a"])), None);
    assert_eq!(Chart::of(plot(ChartKind::Bar, &[("n", vec![])], &["a"])), None);
    let nought = Chart::of(plot(ChartKind::Bar, &[("n", vec![0.0]), ("m", vec![])], &[""])).expect("a value");
    assert_eq!((nought.labels(), values(&nought, 1)), (["1".to_owned()].as_slice(), vec![0.0]));
    assert!(serde_json::from_str::<Chart>(r#"{"title":"","kind":"bar","labels":[],"series":[],"said":""}"#).is_err());
}

#[test]
fn names_are_clean_short_and_all_different() {
    let nasty = "\u{202e}<!channel> @everyone\n\u{1b}[2J very long indeed";
    let given = [(nasty, vec![1.0, 2.0]), (nasty, vec![1.0, 2.0]), ("", vec![0.0])];
    let chart = Chart::of(plot(ChartKind::Bar, &given, &[nasty, nasty])).expect("there are values");
    let names: Vec<&str> = chart.series().iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names[2], "-");
    let hidden = Chart::of(plot(ChartKind::Bar, &[("a\u{200b}b\u{ad}\u{e0041}", vec![1.0]), ("ab", vec![1.0])], &[]));
    let hidden = hidden.expect("there are values");
    assert_eq!([&hidden.series()[0].name, &hidden.series()[1].name], ["ab", "ab (2)"]);
    for name in names.iter().copied().chain(chart.labels().iter().map(String::as_str)) {
        assert!(name.chars().count() <= MAX_CHART_NAME_CHARS && crate::clean(name) == name, "{name:?}");
    }
    assert!(names[0] != names[1] && chart.labels()[0] != chart.labels()[1], "{chart:?}");
}

#[test]
fn more_series_than_six_are_shown_together() {
    let names: Vec<String> = (0..9).map(|n| format!("s{n}")).collect();
    let given: Vec<(&str, Vec<f64>)> = names.iter().map(|name| (name.as_str(), vec![1.0])).collect();
    let chart = Chart::of(plot(ChartKind::Bar, &given, &[])).expect("there are values");
    assert_eq!((chart.series().len(), values(&chart, 5)), (MAX_CHART_SERIES, vec![4.0]));
    assert!(chart.said().ends_with("(4 series are added up as others)"), "{}", chart.said());
}
