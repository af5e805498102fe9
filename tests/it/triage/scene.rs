//! What these stories share: a team's group, a bot that posts alerts into it, and an agent that finds the cause.

use signalbox_test_support::everyday::Talk;
use signalbox_test_support::telegram::state::Shown;
use signalbox_test_support::telegram::{ChatKind, Person, Post};

use crate::investigations::scene::analysis;
use crate::phone::scene::{ADA, Phone};

/// The team's group, which is an alert channel.
pub(crate) const TEAM: i64 = -1_001_000_900;
/// The bot of a monitoring system.
pub(crate) const MONITOR: Person = Person { id: 700, name: "Alertmanager", is_bot: true };
/// What it posts.
pub(crate) const FIRING: &str = "[FIRING:1] DiskWillFill (db-1 prod)\nSeverity: critical\n/var fills in 3 h";
/// And when it is over.
pub(crate) const RESOLVED: &str = "[RESOLVED] DiskWillFill (db-1 prod)\nSeverity: critical";

/// A team's group with the bot in it.
pub(crate) struct Team {
    pub(crate) phone: Phone,
}

impl Team {
    /// A team whose agent finds this cause.
    pub(crate) fn new(cause: &str) -> Self {
        Self::with_script(&format!("see /dev/sda1 100% /var; answer {}", analysis(cause)), "")
    }

    /// A team in which nothing is investigated by itself.
    pub(crate) fn by_hand(cause: &str) -> Self {
        let mut team = Self::new(cause);
        team.phone.house.set("SIGNALBOX__TRIAGE__AUTO_INVESTIGATE", "[]");
        team
    }

    /// A team whose agent does this with an alert, with `more` in its configuration.
    pub(crate) fn with_script(script: &str, more: &str) -> Self {
        let mut phone = Phone::new(&format!(
            "agents.default = \"claude\"\n{more}\n[triage]\ngroup_wait = \"0s\"\n[[triage.channels]]\naddress = \"telegram:{TEAM}\"\n"
        ));
        phone.house.set("SIGNALBOX__AGENTS__CLAUDE__PASS_ENV", "[\"SCRIPTED_AGENT_FIRST\"]");
        phone.house.set("SCRIPTED_AGENT_FIRST", script);
        phone.allow_chat(TEAM, "operator");
        phone.fake.open(TEAM, ChatKind::Supergroup, "on-call");
        Self { phone }
    }

    /// Serves.
    pub(crate) fn serve(&self) -> Talk {
        self.phone.serve()
    }

    /// Lets the monitoring system post; returns the message's id.
    pub(crate) fn alert(&self, text: &str) -> i64 {
        self.phone.fake.say(TEAM, MONITOR, text)
    }

    /// Waits until the group shows a message of the bot that contains a text.
    pub(crate) fn shown(&self, needle: &str) -> Shown {
        self.phone.shown_in(TEAM, 0, needle)
    }

    /// Waits until a message says something, by an edit; a card is changed at most every 5 s.
    pub(crate) fn says(&self, message: i64, needle: &str) -> Shown {
        self.phone.until_patiently(&format!("{message} says {needle:?}"), |state| {
            state.messages.get(&(TEAM, message)).is_some_and(|shown| shown.text.contains(needle))
        });
        self.phone.fake.with(|state| state.messages[&(TEAM, message)].clone())
    }

    /// Lets Ada press a button; returns what she is told.
    pub(crate) fn press(&self, message: i64, label: &str) -> String {
        let press = self.phone.fake.press(TEAM, ADA, message, label);
        self.phone.until("the press is answered", |state| state.answers.contains_key(&press));
        self.phone.fake.with(|state| state.answers[&press].clone())
    }

    /// Lets Ada answer a message; returns the id of what she says.
    pub(crate) fn reply(&self, to: i64, text: &str) -> i64 {
        self.phone.house.knows(to);
        self.phone.fake.post(TEAM, ADA, Post::text(text).reply_to(to))
    }

    /// What the bot shows in the group that looks like a card.
    pub(crate) fn cards(&self) -> Vec<Shown> {
        let cards = |shown: &Shown| shown.by_bot && shown.text.contains("DiskWillFill") && shown.text.contains("#1");
        self.phone.fake.with(|state| state.shows(TEAM).into_iter().filter(cards).collect())
    }
}
