//! What goes on through edits that change more than numbers: pools of another size, nodes that are renamed, moved or wrapped.

use super::host::*;
use super::support::*;
use seiche::engine::Event;

pub const AT: usize = 20 * BLOCK;

pub fn host(texts: &[&str], tracks: usize, events: &[Event]) -> Host {
    edited(texts, "s", tracks, events)
}

/// The first frame at which two renders differ.
fn differs(a: &[f32], b: &[f32]) -> Option<usize> {
    a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits())
}

const KEYS: &str = "s: {midi_in: {voices: 4, signal: {envelope: {attack: 0.3, release: 0.1, gate: gate, signal: {delay: {time: 0.05, signal: {osc: {type: saw, freq: freq, amp: 0.1}}}}}}}}";

#[test]
fn carry_of_resized_notes_is_exact_and_they_still_hear_their_keys() {
    let chord: Vec<_> = [48, 55, 60, 64].map(|key| note(300, key, 0.8)).into();
    let steady = host(&[KEYS; 4], 0, &chord);
    for sizes in [["5", "40", "2"], ["100", "3", "4"], ["1", "2", "200"]] {
        let texts = sizes.map(|size| KEYS.replace("voices: 4", &format!("voices: {size}")));
        let mut host = host(&[KEYS, &texts[0], &texts[1], &texts[2]], 0, &chord);
        assert_eq!(differs(&steady.main, &host.main), None, "{sizes:?}");
        assert_eq!(host.engine.voices(), 4, "{sizes:?}");
        let events: Vec<_> = [48, 55, 60, 64].map(|key| release(0, key)).into();
        host.play(40, &events);
        assert_eq!(host.engine.voices(), 0, "{sizes:?}");
        let end = host.main.len();
        assert!(peak(&host.main[end - BLOCK..]) < 1e-4, "{sizes:?}: released notes sound on");
        // New notes find their place.
        host.play(4, &[note(0, 50, 1.0)]);
        assert_eq!(host.engine.voices(), 1, "{sizes:?}");
    }
}

#[test]
fn carry_of_resized_notes_goes_together_with_other_changes() {
    let after = KEYS.replace("voices: 4", "voices: 30").replace("amp: 0.1", "amp: 0.05");
    let chord: Vec<_> = [48, 55].map(|key| note(0, key, 0.8)).into();
    let (steady, host) = (host(&[KEYS; 3], 0, &chord), host(&[KEYS, &after, &after], 0, &chord));
    let level = rms(&host.main[AT + 10 * BLOCK..]) / rms(&steady.main[AT + 10 * BLOCK..]);
    assert!((level - 0.5).abs() < 0.02, "{level}");
}

#[test]
fn carry_of_a_denser_sequencer_keeps_what_it_has_begun() {
    let before = "long: {osc: {freq: 300, amp: [0.3, 0], duration: 0.9}}\ns: {sequencer: {interval: 0.2, steps: [long]}}";
    let after = before.replace("0.2, steps", "0.02, steps");
    let (steady, host) = (host(&[before; 2], 0, &[]), host(&[before, &after], 0, &[]));
    // The next step was due at 0.4 s in both.
    let due = (0.4 * RATE) as usize;
    assert!(peak(&host.main[AT..due]) > 0.2);
    assert_eq!(differs(&steady.main[..due], &host.main[..due]), None);
    let busy = rms(&host.main[due..]) / rms(&steady.main[due..2 * AT]);
    assert!(host.engine.voices() as usize > 0 && busy > 0.5, "{busy}");
}

#[test]
fn carry_lets_a_removed_step_fade() {
    let before = "a: {osc: {freq: 300, amp: 0.3, duration: 2}}\nb: {osc: {freq: 201, amp: 0.2, duration: 2}}\ns: {sequencer: {interval: 0.1, repeat: 1, steps: [a, b]}}";
    let after = before.replace("[a, b]", "[a, null]");
    let (steady, host) = (host(&[before; 2], 0, &[]), host(&[before, &after], 0, &[]));
    assert!(differs(&steady.main, &host.main) >= Some(AT));
    let room = largest_step(&steady.main) + 0.3 / (0.005 * RATE as f32);
    assert!(largest_step(&host.main[AT - 10..]) < room, "{}", largest_step(&host.main[AT - 10..]));
    let left = rms(&host.main[AT + 2 * BLOCK..]);
    assert!((left - 0.3 / 2f64.sqrt()).abs() < 0.01, "only `a` is left: {left}");
}

#[test]
fn carry_of_copies_adds_and_takes_away_only_what_changes() {
    let text = |number: u32| {
        format!("s: {{multiply: {{number: {number}, signal: {{osc: {{freq: 50 * i, amp: 0.1}}}}}}}}")
    };
    for (from, to) in [(3, 12), (12, 3), (7, 9), (9, 33)] {
        let (few, many) = (from.min(to), from.max(to));
        let host = host(&[&text(from), &text(to)], 0, &[]);
        let steady = edited(&[&text(from), &text(from)], "s", 0, &[]);
        // Whole numbers of cycles: in step with the steady ones, each copy has its own power.
        let (level, was) = (rms(&host.main[AT + 2400..AT + 2400 + 4800]), rms(&steady.main[2400..7200]));
        let want = was * (f64::from(to) / f64::from(from)).sqrt();
        assert!((level / want - 1.0).abs() < 0.02, "{from} to {to}: {level}, should be {want}");
        assert_eq!(host.engine.voices(), to, "{few} and {many}");
    }
    // In voices, where every note has copies of its own.
    let text = |number: u32| {
        format!(
            "s: {{midi_in: {{voices: 3, signal: {{multiply: {{number: {number}, signal: {{osc: {{freq: freq * i, amp: 0.1}}}}}}}}}}}}"
        )
    };
    let host = host(&[&text(2), &text(3), &text(5), &text(1)], 0, &[note(0, 40, 1.0), note(10, 47, 1.0)]);
    assert_eq!(host.engine.voices(), 4, "two notes with a copy each");
    let level = rms(&host.main[3 * AT + BLOCK..]);
    assert!((level - 0.1).abs() < 0.01, "{level}");
}

#[test]
fn carry_starts_new_paths_when_they_are_heard() {
    let before =
        "s: {select: {test: {osc: {type: sqr, freq: 1, range: [1, 2]}}, '2': {osc: {freq: 200, amp: 0.2}}}}";
    let after =
        before.replace("'2':", "'1': {envelope: {attack: 0.1, signal: {osc: {freq: 300, amp: 0.5}}}}, '2':");
    let mut host = host(&[before, &after], 0, &[]);
    let steady = edited(&[before; 2], "s", 0, &[]);
    host.play(30, &[]);
    let half = (0.5 * RATE) as usize;
    assert_eq!(differs(&steady.main[..half.min(2 * AT)], &host.main), None, "the path that is heard");
    let (first, later) = (peak(&host.main[half..half + 240]), peak(&host.main[half + 5000..]));
    assert!(first < 0.15 && later > 0.45, "{first} and {later}");
}

const TRACKS: &str = "
drum: {osc: {freq: [220, [80, 0.2], 40], amp: [1, 0], duration: 0.2}}
s:
  mix:
    kick: {sequencer: {interval: 0.11, steps: [drum, null, drum]}}
    echo: {delay: {time: 0.2, signal: {sequencer: {interval: 0.13, steps: [drum]}}}}
    pad: {filter: {cutoff: {osc: {freq: 0.3, range: [300, 3000]}}, signal: {osc: {type: saw, freq: 110.3, amp: 0.2}}}}
    noise: {osc: {type: noise, amp: 0.1}}
";

#[test]
fn carry_follows_renamed_and_reordered_tracks_and_sounds() {
    let steady = host(&[TRACKS; 2], 4, &[]);
    for (what, after) in [
        ("a sound", TRACKS.replace("drum", "boom")),
        ("a track", TRACKS.replace("    kick:", "    bass:")),
        (
            "all tracks",
            TRACKS
                .replace("    kick:", "    a:")
                .replace("    echo:", "    b:")
                .replace("    pad:", "    c:")
                .replace("    noise:", "    d:"),
        ),
    ] {
        assert_ne!(after, TRACKS);
        let host = host(&[TRACKS, &after], 4, &[]);
        assert_eq!(differs(&steady.main, &host.main), None, "{what} is renamed");
    }
    let lines: Vec<&str> = TRACKS.lines().collect();
    let order = [0, 1, 2, 3, 7, 4, 6, 5].map(|n| lines[n]).join("\n");
    let turned = host(&[TRACKS, &order], 4, &[]);
    for (from, to) in [(0, 1), (1, 3), (2, 2), (3, 0)] {
        let (was, is) = (&steady.stems[from][AT..], &turned.stems[to][AT..]);
        assert!(peak(is) > 0.05 && differs(was, is).is_none(), "track {from}");
    }
    // Renamed and changed at once.
    let both = TRACKS.replace("    pad:", "    lead:").replace("110.3", "220.6");
    let host = host(&[TRACKS, &both], 4, &[]);
    assert_eq!(differs(&steady.stems[1], &host.stems[1]), None);
    let step = largest_step(&host.stems[2][AT - 10..AT + 600]);
    assert!(step < 2.0 * largest_step(&host.stems[2][AT + 600..]) + 0.001, "{step}");
}

#[test]
fn carry_follows_nodes_that_are_wrapped_and_unwrapped() {
    let plain = "s: {osc: {freq: 220.3, amp: 0.3}}";
    let wrapped = "s: {expression: {exp: x * 1, x: {osc: {freq: 220.3, amp: 0.3}}}}";
    let steady = host(&[plain; 2], 0, &[]);
    for texts in [[plain, wrapped], [wrapped, plain]] {
        let host = host(&texts, 0, &[]);
        let furthest = host.main.iter().zip(&steady.main).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest < 1e-6, "{texts:?}: off by {furthest}");
        assert_eq!(differs(&host.main[AT + BLOCK..], &steady.main[AT + BLOCK..]), None, "{texts:?}");
    }
    // An effect between a sequencer and the output: the pattern goes on where it was.
    let drum = "drum: {osc: {freq: 200, amp: [1, 0], duration: 0.05}}\ns: ";
    let plain = format!("{drum}{{sequencer: {{interval: 0.1, steps: [drum, null, null]}}}}");
    let effect = format!(
        "{drum}{{filter: {{cutoff: 9000, signal: {{sequencer: {{interval: 0.1, steps: [drum, null, null]}}}}}}}}"
    );
    let host = host(&[&plain, &effect, &plain], 0, &[]);
    for step in 0..6 {
        let level = peak(&host.main[step * 4800..][..2000]);
        assert!(if step % 3 == 0 { level > 0.3 } else { level < 0.01 }, "step {step}: {level}");
    }
}

#[test]
fn carry_of_steps_in_a_list_follows_the_sound() {
    let before = "s: {mix: {all: {mix: {a: {osc: {freq: 200, amp: 0.2}}, b: {osc: {freq: 331, amp: 0.2}}}}}}";
    let after = "s: {mix: {all: {mix: {b: {osc: {freq: 331, amp: 0.2}}, a: {osc: {freq: 200, amp: 0.2}}}}}}";
    let (steady, host) = (host(&[before; 2], 0, &[]), host(&[before, after], 0, &[]));
    let furthest = host.main.iter().zip(&steady.main).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(furthest < 1e-6, "off by {furthest}");
}

/// The level in the middle of a fade, in decibels against what is steady.
fn dip(from: &str, to: &str) -> f64 {
    let (mut middle, mut steady) = (vec![], vec![]);
    for trial in 0..40 {
        let mut host = Host::new(0);
        // (Other ids, other noise.)
        host.save(&from.replace("TRIAL", &trial.to_string()), "s");
        host.play(1 + trial, &[]);
        let at = host.main.len();
        host.save(&to.replace("TRIAL", &trial.to_string()), "s");
        host.play(4, &[]);
        middle.extend_from_slice(&host.main[at + 140..at + 340]);
        steady.extend_from_slice(&host.main[at - BLOCK..at]);
    }
    20.0 * (rms(&middle) / rms(&steady)).log10()
}

#[test]
fn carry_fades_keep_the_level() {
    let noise = "s: {osc: {id: aTRIAL, type: noise, amp: 0.3}}";
    let other = "s: {multiply: {number: 1, signal: {osc: {id: bTRIAL, type: noise, amp: 0.3}}}}";
    for (from, to) in [(noise, other), (other, noise)] {
        let level = dip(from, to);
        assert!(level.abs() < 0.5, "{from} to {to}: {level} dB");
    }
    let tracks = |signal: &str| {
        format!("s: {{mix: {{all: {{mix: {{a: {}, b: {{osc: {{amp: 0}}}}}}}}}}}}", &signal[3..])
    };
    let level = dip(&tracks(noise), &tracks(other));
    assert!(level.abs() < 0.5, "inside a mix: {level} dB");
    // What is the same stays as it is.
    let filtered = "s: {filter: {cutoff: 20000, signal: {osc: {freq: 300, amp: 0.3}}}}";
    let level = dip("s: {osc: {freq: 300, amp: 0.3}}", filtered);
    assert!(level.abs() < 0.1, "{level} dB");
    // What moves something is no sound: it goes straight.
    let moved = |signal: &str| format!("s: {{osc: {{freq: 300, amp: {signal}}}}}");
    let host = edited(&[&moved("0.3"), &moved("{automation: {interval: 1, steps: [0.3]}}")], "s", 0, &[]);
    assert!(peak(&host.main) < 0.3001, "{}", peak(&host.main));
}

/// A click at 0 s, heard once more after the delay that the text says by then.
#[test]
fn carry_of_delays_keeps_what_they_remember() {
    let text = |time: f64, more: &str| {
        format!(
            "s: {{mix: {{wet: {{delay: {{time: {time}{more}, signal: {{osc: {{freq: 400, amp: 0.5, attack: 0.002, release: 0.002, duration: 0.02}}}}}}}}, on: {{osc: {{type: none, duration: 100}}}}}}}}"
        )
    };
    let at = |host: &Host, seconds: f64| peak(&host.main[(seconds * RATE) as usize..][..960]);
    // The edit comes at 0.213 s.
    for (from, to) in [(0.3, 0.5), (0.5, 0.3), (0.3, 0.301), (0.25, 0.4)] {
        let mut host = host(&[&text(from, ""), &text(to, "")], 0, &[]);
        host.play(20, &[]);
        assert!(at(&host, to) > 0.4, "{from} to {to}: {}", at(&host, to));
        assert!((to - from).abs() < 0.1 || at(&host, from) < 0.01, "{from} to {to}: heard twice");
    }
    // Several edits, one after the other, and tape.
    for mode in ["", ", mode: tape, max_time: 2"] {
        let texts = [0.9, 0.5, 0.7, 0.8].map(|time| text(time, mode));
        let mut host = Host::new(0);
        for text in &texts {
            host.save(text, "s");
            host.play(10, &[]);
        }
        host.play(60, &[]);
        let heard = host.main.iter().rposition(|x| x.abs() > 0.1).unwrap_or(0) as f64 / RATE;
        assert!((0.5..1.0).contains(&heard), "{mode}: last heard at {heard} s");
    }
    // A shorter memory of a moving delay: what is heard does not jump.
    let text = |most: &str| {
        format!(
            "s: {{delay: {{time: {{osc: {{freq: 0.5, range: [0.1, 0.2]}}}}, max_time: {most}, signal: {{osc: {{freq: 200, amp: 0.3}}}}}}}}"
        )
    };
    let (steady, host) = (host(&[&text("3"), &text("3")], 0, &[]), host(&[&text("3"), &text("0.3")], 0, &[]));
    let furthest = host.main.iter().zip(&steady.main).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(furthest < 0.01, "off by {furthest}");
}

#[test]
fn carry_lets_what_sounds_into_new_memories_without_a_click() {
    let plain = "s: {osc: {freq: 200, amp: 0.3}}";
    for effect in
        ["delay: {time: 0.05,", "buffer: {length: 0.5, offset: 0.05,", "delay: {mode: tape, time: 0.05,"]
    {
        let wrapped = format!("s: {{{effect} signal: {{osc: {{freq: 200, amp: 0.3}}}}}}}}");
        let mut host = host(&[plain, &wrapped], 0, &[]);
        host.play(10, &[]);
        let step = largest_step(&host.main[AT - 10..]);
        assert!(step < 0.012, "{effect} a step of {step}");
        assert!(peak(&host.main[AT + 4000..]) > 0.29, "{effect}");
    }
}

#[test]
fn carry_of_a_pitch_goes_on_measuring() {
    let text = |low: u32| {
        format!(
            "s: {{osc: {{amp: 0.3, freq: {{pitch: {{min_freq: {low}, signal: {{osc: {{freq: 220}}}}}}}}}}}}"
        )
    };
    for (from, to) in [(80, 50), (50, 80), (80, 81)] {
        let host = host(&[&text(from), &text(to)], 0, &[]);
        let crossings = |from: usize, to: usize| {
            host.main[from..to].windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count()
        };
        // 0.1 s each: before the edit, right behind it, and later.
        for at in [AT - 4800, AT, AT + 4800] {
            let heard = crossings(at, at + 4800);
            assert!((21..=23).contains(&heard), "{from} to {to}: {heard} cycles from frame {at}");
        }
    }
}

#[test]
fn carry_of_notes_goes_on_where_everything_else_has_changed() {
    let before = "s: {mix: {lead: {midi_in: {signal: {osc: {freq: freq, amp: 0.2}}}}, beat: {osc: {freq: 80, amp: 0.1}}}}";
    let after = "s: {mix: {new: {delay: {time: 0.01, signal: {filter: {cutoff: 3000, signal: {midi_in: {voices: 30, signal: {envelope: {gate: gate, signal: {osc: {type: tri, freq: freq, amp: 0.2}}}}}}}}}}, low: {osc: {freq: 50, amp: 0.1}}}}";
    let mut host = host(&[before, after], 0, &[note(0, 60, 1.0)]);
    assert_eq!(host.engine.voices(), 1);
    host.play(60, &[release(0, 60)]);
    assert_eq!(host.engine.voices(), 0);
}

#[test]
fn carry_of_a_choice_follows_its_keys() {
    let low = "{osc: {id: low, freq: 200, amp: 0.3}}";
    let high = "{filter: {cutoff: 5000, signal: {osc: {id: high, freq: 500, amp: 0.3}}}}";
    let chosen = |test: &str, one: (&str, &str), two: (&str, &str)| {
        format!("s: {{select: {{test: {test}, '{}': {}, '{}': {}}}}}", one.0, one.1, two.0, two.1)
    };
    for test in ["1", "{osc: {type: sqr, freq: 9}}"] {
        let before = chosen(test, ("1", low), ("-1", high));
        let steady = host(&[&before, &before], 0, &[]);
        // The same, written in another order.
        let turned = host(&[&before, &chosen(test, ("-1", high), ("1", low))], 0, &[]);
        assert_eq!(differs(&steady.main, &turned.main), None, "{test}");
        // The keys of both exchanged, written in either order.
        for after in [chosen(test, ("-1", low), ("1", high)), chosen(test, ("1", high), ("-1", low))] {
            let mut edited = host(&[&before, &after], 0, &[]);
            edited.play(20, &[]);
            // What the choice itself jumps by is no click of the edit.
            let jump = if test == "1" { 0.0 } else { largest_step(&steady.main) };
            let step = largest_step(&edited.main[AT - 100..]);
            assert!(step < jump.max(0.045), "{after}: a step of {step}");
            let crossings = |host: &Host, from: usize| {
                host.main[from..from + 2400].windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count()
            };
            if test == "1" {
                assert!((9..=11).contains(&crossings(&edited, AT - 2400)), "{after}");
                assert!((24..=26).contains(&crossings(&edited, AT + 2400)), "{after}");
            }
        }
    }
}

/// The step that sounds goes on when it changes places with another, and the pattern goes on with the new order.
#[test]
fn carry_of_exchanged_steps_and_tracks_goes_on() {
    let (a, b) = (
        "{osc: {freq: 200, amp: 0.3, release: 0.01, duration: 0.3}}",
        "{osc: {freq: 500, amp: 0.3, release: 0.01, duration: 0.3}}",
    );
    let steps = |one: &str, two: &str| format!("s: {{sequencer: {{interval: 0.3, steps: [{one}, {two}]}}}}");
    let steady = host(&[&steps(a, b), &steps(a, b)], 0, &[]);
    let mut edited = host(&[&steps(a, b), &steps(b, a)], 0, &[]);
    // The step that sounds until 0.3 s is the same to the bit.
    let end = (0.29 * RATE) as usize;
    assert_eq!(differs(&steady.main[..end], &edited.main[..end]), None);
    edited.play(20, &[]);
    let from = (0.32 * RATE) as usize;
    let crossings = edited.main[from..from + 2400].windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
    assert!((9..=11).contains(&crossings), "the second step is the low one now: {crossings}");
    let tracks = |one: &str, two: &str| {
        format!(
            "s: {{mix: {{one: {{osc: {{id: {one}, amp: 0.1, freq: {}}}}}, two: {{osc: {{id: {two}, amp: 0.1, freq: {}}}}}}}}}",
            if one == "x" { 200 } else { 500 },
            if two == "x" { 200 } else { 500 }
        )
    };
    let steady = host(&[&tracks("x", "y"), &tracks("x", "y")], 2, &[]);
    let edited = host(&[&tracks("x", "y"), &tracks("y", "x")], 2, &[]);
    let late = AT + 1000;
    assert!(
        as_bits(&steady.stems[0][late..]) == as_bits(&edited.stems[1][late..]),
        "x goes on in the other track"
    );
    assert!(
        as_bits(&steady.stems[1][late..]) == as_bits(&edited.stems[0][late..]),
        "y goes on in the other track"
    );
    assert!(edited.stems.iter().all(|stem| largest_step(&stem[AT - 100..]) < 0.02));
}
