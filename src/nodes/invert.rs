//! `invert`: plays a finished sound backwards. The sound is rendered beforehand, by the compiler. Audio thread, after construction.

use std::sync::Arc;

use crate::dsp::lane::Lane;
use crate::kernel::{Audio, Build, Kernel, Lanewise, MAX_LANES, Pass, Start};
use crate::spec::*;

use super::{NodeDef, Runs, silence_ended};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "invert",
        help: "Plays a sound of known length backwards.",
        params: &[ParamSpec::signal(
            "signal",
            "The sound; it is rendered when the library is loaded, so it needs a `duration` and knows fixed names only.",
        )],
        extra: Extra::Refused,
        channels: Channels::AsFile,
        ends: Ends::Own,
        example: "example: {invert: {signal: {osc: {freq: [110, 440], amp: [0.5, 0], duration: 1}}}}\n",
    },
    runs: Runs::Ahead(make),
};

struct Invert {
    audio: Arc<Audio>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    Ok(Box::new(Invert { audio: b.audio.clone().ok_or("there is no sound to turn round")? }))
}

impl Lanewise for Invert {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let mut ends = [pass.frames as u8; MAX_LANES];
        let length = self.audio.frames();
        for k in 0..L::N {
            let left = (length as u64).saturating_sub(pass.ages[pass.lane + k]) as usize;
            ends[k] = left.min(pass.frames) as u8;
            for (channel, out) in pass.outputs.iter_mut().enumerate() {
                out.flat = false;
                let frames = &self.audio.channels[channel.min(self.audio.channels.len() - 1)];
                for (n, x) in frames[..left].iter().rev().take(ends[k] as usize).enumerate() {
                    out.floats_mut()[n * L::N + k] = *x;
                }
            }
        }
        pass.outputs[0].ends = ends;
        silence_ended(pass);
    }

    fn start(&mut self, _: usize, _: Start) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    #[test]
    fn invert_plays_backwards_and_ends() {
        let audio = Audio { rate: 44100.0, channels: vec![(0..1000).map(|n| n as f32).collect()] };
        let out = Probe::new(&DEF).with(|p| (p.audio, p.stagger) = (Some(Arc::new(audio)), 9)).laws(1200);
        assert!(out.mono()[..1000].iter().enumerate().all(|(n, x)| *x == 999.0 - n as f32));
        assert_eq!(out.ends[0], Some(1000));
    }
}
