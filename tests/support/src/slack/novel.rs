//! What the Web API checks of its newest blocks, and that not every workspace has them. Pure.
//!
//! Sources: <https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block> and …/container-block, read 2026-11.

use std::collections::BTreeSet;

use serde_json::Value;

use super::blocks::{chars, invalid, list};

/// Blocks that a container takes.
const CONTAINED: [&str; 11] =
    ["actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video"];
/// Kinds of blocks that a workspace may not have yet.
pub(crate) const NOVEL: [&str; 2] = ["data_visualization", "container"];

/// Checks a container, but for what is in it.
pub(super) fn container(block: &Value, at: &str) -> Result<(), Value> {
    let children = list(&block["child_blocks"]);
    let wrong = |place: &str, what: &str| Err(invalid(&format!("{at}/{place}"), what));
    if block["title"]["type"] != "plain_text" || !(1..=150).contains(&chars(&block["title"]["text"])) {
        return wrong("title", "must be plain_text of 1 to 150 characters");
    }
    if chars(&block["subtitle"]["text"]) > 150 {
        return wrong("subtitle", "must be at most 150 characters");
    }
    if !(1..=10).contains(&children.len()) {
        return wrong("child_blocks", "must have 1 to 10 items");
    }
    if let Some(odd) =
        children.iter().find(|child| !child["type"].as_str().is_some_and(|kind| CONTAINED.contains(&kind)))
    {
        return wrong("child_blocks", &format!("unsupported type: {}", odd["type"]));
    }
    if block["default_collapsed"] == true && block["is_collapsible"] != true {
        return wrong("default_collapsed", "requires is_collapsible");
    }
    if block["has_header_divider"] == true && block["is_collapsible"] == true {
        return wrong("has_header_divider", "cannot be used with is_collapsible");
    }
    Ok(())
}

/// Checks a chart.
pub(super) fn chart(block: &Value, at: &str) -> Result<(), Value> {
    let wrong = |place: &str, what: &str| Err(invalid(&format!("{at}/{place}"), what));
    let is_name = |name: &Value| (1..=20).contains(&chars(name));
    if !(1..=50).contains(&chars(&block["title"])) {
        return wrong("title", "must be between 1 and 50 characters");
    }
    let chart = &block["chart"];
    if chart["type"] == "pie" {
        let segments = list(&chart["segments"]);
        let is_good =
            |segment: &Value| is_name(&segment["label"]) && segment["value"].as_f64().is_some_and(|v| v >= 0.0);
        let fits = (1..=6).contains(&segments.len()) && segments.iter().all(is_good);
        return if fits { Ok(()) } else { wrong("chart/segments", "1 to 6 segments with labels and values") };
    }
    if !matches!(chart["type"].as_str(), Some("bar" | "line" | "area")) {
        return wrong("chart/type", "an unknown type");
    }
    let (series, categories) = (list(&chart["series"]), list(&chart["axis_config"]["categories"]));
    let distinct = |all: Vec<&Value>| all.iter().map(|one| one.to_string()).collect::<BTreeSet<_>>().len() == all.len();
    if !(1..=20).contains(&categories.len())
        || !categories.iter().all(is_name)
        || !distinct(categories.iter().collect())
    {
        return wrong("chart/axis_config/categories", "1 to 20 different names of 1 to 20 characters");
    }
    let names: Vec<&Value> = series.iter().map(|one| &one["name"]).collect();
    if !(1..=6).contains(&series.len()) || !names.iter().all(|name| is_name(name)) || !distinct(names) {
        return wrong("chart/series", "1 to 6 series with different names of 1 to 20 characters");
    }
    for one in series {
        let points = list(&one["data"]);
        let labels: Vec<&Value> = points.iter().map(|point| &point["label"]).collect();
        let is_matched = labels.len() == categories.len() && categories.iter().all(|name| labels.contains(&name));
        if !is_matched || !points.iter().all(|point| point["value"].is_number()) {
            return wrong("chart/series/data", "one number for each category");
        }
    }
    Ok(())
}

/// Refuses the newest blocks, wherever they stand, as a workspace does that does not have them yet.
pub(crate) fn refused(blocks: Option<&Value>) -> Result<(), Value> {
    let kinds = blocks.map(list).unwrap_or_default().iter().filter_map(|block| block["type"].as_str());
    match kinds.enumerate().find(|(_, kind)| NOVEL.contains(kind)) {
        Some((at, kind)) => Err(invalid(&format!("/blocks/{at}/type"), &format!("unsupported type: {kind}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn drawn(title: &str, names: [&str; 2], labels: &[&str], values: &[i64]) -> Value {
        let points = || labels.iter().zip(values).map(|(label, value)| json!({ "label": label, "value": value }));
        let series = names.map(|name| json!({ "name": name, "data": points().collect::<Vec<_>>() }));
        json!({ "type": "data_visualization", "title": title, "chart": {
            "type": "bar", "series": series, "axis_config": { "categories": labels },
        } })
    }

    #[test]
    fn charts_are_held_to_their_limits() {
        let long = "x".repeat(51);
        assert_eq!(chart(&drawn("Runs", ["ok", "failed"], &["a", "b"], &[1, 2]), ""), Ok(()));
        for wrong in [
            drawn("", ["ok", "failed"], &["a"], &[1]),
            drawn(&long, ["ok", "failed"], &["a"], &[1]),
            drawn("Runs", ["ok", "ok"], &["a"], &[1]),
            drawn("Runs", ["ok", &long], &["a"], &[1]),
            drawn("Runs", ["ok", "failed"], &["a", "a"], &[1, 2]),
            drawn("Runs", ["ok", "failed"], &["a", "b"], &[1]),
            drawn("Runs", ["ok", "failed"], &["x"; 21], &[1; 21]),
        ] {
            assert!(chart(&wrong, "").is_err(), "{wrong}");
        }
    }

    #[test]
    fn containers_take_ten_blocks_of_some_kinds() {
        let text = json!({ "type": "rich_text", "elements": [] });
        let of = |children: Vec<Value>| {
            json!({
                "type": "container", "title": { "type": "plain_text", "text": "Open" }, "child_blocks": children,
                "is_collapsible": true, "default_collapsed": true,
            })
        };
        assert_eq!(container(&of(vec![text.clone()]), ""), Ok(()));
        assert!(container(&of(vec![]), "").is_err() && container(&of(vec![text; 11]), "").is_err());
        assert!(container(&of(vec![json!({ "type": "data_visualization" })]), "").is_err());
        assert!(refused(Some(&json!([of(vec![])]))).is_err() && refused(Some(&json!([{ "type": "divider" }]))).is_ok());
    }
}
