//! Where the frames of a file go: straight into it, into a spool beside it (where its level is only known at the end), or into memory.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use super::write::{Finished, Loudness, Target, Writer};

pub(super) enum Sink {
    File(Box<Writer>),
    Spool(Box<Spool>),
    Memory([Vec<f32>; 2]),
}

impl Sink {
    pub fn write(&mut self, sides: [&[f32]; 2]) -> io::Result<()> {
        match self {
            Sink::File(writer) => writer.write(sides, 1.0),
            Sink::Spool(spool) => spool.write(sides),
            Sink::Memory(kept) => {
                for (kept, side) in kept.iter_mut().zip(sides) {
                    kept.try_reserve(side.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
                    kept.extend_from_slice(side);
                }
                Ok(())
            }
        }
    }
}

/// Frames of floating point that wait beside a file for the gain with which they are written. Removed when it is dropped.
pub(super) struct Spool {
    target: Target,
    path: PathBuf,
    out: BufWriter<File>,
}

/// Frames that are copied at a time.
const BLOCK: usize = 8192;

impl Spool {
    pub fn create(target: Target) -> io::Result<Spool> {
        // What is wrong with the file itself is better known now than at the end.
        drop(Writer::create(target.clone())?);
        let mut path = target.path.as_os_str().to_owned();
        path.push(".spool");
        let path = PathBuf::from(path);
        let out = BufWriter::with_capacity(1 << 16, File::create(&path)?);
        Ok(Spool { target, path, out })
    }

    fn write(&mut self, sides: [&[f32]; 2]) -> io::Result<()> {
        for (left, right) in sides[0].iter().zip(sides[1]) {
            self.out.write_all(&left.to_bits().to_le_bytes())?;
            self.out.write_all(&right.to_bits().to_le_bytes())?;
        }
        Ok(())
    }

    /// Writes the file, times `gain`.
    pub fn finish(mut self, gain: f32, loudness: Option<Loudness>) -> io::Result<Finished> {
        self.out.flush()?;
        let mut writer = Writer::create(self.target.clone())?;
        let mut spool = BufReader::with_capacity(1 << 16, File::open(&self.path)?);
        let (mut bytes, mut sides) = (vec![0; 8 * BLOCK], [vec![], vec![]]);
        loop {
            let mut filled = 0;
            while filled < bytes.len() {
                match spool.read(&mut bytes[filled..])? {
                    0 => break,
                    more => filled += more,
                }
            }
            if filled == 0 {
                return writer.finish(loudness);
            }
            sides.iter_mut().for_each(Vec::clear);
            for frame in bytes[..filled].chunks_exact(8) {
                for (side, x) in sides.iter_mut().zip(frame.chunks_exact(4)) {
                    side.push(f32::from_le_bytes([x[0], x[1], x[2], x[3]]));
                }
            }
            writer.write([&sides[0], &sides[1]], gain)?;
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
