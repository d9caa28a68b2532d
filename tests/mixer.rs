//! The mixer as a producer uses it: faders, pan, sends, buses, mute and solo, outputs; from the text and from the host. The allocation
//! guard is armed in this binary.

mod support;

use seiche::bounce::{Job, Rendering};
use seiche::engine::{Control, Engine, Event, Io, StripControl, What};
use support::*;

/// A library of one mixer; `rest` stands beside `tracks`.
fn mixer(tracks: &[&str], rest: &str) -> String {
    let tracks: String = tracks.iter().map(|track| format!("      {track}\n")).collect();
    format!("seiche: 1\nx:\n  mixer:\n    tracks:\n{tracks}{rest}")
}

const A: &str = "{osc: {freq: 220, amp: 0.4}}";
const B: &str = "{osc: {freq: 331, amp: 0.3, type: saw}}";

fn set(at: u32, strip: u8, control: StripControl, value: f32) -> Event {
    Event { at, what: What::Control { control: Control::Strip(strip, control), value } }
}

fn play(text: &str, events: &[Event], frames: usize) -> Rendering {
    let r = render(text, "x", &Job { frames, events, stems: true, ..Job::default() });
    assert_eq!(r.faults, 0);
    r
}

fn db(x: f64) -> f64 {
    20.0 * x.abs().log10()
}

/// The largest difference, in decibels of full scale.
fn apart(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| db(f64::from(a - b).abs().max(1e-20))).fold(-400.0, f64::max)
}

#[test]
fn mixer_gains_add_up_as_they_are_written() {
    let frames = 4_800;
    let text = mixer(
        &[
            &format!("a: {{signal: {A}, gain: -6 dB}}"),
            &format!("b: {{signal: {B}, gain: 3 dB, polarity: inverted}}"),
        ],
        "",
    );
    let mix = play(&text, &[], frames);
    let one = |signal: &str| play(&format!("seiche: 1\nx: {signal}\n"), &[], frames).main[0].clone();
    let (a, b) = (one(A), one(B));
    let factor = |db: f64| 10f64.powf(db / 20.0);
    let wanted: Vec<f32> = (a.iter().zip(&b))
        .map(|(a, b)| (f64::from(*a) * factor(-6.0) - f64::from(*b) * factor(3.0)) as f32)
        .collect();
    assert!(apart(&mix.main[0], &wanted) < -130.0);
    assert_eq!(mix.channels, 2, "a written polarity may tell the sides apart");
}

#[test]
fn mixer_pan_laws_hold_to_a_hundredth_of_a_decibel() {
    let level = |track: &str| {
        let r = play(&mixer(&[track], ""), &[], 4_800);
        [0, 1].map(|side| f64::from(peak(&r.main[side])))
    };
    let centre = level("a: {osc: {freq: 1000, amp: 0.4}}")[0];
    for n in -10..=10 {
        let pan = f64::from(n) / 10.0;
        let angle = (pan + 1.0) * std::f64::consts::FRAC_PI_4;
        let root = std::f64::consts::SQRT_2;
        for (law, left, right) in [
            ("power", root * angle.cos(), root * angle.sin()),
            ("linear", 1.0 - pan, 1.0 + pan),
            ("balance", (1.0 - pan).min(1.0), (1.0 + pan).min(1.0)),
        ] {
            let [l, r] = level(&format!(
                "a: {{signal: {{osc: {{freq: 1000, amp: 0.4}}}}, pan: {pan}, pan_law: {law}}}"
            ));
            for (got, want) in [(l, left), (r, right)] {
                let far = if want < 1e-6 {
                    db(got.max(1e-20)) < -130.0
                } else {
                    db(got / centre / want).abs() < 0.01
                };
                assert!(far, "{law} {pan}: {got} for {want}");
            }
        }
    }
    // A mono track has equal power, a stereo track balance.
    let [l, r] = level("a: {signal: {osc: {freq: 1000, amp: 0.4}}, pan: L50}");
    assert!((db((l * l + r * r) / (2.0 * centre * centre)) / 2.0).abs() < 0.01);
    let wide = "{track: {pan: 0.001, signal: {osc: {freq: 1000, amp: 0.4}}}}";
    let [l, r] = level(&format!("a: {{signal: {wide}, pan: L50}}"));
    assert!(db(r / l / 0.5).abs() < 0.1, "{l} {r}");
}

#[test]
fn mixer_width_goes_from_mono_to_twice_as_wide() {
    let wide = "{mix: {l: {track: {pan: -1, signal: {osc: {freq: 220, amp: 0.4}}}}, r: {track: {pan: 1, signal: {osc: {freq: 331, amp: 0.3}}}}}}";
    let at =
        |width: f64| play(&mixer(&[&format!("a: {{signal: {wide}, width: {width}}}")], ""), &[], 4_800).main;
    let (plain, mono, double) = (at(1.0), at(0.0), at(2.0));
    assert!(mono[0] == mono[1]);
    let want = |side: usize, width: f32| -> Vec<f32> {
        let half = |n: usize| {
            (0.5 * (plain[side][n] + plain[1 - side][n]), 0.5 * (plain[side][n] - plain[1 - side][n]))
        };
        (0..4_800).map(|n| half(n).0 + width * half(n).1).collect()
    };
    for side in 0..2 {
        assert!(apart(&mono[side], &want(side, 0.0)) < -130.0);
        assert!(apart(&double[side], &want(side, 2.0)) < -130.0);
    }
}

#[test]
fn mixer_polarity_turns_the_sides_that_it_names() {
    let wide = "{track: {pan: 0.3, signal: {osc: {freq: 220, amp: 0.4}}}}";
    let at = |polarity: &str| {
        play(&mixer(&[&format!("a: {{signal: {wide}, polarity: {polarity}}}")], ""), &[], 2_400).main
    };
    let plain = at("normal");
    for (word, sides) in [("inverted", [-1.0, -1.0]), ("left", [-1.0, 1.0]), ("right", [1.0, -1.0])] {
        for (side, (got, plain)) in at(word).iter().zip(&plain).enumerate() {
            assert!(
                got.iter().zip(plain).all(|(got, plain)| *got == sides[side] * plain),
                "{word}, side {side}"
            );
        }
    }
}

#[test]
fn mixer_mute_and_solo_act_as_on_a_desk() {
    let tracks: Vec<String> =
        (0..4).map(|n| format!("t{n}: {{osc: {{freq: {}, amp: 0.2}}}}", 200 + 130 * n)).collect();
    let tracks: Vec<&str> = tracks.iter().map(String::as_str).collect();
    let text = mixer(&tracks, "");
    let alone = play(&text, &[], 2_400).stems;
    for (control, others) in [(StripControl::Mute, true), (StripControl::Solo, false)] {
        for set_on in 0..16u32 {
            let events: Vec<Event> =
                (0..4).map(|n| set(0, n, control, f32::from(u8::from(set_on >> n & 1 == 1)))).collect();
            let got = play(&text, &events, 2_400);
            let mut wanted = vec![0.0f32; 2_400];
            for (n, (_, stem)) in alone.iter().enumerate() {
                let on = set_on >> n & 1 == 1;
                let heard = if others { !on } else { on || set_on == 0 };
                if heard {
                    wanted.iter_mut().zip(&stem[0]).for_each(|(w, x)| *w += x);
                }
            }
            assert!(got.main[0] == wanted, "{control:?} {set_on:04b}");
        }
    }
}

#[test]
fn mixer_solo_in_the_text_spares_buses_and_what_is_solo_safe() {
    let text = |more: &str| {
        mixer(
            &[
                &format!("a: {{signal: {A}, {more} sends: {{room: 0 dB}}}}"),
                &format!("b: {{signal: {B}, sends: {{room: 0 dB}}}}"),
                "click: {signal: {osc: {freq: 900, amp: 0.1}}, solo_safe: true}",
            ],
            "    buses: {room: {gain: -6 dB}}\n",
        )
    };
    let (all, solo) = (play(&text(""), &[], 4_800), play(&text("solo: true,"), &[], 4_800));
    let level = |r: &Rendering, n: usize| peak(&r.stems[n].1[0]);
    assert!((0..4).all(|n| level(&all, n) > 0.05));
    assert_eq!((level(&solo, 0), level(&solo, 1), level(&solo, 2)), (level(&all, 0), 0.0, level(&all, 2)));
    let half = 10f32.powf(-0.3);
    let a: Vec<f32> = solo.stems[0].1[0].iter().map(|x| x * half).collect();
    assert!(apart(&solo.stems[3].1[0], &a) < -130.0, "the bus hears what is soloed");
}

#[test]
fn mixer_sends_before_and_behind_the_fader_are_exact() {
    let strip = |fader: &str, pre: bool| {
        format!("a: {{signal: {A}, gain: {fader}, sends: {{echo: {{level: -9 dB, pre_fader: {pre}}}}}}}")
    };
    let buses = "    buses: {echo: {gain: 2 dB}}\n";
    let raw = play(&format!("seiche: 1\nx: {A}\n"), &[], 4_800).main[0].clone();
    for (fader, level) in [("0 dB", 0.0), ("-12 dB", -12.0), ("5 dB", 5.0)] {
        for pre in [false, true] {
            let got = play(&mixer(&[&strip(fader, pre)], buses), &[], 4_800);
            let gain = 10f64.powf((if pre { 0.0 } else { level } - 9.0 + 2.0) / 20.0);
            let wanted: Vec<f32> = raw.iter().map(|x| (f64::from(*x) * gain) as f32).collect();
            assert!(apart(&got.stems[1].1[0], &wanted) < -130.0, "{fader} {pre}");
        }
    }
    // The host's sends go to the first bus and to the second, on top of the text's; mute silences them all.
    let two = "    buses: {one: {}, two: {}}\n";
    let text =
        mixer(&[&format!("a: {{signal: {A}, sends: {{one: {{level: 0 dB, pre_fader: true}}}}}}")], two);
    let events = [set(0, 0, StripControl::SendA, 0.5), set(0, 0, StripControl::SendB, 0.25)];
    let got = play(&text, &events, 4_800);
    for (bus, gain) in [(1, 1.5), (2, 0.25)] {
        let wanted: Vec<f32> = raw.iter().map(|x| x * gain).collect();
        assert!(apart(&got.stems[bus].1[0], &wanted) < -130.0);
    }
    let muted = play(&text, &[set(0, 0, StripControl::Mute, 1.0), events[0], events[1]], 4_800);
    assert!(muted.main.iter().all(|side| peak(side) == 0.0));
}

#[test]
fn mixer_stems_add_up_to_the_mix_to_the_bit() {
    let text = mixer(
        &[
            &format!("a: {{signal: {A}, pan: L30, gain: -2 dB, sends: {{room: -6 dB}}}}"),
            &format!("b: {{signal: {B}, pan: R50, sends: {{room: -3 dB}}}}"),
            "hat: {signal: {osc: {type: noise, amp: 0.2}}, width: 0.5}",
        ],
        "    buses: {room: {signal: {reverb: {size: 0.4}}}}\n",
    );
    let r = play(&text, &[set(1_000, 1, StripControl::Pan, -0.7)], 24_000);
    let names: Vec<&str> = r.stems.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b", "hat", "room"]);
    for side in 0..2 {
        let mut sum = vec![0.0f32; r.main[side].len()];
        for (_, stem) in &r.stems {
            sum.iter_mut().zip(&stem[side]).for_each(|(s, x)| *s += x);
        }
        assert!(sum == r.main[side]);
    }
}

/// Main and aux outputs of one program.
fn outputs(text: &str, aux: usize, frames: usize, events: &[Event]) -> Vec<[Vec<f32>; 2]> {
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(program(text, "x", RATE, 0)).is_ok());
    let mut all: Vec<[Vec<f32>; 2]> = (0..=aux).map(|_| [vec![0.0; frames], vec![0.0; frames]]).collect();
    let (main, rest) = all.split_first_mut().unwrap();
    let mut rest: Vec<[&mut [f32]; 2]> =
        rest.iter_mut().map(|sides| sides.each_mut().map(|side| &mut side[..])).collect();
    let [left, right] = main;
    engine.process(Io { sidechain: None, main: [left, right], aux: &mut rest, stems: &mut [] }, events, None);
    all
}

#[test]
fn mixer_outputs_add_up_to_what_the_main_one_has_without_them() {
    let track = |n: usize, out: &str| {
        format!(
            "t{n}: {{signal: {{osc: {{freq: {}, amp: 0.05}}}}, pan: {}{out}}}",
            100 + 37 * n,
            n as f64 / 8.0 - 0.9
        )
    };
    let text = |routed: bool| {
        let tracks: Vec<String> = (0..16)
            .map(|n| track(n, &if routed { format!(", out: {}", n + 1) } else { String::new() }))
            .collect();
        mixer(&tracks.iter().map(String::as_str).collect::<Vec<_>>(), "")
    };
    let whole = outputs(&text(false), 16, 4_800, &[]);
    let routed = outputs(&text(true), 16, 4_800, &[]);
    assert!(peak(&whole[0][0]) > 0.3 && whole[1..].iter().flatten().all(|side| peak(side) == 0.0));
    assert!(
        peak(&routed[0][0]) == 0.0 && routed[1..].iter().all(|out| peak(&out[0]).max(peak(&out[1])) > 0.04)
    );
    for side in 0..2 {
        let mut sum = vec![0.0f32; 4_800];
        for out in &routed[1..] {
            sum.iter_mut().zip(&out[side]).for_each(|(s, x)| *s += x);
        }
        assert!(sum == whole[0][side]);
    }
    // Where there are no further outputs, everything lands on the main one.
    assert!(outputs(&text(true), 0, 4_800, &[])[0] == whole[0]);
}

#[test]
fn mixer_gain_of_the_host_reaches_every_output() {
    let text = mixer(&[&format!("a: {{signal: {A}, out: 3}}"), &format!("b: {B}")], "");
    let quiet = Event { at: 0, what: What::Control { control: Control::Gain, value: 0.0 } };
    let all = outputs(&text, 4, 4_800, &[quiet]);
    assert!(all.iter().flatten().all(|side| peak(&side[1_000..]) == 0.0));
}

#[test]
fn mixer_routes_tracks_through_groups_and_the_master() {
    let plain = play(&mixer(&[&format!("a: {A}"), &format!("b: {B}")], ""), &[], 4_800);
    let grouped = mixer(
        &[&format!("a: {{signal: {A}, out: band}}"), &format!("b: {{signal: {B}, out: band}}")],
        "    buses:\n      all: {gain: -4 dB}\n      band: {gain: -2 dB, out: all}\n    master: [{expression: {exp: $input * 0.5}}, {track: {volume: 3}}]\n",
    );
    let got = play(&grouped, &[], 4_800);
    let gain = 1.5 * 10f64.powf(-6.0 / 20.0);
    let wanted: Vec<f32> = plain.main[0].iter().map(|x| (f64::from(*x) * gain) as f32).collect();
    assert!(apart(&got.main[0], &wanted) < -130.0);
    let names: Vec<&str> = got.stems.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b", "all", "band"]);
}

#[test]
fn mixer_inserts_go_one_behind_the_other_and_read_other_tracks() {
    let text = mixer(
        &[
            &format!(
                "a: {{signal: {A}, inserts: [{{expression: {{exp: $input * 2}}}}, {{expression: {{exp: $input + 0.01}}}}]}}"
            ),
            "b: {signal: {osc: {freq: 331, amp: 0.3}}, inserts: {expression: {exp: $input * $kick}}}",
            "kick: {signal: {osc: {freq: 50, amp: 0.5}}, gain: -20 dB}",
        ],
        "",
    );
    let raw = |signal: &str| play(&format!("seiche: 1\nx: {signal}\n"), &[], 4_800).main[0].clone();
    let (a, b, kick) = (raw(A), raw("{osc: {freq: 331, amp: 0.3}}"), raw("{osc: {freq: 50, amp: 0.5}}"));
    let got = play(&text, &[], 4_800);
    let wanted: Vec<f32> = a.iter().map(|x| x * 2.0 + 0.01).collect();
    assert!(apart(&got.stems[0].1[0], &wanted) < -130.0);
    let wanted: Vec<f32> = b.iter().zip(&kick).map(|(b, k)| b * k).collect();
    assert!(
        apart(&got.stems[1].1[0], &wanted) < -130.0,
        "a later track is read without delay, before its fader"
    );
}

#[test]
fn mixer_controls_act_at_their_frame_without_zipper_for_every_block_size() {
    let moved = "{osc: {freq: 3, range: [-0.5, 0.5]}}";
    let text = mixer(
        &[
            &format!(
                "a: {{signal: {A}, pan: {moved}, gain: {{osc: {{freq: 2, range: [-12, 0]}}}}, sends: {{room: -3 dB}}}}"
            ),
            &format!("b: {{signal: {B}, width: 0.7}}"),
        ],
        "    buses: {room: {signal: {delay: {time: 0.01}}, pan: 0.2}}\n",
    );
    let mut random = Random(11);
    let mut events: Vec<Event> = (0..200)
        .map(|_| {
            let control = [
                StripControl::Gain,
                StripControl::Pan,
                StripControl::SendA,
                StripControl::SendB,
                StripControl::Mute,
                StripControl::Solo,
            ][random.below(6) as usize];
            set(random.below(24_000) as u32, random.below(2) as u8, control, random.below(200) as f32 / 100.0)
        })
        .collect();
    events.sort_by_key(|event| event.at);
    let one = |blocks: &[usize]| {
        bits(&render(&text, "x", &Job { frames: 24_000, events: &events, blocks, ..Job::default() }))
    };
    let wanted = one(&[512]);
    for blocks in [&[1usize][..], &[17], &[64], &[441], &[4_096], &[3, 700, 31]] {
        assert!(one(blocks) == wanted, "blocks of {blocks:?}");
    }
    // A step of the fader changes nothing before its frame, and something at the next.
    let text = mixer(&["a: {expression: {exp: 0.5}}"], "");
    let step = play(&text, &[set(1_003, 0, StripControl::Gain, 0.25)], 4_800);
    let level = &step.main[0];
    assert!(level[..1_003].iter().all(|x| *x == 0.5) && level[1_004] < 0.5);
    assert!((level[1_600] - 0.125).abs() < 1e-6);
    let largest = level.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(largest < 0.5 / 400.0, "{largest}");
}

#[test]
fn mixer_has_one_reverb_for_sixteen_tracks() {
    let tracks: Vec<String> = (0..16)
        .map(|n| {
            format!("t{n}: {{signal: {{osc: {{freq: {}, amp: 0.02}}}}, sends: {{room: -6 dB}}}}", 100 + n)
        })
        .collect();
    let tracks: Vec<&str> = tracks.iter().map(String::as_str).collect();
    let text = mixer(&tracks, "    buses: {room: {signal: {reverb: {}}}}\n");
    let p = program(&text, "x", RATE, 0);
    assert_eq!(p.strips().count(), 17);
    assert_eq!(p.kernels("reverb"), 1);
}

#[test]
fn mixer_keeps_a_broken_track_out_of_the_buses() {
    let text = mixer(
        &[
            "bad: {signal: {expression: {exp: 's / (s - s)', s: {osc: {freq: 3}}}}, sends: {room: {level: 0 dB, pre_fader: true}}, out: group}",
            &format!("good: {{signal: {A}, sends: {{room: -6 dB}}, out: group}}"),
        ],
        "    buses: {room: {signal: {reverb: {}}}, group: {}}\n    master: {expression: {exp: $input * 0.5}}\n",
    );
    let r = render(&text, "x", &Job { frames: 24_000, stems: true, ..Job::default() });
    assert_eq!(r.faults, 1, "only the first strip is faulty");
    assert!(peak(&r.stems[0].1[0]) == 0.0 && peak(&r.stems[1].1[0]) > 0.3);
    assert!(peak(&r.stems[2].1[0]) > 0.01 && peak(&r.stems[3].1[0]) > 0.3 && peak(&r.main[0]) > 0.1);
}

/// Everything arrives with what is latest: a click through a limiter and one beside it.
#[test]
fn mixer_makes_everything_as_late_as_the_latest() {
    let click = "{expression: {exp: 0.5 * (t < 0.00001)}}";
    let limited = "inserts: [{limiter: {lookahead: 5 ms}}]";
    let text = mixer(
        &[
            &format!("a: {{signal: {click}, {limited}}}"),
            &format!("b: {{signal: {click}, sends: {{room: 0 dB}}}}"),
            &format!(
                "c: {{signal: {click}, {limited}, sends: {{room: {{level: 0 dB, pre_fader: true}}}}, out: group}}"
            ),
            &format!("d: {{signal: {click}, out: 2}}"),
            &format!("e: {{mix: {{dry: {click}, wet: {{limiter: {{lookahead: 2 ms, signal: {click}}}}}}}}}"),
        ],
        "    buses: {room: {}, group: {inserts: {limiter: {lookahead: 1 ms}}}}\n    master: {limiter: {ceiling: 20, lookahead: 3 ms}}\n",
    );
    let late = program(&text, "x", RATE, 0).latency;
    assert_eq!(late, (5 + 1 + 3) * 48, "the longest way: c, group, master");
    let all = outputs(&text, 2, 2_400, &[]);
    for (output, level) in [(0, 0.5 * 7.0), (2, 0.5)] {
        let side = &all[output][0];
        let first = side.iter().position(|x| x.abs() > 1e-6);
        assert_eq!(first, Some(late as usize), "output {output}");
        let last = side.iter().rposition(|x| x.abs() > 1e-6);
        assert!(last <= Some(late as usize + 1), "output {output}: {last:?}");
        assert!((side[late as usize] - level).abs() < 0.01, "output {output}: {}", side[late as usize]);
    }
    // A rendering begins with the beginning.
    let r = render(&text, "x", &Job { frames: 2_400, stems: true, ..Job::default() });
    assert!((r.main[0][0] - 4.0).abs() < 0.01 && r.stems.iter().all(|(_, stem)| stem[0].len() == 2_400));
    // Without anything late there is nothing to wait for.
    assert_eq!(program(&mixer(&[&format!("a: {A}")], ""), "x", RATE, 0).latency, 0);
}

#[test]
fn mixer_keeps_sidechains_and_voices_together_with_what_is_late() {
    // The gate of `b` opens with the click of `a`, though `b` goes through a limiter first.
    let text = "
seiche: 1
x:
  mixer:
    tracks:
      a: {signal: {expression: {exp: 0.5 * (t < 0.00001)}}, gain: -100 dB}
      b: {signal: {expression: {exp: 0.25}}, inserts: [{limiter: {lookahead: 4 ms}}, {expression: {exp: $input * ($a > 0.1)}}]}
";
    let r = render(text, "x", &Job { frames: 960, stems: true, ..Job::default() });
    let open: Vec<usize> = (0..960).filter(|n| r.stems[1].1[0][*n] > 0.1).collect();
    assert_eq!(open.first(), Some(&0), "{open:?}");
    // Steps of two sounds, one of which is late.
    let text = "
seiche: 1
plain: {osc: {type: cos, freq: 1, amp: 0.5, duration: 0.00003}}
limited: {limiter: {lookahead: 4 ms, signal: {osc: {type: cos, freq: 1, amp: 0.5, duration: 0.00003}}}}
x: {sequencer: {interval: 0.01, duration: 100, steps: [plain, limited, plain]}}
";
    assert_eq!(program(text, "x", RATE, 0).latency, 192);
    let r = render(text, "x", &Job { frames: 1_400, ..Job::default() });
    let clicks: Vec<usize> =
        (0..1_400).filter(|n| r.main[0][*n] > 0.4 && (*n == 0 || r.main[0][*n - 1] <= 0.4)).collect();
    assert_eq!(clicks, [0, 480, 960]);
}
