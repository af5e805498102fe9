//! Which file uses which, read off the text: `use` trees and paths, with tests left out.
//!
//! A name that a module only hands on (`pub use child::Name`) counts as a use of the file that defines it, so that a
//! `mod.rs` may gather its children's names.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, tokens, without_tests};
use crate::Files;

/// A module's path below its crate's root.
pub(crate) type Path = Vec<String>;

/// Which module uses which.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    /// Uses by the module that makes them.
    pub(crate) uses: BTreeMap<Path, BTreeSet<Path>>,
}

/// What one module says of others.
#[derive(Debug, Default)]
struct Module {
    /// Names that it brings into scope, and what they stand for.
    names: BTreeMap<String, Path>,
    /// Names that it brings into scope to hand them on.
    handed_on: BTreeSet<String>,
    /// Paths that it goes by otherwise.
    paths: BTreeSet<Path>,
}

impl Imports {
    /// Reads the imports of a crate whose sources are the files below a folder; `own` is what its binary calls it.
    pub(crate) fn read(sources: &Files, folder: &str, own: &str) -> Self {
        let mut modules: BTreeMap<Path, Module> = BTreeMap::new();
        let texts = code(sources, folder);
        let known: BTreeSet<Path> = texts.iter().map(|(path, _)| path.clone()).collect();
        for (path, tokens) in texts {
            modules.entry(path.clone()).or_default().absorb(&path, &tokens, &known, own);
        }
        let mut imports = Self::default();
        for (path, module) in &modules {
            let brought = module
                .names
                .iter()
                .filter(|(name, target)| !module.handed_on.contains(*name) || target.first() != path.first());
            let all = brought.map(|(_, target)| target).chain(&module.paths);
            let used: BTreeSet<Path> = all.filter_map(|target| definer(target, &modules)).collect();
            let others = used.into_iter().filter(|used| used != path).collect();
            imports.uses.insert(path.clone(), others);
        }
        imports
    }

    /// Returns the uses between rooms, the first parts of the paths, each with one example.
    pub(crate) fn rooms(&self) -> BTreeMap<(String, String), (Path, Path)> {
        let mut rooms = BTreeMap::new();
        for (user, used) in self.uses.iter().flat_map(|(user, all)| all.iter().map(move |used| (user, used))) {
            if let (Some(from), Some(to)) = (user.first(), used.first())
                && from != to
            {
                rooms.entry((from.clone(), to.clone())).or_insert_with(|| (user.clone(), used.clone()));
            }
        }
        rooms
    }

    /// Returns the circles of files that stay inside one room, each in order of its paths.
    pub(crate) fn circles(&self) -> Vec<Vec<Path>> {
        let reach = |from: &Path| -> BTreeSet<Path> {
            let mut found = BTreeSet::new();
            let mut open = vec![from.clone()];
            while let Some(next) = open.pop() {
                let uses = self.uses.get(&next).into_iter().flatten();
                for used in uses.filter(|used| used.first() == from.first()) {
                    if found.insert(used.clone()) {
                        open.push(used.clone());
                    }
                }
            }
            found
        };
        let reached: BTreeMap<&Path, BTreeSet<Path>> = self.uses.keys().map(|path| (path, reach(path))).collect();
        let mut circles = BTreeSet::new();
        for (path, far) in reached.iter().filter(|(path, far)| far.contains(**path)) {
            let circle = far.iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(*path)));
            circles.insert(circle.cloned().collect::<Vec<_>>());
        }
        circles.into_iter().collect()
    }
}

/// Reads the code of a crate whose sources are the files below a folder, by module, without what is for tests only.
pub(crate) fn code(sources: &Files, folder: &str) -> Vec<(Path, Vec<Token>)> {
    let below = sources.iter().filter_map(|(path, text)| Some((path.strip_prefix(folder)?, text)));
    let mut tests: BTreeSet<Path> = BTreeSet::new();
    let mut code = Vec::new();
    for (path, text) in below {
        let path = module_of(path);
        let (kept, left_out) = without_tests(tokens(text));
        tests.extend(left_out.into_iter().map(|name| child(&path, &name)));
        code.push((path, kept));
    }
    code.retain(|(path, _)| !tests.iter().any(|test| path.starts_with(test)));
    code
}

/// Follows a path to the module that defines its last name; `None` for what is not of this crate.
fn definer(path: &Path, modules: &BTreeMap<Path, Module>) -> Option<Path> {
    const MOST_STEPS: usize = 16;
    let mut path = path.clone();
    for _ in 0..MOST_STEPS {
        let length = (0..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        let next = rest.first().and_then(|name| modules[module].names.get(name));
        match next.filter(|next| **next != path) {
            Some(next) => path = next.iter().chain(&rest[1..]).cloned().collect(),
            None => return Some(module.to_vec()),
        }
    }
    None
}

impl Module {
    fn absorb(&mut self, own: &Path, tokens: &[Token], known: &BTreeSet<Path>, crate_name: &str) {
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                Token::Word(word) if word == "use" => {
                    let end = tokens[at..].iter().position(|token| *token == Token::Sign(';')).map(|to| at + to);
                    let Some(end) = end else { return };
                    let public = Token::Word("pub".into());
                    let is_public = match tokens[..at] {
                        [.., ref last] if *last == public => true,
                        [.., ref first, Token::Sign('('), _, Token::Sign(')')] => *first == public,
                        _ => false,
                    };
                    let mut leaves = Vec::new();
                    flatten(&mut Vec::new(), &tokens[at + 1..end], &mut leaves);
                    for (path, name) in leaves {
                        let Some(target) = absolute(own, &path, known, crate_name) else { continue };
                        if name == "*" || name == "_" {
                            self.paths.insert(target);
                        } else {
                            if is_public {
                                self.handed_on.insert(name.clone());
                            }
                            self.names.insert(name, target);
                        }
                    }
                    at = end + 1;
                }
                Token::Word(_) => {
                    let (path, after) = path_at(tokens, at);
                    if path.len() > 1 {
                        let imported = self.names.get(&path[0]);
                        let target = match imported {
                            Some(target) => Some(target.iter().chain(&path[1..]).cloned().collect()),
                            None => absolute(own, &path, known, crate_name),
                        };
                        self.paths.extend(target);
                    }
                    at = after;
                }
                Token::Sign(_) | Token::Colons | Token::Text(_) => at += 1,
            }
        }
    }
}

/// Reads the path that begins at a word.
fn path_at(tokens: &[Token], mut at: usize) -> (Path, usize) {
    let mut path = Vec::new();
    while let Some(Token::Word(word)) = tokens.get(at) {
        path.push(word.clone());
        if tokens.get(at + 1) == Some(&Token::Colons) && matches!(tokens.get(at + 2), Some(Token::Word(_))) {
            at += 2;
        } else {
            return (path, at + 1);
        }
    }
    (path, at + 1)
}

/// Makes a path one from the crate's root; `None` for what is not of this crate.
fn absolute(own: &Path, path: &[String], known: &BTreeSet<Path>, crate_name: &str) -> Option<Path> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        name if name == crate_name => Some(rest.to_vec()),
        "self" => Some(own.iter().chain(rest).cloned().collect()),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let base = own.get(..own.len().checked_sub(ups)?)?;
            Some(base.iter().chain(&path[ups..]).cloned().collect())
        }
        name => {
            let inner = child(own, name);
            known.contains(&inner).then(|| inner.iter().chain(rest).cloned().collect())
        }
    }
}

/// Takes a `use` tree apart into paths, each with the name that it has in scope.
fn flatten(prefix: &mut Path, tree: &[Token], leaves: &mut Vec<(Path, String)>) {
    let depth = prefix.len();
    let mut at = 0;
    while let Some(token) = tree.get(at) {
        match token {
            Token::Word(word) if word == "as" => break,
            Token::Word(word) => prefix.push(word.clone()),
            Token::Sign('{') => {
                let (mut level, mut from) = (0, at + 1);
                for (index, token) in tree.iter().enumerate().skip(at) {
                    match token {
                        Token::Sign('{') => level += 1,
                        Token::Sign('}') => level -= 1,
                        _ => {}
                    }
                    if (level == 0) || (level == 1 && *token == Token::Sign(',')) {
                        if from < index {
                            flatten(prefix, &tree[from..index], leaves);
                        }
                        from = index + 1;
                    }
                    if level == 0 {
                        break;
                    }
                }
                prefix.truncate(depth);
                return;
            }
            Token::Sign('*') => prefix.push("*".to_owned()),
            Token::Sign(_) | Token::Colons | Token::Text(_) => {}
        }
        at += 1;
    }
    let renamed = match tree.get(at..) {
        Some([Token::Word(_), Token::Word(name), ..]) => Some(name.clone()),
        Some(_) | None => None,
    };
    let is_self = prefix.last().is_some_and(|last| last == "self") && prefix.len() > 1;
    let whole = if is_self { &prefix[..prefix.len() - 1] } else { &prefix[..] };
    if let Some(last) = whole.last() {
        let name = renamed.unwrap_or_else(|| last.clone());
        let path = whole.iter().filter(|part| *part != "*").cloned().collect();
        leaves.push((path, name));
    }
    prefix.truncate(depth);
}

/// Returns the module that a file is.
fn module_of(path: &str) -> Path {
    let mut parts: Path = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

fn child(path: &Path, name: &str) -> Path {
    path.iter().cloned().chain([name.to_owned()]).collect()
}
