//! WAV: RIFF with 16 and 24 bit and 32-bit float; RF64 above 4 GB (EBU Tech 3306), the broadcast extension (EBU Tech 3285, version 2),
//! cue points with labels, loop points and tempo, and texts.

use std::io::{self, Seek, Write};

use super::tags::SOFTWARE;
use super::{Encode, End, Loudness, Out, Shape, Tags, pack, patch};

/// The most bytes that RIFF's sizes can say.
const LARGEST: u64 = u32::MAX as u64;
/// Where the place for RF64's sizes begins.
const RESERVE: u64 = 12;
/// Bytes of a broadcast extension without its history.
const BEXT: usize = 602;

pub(super) struct Wav {
    shape: Shape,
    broadcast: bool,
    /// Where `bext` has its loudness, and where the samples begin.
    loudness_at: u64,
    data_at: u64,
    /// The longest file that stays RIFF.
    largest: u64,
}

impl Wav {
    pub fn new(shape: Shape, broadcast: bool) -> Self {
        Self { shape, broadcast, loudness_at: 0, data_at: 0, largest: LARGEST }
    }

    #[cfg(test)]
    pub fn with_largest(mut self, largest: u64) -> Self {
        self.largest = largest;
        self
    }

    fn data_bytes(&self, frames: u64) -> u64 {
        frames * (self.shape.channels * self.shape.depth.bytes()) as u64
    }
}

impl Encode for Wav {
    fn begin(&mut self, out: &mut Out, tags: &Tags) -> io::Result<()> {
        let Shape { channels, rate, depth } = self.shape;
        let frame = channels * depth.bytes();
        out.write_all(b"RIFF\0\0\0\0WAVE")?;
        // Becomes `ds64` where the file becomes RF64.
        chunk(out, b"JUNK", &[0; 28])?;
        if self.broadcast {
            self.loudness_at = out.stream_position()? + 8 + 412;
            chunk(out, b"bext", &broadcast(tags))?;
        }
        let mut format = vec![];
        format.extend_from_slice(&(if depth.is_whole() { 1u16 } else { 3 }).to_le_bytes());
        format.extend_from_slice(&(channels as u16).to_le_bytes());
        format.extend_from_slice(&rate.to_le_bytes());
        format.extend_from_slice(&(rate * frame as u32).to_le_bytes());
        format.extend_from_slice(&(frame as u16).to_le_bytes());
        format.extend_from_slice(&(depth.bytes() as u16 * 8).to_le_bytes());
        chunk(out, b"fmt ", &format)?;
        if !depth.is_whole() {
            chunk(out, b"fact", &[0; 4])?;
        }
        out.write_all(b"data\0\0\0\0")?;
        self.data_at = out.stream_position()?;
        Ok(())
    }

    fn words(&mut self, out: &mut Out, words: &[i32]) -> io::Result<()> {
        pack(words, self.shape.depth.bytes(), false, out)
    }

    fn begin_of_samples(&self) -> Option<u64> {
        Some(self.data_at)
    }

    fn finish(&mut self, out: &mut Out, end: &End) -> io::Result<()> {
        let data = self.data_bytes(end.frames);
        out.write_all(&[0][..(data % 2) as usize])?;
        behind(out, end.tags, self.shape.rate)?;
        let whole = out.stream_position()? - 8;
        let large = whole > self.largest;
        // RF64 says the sizes elsewhere.
        let small = |size: u64| if large { u32::MAX } else { size as u32 }.to_le_bytes();
        if large {
            patch(out, 0, b"RF64")?;
            let mut sizes = b"ds64\x1c\0\0\0".to_vec();
            [whole, data, end.frames].iter().for_each(|size| sizes.extend_from_slice(&size.to_le_bytes()));
            sizes.extend_from_slice(&[0; 4]);
            patch(out, RESERVE, &sizes)?;
        }
        patch(out, 4, &small(whole))?;
        patch(out, self.data_at - 4, &small(data))?;
        if !self.shape.depth.is_whole() {
            patch(out, self.data_at - 12, &small(end.frames))?;
        }
        if let Some(loudness) = end.loudness.filter(|_| self.broadcast) {
            patch(out, self.loudness_at, &measured(&loudness))?;
        }
        Ok(())
    }
}

fn chunk(out: &mut impl Write, name: &[u8; 4], body: &[u8]) -> io::Result<()> {
    out.write_all(name)?;
    out.write_all(&(body.len() as u32).to_le_bytes())?;
    out.write_all(body)?;
    out.write_all(&[0][..body.len() % 2])
}

/// The broadcast extension, with loudness not yet known.
fn broadcast(tags: &Tags) -> Vec<u8> {
    let mut body = vec![0u8; BEXT];
    let mut text = |at: usize, most: usize, text: &str| {
        let plain: Vec<u8> =
            text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' }).take(most).collect();
        body[at..at + plain.len()].copy_from_slice(&plain);
    };
    text(0, 256, tags.comment.as_deref().or(tags.title.as_deref()).unwrap_or_default());
    text(256, 32, tags.artist.as_deref().unwrap_or(SOFTWARE));
    body[338..346].copy_from_slice(&tags.origin.to_le_bytes());
    body[346..348].copy_from_slice(&2u16.to_le_bytes());
    body[412..422].copy_from_slice(&measured(&Loudness { integrated: None, range: None, true_peak: None }));
    body
}

/// Hundredths of loudness, range, true peak, and of the momentary and short-term maxima, which are not measured.
fn measured(loudness: &Loudness) -> [u8; 10] {
    let Loudness { integrated, range, true_peak } = *loudness;
    let mut bytes = [0; 10];
    for (place, value) in bytes.chunks_exact_mut(2).zip([integrated, range, true_peak, None, None]) {
        let number = value.filter(|x| x.is_finite()).map_or(i16::MAX, |x| (x * 100.0).round() as i16);
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

/// What stands behind the samples.
fn behind(out: &mut Out, tags: &Tags, rate: u32) -> io::Result<()> {
    let numbers = |all: &[u32]| -> Vec<u8> { all.iter().flat_map(|n| n.to_le_bytes()).collect() };
    let place = |frame: u64| u32::try_from(frame).unwrap_or(u32::MAX);
    if !tags.markers.is_empty() {
        let mut cues = numbers(&[tags.markers.len() as u32]);
        let mut labels = b"adtl".to_vec();
        for (id, marker) in (1..).zip(&tags.markers) {
            cues.extend(numbers(&[id, place(marker.frame)]));
            cues.extend_from_slice(b"data");
            cues.extend(numbers(&[0, 0, place(marker.frame)]));
            let mut label = numbers(&[id]);
            label.extend_from_slice(marker.name.as_bytes());
            label.push(0);
            chunk(&mut labels, b"labl", &label)?;
        }
        chunk(out, b"cue ", &cues)?;
        chunk(out, b"LIST", &labels)?;
    }
    if let Some((first, behind)) = tags.looped {
        let period = (1e9 / f64::from(rate)).round() as u32;
        let head = [0, 0, period, 60, 0, 0, 0, 1, 0];
        // Round and round; its last frame is part of it.
        let round = [0, 0, place(first), place(behind.saturating_sub(1)), 0, 0];
        chunk(out, b"smpl", &[numbers(&head), numbers(&round)].concat())?;
    }
    if let Some(bpm) = tags.bpm {
        // Tempo as loop-based programs read it: no root note, 4/4, and how many beats there are is left to them.
        let mut body = numbers(&[if tags.looped.is_some() { 0 } else { 1 }]);
        body.extend_from_slice(&[60, 0, 0, 0, 0, 0, 0, 0]);
        body.extend_from_slice(&numbers(&[0]));
        body.extend_from_slice(&[4, 0, 4, 0]);
        body.extend_from_slice(&(bpm as f32).to_le_bytes());
        chunk(out, b"acid", &body)?;
    }
    let mut info = b"INFO".to_vec();
    let known =
        [(b"INAM", &tags.title), (b"IART", &tags.artist), (b"ICMT", &tags.comment), (b"IKEY", &tags.key)];
    let known = known.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)));
    for (name, text) in known.chain([(b"ISFT", SOFTWARE)]) {
        chunk(&mut info, name, &[text.as_bytes(), &[0]].concat())?;
    }
    chunk(out, b"LIST", &info)
}
