//! Where messages are said: a thread is a channel of its own to Discord, and part of its channel to everybody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signalbox_adapter::{ChatAddress, ChatId, Provider, ThreadId};

use crate::api::Api;
use crate::boards::Boards;
use crate::event::{Channel, Guild, Interaction, Message, Role};
use crate::failure::CallError;
use crate::section::PROVIDER;

/// Most channels that are remembered; beyond it all are forgotten and asked for again.
const MAX_PLACES: usize = 50_000;

/// How often a channel is asked for that Discord cannot tell of.
const MAX_TRIES: u32 = 5;

/// Kinds of channels that are threads: of announcements, public, private.
const THREADS: [u64; 3] = [10, PUBLIC_THREAD, 12];

/// A thread that everybody in its channel may see.
const PUBLIC_THREAD: u64 = 11;

/// Whether a channel of this kind is a thread.
pub(crate) fn is_thread(kind: u64) -> bool {
    THREADS.contains(&kind)
}

/// Channels, each with the channel that it is a thread of; also known to those who answer interactions at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Channels(Arc<Mutex<HashMap<String, Option<String>>>>);

impl Channels {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, channel: &Channel) {
        let mut all = self.all();
        if all.len() >= MAX_PLACES {
            all.clear();
        }
        let parent = channel.parent_id.clone().filter(|_| is_thread(channel.kind));
        all.insert(channel.id.clone(), parent);
    }

    /// Returns where a channel is; `None` where it is not known.
    fn known(&self, channel: &str) -> Option<ChatAddress> {
        self.all().get(channel).map(|parent| address(channel, parent.as_deref()))
    }

    /// Returns where a channel is, asking Discord once for one that is not known; `None` where nobody can tell now.
    pub(crate) async fn look_up(&self, api: &Api, channel: &str) -> Option<ChatAddress> {
        if let Some(known) = self.known(channel) {
            return Some(known);
        }
        self.note(&api.get::<Channel>(&format!("channels/{channel}")).await.ok()?);
        self.known(channel)
    }
}

/// Channels, and what the bot is in servers.
pub(crate) struct Places {
    /// Told which of them are forums.
    boards: Arc<Boards>,
    channels: Channels,
    /// The roles that Discord made for the bot, by the ids of servers.
    roles: HashMap<String, Option<String>>,
    /// How often Discord could not tell of a channel.
    failed: HashMap<String, u32>,
}

impl Places {
    /// Knows nothing yet; tells which channels are forums.
    pub(crate) fn new(boards: Arc<Boards>) -> Self {
        Self { boards, channels: Channels::default(), roles: HashMap::new(), failed: HashMap::new() }
    }

    /// Returns the channels, as they are known from now on too.
    pub(crate) fn channels(&self) -> Channels {
        self.channels.clone()
    }

    /// Notes a channel or thread.
    pub(crate) fn note(&mut self, channel: &Channel) {
        self.channels.note(channel);
    }

    /// Returns the channel that a thread is known to be of.
    pub(crate) fn parent(&self, channel: &str) -> Option<String> {
        self.channels.all().get(channel).cloned().flatten()
    }

    /// Notes what an event tells of a channel or thread.
    pub(crate) fn told(&mut self, channel: &Channel) {
        self.boards.note(channel, None);
        self.note(channel);
    }

    /// Notes the channels and threads of a server.
    pub(crate) fn note_all(&mut self, guild: &Guild) {
        for channel in &guild.channels {
            self.boards.note(channel, Some(&guild.id));
        }
        guild.channels.iter().chain(&guild.threads).for_each(|channel| self.note(channel));
    }

    /// Writes a mention of the role that is the bot's own as one of the bot: people cannot tell them apart. Where nobody can
    /// tell whose it is, it stays as it is.
    pub(crate) async fn name_us(&mut self, api: &Api, us: &str, message: &mut Message) {
        let Some(guild) = message.guild_id.clone().filter(|_| !message.mention_roles.is_empty()) else { return };
        if !self.roles.contains_key(&guild) {
            match api.get::<Vec<Role>>(&format!("guilds/{guild}/roles")).await {
                Ok(roles) => self.note_roles(&guild, us, &roles),
                Err(error) if error.is_refusal() => self.note_roles(&guild, us, &[]),
                Err(error) => tracing::debug!(%error, "the roles of a server are not known"),
            }
        }
        if let Some(Some(role)) = self.roles.get(&guild)
            && message.mention_roles.contains(role)
        {
            message.content = message.content.replace(&format!("<@&{role}>"), &format!("<@{us}>"));
        }
    }

    /// Notes which of a server's roles is the bot's own.
    pub(crate) fn note_roles(&mut self, guild: &str, us: &str, roles: &[Role]) {
        if self.roles.len() >= MAX_PLACES {
            self.roles.clear();
        }
        let ours = roles.iter().find(|role| role.tags.bot_id.as_deref() == Some(us));
        self.roles.insert(guild.to_owned(), ours.map(|role| role.id.clone()));
    }

    /// Completes an interaction that does not tell of its channel, or not whose thread that is.
    ///
    /// # Errors
    /// [`CallError`], where nobody can tell now.
    pub(crate) async fn complete(&mut self, api: &Api, interaction: &mut Interaction) -> Result<(), CallError> {
        let Some(channel) = untold(interaction) else { return Ok(()) };
        let address = self.of(api, &channel).await?;
        interaction.channel = Some(told_as(channel, &address));
        Ok(())
    }

    /// Finds out whether a thread is a post of a forum.
    ///
    /// # Errors
    /// [`CallError`], where nobody can tell now.
    pub(crate) async fn is_post(&self, api: &Api, address: &ChatAddress) -> Result<bool, CallError> {
        if address.thread.is_none() {
            return Ok(false);
        }
        Ok(self.boards.find_out(api, address.chat.as_str()).await?.board().is_some())
    }

    /// Finds out where a channel of a server is; asks Discord for one that is not known.
    ///
    /// # Errors
    /// [`CallError`], where nobody can tell now. One that we may not look at counts as a channel, and so does one of which
    /// Discord cannot tell again and again: what is answered there arrives there all the same.
    pub(crate) async fn of(&mut self, api: &Api, channel: &str) -> Result<ChatAddress, CallError> {
        if self.channels.known(channel).is_none() {
            match api.get::<Channel>(&format!("channels/{channel}")).await {
                Ok(found) => self.note(&found),
                Err(CallError::Answered(refusal)) if refusal.status < 500 && refusal.status != 401 => {
                    self.note(&Channel { id: channel.to_owned(), ..Channel::default() });
                }
                Err(error) => {
                    let tries = self.failed.entry(channel.to_owned()).or_default();
                    *tries += 1;
                    if *tries < MAX_TRIES || error.is_token() {
                        return Err(error);
                    }
                    tracing::warn!(chat.id = channel, %error, "what a channel is cannot be found out");
                    self.failed.clear();
                    self.note(&Channel { id: channel.to_owned(), ..Channel::default() });
                }
            }
        }
        Ok(self.channels.known(channel).unwrap_or_else(|| address(channel, None)))
    }
}

/// Completes an interaction that does not tell of its channel, as far as anybody can tell at once.
pub(crate) async fn complete_at_once(channels: &Channels, api: &Api, interaction: &mut Interaction) {
    let Some(channel) = untold(interaction) else { return };
    if let Some(address) = channels.look_up(api, &channel).await {
        interaction.channel = Some(told_as(channel, &address));
    }
}

/// Returns the channel of an interaction that does not say whether that is a thread, or not whose; `None` where it does.
fn untold(interaction: &Interaction) -> Option<String> {
    let known = interaction.channel.as_ref();
    let tells = known.is_some_and(|told| !THREADS.contains(&told.kind) || told.parent_id.is_some());
    let channel = interaction.channel_id.clone().or_else(|| known.map(|told| told.id.clone()));
    channel.filter(|_| !tells && interaction.guild_id.is_some())
}

/// Returns what Discord would have told of a channel that is there.
fn told_as(channel: String, address: &ChatAddress) -> Channel {
    let kind = if address.thread.is_some() { PUBLIC_THREAD } else { 0 };
    let parent_id = address.thread.is_some().then(|| address.chat.as_str().to_owned());
    Channel { id: channel, kind, parent_id, ..Channel::default() }
}

/// Returns a channel's address, or that of a thread in its channel.
pub(crate) fn address(channel: &str, parent: Option<&str>) -> ChatAddress {
    let provider = Provider::new(PROVIDER);
    match parent {
        Some(parent) => ChatAddress { provider, chat: ChatId::new(parent), thread: Some(ThreadId::new(channel)) },
        None => ChatAddress::new(provider, ChatId::new(channel)),
    }
}

/// Returns where an interaction belongs, which tells of its channel itself.
pub(crate) fn told(channel: &str, told: Option<&Channel>) -> ChatAddress {
    let parent = told.filter(|told| THREADS.contains(&told.kind)).and_then(|told| told.parent_id.as_deref());
    address(channel, parent)
}
