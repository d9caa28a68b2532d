//! The quality tiers of an instance, live and offline, and the one that plays. Any thread.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::engine::Gear;
use crate::quality::Quality;

/// Which tier is wanted: while the host plays, and while it renders offline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tiers {
    pub live: Quality,
    pub offline: Quality,
}

impl Tiers {
    fn of(self, offline: bool) -> Quality {
        if offline { self.offline } else { self.live }
    }
}

/// What is wanted, and what plays.
#[derive(Default)]
pub(super) struct Running {
    live: AtomicU8,
    offline: AtomicU8,
    /// The host renders offline.
    is_offline: AtomicBool,
    /// The tier that plays; 0: there is no engine yet.
    plays: AtomicU8,
    /// The host's frames per second, as bits.
    rate: AtomicU64,
}

fn code(quality: Quality) -> u8 {
    quality as u8
}

fn decode(code: u8) -> Quality {
    Quality::ALL.into_iter().find(|quality| self::code(*quality) == code).unwrap_or_default()
}

impl Running {
    pub fn wanted(&self) -> Tiers {
        let load = |code: &AtomicU8| decode(code.load(Ordering::Acquire));
        Tiers { live: load(&self.live), offline: load(&self.offline) }
    }

    /// Whether that is new.
    pub fn want(&self, tiers: Tiers) -> bool {
        let before = self.wanted();
        self.live.store(code(tiers.live), Ordering::Release);
        self.offline.store(code(tiers.offline), Ordering::Release);
        before != tiers
    }

    /// The host begins to render so: the tier that is wanted for that.
    pub fn begins(&self, offline: bool) -> Quality {
        self.is_offline.store(offline, Ordering::Release);
        self.wanted().of(offline)
    }

    pub fn plays(&self, gear: Gear) {
        self.plays.store(code(gear.quality) + 1, Ordering::Release);
        self.rate.store(gear.rate.to_bits(), Ordering::Release);
    }

    /// Whether the tier that plays is not the one that is wanted.
    pub fn differs(&self) -> bool {
        let plays = self.plays.load(Ordering::Acquire);
        let wanted = self.wanted().of(self.is_offline.load(Ordering::Acquire));
        plays != 0 && plays != code(wanted) + 1
    }

    /// 0 before there is an engine.
    pub fn rate(&self) -> f64 {
        f64::from_bits(self.rate.load(Ordering::Acquire))
    }
}
