//! What a rendered part holds: its text, and the blocks that show the same, as JSON.
//!
//! The outbox stores it and never looks inside; it may be read back by a later version, so unknown fields are passed over and
//! a body that is no such JSON is sent as the plain text it is.

use serde::{Deserialize, Serialize};
use signalbox_adapter::Part;
use slack_morphism::prelude::SlackBlock;

/// One message's text and blocks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    /// All that it says, in plain words and not escaped: for notifications, for screen readers, and where blocks are refused.
    pub(crate) text: String,
    /// The same with the addresses of links behind their words, where there are such; it may be too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plain: Option<String>,
    /// How it is shown.
    #[serde(default)]
    pub(crate) blocks: Vec<SlackBlock>,
    /// The same with its charts, and unfolded: Slack brings the two to a workspace one by one. `None` where it has not both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unfolded: Option<Vec<SlackBlock>>,
    /// How it is shown where some of those blocks are too new for the workspace; `None` where none is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) simpler: Option<Vec<SlackBlock>>,
    /// What stands beside a coloured bar below that; of cards only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bar: Option<Bar>,
}

/// The part of a card that has a colour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bar {
    /// The colour, as `#rrggbb`.
    pub(crate) colour: String,
    /// What stands beside it.
    pub(crate) blocks: Vec<SlackBlock>,
}

impl Body {
    /// Reads a part back.
    pub(crate) fn of(part: &Part) -> Self {
        serde_json::from_str(&part.body).unwrap_or_else(|_| Self { text: part.body.clone(), ..Self::default() })
    }

    /// Returns it as it goes without containers; `None` where it has none.
    pub(crate) fn without_containers(mut self) -> Option<Self> {
        let unfolded = self.unfolded.take().filter(|_| self.has_containers());
        match unfolded {
            Some(blocks) => Some(Self { blocks, ..self }),
            None => self.without_novel_blocks(),
        }
    }

    /// Returns it as it goes without blocks that not every workspace takes yet; `None` where it has no such.
    pub(crate) fn without_novel_blocks(mut self) -> Option<Self> {
        self.blocks = self.simpler.take()?;
        self.unfolded = None;
        Some(self)
    }

    /// Whether it folds something.
    pub(crate) fn has_containers(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, SlackBlock::Container(_)))
    }

    /// Whether Slack draws something of it.
    pub(crate) fn has_charts(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, SlackBlock::DataVisualization(_)))
    }

    /// Returns the part that holds this.
    pub(crate) fn into_part(self) -> Part {
        Part { body: serde_json::to_string(&self).expect("text and blocks are JSON") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_and_anything_else_is_a_text() {
        let body = Body { text: "a < b".to_owned(), ..Body::default() };
        assert_eq!(Body::of(&body.clone().into_part()), body);
        for text in ["", "plain", "{}", "{\"blocks\":3}", "[1]"] {
            assert_eq!(Body::of(&Part { body: text.to_owned() }).text, text);
        }
    }
}
