//! `reverb`: a room around a signal. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::dsp::reverb::{Character, Room};
use crate::kernel::{Build, CONTROL, Kernel, Lanewise, MAX_LANES, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{Lanes, NodeDef, Runs, need, silence_ended};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "reverb",
        help: "The room around a sound: reverberation, in stereo.",
        params: &[
            ParamSpec::signal("signal", "What sounds in the room; mono or stereo."),
            ParamSpec::number(
                "size",
                Unit::None,
                0.6,
                (0.0, 1.0),
                "Size of the room, from a box (0) to a hall (1): how far its echoes lie apart.",
            ),
            ParamSpec::control(
                "decay",
                Unit::Seconds,
                1.8,
                "How long it rings: time in which it falls by 60 dB.",
            ),
            ParamSpec::control(
                "damping",
                Unit::None,
                0.5,
                "How much sooner high frequencies fall: 0 bright as tiles, 1 dark as curtains.",
            ),
            ParamSpec::number(
                "pre_delay",
                Unit::Seconds,
                0.0,
                (0.0, 1.0),
                "Time before the room answers: keeps the sound itself clear.",
            ),
            ParamSpec::control(
                "low_cut",
                Unit::Hertz,
                80.0,
                "What lies below does not enter the room: keeps the bass clean.",
            ),
            ParamSpec::control("width", Unit::None, 1.0, "Stereo width of the room, 0 (mono) to 1 (full)."),
            ParamSpec::control(
                "mix",
                Unit::None,
                0.3,
                "Balance: 0 only the signal, 1 only the room (for a send).",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::Stereo,
        ends: Ends::Own,
        example: "example: {reverb: {size: 0.7, decay: 1.5, mix: 0.5, signal: {osc: {type: saw, freq: 220, amp: 0.4, release: 0.1, duration: 0.2}}}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Reverb {
    signal: usize,
    decay: usize,
    damping: usize,
    low_cut: usize,
    width: usize,
    mix: usize,
    rooms: Vec<Room>,
    /// Age at which the signal ended.
    ended: Vec<Option<u64>>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let number = |name| b.number(name).unwrap_or(0.0);
    b.memory.take(b.lanes, Room::bytes(b.rate, number("size"), number("pre_delay")))?;
    Ok(Box::new(Reverb {
        signal: need(b, "signal")?,
        decay: need(b, "decay")?,
        damping: need(b, "damping")?,
        low_cut: need(b, "low_cut")?,
        width: need(b, "width")?,
        mix: need(b, "mix")?,
        rooms: (0..b.lanes).map(|_| Room::new(b.rate, number("size"), number("pre_delay"))).collect(),
        ended: vec![None; b.lanes],
    }))
}

impl Lanewise for Reverb {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let frames = pass.frames;
        let mut ends = [frames as u8; MAX_LANES];
        let signal = pass.ends(self.signal);
        for tile in pass.outputs.iter_mut() {
            tile.flat = false;
        }
        for k in 0..L::N {
            let lane = pass.lane + k;
            let age = pass.ages[lane];
            let get = |port, c| Lanes::new(pass, port, c, k);
            let input = [get(self.signal, 0), get(self.signal, 1)];
            let (decay, damping, low_cut) = (get(self.decay, 0), get(self.damping, 0), get(self.low_cut, 0));
            let (width, mix) = (get(self.width, 0), get(self.mix, 0));
            let room = &mut self.rooms[lane];
            let mut from = 0;
            while from < frames {
                let offset = (pass.at + from as u64) as usize % CONTROL;
                if offset == 0 || age + from as u64 == 0 {
                    let (decay, damping, low_cut) = (decay.at(from), damping.at(from), low_cut.at(from));
                    room.set(Character { decay, damping, low_cut });
                }
                let to = frames.min(from + CONTROL - offset);
                let point = (age + from as u64) as i64 - offset as i64;
                let (near, far) = (room.drift(point), room.drift(point + CONTROL as i64));
                for n in from..to {
                    let part = (offset + n - from) as f32 * (1.0 / CONTROL as f32);
                    let drift = std::array::from_fn(|i| near[i] + part * (far[i] - near[i]));
                    let x = [input[0].at(n), input[1].at(n)];
                    let wet = room.tick((age + n as u64) as i64, x, &drift);
                    let (mid, side) = ((wet[0] + wet[1]) * 0.5, (wet[0] - wet[1]) * 0.5 * width.at(n));
                    for (c, wet) in [mid + side, mid - side].into_iter().enumerate() {
                        pass.outputs[c].floats_mut()[n * L::N + k] = x[c] + mix.at(n) * (wet - x[c]);
                    }
                }
                from = to;
            }
            if self.ended[lane].is_none() && (signal[k] as usize) < frames {
                self.ended[lane] = Some(age + signal[k] as u64);
            }
            if let Some(at) = self.ended[lane] {
                ends[k] = (at + self.rooms[lane].tail()).saturating_sub(age).min(frames as u64) as u8;
            }
        }
        pass.outputs[0].ends = ends;
        silence_ended(pass);
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.rooms[lane].start();
        self.ended[lane] = None;
    }

    fn tail(&self) -> u64 {
        self.rooms.iter().map(Room::tail).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    fn reverb() -> Probe {
        Probe::new(&DEF)
            .signal("signal", |l, n| if n < 300 { ((n + l as u64) as f32 * 0.1).sin() } else { 0.0 })
    }

    #[test]
    fn reverb_obeys_the_laws() {
        reverb().laws(700);
        reverb()
            .signal("decay", |_, n| 0.5 + n as f32 * 0.001)
            .signal("mix", |_, n| (n % 100) as f32 * 0.01)
            .with(|p| (p.stagger, p.at) = (11, 5000))
            .laws(500);
    }

    #[test]
    fn reverb_mix_goes_from_signal_to_room() {
        let dry = reverb().set("mix", 0.0).render(500);
        assert!(dry.frames[0][0][100] == 10f32.sin() && dry.frames[0][0][400] == 0.0);
        let wet = reverb().set("mix", 1.0).number("pre_delay", 0.02).render(8000);
        assert!(wet.frames[0][0][..882].iter().all(|x| *x == 0.0));
        assert!(wet.frames[0][0][3000..].iter().any(|x| x.abs() > 0.01));
    }

    #[test]
    fn reverb_without_width_is_mono_and_ends_after_its_tail() {
        let p = reverb().set("width", 0.0).set("mix", 1.0).set("decay", 0.1);
        let out = p.ending("signal", Some(300), |_, n| (n as f32 * 0.1).sin()).render(20000);
        assert!(out.frames[0] == out.frames[1]);
        assert_eq!(out.ends[0], Some(300 + 17640));
        let last = out.frames[0][0][17800..17940].iter().fold(0.0f32, |m, x| m.max(x.abs()));
        assert!(last < 1e-3, "{last}");
    }
}
