//! The memories that buffers share: a tape for every lane of the graph that has them. Loader thread.

use std::sync::Arc;

use crate::compile::plan::{Before, MemoryDraft};
use crate::dsp::sinc::{Sinc, TAPS};
use crate::kernel::Audio;
use crate::kernel::tape::Tape;
use crate::language::Diagnostic;

use super::Site;

/// The tapes of a graph, per lane of it.
pub(super) struct Level<'a> {
    pub tapes: &'a [Vec<Arc<Tape>>],
    /// Lanes of the graph for each lane of the one around.
    pub voices: usize,
    pub depth: usize,
    pub around: Option<&'a Level<'a>>,
}

/// A tape for every lane.
pub(super) fn tapes(draft: &MemoryDraft, lanes: usize, site: &Site) -> Result<Vec<Arc<Tape>>, Diagnostic> {
    let rate = site.request.rate;
    let file = draft.file.as_ref().map(|audio| Arc::new(at_rate(audio, rate)));
    let default = if lanes == 1 { 10.0 } else { 4.0 };
    let frames = match (draft.seconds, &file) {
        (Some((seconds, _)), _) => (seconds * rate + 1e-6) as usize,
        (None, Some(audio)) => audio.frames(),
        (None, None) => (default * rate) as usize,
    };
    let channels = draft.channels.max(1);
    let known = match &draft.before {
        Before::Nothing => None,
        Before::Same(made) | Before::Other(made) => made.get().filter(|tapes| tapes.len() == lanes),
    };
    site.take(
        draft.writer.or(Some(draft.reader)),
        lanes * channels,
        frames.saturating_mul(size_of::<f32>()),
    )?;
    let file = || file.clone();
    let tapes: Vec<_> = match (&draft.before, known) {
        (Before::Same(_), Some(tapes)) => tapes.clone(),
        (_, Some(tapes)) => {
            tapes.iter().map(|old| Arc::new(Tape::after(frames, channels, file(), old))).collect()
        }
        (_, None) => (0..lanes).map(|_| Arc::new(Tape::new(frames, channels, file()))).collect(),
    };
    // Nobody else builds this draft.
    let _ = draft.made.set(tapes.clone());
    Ok(tapes)
}

/// A tape of a graph around (or of the present one), for each of `lanes` lanes of the present one.
pub(super) fn shared((depth, index): (usize, usize), lanes: usize, site: &Site) -> Vec<Arc<Tape>> {
    let (mut level, mut apart) = (site.level, 1);
    while let Some(inner) = level.filter(|l| l.depth > depth) {
        apart *= inner.voices.max(1);
        level = inner.around;
    }
    let Some(owner) = level.and_then(|level| level.tapes.get(index)) else { return vec![] };
    (0..lanes).map(|lane| owner[(lane / apart).min(owner.len() - 1)].clone()).collect()
}

/// A recording at another rate.
fn at_rate(audio: &Audio, rate: f64) -> Audio {
    let step = audio.rate / rate;
    let frames = (audio.frames() as f64 / step) as usize;
    let sinc = Sinc::shared();
    let read = |data: &Vec<f32>, n: usize| {
        let at = n as f64 * step;
        let first = at.floor() as i64 - (TAPS as i64 / 2 - 1);
        let taps = std::array::from_fn(|k| {
            usize::try_from(first + k as i64).ok().and_then(|i| data.get(i)).copied().unwrap_or(0.0)
        });
        sinc.read(&taps, at.fract() as f32, step as f32)
    };
    let channels = audio.channels.iter();
    let channels = channels.map(|data| match step == 1.0 {
        true => data.clone(),
        false => (0..frames).map(|n| read(data, n)).collect(),
    });
    Audio { rate, channels: channels.collect() }
}
