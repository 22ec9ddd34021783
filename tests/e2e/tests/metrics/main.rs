//! `metrics=FILE` under a real OpenVPN server: the figures are those of the logins, and whatever happens to the file stops no
//! login.

mod faults;
mod figures;
mod owners;
mod stage;
