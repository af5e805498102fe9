//! A document as HTML for mail readers: nothing but text and its structure, all of it escaped, nothing fetched from afar.

use signalbox_adapter::picture::WIDTH_PX;
use signalbox_adapter::{Alignment, Block, Chart, Document, Inline, Item};

/// What stands before the text. Mail readers drop style sheets, so styles stand at the elements.
const HEAD: &str = "<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n<body>\n";
/// What stands behind it.
const TAIL: &str = "</body>\n</html>\n";

/// Writes a document as the inside of a page, and returns the charts that are pictures in it, in their order.
pub(crate) fn write_html(document: &Document) -> (String, Vec<Chart>) {
    let (mut html, mut charts) = (String::new(), Vec::new());
    for block in &document.blocks {
        match block {
            Block::Chart(chart) => {
                push_picture(chart, charts.len(), &mut html);
                charts.push(chart.clone());
            }
            block => push_block(block, &mut html),
        }
    }
    (html, charts)
}

/// Names the picture of a chart within its mail, by its place among them.
pub(crate) fn picture_id(place: usize) -> String {
    format!("chart-{}@signalbox", place + 1)
}

/// A picture that comes with the mail, its words below it and, for who has it read out, in its place.
fn push_picture(chart: &Chart, place: usize, html: &mut String) {
    html.push_str(&format!("<p><img src=\"cid:{}\" width=\"{}\" alt=\"", picture_id(place), WIDTH_PX / 2));
    escape(&format!("{}: {}", chart.title(), chart.said()), html);
    html.push_str("\" style=\"max-width:100%;height:auto\"></p>\n");
    element("p", &chart.in_words(), html);
}

/// Makes a page, with a mark at its foot or without.
pub(crate) fn page(inside: &str, mark: Option<&str>) -> String {
    let mut html = format!("{HEAD}{inside}");
    if let Some(mark) = mark {
        html.push_str("<p>");
        escape(mark, &mut html);
        html.push_str("</p>\n");
    }
    html + TAIL
}

/// Returns the inside of a page that shows plain text as it is.
pub(crate) fn preformatted(text: &str) -> String {
    let mut html = "<pre style=\"white-space:pre-wrap\">".to_owned();
    escape(text, &mut html);
    html + "</pre>\n"
}

fn blocks(blocks: &[Block], html: &mut String) {
    for block in blocks {
        push_block(block, html);
    }
}

fn push_block(block: &Block, html: &mut String) {
    match block {
        Block::Paragraph(content) => element("p", content, html),
        Block::Heading { level, content } => element(&format!("h{}", (*level).clamp(1, 6)), content, html),
        Block::Code { text, .. } => {
            html.push_str("<pre style=\"background:#f4f4f4;padding:8px;overflow:auto\"><code>");
            escape(text, html);
            html.push_str("</code></pre>\n");
        }
        Block::Quote(inner) => {
            html.push_str("<blockquote style=\"border-left:3px solid #ccc;margin:0;padding-left:10px\">\n");
            blocks(inner, html);
            html.push_str("</blockquote>\n");
        }
        Block::List { start: None, items } => list("<ul>\n", items, "</ul>\n", html),
        Block::List { start: Some(start), items } => list(&format!("<ol start=\"{start}\">\n"), items, "</ol>\n", html),
        Block::Table { align, header, rows } => table(align, header, rows, html),
        Block::Rule => html.push_str("<hr>\n"),
        // Few mail readers fold.
        Block::Details { .. } | Block::Chart(_) => blocks(&block.simpler(), html),
    }
}

fn element(name: &str, content: &[Inline], html: &mut String) {
    html.extend(["<", name, ">"]);
    inlines(content, html);
    html.extend(["</", name, ">\n"]);
}

fn list(open: &str, items: &[Item], close: &str, html: &mut String) {
    html.push_str(open);
    for item in items {
        html.push_str("<li>");
        html.push_str(match item.checked {
            Some(true) => "&#9745; ",
            Some(false) => "&#9744; ",
            None => "",
        });
        match item.blocks.split_first() {
            // Without a paragraph's margins a short list stays short.
            Some((Block::Paragraph(content), rest)) => {
                inlines(content, html);
                html.push('\n');
                blocks(rest, html);
            }
            Some(_) | None => blocks(&item.blocks, html),
        }
        html.push_str("</li>\n");
    }
    html.push_str(close);
}

fn table(align: &[Alignment], header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>], html: &mut String) {
    html.push_str("<table style=\"border-collapse:collapse\">\n<thead>\n");
    row("th", align, header, html);
    html.push_str("</thead>\n<tbody>\n");
    for cells in rows {
        row("td", align, cells, html);
    }
    html.push_str("</tbody>\n</table>\n");
}

fn row(name: &str, align: &[Alignment], cells: &[Vec<Inline>], html: &mut String) {
    html.push_str("<tr>");
    for (column, cell) in cells.iter().enumerate() {
        let side = match align.get(column) {
            Some(Alignment::Left) | None => "left",
            Some(Alignment::Center) => "center",
            Some(Alignment::Right) => "right",
        };
        html.push_str(&format!("<{name} style=\"border:1px solid #ccc;padding:4px 8px;text-align:{side}\">"));
        inlines(cell, html);
        html.extend(["</", name, ">\n"]);
    }
    html.push_str("</tr>\n");
}

fn inlines(content: &[Inline], html: &mut String) {
    for inline in content {
        match inline {
            Inline::Text(text) => escape(text, html),
            Inline::Code(text) | Inline::Command(text) => {
                html.push_str("<code>");
                escape(text, html);
                html.push_str("</code>");
            }
            Inline::Strong(content) => tagged("strong", content, html),
            Inline::Emphasis(content) => tagged("em", content, html),
            Inline::Strike(content) => tagged("s", content, html),
            Inline::Link { url, content } if is_followed(url) => {
                html.push_str("<a href=\"");
                escape(url, html);
                html.push_str("\">");
                inlines(content, html);
                html.push_str("</a>");
            }
            Inline::Link { content, .. } => inlines(content, html),
            Inline::Break => html.push_str("<br>\n"),
        }
    }
}

fn tagged(name: &str, content: &[Inline], html: &mut String) {
    html.extend(["<", name, ">"]);
    inlines(content, html);
    html.extend(["</", name, ">"]);
}

/// Tells whether an address may be followed; the parser knows too, but a document can be made without it.
fn is_followed(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "mailto")) && !url.contains(char::is_whitespace)
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markdown: &str) -> String {
        write_html(&Document::from_markdown(markdown)).0
    }

    #[test]
    fn structure_becomes_elements() {
        assert_eq!(html("# A *b*"), "<h1>A <em>b</em></h1>\n");
        assert_eq!(html("3. a\n4. b"), "<ol start=\"3\">\n<li>a\n</li>\n<li>b\n</li>\n</ol>\n");
        assert_eq!(html("- [x] a"), "<ul>\n<li>&#9745; a\n</li>\n</ul>\n");
        assert!(html("|a|b|\n|-|-:|\n|c|d|").contains("text-align:right\">d</td>"));
        assert_eq!(html("a\nb"), "<p>a<br>\nb</p>\n");
    }

    #[test]
    fn nothing_in_a_text_becomes_markup() {
        let nasty = "<script>x</script> <img src=https://evil.example/p.png> \" ' & </p>";
        let block = Block::Code { language: Some("<b>".to_owned()), text: nasty.to_owned() };
        let link = |url: &str| Inline::Link { url: url.to_owned(), content: vec![Inline::text(nasty)] };
        let links =
            vec![link("javascript:alert(1)"), link("https://a.example/\"onclick=\"x"), link("data:text/html,x")];
        let document = Document::text(nasty).with(block).with(Block::Paragraph(links));
        let written = write_html(&document).0;
        assert!(!written.contains("<script") && !written.contains("<img") && !written.contains("javascript:"));
        assert!(!written.contains("\"onclick") && !written.contains("data:"));
        assert_eq!(written.matches("<a href=").count(), 1);
        assert_eq!(written.matches("&lt;script&gt;").count(), 5);
        assert!(page("x", Some("<b>")).contains("<p>&lt;b&gt;</p>"));
    }
}
