//! Pictures of any chart are of one size, in bounds, and show what there is.

use tiny_skia::Pixmap;

use super::*;
use crate::{ChartKind, Plot, PlotSeries, Tone};

fn chart(kind: ChartKind, series: &[(&str, Tone, Vec<f64>)], labels: &[&str]) -> Chart {
    let one = |(name, tone, values): &(&str, Tone, Vec<f64>)| PlotSeries {
        name: (*name).to_owned(),
        tone: *tone,
        values: values.clone(),
    };
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let series = series.iter().map(one).collect();
    Chart::of(Plot { title: "Incidents per 2 hours".to_owned(), kind, labels, series, said: String::new() })
        .expect("there are values")
}

fn day() -> Chart {
    let labels: Vec<String> = (0..12).map(|n| format!("{:02}:00", n * 2)).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let series = [
        ("critical", Tone::Critical, vec![0., 0., 1., 3., 0., 0., 0., 1., 0., 0., 0., 0.]),
        ("error", Tone::Error, vec![0., 1., 1., 2., 0., 0., 0., 0., 0., 0., 1., 0.]),
        ("warning", Tone::Warning, vec![1., 0., 2., 4., 1., 0., 0., 2., 0., 0., 0., 1.]),
        ("info", Tone::Info, vec![0., 0., 0., 1., 0., 0., 2., 0., 0., 0., 0., 0.]),
    ];
    chart(ChartKind::Bar, &series, &labels)
}

fn runs() -> Chart {
    let labels: Vec<String> = (0..12).map(|n| format!("{:02}:00", n * 2)).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let ok = vec![1., 0., 2., 3., 5., 8., 6., 7., 4., 2., 1., 0.];
    let failed = vec![0., 0., 0., 2., 1., 0., 0., 3., 0., 0., 0., 0.];
    chart(ChartKind::Line, &[("went well", Tone::Over, ok), ("failed", Tone::Critical, failed)], &labels)
}

/// Counts the pixels that are as light as what is shown.
fn inked(picture: &Picture) -> usize {
    let pixels = Pixmap::decode_png(&picture.png).expect("a PNG");
    assert_eq!((pixels.width(), pixels.height()), (picture.width_px, picture.height_px));
    pixels.pixels().iter().filter(|pixel| pixel.red().max(pixel.blue()) > 0x80).count()
}

#[test]
fn charts_are_drawn_below_one_another() {
    let picture = draw(&[day(), runs()]).expect("a picture");
    assert_eq!((picture.width_px, picture.height_px), (WIDTH_PX, 2 * CHART_HEIGHT_PX));
    assert!(picture.png.len() < 200_000, "{} bytes", picture.png.len());
    let (one, both) = (inked(&draw(&[day()]).expect("a picture")), inked(&picture));
    assert!(one > 20_000 && both > one + 10_000, "{one} and {both} of what is shown");
    assert_eq!(draw(&[day(), runs()]), Some(picture), "the same charts are the same picture");
    assert_eq!(draw(&[]), None);
    if let Some(place) = std::env::var_os("SIGNALBOX_SHOW_PICTURES") {
        std::fs::write(std::path::Path::new(&place).join("chart.png"), draw(&[day(), runs()]).expect("drawn").png)
            .expect("written");
    }
}

#[test]
fn no_chart_is_too_odd_to_be_drawn() {
    let long = "\u{202e}<!channel> 日本語 👩‍👩‍👧 @everyone";
    let odd = vec![f64::NAN, f64::INFINITY, -1e300, 1e-300, -7.0];
    let six: Vec<(&str, Tone, Vec<f64>)> = (0..6).map(|_| (long, Tone::Critical, odd.clone())).collect();
    for kind in [ChartKind::Bar, ChartKind::Line] {
        for series in [six.clone(), vec![("n", Tone::Quiet, vec![0.0])], vec![("n", Tone::Info, vec![1.0; 10_000])]] {
            let charts = vec![chart(kind, &series, &[long]); 3];
            let picture = draw(&charts).expect("a picture");
            assert_eq!(picture.height_px, 2 * CHART_HEIGHT_PX, "no more than two");
            assert!(inked(&picture) > 1_000);
        }
    }
}

#[tokio::test]
async fn pictures_are_drawn_beside_the_runtime() {
    let both = tokio::join!(drawn(vec![day()]), drawn(vec![runs()]));
    assert!(both.0.is_some() && both.1.is_some() && both.0 != both.1);
    assert_eq!(drawn(vec![day()]).await, both.0, "also when it is kept");
    assert_eq!(drawn(vec![day()]).await, both.0);
    assert_eq!(drawn(Vec::new()).await, None);
}
