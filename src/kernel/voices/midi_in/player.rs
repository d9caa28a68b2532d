//! Notes that were written: which of them begin and end at each frame of the song. They are played as those of a keyboard are. Audio
//! thread; all memory is made beforehand.

use std::sync::Arc;

use crate::kernel::clock::{Clock, ClockPlan, Course};
use crate::kernel::keyboard::Keyboard;
use crate::kernel::pass::Pass;
use crate::score::{Arrays, drawn};

use super::note::{Press, Tone};
use super::{MidiIn, Moment};

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

/// A note whose key is down.
#[derive(Clone, Copy)]
struct Down {
    /// Where in the song its key comes up.
    end: f64,
    /// The absolute frame at which it began: it is heard for one frame at least.
    since: u64,
    channel: u8,
    key: u8,
    id: i32,
    release: f32,
}

pub struct Player {
    notes: Arc<Arrays>,
    clock: Clock,
    /// Where the present time through the pattern begins, and the next note in it.
    base: f64,
    next: usize,
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
    pub fn new(plan: ScorePlan) -> Player {
        let room = plan.notes.most + MORE;
        Player {
            clock: Clock::new(plan.clock),
            notes: plan.notes,
            base: 0.0,
            next: 0,
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

    /// The next note that begins at a place, if chance lets it.
    fn begins(&mut self, place: f64, at: u64, course: &Course, channel: u8) -> Option<(usize, i32)> {
        while self.due(course.in_frames) <= place + EDGE {
            let (n, base) = (self.next, self.base);
            self.next += 1;
            self.wrap();
            let notes = &*self.notes;
            let chance = notes.chance.get(n).copied().unwrap_or(1.0);
            if chance < 1.0 && drawn(notes.draw[n], base) >= f64::from(chance) {
                continue;
            }
            self.count = self.count.wrapping_add(1) & i32::MAX;
            let ends = if course.in_frames { &notes.end_frame } else { &notes.end };
            let (key, id, release) = (notes.key[n], self.count, notes.release[n]);
            let down = Down { end: base + ends[n], since: at, channel, key, id, release };
            // What there is no room for has given way long ago.
            if self.down.len() == self.down.capacity() {
                self.down.remove(0);
            }
            self.down.push(down);
            return Some((n, id));
        }
        None
    }
}

impl MidiIn {
    /// Plays the notes of a pass.
    pub(super) fn play(&mut self, pass: &mut Pass, player: &mut Player) {
        let course = player.clock.follow(pass, player.stamped());
        if course.in_frames != player.in_frames {
            // Places are counted otherwise now: what is down has no end there.
            player.down.iter_mut().for_each(|down| down.end = f64::NEG_INFINITY);
            player.in_frames = course.in_frames;
        } else if std::mem::take(&mut player.moved) && course.jumps & 1 == 0 {
            player.locate(player.seen + 2.0 * EDGE, course.in_frames);
        }
        let last = course.at[pass.frames - 1];
        let keyboard = Keyboard::default();
        let channel = self.manner.channel.unwrap_or(0);
        let mut from = 0;
        if player.acts(&course, last) {
            for frame in 0..pass.frames {
                let (place, at) = (course.at[frame], pass.at + frame as u64);
                let jumps = course.jumps >> frame & 1 != 0;
                if jumps {
                    player.locate(place - course.slack, course.in_frames);
                }
                if jumps || !course.rolls {
                    player.down.iter_mut().for_each(|down| (down.end, down.since) = (f64::NEG_INFINITY, 0));
                }
                while let Some(down) = player.comes_up(place, at) {
                    self.up_to(pass, &mut from, frame);
                    let moment = Moment { pass, frame, at, keyboard: &keyboard, glide: 0.0 };
                    self.held.release(down.channel, down.key, down.id);
                    self.come_up(&moment, |n| n.press.is(down.channel, down.key, down.id), down.release);
                }
                while let Some((n, id)) =
                    course.rolls.then(|| player.begins(place, at, &course, channel)).flatten()
                {
                    self.up_to(pass, &mut from, frame);
                    self.notes.retain(|n| self.pool.sounding(n.place));
                    let notes = &player.notes;
                    if notes.choke[n] {
                        self.held.clear();
                        self.cut(|_| true);
                    }
                    let glide = self.glide_at(pass, frame);
                    let tone = Tone {
                        tuning: notes.tuning[n],
                        pan: notes.pan[n],
                        glide: self.portamento.frames(notes.slide[n]),
                    };
                    let press = Press { channel, key: notes.key[n], id, velocity: notes.velocity[n], tone };
                    let moment = Moment { pass, frame, at, keyboard: &keyboard, glide };
                    self.choke(channel, press.key);
                    self.press(&moment, press);
                }
            }
        }
        player.seen = last;
        let end = pass.frames;
        self.up_to(pass, &mut from, end);
    }

    /// Renders what comes before a frame.
    fn up_to(&mut self, pass: &mut Pass, from: &mut usize, frame: usize) {
        if frame > *from {
            self.pool.render(pass, *from, frame);
            *from = frame;
        }
    }
}
