//! One beat for all who look again and again: a processor that wakes for one wakes for all.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

/// Waits for the next whole multiple of a time since the program began; all who wait for the same one go on together.
pub async fn beat(every: Duration) {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let (begun, now) = (*BEGUN.get_or_init(Instant::now), Instant::now());
    let every = every.max(Duration::from_millis(1));
    let passed = now.saturating_duration_since(begun).as_millis() % every.as_millis();
    tokio::time::sleep_until(now + every - Duration::from_millis(u64::try_from(passed).unwrap_or(0))).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_at_different_times_goes_on_together() {
        let every = Duration::from_millis(500);
        beat(every).await;
        let begun = Instant::now();
        let later = async {
            tokio::time::sleep(Duration::from_millis(123)).await;
            beat(every).await;
            begun.elapsed()
        };
        let (one, two) = tokio::join!(
            async {
                beat(every).await;
                begun.elapsed()
            },
            later
        );
        assert!(one.abs_diff(two) < Duration::from_millis(2), "{one:?} {two:?}");
        assert!(one.abs_diff(every) < Duration::from_millis(2), "{one:?}");
    }
}
