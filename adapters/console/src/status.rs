//! Follows what is running and shows it: above the input, or on one line of standard error.

use std::convert::Infallible;
use std::future::pending;

use tokio::sync::watch;

use crate::printer::Printer;
use crate::screen::Screen;

/// Shows tasks and active session on a screen for as long as it is polled.
pub(crate) async fn follow_on_screen(
    screen: &Screen,
    mut tasks: watch::Receiver<Vec<String>>,
    mut session: watch::Receiver<Option<String>>,
) -> Infallible {
    loop {
        screen.show_tasks(tasks.borrow_and_update().clone());
        screen.show_session(session.borrow_and_update().clone());
        tokio::select! {
            () = changed(&mut tasks) => {}
            () = changed(&mut session) => {}
        }
    }
}

/// Shows tasks on a printer's status line for as long as it is polled.
pub(crate) async fn follow_on_line(printer: &dyn Printer, mut tasks: watch::Receiver<Vec<String>>) -> Infallible {
    loop {
        let line = tasks.borrow_and_update().join(" · ");
        printer.status(Some(line.as_str()).filter(|line| !line.is_empty()));
        changed(&mut tasks).await;
    }
}

/// Waits for the next change; for ever once nobody can make one.
async fn changed<T>(receiver: &mut watch::Receiver<T>) {
    if receiver.changed().await.is_err() {
        pending::<()>().await;
    }
}
