//! `seiche render` as it is called: files, lengths, stems, settings, and its answers to what cannot be done.
#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with a library, removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("seiche-render-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("folder");
        fs::write(path.join("tones.yaml"), TONES).expect("file");
        fs::write(path.join("one.yml"), "only: {osc: {freq: 440, amp: 0.5, duration: 0.25}}\n")
            .expect("file");
        Folder(path)
    }

    fn wav(&self, name: &str) -> (hound::WavSpec, Vec<f32>) {
        let mut reader = hound::WavReader::open(self.0.join(name)).expect("a WAV file");
        let spec = reader.spec();
        let samples = match spec.sample_format {
            hound::SampleFormat::Float => reader.samples::<f32>().map(Result::unwrap).collect(),
            hound::SampleFormat::Int => {
                let full = (1u32 << (spec.bits_per_sample - 1)) as f32;
                reader.samples::<i32>().map(|s| s.unwrap() as f32 / full).collect()
            }
        };
        (spec, samples)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const TONES: &str = "\
tone: {context: {pitch: 220, loud: 0.5, signal: {osc: {freq: pitch, amp: loud}}}}
band: {mix: {low one: {osc: {freq: 110, amp: 0.3, duration: 1}}, High!: {track: {pan: 1, signal: {tone: {}}}}}}
hiss: {osc: {type: noise, amp: 0.1, duration: 0.5}}
pulse: {tempo: {bpm: 120, signal: {osc: {freq: 100, amp: 0.4 if beat_number == 1 else 0.1}}}}
broken: {osc: {freq: nobody}}
loud: {osc: {freq: 100, amp: 2, duration: 0.1}}
short: {mix: {duration: 0.2, tone: {tone: {}}}}
keys: {midi_in: {signal: {osc: {freq: freq, duration: 0.1}}}}
";

/// Exit code, standard output, standard error.
fn render(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let program = env!("CARGO_BIN_EXE_seiche");
    let Output { status, stdout, stderr } =
        Command::new(program).arg("render").args(arguments).current_dir(folder).output().expect("starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |p, x| p.max(x.abs()))
}

#[test]
fn render_writes_the_only_sound_as_long_as_it_lasts() {
    let folder = Folder::new("only");
    let (code, out, err) = render(&folder.0, &["one.yml"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let (spec, samples) = folder.wav("only.wav");
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 44_100, 24));
    assert_eq!(samples.len(), 2 * 11_025);
    assert!((peak(&samples) - 0.5).abs() < 0.01);
    for part in ["0.250 s", "-6.0 dBFS", "only.wav", "times real time"] {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    assert!(!folder.0.join("only.wav.part").exists());
}

#[test]
fn render_does_what_its_options_say() {
    let folder = Folder::new("options");
    let go = |more: &[&str]| {
        let out = [&["tones.yaml", "--sound", "tone", "--out", "x.wav", "--seconds", "0.1"], more].concat();
        let (code, text, err) = render(&folder.0, &out);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{text}");
        folder.wav("x.wav")
    };
    let (spec, samples) = go(&["--rate", "48000", "--bits", "32f", "--set", "loud=0.25"]);
    assert_eq!(
        (spec.sample_rate, spec.sample_format, samples.len()),
        (48_000, hound::SampleFormat::Float, 9600)
    );
    assert!((peak(&samples) - 0.25).abs() < 0.01);
    assert_eq!(go(&["--bits", "16"]).0.bits_per_sample, 16);
    // A note name is a frequency: twice the crossings of the octave below.
    let crossings = |x: &[f32]| x.windows(4).filter(|w| w[0] < 0.0 && w[2] >= 0.0).count();
    let (low, high) = (go(&["--set", "pitch=a4"]).1, go(&["--set", "pitch=a5"]).1);
    assert!(crossings(&high).abs_diff(2 * crossings(&low)) <= 2);
    assert_eq!(go(&["--block", "17"]), go(&["--block", "4096"]));
}

#[test]
fn render_turns_macros() {
    let folder = Folder::new("macros");
    let text = "seiche: 1\nmacros: {loud: {range: [-40 dB, 0 dB], default: -6 dB}, tone: [100 Hz, 400 Hz]}\n\
        a: {osc: {freq: tone, amp: loud, duration: 0.2}}\n";
    fs::write(folder.0.join("turned.yaml"), text).expect("writes");
    let go = |more: &[&str]| {
        let (code, out, err) = render(&folder.0, &[&["turned.yaml", "--out", "x.wav"], more].concat());
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
        peak(&folder.wav("x.wav").1)
    };
    assert!((go(&[]) - 0.501).abs() < 0.002, "the default");
    assert!((go(&["--macro", "loud=-12 dB", "--macro", "tone=400"]) - 0.251).abs() < 0.002);
    for (wrong, code, parts) in [
        ("luod=0", 1, &["no macro `luod`", "did you mean `loud`?", "loud, tone"][..]),
        ("loud=3 s", 1, &["`3 s` is no value of the macro `loud`", "-40 dB to 0 dB"]),
        ("tone=1 kHz", 1, &["from 100 Hz to 400 Hz"]),
        ("tone", 2, &["NAME=VALUE"]),
    ] {
        let (got, _, err) = render(&folder.0, &["turned.yaml", "--macro", wrong]);
        assert_eq!(got, Some(code), "{wrong}: {err}");
        assert!(parts.iter().all(|part| err.contains(part)), "{wrong}: {err}");
    }
}

#[test]
fn render_follows_seed_and_tempo() {
    let folder = Folder::new("seed");
    let go = |sound: &str, more: &[&str]| {
        let out = [&["tones.yaml", "--sound", sound, "--out", "x.wav", "--seconds", "0.4"], more].concat();
        assert_eq!(render(&folder.0, &out).0, Some(0));
        folder.wav("x.wav").1
    };
    assert_eq!(go("hiss", &["--seed", "7"]), go("hiss", &["--seed", "7"]));
    assert!(go("hiss", &["--seed", "7"]) != go("hiss", &["--seed", "8"]));
    // The first beat is loud; at 200 bpm it is over after 0.3 s.
    let late = |samples: Vec<f32>| peak(&samples[2 * 14_000..]);
    assert!(late(go("pulse", &[])) > 0.3 && late(go("pulse", &["--bpm", "200"])) < 0.2);
}

#[test]
fn render_writes_stems_that_add_up() {
    let folder = Folder::new("stems");
    let (code, out, _) =
        render(&folder.0, &["tones.yaml", "--sound", "band", "--stems", "--bits", "32f", "--out", "b.wav"]);
    assert_eq!(code, Some(0), "{out}");
    let (mix, low, high) =
        (folder.wav("b.wav").1, folder.wav("b_01_low_one.wav").1, folder.wav("b_02_High.wav").1);
    assert_eq!((mix.len(), low.len(), high.len()), (88_200, 88_200, 88_200));
    assert!(mix.iter().zip(low.iter().zip(&high)).all(|(m, (a, b))| *m == a + b));
    assert!(peak(&low) > 0.2 && peak(&high) > 0.4);
}

#[test]
fn render_answers_what_cannot_be_done() {
    let folder = Folder::new("wrong");
    for (arguments, code, parts) in [
        (&["tones.yaml"][..], 1, &["--sound", "tone, band, hiss"][..]),
        (&["tones.yaml", "--sound", "bnad"], 1, &["no sound `bnad`", "did you mean `band`?", "pulse"]),
        (&["missing.yaml"], 1, &["no file or folder missing.yaml"]),
        (&["tones.yaml", "--sound", "broken"], 1, &["tones.yaml:5:22", "nobody"]),
        (&["tones.yaml", "--sound", "tone", "--set", "lod=1"], 1, &["no parameter `lod`", "loud"]),
        (&["tones.yaml", "--sound", "tone", "--set", "loud=much"], 2, &["number or a note name"]),
        (&["tones.yaml", "--sound", "tone", "--seconds", "-1"], 2, &["--seconds"]),
        (&["tones.yaml", "--sound", "tone", "--seconds", "80000", "--format", "aiff"], 1, &["4 GiB"]),
        (&["tones.yaml", "--sound", "tone", "--format", "flac", "--bits", "32f"], 1, &["--bits 24"]),
        (&["tones.yaml", "--sound", "tone", "--range", "2s..1s"], 1, &["FROM..TO"]),
        (&["tones.yaml", "--sound", "tone", "--range", "1s..1s"], 1, &["FROM..TO"]),
        (&["tones.yaml", "--sound", "tone", "--range", "0..2bars"], 1, &["--bpm"]),
        (&["tones.yaml", "--sound", "tone", "--range", "0..1", "--tail", "wrapped"], 1, &["--bpm"]),
        (&["tones.yaml", "--sound", "tone", "--range", "0..99999999"], 1, &["too long"]),
        (&["tones.yaml", "--sound", "tone", "--marker", "9s=end"], 1, &["`end` is outside"]),
        (&["tones.yaml", "--sound", "band", "--stems", "--stem-names", "{nubmer}"], 1, &["{number}"]),
        (&["tones.yaml", "--sound", "tone", "--tail", "long"], 2, &["auto"]),
        (&["tones.yaml", "--sound", "tone", "--tag", "colour=blue"], 2, &["title"]),
        (
            &["tones.yaml", "--sound", "hiss", "--out", "no/such/x.wav"],
            1,
            &["no/such/x.wav", "cannot be written"],
        ),
    ] {
        let (got, _, err) = render(&folder.0, arguments);
        assert_eq!(got, Some(code), "{arguments:?}: {err}");
        for part in parts {
            assert!(err.contains(part), "{arguments:?}: {part} in\n{err}");
        }
    }
    let files = fs::read_dir(&folder.0).expect("folder").flatten().map(|e| e.file_name());
    assert!(
        files.into_iter().all(|f| !f.to_string_lossy().contains("wav")),
        "a failed render leaves no file"
    );
}

#[test]
fn render_keeps_to_the_memory_that_it_may_take() {
    let folder = Folder::new("memory");
    let go = |memory: &str| {
        let to = ["tones.yaml", "--sound", "band", "--block", "100000", "--out", "m.wav", "--memory", memory];
        let (code, _, err) = render(&folder.0, &to);
        assert_eq!(code, Some(0), "{err}");
        (err.contains("memory is short"), folder.wav("m.wav"))
    };
    let ((plenty, one), (little, other)) = (go("100"), go("1"));
    assert!(!plenty && little && one == other);
}

#[test]
fn render_says_that_it_clips_and_that_it_guesses_the_length() {
    let folder = Folder::new("notes");
    let (code, out, _) = render(&folder.0, &["tones.yaml", "--sound", "loud"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("clipped"), "{out}");
    assert!(!render(&folder.0, &["tones.yaml", "--sound", "loud", "--bits", "32f"]).1.contains("clipped"));
    let (_, out, err) = render(&folder.0, &["tones.yaml", "--sound", "tone", "--rate", "8000"]);
    assert!(out.contains("4.000 s") && err.contains("does not say how long"), "{out}{err}");
}

#[test]
fn render_ends_where_the_sound_says_unless_a_host_or_notes_decide() {
    let folder = Folder::new("ends");
    let frames = |more: &[&str]| {
        let all = [&["tones.yaml", "--out", "x.wav", "--rate", "8000", "--sound"], more].concat();
        assert_eq!(render(&folder.0, &all).0, Some(0));
        folder.wav("x.wav").1.len() / 2
    };
    assert_eq!(frames(&["short"]), 1600);
    assert_eq!(frames(&["short", "--seconds", "0.5"]), 1600);
    assert_eq!(frames(&["short", "--seconds", "0.5", "--bpm", "120"]), 4000, "a host's timeline decides");
    assert_eq!(
        frames(&["keys", "--seconds", "0.5"]),
        4000,
        "what a note plays is not the length of the sound"
    );
}

#[test]
fn render_writes_every_format_with_its_texts() {
    let folder = Folder::new("formats");
    let go = |more: &[&str]| {
        let all =
            [&["tones.yaml", "--sound", "band", "--seconds", "0.5", "--tag", "title=Tide"], more].concat();
        let (code, out, err) = render(&folder.0, &all);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    };
    let starts = |name: &str, mark: &[u8]| {
        let bytes = fs::read(folder.0.join(name)).expect(name);
        assert!(bytes.starts_with(mark) && bytes.windows(4).any(|w| w == b"Tide"), "{name}");
    };
    go(&["--format", "flac", "--stems"]);
    starts("band.flac", b"fLaC");
    starts("band_02_High.flac", b"fLaC");
    go(&["--format", "aiff", "--bits", "32f"]);
    starts("band.aiff", b"FORM");
    go(&["--format", "bwf", "--marker", "0.2=here"]);
    starts("band.wav", b"RIFF");
    go(&["--stems=dry", "--stem-names", "{track} {number}", "--out", "x.wav"]);
    starts("low_one 01.wav", b"RIFF");
    let (code, _, err) = render(&folder.0, &["tones.yaml", "--sound", "band", "--keep-existing"]);
    assert!(code == Some(1) && err.contains("band.wav") && err.contains("already"), "{err}");
}

#[test]
fn render_keeps_to_levels_ranges_and_loops() {
    let folder = Folder::new("levels");
    let go = |more: &[&str]| {
        let all = [&["tones.yaml", "--sound", "band", "--bits", "32f", "--out", "x.wav"], more].concat();
        let (code, out, err) = render(&folder.0, &all);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
        folder.wav("x.wav").1
    };
    let whole = go(&["--seconds", "1"]);
    assert!((peak(&go(&["--seconds", "1", "--peak", "-6"])) - 0.501).abs() < 1e-3);
    assert!((peak(&go(&["--seconds", "1", "--headroom=-12dB"])) - 0.251).abs() < 1e-3);
    assert_eq!(go(&["--seconds", "1", "--headroom", "--workers", "3", "--block", "100"]), whole);
    assert_eq!(go(&["--range", "0.25s..0.5s"]), whole[2 * 11_025..2 * 22_050]);
    assert_eq!(
        go(&["--range", "1beat..2beats", "--bpm", "120", "--tail", "0.1s"]).len(),
        2 * (22_050 + 4_410)
    );
    assert_eq!(go(&["--range", "0..1bar", "--bpm", "240", "--tail", "wrapped"]).len(), 2 * 44_100);
}

#[test]
fn render_reports_progress_faults_and_what_it_took() {
    let folder = Folder::new("report");
    fs::write(
        folder.0.join("odd.yaml"),
        "x: {mix: {odd: {expression: {exp: 's / (s - s)', s: {osc: {freq: 3}}}}, good: {osc: {amp: 0.3}}}}\n",
    )
    .expect("writes");
    let go = |more: &[&str]| render(&folder.0, &[&["odd.yaml", "--seconds", "1"], more].concat());
    let (code, _, err) = go(&["--report", "r.json", "--progress", "json", "--cache", "kept"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("`odd` is not finite") && err.contains("silenced"), "{err}");
    let told: Vec<serde_json::Value> =
        err.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(told.last().expect("progress")["done"], 1.0);
    let read = |name: &str| fs::read_to_string(folder.0.join(name)).expect("a report");
    let json: serde_json::Value = serde_json::from_str(&read("r.json")).expect("JSON");
    assert_eq!(
        (&json["faults"][0]["part"], &json["faults"][0]["cause"]),
        (&"odd".into(), &"not finite".into())
    );
    let (_, out, _) = go(&["--report", "r.txt", "--cache", "kept"]);
    assert!(read("r.txt").contains("fault: odd") && out.contains("cache     1 of 2"), "{out}");
    let (code, _, err) = go(&["--on-fault", "stop", "--out", "none.wav"]);
    assert!(code == Some(1) && err.contains("`odd`") && !folder.0.join("none.wav").exists(), "{err}");
}

/// A MIDI file of one track, 96 ticks a beat.
fn midi(events: &[u8]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    bytes.extend_from_slice(&(events.len() as u32 + 4).to_be_bytes());
    bytes.extend_from_slice(events);
    bytes.extend_from_slice(b"\0\xff\x2f\0");
    bytes
}

#[test]
fn render_plays_midi_files_and_foretells_how_loud_they_are() {
    let folder = Folder::new("midi");
    let text = "x: {midi_in: {signal: {envelope: {gate: gate, release: 0.1, signal: {osc: {freq: freq, amp: 0.8 * velocity}}}}}}\n";
    fs::write(folder.0.join("keys.yaml"), text).expect("writes");
    // Two notes at full velocity for a beat, half a second.
    let notes = midi(b"\0\x90\x3c\x7f\0\x90\x43\x7f\x60\x80\x3c\0\0\x80\x43\0");
    fs::write(folder.0.join("two.mid"), notes).expect("writes");
    let go = |more: &[&str]| {
        let all = [&["keys.yaml", "--midi", "two.mid", "--bits", "32f", "--out", "x.wav"], more].concat();
        let (code, out, err) = render(&folder.0, &all);
        assert_eq!(code, Some(0), "{err}");
        (folder.wav("x.wav").1, out, err)
    };
    let (plain, out, err) = go(&[]);
    assert!(err.is_empty() && (peak(&plain) - 1.6).abs() < 0.05, "{err} {}", peak(&plain));
    let seconds = plain.len() as f32 / 2.0 / 44_100.0;
    assert!((0.58..0.9).contains(&seconds), "the notes and their release: {seconds} s {out}");
    let (_, _, err) = go(&["--forecast"]);
    assert!(err.contains("foretold  mix: peak ") && err.contains("at most 4.1 dBFS"), "{err}");
    let (soft, out, err) = go(&["--headroom", "auto", "--report", "r.json"]);
    assert!(err.contains("headroom  -") && out.contains("gain      -"), "{err}{out}");
    assert!(peak(&soft) <= 1.0 && peak(&soft) > 0.7, "{}", peak(&soft));
    let report = fs::read_to_string(folder.0.join("r.json")).expect("a report");
    let json: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let expected = json["forecast"]["mix"]["expected"].as_f64().expect("a number");
    assert!((expected - 4.0).abs() < 0.5, "{report}");
    assert!((json["gain"].as_f64().expect("a gain") + expected).abs() < 0.01);
    let (code, _, err) = render(&folder.0, &["keys.yaml", "--midi", "keys.yaml"]);
    assert!(code == Some(1) && err.contains("keys.yaml: is no MIDI file"), "{err}");
}

#[test]
fn render_goes_on_without_a_missing_sample_or_stops() {
    let folder = Folder::new("lost");
    let text = "x: {mix: {lost: {sample: {file: no.wav}}, rest: {osc: {amp: 0.3}}}}\n";
    fs::write(folder.0.join("lost.yaml"), text).expect("writes");
    let (code, _, err) = render(&folder.0, &["lost.yaml", "--seconds", "0.2"]);
    assert_eq!(code, Some(1), "rendered, with a fault");
    assert!(err.contains("no.wav") && err.contains("`lost` has no sample for"), "{err}");
    assert!(peak(&folder.wav("x.wav").1) > 0.25);
    let (code, _, err) =
        render(&folder.0, &["lost.yaml", "--seconds", "0.2", "--on-fault", "stop", "--out", "n.wav"]);
    assert!(code == Some(1) && err.contains("lost.yaml:1:") && !folder.0.join("n.wav").exists(), "{err}");
}

/// The system refuses to write more than a few kilobytes, as a full disk does.
#[cfg(unix)]
#[test]
fn render_leaves_nothing_on_a_full_disk() {
    let folder = Folder::new("full");
    let program = env!("CARGO_BIN_EXE_seiche");
    let command = format!(
        "trap '' XFSZ; ulimit -f 64; {program} render tones.yaml --sound band --stems --out full.wav"
    );
    let output = Command::new("sh").args(["-c", &command]).current_dir(&folder.0).output().expect("starts");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && err.contains("cannot be written"), "{err}");
    let left = fs::read_dir(&folder.0)
        .expect("folder")
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().contains("full"));
    assert_eq!(left.count(), 0);
}

#[test]
fn schema_is_printed_as_it_is_kept() {
    let output = Command::new(env!("CARGO_BIN_EXE_seiche")).arg("schema").output().expect("starts");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/seiche.schema.json");
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).expect("text"), fs::read_to_string(kept).expect("schema"));
}

const KIT: &str = "\
seiche: 1
hat: {osc: {type: noise, amp: 0.1}}
kit:
  mix:
    low: {midi_in: {keys: 36, name: \"Bass <Drum> & \\\"22\\\"\", signal: {osc: {freq: 50}}}}
    hats: {midi_in: {channel: -1, notes: {42: {name: Geschlossene Hi-Hat, choke: hats}, a#2: Offen}, signal: {hat: {}}}}
";

/// `seiche notes`: exit code, standard output, standard error.
fn notes(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let program = env!("CARGO_BIN_EXE_seiche");
    let Output { status, stdout, stderr } =
        Command::new(program).arg("notes").args(arguments).current_dir(folder).output().expect("starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn notes_names_of_keys_are_written_as_reaper_reads_them() {
    let folder = Folder::new("notes-list");
    fs::write(folder.0.join("kit.yaml"), KIT).unwrap();
    let wanted = "// kit\n36 Bass <Drum> & \"22\"\n42 Geschlossene Hi-Hat\n46 Offen\n";
    assert_eq!(notes(&folder.0, &["kit.yaml"]), (Some(0), wanted.into(), String::new()));
    assert_eq!(notes(&folder.0, &["kit.yaml", "--out", "kit.txt"]).0, Some(0));
    assert_eq!(fs::read_to_string(folder.0.join("kit.txt")).unwrap(), wanted);
}

#[test]
fn notes_names_of_keys_are_written_as_midnam() {
    let folder = Folder::new("notes-midnam");
    fs::write(folder.0.join("kit.yaml"), KIT).unwrap();
    let (code, _, said) = notes(&folder.0, &["kit.yaml", "--sound", "kit", "-o", "kit.midnam"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let text = fs::read_to_string(folder.0.join("kit.midnam")).unwrap();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(&text, options).unwrap();
    assert_eq!(document.root_element().tag_name().name(), "MIDINameDocument");
    let all = |tag: &'static str| document.descendants().filter(move |node| node.has_tag_name(tag));
    // As Ardour looks a name up: channel, set of the channel, list of the set, key.
    let name = |channel: &str, key: &str| {
        let assign = all("ChannelNameSetAssign").find(|n| n.attribute("Channel") == Some(channel))?;
        let set = all("ChannelNameSet").find(|n| n.attribute("Name") == assign.attribute("NameSet"))?;
        let free = set.descendants().find(|n| n.has_tag_name("AvailableChannel"))?;
        assert_eq!((free.attribute("Channel"), free.attribute("Available")), (Some(channel), Some("true")));
        let used = set.children().find(|n| n.has_tag_name("UsesNoteNameList"))?;
        let list = all("NoteNameList").find(|n| n.attribute("Name") == used.attribute("Name"))?;
        list.children().find(|n| n.attribute("Number") == Some(key))?.attribute("Name").map(str::to_owned)
    };
    assert_eq!(name("1", "36").as_deref(), Some("Bass <Drum> & \"22\""));
    assert_eq!(name("16", "46").as_deref(), Some("Offen"));
    assert_eq!((name("2", "36"), name("1", "40")), (None, None));
    assert_eq!(all("Note").count(), 3 + 15 * 2);
}

#[test]
fn notes_without_names_say_what_to_write() {
    let folder = Folder::new("notes-none");
    for arguments in [&["tones.yaml"][..], &["tones.yaml", "--sound", "keys"]] {
        let (code, _, said) = notes(&folder.0, arguments);
        assert!(code == Some(1) && said.contains("notes: {36: Kick}"), "{said}");
    }
    let (code, _, said) = notes(&folder.0, &["tones.yaml", "--sound", "kexs"]);
    assert!(code == Some(1) && said.contains("did you mean `keys`?"), "{said}");
    assert_eq!(notes(&folder.0, &["nowhere.yaml"]).0, Some(1));
}

/// A recording of four strokes of noise, and where they are.
fn recording(folder: &Folder) -> Vec<f64> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let places = vec![0.3, 0.7, 1.1, 1.5];
    let mut writer = hound::WavWriter::create(folder.0.join("snare.wav"), spec).expect("a file");
    let mut seed = 1u32;
    for n in 0..96_000u32 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(seed >> 8) / f64::from(1u32 << 23) - 1.0;
        let t = f64::from(n) / 48_000.0;
        let since = places.iter().map(|p| t - p).filter(|s| *s >= 0.0).fold(f64::INFINITY, f64::min);
        let body = (since * 190.0 * std::f64::consts::TAU).sin() * (-since / 0.06).exp();
        let x = if since < 1.0 { 0.4 * noise * (-since / 0.03).exp() + 0.6 * body } else { 0.0 };
        writer.write_sample((x * 0.5 * 8_388_607.0) as i32).expect("written");
    }
    writer.finalize().expect("written");
    places
}

fn triggers(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let program = env!("CARGO_BIN_EXE_seiche");
    let Output { status, stdout, stderr } =
        Command::new(program).arg("triggers").args(arguments).current_dir(folder).output().expect("starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn cli_triggers_writes_a_table_of_strokes() {
    let folder = Folder::new("triggers-table");
    let places = recording(&folder);
    let (code, table, _) = triggers(&folder.0, &["snare.wav", "--instrument", "snare", "--learn", "auto"]);
    assert_eq!(code, Some(0));
    let rows: Vec<Vec<f64>> =
        table.lines().skip(1).map(|l| l.split(',').map(|x| x.parse().expect(l)).collect()).collect();
    assert_eq!(rows.len(), places.len(), "{table}");
    for (row, place) in rows.iter().zip(&places) {
        assert!((row[0] - place).abs() < 0.0015, "{table}");
        assert!((1.0..=127.0).contains(&row[1]) && (row[2] - row[0] - 0.010).abs() < 1e-6, "{table}");
    }
    let all = triggers(&folder.0, &["snare.wav", "--candidates", "--threshold", "-1", "--mode", "live"]).1;
    assert!(all.contains("below threshold") && !all.contains("accepted"), "{all}");
}

#[test]
fn cli_triggers_writes_a_midi_file() {
    let folder = Folder::new("triggers-midi");
    let places = recording(&folder);
    let arguments = ["snare.wav", "-o", "out.mid", "--instrument", "snare", "--note", "40", "--channel", "3"];
    let (code, text, _) = triggers(&folder.0, &arguments);
    assert_eq!(code, Some(0));
    assert!(text.contains("strokes   4"), "{text}");
    let bytes = fs::read(folder.0.join("out.mid")).expect("written");
    let smf = midly::Smf::parse(&bytes).expect("a MIDI file");
    let (mut now, mut starts) = (0, Vec::new());
    for event in &smf.tracks[0] {
        now += event.delta.as_int();
        if let midly::TrackEventKind::Midi { channel, message: midly::MidiMessage::NoteOn { key, vel } } =
            event.kind
        {
            assert!((channel.as_int(), key.as_int()) == (2, 40) && vel.as_int() > 0);
            starts.push(f64::from(now) / 48_000.0);
        }
    }
    assert_eq!(starts.len(), places.len());
    assert!(starts.iter().zip(&places).all(|(a, b)| (a - b).abs() < 0.0015), "{starts:?}");
}

#[test]
fn cli_triggers_says_what_it_cannot_read() {
    let folder = Folder::new("triggers-faults");
    let (code, _, fault) = triggers(&folder.0, &["nothing.wav"]);
    assert!(code == Some(1) && fault.contains("nothing.wav"), "{fault}");
    let (code, _, fault) = triggers(&folder.0, &["tones.yaml"]);
    assert!(code == Some(1) && fault.contains("tones.yaml"), "{fault}");
    recording(&folder);
    let (code, _, fault) = triggers(&folder.0, &["snare.wav", "-o", "x.txt"]);
    assert!(code == Some(1) && fault.contains(".csv or .mid"), "{fault}");
    let (code, _, fault) = triggers(&folder.0, &["snare.wav", "--threshold", "7"]);
    assert!(code == Some(2) && fault.contains("-60"), "{fault}");
}

/// Standard output of `seiche presets`, with the user's presets in this folder.
fn presets(folder: &Path, arguments: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_seiche"));
    let run = program.arg("presets").args(arguments).env("SEICHE_PRESETS", folder).output().expect("starts");
    assert_eq!(run.status.code(), Some(0));
    String::from_utf8(run.stdout).expect("text")
}

#[test]
fn preset_list_shows_factory_and_user_and_finds_words() {
    let folder = Folder::new("presets");
    let text = "seiche: 1\nabout: {name: Night Bus, author: Ann, tags: [dark], description: Slow}\na: {hold: {signal: 1}}\n";
    fs::create_dir_all(folder.0.join("Pads")).expect("folder");
    fs::write(folder.0.join("Pads/night.yaml"), text).expect("file");
    let all = presets(&folder.0, &[]);
    let lines: Vec<Vec<&str>> = all.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..3], ["1", "Drums", "(factory)"], "{all}");
    assert_eq!(lines[6], ["7", "Night", "Bus", "Pads", "by", "Ann", "[dark]"], "{all}");
    assert!(all.ends_with(&format!("Your presets: {}\n", folder.0.display())), "{all}");
    let found: serde_json::Value =
        serde_json::from_str(&presets(&folder.0, &["DARK", "--format", "json"])).expect("JSON");
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&found[0]["number"], &found[0]["author"], &found[0]["factory"]),
        (&7.into(), &"Ann".into(), &false.into())
    );
    assert_eq!(found[0]["path"], folder.0.join("Pads/night.yaml").display().to_string());
}

/// A library with a sample that lies beside its folder.
fn with_sample(name: &str) -> Folder {
    let folder = Folder::new(name);
    fs::create_dir_all(folder.0.join("lib")).expect("folder");
    let text = "seiche: 1\nroots: [../rec]\ns: {sample: {file: x.wav, duration: 0.1}}\n";
    fs::write(folder.0.join("lib/s.yaml"), text).expect("file");
    fs::create_dir_all(folder.0.join("rec")).expect("folder");
    let (status, ..) = render(&folder.0, &["one.yml", "--out", "rec/x.wav"]);
    assert_eq!(status, Some(0));
    folder
}

fn seiche(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_seiche"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn collect_command_writes_a_bundle_that_renders_and_becomes_a_folder() {
    let folder = with_sample("collect");
    let (status, _, error) = render(&folder.0, &["lib", "--out", "before.wav"]);
    assert_eq!(status, Some(0), "{error}");
    let (status, said, error) = seiche(&folder.0, &["collect", "lib", "-o", "s.seiche"]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    assert!(said.starts_with("collected 1 text and 1 file (0."), "{said}");
    assert!(seiche(&folder.0, &["collect", "lib", "-o", "s.seiche"]).2.contains("is there already"));
    fs::rename(folder.0.join("lib"), folder.0.join("gone")).expect("renamed");
    let (status, _, error) = seiche(&folder.0, &["collect", "s.seiche", "-o", "back"]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    fs::remove_dir_all(folder.0.join("rec")).expect("removed");
    for (library, out) in [("s.seiche", "packed.wav"), ("back", "folder.wav")] {
        assert_eq!(seiche(&folder.0, &["check", library]).1, "1 sound, 0 errors, 0 warnings\n");
        assert_eq!(render(&folder.0, &[library, "--out", out]).0, Some(0));
        assert_eq!(folder.wav(out), folder.wav("before.wav"), "{library}");
    }
    fs::write(folder.0.join("no.seiche"), "not a bundle").expect("file");
    let (status, _, error) = render(&folder.0, &["no.seiche"]);
    assert_eq!(status, Some(1));
    assert!(error.contains("no.seiche cannot be opened"), "{error}");
}

#[test]
fn collect_command_names_what_is_missing_and_relinks_it() {
    let folder = with_sample("relink");
    fs::rename(folder.0.join("rec"), folder.0.join("moved")).expect("renamed");
    let (status, _, error) = seiche(&folder.0, &["collect", "lib", "--out", "s.seiche"]);
    assert_eq!(status, Some(1));
    assert!(error.contains("there is no file `x.wav`") && error.contains("s.yaml:3:20"), "{error}");
    assert!(error.ends_with("nothing was collected\n") && !folder.0.join("s.seiche").exists());
    let (status, _, error) =
        seiche(&folder.0, &["collect", "lib", "--out", "s.seiche", "--relink", "nowhere"]);
    assert!(status == Some(1) && error.contains("nowhere cannot be opened"), "{error}");
    for (out, link) in [("a.seiche", "moved"), ("b.seiche", "x.wav=moved/x.wav")] {
        let (status, _, error) = seiche(&folder.0, &["collect", "lib", "--out", out, "--relink", link]);
        assert_eq!(status, Some(0), "{error}");
        assert_eq!(render(&folder.0, &[out, "--out", "x.wav"]).0, Some(0));
    }
}

const NIGHT: &str = "\
seiche: 1
lead: {midi_in: {signal: {envelope: {release: 0.1, gate: gate, signal: {osc: {freq: freq, amp: 0.3}}}}}}
riff: {pattern: {instrument: lead, length: 1 bar, notes: C4 E4 G4 C5}}
night: {song: {tempo: 240, signal: {mix: {bells: {clips: {clips: [riff, riff]}}}}}}
";

#[test]
fn midi_command_writes_songs_and_render_plays_them_to_their_end() {
    let folder = Folder::new("midi");
    fs::write(folder.0.join("night.yaml"), NIGHT).expect("file");
    let (code, out, err) = seiche(&folder.0, &["midi", "night.yaml", "--sound", "night"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("night.mid") && out.contains("notes     8"), "{out}");
    let file = fs::File::open(folder.0.join("night.mid")).expect("a file");
    let file = midi_file::MidiFile::read(file).expect("a MIDI file");
    let name = |event: &midi_file::file::TrackEvent| format!("{:?}", event.event()).contains("bells");
    assert!(file.tracks_len() == 2 && file.tracks().any(|track| track.events().any(name)));
    let (code, _, err) = seiche(&folder.0, &["midi", "night.yaml"]);
    assert!(code == Some(1) && err.contains("--sound") && err.contains("riff, night"), "{err}");
    let (code, _, err) = seiche(&folder.0, &["midi", "tones.yaml", "--sound", "hiss"]);
    assert!(code == Some(1) && err.contains("has no notes"), "{err}");
    for (arguments, seconds) in [
        (&["--sound", "night"][..], 2.0),
        (&["--sound", "night", "--bpm", "120"], 4.0),
        (&["--sound", "riff"], 2.0),
    ] {
        let all = [&["night.yaml", "--out", "x.wav", "--rate", "48000"], arguments].concat();
        let (code, _, err) = render(&folder.0, &all);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        let (_, samples) = folder.wav("x.wav");
        assert_eq!(samples.len() as f64 / 2.0 / 48_000.0, seconds, "{arguments:?}");
        assert!(peak(&samples) > 0.1);
    }
}

const SECTIONS: &str = "\
night:
  song:
    tempo: 120
    sections: {intro: 1 bar, verse: 2 bars}
    markers: {drop: 2 bars}
    signal: {mix: {hum: {osc: {freq: 110, amp: 0.25}}, beat: {pattern: {instrument: {osc: {freq: freq, amp: 0.1}}, notes: C4 .}}}}
";

/// Names and frames of the cue points of a WAV file.
fn cues(path: &Path) -> Vec<(String, u32)> {
    let bytes = fs::read(path).expect("a file");
    let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let find = |name: &[u8], from: usize| (from..bytes.len() - 4).find(|n| &bytes[*n..n + 4] == name);
    let Some(cue) = find(b"cue ", 12) else { return vec![] };
    let mut label = cue;
    (0..number(cue + 8) as usize)
        .map(|n| {
            label = find(b"labl", label + 1).expect("a label");
            let text = &bytes[label + 12..label + 7 + number(label + 4) as usize];
            (String::from_utf8(text.to_vec()).expect("text"), number(cue + 12 + 24 * n + 20))
        })
        .collect()
}

#[test]
fn render_writes_the_markers_of_a_song_and_takes_its_sections_as_ranges() {
    let folder = Folder::new("markers");
    fs::write(folder.0.join("night.yaml"), format!("seiche: 1\n{SECTIONS}")).expect("file");
    let all =
        |names: &[(&str, u32)]| names.iter().map(|(name, at)| (name.to_string(), *at)).collect::<Vec<_>>();
    let run = |more: &[&str]| render(&folder.0, &[&["night.yaml", "--out", "a.wav"], more].concat());
    assert_eq!(run(&[]).0, Some(0));
    assert_eq!(cues(&folder.0.join("a.wav")), all(&[("intro", 0), ("verse", 88_200), ("drop", 176_400)]));
    // As in a host, twice as fast.
    assert_eq!(run(&["--bpm", "240"]).0, Some(0));
    assert_eq!(cues(&folder.0.join("a.wav")), all(&[("intro", 0), ("verse", 44_100), ("drop", 88_200)]));
    assert_eq!(run(&["--range", "verse.."]).0, Some(0));
    assert_eq!(
        (folder.wav("a.wav").1.len() / 2, cues(&folder.0.join("a.wav"))),
        (176_400, all(&[("verse", 0), ("drop", 88_200)]))
    );
    assert_eq!(run(&["--range", "intro..verse"]).0, Some(0));
    assert_eq!(
        (folder.wav("a.wav").1.len() / 2, cues(&folder.0.join("a.wav"))),
        (88_200, all(&[("intro", 0)]))
    );
    let (code, _, said) = run(&["--range", "bridge..verse"]);
    assert!(code == Some(1) && said.contains("there are intro, verse, drop"), "{said}");
}

#[test]
fn freeze_writes_a_recording_and_unfreeze_leaves_nothing() {
    let folder = Folder::new("freeze");
    let (text, path) = (format!("seiche: 1\n{SECTIONS}"), folder.0.join("night.yaml"));
    fs::write(&path, &text).expect("file");
    let run = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_seiche");
        let out = Command::new(program).args(arguments).current_dir(&folder.0).output().expect("starts");
        (out.status.code(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
    };
    let (code, said) = run(&["freeze", "night.yaml", "--track", "beat"]);
    assert!(code == Some(0) && said.contains("% saved") && said.contains("the same to the bit"), "{said}");
    assert!(folder.0.join("frozen/night_beat.wav").is_file());
    assert!(fs::read_to_string(&path).expect("text").starts_with(&text));
    let (code, said) = run(&["render", "night.yaml", "--out", "a.wav"]);
    assert!(code == Some(0) && !said.contains("frozen"), "{said}");
    let (code, said) = run(&["render", "night.yaml", "--out", "b.wav", "--rate", "48000"]);
    assert!(code == Some(0) && said.contains("`beat` has changed since it was frozen"), "{said}");
    let (code, said) = run(&["unfreeze", "night.yaml", "--track", "beat"]);
    assert!(code == Some(0) && !folder.0.join("frozen/night_beat.wav").exists(), "{said}");
    assert_eq!(fs::read_to_string(&path).expect("text"), text);
    let (code, said) = run(&["unfreeze", "night.yaml", "--track", "beat"]);
    assert!(code == Some(1) && said.contains("is not frozen"), "{said}");
}
