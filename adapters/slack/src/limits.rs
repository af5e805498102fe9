//! What Slack takes in one message, each number with its source. All were read in 2026-11.
//!
//! Sources: [blocks] = <https://docs.slack.dev/reference/block-kit/blocks>, with a page for each block below it; [post] =
//! <https://docs.slack.dev/reference/methods/chat.postMessage>; [objects] =
//! <https://docs.slack.dev/reference/block-kit/block-elements/button-element>.

/// Longest top-level text, in characters, with `&`, `<` and `>` escaped: more is cut at 40,000, and 4,000 is what Slack
/// advises. All that blocks say is in that text too, so that it bounds a message ([post]).
pub(crate) const MAX_TEXT_CHARS: usize = 4000;

/// Most blocks of a message ([blocks]).
pub(crate) const MAX_BLOCKS: usize = 50;

/// Longest text of a header, in characters ([blocks], header).
pub(crate) const MAX_HEADER_CHARS: usize = 150;

/// Longest text of a section, in characters ([blocks], section).
pub(crate) const MAX_SECTION_CHARS: usize = 3000;

/// Most buttons of one `actions` block ([blocks], actions).
pub(crate) const MAX_BUTTONS: usize = 25;

/// Longest label of a button, in characters ([objects]).
pub(crate) const MAX_LABEL_CHARS: usize = 75;

/// Longest value of a button, in characters ([objects]).
pub(crate) const MAX_VALUE_CHARS: usize = 2000;

/// Most rows of a table, its header too ([blocks], table).
pub(crate) const MAX_TABLE_ROWS: usize = 100;

/// Most columns of a table ([blocks], table). A message has at most one, which is shown at its end wherever it stands.
pub(crate) const MAX_TABLE_COLUMNS: usize = 20;

/// Most charts of a message ([blocks], data visualization).
pub(crate) const MAX_CHARTS: usize = 2;

/// Most blocks within a container ([blocks], container).
pub(crate) const MAX_CONTAINED: usize = 10;

/// Deepest indent of a list ([blocks], rich text).
pub(crate) const MAX_INDENT: u64 = 8;

/// Longest address of a link, in characters, as that of a button is ([objects]); a longer one is written out.
pub(crate) const MAX_URL_CHARS: usize = 3000;

/// Blocks of a message beside those of its text: its number, its mark, and its buttons.
pub(crate) const BLOCKS_BESIDE: usize = 8;
