//! Loops: as late as they say, the same bits for every block size, and no dearer than they must be. The allocation guard is armed.

mod support;

use seiche::bounce::Job;
use support::*;

/// Sounds with loops of `N` frames.
const SOUNDS: &str = "
seiche: 1
fm: {osc: {id: me, feedback: N, freq: 220 + 150 * $me, quality: naive}}
ladder:
  filter:
    id: out
    feedback: N
    cutoff: {osc: {freq: 3, range: [300, 3000]}}
    signal: {expression: {exp: tanh(s - 2 * $out), s: {osc: {type: saw, freq: 110, amp: {osc: {freq: 5}}}}}}
wide: {track: {id: side, feedback: N, pan: {osc: {freq: 2}}, signal: {expression: {exp: 0.6 * $side + s, s: {osc: {type: noise, amp: 0.1}}}}}}
two:
  mix:
    three: {expression: {exp: $one * $two}}
    one: {expression: {id: one, feedback: N, exp: 0.5 * $two + s, s: {osc: {freq: 330, amp: 0.3}}}}
    two: {filter: {id: two, feedback: 7, cutoff: 900, signal: {expression: {exp: 0.4 * $one + 0.3 * $two}}}}
poly: {midi_in: {voices: 12, signal: {envelope: {release: 0.05, gate: gate, signal: {osc: {id: me, feedback: N, freq: freq * (1 + 0.5 * $me), amp: 0.2}}}}}}
over: {expression: {id: me, feedback: N, exp: 0.5 * p + 0.1, p: {sequencer: {interval: 0.0103, steps: [{expression: {exp: $me * 0.9, duration: 0.005}}, ~, {osc: {freq: 300 + $me * 100, duration: 0.008}}]}}}}
";

const ALL: &[&str] = &["fm", "ladder", "wide", "two", "poly", "over"];

fn sounds(late: usize) -> String {
    SOUNDS.replace('N', &late.to_string())
}

#[test]
fn loops_give_the_same_bits_for_every_block_size() {
    let events: Vec<_> = (0..20)
        .flat_map(|n| [note(n * 211, 40 + n as u8, 0.8), release(n * 211 + 1000, 40 + n as u8)])
        .collect();
    let mut events = events;
    events.sort_by_key(|e| e.at);
    let frames = 6_000;
    let mut random = Random(5);
    let mixed: Vec<usize> = (0..500).map(|_| 1 + random.below(150) as usize).collect();
    for late in [1, 3, 17, 63, 64, 65, 100, 5000] {
        let text = sounds(late);
        for sound in ALL {
            let one = |blocks: &[usize]| {
                bits(&render(&text, sound, &Job { frames, events: &events, blocks, ..Job::default() }))
            };
            let wanted = one(&[512]);
            assert!(wanted.iter().any(|x| *x != 0), "{sound} is silent");
            for blocks in [&[64][..], &[1], &[17], &mixed] {
                let first = wanted.iter().zip(&one(blocks)).position(|(a, b)| a != b);
                assert_eq!(first, None, "{sound}, {late} frames late, in blocks of {:?}", &blocks[..1]);
            }
        }
    }
}

#[test]
fn loops_sound_unlike_when_they_are_later() {
    for sound in ["fm", "ladder", "wide", "two"] {
        let one = |late| bits(&render(&sounds(late), sound, &Job { frames: 4_000, ..Job::default() }));
        for (a, b) in [(1, 2), (2, 63), (63, 64), (64, 65)] {
            assert_ne!(one(a), one(b), "{sound}: {a} and {b} frames late");
        }
    }
}

/// An oscillator whose own last value bends its frequency is a recurrence that can be written down.
#[test]
fn loops_of_one_frame_are_the_recurrence() {
    let sound = render(&sounds(1), "fm", &Job { frames: 2_000, ..Job::default() });
    let (mut phase, mut last) = (0.0f64, 0.0f64);
    for (frame, x) in sound.main[0].iter().enumerate() {
        phase += (220.0 + 150.0 * last) / RATE;
        last = (std::f64::consts::TAU * phase).sin();
        assert!((f64::from(*x) - last).abs() < 1e-3, "frame {frame}: {x} instead of {last}");
    }
}
