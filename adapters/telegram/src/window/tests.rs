//! Whatever comes in whatever order: each update is handed out once, and none is confirmed before it is done.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::translate::translate;

/// What a test puts into the window: chat, album, length of the text, whether a file comes with it.
type Sort = (i64, Option<u8>, bool, bool);

fn piece(id: u32, (chat, album, long, file): Sort) -> Piece {
    let mut message = json!({
        "message_id": id, "date": 1, "chat": { "id": chat, "type": "private" },
        "from": { "id": chat, "first_name": "x" },
        "text": if long { "x".repeat(4000) } else { id.to_string() },
    });
    if let Some(album) = album {
        message["media_group_id"] = album.to_string().into();
    }
    if file {
        message["document"] = json!({ "file_id": "f" });
    }
    let bot = serde_json::from_value(json!({ "id": 42 })).expect("a bot");
    translate(&bot, serde_json::from_value(json!({ "update_id": id, "message": message })).expect("an update"))
}

proptest! {
    #[test]
    fn every_update_is_handed_out_once_and_confirmed_only_when_done(
        sorts in prop::collection::vec((1..4_i64, prop::option::of(0..2_u8), any::<bool>(), any::<bool>()), 1..40),
        steps in prop::collection::vec((0..5_usize, 0..2000_u64, any::<prop::sample::Index>()), 0..60),
    ) {
        let mut window = Window::default();
        let mut now = Instant::now();
        let mut coming = sorts.iter().enumerate().map(|(at, sort)| (u32::try_from(at).expect("few") + 10, *sort));
        let mut lines: BTreeMap<u32, i64> = BTreeMap::new();
        let mut out: Vec<Vec<u32>> = Vec::new();
        let mut handed: Vec<u32> = Vec::new();
        let mut done: BTreeSet<u32> = BTreeSet::new();
        // Afterwards enough steps follow to bring everything in and out.
        let rest = (0..200).map(|_| (5, 2000, None));
        let steps = steps.into_iter().map(|(arrivals, passed, which)| (arrivals, passed, Some(which)));
        for (arrivals, passed, which) in steps.chain(rest) {
            now += Duration::from_millis(passed);
            for (id, sort) in coming.by_ref().take(arrivals) {
                lines.insert(id, sort.0);
                window.take(id, piece(id, sort), now);
            }
            for (ids, _) in window.ready(now) {
                for earlier in ids.iter().flat_map(|id| lines.range(..id).filter(|(_, line)| **line == lines[id])) {
                    prop_assert!(handed.contains(earlier.0) || ids.contains(earlier.0), "{earlier:?} is overtaken by {ids:?}");
                }
                handed.extend(&ids);
                out.push(ids);
            }
            if !out.is_empty() {
                let at = which.map_or(0, |which| which.index(out.len()));
                let ids = out.swap_remove(at);
                window.done(&ids);
                done.extend(ids);
            }
            let offset = window.offset().unwrap_or(0);
            prop_assert!(lines.keys().filter(|id| i64::from(**id) < offset).all(|id| done.contains(id)));
        }
        handed.sort_unstable();
        prop_assert_eq!(handed, lines.keys().copied().collect::<Vec<_>>());
        prop_assert!(window.is_empty());
    }
}
