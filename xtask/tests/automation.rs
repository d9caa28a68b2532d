//! Every host parameter through the built CLAP, the host's loop, and what comes in at its sidechain and goes out as notes.
#![cfg(target_os = "linux")]

mod common;

use common::*;
use xtask::host::*;

#[test]
fn automation_of_every_parameter_is_read_back() {
    let bundle = open();
    for id in BOTH {
        let mut instance = offline(&bundle, id, &patch("tone"));
        let parameters = instance.parameters().unwrap();
        assert!(parameters.len() >= 194, "{}", parameters.len());
        let mut running = instance.start(48_000.0, 512).unwrap();
        // Twice, so that each moves; the places differ from parameter to parameter.
        for turn in [0.0, 0.5] {
            let place = |n: usize| (0.03 + n as f64 / parameters.len() as f64 * 0.9 + turn) % 1.0;
            let value = |n: usize, p: &Parameter| p.min + place(n) * (p.max - p.min);
            let events = parameters.iter().enumerate();
            let events =
                events.map(|(n, p)| (n as u64 % 512, What::Parameter { id: p.id, value: value(n, p) }));
            let mut events: Vec<(u64, What)> = events.collect();
            events.sort_by_key(|(at, _)| *at);
            Score { events, ..Score::default() }.play(&mut running, 1_024, &Blocks::Of(512)).unwrap();
            for (n, p) in parameters.iter().enumerate() {
                let (got, wanted) = (instance.value(p.id).unwrap(), value(n, p));
                // Those that step through the presets act, and are off again.
                let wanted = if p.name.starts_with("Preset ") { 0.0 } else { wanted };
                // What has steps takes the nearest.
                let near = if p.max - p.min > 1.0 { 0.5 } else { 1e-3 };
                let stepped =
                    p.max - p.min == 1.0 && (got == p.min || got == p.max) && (got - wanted).abs() <= 0.5;
                assert!(
                    (got - wanted).abs() <= near || stepped,
                    "{id}, {}: {got} instead of {wanted}",
                    p.name
                );
            }
        }
        instance.stop(running);
    }
}

#[test]
fn transport_loop_in_a_host_repeats_to_the_bit() {
    let bundle = open();
    // Two bars at 240 a minute are two seconds.
    let length = 96_000;
    let mut instance = offline(&bundle, SEICHE, &patch("looped"));
    for blocks in [Blocks::Of(512), Blocks::Random(9)] {
        let mut running = instance.start(48_000.0, 1_024).unwrap();
        let score = Score { cycle: Some(length), ..Score::default() }.with_tempo(240.0);
        let played = score.play(&mut running, 100 * length, &blocks).unwrap();
        instance.stop(running);
        let left = &played.main()[0];
        assert!(xtask::wav::rms(played.main()) > 0.01);
        let (second, length) = (&left[length as usize..2 * length as usize], length as usize);
        for (pass, heard) in left.chunks(length).enumerate().skip(2) {
            let differ = heard.iter().zip(second).position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(differ, None, "pass {pass}, {blocks:?}");
        }
    }
}

#[test]
fn trigger_in_a_host_plays_and_sends_a_note_at_every_stroke() {
    let bundle = open();
    for (sound, late) in [("drummed", 0), ("drummed_exact", 480)] {
        let mut instance = offline(&bundle, SEICHE, &patch(sound));
        let mut running = instance.start(48_000.0, 512).unwrap();
        assert_eq!(instance.latency().unwrap(), late as u32);
        let score = Score { sidechain: strokes(), ..Score::default() };
        let played = score.play(&mut running, 48_000, &Blocks::Random(3)).unwrap();
        instance.stop(running);
        let sent: Vec<(i16, usize)> = played.notes_sent.iter().map(|at| (38, *at as usize)).collect();
        assert_strokes(&format!("CLAP, {sound}"), &played.main()[0], &sent, late);
    }
}
