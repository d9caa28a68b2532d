//! A whole job in the window, by nothing but what a hand does: open a library, listen, edit, mix, export. The session, its loader, an
//! engine and the files are real; the host is one that does what the window asks for.

use std::cell::RefCell;
use std::rc::Rc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;
use crate::engine::{Event as Told, Geared, Io, What};
use crate::library::Scratch;
use crate::session::{Kept, StripControl, TriggerControl};

const TEXT: &str = "seiche: 1
song:
  mixer:
    tracks:
      low: {osc: {freq: 110, amp: 0.4, duration: 0.5}}
      high: {osc: {freq: 880, amp: 0.2, duration: 0.5}}
keys:
  midi_in: {signal: {osc: {freq: freq, amp: 0.3}}}
loud:
  mixer:
    tracks:
      low: {osc: {freq: 110, amp: 0.5}}
      drum: {trigger: {threshold: -30 dB, play: {osc: {freq: 220, amp: 0.1, duration: 0.1}}}}
";

/// The window with all that stands behind it.
pub struct Desk {
    editor: Editor,
    host: HostParams,
    turns: Vec<Turn>,
}

pub struct Walk {
    pub stage: Harness<'static, Rc<RefCell<Desk>>>,
    desk: Rc<RefCell<Desk>>,
    session: Arc<Session>,
    engine: Geared,
    /// The key that the window pressed.
    pressed: Option<u8>,
    /// Turns that the engine knows.
    known: usize,
    /// The highest value since the last question.
    pub loudest: f32,
}

impl Walk {
    pub fn new() -> Walk {
        let session = Session::with_presets(None);
        let host = HostParams::new(session.clone());
        let editor = Editor::new(session.clone(), Kept::at(None));
        let desk = Rc::new(RefCell::new(Desk { editor, host, turns: vec![] }));
        let engine = session.engine(48_000.0);
        let draw = |ui: &mut Ui, desk: &mut Rc<RefCell<Desk>>| {
            let Desk { editor, host, turns } = &mut *desk.borrow_mut();
            let (_, new) = editor.draw(ui, host);
            new.iter().for_each(|to| turn(host, to.control, to.share));
            turns.extend(new);
        };
        let builder = Harness::builder().with_size(vec2(SIZE.0, SIZE.1)).with_max_steps(8);
        let stage = builder
            .with_step_dt(1.0 / 30.0)
            .with_context_setup(Editor::dress)
            .build_ui_state(draw, desk.clone());
        Walk { stage, desk, session, engine, pressed: None, known: 0, loudest: 0.0 }
    }

    pub fn settle(&mut self) {
        assert!(self.session.settle(Duration::from_secs(60)));
        for _ in 0..12 {
            self.play(3);
            self.stage.step();
        }
        self.stage.run_ok();
    }

    pub fn click(&mut self, label: &str) {
        self.stage.get_by_label(label).click();
        self.stage.run_ok();
        self.settle();
    }

    /// Marks what is in a field and types something else.
    pub fn fill(&mut self, label: &str, text: &str) {
        self.stage.get_by_label(label).click();
        self.stage.run_ok();
        self.stage.key_press_modifiers(CTRL, Key::A);
        self.stage.event(Event::Text(text.into()));
        self.stage.run_ok();
    }

    /// The highest value of the last of some blocks: what the window and the host do is told the engine before.
    pub fn play(&mut self, blocks: usize) -> f32 {
        let mut events = vec![];
        let key = self.session.audition().key();
        if let Some(key) = self.pressed.filter(|_| key != self.pressed) {
            events.push(Told { at: 0, what: What::NoteOff { channel: 0, key, note: -1, velocity: 0.0 } });
        }
        if let Some(key) = key.filter(|_| key != self.pressed) {
            events.push(Told { at: 0, what: What::NoteOn { channel: 0, key, note: -1, velocity: 0.8 } });
        }
        self.pressed = key;
        let desk = self.desk.borrow();
        if desk.turns.len() > self.known {
            let event = |(control, value)| Told { at: 0, what: What::Control { control, value } };
            events.extend(desk.host.moved().into_iter().map(event));
        }
        self.known = desk.turns.len();
        drop(desk);
        let mut highest = 0.0f32;
        for block in 0..blocks {
            let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
            let io = Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] };
            self.engine.process(io, if block == 0 { &events } else { &[] }, None);
            highest = left.iter().chain(&right).fold(0.0, |highest, x| highest.max(x.abs()));
            self.loudest = self.loudest.max(highest);
        }
        highest
    }
}

#[test]
fn window_walk_from_opening_to_stems() {
    let scratch = Scratch::new("walk");
    let path = scratch.0.join("song.yaml");
    std::fs::write(&path, TEXT).unwrap();
    let mut walk = Walk::new();

    // Open a library and listen to its sounds.
    walk.fill("Path of a library", &path.display().to_string());
    walk.click("Open");
    assert!(walk.stage.query_by_label("Plays").is_some());
    walk.play(100);
    walk.loudest = 0.0;
    walk.click("keys");
    assert!((0.1..0.35).contains(&walk.loudest), "what is clicked is heard: {}", walk.loudest);

    // Edit a value in the text, and hear the change.
    walk.click("loud");
    let before = walk.play(40);
    assert!((0.45..=0.6).contains(&before), "{before}");
    walk.stage.get_by_label("Text of song.yaml").click();
    walk.stage.run_ok();
    walk.stage.key_press_modifiers(CTRL, Key::A);
    walk.stage.event(Event::Text(TEXT.replace("amp: 0.5}", "amp: 0.25}")));
    walk.stage.run_ok();
    walk.stage.key_press_modifiers(CTRL, Key::S);
    walk.stage.run_ok();
    walk.settle();
    assert!(std::fs::read_to_string(&path).unwrap().contains("amp: 0.25}"), "it is saved");
    let edited = walk.play(40);
    let edited = edited.min(walk.play(40));
    assert!((0.2..=0.3).contains(&edited), "{edited}");

    // Move a fader: the host hears of it from the first to the last moment, and so does the engine.
    walk.click("Mixer");
    let at = walk.stage.get_by_label("Level of low").rect().center();
    walk.stage.drag_at(at);
    for way in [10.0, 20.0, 30.0, 40.0] {
        walk.stage.hover_at(at + vec2(0.0, way));
        walk.stage.step();
    }
    walk.stage.drop_at(at + vec2(0.0, 40.0));
    walk.stage.run_ok();
    let gain = Control::Strip(0, StripControl::Gain);
    let turns = walk.desk.borrow().turns.clone();
    assert!(turns.len() > 3 && turns.iter().all(|turn| turn.control == gain), "{turns:?}");
    assert!(!turns.last().unwrap().holding && turns[0].holding);
    walk.play(20);
    let mixed = walk.play(40);
    assert!(mixed < edited * 0.8, "{mixed} after {edited}");

    // Let a trigger learn.
    walk.click("Scope");
    for _ in 0..10 {
        walk.play(10);
        walk.stage.step();
    }
    walk.stage.run_ok();
    walk.click("Let trigger 1 learn");
    assert!(walk.desk.borrow().host.is_on(Control::Trigger(0, TriggerControl::Learn)));

    // Export the song with its stems.
    walk.click("song");
    walk.click("Export");
    let out = scratch.0.join("night.wav");
    walk.fill("File", &out.display().to_string());
    walk.click("Stems: Only the mix");
    walk.click("Tracks behind their faders");
    walk.click("Begin the export");
    walk.session.exports().finish();
    walk.stage.run_ok();
    assert!(walk.stage.query_by_label_contains("done in").is_some());
    let peak = |name: &str| {
        let mut reader = hound::WavReader::open(scratch.0.join(name)).unwrap();
        let most = reader.samples::<i32>().map(|x| x.unwrap().unsigned_abs()).max().unwrap_or(0);
        most as f32 / (1 << 23) as f32
    };
    let (low, high) = (peak("night_01_low.wav"), peak("night_02_high.wav"));
    assert!(low < 0.4 * 0.8 && (high - 0.2).abs() < 0.01, "the fader counts: {low}, {high}");
    assert!(peak("night.wav") <= low + high + 0.001);
}
