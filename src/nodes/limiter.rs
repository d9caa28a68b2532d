//! `limiter`: nothing above a ceiling. It hears what comes a moment before it plays it, and has the gain down by then: see
//! [`crate::dsp::lookahead`]. Audio thread, after construction.

use crate::dsp::dynamics::gain;
use crate::dsp::lane::Lane;
use crate::dsp::line::Line;
use crate::dsp::lookahead::Lookahead;
use crate::kernel::lamp::Told;
use crate::kernel::{Build, Kernel, Lanewise, MAX_LANES, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::speeds::{Speed, time};
use super::{Lanes, NodeDef, Runs, need, silence_ended, starts};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "limiter",
        help: "Lets nothing above a ceiling, without distortion: it looks ahead, and puts out the signal later by as much.",
        params: &[
            ParamSpec::signal("signal", "What is limited, mono or stereo; both sides by the same measure."),
            ParamSpec::control(
                "ceiling",
                Unit::Decibels,
                -1.0,
                "Highest level of any frame that it puts out, as it stands when the frame comes in.",
            ),
            time("release", 0.05, "How fast it lets go (time constant)."),
            ParamSpec::number(
                "lookahead",
                Unit::Seconds,
                0.0015,
                (0.0, 0.01),
                "How far it looks ahead: the longer, the smoother. The signal comes out later by this time.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {limiter: {ceiling: -6 dB, release: 80 ms, signal: {osc: {type: saw, freq: 82.4, amp: [0, 2], duration: 2}}}}\n",
    },
    runs: Runs::Kernel(make),
};

/// One lane.
struct Limit {
    ahead: Lookahead,
    /// What is under way, left and right.
    lines: Vec<Line>,
    /// Age of the next frame, and the one at which the signal ended.
    age: u64,
    ended: Option<u64>,
    /// The last factor.
    factor: f32,
}

struct Limiter {
    signal: usize,
    ceiling: usize,
    release: Speed,
    /// Frames that it looks ahead.
    late: usize,
    limits: Vec<Limit>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let late = b.latency() as usize;
    b.memory.take(b.lanes, Lookahead::bytes(late) + b.channels * Line::bytes(late + 1))?;
    let limit = |_| Limit {
        ahead: Lookahead::new(late),
        lines: (0..b.channels).map(|_| Line::new(late + 1)).collect(),
        age: 0,
        ended: None,
        factor: 1.0,
    };
    Ok(Box::new(Limiter {
        signal: need(b, "signal")?,
        ceiling: need(b, "ceiling")?,
        release: Speed::new(b, "release")?,
        late,
        limits: (0..b.lanes).map(limit).collect(),
    }))
}

impl Lanewise for Limiter {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let frames = pass.frames;
        let mut ends = [frames as u8; MAX_LANES];
        let signal_ends = pass.ends(self.signal);
        for tile in pass.outputs.iter_mut() {
            tile.flat = false;
        }
        if starts(pass) {
            self.release.read::<L>(pass, 0, false);
        }
        let mut points = pass.control_points();
        let mut next = points.next().unwrap_or(frames);
        let mut from = 0;
        while from < frames {
            if from == next {
                self.release.read::<L>(pass, from, true);
                next = points.next().unwrap_or(frames);
            }
            for k in 0..L::N {
                self.run::<L>(pass, k, from, next);
            }
            from = next;
        }
        for k in 0..L::N {
            let age = pass.ages[pass.lane + k];
            let limit = &mut self.limits[pass.lane + k];
            limit.age = age + frames as u64;
            if limit.ended.is_none() && (signal_ends[k] as usize) < frames {
                limit.ended = Some(age + signal_ends[k] as u64);
            }
            if let Some(at) = limit.ended {
                ends[k] = (at + self.late as u64).saturating_sub(age).min(frames as u64) as u8;
            }
        }
        pass.outputs[0].ends = ends;
        silence_ended(pass);
    }

    fn take(&mut self, old: &mut Self) {
        // What the shorter of them has under way.
        let both = self.late.min(old.late) as i64;
        for (new, old) in self.limits.iter_mut().zip(&old.limits) {
            if new.lines.len() != old.lines.len() {
                continue;
            }
            new.ahead.take(&old.ahead);
            (new.age, new.ended) = (old.age, old.ended);
            for (new, old_line) in new.lines.iter_mut().zip(&old.lines) {
                for age in old.age as i64 - both - 1..old.age as i64 {
                    new.write(age, old_line.read(age));
                }
            }
        }
    }

    fn start(&mut self, lane: usize, _: Start) {
        let limit = &mut self.limits[lane];
        limit.ahead.start();
        (limit.age, limit.ended, limit.factor) = (0, None, 1.0);
    }

    fn tail(&self) -> u64 {
        self.late as u64
    }

    fn tells(&self, lane: usize) -> Option<Told> {
        Some(Told::TakenBack(self.limits[lane].factor))
    }
}

impl Limiter {
    /// Frames `from..to` of one lane of a pass.
    #[inline(always)]
    fn run<L: Lane>(&mut self, pass: &mut Pass, k: usize, from: usize, to: usize) {
        let lane = pass.lane + k;
        let channels = pass.outputs.len();
        let inputs = [Lanes::new(pass, self.signal, 0, k), Lanes::new(pass, self.signal, 1, k)];
        let ceiling = Lanes::new(pass, self.ceiling, 0, k);
        let held = ceiling.is_flat().then(|| gain(ceiling.at(0)));
        let speed = self.release.parts::<f32>(lane);
        let limit = &mut self.limits[lane];
        for n in from..to {
            let age = pass.ages[lane] + n as u64;
            let most = match held {
                Some(most) => most,
                None => gain(ceiling.at(n)),
            };
            let level = inputs[0].at(n).abs().max(inputs[1].at(n).abs());
            let need = if level > most { most / level } else { 1.0 };
            let factor = limit.ahead.tick(need, speed);
            limit.factor = factor;
            for c in 0..channels {
                limit.lines[c].write(age as i64, inputs[c].at(n));
                let then = limit.lines[c].read(age as i64 - self.late as i64);
                pass.outputs[c].floats_mut()[n * L::N + k] = then * factor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::LATE;
    use crate::kernel::probe::Probe;

    fn limiter() -> Probe {
        Probe::new(&DEF).set("ceiling", -6.0)
    }

    /// -6 dB, and what a float's rounding may add.
    fn most() -> f32 {
        10f32.powf(-0.3) * 1.000_001
    }

    fn noise(n: u64) -> f32 {
        let hash = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / 8_388_608.0 - 1.0
    }

    #[test]
    fn limiter_lets_nothing_above_its_ceiling() {
        type Signal = (&'static str, fn(u64) -> f32);
        let signals: [Signal; 5] = [
            ("noise", |n| 4.0 * noise(n)),
            ("bursts", |n| noise(n) * if n % 1000 < 30 { 20.0 } else { 0.3 }),
            ("impulses", |n| if n % 701 == 5 { 100.0 } else { 0.0 }),
            ("square", |n| if n % 90 < 45 { 3.0 } else { -3.0 }),
            ("sweep", |n| 2.0 * (n as f32 * n as f32 * 1e-5).sin()),
        ];
        for (name, signal) in signals {
            for lookahead in [0.0, 0.0001, 0.0015, 0.01] {
                for release in [0.0, 0.003, 0.2] {
                    let p = limiter().number("lookahead", lookahead).set("release", release);
                    let out = p.signal("signal", move |_, n| signal(n)).render(6000);
                    let peak = out.mono().iter().fold(0.0f32, |m, x| m.max(x.abs()));
                    assert!(peak <= most(), "{name}, {lookahead} s ahead, {release} s: {peak}");
                    assert!(peak > 0.3, "{name}, {lookahead} s ahead, {release} s: {peak} is too low");
                }
            }
        }
    }

    #[test]
    fn limiter_is_late_by_its_lookahead_and_else_leaves_all_as_it_is() {
        assert_eq!(LATE, [("limiter", "lookahead")]);
        for (seconds, frames) in [(0.0, 0), (0.0015, 66), (0.01, 441)] {
            let p = limiter()
                .number("lookahead", seconds)
                .stereo("signal", |_, c, n| 0.4 * noise(2 * n + c as u64));
            let out = p.render(2000);
            for c in 0..2 {
                let heard = &out.frames[c][0];
                assert!(heard[..frames].iter().all(|x| *x == 0.0));
                let same =
                    (frames..2000).all(|n| heard[n] == 0.4 * noise(2 * (n - frames) as u64 + c as u64));
                assert!(same, "{seconds} s, channel {c}");
            }
        }
    }

    #[test]
    fn limiter_has_the_gain_down_smoothly_and_keeps_the_image() {
        // A quiet tone, and one loud frame on the left alone.
        let wave = |n: u64| 0.2 * (n as f32 * 0.05).sin();
        let signal = move |_: usize, c: usize, n: u64| if n == 3000 && c == 0 { 5.0 } else { wave(n) };
        let out = limiter().stereo("signal", signal).render(12_000);
        let gain = |c: usize, n: usize| out.frames[c][0][n] / wave(n as u64 - 66);
        let near = |n: usize| (n - 60..n + 60).map(|n| gain(1, n)).fold(1.0f32, f32::min);
        assert!((out.frames[0][0][3066] - 0.501).abs() < 1e-3 && near(3066) < 0.11);
        assert!((gain(1, 2999) - 1.0).abs() < 1e-5 && gain(1, 11_990) > 0.98);
        let mut steps =
            (2990..5000).filter(|n| wave(*n as u64 - 66).abs() > 0.01 && *n != 3066 && *n != 3065);
        assert!(steps.all(|n| (gain(0, n) - gain(1, n)).abs() < 1e-5), "both sides have one gain");
    }

    #[test]
    fn limiter_ends_after_what_is_under_way() {
        let out = limiter().ending("signal", Some(300), |_, _| 0.25).laws(600);
        assert_eq!(out.ends[0], Some(366));
        assert_eq!((out.mono()[66], out.mono()[365], out.mono()[366]), (0.25, 0.25, 0.0));
    }

    #[test]
    fn limiter_obeys_the_laws() {
        let p = limiter().signal("signal", |l, n| 3.0 * noise(n + l as u64));
        p.clone().laws(500);
        p.clone().number("lookahead", 0.0).with(|p| (p.stagger, p.at) = (11, 5000)).laws(300);
        p.signal("ceiling", |_, n| -12.0 + n as f32 * 0.05)
            .signal("release", |_, n| 0.01 + n as f32 * 1e-4)
            .laws(300);
    }

    #[test]
    fn limiter_forgets_what_is_no_number() {
        for bad in [f32::NAN, f32::INFINITY] {
            let out =
                limiter().signal("signal", move |_, n| if n == 100 { bad } else { 0.05 }).render(30_000);
            assert!(out.mono()[167..].iter().all(|x| x.is_finite()), "{bad}");
            assert!((out.mono()[29_999] - 0.05).abs() < 1e-4, "{bad}");
        }
    }
}
