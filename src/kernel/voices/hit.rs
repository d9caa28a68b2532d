//! `trigger`: hears a drum in its input ([`crate::dsp::drum`]) and, for every stroke, starts voices, sends a note to the host and puts out a
//! signal, all at the frame that the detector says. Audio thread, after construction.

use std::sync::Arc;

use crate::dsp::drum::{Detector, Fate, Heard, Settings};
use crate::dsp::lane::MAX_LANES;
use crate::kernel::carry::{Passage, same};
use crate::kernel::pass::{Kernel, Pass, Start, silence};
use crate::kernel::tile::TILE;
use crate::kernel::{Outbox, TriggerControl, TriggerState};

use super::numbers::Numbers;
use super::pool::{Opening, Place, Pool, PoolPlan};
use super::sequencer::StepCall;

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The voices.
    Sound,
    /// 1 for one frame at each stroke.
    Hits,
    /// The velocity of the last stroke, 0..1.
    Velocity,
    /// What the detector hears behind its gain and filters.
    Listen,
}

/// What a voice knows of its stroke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitVariable {
    Velocity,
    Peak,
    Brightness,
    Gate,
}

impl HitVariable {
    pub const ALL: [(&str, HitVariable); 6] = [
        ("velocity", HitVariable::Velocity),
        ("vel", HitVariable::Velocity),
        ("v", HitVariable::Velocity),
        ("peak", HitVariable::Peak),
        ("brightness", HitVariable::Brightness),
        ("gate", HitVariable::Gate),
    ];
}

/// A setting that moves while it listens.
pub type Knob = fn(&mut Settings, f32);

/// What the detector is told, beside its input.
#[derive(Clone, Debug)]
pub struct HitPlan {
    /// Its number among the host's triggers.
    pub slot: Option<u8>,
    /// Input that is heard; none: what comes in from outside.
    pub input: Option<usize>,
    pub settings: Settings,
    /// Input of the second microphone.
    pub reference: Option<usize>,
    /// Inputs that say how much of what comes in is added.
    pub dry: Option<usize>,
    /// Settings that follow inputs.
    pub moving: Vec<(usize, Knob)>,
    pub output: Output,
    /// What each stroke starts, one after the other.
    pub steps: Vec<Vec<StepCall>>,
    /// Per pool, the slots of [`HitVariable::ALL`].
    pub variables: Vec<Vec<Option<u32>>>,
    /// How many voices of a pool sound at once.
    pub limit: usize,
    /// A stroke ends what the one before has started.
    pub choke: bool,
    /// Key and channel of the note for the host.
    pub note: Option<(u8, u8)>,
    /// Frames after which the note ends, and the gate closes.
    pub length: u64,
    /// Frames by which it puts out its strokes late, and by which its input is late at the output.
    pub late: u64,
    pub dry_late: u64,
}

/// A voice whose gate is still open.
#[derive(Clone, Copy)]
struct Open {
    pool: usize,
    place: Place,
    until: u64,
}

/// Strokes of one pass at most: none come closer than 5 ms.
const STROKES: usize = 16;

pub struct Hit {
    plan: HitPlan,
    pools: Vec<Pool>,
    detector: Box<Detector>,
    outbox: Arc<Outbox>,
    numbers: Numbers,
    /// Frame at which the detector began.
    began: u64,
    /// Strokes so far.
    count: u64,
    /// Velocity of the last stroke.
    last: f32,
    open: Vec<Open>,
    /// End of the note that sounds.
    note_ends: Option<u64>,
    learns: bool,
    heard: Vec<Heard>,
    /// What came in, left and right: as long as it is late.
    dry: [Vec<f32>; 2],
    place: usize,
}

impl Hit {
    pub fn new(plan: HitPlan, pools: Vec<PoolPlan>, rate: f64, outbox: Arc<Outbox>) -> Self {
        let pools: Vec<Pool> = pools.into_iter().map(Pool::new).collect();
        let room = pools.iter().map(Pool::room).sum();
        let dry = if plan.dry.is_some() { plan.dry_late as usize } else { 0 };
        Self {
            detector: Box::new(Detector::new(rate, plan.settings)),
            pools,
            outbox,
            numbers: Numbers::default(),
            began: 0,
            count: 0,
            last: 0.0,
            open: Vec::with_capacity(room),
            note_ends: None,
            learns: false,
            heard: Vec::with_capacity(STROKES),
            dry: [vec![0.0; dry], vec![0.0; dry]],
            place: 0,
            plan,
        }
    }

    /// Tells the detector what the text and the host say at a frame of the pass.
    fn steer(&mut self, pass: &Pass, frame: usize) {
        let mut settings = self.plan.settings;
        for (port, knob) in &self.plan.moving {
            let (values, flat) = pass.raw(*port, 0);
            knob(&mut settings, values[if flat { 0 } else { frame * pass.width() }]);
        }
        if let Some(host) = self.plan.slot.and_then(|slot| pass.controls.triggers.get(slot as usize)) {
            follow(&mut settings, host);
            let learns = host.set(TriggerControl::Learn).is_some_and(|on| on >= 0.5);
            if learns && !std::mem::replace(&mut self.learns, learns) {
                self.detector.learn();
            }
            self.learns = learns;
        }
        if settings.within() != *self.detector.settings() {
            self.detector.set(settings);
        }
    }

    /// Lets the detector hear the pass; afterwards `heard` has its strokes.
    fn listen(&mut self, pass: &mut Pass) {
        let mut points = pass.control_points().filter(|n| *n > 0);
        let (mut mono, mut other, mut listen) = ([0.0; TILE], [0.0; TILE], [0.0; TILE]);
        let frames = pass.frames;
        read(pass, self.plan.input, 0, &mut mono);
        read(pass, self.plan.input, 1, &mut other);
        for (left, right) in mono.iter_mut().zip(&other) {
            *left = (*left + *right) * 0.5;
        }
        if self.plan.reference.is_some() {
            read(pass, self.plan.reference, 0, &mut other);
        }
        // A microphone that is broken is silence.
        for x in mono.iter_mut().chain(&mut other) {
            *x = if x.is_finite() { *x } else { 0.0 };
        }
        self.heard.clear();
        let mut from = 0;
        self.steer(pass, 0);
        while from < frames {
            let to = points.next().unwrap_or(frames);
            let reference = self.plan.reference.map(|_| &other[from..to]);
            let (heard, listen) = (&mut self.heard, Some(&mut listen[from..to]));
            self.detector.process(&mono[from..to], reference, listen, |stroke| {
                if stroke.fate == Fate::Accepted && heard.len() < STROKES {
                    heard.push(stroke);
                }
            });
            from = to;
            if from < frames {
                self.steer(pass, from);
            }
        }
        if self.plan.output == Output::Listen {
            let width = pass.width();
            for tile in pass.outputs.iter_mut() {
                for (n, x) in listen[..frames].iter().enumerate() {
                    tile.floats_mut()[n * width] = *x;
                }
            }
        }
    }

    /// A stroke at a frame of the pass.
    fn strike(&mut self, pass: &Pass, frame: usize, stroke: &Heard) {
        let at = pass.at + frame as u64;
        let velocity = stroke.velocity / 127.0;
        if let Some((key, channel)) = self.plan.note {
            if self.note_ends.take().is_some() {
                self.outbox.note_off(at, channel, key);
            }
            if self.outbox.note_on(at, channel, key, velocity) {
                self.note_ends = Some(at + self.plan.length);
            }
        }
        if self.plan.choke {
            for pool in &mut self.pools {
                while let Some(oldest) = pool.oldest(0) {
                    pool.fade(oldest);
                }
            }
            self.open.clear();
        }
        let step = match self.plan.steps.len() as u64 {
            0 => return,
            steps => (self.count % steps) as usize,
        };
        self.count += 1;
        for call in &self.plan.steps[step] {
            let pool = &mut self.pools[call.pool];
            if pool.playing(0) >= self.plan.limit
                && let Some(oldest) = pool.oldest(0)
            {
                pool.fade(oldest);
            }
            let voice = self.numbers.next(pass, frame);
            let Some(place) = pool.start(&Opening { parent: 0, at, voice, life: call.life, set: &call.set })
            else {
                continue;
            };
            for ((_, variable), slot) in HitVariable::ALL.iter().zip(&self.plan.variables[call.pool]) {
                let value = match variable {
                    HitVariable::Velocity => velocity,
                    HitVariable::Peak => stroke.peak,
                    HitVariable::Brightness => stroke.brightness,
                    HitVariable::Gate => 1.0,
                };
                if let Some(slot) = slot {
                    pool.set(place, *slot, value);
                }
            }
            self.open.retain(|open| (open.pool, open.place) != (call.pool, place));
            if self.open.len() < self.open.capacity() {
                self.open.push(Open { pool: call.pool, place, until: at + self.plan.length });
            }
        }
    }

    /// The next frame of the pass, from `from` on, at which a gate closes.
    fn closes(&self, pass: &Pass, from: usize) -> Option<usize> {
        let due = self.open.iter().map(|open| open.until.saturating_sub(pass.at) as usize).min()?;
        (due < pass.frames).then_some(due.max(from))
    }

    fn close(&mut self, at: u64) {
        let gate = HitVariable::ALL.iter().position(|(_, v)| *v == HitVariable::Gate).unwrap_or(0);
        for open in self.open.extract_if(.., |open| open.until <= at) {
            if let Some(slot) = self.plan.variables[open.pool][gate] {
                self.pools[open.pool].set(open.place, slot, 0.0);
            }
            self.pools[open.pool].release(open.place);
        }
    }

    fn sound(&mut self, pass: &mut Pass, from: usize, to: usize) {
        if from < to {
            for pool in &mut self.pools {
                pool.render(pass, from, to);
            }
        }
    }

    /// Adds what came in, as late as the strokes are.
    fn add_dry(&mut self, pass: &mut Pass) {
        let Some(port) = self.plan.dry else { return };
        let (gains, still) = pass.raw(port, 0);
        let (width, frames, late) = (pass.width(), pass.frames, self.dry[0].len());
        for channel in 0..2 {
            let mut values = [0.0; TILE];
            read(pass, self.plan.input, channel, &mut values);
            let mut place = self.place;
            for n in 0..frames {
                let mut x = values[n];
                if late > 0 {
                    x = std::mem::replace(&mut self.dry[channel][place], x);
                    place = (place + 1) % late;
                }
                if let Some(tile) = pass.outputs.get_mut(channel) {
                    tile.floats_mut()[n * width] += x * gains[if still { 0 } else { n * width }];
                }
            }
        }
        self.place = if late > 0 { (self.place + frames) % late } else { 0 };
    }
}

/// A channel of an input, or of what comes in from outside; silence where that is not connected.
fn read(pass: &Pass, port: Option<usize>, channel: usize, out: &mut [f32; TILE]) {
    let out = &mut out[..pass.frames];
    match port {
        Some(port) => {
            let (values, flat) = pass.raw(port, channel);
            let width = pass.width();
            for (n, out) in out.iter_mut().enumerate() {
                *out = values[if flat { 0 } else { n * width }];
            }
        }
        None => {
            let values = pass.sidechain[channel];
            let there = values.len().min(out.len());
            out[..there].copy_from_slice(&values[..there]);
            out[there..].fill(0.0);
        }
    }
}

/// What the host has set comes before what the text says.
fn follow(settings: &mut Settings, host: &TriggerState) {
    use TriggerControl::*;
    let table: [(TriggerControl, Knob); 9] = [
        (Threshold, |s, x| s.threshold = x),
        (Sensitivity, |s, x| s.sensitivity = x),
        (Hold, |s, x| s.hold = f64::from(x) / 1000.0),
        (FilterLow, |s, x| s.high_pass = Some(x)),
        (FilterHigh, |s, x| s.low_pass = Some(x)),
        (VelocityMin, |s, x| s.least = x * 127.0),
        (VelocityMax, |s, x| s.greatest = x * 127.0),
        (Retrigger, |s, x| s.retrigger = f64::from(x) / 1000.0),
        (VelocityCurve, |s, x| s.curve = x),
    ];
    for (control, knob) in table {
        if let Some(x) = host.set(control) {
            knob(settings, x);
        }
    }
}

impl Kernel for Hit {
    fn tail(&self) -> u64 {
        self.plan.late + self.pools.iter().map(Pool::tail).max().unwrap_or(0)
    }

    fn voices(&self) -> Option<usize> {
        Some(self.pools.iter().map(Pool::sounding_voices).sum())
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        Pool::take(&mut self.pools, &mut old.pools, passages, at);
        // The detector goes on, and is told the new settings with the next frame.
        std::mem::swap(&mut self.detector, &mut old.detector);
        (self.began, self.count, self.last) = (old.began, old.count, old.last);
        (self.numbers, self.learns) = (old.numbers, old.learns);
        if self.plan.note == old.plan.note {
            self.note_ends = old.note_ends.take();
        }
        self.open.clear();
        for open in &old.open {
            for passage in passages.iter().filter(|p| p.from.0 == open.pool) {
                if let Some(place) = open.place.after(open.pool, passages)
                    && self.open.len() < self.open.capacity()
                {
                    self.open.push(Open { pool: passage.to.0, place, until: open.until });
                }
            }
        }
        if self.dry[0].len() == old.dry[0].len() {
            std::mem::swap(&mut self.dry, &mut old.dry);
            self.place = old.place;
        }
    }

    fn start(&mut self, lane: usize, start: Start) {
        for pool in &mut self.pools {
            pool.clear(lane, start.at);
        }
        self.began = start.at;
        (self.count, self.last) = (0, 0.0);
        self.numbers = Numbers::within(start);
        self.open.clear();
        self.detector.restart();
        self.dry.iter_mut().for_each(|line| line.fill(0.0));
    }

    fn stop(&mut self, lane: usize, at: u64) {
        for pool in &mut self.pools {
            pool.clear(lane, at);
        }
        if let (Some(_), Some((key, channel))) = (self.note_ends.take(), self.plan.note) {
            self.outbox.note_off(at, channel, key);
        }
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        self.listen(pass);
        let frames = pass.frames;
        let mut from = 0;
        let mut next = 0;
        loop {
            let due = self.heard.get(next).map(|stroke| {
                ((self.began + stroke.at).saturating_sub(pass.at) as usize).clamp(from, frames - 1)
            });
            let closes = self.closes(pass, from).filter(|closes| due.is_none_or(|due| *closes < due));
            let to = closes.or(due).unwrap_or(frames);
            if let Some(until) = self.note_ends
                && until <= pass.at + to as u64
                && let Some((key, channel)) = self.plan.note
            {
                self.note_ends = None;
                self.outbox.note_off(until.max(pass.at), channel, key);
            }
            self.sound(pass, from, to);
            self.put_velocity(pass, from, to);
            from = to;
            if closes.is_some() {
                self.close(pass.at + to as u64);
            } else if due.is_some() {
                let stroke = self.heard[next];
                next += 1;
                self.last = stroke.velocity / 127.0;
                self.strike(pass, to, &stroke);
                if self.plan.output == Output::Hits {
                    let width = pass.width();
                    pass.outputs.iter_mut().for_each(|tile| tile.floats_mut()[to * width] = 1.0);
                }
            } else {
                break;
            }
        }
        self.add_dry(pass);
        pass.outputs[0].ends = [frames as u8; MAX_LANES];
    }
}

impl Hit {
    fn put_velocity(&self, pass: &mut Pass, from: usize, to: usize) {
        if self.plan.output == Output::Velocity {
            let width = pass.width();
            for tile in pass.outputs.iter_mut() {
                for n in from..to {
                    tile.floats_mut()[n * width] = self.last;
                }
            }
        }
    }
}
