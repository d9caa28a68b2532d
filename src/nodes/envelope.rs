//! `envelope`: attack, decay, sustain, release. A lane is in one stage at a time, a curve that is stepped from frame to frame and
//! put right in closed form every 64; the kernel renders runs of frames in which no lane changes its stage. Audio thread, after
//! construction.

use crate::dsp::lane::{Lane, MAX_LANES};
use crate::dsp::time;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start, TILE};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs};

const fn stage(name: &'static str, unit: Unit, default: Default, help: &'static str) -> ParamSpec {
    ParamSpec { name, kind: ParamKind::Formula, unit, default, range: None, help }
}

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "envelope",
        help: "Shape of a note: attack, decay, sustain and release, applied to a signal.",
        params: &[
            stage(
                "attack",
                Unit::Seconds,
                Default::Number(0.0),
                "Time to rise from silence to 1: short for plucked and struck sounds, long for pads.",
            ),
            stage("decay", Unit::Seconds, Default::Number(0.0), "Time to fall from 1 to `sustain`."),
            stage(
                "sustain",
                Unit::None,
                Default::Number(1.0),
                "Level that is held until the release, 0 to 1; 0 lets the sound die away by itself.",
            ),
            stage("release", Unit::Seconds, Default::Number(0.0), "Time to fall to silence after the note."),
            stage(
                "sustain_duration",
                Unit::Seconds,
                Default::Absent,
                "How long the level is held where there is no gate; after it comes the release.",
            ),
            ParamSpec::optional(
                "gate",
                Unit::None,
                "From 0.5 up the note is held: rising starts the attack, falling the release. Below `midi_in` write `gate: gate`.",
            ),
            ParamSpec::optional(
                "trigger",
                Unit::None,
                "Rising through 0.5 starts the attack anew, from the present level.",
            ),
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::signal(
                    "signal",
                    "What is shaped; absent: the shape itself comes out, for use as a control.",
                )
            },
            ParamSpec {
                name: "end",
                kind: ParamKind::Flag,
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "Whether the sound is over after the release; absent: yes without a gate, no with one (below `midi_in` voices end anyway).",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {envelope: {attack: 0.01, decay: 0.3, sustain: 0.3, release: 0.5, duration: 2, signal: {osc: {type: tri, freq: a3, amp: 0.6}}}}\n",
    },
    runs: Runs::Kernel(make),
};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Stage {
    Attack,
    Decay,
    Sustain,
    Release,
    /// Silent, before the first opening of a gate or after a release.
    Rest,
    /// Ended for good.
    Over,
}

/// Curves are counted in an f32, exactly up to here (380 s at 44.1 kHz).
const LONGEST: u64 = 1 << 24;
const ENDLESS: u64 = u64::MAX;

struct Envelope {
    attack: usize,
    decay: usize,
    sustain: usize,
    release: usize,
    sustain_duration: Option<usize>,
    gate: Option<usize>,
    trigger: Option<usize>,
    signal: Option<usize>,
    /// Whole length without a gate, in frames.
    length: Option<u64>,
    end: bool,
    rate: f64,
    stage: Vec<Stage>,
    /// Frames left of the stage.
    left: Vec<u64>,
    /// The curve is `target + span · e^(rate · k)`, `k` frames into the stage.
    target: Vec<f32>,
    span: Vec<f32>,
    fall: Vec<f32>,
    k: Vec<f32>,
    /// `e^(rate · k)` at the present frame, and which part of it goes with each frame.
    now: Vec<f32>,
    loss: Vec<f32>,
    /// Whether gate and trigger were high at the frame before: 1 or 0.
    open: Vec<f32>,
    high: Vec<f32>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let need = |name: &'static str| b.port(name).ok_or(format!("envelope needs `{name}`"));
    let lanes = || vec![0.0; b.lanes];
    Ok(Box::new(Envelope {
        attack: need("attack")?,
        decay: need("decay")?,
        sustain: need("sustain")?,
        release: need("release")?,
        sustain_duration: b.port("sustain_duration"),
        gate: b.port("gate"),
        trigger: b.port("trigger"),
        signal: b.port("signal"),
        length: b.duration_frames(),
        end: if b.given("end") { b.flag("end") } else { b.port("gate").is_none() },
        rate: b.rate,
        stage: vec![Stage::Rest; b.lanes],
        left: vec![ENDLESS; b.lanes],
        target: lanes(),
        span: lanes(),
        fall: lanes(),
        k: lanes(),
        now: lanes(),
        loss: lanes(),
        open: lanes(),
        high: lanes(),
    }))
}

impl Envelope {
    /// Value of an input for one lane at one frame.
    #[inline]
    fn read(pass: &Pass, port: usize, frame: usize, k: usize) -> f32 {
        let (values, flat) = pass.raw(port, 0);
        values[if flat { k } else { frame * pass.width() + k }]
    }

    fn frames(&self, pass: &Pass, port: usize, frame: usize, k: usize) -> u64 {
        time::frames(Self::read(pass, port, frame, k), self.rate)
    }

    /// Level of a lane at the present frame.
    fn level(&self, lane: usize) -> f32 {
        self.target[lane] + self.span[lane] * self.now[lane]
    }

    /// A stage begins at this frame; stages without length are passed over.
    fn enter(&mut self, pass: &Pass, mut stage: Stage, frame: usize, k: usize) {
        let lane = pass.lane + k;
        loop {
            let level = self.level(lane);
            let (target, span, length, next) = match stage {
                Stage::Attack => (1.0, level - 1.0, self.frames(pass, self.attack, frame, k), Stage::Decay),
                Stage::Decay => {
                    let s = Self::read(pass, self.sustain, frame, k);
                    (s, 1.0 - s, self.frames(pass, self.decay, frame, k), Stage::Sustain)
                }
                Stage::Sustain => {
                    let s = Self::read(pass, self.sustain, frame, k);
                    (s, 0.0, self.hold(pass, frame, k), Stage::Release)
                }
                Stage::Release => (0.0, level, self.frames(pass, self.release, frame, k), Stage::Rest),
                Stage::Rest | Stage::Over => {
                    stage = if self.end { Stage::Over } else { Stage::Rest };
                    (0.0, 0.0, ENDLESS, stage)
                }
            };
            let curve = matches!(stage, Stage::Attack | Stage::Decay | Stage::Release);
            let length = if curve { length.min(LONGEST) } else { length };
            self.stage[lane] = stage;
            self.left[lane] = length;
            self.target[lane] = target;
            self.span[lane] = span;
            self.fall[lane] = if curve { time::fall_rate(length) } else { 0.0 };
            self.loss[lane] = time::loss(self.fall[lane]);
            (self.k[lane], self.now[lane]) = (0.0, 1.0);
            if length > 0 {
                return;
            }
            if stage == Stage::Attack {
                // An attack without length is at its top; what follows starts from there.
                (self.target[lane], self.span[lane]) = (1.0, 0.0);
            } else if stage == Stage::Decay {
                self.span[lane] = 0.0;
            }
            stage = next;
        }
    }

    /// How long the sustain lasts.
    fn hold(&self, pass: &Pass, frame: usize, k: usize) -> u64 {
        match (self.gate, self.sustain_duration, self.length) {
            (Some(_), ..) => ENDLESS,
            (_, Some(port), _) => self.frames(pass, port, frame, k),
            (_, _, Some(length)) => [self.attack, self.decay, self.release]
                .iter()
                .fold(length, |l, p| l.saturating_sub(self.frames(pass, *p, frame, k))),
            _ => ENDLESS,
        }
    }

    /// First frame from `from` at which an input crosses 0.5 in some lane, up to `to`.
    #[inline(always)]
    fn crossing<L: Lane>(pass: &Pass, port: Option<usize>, was: &[f32], from: usize, to: usize) -> usize {
        let Some(port) = port else { return to };
        let input = pass.input::<L>(port);
        let was = L::load(&was[pass.lane..pass.lane + L::N]);
        if input.is_flat() {
            return if differs(input.at(0), was) { from } else { to };
        }
        // The state of every lane is the same up to the first change.
        for n in from..to {
            if differs(input.at(n), was) {
                return n;
            }
        }
        to
    }

    /// Takes gate and trigger at a frame.
    fn follow(&mut self, pass: &Pass, frame: usize, lanes: usize) {
        for k in 0..lanes {
            let lane = pass.lane + k;
            let over = self.stage[lane] == Stage::Over;
            if let Some(port) = self.gate {
                let open = f32::from(Self::read(pass, port, frame, k) >= 0.5);
                if open != self.open[lane] {
                    self.open[lane] = open;
                    match self.stage[lane] {
                        Stage::Over => {}
                        _ if open > 0.0 => self.enter(pass, Stage::Attack, frame, k),
                        Stage::Attack | Stage::Decay | Stage::Sustain => {
                            self.enter(pass, Stage::Release, frame, k)
                        }
                        _ => {}
                    }
                }
            }
            if let Some(port) = self.trigger {
                let high = f32::from(Self::read(pass, port, frame, k) >= 0.5);
                let rising = high > self.high[lane];
                self.high[lane] = high;
                // A closed gate keeps triggers out.
                if rising && !over && (self.gate.is_none() || self.open[lane] > 0.0) {
                    self.enter(pass, Stage::Attack, frame, k);
                }
            }
        }
    }
}

/// Whether an input stands on another side of 0.5 than it did, in some lane.
#[inline(always)]
fn differs<L: Lane>(now: L, was: L) -> bool {
    let half = L::splat(0.5);
    L::any((L::select(now.ge(half), L::splat(1.0), L::splat(0.0)) - was).abs().gt(half))
}

impl Lanewise for Envelope {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, frames) = (pass.lane, pass.frames);
        let range = lane..lane + L::N;
        let mut ends = [frames as u8; MAX_LANES];
        if self.gate.is_none() && super::starts(pass) {
            for k in (0..L::N).filter(|k| pass.ages[lane + k] == 0) {
                self.enter(pass, Stage::Attack, 0, k);
            }
        }
        if pass.at.is_multiple_of(TILE as u64) {
            // Steps add their roundings up: here the curve is what it should be.
            let (k, fall) = (L::load(&self.k[range.clone()]), L::load(&self.fall[range.clone()]));
            time::fall(k, fall).store(&mut self.now[range.clone()]);
        }
        let mut from = 0;
        while from < frames {
            for k in 0..L::N {
                if self.left[lane + k] == 0 {
                    let next = match self.stage[lane + k] {
                        Stage::Attack => Stage::Decay,
                        Stage::Decay => Stage::Sustain,
                        Stage::Sustain => Stage::Release,
                        Stage::Release | Stage::Rest | Stage::Over => Stage::Rest,
                    };
                    self.leave(lane + k);
                    self.enter(pass, next, from, k);
                }
            }
            // At most two changes stand between here and a run: one of the gate, one of the trigger, taken together.
            if Self::crossing::<L>(pass, self.gate, &self.open, from, from + 1) == from
                || Self::crossing::<L>(pass, self.trigger, &self.high, from, from + 1) == from
            {
                self.follow(pass, from, L::N);
            }
            let mut to = frames;
            let mut curved = false;
            for k in range.clone() {
                to = to.min(from.saturating_add(self.left[k].min(frames as u64) as usize));
                curved |= self.fall[k] != 0.0;
            }
            if from + 1 < to {
                to = Self::crossing::<L>(pass, self.gate, &self.open, from + 1, to);
                to = Self::crossing::<L>(pass, self.trigger, &self.high, from + 1, to);
            }
            for k in 0..L::N {
                if self.stage[lane + k] == Stage::Over {
                    ends[k] = ends[k].min(from as u8);
                }
            }
            self.run::<L>(pass, from, to, curved);
            let by = (to - from) as u64;
            for k in range.clone() {
                if self.left[k] != ENDLESS {
                    self.left[k] -= by;
                    self.k[k] += by as f32;
                }
            }
            from = to;
        }
        pass.outputs[0].ends = ends;
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.stage[lane] = Stage::Rest;
        self.left[lane] = ENDLESS;
        (self.target[lane], self.span[lane], self.fall[lane], self.k[lane]) = (0.0, 0.0, 0.0, 0.0);
        (self.now[lane], self.loss[lane]) = (1.0, 0.0);
        (self.open[lane], self.high[lane]) = (0.0, 0.0);
    }
}

impl Envelope {
    /// A stage has run its whole length: what follows starts from its target.
    fn leave(&mut self, lane: usize) {
        self.span[lane] = 0.0;
    }

    /// Renders frames in which every lane stays in its stage.
    #[inline(always)]
    fn run<L: Lane>(&mut self, pass: &mut Pass, from: usize, to: usize, curved: bool) {
        let range = pass.lane..pass.lane + L::N;
        let (target, span) = (L::load(&self.target[range.clone()]), L::load(&self.span[range.clone()]));
        let (zero, still) = (L::splat(0.0), target + span);
        let whole = from == 0 && to == pass.frames;
        if whole && !curved && (self.signal.is_none() || !L::any(still.abs().gt(zero))) {
            for tile in pass.outputs.iter_mut() {
                tile.set_flat(still);
            }
            return;
        }
        let (start, loss) = (L::load(&self.now[range.clone()]), L::load(&self.loss[range.clone()]));
        for c in 0..pass.outputs.len() {
            let input = self.signal.map(|port| pass.channel::<L>(port, c));
            let out = &mut pass.output::<L>(c)[from..to];
            let mut now = start;
            // The sum with 0 makes every silence the same one (+0).
            match (input, curved) {
                (Some(x), true) => {
                    for (n, y) in out.iter_mut().enumerate() {
                        *y = x.at(from + n) * (target + span * now) + zero;
                        now = now - now * loss;
                    }
                }
                (Some(x), false) => {
                    for (n, y) in out.iter_mut().enumerate() {
                        *y = x.at(from + n) * still + zero;
                    }
                }
                (None, true) => {
                    for y in out.iter_mut() {
                        *y = target + span * now;
                        now = now - now * loss;
                    }
                }
                (None, false) => out.fill(still),
            }
            now.store(&mut self.now[range.clone()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Fixed;
    use crate::kernel::probe::Probe;

    fn e(k: usize, n: usize) -> f64 {
        (-5.0 * k as f64 / (n - 1) as f64).exp()
    }

    fn near(x: &[f32], n: usize, want: f64) {
        assert!((x[n] as f64 - want).abs() < 2e-6, "frame {n}: {} is not {want}", x[n]);
    }

    fn adsr() -> Probe {
        Probe::new(&DEF).set("attack", 0.02).set("decay", 0.03).set("sustain", 0.25).set("release", 0.01)
    }

    #[test]
    fn envelope_curves_are_the_references() {
        let out = adsr().laws(6000);
        let x = out.mono();
        near(x, 0, 0.0);
        near(x, 400, 1.0 - e(400, 882));
        near(x, 881, 1.0 - e(881, 882));
        near(x, 882, 1.0);
        near(x, 1882, 0.25 + 0.75 * e(1000, 1323));
        near(x, 2204, 0.25 + 0.75 * e(1322, 1323));
        near(x, 2205, 0.25);
        near(x, 5999, 0.25);
        assert_eq!(out.ends[0], None);
    }

    #[test]
    fn envelope_duration_and_sustain_duration_end_exactly() {
        let by_duration = adsr().with(|p| p.duration = Some(0.1)).laws(6000);
        assert_eq!(by_duration.ends[0], Some(4410));
        near(by_duration.mono(), 3969, 0.25);
        near(by_duration.mono(), 4400, 0.25 * e(431, 441));
        let held = adsr().set("sustain_duration", 0.01).with(|p| p.stagger = 11).laws(4000);
        assert_eq!(held.ends[0], Some(882 + 1323 + 441 + 441));
        let stays = adsr().set("sustain_duration", 0.01).fixed("end", Fixed::Flag(false)).laws(4000);
        assert_eq!((stays.ends[0], stays.mono()[3500]), (None, 0.0));
    }

    #[test]
    fn envelope_gate_is_followed_to_the_frame() {
        let gate = |l: usize, n: u64| f32::from((n + 50 * l as u64) % 2500 >= 300 && n % 2500 < 2000);
        let p = adsr().signal("gate", gate).signal("signal", |_, n| if n % 2 == 0 { 1.0 } else { -1.0 });
        let out = p.laws(6000);
        let x: Vec<f32> = out.mono().iter().map(|x| x.abs()).collect();
        assert!(x[..301].iter().all(|x| *x == 0.0));
        near(&x, 700, 1.0 - e(400, 882));
        // Closes in the decay, at its present level.
        let level = 0.25 + 0.75 * e(2000 - 1182, 1323);
        near(&x, 2000, level);
        near(&x, 2100, level * e(100, 441));
        assert_eq!(x[2500], 0.0);
        assert_eq!(out.ends[0], None);
    }

    #[test]
    fn envelope_gate_closing_in_the_attack_releases_from_there() {
        let out = adsr().signal("gate", |_, n| f32::from(n < 200)).fixed("end", Fixed::Flag(true)).laws(1000);
        let level = 1.0 - e(200, 882);
        near(out.mono(), 200, level);
        near(out.mono(), 300, level * e(100, 441));
        assert_eq!(out.ends[0], Some(641));
    }

    #[test]
    fn envelope_without_attack_has_no_click_at_release() {
        let out = adsr().set("attack", 0.0).signal("gate", |_, n| f32::from(n < 3000)).laws(4000);
        near(out.mono(), 0, 1.0);
        near(out.mono(), 2999, 0.25);
        near(out.mono(), 3000, 0.25);
    }

    #[test]
    fn envelope_trigger_starts_anew_from_the_present_level() {
        let out = adsr().signal("trigger", |l, n| f32::from(n == 2400 + l as u64)).laws(5000);
        near(out.mono(), 2399, 0.25);
        near(out.mono(), 2400, 0.25);
        near(out.mono(), 2500, 1.0 - 0.75 * e(100, 882));
        near(out.mono(), 3282, 1.0);
    }

    #[test]
    fn envelope_lanes_have_their_own_times() {
        let p = Probe::new(&DEF)
            .lanes_of("attack", |l| 0.001 * (l + 1) as f32)
            .set("release", 0.02)
            .set("sustain_duration", 0.001)
            .with(|p| p.stagger = 5);
        let out = p.laws(1500);
        assert_eq!(out.ends[0], Some(44 + 44 + 882));
    }

    #[test]
    fn envelope_keeps_both_channels() {
        let out = adsr().stereo("signal", |_, c, _| 1.0 - 2.0 * c as f32).laws(1000);
        assert!(out.frames[0][0].iter().zip(&out.frames[1][0]).skip(1).all(|(a, b)| *a == -*b && *a > 0.0));
    }
}
