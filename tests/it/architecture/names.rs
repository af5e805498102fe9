//! One name for one thing: a type that other files see has a name that no other such type has.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::{Path, code};
use crate::tokens::Token;
use crate::{Files, NONE, files, sources};

/// Names that stand for several types, each with the reason.
const SHARED: [(&str, &str); 1] =
    [("Arguments", "each subcommand of the command line has its own, and is called by its module: `serve::Arguments`")];

/// Returns the types that are defined for other files, by name, with the modules that define them.
fn public_types(sources: &Files) -> BTreeMap<String, BTreeSet<Path>> {
    let mut types: BTreeMap<String, BTreeSet<Path>> = BTreeMap::new();
    for (path, tokens) in code(sources, "src/") {
        let public = (0..tokens.len()).filter(|at| is_word(&tokens[*at], &["pub"]));
        for name in public.filter_map(|at| defined(&tokens[at + 1..])) {
            types.entry(name.to_owned()).or_default().insert(path.clone());
        }
    }
    types
}

/// Returns the name of the type that is defined after a `pub`.
fn defined(mut tokens: &[Token]) -> Option<&str> {
    if tokens.first() == Some(&Token::Sign('(')) {
        let close = tokens.iter().position(|token| *token == Token::Sign(')'))?;
        tokens = &tokens[close + 1..];
    }
    match tokens {
        [kind, Token::Word(name), ..] if is_word(kind, &["struct", "enum", "trait", "type", "union"]) => Some(name),
        _ => None,
    }
}

fn is_word(token: &Token, words: &[&str]) -> bool {
    matches!(token, Token::Word(word) if words.contains(&word.as_str()))
}

/// Finds names that stand for several types, and exceptions that are none.
fn shared_names(sources: &Files, excepted: &[(&str, &str)]) -> Vec<String> {
    let mut shared = public_types(sources);
    shared.retain(|_, modules| modules.len() > 1);
    let is_excepted = |name: &str| excepted.iter().any(|(exception, _)| *exception == name);
    let idle = excepted.iter().filter(|(name, _)| !shared.contains_key(*name));
    let idle = idle.map(|(name, _)| format!("{name}: is an exception and stands for one type")).collect::<Vec<_>>();
    let told = shared.iter().filter(|(name, _)| !is_excepted(name)).map(|(name, modules)| {
        let modules: Vec<String> = modules.iter().map(|path| path.join("::")).collect();
        format!("{name}: stands for a type of each of {}", modules.join(", "))
    });
    told.chain(idle).collect()
}

#[test]
fn no_name_stands_for_two_types() {
    let sources = sources();
    assert!(public_types(&sources).len() > 100, "the types were not found");
    assert_eq!(shared_names(&sources, &SHARED), NONE);
}

#[test]
fn a_name_that_stands_for_two_types_is_found_and_one_of_a_file_or_of_tests_is_none() {
    let sources = files(&[
        ("src/a.rs", "pub struct Seen;\nstruct Held;\npub enum Kept {}\npub use crate::b::Told;\npub fn kind() {}"),
        ("src/b/mod.rs", "mod c;\n#[cfg(test)]\nmod tests;\npub trait Told {}\n// pub struct Kept;"),
        ("src/b/c.rs", "pub(in crate::b) type Seen = ();\npub struct Held;\npub(crate) struct Arguments;"),
        ("src/b/tests.rs", "pub struct Kept;"),
        ("src/d.rs", "#[cfg(test)]\nmod tests { pub struct Told; }\npub(super) struct Arguments;\npub type Kind = ();"),
    ]);
    let expected = ["Seen: stands for a type of each of a, b::c", "Kind: is an exception and stands for one type"];
    assert_eq!(shared_names(&sources, &[("Arguments", "each has its own"), ("Kind", "")]), expected);
}
