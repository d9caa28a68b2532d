//! How loud a bounce is going to be, before it is rendered: each note that is played is measured once, alone; then the measured notes are
//! laid over each other as the song plays them. What plays by itself is listened to for a while. Where notes go together through something
//! that is not linear, the song is listened to at its densest places. How loud patterns get behind what was heard of them is told by their
//! notes. Any thread but the audio thread.

mod listen;
mod notes;
mod sum;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde::Serialize;

use super::control::Control;
use super::fault::Failure;
use super::meter::decibels;
use super::wish::Export;
use crate::compile::Request;
use crate::compile::parts::{Cut, Feed, Parts, Point, StemWish, compile_parts, sources};
use crate::engine::{Event, Gear};
use crate::quality::Quality;
use listen::Listener;
use notes::Note;
use sum::Sum;

/// What plays by itself is listened to for so many seconds from its first written note on, but never longer than for `LATEST`.
const EXCERPT: f64 = 12.0;
const LATEST: f64 = 60.0;
/// Seconds of each place at which a song is listened to, and how many there are at most.
const WINDOW: f64 = 1.0;
const MOST_PLACES: usize = 8;
/// Operations after which two notes are still the sum of each alone.
const LINEAR: &[&str] = &[
    "voices",
    "sum",
    "first",
    "late",
    "held",
    "average",
    "cut",
    "import",
    "strip",
    "delay",
    "reverb",
    "filter",
    "macro",
    "tempo",
    "feedback-read",
    "feedback-write",
];

/// Peaks in dBFS; none: silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Guess {
    pub expected: Option<f64>,
    /// It cannot be louder. None where nobody can tell.
    pub bound: Option<f64>,
}

/// See the head of this file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Forecast {
    pub mix: Guess,
    /// Tracks and buses, behind their faders.
    pub strips: Vec<(String, Guess)>,
    /// Why it may be wrong, and has no bound.
    pub weak: Vec<String>,
    /// Most notes that sound at once, and how many begin in a second.
    pub overlap: usize,
    pub density: f64,
    /// Seconds of sound that were rendered to know this.
    pub heard: f64,
}

impl Forecast {
    /// The gain in decibels, never above 0, that brings the expected peak of the mix below `ceiling` dBFS.
    pub fn gain(&self, ceiling: f64) -> f64 {
        self.mix.expected.map_or(0.0, |peak| (ceiling - peak).min(0.0))
    }
}

/// Foretells the bounce of `request` that `export` describes; its outputs and levels do not matter. What was measured of a note is kept in
/// the cache by the keys of all parts that play it.
///
/// # Errors
/// Those of a bounce: the sound cannot be compiled or rendered, or `control` has cancelled.
pub fn forecast(request: &Request, export: &Export, control: &Control) -> Result<Forecast, Failure> {
    // Levels are the same in every quality.
    let gear = Gear::new(Quality::Normal, export.gear.rate);
    let request = &Request { rate: gear.rate, quality: gear.quality, ..*request };
    let export = &Export { gear, ..export.clone() };
    let stems = Some(StemWish { point: Point::PostFader, master: false });
    let parts = compile_parts(request, Cut { stems, whole: false });
    let parts = parts.map_err(|errors| {
        Failure::Wish(errors.first().map_or(String::new(), |error| error.message.clone()))
    })?;
    let (played, controls) = notes::prepare(&export.events, export.length.to);
    let host = export.transport.map(|t| (t.tempo, t.beats));
    let written = parts.arrangement.strokes(parts.rate, host, export.length.to);
    // Patterns that are written in the text play by themselves.
    let hears = if played.is_empty() { HashSet::new() } else { hears(&parts) };
    let (takes, rounded) = notes::takes(&played);
    let bent = bent(&parts, &hears);
    let mut weak: Vec<String> = bent.iter().map(|(_, why)| why.clone()).collect();
    if controls.iter().any(|event| event.at > 0) {
        weak.push("controls move while it plays".into());
    }
    if !hears.is_empty() && !parts.arrangement.tracks.is_empty() {
        weak.push("patterns of the text play beside the notes".into());
    }
    if rounded && !takes.is_empty() {
        weak.push("notes of similar keys and lengths were taken for the same".into());
    }
    let signals = parts.stems.len() as u64 + 1;
    let sums: Option<Vec<Sum>> = (0..signals).map(|_| Sum::new(export.length.to)).collect();
    let mut sums =
        sums.ok_or_else(|| Failure::Memory(signals.saturating_mul(Sum::bytes(export.length.to))))?;
    let mut listener = Listener::new(&parts, request, export, control);
    if hears.len() < parts.parts.len() {
        let first = written.iter().map(|stroke| stroke.at).min().unwrap_or(0);
        let most = (first + (EXCERPT * parts.rate) as u64).min((LATEST * parts.rate) as u64);
        let excerpt = listener.excerpt(export.length.to.min(most), &controls)?;
        let mut gains = vec![1.0];
        if !excerpt.ended && export.length.to > most {
            gains = notes::swells(&written, most, export.length.to);
            let heard = most as f64 / parts.rate;
            weak.push(format!("what plays by itself was heard for {heard:.0} s; the rest goes by its notes"));
        }
        for (sum, signal) in sums.iter_mut().zip(&excerpt.signals) {
            sum.repeat(signal, &gains);
        }
    }
    let others = (0..parts.parts.len()).filter(|part| !hears.contains(part)).collect();
    listener.only(others);
    let curves = velocities(&mut listener, &played, &controls)?;
    for take in &takes {
        let response = listener.note(take.note(1.0), &controls)?;
        for note in take.played.iter().map(|n| &played[*n]) {
            let gain = curves[note.channel as usize].gain(note.velocity);
            for (sum, signal) in sums.iter_mut().zip(&response.signals) {
                sum.add(signal, note.at, gain);
            }
        }
    }
    weak.sort();
    weak.dedup();
    // (0 is the mix: everything comes together there.)
    let listened = bent_signals(&parts, &bent);
    let mut heard = vec![0.0f32; sums.len()];
    let mut places: Vec<u64> = listened.iter().flat_map(|n| sums[*n].densest()).collect();
    places.sort_unstable();
    places.dedup_by_key(|at| *at / (WINDOW * parts.rate) as u64);
    listener.only(HashSet::new());
    for at in places.into_iter().take(MOST_PLACES) {
        let frames = (WINDOW * parts.rate) as u64;
        let place = listener.place(
            notes::between(&played, at.saturating_sub(frames / 2), frames),
            frames,
            &controls,
        )?;
        heard.iter_mut().zip(place.loudest()).for_each(|(heard, here)| *heard = heard.max(here));
    }
    let guess = |n: usize| Guess {
        expected: decibels(match listened.contains(&n) && heard[n] > 0.0 {
            true => f64::from(heard[n]),
            false => sums[n].expected(),
        }),
        bound: decibels(sums[n].bound()).filter(|_| weak.is_empty()),
    };
    let names = parts.stems.iter().map(|stem| stem.name.clone());
    let seconds = export.length.to as f64 / parts.rate;
    Ok(Forecast {
        mix: guess(0),
        strips: names.zip((1..sums.len()).map(guess)).collect(),
        overlap: notes::overlap(notes::held(&played, &written)),
        density: (played.len() + written.len()) as f64 / seconds.max(1e-9),
        heard: listener.heard(),
        weak,
    })
}

/// Parts that notes are heard through.
fn hears(parts: &Parts) -> HashSet<usize> {
    let sources = sources(&parts.parts);
    let mut hears = HashSet::new();
    for (number, part) in parts.parts.iter().enumerate() {
        let reads = part.reads.iter().filter_map(|cable| sources.get(cable));
        if part.hears_notes() || reads.into_iter().any(|source| hears.contains(source)) {
            hears.insert(number);
        }
    }
    hears
}

/// Parts in which, or before which, notes go together through something that is not linear, and what that is.
fn bent(parts: &Parts, hears: &HashSet<usize>) -> Vec<(usize, String)> {
    let sources = sources(&parts.parts);
    let mut bent: Vec<(usize, String)> = vec![];
    for (number, part) in parts.parts.iter().enumerate().filter(|(number, _)| hears.contains(number)) {
        let odd = part.kinds().find(|kind| !LINEAR.contains(kind));
        let own = odd.map(|kind| format!("notes go together through a {kind} of `{}`", part.name));
        let mut reads = part.reads.iter().filter_map(|cable| sources.get(cable));
        let mut before = || reads.find_map(|source| bent.iter().find(|(known, _)| known == source));
        if let Some(why) = own.or_else(|| before().map(|(_, why)| why.clone())) {
            bent.push((number, why));
        }
    }
    bent
}

/// The signals (the mix, then stems) that come from such parts.
fn bent_signals(parts: &Parts, bent: &[(usize, String)]) -> Vec<usize> {
    if bent.is_empty() {
        return vec![];
    }
    let sources = sources(&parts.parts);
    let from = |feed: &Feed| match feed {
        Feed::Cable(cable) => {
            sources.get(cable).is_some_and(|part| bent.iter().any(|(known, _)| known == part))
        }
        Feed::Number(_) => false,
    };
    let stems = parts.stems.iter().enumerate().filter(|(_, stem)| stem.signal.iter().any(from));
    std::iter::once(0).chain(stems.map(|(n, _)| n + 1)).collect()
}

/// How loud notes of lower velocities are, on each channel.
fn velocities(listener: &mut Listener, played: &[Note], controls: &[Event]) -> Result<Vec<Curve>, Failure> {
    let mut curves = vec![];
    for channel in 0..16 {
        let Some(probe) = played.iter().find(|note| note.channel == channel) else {
            curves.push(Curve::default());
            continue;
        };
        let mut loud = |velocity| Ok(listener.probe(Note { velocity, ..*probe }, controls)?.peak());
        let full = loud(1.0)?;
        let mut points = vec![];
        for velocity in notes::levels(played, channel) {
            points.push((velocity, loud(velocity)? / full.max(1e-9)));
        }
        curves.push(Curve(points));
    }
    Ok(curves)
}

/// Gains of velocities that were measured, in order.
#[derive(Default)]
struct Curve(Vec<(f32, f32)>);

impl Curve {
    /// That of the next higher velocity that was measured.
    fn gain(&self, velocity: f32) -> f32 {
        self.0.iter().find(|(at, _)| *at >= velocity).map_or(1.0, |(_, gain)| *gain)
    }
}
