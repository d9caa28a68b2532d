//! The `trigger` node: strokes in the audio that comes in start sounds, notes and signals at their frames, whatever the blocks are.

#[path = "reload/host.rs"]
mod host;
mod support;

use host::{BLOCK, Host};
use seiche::engine::{Control, Engine, Event, Geared, Io, Transport, TriggerControl, What};
use seiche::session::{Session, TakePlace};
use support::*;

const SOUNDS: &str = "
seiche: 1
tick: {expression: {exp: velocity, duration: 0.02}}
other: {expression: {exp: -velocity, duration: 0.02}}
bright: {expression: {exp: brightness + 10 * peak, duration: 0.02}}
long: {expression: {exp: gate}}
played: {trigger: {preset: snare, play: tick, note: 38}}
exact: {trigger: {preset: snare, mode: exact, play: tick, note: 36, length: 20 ms}}
tight: {trigger: {input: sidechain, preset: snare, mode: tight, play: tick}}
robin: {trigger: {preset: snare, play: [tick, other]}}
heard: {trigger: {preset: snare, play: bright}}
gated: {trigger: {preset: snare, play: long, length: 0.1}}
duck: {mix: {hit: {expression: {exp: s * 0, s: {trigger: {id: hit, preset: snare}}}}, down: {envelope: {trigger: $hit, attack: 0.001, decay: 0.05, sustain: 0, signal: {expression: {exp: 1}}}}}}
last: {trigger: {preset: snare, output: velocity}}
through: {trigger: {preset: snare, mode: exact, play: {expression: {exp: 0, duration: 0.01}}, dry: 1}}
beside: {mixer: {tracks: {a: {signal: {trigger: {preset: snare, mode: exact, play: tick}}}, b: {signal: {input: {}}}}}}
listen: {trigger: {highpass: 2000, output: listen}}
fixed: {trigger: {preset: snare, velocity_fixed: 100, output: velocity}}
tom: {context: {velocity: 0.25, other: 2, signal: {expression: {exp: velocity * other / 2, duration: 0.02}}}}
named: {trigger: {preset: snare, play: tom, note: 38}}
voices: {midi_in: {signal: {trigger: {play: tick}}}}
";

/// Strokes of a snare of noise, each with its frame and level.
fn strokes(places: &[(usize, f32)], frames: usize) -> Vec<f32> {
    let mut random = Random(77);
    let mut out = vec![0.0f32; frames];
    for (at, level) in places {
        for n in 0..7_200.min(frames - at) {
            let t = n as f32 / RATE as f32;
            let noise = random.below(20_001) as f32 / 10_000.0 - 1.0;
            let body = (t * 190.0 * std::f32::consts::TAU).sin() * (-t * 30.0).exp();
            out[at + n] += 0.5 * level * (0.6 * noise * (-t * 45.0).exp() + 0.4 * body);
        }
    }
    out
}

const PLACES: [(usize, f32); 6] =
    [(4_800, 0.9), (16_800, 0.5), (28_800, 0.9), (40_800, 0.25), (46_800, 0.7), (60_000, 0.9)];
const FRAMES: usize = 72_000;

struct Heard {
    left: Vec<f32>,
    /// Key and frame of each note that was sent, and of each end.
    on: Vec<(u8, usize, f32)>,
    off: Vec<usize>,
}

fn hear(sound: &str, input: &[f32], sizes: &[usize], controls: &[Event]) -> Heard {
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(program(SOUNDS, sound, RATE, 0)).is_ok());
    hear_with(&mut engine, input, sizes, controls)
}

fn hear_with(engine: &mut Engine, input: &[f32], sizes: &[usize], controls: &[Event]) -> Heard {
    let mut heard = Heard { left: vec![0.0; input.len()], on: vec![], off: vec![] };
    let (mut from, mut n) = (0, 0);
    while from < input.len() {
        let size = sizes[n % sizes.len()].min(input.len() - from);
        let events: Vec<Event> = controls
            .iter()
            .filter(|e| (from..from + size).contains(&(e.at as usize)))
            .map(|e| Event { at: e.at - from as u32, ..*e })
            .collect();
        let mut right = vec![0.0; size];
        let part = &input[from..from + size];
        let main = [&mut heard.left[from..from + size], &mut right[..]];
        engine.process(
            Io { sidechain: Some([part, part]), main, aux: &mut [], stems: &mut [] },
            &events,
            None,
        );
        for event in engine.output_events() {
            let at = from + event.at as usize;
            match event.what {
                What::NoteOn { key, velocity, .. } => heard.on.push((key, at, velocity)),
                What::NoteOff { .. } => heard.off.push(at),
                _ => {}
            }
        }
        (from, n) = (from + size, n + 1);
    }
    heard
}

fn onsets(x: &[f32]) -> Vec<usize> {
    (0..x.len()).filter(|n| x[*n] != 0.0 && (*n == 0 || x[n - 1] == 0.0)).collect()
}

#[test]
fn trigger_plays_a_sound_and_sends_a_note_for_every_stroke() {
    let input = strokes(&PLACES, FRAMES);
    for (sound, key, late, off) in [("played", 38, 0.0, 0.004), ("exact", 36, 0.010, 0.0015)] {
        let heard = hear(sound, &input, &[512], &[]);
        let found = onsets(&heard.left);
        assert_eq!(found.len(), PLACES.len(), "{sound}: {found:?}");
        for ((at, level), found) in PLACES.iter().zip(&found) {
            let seconds = (*found as f64 - *at as f64) / RATE - late;
            assert!((-0.0005..=off).contains(&seconds), "{sound}: the stroke at {at} sounds {seconds} s off");
            let velocity = heard.left[*found];
            assert!((0.02..=1.0).contains(&velocity), "{sound}, {level}: {velocity}");
        }
        // Sound and note are the same stroke.
        let notes: Vec<(u8, usize)> = heard.on.iter().map(|(key, at, _)| (*key, *at)).collect();
        assert_eq!(notes, found.iter().map(|at| (key, *at)).collect::<Vec<_>>());
        let velocities: Vec<f32> = heard.on.iter().map(|(_, at, v)| v - heard.left[*at]).collect();
        assert!(velocities.iter().all(|d| d.abs() < 1e-6), "{velocities:?}");
        let length = if sound == "exact" { 960 } else { 2_400 };
        assert_eq!(heard.off, found.iter().map(|at| at + length).collect::<Vec<_>>());
        // Louder strokes have more velocity.
        assert!(heard.on[0].2 > heard.on[3].2, "{:?}", heard.on);
    }
}

#[test]
fn trigger_gives_the_same_bits_for_every_block_size() {
    let input = strokes(&PLACES, FRAMES);
    for sound in ["played", "exact", "tight", "gated", "duck", "through", "last"] {
        let moves = [(9_001, -45.0), (30_003, -20.0), (50_000, -45.0)].map(|(at, value)| Event {
            at,
            what: What::Control { control: Control::Trigger(0, TriggerControl::Threshold), value },
        });
        let wanted = hear(sound, &input, &[512], &moves);
        for sizes in [&[1][..], &[64], &[4096], &[17, 441, 3]] {
            let got = hear(sound, &input, sizes, &moves);
            let differ = (0..FRAMES).find(|n| got.left[*n].to_bits() != wanted.left[*n].to_bits());
            assert_eq!(
                differ.map(|n| (n, got.left[n], wanted.left[n])),
                None,
                "{sound} in blocks of {sizes:?}: {:?} {:?}",
                got.on,
                wanted.on
            );
            assert_eq!((got.on, got.off), (wanted.on.clone(), wanted.off.clone()), "{sound}, {sizes:?}");
        }
    }
}

#[test]
fn trigger_tells_its_latency_and_makes_everything_as_late() {
    let late = |sound: &str| program(SOUNDS, sound, RATE, 0).latency;
    assert_eq!([late("played"), late("tight"), late("exact"), late("beside")], [0, 72, 480, 480]);
    // What came in is heard beside the strokes, at the same time.
    let input = strokes(&PLACES, FRAMES);
    let heard = hear("through", &input, &[512], &[]);
    assert!(heard.left[480..] == input[..FRAMES - 480]);
    assert!(heard.left[..480].iter().all(|x| *x == 0.0));
}

#[test]
fn trigger_goes_through_a_list_stroke_by_stroke() {
    let heard = hear("robin", &strokes(&PLACES, FRAMES), &[512], &[]);
    let signs: Vec<bool> = onsets(&heard.left).iter().map(|n| heard.left[*n] > 0.0).collect();
    assert_eq!(signs, [true, false, true, false, true, false]);
}

#[test]
fn trigger_tells_sounds_of_their_own_what_their_context_only_assumes() {
    let heard = hear("named", &strokes(&PLACES, FRAMES), &[512], &[]);
    for (_, at, velocity) in &heard.on {
        assert_eq!(heard.left[*at], *velocity);
    }
    assert!(heard.on.iter().any(|(.., velocity)| *velocity > 0.5));
    assert_eq!(hear("tom", &[0.0; 64], &[64], &[]).left[0], 0.25, "by itself");
}

#[test]
fn trigger_tells_voices_peak_and_brightness_and_closes_their_gate() {
    let input = strokes(&PLACES, FRAMES);
    let heard = hear("heard", &input, &[512], &[]);
    for n in onsets(&heard.left) {
        assert!((1.0..20.0).contains(&heard.left[n]), "{}", heard.left[n]);
    }
    let gated = hear("gated", &input, &[512], &[]).left;
    let first = onsets(&gated)[0];
    assert!(gated[first..first + 4_800].iter().all(|x| *x == 1.0));
    assert!(gated[first + 4_800 + 960..16_700].iter().all(|x| *x == 0.0));
}

#[test]
fn trigger_drives_other_nodes() {
    let input = strokes(&PLACES, FRAMES);
    let down = hear("duck", &input, &[512], &[]).left;
    for (at, _) in PLACES {
        assert!(peak(&down[at..at + 1_200]) > 0.9, "no envelope after {at}");
        assert!(
            down[at.saturating_sub(200)..at].iter().all(|x| x.abs() < 0.05),
            "the one before {at} has not ended"
        );
    }
    let last = hear("last", &input, &[512], &[]).left;
    assert!(last[4_000] == 0.0 && last[12_000] > last[46_000], "{} {}", last[12_000], last[46_000]);
    let fixed = hear("fixed", &input, &[512], &[]).left;
    assert_eq!(fixed[FRAMES - 1], 100.0 / 127.0);
}

#[test]
fn trigger_ends_its_note_when_an_edit_takes_it_away() {
    let sound =
        |trigger: &str| format!("seiche: 1\nd: {{mix: {{a: {{trigger: {{id: hit, {trigger}}}}}}}}}\n");
    let note = "preset: snare, note: 38, length: 0.5, play: {osc: {freq: 200, duration: 0.1}}";
    for (edit, what) in [
        (sound(&note.replace("38", "40")), "another note"),
        (sound("preset: snare, play: {osc: {freq: 200, duration: 0.1}}"), "no note"),
        ("seiche: 1\nd: {mix: {b: {osc: {freq: 100}}}}\n".to_owned(), "no trigger"),
    ] {
        let mut host = Host::new(0);
        host.sidechain = strokes(&[(4_800, 0.9)], 188 * BLOCK);
        host.save(&sound(note), "d");
        host.play(20, &[]);
        host.save(&edit, "d");
        host.play(20, &[]);
        let heard: Vec<_> = host.sent.iter().map(|e| (e.at < 20 * BLOCK as u32, e.what)).collect();
        let [(true, What::NoteOn { key: 38, .. }), (false, What::NoteOff { key: 38, .. })] = heard[..] else {
            panic!("{what}: {heard:?}");
        };
        assert!(host.sent[1].at < 22 * BLOCK as u32, "{what}: {}", host.sent[1].at);
    }
}

#[test]
fn trigger_follows_the_hosts_controls() {
    let input = strokes(&PLACES, FRAMES);
    let set = |control, value| {
        let what = What::Control { control: Control::Trigger(0, control), value };
        hear("played", &input, &[512], &[Event { at: 0, what }]).on
    };
    assert_eq!(set(TriggerControl::Threshold, -40.0).len(), 6, "the default leaves what the text says");
    let loud = set(TriggerControl::Threshold, -12.0);
    assert!((1..6).contains(&loud.len()), "{loud:?}");
    assert_eq!(set(TriggerControl::Hold, 300.0).len(), 3, "{:?}", set(TriggerControl::Hold, 300.0));
    assert_eq!(set(TriggerControl::Retrigger, 400.0).len(), 5, "{:?}", set(TriggerControl::Retrigger, 400.0));
    let soft = |curve: f32| set(TriggerControl::VelocityCurve, curve)[3].2;
    assert!(soft(-1.0) < soft(-0.5) && soft(-0.5) < soft(0.0) && soft(0.0) < soft(0.7), "{}", soft(0.0));
    let most = set(TriggerControl::VelocityMax, 0.5).iter().map(|n| n.2).fold(0.0, f32::max);
    assert!(most <= 0.5 + 1e-6, "{most}");
}

/// Plays strokes through the engine of a session; the velocities of the notes.
fn through(session: &Session, engine: &mut Geared, input: &[f32], learn: bool) -> Vec<f32> {
    let mut velocities = vec![];
    for (n, part) in input.chunks_exact(BLOCK).enumerate() {
        let control = Control::Trigger(0, TriggerControl::Learn);
        let event = Event { at: 0, what: What::Control { control, value: 1.0 } };
        let events = if n == 0 && learn { &[event][..] } else { &[] };
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let main = [&mut left[..], &mut right[..]];
        engine.process(
            Io { sidechain: Some([part, part]), main, aux: &mut [], stems: &mut [] },
            events,
            None,
        );
        for event in engine.output_events() {
            if let What::NoteOn { velocity, .. } = event.what {
                velocities.push(velocity);
            }
        }
    }
    session.nudge();
    assert!(session.settle(std::time::Duration::from_secs(20)));
    velocities
}

#[test]
fn trigger_keeps_what_it_learned_with_the_project() {
    let started = |text: &str| {
        let session = Session::with_presets(None);
        session.restore(text);
        let mut engine = session.engine(RATE);
        assert!(session.settle(std::time::Duration::from_secs(20)));
        // The program arrives.
        through(&session, &mut engine, &[0.0; 20 * BLOCK], false);
        session.take_changed();
        (session, engine)
    };
    let project = serde_json::json!({"version": 2, "path": "/x.yaml", "files": [
        {"path": "/x.yaml", "text": "seiche: 1\nd: {trigger: {preset: snare, note: 38, adapt: false}}\n"}]});
    let (session, mut engine) = started(&project.to_string());
    // A soft drum: a full stroke of it is a soft one of the preset's.
    let soft: Vec<(usize, f32)> = (0..10).map(|n| (4_800 + 9_600 * n, 0.1)).collect();
    let input = strokes(&soft, 210 * BLOCK);
    let plain = through(&session, &mut engine, &input, false);
    assert!(plain.len() < 10 && plain[0] < 0.5, "too soft for the preset's drum: {plain:?}");
    let before = through(&session, &mut engine, &input, true);
    assert_eq!(before.len(), 10, "learning hears all of them: {before:?}");
    let learned =
        session.drums().get(0).unwrap().learned().unwrap().1.unwrap_or_else(|| panic!("no drum: {before:?}"));
    assert!(session.take_changed(), "the project is to be saved");
    assert!(before[9] > 0.9, "a full stroke of this drum: {before:?}");
    let saved = session.save();
    assert!(saved.contains(r#""drums":{"1":{"instrument":"snare","levels":["#), "{saved}");

    let (again, mut engine) = started(&saved);
    assert_eq!(again.drums().get(0).unwrap().learned().unwrap().1, Some(learned));
    assert!(!again.take_changed(), "nothing new after opening");
    let first = through(&again, &mut engine, &input, false)[0];
    assert!((first - before[9]).abs() < 0.1, "{first} where {} belongs", before[9]);
    assert_eq!(again.save(), saved);
    again.forget_drum(0);
    assert!(again.take_changed() && !again.save().contains("drums"));
    let first = through(&again, &mut engine, &input, false)[0];
    assert!((first - plain[0]).abs() < 0.05, "{first} where {} belongs", plain[0]);
}

#[test]
fn trigger_strokes_become_a_midi_file_at_the_beats_where_they_began() {
    let session = Session::with_presets(None);
    let text = "seiche: 1\nd: {trigger: {preset: snare, mode: exact, note: 36, channel: 2, length: 20 ms}}\n";
    session.restore(
        &serde_json::json!({"version": 2, "path": "/x.yaml", "files": [{"path": "/x.yaml", "text": text}]})
            .to_string(),
    );
    let mut engine = session.engine(RATE);
    assert!(session.settle(std::time::Duration::from_secs(20)));
    through(&session, &mut engine, &[0.0; 20 * BLOCK], false);
    let drum = session.drums().get(0).unwrap();
    drum.sight.look(1.0, RATE);
    let (bpm, input) = (100.0, strokes(&PLACES, 300 * BLOCK));
    let beats = |frame: usize| frame as f64 * bpm / (60.0 * RATE);
    // Played twice: the second time is the take.
    for from in [8.0, 4.0] {
        for (n, part) in input.chunks_exact(BLOCK).enumerate() {
            let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
            let io = Io {
                sidechain: Some([part, part]),
                main: [&mut left[..], &mut right[..]],
                aux: &mut [],
                stems: &mut [],
            };
            let transport = Transport {
                playing: true,
                tempo: bpm,
                beats: from + beats(n * BLOCK),
                frame: None,
                time_signature: (4, 4),
                bar: None,
            };
            engine.process(io, &[], Some(&transport));
        }
    }
    let folder = std::env::temp_dir().join(format!("seiche-strokes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    session.save_strokes(0, TakePlace { folder: folder.clone(), name: "snare".into() });
    let patience = std::time::Instant::now();
    while session.recorder().state().saved.is_none() && patience.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let file = midi_file::MidiFile::load(folder.join("snare take 1.mid")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    // 24,000 ticks to the beat.
    let (mut now, mut found) = (0u64, vec![]);
    for event in file.tracks().next().unwrap().events() {
        now += u64::from(event.delta_time());
        if let midi_file::file::Event::Midi(midi_file::core::Message::NoteOn(on)) = event.event() {
            assert_eq!((u8::from(on.note_number()), u8::from(on.channel())), (36, 2));
            found.push(now as f64 / 24_000.0);
        }
    }
    assert_eq!(found.len(), PLACES.len(), "{found:?}");
    for (found, (at, _)) in found.iter().zip(PLACES) {
        let off = (found - 4.0 - beats(at)) * 60.0 / bpm;
        assert!(off.abs() < 0.002, "a stroke at {at} is {off} s away");
    }
}

#[test]
fn trigger_is_heard_behind_its_filters() {
    let input: Vec<f32> =
        (0..24_000).map(|n| (n as f32 * 100.0 / 48_000.0 * std::f32::consts::TAU).sin()).collect();
    let heard = hear("listen", &input, &[512], &[]);
    assert!(peak(&heard.left[12_000..]) < 0.02, "{}", peak(&heard.left[12_000..]));
}

#[test]
fn trigger_is_calm_on_silence_and_on_what_is_no_audio() {
    for input in [vec![0.0; 48_000], vec![0.7; 48_000], vec![f32::NAN; 48_000], vec![f32::INFINITY; 48_000]] {
        let heard = hear("played", &input, &[512], &[]);
        assert!(heard.on.len() <= 1 && heard.left.iter().all(|x| x.is_finite()), "{:?}", heard.on);
    }
}

#[test]
fn trigger_stands_a_storm_on_all_eight_at_once() {
    let modes = ["live", "tight", "exact", "live", "tight", "exact", "live", "exact"];
    let tracks: String = modes
        .iter()
        .enumerate()
        .map(|(n, mode)| {
            let rest = "hold: 5 ms, play: tick";
            format!(
                "    t{n}: {{trigger: {{preset: snare, mode: {mode}, note: {}, channel: {n}, {rest}}}}}\n",
                36 + n
            )
        })
        .collect();
    let text =
        format!("seiche: 1\nd:\n  mix:\n{tracks}tick: {{expression: {{exp: velocity, duration: 0.01}}}}\n");
    // A hundred short strokes a second, the second half far too loud, with an offset and numbers that are none.
    let mut random = Random(5);
    // Then it is quiet, and somebody plays two strokes.
    let mut input = strokes(&[(84_000, 0.9), (100_000, 0.9)], 120_000);
    for stroke in 0..100 {
        let at = 4_800 + 480 * stroke;
        for n in 0..480 {
            let noise = random.below(20_001) as f32 / 10_000.0 - 1.0;
            let level = if stroke < 50 { 0.6 } else { 6.0 };
            input[at + n] = (level * noise * (-(n as f32) / 60.0).exp()).clamp(-1.0, 1.0) + 0.1;
        }
    }
    (60_000..60_010).for_each(|n| input[n] = f32::NAN);
    let mut moves: Vec<Event> = (0..400)
        .map(|_| {
            use TriggerControl::*;
            // Over the storm they are moved at random, and afterwards stand where they usually do.
            let (control, low, high) = [
                (Threshold, -60.0, -6.0),
                (Sensitivity, 0.0, 1.0),
                (Hold, 5.0, 30.0),
                (Retrigger, 0.0, 50.0),
                (FilterLow, 20.0, 2_000.0),
                (FilterHigh, 2_000.0, 20_000.0),
                (VelocityCurve, -1.0, 1.0),
                (Learn, 0.0, 1.0),
            ][random.below(8) as usize];
            let value = low + (high - low) * random.below(1_001) as f32 / 1_000.0;
            let control = Control::Trigger(random.below(8) as u8, control);
            Event { at: random.below(72_000) as u32, what: What::Control { control, value } }
        })
        .collect();
    for trigger in 0..8 {
        use TriggerControl::*;
        let usual = [(Threshold, -54.0), (Sensitivity, 0.5), (Hold, 12.0), (Retrigger, 0.0), (Learn, 0.0)];
        let rest = [(FilterLow, 20.0), (FilterHigh, 20_000.0), (VelocityCurve, 0.0)];
        moves.extend(usual.into_iter().chain(rest).map(|(control, value)| {
            let control = Control::Trigger(trigger, control);
            Event { at: 74_000, what: What::Control { control, value } }
        }));
    }
    moves.sort_by_key(|e| e.at);
    let played = |sizes: &[usize]| {
        let (mut engine, mut remote) = Engine::new(RATE);
        engine.hear_drums(std::sync::Arc::default());
        assert!(remote.send(program(&text, "d", RATE, 0)).is_ok());
        hear_with(&mut engine, &input, sizes, &moves)
    };
    let wanted = played(&[512]);
    assert!(wanted.left.iter().all(|x| x.is_finite()));
    let count = |from: usize| (36..44).map(move |key| (key, from));
    let notes = |(key, from)| wanted.on.iter().filter(|(k, at, _)| *k == key && *at >= from).count();
    assert!(count(0).map(notes).all(|notes| notes <= 240), "none comes more often than its hold lets it");
    assert!(wanted.on.len() > 100, "{} notes", wanted.on.len());
    let after: Vec<_> = count(80_000).map(notes).collect();
    assert_eq!(after, [2; 8], "what was played after the storm");
    assert_eq!(wanted.on.len(), wanted.off.len(), "every note ends");
    let got = played(&[441, 17, 4096, 1]);
    let differ = (0..input.len()).find(|n| got.left[*n].to_bits() != wanted.left[*n].to_bits());
    assert_eq!(differ, None);
}
