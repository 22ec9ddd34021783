//! A running server is asked over its socket (`status=PATH`): what it says, who may ask, and what root takes back.

mod callers;
mod life;
mod odd_names;
mod revoking;
mod stage;
mod standing;
