//! What is heard when a saved edit replaces a running program: the same text changes no bit, a change is heard without a click and
//! leaves everything else as it was, held notes go on. The allocation guard is armed, also while programs are swapped.

#[path = "reload/carry.rs"]
mod carry;
#[path = "reload/host.rs"]
mod host;
#[path = "reload/memories.rs"]
mod memories;
#[path = "reload/mixer.rs"]
mod mixer;
mod support;
#[path = "reload/turned.rs"]
mod turned;

use host::*;
use seiche::engine::Event;
use seiche::language::Library;
use support::*;

const SOUNDS: &str = "
drum: {osc: {freq: [220, [80, 0.2], 40], amp: [1, 0], duration: 0.2}}
tone: {osc: {freq: 220, amp: 0.3}}
song:
  tempo:
    duration: 100
    bpm: 133
    signal:
      mix:
        kick: {sequencer: {interval: beat / 4, steps: [drum, drum]}}
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
unison: {midi_in: {voices: 5, signal: {multiply: {number: 7, signal: {envelope: {release: 0.1, gate: gate, signal: {osc: {type: saw, freq: freq * (1 + i * 0.002), amp: 0.05}}}}}}}}
stack: {multiply: {number: 40, signal: {osc: {freq: 50 * i, amp: 0.4 / i}}}}
echo:
  mix:
    dry: {osc: {id: dry, freq: 220, amp: 0.5, attack: 0.01, release: 0.05, duration: 0.1}}
    wet: {delay: {id: echo, time: 0.1, signal: {mix: {in: {reference: {ref: dry}}, fb: {expression: {exp: s * 0.6, s: {reference: {ref: echo}}}}}}}}
fm: {osc: {id: me, freq: 110, amp: 0.5, phase: $me * 3}}
hall: {reverb: {size: 0.7, decay: 1.5, signal: {sequencer: {interval: 0.11, steps: [drum, null, drum]}}}}
ramp: {osc: {freq: {automation: {interval: 0.1003, mode: ramp, steps: [220, 330, null, 440]}}, amp: {automation: {interval: 0.07, mode: overlap, overlap: 0.03, steps: [0.1, 0.3]}}}}
looper: {buffer: {length: 0.1, offset: 0.05, signal: {osc: {freq: 330, amp: 0.3}}}}
between: {osc: {amp: 0.2, freq: {automation: {interval: 0.013, mode: overlap, overlap: 0.007, steps: [{osc: {freq: 30, range: [200, 300]}}, ~, 440, {expression: {exp: 200 + 200 * t}}]}}}}
chosen: {select: {test: {osc: {type: sqr, freq: 9}}, '1': {osc: {freq: 200, amp: 0.2}}, '-1': {osc: {freq: 300, amp: 0.2}}}}
";

fn chord() -> Vec<Event> {
    [(100, 48), (900, 60), (3000, 67), (9000, 72)].map(|(at, key)| note(at, key, 0.8)).into()
}

#[test]
fn reload_of_the_same_text_changes_no_bit() {
    for sound in [
        "tone", "song", "poly", "unison", "stack", "echo", "fm", "hall", "ramp", "looper", "chosen",
        "between",
    ] {
        let mut steady = Host::new(0);
        steady.save(SOUNDS, sound);
        steady.play(80, &chord());
        let saved = edited(&[SOUNDS; 4], sound, 0, &chord());
        assert!(peak(&steady.main) > 0.01, "{sound} is silent");
        let differs = saved.main.iter().zip(&steady.main).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "{sound}");
    }
}

#[test]
fn reload_of_an_unchanged_preset_changes_no_bit() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("presets");
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    let read = || Library::read(seiche::library::read(&folder).unwrap(), &specs);
    let sounds: Vec<String> = read().sounds().map(|(name, _)| name.to_owned()).collect();
    assert!(sounds.len() > 10);
    let notes = chord();
    for sound in &sounds {
        let play = |saves: usize| {
            let mut host = Host::new(0);
            for save in 0..4 {
                if save < saves {
                    host.save_library(&read(), sound);
                }
                host.play(25, if save == 0 { &notes } else { &[] });
            }
            host.main
        };
        let (steady, saved) = (play(1), play(4));
        let differs = saved.iter().zip(&steady).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "{sound}");
    }
}

#[test]
fn reload_of_one_track_leaves_the_others_as_they_were() {
    let after = SOUNDS.replace("type: saw, freq: 110", "type: saw, freq: 165");
    let (steady, host) = (edited(&[SOUNDS; 2], "song", 4, &[]), edited(&[SOUNDS, &after], "song", 4, &[]));
    for track in [0, 2, 3] {
        assert!(peak(&host.stems[track][20 * BLOCK..]) > 0.01, "track {track} is silent");
        assert!(as_bits(&steady.stems[track]) == as_bits(&host.stems[track]), "track {track}");
    }
    let at = 20 * BLOCK;
    assert!(as_bits(&steady.stems[1][..at]) == as_bits(&host.stems[1][..at]), "before the edit");
    assert!(as_bits(&steady.stems[1][at..]) != as_bits(&host.stems[1][at..]), "the edit is not heard");
}

/// Edits of a steady sound, with the sound after each.
#[test]
fn reload_never_clicks() {
    let before = "s: {osc: {freq: 220, amp: 0.3}}";
    for after in [
        "s: {osc: {freq: 330, amp: 0.3}}",
        "s: {osc: {freq: 220, amp: 0.05}}",
        "s: {osc: {freq: 220, amp: 0.3, phase: 2}}",
        "s: {osc: {freq: 220, amp: 0.3, type: tri}}",
        "s: {filter: {cutoff: 300, signal: {osc: {freq: 220, amp: 0.3}}}}",
        "s: {mix: {a: {osc: {freq: 220, amp: 0.3}}, b: {osc: {freq: 277, amp: 0.3}}}}",
        "s: {expression: {exp: x * 0.5, x: {osc: {freq: 220, amp: 0.3}}}}",
        "s: {track: {pan: 0.5, signal: {osc: {freq: 220, amp: 0.3}}}}",
        "s: {mix: {}}",
        "s: {delay: {time: 0.2, signal: {osc: {freq: 220, amp: 0.3}}}}",
    ] {
        for (from, to) in [(before, after), (after, before)] {
            let host = edited(&[from, to], "s", 0, &[]);
            let (was, is) = (&host.main[5 * BLOCK..20 * BLOCK], &host.main[30 * BLOCK..]);
            // What both sounds do by themselves, and a fade of 10 ms between them.
            let room = largest_step(was) + largest_step(is) + (peak(was) + peak(is)) / (0.01 * RATE as f32);
            let step = largest_step(&host.main[20 * BLOCK - 2..30 * BLOCK]);
            assert!(step <= room * 1.01, "{from} -> {to}: a step of {step}, at most {room}");
        }
    }
}

#[test]
fn reload_keeps_held_notes_and_their_envelopes() {
    let notes = [note(100, 57, 1.0)];
    for (what, with) in [
        ("peak: 0.4", "peak: 0.1"),
        ("sustain: 0.5", "sustain: 0.6"),
        ("type: saw, freq: freq", "type: tri, freq: freq"),
        ("voices: 6", "voices: 5"),
        ("amp: velocity * 0.2", "amp: velocity * 0.15 + 0 * pressure"),
        (
            "signal: {filter: {cutoff: 500 + 3000 * velocity, peak: 0.4, signal:",
            "signal: {filter: {cutoff: 900, signal:",
        ),
    ] {
        let after = SOUNDS.replace(what, with);
        assert_ne!(after, SOUNDS);
        let host = edited(&[SOUNDS, &after, &after], "poly", 0, &notes);
        for block in 1..60 {
            let here = &host.main[block * BLOCK..(block + 1) * BLOCK];
            assert!(rms(here) > 0.015, "{with}: block {block} has {}", rms(here));
        }
        // No new attack: the level after the edit is that of a note that has been held on.
        let late = rms(&host.main[21 * BLOCK..25 * BLOCK]) / rms(&host.main[50 * BLOCK..]);
        assert!((0.8..1.25).contains(&late), "{with}: {late}");
    }
}

#[test]
fn reload_of_steps_keeps_the_place_in_the_pattern() {
    let before = "
a: {osc: {freq: 1000, amp: 0.5, duration: 0.02}}
b: {osc: {freq: 1500, amp: 0.25, duration: 0.02}}
s: {sequencer: {interval: 0.05, steps: [a, a, a, a]}}";
    let after = before.replace("[a, a, a, a]", "[a, b, a, b]");
    let host = edited(&[before, &after], "s", 0, &[]);
    let at = |step: usize| peak(&host.main[step * 2400..step * 2400 + 900]);
    // The edit comes at 0.213 s, in step 4.
    for step in 0..8 {
        let want = if step >= 5 && step % 2 == 1 { 0.25 } else { 0.5 };
        assert!((at(step) - want).abs() < 0.02, "step {step}: {}", at(step));
    }
}

#[test]
fn reload_moves_on_through_many_edits_without_losing_the_sound() {
    let mut random = Random(5);
    let mut host = Host::new(0);
    let text = |freq: u64, cutoff: u64, steps: u64, tracks: u64| {
        let extra: String = (0..tracks)
            .map(|t| format!("    t{t}: {{osc: {{freq: {}, amp: 0.05}}}}\n", 50 + 20 * t))
            .collect();
        let steps = vec!["drum"; steps as usize].join(", ");
        format!(
            "drum: {{osc: {{freq: 80, amp: [0.3, 0], duration: 0.1}}}}\ns:\n  mix:\n    keys: {{midi_in: {{signal: {{filter: {{cutoff: {cutoff}, signal: {{osc: {{type: saw, freq: freq, amp: 0.1}}}}}}}}}}}}\n    beat: {{sequencer: {{interval: 0.1, steps: [{steps}]}}}}\n    tone: {{osc: {{freq: {freq}, amp: 0.1}}}}\n{extra}"
        )
    };
    host.save(&text(200, 500, 3, 1), "s");
    host.play(4, &[note(0, 45, 1.0)]);
    for _ in 0..60 {
        let edit =
            text(100 + random.below(400), 300 + random.below(2000), 1 + random.below(5), random.below(4));
        host.save(&edit, "s");
        host.play(1 + random.below(6) as usize, &[]);
    }
    assert!(host.main.iter().all(|x| x.is_finite() && x.abs() < 1.5));
    for (block, here) in host.main[BLOCK..].chunks(BLOCK).enumerate() {
        assert!(rms(here) > 0.03, "a gap in block {block}");
    }
    assert!(host.engine.voices() > 0, "the held note is lost");
}

/// Loops that run in parts, in a voice and around one, and edits to them.
#[test]
fn reload_of_loops_goes_on_and_changes_how_late_they_are() {
    let before = "seiche: 1
s:
  mix:
    own: {osc: {id: me, feedback: 1, freq: 220 + 100 * $me, amp: 0.2}}
    ring: {expression: {id: ring, feedback: 9, exp: 0.3 * p + 0.1, p: {multiply: {number: 3, signal: {osc: {freq: 200 * i + 50 * $ring, amp: 0.2}}}}}}
    keys: {midi_in: {signal: {osc: {id: me, feedback: 3, freq: freq * (1 + 0.3 * $me), amp: 0.2}}}}";
    let mut steady = Host::new(0);
    steady.save(before, "s");
    steady.play(80, &chord());
    let same = edited(&[before; 4], "s", 0, &chord());
    assert!(as_bits(&same.main) == as_bits(&steady.main), "the same text");
    for (what, with) in
        [("feedback: 1,", "feedback: 40,"), ("50 * $ring", "90 * $ring"), ("3, freq", "100, freq")]
    {
        let after = before.replace(what, with);
        assert_ne!(before, after);
        let host = edited(&[before, &after, before], "s", 0, &chord());
        assert!(as_bits(&host.main) != as_bits(&steady.main), "{with} is not heard");
        assert!(host.main.iter().all(|x| x.is_finite()), "{with}");
        for (block, here) in host.main.chunks(BLOCK).enumerate() {
            assert!(rms(here) > 0.03, "{with}: a gap in block {block}");
        }
    }
}

#[test]
fn reload_may_turn_the_order_of_nodes_around() {
    let text = |first: &str, second: &str| {
        format!(
            "s:
  mix:
    {first}: {{filter: {{id: {first}, cutoff: 300, signal: {{osc: {{id: o, freq: 440, amp: 0.5}}}}}}}}
    {second}: {{filter: {{id: {second}, cutoff: 300, signal: {{expression: {{id: e{second}, exp: x, x: {{reference: {{ref: {first}}}}}}}}}}}}}
"
        )
    };
    let (before, after) = (text("f", "g"), text("g", "f"));
    let (steady, host) = (edited(&[&after, &after], "s", 2, &[]), edited(&[&before, &after], "s", 2, &[]));
    for track in 0..2 {
        let level = |host: &Host| rms(&host.stems[track][30 * BLOCK..]);
        let (wanted, found) = (level(&steady), level(&host));
        assert!((found / wanted - 1.0).abs() < 0.01, "track {track}: {found}, should be {wanted}");
    }
}

#[test]
fn reload_lets_new_nodes_begin_when_they_are_heard() {
    let before = "
tick: {osc: {freq: 1000, amp: 0.2, duration: 0.01}}
s:
  mix:
    a: {osc: {freq: 220, amp: 0.1}}
";
    let after = format!(
        "{before}    beat: {{sequencer: {{interval: 0.05, steps: [tick]}}}}
    copies: {{multiply: {{number: 3, signal: {{osc: {{freq: 100 * i, amp: 0.1}}}}}}}}
    swell: {{envelope: {{attack: 0.02, signal: {{osc: {{freq: 330, amp: 0.3}}}}}}}}
    fall: {{osc: {{freq: 440, amp: [0.5, 0], duration: 0.1}}}}
    again: {{delay: {{time: 0.05, signal: {{osc: {{freq: 300, amp: 0.2}}}}}}}}
    noise: {{osc: {{type: noise, amp: 0.1}}}}
"
    );
    let after = format!("{after}    length: {{osc: {{type: none, duration: 100}}}}\n");
    let mut host = Host::new(7);
    host.save(before, "s");
    host.play(200, &[]);
    host.save(&after, "s");
    host.play(40, &[]);
    let stem = |track: usize, from: f64, to: f64| {
        let at = |seconds: f64| (200 * BLOCK) + (seconds * RATE) as usize;
        &host.stems[track][at(from)..at(to)]
    };
    for beat in 0..6 {
        let begin = 0.05 * f64::from(beat);
        let (on, off) = (peak(stem(1, begin, begin + 0.01)), peak(stem(1, begin + 0.012, begin + 0.05)));
        assert!((0.1..0.21).contains(&on) && off < 0.001, "beat {beat}: {on} and {off}");
    }
    assert!(rms(stem(2, 0.05, 0.3)) > 0.1, "copies");
    assert!(peak(stem(3, 0.0, 0.002)) < 0.1 && peak(stem(3, 0.05, 0.3)) > 0.29, "swell");
    assert!(peak(stem(4, 0.01, 0.03)) > 0.3 && peak(stem(4, 0.11, 0.3)) < 0.001, "fall");
    assert!(peak(stem(5, 0.0, 0.049)) < 0.001 && peak(stem(5, 0.06, 0.3)) > 0.19, "again");
    assert!(rms(stem(6, 0.05, 0.3)) > 0.08, "noise");
}

#[test]
fn reload_leaves_nothing_of_the_old_for_a_sound_that_begins_anew() {
    for (old, new) in [
        ("x: {osc: {type: sin, freq: 440, amp: 0.5}}", "x: {osc: {type: sin, freq: 440, amp: 0.25}}"),
        ("x: {osc: {type: sin, freq: 440, amp: 0.5}}", "x: {osc: {type: saw, freq: 440, amp: 0.25}}"),
    ] {
        let mut host = Host::new(0);
        host.save(old, "x");
        host.play(20, &[]);
        host.save(new, "x");
        host.play(20, &[]);
        // As hosts do when they stop and start: time begins at nought, and passes the frame of the edit once more.
        host.engine.reset();
        host.main.clear();
        host.play(40, &[]);
        let loudest = host.main.iter().fold(0.0f32, |peak, x| x.abs().max(peak));
        assert!(loudest < 0.26, "{new}: {loudest}");
    }
}

#[test]
fn reload_ends_the_notes_of_what_is_taken_away() {
    use seiche::engine::What;
    for sound in [
        "{midi_out: {note: 60, signal: {osc: {freq: 200}}}}",
        "{sequencer: {interval: 9, steps: [{midi_out: {note: 60, signal: {osc: {freq: 200, duration: 8}}}}]}}",
    ] {
        let mut host = Host::new(0);
        host.save(&format!("x: {{mix: {{a: {sound}, b: {{osc: {{}}}}}}}}"), "x");
        host.play(20, &[]);
        host.save("x: {mix: {b: {osc: {}}}}", "x");
        host.play(20, &[]);
        let sent: Vec<_> = host.sent.iter().map(|e| e.what).collect();
        assert!(
            matches!(sent[..], [What::NoteOn { key: 60, .. }, What::NoteOff { key: 60, .. }]),
            "{sound}: {sent:?}"
        );
        assert_eq!(host.sent[1].at, 20 * BLOCK as u32, "{sound}: with the edit");
    }
}
