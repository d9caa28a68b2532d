//! How something is turned, whatever it looks like: dragged (with Shift ten times as fine), by a double click back to where it stood at
//! first, by arrows, page keys, Home and End, and by programs that read the window aloud. Window thread.

use egui::accesskit::{Action, ActionData};
use egui::{EventFilter, Id, Key, Modifiers, Response, Ui, WidgetInfo};

/// What is turned.
pub struct Grip<'a> {
    /// For those who do not see it.
    pub name: &'a str,
    /// Where it stands, 0..1, and where it stood at first.
    pub share: f32,
    pub first: f32,
    /// The value, as people read it.
    pub text: &'a str,
}

/// Where it was turned to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    pub share: f32,
    /// The hand is still on it.
    pub holding: bool,
}

/// Steps of keys, as shares of the way; with Shift a tenth.
const KEYS: [(Key, f32); 6] = [
    (Key::ArrowUp, 0.01),
    (Key::ArrowRight, 0.01),
    (Key::ArrowDown, -0.01),
    (Key::ArrowLeft, -0.01),
    (Key::PageUp, 0.1),
    (Key::PageDown, -0.1),
];

/// Shift makes it so much finer.
const FINE: f32 = 0.1;

impl Grip<'_> {
    /// Follows hand and keys. `travel`: points upwards, or to the right, for the whole way. The answer is where it is drawn now, and
    /// where it was moved.
    pub fn follow(&self, ui: &Ui, response: &Response, travel: f32) -> (f32, Option<Moved>) {
        let id = response.id;
        let held = id.with("held");
        // Hosts may take their time with what they are told: the hand's own place counts while it is there.
        let before: Option<f32> = ui.data(|data| data.get_temp(held));
        let share = before.unwrap_or(self.share);
        let shift = ui.input(|input| input.modifiers.shift);
        let scale = if shift { FINE } else { 1.0 };
        let mut moved = None;
        if response.double_clicked() {
            moved = Some(Moved { share: self.first, holding: false });
        } else if response.dragged() {
            let way = response.drag_delta();
            let share = (share + (way.x - way.y) / travel * scale).clamp(0.0, 1.0);
            moved = Some(Moved { share, holding: true });
        } else if response.drag_stopped() {
            moved = Some(Moved { share, holding: false });
        } else if let Some(share) = self.keys(ui, response).or_else(|| self.asked(ui, id)) {
            moved = Some(Moved { share: share.clamp(0.0, 1.0), holding: false });
        }
        match moved {
            Some(Moved { share, holding: true }) => drop(ui.data_mut(|data| data.insert_temp(held, share))),
            Some(_) => ui.data_mut(|data| data.remove_temp::<f32>(held).map_or((), drop)),
            None => {}
        }
        let shown = moved.map_or(share, |moved| moved.share);
        self.tell(ui, response, shown);
        (shown, moved)
    }

    /// What the keys do to it.
    fn keys(&self, ui: &Ui, response: &Response) -> Option<f32> {
        if !response.has_focus() {
            return None;
        }
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        ui.input_mut(|input| {
            let mut step = 0.0;
            for (key, way) in KEYS {
                step += way * input.count_and_consume_key(Modifiers::NONE, key) as f32;
                step += way * FINE * input.count_and_consume_key(Modifiers::SHIFT, key) as f32;
            }
            let ends =
                [(Key::Home, 0.0), (Key::End, 1.0), (Key::Delete, self.first), (Key::Backspace, self.first)];
            let end = ends.into_iter().find(|(key, _)| input.consume_key(Modifiers::NONE, *key));
            end.map(|(_, share)| share).or((step != 0.0).then_some(self.share + step))
        })
    }

    /// What a program that reads the window aloud asks for.
    fn asked(&self, ui: &Ui, id: Id) -> Option<f32> {
        ui.input(|input| {
            let steps = input.num_accesskit_action_requests(id, Action::Increment) as f32
                - input.num_accesskit_action_requests(id, Action::Decrement) as f32;
            let set = input.accesskit_action_requests(id, Action::SetValue).last();
            match set.and_then(|request| request.data.as_ref()) {
                Some(ActionData::NumericValue(share)) => Some(*share as f32),
                _ => (steps != 0.0).then_some(self.share + 0.01 * steps),
            }
        })
    }

    fn tell(&self, ui: &Ui, response: &Response, share: f32) {
        response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), share.into(), self.name));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(1.0);
            node.set_value(self.text);
            for action in [Action::Increment, Action::Decrement, Action::SetValue] {
                node.add_action(action);
            }
        });
    }
}
