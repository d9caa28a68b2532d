//! Edits around macros and dynamics: a position outlives them, what is under way in a limiter is heard, and nothing clicks.

use seiche::engine::{Control, Event, What};

use super::host::*;
use super::support::*;

const AT: usize = 20 * BLOCK;

fn song(macros: &str, node: &str) -> String {
    format!("seiche: 1\nmacros: {{{macros}}}\nx: {{{node}}}\n")
}

const LEVEL: &str = "level: {range: [0, 1], default: 0.25}";
const TONE: &str = "osc: {freq: 220, amp: 0.5 * level}";
const LIMITER: &str =
    "limiter: {ceiling: -20 dB, signal: {compressor: {threshold: -30 dB, signal: {osc: {freq: 220}}}}}";

/// The macro of slot 1 is turned up at once.
fn up() -> [Event; 1] {
    [Event { at: 3000, what: What::Control { control: Control::Macro(0), value: 0.75 } }]
}

#[test]
fn turned_macros_and_dynamics_change_no_bit_when_the_same_is_saved() {
    let text = song(LEVEL, &LIMITER.replace("freq: 220", "freq: 220, amp: level"));
    let mut steady = Host::new(0);
    steady.save(&text, "x");
    steady.play(80, &up());
    let saved = edited(&[&text, &text, &text, &text], "x", 0, &up());
    assert!(peak(&saved.main) > 0.01 && saved.main == steady.main);
}

#[test]
fn turned_macros_stay_where_they_are_and_never_click() {
    let before = song(LEVEL, TONE);
    for (macros, level) in [
        ("level: {range: [0, 1], default: 0.5}", 0.75),
        ("level: {range: [0, 0.5], default: 0.1}", 0.375),
        ("level: {range: [0.01, 1], curve: log}", 0.316_228),
        ("other: {slot: 9}, level: {slot: 1, range: [0, 1], name: Loud}", 0.75),
    ] {
        let host = edited(&[&before, &song(macros, TONE)], "x", 0, &up());
        let heard = peak(&host.main[30 * BLOCK..]);
        assert!((heard - 0.5 * level).abs() < 1e-3, "{macros}: {heard}");
        let (was, is) = (&host.main[10 * BLOCK..AT], &host.main[30 * BLOCK..]);
        let room = largest_step(was) + largest_step(is) + (peak(was) + peak(is)) / (0.01 * RATE as f32);
        let step = largest_step(&host.main[AT - 2..30 * BLOCK]);
        assert!(step < room * 1.01, "{macros}: a step of {step}");
    }
}

#[test]
fn turned_limiter_goes_on_below_its_ceiling_with_another_lookahead() {
    let before = song(LEVEL, LIMITER);
    // The longer one is late by one more wave: both are the same while they fade into each other.
    for edit in ["lookahead: 0.2 ms, ceiling", "lookahead: 6.045 ms, ceiling", "release: 5 ms, ceiling"] {
        let host = edited(&[&before, &song(LEVEL, &LIMITER.replacen("ceiling", edit, 1))], "x", 0, &[]);
        assert!(peak(&host.main) < 0.1001, "{edit}: {}", peak(&host.main));
        let quietest = host.main[AT - 500..AT + 2000].chunks(250).map(peak).fold(1.0f32, f32::min);
        assert!(quietest > 0.04, "{edit}: falls to {quietest}");
    }
    // As an insert that was not there before.
    let plain = song(LEVEL, "osc: {freq: 220, amp: 0.05}");
    let host =
        edited(&[&plain, &song(LEVEL, "limiter: {signal: {osc: {freq: 220, amp: 0.05}}}")], "x", 0, &[]);
    let step = largest_step(&host.main);
    assert!(step < 0.01, "a step of {step}");
}
