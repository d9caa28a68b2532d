//! What stands at a place, in words. Any thread.

use std::ops::Range;

use super::Hover;
use super::outline::{Outline, Spot};
use super::place::{Name, Place, Role, SETTINGS, known_names};
use crate::language::describe::describe;
use crate::language::schema::about_node;
use crate::language::source::floor_boundary;
use crate::language::vocabulary::{self, EVERYWHERE, FUNCTIONS};
use crate::spec::{Color, NodeSpec, ParamKind};

/// What is known of the word at byte `offset` of a library's text, which may be broken. `sounds` are the names of sounds in the
/// library's other files.
pub fn hover(text: &str, offset: usize, specs: &[&'static NodeSpec], sounds: &[&str]) -> Option<Hover> {
    let offset = floor_boundary(text, offset);
    let place = Place { text, outline: Outline::read(text), specs, sounds };
    match place.outline.spot(text, offset) {
        Spot::Key { range, .. } => {
            let item = place.outline.items.iter().position(|i| i.key == range && !range.is_empty())?;
            Some(Hover { text: key(&place, item)?, range })
        }
        Spot::Value { item, .. } => {
            let range = word(text, offset);
            let text = in_value(&place, item, place.slice(&range))?;
            Some(Hover { text, range })
        }
    }
}

fn key(place: &Place, item: usize) -> Option<String> {
    let key = place.key(item);
    match place.role(item) {
        Role::Node(spec) => Some(about_node(spec)),
        Role::Part(spec) => Some(spec.help.to_string()),
        Role::Param(Some(param)) => Some(describe(param)),
        Role::Call(name) => place.sound_names().contains(&name).then(|| sound(place, name)),
        Role::Setting => SETTINGS.iter().find(|(name, ..)| *name == key).map(|(_, _, help)| help.to_string()),
        Role::File | Role::Sound | Role::Param(None) => None,
    }
}

fn sound(place: &Place, name: &str) -> String {
    let variables: Vec<String> = place.variables(name).iter().map(|v| format!("`{}`", v.name)).collect();
    let known =
        if variables.is_empty() { String::new() } else { format!("\n\nKnows {}.", variables.join(", ")) };
    format!("The sound `{name}` of this library.{known}")
}

fn in_value(place: &Place, item: usize, word: &str) -> Option<String> {
    if word.is_empty() {
        return None;
    }
    let param = match place.role(item) {
        Role::Param(param) => param,
        Role::Part(spec) => spec.params.first(),
        _ => return None,
    };
    match param.map(|p| p.kind) {
        Some(ParamKind::Choice(words)) => {
            let is = |name: &&str| name.eq_ignore_ascii_case(word);
            let choice = words.iter().find(|c| is(&c.word) || c.aliases.iter().any(is))?;
            return Some(format!("`{}`: {}", choice.word, choice.help));
        }
        Some(ParamKind::Steps | ParamKind::Play | ParamKind::Sound) => {
            return place.sound_names().contains(&word).then(|| sound(place, word));
        }
        Some(ParamKind::Color) => {
            return Color::read(word).map(|color| format!("`{word}`: {color}"));
        }
        Some(ParamKind::Scale) => {
            let steps = vocabulary::scale(word)?;
            let steps: Vec<String> = steps.iter().map(i32::to_string).collect();
            return Some(format!("Scale `{word}`: {} semitones above the root.", steps.join(" ")));
        }
        Some(
            ParamKind::Flag
            | ParamKind::Text
            | ParamKind::Items
            | ParamKind::Map(_)
            | ParamKind::Table(_)
            | ParamKind::Notes(_),
        ) => return None,
        Some(ParamKind::Time) => {
            let place = place.places(item).into_iter().find(|n| n.name == word)?;
            return Some(format!("`{word}`: {}", place.detail));
        }
        _ => {}
    }
    let about = |n: &Name| match n.help {
        "" => format!("`{word}`: {}", n.detail),
        help => format!("`{word}` ({}): {help}", n.detail),
    };
    if let Some(id) = word.strip_prefix('$') {
        return place.ids(item).iter().find(|n| n.name == id).map(about);
    }
    if let Some(name) = place.names(item).iter().find(|n| n.name == word) {
        return Some(about(name));
    }
    if let Some(name) = EVERYWHERE.iter().flat_map(|k| known_names(k, "")).find(|n| n.name == word) {
        return Some(about(&name));
    }
    if let Some(f) = FUNCTIONS.iter().find(|f| f.name == word) {
        return Some(format!("`{}`: {}", f.form, f.help));
    }
    let fixed = vocabulary::CONSTANTS.iter().chain(vocabulary::INTERVALS).find(|c| c.name == word);
    if let (Some(constant), Some(value)) = (fixed, vocabulary::constant(word)) {
        return Some(format!("`{word}` = {value:.6}: {}", constant.help));
    }
    vocabulary::note(word).map(|hertz| format!("The note `{word}`: {hertz:.2} Hz"))
}

/// The word around an offset, with the sign of an id and the sharp of a note.
fn word(text: &str, offset: usize) -> Range<usize> {
    let part = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#');
    let before: usize = text[..offset].chars().rev().take_while(part).map(char::len_utf8).sum();
    let after: usize = text[offset..].chars().take_while(part).map(char::len_utf8).sum();
    offset - before..offset + after
}
