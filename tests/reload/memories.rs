//! What buffers have recorded goes on through edits, and what becomes of held notes where memory is short.

use super::carry::{AT, host};
use super::host::*;
use super::support::*;
use std::sync::Mutex;

use seiche::compile::{Blueprint, Request, compile_to_try};
use seiche::engine::{Event, What, try_out};
use seiche::library::samples::Store;
use seiche::quality::Quality;

/// Voices with so much memory that 2 of them and 16 of them do not fit together.
fn large(voices: usize) -> String {
    let delay = |n: usize| {
        format!(
            "d{n}: {{delay: {{max_time: 4, time: {{osc: {{freq: 1, range: [0.001, 0.00{}]}}}}, signal: {{osc: {{freq: freq, amp: 0.02}}}}}}}}",
            200 + n
        )
    };
    let delays: Vec<_> = (0..10).map(delay).collect();
    format!(
        "s: {{midi_in: {{voices: {voices}, signal: {{envelope: {{gate: gate, release: 0.05, signal: {{mix: {{{}}}}}}}}}}}}}",
        delays.join(", ")
    )
}

/// Ends a note with all its delays.
fn choke(key: u8) -> Event {
    Event { at: 0, what: What::Choke { channel: 0, key, note: -1 } }
}

#[test]
fn carry_without_room_for_both_keeps_held_notes_and_says_so() {
    let mut host = Host::new(0);
    host.save(&large(2), "s");
    host.play(20, &[note(0, 60, 1.0)]);
    assert_eq!(host.engine.voices(), 1);
    let refused = host.offer(&large(16), "s").expect_err("it does not fit beside the note");
    assert!(refused.message.contains("notes that still sound"), "{}", refused.message);
    host.play(20, &[]);
    assert!(peak(&host.main[host.main.len() - 2 * BLOCK..]) > 0.19, "the note is held");
    assert!(largest_step(&host.main[4 * BLOCK..]) < 0.02, "without a click");
    // Once it is over (with its delays) the same text is taken.
    host.play(4, &[choke(60)]);
    assert_eq!(host.engine.voices(), 0);
    assert!(host.offer(&large(16), "s").is_ok());
    host.play(10, &[note(0, 72, 1.0)]);
    assert!(peak(&host.main[host.main.len() - 2 * BLOCK..]) > 0.19);
}

#[test]
fn carry_waits_for_a_note_that_came_after_its_voices_were_left_out() {
    let mut host = Host::new(0);
    host.save(&large(2), "s");
    host.play(20, &[]);
    let quieter = large(16).replace("amp: 0.02", "amp: 0.01");
    let program = host.compile(&quieter, "s").expect("nothing sounds");
    host.play(1, &[note(0, 60, 1.0)]);
    host.send(program);
    host.play(60, &[]);
    assert!(peak(&host.main[host.main.len() - 2 * BLOCK..]) > 0.19, "held, as loud as before");
    host.play(4, &[choke(60)]);
    host.play(20, &[note(0, 60, 1.0)]);
    let heard = peak(&host.main[host.main.len() - 2 * BLOCK..]);
    assert!((0.09..0.11).contains(&heard), "the new text sounds then: {heard}");
}

/// A click at 0 s, heard again whenever the loop comes round.
#[test]
fn carry_of_buffers_keeps_what_was_recorded_when_they_grow_and_shrink() {
    let click = "{osc: {freq: 400, amp: 0.5, attack: 0.002, release: 0.002, duration: 0.02}}";
    let text = |length: f64| {
        format!(
            "s: {{mix: {{rec: {{expression: {{exp: 0.001 * x, x: {{buffer: {{id: tape, length: {length}, signal: {{mix: {{in: {click}, on: {{osc: {{type: none, duration: 100}}}}}}}}}}}}}}}}, late: {{buffer: {{name: tape, offset: 0.4}}}}, on: {{osc: {{type: none, duration: 100}}}}}}}}"
        )
    };
    let at = |host: &Host, seconds: f64| peak(&host.main[(seconds * RATE) as usize..][..960]);
    // The edit comes at 0.213 s, the click is to be heard at 0.4 s.
    for (from, to) in [(1.0, 2.0), (2.0, 0.5), (1.0, 1.0001)] {
        let mut host = host(&[&text(from), &text(to)], 0, &[]);
        host.play(20, &[]);
        assert!(at(&host, 0.4) > 0.4, "{from} to {to}: {}", at(&host, 0.4));
        assert!(largest_step(&host.main[AT - 100..]) < 0.06, "{from} to {to}");
    }
    // Several edits on end.
    let mut host = Host::new(0);
    for length in [1.0, 0.7, 3.0, 0.6, 0.9] {
        host.save(&text(length), "s");
        host.play(6, &[]);
    }
    host.play(30, &[]);
    assert!(at(&host, 0.4) > 0.4, "{}", at(&host, 0.4));
}

#[test]
fn carry_of_a_buffer_leaves_the_others_as_they_are() {
    let text = |length: f64, offset: f64, also: &str| {
        format!(
            "s: {{mix: {{one: {{buffer: {{length: {length}, offset: 0.1, signal: {{osc: {{freq: 330, amp: 0.3}}}}}}}}, two: {{buffer: {{id: other, length: 1, offset: {offset}, signal: {{osc: {{freq: 220, amp: 0.3}}}}}}}}, three: {{buffer: {{name: other, offset: 0.15}}}}{also}}}}}"
        )
    };
    let before = text(0.5, 0.2, "");
    let steady = host(&[&before, &before], 3, &[]);
    let host_of = |after: &str, tracks: usize| host(&[&before, after], tracks, &[]);
    let edited = host_of(&text(0.8, 0.2, ""), 3);
    assert!(as_bits(&steady.stems[1]) == as_bits(&edited.stems[1]), "another buffer");
    assert!(as_bits(&steady.stems[2]) == as_bits(&edited.stems[2]), "who reads another's memory");
    let step = largest_step(&edited.stems[0][AT - 100..]);
    assert!(step < 0.02 && peak(&edited.stems[0][AT..]) > 0.29, "a step of {step}");
    // A new buffer, and one that comes first.
    let more = host_of(
        &text(0.5, 0.2, ", four: {buffer: {length: 0.3, offset: 0.2, signal: {osc: {freq: 110, amp: 0.1}}}}"),
        4,
    );
    for track in 0..3 {
        assert!(as_bits(&steady.stems[track]) == as_bits(&more.stems[track]), "track {track}");
    }
    // Another place to read at: in 10 ms from one to the other, and the reader beside it untouched.
    let moved = host_of(&text(0.5, 0.3, ""), 3);
    assert!(
        largest_step(&moved.stems[1][AT - 100..]) < 0.02,
        "{}",
        largest_step(&moved.stems[1][AT - 100..])
    );
    assert!(as_bits(&steady.stems[2]) == as_bits(&moved.stems[2]));
}

#[test]
fn carry_of_buffers_in_voices_keeps_what_held_notes_have_recorded() {
    let text = |length: f64| {
        format!(
            "s: {{midi_in: {{voices: 4, signal: {{buffer: {{length: {length}, offset: 0.4, signal: {{osc: {{freq: freq, amp: 0.3}}}}}}}}}}}}"
        )
    };
    let (steady, mut edited) = (
        host(&[&text(1.0), &text(1.0)], 0, &[note(0, 60, 1.0)]),
        host(&[&text(1.0), &text(0.6)], 0, &[note(0, 60, 1.0)]),
    );
    let (mut steady, n) = (steady, 40);
    steady.play(n, &[]);
    edited.play(n, &[]);
    assert!(peak(&steady.main) > 0.29);
    let off = steady.main.iter().zip(&edited.main).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-6, "off by {off}");
}

#[test]
fn carry_knows_voices_that_were_only_tried_out_for_silent() {
    let store = Mutex::new(Store::default());
    let compiled = |voices: usize, before: Option<&Blueprint>| {
        let library = library(&large(voices));
        let request = Request {
            library: &library,
            sound: "s",
            overrides: &[],
            rate: RATE,
            quality: Quality::Normal,
            seed: 0,
            store: &store,
        };
        let (compiled, copy) =
            compile_to_try(&request, before).map_err(|mut faults| faults.remove(0).message)?;
        assert!(copy.is_some_and(|copy| try_out(copy).is_ok()));
        Ok::<_, String>(compiled.blueprint)
    };
    // No engine has played any of them.
    let first = compiled(2, None).unwrap();
    assert_eq!(compiled(16, Some(&first)).err(), None);
}
