//! The export: set up, begun, watched, held.

use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
use super::*;
use crate::session::{Export, Progress, Report, Standing, StripControl};

fn exporting(path: &str) -> Play {
    let mut play = Play::of(plain());
    play.preferences.export = Export { path: path.into(), ..Export::default() };
    play.panes.tab = Tab::Export;
    play
}

/// One of each standing.
pub fn entries() -> Vec<Entry> {
    let entry = |id: u64, name: &str, standing: Standing| Entry { id, name: name.into(), standing };
    let parts = ["drums", "bass", "keys"].into_iter().zip([1.0, 0.6, 0.3]);
    let progress = Progress {
        done: 0.42,
        left: Some(Duration::from_secs(75)),
        written: 31.0,
        parts: parts.map(|(name, done)| (name.to_owned(), done)).collect(),
        paused: false,
    };
    let report =
        Report { seconds: 2.0, real_time_factor: 90.0, warnings: vec!["a note".into()], ..Report::default() };
    vec![
        entry(1, "first.wav", Standing::Done(Box::new(report))),
        entry(2, "second.wav", Standing::Running(progress)),
        entry(3, "third.wav", Standing::Waiting),
    ]
}

#[test]
fn export_begins_with_the_mixer_as_it_stands_and_is_remembered() {
    let folder = std::env::temp_dir().join("night.wav");
    let path = folder.display().to_string();
    let mut stage = stage(exporting(&path));
    turn(&stage.state().host, Control::Strip(0, StripControl::Mute), 1.0);
    stage.get_by_label("Stems: Only the mix").click();
    stage.run();
    stage.get_by_label("Tracks behind their faders").click();
    stage.run();
    stage.get_by_label("Begin the export").click();
    stage.run();
    let Some(Exporting::Begin(export, controls)) = stage.state().exporting.clone() else {
        panic!("not begun")
    };
    assert_eq!((export.path.as_str(), export.stems), (path.as_str(), crate::session::Stems::PostFader));
    assert!(controls.contains(&(Control::Strip(0, StripControl::Mute), 1.0)), "{controls:?}");
    assert_eq!(stage.state().preferences.export, *export);
}

#[test]
fn export_says_what_must_be_mended_first() {
    let mut stage = stage(exporting(""));
    assert!(stage.query_by_label("Say which file to write.").is_some());
    stage.get_by_label("Begin the export").click();
    stage.run();
    assert_eq!(stage.state().exporting, None);
    stage.state_mut().snapshot.status = Status::Empty;
    stage.run();
    assert!(stage.query_by_label("Nothing is open.").is_some());
}

#[test]
fn export_shows_how_far_it_is_and_is_held_and_cancelled() {
    let mut play = exporting("");
    play.exports = entries();
    let mut stage = stage(play);
    assert!(stage.query_by_label("Export  42 %").is_some(), "the tab tells, too");
    assert_eq!(stage.get_by_label("Progress of second.wav").value().as_deref(), Some("42 %"));
    assert_eq!(stage.get_by_label("Progress of bass").value().as_deref(), Some("60 %"));
    assert!(stage.query_by_label("0:31 of sound written, 1:15 left").is_some());
    assert!(stage.query_by_label("done in 2.0 s, 90 times real time").is_some());
    assert!(stage.query_by_label("a note").is_some());
    stage.get_by_label("Hold").click();
    stage.run();
    assert_eq!(stage.state().exporting, Some(Exporting::Pause(2, true)));
    stage.get_all_by_label("Cancel").next().unwrap().click();
    stage.run();
    assert_eq!(stage.state().exporting, Some(Exporting::Cancel(3)), "the newest stands first");
}

#[test]
fn export_foretells_its_level_and_forgets_that_when_it_becomes_another() {
    let mut stage = stage(exporting("/tmp/night.wav"));
    stage.get_by_label("Foretell the level").click();
    stage.run();
    let Some(Exporting::Foretell(export, _)) = stage.state().exporting.clone() else { panic!("not asked") };
    assert_eq!(export.path, "/tmp/night.wav");
    let guess = |expected, bound| crate::session::Guess { expected: Some(expected), bound };
    let forecast = crate::session::Forecast {
        mix: guess(1.25, Some(3.0)),
        strips: vec![("drums".into(), guess(-4.0, None))],
        ..Default::default()
    };
    stage.state_mut().foretold = Foretold::Known(Box::new(forecast));
    stage.run();
    let told = "Its peak is going to be near 1.2 dBFS, and not above 3.0.";
    assert!(stage.query_by_label(told).is_some());
    stage.get_by_label("Levels of the tracks").click();
    stage.run();
    assert!(stage.query_by_label("-4.0 dBFS").is_some());
    stage.get_by_label("Stems: Only the mix").click();
    stage.run();
    stage.get_by_label("Tracks before their effects").click();
    stage.run();
    assert_eq!(stage.state().exporting, Some(Exporting::Forget));
}

#[test]
fn export_tells_how_much_room_there_is() {
    let mut stage = stage(exporting("/tmp/night.wav"));
    assert!(stage.query_by_label_contains("are free there.").is_some());
    stage.state_mut().panes.export = crate::editor::export::Pane::default();
    let export = Export { to: Some(86_400.0), rate: 192_000, ..stage.state().preferences.export.clone() };
    let room = export.free().unwrap();
    stage.state_mut().preferences.export = export.clone();
    stage.run();
    let short = export.bytes().unwrap() > room;
    assert_eq!(stage.query_by_label_contains("that is not enough").is_some(), short);
}
