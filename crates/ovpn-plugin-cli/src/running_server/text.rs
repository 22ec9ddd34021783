//! The answers in words.

use super::answer::Answer;
use crate::show::Show;

/// A line's first word, and the rest.
pub(crate) type Lines = Vec<(&'static str, String)>;

/// What a revocation has ended, and what it reaches.
pub(crate) struct Revoked {
    pub(crate) questions: u64,
    pub(crate) not_connected: u64,
    pub(crate) sessions: u64,
    /// Seconds between two renegotiations; 0: there are none; nothing: not known.
    pub(crate) renegotiation: Option<u64>,
    /// OpenVPN checks its tokens by itself.
    pub(crate) own_tokens: bool,
}

/// What was forgiven.
pub(crate) struct Unblocked {
    pub(crate) source: String,
    pub(crate) failures: u64,
    pub(crate) closed: bool,
}

/// A time as people say it.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        s if s < 0.001 => format!("{:.0} us", s * 1e6),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

/// `3 idle, 1 running`: those that are not zero.
fn counts(answer: &Answer, word: &str) -> Result<(Vec<String>, u64, u64), String> {
    let (mut parts, mut sum, mut most) = (Vec::new(), 0, 0);
    for mut line in answer.all(word) {
        let (count, what) = (line.count()?, line.rest());
        if what == "most" {
            most = count;
        } else if count > 0 {
            sum += count;
            parts.push(format!("{count} {}", what.replace('_', " ")));
        }
    }
    Ok((parts, sum, most))
}

/// ` (a, b)`, or nothing.
fn in_brackets(parts: &[String]) -> String {
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// How a server stands.
pub(crate) fn status(answer: &Answer) -> Result<Lines, String> {
    let mut lines: Lines = Vec::new();
    let (server, version) = (answer.one("server")?.rest(), answer.one("version")?.rest());
    let (up, restarts) = (answer.one("up")?.seconds()?, answer.one("restarts")?.count()?);
    let again = if restarts == 0 { String::new() } else { format!(", supervisor restarts: {restarts}") };
    let server = if server == "-" { "without a name" } else { server };
    lines.push(("server", format!("{server}, auth-pam {version}, counting for {}{again}", time(up))));
    attempts(answer, &mut lines)?;
    let mut waiting = answer.one("waiting")?;
    let (count, most, oldest) = (waiting.count()?, waiting.count()?, waiting.seconds_or_none()?);
    let oldest = oldest.map_or(String::new(), |oldest| format!(", the oldest for {}", time(oldest)));
    lines.push(("waiting", format!("{count} of at most {most}{oldest}")));
    for mut line in answer.all("source") {
        let (waiting, running, source) = (line.count()?, line.count()?, line.rest());
        lines.push(("source", format!("{source}: {waiting} waiting, {running} running")));
    }
    let (parts, sum, most) = counts(answer, "workers")?;
    lines.push(("workers", format!("{sum}{}; at most {most} run logins", in_brackets(&parts))));
    for mut line in answer.all("worker") {
        let (process, age, since) = (line.count()?, line.seconds()?, line.seconds()?);
        let (state, source, user) = (line.word()?.replace('_', " "), line.word()?, line.name());
        let whose = if source == "-" { String::new() } else { format!(": {user} from {source}") };
        lines.push((
            "worker",
            format!("process {process}, {} old, {state} for {}{whose}", time(age), time(since)),
        ));
    }
    let mut questions = answer.one("questions")?;
    let (count, most) = (questions.count()?, questions.count()?);
    if most > 0 {
        lines.push(("asked", format!("open questions: {count} of at most {most}")));
    }
    for mut line in answer.all("question") {
        let (left, source, user) = (line.seconds()?, line.word()?, line.name());
        lines.push(("question", format!("{user} from {source}, {} left to answer", time(left))));
    }
    let (parts, sum, most) = counts(answer, "sessions")?;
    if most > 0 {
        lines.push(("sessions", format!("{sum} of at most {most}{}", in_brackets(&parts))));
    }
    for mut line in answer.all("session") {
        let (stage, seconds) = (line.word()?.to_owned(), time(line.seconds()?));
        let (source, user) = (line.word()?, line.name());
        let stage = match &stage[..] {
            "let_in" => format!("accepted, {seconds} left to connect"),
            stage => format!("{stage} for {seconds}"),
        };
        lines.push(("session", format!("{user} from {source}, {stage}")));
    }
    if answer.one("backend")?.rest() == "away" {
        lines.push((
            "backend",
            "unreachable for all users; logins fail temporarily until it answers again".into(),
        ));
    }
    for mut line in answer.all("penalty") {
        let (failures, length, left) = (line.count()?, line.seconds()?, line.seconds()?);
        let (length, left, source) = (time(length), time(left), line.rest());
        lines.push(("penalty", format!("{source}: {failures} failures, blocked for {length}, {left} left")));
    }
    for mut line in answer.all("more") {
        let (list, count) = (line.word()?, line.count()?);
        lines.push(("more", format!("{count} more lines '{list}' are not shown")));
    }
    Ok(lines)
}

fn attempts(answer: &Answer, lines: &mut Lines) -> Result<(), String> {
    let mut kinds = [("accepted", 0), ("rejected", 0), ("temporary", 0), ("asked", 0)];
    let mut causes = Vec::new();
    for mut line in answer.all("attempts") {
        let (count, kind, cause) = (line.count()?, line.word()?, line.rest());
        kinds.iter_mut().filter(|(known, _)| *known == kind).for_each(|(_, sum)| *sum += count);
        // The first two are what happens to most.
        if !["pam", "question"].contains(&cause) {
            causes.push(format!("{count} {kind} {}", cause.replace('_', " ")));
        }
    }
    let [accepted, rejected, temporary, asked] = kinds.map(|(_, count)| count);
    let sum = accepted + rejected + temporary + asked;
    lines.push((
        "attempts",
        format!(
            "{sum}: {accepted} accepted, {rejected} rejected, {temporary} failed temporarily, {asked} asked a question"
        ),
    ));
    let mut codes = Vec::new();
    for mut line in answer.all("pam") {
        codes.push(format!("{} {}", line.count()?, line.rest()));
    }
    if !codes.is_empty() {
        lines.push(("pam", codes.join(", ")));
    }
    if !causes.is_empty() {
        lines.push(("not pam", causes.join(", ")));
    }
    if let Some(mut line) = answer.all("took").next() {
        let count = line.count()?;
        let [half, most, nearly_all] = [line.seconds()?, line.seconds()?, line.seconds()?].map(time);
        lines.push(("took", format!("p50 {half}, p90 {most}, p99 {nearly_all} (the last {count})")));
    }
    Ok(())
}

impl Revoked {
    pub(crate) fn read(answer: &Answer) -> Result<Self, String> {
        let seconds = answer.one("renegotiation")?.rest();
        Ok(Revoked {
            questions: answer.one("questions")?.count()?,
            not_connected: answer.one("not_connected")?.count()?,
            sessions: answer.one("sessions")?.count()?,
            renegotiation: if seconds == "-" { None } else { Some(answer.one("renegotiation")?.count()?) },
            own_tokens: answer.one("own_tokens")?.rest() == "yes",
        })
    }

    /// What happens to those that are connected.
    pub(crate) fn text(&self, name: &str) -> String {
        let when = match self.renegotiation {
            Some(0) => {
                "connected clients stay, because OpenVPN never renegotiates keys (reneg-sec 0)".to_owned()
            }
            Some(seconds) => {
                format!("connected clients are refused when OpenVPN renegotiates keys, within {seconds} s")
            }
            None => "connected clients are refused when OpenVPN renegotiates keys (reneg-sec)".to_owned(),
        };
        format!("{name} is revoked: earlier logins and tokens are refused; {when}")
    }

    /// What is not reached.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        self.own_tokens.then_some(
            "this OpenVPN checks tokens by itself (auth-gen-token without external-auth): a client with a token stays \
             connected, and can come back until the token expires; to end that, restart OpenVPN without \
             auth-gen-token-secret, or with a new key",
        )
    }

    pub(crate) fn print(&self, show: &mut Show, name: &str) {
        show.line("done", &self.text(name));
        let ended = [
            (self.questions, "open questions ended"),
            (self.not_connected, "accepted logins ended that had not connected yet"),
            (self.sessions, "sessions still open, each until its client disconnects"),
        ];
        for (count, what) in ended.into_iter().filter(|(count, _)| *count > 0) {
            show.line("note", &format!("{what}: {count}"));
        }
        if let Some(warning) = self.warning() {
            show.line("warning", warning);
        }
    }
}

impl Unblocked {
    pub(crate) fn read(answer: &Answer) -> Result<Self, String> {
        Ok(Unblocked {
            source: answer.one("source")?.rest().to_owned(),
            failures: answer.one("failures")?.count()?,
            closed: answer.one("closed")?.rest() == "yes",
        })
    }

    pub(crate) fn text(&self) -> String {
        let Unblocked { source, failures, closed } = self;
        match (closed, failures) {
            (true, _) => format!("{source} is unblocked; its {failures} failures are cleared"),
            (false, 0) => format!("{source} had no failures"),
            (false, _) => format!("{source} was not blocked; its {failures} failures are cleared"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_do() {
        for (seconds, said) in [
            (0.000_17, "170 us"),
            (0.0312, "31 ms"),
            (1.26, "1.3 s"),
            (300.0, "5 min"),
            (7200.0, "2 h"),
            (1e6, "12 days"),
        ] {
            assert_eq!(time(seconds), said);
        }
    }

    #[test]
    fn what_a_revocation_does_not_reach_is_said() {
        let read = |seconds, own| {
            let text = format!(
                "ok\nquestions 1\nnot_connected 0\nsessions 2\nrenegotiation {seconds}\nown_tokens {own}\nend\n"
            );
            Revoked::read(&Answer::read(text.as_bytes()).unwrap()).unwrap()
        };
        assert!(read("3600", "no").text("alice").contains("within 3600 s"));
        assert!(read("0", "no").text("alice").contains("clients stay, because"));
        assert!(read("-", "no").warning().is_none() && read("-", "yes").warning().is_some());
    }
}
