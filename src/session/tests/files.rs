//! Whatever happens to the files, it is told plainly, and what sounds goes on.

use std::fs;

use super::*;

const ONE: &str = "loud: {osc: {type: sin, freq: 440, amp: 0.5}}\n";

/// Waits until the snapshot is as wanted.
pub(super) fn shows(session: &Session, what: &str, wanted: impl Fn(&Snapshot) -> bool) {
    let end = Instant::now() + LIMIT;
    while !wanted(&session.snapshot()) {
        assert!(Instant::now() < end, "{what}: {:?}", session.snapshot());
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn says(findings: &[Finding], part: &str) -> bool {
    findings.iter().any(|finding| finding.message.contains(part))
}

/// A session that plays what is in a path, at this level.
fn opened(path: &Path, level: f32) -> (Arc<Session>, Geared) {
    let session = Session::new();
    let mut engine = session.engine(RATE);
    session.send(Message::Open(path.to_owned()));
    assert!(session.settle(LIMIT));
    assert_eq!(session.snapshot().status, Status::Playing, "{:?}", session.snapshot().findings);
    assert_plays(&mut engine, level);
    (session, engine)
}

/// A square wave.
pub(super) fn wav(path: &Path, level: f32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    // Aside first, as a whole file under the old name.
    let aside = path.with_extension("new");
    let mut writer = hound::WavWriter::create(&aside, spec).unwrap();
    (0..9600).for_each(|n| writer.write_sample(if n / 48 % 2 == 0 { level } else { -level }).unwrap());
    writer.finalize().unwrap();
    fs::rename(aside, path).unwrap();
}

#[test]
fn session_plays_the_old_sample_on_until_the_new_one_is_loaded() {
    let (scratch, path) = library("sample", "s: {sample: {file: x.wav, loop: true, duration: 100}}\n");
    let sample = scratch.0.join("x.wav");
    wav(&sample, 0.5);
    let (session, mut engine) = opened(&path, 0.5);
    let decodes = session.samples().decodes;
    wav(&sample, 0.25);
    let end = Instant::now() + LIMIT;
    let mut level = 0.5;
    while level > 0.26 {
        assert!(Instant::now() < end, "the new sample is not heard");
        let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
        let io = Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] };
        engine.process(io, &[], None);
        level = peak(&left);
        assert!(level > 0.24, "a gap: {level}");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_plays(&mut engine, 0.25);
    assert!(session.samples().decodes > decodes && session.samples().bytes > 0);
}

#[test]
fn session_waits_for_a_missing_sample() {
    let (scratch, path) = library("awaited", "s: {sample: {file: x.wav, loop: true, duration: 100}}\n");
    let session = Session::new();
    let mut engine = session.engine(RATE);
    session.send(Message::Open(path));
    shows(&session, "missing", |seen| says(&seen.findings, "there is no file `x.wav`"));
    wav(&scratch.0.join("x.wav"), 0.5);
    assert!(becomes(&mut engine, 0.5), "it is heard when it comes");
}

#[test]
fn session_goes_on_over_a_save_that_is_caught_in_the_middle() {
    let (_scratch, path) = library("half", TWO);
    let (session, mut engine) = opened(&path, 0.5);
    let whole = TWO.replace("amp: 0.5", "amp: 0.25");
    fs::write(&path, &whole[..whole.len() / 3]).unwrap();
    shows(&session, "half a text", |seen| seen.status == Status::Broken);
    assert_plays(&mut engine, 0.5);
    fs::write(&path, "").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_plays(&mut engine, 0.5);
    fs::write(&path, whole).unwrap();
    assert!(becomes(&mut engine, 0.25), "the rest is heard");
}

#[test]
fn session_goes_on_when_its_file_becomes_a_folder() {
    let (_scratch, path) = library("folder", ONE);
    let (session, mut engine) = opened(&path, 0.5);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    shows(&session, "a folder", |seen| says(&seen.findings, "has no .yaml files"));
    assert_plays(&mut engine, 0.5);
    fs::remove_dir(&path).unwrap();
    fs::write(&path, ONE.replace("0.5", "0.25")).unwrap();
    assert!(becomes(&mut engine, 0.25), "a file again");
}

#[cfg(unix)]
#[test]
fn session_leaves_out_pipes_folders_and_links_that_lead_nowhere() {
    let (scratch, _) = library("odd", ONE);
    let file = |name: &str| scratch.0.join(name);
    std::os::unix::fs::symlink("a.yaml", file("b.yaml")).unwrap();
    std::os::unix::fs::symlink("b.yaml", file("a.yaml")).unwrap();
    fs::create_dir(file("c.yaml")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(file("d.yaml")).status().unwrap().success());
    let (session, mut engine) = opened(&scratch.0, 0.5);
    shows(&session, "notices", |seen| seen.notices.len() == 4);
    let notices = session.snapshot().notices.clone();
    for (name, why) in [("a.yaml", "link"), ("b.yaml", "link"), ("c.yaml", "folder"), ("d.yaml", "regular")] {
        let named = notices.iter().find(|notice| notice.message.contains(name));
        assert!(named.is_some_and(|n| n.message.contains(why) && n.severity == Severity::Warning), "{name}");
    }
    fs::write(file("two.yaml"), ONE.replace("0.5", "0.25")).unwrap();
    assert!(becomes(&mut engine, 0.25), "saves are heard all the same");
    fs::remove_file(file("d.yaml")).unwrap();
    shows(&session, "one less", |seen| seen.notices.len() == 3);
}

#[test]
fn session_says_which_file_never_stands_still() {
    let (_scratch, path) = library("growing", ONE);
    let (session, mut engine) = opened(&path, 0.5);
    let end = Instant::now() + LIMIT;
    let mut text = ONE.replace("0.5", "0.25");
    while session.snapshot().notices.is_empty() {
        assert!(Instant::now() < end, "nothing is said");
        text.push_str("# still being written\n");
        fs::write(&path, &text).unwrap();
        std::thread::sleep(Duration::from_millis(15));
    }
    assert!(says(&session.snapshot().notices, "two.yaml keeps changing"));
    fs::write(&path, text + "# the last line\n").unwrap();
    assert_plays(&mut engine, 0.5);
    assert!(becomes(&mut engine, 0.25), "loaded when it stands still");
    shows(&session, "said and done", |seen| seen.notices.is_empty());
}

#[test]
fn session_goes_on_without_its_folder_and_takes_it_when_it_comes_back() {
    let (scratch, _) = library("gone", ONE);
    let (session, mut engine) = opened(&scratch.0, 0.5);
    fs::remove_dir_all(&scratch.0).unwrap();
    shows(&session, "gone", |seen| says(&seen.findings, "there is no file or folder"));
    assert_plays(&mut engine, 0.5);
    fs::create_dir(&scratch.0).unwrap();
    fs::write(scratch.0.join("two.yaml"), ONE.replace("0.5", "0.25")).unwrap();
    assert!(becomes(&mut engine, 0.25), "back");
    assert_eq!(session.snapshot().status, Status::Playing);
}

#[cfg(unix)]
#[test]
fn session_reads_folders_that_may_not_be_written_and_says_what_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (scratch, path) = library("protected", ONE);
    allow(&scratch.0, 0o555);
    let (session, mut engine) = opened(&scratch.0, 0.5);
    allow(&path, 0o000);
    // Whoever may do everything reads it all the same.
    if fs::read(&path).is_err() {
        shows(&session, "protected", |seen| says(&seen.findings, "cannot be read: permission denied"));
    }
    assert_plays(&mut engine, 0.5);
    allow(&path, 0o644);
    fs::write(&path, ONE.replace("0.5", "0.25")).unwrap();
    assert!(becomes(&mut engine, 0.25), "allowed again");
    allow(&scratch.0, 0o755);
}

#[test]
fn session_takes_as_many_files_as_a_library_may_have_and_no_more() {
    let (scratch, first) = library("many", ONE);
    let most = crate::language::limits::FILES;
    for n in 0..most {
        fs::write(scratch.0.join(format!("{n:05}.yaml")), "").unwrap();
    }
    let session = Session::new();
    let mut engine = session.engine(RATE);
    session.send(Message::Open(scratch.0.clone()));
    shows(&session, "too many", |seen| says(&seen.findings, "more than 10000 .yaml files"));
    fs::remove_file(scratch.0.join("00000.yaml")).unwrap();
    assert!(becomes(&mut engine, 0.5), "the most");
    fs::write(first, ONE.replace("0.5", "0.25")).unwrap();
    assert!(becomes(&mut engine, 0.25), "saved");
}
