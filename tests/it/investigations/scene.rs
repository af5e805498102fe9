//! What these stories share: answers that are analyses, and a mail server.

use signalbox_test_support::everyday::{House, PATIENCE};
use signalbox_test_support::smtp::{FakeSmtp, Offer};

/// What a tool puts out in these stories.
pub(crate) const SEEN: &str = "/dev/sda1 100% /var";

/// A script that looks, and answers with an analysis of this cause.
pub(crate) fn finds(cause: &str) -> String {
    format!("script: see {SEEN}; answer {}", analysis(cause))
}

/// An analysis, whose first claim is backed by what was seen and whose second is not.
pub(crate) fn analysis(cause: &str) -> String {
    format!(
        "{{\"verdict\": \"cause_found\", \"root_cause\": {{\"claim\": \"{cause}\", \"evidence\": [{{\"tool\": \"Bash\", \
         \"quote\": \"{SEEN}\"}}]}}, \"analysis\": [{{\"claim\": \"Logs are not rotated\", \"evidence\": []}}], \
         \"next_steps\": [\"Rotate the logs\"], \"tool_calls\": 99}}"
    )
}

/// The id of the newest investigation of the console.
#[track_caller]
pub(crate) fn newest(house: &House) -> String {
    ids(house).into_iter().next().expect("an investigation")
}

/// The ids of the console's investigations, newest first.
#[track_caller]
pub(crate) fn ids(house: &House) -> Vec<String> {
    let listed = house.say("/background list").was(0, "root cause");
    let rows = listed.out.lines().filter_map(|line| Some(line.split('│').next()?.trim().to_owned()));
    rows.filter(|id| id.len() == 8 && id.bytes().all(|b| b.is_ascii_alphanumeric())).collect()
}

/// A mail server, and what runs it.
pub(crate) struct Post {
    pub(crate) server: FakeSmtp,
    _runtime: tokio::runtime::Runtime,
}

impl Post {
    /// A server that takes mail from anybody.
    pub(crate) fn open() -> Self {
        Self::with(Offer::plain())
    }

    /// A server that offers this.
    pub(crate) fn with(offer: Offer) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime for the server");
        let server = runtime.block_on(FakeSmtp::start(offer));
        Self { server, _runtime: runtime }
    }

    /// `[smtp]` for this server and these recipients.
    pub(crate) fn config(&self, to: &[&str]) -> String {
        let to = toml::Value::from(to.iter().map(|&to| to.to_owned()).collect::<Vec<_>>());
        format!(
            "[smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"signalbox <bot@example.org>\"\nto = {to}\n",
            self.server.port()
        )
    }

    /// Waits until so many mails were taken.
    #[track_caller]
    pub(crate) fn took(&self, count: usize) -> Vec<String> {
        let started = std::time::Instant::now();
        loop {
            let mails = self.server.mails();
            if mails.len() >= count {
                return mails.iter().map(|mail| String::from_utf8_lossy(&mail.data).into_owned()).collect();
            }
            assert!(started.elapsed() < PATIENCE, "{count} mails in time; commands: {:?}", self.server.verbs());
            std::thread::park_timeout(std::time::Duration::from_millis(10));
        }
    }
}
