//! Songs that nobody has written: tracks, buses, effects and what they read of each other, out of a seed.

use seiche::engine::{Event, What};

use super::support::Random;

/// A library whose sound is `x`.
pub fn generate(seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut pick = |n: u64| random.next() / 7 % n;
    let tracks = 2 + pick(7);
    let buses = pick(4);
    let mut text = String::from(
        "seiche: 1\ntick: {osc: {type: noise, amp: [0.6, 0], duration: 0.01}}\nx:\n  tempo:\n    bpm: 200\n    signal:\n      mixer:\n        tracks:\n",
    );
    for track in 0..tracks {
        let freq = 50 + 37 * pick(20);
        let signal = match pick(7) {
            0 => format!("{{osc: {{type: saw, freq: {freq}, amp: 0.3}}}}"),
            1 => format!(
                "{{sequencer: {{interval: beat / 8, repeat: .inf, steps: [tick, null, {{osc: {{freq: {freq}, amp: [0.5, 0], duration: 0.02}}}}]}}}}"
            ),
            2 => "{osc: {type: noise, amp: 0.2}}".to_owned(),
            3 => format!(
                "{{multiply: {{number: 5, signal: {{osc: {{type: tri, freq: {freq} * i, amp: 0.1}}}}}}}}"
            ),
            4 => format!("{{osc: {{freq: {freq}, amp: 0.5, duration: 0.0{}}}}}", 1 + pick(6)),
            5 => format!(
                "{{expression: {{id: loop{track}, exp: 0.2 * sin(t * {freq}) + 0.5 * $loop{track}}}}}"
            ),
            _ => {
                format!("{{reverb: {{decay: 0.3, signal: {{osc: {{type: sqr, freq: {freq}, amp: 0.2}}}}}}}}")
            }
        };
        let mut inserts = vec![];
        for _ in 0..pick(3) {
            let other = pick(tracks);
            inserts.push(match pick(5) {
                0 => "{filter: {cutoff: 300 + 200 * sin(t * 9)}}".to_owned(),
                1 => format!("{{expression: {{exp: $input * (1 - 0.5 * $t{other})}}}}"),
                2 => "{delay: {time: 0.01}}".to_owned(),
                3 => "{limiter: {ceiling: -6 dB, lookahead: 1 ms}}".to_owned(),
                _ => "{expression: {exp: tanh($input * 3)}}".to_owned(),
            });
        }
        let mut sends = vec![];
        for bus in 0..buses {
            if pick(3) == 0 {
                sends.push(format!("b{bus}: {{level: -{} dB, pre_fader: {}}}", pick(20), pick(2) == 0));
            }
        }
        let out = if buses > 0 && pick(4) == 0 { format!("b{}", pick(buses)) } else { "main".to_owned() };
        let pan = pick(20) as f64 / 10.0 - 1.0;
        let mute = pick(12) == 0;
        text += &format!(
            "          t{track}: {{signal: {signal}, inserts: [{}], sends: {{{}}}, out: {out}, pan: {pan}, gain: -{} dB, mute: {mute}}}\n",
            inserts.join(", "),
            sends.join(", "),
            pick(12)
        );
    }
    if buses > 0 {
        text += "        buses:\n";
        for bus in 0..buses {
            let signal = match pick(3) {
                0 => "{reverb: {size: 0.3, decay: 0.4}}".to_owned(),
                1 => "{delay: {time: 0.02}}".to_owned(),
                _ => format!("{{expression: {{exp: $input * (1 + $t{})}}}}", pick(tracks)),
            };
            let next =
                if bus + 1 < buses && pick(2) == 0 { format!("b{}: -6 dB", bus + 1) } else { String::new() };
            text += &format!("          b{bus}: {{signal: {signal}, sends: {{{next}}}}}\n");
        }
    }
    if pick(2) == 0 {
        text += "        master: [{expression: {exp: tanh($input)}}]\n";
    }
    text
}

/// A library whose sound is `x`, with notes for it, three seconds long: instruments of all kinds, played alone, in chords and in runs.
pub fn played(seed: u64) -> (String, Vec<Event>) {
    let mut random = Random(seed.wrapping_mul(0xd134_2543_de82_ef95) | 1);
    let mut pick = |n: u64| random.next() / 7 % n;
    let mut text = String::from(
        "seiche: 1\ntick: {osc: {type: noise, amp: [0.6, 0], duration: 0.03}}\nx:\n  tempo:\n    bpm: 120\n    signal:\n      mixer:\n        tracks:\n",
    );
    let tracks = 1 + pick(6) as u8;
    let mut events = vec![];
    for channel in 0..tracks {
        let wave = ["saw", "sin", "tri", "sqr", "noise"][pick(5) as usize];
        let level = 0.1 + 0.1 * pick(6) as f64;
        let tone = format!("{{osc: {{type: {wave}, freq: freq, amp: {level} * velocity}}}}");
        let tone = match pick(3) {
            0 => format!("{{filter: {{cutoff: {}, signal: {tone}}}}}", 500 + 500 * pick(8)),
            _ => tone,
        };
        let shape = ["sustain: 1", "decay: 0.2, sustain: 0", "attack: 0.1, decay: 0.3, sustain: 0.4"]
            [pick(3) as usize];
        let signal = format!(
            "{{midi_in: {{channel: {channel}, voices: 16, signal: {{envelope: {{gate: gate, release: 0.0{}, {shape}, signal: {tone}}}}}}}}}",
            1 + pick(9)
        );
        let insert = match pick(8) {
            0 => "{expression: {exp: tanh($input * 2)}}",
            1 | 2 => "{delay: {time: 0.13}}",
            _ => "",
        };
        text += &format!(
            "          t{channel}: {{signal: {signal}, inserts: [{insert}], sends: {{room: -{} dB}}, pan: {}, gain: -{} dB}}\n",
            6 + pick(20),
            pick(20) as f64 / 10.0 - 1.0,
            pick(12)
        );
        // A chord now and then, a run, or single notes.
        let (step, length) = (3_000 * (1 + pick(8)) as u32, 2_000 * (1 + pick(10)) as u32);
        let chord = [1, 1, 3, 4][pick(4) as usize];
        for at in (0..130_000).step_by(step as usize) {
            let root = 36 + 2 * pick(18) as u8;
            for voice in 0..chord {
                let (key, velocity) = (root + 4 * voice, 0.25 * (1 + pick(4)) as f32);
                events.push(Event { at, what: What::NoteOn { channel, key, note: -1, velocity } });
                let off = What::NoteOff { channel, key, note: -1, velocity: 0.5 };
                events.push(Event { at: at + length, what: off });
            }
        }
    }
    if pick(3) == 0 {
        text += "          beat: {signal: {sequencer: {interval: beat / 2, repeat: .inf, steps: [tick, null, {osc: {freq: 60, amp: [0.7, 0], duration: 0.2}}]}}}\n";
    }
    text += "        buses:\n          room: {signal: {reverb: {size: 0.4, decay: 0.6}}}\n";
    if pick(4) == 0 {
        text += "        master: [{expression: {exp: tanh($input)}}]\n";
    }
    events.sort_by_key(|event| event.at);
    (text, events)
}
