//! `input`: the audio that the host sends in (a plug-in's sidechain). Audio thread, after construction.

use crate::kernel::{Build, Kernel, MAX_LANES, Pass, Start, silence};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "input",
        help: "The audio that comes in: the sidechain of the plug-in.",
        params: &[
            ParamSpec {
                name: "channel",
                kind: ParamKind::Choice(&[
                    Choice { word: "mono", aliases: &[], help: "both sides, averaged" },
                    Choice { word: "left", aliases: &["l"], help: "the left side" },
                    Choice { word: "right", aliases: &["r"], help: "the right side" },
                ]),
                unit: Unit::None,
                default: Default::Word("mono"),
                range: None,
                help: "Which side of the input is heard.",
            },
            ParamSpec::control("amp", Unit::None, 1.0, "Level, a factor: 1 leaves it as it comes."),
            ParamSpec::ignored("device", "Does nothing: the host chooses the device."),
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::Own,
        example: "example: {mix: {voice: {filter: {type: highpass, cutoff: 200, signal: {input: {amp: 0.5}}}}, drone: {osc: {type: tri, freq: 110, amp: 0.3}}}}\n",
    },
    runs: Runs::Kernel(make),
};

#[derive(Clone, Copy)]
enum Side {
    Mono,
    Left,
    Right,
}

struct AudioInput {
    side: Side,
    amp: Option<usize>,
    frames: Option<u64>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let side = match b.word("channel") {
        "left" => Side::Left,
        "right" => Side::Right,
        _ => Side::Mono,
    };
    Ok(Box::new(AudioInput { side, amp: b.port("amp"), frames: b.duration_frames() }))
}

impl Kernel for AudioInput {
    fn start(&mut self, _: usize, _: Start) {}

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        let width = pass.width();
        let [left, right] = pass.sidechain;
        let mut ends = [pass.frames as u8; MAX_LANES];
        for k in 0..width {
            if let Some(frames) = self.frames {
                let left = frames.saturating_sub(pass.ages[pass.lane + k]);
                ends[k] = left.min(pass.frames as u64) as u8;
            }
            let amp = self.amp.map(|port| pass.raw(port, 0));
            let n = (ends[k] as usize).min(left.len()).min(right.len());
            for frame in 0..n {
                let x = match self.side {
                    Side::Mono if left[frame] == right[frame] => left[frame],
                    Side::Mono => (left[frame] + right[frame]) * 0.5,
                    Side::Left => left[frame],
                    Side::Right => right[frame],
                };
                let amp = amp.map_or(1.0, |(values, flat)| values[if flat { k } else { frame * width + k }]);
                pass.outputs[0].floats_mut()[frame * width + k] = x * amp;
            }
        }
        pass.outputs[0].ends = ends;
    }
}
