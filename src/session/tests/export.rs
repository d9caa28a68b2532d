//! Exports: what sounds, as files.

use super::*;
use crate::session::{Control, Export, Format, Standing, Stems, StripControl};

const TEXT: &str = "seiche: 1\nsong:\n  mixer:\n    tracks:\n      low: {osc: {freq: 110, amp: 0.25, duration: 0.25}}\n      \
                    high: {osc: {freq: 880, amp: 0.25, duration: 0.25}}\n";

fn exported(scratch: &Scratch, export: Export, controls: Vec<(Control, f32)>) -> (Arc<Session>, Standing) {
    let session = Session::with_presets(None);
    let path = scratch.0.join("a.yaml");
    std::fs::write(&path, TEXT).unwrap();
    let _engine = session.engine(48_000.0);
    session.send(Message::Open(path));
    assert!(session.settle(LIMIT));
    assert!(session.export(export, controls));
    session.exports().finish();
    let standing = session.exports().entries().pop().unwrap().standing;
    (session, standing)
}

fn peak(path: &std::path::Path) -> f32 {
    let mut reader = hound::WavReader::open(path).unwrap();
    reader.samples::<i32>().map(|x| x.unwrap().unsigned_abs()).max().unwrap_or(0) as f32 / (1 << 23) as f32
}

#[test]
fn export_writes_what_sounds_with_stems_as_the_mixer_stands() {
    let scratch = Scratch::new("export");
    let path = scratch.0.join("out.wav").display().to_string();
    let export = Export { path, stems: Stems::PostFader, ..Export::default() };
    let mute = Control::Strip(1, StripControl::Mute);
    let (_session, standing) = exported(&scratch, export, vec![(mute, 1.0)]);
    let Standing::Done(report) = standing else { panic!("{standing:?}") };
    assert_eq!((report.files.len(), report.rate), (3, 48_000.0));
    let peaks = ["out.wav", "out_01_low.wav", "out_02_high.wav"].map(|name| peak(&scratch.0.join(name)));
    assert!((peaks[0] - 0.25).abs() < 0.01 && (peaks[1] - 0.25).abs() < 0.01, "{peaks:?}");
    assert!(peaks[2] < 1e-5, "muted in the mixer: {peaks:?}");
}

#[test]
fn export_says_what_must_be_mended() {
    let faults = |export: Export| export.faults().join(" ");
    assert_eq!(faults(Export::default()), "Say which file to write.");
    let at = |path: &str| Export { path: path.into(), ..Export::default() };
    assert_eq!(faults(at("a.wav")), "Write the whole path of the file.");
    assert_eq!(faults(at("/nowhere/at/all/a.wav")), "There is no such folder.");
    let scratch = Scratch::new("export-faults");
    let folder = scratch.0.display().to_string();
    assert_eq!(faults(at(&folder)), "That is a folder: add the name of a file.");
    let good = at(&format!("{folder}/a.flac"));
    assert_eq!(faults(good.clone()), "");
    let float = Export { format: Format::Flac, bits: crate::session::Bits::Float, ..good.clone() };
    assert!(faults(float).contains("FLAC"));
    assert!(faults(Export { from: 2.0, to: Some(1.0), ..good.clone() }).contains("behind the beginning"));
    assert!(!good.replaces());
    assert_eq!(Export { to: Some(10.0), ..good }.bytes(), Some(10 * 48_000 * 6));
}

#[test]
fn export_of_what_cannot_be_compiled_says_why_and_leaves_nothing() {
    let scratch = Scratch::new("export-endless");
    let path = scratch.0.join("out.wav").display().to_string();
    let session = Session::with_presets(None);
    let text = scratch.0.join("a.yaml");
    std::fs::write(&text, "seiche: 1\nsong: {osc: {freq: 110}}\n").unwrap();
    let _engine = session.engine(48_000.0);
    session.send(Message::Open(text));
    assert!(session.settle(LIMIT));
    assert!(session.export(Export { path: path.clone(), ..Export::default() }, vec![]));
    session.exports().finish();
    let entry = session.exports().entries().pop().unwrap();
    assert_eq!(entry.name, "out.wav");
    let Standing::Failed(failure) = entry.standing else { panic!("it has no end") };
    assert!(failure.to_string().contains("does not say how long it lasts"), "{failure}");
    assert!(!std::path::Path::new(&path).exists());
}

#[test]
fn export_hears_with_the_drums_that_were_learned() {
    let scratch = Scratch::new("export-drums");
    let text = "seiche: 1\nclicks: {expression: {exp: 0.012 * n * exp(-60 * (t % 0.2)), duration: 1, n: {osc: {type: noise}}}}\n\
                d: {context: {hit: {trigger: {input: {clicks: {}}, preset: snare, adapt: false, output: velocity}}, \
                signal: {expression: {exp: hit, duration: 1}}}}\n";
    let written = |name: &str, drums: &str| {
        let path = scratch.0.join(name);
        let files = serde_json::json!([{"path": "/x.yaml", "text": text}]);
        let saved = format!(r#"{{"version":2,"path":"/x.yaml","sound":"d","files":{files}{drums}}}"#);
        let session = Session::with_presets(None);
        session.restore(&saved);
        let _engine = session.engine(48_000.0);
        assert!(session.settle(LIMIT));
        assert!(session.export(Export { path: path.display().to_string(), ..Export::default() }, vec![]));
        session.exports().finish();
        peak(&path)
    };
    // As loud as a full stroke of the preset's drum, and as one that is 24 dB softer.
    let soft = "[-18432,-18432,-18432,-18432,-16384,-16384,-16384,-10240]";
    let learned =
        format!(r#","drums":{{"1":{{"instrument":"snare","levels":{soft},"rise":[-4096,-2048,-1024,0]}}}}"#);
    let (plain, suited) = (written("plain.wav", ""), written("suited.wav", &learned));
    assert!(suited > plain + 0.2, "{plain} and {suited}");
}

#[test]
fn export_is_as_loud_as_it_was_foretold() {
    let scratch = Scratch::new("export-foretold");
    let path = scratch.0.join("mix.wav").display().to_string();
    let export = Export { path, ..Export::default() };
    let (session, standing) = exported(&scratch, export.clone(), vec![]);
    let Standing::Done(report) = standing else { panic!("{standing:?}") };
    session.foretell(export, vec![]);
    let end = std::time::Instant::now() + LIMIT;
    let foretold = loop {
        match session.foretelling().look() {
            Foretold::Listening if std::time::Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => break other,
        }
    };
    let Foretold::Known(forecast) = foretold else { panic!("{foretold:?}") };
    let (told, true_peak) = (forecast.mix.expected.unwrap(), report.files[0].levels.peak.unwrap());
    assert!((told - true_peak).abs() < 0.5, "{told} dBFS, and then {true_peak} dBFS");
    session.foretelling().forget();
    assert_eq!(session.foretelling().look(), Foretold::Nothing);
}
