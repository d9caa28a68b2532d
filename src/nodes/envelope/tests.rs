use super::*;
use crate::kernel::Fixed;
use crate::kernel::probe::Probe;

fn e(k: usize, n: usize) -> f64 {
    (-5.0 * k as f64 / (n - 1) as f64).exp()
}

fn near(x: &[f32], n: usize, want: f64) {
    assert!((x[n] as f64 - want).abs() < 2e-6, "frame {n}: {} is not {want}", x[n]);
}

fn adsr() -> Probe {
    Probe::new(&DEF).set("attack", 0.02).set("decay", 0.03).set("sustain", 0.25).set("release", 0.01)
}

#[test]
fn envelope_curves_are_the_references() {
    let out = adsr().laws(6000);
    let x = out.mono();
    near(x, 0, 0.0);
    near(x, 400, 1.0 - e(400, 882));
    near(x, 881, 1.0 - e(881, 882));
    near(x, 882, 1.0);
    near(x, 1882, 0.25 + 0.75 * e(1000, 1323));
    near(x, 2204, 0.25 + 0.75 * e(1322, 1323));
    near(x, 2205, 0.25);
    near(x, 5999, 0.25);
    assert_eq!(out.ends[0], None);
}

#[test]
fn envelope_duration_and_sustain_duration_end_exactly() {
    let by_duration = adsr().with(|p| p.duration = Some(0.1)).laws(6000);
    assert_eq!(by_duration.ends[0], Some(4410));
    near(by_duration.mono(), 3969, 0.25);
    near(by_duration.mono(), 4400, 0.25 * e(431, 441));
    let held = adsr().set("sustain_duration", 0.01).with(|p| p.stagger = 11).laws(4000);
    assert_eq!(held.ends[0], Some(882 + 1323 + 441 + 441));
    let stays = adsr().set("sustain_duration", 0.01).fixed("end", Fixed::Flag(false)).laws(4000);
    assert_eq!((stays.ends[0], stays.mono()[3500]), (None, 0.0));
}

#[test]
fn envelope_gate_is_followed_to_the_frame() {
    let gate = |l: usize, n: u64| f32::from((n + 50 * l as u64) % 2500 >= 300 && n % 2500 < 2000);
    let p = adsr().signal("gate", gate).signal("signal", |_, n| if n % 2 == 0 { 1.0 } else { -1.0 });
    let out = p.laws(6000);
    let x: Vec<f32> = out.mono().iter().map(|x| x.abs()).collect();
    assert!(x[..301].iter().all(|x| *x == 0.0));
    near(&x, 700, 1.0 - e(400, 882));
    // Closes in the decay, at its present level.
    let level = 0.25 + 0.75 * e(2000 - 1182, 1323);
    near(&x, 2000, level);
    near(&x, 2100, level * e(100, 441));
    assert_eq!(x[2500], 0.0);
    assert_eq!(out.ends[0], None);
}

#[test]
fn envelope_gate_closing_in_the_attack_releases_from_there() {
    let out = adsr().signal("gate", |_, n| f32::from(n < 200)).fixed("end", Fixed::Flag(true)).laws(1000);
    let level = 1.0 - e(200, 882);
    near(out.mono(), 200, level);
    near(out.mono(), 300, level * e(100, 441));
    assert_eq!(out.ends[0], Some(641));
}

#[test]
fn envelope_without_attack_has_no_click_at_release() {
    let out = adsr().set("attack", 0.0).signal("gate", |_, n| f32::from(n < 3000)).laws(4000);
    near(out.mono(), 0, 1.0);
    near(out.mono(), 2999, 0.25);
    near(out.mono(), 3000, 0.25);
}

#[test]
fn envelope_trigger_starts_anew_from_the_present_level() {
    let out = adsr().signal("trigger", |l, n| f32::from(n == 2400 + l as u64)).laws(5000);
    near(out.mono(), 2399, 0.25);
    near(out.mono(), 2400, 0.25);
    near(out.mono(), 2500, 1.0 - 0.75 * e(100, 882));
    near(out.mono(), 3282, 1.0);
}

#[test]
fn envelope_lanes_have_their_own_times() {
    let p = Probe::new(&DEF)
        .lanes_of("attack", |l| 0.001 * (l + 1) as f32)
        .set("release", 0.02)
        .set("sustain_duration", 0.001)
        .with(|p| p.stagger = 5);
    let out = p.laws(1500);
    assert_eq!(out.ends[0], Some(44 + 44 + 882));
}

#[test]
fn envelope_keeps_both_channels() {
    let out = adsr().stereo("signal", |_, c, _| 1.0 - 2.0 * c as f32).laws(1000);
    assert!(out.frames[0][0].iter().zip(&out.frames[1][0]).skip(1).all(|(a, b)| *a == -*b && *a > 0.0));
}

#[test]
fn envelope_times_are_right_to_the_frame() {
    for rate in [44100.0, 48000.0, 96000.0] {
        for (attack, decay, hold, release) in [(0.0123f32, 0.05, 0.02, 0.031), (0.0007, 0.0011, 0.0, 0.25)] {
            let out = Probe::new(&DEF)
                .set("attack", attack)
                .set("decay", decay)
                .set("sustain", 0.5)
                .set("sustain_duration", hold)
                .set("release", release)
                .with(|p| p.rate = rate)
                .render(40000);
            let x = out.mono();
            let frame = |seconds: f32| f64::from(seconds) * rate;
            // The top is reached after the attack, the curve stops 0.7 % short of it one frame before.
            let top = x.iter().position(|x| *x == 1.0).unwrap_or(0);
            assert!((top as f64 - frame(attack)).abs() <= 1.0, "{rate}: {top}, {attack} s");
            let decayed = top + x[top..].iter().position(|x| *x == 0.5).unwrap_or(0);
            let end = out.ends[0].unwrap_or(0);
            if hold > 0.0 {
                assert!((decayed as f64 - frame(attack + decay)).abs() <= 1.0, "{rate}: {decayed}");
            }
            let whole = frame(attack + decay + hold + release);
            assert!((end as f64 - whole).abs() <= 1.0, "{rate}: {end} is not {whole}");
            let part = (frame(release) / 2.0) as usize;
            let want = (-5.0 * part as f64 / (frame(release).floor() - 1.0)).exp()
                * f64::from(x[end - frame(release) as usize]);
            assert!(
                (f64::from(x[end - frame(release) as usize + part]) / want - 1.0).abs() < 0.002,
                "{rate}"
            );
        }
    }
}
