//! What the text means: the trees that a library gives to the compiler, and that no text can break the reader.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use seiche::language::Library;
use seiche::language::model::{ExprKind, Node, Target, Value};
use seiche::spec::NodeSpec;

#[path = "language/specs.rs"]
mod specs;

fn read_files(files: Vec<(&str, Vec<u8>)>) -> Library {
    let specs: Vec<&'static NodeSpec> = specs::ALL.iter().collect();
    Library::read(files.into_iter().map(|(path, bytes)| (PathBuf::from(path), bytes)).collect(), &specs)
}

fn read(text: &str) -> Library {
    read_files(vec![("lib.yaml", text.as_bytes().to_vec())])
}

fn sound(text: &str, name: &str) -> Node {
    read(text).instantiate(name, &[]).unwrap_or_else(|e| panic!("{e:?}"))
}

fn value<'n>(node: &'n Node, name: &str) -> &'n Value {
    &node.params.iter().find(|p| p.name == name).unwrap_or_else(|| panic!("no {name} in {node:?}")).value
}

fn child<'n>(node: &'n Node, name: &str) -> &'n Node {
    match value(node, name) {
        Value::Node(node) => node,
        other => panic!("{name} is {other:?}"),
    }
}

fn number(node: &Node, name: &str) -> f64 {
    match value(node, name) {
        Value::Number(n) => *n,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn language_keys_beside_a_node_move_inside_and_win() {
    let node = sound("a: {osc: {amp: {osc: {freq: 1, amp: 2}, amp: 3, phase: 4}}}", "a");
    let inner = child(&node, "amp");
    assert_eq!((number(inner, "freq"), number(inner, "amp"), number(inner, "phase")), (1.0, 3.0, 4.0));
    assert_eq!(inner.params.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["freq", "amp", "phase"]);
}

#[test]
fn language_order_of_parameters_is_that_of_the_text() {
    let node = sound("a: {context: {b: 1, a: 2, signal: 0, c: 3, a: 9}}", "a");
    assert_eq!(node.params.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["b", "a", "signal", "c"]);
    assert_eq!(number(&node, "a"), 9.0, "the last value at the place of the first");
}

#[test]
fn language_overrides_replace_add_and_reset_on_a_copy() {
    let text = "v: {osc: {freq: 1, amp: 2, type: saw}}\na: {mix: {x: {v: {freq: 5, phase: 6, amp: null, type: SINE}}, y: {v: {}}}}";
    let node = sound(text, "a");
    let x = child(&node, "x");
    assert_eq!((number(x, "freq"), number(x, "phase")), (5.0, 6.0));
    assert!(matches!(value(x, "type"), Value::Word("sin")));
    assert!(!x.params.iter().any(|p| p.name == "amp"), "null means: as if it were not written");
    let y = child(&node, "y");
    assert_eq!((number(y, "freq"), number(y, "amp")), (1.0, 2.0));
}

#[test]
fn language_an_effects_input_is_called_signal_from_outside() {
    let text = "fx: {context: {input_signal: {osc: {}}, signal: {expression: {exp: input_signal}}}}\n\
                a: {mix: {x: {fx: {signal: {hold: {signal: 1}}}}}}";
    let fx = sound(text, "a");
    assert_eq!(child(child(&fx, "x"), "input_signal").spec.name, "hold");
    assert_eq!(child(child(&fx, "x"), "signal").spec.name, "expression");
}

#[test]
fn language_numbers_given_to_instantiate_reach_the_root() {
    let library =
        read("v: {context: {tune: 1, signal: {osc: {freq: tune, amp: v}}}}\no: {osc: {duration: 3}}");
    assert_eq!(number(&library.instantiate("v", &[("tune".into(), 7.0)]).expect("known"), "tune"), 7.0);
    assert!(library.instantiate("v", &[("v".into(), 7.0)]).is_ok(), "a name that is read below");
    let errors = library.instantiate("v", &[("tnue".into(), 7.0)]).expect_err("unknown");
    assert_eq!(
        (errors[0].code, errors[0].hint.as_deref()),
        ("unknown-override", Some("did you mean `tune`?"))
    );
    assert_eq!(library.instantiate("o", &[("duration".into(), 2.0)]).expect("common").duration, Some(2.0));
    let unknown = library.instantiate("w", &[]).expect_err("no sound");
    assert_eq!(unknown[0].code, "unknown-sound");
}

#[test]
fn language_paths_are_stable_and_unique() {
    let text = "v: {osc: {id: inner, amp: {osc: {}}}}\n\
                a: {mix: {x: {osc: {freq: {osc: {}}, range: [{osc: {}}, 1]}}, y: {osc: {id: lfo, amp: {osc: {}}}}, p: {v: {}}, q: {v: {}}, r: {v: {id: own}}}}";
    let node = sound(text, "a");
    let path = |node: &Node| node.path.clone();
    assert_eq!(path(&node), "a.root.mix");
    assert_eq!(path(child(child(&node, "x"), "freq")), "a.root.mix.x.osc.freq.osc");
    let Value::List(ends) = value(child(&node, "x"), "range") else { panic!("range") };
    let Value::Node(low) = &ends[0].0 else { panic!("low") };
    assert_eq!(low.path, "a.root.mix.x.osc.range.0.osc");
    assert_eq!(path(child(child(&node, "y"), "amp")), "lfo.amp.osc", "an explicit id restarts the path");
    assert_eq!(path(child(&node, "p")), "a.root.mix.p/inner", "ids are scoped per use of a sub-patch");
    assert_eq!(path(child(&node, "q")), "a.root.mix.q/inner");
    assert_eq!((path(child(&node, "r")), child(&node, "r").id.as_deref()), ("own".to_string(), Some("own")));
}

#[test]
fn language_spans_point_at_the_text() {
    let text = "a:\n  filter:\n    cutoff: 'x * 2'\n    signal: {osc: {}}\n";
    let library = read(text);
    let node = library.instantiate("a", &[]).expect("fine");
    let shown = |span: seiche::language::model::Span| &text[span.start as usize..span.end as usize];
    assert_eq!(shown(node.span), "filter");
    assert_eq!((shown(node.params[0].key_span), shown(node.params[0].span)), ("cutoff", "'x * 2'"));
    let Value::Expr(expr) = value(&node, "cutoff") else { panic!("expression") };
    assert_eq!(shown(expr.span), "x * 2");
}

#[test]
fn language_units_and_musical_times_become_numbers_and_expressions() {
    let node = sound(
        "a: {delay: {time: 2 bars, signal: {osc: {freq: 8 kHz, attack: 30 ms, amp: -6.0206 dB}}}}",
        "a",
    );
    let osc = child(&node, "signal");
    assert_eq!((number(osc, "freq"), number(osc, "attack")), (8000.0, 0.03));
    assert!((number(osc, "amp") - 0.5).abs() < 1e-6);
    let Value::Expr(expr) = value(&node, "time") else { panic!("expression") };
    assert!(matches!(&expr.kind, ExprKind::Binary(_, n, beat)
        if matches!(n.kind, ExprKind::Number(8.0)) && matches!(&beat.kind, ExprKind::Name { name, .. } if name == "beat")));
    let pan = sound("a: {track: {pan: L20, signal: 0}}", "a");
    assert_eq!(number(&pan, "pan"), -0.2);
}

#[test]
fn language_curves_keep_values_and_positions() {
    let node = sound("a: {osc: {amp: [0, [1, 0.25], [k / 2, p], 0], freq: [1, 2, 3], duration: 2}}", "a");
    let Value::Curve(points) = value(&node, "amp") else { panic!("curve") };
    let positions: Vec<bool> = points.iter().map(|p| p.position.is_some()).collect();
    assert_eq!(positions, [false, true, true, false]);
    assert!(
        matches!(points[1].position.as_ref().map(|p| &p.kind), Some(ExprKind::Number(at)) if *at == 0.25)
    );
    assert_eq!(node.duration, Some(2.0));
}

#[test]
fn language_steps_hold_calls_with_their_numbers() {
    let text = "k: {osc: {amp: v}}\na: {sequencer: {steps: [k, null, 'k v.5, k v-2', [k, {osc: {duration: 1}}], [], ~]}}";
    let node = sound(text, "a");
    let Value::Steps(steps) = value(&node, "steps") else { panic!("steps") };
    assert_eq!(steps.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 2, 2, 0, 0]);
    assert_eq!(steps[2][1].params, [("v".to_string(), -2.0)]);
    assert_eq!(&text[steps[2][1].span.start as usize..steps[2][1].span.end as usize], "k v-2");
    assert!(
        matches!(&steps[3][1].target, Target::Inline(node) if node.path == "a.root.sequencer.steps.3.1.osc")
    );
}

#[test]
fn language_old_mixes_become_tracks() {
    let node = sound("a: {mix: {x: {osc: {}}, x_pan: 0.5, x_vol: 2, y: {osc: {}}}}", "a");
    assert_eq!(node.params.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    let track = child(&node, "x");
    assert_eq!((track.spec.name, number(track, "pan"), number(track, "volume")), ("track", 0.5, 2.0));
    assert_eq!(child(track, "signal").spec.name, "osc");
    let listed = sound("a: {mix: {signals: [{osc: {}}, {hold: {signal: 1}}], 2_vol: 0.5}}", "a");
    assert_eq!(child(&listed, "1").spec.name, "osc");
    assert_eq!(number(child(&listed, "2"), "volume"), 0.5);
}

#[test]
fn language_versions_decide_on_scalars_and_oscillators() {
    let library = read_files(vec![
        ("a.yaml", b"a: {osc: {amp: 010}}".to_vec()),
        ("b.yaml", b"seiche: 1\nvars: {x: 1, t: text}\nb: {osc: {amp: 010}}".to_vec()),
    ]);
    assert_eq!(number(&library.instantiate("a", &[]).expect("a"), "amp"), 8.0);
    assert_eq!(number(&library.instantiate("b", &[]).expect("b"), "amp"), 10.0);
    assert!(!library.band_limited(0) && library.band_limited(1));
    assert_eq!(library.vars().len(), 2);
    assert_eq!(library.sounds().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn language_a_broken_file_leaves_the_good_sounds_playable() {
    let library = read("good: {osc: {}}\nbad: {osc: {freq: [1}\nbetter: {osc: {}}\nworse: {ocs: {}}\n");
    assert!(library.instantiate("good", &[]).is_ok());
    assert!(library.instantiate("better", &[]).is_ok());
    assert!(!library.instantiate("bad", &[]).expect_err("broken").is_empty());
    assert!(library.instantiate("worse", &[]).is_err());
}

#[test]
fn language_ten_thousand_sounds_are_read_quickly() {
    let text: String = (0..10_000)
        .map(|i| format!("s{i}: {{filter: {{cutoff: 'x * {i}', signal: {{osc: {{freq: {i}, amp: [1, 0], duration: 1}}}}}}}}\n"))
        .collect();
    let start = Instant::now();
    let library = read(&text);
    let reading = start.elapsed();
    assert_eq!(library.check(), []);
    let checking = start.elapsed() - reading;
    println!("reading {reading:?}, checking {checking:?}");
    assert!(library.instantiate("s9999", &[]).is_ok());
    assert!(
        reading < Duration::from_secs(5) && checking < Duration::from_secs(5),
        "{reading:?} {checking:?}"
    );
}

#[test]
fn language_hostile_texts_are_refused_fast() {
    let chain: String = (0..5_000).map(|i| format!("s{i}: {{s{}: {{}}}}\n", i + 1)).collect::<String>()
        + "s5000: {osc: {}}\n";
    let doubling: String = (0..60)
        .map(|i| format!("d{i}: {{mix: {{a: {{d{}: {{}}}}, b: {{d{}: {{}}}}}}}}\n", i + 1, i + 1))
        .collect::<String>()
        + "d60: {osc: {}}\n";
    let merges = (0..200).fold("m0: &m0 {a: 1}\n".to_string(), |text, i| {
        text + &format!("m{}: &m{} {{<<: [*m{i}, *m{i}], k{i}: 1}}\n", i + 1, i + 1)
    });
    let typos: String =
        (0..3_000).map(|i| format!("t{i}: {{mix: {{x: {{unknown_sound_{i}: {{}}}}}}}}\n")).collect();
    let names = "x".repeat(1 << 20);
    let long = format!(
        "a: {{{names}: {{}}}}\nb: {{sequencer: {{steps: ['{names}']}}}}\nc: {{osc: {{freq: '{names}('}}}}"
    );
    for (name, text) in
        [("chain", chain), ("doubling", doubling), ("merges", merges), ("typos", typos), ("long", long)]
    {
        let start = Instant::now();
        let findings = read(&text).check();
        println!("{name}: {} findings in {:?}", findings.len(), start.elapsed());
        assert!(findings.iter().any(|d| d.is_error()), "{name}");
        assert!(start.elapsed() < Duration::from_secs(20), "{name}: {:?}", start.elapsed());
    }
}

#[test]
fn language_seed_of_the_mutations_is_a_good_library() {
    let findings = read(SEED).check();
    assert!(findings.iter().all(|d| d.code == "old-mix"), "{findings:?}");
    assert_eq!(findings.len(), 2);
}

/// Uses everything; the mutations below begin with it.
const SEED: &str = r#"seiche: 1
vars: {bpm: 128, list: [1, 2]}
p: {osc: &p {range: [1, {osc: {}}], monitor: {type: level}}}
base: &base {osc: {type: saw, freq: "110 * \x66ifth", amp: [1, [0.5, 50 %], 0], duration: 1.5 s}}
voice: {context: {tune: 110, v: 1, signal: {filter: {cutoff: tune * 4 if v > 0.5 else 8000, signal: {osc: {id: o, freq: $o + C#3}}}}}}
seq: {tempo: {bpm: 128, signal: {sequencer: {interval: 1/16, steps: [voice v0.5, null, 'voice, voice tune220', [voice, {osc: {<<: *p}}]]}}}}
all: {mix: {a: {voice: {tune: 3}}, b: *base, b_pan: L20, signals: [{base: {}}]}}
"#;

#[test]
fn language_deepest_sound_fits_a_small_stack() {
    let expression = format!("{}x{}", "(".repeat(60), ")".repeat(60));
    let mut text: String = (0..45).map(|i| format!("s{i}: {{mix: {{x: {{s{}: {{}}}}}}}}\n", i + 1)).collect();
    text += &format!("s45: {{osc: {{freq: '{expression}'}}}}\n");
    let small = std::thread::Builder::new().stack_size(768 << 10);
    let thread = small.spawn(move || read(&text).check()).expect("thread");
    assert_eq!(thread.join().expect("no overflow"), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes cut, doubled and changed at random in a library that uses everything.
    #[test]
    fn language_survives_mutated_libraries(edits in prop::collection::vec((0usize..SEED.len(), 0usize..40, 0usize..SEED.len(), any::<u8>(), 0u8..4), 1..12)) {
        let mut bytes = SEED.as_bytes().to_vec();
        for (at, length, from, byte, what) in edits {
            let at = at.min(bytes.len());
            let end = (at + length).min(bytes.len());
            let from = from.min(bytes.len());
            let piece = bytes[from..(from + length).min(bytes.len())].to_vec();
            match what {
                0 => { bytes.drain(at..end); }
                1 => { bytes.splice(at..at, piece); }
                2 => { bytes.splice(at..end, piece); }
                _ => { bytes.insert(at, b"{}[]:,&*!|>'\"%@`#-? \n\t$()"[usize::from(byte) % 25]); }
            }
        }
        let library = read_files(vec![("lib.yaml", bytes)]);
        let findings = library.check();
        let text = seiche::language::render(&findings, library.files(), true);
        prop_assert!(findings.is_empty() || !text.is_empty());
        for finding in &findings {
            prop_assert!(seiche::language::to_json(finding, library.files())["message"].is_string());
        }
        for (name, _) in library.sounds() {
            if let Err(errors) = library.instantiate(name, &[("v".into(), 0.5)]) {
                prop_assert!(!errors.is_empty());
            }
        }
    }

    #[test]
    fn language_survives_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let library = read_files(vec![("lib.yaml", bytes)]);
        seiche::language::render(&library.check(), library.files(), false);
    }
}
