//! Audio files, streamed: samples are written as they come, with flat memory, to a temporary name beside the wanted one; only
//! [`Finished::keep`] gives the file its name, so that nobody ever sees half a file. Any thread but the audio thread.

mod aiff;
mod flac;
mod quantise;
mod tags;
mod wav;

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use quantise::Quantiser;
pub use tags::{Loudness, Marker, Tags};

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    Int16,
    Int24,
    Float32,
}

impl Depth {
    /// Bytes of a sample.
    pub fn bytes(self) -> usize {
        match self {
            Depth::Int16 => 2,
            Depth::Int24 => 3,
            Depth::Float32 => 4,
        }
    }

    /// Whole numbers, which clip above 0 dBFS.
    pub fn is_whole(self) -> bool {
        self != Depth::Float32
    }
}

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// RIFF, and RF64 where it is longer than 4 GB.
    Wav,
    /// The same with the broadcast extension.
    Bwf,
    /// AIFF, and AIFF-C for floating point.
    Aiff,
    Flac,
}

impl Container {
    /// The usual end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Container::Wav | Container::Bwf => "wav",
            Container::Aiff => "aiff",
            Container::Flac => "flac",
        }
    }

    fn encoder(self, shape: Shape) -> io::Result<Box<dyn Encode>> {
        Ok(match self {
            Container::Wav | Container::Bwf => Box::new(wav::Wav::new(shape, self == Container::Bwf)),
            Container::Aiff => Box::new(aiff::Aiff::new(shape)),
            Container::Flac => Box::new(flac::Flac::new(shape)?),
        })
    }
}

/// What the samples of a file are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// 1 or 2.
    pub channels: usize,
    /// Frames per second.
    pub rate: u32,
    pub depth: Depth,
}

/// A file to be written.
#[derive(Clone, Debug)]
pub struct Target {
    pub path: PathBuf,
    pub container: Container,
    pub shape: Shape,
    /// Seed of the dither (triangular, two quanta wide) of whole numbers; none: they are rounded.
    pub dither: Option<u64>,
    pub tags: Tags,
}

type Out = BufWriter<File>;

/// A file format, from the first byte to the last. Samples come interleaved, as words: a whole number, or the bits of a float.
trait Encode: Send {
    fn begin(&mut self, out: &mut Out, tags: &Tags) -> io::Result<()>;
    fn words(&mut self, out: &mut Out, words: &[i32]) -> io::Result<()>;
    /// What stands behind the samples, and what is only known now.
    fn finish(&mut self, out: &mut Out, end: &End) -> io::Result<()>;
    /// Where samples begin, in formats that have nothing but those up to the file's end.
    fn begin_of_samples(&self) -> Option<u64> {
        None
    }
}

/// What is known at the end.
struct End<'a> {
    frames: u64,
    tags: &'a Tags,
    loudness: Option<Loudness>,
}

/// A file that is being written. Dropped, it leaves nothing behind.
pub struct Writer {
    target: Target,
    part: Part,
    out: Out,
    encoder: Box<dyn Encode>,
    quantiser: Quantiser,
    words: Vec<i32>,
    frames: u64,
}

/// The temporary file; removed unless it is kept.
struct Part {
    path: PathBuf,
    kept: bool,
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of the file system, and shapes that the format does not know.
    pub fn create(target: Target) -> io::Result<Writer> {
        let mut encoder = target.container.encoder(target.shape)?;
        if target.path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "there is a folder of this name"));
        }
        let mut path = target.path.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let file = File::create(&path)?;
        let part = Part { path, kept: false };
        let mut out = BufWriter::with_capacity(1 << 16, file);
        encoder.begin(&mut out, &target.tags)?;
        let quantiser = Quantiser::new(target.shape, target.dither);
        Ok(Writer { target, part, out, encoder, quantiser, words: vec![], frames: 0 })
    }

    /// The name that the file is going to have.
    pub fn path(&self) -> &Path {
        &self.target.path
    }

    /// Writes frames: left and right, of one length, times `gain`. A mono file takes the left ones.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&mut self, sides: [&[f32]; 2], gain: f32) -> io::Result<()> {
        self.words.clear();
        self.quantiser.words(sides, gain, &mut self.words);
        self.frames += sides[0].len() as u64;
        self.encoder.words(&mut self.out, &self.words)
    }

    /// Hands everything so far to the system.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Completes the file, which still has its temporary name. Samples that whole numbers could not hold are counted.
    ///
    /// # Errors
    /// Those of the file system, and lengths that the format cannot say.
    pub fn finish(mut self, loudness: Option<Loudness>) -> io::Result<Finished> {
        let end = End { frames: self.frames, tags: &self.target.tags, loudness };
        self.encoder.finish(&mut self.out, &end)?;
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        Ok(Finished { path: self.target.path, part: self.part, clipped: self.quantiser.clipped() })
    }
}

/// Bytes at the end of a file for which a disk without room gives up its last samples.
const SPARE: u64 = 512;

impl Writer {
    /// Completes a WAV file that cannot grow any more: it has all that the disk has taken, but for the last few frames, which make room
    /// for its end. Returns how many frames those are.
    ///
    /// # Errors
    /// Those of the file system; other formats cannot be ended so.
    pub fn rescue(self) -> io::Result<(Finished, u64)> {
        let Writer { target, part, out, mut encoder, quantiser, .. } = self;
        let Shape { channels, depth, .. } = target.shape;
        let begin = encoder.begin_of_samples().ok_or(io::ErrorKind::Unsupported)?;
        // What has not been written is lost.
        let (mut file, _) = out.into_parts();
        let frame = (channels * depth.bytes()) as u64;
        let room = file.metadata()?.len().saturating_sub(begin + SPARE);
        let frames = room / frame;
        file.set_len(begin + frames * frame)?;
        file.seek(SeekFrom::End(0))?;
        let mut out = BufWriter::new(file);
        encoder.finish(&mut out, &End { frames, tags: &Tags::default(), loudness: None })?;
        out.flush()?;
        Ok((Finished { path: target.path, part, clipped: quantiser.clipped() }, frames))
    }
}

/// A complete file, still under its temporary name. Dropped, it leaves nothing behind.
pub struct Finished {
    pub path: PathBuf,
    /// Samples that were cut to full scale.
    pub clipped: u64,
    part: Part,
}

impl Finished {
    /// Gives the file its name.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn keep(mut self) -> io::Result<PathBuf> {
        fs::rename(&self.part.path, &self.path)?;
        self.part.kept = true;
        Ok(self.path.clone())
    }
}

/// Bytes of words, low ones first or high ones first.
fn pack(words: &[i32], bytes: usize, high_first: bool, out: &mut impl Write) -> io::Result<()> {
    let mut buffer = [0u8; 4096];
    for words in words.chunks(buffer.len() / bytes) {
        for (place, word) in buffer.chunks_exact_mut(bytes).zip(words) {
            match high_first {
                false => place.copy_from_slice(&word.to_le_bytes()[..bytes]),
                true => place.copy_from_slice(&word.to_be_bytes()[4 - bytes..]),
            }
        }
        out.write_all(&buffer[..words.len() * bytes])?;
    }
    Ok(())
}

/// Writes over something that was written before, and comes back.
fn patch(out: &mut Out, at: u64, bytes: &[u8]) -> io::Result<()> {
    let here = out.stream_position()?;
    out.seek(SeekFrom::Start(at))?;
    out.write_all(bytes)?;
    out.seek(SeekFrom::Start(here))?;
    Ok(())
}

/// Writes `channels` (one or two, of one length) as a WAV file, without dither.
///
/// # Errors
/// Those of the file system.
pub fn write_wav(path: &Path, channels: &[&[f32]], rate: u32, depth: Depth) -> io::Result<()> {
    let shape = Shape { channels: channels.len().min(2), rate, depth };
    let (path, tags) = (path.to_path_buf(), Tags::default());
    let mut writer = Writer::create(Target { path, container: Container::Wav, shape, dither: None, tags })?;
    let left = channels.first().copied().unwrap_or(&[]);
    writer.write([left, channels.get(1).copied().unwrap_or(left)], 1.0)?;
    writer.finish(None)?.keep()?;
    Ok(())
}

#[cfg(test)]
mod tests;
