//! The statements keep to what SQLite and PostgreSQL both read; words of SQLite alone stand where it is opened.

use std::collections::BTreeMap;

use regex_lite::Regex;

/// Files that may use SQLite's own words: its opening, its schema and its log.
const DIALECT: [&str; 3] = ["open.rs", "schema.rs", "checkpoint.rs"];

/// Words that one of the two does not read, or reads otherwise, each with what to say instead.
const FORBIDDEN: [(&str, &str); 15] = [
    (r"\b(iif|ifnull)\s*\(", "CASE, coalesce"),
    (r"\b(INSERT|UPDATE) OR\b|\bREPLACE INTO\b", "ON CONFLICT, NOT EXISTS"),
    (r"\bjson\w*\s*\(|->", "a column of its own, or the value read whole"),
    (r"\b(PRAGMA|STRICT|VACUUM|ATTACH|GLOB|AUTOINCREMENT|COLLATE)\b", "the opening or the schema"),
    (r"\bsqlite_|\browid\b", "a column of its own"),
    (r"\b(changes|total_changes|last_insert_rowid)\s*\(", "RETURNING"),
    (r"\b(datetime|strftime|julianday|unixepoch)\s*\(|\bCURRENT_\w+", "the clock that is passed in"),
    (r"\brandom\w*\s*\(", "the clock that is passed in"),
    (r"\b(min|max)\s*\([^()]*,", "CASE"),
    (r"\b(printf|format|hex|instr|typeof|group_concat|char|unicode)\s*\(", "a value made before"),
    (r"\bIS (NOT )?\?", "IS DISTINCT FROM"),
    (r"==", "="),
    (r"\b(is_edit|archived|discarded|maybe_repeat|investigation|background|plain) *(=|<>) *[01]\b", "TRUE, FALSE, NOT"),
    (r"\bLIMIT \S+,", "OFFSET"),
    (r"FROM \(SELECT [^()]*(\([^()]*\)[^()]*)*\)\s*(WHERE|ORDER|LIMIT|$)", "a name for the inner table"),
];

/// Columns that are words of the language, in small letters as names are, without quotes.
const UNQUOTED: &str = r#"(^|[^"])\b(window|user|order|group|end)\b"#;

/// Finds the statements of a file: texts that begin with a verb, and pieces of them.
fn statements(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let text = Regex::new(r#""((?:[^"\\]|\\[\s\S])*)""#).expect("a pattern");
    let verb = Regex::new(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|PRAGMA|VACUUM|ATTACH)\b|\b(IS NULL|IN \(|[<>=] \?)")
        .expect("a pattern");
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let texts = text.captures_iter(&code).map(|found| found[1].replace("\\\"", "\""));
    texts.filter(|text| verb.is_match(text)).collect()
}

/// Finds words that a statement must not hold.
fn breaches(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for statement in statements(source) {
        // What is said to be a text is no word of the language.
        let bare = Regex::new("'[^']*'").expect("a pattern").replace_all(&statement, "''").into_owned();
        let words = FORBIDDEN.map(|(pattern, instead)| (format!("(?i){pattern}"), instead));
        for (pattern, instead) in words.into_iter().chain([(UNQUOTED.to_owned(), "quotes")]) {
            if let Some(word) = Regex::new(&pattern).expect("a pattern").find(&bare) {
                found.push(format!("{:?} (use {instead}) in: {statement}", word.as_str()));
            }
        }
    }
    found
}

fn sources() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store");
    let entries = std::fs::read_dir(folder).expect("the store's folder").map(|entry| entry.expect("readable").path());
    let files = entries.filter(|path| path.extension().is_some_and(|kind| kind == "rs"));
    files
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            (name, std::fs::read_to_string(path).expect("readable"))
        })
        .collect()
}

#[test]
fn both_databases_read_every_statement() {
    let mut count = 0;
    for (name, source) in sources() {
        count += statements(&source).len();
        if !DIALECT.contains(&name.as_str()) {
            let found = breaches(&source);
            assert!(found.is_empty(), "{name}: {}", found.join("\n"));
        }
    }
    assert!(count > 100, "only {count} statements were found");
}

#[test]
fn each_word_of_one_database_alone_is_found() {
    let bad = [
        "SELECT iif(a IS NULL, 1, 2) FROM t",
        "UPDATE OR IGNORE t SET a = ?1",
        "INSERT OR REPLACE INTO t VALUES (?1)",
        "SELECT json_extract(a, '$.b') FROM t",
        "SELECT a ->> 'b' FROM t",
        "PRAGMA user_version",
        "SELECT name FROM sqlite_schema",
        "SELECT last_insert_rowid()",
        "SELECT unixepoch()",
        "SELECT random()",
        "SELECT min(a, b) FROM t",
        "SELECT hex(a) FROM t",
        "SELECT a FROM t WHERE b IS NOT ?1",
        "SELECT a FROM t WHERE b == ?1",
        "SELECT a FROM t LIMIT 5, 10",
        "UPDATE t SET archived = 1",
        "SELECT window FROM t",
        "INSERT INTO t (user) VALUES (?1)",
        "SELECT a FROM (SELECT a FROM t WHERE b IN (?1)) WHERE a > ?2",
    ];
    for statement in bad {
        assert!(!breaches(&format!("let sql = {statement:?};")).is_empty(), "{statement}");
    }
    let good = [
        "SELECT count(*) FILTER (WHERE a = 'iif(' OR b > ?1) FROM t",
        "SELECT \"window\", max(a) FROM (SELECT a FROM t) u WHERE b IS DISTINCT FROM ?1 ORDER BY a LIMIT 10",
        "INSERT INTO t (a) VALUES (?1) ON CONFLICT (a) DO UPDATE SET a = t.a + 1 RETURNING a",
    ];
    for statement in good {
        assert_eq!(breaches(&format!("let sql = {statement:?};")), [""; 0]);
    }
}
