//! The recorder: begun, watched, ended, and what was played before is saved.

use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
use super::*;
use crate::editor::record::Recorded;
use crate::session::{Recording, Saved, TakePlace};

fn recording(folder: &str) -> Play {
    let mut play = Play::of(plain());
    play.preferences.takes = folder.into();
    play.panes.tab = Tab::Export;
    play
}

#[test]
fn record_begins_in_a_folder_that_is_there_and_ends() {
    let folder = std::env::temp_dir();
    let mut stage = stage(recording(""));
    assert!(stage.query_by_label("Say in which folder takes are to lie.").is_some());
    stage.get_by_label("Record").click();
    stage.run();
    assert_eq!(stage.state().recorded, None);
    stage.state_mut().preferences.takes = folder.display().to_string();
    stage.run();
    stage.get_by_label("Record").click();
    stage.run();
    let name = stage.state().snapshot.sound.clone();
    assert_eq!(stage.state().recorded, Some(Recorded::Start(TakePlace { folder: folder.clone(), name })));
    let file = folder.join("bell take 1.wav");
    stage.state_mut().recording = Recording { running: Some((file, 75.4)), ..Recording::default() };
    stage.run();
    assert!(stage.query_by_label("1:15 so far: bell take 1.wav").is_some());
    assert!(stage.query_by_label("Export  REC 1:15").is_some(), "the tab tells, too");
    stage.get_by_label("Stop").click();
    stage.run();
    assert_eq!(stage.state().recorded, Some(Recorded::Stop));
}

#[test]
fn record_saves_what_was_played_before_and_says_what_came_of_it() {
    let folder = std::env::temp_dir();
    let mut play = recording(&folder.display().to_string());
    let saved = Saved {
        files: vec![folder.join("a take 1.wav"), folder.join("a take 1 bass.wav")],
        seconds: 61.0,
        note: Some("the disk was slow".into()),
    };
    play.recording = Recording {
        kept: 119.0,
        saved: Some(saved),
        fault: Some("the disk is full".into()),
        ..Recording::default()
    };
    let mut stage = stage(play);
    for text in ["a take 1.wav and 1 more, 1:01", "the disk was slow", "the disk is full"] {
        assert!(stage.query_by_label(text).is_some(), "{text}");
    }
    stage.get_by_label("Save the last 1:59").click();
    stage.run();
    assert!(matches!(stage.state().recorded, Some(Recorded::SaveLast(_))));
    stage.get_by_label("Tracks and buses as well").click();
    stage.run();
    assert_eq!(stage.state().recorded, Some(Recorded::Stems(true)));
    stage.get_by_label("Show the folder").click();
    stage.run();
    assert_eq!(stage.state().outside, Some(folder));
}
