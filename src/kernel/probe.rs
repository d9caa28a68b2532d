//! A test bench for kernels: builds one from its table entry, feeds it, renders it in pieces of any length, width and instruction
//! set, and holds every kernel to the same laws. Tests only.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use super::tape::Tape;
use super::{
    Audio, Build, Controls, Fixed, Inputs, Isa, Pass, Piece, Port, Song, Source, Start, StripPlace, TILE,
    Tile, Width,
};
use crate::nodes::{NodeDef, Runs};
use crate::quality::Quality;
use crate::spec::{Channels, Default, Ends, ParamKind};

/// Counts this thread's allocations, so that a test can show that rendering makes none.
pub struct Counting;

thread_local!(static COUNT: Cell<usize> = const { Cell::new(0) });

// SAFETY: everything is handed to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|c| c.set(c.get() + 1));
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|c| c.set(c.get() + 1));
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        let _ = COUNT.try_with(|c| c.set(c.get() + 1));
        // SAFETY: as above.
        unsafe { System.dealloc(p, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many times this thread has allocated or freed.
pub fn allocations() -> usize {
    COUNT.with(Cell::get)
}

type Shape = Rc<dyn Fn(usize, usize, u64) -> f32>;

/// What an input receives.
#[derive(Clone)]
enum Feed {
    /// A value per lane.
    Slot(Rc<dyn Fn(usize) -> f32>),
    /// A value per lane, channel and frame, and the frame at which it ends.
    Frames { value: Shape, channels: usize, end: Option<u64> },
}

/// One kernel on the bench.
#[derive(Clone)]
pub struct Probe {
    def: &'static NodeDef,
    feeds: Vec<(&'static str, Vec<Feed>)>,
    fixed: Vec<(&'static str, Fixed)>,
    pub lanes: usize,
    pub width: Width,
    pub isa: Isa,
    pub rate: f64,
    pub quality: Quality,
    pub at: u64,
    pub seed: u64,
    pub duration: Option<f64>,
    pub channels: Option<usize>,
    pub audio: Option<Arc<Audio>>,
    /// Frames of the tape of a `buffer`.
    pub tape: usize,
    pub band_limited: bool,
    /// Where a strip of the mixer stands.
    pub strip: Option<StripPlace>,
    /// Lengths of the passes, repeated; passes also end at multiples of 64.
    pub cuts: Vec<usize>,
    /// Lane `k` starts this many frames after the first lane, times `k`.
    pub stagger: u64,
    first: usize,
}

/// What came out.
#[derive(Clone, PartialEq)]
pub struct Out {
    /// `[channel][lane][frame]`
    pub frames: Vec<Vec<Vec<f32>>>,
    /// Per lane, the frame at which it ended.
    pub ends: Vec<Option<usize>>,
    pub allocations: usize,
    pub flat: usize,
}

impl Out {
    pub fn mono(&self) -> &[f32] {
        &self.frames[0][0]
    }
    fn lane_bits(&self, lane: usize) -> Vec<Vec<u32>> {
        self.frames.iter().map(|c| c[lane].iter().map(|x| x.to_bits()).collect()).collect()
    }
}

impl Probe {
    pub fn new(def: &'static NodeDef) -> Probe {
        Probe {
            def,
            feeds: Vec::new(),
            fixed: Vec::new(),
            lanes: 1,
            width: Width::One,
            isa: Isa::processor(),
            rate: 44100.0,
            quality: Quality::Normal,
            at: 0,
            seed: 7,
            duration: None,
            channels: None,
            audio: None,
            tape: 0,
            band_limited: false,
            strip: None,
            cuts: vec![64],
            stagger: 0,
            first: 0,
        }
    }
    fn feed(mut self, name: &'static str, feeds: Vec<Feed>) -> Self {
        assert!(self.def.spec.param(name).is_some(), "no parameter {name}");
        self.feeds.retain(|(n, _)| *n != name);
        self.feeds.push((name, feeds));
        self
    }
    pub fn set(self, name: &'static str, x: f32) -> Self {
        self.feed(name, vec![Feed::Slot(Rc::new(move |_| x))])
    }
    pub fn lanes_of(self, name: &'static str, f: impl Fn(usize) -> f32 + 'static) -> Self {
        self.feed(name, vec![Feed::Slot(Rc::new(f))])
    }
    pub fn list(self, name: &'static str, values: &[f32]) -> Self {
        let feeds = values.iter().map(|&x| Feed::Slot(Rc::new(move |_| x))).collect();
        self.feed(name, feeds)
    }
    /// A value per lane and frame.
    pub fn signal(self, name: &'static str, f: impl Fn(usize, u64) -> f32 + 'static) -> Self {
        self.ending(name, None, f)
    }
    pub fn ending(
        self,
        name: &'static str,
        end: Option<u64>,
        f: impl Fn(usize, u64) -> f32 + 'static,
    ) -> Self {
        self.feed(name, vec![Feed::Frames { value: Rc::new(move |l, _, n| f(l, n)), channels: 1, end }])
    }
    /// A value per lane, channel and frame.
    pub fn stereo(self, name: &'static str, f: impl Fn(usize, usize, u64) -> f32 + 'static) -> Self {
        self.feed(name, vec![Feed::Frames { value: Rc::new(f), channels: 2, end: None }])
    }
    pub fn number(mut self, name: &'static str, x: f64) -> Self {
        self.fixed.push((name, Fixed::Number(x)));
        self
    }
    pub fn fixed(mut self, name: &'static str, x: Fixed) -> Self {
        self.fixed.push((name, x));
        self
    }
    pub fn with(mut self, f: impl FnOnce(&mut Self)) -> Self {
        f(&mut self);
        self
    }

    pub fn render(&self, frames: usize) -> Out {
        let spec = &self.def.spec;
        let (mut inputs, mut feeds) = (Vec::new(), Vec::new());
        for p in spec.params {
            let start = feeds.len();
            let written = self.feeds.iter().find(|(n, _)| *n == p.name);
            let port = matches!(
                p.kind,
                ParamKind::Signal(_) | ParamKind::Formula | ParamKind::Pair | ParamKind::Signals
            );
            let slot = |x: f64| Feed::Slot(Rc::new(move |_| x as f32));
            match (written, p.default) {
                (Some((_, f)), _) => feeds.extend(f.iter().cloned()),
                (None, Default::Number(x)) if port => feeds.push(slot(x)),
                (None, Default::Pair(a, b)) if port => feeds.extend([slot(a), slot(b)]),
                (None, Default::Required) if matches!(self.def.runs, Runs::Ahead(_)) => {}
                (None, Default::Required) => {
                    assert!(self.fixed.iter().any(|(n, _)| *n == p.name) || !port, "{} is required", p.name)
                }
                _ => {}
            }
            inputs.push(Inputs { ports: start..feeds.len(), given: written.is_some() });
        }
        let fixed: Vec<Option<Fixed>> = spec
            .params
            .iter()
            .map(|p| self.fixed.iter().rev().find(|(n, _)| *n == p.name).map(|(_, f)| f.clone()))
            .collect();
        let input_channels: Vec<usize> =
            feeds.iter().map(|f| if let Feed::Frames { channels, .. } = f { *channels } else { 1 }).collect();
        let channels = self.channels.unwrap_or(match spec.channels {
            Channels::Mono => 1,
            Channels::Stereo => 2,
            Channels::AsFile if self.audio.is_some() => self.audio.as_ref().map_or(1, |a| a.channels.len()),
            Channels::AsFile | Channels::AsInputs | Channels::StereoWith(_) => {
                input_channels.iter().copied().max().unwrap_or(1)
            }
        });
        let (Runs::Kernel(make) | Runs::Ahead(make)) = self.def.runs else {
            panic!("{} is no kernel", spec.name)
        };
        let tapes: Vec<Arc<Tape>> =
            (0..self.lanes).map(|_| Arc::new(Tape::new(self.tape, channels, None))).collect();
        let build = Build {
            spec,
            inputs: &inputs,
            fixed: &fixed,
            named: &[],
            ports: feeds.len(),
            lanes: self.lanes,
            channels,
            input_channels: &input_channels,
            constants: &[],
            song: false,
            rate: self.rate,
            quality: self.quality,
            duration: self.duration,
            seed: self.seed,
            audio: self.audio.clone(),
            folder: &[],
            tapes: &tapes,
            outbox: &Arc::default(),
            band_limited: self.band_limited,
            strip: self.strip,
            memory: &super::Memory::new(1 << 30),
        };
        let mut kernel = make(&build).unwrap_or_else(|e| panic!("{}: {e}", spec.name));

        let width = self.width as usize;
        let mut slots = Tile::new((feeds.len() * self.lanes).div_ceil(TILE).max(1));
        let mut tiles: Vec<_> = (0..feeds.len() * 2).map(|_| Box::new(Tile::new(width))).collect();
        let ports: Vec<Port> = feeds
            .iter()
            .enumerate()
            .map(|(i, f)| match f {
                Feed::Slot(value) => {
                    for lane in 0..self.lanes {
                        slots.floats_mut()[i * self.lanes + lane] = value(self.first + lane);
                    }
                    Port::mono(Source::Slot(i as u32))
                }
                Feed::Frames { channels, .. } => Port {
                    left: Source::Tile(2 * i as u32),
                    right: Source::Tile((2 * i + channels - 1) as u32),
                },
            })
            .collect();
        let mut outputs: Vec<_> = (0..channels).map(|_| Box::new(Tile::new(width))).collect();
        let mut out = Out {
            frames: vec![vec![Vec::with_capacity(frames); self.lanes]; channels],
            ends: vec![None; self.lanes],
            allocations: 0,
            flat: 0,
        };
        let end_port = match spec.ends {
            Ends::With(name) => inputs[spec.param(name).expect("declared").0].ports.clone().next(),
            _ => None,
        };
        let starts: Vec<u64> =
            (0..self.lanes).map(|l| self.at + self.stagger * (self.first + l) as u64).collect();
        let mut ages = vec![0; self.lanes];
        let controls = Controls::default();
        let (mut now, mut cut) = (self.at, 0);
        while now < self.at + frames as u64 {
            let mut n =
                self.cuts[cut % self.cuts.len()].clamp(1, TILE).min(TILE - (now % TILE as u64) as usize);
            n = n.min((self.at + frames as u64 - now) as usize);
            cut += 1;
            for (lane, &start) in starts.iter().enumerate() {
                if start > now {
                    n = n.min((start - now) as usize);
                }
                if start == now {
                    kernel.start(lane, Start { at: now, voice: 1 + (self.first + lane) as u64 });
                }
                ages[lane] = now.saturating_sub(start);
            }
            for lane in (0..self.lanes).step_by(width) {
                for (i, f) in feeds.iter().enumerate() {
                    let Feed::Frames { value, channels, end } = f else { continue };
                    for c in 0..*channels {
                        let tile = &mut tiles[2 * i + c];
                        tile.flat = false;
                        for k in 0..width {
                            let left =
                                end.map_or(n as u64, |e| (self.at + e).saturating_sub(now)).min(n as u64);
                            tile.ends[k] = left as u8;
                            for m in 0..n {
                                let x = value(self.first + lane + k, c, now - self.at + m as u64);
                                tile.floats_mut()[m * width + k] = if (m as u64) < left { x } else { 0.0 };
                            }
                        }
                    }
                }
                for t in &mut outputs {
                    t.floats_mut().fill(f32::NAN);
                    t.ends = [255; 32];
                }
                let before = allocations();
                let piece = Piece {
                    at: now,
                    frames: n,
                    song: Song::default(),
                    events: &[],
                    block_frame: 0,
                    controls: &controls,
                    sidechain: [&[], &[]],
                };
                let mut pass = Pass {
                    piece: &piece,
                    isa: self.isa,
                    width: self.width,
                    frames: n,
                    rate: self.rate,
                    sparse: false,
                    lane,
                    ages: &ages,
                    draws: &ages,
                    draws_by_song: false,
                    inputs: &ports,
                    tiles: &tiles,
                    slots: slots.floats(),
                    lanes: self.lanes,
                    outputs: &mut outputs,
                };
                kernel.render(&mut pass);
                out.allocations += allocations() - before;
                out.flat += usize::from(outputs.iter().all(|o| o.flat));
                let ends = match (spec.ends, end_port.map(|p| ports[p].left)) {
                    (Ends::Own, _) => outputs[0].ends,
                    (_, Some(Source::Tile(t))) => tiles[t as usize].ends,
                    _ => [n as u8; 32],
                };
                for k in 0..width {
                    let end = ends[k] as usize;
                    assert!(end <= n, "{}: end not written", spec.name);
                    if end < n && now >= starts[lane + k] {
                        let at = (now - starts[lane + k]) as usize + end;
                        out.ends[lane + k].get_or_insert(at);
                    }
                    for (c, tile) in outputs.iter().enumerate() {
                        for m in 0..n {
                            let x = tile.floats()[if tile.flat { k } else { m * width + k }];
                            let x = if m < end { x } else { 0.0 };
                            if now >= starts[lane + k] {
                                out.frames[c][lane + k].push(x);
                            }
                        }
                    }
                }
            }
            now += n as u64;
        }
        out
    }

    /// Renders `frames` and holds the kernel to the laws: any passes, widths and instruction sets give the same bits, and
    /// rendering allocates nothing. Returns the one-lane render.
    pub fn laws(&self, frames: usize) -> Out {
        let one = |lane: usize, cuts: &[usize], isa: Isa| {
            let mut p = self.clone();
            (p.lanes, p.width, p.first, p.isa, p.cuts) = (1, Width::One, lane, isa, cuts.to_vec());
            // A lane that starts later is fed and timed as in the pack.
            p.render(frames)
        };
        let name = self.def.spec.name;
        let plain = one(0, &[64], Isa::Baseline);
        assert_eq!(plain.allocations, 0, "{name} allocates while it renders");
        let same = |a: &Out, la: usize, b: &Out, lb: usize, what: &str| {
            for (c, (x, y)) in a.lane_bits(la).iter().zip(&b.lane_bits(lb)).enumerate() {
                if let Some(n) = (0..x.len()).find(|&n| x[n] != y[n]) {
                    let (x, y) = (f32::from_bits(x[n]), f32::from_bits(y[n]));
                    panic!("{name}: {what}: channel {c} frame {n}: {x:e} is not {y:e}");
                }
            }
            assert_eq!(a.ends[la], b.ends[lb], "{name}: {what}: ends");
        };
        for cuts in [&[1][..], &[17], &[3, 50, 11, 64, 1, 29, 7]] {
            same(&plain, 0, &one(0, cuts, Isa::Baseline), 0, &format!("passes of {cuts:?}"));
        }
        let isas: Vec<Isa> =
            [Isa::Baseline, Isa::Avx2, Isa::Avx512].into_iter().filter(|i| *i <= Isa::processor()).collect();
        let alone: Vec<Out> = (0..32).map(|k| one(k, &[64], Isa::Baseline)).collect();
        for isa in isas {
            same(&plain, 0, &one(0, &[64], isa), 0, &format!("{isa:?}"));
            for width in [Width::Eight, Width::ThirtyTwo] {
                for cuts in [&[64][..], &[5, 64, 23, 2]] {
                    let mut p = self.clone();
                    (p.lanes, p.width, p.isa, p.cuts) = (32, width, isa, cuts.to_vec());
                    let pack = p.render(frames);
                    assert_eq!(pack.allocations, 0, "{name} allocates while it renders");
                    for k in [0, 1, 5, 7, 12, 31] {
                        same(&alone[k], 0, &pack, k, &format!("lane {k} of {width:?} on {isa:?}, {cuts:?}"));
                    }
                }
            }
        }
        plain
    }
}

/// The largest difference of two signals.
pub fn difference(a: &[f32], b: impl Iterator<Item = f64>) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (*a as f64 - b).abs())
        .fold(0.0, |m, x| if x.is_nan() { f64::INFINITY } else { f64::max(m, x) })
}
