use super::*;
use crate::language::model::Span;
use crate::library::Scratch;

fn wav(path: &Path, channels: u16, rate: u32, frames: u32) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for frame in 0..frames {
        for channel in 0..channels {
            writer.write_sample((frame as i16).wrapping_mul(100) + channel as i16 * 5000).unwrap();
        }
    }
    writer.finalize().unwrap();
}

fn decoded(bytes: &[u8], extension: &str) -> Result<Audio, Fault> {
    decode(bytes.to_vec(), extension, &|| false)
}

fn fault(library: &Path, file: &str) -> Fault {
    Store::default().load(library, file, &[]).expect_err(file).fault
}

#[test]
fn samples_keep_rate_and_channels_of_the_file() {
    let scratch = Scratch::new("formats");
    wav(&scratch.0.join("samples/x.wav"), 2, 22_050, 100);
    let audio = Store::default().load(&scratch.0, "samples/x.wav", &[]).unwrap();
    assert_eq!((audio.rate, audio.channels.len(), audio.frames()), (22_050.0, 2, 100));
    assert_eq!(audio.channels[0][3], 300.0 / 32_768.0);
    assert_eq!(audio.channels[1][3], 5300.0 / 32_768.0);

    let float = hound::WavSpec {
        channels: 1,
        sample_rate: 96_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(scratch.0.join("float.wav"), float).unwrap();
    [0.25, -1.5, f32::NAN].into_iter().for_each(|x: f32| writer.write_sample(x).unwrap());
    writer.finalize().unwrap();
    let audio = Store::default().load(&scratch.0, "float.wav", &[]).unwrap();
    assert_eq!((audio.rate, &audio.channels[0][..]), (96_000.0, &[0.25, -1.5, 0.0][..]));
}

#[test]
fn samples_of_equal_content_are_decoded_once() {
    let scratch = Scratch::new("content");
    wav(&scratch.0.join("a.wav"), 1, 44_100, 50);
    fs::copy(scratch.0.join("a.wav"), scratch.0.join("b.wav")).unwrap();
    wav(&scratch.0.join("c.wav"), 1, 44_100, 51);
    let vault = Vault::new(1 << 20);
    let mut store = Store::new(vault.clone(), Box::new(|| false));
    let mut load = |file| store.load(&scratch.0, file, &[]).unwrap();
    let (a, b, c) = (load("a.wav"), load("b.wav"), load("c.wav"));
    assert!(Arc::ptr_eq(&a, &b) && Arc::ptr_eq(&a, &load("a.wav")) && !Arc::ptr_eq(&a, &c));
    assert_eq!((vault.counts().entries, vault.counts().decodes, vault.counts().hits), (2, 2, 2));
    // Another library has it, too.
    let mut other = Store::new(vault.clone(), Box::new(|| false));
    assert!(Arc::ptr_eq(&a, &other.load(&scratch.0, "b.wav", &[]).unwrap()));
    assert_eq!(vault.counts().decodes, 2);
    // A changed file is read anew.
    wav(&scratch.0.join("a.wav"), 1, 44_100, 60);
    assert_eq!(store.load(&scratch.0, "a.wav", &[]).unwrap().frames(), 60);
}

#[test]
fn samples_that_look_the_same_are_not_even_opened() {
    let scratch = Scratch::new("unopened");
    let file = scratch.0.join("a.wav");
    wav(&file, 1, 44_100, 50);
    let hour = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::options().write(true).open(&file).unwrap().set_modified(hour).unwrap();
    let mut store = Store::new(Vault::new(1 << 20), Box::new(|| false));
    let first = store.load(&scratch.0, "a.wav", &[]).unwrap();
    assert_eq!(store.files.len(), 1);
    store.begin(Excuse::Nothing);
    assert!(store.paths().next().is_none() && !store.files.is_empty());
    assert!(Arc::ptr_eq(&first, &store.load(&scratch.0, "a.wav", &[]).unwrap()));
    assert_eq!(store.paths().collect::<Vec<_>>(), [&file]);
    store.begin(Excuse::Nothing);
    store.begin(Excuse::Nothing);
    assert!(store.files.is_empty(), "no longer named");
}

#[test]
fn samples_that_are_missing_are_waited_for_at_their_place() {
    let scratch = Scratch::new("awaited");
    let mut store = Store::default();
    let roots = [PathBuf::from("other")];
    assert!(store.load(&scratch.0, "kick.wav", &roots).is_err());
    let paths: Vec<_> = store.paths().cloned().collect();
    assert_eq!(paths, [scratch.0.join("kick.wav"), scratch.0.join("other/kick.wav")]);
}

#[test]
fn samples_are_given_up_when_nobody_wants_them_any_more() {
    let scratch = Scratch::new("given-up");
    wav(&scratch.0.join("a.wav"), 1, 44_100, 30_000);
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let stop = move || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 3;
    let vault = Vault::new(1 << 20);
    let mut store = Store::new(vault.clone(), Box::new(stop));
    assert_eq!(store.load(&scratch.0, "a.wav", &[]).unwrap_err().fault, Fault::GivenUp);
    assert_eq!((vault.counts().bytes, vault.counts().decodes), (0, 0));
    let mut store = Store::new(vault, Box::new(|| false));
    assert_eq!(store.load(&scratch.0, "a.wav", &[]).unwrap().frames(), 30_000);
}

#[test]
fn samples_missing_suggest_the_nearest_name() {
    let scratch = Scratch::new("missing");
    wav(&scratch.0.join("samples/kick.wav"), 1, 44_100, 5);
    let error = Store::default().load(&scratch.0, "samples/kik.wav", &[]).unwrap_err();
    assert_eq!(error.fault, Fault::Missing(Near::Name("samples/kick.wav".into())));
    let finding = error.diagnostic(Span::default());
    assert_eq!(finding.message, "there is no file `samples/kik.wav` in the library's folder");
    assert_eq!(finding.hint.as_deref(), Some("did you mean `samples/kick.wav`?"));
    assert_eq!(fault(&scratch.0, "elsewhere/kick.wav"), Fault::Missing(Near::Nothing));
}

#[test]
fn samples_outside_the_library_are_refused() {
    let scratch = Scratch::new("outside");
    let library = scratch.0.join("library");
    fs::create_dir(&library).unwrap();
    wav(&scratch.0.join("secret.wav"), 1, 44_100, 5);
    wav(&scratch.0.join("shared/x.wav"), 1, 44_100, 5);
    assert_eq!(fault(&library, "../secret.wav"), Fault::Outside);
    assert_eq!(fault(&library, scratch.0.join("secret.wav").to_str().unwrap()), Fault::Outside);
    assert_eq!(fault(&library, "../not-there.wav"), Fault::Outside);
    assert_eq!(fault(&library, "a/../../secret.wav"), Fault::Outside);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(scratch.0.join("secret.wav"), library.join("link.wav")).unwrap();
        assert_eq!(fault(&library, "link.wav"), Fault::Outside);
    }
    // A root is allowed, by either way of naming what is in it.
    let roots = [scratch.0.join("shared")];
    for file in ["x.wav", "../shared/x.wav"] {
        assert_eq!(Store::default().load(&library, file, &roots).unwrap().frames(), 5);
    }
}

#[test]
fn samples_that_are_no_sound_say_why() {
    let scratch = Scratch::new("damaged");
    let file = |name: &str, bytes: &[u8]| fs::write(scratch.0.join(name), bytes).unwrap();
    wav(&scratch.0.join("good.wav"), 1, 44_100, 1000);
    let good = fs::read(scratch.0.join("good.wav")).unwrap();
    file("cut.wav", &good[..good.len() - 100]);
    file("header.wav", &good[..30]);
    file("empty.wav", &[]);
    file("text.wav", b"this is not a sound at all, but a line of text that goes on for a while");
    wav(&scratch.0.join("silent.wav"), 1, 44_100, 0);
    let mut mute = good.clone();
    mute[22] = 0;
    file("mute.wav", &mute);
    fs::create_dir(scratch.0.join("folder.wav")).unwrap();

    assert_eq!(fault(&scratch.0, "cut.wav"), Fault::Truncated);
    assert!(matches!(fault(&scratch.0, "header.wav"), Fault::Truncated | Fault::Damaged(_)));
    assert!(matches!(fault(&scratch.0, "empty.wav"), Fault::Damaged(_)));
    assert!(matches!(
        fault(&scratch.0, "text.wav"),
        Fault::Unsupported(_) | Fault::Damaged(_) | Fault::Truncated
    ));
    assert_eq!(fault(&scratch.0, "silent.wav"), Fault::NoAudio);
    assert!(matches!(fault(&scratch.0, "mute.wav"), Fault::NoAudio | Fault::Damaged(_)));
    assert_eq!(fault(&scratch.0, "folder.wav"), Fault::NotAFile);
}

#[test]
fn samples_damaged_anywhere_never_panic() {
    let scratch = Scratch::new("fuzz");
    wav(&scratch.0.join("good.wav"), 2, 44_100, 40);
    let good = fs::read(scratch.0.join("good.wav")).unwrap();
    for at in 0..44 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = good.clone();
            bytes[at] = value;
            if let Ok(audio) = decoded(&bytes, "wav") {
                assert!(audio.frames() > 0 && audio.rate >= 1.0 && !audio.channels.is_empty());
            }
        }
    }
}

/// A WAV file with this header and `data` behind it, whatever the header says.
fn forged(format: u16, channels: u16, rate: u32, bits: u16, length: u32, data: &[u8]) -> Vec<u8> {
    let frame = channels.wrapping_mul(bits / 8);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend(length.wrapping_add(36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend([format.to_le_bytes(), channels.to_le_bytes()].concat());
    bytes.extend(rate.to_le_bytes());
    bytes.extend(rate.wrapping_mul(u32::from(frame)).to_le_bytes());
    bytes.extend([frame.to_le_bytes(), bits.to_le_bytes()].concat());
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn samples_with_absurd_headers_are_refused() {
    let data = [0x11; 400];
    assert_eq!(decoded(&forged(1, 1, 48_000, 16, 400, &data), "wav").map(|a| a.frames()), Ok(200));
    for (what, bytes) in [
        ("no channels", forged(1, 0, 48_000, 16, 400, &data)),
        ("65535 channels", forged(1, 65_535, 48_000, 16, 400, &data)),
        ("2^32 frames", forged(1, 1, 48_000, 8, u32::MAX, &data)),
        ("no rate", forged(1, 1, 0, 16, 400, &data)),
        ("no bits", forged(1, 1, 48_000, 0, 400, &data)),
        ("65535 bits", forged(1, 1, 48_000, 65_535, 400, &data)),
        ("an unknown format", forged(0x7777, 1, 48_000, 16, 400, &data)),
    ] {
        assert!(decoded(&bytes, "wav").is_err(), "{what}");
    }
}

#[test]
fn samples_of_floats_that_are_no_numbers_are_silent_there() {
    let data: Vec<u8> =
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5].iter().flat_map(|x| x.to_le_bytes()).collect();
    let audio = decoded(&forged(3, 1, 48_000, 32, 16, &data), "wav").unwrap();
    assert_eq!(audio.channels, [[0.0, 0.0, 0.0, 0.5]]);
}

#[test]
fn samples_of_garbage_behind_a_good_beginning_are_refused() {
    let mut noise = 1u32;
    let garbage: Vec<u8> = (0..100_000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .collect();
    for (extension, head) in [
        ("flac", &b"fLaC\x00\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0\xff\xff\xff\xff"[..]),
        ("mp3", b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0"),
        ("ogg", b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x1e\x01vorbis"),
        ("aiff", b"FORM\x7f\xff\xff\xffAIFFCOMM\0\0\0\x12\0\x01\xff\xff\xff\xff\0\x10"),
    ] {
        let begin = std::time::Instant::now();
        // A decoder of MP3 may find frames in noise: what it makes of them must be sound.
        if let Ok(audio) = decoded(&[head, &garbage].concat(), extension) {
            assert!(
                audio.rate >= 1.0 && audio.channels.iter().flatten().all(|x| x.is_finite()),
                "{extension}"
            );
        }
        assert!(begin.elapsed().as_secs() < 10, "{extension}");
    }
}

#[test]
#[cfg(unix)]
fn samples_that_would_wait_or_never_end_are_refused() {
    let scratch = Scratch::new("waiting");
    let pipe = scratch.0.join("pipe.wav");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(fault(&scratch.0, "pipe.wav"), Fault::NotAFile);
    let devices = Store::default().load(&scratch.0, "/dev/zero", &[PathBuf::from("/dev")]);
    assert_eq!(devices.expect_err("a device").fault, Fault::NotAFile);
    // Huge, but without a byte on the disk.
    fs::File::create(scratch.0.join("huge.wav")).unwrap().set_len(100 << 30).unwrap();
    let message = format!("it has more than {} MB", SAMPLE_BYTES >> 20);
    assert_eq!(fault(&scratch.0, "huge.wav"), Fault::TooLarge(message));
}
