//! Which MIDI controllers move the host's macros: learnt when one is moved while a macro waits for it, and saved with the project. The
//! audio thread learns and follows, the window asks and shows; everything between them is atomics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

/// How many macros there are.
const SLOTS: usize = 16;

/// A controller of a MIDI device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// 1 to 16.
    pub channel: u8,
    /// 0 to 127; of a pair of 14 bits the coarse one, below 32.
    pub number: u8,
    /// Whether controller `number + 32` is its fine half.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fine: bool,
}

/// Controllers by the numbers of the macros that they move, from 1.
pub type Learned = BTreeMap<u8, Controller>;

/// How it stands with a macro's controller.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Follows {
    pub controller: Option<Controller>,
    /// Where the controller stands, 0..1, while it must still be moved to where the macro is before it takes hold.
    pub apart: Option<f32>,
    /// It is learnt from the next controller that moves.
    pub waits: bool,
}

/// The controllers of the sixteen macros.
pub struct Learn {
    bound: [AtomicU32; SLOTS],
    apart: [AtomicU32; SLOTS],
    /// Slot that waits for a controller.
    waits: AtomicU8,
}

/// No slot waits.
const NONE: u8 = u8::MAX;
/// A controller has taken hold, or there is none.
const TOGETHER: u32 = f32::NAN.to_bits();

impl Default for Learn {
    fn default() -> Self {
        Self {
            bound: Default::default(),
            apart: std::array::from_fn(|_| AtomicU32::new(TOGETHER)),
            waits: AtomicU8::new(NONE),
        }
    }
}

impl Controller {
    fn to_bits(self) -> u32 {
        1 << 16 | u32::from(self.fine) << 15 | u32::from(self.channel) << 8 | u32::from(self.number)
    }

    fn from_bits(bits: u32) -> Option<Self> {
        let controller =
            Self { channel: (bits >> 8 & 31) as u8, number: (bits & 127) as u8, fine: bits >> 15 & 1 != 0 };
        (bits != 0).then_some(controller)
    }

    fn is_valid(self) -> bool {
        (1..=16).contains(&self.channel) && self.number < 128 && (!self.fine || self.number < 32)
    }
}

impl Learn {
    /// The controller of a slot, from 0.
    pub fn controller(&self, slot: u8) -> Option<Controller> {
        Controller::from_bits(self.bound.get(usize::from(slot))?.load(Ordering::Acquire))
    }

    /// The slot that waits for a controller.
    pub fn waiting(&self) -> Option<u8> {
        Some(self.waits.load(Ordering::Acquire)).filter(|slot| usize::from(*slot) < SLOTS)
    }

    /// This slot waits for a controller from now on, instead of any other; `None`: none does.
    pub fn wait(&self, slot: Option<u8>) {
        self.waits.store(slot.unwrap_or(NONE), Ordering::Release);
    }

    /// The slot that waits gets this controller. Audio thread.
    pub fn learn(&self, slot: u8, controller: Controller) {
        self.bind(slot, Some(controller));
        // Whatever was asked for meanwhile goes on.
        let _ = self.waits.compare_exchange(slot, NONE, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Gives a slot this controller, or none.
    pub fn bind(&self, slot: u8, controller: Option<Controller>) {
        if let Some(bound) = self.bound.get(usize::from(slot)) {
            bound.store(controller.map_or(0, Controller::to_bits), Ordering::Release);
            self.set_apart(slot, None);
        }
    }

    /// Where the controller of a slot stands while it does not move its macro. Audio thread.
    pub fn set_apart(&self, slot: u8, position: Option<f32>) {
        if let Some(apart) = self.apart.get(usize::from(slot)) {
            apart.store(position.map_or(TOGETHER, f32::to_bits), Ordering::Release);
        }
    }

    /// For the window: all slots.
    pub fn look(&self) -> [Follows; SLOTS] {
        std::array::from_fn(|slot| {
            let apart = f32::from_bits(self.apart[slot].load(Ordering::Acquire));
            Follows {
                controller: self.controller(slot as u8),
                apart: Some(apart).filter(|apart| !apart.is_nan()),
                waits: self.waiting() == Some(slot as u8),
            }
        })
    }

    /// To be saved.
    pub fn saved(&self) -> Learned {
        let slot = |slot: u8| Some((slot + 1, self.controller(slot)?));
        (0..SLOTS as u8).filter_map(slot).collect()
    }

    /// As it was saved; what makes no sense is left out.
    pub fn restore(&self, learned: &Learned) {
        for slot in 0..SLOTS as u8 {
            self.bind(slot, learned.get(&(slot + 1)).copied().filter(|controller| controller.is_valid()));
        }
        self.wait(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learn_takes_the_controller_for_the_macro_that_waits() {
        let learn = Learn::default();
        assert_eq!((learn.waiting(), learn.look()), (None, [Follows::default(); SLOTS]));
        learn.wait(Some(2));
        assert!(learn.look()[2].waits);
        let controller = Controller { channel: 16, number: 127, fine: false };
        learn.learn(2, controller);
        learn.set_apart(2, Some(0.25));
        let there = Follows { controller: Some(controller), apart: Some(0.25), waits: false };
        assert_eq!((learn.waiting(), learn.look()[2]), (None, there));
        learn.wait(Some(5));
        learn.learn(2, controller);
        assert_eq!(learn.waiting(), Some(5), "another was asked for meanwhile");
        learn.bind(2, None);
        assert_eq!(learn.look()[2], Follows::default());
    }

    #[test]
    fn learn_is_saved_and_what_makes_no_sense_is_left_out() {
        let learn = Learn::default();
        let fine = Controller { channel: 1, number: 0, fine: true };
        learn.bind(0, Some(fine));
        learn.bind(15, Some(Controller { channel: 10, number: 74, fine: false }));
        let text = serde_json::to_string(&learn.saved()).unwrap();
        assert_eq!(text, r#"{"1":{"channel":1,"number":0,"fine":true},"16":{"channel":10,"number":74}}"#);
        let other = Learn::default();
        other.wait(Some(3));
        other.restore(&serde_json::from_str(&text).unwrap());
        assert_eq!((other.saved(), other.waiting()), (learn.saved(), None));
        let wrong = r#"{"1":{"channel":0,"number":1},"2":{"channel":17,"number":1},"3":{"channel":1,"number":128},
                        "4":{"channel":1,"number":40,"fine":true},"0":{"channel":1,"number":1},"99":{"channel":1,"number":1}}"#;
        other.restore(&serde_json::from_str(wrong).unwrap());
        assert!(other.saved().is_empty());
    }
}
