//! Standard output and error of a command, whose readers may go away, as `head` does.

use std::io;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::wiring::console::{Printer, StreamPrinter, Style};

/// A stream that tells when its reader is gone: nobody is left then to wait for.
pub(super) struct Pipe {
    stream: StreamPrinter,
    unread: CancellationToken,
}

impl Pipe {
    /// Prints to a stream; `unread` is cancelled when its reader is gone.
    pub(super) fn new(stream: StreamPrinter, unread: CancellationToken) -> Self {
        Self { stream, unread }
    }
}

#[async_trait]
impl Printer for Pipe {
    fn style(&self) -> Style {
        self.stream.style()
    }

    async fn print(&self, text: &str) -> io::Result<()> {
        let printed = self.stream.print(text).await;
        if printed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.unread.cancel();
        }
        printed
    }

    fn status(&self, line: Option<&str>) {
        self.stream.status(line);
    }
}
