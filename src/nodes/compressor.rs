//! `compressor`: takes loud passages back by the measure of their level. The gain is computed and smoothed in decibels: the curve of
//! [`crate::dsp::dynamics`], then the smooth branching detector of the same paper (Giannoulis, Massberg and Reiss 2012, equation 16).
//! Both sides share one gain. Audio thread, after construction.

use crate::dsp::dynamics::{decibels, gain, reduction};
use crate::dsp::lane::Lane;
use crate::kernel::lamp::Told;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::speeds::{Speed, time};
use super::{NodeDef, Runs, need, starts};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "compressor",
        help: "Takes loud passages back, so that a sound keeps together; by another signal, makes room for that (ducking).",
        params: &[
            ParamSpec::signal(
                "signal",
                "What is compressed, mono or stereo; both sides by the same measure.",
            ),
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::signal(
                    "sidechain",
                    "Whose level decides; the signal itself if it is not written.",
                )
            },
            ParamSpec::control("threshold", Unit::Decibels, -18.0, "Level above which it compresses."),
            ParamSpec::control(
                "ratio",
                Unit::None,
                4.0,
                "How many decibels above the threshold become one: 1 leaves all as it is, `inf` allows none.",
            ),
            ParamSpec::control(
                "knee",
                Unit::Decibels,
                6.0,
                "Width of the range around the threshold in which it sets in gradually; 0 is a sharp corner.",
            ),
            time("attack", 0.01, "How fast it takes back (time constant: 63 % of the way); 0 at once."),
            time("release", 0.1, "How fast it lets go (time constant)."),
            ParamSpec {
                name: "detector",
                kind: ParamKind::Choice(&[
                    Choice { word: "peak", aliases: &[], help: "every wave's height counts" },
                    Choice {
                        word: "rms",
                        aliases: &[],
                        help: "the power of the last 10 ms counts, as loudness does",
                    },
                ]),
                unit: Unit::None,
                default: Default::Word("peak"),
                range: None,
                help: "What counts as the level of a signal.",
            },
            ParamSpec::control("makeup", Unit::Decibels, 0.0, "Makes what is compressed louder again."),
            ParamSpec::control(
                "mix",
                Unit::None,
                1.0,
                "Balance: 0 only the signal, 1 only what is compressed; between them parallel compression.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {compressor: {threshold: -24 dB, ratio: 6, attack: 5 ms, release: 150 ms, sidechain: {envelope: {decay: 0.1, sustain: 0, trigger: {osc: {type: sqr, freq: 2}}}}, signal: {osc: {type: saw, freq: 110, amp: 0.4, duration: 2}}}}\n",
    },
    runs: Runs::Kernel(make),
};

/// Time constant of the rms detector in seconds.
const WINDOW: f64 = 0.01;

struct Compressor {
    signal: usize,
    sidechain: usize,
    threshold: usize,
    ratio: usize,
    knee: usize,
    makeup: usize,
    mix: usize,
    attack: Speed,
    release: Speed,
    /// The part of the way that the mean power goes in a frame; everything at once for peaks.
    window: f32,
    rms: bool,
    /// Of each lane: the mean power, and by how many decibels the signal is taken back.
    power: Vec<f32>,
    taken: Vec<f32>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let signal = need(b, "signal")?;
    Ok(Box::new(Compressor {
        signal,
        sidechain: b.port("sidechain").unwrap_or(signal),
        threshold: need(b, "threshold")?,
        ratio: need(b, "ratio")?,
        knee: need(b, "knee")?,
        makeup: need(b, "makeup")?,
        mix: need(b, "mix")?,
        attack: Speed::new(b, "attack")?,
        release: Speed::new(b, "release")?,
        window: -(-1.0 / (WINDOW * b.rate)).exp_m1() as f32,
        rms: b.word("detector") == "rms",
        power: vec![0.0; b.lanes],
        taken: vec![0.0; b.lanes],
    }))
}

impl Compressor {
    #[inline(always)]
    fn read<L: Lane>(&mut self, pass: &Pass, frame: usize, every: bool) {
        self.attack.read::<L>(pass, frame, every);
        self.release.read::<L>(pass, frame, every);
    }
}

impl Lanewise for Compressor {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, frames) = (pass.lane, pass.frames);
        if starts(pass) {
            self.read::<L>(pass, 0, false);
        }
        let mut points = pass.control_points();
        let mut next = points.next().unwrap_or(frames);
        let sides = [pass.channel::<L>(self.sidechain, 0), pass.channel::<L>(self.sidechain, 1)];
        let (threshold, ratio) = (pass.input::<L>(self.threshold), pass.input::<L>(self.ratio));
        let (knee, makeup, mix) =
            (pass.input::<L>(self.knee), pass.input::<L>(self.makeup), pass.input::<L>(self.mix));
        let one = L::splat(1.0);
        let mut power = L::load(&self.power[lane..lane + L::N]);
        let mut taken = L::load(&self.taken[lane..lane + L::N]);
        let mut from = 0;
        while from < frames {
            if from == next {
                self.read::<L>(pass, from, true);
                next = points.next().unwrap_or(frames);
            }
            let (attack, release) = (self.attack.parts::<L>(lane), self.release.parts::<L>(lane));
            let window = L::splat(self.window);
            // The gain goes into the output of the first channel, where both find it.
            for n in from..next {
                let mut level = sides[0].at(n).abs().max(sides[1].at(n).abs());
                if self.rms {
                    // What is no number, or too large for its power, does not stay.
                    let square = (level * level).max(L::splat(0.0)).min(L::splat(1e20));
                    power = power + window * (square - power);
                    level = power.sqrt();
                }
                let share = one - one / ratio.at(n).max(one);
                let target = reduction(decibels(level), threshold.at(n), share, knee.at(n));
                taken = taken + L::select(target.gt(taken), attack, release) * (target - taken);
                let factor = gain(makeup.at(n) - taken);
                pass.output::<L>(0)[n] = one + mix.at(n) * (factor - one);
            }
            from = next;
        }
        power.store(&mut self.power[lane..lane + L::N]);
        taken.store(&mut self.taken[lane..lane + L::N]);
        for c in (0..pass.outputs.len()).rev() {
            let input = pass.channel::<L>(self.signal, c);
            for n in 0..frames {
                let factor = pass.output::<L>(0)[n];
                pass.output::<L>(c)[n] = input.at(n) * factor;
            }
        }
    }

    fn take(&mut self, old: &mut Self) {
        self.power.copy_from_slice(&old.power);
        self.taken.copy_from_slice(&old.taken);
    }

    fn start(&mut self, lane: usize, _: Start) {
        (self.power[lane], self.taken[lane]) = (0.0, 0.0);
    }

    fn tells(&self, lane: usize) -> Option<Told> {
        Some(Told::TakenBack(gain(-self.taken[lane])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Fixed;
    use crate::kernel::probe::Probe;

    fn compressor() -> Probe {
        Probe::new(&DEF).set("threshold", -20.0).set("ratio", 4.0).set("knee", 0.0)
    }

    fn db(x: f32) -> f64 {
        20.0 * f64::from(x).abs().log10()
    }

    /// Level that comes out for a steady level that goes in.
    fn settled(p: Probe, level: f64) -> f64 {
        let amp = 10f64.powf(level / 20.0) as f32;
        db(p.set("attack", 0.001).signal("signal", move |_, _| amp).render(2000).mono()[1999])
    }

    #[test]
    fn compressor_follows_its_curve() {
        for (ratio, knee) in [(4.0f64, 0.0f64), (2.0, 12.0), (f64::INFINITY, 6.0), (1.0, 6.0)] {
            for level in (-45..=6).map(f64::from) {
                let over = level + 20.0;
                let want = if 2.0 * over < -knee {
                    level
                } else if 2.0 * over.abs() <= knee && knee > 0.0 {
                    level + (1.0 / ratio - 1.0) * (over + knee / 2.0).powi(2) / (2.0 * knee)
                } else {
                    -20.0 + over / ratio
                };
                let p = compressor().set("ratio", ratio as f32).set("knee", knee as f32);
                let found = settled(p, level);
                assert!(
                    (found - want).abs() < 0.05,
                    "{level} dB, 1:{ratio}, knee {knee}: {found} for {want}"
                );
            }
        }
        assert!((settled(compressor().set("makeup", 6.0), 0.0) + 9.0).abs() < 0.01);
        let half = 20.0 * (0.5 + 0.5 * 10f64.powf(-15.0 / 20.0)).log10();
        assert!((settled(compressor().set("mix", 0.5), 0.0) - half).abs() < 0.01, "parallel");
    }

    #[test]
    fn compressor_takes_its_times() {
        // From 0 dB, 15 dB are taken; after the time constant 1 - 1/e of that.
        let p = compressor().set("attack", 0.01).set("release", 0.05);
        let out = p.signal("signal", |_, n| if n < 20_000 { 1.0 } else { 1e-3 }).render(40_000);
        let taken = |n: usize| -db(out.mono()[n]) - if n < 20_000 { 0.0 } else { 60.0 };
        let part = 1.0 - (-1.0f64).exp();
        let attacked = (0..20_000).find(|n| taken(*n) >= 15.0 * part).unwrap() + 1;
        assert!(attacked.abs_diff(441) <= 1, "{attacked} frames for 10 ms");
        let released = (20_000..40_000).find(|n| taken(*n) <= 15.0 * (1.0 - part)).unwrap() + 1 - 20_000;
        assert!(released.abs_diff(2205) <= 1, "{released} frames for 50 ms");
    }

    #[test]
    fn compressor_detects_power() {
        // A full sine has a power of -3 dB: 17 dB above the threshold, of which three quarters are taken.
        let p = compressor().fixed("detector", Fixed::Word("rms")).set("attack", 0.05).set("release", 0.05);
        let out = p.signal("signal", |_, n| (n as f32 * 0.2).sin()).render(44_100);
        let peak = out.mono()[40_000..].iter().fold(0.0f32, |m, x| m.max(x.abs()));
        assert!((db(peak) + 0.75 * 16.99).abs() < 0.1, "{}", db(peak));
    }

    #[test]
    fn compressor_keeps_the_image_and_ducks() {
        let wave = |n: u64| (n as f32 * 0.05).sin();
        let stereo = move |_: usize, c: usize, n: u64| wave(n) * if c == 0 { 0.8 } else { 0.2 };
        let out = compressor().stereo("signal", stereo).laws(700);
        let (left, right) = (&out.frames[0][0], &out.frames[1][0]);
        assert!(left.iter().zip(right).all(|(l, r)| (l - 4.0 * r).abs() < 1e-5 * l.abs().max(0.1)));
        let plain = left.iter().enumerate().any(|(n, x)| (x - 0.8 * wave(n as u64)).abs() > 0.1);
        assert!(plain, "it compresses");
        // The right side of the sidechain alone decides, whatever the signal is.
        let kick = |_: usize, c: usize, n: u64| if c == 1 && (1000..3000).contains(&n) { 1.0 } else { 0.0 };
        let p = compressor().set("attack", 0.001).set("release", 0.01);
        let duck = p.signal("signal", |_, _| 0.5).stereo("sidechain", kick).render(8000);
        let at = |n: usize| db(duck.mono()[n] / 0.5);
        assert!(at(999) == 0.0 && (at(2999) + 15.0).abs() < 0.01 && at(7900).abs() < 0.01);
    }

    #[test]
    fn compressor_obeys_the_laws() {
        let loud = |l: usize, n: u64| ((n + 3 * l as u64) as f32 * 0.13).sin() * (n % 400) as f32 * 0.01;
        let p = compressor().signal("signal", loud);
        p.clone().laws(500);
        p.clone().fixed("detector", Fixed::Word("rms")).with(|p| (p.stagger, p.at) = (11, 5000)).laws(500);
        p.signal("threshold", |_, n| -30.0 + n as f32 * 0.05)
            .signal("ratio", |_, n| 1.0 + n as f32 * 0.01)
            .signal("release", |_, n| 0.01 + n as f32 * 1e-4)
            .signal("mix", |_, n| (n % 100) as f32 * 0.01)
            .laws(300);
    }

    #[test]
    fn compressor_forgets_what_is_no_number() {
        for (detector, bad) in
            [("peak", f32::NAN), ("rms", f32::NAN), ("rms", f32::INFINITY), ("peak", f32::INFINITY)]
        {
            let p = compressor().fixed("detector", Fixed::Word(detector)).set("release", 0.005);
            let out = p.signal("signal", move |_, n| if n == 100 { bad } else { 0.05 }).render(30_000);
            assert!(out.mono()[101..].iter().all(|x| x.is_finite()), "{detector} {bad}");
            assert!((out.mono()[29_999] - 0.05).abs() < 1e-4, "{detector} {bad}");
        }
    }
}
