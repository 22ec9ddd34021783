//! A forked helper process: spawn, framed channel, descriptor passing, stop and reap.
