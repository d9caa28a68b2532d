//! A value that is read, and typed after a click or Enter: Enter takes what was typed, Escape leaves it. Window thread.

use egui::text::{CCursor, CCursorRange};
use egui::{Button, Id, Key, Modifiers, RichText, TextEdit, Ui, WidgetInfo, vec2};

/// Shows a value of this width; `name` for those who do not see it. The answer is what was typed.
pub fn typed(ui: &mut Ui, name: &str, text: &str, width: f32) -> Option<String> {
    ui.scope(|ui| show(ui, name, text, width)).inner
}

fn show(ui: &mut Ui, name: &str, text: &str, width: f32) -> Option<String> {
    let id = ui.auto_id_with(("typed", name));
    let height = ui.text_style_height(&egui::TextStyle::Small) + 4.0;
    let Some(mut draft) = ui.data(|data| data.get_temp::<String>(id)) else {
        ui.spacing_mut().button_padding = vec2(2.0, 1.0);
        let value = Button::new(RichText::new(text).small()).frame_when_inactive(false).truncate();
        let value = value.min_size(vec2(width, height));
        let response = ui.allocate_ui(vec2(width, height), |ui| ui.add_sized([width, height], value)).inner;
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{name}: {text}")));
        if response.on_hover_text("Click to type a value").clicked() {
            ui.data_mut(|data| data.insert_temp(id, text.to_owned()));
            focus(ui, edit(id), text);
        }
        return None;
    };
    let left = ui.memory(|memory| memory.has_focus(edit(id)))
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    let field =
        TextEdit::singleline(&mut draft).id(edit(id)).font(egui::TextStyle::Small).margin(vec2(2.0, 2.0));
    let response = ui.add_sized([width, height], field);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, name));
    let over = response.lost_focus() || left;
    ui.data_mut(|data| match over {
        true => drop(data.remove_temp::<String>(id)),
        false => drop(data.insert_temp(id, draft.clone())),
    });
    let entered = over && !left && ui.input(|input| input.key_pressed(Key::Enter));
    entered.then_some(draft)
}

fn edit(id: Id) -> Id {
    id.with("edit")
}

/// Puts the cursor into the field, with everything marked.
fn focus(ui: &Ui, id: Id, text: &str) {
    let mut state = egui::text_edit::TextEditState::default();
    let end = CCursor::new(text.chars().count());
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), end)));
    state.store(ui.ctx(), id);
    ui.memory_mut(|memory| memory.request_focus(id));
}
