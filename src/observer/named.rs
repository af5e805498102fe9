//! Files that an agent names for the person: they go with its answer.
//!
//! An agent names a file by a line of its answer, where its configuration says by which (`deliver`), or by a resource of its
//! protocol. What it names is data: a file is taken from its own directories only, if it is a plain file, of bounded size, and
//! no secret is in it. It is copied at the end of the run, so that what is delivered later, also by another life of this
//! program, is what was there then.

mod beneath;

use std::collections::HashSet;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use signalbox_adapter::safe_name;

use crate::agent::event::{NamedFile, ToldFile};
use crate::config::NamingLine;
use crate::format::files::{self, Unattached, WhyUnattached as Why};
use crate::redact::Redactor;
use crate::store::{Completion, Enclosed, EnclosedContent, KeptFile, OUTGOING, Status, TaskId};
use beneath::NotFound;

/// Most files that go with one answer.
const MAX_FILES: usize = 10;
/// Largest file, in bytes, where the chat would take a larger one.
pub(super) const MAX_FILE_BYTES: u64 = 50_000_000;
/// Most that all files of an answer may have, in bytes.
const MAX_TOGETHER_BYTES: u64 = 100_000_000;
/// Lines of an answer that may name files; those behind them are text.
const MAX_LINES: usize = 1000;
/// How often a file is read that is written to meanwhile.
const READS: usize = 3;

/// What may go with an answer.
#[derive(Debug)]
pub(super) struct Naming {
    pub(super) task: TaskId,
    /// The state directory.
    pub(super) state: PathBuf,
    /// Where the agent works, and its scratch directory.
    pub(super) directories: Vec<PathBuf>,
    /// Our own directories and files, of which nothing is sent.
    pub(super) off_limits: Vec<PathBuf>,
    /// How its answer names files.
    pub(super) lines: Vec<NamingLine>,
    /// Whether its answer is what a person is shown, and not an analysis that is read.
    pub(super) is_talk: bool,
    /// The largest file that the chat takes, in bytes.
    pub(super) max_file_bytes: u64,
}

impl Naming {
    /// Takes the files that an answer names out of it, and those that its agent has `told` besides.
    pub(super) fn take(&self, completion: &mut Completion, told: &[NamedFile], redactor: &Redactor) {
        if !matches!(completion.status, Status::Ok | Status::Success) {
            return;
        }
        let answer = completion.result.as_deref().unwrap_or_default();
        let (mut text, paths) = taken_out(answer, &self.lines);
        let named = paths.into_iter().map(NamedFile::Path).chain(told.iter().cloned());
        let mut gathering = Gathering { naming: self, redactor, seen: HashSet::new(), kept: Vec::new(), bytes: 0 };
        let (mut unattached, mut more, mut known) = (Vec::new(), 0, HashSet::new());
        for file in named.filter(|file| known.insert(said(file))) {
            if gathering.kept.len() == MAX_FILES {
                more += 1;
            } else if let Err(why) = gathering.keep(&file) {
                unattached.push(Unattached { name: redactor.clean(&said(&file)), why });
            }
        }
        let kept = gathering.kept;
        if self.is_talk && text.trim().is_empty() && !kept.is_empty() {
            text = files::only_files(&kept.iter().map(|file| file.file_name.as_str()).collect::<Vec<_>>());
        }
        if text != answer {
            completion.result = Some(text);
        }
        completion.unattached = files::unattached(&unattached, more, MAX_FILES);
        completion.files = kept;
    }

    /// Names the folder in which the files of the task are kept, below the state directory.
    fn folder(&self) -> PathBuf {
        Path::new(OUTGOING).join(self.task.as_str())
    }
}

/// Returns what an agent calls a file.
fn said(file: &NamedFile) -> String {
    match file {
        NamedFile::Path(path) => path.clone(),
        NamedFile::Told(told) => told.name.clone(),
    }
}

/// Takes the lines that name files out of an answer, but for those in blocks of code.
fn taken_out(answer: &str, lines: &[NamingLine]) -> (String, Vec<String>) {
    let mut paths = Vec::new();
    if lines.is_empty() {
        return (answer.to_owned(), paths);
    }
    let (mut text, mut fence) = (String::with_capacity(answer.len()), None);
    for line in answer.split_inclusive('\n') {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        let path = lines.iter().find_map(|naming| naming.path(line)).filter(|_| fence.is_none() && mark.is_none());
        match path.filter(|_| paths.len() < MAX_LINES) {
            Some(path) => paths.push(path.to_owned()),
            None => text.push_str(line),
        }
    }
    (text, paths)
}

/// The files of one answer, while they are kept.
struct Gathering<'g> {
    naming: &'g Naming,
    redactor: &'g Redactor,
    /// Files by device and number: each goes once, whatever it is called.
    seen: HashSet<(u64, u64)>,
    kept: Vec<Enclosed>,
    bytes: u64,
}

impl Gathering<'_> {
    fn keep(&mut self, file: &NamedFile) -> Result<(), Why> {
        match file {
            NamedFile::Path(path) => self.keep_path(path),
            NamedFile::Told(told) => self.keep_told(told),
        }
    }

    fn keep_path(&mut self, path: &str) -> Result<(), Why> {
        let found = self.find(path)?;
        let is_ours = |limit: &PathBuf| found.path.starts_with(limit) && !self.naming.is_its_own(&found.path, limit);
        if self.naming.off_limits.iter().any(is_ours) {
            return Err(Why::Outside);
        }
        let metadata = found.metadata().map_err(|_| Why::Unreadable)?;
        if !metadata.is_file() {
            return Err(Why::NoFile);
        }
        if self.seen.contains(&(metadata.dev(), metadata.ino())) {
            return Ok(());
        }
        self.check_size(metadata.len())?;
        let content = read(&found.open().map_err(|_| Why::Unreadable)?, self.most())?;
        let name = found.path.file_name().unwrap_or_default().to_string_lossy();
        self.write(&name, None, &content, Some(found.path.clone()))?;
        self.seen.insert((metadata.dev(), metadata.ino()));
        Ok(())
    }

    /// Finds a path in the agent's directories.
    fn find(&self, path: &str) -> Result<beneath::Beneath, Why> {
        let path = Path::new(path);
        let mut directories: Vec<(PathBuf, &Path)> = Vec::new();
        for directory in &self.naming.directories {
            let Ok(real) = directory.canonicalize() else { continue };
            let below = match path.is_absolute() {
                true => path.strip_prefix(directory).or_else(|_| path.strip_prefix(&real)).ok(),
                // A name alone is one in the directory where it works.
                false => Some(path).filter(|_| directories.is_empty()),
            };
            directories.extend(below.map(|below| (real, below)));
        }
        let (real, below) = directories.first().ok_or(Why::Outside)?;
        beneath::find(real, below).map_err(|why| match why {
            NotFound::Outside => Why::Outside,
            NotFound::Missing => Why::Missing,
            NotFound::Refused => Why::Unreadable,
        })
    }

    fn keep_told(&mut self, told: &ToldFile) -> Result<(), Why> {
        let Some(base64) = &told.base64 else {
            return Err(Why::Large { bytes: told.size_bytes, most: crate::agent::event::MAX_TOLD_FILE_BYTES });
        };
        self.check_size(told.size_bytes)?;
        let content = base64::engine::general_purpose::STANDARD.decode(base64).map_err(|_| Why::Unreadable)?;
        let name = match (Path::new(&told.name).extension(), told.media_type.as_deref().and_then(extension_of)) {
            (None, Some(extension)) => format!("{}.{extension}", told.name),
            (Some(_), _) | (None, None) => told.name.clone(),
        };
        self.write(&name, told.media_type.as_deref(), &content, None)
    }

    fn most(&self) -> u64 {
        self.naming.max_file_bytes.min(MAX_FILE_BYTES)
    }

    fn check_size(&self, bytes: u64) -> Result<(), Why> {
        if bytes == 0 {
            Err(Why::Empty)
        } else if bytes > self.most() {
            Err(Why::Large { bytes, most: self.most() })
        } else if self.bytes.saturating_add(bytes) > MAX_TOGETHER_BYTES {
            Err(Why::Together { most: MAX_TOGETHER_BYTES })
        } else {
            Ok(())
        }
    }

    /// Writes our copy of a file.
    fn write(&mut self, name: &str, told: Option<&str>, content: &[u8], origin: Option<PathBuf>) -> Result<(), Why> {
        self.check_size(content.len() as u64)?;
        if self.redactor.is_in(content) {
            return Err(Why::Secret);
        }
        let name = safe_name(&self.redactor.clean(name));
        let place = self.naming.folder().join((self.kept.len() + 1).to_string());
        save(&self.naming.state.join(&place), content).map_err(|error| {
            tracing::warn!(%error, "an agent's file could not be kept");
            Why::NoRoom
        })?;
        let size_bytes = content.len() as u64;
        self.bytes += size_bytes;
        let media_type = media_type_of(&name, told).to_owned();
        let content = EnclosedContent::Kept(KeptFile { place, origin, size_bytes });
        self.kept.push(Enclosed { file_name: name, media_type, content });
        Ok(())
    }
}

impl Naming {
    /// Whether a file that lies in a place of ours is the agent's all the same: it works in a directory that we have made for it.
    /// That is known by its name, and a link that stands in some directory's place by now leads to none of the agent's.
    fn is_its_own(&self, file: &Path, limit: &Path) -> bool {
        let Ok(state) = self.state.canonicalize() else { return false };
        let of_state = |directory: &'_ PathBuf| {
            let below = directory.strip_prefix(&self.state).or_else(|_| directory.strip_prefix(&state)).ok()?;
            let is_made =
                ["work", "trees", "tmp"].iter().any(|made| below.starts_with(made) && below != Path::new(made));
            is_made.then(|| state.join(below))
        };
        limit == state && self.directories.iter().filter_map(of_state).any(|own| file.starts_with(own))
    }
}

/// Reads a file that may be written to meanwhile, at most so many bytes.
fn read(file: &File, most: u64) -> Result<Vec<u8>, Why> {
    let unreadable = |_: io::Error| Why::Unreadable;
    for _ in 0..READS {
        let before = file.metadata().map_err(unreadable)?;
        let mut content = Vec::new();
        io::Seek::rewind(&mut &*file).map_err(unreadable)?;
        file.take(most + 1).read_to_end(&mut content).map_err(unreadable)?;
        if content.len() as u64 > most {
            return Err(Why::Large { bytes: file.metadata().map_err(unreadable)?.len().max(most + 1), most });
        }
        let after = file.metadata().map_err(unreadable)?;
        if state_of(&before) == state_of(&after) && after.len() == content.len() as u64 {
            return Ok(content);
        }
    }
    Err(Why::Changing)
}

fn state_of(metadata: &Metadata) -> (u64, i64, i64) {
    (metadata.len(), metadata.mtime(), metadata.mtime_nsec())
}

/// Writes a file for its owner alone, so that also a power cut leaves it; one of an earlier attempt is written anew.
fn save(place: &Path, content: &[u8]) -> io::Result<()> {
    let folder = place.parent().unwrap_or(place);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    match std::fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(place)?;
    file.write_all(content)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()
}

/// Endings of names and the media types that go with them.
const KINDS: [(&str, &str); 18] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("log", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("json", "application/json"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("mp4", "video/mp4"),
];

fn media_type_of<'m>(name: &str, told: Option<&'m str>) -> &'m str {
    let is_plain = |kind: &&str| {
        let of_words =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+.".contains(&b));
        kind.split_once('/').is_some_and(|(kind, sub)| of_words(kind) && of_words(sub))
    };
    let ending =
        Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let known = KINDS.into_iter().find(|(known, _)| *known == ending).map(|(_, kind)| kind);
    told.filter(is_plain).or(known).unwrap_or("application/octet-stream")
}

fn extension_of(media_type: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|(_, kind)| *kind == media_type).map(|(ending, _)| ending)
}

#[cfg(test)]
mod tests;
