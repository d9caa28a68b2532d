//! The engine's promises: the same bits for every block size and every run, notes and controls at their frames, no allocation
//! (the guard is armed in this binary), faults contained.

mod support;

use seiche::bounce::Job;
use seiche::engine::{Control, Engine, Event, Io, StripControl, Transport, What};
use support::*;

const SOUNDS: &str = "
blip:
  context:
    v: 1
    pitch: 220
    signal: {osc: {freq: pitch, amp: v * 0.5, attack: 0.005, release: 0.05, duration: 0.12}}
drum: {osc: {freq: [220, [80, 0.2], 40], amp: [1, 0], duration: 0.2}}
noise: {osc: {type: noise, amp: 0.2}}
steps:
  tempo:
    bpm: 133
    signal:
      mix:
        kick: {sequencer: {interval: beat, steps: [drum, drum]}}
        arp: {sequencer: {interval: beat / 4, swing: 0.2, steps: [blip, blip pitch330, null, [blip pitch440, blip pitch550 v.3]]}}
        pad: {track: {pan: {osc: {freq: 0.7}}, signal: {filter: {cutoff: {osc: {freq: 0.3, range: [300, 3000]}}, peak: 0.5, signal: {osc: {type: saw, freq: 110, amp: 0.2}}}}}}
        hat: {spawn: {trigger: eighth_tick, signal: {osc: {type: noise, amp: 0.1, release: 0.03, duration: 0.05}}}}
        random: {osc: {freq: 100 + 50 * rand(), amp: 0.1}}
poly:
  midi_in:
    voices: 6
    signal:
      envelope:
        attack: 0.01
        decay: 0.1
        sustain: 0.5
        release: 0.2
        gate: gate
        signal: {filter: {cutoff: 500 + 3000 * velocity, peak: 0.4, signal: {osc: {type: saw, freq: freq, amp: velocity * 0.2}}}}
stack: {multiply: {number: 40, signal: {osc: {freq: 50 * i, amp: 0.4 / i}}}}
unison: {midi_in: {voices: 5, signal: {multiply: {number: 7, signal: {envelope: {release: 0.1, gate: gate, signal: {osc: {type: saw, freq: freq * (1 + i * 0.002), amp: 0.05}}}}}}}}
echo:
  mix:
    dry: {osc: {id: dry, freq: 220, amp: 0.5, attack: 0.01, release: 0.05, duration: 0.1}}
    wet: {delay: {id: echo, time: 0.1, signal: {mix: {in: {reference: {ref: dry}}, fb: {expression: {exp: s * 0.6, s: {reference: {ref: echo}}}}}}}}
fm: {osc: {id: me, freq: 110, amp: 0.5, phase: $me * 3}}
hall: {reverb: {size: 0.7, decay: 1.5, signal: {sequencer: {interval: 0.21, steps: [blip, null, blip pitch330]}}}}
ramp: {osc: {freq: {automation: {interval: 0.1003, mode: ramp, steps: [220, 330, null, 440]}}, amp: {automation: {interval: 0.07, mode: overlap, overlap: 0.03, steps: [0.1, 0.3]}}}}
between: {multiply: {number: 10, signal: {osc: {amp: 0.1, freq: {automation: {interval: 0.013 + 0.003 * i, mode: overlap, overlap: 0.007, steps: [{osc: {freq: 30, range: [200, 300]}}, ~, 440, {expression: {exp: 200 + 2000 * t}}]}}}}}}
through: {input: {}}
good: {osc: {freq: 220, amp: 0.3}}
faulty: {mix: {bad: {expression: {exp: 's / (s - s)', s: {osc: {freq: 3}}}}, good: {osc: {freq: 220, amp: 0.3}}}}
";

const ALL: &[&str] = &["steps", "poly", "stack", "unison", "echo", "fm", "hall", "ramp", "between", "drum"];

fn storm(frames: u32, seed: u64) -> Vec<Event> {
    let mut random = Random(seed);
    let mut events: Vec<Event> = (0..frames / 480)
        .flat_map(|_| {
            let (at, key) = (random.below(u64::from(frames)) as u32, 36 + random.below(60) as u8);
            [
                note(at, key, 0.1 + random.below(90) as f32 / 100.0),
                release(at + random.below(9_600) as u32, key),
            ]
        })
        .collect();
    events.sort_by_key(|e| e.at);
    events
}

#[test]
fn engine_gives_the_same_bits_for_every_block_size() {
    let frames = 24_000;
    let events = storm(frames as u32, 7);
    let mut random = Random(99);
    let mixed: Vec<usize> = (0..500).map(|_| 1 + random.below(700) as usize).collect();
    for sound in ALL {
        let one = |blocks: &[usize]| {
            bits(&render(SOUNDS, sound, &Job { frames, events: &events, blocks, ..Job::default() }))
        };
        let wanted = one(&[512]);
        for blocks in [&[64][..], &[17], &[1], &[441], &[4096], &mixed] {
            let got = one(blocks);
            let first = wanted.iter().zip(&got).position(|(a, b)| a != b);
            assert_eq!(first, None, "{sound} in blocks of {:?} frames", &blocks[..1]);
        }
    }
}

#[test]
fn engine_follows_the_host_the_same_way_for_every_block_size() {
    let frames = 48_000;
    let transport =
        Transport { playing: true, tempo: 141.7, beats: 3.3, frame: None, time_signature: (4, 4), bar: None };
    let one = |blocks: &[usize]| {
        bits(&render(SOUNDS, "steps", &Job { frames, blocks, transport: Some(transport), ..Job::default() }))
    };
    let wanted = one(&[512]);
    for blocks in [&[64][..], &[17], &[1], &[4096]] {
        assert_eq!(wanted, one(blocks), "blocks of {blocks:?}");
    }
}

const TURNED: &str = "
seiche: 1
macros: {cut: {range: [100 Hz, 8 kHz], curve: log, default: 1 kHz}, level: [0, 1]}
turned: {multiply: {number: 3, signal: {filter: {cutoff: cut, signal: {osc: {freq: 100 * i, amp: 0.2}}}}}}
level: {expression: {exp: level}}
";

#[test]
fn engine_moves_macros_at_their_frames_in_every_block_size_and_without_steps() {
    let mut random = Random(11);
    let mut moves: Vec<Event> = (0..300)
        .map(|_| {
            let control = Control::Macro(random.below(2) as u8);
            let value = random.below(1001) as f32 / 1000.0;
            Event { at: random.below(24_000) as u32, what: What::Control { control, value } }
        })
        .collect();
    moves.sort_by_key(|e| e.at);
    for sound in ["turned", "level"] {
        let one = |blocks: &[usize]| {
            bits(&render(TURNED, sound, &Job { frames: 24_000, events: &moves, blocks, ..Job::default() }))
        };
        let wanted = one(&[512]);
        for blocks in [&[64][..], &[17], &[1], &[4096]] {
            assert!(wanted == one(blocks), "{sound} in blocks of {blocks:?}");
        }
    }
    let r = render(TURNED, "level", &Job { frames: 24_000, events: &moves, ..Job::default() });
    let step = r.main[0].windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0f32, f32::max);
    assert!(step < 1.01 / 480.0, "a step of {step}: the way from end to end takes 10 ms");
}

#[test]
fn engine_repeats_itself_and_seeds_matter() {
    let job = Job { frames: 9_600, ..Job::default() };
    let one = |seed| bits(&seiche::bounce::render(program(SOUNDS, "noise", RATE, seed), &job, &mut |_| true));
    assert_eq!(one(1), one(1));
    assert_ne!(one(1), one(2));
}

#[test]
fn engine_steals_voices_without_allocating_or_clicking() {
    let frames = 48_000;
    // 1,000 notes a second on six voices.
    let mut random = Random(5);
    let mut events = vec![];
    for k in 0..1_000u32 {
        let key = 40 + random.below(40) as u8;
        events.extend([note(k * 48, key, 0.8), release(k * 48 + 200, key)]);
    }
    events.sort_by_key(|e| e.at);
    let r = render(SOUNDS, "poly", &Job { frames, events: &events, ..Job::default() });
    assert!(r.faults == 0 && peak(&r.main[0]) > 0.05 && peak(&r.main[0]) < 4.0, "peak {}", peak(&r.main[0]));
    assert!(r.voices >= 6 && r.voices <= 12, "{} voices", r.voices);
}

#[test]
fn engine_starts_a_note_at_its_frame() {
    let text = "p: {midi_in: {signal: {osc: {type: cos, freq: freq, amp: velocity}}}}";
    let r = render(text, "p", &Job { frames: 4_800, events: &[note(1_001, 69, 0.5)], ..Job::default() });
    let first = r.main[0].iter().position(|x| *x != 0.0);
    assert_eq!(first, Some(1_001));
    assert!((peak(&r.main[0]) - 0.5).abs() < 1e-4);
}

#[test]
fn engine_plays_freq_of_the_key() {
    let text = "p: {midi_in: {signal: {osc: {freq: freq, amp: 0.5}}}}";
    let r = render(text, "p", &Job { frames: 48_000, events: &[note(0, 69, 1.0)], ..Job::default() });
    let crossings = r.main[0].windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
    assert!((439..=441).contains(&crossings), "{crossings} cycles");
}

#[test]
fn engine_moves_a_cutoff_with_the_level_of_its_lfo() {
    let text = "
a: {filter: {cutoff: {expression: {exp: 700 + 400 * lfo, lfo: {osc: {freq: 3, amp: 0.5}}}}, signal: {osc: {type: saw, freq: 110}}}}
b: {filter: {cutoff: {expression: {exp: 700 + 200 * lfo, lfo: {osc: {freq: 3}}}}, signal: {osc: {type: saw, freq: 110}}}}
c: {filter: {cutoff: 700, signal: {osc: {type: saw, freq: 110}}}}";
    let play = |sound| bits(&render(text, sound, &Job { frames: 24_000, ..Job::default() }));
    assert!(play("a") == play("b"));
    assert!(play("b") != play("c"));
}

#[test]
fn engine_ends_a_voice_without_a_gate_with_its_key() {
    let text = "p: {midi_in: {signal: {osc: {freq: freq, amp: 0.5}}}}";
    let events = [note(0, 60, 1.0), release(24_000, 60)];
    let r = render(text, "p", &Job { frames: 48_000, events: &events, ..Job::default() });
    assert!(peak(&r.main[0][20_000..24_000]) > 0.4);
    assert_eq!(peak(&r.main[0][24_000 + 300..]), 0.0);
}

#[test]
fn engine_contains_what_is_not_finite() {
    let r = render(SOUNDS, "faulty", &Job { frames: 48_000, stems: true, ..Job::default() });
    let good = render(SOUNDS, "good", &Job { frames: 48_000, ..Job::default() });
    assert_eq!(r.faults, 1, "the first strip is faulty");
    assert_eq!(bits(&r), bits(&good));
}

#[test]
fn engine_stems_add_up_to_the_mix() {
    let r = render(SOUNDS, "steps", &Job { frames: 48_000, stems: true, ..Job::default() });
    for side in 0..2 {
        let mut sum = vec![0.0f32; r.main[side].len()];
        for (_, stem) in &r.stems {
            sum.iter_mut().zip(&stem[side]).for_each(|(s, x)| *s += x);
        }
        assert_eq!(sum, r.main[side]);
    }
    let names: Vec<&str> = r.stems.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["kick", "arp", "pad", "hat", "random"]);
    assert!(r.stems.iter().all(|(_, s)| peak(&s[0]) > 0.01));
}

fn process(
    engine: &mut Engine,
    frames: usize,
    events: &[Event],
    transport: Option<&Transport>,
) -> [Vec<f32>; 2] {
    let mut out = [vec![0.0; frames], vec![0.0; frames]];
    let [left, right] = &mut out;
    engine.process(
        Io { sidechain: None, main: [left, right], aux: &mut [], stems: &mut [] },
        events,
        transport,
    );
    out
}

#[test]
fn engine_swaps_programs_without_a_gap_or_an_allocation() {
    let (mut engine, mut remote) = Engine::new(RATE);
    let mut last = 0.0f32;
    let mut worst = 0.0f32;
    for swap in 0..40 {
        assert!(remote.send(program(SOUNDS, "good", RATE, swap)).is_ok());
        for _ in 0..10 {
            let out = process(&mut engine, 256, &[], None);
            if swap > 0 {
                worst = out[0].iter().fold((worst, last), |(w, l), x| (w.max((x - l).abs()), *x)).0;
            }
            last = out[0][255];
        }
        remote.collect();
    }
    assert_eq!(remote.meters().swaps(), 40);
    // Two sines of 220 Hz at 0.3 never step more than 0.02 a frame together.
    assert!(worst < 0.03, "a step of {worst}");
}

#[test]
fn engine_keeps_programs_when_nobody_collects_them() {
    let (mut engine, mut remote) = Engine::new(RATE);
    let mut refused = 0;
    for swap in 0..20 {
        refused += usize::from(remote.send(program(SOUNDS, "good", RATE, swap)).is_err());
        process(&mut engine, 2_048, &[], None);
    }
    assert!(refused > 0, "a full queue is told");
    remote.collect();
    process(&mut engine, 64, &[], None);
    assert!(peak(&process(&mut engine, 512, &[], None)[0]) > 0.2, "the sound goes on");
}

#[test]
fn engine_moves_gains_at_their_frame_and_without_zipper() {
    let (mut engine, mut remote) = Engine::new(RATE);
    let text = "c: {osc: {type: sqr, freq: 0.001, amp: 0.5}}";
    assert!(remote.send(program(text, "c", RATE, 0)).is_ok());
    let mute = Event {
        at: 1_000,
        what: What::Control { control: Control::Strip(0, StripControl::Gain), value: 0.0 },
    };
    let out = process(&mut engine, 4_096, &[mute], None);
    assert!(out[0][..1_000].iter().all(|x| *x == 0.5));
    assert!(out[0][1_002] < 0.5);
    let step = out[0].windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(step < 0.002, "{step}");
    assert!(out[0][1_600..].iter().all(|x| *x == 0.0));
}

#[test]
fn engine_passes_its_input_through_exactly() {
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(program(SOUNDS, "through", RATE, 0)).is_ok());
    let mut random = Random(3);
    let input: Vec<f32> = (0..1_000).map(|_| random.below(2_000) as f32 / 1_000.0 - 1.0).collect();
    let mut out = [vec![0.0; 1_000], vec![0.0; 1_000]];
    let [left, right] = &mut out;
    let io = Io { sidechain: Some([&input, &input]), main: [left, right], aux: &mut [], stems: &mut [] };
    engine.process(io, &[], None);
    assert_eq!(out[0], input);
}

#[test]
fn engine_lands_on_the_right_step_after_a_jump() {
    let text = "
a: {osc: {freq: 200, amp: 0.3, duration: 0.1}}
s: {tempo: {bpm: 99, signal: {sequencer: {interval: beat, steps: [a, null, null, null]}}}}";
    let at = |beats: f64, playing| Transport {
        playing,
        tempo: 120.0,
        beats,
        frame: None,
        time_signature: (4, 4),
        bar: None,
    };
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(program(text, "s", RATE, 0)).is_ok());
    // Stopped: nothing. One beat before a downbeat: nothing for a beat, then the sound on its frame.
    assert_eq!(peak(&process(&mut engine, 48_000, &[], Some(&at(0.0, false)))[0]), 0.0);
    let out = process(&mut engine, 48_000, &[], Some(&at(3.0, true)));
    assert_eq!(out[0].iter().position(|x| *x != 0.0), Some(24_000));
    // A jump straight onto a downbeat plays it.
    let out = process(&mut engine, 4_800, &[], Some(&at(16.0, true)));
    assert!(out[0][..2].iter().any(|x| *x != 0.0));
}

#[test]
fn engine_bears_every_rate_and_block() {
    for rate in [1_000.0, 8_000.0, 44_100.0, 96_000.0, 384_000.0] {
        for sound in ALL {
            let job =
                Job { frames: 20_000, events: &[note(10, 60, 0.7)], blocks: &[16_384], ..Job::default() };
            let r = seiche::bounce::render(program(SOUNDS, sound, rate, 0), &job, &mut |_| true);
            assert!(r.main.iter().flatten().all(|x| x.is_finite()), "{sound} at {rate}");
        }
    }
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(program(SOUNDS, "steps", RATE, 0)).is_ok());
    process(&mut engine, 0, &[note(0, 60, 1.0)], None);
    process(&mut engine, 16_384, &[], None);
}

#[test]
fn engine_loops_through_a_delay_in_exactly_its_time() {
    // A click, and its echoes through a loop of 0.1 s: at 4,800 frames, and at 9,600, not 64 frames later each time.
    let text = "
e:
  mix:
    duration: 1
    dry: {osc: {id: dry, type: cos, freq: 1, amp: 1, duration: 0.0001}}
    wet: {delay: {id: echo, time: 0.1, signal: {mix: {in: {reference: {ref: dry}}, back: {expression: {exp: s * 0.5, s: {reference: {ref: echo}}}}}}}}
";
    let r = render(text, "e", &Job { frames: 15_000, stems: true, ..Job::default() });
    let wet = &r.stems[1].1[0];
    let clicks: Vec<usize> =
        (1..wet.len()).filter(|n| wet[*n].abs() > 0.1 && wet[*n - 1].abs() < 0.1).collect();
    assert_eq!(clicks, [4_800, 9_600, 14_400]);
}
