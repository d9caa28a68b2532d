//! `track`: pan and volume, equal power. Audio thread, after construction; no state.

use crate::dsp::lane::Lane;
use crate::dsp::math;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Source, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "track",
        help: "Pan and volume of a signal, as on a mixer.",
        params: &[
            ParamSpec::signal("signal", "What is placed; a stereo signal is averaged first if it is panned."),
            ParamSpec::control(
                "pan",
                Unit::Pan,
                0.0,
                "Place from -1 (left) to 1 (right), with equal power; a fixed 0 leaves the signal as it is.",
            ),
            ParamSpec::control("volume", Unit::None, 1.0, "Level, a factor: 1 leaves it, 0.5 is -6 dB."),
        ],
        extra: Extra::Refused,
        channels: Channels::StereoWith(&["pan"]),
        ends: Ends::With("signal"),
        example: "example: {track: {pan: {osc: {freq: 1}}, volume: 0.8, signal: {osc: {type: tri, freq: 220, amp: 0.5, release: 0.3, duration: 2}}}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Track {
    signal: usize,
    pan: usize,
    volume: usize,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    Ok(Box::new(Track { signal: need(b, "signal")?, pan: need(b, "pan")?, volume: need(b, "volume")? }))
}

/// Gain of a side: cos and sin of (pan + 1) π / 4.
#[inline(always)]
fn gain<L: Lane>(pan: L, channel: usize) -> L {
    let angle = (pan + L::splat(1.0)) * L::splat(0.125);
    if channel == 0 { math::cos_cycles(angle) } else { math::sin_cycles(angle) }
}

impl Lanewise for Track {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (pan, volume) = (pass.input::<L>(self.pan), pass.input::<L>(self.volume));
        let (left, right) = (pass.channel::<L>(self.signal, 0), pass.channel::<L>(self.signal, 1));
        let flat = left.is_flat() && right.is_flat() && volume.is_flat();
        if pass.outputs.len() == 1 {
            fill!(pass, 0, flat, |n| left.at(n) * volume.at(n));
            return;
        }
        let (half, one) = (L::splat(0.5), L::splat(1.0));
        // A value that stands still (not a signal that happens to) at the centre is no panning at all.
        let still = matches!(pass.inputs[self.pan].left, Source::Slot(_));
        let centred = pan.at(0).abs().le(L::splat(if still { 1e-6 } else { -1.0 }));
        let mono = pass.inputs[self.signal].left == pass.inputs[self.signal].right;
        for c in 0..2 {
            let own = if c == 0 { left } else { right };
            match pan.flat() {
                Some(pan) => {
                    let gain = L::select(centred, one, gain(pan, c));
                    if let (true, Some(volume)) = (mono, volume.flat()) {
                        let gain = gain * volume;
                        fill!(pass, c, flat, |n| own.at(n) * gain);
                    } else if mono {
                        fill!(pass, c, flat, |n| own.at(n) * (gain * volume.at(n)));
                    } else {
                        fill!(pass, c, flat, |n| {
                            let mean = (left.at(n) + right.at(n)) * half;
                            L::select(centred, own.at(n), mean) * (gain * volume.at(n))
                        });
                    }
                }
                None => fill!(pass, c, false, |n| {
                    let mean = (left.at(n) + right.at(n)) * half;
                    mean * (gain(pan.at(n), c) * volume.at(n))
                }),
            }
        }
    }

    fn start(&mut self, _: usize, _: Start) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    fn track() -> Probe {
        Probe::new(&DEF)
            .signal("signal", |l, n| ((n + l as u64) as f32 * 0.1).sin())
            .with(|p| p.channels = Some(2))
    }
    fn at(p: &Probe, n: usize) -> (f32, f32) {
        let out = p.laws(150);
        (out.frames[0][0][n], out.frames[1][0][n])
    }
    fn close(a: (f32, f32), b: (f32, f32)) {
        assert!((a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6, "{a:?} {b:?}");
    }

    #[test]
    fn track_pans_with_equal_power() {
        let x = 7f32.sin();
        for pan in [-1.0f32, -0.4, 0.0001, 0.35, 1.0, 1.3] {
            let a = (pan + 1.0) * std::f32::consts::FRAC_PI_4;
            let want = (x * a.cos() * 0.4, x * a.sin() * 0.4);
            close(at(&track().set("pan", pan).set("volume", 0.4), 70), want);
            close(at(&track().signal("pan", move |_, _| pan).set("volume", 0.4), 70), want);
        }
    }

    #[test]
    fn track_leaves_a_fixed_centre_alone() {
        let x = 7f32.sin();
        close(at(&track().set("pan", 0.0).set("volume", 0.5), 70), (x * 0.5, x * 0.5));
        let mono = track().set("volume", 0.5).with(|p| p.channels = Some(1)).laws(100);
        assert_eq!(mono.mono()[70], x * 0.5);
        // A signal on its way through the centre is panned.
        let h = std::f32::consts::FRAC_1_SQRT_2;
        close(at(&track().signal("pan", |_, n| (n as f32 - 70.0) / 100.0), 70), (x * h, x * h));
    }

    #[test]
    fn track_averages_stereo_only_where_it_pans() {
        let stereo = |p: Probe| p.stereo("signal", |_, c, _| 0.2 + 0.4 * c as f32);
        close(at(&stereo(track()).set("volume", 0.5), 9), (0.1, 0.3));
        close(at(&stereo(track()).set("pan", -1.0), 9), (0.4, 0.0));
        close(at(&stereo(track()).lanes_of("pan", |l| l as f32 - 1.0), 9), (0.4, 0.0));
    }

    #[test]
    fn track_holds_the_law_of_equal_power() {
        for k in -99..=100 {
            let pan = k as f32 / 100.0;
            let p = Probe::new(&DEF).set("signal", 1.0).set("pan", pan).with(|p| p.channels = Some(2));
            let out = p.render(1);
            let (l, r) = (f64::from(out.frames[0][0][0]), f64::from(out.frames[1][0][0]));
            if k == 0 {
                assert_eq!((l, r), (1.0, 1.0), "a fixed centre is no panning");
                continue;
            }
            let db = |got: f64, want: f64| (20.0 * (got / want).log10()).abs();
            let angle = (f64::from(pan) + 1.0) * std::f64::consts::FRAC_PI_4;
            assert!(db(l * l + r * r, 1.0) < 0.01, "{pan}");
            assert!(angle.cos() < 1e-3 || db(l, angle.cos()) < 0.01, "{pan}: {l}");
            assert!(db(r, angle.sin()) < 0.01, "{pan}: {r}");
        }
    }
}
