//! Every format is read back by decoders that are not ours: symphonia and hound, and the tools of the machine where there are any.

use std::path::PathBuf;

use super::*;
use crate::library::samples::Store;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("seiche-write-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A signal that uses the whole range.
fn signal(frames: usize) -> [Vec<f32>; 2] {
    let wave = |step: f32| (0..frames).map(|n| (n as f32 * step).sin() * 0.9).collect();
    [wave(0.05), wave(0.083)]
}

fn target(folder: &Folder, container: Container, shape: Shape) -> Target {
    let name = format!("x.{}", container.extension());
    Target { path: folder.0.join(name), container, shape, dither: None, tags: Tags::default() }
}

fn written(target: Target, sides: &[Vec<f32>; 2], piece: usize) -> PathBuf {
    let mut writer = Writer::create(target).unwrap();
    for (left, right) in sides[0].chunks(piece).zip(sides[1].chunks(piece)) {
        writer.write([left, right], 1.0).unwrap();
    }
    writer.finish(None).unwrap().keep().unwrap()
}

/// Rate and channels × frames, by symphonia.
fn read(path: &Path) -> (u32, Vec<Vec<f32>>) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let audio = Store::default().load(path.parent().unwrap(), name, &[]).unwrap();
    (audio.rate as u32, audio.channels.clone())
}

const CONTAINERS: [Container; 4] = [Container::Wav, Container::Bwf, Container::Aiff, Container::Flac];

#[test]
fn files_read_back_as_written() {
    let folder = Folder::new("back");
    let sides = signal(10_003);
    for container in CONTAINERS {
        for (depth, quantum) in
            [(Depth::Int16, 1.0 / 32_768.0), (Depth::Int24, 1.0 / 8_388_608.0), (Depth::Float32, 0.0)]
        {
            if container == Container::Flac && depth == Depth::Float32 {
                continue;
            }
            for (channels, rate) in [(2, 44_100), (1, 48_000), (2, 22_050), (2, 192_000)] {
                let path = written(target(&folder, container, Shape { channels, rate, depth }), &sides, 777);
                let (read_rate, read) = read(&path);
                assert_eq!((read_rate, read.len()), (rate, channels), "{container:?} {depth:?}");
                for (read, side) in read.iter().zip(&sides) {
                    assert_eq!(read.len(), side.len(), "{container:?} {depth:?} {channels} × {rate}");
                    let worst = read.iter().zip(side).fold(0.0f32, |w, (a, b)| w.max((a - b).abs()));
                    assert!(worst <= 0.5001 * quantum, "{container:?} {depth:?}: {worst}");
                }
            }
        }
    }
}

#[test]
fn files_of_any_length_are_whole() {
    let folder = Folder::new("lengths");
    for container in CONTAINERS {
        for frames in [0, 1, 2, 15, 16, 17, 31, 33, 63, 65, 4095, 4096, 4097, 8192 + 5] {
            let shape = Shape { channels: 1, rate: 44_100, depth: Depth::Int24 };
            let sides = signal(frames);
            let whole = fs::read(written(target(&folder, container, shape), &sides, 1 << 20)).unwrap();
            let path = written(target(&folder, container, shape), &sides, 7);
            assert_eq!(whole, fs::read(&path).unwrap(), "pieces leave no trace");
            if frames > 0 {
                assert_eq!(read(&path).1[0].len(), frames, "{container:?}");
            }
        }
    }
}

#[test]
fn dither_hides_the_steps_and_keeps_silence() {
    let folder = Folder::new("dither");
    let shape = Shape { channels: 2, rate: 48_000, depth: Depth::Int16 };
    // 1 kHz at -90 dBFS: about one quantum.
    let wave: Vec<f32> = (0..48_000)
        .map(|n| ((n as f64 / 48.0 * std::f64::consts::TAU).sin() * 10f64.powf(-90.0 / 20.0)) as f32)
        .collect();
    let sides = [wave, vec![0.0; 48_000]];
    let level = |dither: Option<u64>, hertz: f64| {
        let (_, read) =
            read(&written(Target { dither, ..target(&folder, Container::Wav, shape) }, &sides, 512));
        assert!(read[1].iter().all(|x| *x == 0.0), "silence stays silent");
        let turn = |n: usize| n as f64 * hertz / 48_000.0 * std::f64::consts::TAU;
        let part = |f: fn(f64) -> f64| {
            read[0].iter().enumerate().map(|(n, x)| f64::from(*x) * f(turn(n))).sum::<f64>() / 24_000.0
        };
        20.0 * part(f64::sin).hypot(part(f64::cos)).log10()
    };
    for seed in [1, 2] {
        assert!((level(Some(seed), 1000.0) + 90.0).abs() < 0.5, "the tone is there");
        // The noise has -96 - 4 dBFS in 24,000 bins: a bin has about -140.
        for harmonic in [2.0, 3.0, 5.0, 7.0] {
            assert!(level(Some(seed), 1000.0 * harmonic) < -125.0, "harmonic {harmonic}");
        }
    }
    assert!(level(None, 5000.0) > -110.0, "rounding alone distorts");
}

#[test]
fn clipping_is_counted() {
    let folder = Folder::new("clip");
    let shape = Shape { channels: 1, rate: 48_000, depth: Depth::Int16 };
    let mut writer = Writer::create(target(&folder, Container::Wav, shape)).unwrap();
    writer.write([&[1.0, -1.0, 1.5, -2.0], &[0.0; 4]], 1.0).unwrap();
    writer.write([&[1.5], &[0.0]], 0.5).unwrap();
    let done = writer.finish(None).unwrap();
    assert_eq!(done.clipped, 2);
    let (_, read) = read(&done.keep().unwrap());
    assert_eq!(read[0], [32_767.0 / 32_768.0, -1.0, 32_767.0 / 32_768.0, -1.0, 0.75]);
}

#[test]
fn unfinished_files_leave_nothing() {
    let folder = Folder::new("nothing");
    let shape = Shape { channels: 2, rate: 48_000, depth: Depth::Float32 };
    for container in [Container::Wav, Container::Aiff] {
        let mut writer = Writer::create(target(&folder, container, shape)).unwrap();
        writer.write([&[0.5; 100], &[0.5; 100]], 1.0).unwrap();
        drop(writer);
        drop(Writer::create(target(&folder, container, shape)).unwrap().finish(None).unwrap());
    }
    assert!(Writer::create(target(&folder, Container::Flac, shape)).is_err(), "no floating point");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn wav_beyond_four_gigabytes_is_rf64() {
    let folder = Folder::new("rf64");
    let shape = Shape { channels: 2, rate: 48_000, depth: Depth::Int24 };
    let sides = signal(1_000);
    let mut writer = Writer::create(target(&folder, Container::Wav, shape)).unwrap();
    // As if a file could have 5,000 bytes.
    let encoder = wav::Wav::new(shape, false).with_largest(5_000);
    writer.encoder = Box::new(encoder);
    writer.out.seek(SeekFrom::Start(0)).unwrap();
    writer.encoder.begin(&mut writer.out, &Tags::default()).unwrap();
    writer.write([&sides[0], &sides[1]], 1.0).unwrap();
    let path = writer.finish(None).unwrap().keep().unwrap();
    let bytes = fs::read(&path).unwrap();
    let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!((&bytes[..4], &bytes[4..8], &bytes[12..16]), (&b"RF64"[..], &[255; 4][..], &b"ds64"[..]));
    assert_eq!((long(20), long(28), long(36)), (bytes.len() as u64 - 8, 6_000, 1_000));
    // Tools that know RF64 find every frame.
    if let Some(said) = tool(
        "ffprobe",
        &["-v", "error", "-show_entries", "stream=duration_ts,codec_name", "-of", "csv=p=0", "x.wav"],
        &folder,
    ) {
        assert_eq!(said.trim(), "pcm_s24le,1000");
    }
}

/// What a tool says; none where it is not installed.
fn tool(name: &str, arguments: &[&str], folder: &Folder) -> Option<String> {
    let output = std::process::Command::new(name).args(arguments).current_dir(&folder.0).output().ok()?;
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn tagged() -> Tags {
    let marker = |frame, name: &str| Marker { frame, name: name.into() };
    Tags {
        title: Some("Low tide".into()),
        artist: Some("Somebody".into()),
        comment: Some("written by a test".into()),
        key: Some("Am".into()),
        bpm: Some(96.5),
        markers: vec![marker(100, "verse"), marker(5_000, "chorus")],
        looped: Some((1_000, 9_000)),
        origin: 48_000,
    }
}

#[test]
fn tags_markers_and_loops_are_in_the_file() {
    let folder = Folder::new("tags");
    let sides = signal(10_000);
    let shape = Shape { channels: 2, rate: 48_000, depth: Depth::Int16 };
    for container in CONTAINERS {
        let loudness = Loudness { integrated: Some(-14.25), range: Some(3.0), true_peak: Some(-1.0) };
        let mut writer =
            Writer::create(Target { tags: tagged(), ..target(&folder, container, shape) }).unwrap();
        writer.write([&sides[0], &sides[1]], 1.0).unwrap();
        let path = writer.finish(Some(loudness)).unwrap().keep().unwrap();
        assert_eq!(read(&path).1[0].len(), 10_000);
        let bytes = fs::read(&path).unwrap();
        let at = |what: &[u8]| bytes.windows(what.len()).position(|w| w == what);
        let numbers = |at: usize, count: usize, high: bool| -> Vec<u32> {
            let one = |bytes: &[u8]| {
                let bytes = bytes.try_into().unwrap();
                if high { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
            };
            bytes[at..at + 4 * count].chunks_exact(4).map(one).collect()
        };
        match container {
            Container::Wav | Container::Bwf => {
                let cue = at(b"cue ").unwrap() + 8;
                assert_eq!((numbers(cue, 1, false)[0], numbers(cue + 24, 1, false)[0]), (2, 100));
                let looped = at(b"smpl").unwrap() + 8 + 36 + 8;
                assert_eq!(numbers(looped, 2, false), [1_000, 8_999]);
                assert!(at(b"chorus\0").is_some() && at(b"Low tide\0").is_some());
                let tempo = numbers(at(b"acid").unwrap() + 8 + 20, 1, false)[0];
                assert_eq!(f32::from_bits(tempo), 96.5);
                let bext = at(b"bext");
                assert_eq!(bext.is_some(), container == Container::Bwf);
                if let Some(bext) = bext {
                    assert_eq!(numbers(bext + 8 + 338, 1, false), [48_000]);
                    assert_eq!(numbers(bext + 8 + 412, 1, false)[0] as i16, -1_425);
                }
            }
            Container::Aiff => {
                assert!(at(b"verse").is_some() && at(b"Low tide").is_some() && at(b"INST").is_some());
                assert_eq!(numbers(at(b"verse").unwrap() - 5, 1, true), [100]);
            }
            Container::Flac => {}
        }
    }
    // By tools that others have written.
    let said = tool("ffprobe", &["-v", "error", "-show_entries", "format_tags", "x.flac"], &folder);
    for part in ["Low tide", "Somebody", "96.5", "Am"] {
        assert!(said.as_ref().is_none_or(|said| said.contains(part)), "{part} in {said:?}");
    }
    let said = tool("soxi", &["x.aiff"], &folder);
    assert!(said.is_none_or(|said| said.contains("Low tide") || said.contains("written by a test")));
    tool("flac", &["--silent", "--test", "x.flac"], &folder);
}
