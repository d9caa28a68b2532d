//! Pictures of the window without a screen: its triangles, painted one by one. Slow and exact enough to be looked at; they go to
//! `target/screens`.

use std::collections::HashMap;
use std::path::Path;

use egui::epaint::{ImageDelta, Primitive, Vertex};
use egui::{ClippedPrimitive, TextureId, TexturesDelta};
use egui_kittest::{Harness, TestRenderer};

use super::mixer::mixed;
use super::stage::{Play, stage_of};
use super::*;
use crate::session::Look;

/// Colours with their share, red, green, blue, opacity, all 0..1 and multiplied by the opacity.
type Colour = [f32; 4];

/// A painter with the textures of one window.
#[derive(Default)]
pub struct Painter {
    textures: HashMap<TextureId, ([usize; 2], Vec<Colour>)>,
}

impl Painter {
    /// Takes over what has changed of the textures.
    pub fn follow(&mut self, delta: &TexturesDelta) {
        let each = delta.set.iter().flat_map(|(id, all)| all.iter().map(move |delta| (id, delta)));
        for (id, ImageDelta { image, pos, .. }) in each {
            let egui::ImageData::Color(image) = image;
            let [wide, high] = image.size;
            let pixels = image.pixels.iter().map(|colour| colour.to_array().map(|x| f32::from(x) / 255.0));
            match (pos, self.textures.get_mut(id)) {
                (Some([left, top]), Some(([full, _], known))) => {
                    for (n, pixel) in pixels.enumerate() {
                        known[(top + n / wide) * *full + left + n % wide] = pixel;
                    }
                }
                _ => drop(self.textures.insert(*id, ([wide, high], pixels.collect()))),
            }
        }
    }

    /// Paints shapes onto an empty picture of so many pixels.
    pub fn paint(&self, shapes: Vec<ClippedPrimitive>, size: [usize; 2], scale: f32) -> Vec<Colour> {
        let mut picture = vec![[0.0, 0.0, 0.0, 1.0]; size[0] * size[1]];
        for ClippedPrimitive { clip_rect, primitive } in shapes {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let Some(texture) = self.textures.get(&mesh.texture_id) else { continue };
            let edge = |x: f32, most: usize| (x * scale).round().clamp(0.0, most as f32) as usize;
            let clip = [
                edge(clip_rect.left(), size[0])..edge(clip_rect.right(), size[0]),
                edge(clip_rect.top(), size[1])..edge(clip_rect.bottom(), size[1]),
            ];
            for corners in mesh.indices.chunks_exact(3) {
                let corners = [0, 1, 2].map(|n| mesh.vertices[corners[n] as usize]);
                triangle(&mut picture, size[0], &clip, corners, texture, scale);
            }
        }
        picture
    }
}

fn triangle(
    picture: &mut [Colour],
    wide: usize,
    clip: &[std::ops::Range<usize>; 2],
    corners: [Vertex; 3],
    (size, texels): &([usize; 2], Vec<Colour>),
    scale: f32,
) {
    let [a, b, c] = corners.map(|corner| corner.pos * scale);
    let area = (b - a).x * (c - a).y - (b - a).y * (c - a).x;
    if area == 0.0 {
        return;
    }
    let reach = |of: [f32; 3], clip: &std::ops::Range<usize>| {
        let (low, high) =
            (of.iter().fold(f32::MAX, |a, b| a.min(*b)), of.iter().fold(f32::MIN, |a, b| a.max(*b)));
        (low.floor().max(0.0) as usize).max(clip.start)..(high.ceil().max(0.0) as usize).min(clip.end)
    };
    for y in reach([a.y, b.y, c.y], &clip[1]) {
        for x in reach([a.x, b.x, c.x], &clip[0]) {
            let p = pos2(x as f32 + 0.5, y as f32 + 0.5);
            let part = |from: egui::Pos2, to: egui::Pos2| {
                ((to - from).x * (p - from).y - (to - from).y * (p - from).x) / area
            };
            let weights = [part(b, c), part(c, a), part(a, b)];
            if weights.iter().any(|weight| *weight < 0.0) {
                continue;
            }
            let mix = |of: fn(&Vertex) -> f32| (0..3).map(|n| weights[n] * of(&corners[n])).sum::<f32>();
            let (u, v) =
                (mix(|corner| corner.uv.x) * size[0] as f32, mix(|corner| corner.uv.y) * size[1] as f32);
            let texel = sample(texels, *size, u - 0.5, v - 0.5);
            let tint: Colour = std::array::from_fn(|n| {
                (0..3)
                    .map(|corner| weights[corner] * f32::from(corners[corner].color.to_array()[n]) / 255.0)
                    .sum()
            });
            let pixel = &mut picture[y * wide + x];
            let opacity = texel[3] * tint[3];
            for n in 0..4 {
                pixel[n] = texel[n] * tint[n] + pixel[n] * (1.0 - opacity);
            }
        }
    }
}

/// Between four texels.
fn sample(texels: &[Colour], size: [usize; 2], u: f32, v: f32) -> Colour {
    let at = |x: f32, y: f32| {
        let x = x.clamp(0.0, size[0] as f32 - 1.0) as usize;
        let y = y.clamp(0.0, size[1] as f32 - 1.0) as usize;
        texels[y * size[0] + x]
    };
    let (left, top) = (u.floor(), v.floor());
    let (x, y) = (u - left, v - top);
    let four =
        [(left, top), (left + 1.0, top), (left, top + 1.0), (left + 1.0, top + 1.0)].map(|(u, v)| at(u, v));
    let weights = [(1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y];
    std::array::from_fn(|n| (0..4).map(|corner| four[corner][n] * weights[corner]).sum())
}

/// Shares the painter with the stage, which hands over what changes of the textures.
#[derive(Clone, Default)]
struct Shared(std::rc::Rc<std::cell::RefCell<Painter>>);

impl TestRenderer for Shared {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.0.borrow_mut().follow(delta);
        delta.clear();
    }
}

/// A picture of the window at this size, in points, and scale; and how many different colours it has.
pub fn picture(name: &str, size: (f32, f32), scale: f32, play: Play) -> usize {
    let painter = Shared::default();
    let builder = Harness::builder().with_size(vec2(size.0, size.1)).with_pixels_per_point(scale);
    let mut stage = stage_of(builder.renderer(painter.clone()), play);
    stage.run_ok();
    let shapes = stage.ctx.tessellate(stage.output().shapes.clone(), scale);
    let pixels = [(size.0 * scale) as usize, (size.1 * scale) as usize];
    let colours = painter.0.borrow().paint(shapes, pixels, scale);
    let bytes: Vec<u8> =
        colours.iter().flat_map(|c| [c[0], c[1], c[2]]).map(|x| (x * 255.0).round() as u8).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screens");
    std::fs::create_dir_all(&folder).unwrap();
    let file = std::io::BufWriter::new(std::fs::File::create(folder.join(format!("{name}.png"))).unwrap());
    let mut encoder = png::Encoder::new(file, pixels[0] as u32, pixels[1] as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    bytes.chunks(3).collect::<std::collections::HashSet<_>>().len()
}

/// The presets' own texts, as the loader shows them.
fn real(name: &str, sound: &str) -> Snapshot {
    let session = Session::with_presets(None);
    let _engine = session.engine(48_000.0);
    session.send(Message::ListPresets);
    let preset = crate::session::factory().into_iter().find(|preset| preset.name == name).unwrap();
    session.send(Message::Preset(crate::session::Pick::At(preset.place)));
    assert!(session.settle(Duration::from_secs(60)));
    session.send(Message::Choose(sound.into()));
    assert!(session.settle(Duration::from_secs(60)));
    Snapshot::clone(&session.snapshot())
}

/// With this tab, in this theme.
fn seen(mut play: Play, tab: Tab, look: Look) -> Play {
    (play.panes.tab, play.preferences.look) = (tab, look);
    play
}

#[test]
fn window_pictures_of_every_pane() {
    let synth = real("Synth", "poly");
    let levels = [1.1, 0.7, 0.4, 0.2, 0.1, 0.05, 0.3, 0.5, 0.9, 0.01, 0.6, 0.2, 0.7, 0.8, 0.3, 0.4, 0.2, 0.1];
    let loudness = Loudnesses {
        momentary: Some(-14.2),
        short: Some(-15.8),
        integrated: Some(-16.0),
        true_peak: Some(-0.3),
    };
    let mixer = |tracks: usize| {
        let mut play = Play::of(mixed(tracks)).loud(0.8, &levels);
        play.loudness = loudness;
        play
    };
    let long = || {
        let mut snapshot = broken();
        snapshot.sounds = (0..40).map(|n| format!("a sound with a name that is long {n}")).collect();
        snapshot.sound = snapshot.sounds[3].clone();
        Play::of(snapshot)
    };
    let text = || Play::of(synth.clone());
    let narrow = (LEAST.0, LEAST.1);
    let exports = || {
        let mut play = Play::of(plain());
        play.exports = super::export::entries();
        play.preferences.export.path = "/music/night.wav".into();
        play
    };
    let libraries =
        || Play::of(Snapshot { sounds: vec![], presets: synth.presets.clone(), ..Snapshot::default() });
    let turned = || {
        let mut play = Play::of(super::macros::turned());
        play.follows[4].controller = Some(Controller { channel: 1, number: 74, fine: false });
        play.follows[4].apart = Some(0.1);
        play
    };
    let pictures = [
        ("text-dark", SIZE, 1.0, seen(text(), Tab::Source, Look::Dark)),
        ("text-light-2x", SIZE, 2.0, seen(text(), Tab::Source, Look::Light)),
        ("text-errors", SIZE, 1.0, seen(long(), Tab::Source, Look::Dark)),
        ("mixer-16-dark", SIZE, 1.0, seen(mixer(16), Tab::Mixer, Look::Dark)),
        ("mixer-3-light-1.5x", SIZE, 1.5, seen(mixer(3), Tab::Mixer, Look::Light)),
        ("mixer-16-light-2x", SIZE, 2.0, seen(mixer(16), Tab::Mixer, Look::Light)),
        ("mixer-2-dark-2x", SIZE, 2.0, seen(mixer(2), Tab::Mixer, Look::Dark)),
        ("mixer-1", SIZE, 1.0, seen(mixer(1), Tab::Mixer, Look::Dark)),
        ("mixer-small", narrow, 1.0, seen(mixer(16), Tab::Mixer, Look::Dark)),
        ("browser-small", narrow, 1.0, seen(long(), Tab::Browser, Look::Light)),
        ("settings", SIZE, 1.0, seen(text(), Tab::Settings, Look::Dark)),
        ("macros", SIZE, 1.0, seen(turned(), Tab::Mixer, Look::Light)),
        ("macros-small", narrow, 1.0, seen(turned(), Tab::Macros, Look::Dark)),
        ("libraries", SIZE, 1.0, seen(libraries(), Tab::Source, Look::Dark)),
        ("scope", SIZE, 1.0, super::scope::sounding()),
        ("scope-light-1.5x", SIZE, 1.5, seen(super::scope::sounding(), Tab::Scope, Look::Light)),
        ("scope-file", SIZE, 1.0, super::scope::playing_a_file()),
        ("scope-envelope-light-2x", SIZE, 2.0, seen(super::scope::in_an_envelope(), Tab::Scope, Look::Light)),
        ("graph-of-one", SIZE, 1.0, seen(super::scope::in_an_envelope(), Tab::Graph, Look::Dark)),
        ("graph", SIZE, 1.0, super::graph::sounding()),
        ("graph-light-small", narrow, 1.5, seen(super::graph::sounding(), Tab::Graph, Look::Light)),
        ("export", SIZE, 1.0, seen(exports(), Tab::Export, Look::Dark)),
        ("export-small", narrow, 1.0, seen(exports(), Tab::Export, Look::Light)),
        ("empty", SIZE, 1.0, seen(Play::of(Snapshot::default()), Tab::Source, Look::Dark)),
    ];
    for (name, size, scale, play) in pictures {
        let colours = picture(name, size, scale, play);
        assert!(colours > 100, "{name} has {colours} colours: hardly anything is drawn");
    }
}
