//! The log on standard error: for people in a terminal, else JSON. An error may hold the words of a provider or of an agent:
//! secrets are masked, what others have said stays within its line, and no terminal obeys it.

use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;

use super::output::visible;
use crate::redact::Redactor;

/// What masks secrets in the log, once the configuration is read.
static REDACTOR: OnceLock<Redactor> = OnceLock::new();

/// Masks secrets in what is logged from here on.
pub(super) fn mask_by(redactor: Redactor) {
    REDACTOR.set(redactor).ok();
}

/// What is left out unless `SIGNALBOX_LOG` asks for it: the ticker of schedules tells how it begins, in words of its own.
const QUIET: &str = "tokio_cron_scheduler=error";

/// Starts to log from a level on, unless `SIGNALBOX_LOG` says otherwise.
pub(super) fn start(default: &str) {
    let usual = || EnvFilter::new(format!("{default},{QUIET}"));
    let filter = EnvFilter::try_from_env("SIGNALBOX_LOG").unwrap_or_else(|_| usual());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(MaskedLog);
    if io::stderr().is_terminal() {
        let fields = debug_fn(|writer, field, value| {
            let value = format!("{value:?}");
            let value = visible(&value);
            match field.name() {
                "message" => writer.write_str(&value),
                name => write!(writer, "{name}={value}"),
            }
        });
        subscriber.fmt_fields(fields.delimited(" ")).init();
    } else {
        subscriber.json().init();
    }
}

/// Standard error, masked.
pub(super) struct MaskedLog;

impl MakeWriter<'_> for MaskedLog {
    type Writer = Masked<io::Stderr>;

    fn make_writer(&self) -> Self::Writer {
        Masked { to: io::stderr(), by: REDACTOR.get() }
    }
}

/// Writes whole lines on, their secrets masked.
pub(super) struct Masked<W> {
    to: W,
    by: Option<&'static Redactor>,
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.by {
            Some(redactor) => self.to.write_all(redactor.clean(&String::from_utf8_lossy(line)).as_bytes())?,
            None => self.to.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Redact;

    #[test]
    fn a_line_of_the_log_is_masked() {
        static BY: OnceLock<Redactor> = OnceLock::new();
        let redact = Redact { literals: vec!["hunter22".into()], prefixes: Vec::new() };
        let mut log = Masked { to: Vec::new(), by: Some(BY.get_or_init(|| Redactor::new(&redact))) };
        log.write_all(b"{\"error\":\"refused hunter22 \xff\"}\n").expect("written");
        assert_eq!(String::from_utf8_lossy(&log.to), "{\"error\":\"refused [redacted] \u{fffd}\"}\n");
    }
}
