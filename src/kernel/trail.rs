//! The last moments of a stereo signal, for whoever wants to look at them: one thread writes (audio; nothing but stores), others read. A
//! reader that is too slow misses what is overwritten, and is told so. The memory is made when somebody looks for the first time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::*, fence};

/// Frames that are kept: 1.4 seconds at 48 kHz.
const ROOM: usize = 1 << 16;

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Trail {
    /// Both sides of a frame in one word, so that they never come from different frames.
    frames: OnceLock<Box<[AtomicU64]>>,
    /// Frames that have been written.
    at: AtomicU64,
}

impl Trail {
    /// Writes so many frames. Audio thread; nothing where nobody has ever looked.
    pub fn put(&self, frames: usize, value: impl Fn(usize) -> [f32; 2]) {
        let Some(ring) = self.frames.get() else { return };
        let at = self.at.load(Relaxed);
        for frame in 0..frames {
            let [left, right] = value(frame).map(|x| u64::from(x.to_bits()));
            ring[(at as usize + frame) % ROOM].store(left << 32 | right, Relaxed);
        }
        self.at.store(at + frames as u64, Release);
    }

    /// Frames that have been written since somebody looked first. Never the audio thread: it may make the memory.
    pub fn written(&self) -> u64 {
        self.frames.get_or_init(|| (0..ROOM).map(|_| AtomicU64::new(0)).collect());
        self.at.load(Acquire)
    }

    /// Appends what was written from frame `from` on to `into`, left and right, and says where the next look begins. What has been
    /// overwritten meanwhile is left out: the frame of the first one is the second answer.
    pub fn read(&self, from: u64, into: &mut Vec<[f32; 2]>) -> (u64, u64) {
        let to = self.written();
        let Some(ring) = self.frames.get() else { return (to, to) };
        // A piece may be under way: leave it some room.
        let kept = ROOM as u64 - 1024;
        let first = from.clamp(to.saturating_sub(kept), to);
        let known = into.len();
        for frame in first..to {
            let both = ring[frame as usize % ROOM].load(Relaxed);
            into.push([both >> 32, both & u64::from(u32::MAX)].map(|bits| f32::from_bits(bits as u32)));
        }
        // Whatever was written over while it was read is no longer what it was.
        fence(Acquire);
        let lost = self.at.load(Relaxed).saturating_sub(ROOM as u64).saturating_sub(first);
        let lost = lost.min(to - first);
        into.drain(known..known + lost as usize);
        (to, first + lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trail_hands_over_every_frame_once_and_says_what_is_lost() {
        let trail = Trail::default();
        let value = |at: u64| move |frame: usize| [(at + frame as u64) as f32, -1.0];
        trail.put(10, value(0));
        assert_eq!(trail.written(), 0, "nobody looked yet");
        trail.put(10, value(0));
        trail.put(5, value(10));
        let mut heard = vec![];
        assert_eq!(trail.read(0, &mut heard), (15, 0));
        assert_eq!(heard, (0..15).map(|n| [n as f32, -1.0]).collect::<Vec<_>>());
        trail.put(3, value(15));
        heard.clear();
        assert_eq!(trail.read(15, &mut heard), (18, 15));
        assert_eq!(heard.iter().map(|x| x[0]).collect::<Vec<_>>(), [15.0, 16.0, 17.0]);
        for n in 0..2_000 {
            trail.put(64, value(18 + n * 64));
        }
        heard.clear();
        let (next, first) = trail.read(18, &mut heard);
        assert_eq!((next, first + heard.len() as u64), (18 + 128_000, next));
        assert!(first > 18 && heard[0][0] == first as f32, "{first}");
    }
}
