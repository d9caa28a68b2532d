use super::*;
use crate::spec::NodeSpec;

fn specs() -> Vec<&'static NodeSpec> {
    crate::nodes::ALL.iter().map(|d| &d.spec).collect()
}

/// The text without its cursor `|`, and where that was.
fn at(text: &str) -> (String, usize) {
    let offset = text.find('|').expect("a cursor");
    (text.replacen('|', "", 1), offset)
}

fn labels(text: &str) -> Vec<String> {
    let (text, offset) = at(text);
    let completion = complete(&text, offset, &specs(), &["far_sound"]);
    assert!(completion.replace.end <= text.len() && completion.replace.end == offset, "{text}");
    completion.candidates.into_iter().map(|c| c.label).collect()
}

/// Text with the cursor, candidates that must be there (the first of them first), and those that must not.
const CASES: &[(&str, &[&str], &[&str])] = &[
    // Nodes.
    ("a:\n  |", &["osc", "filter", "a", "far_sound"], &["freq", "sin"]),
    ("a:\n  os|", &["osc"], &["filter"]),
    ("a: {|", &["osc", "filter"], &["freq"]),
    ("a: {fil|", &["filter"], &["osc"]),
    ("a: |", &["osc"], &["freq"]),
    ("a:\n  filter:\n    signal:\n      |\nb: {osc: {}}", &["osc", "b"], &["cutoff"]),
    ("a: {filter: {signal: {o|", &["osc"], &["cutoff"]),
    ("a: {filter: {signal: {o|}, cutoff: 3}}\nb: 3", &["osc"], &["cutoff"]),
    ("a:\n  mix:\n    x:\n      |", &["osc", "track"], &["freq"]),
    ("a:\n  sequencer:\n    steps:\n    - |", &["a", "far_sound"], &["osc"]),
    ("a:\n  sequencer:\n    steps:\n      - {|", &["osc"], &[]),
    // Parameters: those that are needed first, those that are written never again.
    ("a:\n  filter:\n    |", &["cutoff", "signal", "peak", "type", "id"], &["osc", "freq"]),
    ("a:\n  filter:\n    cutoff: 3\n    |\n    peak: 0.5\n", &["signal"], &["cutoff", "peak"]),
    ("a:\n  filter:\n    cutoff: 3\n    sig|\n", &["signal"], &["cutoff"]),
    ("a: {osc: {freq: 220, |", &["type", "amp"], &["freq"]),
    ("a: {osc: {freq: 220, |, amp: 3}}", &["type"], &["freq", "amp"]),
    ("a: {osc: {|}}", &["type", "freq"], &["cutoff"]),
    ("a:\n  osc:\n    freq: {osc: {}, ra|", &["range"], &["cutoff"]),
    ("a:\n  osc:\n    freq: [1, {osc: {|", &["type", "freq"], &[]),
    ("a:\n  filter:\n    signal:\n      osc:\n        freq: 3\n    |", &["cutoff"], &["freq", "signal"]),
    ("a:\n  filter:\n    signal: {osc: {freq: 3\n    c|\n", &["cutoff"], &["freq"]),
    ("a:\n  filter:\n    signal: {osc: {type: saw}\n    peak: 3\n    c|\n", &["cutoff"], &["peak"]),
    ("bell: {context: {pitch: 3, signal: {osc: {}}}}\na: {bell: {|", &["pitch"], &["signal", "osc"]),
    // What belongs to a name.
    (
        "a:\n  mixer:\n    tracks:\n      kick:\n        |",
        &["signal", "gain", "sends", "osc"],
        &["freq", "tracks"],
    ),
    (
        "a:\n  mixer:\n    tracks:\n      kick:\n        signal: {osc: {}}\n        |",
        &["gain", "sends"],
        &["osc"],
    ),
    ("a: {mixer: {tracks: {kick: {signal: {osc: {|", &["type", "freq"], &["gain"]),
    ("a: {mixer: {tracks: {kick: {color: te|", &["teal"], &["red", "osc"]),
    ("a: {mixer: {tracks: {kick: {pan_law: |", &["power", "balance"], &["sin"]),
    ("a: {mixer: {tracks: {kick: {osc: {}}}, buses: {room: {signal: {|", &["osc", "reverb"], &["gain"]),
    // Entries of patterns and songs.
    ("a:\n  pattern:\n    |", &["instrument", "notes", "chase"], &["osc", "clips"]),
    ("a:\n  pattern:\n    notes:\n      - at: 0\n        |", &["note", "velocity", "chance"], &["at", "osc"]),
    ("a: {pattern: {notes: [{at: 0, |", &["note", "velocity"], &["at", "instrument"]),
    (
        "riff: {pattern: {}}\na: {clips: {clips: [{pattern: riff, |",
        &["start", "length", "file"],
        &["pattern", "osc"],
    ),
    ("riff: {pattern: {}}\na: {clips: {clips: [ri|", &["riff"], &["a", "gain"]),
    ("riff: {pattern: {}}\na: {clips: {clips: [[ri|", &["riff"], &["a"]),
    ("riff: {pattern: {}}\na: {clips: {clips: [{file: x.wav, fade: |", &["linear", "equal_power"], &["riff"]),
    ("lead: {osc: {}}\na: {pattern: {instrument: l|", &["lead"], &["loop", "log"]),
    (
        "a: {song: {sections: {verse: 4 bars}, markers: {drop: 2 bars}, signal: {clips: {clips: [{start: |",
        &["verse", "drop"],
        &["a"],
    ),
    ("a: {song: {sections: {verse: 4 bars}, signal: {clips: {clips: [[riff, v|", &["verse"], &["a"]),
    ("a: {song: {tempo: {|", &["bpm", "at", "ramp"], &["osc"]),
    ("a: {song: {tempo: [{bpm: 120, |", &["at", "ramp"], &["bpm"]),
    ("a: {curve: {points: [{at: 0, value: 1, |", &["shape", "bend"], &["at"]),
    ("a: {curve: {points: [[0, 1, sm|", &["smooth"], &["saw"]),
    // Words.
    ("a: {osc: {type: |", &["sin", "saw"], &["t", "freq"]),
    ("a: {osc: {type: s|}}", &["sin", "saw", "sqr"], &["tri"]),
    ("a:\n  osc:\n    type:|", &["sin"], &[]),
    ("a: {sample: {loop: |", &["true", "false"], &["sin"]),
    ("a: {interval: {scale: minor|", &["minor", "minor_pentatonic"], &["major"]),
    ("a:\n  mix:\n    x: {osc: {id: kick}}\n    y: {reference: {ref: |", &["kick"], &["osc"]),
    ("a: {osc: {monitor: |", &["true", "bipolar"], &[]),
    // Expressions.
    ("a: {osc: {freq: 220 * fi|", &["fifth"], &["osc", "sin"]),
    ("a: {osc: {amp: 's|", &["samples", "sin", "sqrt", "sign"], &["saw"]),
    ("a: {osc: {amp: 'max(0, t|", &["t", "tau"], &["mix"]),
    ("a:\n  osc:\n    amp: $|\n    id: x\nb: {osc: {id: y}}", &["$x"], &["$y", "sin"]),
    ("a: {context: {pitch: 3, later: 4, signal: {osc: {freq: |", &["pitch", "later"], &["signal"]),
    ("a: {context: {pitch: 3, next: p|, later: 4", &["pitch", "pi", "pow"], &["later", "next"]),
    ("a: {expression: {exp: |, a: 1, b: 2}}", &["a", "b"], &["freq"]),
    ("a: {midi_in: {signal: {osc: {amp: vel|", &["velocity", "vel"], &["bar"]),
    ("a: {tempo: {signal: {sequencer: {interval: b|", &["bpm", "beat", "bar"], &["velocity"]),
    ("a: {osc: {amp: be|", &[], &["beat"]),
    ("seiche: 1\nvars: {loud: 0.4}\na: {osc: {amp: l|", &["loud", "log"], &[]),
    ("a:\n  osc:\n    range: [0, t|", &["t", "tau"], &[]),
    ("a: {filter: {signal: |", &["osc"], &[]),
    // Steps.
    ("kick: {osc: {}}\na: {sequencer: {steps: [ki|", &["kick"], &["osc"]),
    (
        "kick: {context: {v: 1, tune: 3, signal: {osc: {}}}}\na: {sequencer: {steps: [kick |",
        &["v", "tune"],
        &["signal"],
    ),
    (
        "kick: {context: {v: 1, tune: 3, signal: {osc: {}}}}\na: {sequencer: {steps: [kick v1 |",
        &["tune"],
        &["v"],
    ),
    ("kick: {osc: {}}\na: {sequencer: {steps: [\"kick, ki|\"]}}", &["kick"], &[]),
    // The file.
    ("|", &["seiche", "vars", "about"], &["osc"]),
    ("seiche: 1\nv|", &["vars"], &["seiche"]),
    // Nothing to say: comments, names of one's own, fixed numbers.
    ("a: {mix: {x|", &[], &["osc"]),
    ("a: {midi_in: {voices: |", &[], &["sin"]),
    ("vars: {x: |", &[], &["osc"]),
];

#[test]
fn completion_offers_what_may_stand_at_the_cursor() {
    let mut wrong = vec![];
    for (text, wanted, unwanted) in CASES {
        let labels = labels(text);
        let missing = wanted.iter().find(|w| !labels.iter().any(|l| l == *w));
        let first = wanted.first().is_some_and(|w| labels.first().is_some_and(|l| l != w));
        let extra = unwanted.iter().find(|u| labels.iter().any(|l| l == *u));
        if missing.is_some() || extra.is_some() || first {
            let some: Vec<&String> = labels.iter().take(12).collect();
            wrong.push(format!("{text:?}: missing {missing:?}, extra {extra:?}, first: {some:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn completion_inserts_what_can_be_gone_on_with() {
    let pick = |text: &str, label: &str| {
        let (text, offset) = at(text);
        let completion = complete(&text, offset, &specs(), &[]);
        let candidate = completion.candidates.iter().find(|c| c.label == label).expect("candidate").clone();
        let mut result = text.clone();
        result.replace_range(completion.replace, &candidate.insert);
        (result, candidate.help)
    };
    assert_eq!(pick("a:\n  os|", "osc").0, "a:\n  osc:");
    assert_eq!(pick("a: {os|", "osc").0, "a: {osc: {}");
    assert_eq!(pick("a: {osc: {fr|}}", "freq").0, "a: {osc: {freq: }}");
    assert_eq!(pick("a: {osc: {amp: 2 * s|}}", "sin").0, "a: {osc: {amp: 2 * sin(}}");
    assert_eq!(pick("a: {filter: {signal: o|", "osc").0, "a: {filter: {signal: {osc: {}}");
    assert_eq!(pick("a: {osc: {type: s|}}", "saw").0, "a: {osc: {type: saw}}");
    assert!(pick("a: {filter: {|", "cutoff").1.contains("Hz"), "help says the unit");
}

#[test]
fn completion_survives_every_cut_of_a_library() {
    let text = include_str!("../../../presets/drums.yaml");
    let specs = specs();
    let cuts = text.char_indices().map(|(i, _)| i).step_by(7);
    for cut in cuts {
        let part = &text[..cut];
        let completion = complete(part, cut, &specs, &[]);
        assert!(part.get(completion.replace.clone()).is_some(), "{cut}");
        hover(part, cut, &specs, &[]);
        hover(text, cut, &specs, &[]);
    }
    for odd in
        ["", "|", "{", "}", "]]", "- - -", "a: [", ": ", "\"", "a: \"ä", "\t\t- {ä: '", "a: |\n", "a: &x *y"]
    {
        for offset in 0..=odd.len() + 1 {
            complete(odd, offset, &specs, &[]);
            hover(odd, offset, &specs, &[]);
        }
    }
}

#[test]
fn hover_explains_what_stands_at_the_cursor() {
    let cases = [
        ("a: {os|c: {}}", "Oscillator"),
        ("a: {osc: {fre|q: 3}}", "Pitch of a tone"),
        ("a:\n  osc:\n    type: sa|w", "rising saw"),
        ("a: {mixer: {tracks: {kick: {color: te|al}}}}", "#008080"),
        ("a: {osc: {freq: 220 * fif|th}}", "1.498307"),
        ("a: {osc: {freq: \"c|#4\"}}", "277.18 Hz"),
        ("a: {osc: {amp: ta|nh(t)}}", "Soft limit"),
        ("a: {tempo: {signal: {osc: {amp: be|at}}}}", "Length of a beat"),
        ("a: {context: {loud: 0.3, signal: {osc: {amp: lo|ud}}}}", "variable of context: 0.3"),
        ("a: {mix: {x: {osc: {id: k}}, y: {osc: {amp: $|k}}}}", "id of osc"),
        ("bell: {context: {pitch: 3, signal: {osc: {}}}}\na: {be|ll: {}}", "`pitch`"),
        ("bell: {osc: {}}\na: {sequencer: {steps: [be|ll v1]}}", "The sound `bell`"),
        ("a: {interval: {scale: dor|ian}}", "0 2 3 5 7 9 10"),
        ("sei|che: 1", "Version"),
        ("riff: {osc: {}}\na: {clips: {clips: [[ri|ff, 4 bars]]}}", "The sound `riff`"),
        ("a: {clips: {clips: [{start: 1, tra|nspose: 3}]}}", "Semitones"),
        (
            "a: {song: {sections: {verse: 4 bars}, signal: {clips: {clips: [[riff, ver|se]]}}}}",
            "section of the song: 4 bars",
        ),
        ("a: {pattern: {notes: [{at: 0, cha|nce: 0.5}]}}", "How likely"),
    ];
    for (text, part) in cases {
        let (text, offset) = at(text);
        let hover = hover(&text, offset, &specs(), &[]).unwrap_or_else(|| panic!("nothing at {text}"));
        assert!(hover.text.contains(part), "{text}: {}", hover.text);
        assert!(hover.range.contains(&offset), "{text}");
    }
    for text in [
        "a|: {osc: {}}",
        "a: {osc: {amp: 0.|3}}",
        "# os|c",
        "a: {mix: {x|: {osc: {}}}}",
        "a: {osc: {amp: un|known}}",
    ] {
        let (text, offset) = at(text);
        assert_eq!(hover(&text, offset, &specs(), &[]), None, "{text}");
    }
}
