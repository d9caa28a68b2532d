//! Files: all of them or none, and one gain for the set.

use std::fs;
use std::path::PathBuf;

use seiche::bounce::{Container, Crew, Depth, Failure, Level, Measure, Output, Shape, Source, Tags, Target};

use super::{Wish, peak};

pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("seiche-bounce-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("folder");
        Folder(path)
    }

    pub fn output(&self, source: Source, name: &str, depth: Depth) -> Output {
        let shape = Shape { channels: 2, rate: 48_000, depth };
        let path = self.0.join(name);
        let target = Target { path, container: Container::Wav, shape, dither: None, tags: Tags::default() };
        Output { source, target: Some(target), measure: Measure::Everything }
    }

    fn read(&self, name: &str) -> [Vec<f32>; 2] {
        let mut reader = hound::WavReader::open(self.0.join(name)).expect("a WAV file");
        let all: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
        [0, 1].map(|side| all.iter().skip(side).step_by(2).copied().collect())
    }

    fn count(&self) -> usize {
        fs::read_dir(&self.0).expect("folder").count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const TWO: &str = "
seiche: 1
x:
  mixer:
    tracks:
      a: {osc: {freq: 997, amp: 0.25}}
      b: {osc: {freq: 331, amp: 0.05}}
";

#[test]
fn levels_are_one_gain_for_the_whole_set() {
    let folder = Folder::new("levels");
    let outputs = |depth| {
        [(Source::Mix, "mix.wav"), (Source::Stem(0), "a.wav"), (Source::Stem(1), "b.wav")]
            .map(|(source, name)| folder.output(source, name, depth))
            .to_vec()
    };
    let go = |level: Level| {
        let mut wish = Wish::new(TWO, 96_000);
        (wish.export.outputs, wish.export.level) = (outputs(Depth::Float32), level);
        let report = wish.bounce().expect("bounced").report;
        (report, peak(&folder.read("mix.wav")), peak(&folder.read("a.wav")), peak(&folder.read("b.wav")))
    };
    let (_, mix, a, b) = go(Level::default());
    assert!((mix - 0.3).abs() < 0.001 && (a - 0.25).abs() < 0.001 && (b - 0.05).abs() < 0.001);
    let (report, mix, a, b) = go(Level { peak: Some(-1.0), ..Level::default() });
    assert!((20.0 * mix.log10() + 1.0).abs() < 1e-3, "{mix}");
    assert!((a / b - 5.0).abs() < 0.01, "the balance stays");
    assert!((report.files[0].levels.peak.expect("a peak") + 1.0).abs() < 1e-3);
    let (report, ..) = go(Level { lufs: Some(-14.0), ..Level::default() });
    // Measured again, from the file.
    let sides = folder.read("mix.wav");
    let mut meter =
        ebur128::EbuR128::new(2, 48_000, ebur128::Mode::I | ebur128::Mode::TRUE_PEAK).expect("a meter");
    meter.add_frames_planar_f32(&[&sides[0], &sides[1]]).expect("measured");
    assert!((meter.loudness_global().expect("loudness") + 14.0).abs() < 0.1, "{report:?}");
    let (_, mix, ..) = go(Level { lufs: Some(-14.0), true_peak: Some(-9.0), ..Level::default() });
    assert!(20.0 * mix.log10() <= -8.9, "the true peak wins: {mix}");
    let (report, mix, ..) = go(Level { headroom: Some(0.0), ..Level::default() });
    assert!(report.gain == 0.0 && (mix - 0.3).abs() < 0.001, "headroom never makes it louder");
    let (_, mix, ..) = go(Level { headroom: Some(-20.0), ..Level::default() });
    assert!((20.0 * mix.log10() + 20.0).abs() < 1e-3);
    assert_eq!(folder.count(), 3, "no spool is left");
}

#[test]
fn files_are_all_written_or_none() {
    let folder = Folder::new("none");
    let outputs = |second: &str| {
        vec![
            folder.output(Source::Mix, "mix.wav", Depth::Int24),
            folder.output(Source::Stem(0), second, Depth::Int24),
        ]
    };
    for level in [Level::default(), Level { peak: Some(0.0), ..Level::default() }] {
        let mut wish = Wish::new(TWO, 4_800);
        (wish.export.outputs, wish.export.level) = (outputs("no/such/folder/a.wav"), level);
        let failed = wish.bounce().err();
        assert!(
            matches!(&failed, Some(Failure::File { name, .. }) if name.contains("no/such")),
            "{failed:?}"
        );
        assert_eq!(folder.count(), 0);
        // A length of nothing is an empty file, not a fault.
        wish.export.outputs = outputs("a.wav");
        wish.export.length.to = 0;
        assert_eq!(wish.bounce().expect("bounced").report.frames, 0);
        assert_eq!(folder.count(), 2);
        let _ = ["mix.wav", "a.wav"].map(|name| fs::remove_file(folder.0.join(name)).expect("removed"));
    }
}

#[test]
fn files_that_cannot_be_written_leave_what_was_there() {
    let folder = Folder::new("there");
    let old = |name: &str| fs::write(folder.0.join(name), "an old file").expect("written");
    old("mix.wav");
    fs::create_dir(folder.0.join("taken.wav")).expect("a folder");
    fs::write(folder.0.join("file"), "").expect("written");
    let path = folder.0.join("mix.wav").display().to_string();
    for (second, said) in [
        ("taken.wav", "there is a folder of this name"),
        ("file/a.wav", "cannot be written"),
        ("mix.wav", "asked for twice"),
    ] {
        for level in [Level::default(), Level { peak: Some(0.0), ..Level::default() }] {
            let mut wish = Wish::new(TWO, 4_800);
            wish.export.level = level;
            wish.export.outputs = vec![
                folder.output(Source::Mix, "mix.wav", Depth::Int24),
                folder.output(Source::Stem(0), second, Depth::Int24),
            ];
            let failed = wish.bounce().err().map(|failure| failure.to_string()).expect("a failure");
            assert!(failed.contains(second) && failed.contains(said), "{failed}");
            assert_eq!(fs::read_to_string(&path).expect("the old file"), "an old file");
            assert_eq!(folder.count(), 3, "nothing else is left");
        }
    }
}

/// Enough work for what is done around it to hardly count.
const HEAVY: &str = "seiche: 1
x:
  mixer:
    tracks:
      a: {multiply: {number: 32, signal: {filter: {cutoff: 900, peak: 0.5, signal: {osc: {type: saw, freq: 100 + 7 * i, amp: 0.01}}}}}}
      b: {multiply: {number: 32, signal: {filter: {cutoff: 700, peak: 0.5, signal: {osc: {type: saw, freq: 60 + 9 * i, amp: 0.01}}}}}}
";

#[test]
fn report_accounts_for_all_that_the_workers_did() {
    let lost = super::progress::best(
        || {
            let mut wish = Wish::new(HEAVY, 60 * 48_000);
            // Large chunks: what another program takes between two of them hardly counts.
            wish.export.crew = Crew { workers: 2, chunk: 48_000, ..Crew::default() };
            let report = wish.bounce().expect("bounced").report;
            let parts: f64 = report.parts.iter().map(|part| part.seconds).sum();
            ((parts + report.mix + report.writing) / report.busy - 1.0).abs()
        },
        0.05,
    );
    assert!(lost <= 0.05, "{lost}");
}

#[test]
fn report_tells_what_each_part_took() {
    let folder = Folder::new("report");
    let mut wish = Wish::new(TWO, 96_000);
    wish.export.outputs = vec![folder.output(Source::Mix, "mix.wav", Depth::Int16)];
    let report = wish.bounce().expect("bounced").report;
    let names: Vec<&str> = report.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    for part in &report.parts {
        let nodes: f64 = part.nodes.iter().map(|node| node.seconds).sum();
        assert!((nodes - part.seconds).abs() <= 0.05 * part.seconds, "{part:?}");
        assert!(part.nodes.iter().any(|node| node.node.contains("osc")), "{part:?}");
    }
    assert!((0.0..1.0).contains(&report.idle) && report.busy > 0.0);
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("JSON");
    assert_eq!(json["frames"], 96_000);
    assert!(json["files"][0]["levels"]["true_peak"].as_f64().expect("a number") < -9.0);
    assert!(json["memory"]["buffers"].as_u64().expect("a number") > 0);
    let text = report.to_text();
    assert!(["mix.wav", "parts", "real time"].iter().any(|part| text.contains(part)), "{text}");
}
