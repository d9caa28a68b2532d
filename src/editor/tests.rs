//! The panes, drawn without a window: what text is on them, and what a click asks for.

use egui::{Context, Event, PointerButton, RawInput, Rect, pos2, vec2};

use super::*;
use crate::session::{Finding, Place, Severity, Status};

fn snapshot() -> Snapshot {
    let place = Place { file: "/songs/a.yaml".into(), line: 12, column: 7, text: "    cutof: 3".into() };
    let finding = Finding {
        severity: Severity::Error,
        message: "filter has no parameter `cutof`".into(),
        place: Some(place),
        hint: Some("did you mean `cutoff`?".into()),
    };
    Snapshot {
        path: "/songs/a.yaml".into(),
        sounds: vec!["kick".into(), "song".into()],
        sound: "song".into(),
        strips: vec!["drums".into(), "bass".into()],
        status: Status::Broken,
        findings: vec![finding],
    }
}

/// One frame; what is written where, and what was asked for.
fn frame(
    context: &Context,
    library: &mut library::Library,
    events: Vec<Event>,
) -> (Vec<(String, Rect)>, Option<Message>) {
    let snapshot = snapshot();
    let mut levels = Levels::default();
    levels.follow(
        &crate::session::Levels { main: [0.5, 0.25], strips: vec![[0.1; 2]; 2], ..Default::default() },
        0.03,
    );
    let silenced = ["bass".to_owned()];
    let scene = Scene { snapshot: &snapshot, levels: &levels, load: 0.125, voices: 7, silenced: &silenced };
    let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(SIZE.0, SIZE.1));
    let input = RawInput { screen_rect: Some(screen), events, ..Default::default() };
    let mut asked = None;
    let mut output = context.run_ui(input, |ui| asked = draw(ui, &scene, library));
    output.textures_delta.clear();
    let mut written = vec![];
    for clipped in output.shapes {
        if let egui::Shape::Text(text) = clipped.shape {
            written.push((text.galley.text().to_owned(), text.visual_bounding_rect()));
        }
    }
    (written, asked)
}

fn dressed() -> Context {
    let context = Context::default();
    Editor::dress(&context);
    context
}

#[test]
fn editor_shows_everything_that_matters() {
    let (context, mut library) = (dressed(), library::Library::default());
    frame(&context, &mut library, vec![]);
    let (written, _) = frame(&context, &mut library, vec![]);
    let all: Vec<_> = written.iter().map(|(text, _)| text.as_str()).collect();
    for expected in [
        "/songs/a.yaml",
        "kick",
        "song",
        "/songs/a.yaml:12:7",
        "filter has no parameter `cutof`",
        "did you mean `cutoff`?",
        "bass was silenced: its output was not finite.",
        "drums",
        "peak -6.0 dB",
        "CPU 12.5 %",
        "7 voices",
        concat!("Seiche ", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(all.contains(&expected), "{expected} is not on the window: {all:#?}");
    }
}

#[test]
fn editor_click_on_a_sound_chooses_it() {
    let (context, mut library) = (dressed(), library::Library::default());
    frame(&context, &mut library, vec![]);
    let (written, _) = frame(&context, &mut library, vec![]);
    let at = written.iter().find(|(text, _)| text == "kick").expect("the sound is listed").1.center();
    let button = |pressed| Event::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed,
        modifiers: Default::default(),
    };
    frame(&context, &mut library, vec![Event::PointerMoved(at), button(true)]);
    let (_, asked) = frame(&context, &mut library, vec![button(false)]);
    assert!(matches!(asked, Some(Message::Choose(name)) if name == "kick"));
}
