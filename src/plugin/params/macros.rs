//! The parameters of macros: shown and typed in the unit of the library's macro in their slot, and set where that begins. Main thread,
//! but for [`HostParams::is_unset`].

use std::sync::Arc;

use nice_plug::prelude::*;

use super::HostParams;
use crate::plugin::scale::Scale;
use crate::session::Session;

/// A macro's parameter. Without a library that has it, it is a plain share.
pub(super) fn param(name: &str, slot: u8, scale: Scale, default: f32, session: &Arc<Session>) -> FloatParam {
    let (shown, typed) = (session.clone(), session.clone());
    let text = move |v: f32| match shown.snapshot().macro_at(slot) {
        Some(item) => item.text(v.into()),
        None => scale.text(v),
    };
    let parse = move |text: &str| match typed.snapshot().macro_at(slot) {
        Some(item) => item.read(text).map(|share| share.clamp(0.0, 1.0) as f32),
        None => scale.parse(text),
    };
    FloatParam::new(name, default, scale.range())
        .with_value_to_string(Arc::new(text))
        .with_string_to_value(Arc::new(parse))
        .with_poly_modulation_id(slot.into())
}

impl HostParams {
    /// The parameter of a macro.
    pub fn turned(&self, slot: u8) -> Option<&FloatParam> {
        let at = self.definitions.iter().position(|d| d.slot() == Some(slot))?;
        if let super::Value::Float(param) = &self.values[at] { Some(param) } else { None }
    }

    /// Where the host's parameter of a macro stands, 0..1, without what modulates it. Audio thread.
    pub fn position(&self, slot: u8) -> f32 {
        self.turned(slot).map_or(0.0, Param::unmodulated_normalized_value)
    }

    /// Sets the macros that begin at their defaults, unless the host has moved them meanwhile. The host is told by the caller.
    pub fn turn(&self, turns: &[(u8, f32)]) {
        for (slot, share) in turns {
            if self.session().macros().holds(*slot) {
                continue;
            }
            if let Some(param) = self.turned(*slot) {
                // SAFETY: the pointer is that of a parameter of ours, which is made of atomics.
                unsafe { param.as_ptr()._internal_set_normalized_value(*share) };
            }
            self.session().macros().claim(*slot);
        }
    }

    /// Whether parameter `index` is a macro's that nobody has moved and that still is to be set: its value means nothing yet. One that
    /// the host has moved is its own from then on. Audio thread.
    pub fn is_unset(&self, index: usize) -> bool {
        let Some(slot) = self.slot(index) else { return false };
        let macros = self.session().macros();
        if macros.holds(slot) {
            return false;
        }
        let moved = self.plain(index) != 0.0;
        if moved {
            macros.claim(slot);
        }
        !moved
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::Message;

    const TEXT: &str = "seiche: 1\nmacros: {cut: {slot: 3, range: [80 Hz, 8 kHz], curve: log, default: 800 Hz}}\n\
                        a: {osc: {freq: cut}}\n";

    fn opened(name: &str) -> HostParams {
        let scratch = crate::library::Scratch::new(name);
        let path = scratch.0.join("a.yaml");
        std::fs::write(&path, TEXT).unwrap();
        let params = HostParams::new(Session::new());
        params.session().send(Message::Open(path));
        assert!(params.session().settle(Duration::from_secs(20)));
        params
    }

    #[test]
    fn params_of_macros_are_shown_and_typed_in_the_librarys_unit() {
        let params = opened("params-typed");
        let cut = params.turned(2).unwrap();
        assert_eq!(cut.normalized_value_to_string(0.5, true), "800 Hz");
        assert_eq!(cut.string_to_normalized_value("8 kHz"), Some(1.0));
        assert_eq!(cut.string_to_normalized_value("20 kHz"), Some(1.0), "the nearest there is");
        assert_eq!(params.turned(0).unwrap().normalized_value_to_string(0.5, true), "50.00 %");
    }

    #[test]
    fn params_of_macros_mean_nothing_until_they_are_set_or_moved() {
        let params = opened("params-unset");
        assert!(
            params.is_unset(3) && params.is_unset(1) && !params.is_unset(0),
            "the audio thread came first"
        );
        params.turn(&params.session().macros().take_news().turns);
        assert!(!params.is_unset(3) && params.is_unset(1));
        assert_eq!(params.plain(3), 0.5);
        // What the host moves before anything is set is the host's.
        let params = opened("params-moved");
        // SAFETY: as in `turn`.
        unsafe { params.turned(2).unwrap().as_ptr()._internal_set_normalized_value(0.25) };
        assert!(!params.is_unset(3));
        params.turn(&params.session().macros().take_news().turns);
        assert_eq!(params.plain(3), 0.25);
    }
}
