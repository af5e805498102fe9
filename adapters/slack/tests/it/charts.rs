//! Charts and what folds: as Slack has them, and in words where a workspace has neither yet. The fake is as strict as Slack.

use serde_json::Value;
use signalbox_adapter::{Block, Chart, ChartKind, Deliver, Document, Outgoing, Plot, PlotSeries, Render, Tone};
use signalbox_slack::SlackRender;
use signalbox_test_support::slack::state::Shown;

use crate::scene::{OPS, Scene, outgoing};

/// What would ping somebody, hide something or be markup, if it were not shown as it is.
const HOSTILE: &str = "\u{202e}<!channel> *x* <@U1001> & @here \u{1b}[2J\n\u{200b}and much more than fits";

fn chart(kind: ChartKind) -> Block {
    let values = vec![f64::NAN, f64::INFINITY, -1e300, 0.1, 7.0];
    let all = (0..9).map(|_| PlotSeries { name: HOSTILE.to_owned(), tone: Tone::Critical, values: values.clone() });
    let series = all.chain([PlotSeries { name: String::new(), tone: Tone::Info, values: vec![1.0; 10_000] }]).collect();
    let labels = vec![HOSTILE.to_owned(); 3];
    let plot = Plot { title: HOSTILE.to_owned(), kind, labels, series, said: HOSTILE.to_owned() };
    Block::Chart(Chart::of(plot).expect("there are values"))
}

/// A message with three charts, of which Slack takes two, and with details of more blocks than it takes.
fn message(number: u128) -> Outgoing {
    let inner = Document::from_markdown(&"# head\n\n- item\n\n---\n\n".repeat(9)).blocks;
    let mut document = Document::text("verdict").with(Block::details(HOSTILE, inner));
    document.blocks.extend([ChartKind::Bar, ChartKind::Line, ChartKind::Bar].map(chart));
    Outgoing { part: SlackRender.render(&document, 1).parts.remove(0), ..outgoing(number, OPS, "") }
}

fn kinds(shown: &Shown) -> Vec<&str> {
    shown.blocks.as_array().into_iter().flatten().filter_map(|block| block["type"].as_str()).collect()
}

fn newest(scene: &Scene) -> Shown {
    scene.fake.shows(OPS).pop().expect("a message")
}

#[tokio::test]
async fn whatever_is_in_them_slack_takes_them() {
    let scene = Scene::new().await;
    scene.deliver.deliver(&message(1)).await.expect("delivered");
    let shown = newest(&scene);
    let expected =
        ["rich_text", "container", "data_visualization", "context", "data_visualization", "context", "rich_text"];
    assert_eq!(kinds(&shown), expected, "{:#}", shown.blocks);
    assert!(scene.fake.with(|state| state.pings.is_empty()), "{}", shown.text);
    assert_eq!(shown.words().matches("5 series are added up as others").count(), 3, "{}", shown.words());
    for chart in [&shown.blocks[2], &shown.blocks[4]] {
        let series = chart["chart"]["series"].as_array().expect("series");
        let names = series.iter().filter_map(|one| one["name"].as_str()).chain(chart["title"].as_str());
        for name in names {
            assert!(!name.contains(['\u{200b}', '\u{202e}', '\u{1b}']), "{name:?}");
        }
    }
}

#[tokio::test]
async fn a_workspace_without_them_is_asked_once_and_keeps_the_formatting() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.lacks_novel_blocks = true);
    for number in 1..=2 {
        scene.deliver.deliver(&message(number)).await.expect("delivered");
        let shown = newest(&scene);
        assert!(!kinds(&shown).contains(&"container") && shown.blocks.to_string().contains("rich_text_list"));
        assert!(shown.words().starts_with("verdict"), "{}", shown.words());
    }
    let tried = scene.fake.with(|state| {
        let is_post = |method: &str| method == "chat.postMessage";
        state
            .calls
            .iter()
            .filter(|call| is_post(&call.method))
            .map(|call| call.asked["blocks"].clone())
            .collect::<Vec<_>>()
    });
    let novel = tried.iter().filter(|blocks| blocks.to_string().contains("data_visualization")).count();
    let said = "only the first is tried with them, folded and unfolded";
    assert_eq!((tried.len(), novel), (4, 2), "{said}: {:#}", Value::from(tried.clone()));
    assert!(scene.fake.with(|state| state.pings.is_empty()));
}
