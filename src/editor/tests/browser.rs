//! The browser: sounds and libraries found, chosen, kept.

use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
use super::*;
use crate::session::{Pick, PresetPlace, factory};

fn listed() -> Play {
    let sounds = ["kick", "song", "hat closed"].map(String::from).to_vec();
    Play::of(Snapshot { presets: factory().into(), preset: Some(1), sounds, ..plain() })
}

fn chosen(play: &Play) -> Vec<&str> {
    let mut all = vec![];
    for message in &play.messages {
        if let Message::Choose(name) = message {
            all.push(name.as_str());
        }
    }
    all
}

#[test]
fn browser_sounds_are_found_and_chosen_by_click_and_keys() {
    let mut stage = stage(listed());
    stage.get_by_label("kick").click();
    stage.run();
    assert_eq!(chosen(stage.state()), ["kick"]);
    stage.get_by_label("kick").focus();
    stage.run();
    stage.key_press(Key::ArrowDown);
    stage.run();
    assert_eq!(chosen(stage.state()), ["kick", "song"], "the arrow keys play what they come to");
    stage.key_press(Key::ArrowDown);
    stage.run();
    stage.key_press(Key::ArrowDown);
    stage.run();
    stage.key_press(Key::ArrowUp);
    stage.run();
    assert_eq!(chosen(stage.state())[2..], ["hat closed", "song"], "and end at the ends");
    stage.get_by_label("Find a sound or library").click();
    stage.run();
    stage.event(Event::Text("CLOSED hat".into()));
    stage.run();
    assert!(stage.query_by_label("hat closed").is_some() && stage.query_by_label("kick").is_none());
    stage.event(Event::Text("x".into()));
    stage.run();
    assert!(stage.query_by_label("No sound has that.").is_some());
}

#[test]
fn browser_libraries_are_opened_and_kept_as_favourites() {
    let mut stage = stage(listed());
    stage.get_by_label("Libraries").click();
    stage.run();
    assert!(stage.state().messages.iter().any(|message| matches!(message, Message::ListPresets)));
    assert!(stage.query_by_label("FACTORY").is_some());
    stage.get_by_label("Drums is a favourite").click();
    stage.run();
    assert!(stage.state().preferences.favourites.contains("factory:Drums"));
    stage.get_by_label("Your favourites").click();
    stage.run();
    assert!(stage.query_by_label("Song is a favourite").is_none());
    stage.get_by_label("Drums").click();
    stage.run();
    let drums = PresetPlace::Factory("Drums");
    let opened = |message: &Message| matches!(message, Message::Preset(Pick::At(place)) if *place == drums);
    assert!(stage.state().messages.iter().any(opened));
    stage.get_by_label("Drums is a favourite").click();
    stage.run();
    assert!(stage.state().preferences.favourites.is_empty());
    assert!(stage.query_by_label("No library is like that.").is_some());
}

#[test]
fn browser_marks_libraries_with_errors() {
    let mut play = listed();
    let mut presets = play.snapshot.presets.to_vec();
    presets[0].broken = true;
    play.snapshot.presets = presets.into();
    let mut stage = stage(play);
    stage.get_by_label("Libraries").click();
    stage.run();
    let marked = format!("{}  ⚠", stage.state().snapshot.presets[0].name);
    assert!(stage.query_by_label(&marked).is_some());
}

#[test]
fn browser_opens_paths_and_keeps_folders() {
    let mut stage = stage(listed());
    stage.get_by_label("Path of a library").click();
    stage.run();
    stage.key_press_modifiers(CTRL, Key::A);
    stage.event(Event::Text("/kits".into()));
    stage.run();
    stage.get_by_label("Keep folder").click();
    stage.run();
    assert_eq!(stage.state().preferences.folders, ["/kits"]);
    let told = |message: &Message| matches!(message, Message::Folders(all) if *all == [std::path::PathBuf::from("/kits")]);
    assert!(stage.state().messages.iter().any(told));
    stage.get_by_label("Open").click();
    stage.run();
    let opened =
        |message: &Message| matches!(message, Message::Open(path) if path == std::path::Path::new("/kits"));
    assert!(stage.state().messages.iter().any(opened));
    stage.state_mut().preferences.remember("/old/one.yaml");
    stage.get_by_label("Recent").click();
    stage.run();
    stage.get_by_label("one.yaml").click();
    stage.run();
    let again = |message: &Message| matches!(message, Message::Open(path) if path == std::path::Path::new("/old/one.yaml"));
    assert!(stage.state().messages.iter().any(again));
}
