use std::cell::RefCell;

use super::*;
use crate::kernel::formula::FormulaKernel;
use crate::kernel::probe::{Out, Probe, difference};
use crate::kernel::{Build, Kernel};
use crate::language::model;
use crate::nodes::{NodeDef, Runs};
use crate::spec::{Channels, Ends, Extra, NodeSpec, ParamSpec};

mod parse;
use parse::parse;

const RATE: f64 = 44_100.0;
const TAU: f64 = std::f64::consts::TAU;

/// `a`, `b`, `c` are the ports of the bench, in this order.
fn resolve(name: &str, span: Span) -> Result<Name, Diagnostic> {
    match name {
        "a" => Ok(Name::Input(0)),
        "b" => Ok(Name::Input(1)),
        "c" => Ok(Name::Input(2)),
        "t" => Ok(Name::Time),
        "samples" => Ok(Name::Frames),
        "pi" => Ok(Name::Number(std::f64::consts::PI)),
        "sr" => Ok(Name::Number(RATE)),
        "tau" => Ok(Name::Number(TAU)),
        "minor" => Ok(Name::Scale(&[0, 2, 3, 5, 7, 8, 10])),
        _ => Err(Diagnostic::error("unknown-name", span, format!("`{name}` is not known here"))),
    }
}

fn program(text: &str) -> FormulaProgram {
    compile(&parse(text), &mut resolve).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

fn errors(text: &str) -> Vec<Diagnostic> {
    compile(&parse(text), &mut resolve).expect_err(text)
}

fn constant(text: &str) -> f64 {
    program(text).as_number().unwrap_or_else(|| panic!("{text} is not constant"))
}

thread_local!(static PROGRAM: RefCell<FormulaProgram> = RefCell::default());

fn make(build: &Build) -> Result<Box<dyn Kernel>, String> {
    let program = PROGRAM.with_borrow(Clone::clone);
    Ok(Box::new(FormulaKernel::new(program, build.lanes, build.rate, build.seed)))
}

static BENCH: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "formula",
        help: "",
        params: &[ParamSpec::signal("a", ""), ParamSpec::signal("b", ""), ParamSpec::signal("c", "")],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "",
    },
    runs: Runs::Kernel(make),
};

/// A formula on the bench: `a` is 2 (per lane a little more), `b` a signal from -1 to 1, `c` 0.5.
fn bench(text: &str) -> Probe {
    PROGRAM.set(program(text));
    Probe::new(&BENCH)
        .lanes_of("a", |lane| 2.0 + lane as f32 * 0.25)
        .signal("b", |lane, n| ((n + 3 * lane as u64) as f32 * 0.01).sin())
        .set("c", 0.5)
}

fn b(n: usize) -> f64 {
    f64::from((n as f32 * 0.01).sin())
}

fn assert_close(text: &str, out: &[f32], within: f64, truth: impl Fn(usize) -> f64) {
    let d = difference(out, (0..out.len()).map(truth));
    assert!(d <= within, "{text} is off by {d:e}");
}

#[test]
fn formula_constants_are_folded() {
    for (text, value) in [
        ("1 + 2 * 3", 7.0),
        ("-7 // 2", -4.0),
        ("-7 % 3", 2.0),
        ("7 % -3", -2.0),
        ("2 ** -1", 0.5),
        ("-2 ** 2", -4.0),
        ("pow(-4, 0.5)", -2.0),
        ("pow(-8, 2)", -64.0),
        ("3 > 2", 1.0),
        ("2 >= 3", 0.0),
        ("not 3", 0.0),
        ("0 or 5", 5.0),
        ("0 and 5", 0.0),
        ("7 if 1 > 2 else 8", 8.0),
        ("where(1, 2, 3)", 2.0),
        ("clip(5, 0, 1)", 1.0),
        ("round(2.5)", 2.0),
        ("sign(-3) + sign(0)", -1.0),
        ("sum([1, 2, 3])", 6.0),
        ("mean([1, 2, 6])", 3.0),
        ("std([1, 3])", 1.0),
        ("sum(4) + std(4)", 4.0),
        ("max(1, 2) - min(1, 2)", 1.0),
        ("t - t + 3", 3.0),
        ("to_mono(3)", 3.0),
    ] {
        assert_eq!(constant(text), value, "{text}");
    }
    assert!(constant("1 / 0").is_infinite());
}

#[test]
fn formula_operators_and_functions_compute_signals() {
    type Truth = fn(f64, f64) -> f64;
    let cases: &[(&str, f64, Truth)] = &[
        ("a + b", 1e-6, |a, b| a + b),
        ("a * b - c", 1e-6, |a, b| a * b - 0.5),
        ("b / a + 1", 1e-6, |a, b| b / a + 1.0),
        ("b % 0.3", 1e-6, |_, b| b.rem_euclid(0.3f32 as f64)),
        ("b // 0.25", 0.0, |_, b| (b / 0.25).floor()),
        ("b ** 2", 1e-6, |_, b| b * b),
        ("b ** 3", 1e-6, |_, b| b * b * b),
        ("a ** b", 1e-6, |a, b| a.powf(b)),
        ("2 ** b", 1e-6, |_, b| b.exp2()),
        ("pow(b, c)", 1e-6, |_, b| b.signum() * b.abs().sqrt()),
        ("pow(3, b)", 1e-6, |_, b| 3f64.powf(b)),
        ("b > c", 0.0, |_, b| f64::from(b > 0.5)),
        ("b <= 0", 0.0, |_, b| f64::from(b <= 0.0)),
        ("(b > 0) == (b < c)", 0.0, |_, b| f64::from((b > 0.0) == (b < 0.5))),
        ("b != 0", 0.0, |_, b| f64::from(b != 0.0)),
        ("a if b > 0 else -a", 0.0, |a, b| if b > 0.0 { a } else { -a }),
        ("where(b > 0, b, 0)", 0.0, |_, b| b.max(0.0)),
        ("b > 0 and a", 0.0, |a, b| if b > 0.0 { a } else { 0.0 }),
        ("max(b, 0) or c", 0.0, |_, b| if b > 0.0 { b } else { 0.5 }),
        ("not (b > 0)", 0.0, |_, b| f64::from(b <= 0.0)),
        ("clip(b, -c, c)", 0.0, |_, b| b.clamp(-0.5, 0.5)),
        ("sin(b * 3) + cos(b) * tan(b)", 1e-6, |_, b| (b * 3.0).sin() + b.sin()),
        ("tanh(b) + exp(b) + abs(b)", 1e-6, |_, b| b.tanh() + b.exp() + b.abs()),
        ("log(a) + log2(a) + log10(a) + sqrt(a)", 1e-6, |a, _| a.ln() + a.log2() + a.log10() + a.sqrt()),
        ("floor(b * 4) + ceil(b * 4) + round(b * 4)", 0.0, |_, b| {
            let x = f64::from(b as f32 * 4.0);
            x.floor() + x.ceil() + x.round_ties_even()
        }),
        ("sign(b) * 2", 0.0, |_, b| if b == 0.0 { 0.0 } else { 2.0 * b.signum() }),
        ("mean([a, b, c])", 1e-6, |a, b| (a + b + 0.5) / 3.0),
    ];
    for (text, within, truth) in cases {
        let out = bench(text).laws(1000);
        assert_close(text, out.mono(), *within, |n| truth(2.0, b(n)));
    }
}

#[test]
fn formula_time_is_exact_after_a_thousand_seconds() {
    // The lane begins at 0; skip to t = 1000 s by an offset of the same size.
    for (text, truth) in [
        ("sin(t * tau * 440)", (|t| (t * 440.0 * TAU).sin()) as fn(f64) -> f64),
        ("sin((t + 1000) * tau * 440)", |t| ((t + 1000.0) * 440.0 % 1.0 * TAU).sin()),
        ("cos(tau * 440 * (t + 1000))", |t| ((t + 1000.0) * 440.0 % 1.0 * TAU).cos()),
        ("sin(tau * 220 * a * (t + 1000))", |t| ((t + 1000.0) * 440.0 % 1.0 * TAU).sin()),
        ("sin((t + 1000) * tau * 440 + 2 * b)", |t| {
            ((t + 1000.0) * 440.0 % 1.0 * TAU + 2.0 * b((t * RATE).round() as usize)).sin()
        }),
        ("(t + 1000) % 0.25", |t| t % 0.25),
        ("(t + 1000) * 100 - floor((t + 1000) * 100)", |t| t * 100.0 % 1.0),
        ("t + 1000 >= 1000.01", |t| f64::from(t >= 0.01)),
        ("t * sr - samples", |_| 0.0),
    ] {
        let out = bench(text).laws(2000);
        assert_close(text, out.mono(), 2e-6, |n| truth(n as f64 / RATE));
    }
}

#[test]
fn formula_random_holds_for_a_period_and_differs_by_voice_and_call() {
    let changes =
        |out: &Out| (1..out.mono().len()).filter(|&n| out.mono()[n] != out.mono()[n - 1]).collect::<Vec<_>>();
    assert_eq!(changes(&bench("rand()").laws(5000)), [2048, 4096]);
    assert_eq!(changes(&bench("rand()").with(|p| p.rate = 88_200.0).render(5000)), [4096]);
    let twice = bench("rand() - rand()").render(64);
    assert!(twice.mono()[0] != 0.0, "two calls give the same value");
    let voices =
        bench("rand()").with(|p| (p.lanes, p.width) = (32, crate::kernel::Width::ThirtyTwo)).render(64);
    let firsts: std::collections::HashSet<u32> = (0..32).map(|k| voices.frames[0][k][0].to_bits()).collect();
    assert_eq!(firsts.len(), 32, "voices share random values");
    let long = bench("rand(2, 4)").render(2048 * 200);
    let values: Vec<f32> = long.mono().iter().copied().step_by(2048).collect();
    assert!(values.iter().all(|x| (2.0..4.0).contains(x)));
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    assert!((mean - 3.0).abs() < 0.2, "mean {mean}");
    for (text, choices) in
        [("rand([3, a, 7])", vec![3.0, 2.0, 7.0]), ("rand(minor)", vec![0.0, 2.0, 3.0, 5.0, 7.0, 8.0, 10.0])]
    {
        let out = bench(text).render(2048 * 200);
        for choice in &choices {
            let share =
                out.mono().iter().filter(|x| *x == choice).count() * choices.len() / out.mono().len().max(1);
            assert!(out.mono().contains(choice) && share <= 1, "{text}: {choice}");
        }
        assert!(out.mono().iter().all(|x| choices.contains(x)), "{text}");
    }
    let seeded = |seed| bench("rand()").with(|p| p.seed = seed).render(1).mono()[0];
    assert!(seeded(1) != seeded(2));
}

#[test]
fn formula_of_constants_and_slots_is_flat() {
    assert_eq!(bench("sin(a) * c + 1").render(640).flat, 10);
    assert_eq!(bench("b * 0 + 1").render(640).flat, 0);
    assert_eq!(bench("t * 0 + c").render(640).flat, 10);
    for (text, value) in [("3 + 4", 7.0), ("a * 4", 8.0)] {
        assert_eq!(bench(text).laws(100).mono(), [value; 100], "{text}");
    }
}

#[test]
fn formula_stereo_is_kept_and_can_be_averaged() {
    let stereo = |text: &str| bench(text).stereo("b", |_, c, n| n as f32 + c as f32).laws(100);
    let kept = stereo("b * 2");
    assert_eq!((kept.frames[0][0][5], kept.frames[1][0][5]), (10.0, 12.0));
    let averaged = stereo("to_mono(b * 2) + a");
    assert_eq!((averaged.frames[0][0][5], averaged.frames[1][0][5]), (13.0, 13.0));
    assert_eq!(program("to_mono(b) + a").channels(&[1, 2, 1]), 1);
    assert_eq!(program("b + a").channels(&[1, 2, 1]), 2);
    assert_eq!(program("b + a").channels(&[1, 1, 2]), 1);
    assert_eq!(program("c + a * 2 + a").inputs_used(), [0, 2]);
}

#[test]
fn formula_division_by_zero_is_quiet() {
    for text in ["1 / (b - b)", "b % 0", "log(b - b)", "sqrt(-a)", "a // 0", "t % 0", "tan(1 / (b - b))"] {
        bench(text).laws(70);
    }
    assert!(bench("a / (c - c)").render(1).mono()[0].is_infinite());
}

#[test]
fn formula_equal_parts_are_computed_once() {
    assert_eq!(program("sin(a * b) + sin(b * a)").steps(), program("sin(a * b) * 2").steps());
    assert_eq!(program("sin(t * tau * 440) * 0.5").steps(), 1);
}

#[test]
fn formula_errors_are_all_reported_where_they_are() {
    let found = errors("x + sin(y) + minor");
    let places: Vec<_> = found.iter().map(|e| (e.code, e.span.map(|s| (s.start, s.end)))).collect();
    assert_eq!(
        places,
        [("unknown-name", Some((0, 1))), ("unknown-name", Some((8, 9))), ("list-as-number", Some((13, 18)))]
    );
    assert_eq!(errors("mean(b)")[0].code, "block-statistic");
    assert_eq!(errors("sin(a, b)")[0].code, "wrong-arity");
    assert_eq!(errors("sine(a)")[0].code, "unknown-function");
    assert_eq!(errors("[1, 2]")[0].code, "list-as-number");
    assert_eq!(errors("rand([])")[0].code, "empty-list");
}

#[test]
fn formula_size_is_bounded() {
    let long = (0..300).map(|k| format!("sin(a + {k})")).collect::<Vec<_>>().join(" * ");
    assert_eq!(errors(&long)[0].code, "formula-too-large");
    let many = (0..70).fold("a".to_string(), |inner, k| format!("(sin(b + {k}) / {inner})"));
    assert_eq!(errors(&many)[0].code, "formula-too-large");
    let nested = "to_mono(".repeat(20) + "b" + &")".repeat(20);
    assert_eq!(errors(&nested)[0].code, "formula-too-large");
    let deep = "-".repeat(700) + "a";
    assert_eq!(errors(&deep)[0].code, "formula-too-large");
}

#[test]
fn formula_knows_every_function_of_the_vocabulary() {
    let ours: Vec<_> = functions::FUNCTIONS.iter().map(|f| f.0).collect();
    let theirs: Vec<_> = vocabulary::FUNCTIONS.iter().map(|f| f.name).collect();
    assert_eq!(ours, theirs);
}
