//! Whom a command mentions: Discord tells the names of people in messages, and in what is typed behind a command their ids.

use std::time::Duration;

use signalbox_adapter::{Incoming, IncomingKind};
use tokio::time::timeout;

use crate::api::Api;
use crate::event::{Interaction, Member, User};
use crate::posted;

/// Most people of one command whose names are asked for.
const MAX_PEOPLE: usize = 5;

/// Longest that their names are waited for; without one the id stays.
const ASK_WITHIN: Duration = Duration::from_secs(2);

/// Writes the names of people for their ids.
pub(crate) async fn named(api: &Api, interaction: &Interaction, incoming: Incoming) -> Incoming {
    let IncomingKind::Text(text) = &incoming.kind else { return incoming };
    let ids = ids(text);
    if ids.is_empty() {
        return incoming;
    }
    let mut people = Vec::new();
    let all = async {
        for id in ids {
            people.extend(person(api, interaction, id).await);
        }
    };
    timeout(ASK_WITHIN, all).await.ok();
    let kind = IncomingKind::Text(posted::with_names(text, &people));
    Incoming { kind, ..incoming }
}

/// Returns the ids of the people who are mentioned, each once.
fn ids(text: &str) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for piece in text.split("<@").skip(1) {
        let Some((id, _)) = piece.trim_start_matches('!').split_once('>') else { continue };
        let is_one = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        if is_one && !ids.contains(&id) && ids.len() < MAX_PEOPLE {
            ids.push(id);
        }
    }
    ids
}

/// Returns what somebody is called there: as Discord has told with the command, or else says when it is asked.
async fn person(api: &Api, interaction: &Interaction, id: &str) -> Option<User> {
    let told = interaction.data.as_ref().map(|given| &given.resolved);
    let known = told.and_then(|told| Some((told.users.get(id)?.clone(), told.members.get(id).cloned())));
    let (user, member) = match (known, &interaction.guild_id) {
        (Some(known), _) => known,
        (None, Some(guild)) => {
            let member: Member = api.get(&format!("guilds/{guild}/members/{id}")).await.ok()?;
            (member.user.clone()?, Some(member))
        }
        (None, None) => (api.get::<User>(&format!("users/{id}")).await.ok()?, None),
    };
    let nick = member.and_then(|member| member.nick);
    let name = nick.or_else(|| user.global_name.clone()).or(Some(user.username.clone()));
    Some(User { global_name: name.filter(|name| !name.is_empty()), ..user }).filter(|user| user.global_name.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_known_by_their_ids_and_roles_and_channels_are_none() {
        assert_eq!(ids("/incident assign 7 <@9>"), ["9"]);
        assert_eq!(ids("<@!12> and <@9>, <@12>"), ["12", "9"]);
        for text in ["", "/incident assign 7 kim", "<@&5> <#6> <@> <@x> <@9", "<@everyone>"] {
            assert!(ids(text).is_empty(), "{text}");
        }
        assert_eq!(ids(&(0..20).map(|id| format!("<@{id}>")).collect::<String>()).len(), MAX_PEOPLE);
    }
}
