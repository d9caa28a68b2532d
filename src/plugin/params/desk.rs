//! The host's parameters as the window sees them: where they stand, how that is written, what a typed text means. Window thread.

use nice_plug::prelude::*;

use super::{HostParams, Target};
use crate::editor::Host;
use crate::session::Control;

impl HostParams {
    /// The parameter that moves this.
    pub fn pointer(&self, control: Control) -> Option<ParamPtr> {
        let target = Target::Engine(control);
        let at = self.definitions.iter().position(|definition| definition.target == target)?;
        Some(self.values[at].pointer())
    }
}

// SAFETY (of all blocks below): the pointers are those of parameters that live as long as `self`, and are made of atomics.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Host for HostParams {
    fn share(&self, control: Control) -> f32 {
        let set = self.pointer(control).map_or(0.0, |param| unsafe { param.unmodulated_normalized_value() });
        match control {
            Control::Macro(slot) if set == 0.0 && !self.session().macros().holds(slot) => self.first(control),
            _ => set,
        }
    }

    fn first(&self, control: Control) -> f32 {
        if let Control::Macro(slot) = control
            && let Some(item) = self.session().snapshot().macro_at(slot)
        {
            return item.default as f32;
        }
        self.pointer(control).map_or(0.0, |param| unsafe { param.default_normalized_value() })
    }

    fn text(&self, control: Control, share: f32) -> String {
        self.pointer(control)
            .map_or_else(String::new, |param| unsafe { param.normalized_value_to_string(share, true) })
    }

    fn moved(&self) -> Vec<(Control, f32)> {
        let engine = |index: usize| match self.value(index) {
            (Target::Engine(control), value) if self.share(control) != self.first(control) => {
                Some((control, value))
            }
            _ => None,
        };
        (0..self.len()).filter_map(engine).collect()
    }

    fn read(&self, control: Control, text: &str) -> Option<f32> {
        self.pointer(control).and_then(|param| unsafe { param.string_to_normalized_value(text) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Session, StripControl};

    #[test]
    fn desk_reads_writes_and_finds_the_hosts_parameters() {
        let params = HostParams::new(Session::with_presets(None));
        let gain = Control::Strip(3, StripControl::Gain);
        let six = params.read(gain, "-6").unwrap();
        assert_eq!(params.text(gain, six), "-6.00 dB");
        assert_eq!(params.text(gain, params.first(gain)), "0.00 dB");
        assert_eq!(params.share(gain), params.first(gain));
        assert_eq!(params.text(Control::Strip(3, StripControl::SendA), 0.0), "-inf dB");
        assert_eq!(params.read(Control::Strip(0, StripControl::Pan), "L50"), Some(0.25));
        assert_eq!(params.read(gain, "loud"), None);
        assert!(!params.is_on(Control::Strip(15, StripControl::Mute)));
        assert_eq!(params.moved(), []);
        // SAFETY: as above.
        unsafe { params.pointer(gain).unwrap()._internal_set_normalized_value(0.0) };
        assert_eq!(params.moved(), [(gain, 0.0)], "as the engine reads it");
        assert_eq!(
            (params.share(Control::Strip(16, StripControl::Gain)), params.read(Control::Macro(99), "1")),
            (0.0, None)
        );
    }
}
