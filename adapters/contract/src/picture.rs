//! Charts as a picture, for providers that take pictures and draw no charts.
//!
//! In go at most [`MAX_PICTURED`] charts, out comes a PNG of a fixed width, the same for the same charts. It has its own
//! background, so that it reads on a light and on a dark page, and is made for a phone: thick lines, large letters. The
//! letters are those of a face that is compiled in (`picture/LICENCE.txt`); a sign that it lacks is a box, and the words
//! beside the picture have it.
//!
//! It is drawn beside the runtime's own threads, one at a time, at a thread that ends with it: a picture takes some megabytes
//! while it is drawn, and each thread of a pool would come to hold as much.

mod axis;
mod panel;
mod pen;

use std::sync::{Mutex, PoisonError};

use tiny_skia::Pixmap;
use tokio::sync::{Semaphore, oneshot};

use crate::{Chart, MAX_PICTURED};
pub use panel::{CHART_HEIGHT_PX, WIDTH_PX};
use pen::{BACKGROUND, Pen};

/// What a picture is called as a file.
pub const FILE_NAME: &str = "chart.png";

/// A drawn picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file, a PNG.
    pub png: Vec<u8>,
    /// Width, in pixels.
    pub width_px: u32,
    /// Height, in pixels.
    pub height_px: u32,
}

/// Draws charts below one another, those beyond [`MAX_PICTURED`] left out; `None` where there is none.
#[must_use]
pub fn draw(charts: &[Chart]) -> Option<Picture> {
    let charts = &charts[..charts.len().min(MAX_PICTURED)];
    let height_px = CHART_HEIGHT_PX * u32::try_from(charts.len()).ok()?;
    let mut canvas = Pixmap::new(WIDTH_PX, height_px)?;
    canvas.fill(BACKGROUND.colour());
    let mut pen = Pen::new(&mut canvas)?;
    let mut top = 0.0;
    for chart in charts {
        panel::draw(&mut pen, chart, top);
        top += panel::HEIGHT;
    }
    let png = canvas.encode_png().ok()?;
    Some(Picture { png, width_px: WIDTH_PX, height_px })
}

/// Draws charts beside the runtime's threads, as [`draw`]; also `None` where that failed.
///
/// The last picture is kept: a digest goes to several chats, and an attempt may be made again.
pub async fn drawn(charts: Vec<Chart>) -> Option<Picture> {
    static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);
    static LAST: Mutex<Option<(Vec<Chart>, Picture)>> = Mutex::new(None);
    if charts.is_empty() {
        return None;
    }
    let permit = ONE_AT_A_TIME.acquire().await.ok()?;
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((_, picture)) = last.filter(|(same, _)| *same == charts) {
        return Some(picture);
    }
    let (done, told) = oneshot::channel();
    let work = move || {
        let picture = draw(&charts);
        if let Some(picture) = &picture {
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((charts, picture.clone()));
        }
        // Also when nobody waits for it any more, the next has to wait for its end.
        drop(permit);
        done.send(picture).ok();
    };
    std::thread::Builder::new().name("picture".to_owned()).spawn(work).ok()?;
    told.await.ok().flatten()
}

#[cfg(test)]
mod tests;
