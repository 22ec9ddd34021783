//! Limits of the machine that keep logins, workers or sessions fewer than configured.

log_lines::lines! {
    /// Limits of the machine.
    pub static LINES: "Limits of the machine";

    warn fewer_workers(open_files: usize, possible: usize, wanted: usize)
        "the limit on open files ({open_files}) allows {possible} workers instead of {wanted}",
        why "Each worker needs two open files.",
        todo "Raise LimitNOFILE= of the unit, or lower `max-workers=`.";
    warn fewer_sessions(open_files: usize, max_sessions: usize, wanted: usize)
        "the limit on open files ({open_files}) allows {max_sessions} sessions instead of {wanted}",
        why "Each session needs an open file, and so does a client that waits for one.",
        todo "Raise LimitNOFILE= of the unit, or lower `max-sessions=`.";
    warn fewer_questions(open_files: usize, possible: usize, wanted: usize)
        "the limit on open files ({open_files}) allows {possible} open questions instead of {wanted}",
        why "Each question that waits for an answer needs an open file, and for a moment there may be twice as many.",
        todo "Raise LimitNOFILE= of the unit, or lower `max-suspended=`.";
    info few_sessions(most: usize)
        "at most {most} clients can have sessions: the control group (TasksMax= of the unit) or the memory allows no more; raise that, or set max-sessions",
        why "Each session keeps a process.",
        todo "Raise TasksMax= of the unit, or set `max-sessions=`.";
    warn few_files_of_openvpn(now: u64, wanted: u64)
        "OpenVPN may open {now} files, but undecided logins may need {wanted}; raise LimitNOFILE= of its unit, or lower max-pending and max-suspended",
        why "OpenVPN keeps files open for each deferred login. When it can open no more, nobody can log in.",
        todo "Raise LimitNOFILE= of the unit, or lower `max-pending=` and `max-suspended=`.";
}
