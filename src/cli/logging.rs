//! The log on standard error: for people in a terminal, else JSON. Whatever others have said in it stays within its line, and
//! no terminal obeys it.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::format::debug_fn;

use super::output::visible;

/// Starts to log from a level on, unless `SIGNALBOX_LOG` says otherwise.
pub(super) fn start(default: &str) {
    let filter = EnvFilter::try_from_env("SIGNALBOX_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
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
