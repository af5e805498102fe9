//! Secrets in all that leaves: each kind of secret, each way of writing it, each place, on each transport.
//!
//! One house with every transport that there is. An agent, a person and an alert say the secrets wherever something can be
//! said; then all that left is searched for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use signalbox_test_support::everyday::{House, Talk, eventually};
use signalbox_test_support::{discord, slack, telegram};

use crate::digests::scene::deliver;
use crate::discord::scene::OPS;
use crate::hooks::scene::{ago, disk, post, proof};
use crate::http::address;
use crate::investigations::scene::{Post, analysis};
use crate::phone::scene::{ADA, Phone};

/// So many characters of a secret in a row, or more, are shown nowhere.
const MOST_SHOWN: usize = 12;
/// How Ada is called elsewhere.
const ADA_OF_DISCORD: discord::Person = discord::Person::new(1001, "Ada");
const ADA_OF_SLACK: slack::Person = slack::Person::new("U1001", "Ada");

/// The secret of the hook.
const HOOK: &str = "k7Jq-hook_Secret-9zWx4";
/// What the agent gets by `env`, by `pass_env`, and what `[redact]` names.
const BY_ENV: &str = "s3cr3t-Pa55word_of_db";
const PASSED: &str = "ci_9f8E7d6C5b4A3z2Y1x";
const LITERAL: &str = "Operation-Nightfall-2027";
/// A line of a private key.
const KEY_LINE: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7/abcdefghijk";

/// The secrets that are known to the letter.
fn known() -> Vec<String> {
    let all = [telegram::TOKEN, discord::TOKEN, slack::BOT_TOKEN, slack::APP_TOKEN, HOOK, BY_ENV, PASSED, LITERAL];
    all.map(str::to_owned).to_vec()
}

/// Secrets that are known by their shape.
fn shaped() -> Vec<String> {
    let tail = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let all = [format!("sk-ant-api03-{tail}"), format!("ghp_{tail}"), format!("glpat-{}", &tail[..20])];
    all.into_iter().chain([["AKIA", "ABCDEFGHIJKLMNOP"].concat(), format!("hf_{tail}")]).collect()
}

/// The ways in which a text with a secret can be written in one line.
fn written(secret: &str, is_known: bool) -> Vec<String> {
    let (begin, end) = secret.split_at(secret.len() / 2);
    let escaped = |c: char| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() };
    let percent = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("%{:02X}", u32::from(c)) };
    let mut ways = vec![
        secret.to_owned(),
        format!("{begin}**{end}**"),
        format!("{begin}\u{200b}{end}"),
        secret.chars().map(escaped).collect(),
        secret.chars().map(percent).collect(),
    ];
    if is_known {
        ways.push(STANDARD.encode(format!("x:{secret}")));
    }
    ways
}

/// All secrets in all ways, one a line.
fn everything() -> Vec<String> {
    let known = known().into_iter().map(|secret| (secret, true));
    let all = known.chain(shaped().into_iter().map(|secret| (secret, false)));
    all.flat_map(|(secret, is_known)| written(&secret, is_known)).map(|way| format!("it is {way} here")).collect()
}

/// A private key as it can be laid out.
fn private_keys() -> String {
    let (begin, end) = ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----");
    let lines = [begin, KEY_LINE, KEY_LINE, end];
    let indented: String = lines.iter().map(|line| format!("> {line}\n")).collect();
    let tail = [KEY_LINE, end].join("\n");
    format!(
        "```\n{}\n```\n\n{indented}\n`{}`\n\n```\n{tail}\n```\n",
        lines.join("\n"),
        lines.join("\\n").replace('`', "")
    )
}

/// Looks for secrets in what has left.
fn search(place: &str, text: &str) {
    // As a reader sees it, and as a program would decode it.
    let bare = |text: &str| text.replace(['\u{200b}', '\\', '*', '`', '"'], "").replace("u{200b}", "");
    let bare = bare(text);
    let mut sought = known();
    sought.extend(shaped());
    sought.push(KEY_LINE.to_owned());
    sought.extend(known().iter().map(|secret| STANDARD.encode(format!("x:{secret}"))[4..].to_owned()));
    for secret in &sought {
        let characters: Vec<char> = secret.trim_end_matches('=').chars().collect();
        for part in characters.windows(MOST_SHOWN.min(characters.len())) {
            let part: String = part.iter().collect();
            if let Some(at) = bare.find(&part) {
                let from = bare.floor_char_boundary(at.saturating_sub(60));
                let to = bare.ceil_char_boundary((at + 60).min(bare.len()));
                panic!("{place} shows {part:?} of {secret:?}: {:?}", &bare[from..to]);
            }
        }
    }
}

/// A house with all transports.
struct Everywhere {
    phone: Phone,
    discord: discord::FakeDiscord,
    slack: slack::FakeSlack,
    mail: Post,
    direct: (u64, String),
}

impl Everywhere {
    fn new() -> Self {
        let mail = Post::open();
        let hook = format!(
            "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\n\
             target = \"telegram:{}\"\nsecret = \"{HOOK}\"\n",
            ADA.id
        );
        let mut phone = Phone::new(&format!(
            "timeouts.approval = \"1s\"\nredact.literals = [\"{LITERAL}\"]\n{hook}{}",
            mail.config(&["ops@example.net"])
        ));
        let discord = phone.through(discord::FakeDiscord::start());
        let slack = phone.through(slack::FakeSlack::start());
        discord.open(OPS, discord::state::Channel { name: "ops".to_owned(), ..Default::default() });
        let direct = (discord.open_direct(ADA_OF_DISCORD), slack.open_direct(ADA_OF_SLACK));
        let house = &mut phone.house;
        // The section that the file ends with is that of the agent's environment.
        let config = std::fs::read_to_string(house.path("config.toml")).expect("readable");
        std::fs::write(house.path("config.toml"), format!("{config}DB_PASSWORD = \"{BY_ENV}\"\n")).expect("written");
        for (name, value) in [
            ("SIGNALBOX__AGENTS__CLAUDE__PASS_ENV", "[\"CI_TOKEN\"]"),
            ("CI_TOKEN", PASSED),
            ("SIGNALBOX__DISCORD__API_URL", discord.url().as_str()),
            ("DISCORD_BOT_TOKEN", discord::TOKEN),
            ("SIGNALBOX__ALLOW__DISCORD__USERS", "[{ id = \"1001\", role = \"admin\" }]"),
            ("SIGNALBOX__SLACK__API_URL", slack.url().as_str()),
            ("SLACK_BOT_TOKEN", slack::BOT_TOKEN),
            ("SLACK_APP_TOKEN", slack::APP_TOKEN),
            ("SIGNALBOX__ALLOW__SLACK__USERS", "[{ id = \"U1001\", role = \"admin\" }]"),
            ("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0"),
            ("SIGNALBOX_LOG", "debug"),
        ] {
            house.set(name, value);
        }
        phone.promote();
        Self { phone, discord, slack, mail, direct }
    }

    fn serve(&self) -> Talk {
        let serving = self.phone.serve();
        self.phone.through(self.discord.wait_until("Discord is listened for", |state| state.identified > 0));
        self.phone.through(self.slack.wait_until("Slack is listened for", |state| state.stood >= 2));
        serving
    }

    /// Says something on each transport, and waits until each has shown this of the bot.
    fn say(&self, words: &str, needle: &str) {
        let (on_discord, on_slack) = &self.direct;
        let asked = self.phone.say(words);
        self.discord.say(*on_discord, ADA_OF_DISCORD, words);
        self.slack.say(on_slack, ADA_OF_SLACK, words);
        self.phone.shown(asked, needle);
        let shows = |text: &str| text.contains(needle);
        self.phone.through(self.discord.wait_until(&format!("{needle:?} on Discord"), |state| {
            state.shows(*on_discord).iter().any(|shown| shown.by_bot && shows(&format!("{:?}", shown.text)))
        }));
        self.phone.through(self.slack.wait_until(&format!("{needle:?} on Slack"), |state| {
            state.shows(on_slack).iter().any(|shown| shown.by_bot && shows(&shown.words()))
        }));
    }

    /// Searches all that has left on all transports, in the log and in what is stored as it leaves.
    fn search(&self, after: &str, serving: &Talk) {
        let of_telegram = self.phone.fake.with(|state| {
            let messages: Vec<_> = state.messages.values().filter(|shown| shown.by_bot).cloned().collect();
            let documents = messages.iter().filter_map(|shown| shown.document.clone());
            let documents: Vec<_> =
                documents.map(|(_, content)| String::from_utf8_lossy(&content).into_owned()).collect();
            format!("{messages:?}{:?}{:?}{}", state.answers, state.menus, documents.join("\n"))
        });
        search(&format!("Telegram, after {after}"), &of_telegram);
        let of_discord = self.discord.with(|state| {
            let messages: Vec<_> = state.messages.values().filter(|shown| shown.by_bot).cloned().collect();
            let files = messages.iter().filter_map(|shown| shown.file.clone());
            let files: Vec<_> = files.map(|(_, content)| String::from_utf8_lossy(&content).into_owned()).collect();
            let threads: Vec<_> = state.channels.values().map(|channel| channel.name.clone()).collect();
            format!("{messages:?}{:?}{threads:?}{}", state.whispers, files.join("\n"))
        });
        search(&format!("Discord, after {after}"), &of_discord);
        let of_slack = self.slack.with(|state| {
            let messages: Vec<_> = state.messages.values().filter(|shown| shown.by_bot).cloned().collect();
            let files: Vec<_> =
                state.files.values().map(|(_, content)| String::from_utf8_lossy(content).into_owned()).collect();
            format!("{messages:?}{:?}{:?}{:?}{}", state.homes, state.views, state.statuses, files.join("\n"))
        });
        search(&format!("Slack, after {after}"), &of_slack);
        for mail in self.mail.server.mails() {
            search(&format!("a mail, after {after}"), &read(&String::from_utf8_lossy(&mail.data)));
        }
        search(&format!("the log, after {after}"), &format!("{}{}", serving.out(), serving.err()));
        search(&format!("the rows of the outbox, after {after}"), &rows(&self.phone.house));
    }
}

/// Reads a mail: quoted-printable text, and what is in Base64.
fn read(mail: &str) -> String {
    let joined = mail.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code.filter(|_| *first == b'=') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    let encoded = mail.split("\r\n\r\n").filter_map(|part| STANDARD.decode(part.replace("\r\n", "")).ok());
    encoded.for_each(|part| bytes.extend(part));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is stored as it leaves.
fn rows(house: &House) -> String {
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    let sql = "SELECT coalesce(part, '') || coalesce(buttons, '') || coalesce(error, '') FROM outbox";
    let mut statement = database.prepare(sql).expect("a statement");
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    rows.map(|row| row.expect("a row")).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_secret_leaves_on_any_transport_wherever_it_is_said_and_however_it_is_written() {
    let all = Everywhere::new();
    let house = &all.phone.house;
    let serving = all.serve();
    let lines = everything();
    let in_short = [known(), shaped()].concat().join(" ");
    std::fs::write(house.path("answer"), format!("{}\n\n{}\n\nThe end.", lines.join("\n\n"), private_keys()))
        .expect("written");
    let answer = house.text("answer");

    // What does not fit into messages is a file.
    all.say(&format!("/session --name long script: fill 120000 it is {in_short}, "), "it is");
    let waits = "outbox WHERE state IN ('pending', 'sending', 'unknown')";
    eventually("all of it is sent", || house.count(waits) == 0);
    assert!(all.phone.fake.with(|state| state.messages.values().any(|shown| shown.document.is_some())), "with a file");
    all.search("a long answer", &serving);

    // What an agent says, in the answer, on the way, of its tools and in what it puts out.
    let said: String = lines.iter().map(|line| format!("say {line}; ")).collect();
    all.say(&format!("/session --name one script: {said}see {in_short}; file {answer}"), "The end.");
    all.search("an answer", &serving);
    let tools: String = [known(), shaped()]
        .concat()
        .iter()
        .map(|it| format!("tool x_{it} use {it}; tool Bash curl -H {it}; "))
        .collect();
    all.say(&format!("/session --name two script: {tools}answer two is done"), "two is done");
    all.search("its tools", &serving);

    // What it asks, what it was denied, its error.
    let asks = format!("ask Bash curl {in_short}; put Do {{\"token\": \"{in_short}\"}}");
    let question = format!(
        "put AskUserQuestion {{\"questions\": [{{\"question\": \"Is it {in_short}?\", \"options\": [{{\"label\": \"{LITERAL}\", \
         \"description\": \"{in_short}\"}}]}}]}}"
    );
    let plan = format!(
        "put ExitPlanMode {{\"plan\": \"Use {}\", \"more\": \"{in_short}\"}}",
        lines.join(" ").replace('\\', "")
    );
    all.say(
        &format!("/session --name three script: {asks}; {question}; {plan}; answer three is done"),
        "three is done",
    );
    all.search("its questions", &serving);
    all.say(&format!("/session --name four script: err {in_short}; fail no luck with {in_short}"), "no luck with");
    all.search("its error", &serving);

    // What a person says comes back as a title, in lists, and on a page of their own.
    all.say(&format!("/session --name five {in_short}"), "turn 1");
    all.slack.open_home(ADA_OF_SLACK);
    // In a channel there is a thread at it, which is named.
    all.discord.command(OPS, ADA_OF_DISCORD, "session", &format!("--name six {in_short}"));
    all.phone.through(all.discord.wait_until("a thread", |state| state.shows(OPS).iter().any(|shown| shown.by_bot)));
    eventually("it is answered", || house.count("tasks WHERE status = 'running'") == 0);
    for asks in ["/session list", "/session show five", "/status", "/background notify list"] {
        all.say(asks, if asks.ends_with("five") { "five" } else { "" });
    }
    all.phone.through(all.slack.wait_until("the page", |state| !state.homes.is_empty()));
    all.search("what a person says", &serving);

    // An analysis, and the letter about it.
    let cause = lines.join(" ").replace('\\', "");
    let script = format!("script: see {in_short}; answer {}", analysis(&cause));
    all.say(&format!("/investigate {script}"), "it is");
    eventually("the letters", || all.mail.server.mails().len() >= 3);
    all.search("an analysis", &serving);

    // An alert, its incident, what a hook is told, and a digest of it all.
    let mut alert = disk("firing", &ago(5));
    for text in ["commonAnnotations", "commonLabels"] {
        alert[text]["summary"] = in_short.clone().into();
    }
    alert["alerts"][0]["annotations"]["summary"] = in_short.clone().into();
    alert["alerts"][0]["labels"]["instance"] = LITERAL.into();
    let body = alert.to_string();
    let proof = proof("alertmanager", &body, HOOK);
    let answer = post(address(&serving), "/hooks/alertmanager/ops", &[(&proof[0].0, &proof[0].1)], &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    for (path, body) in
        [("/hooks/alertmanager/ops", in_short.as_str()), (&*format!("/hooks/alertmanager/{LITERAL}"), "{}")]
    {
        let answer = post(address(&serving), path, &[(&proof[0].0, &proof[0].1)], body);
        search("the answer of a hook", &format!("{answer:?}"));
    }
    eventually("the incident has a card", || house.count("incidents") == 1);
    deliver(house, &format!("telegram:{}", ADA.id));
    all.search("an alert", &serving);

    // What is read in a terminal, and what stands among the words of processes.
    for line in
        ["session list", "session show five", "session list --json", "outbox list", "config show", "cron logs 1"]
    {
        let words: Vec<&str> = line.split(' ').collect();
        let said = house.run(&words);
        search(line, &format!("{}{}", said.out, said.err));
    }
    search("the arguments of agents", &std::fs::read_to_string(house.path("argv")).expect("noted"));
    for pid in house.processes() {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        search("the words of a process", &String::from_utf8_lossy(&words));
    }
}
