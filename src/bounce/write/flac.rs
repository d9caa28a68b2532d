//! FLAC (RFC 9639) with 16 and 24 bit: the frames come from `flacenc`, the head is written here, so that nothing but a block is kept.

use std::io::{self, Write};

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::config::Encoder;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

use super::{Depth, Encode, End, Out, Shape, Tags, patch};

/// Frames of a block.
const BLOCK: usize = 4096;
/// The highest rate that the encoder knows, and a rate that no block's head can say: readers take it from the file's head then.
const HIGHEST: u32 = 96_000;
const UNSAID: u32 = 70_001;

pub(super) struct Flac {
    shape: Shape,
    config: Verified<Encoder>,
    info: StreamInfo,
    /// The digest of all samples.
    context: Context,
    block: FrameBuf,
    sink: ByteSink,
    waiting: Vec<i32>,
    blocks: usize,
    /// Fewest and most bytes of a block.
    sizes: [u32; 2],
}

fn fault(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("cannot be written as FLAC ({error})"))
}

impl Flac {
    pub fn new(shape: Shape) -> io::Result<Self> {
        let bits = match shape.depth {
            Depth::Int16 => 16,
            Depth::Int24 => 24,
            Depth::Float32 => return Err(io::Error::other("FLAC holds 16 or 24 bits, not floating point")),
        };
        let rate = if shape.rate > HIGHEST { UNSAID } else { shape.rate };
        Ok(Self {
            shape,
            config: Encoder::default().into_verified().map_err(|(_, e)| fault(e))?,
            info: StreamInfo::new(rate as usize, shape.channels, bits).map_err(fault)?,
            context: Context::new(bits, shape.channels),
            block: FrameBuf::with_size(shape.channels, BLOCK).map_err(fault)?,
            sink: ByteSink::new(),
            waiting: vec![],
            blocks: 0,
            sizes: [0xff_ffff, 0],
        })
    }

    fn encode(&mut self, out: &mut Out, words: &[i32]) -> io::Result<()> {
        self.context.fill_interleaved(words).map_err(fault)?;
        self.block.fill_interleaved(words).map_err(fault)?;
        let frame = flacenc::encode_fixed_size_frame(&self.config, &self.block, self.blocks, &self.info);
        self.sink.clear();
        frame.map_err(fault)?.write(&mut self.sink).map_err(fault)?;
        let bytes = self.sink.as_slice();
        self.blocks += 1;
        self.sizes = [self.sizes[0].min(bytes.len() as u32), self.sizes[1].max(bytes.len() as u32)];
        out.write_all(bytes)
    }

    /// The body of STREAMINFO.
    fn head(&self, frames: u64) -> Vec<u8> {
        let Shape { channels, rate, depth } = self.shape;
        let mut head = [(BLOCK as u16).to_be_bytes(); 2].concat();
        // No block: sizes are not known.
        let sizes = if self.blocks == 0 { [0; 2] } else { self.sizes };
        sizes.iter().for_each(|size| head.extend_from_slice(&size.to_be_bytes()[1..]));
        let bits = depth.bytes() as u64 * 8;
        let packed = u64::from(rate) << 44 | (channels as u64 - 1) << 41 | (bits - 1) << 36;
        // A length that cannot be said is said not to be known.
        head.extend_from_slice(&(packed | if frames < 1 << 36 { frames } else { 0 }).to_be_bytes());
        head.extend_from_slice(&self.context.md5_digest());
        head
    }
}

impl Encode for Flac {
    fn begin(&mut self, out: &mut Out, tags: &Tags) -> io::Result<()> {
        out.write_all(b"fLaC")?;
        out.write_all(&[0, 0, 0, 34])?;
        out.write_all(&[0; 34])?;
        let counted = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
        let mut lines = tags.comments();
        lines.extend(places(tags, self.shape.rate));
        let mut comments = counted(super::tags::SOFTWARE);
        comments.extend_from_slice(&(lines.len() as u32).to_le_bytes());
        lines.iter().for_each(|(name, value)| comments.extend(counted(&format!("{name}={value}"))));
        let length = (comments.len() as u32).to_be_bytes();
        // The last block before the frames: the highest bit.
        out.write_all(&[0x84, length[1], length[2], length[3]])?;
        out.write_all(&comments)
    }

    fn words(&mut self, out: &mut Out, words: &[i32]) -> io::Result<()> {
        let block = BLOCK * self.shape.channels;
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut rest = words;
        while waiting.len() + rest.len() >= block {
            let (now, later) = rest.split_at(block - waiting.len());
            waiting.extend_from_slice(now);
            self.encode(out, &waiting)?;
            waiting.clear();
            rest = later;
        }
        waiting.extend_from_slice(rest);
        self.waiting = waiting;
        Ok(())
    }

    fn finish(&mut self, out: &mut Out, end: &End) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            self.encode(out, &waiting)?;
        }
        let head = self.head(end.frames);
        patch(out, 8, &head)
    }
}

/// Markers as chapters, and loop points, as comments.
fn places(tags: &Tags, rate: u32) -> Vec<(String, String)> {
    let mut lines = vec![];
    for (n, marker) in (1..).zip(&tags.markers) {
        let milliseconds = (marker.frame as f64 * 1000.0 / f64::from(rate)).round() as u64;
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
        let clock = format!("{:02}:{:02}:{:02}.{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        lines.push((format!("CHAPTER{n:03}"), clock));
        lines.push((format!("CHAPTER{n:03}NAME"), marker.name.clone()));
    }
    if let Some((from, to)) = tags.looped {
        lines.push(("LOOPSTART".into(), from.to_string()));
        lines.push(("LOOPLENGTH".into(), to.saturating_sub(from).to_string()));
    }
    lines
}
