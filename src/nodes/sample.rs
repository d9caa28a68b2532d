//! `sample`: plays a sound file, at the speed it was recorded whatever the rates of file and host are. Audio thread, after
//! construction; the file is decoded by the loader.

use std::sync::Arc;

use crate::dsp::lane::Lane;
use crate::dsp::sinc::{Sinc, straight};
use crate::kernel::lamp::Told;
use crate::kernel::{Audio, Build, Kernel, Lanewise, MAX_LANES, Pass, Start};
use crate::quality::Quality;
use crate::spec::*;
use crate::units::Unit;

use super::{Lanes, NodeDef, Runs, need, silence_ended};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "sample",
        help: "Plays a sound file: WAV, AIFF, FLAC, Ogg Vorbis or MP3.",
        params: &[
            ParamSpec {
                default: Default::Required,
                ..ParamSpec::of(
                    ParamKind::Text,
                    "file",
                    "The file, its path seen from the library's folder; with `chop`, a folder.",
                )
            },
            ParamSpec::control(
                "start",
                Unit::None,
                0.0,
                "Where playing begins, as a part of the file, 0 to 1.",
            ),
            ParamSpec::control("end", Unit::None, 1.0, "Where playing ends, as a part of the file, 0 to 1."),
            ParamSpec::flag("loop", "Whether it goes back to `start` at `end`, and so on."),
            ParamSpec::control(
                "speed",
                Unit::None,
                1.0,
                "Speed, a factor: 0.5 an octave lower and twice as long; negative plays backwards from `end`.",
            ),
            ParamSpec::optional(
                "base_freq",
                Unit::Hertz,
                "Pitch of the recording: with `freq` it is played as an instrument, at the speed freq / base_freq.",
            ),
            ParamSpec::optional("freq", Unit::Hertz, "Pitch to play at, together with `base_freq`."),
            ParamSpec::control(
                "offset",
                Unit::Seconds,
                0.0,
                "Moves the point that is read, also while it plays: for vibrato and scratching.",
            ),
            ParamSpec::optional(
                "chop",
                Unit::None,
                "Which of the folder's WAV files is played, from 0, by name; another one starts at its beginning.",
            ),
            ParamSpec::ignored("overlap", "Does nothing: it never had an effect."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsFile,
        ends: Ends::Own,
        example: "example: {sample: {file: samples/clap.wav, speed: [1.5, 0.6], loop: true, duration: 2}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Sample {
    files: Vec<Arc<Audio>>,
    sinc: &'static Sinc,
    /// It is read along straight lines.
    draft: bool,
    start: usize,
    end: usize,
    speed: usize,
    pitch: Option<(usize, usize)>,
    offset: usize,
    chop: Option<usize>,
    looped: bool,
    rate: f64,
    length: Option<u64>,
    /// Per lane: the file, the position in it, and whether it is over.
    chosen: Vec<usize>,
    head: Vec<f64>,
    /// Where it was read last.
    read: Vec<f64>,
    over: Vec<bool>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let files: Vec<Arc<Audio>> = b.audio.iter().chain(b.folder).cloned().collect();
    if files.is_empty() {
        return Err("the file is missing".into());
    }
    if files.iter().any(|audio| audio.frames() == 0 || audio.rate <= 0.0) {
        return Err("the file has no sound in it".into());
    }
    Ok(Box::new(Sample {
        chop: b.port("chop"),
        rate: b.rate,
        chosen: vec![0; b.lanes],
        files,
        sinc: Sinc::shared(),
        draft: b.quality == Quality::Draft,
        start: need(b, "start")?,
        end: need(b, "end")?,
        speed: need(b, "speed")?,
        pitch: b.port("freq").zip(b.port("base_freq")),
        offset: need(b, "offset")?,
        looped: b.flag("loop"),
        length: b.duration_frames(),
        head: vec![0.0; b.lanes],
        read: vec![0.0; b.lanes],
        over: vec![false; b.lanes],
    }))
}

/// The region that is played, in frames of the file.
#[derive(Clone, Copy)]
struct Region {
    from: f64,
    to: f64,
}

impl Sample {
    fn region(&self, audio: &Audio, start: f32, end: f32) -> Region {
        let frames = audio.frames() as f64;
        // Fractions come with 24 bits.
        let at = |x: f32| (x as f64 * frames * (1.0 + 1.2e-7)).floor().clamp(0.0, frames);
        let from = at(start);
        Region { from, to: at(end).max(from) }
    }

    /// One frame of a channel at a position inside the region.
    #[inline(always)]
    fn read(&self, audio: &Audio, channel: usize, at: f64, step: f32, region: Region) -> f32 {
        let round = self.looped.then_some((region.from as i64, region.to as i64));
        let recording = &audio.channels[channel.min(audio.channels.len() - 1)];
        match self.draft {
            true => straight(recording, at, round),
            false => self.sinc.read_at(recording, at, step, round),
        }
    }
}

impl Lanewise for Sample {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let frames = pass.frames;
        let mut ends = [frames as u8; MAX_LANES];
        let mut sounding = false;
        for tile in pass.outputs.iter_mut() {
            tile.flat = false;
        }
        for k in 0..L::N {
            let lane = pass.lane + k;
            let age = pass.ages[lane];
            let left = self.length.map_or(u64::MAX, |l| l.saturating_sub(age));
            ends[k] = if self.over[lane] { 0 } else { left.min(frames as u64) as u8 };
            let get = |port| Lanes::new(pass, port, 0, k);
            let (start, end, speed, offset) =
                (get(self.start), get(self.end), get(self.speed), get(self.offset));
            let pitch = self.pitch.map(|(f, b)| (get(f), get(b)));
            let chop = self.chop.map(get);
            let (mut head, mut chosen) = (self.head[lane], self.chosen[lane]);
            for n in 0..ends[k] as usize {
                let factor = pitch.map_or(1.0, |(f, b)| f.at(n) as f64 / (b.at(n) as f64).max(1e-6));
                // Not a number is the first file, beyond the last is the last.
                let wanted = chop.map_or(0, |c| (c.at(n) as usize).min(self.files.len() - 1));
                let begins = (age == 0 && n == 0) || wanted != chosen;
                chosen = wanted;
                let audio = &*self.files[chosen];
                let step = speed.at(n) as f64 * factor * audio.rate / self.rate;
                let region = self.region(audio, start.at(n), end.at(n));
                if begins {
                    head = if step < 0.0 { region.to } else { region.from };
                }
                head += step;
                let at = head + offset.at(n) as f64 * audio.rate;
                let outside = !(at >= region.from && at < region.to);
                let at = match (outside, self.looped && region.to > region.from && at.is_finite()) {
                    (false, _) => at,
                    (true, true) => region.from + (at - region.from).rem_euclid(region.to - region.from),
                    (true, false) => {
                        self.over[lane] = true;
                        ends[k] = n as u8;
                        break;
                    }
                };
                sounding = true;
                self.read[lane] = at;
                let x = self.read(audio, 0, at, step as f32, region);
                pass.outputs[0].floats_mut()[n * L::N + k] = x;
                if let Some(right) = pass.outputs.get_mut(1) {
                    let mono = audio.channels.len() == 1;
                    let y = if mono { x } else { self.read(audio, 1, at, step as f32, region) };
                    right.floats_mut()[n * L::N + k] = y;
                }
            }
            (self.head[lane], self.chosen[lane]) = (head, chosen);
        }
        pass.outputs[0].ends = ends;
        if sounding {
            silence_ended(pass);
        } else {
            pass.outputs.iter_mut().for_each(|tile| tile.set_flat(L::splat(0.0)));
        }
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.over[lane] = false;
        self.head[lane] = 0.0;
    }

    fn tells(&self, lane: usize) -> Option<Told> {
        let file = self.chosen[lane];
        let frames = self.files.get(file)?.frames() as f64;
        let at = (self.read[lane] / frames).clamp(0.0, 1.0) as f32;
        (!self.over[lane]).then_some(Told::Head { file, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Fixed;
    use crate::kernel::probe::{Probe, difference};

    fn file(rate: f64, frames: usize, hertz: f64) -> Arc<Audio> {
        let wave = |n: usize| (n as f64 * std::f64::consts::TAU * hertz / rate).sin() as f32;
        let left: Vec<f32> = (0..frames).map(wave).collect();
        let right = left.iter().map(|x| -x).collect();
        Arc::new(Audio { rate, channels: vec![left, right] })
    }
    fn sample(audio: Arc<Audio>) -> Probe {
        Probe::new(&DEF).fixed("file", Fixed::Text("a.wav".into())).with(|p| p.audio = Some(audio))
    }

    #[test]
    fn sample_plays_from_the_second_frame_to_the_end() {
        let audio = file(44100.0, 1000, 500.0);
        let out = sample(audio.clone()).with(|p| p.stagger = 13).laws(1200);
        assert_eq!(out.mono()[..999], audio.channels[0][1..]);
        assert_eq!(out.frames[1][0][..999], audio.channels[1][1..]);
        assert_eq!(out.ends[0], Some(999));
    }

    #[test]
    fn sample_keeps_its_pitch_at_any_rate_of_file_and_host() {
        for (rate, file_rate) in [(48000.0, 44100.0), (44100.0, 96000.0), (22050.0, 44100.0)] {
            let out = sample(file(file_rate, 20000, 500.0)).with(|p| p.rate = rate).render(4000);
            let want = (0..4000).map(|n| ((n + 1) as f64 * std::f64::consts::TAU * 500.0 / rate).sin());
            assert!(difference(&out.mono()[20..], want.skip(20)) < 3e-3, "{rate} {file_rate}");
        }
    }

    #[test]
    fn sample_follows_pitch_speed_and_offset() {
        let p = sample(file(44100.0, 20000, 500.0)).set("freq", 660.0).set("base_freq", 440.0);
        let want = |n: u64, f: f64| (n as f64 * std::f64::consts::TAU * f / 44100.0).sin();
        assert!(difference(&p.laws(900).mono()[20..], (21..901).map(|n| want(n, 750.0))) < 3e-3);
        let p = sample(file(44100.0, 20000, 500.0)).set("offset", 0.01);
        assert!(difference(p.render(900).mono(), (1..901).map(|n| want(n + 441, 500.0))) < 1e-4);
        sample(file(44100.0, 900, 500.0))
            .signal("speed", |l, n| 1.0 + l as f32 * 0.1 + (n as f32 * 0.01).sin())
            .fixed("loop", Fixed::Flag(true))
            .laws(1500);
    }

    #[test]
    fn sample_loops_its_region_and_plays_backwards() {
        let ramp = Arc::new(Audio { rate: 44100.0, channels: vec![(0..1000).map(|n| n as f32).collect()] });
        let p = sample(ramp).set("start", 0.2).set("end", 0.3);
        let once = p.laws(200);
        assert_eq!((once.mono()[0], once.ends[0]), (201.0, Some(99)));
        let looped = p.clone().fixed("loop", Fixed::Flag(true)).laws(400);
        assert_eq!((looped.mono()[99], looped.mono()[100], looped.ends[0]), (200.0, 201.0, None));
        let back = p.set("speed", -1.0).laws(200);
        assert_eq!((back.mono()[0], back.mono()[99], back.ends[0]), (299.0, 200.0, Some(100)));
    }

    #[test]
    fn sample_stops_after_its_duration_and_refuses_what_is_missing() {
        let p = sample(file(44100.0, 20000, 500.0)).with(|p| p.duration = Some(0.01));
        assert_eq!(p.laws(600).ends[0], Some(441));
        assert_eq!(p.laws(600).mono()[441], 0.0);
    }
}
