//! Who sounds in which lane of a pool: starts, releases, fades and ends, and for every 32 lanes a word of bits that say at a glance
//! which lanes run and which need watching. Audio thread, after construction; never any signal.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::tile::TILE;

#[derive(Clone, Copy)]
pub struct Voice {
    /// Order of starts, unique in the pool.
    number: u64,
    /// Frames until the voice is cut; `u64::MAX` without a fixed life.
    pub life: u64,
    /// Frames since a fade to silence began.
    pub fading: Option<u32>,
    /// The key is up: silence now means the end.
    pub released: bool,
    /// Frames of silence since then.
    quiet: u64,
    /// Time stands still.
    paused: bool,
}

impl Voice {
    fn watched(&self) -> bool {
        self.life != u64::MAX || self.fading.is_some() || self.released
    }
}

/// Of 32 lanes, a bit each.
#[derive(Clone, Copy, Default)]
struct Bits {
    /// There is a voice.
    alive: u32,
    /// They are to be rendered.
    running: u32,
    /// They may end in this pass: by their life, a fade or silence.
    watched: u32,
}

/// How a voice fared in a pass.
pub struct Fared {
    /// Frames of the pass, and how many of them sounded.
    pub frames: usize,
    pub sounded: u8,
    /// Frames of silence at the pass's end; looked at only for released voices.
    pub silent: usize,
    /// Absolute frame of the pass's end.
    pub end: u64,
}

pub struct Roster {
    lanes: Vec<Option<Voice>>,
    bits: Vec<Bits>,
    voices: usize,
    /// Length of a fade in frames.
    pub fade: u32,
    /// How long a released voice must be silent before it is over: its delays may still hold sound.
    patience: u64,
}

impl Roster {
    /// Room for `voices` voices of each parent.
    pub fn new(parents: usize, voices: usize, fade: u32, patience: u64) -> Self {
        let lanes = parents * voices;
        Self {
            lanes: vec![None; lanes],
            bits: vec![Bits::default(); lanes.div_ceil(MAX_LANES)],
            voices,
            fade,
            patience,
        }
    }

    /// Takes over who sounds; both have the same lanes for the same parents, or one parent.
    pub fn take(&mut self, old: &mut Roster) {
        for lane in 0..self.lanes.len().min(old.lanes.len()) {
            self.lanes[lane] = old.lanes[lane].take();
            self.note(lane);
            old.note(lane);
        }
    }

    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    pub fn voice(&self, lane: usize) -> Option<&Voice> {
        self.lanes.get(lane)?.as_ref()
    }

    /// The lanes of a parent.
    pub fn range(&self, parent: usize) -> std::ops::Range<usize> {
        parent * self.voices..(parent + 1) * self.voices
    }

    pub fn of(&self, parent: usize) -> impl Iterator<Item = (usize, &Voice)> {
        let range = self.range(parent);
        range.clone().zip(&self.lanes[range]).filter_map(|(lane, voice)| Some((lane, voice.as_ref()?)))
    }

    /// Voices of all parents.
    pub fn count(&self) -> usize {
        self.bits.iter().map(|b| b.alive.count_ones() as usize).sum()
    }

    /// A lane for a new voice of `parent`: a free one, else the one that has faded furthest.
    pub fn place(&self, parent: usize) -> Option<usize> {
        let free = self.range(parent).find(|l| self.lanes[*l].is_none());
        let fading = |l: &usize| Some((self.lanes[*l]?.fading?, *l));
        free.or_else(|| self.range(parent).filter_map(|l| fading(&l)).max().map(|(_, l)| l))
    }

    pub fn begin(&mut self, lane: usize, number: u64, life: Option<u64>) {
        self.lanes[lane] = Some(Voice {
            number,
            life: life.unwrap_or(u64::MAX),
            fading: None,
            released: false,
            quiet: 0,
            paused: false,
        });
        self.note(lane);
    }

    /// Changes a voice, if there is one in the lane.
    fn change(&mut self, lane: usize, change: impl FnOnce(&mut Voice)) {
        if let Some(Some(voice)) = self.lanes.get_mut(lane) {
            change(voice);
            self.note(lane);
        }
    }

    pub fn fade(&mut self, lane: usize) {
        self.change(lane, |v| {
            v.fading.get_or_insert(0);
        });
    }

    pub fn release(&mut self, lane: usize) {
        self.change(lane, |v| v.released = true);
    }

    pub fn pause(&mut self, parent: usize, paused: bool) {
        for lane in self.range(parent) {
            self.change(lane, |v| v.paused = paused);
        }
    }

    pub fn clear(&mut self, parent: usize) {
        for lane in self.range(parent) {
            self.lanes[lane] = None;
            self.note(lane);
        }
    }

    /// Number and lane of the oldest voice of `parent` that does not fade.
    pub fn oldest(&self, parent: usize) -> Option<(u64, usize)> {
        self.of(parent).filter(|(_, v)| v.fading.is_none()).map(|(lane, v)| (v.number, lane)).min()
    }

    /// Takes the voice of a lane through a pass; it may be over.
    pub fn pass(&mut self, lane: usize, fared: &Fared) {
        let (fade, patience) = (self.fade, self.patience);
        let Some(voice) = self.lanes[lane].as_mut().filter(|v| !v.paused) else { return };
        let mut over = (fared.sounded as usize) < fared.frames;
        if voice.life != u64::MAX {
            voice.life -= fared.sounded as u64;
            over |= voice.life == 0;
        }
        if let Some(done) = &mut voice.fading {
            *done += fared.frames as u32;
            over |= *done >= fade;
        }
        if voice.released && !over {
            let all = fared.silent == fared.frames;
            voice.quiet = if all { voice.quiet + fared.silent as u64 } else { fared.silent as u64 };
            // Decided on the absolute grid, so that it does not depend on how time was cut.
            over |= fared.end.is_multiple_of(TILE as u64) && voice.quiet >= patience;
        }
        if over {
            self.lanes[lane] = None;
        }
        self.note(lane);
    }

    /// Of `count` lanes from `lane` on, none across a multiple of 32: who runs.
    pub fn running(&self, lane: usize, count: usize) -> u32 {
        self.word(lane, count, |b| b.running)
    }

    /// Of these lanes: whose time stands still.
    pub fn paused(&self, lane: usize, count: usize) -> u32 {
        self.word(lane, count, |b| b.alive & !b.running)
    }

    /// Of these lanes: who may end without its graph saying so.
    pub fn watched(&self, lane: usize, count: usize) -> u32 {
        self.word(lane, count, |b| b.watched)
    }

    fn word(&self, lane: usize, count: usize, of: impl Fn(&Bits) -> u32) -> u32 {
        let bits = self.bits.get(lane / MAX_LANES).map_or(0, of) >> (lane % MAX_LANES);
        if count < MAX_LANES { bits & ((1 << count) - 1) } else { bits }
    }

    /// Keeps the bits of a lane true.
    fn note(&mut self, lane: usize) {
        let (word, bit) = (&mut self.bits[lane / MAX_LANES], 1u32 << (lane % MAX_LANES));
        let voice = self.lanes[lane].as_ref();
        let set = |word: &mut u32, on: bool| *word = if on { *word | bit } else { *word & !bit };
        set(&mut word.alive, voice.is_some());
        set(&mut word.running, voice.is_some_and(|v| !v.paused));
        set(&mut word.watched, voice.is_some_and(|v| !v.paused && v.watched()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fared(sounded: u8, silent: usize, end: u64) -> Fared {
        Fared { frames: 64, sounded, silent, end }
    }

    #[test]
    fn roster_bits_follow_the_voices() {
        let mut roster = Roster::new(2, 20, 100, 128);
        roster.begin(3, 1, None);
        roster.begin(21, 2, Some(64));
        assert_eq!((roster.running(0, 32), roster.watched(0, 32)), (1 << 3 | 1 << 21, 1 << 21));
        roster.pause(1, true);
        assert_eq!((roster.running(0, 32), roster.watched(16, 16)), (1 << 3, 0));
        roster.pause(1, false);
        roster.pass(21, &fared(64, 0, 64));
        assert_eq!(roster.running(16, 8), 0, "its life is over");
        roster.clear(0);
        assert_eq!(roster.count(), 0);
    }

    #[test]
    fn roster_ends_a_released_voice_after_silence_on_the_grid() {
        let mut roster = Roster::new(1, 1, 100, 128);
        roster.begin(0, 1, None);
        roster.pass(0, &fared(64, 64, 64));
        assert_eq!(roster.watched(0, 1), 0, "a held key may be silent for ever");
        roster.release(0);
        roster.pass(0, &fared(64, 64, 128));
        roster.pass(0, &fared(64, 64, 191));
        assert_eq!(roster.count(), 1, "not on the grid");
        roster.pass(0, &fared(64, 64, 256));
        assert_eq!(roster.count(), 0);
    }

    #[test]
    fn roster_gives_a_new_voice_the_place_of_the_furthest_fade() {
        let mut roster = Roster::new(1, 3, 1000, 128);
        (0..3).for_each(|lane| roster.begin(lane, lane as u64, None));
        assert_eq!(roster.place(0), None);
        roster.fade(1);
        roster.pass(1, &fared(64, 0, 64));
        roster.fade(0);
        assert_eq!(roster.place(0), Some(1));
        assert_eq!(roster.oldest(0), Some((2, 2)));
    }
}
