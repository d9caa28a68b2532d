//! The detector: hears a microphone, asks the model wherever something may have begun, and decides. Every decision is made at the end of a
//! hop, on a grid of seconds, so that blocks of any size give the same strokes. Audio thread, after construction: nothing is allocated.

use super::bands::{Bands, DECIBELS, HOPS, Levels, SILENCE, WHOLE};
use super::contrast::Contrast;
use super::cut::Cut;
use super::history::{EARLY, History, LATE, REMEMBERED, inputs, look, loudest};
use super::model::{Opinion, Trained};
use super::profile::{Profile, STROKE, STROKES, Stroke, Strokes};
use super::reference::Reference;
use super::settings::{Instrument, Mode, Settings};
use super::velocity::velocity;
use crate::dsp::math;

/// Odds (logarithm) from which on a stroke is sure enough.
const EARLY_BAR: f32 = 2.6;
const LATE_BAR: f32 = 1.3;
/// What comes this close to them is told as a candidate.
const NEARLY: f32 = 3.0;
/// Hops within which a stroke's peak so far is looked for: 10 ms.
const PEAK: usize = 40;
/// How long late decisions are open after a stroke's beginning, in seconds.
const LATE_UNTIL: f64 = 0.0097;
/// How long an accepted stroke may go on looking like one.
const LATE_WINDOW: f64 = 0.0065;
/// What begins so soon after a stroke is that stroke, in seconds.
const SAME: f64 = 0.005;
/// Level of the softest drum that is learned: -48 dBFS.
const QUIETEST: f32 = -16.0;
/// 6 dB, in units of level.
const SOFTER: f32 = 2.0;
/// Frames filtered at a time.
const CHUNK: usize = 256;

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Accepted,
    /// A stroke, but softer than the threshold.
    BelowThreshold,
    /// A stroke, but too soon after the one before.
    Masked,
    Bleed(Reason),
}

/// Why something is no stroke of this drum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The model thinks so.
    Unlike,
    /// The reference input explains it.
    Reference,
}

/// A candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Frame at which its note sounds, counted from the detector's start; [`Detector::latency`] later than it is placed. Of what is refused:
    /// when that was decided.
    pub at: u64,
    pub fate: Fate,
    /// 1..=127.
    pub velocity: f32,
    /// Peak amplitude, behind the gain.
    pub peak: f32,
    /// How much of its power is above 1.5 kHz, 0..1.
    pub brightness: f32,
    /// Logarithm of the odds that it is a stroke.
    pub odds: f32,
}

/// A stroke that is being decided about.
#[derive(Clone, Copy, Default)]
struct Open {
    /// Weighted sums of what the model said: beginning (frames) and peak (level).
    onset: f64,
    level: f64,
    weight: f64,
    odds: f32,
    /// Earliest frame of the note.
    from: f64,
}

impl Open {
    fn add(&mut self, weight: f64, onset: f64, level: f32, odds: f32) {
        self.onset += weight * onset;
        self.level += weight * f64::from(level);
        self.weight += weight;
        self.odds = self.odds.max(odds);
    }

    fn onset(&self) -> f64 {
        self.onset / self.weight
    }

    fn level(&self) -> f32 {
        (self.level / self.weight) as f32
    }
}

/// Something that came near the bar.
#[derive(Clone, Copy)]
struct Episode {
    fate: Fate,
    odds: f32,
}

pub struct Detector {
    rate: f64,
    settings: Settings,
    trained: &'static Trained,
    profile: Profile,
    cut: Cut,
    bands: Bands,
    history: History,
    contrast: Contrast,
    reference: Reference,
    referenced: bool,
    gate: bool,
    inputs: Vec<f32>,
    chunk: Vec<f32>,
    open: Option<Open>,
    episode: Option<Episode>,
    last_odds: f32,
    /// Beginning, decision (frames) and level of the last stroke.
    last: (f64, f64, f32),
    /// Decided, but not yet due.
    pending: [Option<Heard>; 8],
    /// Beginnings of strokes that are still being measured.
    measuring: [Option<f64>; 4],
    strokes: Strokes,
    learning: Option<usize>,
    /// The loudest level since learning began.
    most: f32,
}

impl Detector {
    /// `rate` in frames per second.
    pub fn new(rate: f64, settings: Settings) -> Detector {
        let mut detector = Detector {
            rate,
            settings: Settings::default(),
            trained: Trained::shipped(),
            profile: Profile::default(),
            cut: Cut::new(),
            bands: Bands::new(rate),
            history: History::default(),
            contrast: Contrast::default(),
            reference: Reference::new(rate),
            referenced: false,
            gate: false,
            inputs: vec![0.0; inputs(EARLY).max(inputs(LATE))],
            chunk: vec![0.0; 2 * CHUNK],
            open: None,
            episode: None,
            last_odds: SILENCE,
            last: (f64::NEG_INFINITY, f64::NEG_INFINITY, SILENCE),
            pending: [None; 8],
            measuring: [None; 4],
            strokes: Strokes::default(),
            learning: None,
            most: SILENCE,
        };
        detector.profile = detector.preset(settings.instrument);
        detector.set(settings);
        detector
    }

    fn preset(&self, instrument: Instrument) -> Profile {
        Profile { stroke: self.trained.presets[instrument as usize], instrument, learned: 0.0 }
    }

    /// Begins anew at frame 0, with the same settings; what was learned stays.
    pub fn restart(&mut self) {
        if self.profile.learned == 0.0 {
            self.profile = self.preset(self.settings.instrument);
        }
        self.cut = Cut::new();
        self.cut.set(&self.settings, self.rate);
        self.bands = Bands::new(self.rate);
        self.history.restart();
        self.contrast = Contrast::default();
        self.reference.restart(self.rate);
        (self.referenced, self.gate, self.open, self.episode) = (false, false, None, None);
        self.last_odds = SILENCE;
        self.last = (f64::NEG_INFINITY, f64::NEG_INFINITY, SILENCE);
        (self.pending, self.measuring) = ([None; 8], [None; 4]);
    }

    /// New settings from the next frame on. Another instrument begins at its preset, unless the drum was learned.
    pub fn set(&mut self, settings: Settings) {
        let settings = settings.within();
        if settings.instrument != self.profile.instrument {
            self.profile = match self.profile.learned > 0.0 {
                true => Profile { instrument: settings.instrument, ..self.profile },
                false => self.preset(settings.instrument),
            };
        }
        self.cut.set(&settings, self.rate);
        if settings.mode != self.settings.mode {
            self.open = None;
        }
        self.settings = settings;
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Frames between where a stroke is placed and where its note sounds.
    pub fn latency(&self) -> u32 {
        (self.settings.latency() * self.rate).round() as u32
    }

    /// The drum that is listened for.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Listens for this drum.
    pub fn listen_for(&mut self, profile: Profile) {
        self.profile = profile;
        self.settings.instrument = profile.instrument;
    }

    /// Learns from the next strokes, however loud the drum is: after eight full ones, the drum is theirs.
    pub fn learn(&mut self) {
        self.strokes = Strokes::default();
        (self.learning, self.most) = (Some(0), SILENCE);
    }

    /// How many full strokes were heard so far, while it learns.
    pub fn learning(&self) -> Option<usize> {
        self.learning
    }

    /// The loudest strokes since the start, or since learning began.
    pub fn strokes(&self) -> &Strokes {
        &self.strokes
    }

    /// Forgets what was learned.
    pub fn forget(&mut self) {
        self.learning = None;
        self.strokes = Strokes::default();
        self.profile = self.preset(self.settings.instrument);
    }

    /// Hears a block. `reference`: as many frames of the microphone that bleeds, if there is one. `listen` is filled with what is left of the
    /// input behind gain and filters. Calls `out` for every candidate that is due within the block, in their order.
    pub fn process(
        &mut self,
        input: &[f32],
        reference: Option<&[f32]>,
        mut listen: Option<&mut [f32]>,
        mut out: impl FnMut(Heard),
    ) {
        if reference.is_some() && !self.referenced {
            self.reference.bands.follow(&self.bands);
        }
        self.referenced = reference.is_some();
        let mut chunk = std::mem::take(&mut self.chunk);
        for (n, input) in input.chunks(CHUNK).enumerate() {
            let (main, other) = chunk.split_at_mut(CHUNK);
            let (main, other) = (&mut main[..input.len()], &mut other[..input.len()]);
            self.cut.run(input, main);
            if let Some(listen) = &mut listen {
                listen[n * CHUNK..][..main.len()].copy_from_slice(main);
            }
            if let Some(reference) = reference {
                Cut::new().run(&reference[n * CHUNK..][..main.len()], other);
            }
            let mut from = 0;
            while from < main.len() {
                let (taken, hop) = self.bands.hear(&main[from..]);
                let second = match self.referenced {
                    true => self.reference.bands.hear(&other[from..from + taken]).1,
                    false => None,
                };
                from += taken;
                self.deliver(&mut out);
                if let Some(levels) = hop {
                    self.hop(levels, second);
                }
            }
        }
        self.chunk = chunk;
    }

    /// Tells what is due before the present frame.
    fn deliver(&mut self, out: &mut impl FnMut(Heard)) {
        let end = self.bands.frame();
        loop {
            let due = self.pending.iter().enumerate().filter_map(|(i, p)| Some((p.as_ref()?.at, i))).min();
            let Some((_, i)) = due.filter(|(at, _)| *at < end) else { return };
            if let Some(heard) = self.pending[i].take() {
                out(heard);
            }
        }
    }

    fn hop(&mut self, levels: Levels, reference: Option<Levels>) {
        self.history.push(levels);
        if self.learning.is_some() {
            self.suit(levels[WHOLE]);
        }
        if let Some(levels) = reference {
            self.reference.follow(levels, &self.history);
        }
        self.follow_gate(levels[WHOLE]);
        let now = self.bands.frame() as f64;
        let opinion = self.contrast.follow(&levels).then(|| self.ask());
        match self.settings.mode {
            Mode::Exact => self.late(now, opinion),
            Mode::Live | Mode::Tight => self.early(now, opinion),
        }
        self.last_odds = opinion.map_or(SILENCE, |o| o.odds);
        self.measure(now);
    }

    fn follow_gate(&mut self, level: f32) {
        let threshold = self.settings.threshold / DECIBELS;
        let floor = threshold - self.settings.hysteresis / DECIBELS;
        self.gate = level >= threshold || self.gate && loudest(self.history.last(8))[WHOLE] >= floor;
    }

    fn ask(&mut self) -> Opinion {
        let (model, windows) = match self.settings.mode {
            Mode::Exact => (&self.trained.late, LATE),
            Mode::Live | Mode::Tight => (&self.trained.early, EARLY),
        };
        let inputs = &mut self.inputs[..inputs(windows)];
        look(self.history.last(REMEMBERED), windows, &self.profile, inputs);
        model.ask(inputs)
    }

    /// The odds that a stroke needs.
    fn bar(&self, usual: f32, now: f64) -> f32 {
        let mut bar = usual + (0.5 - self.settings.sensitivity) * 8.0;
        if self.settings.cancel != 0.5 {
            // A louder stroke rings: what is softer needs more, or less, for the next 150 ms.
            let since = ((now - self.last.1) / (0.15 * self.rate)).min(1.0) as f32;
            let softer = ((self.last.2 - self.peak()) / 4.0).clamp(0.0, 1.0);
            bar += (self.settings.cancel - 0.5) * 16.0 * (1.0 - since) * softer;
        }
        if self.settings.likeness > 0.0 {
            bar += self.settings.likeness * 4.0 * (self.strangeness() - 1.0).max(0.0);
        }
        bar
    }

    /// How far the colour of what is heard is from the drum's, in units of level (mean over the bands).
    fn strangeness(&self) -> f32 {
        let heard = loudest(self.history.last(PEAK));
        let mut off = [0.0; WHOLE];
        for b in 0..WHOLE {
            off[b] = (heard[b] - self.profile.stroke.levels[b]).max(-12.0);
        }
        let mean = off.iter().sum::<f32>() / WHOLE as f32;
        off.iter().map(|x| (x - mean).abs()).sum::<f32>() / WHOLE as f32
    }

    /// The loudest peak of the last 10 ms, as a level.
    fn peak(&self) -> f32 {
        loudest(self.history.last(PEAK))[WHOLE]
    }

    /// Decides at once, or waits as long as the look-ahead lets it.
    fn early(&mut self, now: f64, opinion: Option<Opinion>) {
        let bar = self.bar(EARLY_BAR, now);
        let hop = self.rate / HOPS;
        if let Some(mut open) = self.open {
            if let Some(o) = opinion {
                // The newest view is the best one.
                open = Open { odds: open.odds, from: open.from, ..Open::default() };
                open.add(1.0, now - f64::from(o.age) * self.rate, self.peak() + o.growth, o.odds);
            }
            self.finish_early(now, hop, open);
            return;
        }
        let Some(o) = opinion else { return self.close_episode() };
        let Some(o) = self.consider(o, bar, now - self.last.1) else { return };
        let part =
            if self.last_odds < bar { (bar - self.last_odds) / (o.odds - self.last_odds) } else { 0.0 };
        let mut open = Open { from: now + f64::from(part) * hop, odds: o.odds, ..Open::default() };
        open.add(1.0, now - f64::from(o.age) * self.rate, self.peak() + o.growth, o.odds);
        self.finish_early(now, hop, open);
    }

    fn finish_early(&mut self, now: f64, hop: f64, open: Open) {
        let ahead = self.settings.mode.ahead();
        let due = open.onset() + ahead.max(self.settings.scan) * self.rate;
        if due > now + hop {
            self.open = Some(open);
            return;
        }
        self.open = None;
        let at = match ahead + self.settings.scan > 0.0 {
            true => due.max(open.from).max(now),
            // It may have waited for a hop.
            false => open.from.max(now),
        };
        self.accept(open, now, at);
    }

    /// Gathers what the model says while the stroke is 6 to 9.5 ms old.
    fn late(&mut self, now: f64, opinion: Option<Opinion>) {
        let bar = self.bar(LATE_BAR, now);
        if let Some(mut open) = self.open {
            let over = match opinion.filter(|o| o.odds > bar) {
                Some(o) => {
                    self.gather(&mut open, now, o);
                    now + self.rate / HOPS > open.onset() + LATE_UNTIL * self.rate
                }
                None => true,
            };
            if over {
                self.open = None;
                let due = open.onset() + self.settings.mode.ahead().max(self.settings.scan) * self.rate;
                self.accept(open, now, due.max(now));
            } else {
                self.open = Some(open);
            }
            return;
        }
        let Some(o) = opinion else { return self.close_episode() };
        let since = now - self.last.0 - LATE_WINDOW * self.rate;
        let Some(o) = self.consider(o, bar, since) else { return };
        let mut open = Open::default();
        self.gather(&mut open, now, o);
        self.open = Some(open);
    }

    fn gather(&self, open: &mut Open, now: f64, o: Opinion) {
        let p = 1.0 / (1.0 + math::exp(-o.odds));
        open.add(f64::from(p * p), now - f64::from(o.age) * self.rate, self.peak() + o.growth, o.odds);
    }

    /// Whether an opinion makes a stroke, `since` frames after the last one. Keeps the books of what does not.
    fn consider(&mut self, o: Opinion, bar: f32, since: f64) -> Option<Opinion> {
        if o.odds <= bar - NEARLY {
            self.close_episode();
            return None;
        }
        if self.bands.frame() as f64 - (f64::from(o.age) + SAME) * self.rate < self.last.0 {
            // Still the last stroke.
            return None;
        }
        let fate = if o.odds <= bar {
            Fate::Bleed(Reason::Unlike)
        } else if since < self.settings.hold * self.rate || self.still_rings(since, self.peak() + o.growth) {
            Fate::Masked
        } else if !self.gate {
            Fate::BelowThreshold
        } else if self.refused() {
            Fate::Bleed(Reason::Reference)
        } else {
            Fate::Accepted
        };
        match &mut self.episode {
            // What has been accepted goes on looking like a stroke for a while.
            Some(Episode { fate: Fate::Accepted, .. }) if fate != Fate::Accepted => {}
            Some(episode) => {
                if o.odds >= episode.odds || fate == Fate::Accepted {
                    *episode = Episode { fate, odds: o.odds };
                }
            }
            none => *none = Some(Episode { fate, odds: o.odds }),
        }
        (fate == Fate::Accepted).then_some(o)
    }

    /// Whether something this soft is kept out by the last stroke.
    fn still_rings(&self, since: f64, level: f32) -> bool {
        since < self.settings.retrigger * self.rate && level + SOFTER < self.last.2
    }

    /// Whether the reference input explains what is heard.
    fn refused(&self) -> bool {
        self.referenced
            && self.settings.reject > 0.0
            && self.reference.explains(&self.history) > 1.2 - self.settings.reject
    }

    /// What came near the bar and went away again is told.
    fn close_episode(&mut self) {
        let Some(Episode { fate, odds }) = self.episode.take() else { return };
        if fate != Fate::Accepted {
            let heard = self.heard(self.bands.frame(), fate, self.peak(), odds);
            self.queue(heard);
        }
    }

    fn accept(&mut self, open: Open, now: f64, at: f64) {
        let align = self.settings.align;
        let at = at + align.max(0.0) * self.rate;
        let heard = self.heard(at.round() as u64, Fate::Accepted, open.level(), open.odds);
        self.queue(heard);
        self.episode = Some(Episode { fate: Fate::Accepted, odds: open.odds });
        self.last = (open.onset(), now, open.level());
        if let Some(free) = self.measuring.iter_mut().find(|m| m.is_none()) {
            *free = Some(open.onset());
        }
    }

    fn heard(&self, at: u64, fate: Fate, level: f32, odds: f32) -> Heard {
        let full = self.profile.stroke.levels[WHOLE];
        let bands = loudest(self.history.last(PEAK));
        let (mut high, mut all) = (0.0, 0.0);
        for b in 0..WHOLE {
            let power = math::exp2(bands[b]);
            all += power;
            high += if b >= 4 { power } else { 0.0 };
        }
        Heard {
            at,
            fate,
            velocity: velocity(level - full, &self.settings),
            peak: math::exp2(level * 0.5),
            brightness: high / all,
            odds,
        }
    }

    fn queue(&mut self, heard: Heard) {
        if let Some(free) = self.pending.iter_mut().find(|p| p.is_none()) {
            *free = Some(heard);
        }
    }

    /// Strokes that are 15 ms old are measured, learned, and followed.
    fn measure(&mut self, now: f64) {
        for i in 0..self.measuring.len() {
            let Some(onset) = self.measuring[i] else { continue };
            let hops = ((now - onset) * HOPS / self.rate) as usize;
            let next = self.measuring.iter().flatten().copied().filter(|other| *other > onset);
            let next = next.fold(f64::INFINITY, f64::min);
            if hops < STROKE && next > now {
                continue;
            }
            self.measuring[i] = None;
            let length = ((next - onset) * HOPS / self.rate).min(STROKE as f64) as usize;
            let first = self.history.last(hops.clamp(1, REMEMBERED));
            let stroke = Stroke::of(&first[..length.clamp(1, first.len())]);
            self.take(stroke);
        }
    }

    /// While it learns, the loudest that was heard counts as a full stroke of the preset's drum.
    fn suit(&mut self, level: f32) {
        self.most = self.most.max(level).max(QUIETEST);
        self.profile = self.preset(self.settings.instrument);
        let louder = self.most - self.profile.stroke.levels[WHOLE];
        self.profile.stroke.levels.iter_mut().for_each(|level| *level += louder);
    }

    fn take(&mut self, stroke: Stroke) {
        self.strokes.take(stroke);
        if self.learning.is_some() {
            let count = self.strokes.full();
            self.learning = Some(count);
            if count == STROKES {
                self.learning = None;
                if let Some(profile) = Profile::of_strokes(&self.strokes, self.settings.instrument) {
                    self.profile = profile;
                }
            }
        } else if self.settings.adapt {
            self.profile.follow(&stroke);
        }
    }
}
