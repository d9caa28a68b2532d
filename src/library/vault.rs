//! The decoded samples of all instances in the process, one for each content: decoded once, kept while somebody plays them, and as long
//! afterwards as there is room. Loader threads; who asks for what another one is decoding waits for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::digest::Digest;
use super::samples::Fault;
use crate::kernel::Audio;

/// Bytes that samples may take before those that nobody plays are dropped.
const BUDGET: usize = 512 << 20;
/// How often those who wait for another thread look whether they are still to wait.
const LOOK: Duration = Duration::from_millis(20);

/// What audio depends on: the bytes of the file, and its extension, which helps to tell formats apart. Rates are changed while it plays.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub digest: Digest,
    pub extension: String,
}

/// How it stands with the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of all that is kept.
    pub bytes: usize,
    pub entries: usize,
    /// Bytes up to which samples are kept that nobody plays.
    pub budget: usize,
    /// Since the process began: files that were decoded, questions that needed no decoding, samples that were dropped for want of room.
    pub decodes: u64,
    pub hits: u64,
    pub evictions: u64,
}

/// See the head of this file.
#[derive(Debug)]
pub struct Vault {
    budget: AtomicUsize,
    state: Mutex<State>,
    /// Something has been decoded, or given up.
    decoded: Condvar,
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<Key, Slot>,
    counts: Counts,
    /// Counts the questions, to know what was asked for last.
    clock: u64,
}

#[derive(Debug)]
enum Slot {
    /// Some thread is at it.
    Decoding,
    Ready {
        audio: Arc<Audio>,
        used: u64,
    },
}

impl Vault {
    /// The one that all instances share.
    pub fn shared() -> Arc<Vault> {
        static SHARED: LazyLock<Arc<Vault>> = LazyLock::new(|| Vault::new(BUDGET));
        SHARED.clone()
    }

    /// One that keeps at most so many bytes that nobody plays.
    pub fn new(budget: usize) -> Arc<Vault> {
        Arc::new(Vault { budget: budget.into(), state: Mutex::default(), decoded: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept for this content.
    pub fn find(&self, key: &Key) -> Option<Arc<Audio>> {
        self.state().find(key)
    }

    /// What is kept for this content, or else what `decode` makes. Only one thread decodes it; others wait, until `stop` says otherwise.
    ///
    /// # Errors
    /// Those of `decode`, which are not kept; [`Fault::GivenUp`].
    pub fn get(
        &self,
        key: &Key,
        stop: &dyn Fn() -> bool,
        decode: impl FnOnce() -> Result<Audio, Fault>,
    ) -> Result<Arc<Audio>, Fault> {
        let mut state = self.state();
        loop {
            if let Some(audio) = state.find(key) {
                return Ok(audio);
            }
            if !state.slots.contains_key(key) {
                break;
            }
            if stop() {
                return Err(Fault::GivenUp);
            }
            state = self.decoded.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.slots.insert(key.clone(), Slot::Decoding);
        drop(state);
        let claim = Claim { vault: self, key };
        let audio = Arc::new(decode()?);
        claim.fulfil(audio.clone());
        Ok(audio)
    }

    /// Drops what nobody plays, least recently used first, until the rest fits.
    pub fn trim(&self) {
        self.state().trim(self.budget());
    }

    /// From now on so many bytes are kept that nobody plays.
    pub fn set_budget(&self, bytes: usize) {
        if self.budget.swap(bytes, Relaxed) > bytes {
            self.trim();
        }
    }

    fn budget(&self) -> usize {
        self.budget.load(Relaxed)
    }

    /// Drops all that nobody plays, as on a machine that has never loaded it.
    #[cfg(test)]
    pub fn clear(&self) {
        self.state().trim(0);
    }

    pub fn counts(&self) -> Counts {
        Counts { budget: self.budget(), ..self.state().counts }
    }
}

/// A slot that is being decoded; free for others again if that fails.
struct Claim<'a> {
    vault: &'a Vault,
    key: &'a Key,
}

impl Claim<'_> {
    fn fulfil(self, audio: Arc<Audio>) {
        let mut state = self.vault.state();
        state.counts.decodes += 1;
        state.counts.entries += 1;
        state.counts.bytes += bytes(&audio);
        let used = state.tick();
        state.slots.insert(self.key.clone(), Slot::Ready { audio, used });
        state.trim(self.vault.budget());
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.vault.state();
        if matches!(state.slots.get(self.key), Some(Slot::Decoding)) {
            state.slots.remove(self.key);
        }
        drop(state);
        self.vault.decoded.notify_all();
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn find(&mut self, key: &Key) -> Option<Arc<Audio>> {
        let now = self.tick();
        let Some(Slot::Ready { audio, used }) = self.slots.get_mut(key) else { return None };
        *used = now;
        self.counts.hits += 1;
        Some(audio.clone())
    }

    fn trim(&mut self, budget: usize) {
        if self.counts.bytes <= budget {
            return;
        }
        // Nobody can take another copy of what only the vault holds, as long as it is locked.
        let mut unused: Vec<(u64, Key, usize)> = self
            .slots
            .iter()
            .filter_map(|(key, slot)| match slot {
                Slot::Ready { audio, used } if Arc::strong_count(audio) == 1 => {
                    Some((*used, key.clone(), bytes(audio)))
                }
                _ => None,
            })
            .collect();
        unused.sort_by_key(|(used, ..)| *used);
        for (_, key, bytes) in unused {
            if self.counts.bytes <= budget {
                return;
            }
            self.slots.remove(&key);
            self.counts.bytes -= bytes;
            self.counts.entries -= 1;
            self.counts.evictions += 1;
        }
    }
}

/// What a sample takes in memory.
fn bytes(audio: &Audio) -> usize {
    audio.channels.iter().map(|channel| channel.capacity() * size_of::<f32>()).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn key(name: &str) -> Key {
        Key { digest: Digest::of(name.as_bytes()), extension: "wav".into() }
    }

    /// Asks for a sample of 100 bytes.
    fn get(vault: &Vault, name: &str) -> Arc<Audio> {
        let audio = || Ok(Audio { rate: 48_000.0, channels: vec![vec![0.0; 25]] });
        vault.get(&key(name), &|| false, audio).unwrap()
    }

    #[test]
    fn vault_drops_what_was_not_used_for_longest_but_never_what_is_in_use() {
        let vault = Vault::new(300);
        let held = get(&vault, "a");
        ["b", "c"].iter().for_each(|name| drop(get(&vault, name)));
        get(&vault, "b");
        assert_eq!(
            vault.counts(),
            Counts { bytes: 300, entries: 3, budget: 300, decodes: 3, hits: 1, evictions: 0 }
        );
        get(&vault, "d");
        assert_eq!(
            vault.counts(),
            Counts { bytes: 300, entries: 3, budget: 300, decodes: 4, hits: 1, evictions: 1 }
        );
        let kept = |name: &str| vault.find(&key(name)).is_some();
        assert!(kept("a") && kept("b") && !kept("c") && kept("d"));
        let others: Vec<_> = ["e", "f", "g"].iter().map(|name| get(&vault, name)).collect();
        assert!(vault.find(&key("a")).is_some_and(|audio| Arc::ptr_eq(&audio, &held)));
        assert_eq!((vault.counts().bytes, vault.counts().entries), (400, 4), "all in use");
        drop((held, others));
        vault.trim();
        assert_eq!((vault.counts().bytes, vault.counts().entries), (300, 3));
    }

    #[test]
    fn vault_decodes_once_for_all_who_ask_at_the_same_time() {
        let vault = Vault::new(1000);
        let decodes = AtomicUsize::new(0);
        let slow = || {
            decodes.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(50));
            Ok(Audio { rate: 48_000.0, channels: vec![vec![0.5; 25]] })
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..6).map(|_| scope.spawn(|| vault.get(&key("a"), &|| false, slow).unwrap())).collect();
            let all: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert!(all.iter().all(|audio| Arc::ptr_eq(audio, &all[0])));
        });
        assert_eq!((decodes.load(Ordering::Relaxed), vault.counts().decodes, vault.counts().hits), (1, 1, 5));
    }

    #[test]
    fn vault_with_less_room_drops_what_nobody_plays() {
        let vault = Vault::new(1000);
        for name in ["a", "b", "c"] {
            get(&vault, name);
        }
        let played = get(&vault, "a");
        vault.set_budget(200);
        let counts = vault.counts();
        assert_eq!((counts.budget, counts.bytes, counts.entries), (200, 200, 2));
        vault.set_budget(0);
        assert_eq!(vault.counts().entries, 1, "one is being played");
        assert_eq!(played.frames(), 25);
    }

    #[test]
    fn vault_lets_another_one_try_what_failed_and_nobody_wait_in_vain() {
        let vault = Vault::new(1000);
        let fails = || vault.get(&key("a"), &|| false, || Err(Fault::Truncated));
        assert_eq!(fails().unwrap_err(), Fault::Truncated);
        let panics =
            std::panic::AssertUnwindSafe(|| vault.get(&key("a"), &|| false, || panic!("on purpose")));
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(vault.counts(), Counts { budget: 1000, ..Counts::default() });
        vault.state().slots.insert(key("b"), Slot::Decoding);
        let waits = vault.get(&key("b"), &|| true, || Err(Fault::Truncated));
        assert_eq!(waits.unwrap_err(), Fault::GivenUp);
        assert_eq!(get(&vault, "a").frames(), 25);
    }
}
