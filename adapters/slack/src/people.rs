//! What people are called: Slack tells only their ids with what they say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use signalbox_adapter::TellLimited;
use tokio::time::timeout;

use crate::api::Api;
use crate::failure::CallError;
use crate::words::Names;

/// Longest wait for a name; without it an id is shown. It counts into the three seconds of an acknowledgement.
const ASK_WITHIN: Duration = Duration::from_millis(600);

/// Most names that are asked for one message.
const MAX_ASKED: usize = 10;

/// Most names that are kept; with more all are asked for again.
const MAX_KEPT: usize = 10_000;

/// Names of people.
pub(crate) struct People {
    api: Arc<Api>,
    limited: TellLimited,
    known: Mutex<HashMap<String, String>>,
}

impl People {
    pub(crate) fn new(api: Arc<Api>, limited: TellLimited) -> Self {
        Self { api, limited, known: Mutex::default() }
    }

    /// Returns the names of people, as far as Slack tells them in time.
    pub(crate) async fn names(&self, ids: &[String]) -> Names {
        let mut names = Names::new();
        let mut unknown = Vec::new();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                match known.get(id) {
                    Some(name) => drop(names.insert(id.clone(), name.clone())),
                    None => unknown.push(id),
                }
            }
        }
        let asked = unknown.into_iter().take(MAX_ASKED).map(|id| async move { (id, self.ask(id).await) });
        for (id, name) in join_all(asked).await {
            if let Some(name) = name {
                self.keep(id, &name);
                names.insert(id.clone(), name);
            }
        }
        names
    }

    fn keep(&self, id: &str, name: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KEPT {
            known.clear();
        }
        known.insert(id.to_owned(), name.to_owned());
    }

    async fn ask(&self, id: &str) -> Option<String> {
        let form = [("user", id)];
        let told: Value = match timeout(ASK_WITHIN, self.api.ask("users.info", &form)).await.ok()? {
            Ok(told) => told,
            Err(CallError::Answered(refusal)) => {
                if let Some(remedy) = refusal.remedy() {
                    (self.limited)(Some(&self.api.lacking().unwrap_or(remedy)));
                }
                // Nobody of this id has a name, also the next time.
                self.keep(id, id);
                return None;
            }
            Err(error) => {
                tracing::debug!(%error, "a name could not be asked for");
                return None;
            }
        };
        let user = &told["user"];
        let names =
            [&user["profile"]["display_name"], &user["profile"]["real_name"], &user["real_name"], &user["name"]];
        names.into_iter().filter_map(Value::as_str).find(|name| !name.trim().is_empty()).map(str::to_owned)
    }
}
