//! `[redact]`: what must never leave, besides our own secrets and the common shapes of keys.

use secrecy::{ExposeSecret, SecretString};

use super::reader::Section;

/// Shortest text that is masked wherever it occurs, in bytes; a shorter one would mask ordinary words.
pub const MIN_LITERAL_BYTES: usize = 6;
/// Shortest prefix of words that are masked, in bytes.
pub const MIN_PREFIX_BYTES: usize = 3;

/// What is masked in everything that leaves.
#[derive(Debug, Clone, Default)]
pub struct Redact {
    /// Texts that are masked wherever they occur.
    pub literals: Vec<SecretString>,
    /// Beginnings of words that are masked to the word's end, such as `corp_key_`.
    pub prefixes: Vec<String>,
}

impl Redact {
    pub(super) fn read(section: &mut Section) -> Self {
        let mut literals: Vec<SecretString> =
            section.texts("literals").unwrap_or_default().into_iter().map(SecretString::from).collect();
        if let Err(why) = check_literals(&literals) {
            section.fault("literals", why);
        }
        literals.extend(super::secret_file::read(section, "literals_file", Vec::new(), read_lines));
        let prefixes = section.texts("prefixes").unwrap_or_default();
        if prefixes.iter().any(|text| text.len() < MIN_PREFIX_BYTES || text.contains(char::is_whitespace)) {
            section.fault("prefixes", format!("each must have at least {MIN_PREFIX_BYTES} bytes and no white space"));
        }
        Self { literals, prefixes }
    }
}

fn check_literals(literals: &[SecretString]) -> Result<(), String> {
    if literals.iter().all(|text| text.expose_secret().trim().len() >= MIN_LITERAL_BYTES) {
        return Ok(());
    }
    Err(format!("each must have at least {MIN_LITERAL_BYTES} bytes"))
}

/// Reads the texts of a file, one a line; empty lines do not count.
fn read_lines(path: &str) -> Result<Vec<SecretString>, String> {
    let text = super::source::read_text(&super::projects::absolute(path)?)?;
    let literals = text.lines().filter(|line| !line.trim().is_empty()).map(SecretString::from).collect::<Vec<_>>();
    check_literals(&literals).map(|()| literals)
}
