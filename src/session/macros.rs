//! Whose position each of the host's macro parameters is. A parameter keeps its position as long as a macro of the same name stands in
//! its slot; a macro that is new there begins at its default, which the host is told. Loader, host's main and audio thread (atomics).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};

use super::lock;
use crate::language::Macro;

/// Names of macros by the numbers of their slots, from 1: those that the host's parameters stand for.
pub type Owners = BTreeMap<u8, String>;

/// What the host's main thread is to do.
#[derive(Debug, Default, PartialEq)]
pub struct News {
    /// Names, units or ranges are others than the host knows.
    pub described: bool,
    /// Parameters to be set: slot from 0, and position. Unless the host has moved them meanwhile: see [`Slots::claim`].
    pub turns: Vec<(u8, f32)>,
}

/// The sixteen parameters.
#[derive(Default)]
pub struct Slots {
    /// A bit for each parameter that says where its macro stands; the others have not been moved, or are still to be set.
    held: AtomicU16,
    news: Mutex<News>,
}

impl Slots {
    /// Whether the parameter of a slot says where its macro stands.
    pub fn holds(&self, slot: u8) -> bool {
        self.held.load(Ordering::Acquire) & bit(slot) != 0
    }

    /// The parameter of a slot says it from now on; whether that is new.
    pub fn claim(&self, slot: u8) -> bool {
        self.held.fetch_or(bit(slot), Ordering::AcqRel) & bit(slot) == 0
    }

    /// A bit for each macro that stands at its default.
    pub fn unmoved(&self) -> u16 {
        !self.held.load(Ordering::Acquire)
    }

    /// A project was loaded: its parameters stand for these macros.
    pub fn restore(&self, owners: &Owners) {
        let held = owners.keys().filter(|n| (1..=16).contains(*n)).fold(0, |bits, n| bits | bit(n - 1));
        lock(&self.news).turns.clear();
        self.held.store(held, Ordering::Release);
    }

    /// Other macros sound: those that are new in their slots are to be set to their defaults. Returns who owns the parameters now. A
    /// slot that nobody asks for is kept, for the case that its macro comes back.
    pub fn follow(&self, mut owners: Owners, macros: &[Macro], described: bool) -> Owners {
        let mut news = lock(&self.news);
        news.described |= described;
        for item in macros {
            let owner = owners.insert(item.slot + 1, item.name.clone());
            if owner.as_ref() != Some(&item.name) {
                news.turns.retain(|(slot, _)| *slot != item.slot);
                news.turns.push((item.slot, item.default as f32));
                // What the host has moved before anything was loaded was meant for this one.
                if owner.is_some() {
                    self.held.fetch_and(!bit(item.slot), Ordering::AcqRel);
                }
            }
        }
        owners
    }

    /// What there is to be done, once.
    pub fn take_news(&self) -> News {
        std::mem::take(&mut lock(&self.news))
    }

    pub fn has_news(&self) -> bool {
        *lock(&self.news) != News::default()
    }

    /// Of the owners, those whose parameters really say where they stand: only they are saved.
    pub fn settled(&self, mut owners: Owners) -> Owners {
        owners.retain(|number, _| number.checked_sub(1).is_some_and(|slot| slot < 16 && self.holds(slot)));
        owners
    }
}

fn bit(slot: u8) -> u16 {
    1 << (slot & 15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Library;

    fn macros(text: &str) -> Vec<Macro> {
        let text = format!("seiche: 1\nmacros: {{{text}}}\n");
        Library::read(vec![("a.yaml".into(), text.as_str())], &[]).macros().to_vec()
    }

    #[test]
    fn macros_new_in_their_slots_begin_at_their_defaults() {
        let slots = Slots::default();
        let owners = slots.follow(Owners::new(), &macros("a: {default: 0.25}, b: [0, 1]"), true);
        assert_eq!(slots.take_news(), News { described: true, turns: vec![(0, 0.25), (1, 0.0)] });
        assert!(!slots.has_news() && slots.unmoved() == !0 && slots.settled(owners.clone()).is_empty());
        assert!(slots.claim(0) && slots.claim(1) && !slots.claim(1));
        assert_eq!(slots.settled(owners.clone()), owners);
        // The same names stay, whatever becomes of their ranges; another name does not.
        let owners = slots.follow(owners, &macros("a: {range: [0, 5], default: 1}, c: {default: 0.5}"), true);
        assert_eq!(slots.take_news().turns, [(1, 0.5)]);
        assert!(slots.holds(0) && !slots.holds(1));
        assert_eq!(owners.values().collect::<Vec<_>>(), ["a", "c"]);
        // One that goes and comes back finds its position again.
        slots.claim(1);
        let owners = slots.follow(owners, &macros("a: [0, 1]"), true);
        slots.follow(owners, &macros("a: [0, 1], c: {default: 0.5}"), true);
        assert_eq!(slots.take_news().turns, []);
    }

    #[test]
    fn macros_that_the_host_moved_before_anything_was_loaded_stay_there() {
        let slots = Slots::default();
        slots.claim(0);
        slots.follow(Owners::new(), &macros("a: {default: 0.25}"), true);
        assert!(slots.holds(0) && !slots.claim(0), "whoever sets it sees that it is held");
    }

    #[test]
    fn macros_of_a_project_are_where_they_were_saved() {
        let slots = Slots::default();
        let owners = Owners::from([(1, "a".to_owned()), (200, "x".to_owned())]);
        slots.restore(&owners);
        let owners = slots.follow(owners, &macros("a: {default: 0.25}, b: {default: 0.5}"), true);
        assert_eq!(slots.take_news().turns, [(1, 0.5)]);
        assert_eq!(slots.settled(owners).into_iter().collect::<Vec<_>>(), [(1, "a".to_owned())]);
    }
}
