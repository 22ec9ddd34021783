//! The answers for programs: one object. docs/json.md has the schema.

use super::answer::Answer;
use super::text::{Revoked, Unblocked};
use crate::show::{self, printable};

/// A value, written.
struct Json(String);

impl Json {
    fn text(text: &str) -> Self {
        Json(show::string(&printable(text)))
    }

    fn number(number: impl ToString) -> Self {
        Json(number.to_string())
    }

    fn number_or_null(number: Option<impl ToString>) -> Self {
        number.map_or_else(|| Json("null".into()), Json::number)
    }

    /// Nothing if it is `-`.
    fn text_or_null(text: &str) -> Self {
        if text == "-" { Json("null".into()) } else { Json::text(text) }
    }

    fn list(items: Vec<Json>) -> Self {
        let items: Vec<_> = items.into_iter().map(|item| item.0).collect();
        Json(format!("[{}]", items.join(",")))
    }

    fn object(fields: Vec<(&str, Json)>) -> Self {
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, value.0)).collect();
        Json(show::object(&fields))
    }
}

/// The lines with this word, each as an object.
fn list(
    answer: &Answer,
    word: &str,
    one: impl Fn(super::answer::Line<'_>) -> Result<Json, String>,
) -> Result<Json, String> {
    Ok(Json::list(answer.all(word).map(one).collect::<Result<_, _>>()?))
}

/// Lines of a count and its name, as one object.
fn counts(answer: &Answer, word: &str) -> Result<Vec<(String, Json)>, String> {
    answer
        .all(word)
        .map(|mut line| Ok((Json::number(line.count()?), line.rest())))
        .map(|one: Result<_, String>| one.map(|(count, name)| (printable(name), count)))
        .collect()
}

fn object_of(counts: Vec<(String, Json)>) -> Json {
    Json::object(counts.iter().map(|(name, value)| (name.as_str(), Json(value.0.clone()))).collect())
}

/// Prints how a server stands.
pub(crate) fn status(answer: &Answer) -> Result<(), String> {
    let mut waiting = answer.one("waiting")?;
    let mut questions = answer.one("questions")?;
    let summary = super::text::status(answer)?;
    let said = |what: &str| {
        let line = summary.iter().find(|(word, _)| *word == what);
        line.map_or(String::new(), |(word, text)| format!("{word} {text}"))
    };
    let text = [said("attempts"), said("waiting"), said("workers")].join("; ");
    let mut workers = counts(answer, "workers")?;
    workers.push(("processes".into(), list(answer, "worker", worker)?));
    let mut sessions = counts(answer, "sessions")?;
    sessions.push(("clients".into(), list(answer, "session", session)?));
    let object = Json::object(vec![
        ("kind", Json::text("status")),
        ("text", Json::text(&text)),
        ("server", Json::text_or_null(answer.one("server")?.rest())),
        ("version", Json::text(answer.one("version")?.rest())),
        ("up_seconds", Json::number(answer.one("up")?.seconds()?)),
        ("restarts", Json::number(answer.one("restarts")?.count()?)),
        (
            "attempts",
            list(answer, "attempts", |mut line| {
                let (count, verdict) = (Json::number(line.count()?), Json::text(line.word()?));
                Ok(Json::object(vec![
                    ("verdict", verdict),
                    ("cause", Json::text(line.rest())),
                    ("count", count),
                ]))
            })?,
        ),
        ("pam_codes", object_of(counts(answer, "pam")?)),
        (
            "took",
            match answer.all("took").next() {
                None => Json("null".into()),
                Some(mut line) => Json::object(vec![
                    ("count", Json::number(line.count()?)),
                    ("p50_seconds", Json::number(line.seconds()?)),
                    ("p90_seconds", Json::number(line.seconds()?)),
                    ("p99_seconds", Json::number(line.seconds()?)),
                ]),
            },
        ),
        ("latency", list(answer, "latency", latency)?),
        ("counts", object_of(counts(answer, "count")?)),
        (
            "waiting",
            Json::object(vec![
                ("count", Json::number(waiting.count()?)),
                ("most", Json::number(waiting.count()?)),
                ("oldest_seconds", Json::number_or_null(waiting.seconds_or_none()?)),
                (
                    "sources",
                    list(answer, "source", |mut line| {
                        let (waiting, running) = (Json::number(line.count()?), Json::number(line.count()?));
                        Ok(Json::object(vec![
                            ("source", Json::text(line.rest())),
                            ("waiting", waiting),
                            ("running", running),
                        ]))
                    })?,
                ),
            ]),
        ),
        ("held", Json::number(answer.one("held")?.count()?)),
        ("longest_running_seconds", Json::number_or_null(answer.one("longest_running")?.seconds_or_none()?)),
        ("workers", object_of(workers)),
        (
            "questions",
            Json::object(vec![
                ("count", Json::number(questions.count()?)),
                ("most", Json::number(questions.count()?)),
                (
                    "waiting",
                    list(answer, "question", |mut line| {
                        let (left, source) = (Json::number(line.seconds()?), Json::text(line.word()?));
                        Ok(Json::object(vec![
                            ("left_seconds", left),
                            ("source", source),
                            ("user", Json::text(&line.name())),
                        ]))
                    })?,
                ),
            ]),
        ),
        ("sessions", object_of(sessions)),
        ("backend", Json::text(answer.one("backend")?.rest())),
        ("penalised", Json::number(answer.one("penalised")?.count()?)),
        (
            "penalties",
            list(answer, "penalty", |mut line| {
                let failures = Json::number(line.count()?);
                let (length, left) = (Json::number(line.seconds()?), Json::number(line.seconds()?));
                Ok(Json::object(vec![
                    ("source", Json::text(line.rest())),
                    ("failures", failures),
                    ("length_seconds", length),
                    ("left_seconds", left),
                ]))
            })?,
        ),
        (
            "left_out",
            list(answer, "more", |mut line| {
                let list = Json::text(line.word()?);
                Ok(Json::object(vec![("list", list), ("count", Json::number(line.count()?))]))
            })?,
        ),
    ]);
    show::write_line(&object.0);
    Ok(())
}

fn worker(mut line: super::answer::Line<'_>) -> Result<Json, String> {
    let (process, age, since) = (line.count()?, line.seconds()?, line.seconds()?);
    let (state, source) = (line.word()?, line.word()?);
    // A user may be called so.
    let user = if source == "-" { Json("null".into()) } else { Json::text(&line.name()) };
    Ok(Json::object(vec![
        ("pid", Json::number(process)),
        ("state", Json::text(state)),
        ("age_seconds", Json::number(age)),
        ("since_seconds", Json::number(since)),
        ("source", Json::text_or_null(source)),
        ("user", user),
    ]))
}

fn session(mut line: super::answer::Line<'_>) -> Result<Json, String> {
    let (stage, seconds, source) = (line.word()?, line.seconds()?, line.word()?);
    Ok(Json::object(vec![
        ("stage", Json::text(stage)),
        (if stage == "let_in" { "left_seconds" } else { "since_seconds" }, Json::number(seconds)),
        ("source", Json::text(source)),
        ("user", Json::text(&line.name())),
    ]))
}

fn latency(mut line: super::answer::Line<'_>) -> Result<Json, String> {
    let (count, sum, verdict) = (line.count()?, line.seconds()?, line.word()?);
    let mut within = Vec::new();
    for bucket in line.rest().split(' ') {
        let (bound, count) = bucket.split_once(':').ok_or("a bucket of the answer has no count")?;
        let bound: f64 = bound.parse().map_err(|_| "a bucket of the answer has no bound")?;
        let count: u64 = count.parse().map_err(|_| "a bucket of the answer has no count")?;
        within.push(Json::object(vec![("seconds", Json::number(bound)), ("count", Json::number(count))]));
    }
    Ok(Json::object(vec![
        ("verdict", Json::text(verdict)),
        ("count", Json::number(count)),
        ("sum_seconds", Json::number(sum)),
        ("at_most", Json::list(within)),
    ]))
}

/// Prints what came of a revocation.
pub(crate) fn revoked(name: &str, done: &Revoked) {
    let object = Json::object(vec![
        ("kind", Json::text("revoked")),
        ("text", Json::text(&done.text(name))),
        ("user", Json::text(name)),
        ("questions", Json::number(done.questions)),
        ("not_connected", Json::number(done.not_connected)),
        ("sessions", Json::number(done.sessions)),
        ("renegotiation_seconds", Json::number_or_null(done.renegotiation)),
        ("tokens_are_openvpns_own", Json(done.own_tokens.to_string())),
    ]);
    show::write_line(&object.0);
}

/// Prints what was forgiven.
pub(crate) fn unblocked(done: &Unblocked) {
    let object = Json::object(vec![
        ("kind", Json::text("unblocked")),
        ("text", Json::text(&done.text())),
        ("source", Json::text(&done.source)),
        ("failures", Json::number(done.failures)),
        ("was_closed", Json(done.closed.to_string())),
    ]);
    show::write_line(&object.0);
}
