//! Joins the framework's window with the [`crate::editor`]. Window thread; a panic while drawing is contained and shown as an empty window.

use std::sync::Arc;
use std::time::Duration;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::editor::{ResizeHint, SizeConstraints};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier, baseview,
    create_egui_editor,
};

use super::contain;
use super::params::HostParams;
use crate::editor::{Editor, LEAST, Turn};
use crate::session::{Control, Kept};

/// How often a window that stands still looks whether it is to be drawn anew: each look wakes its thread. While something moves, the editor
/// asks for its frames itself.
const LOOK: Duration = Duration::from_millis(66);

/// One instance's window.
pub struct Window {
    params: Arc<HostParams>,
    context: Option<GuiContext>,
    editor: Editor,
    gestures: Gestures,
    size: Option<(f32, f32)>,
    /// What makes files droppable, while the window is open.
    #[cfg(target_os = "linux")]
    drops: Option<super::drops::Drops>,
    #[cfg(target_os = "linux")]
    notifier: RepaintNotifier,
}

/// The window, as the framework wants it. `notifier` asks for it to be drawn.
pub fn open(params: Arc<HostParams>, notifier: &RepaintNotifier) -> Option<EguiEditor<Window>> {
    let kept = Kept::shared();
    let preferences = kept.now();
    let (width, height) = preferences.size;
    let state = EguiEditorState::from_size(LogicalSize::new(width, height), preferences.zoom);
    let hint = ResizeHint {
        size_constraints: SizeConstraints::Logical {
            min_size: Some(LogicalSize::new(LEAST.0, LEAST.1)),
            max_size: None,
        },
        ..ResizeHint::RESIZABLE
    };
    let settings =
        EguiNiceSettings::new().with_tile("Seiche").with_resize_hint(hint).with_repaint_poll_interval(LOOK);
    let editor = Editor::new(params.session().clone(), kept);
    let seen = notifier.clone();
    params.session().on_news(Box::new(move || seen.request_repaint()));
    let window = Window {
        params,
        context: None,
        editor,
        gestures: Gestures::default(),
        size: None,
        #[cfg(target_os = "linux")]
        drops: None,
        #[cfg(target_os = "linux")]
        notifier: notifier.clone(),
    };
    create_egui_editor(state, notifier.clone(), settings, window)
}

impl NiceEguiApp for Window {
    fn build(
        &mut self,
        egui: egui::Context,
        context: GuiContext,
        #[cfg_attr(not(target_os = "linux"), expect(unused_variables))] frame: &mut Frame,
    ) -> Result<(), baseview::HandlerError> {
        self.context = Some(context);
        contain("the window", || Editor::dress(&egui));
        #[cfg(target_os = "linux")]
        self.hear_drops(&egui, frame);
        #[cfg(all(feature = "play", unix))]
        super::standalone::close_when_interrupted(&egui);
        #[cfg(all(feature = "rt-check", not(test)))]
        egui.add_plugin(super::places::Places);
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let size = ui.ctx().content_rect().size();
        self.size = Some((size.x, size.y));
        let drawn = contain("the window", || self.editor.draw(ui, &*self.params));
        let (chose, turns) = drawn.unwrap_or_default();
        let Some(context) = &self.context else { return };
        for turn in turns {
            self.gestures.turn(&self.params, context, turn);
        }
        if chose
            && let Some(sound) = self.params.sound()
            && sound.value() != 0
        {
            // A sound chosen by hand holds until the host moves its parameter again.
            let setter = context.param_setter();
            setter.begin_set_parameter(sound);
            setter.set_parameter(sound, 0);
            setter.end_set_parameter(sound);
        }
    }

    fn editor_closed(&mut self) {
        if let Some(context) = &self.context {
            self.gestures.end(&self.params, context);
        }
        if let Some(size) = self.size {
            self.editor.resized(size);
        }
        self.editor.closed();
        self.context = None;
        #[cfg(target_os = "linux")]
        drop(self.drops.take());
    }
}

#[cfg(target_os = "linux")]
impl Window {
    /// Files may be dropped onto the window. On other systems the framework's window keeps what it is told of them to itself.
    fn hear_drops(&mut self, egui: &egui::Context, frame: &Frame) {
        use raw_window_handle::{HasWindowHandle, RawWindowHandle};
        let number = match frame.baseview_window().window_handle().map(|handle| handle.as_raw()) {
            Ok(RawWindowHandle::Xlib(window)) => u32::try_from(window.window).ok(),
            Ok(RawWindowHandle::Xcb(window)) => Some(window.window.get()),
            _ => None,
        };
        let notifier = self.notifier.clone();
        let listen = |window| super::drops::Drops::listen(window, egui, move || notifier.request_repaint());
        self.drops = number.and_then(listen);
    }
}

/// Moves the host's parameters, which writes each down as one move from the first to the last moment that a hand is on it.
#[derive(Default)]
struct Gestures {
    /// What a hand is on.
    held: Option<Control>,
}

impl Gestures {
    fn turn(&mut self, params: &HostParams, context: &GuiContext, Turn { control, share, holding }: Turn) {
        let Some(param) = params.pointer(control) else { return };
        if self.held != Some(control) {
            self.end(params, context);
            // SAFETY: the parameter is one of the instance's own, which lives as long as its window.
            unsafe { context.raw_begin_set_parameter(param) };
            self.held = Some(control);
        }
        // SAFETY: as above; a move has begun.
        unsafe { context.raw_set_parameter_normalized(param, share) };
        if let Control::Macro(slot) = control {
            // What a hand has moved is where it is, also at the very beginning of its way.
            params.session().macros().claim(slot);
        }
        if !holding {
            self.end(params, context);
        }
    }

    /// The hand is off.
    fn end(&mut self, params: &HostParams, context: &GuiContext) {
        if let Some(param) = self.held.take().and_then(|held| params.pointer(held)) {
            // SAFETY: as above.
            unsafe { context.raw_end_set_parameter(param) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use nice_plug::context::PluginApi;
    use nice_plug::context::gui::GuiContextInner;
    use nice_plug::plugin::PluginState;
    use nice_plug::prelude::ParamPtr;

    use super::*;
    use crate::session::{Session, StripControl};

    /// A host that writes down what it is told.
    #[derive(Default)]
    struct Told(Arc<Mutex<Vec<(&'static str, ParamPtr)>>>);

    impl GuiContextInner for Told {
        fn plugin_api(&self) -> PluginApi {
            PluginApi::Clap
        }
        unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
            self.0.lock().unwrap().push(("begin", param));
        }
        unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, _: f32) {
            self.0.lock().unwrap().push(("set", param));
        }
        unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
            self.0.lock().unwrap().push(("end", param));
        }
        fn get_state(&self) -> PluginState {
            unreachable!("the window does not ask for it")
        }
        fn set_state(&self, _: PluginState) {}
        fn request_restart(&self) {}
    }

    #[test]
    fn window_moves_are_gestures_from_the_first_to_the_last_moment() {
        let params = HostParams::new(Session::with_presets(None));
        let told = Told::default();
        let heard = told.0.clone();
        let context = GuiContext::new(Arc::new(told));
        let mut gestures = Gestures::default();
        let gain = Control::Strip(0, StripControl::Gain);
        let pan = Control::Strip(2, StripControl::Pan);
        let turn = |control, holding| Turn { control, share: 0.5, holding };
        for turn in [
            turn(gain, true),
            turn(gain, true),
            turn(gain, false),
            turn(pan, false),
            turn(gain, true),
            turn(pan, true),
        ] {
            gestures.turn(&params, &context, turn);
        }
        // The window is closed while a hand is on it.
        gestures.end(&params, &context);
        gestures.end(&params, &context);
        gestures.turn(&params, &context, turn(Control::Strip(99, StripControl::Pan), true));
        let name = |param| if Some(param) == params.pointer(gain) { "gain" } else { "pan" };
        let heard: Vec<_> =
            heard.lock().unwrap().iter().map(|(what, param)| format!("{what} {}", name(*param))).collect();
        let expected = [
            "begin gain",
            "set gain",
            "set gain",
            "set gain",
            "end gain",
            "begin pan",
            "set pan",
            "end pan",
            "begin gain",
            "set gain",
            "end gain",
            "begin pan",
            "set pan",
            "end pan",
        ];
        assert_eq!(heard, expected);
    }
}
