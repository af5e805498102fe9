//! Incidents are shown, changed and told of as their rules allow, on a clock that stands still between steps.

mod cards;

use std::collections::BTreeMap;

use signalbox_adapter::{
    ChatAddress, ChatId, Document, FileKind, InboundKey, Inbox as _, Incoming, IncomingFile, IncomingKind, Limits,
    MessageId, Part, PlainMeasure, Provider, Render, Rendered, Sender, TextUnit, Threads, UserId, split,
};
use tempfile::TempDir;

use super::*;
use crate::agent::catalogue::Catalogue;
use crate::alert::{Alert, Firing, Payload, Severity, Source};
use crate::clock::{ManualClock, Timestamp};
use crate::config::{Agents, Allowed, Config, Durability, Redact, Role};
use crate::incident::{AlertOrigin, Batch, IncidentEvent, IncidentState};
use crate::lifecycle::Servants;
use crate::redact::Redactor;
use crate::router::Router;
use crate::store::{
    About, Caps, ChatKey, Delivery, DeliveryState, HeldRole, IncidentChange, NewSession, Options, Store, Tx,
};
use crate::turn::{Context, Layout, Transport, incident};
use crate::wiring::statements;

/// Renders plain text.
struct Plain;

const LIMIT_CHARS: usize = 4000;

impl Render for Plain {
    fn limits(&self) -> Limits {
        Limits { max_text: LIMIT_CHARS, unit: TextUnit::Chars }
    }

    fn render(&self, document: &Document, max_parts: usize) -> Rendered {
        let split = split(document, &PlainMeasure(TextUnit::Chars), LIMIT_CHARS, max_parts);
        let rest = split.rest.clone();
        Rendered { parts: split.numbered().iter().map(|part| Part { body: part.visible_text() }).collect(), rest }
    }
}

/// A bus without anybody at its ends.
struct Desk {
    bus: Arc<Bus>,
    policy: Arc<TriagePolicy>,
    clock: Arc<ManualClock>,
    _role: HeldRole,
    _directory: TempDir,
}

impl Desk {
    async fn new(threads: Threads) -> Self {
        Self::investigating(threads, &[]).await
    }

    /// A desk at which these severities are investigated, by an agent that is not there.
    async fn investigating(threads: Threads, severities: &[&str]) -> Self {
        Self::with(threads, severities, Agents::default()).await
    }

    async fn with(threads: Threads, severities: &[&str], agents: Agents) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = Arc::new(ManualClock::at(Timestamp(1_000_000), 7));
        let caps = Caps { per_chat: 5, total: 8, queued_per_chat: 50, sessions_per_chat: 10, boot: "boot".into() };
        let options = Options { durability: Durability::Process, caps };
        let store = Store::open(directory.path(), options, Arc::clone(&clock) as _).expect("the store opens");
        let role = store.take_core().await.expect("the role is free");
        let mut config = Config::default();
        config.triage.group_wait = Duration::from_secs(2);
        config.allow.0.insert(Provider::new("test"), Allowed { users: [kim()].into(), ..Allowed::default() });
        config.triage.auto_investigate = severities.iter().map(|&word| word.to_owned()).collect();
        let policy = Arc::new(TriagePolicy::of(&config.triage));
        let transport = Transport { edits: true, threads, ..Transport::new(Arc::new(Plain)) };
        let router = Router::new(Context {
            config,
            agents: Catalogue::new(agents, BTreeMap::new()),
            transports: BTreeMap::from([("test".to_owned(), transport)]),
            state: directory.path().to_owned(),
            layout: Layout::default(),
            redactor: Arc::new(Redactor::new(&Redact::default())),
        });
        let servants = Servants::new(CancellationToken::new());
        let (bus, _) = Bus::new(store, role.fence().clone(), router, Arc::default(), servants);
        Self { bus, policy, clock, _role: role, _directory: directory }
    }

    async fn take(&self, alerts: Vec<Alert>) {
        let target: ChatAddress = "test:ops".parse().expect("valid");
        let batch = Batch {
            target,
            origin: AlertOrigin::Hook("h".into()),
            payload: Payload::of(alerts),
            counts_repeats: false,
        };
        let policy = Arc::clone(&self.policy);
        self.did(move |tx| tx.take_alerts(&batch, &policy)).await;
    }

    async fn did<T: Send + 'static>(&self, step: impl FnMut(&Tx<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.bus.write(step).await.expect("stored")
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        self.did(|tx| tx.deliveries(None, 100_000)).await
    }

    /// Looks at what is due, delivers all that waits, and lets a time go by.
    async fn step(&self, seconds: u64) {
        look_at_due(&self.bus, &self.policy).await.expect("looked");
        let waiting = self.deliveries().await.into_iter().filter(|one| one.state == DeliveryState::Pending);
        for one in waiting.collect::<Vec<_>>() {
            let message = MessageId::new(format!("m{}", one.id));
            self.did(move |tx| tx.delivered(one.id, &message)).await;
        }
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// What each message shows that is a card.
    async fn cards(&self) -> Vec<String> {
        let cards = self.deliveries().await.into_iter().filter(|one| matches!(one.about, Some(About::Card(_))));
        let cards: Vec<Delivery> = cards.collect();
        self.did(move |tx| cards.iter().map(|card| Ok(tx.last_shown(card)?.body)).collect()).await
    }
}

/// Who may do everything.
fn kim() -> (UserId, Role) {
    (UserId::new("1001"), Role::Admin)
}

fn fires(group: usize, host: usize) -> Alert {
    let labels = [("alertname", format!("Rule{group}")), ("instance", format!("host-{host}"))];
    Alert {
        source: Source::Alertmanager,
        title: format!("Rule{group} on host-{host}"),
        severity: Severity::Critical,
        status: Firing::Firing,
        labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: Some(Timestamp(10)),
        ended_at: None,
        acknowledged: None,
        fingerprint: format!("{group}-{host}"),
    }
}

#[tokio::test]
async fn a_storm_is_one_card_a_group_with_the_right_count_and_few_changes() {
    let desk = Desk::new(Threads::None).await;
    for second in 0..10 {
        for group in 0..50 {
            desk.take((second * 20..second * 20 + 20).map(|host| fires(group, host)).collect()).await;
        }
        desk.step(1).await;
    }
    desk.step(6).await;
    desk.step(6).await;
    let cards = desk.cards().await;
    assert_eq!(cards.len(), 50);
    assert!(cards.iter().all(|card| card.contains("200 alerts, 200 firing")), "{}", cards[0]);
    // 16 s at one change in 5 s.
    let edits = desk.deliveries().await.into_iter().filter(|one| one.is_edit).count();
    assert!((50..=150).contains(&edits), "{edits}");
}

#[tokio::test]
async fn a_card_is_changed_once_a_minute_when_it_is_old_and_only_where_there_is_something_new() {
    let desk = Desk::new(Threads::None).await;
    desk.take(vec![fires(1, 1)]).await;
    desk.step(2).await;
    desk.step(3600).await;
    for host in 2..12 {
        desk.take(vec![fires(1, host)]).await;
        desk.step(12).await;
    }
    let edits = desk.deliveries().await.into_iter().filter(|one| one.is_edit).count();
    assert!((1..=3).contains(&edits), "{edits} in two minutes");
    for _ in 0..3 {
        desk.step(70).await;
    }
    let edits_now = desk.deliveries().await.into_iter().filter(|one| one.is_edit).count();
    assert!(edits_now <= edits + 1, "nothing new is to be seen");
    assert!(desk.cards().await[0].contains("11 alerts, 11 firing"));
}

#[tokio::test]
async fn a_card_that_can_be_changed_no_more_gets_a_successor_that_answers_it() {
    let desk = Desk::new(Threads::None).await;
    desk.take(vec![fires(1, 1)]).await;
    desk.step(2).await;
    desk.step(5).await;
    desk.take(vec![fires(1, 2)]).await;
    look_at_due(&desk.bus, &desk.policy).await.expect("looked");
    let edit = desk.deliveries().await.into_iter().find(|one| one.is_edit).expect("an edit");
    desk.did(move |tx| tx.edit_refused(edit.id).and_then(|()| tx.supersede(edit.id))).await;
    desk.step(1).await;
    let all = desk.deliveries().await;
    let cards: Vec<&Delivery> = all.iter().filter(|one| matches!(one.about, Some(About::Card(_)))).collect();
    assert_eq!(cards.len(), 2);
    let (first, second) = if cards[0].id < cards[1].id { (cards[0], cards[1]) } else { (cards[1], cards[0]) };
    assert_eq!(second.reply_to, Some(MessageId::new(format!("m{}", first.id))));
}

#[tokio::test]
async fn a_card_that_was_given_up_is_shown_again_less_and_less_often_until_it_arrives() {
    let desk = Desk::new(Threads::None).await;
    desk.take(vec![fires(1, 1)]).await;
    desk.clock.advance(Duration::from_secs(2));
    let (mut tries, mut changes) = (0, 0);
    for second in 0..3600 {
        if second % 60 == 0 {
            desk.take(vec![fires(1, second)]).await;
        }
        look_at_due(&desk.bus, &desk.policy).await.expect("looked");
        let waiting = desk.deliveries().await.into_iter().filter(|one| one.state == DeliveryState::Pending);
        for one in waiting.collect::<Vec<_>>() {
            tries += usize::from(!one.is_edit);
            changes += usize::from(one.is_edit);
            desk.did(move |tx| tx.give_up(one.id, "missing access")).await;
        }
        desk.clock.advance(Duration::from_secs(1));
    }
    assert_eq!((tries, changes), (12, 0), "at 2, 7, 14, 28 s and so on, and every 15 minutes in the end");
    let dead = desk.did(|tx| tx.deliveries(Some(DeliveryState::Failed), 100)).await;
    assert_eq!(dead.len(), 1, "the earlier ones are no letters any more");
    for _ in 0..16 {
        desk.step(60).await;
    }
    let cards = desk.cards().await;
    assert_eq!(cards.len(), 1);
    assert!(cards[0].contains("61 alerts, 61 firing"), "{cards:?}");
    assert!(desk.did(|tx| tx.deliveries(Some(DeliveryState::Failed), 100)).await.is_empty());
}

#[tokio::test]
async fn a_card_that_was_given_up_is_not_shown_when_all_is_over() {
    let desk = Desk::new(Threads::None).await;
    desk.take(vec![fires(1, 1)]).await;
    desk.clock.advance(Duration::from_secs(2));
    look_at_due(&desk.bus, &desk.policy).await.expect("looked");
    let card = desk.deliveries().await.remove(0);
    desk.did(move |tx| tx.give_up(card.id, "missing access")).await;
    desk.take(vec![Alert { status: Firing::Resolved, ..fires(1, 1) }]).await;
    for _ in 0..3 {
        desk.step(900).await;
    }
    assert!(desk.cards().await.len() == 1 && desk.did(|tx| tx.next_incident_at()).await.is_none());
    // What fires anew is shown.
    desk.take(vec![Alert { starts_at: Some(Timestamp(900)), ..fires(1, 1) }]).await;
    desk.step(2).await;
    desk.step(2).await;
    assert!(desk.deliveries().await.iter().all(|one| one.state == DeliveryState::Delivered));
}

#[tokio::test]
async fn a_chat_that_refuses_every_change_is_not_filled_with_cards() {
    let desk = Desk::new(Threads::None).await;
    for second in 0..3600 {
        if second % 10 == 0 {
            desk.take(vec![fires(1, second)]).await;
        }
        look_at_due(&desk.bus, &desk.policy).await.expect("looked");
        let waiting = desk.deliveries().await.into_iter().filter(|one| one.state == DeliveryState::Pending);
        for one in waiting.collect::<Vec<_>>() {
            let message = MessageId::new(format!("m{}", one.id));
            match one.is_edit {
                true => desk.did(move |tx| tx.edit_refused(one.id).and_then(|()| tx.supersede(one.id))).await,
                false => desk.did(move |tx| tx.delivered(one.id, &message)).await,
            }
        }
        desk.clock.advance(Duration::from_secs(1));
    }
    let cards = desk.cards().await.len();
    assert!((8..=13).contains(&cards), "{cards} cards in an hour");
}

#[tokio::test]
async fn what_fires_again_soon_after_the_last_word_is_told_when_its_time_has_come() {
    let desk = Desk::new(Threads::None).await;
    let told = |all: Vec<Delivery>| all.iter().filter(|one| one.part.body.contains("Fires again")).count();
    desk.take(vec![fires(1, 1)]).await;
    desk.step(2).await;
    desk.step(60).await;
    for (at, expected) in [(60, 1), (120, 1)] {
        desk.take(vec![Alert { status: Firing::Resolved, ..fires(1, 1) }]).await;
        desk.step(1).await;
        desk.take(vec![Alert { starts_at: Some(Timestamp(at)), ..fires(1, 1) }]).await;
        desk.step(5).await;
        desk.step(5).await;
        assert_eq!(told(desk.deliveries().await), expected, "{at}");
        desk.take(vec![Alert { status: Firing::Resolved, starts_at: Some(Timestamp(at)), ..fires(1, 1) }]).await;
        desk.step(5).await;
        desk.take(vec![Alert { starts_at: Some(Timestamp(at + 1)), ..fires(1, 1) }]).await;
    }
    for _ in 0..12 {
        desk.step(60).await;
    }
    assert_eq!(told(desk.deliveries().await), 2);
    for _ in 0..12 {
        desk.step(60).await;
    }
    assert_eq!(told(desk.deliveries().await), 2, "once");
}

#[tokio::test]
async fn a_thread_hears_that_it_is_over_at_its_source_and_of_the_next_beginning_at_once() {
    for (threads, ends) in [(Threads::AtMessage, 1), (Threads::None, 0)] {
        let desk = Desk::new(threads).await;
        let told = |all: Vec<Delivery>, what: &str| all.iter().filter(|one| one.part.body.contains(what)).count();
        desk.take(vec![fires(1, 1)]).await;
        desk.step(2).await;
        desk.step(60).await;
        desk.take(vec![Alert { status: Firing::Resolved, ..fires(1, 1) }]).await;
        desk.step(6).await;
        desk.step(6).await;
        assert_eq!(told(desk.deliveries().await, "Resolved at its source"), ends, "{threads:?}");
        desk.take(vec![Alert { starts_at: Some(Timestamp(60)), ..fires(1, 1) }]).await;
        desk.step(6).await;
        assert_eq!(told(desk.deliveries().await, "Fires again"), 1, "{threads:?}");
        // What comes and goes all the time is told of now and then.
        for at in 61..121 {
            desk.take(vec![Alert { status: Firing::Resolved, starts_at: Some(Timestamp(at - 1)), ..fires(1, 1) }])
                .await;
            desk.step(5).await;
            desk.take(vec![Alert { starts_at: Some(Timestamp(at)), ..fires(1, 1) }]).await;
            desk.step(5).await;
        }
        let all = desk.deliveries().await;
        let lines = told(all.clone(), "Resolved at its source") + told(all, "Fires again");
        assert!(lines <= 5, "{lines} lines in ten minutes, {threads:?}");
    }
}

#[tokio::test]
async fn what_was_silenced_at_first_is_investigated_when_it_is_loud_again() {
    let desk = Desk::investigating(Threads::None, &["critical"]).await;
    desk.take(vec![fires(1, 1)]).await;
    desk.did(|tx| {
        let hour = Some(Duration::from_secs(3600));
        let change = IncidentChange { silence: hour, ..IncidentChange::by(IncidentEvent::Silenced, "1001", "Kim") };
        tx.change_incident(IncidentId::new(1), &change)
    })
    .await
    .expect("it fires");
    let held = |all: Vec<Delivery>| all.iter().filter(|one| one.part.body.contains("cannot be held back")).count();
    desk.step(2).await;
    desk.step(30).await;
    assert_eq!(held(desk.deliveries().await), 0);
    desk.step(3600).await;
    desk.step(2).await;
    desk.step(2).await;
    assert_eq!(held(desk.deliveries().await), 1);
}

#[tokio::test]
async fn a_silence_of_what_has_no_card_is_over_when_its_time_has_come() {
    let desk = Desk::new(Threads::None).await;
    desk.take(vec![Alert { severity: Severity::Info, ..fires(1, 1) }]).await;
    let state = || desk.did(|tx| Ok(tx.incident(IncidentId::new(1))?.expect("it is there").state));
    desk.did(|tx| {
        let hour = Some(Duration::from_secs(3600));
        let change = IncidentChange { silence: hour, ..IncidentChange::by(IncidentEvent::Silenced, "1001", "Kim") };
        tx.change_incident(IncidentId::new(1), &change)
    })
    .await
    .expect("it fires");
    desk.step(60).await;
    desk.take(vec![Alert { severity: Severity::Info, ..fires(1, 2) }]).await;
    desk.step(3500).await;
    assert_eq!(state().await, IncidentState::Silenced);
    desk.step(60).await;
    desk.step(60).await;
    assert_eq!(state().await, IncidentState::Firing);
    assert!(desk.deliveries().await.is_empty(), "it is too mild for a card");
}

#[tokio::test]
async fn an_open_incident_gets_a_card_in_the_chat_that_its_own_has_become() {
    for shown in [true, false] {
        let desk = Desk::new(Threads::None).await;
        desk.take(vec![fires(1, 1)]).await;
        desk.clock.advance(Duration::from_secs(2));
        look_at_due(&desk.bus, &desk.policy).await.expect("looked");
        if shown {
            desk.step(5).await;
        }
        desk.did(|tx| tx.move_chat(&"test:ops".parse().expect("valid"), &ChatId::new("new"))).await;
        desk.step(5).await;
        desk.step(5).await;
        let all = desk.deliveries().await;
        let there: Vec<&Delivery> = all.iter().filter(|one| one.address.chat.as_str() == "new").collect();
        assert_eq!(there.len(), 1, "{shown}: {there:?}");
        assert_eq!((there[0].reply_to.as_ref(), there[0].is_edit), (None, false));
        assert_eq!(all.len(), 1 + usize::from(shown));
    }
}

#[tokio::test]
async fn a_question_in_the_thread_of_an_incident_is_about_it_whatever_session_the_channel_uses() {
    let agents = Agents { default: Some(HOST.to_owned()), ..Agents::of(&statements().kinds) };
    let desk = Desk::with(Threads::AtMessage, &[], agents).await;
    desk.take(vec![fires(1, 1)]).await;
    desk.step(2).await;
    desk.step(1).await;
    desk.did(|tx| {
        let address: ChatAddress = "test:ops".parse().expect("valid");
        let session = tx.create_session(&NewSession {
            address: &address,
            name: "elsewhere",
            agent: HOST,
            model: None,
            title: "",
            directory: "/w",
            investigation: false,
            worktree_of: None,
        })?;
        tx.set_active_session(&ChatKey::of(&address), Some(session.id))
    })
    .await;
    let card = desk.deliveries().await.remove(0);
    let thread = format!("test:ops/m{}", card.id).parse().expect("valid");
    let file = IncomingFile { path: "/f/1-0".into(), name: "top.txt".into(), kind: FileKind::Document };
    let said = Incoming {
        addressed: true,
        message: Some(MessageId::new("q1")),
        files: vec![file],
        ..Incoming::new(
            InboundKey::new("test:1:q1"),
            thread,
            Sender { id: kim().0, name: "Kim".into(), bot: false, roles: Vec::new() },
            IncomingKind::Text("why is it full?".into()),
        )
    };
    desk.bus.accept(said).await.expect("accepted");
    let incident = desk.did(|tx| Ok(tx.incident(IncidentId::new(1))?.expect("it is there"))).await;
    let task = incident.task.clone().expect("it is investigated");
    let task = desk.did(move |tx| Ok(tx.task(&task)?.expect("it is there"))).await;
    assert_eq!(task.session, incident.session);
    assert!(
        task.prompt.starts_with("why is it full?") && task.prompt.contains("\"top.txt\": /f/1-0"),
        "{}",
        task.prompt
    );
}

#[tokio::test]
async fn what_is_done_is_told_in_the_thread_where_there_is_one_and_else_below_the_card() {
    for (threads, opens) in [(Threads::None, false), (Threads::AtMessage, false), (Threads::Opened, true)] {
        let desk = Desk::new(threads).await;
        desk.take(vec![fires(1, 1)]).await;
        desk.step(2).await;
        desk.step(1).await;
        let context = Arc::clone(desk.bus.router().context());
        desk.did(move |tx| {
            let id = IncidentId::new(1);
            let acked =
                tx.change_incident(id, &IncidentChange::by(IncidentEvent::Acked, "1001", "Kim"))?.expect("it fires");
            incident::tell_last(tx, &context, &acked)
        })
        .await;
        let all = desk.deliveries().await;
        let card = all.iter().find(|one| matches!(one.about, Some(About::Card(_)))).expect("a card");
        let told = all.iter().find(|one| one.part.body.contains("by Kim")).expect("it is told");
        let message = format!("m{}", card.id);
        let thread = told.address.thread.as_ref().map(|thread| thread.as_str());
        let reply_to = told.reply_to.as_ref().map(MessageId::as_str);
        match threads {
            Threads::None => assert_eq!((thread, reply_to), (None, Some(message.as_str()))),
            Threads::AtMessage | Threads::Opened => assert_eq!((thread, reply_to), (Some(message.as_str()), None)),
        }
        assert_eq!(all.iter().any(|one| one.opens.is_some()), opens, "{threads:?}");
    }
}

#[tokio::test]
async fn what_somebody_has_taken_is_investigated_all_the_same_and_what_is_silenced_is_not() {
    for (event, begins) in [(IncidentEvent::Acked, true), (IncidentEvent::Silenced, false)] {
        let desk = Desk::investigating(Threads::None, &["critical"]).await;
        desk.take(vec![fires(1, 1)]).await;
        desk.did(move |tx| {
            let silence = (event == IncidentEvent::Silenced).then_some(Duration::from_secs(3600));
            let change = IncidentChange { silence, ..IncidentChange::by(event, "1001", "Kim") };
            tx.change_incident(IncidentId::new(1), &change)
        })
        .await
        .expect("it fires");
        for _ in 0..4 {
            desk.step(2).await;
        }
        // The agent is not there to be held back, which is told where an investigation would have begun.
        let told = desk.deliveries().await.into_iter().any(|one| one.part.body.contains("cannot be held back"));
        assert_eq!(told, begins, "{event:?}");
    }
}
