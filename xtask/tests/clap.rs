//! The built CLAP in our embedded host: what a host may do to it, and what must come out.

mod common;

use common::*;
use std::time::{Duration, Instant};
use xtask::host::*;
use xtask::{state, wav};

#[test]
fn clap_ports_are_as_promised() {
    let bundle = open();
    for (id, outputs) in [(SEICHE, 1), (MULTI, 17)] {
        let mut instance = bundle.instance(id).unwrap();
        for (is_input, count) in [(true, 1), (false, outputs)] {
            let ports = instance.ports(is_input).unwrap();
            assert_eq!(ports.len(), count, "{id}: {ports:?}");
            assert!(ports.iter().all(|p| p.channels == 2 && !p.name.is_empty()), "{id}: {ports:?}");
        }
    }
}

#[test]
fn clap_plays_notes_where_they_are() {
    let bundle = open();
    for id in BOTH {
        let played = render(&bundle, id, &patch("keys"), &three_notes(), 57_600, Blocks::Of(512));
        assert_three_notes(id, played.main());
    }
}

#[test]
fn clap_block_size_changes_nothing() {
    let bundle = open();
    let score = three_notes().with_tempo(120.0);
    let play = |blocks| render(&bundle, MULTI, &patch("keys"), &score, 48_000, blocks).buses;
    let reference = play(Blocks::Of(512));
    assert!(wav::peak(&reference[0]) > 0.1);
    for blocks in [1, 17, 64, 441, 4096].map(Blocks::Of).into_iter().chain([Blocks::Random(7)]) {
        let name = format!("{blocks:?}");
        assert!(play(blocks) == reference, "{name} differs from blocks of 512");
    }
}

#[test]
fn clap_live_sounds_as_offline() {
    let bundle = open();
    let score = three_notes().with_tempo(120.0);
    let offline = render(&bundle, MULTI, &patch("keys"), &score, 48_000, Blocks::Of(512)).buses;
    for blocks in [64, 441, 4096] {
        let mut instance = bundle.instance(MULTI).unwrap();
        let base = instance.save().unwrap();
        instance.load(&patch("keys").into_state(&base).unwrap()).unwrap();
        // (An activation waits for what was loaded.)
        let mut running = instance.start(48_000.0, blocks).unwrap();
        let live = score.play(&mut running, 48_000, &Blocks::Of(blocks)).unwrap();
        instance.stop(running);
        assert!(live.buses == offline, "live in blocks of {blocks} differs from offline");
    }
}

#[test]
fn clap_state_moves_to_a_fresh_instance() {
    let bundle = open();
    let score = three_notes();
    let mut first = offline(&bundle, SEICHE, &patch("keys"));
    let mut running = first.start(48_000.0, 512).unwrap();
    let before = score.play(&mut running, 57_600, &Blocks::Of(512)).unwrap();
    first.stop(running);
    let saved = first.save().unwrap();
    assert_eq!(saved, first.save().unwrap(), "saving twice gives the same bytes");
    // Both plug-ins share the state: a project can move between them.
    for id in BOTH {
        let mut second = bundle.instance(id).unwrap();
        second.set_offline(true).unwrap();
        second.load(&saved).unwrap();
        assert_eq!(second.save().unwrap(), saved, "{id}: what was loaded is saved");
        let mut running = second.start(48_000.0, 512).unwrap();
        let after = score.play(&mut running, 57_600, &Blocks::Of(512)).unwrap();
        second.stop(running);
        assert!(after.main() == before.main(), "{id} sounds different after loading");
    }
}

#[test]
fn clap_note_and_parameter_on_one_sample_both_count() {
    let bundle = open();
    let mut instance = offline(&bundle, SEICHE, &patch("keys"));
    let macro_one = instance.parameter("Macro 1").unwrap().id;
    let note = (1_000, What::On { key: 69, velocity: 0.8 });
    let parameter = (1_000, What::Parameter { id: macro_one, value: 0.7 });
    for events in [vec![note, parameter], vec![parameter, note]] {
        let mut running = instance.start(48_000.0, 4_096).unwrap();
        let score = Score { events: events.clone(), ..Score::default() };
        let played = score.play(&mut running, 9_600, &Blocks::Of(4_096)).unwrap();
        instance.stop(running);
        let onset = wav::onset(played.main(), 0, 1e-6);
        assert!(
            onset.is_some_and(|o| (1_000..1_004).contains(&o)),
            "{events:?}: the note began at {onset:?}"
        );
        let value = instance.value(macro_one).unwrap();
        assert!((value - 0.7).abs() < 1e-3, "{events:?}: the parameter is {value}");
    }
}

#[test]
fn clap_note_expressions_reach_the_note_at_their_samples() {
    use clack_host::events::event_types::NoteExpressionType as Kind;
    let bundle = open();
    let key_65 = (65.0 - 69.0) / 12.0;
    for (key, kind, told, before, after) in [
        (60, Kind::Pressure, 0.75, 0.0, 0.75),
        (61, Kind::Brightness, 0.5, 0.0, 0.5),
        (62, Kind::Volume, 2.0, 0.25, 0.5),
        (63, Kind::Pan, 0.25, 0.0, -0.5),
        (64, Kind::Vibrato, 1.0, 0.0, 1.0),
        (65, Kind::Tuning, 6.0, key_65, key_65 + 0.5),
    ] {
        let express = What::Expression { key, kind, value: told };
        let events = vec![(100, What::On { key, velocity: 0.8 }), (1_003, express)];
        let score = Score { events, ..Score::default() };
        let played = render(&bundle, SEICHE, &patch("touched"), &score, 2_400, Blocks::Of(512));
        let heard = |frame: usize| f64::from(played.main()[0][frame]);
        assert!((heard(1_002) - before).abs() < 1e-4, "{kind:?}: {} before", heard(1_002));
        assert!(heard(1_003) != heard(1_002), "{kind:?} moves at its sample");
        assert!((heard(2_399) - after).abs() < 1e-4, "{kind:?}: {} after", heard(2_399));
    }
}

#[test]
fn clap_mpe_of_a_keyboard_is_understood() {
    let bundle = open();
    // The keyboard says that it has a zone of 15 members that bend by an octave; then a note on channel 2, and its bend.
    let controllers = |channel: u8, list: &[(u8, u8)]| -> Vec<(u64, What)> {
        list.iter().map(|(number, value)| (0, What::Midi([0xb0 | channel, *number, *value]))).collect()
    };
    let mut events = controllers(0, &[(101, 0), (100, 6), (6, 15)]);
    events.extend(controllers(1, &[(101, 0), (100, 0), (6, 12)]));
    events.push((100, What::Midi([0x91, 57, 100])));
    events.push((10_000, What::Midi([0xe1, 0x7f, 0x7f])));
    events.push((10_000, What::Midi([0xe2, 0, 0])));
    let score = Score { events, ..Score::default() };
    let played = render(&bundle, SEICHE, &patch("keys"), &score, 24_000, Blocks::Of(512));
    for (range, hertz) in [(1_000..9_900, 220.0), (12_000..23_000, 440.0)] {
        let heard = wav::frequency(&played.main()[0][range], 48_000.0);
        assert!((heard - hertz).abs() < 0.5, "{heard} Hz where {hertz} Hz belongs");
    }
}

#[test]
fn clap_gain_automation_acts_at_its_sample() {
    let bundle = open();
    let mut instance = offline(&bundle, SEICHE, &patch("tone"));
    let gain = instance.parameter("Gain").unwrap();
    let mut running = instance.start(48_000.0, 1_024).unwrap();
    let events = vec![(3_000, What::Parameter { id: gain.id, value: gain.min })];
    let changed = Score { events, ..Score::default() }.play(&mut running, 9_600, &Blocks::Of(1_024)).unwrap();
    instance.stop(running);
    let steady = render(&bundle, SEICHE, &patch("tone"), &Score::default(), 9_600, Blocks::Of(1_024));
    let (changed, steady) = (&changed.main()[0], &steady.main()[0]);
    assert_eq!(changed[..3_000], steady[..3_000], "nothing may happen before the change");
    assert!(changed[3_000..3_200] != steady[3_000..3_200], "the change must begin at its sample");
    assert!(wav::peak(&[changed[8_000..].to_vec()]) < 1e-3, "and end in silence");
}

#[test]
fn clap_inactive_buses_leave_the_rest_alone() {
    let bundle = open();
    for id in BOTH {
        let reference = render(&bundle, id, &patch("strips"), &Score::default(), 9_600, Blocks::Of(480));
        assert!(wav::peak(reference.main()) > 0.1, "{id}");
        let mut instance = offline(&bundle, id, &patch("strips"));
        let count = instance.ports(false).unwrap().len();
        for wiring in [Wiring::NoChannels, Wiring::NullChannels] {
            // Bus 0 of `off` is the sidechain, then come the aux outputs one by one, then all of them.
            for off in 0..=count {
                let mut running = instance.start(48_000.0, 480).unwrap();
                match off {
                    0 => running.inputs[0].wiring = wiring,
                    n if n < count => running.outputs[n].wiring = wiring,
                    _ => running.outputs.iter_mut().skip(1).for_each(|b| b.wiring = wiring),
                }
                let played = Score::default().play(&mut running, 9_600, &Blocks::Of(480)).unwrap();
                instance.stop(running);
                assert!(
                    played.main() == reference.main(),
                    "{id}: {wiring:?} of bus {off} changes the main output"
                );
                for (bus, expected) in
                    reference.buses.iter().enumerate().skip(1).filter(|(b, _)| off < count && *b != off)
                {
                    assert!(
                        played.buses[bus] == *expected,
                        "{id}: {wiring:?} of bus {off} changes bus {bus}"
                    );
                }
            }
        }
    }
}

#[test]
fn clap_multi_puts_each_strip_on_its_output() {
    let bundle = open();
    let play = |id, sound| render(&bundle, id, &patch(sound), &Score::default(), 48_000, Blocks::Of(512));
    let played = play(MULTI, "routed");
    let outputs = [(1, 220.0), (2, 330.0), (3, 440.0), (16, 550.0)];
    for (bus, hertz) in outputs {
        let heard = wav::frequency(&played.buses[bus][0], 48_000.0);
        assert!((heard - hertz).abs() < 0.5, "bus {bus}: {heard} Hz where {hertz} Hz belongs");
    }
    for bus in (0..17).filter(|bus| outputs.iter().all(|(b, _)| b != bus)) {
        assert_eq!(wav::peak(&played.buses[bus]), 0.0, "bus {bus} has no strip");
    }
    // The host's sum of them is the mix; where there is only one output, everything is on that.
    let mix = play(MULTI, "strips");
    let alone = play(SEICHE, "routed");
    for side in 0..2 {
        let sum = |n: usize| outputs.iter().map(|(bus, _)| played.buses[*bus][side][n]).sum::<f32>();
        let apart = (0..48_000).map(|n| (sum(n) - mix.main()[side][n]).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-6, "{apart}");
        assert!(alone.main()[side] == mix.main()[side]);
    }
}

#[test]
fn clap_latency_is_told_at_a_restart_and_is_what_is_heard() {
    let bundle = open();
    let click: Vec<f32> = (0..9_600).map(|i| if i == 777 { 0.5 } else { 0.0 }).collect();
    let score = Score { sidechain: click, ..Score::default() };
    let mut instance = offline(&bundle, SEICHE, &patch("tone"));
    let mut running = instance.start(48_000.0, 512).unwrap();
    score.play(&mut running, 512, &Blocks::Of(512)).unwrap();
    assert_eq!(instance.latency().unwrap(), 0);
    // Another sound, that is late: it is told while the host stands still.
    let base = instance.save().unwrap();
    instance.load(&patch("limited").into_state(&base).unwrap()).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while !instance.asked(Request::Restart) {
        assert!(Instant::now() < end, "the host is not asked for a restart");
        instance.idle();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(instance.latency().unwrap(), 0, "not before the restart");
    instance.stop(running);
    let mut running = instance.start(48_000.0, 512).unwrap();
    assert_eq!(instance.latency().unwrap(), 240);
    // What sounded before fades.
    Score::default().play(&mut running, 4_800, &Blocks::Of(512)).unwrap();
    let played = score.play(&mut running, 9_600, &Blocks::Of(512)).unwrap();
    let heard: Vec<usize> = (0..9_600).filter(|&i| played.main()[0][i].abs() > 0.1).collect();
    assert_eq!(heard, [777 + 240]);
    instance.idle();
    assert!(!instance.asked(Request::Restart), "once is enough");
    instance.stop(running);
}

#[test]
fn clap_sidechain_arrives_exactly() {
    let bundle = open();
    let click: Vec<f32> = (0..9_600).map(|i| if i == 777 || i == 5_000 { 0.5 } else { 0.0 }).collect();
    let score = Score { sidechain: click.clone(), ..Score::default() };
    for id in BOTH {
        let played = render(&bundle, id, &patch("through"), &score, 9_600, Blocks::Of(512));
        let heard: Vec<usize> = (0..9_600).filter(|&i| played.main()[0][i].abs() > 0.1).collect();
        assert_eq!(heard, [777, 5_000], "{id}");
    }
}

#[test]
fn clap_offline_mode_waits_for_the_sound() {
    // Without the wait the first blocks would be silent: the loader needs its time.
    let bundle = open();
    let mut instance = offline(&bundle, SEICHE, &patch("tone"));
    let mut running = instance.start(48_000.0, 64).unwrap();
    let played = Score::default().play(&mut running, 64, &Blocks::Of(64)).unwrap();
    instance.stop(running);
    assert!(wav::peak(played.main()) > 0.0, "the first block of a bounce is silent");
}

#[test]
fn clap_real_time_sounds_after_loading() {
    let bundle = open();
    let mut instance = bundle.instance(SEICHE).unwrap();
    let base = instance.save().unwrap();
    let mut running = instance.start(48_000.0, 512).unwrap();
    instance.load(&patch("tone").into_state(&base).unwrap()).unwrap();
    let begin = Instant::now();
    let mut loud = false;
    while !loud && begin.elapsed() < Duration::from_secs(10) {
        instance.idle();
        let played = Score::default().play(&mut running, 512, &Blocks::Of(512)).unwrap();
        assert!(wav::finite(played.main()));
        loud = wav::peak(played.main()) > 0.2;
        std::thread::sleep(Duration::from_millis(5));
    }
    instance.stop(running);
    assert!(loud, "no sound 10 s after loading");
}

#[test]
fn clap_old_state_takes_defaults() {
    let bundle = open();
    let mut instance = offline(&bundle, SEICHE, &patch("tone"));
    let parameters = instance.parameters().unwrap();
    let full = instance.save().unwrap();
    // Every parameter away from its default, then a state that knows only the gain.
    let away = parameters
        .iter()
        .map(|p| (0, What::Parameter { id: p.id, value: if p.default == p.max { p.min } else { p.max } }));
    let score = Score { events: away.collect(), ..Score::default() };
    let mut running = instance.start(48_000.0, 64).unwrap();
    score.play(&mut running, 64, &Blocks::Of(64)).unwrap();
    instance.stop(running);
    let changed = parameters.iter().filter(|p| instance.value(p.id).unwrap() != p.default).count();
    assert!(changed > parameters.len() / 2, "only {changed} parameters took a new value");
    instance.load(&state::without_parameters(&full, |id| id != "gain").unwrap()).unwrap();
    for p in &parameters {
        let value = instance.value(p.id).unwrap();
        assert!(
            (value - p.default).abs() < 1e-6,
            "'{}' is {value} where its default is {}",
            p.name,
            p.default
        );
    }
}

#[test]
fn clap_garbage_state_is_refused_and_the_sound_goes_on() {
    let bundle = open();
    let mut instance = offline(&bundle, SEICHE, &patch("tone"));
    let good = instance.save().unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let noise: Vec<u8> = (0..3 << 20)
        .map(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 56) as u8
        })
        .collect();
    let framed = [&(noise.len() as u64).to_le_bytes()[..], &noise].concat();
    let foreign = state::frame(
        &serde_json::json!({"version": "9", "params": {"gain": {"f32": 1.0}}, "fields": {"x": "{"}}),
    );
    let cut = &good[..good.len() / 2];
    for bad in [&noise[..], &framed, &[], &good[..7], cut, &u64::MAX.to_le_bytes()] {
        assert!(instance.load(bad).is_err(), "{} bytes of garbage were accepted", bad.len());
    }
    let _either_way = instance.load(&foreign);
    instance.load(&good).unwrap();
    let mut running = instance.start(48_000.0, 512).unwrap();
    let played = Score::default().play(&mut running, 4_800, &Blocks::Of(512)).unwrap();
    instance.stop(running);
    assert!(wav::peak(played.main()) > 0.2, "the sound is gone");
    assert_eq!(instance.save().unwrap(), good);
}

#[test]
fn clap_state_loads_while_processing() {
    let bundle = open();
    let mut instance = offline(&bundle, SEICHE, &patch("tone"));
    instance.set_offline(false).unwrap();
    let base = instance.save().unwrap();
    let states = ["tone", "strips", "keys"].map(|sound| patch(sound).into_state(&base).unwrap());
    let mut running = instance.start(48_000.0, 256).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let running = std::thread::scope(|scope| {
        let audio = scope.spawn(|| {
            let mut worst = 0.0f32;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let played = three_notes().play(&mut running, 4_800, &Blocks::Of(256)).unwrap();
                assert!(wav::finite(played.main()), "not a number while loading");
                worst = worst.max(wav::peak(played.main()));
            }
            assert!(worst > 0.1 && worst < 8.0, "peak {worst} while loading");
            running
        });
        for round in 0..30 {
            instance.load(&states[round % 3]).unwrap();
            assert!(!instance.save().unwrap().is_empty());
            instance.idle();
            std::thread::sleep(Duration::from_millis(20));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        audio.join().unwrap()
    });
    instance.stop(running);
}

#[test]
fn clap_two_instances_end_in_either_order() {
    let bundle = open();
    for first_out in [0, 1] {
        let mut pair: Vec<_> = BOTH.iter().map(|id| bundle.instance(id).unwrap()).collect();
        let mut running: Vec<Option<Running>> = Vec::new();
        for instance in &mut pair {
            let base = instance.save().unwrap();
            running.push(Some(instance.start(48_000.0, 128).unwrap()));
            instance.load(&patch("keys").into_state(&base).unwrap()).unwrap();
        }
        // One goes while both still load.
        let gone = running[first_out].take().unwrap();
        pair[first_out].stop(gone);
        drop(pair.remove(first_out));
        let other = running[1 - first_out].as_mut().unwrap();
        let begin = Instant::now();
        let mut peak = 0.0;
        while peak < 0.1 && begin.elapsed() < Duration::from_secs(10) {
            peak = wav::peak(three_notes().play(other, 9_600, &Blocks::Of(128)).unwrap().main());
        }
        assert!(peak > 0.1, "the instance that stayed is silent");
        pair[0].stop(running[1 - first_out].take().unwrap());
    }
}

#[test]
fn clap_any_rate_and_block_is_finite() {
    let bundle = open();
    for rate in [1_000.0, 8_000.0, 44_100.0, 192_000.0, 384_000.0] {
        for sound in ["keys", "strips"] {
            let mut instance = offline(&bundle, MULTI, &patch(sound));
            let mut running = instance.start(rate, 16_384).unwrap();
            let played =
                three_notes().with_tempo(97.0).play(&mut running, 49_152, &Blocks::Of(16_384)).unwrap();
            assert!(wav::peak(played.main()) > 0.01, "{sound} is silent at {rate} Hz");
            let random = three_notes().play(&mut running, 40_000, &Blocks::Random(3)).unwrap();
            for bus in played.buses.iter().chain(&random.buses) {
                assert!(wav::finite(bus), "{sound} at {rate} Hz");
                assert!(wav::peak(bus) < 4.0, "{sound} at {rate} Hz");
            }
            instance.stop(running);
        }
    }
}

#[test]
fn clap_empty_blocks_are_harmless() {
    let bundle = open();
    let mut instance = offline(&bundle, SEICHE, &patch("keys"));
    let mut running = instance.start(48_000.0, 512).unwrap();
    let events = clack_host::events::io::EventBuffer::new();
    for _ in 0..10 {
        running.process(0, &events, None).unwrap();
    }
    let played = three_notes().play(&mut running, 57_600, &Blocks::Of(512)).unwrap();
    instance.stop(running);
    assert_three_notes("after empty blocks", played.main());
}

#[test]
fn clap_parameters_flush_without_processing() {
    use clack_host::events::{Pckn, event_types::ParamValueEvent, io::EventBuffer};
    let bundle = open();
    let mut instance = bundle.instance(SEICHE).unwrap();
    let p = instance.parameter("Macro 2").unwrap();
    let mut events = EventBuffer::new();
    events.push(&ParamValueEvent::new(0, p.id, Pckn::match_all(), 0.25));
    instance.flush(&events).unwrap();
    assert!((instance.value(p.id).unwrap() - 0.25).abs() < 1e-6);
    // The value is part of what is saved.
    let saved = instance.save().unwrap();
    let mut second = bundle.instance(SEICHE).unwrap();
    second.load(&saved).unwrap();
    assert!((second.value(p.id).unwrap() - 0.25).abs() < 1e-6);
}

#[test]
fn clap_two_renders_are_equal() {
    // Two renders of one state are equal to the byte, through two loaded copies of the library.
    let score = three_notes().with_tempo(120.0);
    let once = render(&open(), SEICHE, &patch("keys"), &score, 48_000, Blocks::Of(512));
    let again = render(&open(), SEICHE, &patch("keys"), &score, 48_000, Blocks::Of(512));
    assert!(once.buses == again.buses);
}
