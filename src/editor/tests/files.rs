//! What is dropped onto the window, and what is chosen in the desktop's dialogs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
use super::walk::Walk;
use super::*;
use crate::library::Scratch;
use crate::session::Samples;
use dialog::{Answer, Dialog, Purpose};

#[derive(Debug)]
struct File(PathBuf);

impl egui::DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it here".into())
    }
}

fn drop_on<S>(stage: &mut Harness<'static, S>, path: &Path) {
    stage.input_mut().dropped_files.push(Arc::new(File(path.to_owned())));
    stage.run_ok();
}

fn asked(stage: &mut Harness<'static, Play>) -> Vec<Message> {
    std::mem::take(&mut stage.state_mut().messages)
}

fn missing() -> Snapshot {
    let samples =
        Samples { count: 2, missing: vec!["kit/a.wav".into(), "kit/b.wav".into()], ..Default::default() };
    Snapshot { samples, ..plain() }
}

#[test]
fn drop_of_a_library_opens_it() {
    let scratch = Scratch::new("drop");
    let (file, folder, none) = (scratch.0.join("A.YAML"), scratch.0.join("kit"), scratch.0.join("empty"));
    std::fs::write(&file, "").unwrap();
    std::fs::create_dir(&folder).unwrap();
    std::fs::create_dir(&none).unwrap();
    std::fs::write(folder.join("a.yml"), "").unwrap();
    let mut stage = stage(Play::of(missing()));
    stage.run_ok();
    for path in [&file, &folder, &PathBuf::from("/nowhere/song.seiche")] {
        asked(&mut stage);
        drop_on(&mut stage, path);
        assert!(matches!(&asked(&mut stage)[..], [Message::Open(opened)] if opened == path), "{path:?}");
    }
    // Where samples are missing they may lie in a folder that is no library.
    drop_on(&mut stage, &none);
    assert!(
        matches!(&asked(&mut stage)[..], [Message::Relink { from, to }] if from.is_empty() && *to == none)
    );
    drop_on(&mut stage, Path::new("/letters/a.pdf"));
    assert!(
        asked(&mut stage).is_empty() && stage.query_by_label_contains("a.pdf is neither a library").is_some()
    );
    stage.get_by_label("Close").click();
    stage.run_ok();
    assert!(stage.query_by_label_contains("is neither").is_none());
}

#[test]
fn drop_says_that_something_may_be_let_go() {
    let mut stage = stage(Play::of(plain()));
    stage.input_mut().hovered_files.push(Default::default());
    stage.run_ok();
    assert!(stage.query_by_label_contains("Drop a library to open it").is_some());
    stage.input_mut().hovered_files.clear();
    stage.run_ok();
    assert!(stage.query_by_label_contains("Drop a library to open it").is_none());
}

#[test]
fn drop_of_a_sample_stands_in_for_a_missing_one() {
    let mut stage = stage(Play::of(missing()));
    stage.run_ok();
    asked(&mut stage);
    let dropped = Path::new("/away/b.wav");
    drop_on(&mut stage, dropped);
    stage.get_by_label("It is the missing kit/b.wav").click();
    stage.run_ok();
    assert!(
        matches!(&asked(&mut stage)[..], [Message::Relink { from, to }] if from == "kit/b.wav" && to == dropped)
    );
    assert!(stage.query_by_label("Leave it").is_none(), "it is done with");
    drop_on(&mut stage, dropped);
    stage.get_by_label("Leave it").click();
    stage.run_ok();
    assert!(asked(&mut stage).is_empty() && stage.query_by_label("Leave it").is_none());
}

#[test]
fn drop_of_a_sample_plays_as_a_new_sound_beside_the_library() {
    let scratch = Scratch::new("drop-sample");
    let (home, away) = (scratch.0.join("home"), scratch.0.join("away"));
    for folder in [&home, &away] {
        std::fs::create_dir(folder).unwrap();
    }
    let library = home.join("song.yaml");
    std::fs::write(&library, "seiche: 1\nsong: {osc: {freq: 110, amp: 0.1}}").unwrap();
    let sample = away.join("Big Kick!.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&sample, spec).unwrap();
    (0..48_000).for_each(|_| writer.write_sample(0.625f32).unwrap());
    writer.finalize().unwrap();

    let mut walk = Walk::new();
    walk.fill("Path of a library", &library.display().to_string());
    walk.click("Open");
    drop_on(&mut walk.stage, &sample);
    walk.stage.get_by_label("Play it as a new sound").click();
    // The file is copied elsewhere, and the window waits for it.
    for _ in 0..500 {
        walk.settle();
        if walk.stage.query_by_label("Sound: big_kick_").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(
        walk.stage.query_by_label("Sound: big_kick_").is_some()
            && walk.stage.query_by_label("Plays").is_some()
    );
    walk.loudest = 0.0;
    walk.click("big_kick_");
    walk.play(20);
    assert!((0.6..=0.65).contains(&walk.loudest), "{}", walk.loudest);
    assert_eq!(std::fs::read(home.join("samples/Big Kick!.wav")).unwrap(), std::fs::read(&sample).unwrap());
    assert!(walk.stage.query_by_label("plays, not saved").is_some(), "the file is the user's to save");
}

#[test]
fn dialog_answers_go_where_they_were_asked() {
    let mut stage = stage(Play::of(missing()));
    stage.run_ok();
    let mut answer = |purpose, answer| {
        asked(&mut stage);
        stage.state_mut().panes.dialog = Dialog::answered(&stage.ctx, purpose, answer);
        for _ in 0..200 {
            stage.step();
            std::thread::sleep(Duration::from_millis(1));
        }
        (asked(&mut stage), stage.query_by_label_contains("no dialog").is_some())
    };
    let path = PathBuf::from("/music/song.yaml");
    let (messages, _) = answer(Purpose::Library, Answer::Chosen(path.clone()));
    assert!(matches!(&messages[..], [Message::Open(opened)] if *opened == path));
    let (messages, said) = answer(Purpose::Library, Answer::Nothing);
    assert!(messages.is_empty() && !said);
    let (_, said) = answer(Purpose::Library, Answer::Unable("There is no dialog here.".into()));
    assert!(said, "the window says that there is none");
    stage.get_by_label("Close").click();
    stage.run_ok();
    for (purpose, tab) in [
        (Purpose::Export, Tab::Export),
        (Purpose::Takes, Tab::Export),
        (Purpose::Missing, Tab::Samples),
        (Purpose::Collect, Tab::Samples),
    ] {
        let place = format!("/chosen/for {purpose:?}");
        stage.state_mut().panes.dialog =
            Dialog::answered(&stage.ctx, purpose, Answer::Chosen(place.clone().into()));
        stage.state_mut().panes.tab = tab;
        for _ in 0..200 {
            stage.step();
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(stage.query_all_by_value(&place).next().is_some(), "{purpose:?} is in no field");
    }
}
