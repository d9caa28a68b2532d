//! Notes and what hands do to them: expressions, MPE, pedals, one note at a time, glides, voices that give way, keys that cut each other.
//! Most sounds here put a variable of their note out as it is, so that it can be read off. The allocation guard is armed.

#[path = "reload/host.rs"]
mod host;
mod support;

use host::Host;
use seiche::bounce::Job;
use seiche::engine::{ANY, Control, Event, Expression, Mpe, Performance, What, Zone};
use support::*;

/// What a sound of `midi_in` puts out, left.
fn play(manner: &str, signal: &str, events: &[Event], frames: usize) -> Vec<f32> {
    let text = format!("p: {{midi_in: {{{manner}signal: {signal}}}}}");
    let r = render(&text, "p", &Job { frames, events, ..Job::default() });
    assert_eq!(r.faults, 0);
    r.main[0].clone()
}

/// The value of an expression in a voice, or the sum of those of several.
fn read(manner: &str, exp: &str, events: &[Event], frames: usize) -> Vec<f32> {
    play(manner, &format!("{{expression: {{exp: {exp}}}}}"), events, frames)
}

fn on(at: u32, channel: u8, key: u8) -> Event {
    Event { at, what: What::NoteOn { channel, key, note: -1, velocity: 0.5 } }
}

fn off(at: u32, channel: u8, key: u8) -> Event {
    Event { at, what: What::NoteOff { channel, key, note: -1, velocity: 0.25 } }
}

fn cc(at: u32, channel: u8, number: u8, seven: u8) -> Event {
    Event { at, what: What::Controller { channel, number, value: f32::from(seven) / 127.0 } }
}

fn bend(at: u32, channel: u8, value: f32) -> Event {
    Event { at, what: What::Bend { channel, value } }
}

fn press(at: u32, channel: u8, value: f32) -> Event {
    Event { at, what: What::Pressure { channel, value } }
}

fn express(at: u32, key: i16, kind: Expression, value: f32) -> Event {
    Event { at, what: What::Expression { channel: 0, key, note: -1, kind, value } }
}

/// A registered parameter.
fn register(at: u32, channel: u8, parameter: u8, data: u8) -> [Event; 3] {
    [cc(at, channel, 101, 0), cc(at, channel, 100, parameter), cc(at, channel, 6, data)]
}

fn mpe(members: u8) -> Event {
    let lower = Zone { members, ..Zone::default() };
    Event { at: 0, what: What::Perform(Performance { mpe: Mpe::On, lower, ..Performance::default() }) }
}

fn hertz(key: f64) -> f32 {
    (440.0 * ((key - 69.0) / 12.0).exp2()) as f32
}

/// Whether two numbers are the same but for rounding.
fn near(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-5 * b.abs().max(1e-3)
}

/// Voices that give way fade so long.
const FADE: usize = 241;
/// What a hand has moved is there after so long.
const GLIDE: usize = 480;

#[test]
fn notes_expressions_reach_voices_at_their_frames_without_steps() {
    let at = 1_003;
    for (exp, kind, told, before, after) in [
        ("pressure", Expression::Pressure, 0.75, 0.0, 0.75),
        ("brightness", Expression::Brightness, 0.5, 0.0, 0.5),
        ("gain", Expression::Gain, 2.0, 1.0, 2.0),
        ("pan", Expression::Pan, 0.25, 0.0, -0.5),
        ("vibrato", Expression::Vibrato, 1.0, 0.0, 1.0),
        ("freq", Expression::Tuning, 12.0, hertz(57.0), hertz(69.0)),
    ] {
        let events = [on(10, 0, 57), express(at, 57, kind, told), express(3_000, 58, kind, 0.1)];
        let out = read("", exp, &events, 4_000);
        assert!(out[10..at as usize].iter().all(|x| *x == before), "{exp} begins at {before}");
        assert!(out[at as usize] != before, "{exp} moves at its frame");
        let most = out.windows(2).skip(10).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(most < (after - before).abs() / 200.0, "{exp} has a step of {most}");
        assert!(out[at as usize + GLIDE..].iter().all(|x| near(*x, after)), "{exp} comes to {after}");
    }
}

#[test]
fn notes_begin_where_the_hand_already_is() {
    // The wheel, the pressure and the slide were moved before, in the same block as the note or long ago.
    for early in [0, 2_000] {
        let events = [bend(early, 0, 0.5), press(early, 0, 0.25), cc(early, 0, 74, 127), on(2_003, 0, 60)];
        for (exp, value) in [("bend", 0.5), ("pressure", 0.25), ("brightness", 1.0), ("freq", hertz(61.0))] {
            let out = read("", exp, &events, 2_100);
            assert!(out[2_003..].iter().all(|x| near(*x, value)), "{exp} is {}", out[2_003]);
        }
    }
}

#[test]
fn notes_pressure_of_key_and_channel_is_the_stronger_of_both() {
    let events = [
        on(0, 0, 60),
        press(100, 0, 0.5),
        express(1_000, 60, Expression::Pressure, 0.25),
        press(2_000, 0, 0.0),
    ];
    let out = read("", "pressure", &events, 3_000);
    assert_eq!([out[900], out[1_900], out[2_900]], [0.5, 0.5, 0.25]);
}

#[test]
fn notes_bend_range_is_what_the_text_the_keyboard_or_the_setting_says() {
    let setting = |bend_range| Event {
        at: 0,
        what: What::Perform(Performance { bend_range, ..Performance::default() }),
    };
    let bent = |manner: &str, before: &[Event]| {
        let events = [before, &[on(10, 0, 60), bend(20, 0, 1.0)]].concat();
        read(manner, "12 * log2(freq / 261.6255653)", &events, 2_000)[1_999]
    };
    let semitones = |x: f32, wanted: f32| assert!((x - wanted).abs() < 1e-3, "{x} for {wanted}");
    semitones(bent("", &[]), 2.0);
    semitones(bent("", &[setting(7)]), 7.0);
    semitones(bent("bend_range: 12, ", &[setting(7)]), 12.0);
    semitones(bent("bend_range: 12, ", &register(0, 0, 0, 24)), 24.0);
}

#[test]
fn mpe_bends_every_note_for_itself_and_all_with_the_master() {
    let exp = "12 * log2(freq / 261.6255653)";
    let events = [
        mpe(15),
        on(10, 1, 60),
        bend(1_000, 1, 0.25),
        bend(2_000, 2, 1.0),
        bend(3_000, 0, 1.0),
        press(4_000, 1, 0.5),
    ];
    let out = read("", exp, &events, 5_000);
    for (frame, semitones) in [(900, 0.0), (1_900, 12.0), (2_900, 12.0), (4_900, 14.0)] {
        assert!((out[frame] - semitones).abs() < 1e-3, "{} at {frame}", out[frame]);
    }
    let out = read("", "pressure", &events, 5_000);
    assert_eq!((out[3_900], out[4_900]), (0.0, 0.5));
    // The slide is controller 74 of the note's channel.
    let out =
        read("", "brightness", &[mpe(15), on(10, 3, 60), cc(100, 3, 74, 127), cc(900, 4, 74, 0)], 2_000);
    assert_eq!((out[99], out[1_999]), (0.0, 1.0));
}

#[test]
fn mpe_notes_of_a_zone_count_for_its_master_channel() {
    let sounds = |events: &[Event], manner: &str| peak(&read(manner, "velocity", events, 200)) > 0.0;
    assert!(sounds(&[mpe(4), on(10, 3, 60)], ""), "channel 0 hears the lower zone");
    assert!(!sounds(&[mpe(4), on(10, 7, 60)], ""), "but nothing beside it");
    assert!(!sounds(&[on(10, 3, 60)], ""), "ordinary channels are their own");
    let begins = [&register(0, 0, 6, 7)[..], &[on(10, 3, 60)]].concat();
    assert!(sounds(&begins, ""), "a keyboard may say that it plays in a zone");
    let upper = [&register(0, 15, 6, 7)[..], &[on(10, 12, 60)]].concat();
    assert!(!sounds(&upper, "") && sounds(&upper, "channel: 15, "));
}

#[test]
fn mpe_a_released_note_hears_no_more_of_its_channel() {
    let signal = "{expression: {exp: freq + 0 * gate}}";
    let events = [mpe(15), on(0, 1, 60), off(100, 1, 60), bend(200, 1, 1.0)];
    let out = play("", signal, &events, 2_000);
    assert!(out[..2_000].iter().all(|x| near(*x, hertz(60.0))), "the next note's bend is not its own");
    // On an ordinary channel the wheel bends what rings, too.
    let out = play("", signal, &[on(0, 0, 60), off(100, 0, 60), bend(200, 0, 1.0)], 2_000);
    assert!(near(out[1_999], hertz(62.0)));
}

/// 1 while the gate is open, one half after that.
const HELD: &str = "0.5 + 0.5 * gate";

#[test]
fn notes_are_held_by_the_sustain_pedal() {
    let events = [
        on(0, 0, 60),
        cc(100, 0, 64, 64),
        off(200, 0, 60),
        cc(300, 0, 64, 65),
        cc(400, 0, 64, 63),
        cc(500, 0, 64, 127),
    ];
    let out = read("", HELD, &events, 600);
    assert!(out[..400].iter().all(|x| *x == 1.0) && out[400..].iter().all(|x| *x == 0.5));
    // Another channel's pedal is none of its business; and half a pedal is none.
    let out = read("", HELD, &[on(0, 0, 60), cc(9, 1, 64, 127), cc(9, 0, 64, 63), off(50, 0, 60)], 100);
    assert!(out[49] == 1.0 && out[50] == 0.5);
    let out = read(
        "",
        "release_velocity + 0 * gate",
        &[on(0, 0, 60), cc(9, 0, 64, 127), off(50, 0, 60), cc(70, 0, 64, 0)],
        100,
    );
    assert!(out[69] == 0.0 && out[70] == 0.25, "how the key came up is known when the note is released");
}

#[test]
fn notes_sostenuto_holds_only_what_was_down() {
    let events = [
        on(0, 0, 60),
        cc(100, 0, 66, 127),
        on(200, 0, 64),
        off(300, 0, 60),
        off(300, 0, 64),
        cc(500, 0, 66, 0),
    ];
    let out = read("", "(0.5 + 0.5 * gate) * (1 + 9 * (note == 64))", &events, 600);
    assert_eq!([out[299], out[300], out[499], out[500]], [11.0, 6.0, 6.0, 5.5]);
}

#[test]
fn notes_end_with_all_notes_off_and_at_once_with_all_sound_off() {
    let two = [on(0, 0, 60), on(0, 1, 64)];
    let play = |events: &[Event]| read("channel: -1, ", HELD, &[&two[..], events].concat(), 1_000);
    let out = play(&[cc(100, 0, 123, 0)]);
    assert_eq!([out[99], out[100]], [2.0, 1.5], "one channel's");
    let out = play(&[cc(50, 0, 64, 127), cc(100, 0, 123, 0), cc(500, 0, 64, 0)]);
    assert_eq!([out[499], out[500]], [2.0, 1.5], "the pedal still holds them");
    let out = play(&[cc(50, 0, 64, 127), cc(100, 0, 120, 0)]);
    assert_eq!([out[99], out[100 + FADE]], [2.0, 1.0]);
    assert!(out[110] < 2.0 && out[110] > 1.8, "with a short fade");
    let all = Event { at: 100, what: What::Choke { channel: ANY, key: ANY, note: -1 } };
    assert_eq!(play(&[all])[100 + FADE], 0.0);
}

#[test]
fn notes_reset_controllers_lets_go_of_wheel_pressure_and_pedals() {
    let events = [
        on(0, 0, 60),
        bend(1, 0, 1.0),
        press(1, 0, 1.0),
        cc(1, 0, 64, 127),
        off(2, 0, 60),
        cc(1_000, 0, 121, 0),
    ];
    for (exp, before, after) in [("bend", 1.0, 0.0), ("pressure", 1.0, 0.0), (HELD, 1.0, 0.5)] {
        let out = read("", &format!("{exp} + 0 * gate"), &events, 2_000);
        assert_eq!((out[999], out[1_999]), (before, after), "{exp}");
    }
    // Controllers as signals, too: the expression pedal goes up, the wheel down.
    for (number, after) in [(11, 1.0), (1, 0.0), (7, 64.0 / 127.0)] {
        let text = format!("c: {{midi_cc: {{cc: {number}}}}}");
        let events = [cc(0, 0, number, 64), cc(1_000, 0, 121, 0)];
        let r = render(&text, "c", &Job { frames: 2_000, events: &events, ..Job::default() });
        assert_eq!(r.main[0][1_999], after, "controller {number}");
    }
}

#[test]
fn mono_plays_the_key_that_its_priority_says_and_comes_back_to_keys_that_are_down() {
    let events = [
        on(0, 0, 60),
        on(1_000, 0, 67),
        on(2_000, 0, 64),
        off(3_000, 0, 64),
        off(4_000, 0, 67),
        off(5_000, 0, 60),
    ];
    for mode in ["mono", "legato"] {
        for (priority, keys) in
            [("last", [60, 67, 64, 67, 60]), ("low", [60; 5]), ("high", [60, 67, 67, 67, 60])]
        {
            let manner = format!("mode: {mode}, priority: {priority}, ");
            let out = read(&manner, "note", &events, 6_000);
            let heard = [999, 1_999, 2_999, 3_999, 4_999].map(|frame| out[frame] as i32);
            assert_eq!((heard, out[5_000 + FADE]), (keys, 0.0), "{mode} {priority}");
        }
    }
}

#[test]
fn mono_begins_every_note_anew_and_legato_only_the_first() {
    let events = [on(0, 0, 60), on(1_000, 0, 67), off(2_000, 0, 67), off(3_000, 0, 60), on(4_000, 0, 60)];
    let age = |mode: &str, exp: &str| read(&format!("mode: {mode}, "), exp, &events, 5_000);
    let out = age("mono", "age");
    let whole = |x: f32| (x * 48_000.0).round() as i32;
    assert_eq!([999, 1_999, 2_999, 4_999].map(|frame| whole(out[frame])), [999; 4]);
    let out = age("legato", "age");
    assert_eq!([999, 1_999, 2_999, 4_999].map(|frame| whole(out[frame])), [999, 1_999, 2_999, 999]);
    // An envelope with a gate begins again, or goes on.
    let signal = "{envelope: {attack: 0.5, release: 0.01, gate: gate, signal: {expression: {exp: 1}}}}";
    let attack = |mode: &str| play(&format!("mode: {mode}, "), signal, &events, 2_000)[1_990];
    assert!(attack("legato") > 1.5 * attack("mono"));
}

#[test]
fn mono_keeps_its_note_while_the_pedal_is_down() {
    let events = [on(0, 0, 60), on(500, 0, 67), cc(900, 0, 64, 127), off(1_000, 0, 67), cc(2_000, 0, 64, 0)];
    for mode in ["mono", "legato"] {
        let out = read(&format!("mode: {mode}, "), "note", &events, 3_000);
        assert_eq!([out[1_999], out[2_000 + FADE]], [67.0, 60.0], "{mode}");
    }
}

#[test]
fn mono_glides_in_semitones_and_in_constant_time() {
    let semitones = "12 * log2(freq / 440) + 69";
    for mode in ["poly", "mono", "legato"] {
        for key in [72, 84] {
            // (Of several notes only the last one is looked at.)
            let exp = format!("({semitones}) * (note == {key})");
            let events = [on(0, 0, 60), on(1_000, 0, key)];
            let out = read(&format!("mode: {mode}, portamento: 0.1, "), &exp, &events, 8_000);
            for (frame, share) in [(1_010, 11.0 / 4_800.0), (2_199, 0.25), (3_399, 0.5), (5_800, 1.0)] {
                let wanted = 60.0 + (f32::from(key) - 60.0) * share;
                let tail = if mode == "mono" && frame < 1_000 + FADE { 0.0 } else { out[frame] - wanted };
                assert!(tail.abs() < 2e-3, "{mode} to {key}: {} at {frame}, not {wanted}", out[frame]);
            }
        }
    }
    // On the way, the next note begins where the pitch is.
    for mode in ["mono", "legato"] {
        let events = [on(0, 0, 60), on(1_000, 0, 72), on(3_400, 0, 48)];
        let exp = format!("({semitones}) * (note == 48)");
        let out = read(&format!("mode: {mode}, portamento: 0.1, "), &exp, &events, 9_000);
        assert!((out[3_400] - 66.0).abs() < 0.02, "{mode}: {}", out[3_400]);
        assert!((out[5_799] - 57.0).abs() < 0.02 && (out[8_300] - 48.0).abs() < 2e-3, "{mode}");
    }
}

#[test]
fn mono_portamento_can_be_for_legato_only() {
    let glides = |events: &[Event]| {
        let manner = "mode: mono, portamento: 0.1, portamento_mode: legato, ";
        let out = read(manner, "freq", events, 4_000);
        !near(out[1_600], hertz(72.0))
    };
    assert!(glides(&[on(0, 0, 60), on(1_000, 0, 72)]));
    assert!(!glides(&[on(0, 0, 60), off(900, 0, 60), on(1_000, 0, 72)]));
}

#[test]
fn mono_portamento_follows_what_turns_it() {
    let text = "p: {midi_in: {mode: mono, portamento: {midi_cc: {cc: 5, initial: 0}}, signal: {expression: {exp: freq}}}}";
    let play = |events: &[Event]| {
        render(text, "p", &Job { frames: 4_000, events, ..Job::default() }).main[0].clone()
    };
    let notes = [on(1_000, 0, 60), on(2_000, 0, 72)];
    assert!(near(play(&notes)[2_300], hertz(72.0)));
    assert!(!near(play(&[&[cc(0, 0, 5, 127)], &notes[..]].concat())[2_300], hertz(72.0)));
}

#[test]
fn notes_that_are_released_give_way_first_then_the_oldest() {
    let out = read(
        "voices: 2, ",
        "note + 0 * gate",
        &[on(0, 0, 10), on(100, 0, 20), off(200, 0, 20), on(300, 0, 40), on(1_000, 0, 80)],
        2_000,
    );
    assert_eq!((out[300 + FADE], out[1_000 + FADE]), (50.0, 120.0));
    assert!(out[310] > 60.0 && out[310] < 70.0, "with a fade: {}", out[310]);
}

#[test]
fn notes_that_are_quietest_give_way_where_that_is_asked_for() {
    let quiet = |at, key, velocity| Event { at, what: What::NoteOn { channel: 0, key, note: -1, velocity } };
    let events = [quiet(0, 1, 1.0), quiet(0, 2, 0.25), quiet(0, 4, 0.5), quiet(1_000, 8, 1.0)];
    let left = |steal: &str| {
        // An alternating sign carries the level, its mean the key.
        let manner = format!("voices: 3, steal: {steal}, ");
        let out = read(&manner, "velocity * note", &events, 2_000);
        out[1_999]
    };
    assert_eq!(left("oldest"), 0.5 + 2.0 + 8.0);
    assert_eq!(left("quietest"), 1.0 + 2.0 + 8.0);
}

#[test]
fn notes_of_the_same_key_ring_on_or_are_replaced() {
    let events = [on(0, 0, 60), on(1_000, 0, 60), on(1_000, 0, 64)];
    let sum = |manner: &str| read(manner, "velocity", &events, 2_000)[1_999];
    assert_eq!((sum(""), sum("same_key: replace, ")), (1.5, 1.0));
}

#[test]
fn notes_that_are_not_among_the_keys_are_not_played() {
    let played = |keys: &str| -> Vec<u8> {
        let heard =
            |key: &u8| peak(&read(&format!("keys: {keys}, "), "velocity", &[on(0, 0, *key)], 64)) > 0.0;
        (30..50).filter(heard).collect()
    };
    assert_eq!(played("36"), [36]);
    assert_eq!(played("c2"), [36]);
    assert_eq!(played("'36, f#2-g2'"), [36, 42, 43]);
}

const KIT: &str = "
kit:
  mix:
    open: {midi_in: {keys: 46, name: Open Hat, choke: hats, signal: {expression: {exp: 1, duration: 10}}}}
    closed: {midi_in: {keys: 42, name: Closed Hat, choke: hats, signal: {expression: {exp: 10, duration: 10}}}}
    other: {midi_in: {notes: {36: Kick, 44: {name: Pedal Hat, choke: hats}}, keys: 36-44, signal: {expression: {exp: 100 * (note == 36) + 1000 * (note == 44), duration: 10}}}}
";

#[test]
fn choke_groups_cut_each_other_across_the_whole_sound() {
    let play = |events: &[Event]| {
        render(KIT, "kit", &Job { frames: 2_000, events, ..Job::default() }).main[0].clone()
    };
    // An open hat whose key is still down ends with the closed one; the kick lets both ring.
    let out = play(&[on(0, 0, 46), on(100, 0, 36), on(1_000, 0, 42)]);
    assert_eq!([out[99], out[999]], [1.0, 101.0]);
    assert!(out[1_000] > 110.9, "with a fade: {}", out[1_000]);
    assert_eq!(out[1_000 + FADE], 110.0);
    // Key 42 sounds in two tracks, of which one is no hat there.
    let out = play(&[on(0, 0, 42), on(1_000, 0, 44), on(1_500, 0, 44)]);
    assert_eq!([out[999], out[1_000 + FADE], out[1_999]], [10.0, 1_000.0, 1_000.0]);
    let out = play(&[on(0, 0, 46), on(0, 0, 36)]);
    assert_eq!(out[1_999], 101.0);
}

#[test]
fn notes_of_midi_are_told_apart_by_their_ids_and_ended_by_wildcards() {
    let with_id = |at, note| Event { at, what: What::NoteOn { channel: 0, key: 60, note, velocity: 0.5 } };
    let end =
        |at, channel, key, note| Event { at, what: What::NoteOff { channel, key, note, velocity: 0.0 } };
    let events =
        [with_id(0, 1), with_id(0, 2), end(100, 0, 60, 2), end(300, ANY, ANY, 7), end(500, ANY, ANY, -1)];
    let out = read("", HELD, &events, 600);
    assert_eq!([out[99], out[100], out[499], out[500]], [2.0, 1.5, 1.5, 1.0]);
}

/// Sounds for a storm, each with its events' seed.
const STORMY: &str = "
seiche: 1
macros: {open: {range: [80 Hz, 8 kHz], curve: log, default: 800 Hz}, level: {slot: 5, default: 0.7}}
poly: {midi_in: {channel: -1, voices: 6, steal: quietest, portamento: 0.05, same_key: replace, signal: {filter: {cutoff: open, signal: {envelope: {attack: 0.01, decay: 0.05, sustain: 0.4, release: 0.08, gate: gate, signal: {osc: {type: saw, freq: freq * (1 + vibrato * 0.01), amp: gain * level * (0.1 + 0.2 * pressure) * velocity}}}}}}}}
mono: {midi_in: {channel: -1, mode: mono, priority: low, portamento: 0.07, signal: {envelope: {release: 0.05, gate: gate, signal: {osc: {freq: freq, amp: 0.3 * (1 + brightness)}}}}}}
legato: {midi_in: {channel: -1, mode: legato, portamento: {midi_cc: {cc: 5, initial: 0.1}}, portamento_mode: legato, signal: {track: {pan: pan, signal: {envelope: {attack: 0.02, release: 0.05, gate: gate, signal: {osc: {type: tri, freq: freq, amp: 0.3 + 0.1 * bend}}}}}}}}
kit: {mix: {a: {midi_in: {channel: -1, keys: 36-60, choke: a, signal: {osc: {freq: freq, amp: 0.2, duration: 0.5}}}}, b: {midi_in: {channel: -1, voices: 20, choke: a, notes: {50: {choke: b}}, signal: {osc: {type: saw, freq: freq, amp: 0.1, duration: 1}}}}}}
";

/// Everything that a player of MPE keyboards may send, and more.
fn storm(frames: u32, seed: u64) -> Vec<Event> {
    let mut random = Random(seed);
    let mut events = vec![];
    for _ in 0..frames / 40 {
        let at = random.below(u64::from(frames)) as u32;
        let channel = random.below(16) as u8;
        let key = 36 + random.below(30) as u8;
        let value = random.below(1_001) as f32 / 1_000.0;
        let kinds = [
            Expression::Gain,
            Expression::Pan,
            Expression::Tuning,
            Expression::Vibrato,
            Expression::Pressure,
            Expression::Brightness,
            Expression::Macro(0),
            Expression::Macro(4),
        ];
        match random.below(21) {
            0..=5 => {
                events.push(Event {
                    at,
                    what: What::NoteOn { channel, key, note: -1, velocity: 0.1 + 0.9 * value },
                });
                events.push(off(at + random.below(6_000) as u32, channel, key));
            }
            6..=9 => events.push(bend(at, channel, 2.0 * value - 1.0)),
            10 | 11 => events.push(press(at, channel, value)),
            12 | 13 => {
                let kind = kinds[random.below(kinds.len() as u64) as usize];
                let what = What::Expression { channel: -1, key: i16::from(key), note: -1, kind, value };
                events.push(Event { at, what });
            }
            14 => events.push(cc(at, channel, 74, (value * 127.0) as u8)),
            15 => events.push(cc(at, channel, [64, 66][random.below(2) as usize], (value * 127.0) as u8)),
            16 => events.push(cc(
                at,
                channel,
                [5, 1, 120, 121, 123][random.below(5) as usize],
                (value * 127.0) as u8,
            )),
            17 => events.extend(register(at, channel, 0, random.below(49) as u8)),
            18 => {
                let control = Control::Macro([0, 4][random.below(2) as usize]);
                events.push(Event { at, what: What::Control { control, value } });
            }
            19 => events.extend(register(at, [0, 15][random.below(2) as usize], 6, random.below(16) as u8)),
            _ => {
                let performance = Performance::from_bits(random.next());
                events.push(Event { at, what: What::Perform(performance) });
            }
        }
    }
    events.sort_by_key(|e| e.at);
    events
}

const TURNED: &str = "
seiche: 1
macros: {cut: {range: [100 Hz, 1600 Hz], curve: log, default: 400 Hz}}
plain: {midi_in: {signal: {expression: {exp: cut}}}}
steps: {midi_in: {signal: {sequencer: {interval: 0.01, steps: [{expression: {exp: cut, duration: 0.01}}]}}}}
one: {midi_in: {mode: legato, signal: {expression: {exp: cut}}}}
";

#[test]
fn notes_are_modulated_by_macros_one_by_one_on_top_of_where_they_stand() {
    let play = |sound: &str, events: &[Event]| {
        render(TURNED, sound, &Job { frames: 6_000, events, ..Job::default() }).main[0].clone()
    };
    let octave = |at, key, octaves: f32| express(at, key, Expression::Macro(0), octaves / 4.0);
    let turn = |at, value| Event { at, what: What::Control { control: Control::Macro(0), value } };
    for sound in ["plain", "steps"] {
        let events = [on(0, 0, 60), on(0, 0, 64), octave(1_000, 60, 1.0), turn(3_000, 0.25)];
        let out = play(sound, &events);
        assert!(out[10..1_000].iter().all(|x| *x == 800.0), "{sound}: two notes at its default");
        assert!(out[1_000] != 800.0 && out[1_010] < 900.0, "{sound}: at its frame, without a step");
        assert!(out[1_000 + GLIDE..3_000].iter().all(|x| near(*x, 400.0 + 800.0)), "{sound}: of one note");
        assert!(out[3_000 + GLIDE..].iter().all(|x| near(*x, 200.0 + 400.0)), "{sound}: on top");
    }
    let events = [on(0, 0, 60), octave(0, 60, -9.0), octave(1_000, 60, 9.0), octave(2_000, 60, 0.0)];
    let out = play("plain", &events);
    assert_eq!([out[900], out[1_900], out[2_900]], [100.0, 1600.0, 400.0], "its ends, and nothing left");
    // What was said of a note is not said of the next one.
    for sound in ["plain", "one"] {
        let events = [on(0, 0, 60), octave(10, 60, 1.0), on(2_000, 0, 62), off(2_000, 0, 60)];
        assert!(near(play(sound, &events)[5_999], 400.0), "{sound}");
    }
}

#[test]
fn notes_of_every_kind_give_the_same_bits_for_every_block_size() {
    let frames = 24_000;
    for (sound, seed) in [("poly", 3), ("mono", 5), ("legato", 7), ("kit", 11)] {
        let events = storm(frames as u32, seed);
        let one = |blocks: &[usize]| {
            let r = render(STORMY, sound, &Job { frames, events: &events, blocks, ..Job::default() });
            assert!(r.faults == 0 && peak(&r.main[0]) > 0.01 && peak(&r.main[0]) < 20.0, "{sound}");
            bits(&r)
        };
        let wanted = one(&[512]);
        for blocks in [&[64][..], &[17], &[1], &[441], &[4096]] {
            let got = one(blocks);
            let first = wanted.iter().zip(&got).position(|(a, b)| a != b);
            assert_eq!(first, None, "{sound} in blocks of {:?} frames", &blocks[..1]);
        }
    }
}

#[test]
fn notes_that_are_held_live_on_through_an_edit_of_their_manner() {
    let text = |manner: &str, exp: &str| {
        format!("s: {{midi_in: {{{manner}signal: {{expression: {{exp: '{exp}'}}}}}}}}")
    };
    let mut host = Host::new(0);
    let last = |host: &Host| host.main.last().copied().unwrap();
    assert!(host.offer(&text("mode: mono, ", "note"), "s").is_ok());
    host.play(4, &[on(0, 0, 60), on(9, 0, 64), bend(20, 0, 1.0)]);
    assert_eq!(last(&host), 64.0);
    // The voice reads its frequency now: it is the note's, bent.
    assert!(host.offer(&text("mode: mono, ", "freq"), "s").is_ok());
    host.play(8, &[]);
    assert!(near(last(&host), hertz(66.0)), "{}", last(&host));
    // The key that is down below comes back when the other one comes up.
    assert!(host.offer(&text("mode: legato, portamento: 0.01, ", "note"), "s").is_ok());
    host.play(8, &[]);
    host.play(4, &[off(0, 0, 64)]);
    assert_eq!(last(&host), 60.0);
    assert!(host.offer(&text("", "note + 1"), "s").is_ok());
    host.play(8, &[]);
    assert_eq!(last(&host), 61.0);
    host.play(4, &[on(0, 0, 70)]);
    assert_eq!(last(&host), 132.0, "several notes sound now");
    assert!(host.offer(&text("mode: mono, ", "note + 1"), "s").is_ok());
    host.play(4, &[on(0, 0, 72)]);
    assert_eq!(last(&host), 73.0);
    host.play(4, &[off(0, 0, 72)]);
    assert_eq!(last(&host), 71.0, "of those that were down, the last");
}
