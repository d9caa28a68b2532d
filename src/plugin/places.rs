//! Feature `rt-check`: what stands where in the window that was drawn last, as programs are told that read windows aloud. Exported from the binary, so
//! that a test with the bundle in a real host knows where to click and what came of it. Written by window threads, read by the test's.

use std::sync::{Mutex, PoisonError};

use egui::accesskit::{Node, NodeId, Role, Toggled};
use egui::{Context, FullOutput};
use serde::Serialize;

static LAST: Mutex<String> = Mutex::new(String::new());

/// Writes down what each frame of a window shows.
pub struct Places;

/// A frame of a window.
#[derive(Serialize)]
struct Drawn {
    /// How many were drawn before it.
    frame: u64,
    places: Vec<Place>,
}

/// Something that is to be seen.
#[derive(Serialize)]
struct Place {
    role: String,
    name: String,
    value: String,
    /// Left, top, right, bottom in pixels of the window.
    at: [f64; 4],
    enabled: bool,
    on: bool,
    focused: bool,
}

fn put(text: String) {
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = text;
}

impl egui::Plugin for Places {
    fn debug_name(&self) -> &'static str {
        "places"
    }

    fn setup(&mut self, context: &Context) {
        put(String::new());
        context.enable_accesskit();
    }

    fn output_hook(&mut self, context: &Context, output: &mut FullOutput) {
        let Some(update) = &output.platform_output.accesskit_update else { return };
        let scale = f64::from(context.pixels_per_point());
        let text =
            |id: &NodeId| update.nodes.iter().find(|(other, _)| other == id).map(|(_, node)| said(node));
        let places = update
            .nodes
            .iter()
            .filter(|(_, node)| node.role() != Role::TextRun)
            .filter_map(|(id, node)| {
                let at = node.bounds()?;
                let labels = || node.labelled_by().iter().filter_map(text).collect::<Vec<_>>().join(" ");
                Some(Place {
                    role: format!("{:?}", node.role()),
                    name: node.label().map_or_else(labels, str::to_owned),
                    value: node.value().unwrap_or_default().to_owned(),
                    at: [at.x0, at.y0, at.x1, at.y1].map(|x| x * scale),
                    enabled: !node.is_disabled(),
                    on: node.toggled() == Some(Toggled::True),
                    focused: *id == update.focus,
                })
            })
            .collect();
        let drawn = Drawn { frame: context.cumulative_frame_nr(), places };
        put(serde_json::to_string(&drawn).unwrap_or_default());
    }
}

fn said(node: &Node) -> String {
    node.label().or(node.value()).unwrap_or_default().to_owned()
}

/// Copies what was drawn last, as JSON, as far as there is room for it. The answer is how many bytes it takes; 0 before the first frame.
///
/// # Safety
/// `text` must point to `room` bytes that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn seiche_rt_window(text: *mut u8, room: usize) -> usize {
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: as the caller promises.
    unsafe { std::ptr::copy_nonoverlapping(last.as_ptr(), text, last.len().min(room)) };
    last.len()
}
