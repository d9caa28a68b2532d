//! The panes, drawn without a window: what text is on them, and what clicks and keys ask for.

mod browser;
mod export;
mod files;
mod graph;
mod keyboard;
mod macros;
mod mixer;
mod picture;
mod presets;
mod record;
mod samples;
mod scope;
mod settings;
mod stage;
mod walk;

use std::time::Duration;

use egui::{Context, Event, Key, Modifiers, PointerButton, RawInput, Rect, pos2, vec2};

use super::*;
use crate::plugin::params::HostParams;
use crate::session::{
    Cause, Controller, Counts, Difference, Disk, File, Finding, Follows, Output, Place, Quality, Reload,
    Role, Severity, Shown, Stage, Status, Strip, Texts, Typed,
};
use host::Control;

const TEXT: &str = "song:\n  filter:\n    cutof: 3\n";

const SAMPLES: Counts =
    Counts { bytes: 25 << 19, entries: 3, budget: 512 << 20, decodes: 5, hits: 7, evictions: 2 };

/// As keyboards without a command key send it.
const CTRL: Modifiers = Modifiers { ctrl: true, command: true, ..Modifiers::NONE };

fn strip(name: &str, role: Role) -> Strip {
    Strip { name: name.into(), channels: 2, role, ..Strip::default() }
}

/// The host's parameters, with the macros in the middle.
fn desk() -> HostParams {
    let host = HostParams::new(Session::with_presets(None));
    (0..16).for_each(|slot| turn(&host, Control::Macro(slot), 0.5));
    host
}

/// The host does what the window asks for.
fn turn(host: &HostParams, control: Control, share: f32) {
    // SAFETY: the pointer is that of a parameter that lives.
    unsafe { host.pointer(control).unwrap()._internal_set_normalized_value(share) };
    if let Control::Macro(slot) = control {
        host.session().macros().claim(slot);
    }
}

/// A library of one file that sounds, and is what the disk has.
fn plain() -> Snapshot {
    let file = Shown {
        path: "/songs/a.yaml".into(),
        text: TEXT.into(),
        sounds: true,
        edited: false,
        saved: true,
        disk: Disk::Same,
    };
    Snapshot {
        path: "/songs".into(),
        presets: [].into(),
        preset: None,
        sounds: vec!["kick".into(), "song".into()],
        sound: "song".into(),
        strips: vec![strip("drums", Role::Track), strip("bass", Role::Track)],
        graph: Default::default(),
        macros: [].into(),
        note_names: [].into(),
        latency: 0,
        status: Status::Playing,
        findings: vec![],
        notices: vec![],
        texts: Texts { files: [file].into(), undo: None, redo: None },
        reload: None,
        samples: Default::default(),
    }
}

/// The same with an error in its text.
fn broken() -> Snapshot {
    let place = Place { file: "/songs/a.yaml".into(), line: 3, column: 5, text: "    cutof: 3".into() };
    let finding = Finding {
        severity: Severity::Error,
        message: "filter has no parameter `cutof`".into(),
        place: Some(place),
        hint: Some("did you mean `cutoff`?".into()),
    };
    let reload = Reload {
        cause: Cause::Saved,
        texts: Difference { files: vec!["a.yaml".into()], lines: 2 },
        times: vec![(Stage::Compile, Duration::from_millis(12)), (Stage::Trial, Duration::from_millis(3))],
        nodes: None,
    };
    let mut snapshot =
        Snapshot { status: Status::Broken, findings: vec![finding], reload: Some(reload.into()), ..plain() };
    with_file(&mut snapshot, |file| (file.sounds, file.disk) = (false, Disk::Differs));
    snapshot
}

fn with_file(snapshot: &mut Snapshot, change: impl Fn(&mut Shown)) {
    let mut files = snapshot.texts.files.to_vec();
    change(&mut files[0]);
    snapshot.texts.files = files.into();
}

/// A window without a screen.
struct Bench {
    context: Context,
    panes: Panes,
    snapshot: Snapshot,
    host: HostParams,
    preferences: Preferences,
    follows: [Follows; 16],
    /// What was turned in the last frame.
    turn: Option<Turn>,
    performance: Performance,
    /// What was asked for in the last frame about controllers.
    learning: Option<Learning>,
    written: Vec<(String, Rect)>,
}

impl Bench {
    /// Where a macro stands.
    fn position(&self, slot: u8) -> f32 {
        self.host.share(Control::Macro(slot))
    }

    fn new(snapshot: Snapshot) -> Bench {
        let context = Context::default();
        Editor::dress(&context);
        let panes = Panes::default();
        let mut bench = Bench {
            context,
            panes,
            snapshot,
            host: desk(),
            preferences: Preferences::default(),
            follows: Default::default(),
            turn: None,
            performance: Performance::default(),
            learning: None,
            written: vec![],
        };
        (0..3).for_each(|_| drop(bench.frame(vec![])));
        bench
    }

    /// One frame; what was asked for.
    fn frame(&mut self, events: Vec<Event>) -> Option<Message> {
        let mut levels = Levels::default();
        let now =
            crate::session::Levels { main: [0.5, 0.25], strips: vec![[0.1; 2]; 2], ..Default::default() };
        levels.follow(&now, 0.03);
        let silenced = ["bass".to_owned()];
        let scene = Scene {
            snapshot: &self.snapshot,
            levels: &levels,
            busy: Busy { average: 0.125, worst: 0.4 },
            voices: 7,
            samples: SAMPLES,
            silenced: &silenced,
            host: &self.host,
            loudness: Loudnesses::default(),
            rate: 48_000.0,
            preferences: &self.preferences,
            exports: &[],
            foretold: &Foretold::Nothing,
            recording: &Recording::default(),
            performance: self.performance,
            tiers: Default::default(),
            plays_otherwise: false,
            follows: &self.follows,
        };
        let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(SIZE.0, SIZE.1));
        let input = RawInput { screen_rect: Some(screen), events, ..Default::default() };
        let mut asked = Asked::default();
        theme::follow(&self.context, self.preferences.look, true);
        let mut output = self.context.run_ui(input, |ui| asked = draw(ui, &scene, &mut self.panes));
        output.textures_delta.clear();
        self.written.clear();
        for clipped in output.shapes {
            if let egui::Shape::Text(text) = clipped.shape {
                self.written.push((text.galley.text().to_owned(), text.visual_bounding_rect()));
            }
        }
        // The host does at once what it is asked for.
        self.turn = asked.turns.last().copied();
        self.performance = asked.performance.unwrap_or(self.performance);
        self.learning = asked.learning;
        asked.turns.iter().for_each(|to| turn(&self.host, to.control, to.share));
        self.preferences = asked.preferences.take().unwrap_or(std::mem::take(&mut self.preferences));
        asked.messages.pop()
    }

    fn shows(&self, text: &str) -> bool {
        self.written.iter().any(|(written, _)| written == text)
    }

    fn click(&mut self, text: &str) -> Option<Message> {
        let found = self.written.iter().find(|(written, _)| written == text);
        let at =
            found.unwrap_or_else(|| panic!("{text} is not on the window: {:#?}", self.written)).1.center();
        let button = |pressed| Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Default::default(),
        };
        self.frame(vec![Event::PointerMoved(at), button(true)]);
        let asked = self.frame(vec![button(false)]);
        self.frame(vec![]);
        asked
    }

    /// Rests the pointer on a text until its hint has come.
    fn hover(&mut self, text: &str) {
        let at = self.written.iter().find(|(written, _)| written == text).unwrap().1.center();
        self.frame(vec![Event::PointerMoved(at)]);
        for _ in 0..120 {
            self.frame(vec![]);
        }
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) -> Option<Message> {
        self.frame(vec![Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }])
    }

    /// Puts the cursor to the beginning of the text and types there.
    fn type_first(&mut self, text: &str) {
        let shown = self.snapshot.texts.files[0].text.to_string();
        self.click(&shown);
        self.press(CTRL, Key::Home);
        self.frame(vec![Event::Text(text.into())]);
        self.frame(vec![]);
    }
}

#[test]
fn editor_shows_everything_that_matters() {
    let bench = Bench::new(broken());
    for expected in [
        "/songs",
        "kick",
        "song",
        "a.yaml",
        TEXT,
        "3",
        "has errors",
        "/songs/a.yaml:3:5",
        "filter has no parameter `cutof`",
        "did you mean `cutoff`?",
        "Playing the last good version: a.yaml has errors.",
        "Saved a.yaml, 2 lines in 15 ms",
        "3 samples, 12.5 MB",
        "bass was silenced: its output was not finite.",
        "CPU 12.5 %, worst 40 %",
        "7 voices",
        concat!("Seiche ", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(bench.shows(expected), "{expected} is not on the window: {:#?}", bench.written);
    }
}

#[test]
fn editor_click_on_a_sound_chooses_it() {
    let asked = Bench::new(plain()).click("kick");
    assert!(matches!(asked, Some(Message::Choose(name)) if name == "kick"));
}

#[test]
fn editor_typed_text_is_played_or_saved() {
    let typed = format!("# {TEXT}");
    let edits = |asked: &Option<Message>| matches!(asked, Some(Message::Edit { file, text }) if file == "/songs/a.yaml" && **text == *typed);
    let saves = |asked: &Option<Message>| matches!(asked, Some(Message::Save { file, text }) if file == "/songs/a.yaml" && **text == *typed);
    let mut bench = Bench::new(plain());
    assert!(bench.shows("plays"));
    assert!(bench.click("Play").is_none() && bench.click("Save").is_none(), "there is nothing to do yet");
    bench.type_first("# ");
    assert!(bench.shows(&typed) && bench.shows("typed, not played yet") && bench.shows("a.yaml •"));
    assert!(edits(&bench.click("Play")));
    assert!(saves(&bench.click("Save")));
    // Keys act only while the text has the focus, and leave no mark in it.
    assert!(bench.press(CTRL, Key::S).is_none(), "a button has the focus");
    bench.click(&typed);
    assert!(saves(&bench.press(CTRL, Key::S)));
    assert!(edits(&bench.press(CTRL, Key::Enter)));
    bench.frame(vec![]);
    assert!(bench.shows(&typed));
    // The session has it now.
    with_file(&mut bench.snapshot, |file| (file.text, file.saved) = (typed.as_str().into(), false));
    bench.frame(vec![]);
    assert!(bench.shows("plays, not saved"));
}

#[test]
fn editor_follows_the_file_but_never_loses_typed_text() {
    let mut bench = Bench::new(plain());
    let put = |bench: &mut Bench, text: &str| {
        with_file(&mut bench.snapshot, |file| file.text = text.into());
        bench.frame(vec![]);
        bench.frame(vec![]);
    };
    put(&mut bench, "song: {}\n");
    assert!(bench.shows("song: {}\n"), "a text that was saved elsewhere is shown");
    bench.type_first("# ");
    put(&mut bench, "other: {}\n");
    assert!(
        bench.shows("# song: {}\n")
            && bench.shows("This file has changed while you typed. Your text is kept.")
    );
    // Even when the library loses the file.
    let files = std::mem::take(&mut bench.snapshot.texts.files);
    bench.frame(vec![]);
    assert!(bench.shows("# song: {}\n"));
    assert!(matches!(bench.click("Save"), Some(Message::Save { text, .. }) if *text == *"# song: {}\n"));
    bench.snapshot.texts.files = files;
    bench.frame(vec![]);
    bench.click("Show the new text");
    assert!(bench.shows("other: {}\n") && !bench.shows("# song: {}\n"));
}

#[test]
fn editor_undo_and_redo_say_what_they_change() {
    let mut snapshot = plain();
    snapshot.texts.undo = Some("a.yaml, 2 lines".into());
    let mut bench = Bench::new(snapshot);
    assert!(matches!(bench.click("Undo"), Some(Message::Undo)));
    assert!(bench.click("Redo").is_none(), "there is nothing to be done again");
    bench.hover("Undo");
    assert!(bench.shows("Undo a.yaml, 2 lines (Ctrl+Alt+Z)"), "{:#?}", bench.written);
    bench.click(TEXT);
    let keys = CTRL | Modifiers::ALT;
    assert!(matches!(bench.press(keys, Key::Z), Some(Message::Undo)));
    bench.type_first("# ");
    assert!(bench.click("Undo").is_none() && bench.press(keys, Key::Z).is_none(), "typed text comes first");
}

#[test]
fn editor_offers_both_texts_where_the_disk_has_another() {
    let mut bench = Bench::new(plain());
    assert!(!bench.shows("Take disk"));
    with_file(&mut bench.snapshot, |file| (file.disk, file.saved) = (Disk::Differs, false));
    bench.frame(vec![]);
    bench.frame(vec![]);
    assert!(bench.shows("The disk has another text of a.yaml."));
    assert!(matches!(bench.click("Take disk"), Some(Message::TakeDisk)));
    assert!(matches!(bench.click("Keep this"), Some(Message::KeepSaved)));
    with_file(&mut bench.snapshot, |file| file.disk = Disk::Missing);
    bench.frame(vec![]);
    bench.frame(vec![]);
    assert!(bench.shows("The disk does not have a.yaml.") && !bench.shows("Take disk"));
    let mut bench = Bench::new(broken());
    assert!(matches!(bench.click("Put it back"), Some(Message::KeepSaved)));
    assert!(!bench.shows("Take disk"), "the disk has what is shown");
}

#[test]
fn editor_shows_the_line_of_a_message() {
    let mut snapshot = broken();
    let long: String = (1..400).map(|n| format!("line{n}: 1\n")).collect();
    with_file(&mut snapshot, |file| file.text = long.as_str().into());
    snapshot.findings[0].place.as_mut().unwrap().line = 300;
    let mut bench = Bench::new(snapshot);
    assert!(!bench.shows("300"));
    bench.click("/songs/a.yaml:300:5");
    for _ in 0..60 {
        bench.frame(vec![]);
    }
    assert!(bench.shows("300"), "line 300 is in view");
}

#[test]
fn editor_completes_what_is_typed() {
    let mut bench = Bench::new(plain());
    let shown = bench.snapshot.texts.files[0].text.to_string();
    bench.click(&shown);
    bench.press(CTRL, Key::End);
    bench.frame(vec![Event::Text("    ty".into())]);
    bench.frame(vec![]);
    assert!(bench.shows("type"), "{:#?}", bench.written);
    bench.press(Modifiers::NONE, Key::Enter);
    bench.frame(vec![]);
    let Some(Message::Edit { text, .. }) = bench.press(CTRL, Key::Enter) else { panic!("nothing to play") };
    assert_eq!(&*text, &format!("{TEXT}    type: "));
    // Once a word stands whole, and after Escape, the keys are the text's again.
    bench.frame(vec![Event::Text("low".into())]);
    bench.frame(vec![]);
    assert!(bench.shows("lowpass"));
    bench.press(Modifiers::NONE, Key::Escape);
    bench.frame(vec![]);
    assert!(!bench.shows("lowpass"));
    bench.press(Modifiers::NONE, Key::Enter);
    let Some(Message::Edit { text, .. }) = bench.press(CTRL, Key::Enter) else { panic!("nothing to play") };
    assert!(text.starts_with(&format!("{TEXT}    type: low\n")), "{text}");
}

#[test]
fn editor_lists_what_fits_when_asked() {
    let mut bench = Bench::new(plain());
    let shown = bench.snapshot.texts.files[0].text.to_string();
    bench.click(&shown);
    bench.press(CTRL, Key::End);
    bench.frame(vec![Event::Text("    ".into())]);
    bench.frame(vec![]);
    assert!(!bench.shows("cutoff"));
    bench.press(CTRL, Key::Space);
    bench.frame(vec![]);
    assert!(bench.shows("cutoff") && bench.shows("signal"), "{:#?}", bench.written);
    bench.press(Modifiers::NONE, Key::ArrowDown);
    bench.press(Modifiers::NONE, Key::Tab);
    let Some(Message::Edit { text, .. }) = bench.press(CTRL, Key::Enter) else { panic!("nothing to play") };
    assert!(text.len() > TEXT.len() + 4 && text.starts_with(TEXT), "{text}");
}

#[test]
fn editor_tells_what_a_change_and_the_samples_cost() {
    let mut bench = Bench::new(broken());
    bench.hover("Saved a.yaml, 2 lines in 15 ms");
    assert!(bench.shows("compile 12 ms · trial 3.0 ms"), "{:#?}", bench.written);
    let mut bench = Bench::new(broken());
    bench.hover("3 samples, 12.5 MB");
    let details = "The samples of all instances take 12.5 MB; up to 512.0 MB are kept that nobody plays.\n5 decoded · 7 found in memory · 2 dropped";
    assert!(bench.shows(details), "{:#?}", bench.written);
}

#[test]
fn editor_hands_typed_text_over_and_takes_it_back() {
    let mut bench = Bench::new(plain());
    assert_eq!(bench.panes.source.typed(), None);
    bench.type_first("# ");
    let typed = vec![File { path: "/songs/a.yaml".into(), text: format!("# {TEXT}").into() }];
    assert_eq!(bench.panes.source.typed(), Some(typed.clone()));
    assert_eq!(bench.panes.source.typed(), None, "told once");
    // Another window, before and after the session shows the file.
    let lost = File { path: "/songs/lost.yaml".into(), text: "lost: [".into() };
    let files = vec![typed[0].clone(), lost.clone()];
    let mut bench = Bench::new(Snapshot::default());
    bench.panes.source.recall(&Typed { epoch: 1, files });
    bench.frame(vec![]);
    bench.frame(vec![]);
    assert!(bench.shows(&typed[0].text));
    bench.snapshot = plain();
    bench.frame(vec![]);
    bench.frame(vec![]);
    assert!(bench.shows(&typed[0].text) && bench.shows("typed, not played yet"));
    assert!(!bench.shows("This file has changed while you typed. Your text is kept."));
    assert!(matches!(bench.click("Play"), Some(Message::Edit { text, .. }) if text == typed[0].text));
    assert_eq!(bench.panes.source.typed(), None, "nothing has been played or saved yet");
    with_file(&mut bench.snapshot, |file| file.text = typed[0].text.clone());
    bench.frame(vec![]);
    assert_eq!(bench.panes.source.typed(), Some(vec![lost]), "the session has the other one now");
}
