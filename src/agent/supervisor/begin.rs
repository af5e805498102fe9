//! The beginning of a run, whoever its agent is: from then on it is this supervisor's and no other's.

use std::io;
use std::path::Path;

use super::clients::Clients;
use super::process::Identity;
use super::spool::{EVENTS_FILE, SUPERVISOR_FILE, Spool};
use crate::agent::run::RunSpec;

/// Takes the run: creates its directory, listens there, and says who supervises it; `first` is the directory of the run for
/// which its agent was started.
pub(super) fn begin(spec: &RunSpec, first: &Path) -> io::Result<(Spool, Clients)> {
    let mut spool = Spool::create(&spec.directory)?;
    spool.started_for(first);
    let listen = || {
        let clients = Clients::listen(&spec.directory, spool.reader(EVENTS_FILE)?)?;
        spool.record(SUPERVISOR_FILE, Identity::of(std::process::id().cast_signed())?)?;
        Ok(clients)
    };
    match listen() {
        Ok(clients) => Ok((spool, clients)),
        Err(error) => {
            // Nothing was started, so that nothing is to be found there.
            let _ = std::fs::remove_dir_all(&spec.directory);
            Err(error)
        }
    }
}
