//! What a frame of the window costs before it is given to the graphics card: layout and triangles of each pane at its first size, with all
//! meters of 16 tracks moving. Run with `cargo xtask bench`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use egui::{Context, RawInput, Rect, pos2, vec2};
use seiche::editor::{Editor, Host, SIZE};
use seiche::engine::Io;
use seiche::session::{Control, Kept, Message, Session};

/// Without optimisation it only shows that everything is drawn.
const FRAMES: usize = if cfg!(debug_assertions) { 10 } else { 300 };
const TRACKS: usize = 16;

/// A host whose parameters stand where they stood at first.
struct Still;

impl Host for Still {
    fn share(&self, _: Control) -> f32 {
        0.5
    }
    fn first(&self, _: Control) -> f32 {
        0.5
    }
    fn text(&self, _: Control, share: f32) -> String {
        format!("{:.2} dB", 84.0 * share - 72.0)
    }
    fn read(&self, _: Control, _: &str) -> Option<f32> {
        None
    }
    fn moved(&self) -> Vec<(Control, f32)> {
        vec![]
    }
}

pub fn main() {
    let tracks: String = (0..TRACKS)
        .map(|n| format!("      track {n}: {{signal: {{osc: {{freq: {}, amp: t % 1 * 0.1}}}}, sends: {{room: -12 dB}}}}\n", 110 + n))
        .collect();
    let buses = "    buses: {room: {signal: {delay: {time: 0.1}}}, echo: {signal: {delay: {time: 0.2}}}}\n";
    let text = format!("seiche: 1\nsong:\n  mixer:\n    tracks:\n{tracks}{buses}");
    let folder = std::env::temp_dir().join(format!("seiche-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder to work in");
    let path = folder.join("song.yaml");
    std::fs::write(&path, text).expect("a file to work with");
    let session = Session::with_presets(None);
    let mut engine = session.engine(48_000.0);
    session.send(Message::Open(path));
    assert!(session.settle(Duration::from_secs(60)));
    assert_eq!(session.snapshot().strips.len(), TRACKS + 2, "{:?}", session.snapshot().findings);
    for tab in ["Text", "Mixer", "Graph", "Scope", "Export", "Settings"] {
        let (median, slow) = frames(&session, &mut engine, tab);
        println!("{tab:10} median {median:.2} ms, one of twenty {slow:.2} ms");
    }
    let _ = std::fs::remove_dir_all(folder);
}

/// Milliseconds of a frame in the middle, and of the slowest of twenty.
fn frames(session: &std::sync::Arc<Session>, engine: &mut seiche::engine::Geared, tab: &str) -> (f64, f64) {
    let context = Context::default();
    Editor::dress(&context);
    let mut editor = Editor::new(session.clone(), Kept::at(None));
    editor.show_tab(tab);
    let mut times = vec![];
    for frame in 0..FRAMES + 20 {
        for _ in 0..3 {
            let (mut left, mut right) = ([0.0; 512], [0.0; 512]);
            let io = Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] };
            engine.process(io, &[], None);
        }
        let screen_rect = Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(SIZE.0, SIZE.1)));
        let input = RawInput { screen_rect, time: Some(frame as f64 / 30.0), ..RawInput::default() };
        let began = Instant::now();
        let mut output = context.run_ui(input, |ui| {
            editor.draw(ui, &Still);
        });
        black_box(context.tessellate(std::mem::take(&mut output.shapes), 1.0));
        output.textures_delta.clear();
        if frame >= 20 {
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    (times[FRAMES / 2], times[FRAMES * 19 / 20])
}
