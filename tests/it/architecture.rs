//! The rules of the house, checked on its own text: who may depend on whom, what may lie where, how a file begins.
//!
//! Each rule is a function from texts to the breaches it finds, so that each is also shown to find one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use imports::Imports;

#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/names.rs"]
mod names;
#[path = "architecture/sentences.rs"]
mod sentences;
#[path = "architecture/tokens.rs"]
mod tokens;

/// The crate that adapters and core share.
const CONTRACT: &str = "signalbox-adapter";
/// The crate that every crate's tests share.
const SUPPORT: &str = "signalbox-test-support";
/// The package at the root; what the name of every crate of ours begins with.
const OURS: &str = "signalbox";
/// The only folder of the core that names an adapter's crate.
const WIRING: &str = "src/wiring/";
/// What may lie at the top, besides dot files.
const TOP_LEVEL: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "adapters",
    "config",
    "tests",
    "deploy",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
];
/// Longest source file, in lines.
const MAX_LINES: usize = 500;

/// The floors of `src/`, from the top down: a room uses only rooms that stand below it.
const FLOORS: [&[&str]; 17] = [
    &["main"],
    &["cli"],
    &["app"],
    &["wiring"],
    &["http", "observer", "schedule", "transport", "triage"],
    &["bus"],
    &["router"],
    &["handlers"],
    &["turn"],
    &["format", "outbox"],
    &["store"],
    &["host"],
    &["rca", "incident", "hook", "plan"],
    &["agent", "alert"],
    &["access", "redact"],
    &["command", "config"],
    // The ground.
    &["clock", "health", "json", "lifecycle", "voice", "wake"],
];

/// Texts by their path below the root.
type Files = BTreeMap<String, String>;

/// Finds dependencies among our own crates that should not be.
fn wrong_dependencies(manifests: &Files) -> Vec<String> {
    let mut breaches = Vec::new();
    for (path, text) in manifests {
        let manifest: toml::Table = text.parse().expect("a manifest is TOML");
        let own_name = manifest["package"]["name"].as_str().expect("a package has a name");
        for (name, for_tests) in dependencies(&manifest) {
            if name.starts_with(OURS) && !may_use(own_name, &name, for_tests) {
                breaches.push(format!("{path}: {own_name} depends on {name}"));
            }
        }
    }
    breaches
}

/// Says which crate of ours may use which; `for_tests` where it is a dev-dependency.
fn may_use(own_name: &str, name: &str, for_tests: bool) -> bool {
    match own_name {
        CONTRACT => false,
        SUPPORT => name == CONTRACT,
        OURS => name != SUPPORT || for_tests,
        _an_adapter => name == CONTRACT || (name == SUPPORT && for_tests),
    }
}

/// Names every dependency of a manifest, whatever its target, and whether it is one of tests alone; a renamed one by its
/// real name.
fn dependencies(manifest: &toml::Table) -> BTreeSet<(String, bool)> {
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let scopes = targets.filter_map(toml::Value::as_table).chain([manifest]);
    let kinds = [("dependencies", false), ("dev-dependencies", true), ("build-dependencies", false)];
    let tables = scopes.flat_map(|scope| kinds.map(|(kind, for_tests)| (scope.get(kind), for_tests)));
    let entries = tables.flat_map(|(table, for_tests)| {
        let entries = table.and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::iter);
        entries.map(move |(key, value)| (value.get("package").and_then(toml::Value::as_str).unwrap_or(key), for_tests))
    });
    entries.map(|(name, for_tests)| (name.to_owned(), for_tests)).collect()
}

/// Finds core files outside the wiring that name an adapter's crate in code.
fn named_adapters(sources: &Files, crates: &[String]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (path, text) in sources.iter().filter(|(path, _)| path.starts_with("src/") && !path.starts_with(WIRING)) {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if let Some(name) = words.find(|word| crates.iter().any(|name| name == word)) {
                breaches.push(format!("{path}:{}: names {name}; only {WIRING} does", index + 1));
            }
        }
    }
    breaches
}

/// Finds rooms of `src/` that use a room of their own floor or of one above, and rooms that stand on no floor.
fn wrong_floors(sources: &Files) -> Vec<String> {
    let imports = Imports::read(sources, "src/", OURS);
    let floor = |room: &str| FLOORS.iter().position(|floor| floor.contains(&room));
    let rooms: BTreeSet<&String> = imports.uses.keys().filter_map(|path| path.first()).collect();
    let homeless = rooms.into_iter().filter(|room| floor(room).is_none());
    let mut breaches: Vec<String> = homeless.map(|room| format!("src/{room}: stands on no floor")).collect();
    for ((from, to), (user, used)) in imports.rooms() {
        if floor(&from) >= floor(&to) {
            breaches.push(format!("{} uses {}: {from} stands no higher than {to}", user.join("::"), used.join("::")));
        }
    }
    breaches
}

/// Finds circles of files inside the rooms of a crate.
fn circles(sources: &Files, folder: &str) -> Vec<String> {
    let circles = Imports::read(sources, folder, OURS).circles();
    let told = circles.iter().map(|circle| circle.iter().map(|path| path.join("::")).collect::<Vec<_>>().join(", "));
    told.map(|circle| format!("{folder}: use one another: {circle}")).collect()
}

/// Finds entries at the top that have no place there.
fn misplaced_entries(entries: &BTreeSet<String>) -> Vec<String> {
    let misplaced = entries.iter().filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()));
    misplaced.map(|name| format!("{name}: has no place at the top")).collect()
}

/// Finds source files that do not open with their module's documentation.
fn undocumented_files(sources: &Files) -> Vec<String> {
    let silent = sources.iter().filter(|(_, text)| !text.starts_with("//! "));
    silent.map(|(path, _)| format!("{path}: does not open with //!")).collect()
}

/// Finds source files too long to be one idea.
fn long_files(sources: &Files) -> Vec<String> {
    let lengths = sources.iter().map(|(path, text)| (path, text.lines().count()));
    let long = lengths.filter(|(_, lines)| *lines > MAX_LINES);
    long.map(|(path, lines)| format!("{path}: has {lines} lines, more than {MAX_LINES}")).collect()
}

/// Finds folders that a README with a map does not link, and links of it to what is not there.
fn gaps_of_the_map(readme: &str, folders: &BTreeSet<String>, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let targets = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let local = targets.map(|target| target.split('#').next().unwrap_or_default());
    let links: BTreeSet<&str> = local
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .map(|link| link.trim_matches('/'))
        .collect();
    let mut gaps: Vec<String> = links
        .iter()
        .filter(|link| !exists(link))
        .map(|link| format!("README.md: links {link}, which is not there"))
        .collect();
    if links.iter().any(|link| link.starts_with("src/")) {
        let unlinked = folders.iter().filter(|folder| !links.contains(folder.as_str()));
        gaps.extend(unlinked.map(|folder| format!("README.md: does not link {folder}/")));
    }
    gaps
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads every file below a folder whose name the filter takes.
fn read_below(folder: &str, wanted: &dyn Fn(&str) -> bool) -> Files {
    let mut files = Files::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(root().join(&folder)) else { continue };
        for entry in entries {
            let entry = entry.expect("a readable folder");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            let path = folder.join(&name);
            let kind = entry.file_type().expect("a readable entry");
            if kind.is_dir() && name != "target" {
                folders.push(path);
            } else if kind.is_file() && wanted(&name) {
                let text = std::fs::read_to_string(root().join(&path)).expect("a readable file");
                files.insert(path.to_str().expect("a path in UTF-8").to_owned(), text);
            }
        }
    }
    files
}

fn sources() -> Files {
    let folders = ["src", "adapters", "tests"];
    let sources: Files = folders.iter().flat_map(|folder| read_below(folder, &|name| name.ends_with(".rs"))).collect();
    assert!(sources.contains_key("src/lib.rs") && sources.len() > 10, "the sources were not found");
    sources
}

fn adapter_manifests() -> Files {
    let manifests = read_below("adapters", &|name| name == "Cargo.toml");
    assert!(manifests.contains_key("adapters/contract/Cargo.toml"), "the adapters were not found");
    manifests
}

/// The manifests of all our crates.
fn manifests() -> Files {
    let support = read_below("tests/support", &|name| name == "Cargo.toml");
    assert!(support.contains_key("tests/support/Cargo.toml"), "the tests' own crate was not found");
    let root = std::fs::read_to_string(root().join("Cargo.toml")).expect("a readable file");
    adapter_manifests().into_iter().chain(support).chain([("Cargo.toml".to_owned(), root)]).collect()
}

/// The adapters' crates as code names them.
fn adapter_crates() -> Vec<String> {
    let manifests = adapter_manifests().into_values().map(|text| text.parse::<toml::Table>().expect("TOML"));
    let names = manifests.map(|manifest| manifest["package"]["name"].as_str().expect("a name").replace('-', "_"));
    names.filter(|name| *name != CONTRACT.replace('-', "_")).collect()
}

/// What lies at the top: what git tracks, or everything but `target` where git cannot say.
fn top_level() -> BTreeSet<String> {
    let git = Command::new("git").args(["ls-files"]).current_dir(root()).output();
    if let Some(listing) = git.ok().filter(|output| output.status.success() && root().join(".git").exists()) {
        let listing = String::from_utf8(listing.stdout).expect("git quotes what is not ASCII");
        return listing.lines().filter_map(|path| path.split('/').next()).map(str::to_owned).collect();
    }
    let entries =
        std::fs::read_dir(root()).expect("a readable folder").map(|entry| entry.expect("an entry").file_name());
    entries.map(|name| name.into_string().expect("a name in UTF-8")).filter(|name| name != "target").collect()
}

/// The folders that a map of the project has: those at the top, and those just below `src` and `adapters`.
fn folders() -> BTreeSet<String> {
    let below = |folder: &str| -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(root().join(folder)) else { return Vec::new() };
        let entries = entries.map(|entry| entry.expect("a readable folder")).filter(|entry| entry.path().is_dir());
        entries.map(|entry| format!("{folder}/{}", entry.file_name().to_str().expect("UTF-8"))).collect()
    };
    let top = TOP_LEVEL.iter().filter(|name| root().join(name).is_dir()).map(|name| (*name).to_owned());
    top.chain(below("src")).chain(below("adapters")).collect()
}

fn files(entries: &[(&str, &str)]) -> Files {
    entries.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

const NONE: [String; 0] = [];

#[test]
fn an_adapter_depends_on_the_contract_alone_the_contract_on_nothing_of_ours_and_what_tests_share_is_for_tests() {
    assert_eq!(wrong_dependencies(&manifests()), NONE);
}

#[test]
fn a_wrong_dependency_is_found_however_it_is_written() {
    let wrong = wrong_dependencies(&files(&[
        ("a", "package.name = 'signalbox-adapter'\ndev-dependencies = { signalbox = '1', serde = '1' }"),
        (
            "b",
            "package.name = 'signalbox-b'\ndependencies = { signalbox-adapter = '1', x = { package = 'signalbox-c' } }",
        ),
        ("c", "package.name = 'signalbox-c'\n[target.'cfg(unix)'.build-dependencies]\nsignalbox-b.workspace = true"),
        ("d", "package.name = 'signalbox-d'\ndependencies = { signalbox-adapter = '1' }"),
        (
            "e",
            "package.name = 'signalbox-e'\ndev-dependencies = { signalbox-test-support = '1' }\n\
             build-dependencies = { signalbox-test-support = '1' }",
        ),
        ("f", "package.name = 'signalbox-test-support'\ndependencies = { signalbox-adapter = '1', signalbox = '1' }"),
        (
            "g",
            "package.name = 'signalbox'\ndev-dependencies = { signalbox-test-support = '1' }\n\
             dependencies = { signalbox-b = '1', x = { package = 'signalbox-test-support' } }",
        ),
    ]));
    let expected = [
        "a: signalbox-adapter depends on signalbox",
        "b: signalbox-b depends on signalbox-c",
        "c: signalbox-c depends on signalbox-b",
        "e: signalbox-e depends on signalbox-test-support",
        "f: signalbox-test-support depends on signalbox",
        "g: signalbox depends on signalbox-test-support",
    ];
    assert_eq!(wrong, expected);
}

#[test]
fn only_the_wiring_names_an_adapter() {
    assert_eq!(adapter_crates().iter().filter(|name| *name == "signalbox_console").count(), 1);
    assert_eq!(named_adapters(&sources(), &adapter_crates()), NONE);
}

#[test]
fn an_adapter_named_elsewhere_is_found() {
    let sources = files(&[
        ("src/wiring/console.rs", "use signalbox_console::Console;"),
        (
            "src/app/core.rs",
            "//! Not signalbox_console.\nuse signalbox_adapter::Id;\nlet x = signalbox_console::new();",
        ),
        ("adapters/console/src/lib.rs", "use signalbox_console::X;"),
    ]);
    let expected = ["src/app/core.rs:3: names signalbox_console; only src/wiring/ does"];
    assert_eq!(named_adapters(&sources, &["signalbox_console".to_owned()]), expected);
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    assert_eq!(wrong_floors(&sources()), NONE);
}

#[test]
fn a_use_of_a_room_above_is_found_however_it_is_written() {
    let wrong = wrong_floors(&files(&[
        ("src/main.rs", "fn main() { signalbox::cli::main() }"),
        ("src/store/mod.rs", "mod row;\npub use row::Row;\nuse crate::{clock::Clock, format::{self, cell}};"),
        ("src/store/row.rs", "//! See crate::cli.\nfn a() -> &'static str { \"crate::cli\" }\nuse super::Row as R;"),
        ("src/clock.rs", "#[cfg(test)]\nmod tests {\n    use crate::cli;\n}\nfn b() { super::outbox::send() }"),
        ("src/format.rs", "#[cfg(all(test, feature = \"telegram\"))]\nmod snapshots;"),
        ("src/format/snapshots.rs", "use crate::cli::x;"),
        ("src/outbox.rs", "use crate::format::x;"),
        ("src/cli.rs", "use crate::store::Row;"),
        ("src/attic.rs", ""),
    ]));
    let expected = [
        "src/attic: stands on no floor",
        "clock uses outbox: clock stands no higher than outbox",
        "outbox uses format: outbox stands no higher than format",
        "store uses format: store stands no higher than format",
    ];
    assert_eq!(wrong, expected);
}

#[test]
fn no_files_of_a_room_use_one_another_in_a_circle() {
    let sources = sources();
    let adapters = folders().into_iter().filter(|folder| folder.starts_with("adapters/"));
    let crates = adapters.map(|adapter| format!("{adapter}/src/")).chain(["src/".to_owned()]);
    let found: Vec<String> = crates.flat_map(|folder| circles(&sources, &folder)).collect();
    assert_eq!(found, NONE);
}

#[test]
fn a_circle_of_files_is_found_and_a_name_handed_on_is_none() {
    let sources = files(&[
        ("src/store/mod.rs", "mod row;\nmod tx;\npub use tx::Tx;\nfn open() { row::read() }\npub struct Key;"),
        ("src/store/row.rs", "use super::{Key, Tx};"),
        ("src/store/tx.rs", "use super::row::X; pub struct Tx;"),
        ("src/agent/mod.rs", "pub mod a;\npub(crate) use a::A;"),
        ("src/agent/a.rs", "use super::b::B;"),
        ("src/agent/b.rs", ""),
        ("src/agent/c.rs", "use crate::agent::A;"),
    ]);
    assert_eq!(circles(&sources, "src/"), ["src/: use one another: store, store::row, store::tx"]);
}

#[test]
fn nothing_lies_at_the_top_that_has_no_place_there() {
    assert!(top_level().contains("Cargo.toml"));
    assert_eq!(misplaced_entries(&top_level()), NONE);
}

#[test]
fn an_entry_at_the_top_that_has_no_place_there_is_found() {
    let entries = ["src", ".ci", "NOTES.md", "Cargo.lock"].map(str::to_owned).into();
    assert_eq!(misplaced_entries(&entries), ["NOTES.md: has no place at the top"]);
}

#[test]
fn every_file_says_what_it_is_for_and_is_readable_in_a_sitting() {
    assert_eq!(undocumented_files(&sources()), NONE);
    assert_eq!(long_files(&sources()), NONE);
}

#[test]
fn a_silent_file_and_a_long_one_are_found() {
    let long = "//! Long.\n".repeat(MAX_LINES + 1);
    let sources = files(&[("a.rs", "//! A.\n"), ("b.rs", "use x;\n//! B.\n"), ("c.rs", &long)]);
    assert_eq!(undocumented_files(&sources), ["b.rs: does not open with //!"]);
    assert_eq!(long_files(&sources), ["c.rs: has 501 lines, more than 500"]);
}

#[test]
fn the_map_in_the_readme_shows_every_folder() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap_or_default();
    assert_eq!(gaps_of_the_map(&readme, &folders(), |link| root().join(link).exists()), NONE);
}

#[test]
fn a_folder_missing_from_the_map_and_a_dead_link_are_found() {
    let folders = ["src/agent", "src/config"].map(str::to_owned).into();
    let readme = "[agent](src/agent/#top), [old](src/old), [site](https://example.org/), [here](#map)";
    let expected = ["README.md: links src/old, which is not there", "README.md: does not link src/config/"];
    assert_eq!(gaps_of_the_map(readme, &folders, |link| link != "src/old"), expected);
    assert_eq!(gaps_of_the_map("No map.", &folders, |_| false), NONE);
}
