//! Checks of what is configured, end to end: each transport and mail server is asked who we are, as before every delivery;
//! agents have answered by then.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::format::fire::{self, Check};
use crate::store::{Schedule, Status, Task};
use crate::turn::{Context, crew};

/// Longest that a provider is asked.
const ASK_WITHIN: Duration = Duration::from_secs(15);

/// Asks every provider that is connected, and sums up what agents came to.
pub(super) async fn all(cx: &Context, schedule: &Schedule, agents: &[String], tasks: &[Task]) -> Vec<Check> {
    let connected = cx.transports.iter().filter(|(_, transport)| !transport.trusted);
    let connected = connected.filter_map(|(provider, transport)| Some((provider, transport.deliver.as_ref()?)));
    let mut checks = join_all(connected.map(async |(provider, deliver)| {
        let begun = Instant::now();
        let outcome = match tokio::time::timeout(ASK_WITHIN, deliver.check()).await {
            Ok(Ok(identity)) => Ok(identity.name),
            Ok(Err(error)) => Err(cx.redactor.clean(&error.to_string())),
            Err(_) => Err(fire::no_answer(ASK_WITHIN)),
        };
        Check { what: provider.clone(), took: Some(begun.elapsed()), outcome }
    }))
    .await;
    checks.extend(agents.iter().map(|agent| of_agent(cx, schedule, agent, tasks)));
    checks
}

fn of_agent(cx: &Context, schedule: &Schedule, agent: &str, tasks: &[Task]) -> Check {
    let Some(task) = tasks.iter().find(|task| task.agent == agent) else {
        let why = crew::unfit(cx, schedule, agent).unwrap_or_else(|| fire::not_tried().to_owned());
        return Check { what: agent.to_owned(), took: None, outcome: Err(why) };
    };
    let answered = matches!(task.status, Status::Ok | Status::Success);
    let outcome = if answered { Ok(task.result.clone().unwrap_or_default()) } else { Err(fire::why(task)) };
    Check { what: agent.to_owned(), took: Some(crew::took(task)), outcome }
}
