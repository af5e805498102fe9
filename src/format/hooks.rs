//! What `signalbox hooks` says: the hooks there are, what to paste where for a new one, and what came of a try.

use std::time::Duration;

use signalbox_adapter::{Block, ChatAddress, Document, Inline, Item, one_line};

use super::silence::{Unsilenced, cause};
use super::{cell, instant, line, marked, span, table};
use crate::clock::Timestamp;
use crate::config::HookSource;
use crate::hook::{BASIC_USER, usual_header, vendor_makes_secret};
use crate::store::IncidentId;

/// A hook as it is listed.
#[derive(Debug, Clone)]
pub struct ListedHook {
    /// Its id.
    pub id: String,
    /// Who sends to it.
    pub source: HookSource,
    /// The chat that is told.
    pub target: String,
    /// Its address.
    pub url: String,
    /// The Alertmanager that is told of silences.
    pub silences: Option<String>,
    /// When it was made; `None` for one of the configuration.
    pub since: Option<Timestamp>,
}

/// A hook that was just made. Its secret is shown here and nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct MadeHook<'a> {
    /// Who sends to it.
    pub source: HookSource,
    /// Its id.
    pub id: &'a str,
    /// Its address.
    pub url: &'a str,
    /// The chat that is told.
    pub target: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// Whether only this machine reaches the address.
    pub is_local: bool,
    /// Whether its Alertmanager is told of silences.
    pub writes_back: bool,
}

/// Why `signalbox hooks` did nothing.
#[derive(Debug, Clone, Copy)]
pub enum Undone<'a> {
    /// There is no source of this name.
    NoSource(&'a str),
    /// There is no hook of this id.
    NoHook(&'a str),
    /// Nobody said which chat is told.
    NoTarget,
    /// Nothing can write to the chat; holds why.
    Unreached(&'a str),
    /// No chat is called so; holds what they are called.
    NoSuchChat(&'a ChatAddress, &'a str),
    /// The chat cannot be written to; holds why.
    Closed(&'a ChatAddress, &'a str),
    /// HTTP is switched off.
    NotListening,
    /// The id is none; holds what one is.
    Id(&'a str),
    /// The id is taken.
    Taken(&'a str),
    /// The hook belongs to the configuration.
    Configured(&'a str),
    /// The secret is none; holds what one is.
    Secret(&'a str),
    /// No secret came.
    NoSecret,
    /// The secret stands on the command line.
    SecretSeen,
    /// Silences cannot be written there; holds why.
    Silences(&'a str),
}

/// Why a source is told of no silences.
pub const NO_SILENCES: &str = "only Alertmanager is told of silences";

/// A step of `signalbox hooks test` that went well.
#[derive(Debug, Clone, Copy)]
pub enum Tried<'a> {
    /// The firing alert was taken; holds what was answered.
    Firing(&'a str),
    /// The card is waited for.
    Waits {
        /// How long its group is waited for.
        wait: Duration,
        /// Whether it is shown in an open shell alone.
        in_shell: bool,
    },
    /// There is no card, by this severity.
    Folded {
        /// The incident.
        incident: IncidentId,
        /// Its severity.
        severity: &'static str,
    },
    /// The card is there.
    Shown {
        /// The incident.
        incident: IncidentId,
        /// The chat.
        place: &'a str,
    },
    /// The resolved alert was taken; holds what was answered.
    Resolved(&'a str),
    /// Alertmanager can be told of silences; holds its address.
    Silences(&'a str),
    /// Nobody is told of silences.
    NoSilences,
    /// The incident is over.
    Holds,
}

/// Where the path of an alert is broken.
#[derive(Debug, Clone)]
pub enum Broken<'a> {
    /// Nothing writes to the chat; holds why.
    Unreached(String),
    /// The hook's fields name nothing.
    NoAlert,
    /// Nobody listens there.
    NoServer(&'a str),
    /// No answer came.
    NoAnswer {
        /// From where.
        url: &'a str,
        /// What the client says.
        why: String,
    },
    /// It was refused.
    Refused {
        /// With which status.
        status: u16,
        /// In which words.
        told: String,
    },
    /// It was taken, and nothing came of it.
    NoIncident,
    /// The card did not come.
    NotShown {
        /// The incident.
        incident: IncidentId,
        /// The chat.
        place: String,
        /// Whether it is shown in an open shell alone.
        in_shell: bool,
    },
    /// The resolved alert did not end the incident.
    NotResolved {
        /// The incident.
        incident: IncidentId,
        /// Whether it was closed by hand; others' alerts in it are left alone.
        closed: bool,
    },
    /// Alertmanager cannot be told of silences.
    Silences {
        /// Its address.
        url: String,
        /// Why.
        trouble: Unsilenced,
    },
}

/// Answers `signalbox hooks list`.
#[must_use]
pub fn list(hooks: &[ListedHook]) -> Document {
    if hooks.is_empty() {
        return line("There are no hooks. `signalbox hooks add <source>` makes one.");
    }
    let rows = hooks.iter().map(|one| {
        vec![
            vec![Inline::Code(one.id.clone())],
            cell(one.source.as_str()),
            cell(one.target.clone()),
            cell(one.url.clone()),
            cell(one.silences.clone().unwrap_or_default()),
            cell(one.since.map_or_else(|| "configuration".to_owned(), instant)),
        ]
    });
    Document { blocks: vec![table(&["id", "source", "tells", "address", "silences", "since"], rows.collect())] }
}

/// Answers `signalbox hooks add`: address, secret, and what to do in the source's settings.
#[must_use]
pub fn made(hook: &MadeHook<'_>) -> Document {
    let fact = |name: &str, value: &str| {
        Block::Paragraph(vec![Inline::Text(format!("{name}: ")), Inline::Code(value.to_owned())])
    };
    let mut blocks = vec![fact("Address", hook.url), fact("Tells", hook.target)];
    if !vendor_makes_secret(hook.source) {
        blocks.push(fact("Secret, shown only now", hook.secret));
    }
    blocks.extend(recipe(hook));
    if hook.is_local {
        let proxy = "Only this machine reaches that address. For others put a proxy with TLS in front of it and set \
                     `http.public_url`.";
        blocks.push(Block::Paragraph(marked(proxy)));
    }
    if hook.source == HookSource::Alertmanager && !hook.writes_back {
        let silences = "Silences stay in the chat: `--silences http://…:9093` has Alertmanager told of them, too.";
        blocks.push(Block::Paragraph(marked(silences)));
    }
    blocks.push(Block::Paragraph(marked(&format!("Then `signalbox hooks test {}` tries all of it.", hook.id))));
    Document { blocks }
}

/// Says where a secret comes from that the source makes; it is asked for then.
#[must_use]
pub fn secret_wanted(source: HookSource, url: &str) -> String {
    match source {
        HookSource::Sentry => format!(
            "In Sentry: Settings, Developer Settings, Create New Integration, Internal Integration; webhook URL {url}, Alert \
             Rule Action on. After it is saved, Sentry shows the Client Secret."
        ),
        HookSource::PagerDuty => format!(
            "In PagerDuty: Integrations, Generic Webhooks (v3), New Webhook; webhook URL {url}, events incident.*. After it \
             is saved, PagerDuty shows the secret."
        ),
        HookSource::Alertmanager
        | HookSource::Grafana
        | HookSource::Datadog
        | HookSource::GitHub
        | HookSource::UptimeKuma
        | HookSource::Healthchecks
        | HookSource::Generic => format!("Set the same secret where {} sends to {url}.", source.as_str()),
    }
}

/// Says that a hook was removed.
#[must_use]
pub fn removed(id: &str) -> Document {
    line(&format!("The hook `{id}` is gone: what is sent to it is refused from now on."))
}

/// Says why nothing was done.
#[must_use]
pub fn undone(why: &Undone<'_>) -> String {
    match why {
        Undone::Silences(why) => format!("--silences: {why}"),
        Undone::NoSource(source) => {
            format!("there is no source {source:?}; there are: {}", HookSource::ALL.map(HookSource::as_str).join(", "))
        }
        Undone::NoHook(id) => format!("there is no hook {id:?}; `signalbox hooks list` shows them"),
        Undone::NoTarget => {
            "say with --target which chat is told, as in telegram:-1001234; the command `id` in that chat shows it"
                .to_owned()
        }
        Undone::Unreached(why) => format!("--target: {why}"),
        Undone::NoSuchChat(target, form) => {
            format!("--target: {target} cannot be a chat of {}: its ids are {form}", target.provider)
        }
        Undone::Closed(target, why) => format!("--target: {target} cannot be written to: {why}"),
        Undone::NotListening => "http.listen is empty, so nothing is heard; set it to an address".to_owned(),
        Undone::Id(why) => format!("an id {why}"),
        Undone::Taken(id) => {
            format!("there is a hook {id:?} already; give this one another --id, or remove that one first")
        }
        Undone::Configured(id) => format!("{id:?} stands in the configuration; take it out of [[hooks]] there"),
        Undone::Secret(why) => format!("the secret {why}"),
        Undone::NoSecret => "no secret came on standard input".to_owned(),
        Undone::SecretSeen => {
            "a secret on the command line is seen by everybody here; write --secret - and give it on standard input"
                .to_owned()
        }
    }
}

/// Warns that nothing writes to the chat that a hook tells; holds why.
#[must_use]
pub fn unseen(why: &str) -> String {
    format!("warning: nobody sees the alerts of this hook until that is mended: {why}")
}

/// Warns that nobody knows yet whether the chat can be written to that a hook tells.
#[must_use]
pub fn not_tried(target: &ChatAddress) -> String {
    format!(
        "warning: {} does not answer, so {target} could not be tried; `signalbox hooks test` tries it",
        target.provider
    )
}

/// Says that nothing writes to a provider.
#[must_use]
pub fn not_connected(provider: &str) -> String {
    format!("{} is not connected; `signalbox setup` connects it", one_line(provider, 40))
}

/// Says what came of a step of `signalbox hooks test`.
#[must_use]
pub fn tried(step: &Tried<'_>) -> String {
    match step {
        Tried::Firing(told) => format!("Firing: taken, {told}"),
        Tried::Waits { wait, in_shell } => {
            let shell = if *in_shell { "; keep a `signalbox shell` open, for it is shown there alone" } else { "" };
            format!("The card is shown after {} (triage.group_wait){shell}.", span(*wait))
        }
        Tried::Folded { incident, severity } => {
            format!("Card: none, for incident #{incident} is {severity} (triage.fold)")
        }
        Tried::Shown { incident, place } => format!("Card: incident #{incident} is shown in {place}"),
        Tried::Resolved(told) => format!("Resolved: taken, {told}"),
        Tried::Silences(url) => format!("Silences: Alertmanager at {url} can be told"),
        Tried::NoSilences => "Silences: only in the chat, for the hook names no Alertmanager (silences)".to_owned(),
        Tried::Holds => "The whole path holds.".to_owned(),
    }
}

/// Says where the path is broken that `signalbox hooks test` tries.
#[must_use]
pub fn broken(why: &Broken<'_>) -> String {
    match why {
        Broken::Unreached(why) => format!("nobody would see the alert: {why}"),
        Broken::NoAlert => "the fields of this hook say nothing of an alert".to_owned(),
        Broken::NoServer(url) => format!("nobody answers at {url}; start `signalbox serve`"),
        Broken::NoAnswer { url, why } => format!("no answer came from {url}: {why}"),
        Broken::Refused { status, told } => format!("refused with {status}: {told}"),
        Broken::NoIncident => "the alert was taken, and there is no incident of it".to_owned(),
        Broken::NotShown { incident, place, in_shell: true } => format!(
            "incident #{incident} was not shown in {place} in time: no shell is open; start `signalbox shell` and try again"
        ),
        Broken::NotShown { incident, place, in_shell: false } => {
            format!("incident #{incident} was not shown in {place} in time; `signalbox outbox list --all` says why")
        }
        Broken::NotResolved { incident, closed: true } => {
            format!("incident #{incident} was not resolved by the resolved alert; it is closed now all the same")
        }
        Broken::NotResolved { incident, closed: false } => {
            format!("incident #{incident} is not resolved, for other alerts of it still fire")
        }
        Broken::Silences { url, trouble } => format!("silences cannot be written to {url}: {}", cause(trouble)),
    }
}

fn recipe(hook: &MadeHook<'_>) -> Vec<Block> {
    let MadeHook { source, url, secret, .. } = *hook;
    match source {
        HookSource::Alertmanager => {
            let yaml = format!(
                "receivers:\n  - name: signalbox\n    webhook_configs:\n      - url: {url}\n        send_resolved: true\n        \
                 max_alerts: 200\n        http_config:\n          authorization:\n            credentials: {secret}"
            );
            let basic = format!(
                "A route has to name the receiver. Instead of `authorization`, basic_auth with the user `{BASIC_USER}` and the secret as password will do."
            );
            vec![said("In alertmanager.yml:"), code("yaml", yaml), said(&basic)]
        }
        HookSource::Grafana => steps(&[
            "Alerting, Contact points, Add contact point, integration Webhook.",
            &format!("URL: `{url}`; HTTP method: POST."),
            &format!(
                "Optional settings, HMAC signature: the secret above; header `{}`; timestamp header \
                 `X-Grafana-Alerting-Timestamp`.",
                usual_header(source)
            ),
            "A Grafana without HMAC: authorization header, scheme `Bearer`, and the secret as credentials.",
            "A notification policy has to name the contact point.",
        ]),
        HookSource::PagerDuty | HookSource::Sentry => vec![said(&secret_wanted(source, url))],
        HookSource::GitHub => steps(&[
            "In the repository or organisation: Settings, Webhooks, Add webhook.",
            &format!("Payload URL: `{url}`; content type: `application/json`; secret: the one above."),
            "Let me select individual events: Workflow runs, Deployment statuses, Dependabot alerts, Code scanning alerts, \
             Secret scanning alerts; Check runs only for checks that are no workflows.",
        ]),
        HookSource::Datadog => {
            let body = "{\n  \"id\": \"$ID\",\n  \"date\": \"$DATE\",\n  \"event_title\": \"$EVENT_TITLE\",\n  \
                        \"alert_transition\": \"$ALERT_TRANSITION\",\n  \"alert_id\": \"$ALERT_ID\",\n  \"alert_scope\": \
                        \"$ALERT_SCOPE\",\n  \"alert_priority\": \"$ALERT_PRIORITY\",\n  \"alert_status\": \
                        \"$ALERT_STATUS\",\n  \"aggreg_key\": \"$AGGREG_KEY\",\n  \"hostname\": \"$HOSTNAME\",\n  \"tags\": \
                        \"$TAGS\",\n  \"text_only_msg\": \"$TEXT_ONLY_MSG\",\n  \"link\": \"$LINK\",\n  \"snapshot\": \
                        \"$SNAPSHOT\"\n}";
            vec![
                said(&format!("In Datadog: Integrations, Webhooks, New; name `signalbox`, URL `{url}`. Payload:")),
                code("json", body.to_owned()),
                said("Custom headers:"),
                code("json", format!("{{\"{}\": \"{secret}\"}}", usual_header(source))),
                said("Monitors send there when their message names `@webhook-signalbox`."),
            ]
        }
        HookSource::UptimeKuma => vec![
            said(&format!(
                "In Uptime Kuma: Settings, Notifications, Setup Notification, type Webhook; Post URL `{url}`, request body \
                 `application/json`. Additional headers:"
            )),
            code("json", format!("{{\"{}\": \"{secret}\"}}", usual_header(source))),
        ],
        HookSource::Healthchecks => {
            let body = "{\"code\": \"$CODE\", \"status\": \"$STATUS\", \"now\": \"$NOW\", \"exit_status\": \"$EXITSTATUS\", \
                        \"check\": $JSON}";
            vec![
                said(&format!(
                    "In Healthchecks: Integrations, Webhook, Add; for down and for up alike the method POST, the URL `{url}`, \
                     this body:"
                )),
                code("json", body.to_owned()),
                said("and these headers:"),
                code("text", format!("Content-Type: application/json\n{}: {secret}", usual_header(source))),
            ]
        }
        HookSource::Generic => {
            let curl = format!(
                "curl -fsS {url} \\\n  -H 'Content-Type: application/json' -H '{}: {secret}' \\\n  -d '{{\"title\": \"Backup is \
                 late\", \"severity\": \"warning\", \"status\": \"firing\", \"fingerprint\": \"backup-nas-1\"}}'",
                usual_header(source)
            );
            vec![
                said("Any JSON will do, such as:"),
                code("sh", curl),
                said("Where things stand elsewhere in it is said in the configuration: `[[hooks]]`, key `fields`."),
            ]
        }
    }
}

fn said(text: &str) -> Block {
    Block::Paragraph(marked(text))
}

fn code(language: &str, text: String) -> Block {
    Block::Code { language: Some(language.to_owned()), text }
}

fn steps(steps: &[&str]) -> Vec<Block> {
    let items = steps.iter().map(|step| Item { checked: None, blocks: vec![said(step)] });
    vec![Block::List { start: Some(1), items: items.collect() }]
}
