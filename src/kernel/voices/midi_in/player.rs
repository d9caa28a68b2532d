//! Notes that were written: which of them begin and end at each frame of the song. They are played as those of a keyboard are. Audio
//! thread; all memory is made beforehand.

use std::ops::Range;
use std::sync::Arc;

use crate::kernel::clock::{Clock, ClockPlan, Course};
use crate::kernel::keyboard::Keyboard;
use crate::kernel::pass::Pass;
use crate::score::{Arrays, BUNCH, drawn};

use super::note::{Press, Tone};
use super::{MidiIn, Mode, Moment};

/// Notes for a `midi_in`, and the time that they follow.
#[derive(Clone, Debug)]
pub struct ScorePlan {
    pub notes: Arc<Arrays>,
    pub clock: ClockPlan,
}

/// Places that are sums count as what they mean, in beats.
const EDGE: f64 = 1e-9;
/// Notes of a text before an edit may still be held beside those of the new one. No `midi_in` has so many voices.
const MORE: usize = 1024;

/// What becomes of a note.
pub enum Act {
    Up(Down),
    /// It begins; or it has begun before the place to which the song has jumped.
    Down {
        n: usize,
        id: i32,
        chased: bool,
    },
    /// All that had begun before the place is told.
    Chased,
}

/// A note whose key is down.
#[derive(Clone, Copy)]
pub struct Down {
    /// Where in the song its key comes up.
    end: f64,
    /// The absolute frame at which it began: it is heard for one frame at least.
    since: u64,
    pub channel: u8,
    pub key: u8,
    id: i32,
    release: f32,
}

pub struct Player {
    notes: Arc<Arrays>,
    clock: Clock,
    /// Where the present time through the pattern begins, and the next note in it.
    base: f64,
    next: usize,
    /// Where a jump has led to: notes of the time through that begins at `began` which come before that place and may still sound there.
    before: Range<usize>,
    began: f64,
    /// Notes are for voices that look at their keys: what rings out anyway is not struck once more in its middle.
    chases: bool,
    down: Vec<Down>,
    /// Place of the last frame that was played, in the unit of `in_frames`.
    seen: f64,
    in_frames: bool,
    /// It has taken over from another: the next note is the first behind `seen`.
    moved: bool,
    /// Ids are never shared by two notes that sound.
    count: i32,
}

impl Player {
    /// `rings`: its voices end by themselves, whatever becomes of their keys.
    pub fn new(plan: ScorePlan, rings: bool) -> Player {
        let room = plan.notes.most + MORE;
        Player {
            clock: Clock::new(plan.clock),
            notes: plan.notes,
            base: 0.0,
            next: 0,
            before: 0..0,
            began: 0.0,
            chases: !rings,
            down: Vec::with_capacity(room),
            seen: 0.0,
            in_frames: false,
            moved: false,
            count: 0,
        }
    }

    pub fn start(&mut self) {
        self.clock.start();
        self.down.clear();
        (self.base, self.next, self.seen, self.moved) = (0.0, 0, f64::NEG_INFINITY, false);
        self.before = 0..0;
    }

    /// Goes on where the player of the text before stands: its place, and the keys that are down.
    pub fn take(&mut self, old: &Player) {
        self.clock.take(&old.clock);
        let room = self.down.capacity();
        self.down.extend(old.down.iter().take(room));
        (self.seen, self.in_frames, self.count, self.moved) = (old.seen, old.in_frames, old.count, true);
    }

    fn stamped(&self) -> bool {
        !self.notes.start_frame.is_empty()
    }

    fn starts(&self, in_frames: bool) -> &[f64] {
        if in_frames { &self.notes.start_frame } else { &self.notes.start }
    }

    /// Sets the next note: the first at a place or behind it.
    fn locate(&mut self, at: f64, in_frames: bool) {
        let length = self.notes.length;
        self.base = if length.is_finite() { (at / length).floor().max(0.0) * length } else { 0.0 };
        let within = at - self.base;
        self.next = self.starts(in_frames).partition_point(|start| *start < within);
        (self.before, self.began) = (0..self.next, self.base);
        self.wrap();
    }

    /// Behind the last note comes the first one of the next time through.
    fn wrap(&mut self) {
        if self.next >= self.notes.len() && self.notes.length.is_finite() && !self.notes.is_empty() {
            self.next = 0;
            self.base += self.notes.length;
        }
    }

    /// Where the next note begins.
    fn due(&self, in_frames: bool) -> f64 {
        self.starts(in_frames).get(self.next).map_or(f64::INFINITY, |start| self.base + start)
    }

    /// Whether anything begins or ends in a pass.
    fn acts(&self, course: &Course, last: f64) -> bool {
        if !course.rolls {
            return !self.down.is_empty();
        }
        let first = self.down.iter().map(|down| down.end).fold(self.due(course.in_frames), f64::min);
        course.jumps != 0 || first <= last + EDGE
    }

    /// The first of the keys that come up at a place.
    fn comes_up(&mut self, place: f64, at: u64) -> Option<Down> {
        let over = |down: &Down| down.end <= place + EDGE && down.since < at;
        let first = (0..self.down.len())
            .filter(|n| over(&self.down[*n]))
            .min_by(|a, b| self.down[*a].end.total_cmp(&self.down[*b].end))?;
        Some(self.down.remove(first))
    }

    /// Whether chance lets a note play in the time through that begins at `base`.
    fn plays(&self, n: usize, base: f64) -> bool {
        let chance = self.notes.chance.get(n).copied().unwrap_or(1.0);
        chance >= 1.0 || drawn(self.notes.draw[n], base) < f64::from(chance)
    }

    /// Where the key of a note comes up.
    fn end(&self, n: usize, base: f64, in_frames: bool) -> f64 {
        base + if in_frames { self.notes.end_frame[n] } else { self.notes.end[n] }
    }

    /// The key of a note goes down. Returns the note's id.
    fn press(&mut self, n: usize, base: f64, at: u64, course: &Course, channel: Option<u8>) -> i32 {
        self.count = self.count.wrapping_add(1) & i32::MAX;
        let channel = channel.unwrap_or(self.notes.channel[n]);
        let (key, id, release) = (self.notes.key[n], self.count, self.notes.release[n]);
        let down = Down { end: self.end(n, base, course.in_frames), since: at, channel, key, id, release };
        // What there is no room for has given way long ago.
        if self.down.len() == self.down.capacity() {
            self.down.remove(0);
        }
        self.down.push(down);
        id
    }

    /// The next note that begins at a place, if chance lets it.
    fn begins(&mut self, place: f64, at: u64, course: &Course, channel: Option<u8>) -> Option<(usize, i32)> {
        while self.due(course.in_frames) <= place + EDGE {
            let (n, base) = (self.next, self.base);
            self.next += 1;
            self.wrap();
            if self.plays(n, base) {
                return Some((n, self.press(n, base, at, course, channel)));
            }
        }
        None
    }

    /// Forgets what was cut before the place that the song has jumped to: the last note that ends others is the first that may still sound.
    fn forget_cut(&mut self) {
        let all = self.before.clone();
        for bunch in (0..all.end.div_ceil(BUNCH)).rev().filter(|n| self.notes.bunches[*n].chokes) {
            let notes = bunch * BUNCH..all.end.min((bunch + 1) * BUNCH);
            let cuts = |n: &usize| self.notes.choke[*n] && self.plays(*n, self.began);
            if let Some(cut) = notes.rev().find(cuts) {
                self.before.start = cut;
                return;
            }
        }
    }

    /// The next note whose key is down at the place that the song has jumped to.
    fn sounds_on(
        &mut self,
        place: f64,
        at: u64,
        course: &Course,
        channel: Option<u8>,
    ) -> Option<(usize, i32)> {
        let base = self.began;
        let over = |player: &Player, n: usize| player.end(n, base, course.in_frames) <= place + EDGE;
        while let Some(n) = self.before.next() {
            if n.is_multiple_of(BUNCH) && over(self, self.notes.bunches[n / BUNCH].last as usize) {
                self.before.start = self.before.end.min(n + BUNCH);
            } else if self.notes.chase[n] && !over(self, n) && self.plays(n, base) {
                return Some((n, self.press(n, base, at, course, channel)));
            }
        }
        None
    }

    /// Where the song stands in a pass. What was down in another count of time comes up.
    pub fn follow(&mut self, pass: &Pass) -> Course {
        let course = self.clock.follow(pass, self.stamped());
        if course.in_frames != self.in_frames {
            self.down.iter_mut().for_each(|down| down.end = f64::NEG_INFINITY);
            self.in_frames = course.in_frames;
        } else if std::mem::take(&mut self.moved) && course.jumps & 1 == 0 {
            self.locate(self.seen + 2.0 * EDGE, course.in_frames);
        }
        course
    }

    /// Goes through the frames of a pass, the first of which is the absolute frame `at`, and tells what happens at each. Notes are on this
    /// channel, or on their own. `act` says whether a note that begins has begun: else nobody will hear that it ends.
    pub fn walk(
        &mut self,
        course: &Course,
        (at, frames): (u64, usize),
        channel: Option<u8>,
        mut act: impl FnMut(&Arrays, usize, Act) -> bool,
    ) {
        let last = course.at[frames - 1];
        for frame in 0..if self.acts(course, last) { frames } else { 0 } {
            let (place, at) = (course.at[frame], at + frame as u64);
            let jumps = course.jumps >> frame & 1 != 0;
            if jumps {
                self.locate(place - course.slack, course.in_frames);
            }
            if jumps || !course.rolls {
                self.down.iter_mut().for_each(|down| (down.end, down.since) = (f64::NEG_INFINITY, 0));
            }
            while let Some(down) = self.comes_up(place, at) {
                act(&self.notes, frame, Act::Up(down));
            }
            if !course.rolls {
                continue;
            }
            if jumps && self.chases {
                self.forget_cut();
                while let Some((n, id)) = self.sounds_on(place, at, course, channel) {
                    if !act(&self.notes, frame, Act::Down { n, id, chased: true }) {
                        self.down.pop();
                    }
                }
                act(&self.notes, frame, Act::Chased);
            }
            while let Some((n, id)) = self.begins(place, at, course, channel) {
                if !act(&self.notes, frame, Act::Down { n, id, chased: false }) {
                    self.down.pop();
                }
            }
        }
        self.seen = last;
    }

    /// All keys come up, wherever the song is.
    pub fn let_go(&mut self, mut each: impl FnMut(Down)) {
        self.down.drain(..).for_each(&mut each);
    }
}

impl MidiIn {
    /// Plays the notes of a pass.
    pub(super) fn play(&mut self, pass: &mut Pass, player: &mut Player) {
        let course = player.follow(pass);
        let keyboard = Keyboard::default();
        let (time, mut from) = ((pass.at, pass.frames), 0);
        player.walk(&course, time, Some(self.manner.channel.unwrap_or(0)), |notes, frame, act| {
            self.up_to(pass, &mut from, frame);
            let at = pass.at + frame as u64;
            // Where chased notes came from is past: they do not glide.
            let glides = matches!(act, Act::Down { chased: false, .. });
            let glide = if glides { self.glide_at(pass, frame) } else { 0.0 };
            let moment = Moment { pass, frame, at, keyboard: &keyboard, glide };
            match act {
                Act::Up(down) => {
                    self.held.release(down.channel, down.key, down.id);
                    self.come_up(&moment, |n| n.press.is(down.channel, down.key, down.id), down.release);
                }
                Act::Down { n, id, chased: true } if self.manner.mode != Mode::Poly => {
                    let press = self.written(notes, n, id, 0.0);
                    if self.hears(&moment, &press) {
                        self.held.press(press);
                    }
                }
                Act::Down { n, id, .. } => {
                    let slide = if glides { self.portamento.frames(notes.slide[n]) } else { 0.0 };
                    self.strike(&moment, notes, n, id, slide);
                }
                Act::Chased if self.manner.mode != Mode::Poly => self.sound_chosen(&moment),
                Act::Chased => {}
            }
            true
        });
        let end = pass.frames;
        self.up_to(pass, &mut from, end);
    }

    /// A written note begins; it glides there in so many frames.
    fn strike(&mut self, moment: &Moment, notes: &Arrays, n: usize, id: i32, glide: f32) {
        self.notes.retain(|n| self.pool.sounding(n.place));
        if notes.choke[n] {
            self.held.clear();
            self.cut(|_| true);
        }
        let press = self.written(notes, n, id, glide);
        self.choke(press.channel, press.key);
        self.press(moment, press);
    }

    fn written(&self, notes: &Arrays, n: usize, id: i32, glide: f32) -> Press {
        let tone = Tone { tuning: notes.tuning[n], pan: notes.pan[n], glide };
        let channel = self.manner.channel.unwrap_or(0);
        Press { channel, key: notes.key[n], id, velocity: notes.velocity[n], tone }
    }

    /// Renders what comes before a frame.
    fn up_to(&mut self, pass: &mut Pass, from: &mut usize, frame: usize) {
        if frame > *from {
            self.pool.render(pass, *from, frame);
            *from = frame;
        }
    }
}
