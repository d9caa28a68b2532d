//! Texts that sound, texts on the disk, texts in the window: which is which, and that none is lost.

use super::*;

fn disks(snapshot: &Snapshot) -> Vec<Disk> {
    snapshot.texts.files.iter().map(|file| file.disk).collect()
}

#[test]
fn session_project_plays_its_own_text_and_says_that_the_disk_differs() {
    let (_scratch, path) = library("differs", &tone(0.5));
    let first = Session::new();
    send(&first, Message::Open(path.clone()));
    let saved = first.save();
    std::fs::write(&path, tone(0.125)).unwrap();
    let session = Session::new();
    session.restore(&saved);
    let mut engine = session.engine(RATE);
    assert!(session.settle(LIMIT));
    assert_plays(&mut engine, 0.5);
    assert_eq!(disks(&session.snapshot()), [Disk::Differs]);
    assert_eq!(session.snapshot().reload.as_ref().unwrap().cause, Cause::Opened);
    assert_eq!(session.save(), saved);
    // Either text can be had.
    let seen = send(&session, Message::TakeDisk);
    assert_plays(&mut engine, 0.125);
    assert_eq!(disks(&seen), [Disk::Same]);
    session.restore(&saved);
    assert!(session.settle(LIMIT));
    let seen = send(&session, Message::KeepSaved);
    assert_plays(&mut engine, 0.5);
    assert_eq!(disks(&seen), [Disk::Same]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), tone(0.5));
}

#[test]
fn session_project_without_its_files_can_bring_them_back() {
    let (scratch, path) = library("bring-back", &tone(0.5));
    let first = Session::new();
    send(&first, Message::Open(path.clone()));
    std::fs::remove_dir_all(&scratch.0).unwrap();
    let session = Session::new();
    session.restore(&first.save());
    let mut engine = session.engine(RATE);
    assert!(session.settle(LIMIT));
    assert_eq!(disks(&session.snapshot()), [Disk::Missing]);
    assert_eq!(session.snapshot().status, Status::Playing, "a project opens without its files");
    let seen = send(&session, Message::KeepSaved);
    assert!(seen.findings[0].message.contains("its folder is gone"), "{:?}", seen.findings);
    assert_plays(&mut engine, 0.5);
    std::fs::create_dir_all(&scratch.0).unwrap();
    let seen = send(&session, Message::KeepSaved);
    assert_eq!((disks(&seen), seen.findings.len()), (vec![Disk::Same], 0));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), tone(0.5));
}

#[test]
fn session_broken_text_on_the_disk_can_be_put_right_by_what_sounds() {
    let (_scratch, path) = library("put-right", &tone(0.5));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.clone()));
    std::fs::write(&path, "tone: [").unwrap();
    let seen = shows(&session, "a typo", |seen| seen.status == Status::Broken);
    let file = &seen.texts.files[0];
    assert_eq!((&*file.text, file.sounds, file.saved, file.disk), ("tone: [", false, true, Disk::Differs));
    assert_plays(&mut engine, 0.5);
    let seen = send(&session, Message::KeepSaved);
    assert_eq!((seen.status, disks(&seen)), (Status::Playing, vec![Disk::Same]));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), tone(0.5));
}

#[test]
fn session_edit_in_the_window_sounds_without_being_saved() {
    let (scratch, path) = library("edit", &tone(0.5));
    std::fs::write(scratch.0.join("z.yaml"), "other: {osc: {}}\n").unwrap();
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(scratch.0.clone()));
    let seen = send(&session, edit(&path, &tone(0.25)));
    assert_plays(&mut engine, 0.25);
    assert_eq!(disks(&seen), [Disk::Differs, Disk::Same]);
    assert_eq!(seen.reload.as_ref().unwrap().cause, Cause::Edited);
    assert!(session.save().contains("0.25"), "a project keeps the text that sounds");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), tone(0.5));
    // Somebody else saves both files: the edited text stays, the other one is taken.
    std::fs::write(&path, tone(0.75)).unwrap();
    std::fs::write(scratch.0.join("z.yaml"), "another: {osc: {}}\n").unwrap();
    let seen = shows(&session, "the other file", |seen| seen.sounds == ["tone", "another"]);
    assert_eq!((disks(&seen), &*seen.texts.files[0].text), (vec![Disk::Differs, Disk::Same], &*tone(0.25)));
    assert_plays(&mut engine, 0.25);
    // A text with errors is kept, and what sounds goes on.
    let seen = send(&session, edit(&path, "tone: ["));
    assert_eq!((seen.status, &*seen.texts.files[0].text), (Status::Broken, "tone: ["));
    assert_plays(&mut engine, 0.25);
    send(&session, Message::TakeDisk);
    assert_plays(&mut engine, 0.75);
}

#[test]
fn session_save_from_the_window_is_like_any_save() {
    let (_scratch, path) = library("save", &tone(0.5));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.clone()));
    let seen = send(&session, save(&path, &tone(0.25)));
    assert_plays(&mut engine, 0.25);
    assert_eq!((disks(&seen), std::fs::read_to_string(&path).unwrap()), (vec![Disk::Same], tone(0.25)));
    let reload = seen.reload.clone().unwrap();
    assert_eq!((reload.cause, reload.texts.to_text().as_str()), (Cause::Saved, "two.yaml, 1 line"));
    // It is not noticed a second time, and the file is followed as before.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(session.snapshot().texts, seen.texts);
    std::fs::write(&path, tone(0.75)).unwrap();
    assert!(becomes(&mut engine, 0.75));
    // A text with errors is saved as well, as every editor does.
    assert_eq!(send(&session, save(&path, "tone: [")).status, Status::Broken);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "tone: [");
    assert_plays(&mut engine, 0.75);
}

#[test]
fn session_text_that_cannot_be_saved_plays_and_is_kept() {
    let (scratch, path) = library("cannot-save", &tone(0.5));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.clone()));
    let mut protected = std::fs::metadata(&path).unwrap().permissions();
    protected.set_readonly(true);
    std::fs::set_permissions(&path, protected).unwrap();
    let seen = send(&session, save(&path, &tone(0.25)));
    assert!(seen.findings[0].message.contains("protected from writing"), "{:?}", seen.findings);
    assert!(seen.findings[0].hint.as_ref().unwrap().contains("the text is kept"));
    assert_plays(&mut engine, 0.25);
    assert_eq!((disks(&seen), &*seen.texts.files[0].text), (vec![Disk::Differs], &*tone(0.25)));
    std::fs::remove_dir_all(&scratch.0).unwrap();
    let seen = shows(&session, "the folder is gone", |seen| disks(seen) == [Disk::Missing]);
    assert_eq!(&*seen.texts.files[0].text, &*tone(0.25));
    let seen = send(&session, save(&path, &tone(0.125)));
    assert!(seen.findings[0].message.contains("folder is gone"), "{:?}", seen.findings);
    assert_plays(&mut engine, 0.125);
    std::fs::create_dir_all(&scratch.0).unwrap();
    let seen = send(&session, save(&path, &tone(0.125)));
    assert_eq!((disks(&seen), seen.findings.len()), (vec![Disk::Same], 0));
}

#[test]
fn session_tells_what_a_save_changed_and_how_long_it_took() {
    let text = |level: f32| {
        format!("song: {{mix: {{a: {{osc: {{amp: {level}}}}}, b: {{osc: {{id: low, amp: 0.1}}}}}}}}\n")
    };
    let (_scratch, path) = library("report", &text(0.5));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.clone()));
    assert_eq!(session.snapshot().reload.as_ref().unwrap().nodes, None, "nothing came before");
    play(&mut engine);
    std::fs::write(&path, text(0.25)).unwrap();
    let end = Instant::now() + LIMIT;
    let told = loop {
        // The engine has to run to take the program.
        play(&mut engine);
        let reload = session.snapshot().reload.clone().unwrap();
        if reload.times.iter().any(|(stage, _)| *stage == Stage::Swap) && reload.cause == Cause::Saved {
            break reload;
        }
        assert!(Instant::now() < end, "{reload:?}");
    };
    let stages: Vec<_> = told.times.iter().map(|(stage, _)| *stage).collect();
    let all = [Stage::Notice, Stage::Read, Stage::Parse, Stage::Compile, Stage::Trial, Stage::Swap];
    assert_eq!(stages, all);
    assert!(told.times[4].1 > Duration::ZERO && told.details()[0].contains("trial"));
    assert!(told.times[0].1 >= crate::library::watch::SETTLE, "{:?}", told.times);
    assert!(told.line().starts_with("Saved two.yaml, 1 line in "), "{}", told.line());
    let nodes = told.nodes.as_ref().unwrap();
    let counts = (nodes.carried, nodes.changed, nodes.new, nodes.leaving);
    assert!(counts == (1, 1, 0, 0) && !nodes.names.contains(&"low".into()), "{nodes:?}");
}

/// A session that plays what another one has saved, without its files.
fn reopened(saved: &str) -> (Arc<Session>, Geared) {
    let session = Session::new();
    session.restore(saved);
    assert_eq!(session.save(), saved, "before it plays");
    let engine = session.engine(RATE);
    assert!(session.settle(LIMIT));
    (session, engine)
}

#[test]
fn session_project_keeps_text_that_has_never_sounded() {
    let (_scratch, path) = library("unheard", &tone(0.5));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.clone()));
    let before = session.save();
    assert!(!before.contains("edits"));
    session.take_changed();
    // One with errors, played; one that is only typed.
    send(&session, edit(&path, "tone: ["));
    let file = |text: &str| File { path: path.display().to_string(), text: text.into() };
    let saved = session.save();
    assert!(saved.contains(r#""text":"tone: [""#) && saved == session.save());
    session.keep_typed(vec![file(&tone(0.25))]);
    assert!(session.take_changed(), "the host is told");
    let typed = session.save();
    assert!(typed.contains("0.25") && !typed.contains("tone: ["), "the newest counts");
    assert_plays(&mut engine, 0.5);
    std::fs::remove_file(&path).unwrap();
    // Either comes back as it was, beside what sounds.
    let (session, mut engine) = reopened(&saved);
    let seen = session.snapshot();
    assert_eq!(session.typed().files, [file("tone: [")]);
    assert_eq!(seen.status, Status::Broken);
    assert!(seen.findings.iter().any(|finding| finding.place.is_some()), "{:?}", seen.findings);
    assert_eq!(&*seen.texts.files[0].text, &*tone(0.5));
    assert_plays(&mut engine, 0.5);
    assert_eq!(session.save(), saved);
    let (session, mut engine) = reopened(&typed);
    assert_eq!(
        (session.typed().files.clone(), session.snapshot().status),
        (vec![file(&tone(0.25))], Status::Playing)
    );
    assert_plays(&mut engine, 0.5);
    // Once it is played it is no edit any more.
    send(&session, edit(&path, &tone(0.25)));
    assert_plays(&mut engine, 0.25);
    assert!(!session.save().contains("edits"));
    // A project from before there were edits.
    let (session, _engine) = reopened(&before);
    assert!(session.typed().files.is_empty());
    // Nothing is left of what another project had.
    session.restore(&saved);
    session.restore(&before);
    assert!(session.settle(LIMIT));
    assert_eq!(session.save(), before);
}

#[test]
fn session_project_keeps_text_of_a_library_that_has_never_sounded() {
    let (_scratch, path) = library("never", "tone: [");
    let session = Session::new();
    send(&session, Message::Open(path.clone()));
    send(&session, edit(&path, "tone: [1"));
    let saved = session.save();
    assert!(saved.contains(r#""text":"tone: [1""#));
    let (session, _engine) = reopened(&saved);
    assert_eq!(&*session.typed().files[0].text, "tone: [1");
    assert_eq!(session.save(), saved);
}

#[test]
fn session_newer_wish_stops_what_is_rendered_beforehand() {
    let slow = (0..40).map(|n| format!("o{n}: {{osc: {{type: saw, freq: {}}}}}", 50 + n));
    let slow = format!(
        "s: {{invert: {{duration: 59, signal: {{mix: {{{}}}}}}}}}\n",
        slow.collect::<Vec<_>>().join(", ")
    );
    let (_scratch, path) = library("beforehand", &slow);
    let session = Session::new();
    session.send(Message::Open(path.clone()));
    std::thread::sleep(Duration::from_millis(200));
    let began = Instant::now();
    let seen = send(&session, edit(&path, &tone(0.5)));
    assert_eq!(seen.status, Status::Playing);
    assert!(began.elapsed() < Duration::from_millis(800), "{:?}", began.elapsed());
}
