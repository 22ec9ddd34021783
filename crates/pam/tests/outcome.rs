//! What is said of a stack without running it is what libpam makes of it.

#[allow(dead_code, reason = "other tests need more of it")]
mod stack;

use std::fmt::Write;

use pam::{Content, ModuleAnswer, Phase};
use secret::Secret;
use stack::{Notes, Stack};

const CONTROLS: [&str; 14] = [
    "required",
    "requisite",
    "sufficient",
    "optional",
    "[success=1 default=ignore]",
    "[success=2 default=bad]",
    "[success=ok default=1]",
    "[success=done default=die]",
    "[success=ok ignore=ignore default=bad]",
    "[success=reset default=ignore]",
    "[success=ok]",
    "[default=ignore]",
    "[success=ignore auth_err=ok default=bad]",
    "[auth_err=reset success=ok ignore=2]",
];
const MODULES: [(&str, ModuleAnswer); 3] = [
    ("pam_permit.so", ModuleAnswer::Success),
    ("pam_debug.so auth=auth_err", ModuleAnswer::Failure),
    ("pam_debug.so auth=ignore", ModuleAnswer::Ignore),
];
/// How many stacks are tried.
const COUNT: u32 = 1500;

/// Numbers that look like chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }
}

/// Lines of the auth phase, with substacks in files of their own.
fn lines(chance: &mut Chance, files: &mut Vec<String>, depth: usize) -> String {
    let mut text = String::new();
    for _ in 0..=chance.below(4) {
        if depth < 3 && chance.below(5) == 0 {
            let how = ["substack", "include"][chance.below(2)];
            let inner = lines(chance, files, depth + 1);
            files.push(inner);
            writeln!(text, "auth {how} @DIR@/inner{}", files.len() - 1).unwrap();
        } else {
            let (control, module) =
                (CONTROLS[chance.below(CONTROLS.len())], MODULES[chance.below(MODULES.len())].0);
            writeln!(text, "auth {control} {module}").unwrap();
        }
    }
    text
}

fn answer(line: &pam::ModuleLine) -> ModuleAnswer {
    let arg = line.args.first().map_or(&b"success"[..], |arg| arg.expose());
    match arg {
        b"auth=auth_err" => ModuleAnswer::Failure,
        b"auth=ignore" => ModuleAnswer::Ignore,
        _ => ModuleAnswer::Success,
    }
}

#[test]
fn as_libpam_puts_answers_together() {
    let mut chance = Chance(20);
    let (mut let_in, mut wrong) = (0, String::new());
    for _ in 0..COUNT {
        let mut files = Vec::new();
        let text = lines(&mut chance, &mut files, 0);
        let stack = Stack::new(&text);
        for (number, file) in files.iter().enumerate() {
            let file = file.replace("@DIR@", stack.dir.path().to_str().unwrap());
            std::fs::write(stack.path(&format!("inner{number}")), file).unwrap();
        }
        let read = |path: &std::path::Path| {
            Ok::<_, std::convert::Infallible>(Content::Read(Secret::new(std::fs::read(path).unwrap())))
        };
        let said = pam::Stack::of(c"test", Some(&stack.confdir()), &[Phase::Auth], read).unwrap().unwrap();
        let said = said.succeeds(Phase::Auth, answer);
        let is = stack.authenticate(Notes::default()).0.is_ok();
        let_in += u32::from(is);
        // libpam reads included files of no other directory than /etc/pam.d, so they have whole paths.
        if said != is {
            writeln!(wrong, "{is}:\n{text}{files:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // Otherwise nothing was tried.
    assert!(let_in > COUNT / 10 && let_in < COUNT - COUNT / 10, "{let_in}");
}
