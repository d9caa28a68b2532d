//! Recordings among clips: a ramp, each of whose frames tells its own place, is heard where the text says, frame by frame.

use std::path::PathBuf;

use seiche::bounce::{Depth, Job, Tail, write_wav};

use super::song::bounced;
use super::support::*;
use super::{Hosted, at, errors, hear, text};

/// A file of one second: frame `n` is `(n + 1) / 65536`.
const FRAMES: usize = 48_000;

fn ramp(n: usize) -> f32 {
    (n + 1) as f32 / 65_536.0
}

/// A folder of a test, with the ramp and a second of ones.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Files {
        let folder = std::env::temp_dir().join(format!("seiche-recordings-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let all: Vec<f32> = (0..FRAMES).map(ramp).collect();
        write_wav(&folder.join("ramp.wav"), &[&all], RATE as u32, Depth::Float32).unwrap();
        write_wav(&folder.join("ones.wav"), &[&vec![1.0; FRAMES]], RATE as u32, Depth::Float32).unwrap();
        Files(folder)
    }

    /// A sound with one track of clips; `@name` is a file.
    fn sound(&self, clips: &str) -> String {
        let (folder, clips) = (self.0.display(), clips.replace('@', ""));
        format!("roots: [{folder}]\nx: {{song: {{tempo: 120, signal: {{clips: {{clips: [{clips}]}}}}}}}}\n")
    }

    fn hear(&self, clips: &str, frames: usize) -> Vec<f32> {
        hear(&self.sound(clips), frames)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn recordings_play_where_and_as_long_as_clips_say() {
    let files = Files::new("places");
    let out = files.hear("{file: @ramp.wav, start: 1}", 80_000);
    assert!(peak(&out[..24_000]) == 0.0 && (0..FRAMES).all(|n| out[24_000 + n] == ramp(n)));
    assert_eq!(peak(&out[24_000 + FRAMES..]), 0.0);
    // A part of it, at half of its level; what is behind begins where it ends.
    let out = files.hear(
        "{file: @ramp.wav, length: 1/8, offset: 250 ms, gain: -6.0206 dB}, {file: @ramp.wav, length: 1}",
        40_000,
    );
    assert!((out[0] - ramp(12_000) * 0.5).abs() < 1e-6 && (out[11_999] - ramp(23_999) * 0.5).abs() < 1e-6);
    assert_eq!((out[12_000], out[35_999], out[36_000]), (ramp(0), ramp(23_999), 0.0));
    // Longer than it is: from the beginning again, or silence.
    let out = files.hear("{file: @ramp.wav, length: 4, offset: 0.5 s}", 100_000);
    assert_eq!([23_999, 24_000, 95_999, 96_000].map(|n| out[n]), [ramp(47_999), ramp(0), ramp(23_999), 0.0]);
    let out = files.hear("{file: @ramp.wav, length: 4, loop: false}", 60_000);
    assert_eq!((out[47_999], out[48_000]), (ramp(47_999), 0.0));
    // Backwards, twice as fast, and at the tempo's time.
    let out = files.hear("{file: @ramp.wav, reverse: true, offset: 0.5}", 48_000);
    assert_eq!((out[0], out[35_999], out[36_000]), (ramp(35_999), ramp(0), 0.0));
    let out = files.hear("{file: @ramp.wav, speed: 2}, {file: @ramp.wav}", 48_000);
    assert!((5..23_995).all(|n| (out[n] - ramp(2 * n)).abs() < 1e-4) && out[24_000] == ramp(0));
    // Two at once add up.
    let out = files.hear("{file: @ones.wav}, {file: @ramp.wav, start: 0.5}", 24_000);
    assert_eq!((out[11_999], out[12_000]), (1.0, 1.0 + ramp(0)));
    assert_eq!(peak(&files.hear("{file: @ones.wav, mute: true}", 1_000)), 0.0);
}

#[test]
fn recordings_come_and_go_by_their_fades() {
    let files = Files::new("fades");
    for (fade, law) in [
        ("linear", (|u: f64| u) as fn(f64) -> f64),
        ("equal_power", f64::sqrt),
        ("smooth", |u| u * u * (3.0 - 2.0 * u)),
        ("exponential", |u| (32f64.powf(u) - 1.0) / 31.0),
        ("logarithmic", |u| 1.0 - (32f64.powf(1.0 - u) - 1.0) / 31.0),
    ] {
        let clip = format!("{{file: @ones.wav, length: 1.5, fade_in: 100 ms, fade_out: 1/8, fade: {fade}}}");
        let out = files.hear(&clip, 40_000);
        for n in 0..36_000 {
            let (came, goes) = (n as f64 / 4_800.0, (36_000 - n) as f64 / 12_000.0);
            let wanted = law(came.min(1.0)) * law(goes.min(1.0));
            assert!((f64::from(out[n]) - wanted).abs() < 1e-6, "{fade} at {n}");
        }
    }
}

#[test]
fn recordings_follow_the_host_and_are_bounced_as_they_are_heard() {
    let files = Files::new("host");
    let sound = files.sound("{file: @ramp.wav, start: 1}");
    let mut hosted = Hosted::new(&sound);
    hosted.play(120.0, 1.5, 12_000, 512);
    assert!((0..12_000).all(|n| hosted.heard[n] == ramp(12_000 + n)), "a jump into its middle");
    hosted.play(120.0, 1.0, 6_000, 512);
    assert!((0..6_000).all(|n| hosted.heard[12_000 + n] == ramp(n)), "a loop back");
    // The tempo decides where it begins, and not how fast it is.
    hosted.play(60.0, 0.9, 12_000, 512);
    assert_eq!((hosted.heard[18_000 + 4_799], hosted.heard[18_000 + 4_800]), (0.0, ramp(0)));
    assert_eq!(hosted.heard[18_000 + 11_999], ramp(7_199));
    hosted.stop(1_000);
    assert_eq!(peak(&hosted.heard[30_000..]), 0.0);
    let mixed = files.sound(
        "{file: @ramp.wav, length: 3, speed: 0.7, fade_out: 1}, {file: @ones.wav, start: 1.3, reverse: true, fade_in: 0.2}",
    );
    for size in [1, 17, 441, 4096] {
        let journey = |size: usize| {
            let mut hosted = Hosted::new(&mixed);
            hosted.play(97.3, 0.0, 20_000, size);
            hosted.play(97.3, 1.7, 20_000, size);
            hosted.heard
        };
        assert!(journey(size) == journey(512), "{size}");
    }
    for transport in [None, Some(at(113.7, 0.0, true))] {
        let whole = text(&mixed);
        let job = Job { frames: 90_000, transport, blocks: &[441, 64, 1, 512], ..Job::default() };
        let live = render(&whole, "x", &job);
        let made = bounced(&whole, 90_000, transport, Tail::None, 997);
        assert!(live.main[0].iter().zip(&made).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(rms(&made) > 0.1);
    }
}

#[test]
fn recordings_that_cannot_be_played_say_why() {
    let files = Files::new("errors");
    for (clips, says) in [
        ("{file: @none.wav}", "none.wav"),
        ("{start: 1}", "plays nothing"),
        ("{file: @ones.wav, pattern: {pattern: {instrument: click, notes: C4}}}", "not both"),
    ] {
        let found = errors(&files.sound(clips));
        assert!(found.contains(says), "{clips}: {found}");
    }
}
