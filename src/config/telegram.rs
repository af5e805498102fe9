//! `[telegram]`: the bot, and the program that writes voice notes down.

use secrecy::SecretString;

use super::reader::Section;

/// Where Telegram's own Bot API is.
pub const TELEGRAM_API_URL: &str = "https://api.telegram.org";

/// Longest address, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// The Telegram bot.
#[derive(Debug, Clone)]
pub struct Telegram {
    /// The bot's token, as BotFather gave it; without one there is no bot.
    pub token: Option<SecretString>,
    /// Base address of the Bot API; plain `http` for loopback only.
    pub api_url: String,
    /// Program that writes a voice note down: the audio file's path is its last argument, or stands where `{file}` does,
    /// and its standard output is the text. Empty: voice notes are not taken.
    pub transcribe: Vec<String>,
}

impl Default for Telegram {
    fn default() -> Self {
        Self { token: None, api_url: TELEGRAM_API_URL.to_owned(), transcribe: Vec::new() }
    }
}

impl Telegram {
    pub(super) fn read(section: &mut Section) -> Self {
        let token = section.text("token").filter(|token| !token.trim().is_empty());
        let from_file = section.parsed("token_file", None, |path| super::source::read_secret(path).map(Some));
        if token.is_some() && from_file.is_some() {
            section.fault("token_file", "is given beside token; one of them is enough");
        }
        let defaults = Self::default();
        let api_url = section.parsed("api_url", defaults.api_url, |url| {
            let is_address = url.starts_with("https://") || url.starts_with("http://");
            let fits = is_address && url.len() <= MAX_URL_BYTES;
            fits.then(|| url.to_owned()).ok_or_else(|| "must begin with https:// (http:// for loopback)".to_owned())
        });
        let transcribe = section.texts("transcribe").unwrap_or_default();
        if transcribe.first().is_some_and(String::is_empty) {
            section.fault("transcribe", "must begin with the name of a program");
        }
        Self { token: token.map(|token| token.trim().to_owned().into()).or(from_file), api_url, transcribe }
    }
}
