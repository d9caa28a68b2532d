//! Libraries that ask for too much: each is refused, soon, at its place, with the bound in the message.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use seiche::compile::{self, Request};
use seiche::language::{Library, limits, place};
use seiche::library::samples::Store;
use seiche::quality::Quality;

/// What is wrong with the first sound, as `line:column code message`; empty if nothing is.
fn refusal(text: &str) -> String {
    let begin = Instant::now();
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|def| &def.spec).collect();
    let library = Library::read(vec![(PathBuf::from("x"), text.as_bytes().to_vec())], &specs);
    let store = Mutex::new(Store::default());
    let sound = library.sounds().next().map_or(String::new(), |(name, _)| name.to_owned());
    let request = Request {
        library: &library,
        sound: &sound,
        overrides: &[],
        rate: 48_000.0,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    let mut found = library.diagnostics().to_vec();
    found.extend(compile::compile(&request).err().unwrap_or_default());
    assert!(begin.elapsed() < Duration::from_secs(10), "it took {:?}", begin.elapsed());
    let text = |d: &seiche::language::Diagnostic| {
        let at = d.span.map_or("?".into(), |span| place(library.files(), span));
        format!("{} {} {}", at.trim_start_matches("x:"), d.code, d.message)
    };
    found.first().map_or(String::new(), text)
}

fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

#[test]
fn hostile_numbers_of_keys_are_refused() {
    let context = |count: usize| {
        format!("a: {{context: {{{} signal: {{osc: {{}}}}}}}}", many(count, |i| format!("v{i}: {i}, ")))
    };
    assert_eq!(refusal(&context(limits::KEYS - 1)), "");
    let message = format!("1:5 too-large `context` has more than {} keys", limits::KEYS);
    assert_eq!(refusal(&context(limits::KEYS)), message);
    assert_eq!(refusal(&context(90_000)), message);
}

#[test]
fn hostile_numbers_of_variables_are_refused() {
    let vars = format!("seiche: 1\nvars: {{{}}}\na: {{osc: {{}}}}", many(90_000, |i| format!("v{i}: {i}, ")));
    assert!(
        refusal(&vars)
            .contains(&format!("too-large the library has more than {} variables", limits::VARIABLES))
    );
}

#[test]
fn hostile_files_of_too_many_values_are_refused() {
    let text = format!("a: {{osc: {{}}}}\nb: [{}]", "1, ".repeat(300_000));
    assert!(
        refusal(&text).contains(&format!("yaml-size this file has more than {} values", limits::YAML_VALUES))
    );
}

#[test]
fn hostile_equal_ids_take_no_time() {
    let nodes = many(900, |i| {
        format!("m{i}: {{mix: {{{}}}}}, ", many(20, |k| format!("x{k}: {{hold: {{signal: 1, id: same}}}}, ")))
    });
    assert_eq!(refusal(&format!("a: {{mix: {{{nodes}}}}}")), "");
}

#[test]
fn hostile_steps_that_start_ever_more_are_refused() {
    // Sixteen floors of eight sounds, each of which starts all of the floor below.
    let mut text = String::new();
    for floor in 0..16 {
        for sound in 0..8 {
            let steps = many(8, |k| format!("f{}s{k}, ", floor + 1));
            let _ = writeln!(text, "f{floor}s{sound}: {{sequencer: {{interval: 1, steps: [{steps}]}}}}");
        }
    }
    text.push_str(&many(8, |k| format!("f16s{k}: {{osc: {{duration: 1}}}}\n")));
    let refusal = refusal(&text);
    let message = format!("more than {} nodes in a sound and all that it starts", limits::COMPILED_NODES);
    assert!(refusal.contains(&message), "{refusal}");
}

#[test]
fn hostile_chains_of_starts_are_refused() {
    // Nodes within each other across a hundred sounds, each of two levels.
    let text = many(100, |i| {
        format!(
            "s{i}: {{sequencer: {{interval: 1, steps: [{{hold: {{signal: {{sequencer: {{interval: 1, steps: [s{}]}}}}}}}}]}}}}\n",
            i + 1
        )
    });
    let message = format!("too-large more than {} nodes inside of each other", limits::COMPILED_NESTED);
    assert!(refusal(&format!("{text}s100: {{osc: {{}}}}")).contains(&message));
}

#[test]
fn hostile_memory_is_refused() {
    let text = "a: {midi_in: {voices: 256, signal: {delay: {time: 100, signal: {osc: {}}}}}}";
    let message = format!(
        "1:37 node with all voices the sound would take more than {} MB of memory",
        limits::PROGRAM_BYTES >> 20
    );
    assert_eq!(refusal(text), message);
    assert_eq!(refusal("a: {delay: {time: 100, signal: {osc: {}}}}"), "");
    let ears = "a: {midi_in: {voices: 256, signal: {multiply: {number: 8, signal: {osc: {freq: {pitch: {min_freq: 10, signal: {osc: {}}}}}}}}}}";
    assert!(refusal(ears).contains("MB of memory"), "{}", refusal(ears));
}
