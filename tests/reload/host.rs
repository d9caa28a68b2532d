//! A host that plays while its library is edited.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use seiche::compile::{Blueprint, Program, Request, compile_after};
use seiche::engine::{Engine, Event, Io, Remote};
use seiche::language::{Diagnostic, Library, render as show};
use seiche::library::samples::Store;
use seiche::quality::Quality;

use super::support::*;

pub const BLOCK: usize = 512;

/// Renders blocks, and keeps what comes out.
pub struct Host {
    pub engine: Engine,
    remote: Remote,
    blueprint: Option<Blueprint>,
    store: Mutex<Store>,
    /// What comes in, a block at a time, round and round; nothing where it is empty.
    pub sidechain: Vec<f32>,
    /// What the program has sent to the host, at frames since the start.
    pub sent: Vec<Event>,
    played: usize,
    /// Where the library is.
    folder: PathBuf,
    pub main: Vec<f32>,
    pub stems: Vec<Vec<f32>>,
}

impl Host {
    pub fn new(tracks: usize) -> Host {
        let (engine, remote) = Engine::new(RATE);
        let store = Mutex::new(Store::default());
        let folder = PathBuf::new();
        Host {
            engine,
            remote,
            blueprint: None,
            store,
            sidechain: vec![],
            sent: vec![],
            played: 0,
            folder,
            main: vec![],
            stems: vec![vec![]; tracks],
        }
    }

    /// A host whose library is in a folder.
    pub fn at(folder: &Path) -> Host {
        Host { folder: folder.into(), ..Host::new(0) }
    }

    /// As the loader does it: a text with any error changes nothing; the first of them.
    pub fn offer(&mut self, text: &str, sound: &str) -> Result<(), Diagnostic> {
        let program = self.compile(text, sound)?;
        self.send(program);
        Ok(())
    }

    /// The successor of what was compiled last.
    pub fn compile(&mut self, text: &str, sound: &str) -> Result<Box<Program>, Diagnostic> {
        let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
        let files = vec![(self.folder.join("test.yaml"), text.as_bytes().to_vec())];
        let library = Library::read(files, &specs);
        if let Some(fault) = library.diagnostics().iter().find(|d| d.is_error()) {
            return Err(fault.clone());
        }
        let Host { store, blueprint, .. } = self;
        let request = Request {
            library: &library,
            sound,
            overrides: &[],
            rate: RATE,
            quality: Quality::Normal,
            seed: 0,
            store,
        };
        let compiled = compile_after(&request, blueprint.as_ref()).map_err(|mut faults| faults.remove(0))?;
        self.blueprint = Some(compiled.blueprint);
        Ok(compiled.program)
    }

    pub fn send(&mut self, program: Box<Program>) {
        assert!(self.remote.send(program).is_ok(), "the queue is full");
    }

    pub fn save(&mut self, text: &str, sound: &str) {
        self.save_library(&library(text), sound);
    }

    pub fn save_library(&mut self, library: &Library, sound: &str) {
        let request = Request {
            library,
            sound,
            overrides: &[],
            rate: RATE,
            quality: Quality::Normal,
            seed: 0,
            store: &self.store,
        };
        match compile_after(&request, self.blueprint.as_ref()) {
            Ok(compiled) => {
                self.blueprint = Some(compiled.blueprint);
                assert!(self.remote.send(compiled.program).is_ok(), "the queue is full");
            }
            Err(errors) => panic!("{}", show(&errors, library.files(), false)),
        }
    }

    /// Renders blocks; `events` are stamped from the first frame of the first block.
    pub fn play(&mut self, blocks: usize, events: &[Event]) {
        for block in 0..blocks {
            let start = (block * BLOCK) as u32;
            let here: Vec<Event> = events
                .iter()
                .filter(|e| (start..start + BLOCK as u32).contains(&e.at))
                .map(|e| Event { at: e.at - start, ..*e })
                .collect();
            let mut main = [[0.0f32; BLOCK]; 2];
            let mut stems = vec![[[0.0f32; BLOCK]; 2]; self.stems.len()];
            let [left, right] = &mut main;
            let mut slices: Vec<[&mut [f32]; 2]> =
                stems.iter_mut().map(|[l, r]| [&mut l[..], &mut r[..]]).collect();
            let input = self.sidechain.chunks_exact(BLOCK).cycle().nth(self.played / BLOCK);
            let sidechain = input.map(|input| [input, input]);
            let io = Io { sidechain, main: [left, right], aux: &mut [], stems: &mut slices };
            self.engine.process(io, &here, None);
            let stamped = |e: &Event| Event { at: e.at + self.played as u32, ..*e };
            self.sent.extend(self.engine.output_events().iter().map(stamped));
            self.played += BLOCK;
            self.remote.collect();
            self.main.extend(main[0]);
            for (all, stem) in self.stems.iter_mut().zip(&stems) {
                all.extend(stem[0]);
            }
        }
    }
}

/// Plays `first` for a while and then each of the others.
pub fn edited(texts: &[&str], sound: &str, tracks: usize, events: &[Event]) -> Host {
    let mut host = Host::new(tracks);
    for (number, text) in texts.iter().enumerate() {
        host.save(text, sound);
        host.play(20, if number == 0 { events } else { &[] });
    }
    host
}

pub fn as_bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

pub fn largest_step(x: &[f32]) -> f32 {
    x.windows(2).fold(0.0, |s: f32, w| s.max((w[1] - w[0]).abs()))
}
