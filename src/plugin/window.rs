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
use crate::editor::{Editor, SIZE};

/// How often the window is drawn while it is open.
const FRAME: std::time::Duration = std::time::Duration::from_millis(33);

/// One instance's window.
pub struct Window {
    params: Arc<HostParams>,
    context: Option<GuiContext>,
    editor: Editor,
}

pub fn open(params: Arc<HostParams>) -> Option<EguiEditor<Window>> {
    let state = EguiEditorState::from_size(LogicalSize::new(SIZE.0, SIZE.1), 1.0);
    let settings = EguiNiceSettings::new().with_tile("Seiche");
    let editor = Editor::new(params.session().clone());
    create_egui_editor(state, RepaintNotifier::new(), settings, Window { params, context: None, editor })
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
        let chose = contain("the window", || self.editor.draw(ui));
        if chose == Some(true)
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
