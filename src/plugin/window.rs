//! Joins the framework's window with the [`crate::editor`]. Window thread; a panic while drawing is contained and shown as an empty window.

use std::sync::Arc;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier, baseview,
    create_egui_editor,
};

use super::contain;
use super::params::HostParams;
use crate::editor::{Editor, SIZE, Turn};

/// How often the window is drawn while it is open.
const FRAME: std::time::Duration = std::time::Duration::from_millis(33);

/// One instance's window.
pub struct Window {
    params: Arc<HostParams>,
    context: Option<GuiContext>,
    editor: Editor,
    /// The macro that a hand is on.
    held: Option<u8>,
}

pub fn open(params: Arc<HostParams>) -> Option<EguiEditor<Window>> {
    let state = EguiEditorState::from_size(LogicalSize::new(SIZE.0, SIZE.1), 1.0);
    let settings = EguiNiceSettings::new().with_tile("Seiche");
    let editor = Editor::new(params.session().clone());
    create_egui_editor(
        state,
        RepaintNotifier::new(),
        settings,
        Window { params, context: None, editor, held: None },
    )
}

impl NiceEguiApp for Window {
    fn build(
        &mut self,
        egui: egui::Context,
        context: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), baseview::HandlerError> {
        self.context = Some(context);
        contain("the window", || Editor::dress(&egui));
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let positions = self.params.positions();
        let drawn = contain("the window", || self.editor.draw(ui, &positions));
        let (chose, turn) = drawn.unwrap_or_default();
        if let Some(turn) = turn {
            self.turn(turn);
        }
        if chose
            && let (Some(context), Some(sound)) = (&self.context, self.params.sound())
            && sound.value() != 0
        {
            // A sound chosen by hand holds until the host moves its parameter again.
            let setter = context.param_setter();
            setter.begin_set_parameter(sound);
            setter.set_parameter(sound, 0);
            setter.end_set_parameter(sound);
        }
        ui.ctx().request_repaint_after(FRAME);
    }
}

impl Window {
    /// Turns a macro through the host, which writes it down as one move from the first to the last moment that a hand is on it.
    fn turn(&mut self, Turn { slot, share, holding }: Turn) {
        let (Some(context), Some(param)) = (&self.context, self.params.turned(slot)) else { return };
        let setter = context.param_setter();
        if self.held != Some(slot) {
            if let Some(other) = self.held.take().and_then(|held| self.params.turned(held)) {
                setter.end_set_parameter(other);
            }
            setter.begin_set_parameter(param);
            self.held = Some(slot);
        }
        setter.set_parameter_normalized(param, share);
        // What a hand has moved is where it is, also at the very beginning of its way.
        self.params.session().macros().claim(slot);
        if !holding {
            setter.end_set_parameter(param);
            self.held = None;
        }
    }
}
