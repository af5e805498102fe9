//! The trace of one message: from its arrival to the receipt of its answer.

use signalbox_adapter::{Block, Document, Inline, one_line};

use super::{cell, instant, session, span, table};
use crate::clock::Timestamp;
use crate::store::{Delivery, DeliveryState, Task, TaskEvent};

/// Answers `/why`: every step with its time and how long after the first it was.
#[must_use]
pub fn trace(
    task: &Task,
    name: &str,
    received: Option<Timestamp>,
    events: &[TaskEvent],
    deliveries: &[Delivery],
) -> Document {
    let start = received.unwrap_or(task.created_at);
    let mut steps: Vec<(Timestamp, String, String)> = Vec::new();
    if let Some(received) = received {
        steps.push((received, "received".into(), format!("{} in {}", task.requested_by, task.address)));
    }
    steps.extend(events.iter().map(|event| (event.at, event.what.clone(), event.detail.clone())));
    for delivery in deliveries {
        let what = match delivery.state {
            DeliveryState::Pending => "waits to be sent",
            DeliveryState::Sending => "is being sent",
            DeliveryState::Unknown => "may have been sent",
            DeliveryState::Delivered => delivery.standing(),
            DeliveryState::Failed => "given up",
        };
        let mut detail = format!("{} · {}", delivery.key, super::count(delivery.attempts as usize, "attempt"));
        if let Some(error) = &delivery.error {
            detail.push_str(&format!(" · {}", one_line(error, 120)));
        }
        steps.push((delivery.finished_at.unwrap_or(delivery.created_at), what.to_owned(), detail));
    }
    steps.sort_by_key(|(at, _, _)| *at);
    let rows = steps
        .into_iter()
        .map(|(at, what, detail)| {
            vec![cell(instant(at)), cell(format!("+{}", span(at.since(start)))), cell(what), cell(detail)]
        })
        .collect();
    let headline = vec![
        Inline::strong(format!("[{name}] ")),
        Inline::Code(task.id.to_string()),
        Inline::Text(format!(" · {} · {}", task.status.as_str(), session::agent(&task.agent, task.model.as_deref()))),
    ];
    let mut blocks = vec![Block::Paragraph(headline), table(&["when", "after", "what", "detail"], rows)];
    if let Some(retried) = &task.retry_of {
        blocks.push(Block::text(format!("It repeats the task {retried}.")));
    }
    Document { blocks }
}
