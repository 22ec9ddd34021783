//! Makes the runs, several at a time, and says what came of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use harness::TestModule;

use crate::call::Call;
use crate::judge::{Findings, Outcome, Usual};
use crate::matrix::{Extent, Fault, faults};
use crate::play;
use crate::record::{Kept, Record};
use crate::role::Role;
use crate::run::{self, Ran, Script};
use crate::tracer::Place;

/// At a time: they wait more than they work.
const AT_ONCE: usize = 8;
/// Runs without a fault, besides the first.
const MORE_USUAL: usize = 4;
/// Of so many runs one may be without its call: a call that others decide about does not always come.
const MISSED: usize = 10;
/// How often a run is made whose call did not come where it was expected.
const TRIES: usize = 3;

pub(crate) fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [run::PLAY, directory, script] = words[..] {
        play::main(Path::new(directory), script == Script::LostSupervisor.name());
        return ExitCode::SUCCESS;
    }
    if !nix::unistd::geteuid().is_root() {
        eprintln!("faults needs root: it traces processes that have it");
        return ExitCode::FAILURE;
    }
    // What loses its parent comes here, and nothing stays.
    let _ = nix::sys::prctl::set_child_subreaper(true);
    match words[..] {
        [] => all(Extent::Whole),
        ["quick"] => all(Extent::Quick),
        [role, call, index, errno] => one(role, call, index, errno, Script::Logins),
        [role, call, index, errno, "killed"] => one(role, call, index, errno, Script::LostSupervisor),
        _ => {
            eprintln!("usage: faults [quick | PROCESS CALL PLACE ERROR [killed]]");
            ExitCode::FAILURE
        }
    }
}

fn one(role: &str, call: &str, index: &str, errno: &str, script: Script) -> ExitCode {
    let place = (Role::named(role), Call::named(call), index.parse().ok());
    let (Some(role), Some(call), Some(index)) = place else {
        eprintln!("no such call");
        return ExitCode::FAILURE;
    };
    let Some(errno) = call.errors.iter().find(|known| format!("{known:?}") == errno) else {
        eprintln!("this call is tried with {:?}", call.errors);
        return ExitCode::FAILURE;
    };
    let module = TestModule::shared();
    let (_, usual) = usual_run(&module, script);
    let ran = run::run(&module, script, Some((Place { role, call: call.name(), index }, *errno)));
    show(&ran);
    println!("{:?}", usual.judge(&ran));
    ExitCode::SUCCESS
}

fn show(ran: &Ran) {
    println!("hit: {:?}; {}; {:?}", ran.watched.hit, ran.watched.end, ran.watched.stuck);
    for [step, result, more] in &ran.steps {
        println!("  {step}: {result} {more}");
    }
    println!("{}{}", ran.log, ran.errors);
}

fn all(extent: Extent) -> ExitCode {
    let module = TestModule::shared();
    let started = Instant::now();
    let mut wanted = Vec::new();
    let mut usual = BTreeMap::new();
    let scripts = if extent == Extent::Quick { &Script::ALL[..1] } else { &Script::ALL[..] };
    for script in scripts {
        let (ran, mut found) = usual_run(&module, *script);
        if !ran.watched.unknown.is_empty() {
            println!("FAILED: calls of these numbers are in no list: {:?}", ran.watched.unknown);
            return ExitCode::FAILURE;
        }
        // Some lines come only if something is a little later than else.
        let more = if extent == Extent::Whole { MORE_USUAL } else { 0 };
        (0..more).for_each(|_| found.add(usual_run(&module, *script).1));
        wanted.extend(faults(*script, &ran.watched.calls, extent));
        usual.insert(*script, found);
    }
    println!("{} faults", wanted.len());
    // The whole makes the record anew.
    let record = if extent == Extent::Quick { Record::read() } else { Record::default() };
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(Fault, Findings)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(fault) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let findings = try_it(&module, fault, &usual[&fault.script], &record);
                    found.lock().unwrap_or_else(PoisonError::into_inner).push((*fault, findings));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(fault, _)| (fault.script, fault.place, fault.errno as i32));
    report(extent, &found, started)
}

/// A run without a fault. On a busy machine a login may take longer than it has time.
fn usual_run(module: &TestModule, script: Script) -> (Ran, Usual) {
    let mut why = String::new();
    for _ in 0..TRIES {
        let ran = run::run(module, script, None);
        match Usual::of(&ran) {
            Ok(usual) => return (ran, usual),
            Err(error) => why = error,
        }
    }
    panic!("without any fault: {why}")
}

/// `record`: what came of such faults until now. Nothing graver may come of one, unless the machine was too busy once.
fn try_it(module: &TestModule, fault: &Fault, usual: &Usual, record: &Record) -> Findings {
    let mut findings = Findings::default();
    let known = record.gravest(fault.place.role.name(), fault.place.call, &format!("{:?}", fault.errno));
    for number in 1..=TRIES {
        let ran = run::run(module, fault.script, Some((fault.place, fault.errno)));
        findings = usual.judge(&ran);
        let graver = |(outcome, known): &(Outcome, Outcome)| outcome > known;
        if let Some((outcome, known)) = findings.outcome.zip(known).filter(graver) {
            if number < TRIES {
                continue;
            }
            findings.bugs.push(format!("'{}', until now '{}'", outcome.phrase(), known.phrase()));
        }
        if !findings.bugs.is_empty() {
            println!("FAILED: {fault:?} at {:?}: {:?}", ran.watched.hit, findings.bugs);
            show(&ran);
        }
        if findings.outcome.is_some() || !findings.bugs.is_empty() {
            break;
        }
    }
    findings
}

/// The day, and the kernel.
fn made() -> String {
    let said = |command: &str, word: &str| {
        let output = std::process::Command::new(command).arg(word).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        text.unwrap_or_else(|error| panic!("{command}: {error}"))
    };
    let release = said("uname", "-r");
    let kernel: Vec<&str> = release.split('.').take(2).collect();
    format!("on {}, Linux {}", said("date", "+%-d %B %Y"), kernel.join("."))
}

fn report(extent: Extent, found: &[(Fault, Findings)], started: Instant) -> ExitCode {
    let mut counts: BTreeMap<(Role, &str, Outcome, &str), BTreeMap<String, usize>> = BTreeMap::new();
    let (mut missed, mut bugs) = (0, 0);
    for (fault, findings) in found {
        bugs += usize::from(!findings.bugs.is_empty());
        let Some(outcome) = findings.outcome else {
            missed += 1;
            continue;
        };
        let line = findings.lines.last().map_or("", |line| line.text.as_str());
        let errors = counts.entry((fault.place.role, fault.place.call, outcome, line)).or_default();
        *errors.entry(format!("{:?}", fault.errno)).or_default() += 1;
    }
    let mut kept = Vec::new();
    for ((role, call, outcome, line), errors) in &counts {
        println!("{}: {call} {errors:?}: {}  {line}", role.name(), outcome.phrase());
        kept.extend(errors.iter().map(|(error, runs)| Kept {
            role: role.name().into(),
            call: (*call).into(),
            outcome: outcome.phrase().into(),
            line: (*line).into(),
            error: error.clone(),
            runs: *runs,
        }));
    }
    if missed * MISSED > found.len() {
        println!("FAILED: too many calls did not come");
        bugs += 1;
    }
    if extent == Extent::Whole && bugs == 0 {
        Record { made: made(), kept }.write();
    }
    println!("{} runs in {:.0?}, {missed} without their call, {bugs} failed", found.len(), started.elapsed());
    if bugs == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
