//! What an agent writes, and what becomes of it.

use super::*;

fn blocks(markdown: &str) -> Vec<Block> {
    Document::from_markdown(markdown).blocks
}

fn run(markdown: &str) -> Vec<Inline> {
    match blocks(markdown).pop() {
        Some(Block::Paragraph(content)) => content,
        other => panic!("no paragraph: {other:?}"),
    }
}

fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

#[test]
fn line_breaks_stay_as_they_were_written() {
    assert_eq!(run("a\nb  \nc"), [text("a"), Inline::Break, text("b"), Inline::Break, text("c")]);
}

#[test]
fn formats_and_lists_and_boxes_are_understood() {
    let formats = [Inline::Strong(vec![text("a")]), text(" "), Inline::Strike(vec![Inline::Emphasis(vec![text("b")])])];
    assert_eq!(run("**a** ~~*b*~~"), formats);
    let items = vec![
        Item { checked: Some(true), blocks: vec![Block::text("done")] },
        Item { checked: None, blocks: vec![Block::text("next")] },
    ];
    assert_eq!(blocks("3. [x] done\n4. next"), [Block::List { start: Some(3), items }]);
}

#[test]
fn an_unclosed_fence_is_code_to_the_end() {
    let code = Block::Code { language: Some("rust".to_owned()), text: "fn x() {\n\n**y**".to_owned() };
    assert_eq!(blocks("```rust,ignore\nfn x() {\n\n**y**"), [code]);
}

#[test]
fn only_known_schemes_become_links_and_other_addresses_are_shown() {
    let link = |url: &str, said: &str| Inline::Link { url: url.to_owned(), content: vec![text(said)] };
    assert_eq!(run("[a](HTTPS://x.y)"), [link("HTTPS://x.y", "a")]);
    assert_eq!(run("![alt](http://i)"), [link("http://i", "alt")]);
    assert_eq!(run("[](http://i)"), [link("http://i", "http://i")]);
    assert_eq!(run("[a](javascript:x)"), [text("a"), text(" (javascript:x)")]);
    let long = "https://".to_owned() + &"x".repeat(MAX_URL_BYTES);
    assert_eq!(run(&format!("[a]({long})")), [text("a"), text(&format!(" ({long})"))]);
}

#[test]
fn raw_html_and_mentions_are_text() {
    assert_eq!(run("<b>x</b> <!channel> <@U1> @everyone"), [text("<b>x</b> <!channel> <@U1> @everyone")]);
    assert_eq!(run("<script>\nx"), [text("<script>"), Inline::Break, text("x")]);
}

#[test]
fn control_characters_written_as_entities_are_removed_too() {
    assert_eq!(run("a&#27;[2Jb&#x202e;c"), [text("a[2Jbc")]);
}

#[test]
fn nesting_is_bounded_and_the_text_below_is_kept() {
    fn depth(blocks: &[Block]) -> usize {
        let inner = |block: &Block| match block {
            Block::Quote(inner) => 1 + depth(inner),
            Block::List { items, .. } => 1 + items.iter().map(|item| depth(&item.blocks)).max().unwrap_or(0),
            Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Table { .. } | Block::Rule => 0,
            Block::Details { .. } | Block::Chart(_) => unreachable!("no Markdown makes these"),
        };
        blocks.iter().map(inner).max().unwrap_or(0)
    }
    for mark in ["> ", "- ", "> 1. "] {
        let document = Document::from_markdown(&format!("{}bottom", mark.repeat(100)));
        assert_eq!(depth(&document.blocks), MAX_BLOCK_DEPTH, "{mark}");
        assert_eq!(document.visible_text(), "bottom");
        let json = serde_json::to_string(&document).expect("a document is JSON");
        assert_eq!(serde_json::from_str::<Document>(&json).expect("not too deep to read"), document);
    }
    let spans = format!("{}x{}", "*a **b ".repeat(50), "** *".repeat(50));
    assert!(Document::from_markdown(&spans).visible_text().contains('x'));
}

/// The text of the only block, where that is code.
fn as_written(markdown: &str) -> String {
    match blocks(markdown).as_slice() {
        [Block::Code { language: None, text }] => text.clone(),
        other => panic!("no code: {other:?}"),
    }
}

/// A table of one row.
fn table(columns: usize) -> String {
    ["|a", "|-", "|b"].map(|cell| cell.repeat(columns)).join("|\n") + "|"
}

#[test]
fn a_table_with_too_many_columns_is_shown_as_it_was_written() {
    assert!(matches!(blocks(&table(MAX_TABLE_COLUMNS)).as_slice(), [Block::Table { .. }]));
    let wide = table(MAX_TABLE_COLUMNS + 1);
    assert_eq!(as_written(&wide), wide);
    let [before, code, after] = &blocks(&format!("> *before*\n\n{wide}\n\n- after"))[..] else {
        panic!("three blocks")
    };
    let expected = Block::Code { language: None, text: wide };
    assert!(
        matches!((before, after), (Block::Quote(_), Block::List { .. })) && *code == expected,
        "{before:?} {after:?}"
    );
}

fn nodes_of_inlines(content: &[Inline]) -> usize {
    let within = |inline: &Inline| match inline {
        Inline::Strong(content)
        | Inline::Emphasis(content)
        | Inline::Strike(content)
        | Inline::Link { content, .. } => nodes_of_inlines(content),
        Inline::Text(_) | Inline::Code(_) | Inline::Command(_) | Inline::Break => 0,
    };
    content.iter().map(|inline| 1 + within(inline)).sum()
}

fn nodes(blocks: &[Block]) -> usize {
    let within = |block: &Block| match block {
        Block::Paragraph(content) | Block::Heading { content, .. } => nodes_of_inlines(content),
        Block::Quote(blocks) => nodes(blocks),
        Block::List { items, .. } => items.iter().map(|item| 1 + nodes(&item.blocks)).sum(),
        Block::Table { header, rows, .. } => {
            std::iter::once(header).chain(rows).flatten().map(|cell| 1 + nodes_of_inlines(cell)).sum()
        }
        Block::Code { .. } | Block::Rule => 0,
        Block::Details { .. } | Block::Chart(_) => unreachable!("no Markdown makes these"),
    };
    blocks.iter().map(|block| 1 + within(block)).sum()
}

#[test]
fn what_follows_the_last_node_that_a_tree_may_have_is_shown_as_it_was_written() {
    let rows = format!("|a|b|\n|-|-|\n{}", "|c|d|\n".repeat(MAX_NODES / 4));
    let quoted = "> - 1\n>   - *2* `3`\n".repeat(MAX_NODES / 8);
    let many = [
        "a\n".repeat(MAX_NODES),
        "a\n\n".repeat(MAX_NODES),
        "- a\n".repeat(MAX_NODES),
        "*a* ".repeat(MAX_NODES),
        "# a\n***\n".repeat(MAX_NODES / 2),
        rows,
        quoted,
    ];
    for markdown in many {
        let document = Document::from_markdown(&markdown);
        let Some(Block::Code { language: None, text }) = document.blocks.last() else {
            panic!("no code at the end of {:?}", &markdown[..20]);
        };
        assert!(markdown.trim_end().ends_with(text.trim_end()), "{:?}", &markdown[..20]);
        assert!((MAX_NODES..MAX_NODES + 8).contains(&nodes(&document.blocks)), "{}", nodes(&document.blocks));
        let parsed = Document { blocks: document.blocks[..document.blocks.len() - 1].to_vec() };
        let before = &markdown[..markdown.trim_end().len() - text.trim_end().len()];
        let alone = Document::from_markdown(before);
        assert!(crate::same_text(&parsed.visible_text(), &alone.visible_text()), "{:?}", &markdown[..20]);
    }
}

#[test]
fn a_long_code_block_is_one_node() {
    let lines = "**a**\n".repeat(MAX_NODES + 1);
    assert_eq!(
        blocks(&format!("```\n{lines}```")),
        [Block::Code { language: None, text: lines.trim_end().to_owned() }]
    );
}

/// What a text shows, a block a line.
fn shown(markdown: &str) -> String {
    Document::from_markdown(markdown).visible_text()
}

#[test]
fn what_looks_like_a_definition_and_defines_nothing_is_shown() {
    let text = "Sources:\n\n[1]: https://example.com/a\n[2]: https://example.com/b\n\n[ERROR]: OOMKilled\n\n\
                > [note]: remember\n\n- [x]: y\n\nend";
    for said in ["[1]: https://example.com/a", "[2]: https://example.com/b", "[ERROR]: OOMKilled", "[note]: remember"] {
        assert!(shown(text).contains(said), "{said:?} in {}", shown(text));
    }
    assert!(shown(text).contains("[x]: y"), "{}", shown(text));
    // Twice the same label, a title, a label over two lines, one that is escaped.
    let twice = shown("[a]: one\n[A]: two \"why\"\n\n[b\nc]: three\n\n\\[d]: four `x[0]`");
    assert_eq!(twice, "[a]: one\n[A]: two \"why\"\n[b\nc]: three\n[d]: four x[0]", "{twice}");
    assert!(matches!(blocks("- [x] done").as_slice(), [Block::List { .. }]));
}

#[test]
fn a_definition_that_a_link_uses_may_go_and_the_link_leads_there() {
    let link = |url: &str, said: &str| Inline::Link { url: url.to_owned(), content: vec![text(said)] };
    assert_eq!(blocks("See [The  Log][1].\n\n[1]: http://a.example").len(), 1);
    let mixed = blocks("See [the log][one].\n\n[0]: http://a.example\n[ONE]: http://b.example");
    let Block::Paragraph(first) = &mixed[0] else { panic!("{mixed:?}") };
    assert_eq!(first[1], link("http://b.example", "the log"), "also where its definition is text now");
    assert!(shown("[0]: http://a.example\n[1]: http://b.example\n\n[1]").contains("[0]: http://a.example"));
}

#[test]
fn bold_text_next_to_chinese_needs_no_spaces() {
    let strong = |said: &str| Inline::Strong(vec![text(said)]);
    assert_eq!(
        run("**根因：**磁盘已满。**建议：**扩容到 200 GB。含**「重点」**内容"),
        [
            strong("根因："),
            text("磁盘已满。"),
            strong("建议："),
            text("扩容到 200 GB。含"),
            strong("「重点」"),
            text("内容")
        ]
    );
    assert_eq!(run("**“要点”**和`**`、a**b（c）**d"), {
        let code = Inline::Code("**".to_owned());
        [strong("“要点”"), text("和"), code, text("、a"), strong("b（c）"), text("d")]
    });
    // No Chinese, Japanese or Korean: CommonMark.
    assert_eq!(run("a**b.**c"), [text("a**b.**c")]);
    assert_eq!(run("2 ** 3 个 ** 4"), [text("2 ** 3 个 ** 4")]);
    assert_eq!(run("`根因：**磁盘` **。**开"), {
        [Inline::Code("根因：**磁盘".to_owned()), text(" "), strong("。"), text("开")]
    });
}

#[test]
fn every_kind_of_emphasis_works_beside_chinese_japanese_and_korean() {
    let emphasis = |said: &str| Inline::Emphasis(vec![text(said)]);
    let strike = |said: &str| Inline::Strike(vec![text(said)]);
    let strong = |said: &str| Inline::Strong(vec![text(said)]);
    assert_eq!(run("*根因：*磁盘"), [emphasis("根因："), text("磁盘")]);
    assert_eq!(run("这是*“重点”*继续"), [text("这是"), emphasis("“重点”"), text("继续")]);
    assert_eq!(run("~~旧值：~~新值，~~「旧」~~新"), {
        [strike("旧值："), text("新值，"), strike("「旧」"), text("新")]
    });
    assert_eq!(run("__根因：__磁盘，中__重点__文，_注：_完"), {
        [strong("根因："), text("磁盘，中"), strong("重点"), text("文，"), emphasis("注："), text("完")]
    });
    assert_eq!(run("한국어~~굵게!~~입니다"), [text("한국어"), strike("굵게!"), text("입니다")]);
    // Products, ranges and names of programs are none.
    for plain in ["5*（3+2）*4 个", "9~18点，周一~周五", "调用__init__方法", "文件a_b_c和d_e", "2 * 3 个 * 4", "见*号"]
    {
        assert_eq!(run(plain), [text(plain)]);
    }
    assert_eq!(run("5*3=15，（a）*说明*")[1], emphasis("说明"));
    // What is code, or escaped, or not of such a language, is as before.
    assert_eq!(run("`*根因：*`磁盘")[0], Inline::Code("*根因：*".to_owned()));
    assert_eq!(run("\\*根因：\\*磁盘"), [text("*根因：*磁盘")]);
    assert_eq!(run("a*b.*c"), [text("a*b.*c")]);
}

#[test]
fn a_note_at_the_foot_is_shown_where_it_stands() {
    assert_eq!(shown("Full[^disk].\n\n[^disk]: /var\n\nend"), "Full[^disk].\n[^disk]: /var\nend");
    assert_eq!(
        shown("Full[^1], see [^2].\n\n[^1]: by the log\n[^2]: x"),
        "Full[^1], see [^2].\n[^1]: by the log\n[^2]: x"
    );
    let link = Inline::Link { url: "https://a.example".to_owned(), content: vec![text("^1")] };
    assert_eq!(run("See[^1].\n\n[^1]: https://a.example")[1], link, "an address may go, as it stands in the link");
}

/// What models write, and what of it is text, without white space.
#[test]
fn what_is_shown_is_what_stands_in_the_source() {
    for (source, said) in [
        ("~~~markdown\nIntro\n~~~sh\nls\n~~~\nOutro\n~~~\nafter", "Intro~~~shls~~~Outroafter"),
        ("- ```md\n  ```sh\n  ls\n  ```\n  Outro\n  ```\n- after", "```shls```Outroafter"),
        ("1. > ```markdown\n   > ```sh\n   > ls\n   > ```\n   > ```\n2. b", "```shls```b"),
        ("1. [a]: http://x.y\n2. [b]: z\n\n- x\n\n  [k]: v w\n\n  y", "[a]:http://x.y[b]:zx[k]:vwy"),
        ("> > [n]: deep\n> > text", "[n]:deeptext"),
        ("[a label\nof two lines]:\n  /x\n\nend", "[alabeloftwolines]:/xend"),
        ("<div>\n[x]: **y**\n</div>\n\n<!-- c -->\n\n<?php echo 1; ?>", "<div>[x]:**y**</div><!--c--><?phpecho1;?>"),
        ("<details><summary>S</summary>\n\n*body*\n\n</details>", "<details><summary>S</summary>body</details>"),
        ("<pre>\n  a\n\n  b\n</pre>\n<img src=\"x\">", "<pre>ab</pre><imgsrc=\"x\">"),
        ("<http://x.y/a> <a@b.example> <ftp://q> <T> Vec<String>", "http://x.y/aa@b.exampleftp://q<T>Vec<String>"),
        ("a\\\nb  \nc<br>d<br/>\n<BR />e", "abcde"),
        ("&amp; &lt;b&gt; &bogus; &copy &#x1F600; `&amp;`", "&<b>&bogus;&copy😀&amp;"),
        ("|a|b|\n|-|-|\n|`x\\|y`|z \\| w|\n|1|2|3|", "abx|yz|w12|3"),
        ("|a|b|\n|-|-|\n|x<br>y|<b>z</b>|\n|only|", "abxy<b>z</b>only"),
        ("- [ ] todo\n- [X] done\n- [-] part\n* [x]close\n1) [x] first", "tododone[-]part[x]closefirst"),
        ("[x] outside, [WARN] disk: full, [a][b], [c][]", "[x]outside,[WARN]disk:full,[a][b],[c][]"),
        ("[t](rel/path#x \"why\") ![alt](pic.png)", "t(rel/path#x)(why)alt(pic.png)"),
        ("#nospace\n####### seven\n# closed #\n## x ##y", "#nospace#######sevenclosedx##y"),
        ("$x_1$ $$y$$ H~2~O x^2^ ==m== :smile: ||s||", "$x_1$$$y$$H~2~Ox^2^==m==:smile:||s||"),
        ("Term\n: def\n\n*[HTML]: Hyper\n\n{#id}\n\n> [!NOTE]\n> hi", "Term:def*[HTML]:Hyper{#id}[!NOTE]hi"),
        ("```mermaid\ngraph TD; A-->B\n```\n\n    [a]: b", "graphTD;A-->B[a]:b"),
    ] {
        assert!(crate::same_text(&shown(source), said), "{source:?} shows {:?}", shown(source));
    }
}

#[test]
fn a_block_in_a_block_of_markdown_ends_where_it_seems_to() {
    let code = |language: &str, said: &str| Block::Code { language: Some(language.to_owned()), text: said.to_owned() };
    let text = "```markdown\nIntro\n```python\nprint(1)\n```\nOutro\n```\nafter the block";
    let expected = [code("markdown", "Intro\n```python\nprint(1)\n```\nOutro"), Block::text("after the block")];
    assert_eq!(blocks(text), expected);
    // The outer one is never closed; two inner ones; not in a block of another language; not where the outer is longer.
    assert_eq!(blocks("```md\n```sh\nls\n```\nrest"), [code("md", "```sh\nls\n```\nrest")]);
    let two = "~~~ md\n~~~sh\na\n~~~\n~~~sh\nb\n~~~\n~~~\nend";
    assert_eq!(blocks(two)[1], Block::text("end"));
    assert_eq!(blocks("```text\n```sh\nls\n```\nrest")[1], Block::text("rest"));
    assert_eq!(blocks("````md\n```sh\nls\n```\n````\nrest")[1], Block::text("rest"));
    assert_eq!(blocks("```md\nplain\n```\nrest")[1], Block::text("rest"));
}

#[test]
fn a_line_break_may_be_written_as_html() {
    assert_eq!(run("a<br>b<BR/>c<br />d").iter().filter(|inline| **inline == Inline::Break).count(), 3);
    let table = shown("| step | what |\n|---|---|\n| 1 | drain<br>cordon<br/>wait |\n| 2 | go |");
    assert!(!table.contains("br") && table.contains("cordon"), "{table}");
    assert_eq!(run("x<brr>y"), [text("x<brr>y")]);
}

#[test]
fn titles_of_links_and_names_of_files_are_shown() {
    assert!(shown("[log](http://a.example \"OOM at 3\")").contains("log (OOM at 3)"));
    assert!(shown("![graph](http://a.example 'load')").contains("graph (load)"));
    assert!(shown("```diff src/main.rs\n+x\n```").contains("src/main.rs"));
    assert_eq!(blocks("```rust title=\"x\"\ny\n```").len(), 1);
}

/// Pieces of which texts are made; each `%` becomes a number of its own.
const PIECES: [&str; 33] = [
    "w% ",
    "w%",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "1. ",
    "    ",
    "[w%]: w%\n",
    "[w%]: <w%> 'w%'",
    "[w%\nw%]: w% \"w%\n",
    "[w%]",
    "[w%][]",
    "[w%][w%]",
    "[w%](http://a.example/w% 'w%')",
    "![w%](w%)",
    "[1]: http://a.example/w%\n",
    "[w%][1]",
    "```rust w%\n",
    "```markdown\n",
    "```\n",
    "~~~\n",
    "`",
    "**",
    "。**",
    "磁",
    "~~",
    "|w%|w%|\n|-|-|\n|w%|w%<br>w%|\n",
    "<w%>",
    "<!-- w% -->",
    "# ",
    "---\n",
    "\\",
];

proptest::proptest! {
    #[test]
    fn no_word_is_lost(numbers in proptest::collection::vec(0..PIECES.len(), 1..40)) {
        let mut count = 0;
        let mut markdown = String::new();
        for c in numbers.iter().flat_map(|number| PIECES[*number].chars()) {
            if c == '%' {
                count += 1;
                markdown.push_str(&format!("{count}x"));
            } else {
                markdown.push(c);
            }
        }
        let shown = format!("{:?}", Document::from_markdown(&markdown));
        for number in 1..=count {
            proptest::prop_assert!(shown.contains(&format!("w{number}x")), "w{}x of {:?} in {}", number, markdown, shown);
        }
    }
}

#[test]
fn a_row_with_too_many_cells_loses_none() {
    let table = shown("| a | b |\n|---|---|\n| 1 | x | y |\n| 2 || z |\n| 3 | `p` | **q** | r");
    for said in ["x | y", "| z", "p | q | r"] {
        assert!(table.contains(said), "{said:?} in {table}");
    }
}

#[test]
fn a_cell_that_begins_with_a_mark_is_none_too_many() {
    let document = Document::from_markdown("|a|b|c|\n|-|-|-|\n|**x**|*y*|~~z~~|\n|1|**2**|3|\n");
    let [Block::Table { rows, .. }] = document.blocks.as_slice() else { panic!("{document:?}") };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| crate::inline_text(cell)).collect()).collect();
    assert_eq!(cells, [["x", "y", "z"], ["1", "2", "3"]]);
}
