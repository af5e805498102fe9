//! The hand-over of a run from the bot to a supervisor that was forked for it.
//!
//! The supervisor says who it is in one [`Forked`] line. The bot writes one frame once the run is committed: the length as
//! eight hexadecimal digits, a line break, then a [`RunSpec`] as JSON. A frame that is not whole means that the bot died
//! or changed its mind: nothing is started. The answer is one [`Ready`] line.
//!
//! The supervisor of an agent that is kept takes the same over its socket, and answers there; an [`END`] asks it to end
//! the agent.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use crate::agent::run::RunSpec;

/// Longest specification of a run, in bytes of JSON.
pub const MAX_FRAME_BYTES: usize = 8 * 1024 * 1024;

const HEADER_BYTES: usize = 9;

/// Tells why a frame could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is too long.
    #[error("the run's specification is longer than {MAX_FRAME_BYTES} bytes")]
    TooLong,
    /// It is no specification.
    #[error("reading the run's specification: {0}")]
    Invalid(#[from] serde_json::Error),
    /// It does not begin with a length.
    #[error("the run's specification has no length")]
    NoLength,
    /// What the bot talks over failed.
    #[error("reading the run's specification: {0}")]
    Io(#[from] io::Error),
}

/// Asks the supervisor of a kept agent to end it: a frame without a run.
pub const END: &[u8; HEADER_BYTES] = b"00000000\n";

/// What the supervisor of a kept agent is told.
#[derive(Debug)]
pub(super) enum KeptOrder {
    /// A next run.
    Run(Box<RunSpec>),
    /// To end the agent.
    End,
}

/// What a supervisor says first.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Forked {
    /// Its process id.
    pub pid: i32,
}

/// What a supervisor answers to a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Ready {
    /// The run is its own; its socket listens.
    Started,
    /// The run's directory exists: another supervisor was first.
    Exists,
    /// The kept agent was ended, as was asked or since it cannot take this run, which has not begun.
    Gone,
    /// It could not begin; nothing was started.
    Failed {
        /// Why.
        error: String,
        /// Whether that was for want of room on the disk: it may begin later.
        #[serde(default)]
        no_room: bool,
    },
}

impl Ready {
    /// Says why a run could not begin.
    pub fn failed(error: &io::Error) -> Self {
        let no_room = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        Self::Failed { error: error.to_string(), no_room }
    }
}

/// Returns the frame of a run.
///
/// # Errors
/// Where it would be too long.
pub fn encode(spec: &RunSpec) -> Result<Vec<u8>, FrameError> {
    let json = serde_json::to_vec(spec)?;
    if json.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong);
    }
    let mut frame = format!("{:08x}\n", json.len()).into_bytes();
    frame.extend_from_slice(&json);
    Ok(frame)
}

/// Reads a frame; `None` where it is not whole.
///
/// # Errors
/// Where something else than a frame was written.
pub fn read(from: &mut impl Read) -> Result<Option<RunSpec>, FrameError> {
    match read_json(from)? {
        Some(json) => Ok(Some(serde_json::from_slice(&json)?)),
        None => Ok(None),
    }
}

/// Reads what the supervisor of a kept agent is told; `None` where it is not whole.
pub(super) fn read_told(from: &mut impl Read) -> Result<Option<KeptOrder>, FrameError> {
    match read_json(from)? {
        Some(json) if json.is_empty() => Ok(Some(KeptOrder::End)),
        Some(json) => Ok(Some(KeptOrder::Run(serde_json::from_slice(&json)?))),
        None => Ok(None),
    }
}

fn read_json(from: &mut impl Read) -> Result<Option<Vec<u8>>, FrameError> {
    let mut header = [0; HEADER_BYTES];
    if !read_whole(from, &mut header)? {
        return Ok(None);
    }
    let digits = header.strip_suffix(b"\n").and_then(|digits| str::from_utf8(digits).ok());
    let length = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok()).ok_or(FrameError::NoLength)?;
    if length > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong);
    }
    let mut json = vec![0; length];
    Ok(read_whole(from, &mut json)?.then_some(json))
}

fn read_whole(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_cut_anywhere_starts_nothing() {
        let frame = b"00000020\n{\"not\":\"reached\"}";
        for length in 0..frame.len() {
            assert!(matches!(read(&mut &frame[..length]), Ok(None)), "{length}");
        }
    }

    #[test]
    fn a_kept_agent_is_told_of_a_run_or_to_end() {
        assert!(matches!(read_told(&mut &END[..]), Ok(Some(KeptOrder::End))));
        assert!(matches!(read_told(&mut &END[..5]), Ok(None)), "it is not whole");
        assert!(matches!(read_told(&mut &b"00000002\n{}"[..]), Err(FrameError::Invalid(_))), "it is no run");
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        assert!(matches!(read(&mut &b"hello world"[..]), Err(FrameError::NoLength)));
        assert!(matches!(read(&mut &b"ffffffff\n{}"[..]), Err(FrameError::TooLong)));
        assert!(matches!(read(&mut &b"00000002\n{}"[..]), Err(FrameError::Invalid(_))));
    }
}
