//! Edits of the mixer: what is not touched goes on to the bit, also inside buses and behind the master; what is, without a click.

use super::host::*;
use super::support::*;

const AT: usize = 20 * BLOCK;

fn song(tracks: &str, rest: &str) -> String {
    format!("seiche: 1\nx:\n  mixer:\n    tracks: {{{tracks}}}\n{rest}")
}

const A: &str = "a: {signal: {osc: {freq: 220, amp: 0.2}}, sends: {room: -6 dB}}";
const B: &str = "b: {signal: {osc: {freq: 331, amp: 0.2}}, pan: L20, sends: {room: -12 dB}}";
const C: &str = "c: {signal: {osc: {freq: 149, amp: 0.1}}, sends: {room: -3 dB}}";
const ROOM: &str = "    buses: {room: {signal: {reverb: {size: 0.5}}}}\n";
const MASTER: &str = "    master: [{expression: {exp: $input * 0.8}}]\n";

/// No step larger than what both sounds do by themselves, and a fade of 10 ms between them.
fn clicks(from: &str, to: &str) -> Option<f32> {
    let host = edited(&[from, to], "x", 0, &[]);
    let (was, is) = (&host.main[5 * BLOCK..AT], &host.main[30 * BLOCK..]);
    let room = largest_step(was) + largest_step(is) + (peak(was) + peak(is)) / (0.01 * RATE as f32);
    let step = largest_step(&host.main[AT - 2..30 * BLOCK]);
    (step > room * 1.01).then_some(step)
}

#[test]
fn mixer_edits_never_click() {
    let all = format!("{A}, {B}");
    let rest = format!("{ROOM}{MASTER}");
    let edits = [
        (song(&all, &rest), song(&all.replace("pan: L20", "pan: R60"), &rest)),
        (song(&all, &rest), song(&all.replace("sends: {room: -6 dB}", "gain: -20 dB"), &rest)),
        (song(&all, &rest), song(&all.replace("-6 dB", "{level: 0 dB, pre_fader: true}"), &rest)),
        (song(&all, &rest), song(&all.replace("a: {", "a: {mute: true, "), &rest)),
        (song(&all, &rest), song(&all.replace("a: {", "a: {polarity: inverted, "), &rest)),
        (song(&all, &rest), song(&all.replace("a: {", "a: {out: room, "), &rest)),
        (song(&all, &rest), song(&all.replace("a: {", "a: {out: 2, "), &rest)),
        (song(&all, &rest), song(&format!("{A}, {B}, {C}"), &rest)),
        (song(&all, &rest), song(A, &rest)),
        (song(&all, &rest), song(&all, ROOM)),
        (song(&all, &rest), song(&all, &rest.replace("0.8", "0.2"))),
        (song(&all, &rest), song(&all, &rest.replace("reverb: {size: 0.5}", "delay: {time: 0.01}"))),
        (
            song(&all, &rest),
            song(
                &all.replace(
                    "signal: {osc: {freq: 220",
                    "inserts: [{filter: {cutoff: 400}}], signal: {osc: {freq: 220",
                ),
                &rest,
            ),
        ),
    ];
    let both = edits.iter().flat_map(|(from, to)| [(from, to), (to, from)]);
    let faults: Vec<String> = both
        .filter_map(|(from, to)| clicks(from, to).map(|step| format!("a step of {step}:\n{from}{to}")))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn mixer_edits_leave_other_tracks_as_they_were() {
    let rest = format!("{ROOM}{MASTER}");
    let before = song(&format!("{A}, {B}, {C}"), &rest);
    let steady = edited(&[before.as_str(); 2], "x", 4, &[]);
    for after in [
        before.replace("freq: 149", "freq: 170"),
        before.replace(" c: {", " c: {gain: -9 dB, "),
        before.replace(" c: {", " c: {out: 3, "),
        before.replace(C, "c: {osc: {freq: 50}}"),
        song(&format!("{A}, {B}"), &rest),
        song(&format!("{A}, {B}, {C}, d: {{osc: {{freq: 50}}}}"), &rest),
        before.replace("* 0.8", "* 0.7"),
    ] {
        let host = edited(&[&before, &after], "x", 4, &[]);
        for track in [0, 1] {
            assert!(peak(&host.stems[track][AT..]) > 0.1);
            assert!(as_bits(&steady.stems[track]) == as_bits(&host.stems[track]), "track {track}: {after}");
        }
    }
}

#[test]
fn mixer_sums_fade_only_what_comes_and_goes() {
    // A constant shows every frame at which the sum is not the same.
    let level = |tracks: &[(&str, f64)]| {
        let tracks: Vec<String> =
            tracks.iter().map(|(name, x)| format!("{name}: {{expression: {{exp: {x}}}}}")).collect();
        song(&tracks.join(", "), "    buses: {}\n    master: [{expression: {exp: $input * 1}}]\n")
    };
    let host = edited(&[&level(&[("a", 0.25), ("b", 0.5)]), &level(&[("b", 0.5)])], "x", 0, &[]);
    let end = AT + 480;
    assert!(host.main[..AT].iter().all(|x| *x == 0.75));
    assert!(host.main[end..].iter().all(|x| *x == 0.5));
    let falls = host.main[AT..end].windows(2).all(|w| w[1] <= w[0] && w[0] - w[1] < 0.001);
    assert!(falls, "a straight line down");
    // What sounds already comes in the same way; what is new plays from its beginning.
    let host = edited(&[&level(&[("b", 0.5)]), &level(&[("a", 0.25), ("b", 0.5)])], "x", 0, &[]);
    assert!(host.main[..AT].iter().all(|x| *x == 0.5) && host.main[end..].iter().all(|x| *x == 0.75));
}

#[test]
fn mixer_controls_of_the_host_survive_edits() {
    use seiche::engine::{Control, StripControl, What};
    let before = song(&format!("{A}, {B}"), ROOM);
    let after = before.replace("freq: 220", "freq: 440");
    let down = seiche::engine::Event {
        at: 0,
        what: What::Control { control: Control::Strip(0, StripControl::Gain), value: 0.5 },
    };
    let (full, half) = (edited(&[&before, &after], "x", 2, &[]), edited(&[&before, &after], "x", 2, &[down]));
    let level = |host: &Host| rms(&host.stems[0][30 * BLOCK..]);
    assert!((level(&half) / level(&full) - 0.5).abs() < 1e-3);
}
