//! Hosts that render offline, with large blocks on several threads, and the quality tiers: what comes out is what was heard live.
#![cfg(target_os = "linux")]

mod common;

use common::*;
use xtask::host::*;
use xtask::state::Patch;

const RATE: f64 = 48_000.0;
/// A second, in whole blocks of all sizes that are compared.
const FRAMES: u64 = 12 * 4_096;

/// Sixteen tracks with effects, sends and a master, notes and a pattern: enough for several threads.
fn song(quality: [&'static str; 2]) -> Patch {
    let tracks: String = (0..16)
        .map(|n| {
            let signal = match n % 3 {
                0 => "{midi_in: {voices: 8, signal: {envelope: {gate: gate, release: 0.1, signal: {osc: {type: saw, freq: freq, amp: 0.05}}}}}}".to_owned(),
                1 => format!("{{multiply: {{number: 8, signal: {{osc: {{type: sqr, freq: {} + 7 * i, amp: 0.01}}}}}}}}", 60 + 13 * n),
                _ => "{sequencer: {interval: 0.11, repeat: .inf, steps: [{osc: {type: noise, amp: [0.1, 0], duration: 0.04}}, null]}}".to_owned(),
            };
            format!("      t{n}: {{signal: {signal}, inserts: [{{filter: {{cutoff: 900, peak: 0.4}}}}, {{expression: {{exp: tanh(2 * $input)}}}}], sends: {{room: -9 dB}}}}\n")
        })
        .collect();
    let text = format!(
        "seiche: 1\nx:\n  mixer:\n    tracks:\n{tracks}    buses:\n      room: {{signal: {{reverb: {{decay: 0.6}}}}}}\n"
    );
    Patch { quality, ..Patch::text(&text, "x") }
}

fn notes() -> Score {
    let note =
        |n: u64| Note { at: 400 + 3_001 * n, length: 2_500, key: 40 + (n * 7 % 40) as u8, velocity: 0.7 };
    Score::notes(&(0..14).map(note).collect::<Vec<_>>())
}

/// What comes out of both sides, without the latency that the plug-in tells, and that latency.
fn played(bundle: &Bundle, patch: &Patch, is_offline: bool, block: u32) -> (Vec<Vec<f32>>, u32) {
    let mut instance = offline(bundle, SEICHE, patch);
    instance.set_offline(is_offline).unwrap();
    let mut running = instance.start(RATE, block).unwrap();
    if !is_offline {
        // A host that plays does not wait for the loader.
        instance.idle();
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    let late = instance.latency().unwrap();
    let recording = notes().play(&mut running, FRAMES + 4_096, &Blocks::Of(block)).unwrap();
    instance.stop(running);
    let (from, to) = (late as usize, late as usize + FRAMES as usize);
    (recording.main().iter().map(|side| side[from..to].to_vec()).collect(), late)
}

#[test]
fn offline_rendering_of_a_host_is_what_was_heard_live() {
    let bundle = open();
    for tier in ["draft", "normal", "high"] {
        let patch = song([tier, tier]);
        let (live, late) = played(&bundle, &patch, false, 64);
        assert_eq!(late, if tier == "high" { 34 } else { 0 }, "{tier}");
        assert!(xtask::wav::peak(&live) > 0.05 && xtask::wav::finite(&live), "{tier}");
        for (is_offline, block) in [(false, 512), (true, 64), (true, 512), (true, 4_096)] {
            let (other, same) = played(&bundle, &patch, is_offline, block);
            assert_eq!(same, late);
            let odd = (0..2).find_map(|side| {
                let pairs = live[side].iter().zip(&other[side]);
                pairs
                    .enumerate()
                    .find(|(_, (a, b))| a.to_bits() != b.to_bits())
                    .map(|(frame, _)| (side, frame))
            });
            assert_eq!(odd, None, "{tier}, offline: {is_offline}, blocks of {block}");
        }
    }
}

#[test]
fn offline_and_live_have_tiers_of_their_own() {
    let bundle = open();
    let mixed = song(["normal", "high"]);
    let (live, at_once) = played(&bundle, &mixed, false, 512);
    let (fine, late) = played(&bundle, &mixed, true, 512);
    assert_eq!((at_once, late), (0, 34));
    let distance = |a: &[Vec<f32>], b: &[Vec<f32>]| {
        a[0].iter().zip(&b[0]).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max)
    };
    assert!(distance(&live, &fine) > 1e-4, "they are not the same");
    let (normal, _) = played(&bundle, &song(["draft", "normal"]), true, 512);
    assert_eq!(distance(&live, &normal), 0.0, "equal tiers are");
}
