//! Samples of a project: they sound wherever it is opened, and what is missing or another is said and can be mended.

use std::fs;

use super::files::{says, wav};
use super::*;

/// Two loops in a mix, which differ in level.
const PAIR: &str = "s:\n  mix:\n    a: {sample: {file: kit/a.wav, loop: true, duration: 100}}\n    \
                    b: {sample: {file: kit/b.wav, loop: true, duration: 100}}\n";
const ONE: &str = "s: {sample: {file: x.wav, loop: true, duration: 100}}\n";

fn put(path: &Path, level: f32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    wav(path, level);
}

fn open(message: Message) -> (Arc<Session>, Geared) {
    let session = Session::new();
    let engine = session.engine(RATE);
    send(&session, message);
    (session, engine)
}

fn send(session: &Session, message: Message) -> Arc<Snapshot> {
    session.send(message);
    assert!(session.settle(LIMIT));
    session.snapshot()
}

fn reopened(saved: &str) -> (Arc<Session>, Geared) {
    let session = Session::new();
    session.restore(saved);
    let engine = session.engine(RATE);
    assert!(session.settle(LIMIT));
    (session, engine)
}

fn relink(session: &Session, from: &str, to: &Path) -> Arc<Snapshot> {
    send(session, Message::Relink { from: from.into(), to: to.into() })
}

/// The state of a project whose library had these samples, without the library; saved with at most so many megabytes.
fn lost(name: &str, text: &str, samples: &[(&str, f32)], embed: u32) -> (Scratch, PathBuf, String) {
    let (scratch, path) = library(name, text);
    samples.iter().for_each(|(file, level)| put(&scratch.0.join(file), *level));
    let (session, _engine) = open(Message::Open(path.clone()));
    let seen = send(&session, Message::Embed(embed));
    assert_eq!((seen.status, seen.findings.len()), (Status::Playing, 0), "{:?}", seen.findings);
    let saved = session.save();
    samples.iter().for_each(|(file, _)| fs::remove_file(scratch.0.join(file)).unwrap());
    (scratch, path, saved)
}

#[test]
fn state_plays_without_the_library_that_it_was_saved_with() {
    let (scratch, path) = library("state-moved", PAIR);
    put(&scratch.0.join("kit/a.wav"), 0.25);
    put(&scratch.0.join("kit/b.wav"), 0.125);
    let (session, mut engine) = open(Message::Open(path));
    assert_eq!(session.snapshot().samples.line().unwrap(), "2 samples, 0.1 MB, in the project");
    let heard = play(&mut engine);
    let saved = session.save();
    assert_eq!(saved, session.save());
    // The same library again, and nothing of it.
    let (again, mut engine) = reopened(&saved);
    assert_eq!(again.save(), saved);
    assert!(play(&mut engine) == heard);
    fs::remove_dir_all(&scratch.0).unwrap();
    let (alone, mut engine) = reopened(&saved);
    assert_eq!(alone.save(), saved, "the same bytes");
    assert!(!alone.take_changed());
    assert!(alone.snapshot().findings.is_empty(), "{:?}", alone.snapshot().findings);
    assert!(play(&mut engine) == heard, "the same sound to the bit");
    let (third, _engine) = reopened(&alone.save());
    assert_eq!(third.save(), saved);
}

#[test]
fn state_above_the_limit_says_what_is_missing_and_plays_the_rest() {
    let (_scratch, path, saved) =
        lost("state-limit", PAIR, &[("kit/a.wav", 0.25001), ("kit/b.wav", 0.12501)], 0);
    assert!(!saved.contains("copies") && saved.contains("kit/a.wav"));
    put(&path.with_file_name("kit").join("a.wav"), 0.25001);
    // What was decoded is still in memory here, which another machine does not have. No other test plays the same contents.
    Vault::shared().clear();
    let (session, mut engine) = reopened(&saved);
    let seen = session.snapshot();
    assert_eq!(
        (seen.status, seen.samples.missing.as_slice()),
        (Status::Playing, &["kit/b.wav".to_owned()][..])
    );
    let missing = seen.findings.iter().find(|f| f.message.contains("kit/b.wav")).expect("it is named");
    assert_eq!(missing.place.as_ref().map(|place| (place.line, place.column)), Some((4, 24)));
    assert_plays(&mut engine, 0.25001);
    assert_eq!(session.save(), saved, "nothing of it is forgotten");
}

#[test]
fn state_copy_plays_where_the_file_has_something_else() {
    let (_scratch, path, saved) = lost("state-other", ONE, &[("x.wav", 0.5)], 32);
    let sample = path.with_file_name("x.wav");
    put(&sample, 0.25);
    let (session, mut engine) = reopened(&saved);
    assert!(says(&session.snapshot().findings, "the project's plays"), "{:?}", session.snapshot().findings);
    assert_plays(&mut engine, 0.5);
    assert_eq!(session.save(), saved);
    let seen = send(&session, Message::TakeDisk);
    assert!(seen.findings.is_empty(), "{:?}", seen.findings);
    assert!(becomes(&mut engine, 0.25));
    // Saved again after the project was opened: heard, as any save.
    let (session, mut engine) = reopened(&saved);
    assert_plays(&mut engine, 0.5);
    put(&sample, 0.125);
    assert!(becomes(&mut engine, 0.125));
    assert!(session.settle(LIMIT) && session.snapshot().findings.is_empty());
}

#[test]
fn state_without_copies_plays_what_the_file_has_and_says_so() {
    let (_scratch, path, saved) = lost("state-newer", ONE, &[("x.wav", 0.50002)], 0);
    Vault::shared().clear();
    put(&path.with_file_name("x.wav"), 0.25002);
    let (session, mut engine) = reopened(&saved);
    assert!(says(&session.snapshot().findings, "the file's plays"), "{:?}", session.snapshot().findings);
    assert_plays(&mut engine, 0.25002);
}

#[test]
fn state_takes_a_sample_that_was_moved() {
    let (scratch, _path, saved) = lost("state-elsewhere", ONE, &[("x.wav", 0.50003)], 0);
    Vault::shared().clear();
    put(&scratch.0.join("old/recordings/another name.wav"), 0.50003);
    let (session, mut engine) = reopened(&saved);
    let findings = session.snapshot().findings.clone();
    assert!(says(&findings, "it was found at") && findings[0].severity == Severity::Note, "{findings:?}");
    assert_plays(&mut engine, 0.50003);
    assert_eq!(session.save(), saved);
}

#[test]
fn state_with_a_damaged_copy_says_so() {
    let (_scratch, _path, saved) = lost("state-damaged", ONE, &[("x.wav", 0.50004)], 32);
    Vault::shared().clear();
    let (head, copies) = saved.split_once(r#""copies""#).unwrap();
    for other in [
        copies.replacen("AAAA", "AAAB", 1),
        copies.replacen("AAAA", "A", 1),
        copies.replacen("AAAA", "?!?!", 1),
    ] {
        let (session, mut engine) = reopened(&format!(r#"{head}"copies"{other}"#));
        let seen = session.snapshot();
        assert!(says(&seen.findings, "the copy of `x.wav` in the project is damaged"), "{:?}", seen.findings);
        assert_eq!(seen.samples.missing, ["x.wav"]);
        assert_plays(&mut engine, 0.0);
    }
}

#[test]
fn state_sample_that_is_deleted_plays_on() {
    let (scratch, path) = library("state-deleted", ONE);
    put(&scratch.0.join("x.wav"), 0.5);
    let (session, mut engine) = open(Message::Open(path.clone()));
    let saved = session.save();
    fs::remove_file(scratch.0.join("x.wav")).unwrap();
    send(&session, Message::Edit { file: path.display().to_string(), text: ONE.replace("100", "99").into() });
    assert_plays(&mut engine, 0.5);
    assert_eq!(session.save(), saved.replace("100", "99"), "with the copy");
    // A name that is wrong after an edit is an error, and the last good sound plays on.
    let wrong = send(
        &session,
        Message::Edit { file: path.display().to_string(), text: ONE.replace("x.wav", "y.wav").into() },
    );
    assert_eq!(wrong.status, Status::Broken);
    assert_plays(&mut engine, 0.5);
}

#[test]
fn relink_takes_a_file_a_folder_or_what_has_another_content() {
    let samples = [("kit/a.wav", 0.25005), ("kit/b.wav", 0.12505)];
    let (scratch, _path, saved) = lost("relink", PAIR, &samples, 0);
    let away = Scratch::new("relink-away");
    Vault::shared().clear();
    let (session, mut engine) = reopened(&saved);
    assert_eq!(session.snapshot().samples.missing, ["kit/a.wav", "kit/b.wav"]);
    let seen = relink(&session, "", &away.0);
    assert!(says(&seen.findings, "nothing of what is missing was found"), "{:?}", seen.findings);
    // One by its content under another name, one by its path, though it is another.
    put(&away.0.join("deep/first.wav"), 0.25005);
    put(&away.0.join("kit/b.wav"), 0.50005);
    put(&away.0.join("a/b.wav"), 0.0625);
    let seen = relink(&session, "", &away.0);
    assert!(seen.samples.missing.is_empty());
    assert!(says(&seen.findings, "`kit/b.wav` is not the one"), "{:?}", seen.findings);
    assert!(becomes(&mut engine, 0.75));
    // The project remembers it, also where the samples come with it.
    assert!(session.save().contains("first.wav"));
    let (again, mut engine) = reopened(&session.save());
    assert_eq!((again.snapshot().findings.len(), again.save()), (0, session.save()));
    assert_plays(&mut engine, 0.75);
    // A file.
    relink(&session, "kit/b.wav", &away.0.join("a/b.wav"));
    let (again, mut engine) = reopened(&session.save());
    assert!(again.snapshot().samples.missing.is_empty());
    assert_plays(&mut engine, 0.3125);
    drop(scratch);
}

#[test]
fn relink_finds_what_has_never_been_there_by_its_name() {
    let (_scratch, path) = library("relink-new", PAIR);
    let away = Scratch::new("relink-new-away");
    put(&away.0.join("one/a.wav"), 0.25);
    put(&away.0.join("b.wav"), 0.125);
    let (session, mut engine) = open(Message::Open(path));
    assert_eq!((session.snapshot().status, session.snapshot().samples.missing.len()), (Status::Playing, 2));
    let seen = relink(&session, "", &away.0);
    assert!(seen.findings.is_empty() && seen.samples.missing.is_empty(), "{:?}", seen.findings);
    assert!(becomes(&mut engine, 0.375));
}

#[test]
fn relink_takes_the_folder_of_chopped_files() {
    let text = "s: {sample: {file: hits, chop: 1, loop: true, duration: 100}}\n";
    let (_scratch, path) = library("relink-chop", text);
    let away = Scratch::new("relink-chop-away");
    put(&away.0.join("one.wav"), 0.25);
    put(&away.0.join("two.wav"), 0.5);
    let (session, mut engine) = open(Message::Open(path));
    assert_eq!(session.snapshot().samples.missing, ["hits"]);
    let seen = relink(&session, "hits", &away.0);
    assert!(seen.findings.is_empty(), "{:?}", seen.findings);
    assert!(becomes(&mut engine, 0.5));
    let saved = session.save();
    drop(away);
    let (_session, mut engine) = reopened(&saved);
    assert_plays(&mut engine, 0.5);
}

#[test]
fn relink_is_offered_a_place_one_folder_up() {
    let scratch = Scratch::new("session-up");
    fs::create_dir(scratch.0.join("sounds")).unwrap();
    put(&scratch.0.join("kit/x.wav"), 0.5);
    let path = scratch.0.join("sounds/a.yaml");
    let text = "s: {sample: {file: kit/x.wav, loop: true, duration: 100}}\n";
    fs::write(&path, text).unwrap();
    let (session, mut engine) = open(Message::Open(path.clone()));
    let hint = session.snapshot().findings[0].hint.clone().unwrap();
    assert!(hint.contains("did you mean `../kit/x.wav`?") && hint.contains("roots: [..]"), "{hint}");
    // As the hint says.
    fs::write(&path, format!("seiche: 1\nroots: [..]\n{text}")).unwrap();
    let seen = send(&session, Message::TakeDisk);
    assert!(seen.findings.is_empty(), "{:?}", seen.findings);
    assert!(becomes(&mut engine, 0.5));
}

#[test]
fn state_offline_wait_has_a_limit_and_says_so() {
    let slow = (0..40).map(|n| format!("o{n}: {{osc: {{type: saw, freq: {}}}}}", 50 + n));
    let slow = format!(
        "s: {{invert: {{duration: 59, signal: {{mix: {{{}}}}}}}}}\n",
        slow.collect::<Vec<_>>().join(", ")
    );
    let (_scratch, path) = library("state-offline", &slow);
    let session = Session::new();
    let _engine = session.engine(RATE);
    assert!(session.wait_offline(LIMIT));
    session.send(Message::Open(path.clone()));
    let began = Instant::now();
    assert!(!session.wait_offline(Duration::from_millis(100)), "it is being rendered beforehand");
    assert!(
        began.elapsed() >= Duration::from_millis(100)
            && says(&session.snapshot().notices, "went on without it")
    );
    let began = Instant::now();
    (0..1000).for_each(|_| assert!(!session.wait_offline(Duration::from_secs(10))));
    assert!(began.elapsed() < Duration::from_secs(2), "no block waits again");
    // Until the loader has come after it. What is missing keeps nobody waiting.
    session.send(Message::Edit { file: path.display().to_string(), text: ONE.into() });
    assert!(session.settle(LIMIT) && session.wait_offline(Duration::ZERO));
    assert_eq!(session.snapshot().samples.missing, ["x.wav"]);
    assert!(session.snapshot().notices.is_empty());
}

#[test]
fn collect_writes_what_sounds_and_it_opens_elsewhere() {
    let scratch = Scratch::new("session-collect");
    let text = PAIR.replace("kit/a.wav", "../kit/a.wav");
    put(&scratch.0.join("kit/a.wav"), 0.25);
    put(&scratch.0.join("sounds/kit/b.wav"), 0.125);
    let path = scratch.0.join("sounds/song.yaml");
    fs::write(&path, format!("seiche: 1\nroots: [../kit]\n{text}")).unwrap();
    let (session, mut engine) = open(Message::Open(path));
    let heard = play(&mut engine);
    let packed = scratch.0.join("song.seiche");
    let seen = send(&session, Message::Collect(packed.clone()));
    assert!(says(&seen.findings, "Collected 1 text and 2 files"), "{:?}", seen.findings);
    let seen = send(&session, Message::Collect(packed.clone()));
    assert!(says(&seen.findings, "is there already"), "{:?}", seen.findings);
    fs::remove_dir_all(scratch.0.join("sounds")).unwrap();
    fs::remove_dir_all(scratch.0.join("kit")).unwrap();
    Vault::shared().clear();
    let (session, mut engine) = open(Message::Open(packed.clone()));
    let seen = session.snapshot();
    assert_eq!(
        (seen.status, seen.findings.len(), seen.samples.missing.len()),
        (Status::Playing, 0, 0),
        "{:?}",
        seen.findings
    );
    assert!(play(&mut engine) == heard, "the same sound to the bit");
    // A text in it is edited and kept with the project, but not written to it.
    let file = seen.texts.files[0].path.clone();
    let seen = send(
        &session,
        Message::Save { file: file.clone(), text: format!("# mine\n{}", seen.texts.files[0].text).into() },
    );
    assert!(says(&seen.findings, "it is in a bundle"), "{:?}", seen.findings);
    assert!(seen.texts.files[0].edited && session.save().contains("# mine"));
    // The project plays without the bundle.
    let saved = session.save();
    fs::remove_file(&packed).unwrap();
    let (session, mut engine) = reopened(&saved);
    assert!(play(&mut engine) == heard);
    assert_eq!(session.save(), saved);
}
