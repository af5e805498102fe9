//! Rehearsals: tests of the real program make a part of it fail. Built for debugging only; a release has none of it.
//!
//! `SIGNALBOX_TEST_FAIL=<part>:<how>:<file>` lets the part fail as soon as the file is there, with `how` one of `error`,
//! `end`, `panic` and `hold`, which is to go no further until the program is killed. The part takes the file away, so that it fails once, also across a restart.

#[cfg(debug_assertions)]
pub use staged::{at, of};

/// Does a servant's work.
#[cfg(not(debug_assertions))]
pub async fn of(_: &str, work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    work.await
}

/// Passes a point at which a test may let a part panic.
#[cfg(not(debug_assertions))]
pub fn at(_: &str) {}

#[cfg(debug_assertions)]
mod staged {
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::time::Duration;

    /// How often is looked for the file.
    const LOOK_EVERY: Duration = Duration::from_millis(10);

    #[derive(Clone, Copy)]
    enum How {
        Error,
        End,
        Panic,
        Hold,
    }

    struct Wish {
        part: String,
        how: How,
        file: PathBuf,
    }

    impl Wish {
        fn read(text: &str) -> Option<Self> {
            let mut words = text.splitn(3, ':');
            let (part, how, file) = (words.next()?, words.next()?, words.next()?);
            let how = match how {
                "error" => How::Error,
                "end" => How::End,
                "panic" => How::Panic,
                "hold" => How::Hold,
                _ => return None,
            };
            Some(Self { part: part.to_owned(), how, file: file.into() })
        }

        /// Returns what a test wishes for a part.
        fn of(part: &str) -> Option<&'static Self> {
            static WISH: OnceLock<Option<Wish>> = OnceLock::new();
            let read = || Self::read(&std::env::var("SIGNALBOX_TEST_FAIL").ok()?);
            WISH.get_or_init(read).as_ref().filter(|wish| wish.part == part)
        }

        fn is_due(&self) -> bool {
            std::fs::remove_file(&self.file).is_ok()
        }
    }

    /// Does a servant's work, until a test lets it fail.
    pub async fn of(part: &str, work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
        let Some(wish) = Wish::of(part) else { return work.await };
        let due = async {
            while !wish.is_due() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            ended = work => return ended,
            () = due => {}
        }
        match wish.how {
            How::Error => Err("a test lets it fail".into()),
            How::End => Ok(()),
            How::Panic => panic!("a test lets {part} panic"),
            How::Hold => std::future::pending().await,
        }
    }

    /// Passes a point at which a test may let a part panic, or go no further.
    pub fn at(part: &str) {
        let Some(wish) = Wish::of(part).filter(|wish| wish.is_due()) else { return };
        if matches!(wish.how, How::Hold) {
            loop {
                std::thread::park();
            }
        }
        panic!("a test lets {part} panic");
    }
}
