//! Passing on what kept agents say by themselves: each note that a supervisor has [written down](crate::agent::supervisor::UnaskedNote)
//! becomes a message of its session, once, whenever this program dies.
//!
//! ```text
//! supervisor ─► <state>/unasked/<note> ─► one step: the note's name is remembered, the message written ─► the note is removed
//! ```

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::OFlag;
use signalbox_adapter::Purpose;
use tokio_util::sync::CancellationToken;

use super::attempts;
use crate::agent::names::is_plain;
use crate::agent::supervisor::{UNASKED, UnaskedNote};
use crate::bus::Bus;
use crate::format;
use crate::lifecycle::rehearsal;
use crate::store::{StoreError, TaskId, Tx};
use crate::turn::Context;

/// Longest note that is read, in bytes; a text within its bounds is shorter in whatever letters.
const MAX_NOTE_BYTES: u64 = 1024 * 1024;
/// Most notes that are passed on in one go.
const MAX_NOTES: usize = 64;
/// How long it is remembered that a note was passed on: far longer than it may lie there after that.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Passes on all that is there.
///
/// # Errors
/// [`StoreError`]; one that may pass only when `stop` was cancelled meanwhile.
pub(super) async fn pass_on(bus: &Arc<Bus>, stop: &CancellationToken) -> Result<(), StoreError> {
    let directory = bus.store().directory().join(UNASKED);
    let found = tokio::task::spawn_blocking(move || notes(&directory)).await.unwrap_or_default();
    for (path, name, note) in found {
        let tries = path.with_extension("tries");
        let is_one_too_many = attempts::is_too_many_in(&tries, bus.store().clock().now()).is_ok_and(|is_one| is_one);
        if is_one_too_many {
            tracing::error!(note = name, "a note of what an agent has said by itself has ended this program each time");
        }
        if let Some(note) = note.filter(|_| !is_one_too_many) {
            let context = Arc::clone(bus.router().context());
            let step = move |tx: &Tx<'_>| tell(tx, &context, &name, &note);
            bus.store().patiently(stop, || bus.write(step.clone())).await?;
            rehearsal::at("unasked");
        }
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(%error, "could not remove a note of what an agent has said by itself");
        }
        // Where it stays, it goes with the old ones.
        let _ = fs::remove_file(&tries);
    }
    Ok(())
}

/// Writes the message of a note, unless that was done before.
fn tell(tx: &Tx<'_>, context: &Context, name: &str, note: &UnaskedNote) -> Result<(), StoreError> {
    if !tx.first_in(&format!("unasked:{name}"), REMEMBERED)? {
        return Ok(());
    }
    let id = note.run.rsplit_once('-').and_then(|(task, _)| TaskId::read(task));
    let Some(asked) = id.map(|id| tx.task(&id)).transpose()?.flatten() else {
        tracing::warn!(run = note.run, "an agent has said something by itself, and what it was asked is forgotten");
        return Ok(());
    };
    let clean = |text: &str| context.redactor.clean(text);
    let mut said = note.said.clone().bounded();
    said.text = clean(&said.text);
    for denial in &mut said.denials {
        denial.summary = clean(&denial.summary);
    }
    let draft = format::unasked::said(&asked, &tx.name_of(&asked)?, &said, note.is_last);
    tx.note(&asked.id, "unasked", "")?;
    tx.enqueue(&context.tell(&asked, draft, Purpose::Result, Vec::new())?)
}

/// Returns the notes in the order in which they were written, each with its name; one that cannot be read is nothing.
fn notes(directory: &Path) -> Vec<(PathBuf, String, Option<UnaskedNote>)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<(u128, u64, PathBuf, String)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?.strip_suffix(".json")?.to_owned();
            let number = name.rsplit('.').next()?.parse().ok()?;
            // Whatever else lies there was written by no supervisor: a pipe would be waited for.
            let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            let at = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            is_plain(&name).then(|| (at.as_millis(), number, entry.path(), name))
        })
        .collect();
    found.sort();
    found.truncate(MAX_NOTES);
    let with_note = |(_, _, path, name): (u128, u64, PathBuf, String)| {
        let note = read(&path);
        (path, name, note)
    };
    found.into_iter().map(with_note).collect()
}

fn read(path: &Path) -> Option<UnaskedNote> {
    let mut json = Vec::new();
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    let read = opened.and_then(|file| file.take(MAX_NOTE_BYTES).read_to_end(&mut json));
    let note = read
        .map_err(|error| error.to_string())
        .and_then(|_| serde_json::from_slice(&json).map_err(|error| error.to_string()));
    note.inspect_err(|error| tracing::error!(error, "a note of what an agent has said by itself cannot be read")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::unasked::Unasked;

    #[test]
    fn only_plain_files_are_notes_and_nothing_else_is_waited_for() {
        let place = tempfile::tempdir().expect("a directory");
        let at = |name: &str| place.path().join(name);
        let said = Unasked { text: "tests are done".into(), denials: Vec::new() };
        let note = UnaskedNote { version: 1, run: "5pj46898-1".into(), said, is_last: false };
        fs::write(at("5pj46898-1.0.json"), serde_json::to_vec(&note).expect("JSON")).expect("written");
        fs::write(at("5pj46898-1.1.json"), "{").expect("written");
        nix::unistd::mkfifo(&at("5pj46898-1.2.json"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        fs::create_dir(at("5pj46898-1.3.json")).expect("made");
        std::os::unix::fs::symlink(at("5pj46898-1.0.json"), at("5pj46898-1.4.json")).expect("a link");
        let found: Vec<_> = notes(place.path()).into_iter().map(|(_, name, note)| (name, note)).collect();
        let name = |number: u64| format!("5pj46898-1.{number}");
        assert_eq!(found, [(name(0), Some(note)), (name(1), None)]);
        assert_eq!(read(&at("5pj46898-1.2.json")), None, "one that has become a pipe meanwhile");
        assert_eq!(read(&at("5pj46898-1.4.json")), None, "or a link");
    }
}
