//! AIFF with 16 and 24 bit, AIFF-C with 32-bit float; markers, loop points, and texts.

use std::io::{self, Seek, Write};

use super::tags::SOFTWARE;
use super::{Encode, End, Out, Shape, Tags, pack, patch};

pub(super) struct Aiff {
    shape: Shape,
    /// Where `COMM` has the number of frames, and where the samples begin.
    frames_at: u64,
    data_at: u64,
}

impl Aiff {
    pub fn new(shape: Shape) -> Self {
        Self { shape, frames_at: 0, data_at: 0 }
    }
}

impl Encode for Aiff {
    fn begin(&mut self, out: &mut Out, _: &Tags) -> io::Result<()> {
        let Shape { channels, rate, depth } = self.shape;
        out.write_all(b"FORM\0\0\0\0")?;
        out.write_all(if depth.is_whole() { b"AIFF" } else { b"AIFC" })?;
        if !depth.is_whole() {
            chunk(out, b"FVER", &0xa280_5140u32.to_be_bytes())?;
        }
        let mut common = (channels as u16).to_be_bytes().to_vec();
        self.frames_at = out.stream_position()? + 10;
        common.extend_from_slice(&[0; 4]);
        common.extend_from_slice(&(depth.bytes() as u16 * 8).to_be_bytes());
        common.extend_from_slice(&extended(rate));
        if !depth.is_whole() {
            common.extend_from_slice(b"fl32\x0bIEEE 32-bit");
        }
        chunk(out, b"COMM", &common)?;
        out.write_all(b"SSND\0\0\0\0\0\0\0\0\0\0\0\0")?;
        self.data_at = out.stream_position()?;
        Ok(())
    }

    fn words(&mut self, out: &mut Out, words: &[i32]) -> io::Result<()> {
        pack(words, self.shape.depth.bytes(), true, out)
    }

    fn finish(&mut self, out: &mut Out, end: &End) -> io::Result<()> {
        let data = end.frames * (self.shape.channels * self.shape.depth.bytes()) as u64;
        out.write_all(&[0][..(data % 2) as usize])?;
        behind(out, end.tags)?;
        let whole = out.stream_position()? - 8;
        let too_long = || io::Error::other("longer than an AIFF file can be (4 GB): write WAV or FLAC");
        let small = |size: u64| u32::try_from(size).map(u32::to_be_bytes).map_err(|_| too_long());
        patch(out, 4, &small(whole)?)?;
        patch(out, self.frames_at, &small(end.frames)?)?;
        patch(out, self.data_at - 12, &small(data + 8)?)
    }
}

fn chunk(out: &mut impl Write, name: &[u8; 4], body: &[u8]) -> io::Result<()> {
    out.write_all(name)?;
    out.write_all(&(body.len() as u32).to_be_bytes())?;
    out.write_all(body)?;
    out.write_all(&[0][..body.len() % 2])
}

/// A whole number as an 80-bit float.
fn extended(x: u32) -> [u8; 10] {
    let mut bytes = [0; 10];
    let shift = x.max(1).leading_zeros();
    bytes[..2].copy_from_slice(&(16_383 + 31 - shift as u16).to_be_bytes());
    bytes[2..6].copy_from_slice(&(x << shift).to_be_bytes());
    bytes
}

/// What stands behind the samples.
fn behind(out: &mut Out, tags: &Tags) -> io::Result<()> {
    let place = |frame: u64| u32::try_from(frame).unwrap_or(u32::MAX);
    let mut marks: Vec<(u32, &str)> =
        tags.markers.iter().map(|m| (place(m.frame), m.name.as_str())).collect();
    let first = marks.len() as u16 + 1;
    if let Some((from, to)) = tags.looped {
        marks.extend([(place(from), "loop"), (place(to), "end of loop")]);
    }
    if !marks.is_empty() {
        let mut body = (marks.len() as u16).to_be_bytes().to_vec();
        for (id, (frame, name)) in (1u16..).zip(&marks) {
            let name = &name.as_bytes()[..name.floor_char_boundary(255)];
            body.extend_from_slice(&id.to_be_bytes());
            body.extend_from_slice(&frame.to_be_bytes());
            body.push(name.len() as u8);
            body.extend_from_slice(name);
            // Counted texts fill whole words.
            body.extend_from_slice(&[0][..(name.len() + 1) % 2]);
        }
        chunk(out, b"MARK", &body)?;
    }
    if tags.looped.is_some() {
        // Middle C over the whole keyboard, and a sustain loop between the last two markers.
        let mut body = vec![60, 0, 0, 127, 1, 127, 0, 0];
        [1, first, first + 1, 0, 0, 0].iter().for_each(|x: &u16| body.extend_from_slice(&x.to_be_bytes()));
        chunk(out, b"INST", &body)?;
    }
    let note = tags.comment.clone().into_iter();
    let note = note.chain(tags.bpm.map(|bpm| format!("{bpm} bpm"))).chain(tags.key.clone());
    for (name, text) in [(b"NAME", &tags.title), (b"AUTH", &tags.artist)] {
        if let Some(text) = text {
            chunk(out, name, text.as_bytes())?;
        }
    }
    for text in note.chain([SOFTWARE.to_owned()]) {
        chunk(out, b"ANNO", text.as_bytes())?;
    }
    Ok(())
}
