//! A host that renders offline: large blocks are taken apart for several threads, and nothing is heard of it.

use std::sync::Mutex;

use seiche::compile::{self, Request};
use seiche::engine::{Control as Knob, Engine, Event, Io, Offline, StripControl, Transport, What};
use seiche::library::samples::Store;
use seiche::quality::Quality;

use super::support::{RATE, library, note, release};
use super::{JOINED, Wish, difference, playing, song};

/// Blocks of hosts that render offline, and threads.
const OFFLINE: [(&[usize], usize); 4] =
    [(&[4_096], 2), (&[512, 4_096, 64, 8_192], 4), (&[3_001, 700], 3), (&[16_384], 1)];

#[test]
fn offline_blocks_are_bit_identical_to_live_ones_and_to_the_bounce() {
    for seed in 41..=52 {
        let text = song::generate(seed);
        let mut wish = Wish::new(&text, 12_000);
        if seed % 2 == 0 {
            wish.export.transport = playing(97.0);
        }
        let bounced = wish.bounce().expect("bounced").audio;
        for block in [1, 17, 64, 441, 512, 4_096] {
            assert_eq!(
                difference(&wish.engine_in(&[block]), &bounced),
                None,
                "song {seed}, live, {block}\n{text}"
            );
        }
        for (blocks, threads) in OFFLINE {
            let odd = difference(&wish.offline_in(blocks, threads), &bounced);
            assert_eq!(odd, None, "song {seed}, offline, blocks {blocks:?}, {threads} threads\n{text}");
        }
    }
}

#[test]
fn offline_blocks_keep_loops_memories_and_what_is_late_as_live() {
    let wish = Wish::new(JOINED, 40_000);
    let live = wish.engine();
    for (blocks, threads) in OFFLINE {
        assert_eq!(difference(&wish.offline_in(blocks, threads), &live), None, "blocks {blocks:?}");
    }
}

#[test]
fn offline_blocks_follow_notes_and_controls_as_live() {
    for seed in 1..=6 {
        let (text, mut events) = song::played(seed);
        let control = |at, control, value| Event { at, what: What::Control { control, value } };
        events.extend([
            control(1_001, Knob::Strip(0, StripControl::Pan), -0.5),
            control(3_333, Knob::Gain, 0.5),
            control(4_096, Knob::Strip(0, StripControl::Solo), 1.0),
            control(9_000, Knob::Strip(0, StripControl::Solo), 0.0),
            Event { at: 9_500, what: What::Controller { channel: 0, number: 64, value: 1.0 } },
        ]);
        events.sort_by_key(|event| event.at);
        let mut wish = Wish::new(&text, 40_000);
        wish.export.events = events;
        let live = wish.engine();
        for (blocks, threads) in OFFLINE {
            assert_eq!(
                difference(&wish.offline_in(blocks, threads), &live),
                None,
                "song {seed}, blocks {blocks:?}"
            );
        }
    }
}

/// A host with an audio input, an edit of the text and a jump: what comes out, block by block.
fn edited(texts: [&str; 2], block: usize, offline: Option<usize>) -> Vec<u32> {
    const FRAMES: usize = 1 << 16;
    let (mut engine, mut remote) = Engine::new(RATE);
    engine.render_offline(offline.map(|threads| Offline::new(threads, block, 0)));
    let store = Mutex::new(Store::default());
    let libraries = texts.map(library);
    let request = |n: usize| Request {
        library: &libraries[n],
        sound: "x",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 7,
        store: &store,
    };
    let first = compile::compile(&request(0)).unwrap_or_else(|_| panic!("{}", texts[0]));
    assert!(remote.send(first.program).is_ok());
    let mut edit = Some(
        compile::compile_after(&request(1), Some(&first.blueprint))
            .unwrap_or_else(|_| panic!("{}", texts[1])),
    );
    let input: Vec<f32> =
        (0..FRAMES).map(|n| if n % 6_000 < 40 { 0.8 } else { 0.001 * (n % 7) as f32 }).collect();
    let notes = [note(200, 60, 0.8), release(20_000, 60), note(34_000, 67, 0.6), note(50_000, 72, 0.9)];
    let mut bits = vec![];
    for from in (0..FRAMES).step_by(block) {
        if from == 1 << 15
            && let Some(edit) = edit.take()
        {
            assert!(remote.send(edit.program).is_ok());
        }
        let here: Vec<Event> = notes
            .iter()
            .filter(|note| (from..from + block).contains(&(note.at as usize)))
            .map(|note| Event { at: note.at - from as u32, ..*note })
            .collect();
        // From the third quarter on the song is played from its beginning again.
        let frame = if from < 3 << 14 { from } else { from - (3 << 14) } as i64;
        let transport = Transport {
            playing: true,
            tempo: 120.0,
            beats: frame as f64 / RATE * 2.0,
            frame: Some(frame),
            time_signature: (4, 4),
            bar: None,
        };
        let [mut left, mut right] = [vec![0.0; block], vec![0.0; block]];
        let [mut third, mut fourth] = [vec![0.0; block], vec![0.0; block]];
        let side = &input[from..from + block];
        let io = Io {
            sidechain: Some([side, side]),
            main: [&mut left, &mut right],
            aux: &mut [[&mut third, &mut fourth]],
            stems: &mut [],
        };
        engine.process(io, &here, Some(&transport));
        let all = (0..block).flat_map(|n| [left[n], right[n], third[n], fourth[n]]);
        bits.extend(all.map(f32::to_bits));
        remote.collect();
    }
    assert_eq!(offline.is_some(), engine.taken_apart() > 0, "blocks are taken apart");
    bits
}

const PLAYED: &str = "
seiche: 1
x:
  mixer:
    tracks:
      keys: {signal: {midi_in: {voices: 4, signal: {envelope: {release: 0.1, gate: gate, signal: {osc: {type: saw, freq: freq, amp: velocity}}}}}}, sends: {room: -6 dB}}
      drum: {signal: {trigger: {play: {osc: {freq: 80, amp: [0.5, 0], duration: 0.2}}}}}
      once: {signal: {osc: {freq: 300, amp: [0.5, 0], duration: 0.4}}, out: 1}
      through: {signal: {input: {}}, gain: -12 dB}
      steps: {signal: {sequencer: {interval: 0.13, repeat: .inf, steps: [{osc: {type: noise, amp: [0.2, 0], duration: 0.1}}]}}}
    buses:
      room: {signal: {reverb: {size: 0.4, decay: 0.5}}}
";

#[test]
fn offline_blocks_hear_inputs_edits_and_jumps_as_live() {
    let edit = PLAYED
        .replace("type: saw", "type: sqr")
        .replace("      through", "      more: {osc: {freq: 50, amp: 0.1}}\n      through");
    for texts in [[PLAYED, &edit], [&edit, PLAYED]] {
        let live = edited(texts, 64, None);
        assert!(live.iter().any(|x| f32::from_bits(*x).abs() > 0.1), "something is heard");
        for (block, threads) in [(4_096, 2), (8_192, 4), (1_024, 3)] {
            let odd = edited(texts, block, Some(threads)).iter().zip(&live).position(|(a, b)| a != b);
            assert_eq!(odd.map(|at| (at / 4, at % 4)), None, "frame and channel, blocks of {block}");
        }
    }
}

#[test]
fn offline_blocks_silence_a_broken_track_at_the_frame_where_it_breaks() {
    let text = "
x:
  mix:
    good: {osc: {freq: 100, amp: 0.3}}
    bad: {expression: {exp: 0.2 / (t < 0.05) * (t < 0.05)}}
";
    let wish = Wish::new(text, 9_000);
    let live = wish.engine();
    assert!(live[2][0][2_000] != 0.0 && live[2][0][5_000] == 0.0, "it breaks in the middle of a block");
    for (blocks, threads) in OFFLINE {
        assert_eq!(difference(&wish.offline_in(blocks, threads), &live), None, "blocks {blocks:?}");
    }
}

#[test]
fn offline_blocks_are_rendered_in_order_where_notes_go_to_the_host_or_they_are_small() {
    let sends = PLAYED
        .replace("signal: {input: {}}", "signal: {midi_out: {note: 60, gate: {osc: {type: sqr, freq: 2}}}}");
    for (text, worth) in [(sends.as_str(), 0), (PLAYED, usize::MAX)] {
        let job = seiche::bounce::Job {
            frames: 9_000,
            blocks: &[4_096],
            offline: Some((2, worth)),
            ..Default::default()
        };
        assert_eq!(super::support::render(text, "x", &job).taken_apart, 0);
    }
}
